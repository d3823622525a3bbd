//! The read buffers of a thread.

use std::cell::RefCell;
use tungsten_core::net::Scratch;

thread_local! {
    static SCRATCH: RefCell<Option<Scratch>> = const { RefCell::new(None) };
}

/// Lends the buffers of this thread, made with the first call.
pub(crate) fn with<R>(work: impl FnOnce(&mut Scratch) -> R) -> R {
    SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => work(scratch.get_or_insert_default()),
        // Only a poll from inside a poll comes here.
        Err(_) => work(&mut Scratch::default()),
    })
}
