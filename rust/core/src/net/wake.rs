//! What makes a stream ready although nothing has arrived: its owner has changed what it wants.

use super::StreamId;
use mio::{Registry, Token, Waker};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Makes a stream ready from outside of a poll, in whichever thread; a listener that waits in another one is woken up.
#[derive(Clone, Debug)]
pub struct Wake {
    id: StreamId,
    woken: Arc<Woken>,
}

/// The streams that were woken since the listener has last looked.
#[derive(Debug)]
pub(super) struct Woken {
    state: Mutex<WakeUps>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct WakeUps {
    streams: Vec<StreamId>,
    /// The listener waits, and would not see what is put into the list.
    is_waiting: bool,
}

impl Wake {
    pub(super) fn new(id: StreamId, woken: Arc<Woken>) -> Self {
        Self { id, woken }
    }

    pub(crate) fn wake(&self) {
        let mut state = self.woken.state();
        if state.streams.last() != Some(&self.id) {
            state.streams.push(self.id);
        }
        // It costs a system call, which is why nobody is woken up who is awake.
        if std::mem::take(&mut state.is_waiting)
            && let Err(error) = self.woken.waker.wake()
        {
            log::warn!("a listener that waits could not be woken up: {error}");
        }
    }
}

impl Woken {
    /// An empty list; to wake up whoever waits for `registry` is an event with this token.
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        Ok(Self { state: Mutex::default(), waker: Waker::new(registry, token)? })
    }

    /// Begins to wait. False if there is no need to, because a stream was woken already.
    pub(super) fn start_waiting(&self) -> bool {
        let mut state = self.state();
        state.is_waiting = state.streams.is_empty();
        state.is_waiting
    }

    pub(super) fn stop_waiting(&self) {
        self.state().is_waiting = false;
    }

    #[cfg(test)]
    pub(super) fn is_waiting(&self) -> bool {
        self.state().is_waiting
    }

    pub(super) fn take(&self) -> Vec<StreamId> {
        std::mem::take(&mut self.state().streams)
    }

    fn state(&self) -> MutexGuard<'_, WakeUps> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
