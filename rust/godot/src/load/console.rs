//! What our classes say on the console.
//!
//! A script may listen there (`OS.add_logger`) and use the very object that speaks, which is borrowed as long as one of
//! its methods runs. So what is said during a call of the engine waits for the end of that call; [`crate::load::calls`]
//! says where that is.

use crate::load::names;
use godot::global::{Error, PrintLevel, PrintRecord, PrintSource, print_custom};
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::panic::Location;

struct Line {
    level: PrintLevel,
    text: String,
    /// Where it comes from: module, file and line.
    source: Option<(String, String, u32)>,
}

struct Console {
    /// How many calls are under way.
    depth: Cell<u32>,
    waiting: RefCell<Vec<Line>>,
}

thread_local! {
    static CONSOLE: Console = const { Console { depth: Cell::new(0), waiting: RefCell::new(Vec::new()) } };
}

/// A mistake of the caller. `place` is a class by its plain name and a member, such as `WebSocketPeer.close`.
#[track_caller]
pub(crate) fn error(place: &str, reason: impl Display) {
    from_script(PrintLevel::Error, place, &reason);
}

/// Something that may be a mistake; otherwise as [`error`].
#[track_caller]
pub(crate) fn warning(place: &str, reason: impl Display) {
    from_script(PrintLevel::Warn, place, &reason);
}

/// Why a call was refused. Who was called says so.
#[derive(Debug)]
pub(crate) struct Refusal {
    error: Error,
    /// Empty if the returned error is enough.
    reason: String,
}

impl Refusal {
    pub(crate) fn new(error: Error, reason: impl Display) -> Self {
        Self { error, reason: reason.to_string() }
    }

    /// Of a call whose arguments make no sense.
    pub(crate) fn invalid(reason: impl Display) -> Self {
        Self::new(Error::ERR_INVALID_PARAMETER, reason)
    }

    /// The same, of one among many.
    pub(crate) fn of(self, name: &str) -> Self {
        let reason = if self.reason.is_empty() { self.reason } else { format!("{} ({name})", self.reason) };
        Self { error: self.error, reason }
    }

    /// The same with a reason, if it has none.
    pub(crate) fn or_because(self, reason: impl Display) -> Self {
        if self.reason.is_empty() { Self::new(self.error, reason) } else { self }
    }

    pub(crate) fn error(&self) -> Error {
        self.error
    }

    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    /// What the call of `place` returns.
    #[track_caller]
    pub(crate) fn told(self, place: &str) -> Error {
        if !self.reason.is_empty() {
            error(place, self.reason);
        }
        self.error
    }
}

/// Of a call whose returned error says enough.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::new(error, "")
    }
}

/// What the call of `place` returns that has gone like this.
#[track_caller]
pub(crate) fn outcome(place: &str, result: Result<(), Refusal>) -> Error {
    match result {
        Ok(()) => Error::OK,
        Err(refusal) => refusal.told(place),
    }
}

#[track_caller]
fn from_script(level: PrintLevel, place: &str, reason: &dyn Display) {
    let caller = Location::caller();
    let place = names::registered_in(place);
    let source = Some((place.clone(), caller.file().to_owned(), caller.line()));
    say(level, format!("{place}: {reason}"), source);
}

/// Prints, at the end of the call that is under way.
pub(crate) fn say(level: PrintLevel, text: String, source: Option<(String, String, u32)>) {
    let line = Line { level, text, source };
    CONSOLE.with(|console| {
        if console.depth.get() == 0 {
            line.print();
        } else {
            console.waiting.borrow_mut().push(line);
        }
    });
}

/// Does the work of a call: what is said meanwhile is printed when it is done. Scripts that run during it may call
/// again, and what those calls say does not wait for the end of this one.
pub(crate) fn during<R>(call: impl FnOnce() -> R) -> R {
    CONSOLE.with(|console| {
        console.depth.set(console.depth.get() + 1);
        let result = call();
        console.depth.set(console.depth.get() - 1);
        if !console.waiting.borrow().is_empty() {
            // A script that listens may call us.
            let lines = console.waiting.take();
            lines.iter().for_each(Line::print);
        }
        result
    })
}

impl Line {
    #[expect(clippy::disallowed_methods, reason = "the one place that prints")]
    fn print(&self) {
        let source = self.source.as_ref();
        print_custom(PrintRecord {
            level: self.level,
            message: &self.text,
            rationale: None,
            editor_notify: false,
            source: source.map(|(function, file, line)| PrintSource { function, file, line: *line }),
        });
    }
}
