//! What gdext keeps each object of our classes in.
//!
//! gdext's own `blocking` cell wakes threads that may be waiting whenever a borrow ends, by a condition variable, and
//! so makes one or two system calls for every call of a method, whether anybody waits or not. That took a third of the
//! time of a busy connection. Here a re-entrant lock does the waiting, which costs nothing as long as one thread has the
//! object to itself.
//!
//! The rules of borrowing within one thread are those of gdext's `panicking` cell, which does the work.

mod blocking_cell;

/// For gdext without its feature `experimental-threads`: unchanged.
pub mod panicking {
    pub use upstream::panicking::{GdCell, InaccessibleGuard, MutGuard, RefGuard};
}

/// For gdext with that feature.
pub mod blocking {
    pub use crate::blocking_cell::{GdCell, MutGuard, RefGuard};
    pub use upstream::panicking::InaccessibleGuard;
}
