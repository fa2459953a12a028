//! The same work on many things, on all cores.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// So few are done at once that no core waits long for the last, and at most so many.
const SHARES_PER_CORE: usize = 8;
const LARGEST_SHARE: usize = 32;

/// The stack of each thread: as much as the first thread of a program has.
const STACK: usize = 8 << 20;

/// Runs a function on each item, on all cores. The results are in the order of the items.
pub fn on_all_cores<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = (items.len() / (threads * SHARES_PER_CORE)).clamp(1, LARGEST_SHARE);
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let from = next.fetch_add(share, Ordering::Relaxed);
            let Some(rest) = items.get(from..).filter(|rest| !rest.is_empty()) else { return done };
            let results: Vec<R> = rest.iter().take(share).map(&work).collect();
            done.push((from, results));
        }
    };
    // Threads cost more than they save where there is little to do.
    let mut parts: Vec<(usize, Vec<R>)> = if items.len() < SHARES_PER_CORE {
        take()
    } else {
        thread::scope(|scope| {
            // Where the system has no more threads, those that are there do all of it.
            let worker = |_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, take).ok();
            let workers: Vec<_> = (1..threads).filter_map(worker).collect();
            let mut parts = take();
            parts.extend(workers.into_iter().flat_map(|worker| worker.join().expect("the work does not panic")));
            parts
        })
    };
    parts.sort_by_key(|(from, _)| *from);
    parts.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(on_all_cores(&items, |item| *item), items);
    }
}
