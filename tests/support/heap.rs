//! An allocator that counts what each thread asks of it.
#![allow(unsafe_code, reason = "an allocator cannot be had without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator with a count for each thread, so that tests beside one another do not mix.
pub(crate) struct Counting;

thread_local! {
    // Without a destructor and without a lazy beginning: to touch it allocates nothing.
    static ASKED: Cell<u64> = const { Cell::new(0) };
    /// Octets that are held since the last look, and the most of them at a time.
    static HELD: Cell<(i64, i64)> = const { Cell::new((0, 0)) };
}

/// The most octets that this thread held at a time while it did something, beyond those it held before.
pub(crate) fn most<T>(work: impl FnOnce() -> T) -> (T, i64) {
    HELD.set((0, 0));
    let done = work();
    (done, HELD.get().1)
}

fn hold(octets: i64) {
    let _ = HELD.try_with(|held| {
        let (now, most) = held.get();
        held.set((now + octets, most.max(now + octets)));
    });
}

/// How often this thread has asked for memory.
pub(crate) fn asked() -> u64 {
    ASKED.get()
}

fn count() {
    // A thread that ends may still free and ask when its own variables are gone.
    let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
}

// SAFETY: every call is handed on to the system's allocator as it came, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        hold(layout.size() as i64);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        hold(layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // Both may stand for a moment.
        hold(size as i64);
        hold(-(layout.size() as i64));
        // SAFETY: as above; `block` came from `System`, for nothing else gives any.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        hold(-(layout.size() as i64));
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}
