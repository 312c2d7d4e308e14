//! Work spread over threads, and threads that give way to others.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does all jobs on at most so many threads, this one included, and gives back the results in their order.
pub(super) fn each<J: Send, D: Send>(
    jobs: Vec<J>,
    threads: usize,
    work: impl Fn(J) -> D + Sync,
) -> Vec<D> {
    let threads = threads.min(jobs.len());
    if threads <= 1 {
        return jobs.into_iter().map(work).collect();
    }
    let count = jobs.len();
    let queue = Mutex::new(jobs.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = || {
        let mut mine = Vec::with_capacity(count / threads + 1);
        while let Some((number, job)) = next() {
            mine.push((number, work(job)));
        }
        mine
    };
    let mut done = thread::scope(|scope| {
        // A thread that cannot be had is no reason to fail: this one does its part.
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, worker).ok();
        let helpers: Vec<_> = (1..threads).filter_map(spawn).collect();
        let mut done = worker();
        for helper in helpers {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panic) => resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, done)| done).collect()
}

/// How many threads can run at once here.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// This thread, and those that it will start, run when no other wants to: whoever answers queries comes first. If the
/// system does not let us, they are only slower.
pub(super) fn give_way() {
    // Elsewhere the number would hold for the whole process.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, 10);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        for threads in [0, 1, 2, 5, 100] {
            let jobs: Vec<u64> = (0..50).collect();
            let doubled = each(jobs, threads, |job| {
                thread::yield_now();
                job * 2
            });
            assert!(doubled.into_iter().eq((0..50).map(|n| n * 2)), "{threads}");
        }
    }

    #[test]
    #[should_panic(expected = "job 7")]
    fn a_panic_of_a_helper_is_the_callers() {
        each((0..9).collect(), 3, |job: u32| {
            assert!(job != 7, "job {job}");
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn giving_way_is_for_a_thread_and_what_it_starts() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        let deeper = thread::spawn(move || {
            give_way();
            (nice(), thread::spawn(nice).join().unwrap())
        });
        assert_eq!(deeper.join().unwrap(), (10, 10));
        assert_eq!(nice(), before);
    }
}
