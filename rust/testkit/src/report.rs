//! The record that all connections of one server share, and the means to wait for it.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::event::{Event, Recorded};

/// Why a wait for events ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitError {
    /// True when the server was stopped, false when the time was up.
    pub stopped: bool,
    /// All that had been recorded until then.
    pub events: Vec<Recorded>,
}

impl fmt::Display for WaitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = if self.stopped { "the server was stopped" } else { "the time was up" };
        write!(formatter, "{reason} before the awaited event; recorded: {:?}", self.events)
    }
}

impl Error for WaitError {}

/// Events, signals and the order to stop, behind one lock so that every change wakes every waiter.
#[derive(Debug)]
pub(crate) struct Report {
    state: Mutex<State>,
    changed: Condvar,
    recording: bool,
}

#[derive(Debug, Default)]
struct State {
    events: Vec<Recorded>,
    signals: HashSet<String>,
    stopped: bool,
}

impl Report {
    /// An empty report. Without `recording` it stays empty, for servers that run for days.
    pub(crate) fn new(recording: bool) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), recording }
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.recording
    }

    /// Adds an event. After the stop nothing is added: what follows is our own doing.
    pub(crate) fn record(&self, connection: usize, event: Event) {
        let mut state = self.lock();
        if self.recording && !state.stopped {
            state.events.push(Recorded { connection, event });
            self.changed.notify_all();
        }
    }

    pub(crate) fn events(&self) -> Vec<Recorded> {
        self.lock().events.clone()
    }

    pub(crate) fn signal(&self, name: &str) {
        self.lock().signals.insert(name.to_owned());
        self.changed.notify_all();
    }

    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits until the events fulfil the condition, and returns them.
    pub(crate) fn wait_for(
        &self,
        mut condition: impl FnMut(&[Recorded]) -> bool,
        timeout: Duration,
    ) -> Result<Vec<Recorded>, WaitError> {
        let mut is_fulfilled = false;
        let state = self.wait_while(timeout, |state| {
            is_fulfilled = condition(&state.events);
            !is_fulfilled && !state.stopped
        });
        let events = state.events.clone();
        if is_fulfilled { Ok(events) } else { Err(WaitError { stopped: state.stopped, events }) }
    }

    /// Waits for a signal, which may have been given before.
    ///
    /// # Errors
    /// - [`ErrorKind::TimedOut`], and [`ErrorKind::Interrupted`] when the server is stopped.
    pub(crate) fn wait_for_signal(&self, name: &str, timeout: Duration) -> io::Result<()> {
        let state = self.wait_while(timeout, |state| !state.signals.contains(name) && !state.stopped);
        if state.signals.contains(name) {
            return Ok(());
        }
        let kind = if state.stopped { ErrorKind::Interrupted } else { ErrorKind::TimedOut };
        Err(io::Error::new(kind, format!("signal {name:?} did not come")))
    }

    /// Waits until the server is stopped.
    ///
    /// # Errors
    /// - [`ErrorKind::TimedOut`].
    pub(crate) fn wait_for_stop(&self, timeout: Duration) -> io::Result<()> {
        if self.wait_while(timeout, |state| !state.stopped).stopped {
            return Ok(());
        }
        Err(io::Error::new(ErrorKind::TimedOut, "the server was not stopped"))
    }

    fn wait_while(&self, timeout: Duration, condition: impl FnMut(&mut State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_timeout_while(self.lock(), timeout, condition);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// A panic of another thread fails its own test; the data stay consistent at every point.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
