//! What happened to connections and sockets: events too rare to need a counter for each worker.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum End {
    /// The client closed it and had its answers.
    Finished,
    /// No query came for the idle time.
    Idle,
    /// A message was begun and not ended, in time or at all.
    Partial,
    /// The client did not take its answers in time.
    Unread,
    /// It was the longest idle when another wanted its seat.
    Evicted,
    /// A message of no octets came.
    Empty,
    /// A message came that gets no answer.
    Unanswered,
    /// The network or the client broke it off.
    Broken,
    /// The server ends.
    Stopped,
}

impl End {
    /// How many there are.
    pub const COUNT: usize = 9;

    /// All, in order.
    pub const ALL: [End; End::COUNT] = [
        End::Finished,
        End::Idle,
        End::Partial,
        End::Unread,
        End::Evicted,
        End::Empty,
        End::Unanswered,
        End::Broken,
        End::Stopped,
    ];

    /// Its label in metrics.
    pub fn label(self) -> &'static str {
        match self {
            End::Finished => "finished",
            End::Idle => "idle",
            End::Partial => "partial",
            End::Unread => "unread",
            End::Evicted => "evicted",
            End::Empty => "empty",
            End::Unanswered => "unanswered",
            End::Broken => "broken",
            End::Stopped => "stopped",
        }
    }
}

/// Counts of rare events, shared by all threads of the doors.
#[derive(Debug, Default)]
pub struct Tally {
    accepted: AtomicU64,
    ended: [AtomicU64; End::COUNT],
    starved: AtomicU64,
    unsent: AtomicU64,
    unreceived: AtomicU64,
    panics: AtomicU64,
}

impl Tally {
    /// TCP connections that were let in.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Connections that ended for this reason.
    pub fn ended(&self, end: End) -> u64 {
        self.ended[end as usize].load(Ordering::Relaxed)
    }

    /// Connections that are open now.
    pub fn open(&self) -> u64 {
        // Ended first: a connection that ends in between counts as open, never as less than none.
        let ended = End::ALL
            .iter()
            .fold(0, |sum: u64, end| sum.wrapping_add(self.ended(*end)));
        self.accepted().saturating_sub(ended)
    }

    /// Times that a connection could not be accepted: no file or memory left.
    pub fn starved(&self) -> u64 {
        self.starved.load(Ordering::Relaxed)
    }

    /// UDP answers that the kernel did not take: no route, no buffer, a firewall's veto.
    pub fn unsent(&self) -> u64 {
        self.unsent.load(Ordering::Relaxed)
    }

    /// Times that receiving over UDP failed.
    pub fn unreceived(&self) -> u64 {
        self.unreceived.load(Ordering::Relaxed)
    }

    /// Queries at which the core panicked; they were answered SERVFAIL.
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// A connection was let in.
    pub fn accept(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection ended.
    pub fn end(&self, end: End) {
        self.ended[end as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// No file or memory was left for a connection.
    pub fn starve(&self) {
        self.starved.fetch_add(1, Ordering::Relaxed);
    }

    /// The kernel did not take so many answers.
    pub fn unsend(&self, messages: u64) {
        self.unsent.fetch_add(messages, Ordering::Relaxed);
    }

    /// Receiving failed.
    pub fn unreceive(&self) {
        self.unreceived.fetch_add(1, Ordering::Relaxed);
    }

    /// Answering a query panicked.
    pub fn panic(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }
}
