//! Work for all processors.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// What `work` makes of each item, in their order; it is given the index too. As many run at a time as there are
/// processors.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(usize, &T) -> R + Sync) -> Vec<R> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let (idx, Some(item)) = {
                    let idx = next.fetch_add(1, Ordering::Relaxed);
                    (idx, items.get(idx))
                } {
                    let result = work(idx, item);
                    results.lock().unwrap_or_else(PoisonError::into_inner).insert(idx, result);
                }
            });
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(map(&items, |idx, item| idx + item), items.iter().map(|item| 2 * item).collect::<Vec<_>>());
    }
}
