//! Things that wait for the next one who needs them.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many of a kind wait at most. One is in use at a time unless an application polls in several threads, or what
/// they are needed for lasts longer than a poll.
const KEPT: usize = 4;

/// Things that are expensive to make and were used before, for the whole process: so what is idle holds none.
///
/// It is no thread-local: the library can be unloaded while a thread goes on.
#[derive(Debug)]
pub(crate) struct Pool<T>(Mutex<Vec<T>>);

impl<T> Pool<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The one that fits and was used last, if there is one: its memory is the likeliest to be in a cache.
    pub(crate) fn take(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
        let mut waiting = self.waiting();
        let idx = waiting.iter().rposition(fits)?;
        Some(waiting.remove(idx))
    }

    /// Keeps it for the next one who asks. If there are enough, one that has not been asked for goes.
    pub(crate) fn put(&self, item: T) {
        let mut waiting = self.waiting();
        if waiting.len() == KEPT {
            waiting.remove(0);
        }
        waiting.push(item);
    }

    /// Nothing can be left half-done under this lock, so a panic elsewhere is no reason to give up.
    fn waiting(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_number_is_kept_and_the_newest_stay() {
        let pool = Pool::new();
        (0..10).for_each(|number| pool.put(number));
        assert_eq!(pool.take(|number| *number < 6), None);
        assert_eq!(pool.take(|number| *number == 7), Some(7));
        assert_eq!(pool.take(|number| *number == 7), None);
        assert_eq!(pool.take(|_| true), Some(9));
    }
}
