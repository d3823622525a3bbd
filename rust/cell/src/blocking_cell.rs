//! A cell that one thread at a time has to itself; the others wait.

use parking_lot::lock_api::RawReentrantMutex;
use parking_lot::{RawMutex, RawThreadId};
use std::error::Error;
use std::fmt;
use std::ops::{Deref, DerefMut};
use upstream::panicking;

type Lock = RawReentrantMutex<RawMutex, RawThreadId>;

/// A value that is borrowed by the rules of [`panicking::GdCell`] within a thread, and by no two threads at a time.
pub struct GdCell<T> {
    lock: Lock,
    cell: panicking::GdCell<T>,
}

// SAFETY: `cell` is touched by the thread that holds `lock` only, and by no guard that outlives its hold.
unsafe impl<T: Send> Sync for GdCell<T> {}

impl<T> GdCell<T> {
    /// A cell that nobody borrows.
    pub fn new(value: T) -> Self {
        Self { lock: Lock::INIT, cell: panicking::GdCell::new(value) }
    }

    /// Borrows the value. Waits as long as another thread borrows it.
    ///
    /// # Errors
    /// This thread borrows it mutably.
    pub fn borrow(&self) -> Result<RefGuard<'_, T>, Box<dyn Error>> {
        let hold = Hold::new(&self.lock);
        Ok(RefGuard { guard: self.cell.borrow()?, _hold: hold })
    }

    /// Borrows the value mutably. Waits as long as another thread borrows it.
    ///
    /// # Errors
    /// This thread borrows it.
    pub fn borrow_mut(&self) -> Result<MutGuard<'_, T>, Box<dyn Error>> {
        let hold = Hold::new(&self.lock);
        Ok(MutGuard { guard: self.cell.borrow_mut()?, _hold: hold })
    }

    /// Lends the value that this thread borrows mutably as `current` to calls that come back to it, until the guard is
    /// dropped.
    ///
    /// # Errors
    /// `current` is not the youngest mutable borrow.
    pub fn make_inaccessible<'cell, 'value>(
        &'cell self,
        current: &'value mut T,
    ) -> Result<panicking::InaccessibleGuard<'value, T>, Box<dyn Error>>
    where
        'cell: 'value,
    {
        // The borrow behind `current` holds the lock for as long as the guard lives.
        self.cell.make_inaccessible(current)
    }

    /// Whether anybody borrows the value.
    pub fn is_currently_bound(&self) -> bool {
        let _hold = Hold::new(&self.lock);
        self.cell.is_currently_bound()
    }
}

/// One hold of a thread on a lock.
struct Hold<'a>(&'a Lock);

impl<'a> Hold<'a> {
    fn new(lock: &'a Lock) -> Self {
        lock.lock();
        Self(lock)
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        // SAFETY: locked in `new` by this thread: the borrows that a hold goes with cannot be sent to another.
        unsafe { self.0.unlock() }
    }
}

/// A borrow of the value.
pub struct RefGuard<'a, T> {
    // Ends before the hold does.
    guard: panicking::RefGuard<'a, T>,
    _hold: Hold<'a>,
}

impl<T> Deref for RefGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> fmt::Debug for RefGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefGuard")
    }
}

/// A mutable borrow of the value.
pub struct MutGuard<'a, T> {
    // Ends before the hold does.
    guard: panicking::MutGuard<'a, T>,
    _hold: Hold<'a>,
}

impl<T> Deref for MutGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for MutGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T> fmt::Debug for MutGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MutGuard")
    }
}

impl<T> fmt::Debug for GdCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GdCell")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    #[test]
    fn one_thread_may_borrow_as_its_own_cell_allows() {
        let cell = GdCell::new(1);
        {
            let first = cell.borrow().unwrap();
            assert_eq!(*first + *cell.borrow().unwrap(), 2);
            assert!(cell.borrow_mut().is_err());
            assert!(cell.is_currently_bound());
        }
        *cell.borrow_mut().unwrap() += 1;
        assert_eq!(*cell.borrow().unwrap(), 2);
        assert!(!cell.is_currently_bound());
    }

    #[test]
    fn value_that_is_lent_can_be_borrowed_again() {
        let cell = GdCell::new(1);
        let mut outer = cell.borrow_mut().unwrap();
        {
            let _lent = cell.make_inaccessible(&mut outer).unwrap();
            *cell.borrow_mut().unwrap() += 1;
        }
        assert_eq!(*outer, 2);
    }

    #[test]
    fn refused_borrow_leaves_no_hold_behind() {
        let cell = GdCell::new(1);
        let mutable = cell.borrow_mut().unwrap();
        assert!(cell.borrow_mut().is_err());
        drop(mutable);
        thread::scope(|scope| {
            scope.spawn(|| *cell.borrow_mut().unwrap() += 1);
        });
        assert_eq!(*cell.borrow().unwrap(), 2);
    }

    #[test]
    fn threads_wait_for_each_other() {
        let cell = GdCell::new(0_u64);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| *cell.borrow_mut().unwrap() += 1));
            }
        });
        assert_eq!(*cell.borrow().unwrap(), 40_000);
    }

    #[test]
    fn thread_waits_until_the_last_borrow_of_another_has_ended() {
        let cell = GdCell::new(0);
        let (barrier, ended) = (Barrier::new(2), AtomicBool::new(false));
        thread::scope(|scope| {
            let first = cell.borrow().unwrap();
            let second = cell.borrow().unwrap();
            scope.spawn(|| {
                barrier.wait();
                let _mutable = cell.borrow_mut().unwrap();
                assert!(ended.load(Ordering::SeqCst));
            });
            barrier.wait();
            drop(first);
            ended.store(true, Ordering::SeqCst);
            drop(second);
        });
    }
}
