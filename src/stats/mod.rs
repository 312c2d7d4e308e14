//! Counters: exactly one outcome per query, one block per worker, summed when read.

mod letter;
mod tally;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits;

pub use letter::Letter;
pub use tally::{End, Tally};

/// What became of a query. Exactly one of them is counted for each message that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Outcome {
    /// Records from the zone file.
    Static,
    /// Records that steering chose, or NODATA that it decided.
    Steered,
    /// The name exists, the type does not.
    NoData,
    /// The name does not exist.
    NxDomain,
    /// The name lies below a delegation.
    Referral,
    /// Not a name of ours, or not a class of ours.
    Refused,
    /// The query could not be understood.
    FormErr,
    /// An operation that we do not offer.
    NotImp,
    /// An EDNS version that we do not know.
    BadVers,
    /// We failed.
    ServFail,
    /// A DNAME made a name too long.
    YxDomain,
    /// Signed with a key that we do not know.
    NotAuth,
    /// Told to come again with the right cookie.
    BadCookie,
    /// No answer was given: a response, or less than a header.
    Dropped,
    /// An answer was made and not sent, since its client's network had too many.
    Limited,
    /// The same, and an empty answer was sent instead, for a real client to come back.
    Slipped,
}

impl Outcome {
    /// How many there are.
    pub const COUNT: usize = 16;

    /// All, in order.
    pub const ALL: [Outcome; Outcome::COUNT] = [
        Outcome::Static,
        Outcome::Steered,
        Outcome::NoData,
        Outcome::NxDomain,
        Outcome::Referral,
        Outcome::Refused,
        Outcome::FormErr,
        Outcome::NotImp,
        Outcome::BadVers,
        Outcome::ServFail,
        Outcome::YxDomain,
        Outcome::NotAuth,
        Outcome::BadCookie,
        Outcome::Dropped,
        Outcome::Limited,
        Outcome::Slipped,
    ];

    /// Its label in metrics.
    pub fn label(self) -> &'static str {
        match self {
            Outcome::Static => "static",
            Outcome::Steered => "steered",
            Outcome::NoData => "nodata",
            Outcome::NxDomain => "nxdomain",
            Outcome::Referral => "referral",
            Outcome::Refused => "refused",
            Outcome::FormErr => "formerr",
            Outcome::NotImp => "notimp",
            Outcome::BadVers => "badvers",
            Outcome::ServFail => "servfail",
            Outcome::YxDomain => "yxdomain",
            Outcome::NotAuth => "notauth",
            Outcome::BadCookie => "badcookie",
            Outcome::Dropped => "dropped",
            Outcome::Limited => "limited",
            Outcome::Slipped => "slipped",
        }
    }
}

/// A number that one worker alone adds to and anyone reads.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more. A plain load and store, since there is one writer: no locked instruction on the query path.
    #[inline]
    pub fn add(&self, more: u64) {
        self.0.store(
            self.0.load(Ordering::Relaxed).wrapping_add(more),
            Ordering::Relaxed,
        );
    }

    /// What it stands at.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// VIPs of a line.
const LINE: usize = 8;

/// Two lines of a processor's memory, which are fetched together, with what one worker alone counts.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line([Given; LINE]);

/// The counters of one worker. Aligned, so that no two workers share a cache line.
#[derive(Debug)]
#[repr(align(128))]
pub struct Counters {
    outcomes: [Counter; Outcome::COUNT],
    /// Answers that were cut with TC set.
    pub truncated: Counter,
    /// Queries that carried a client subnet.
    pub subnets: Counter,
    /// Which network had the most limited answers.
    pub worst: Letter,
    /// Queries with a cookie of ours.
    pub cookies_valid: Counter,
    /// Queries with a server's half that is not ours, or too old.
    pub cookies_wrong: Counter,
    /// Queries with the client's half alone.
    pub cookies_new: Counter,
    vips: Box<[Line]>,
}

/// What one worker gave out of one VIP. The two lie side by side, so that an answer touches one line of memory for both.
#[derive(Debug, Default)]
struct Given {
    answers: Counter,
    until: AtomicU64,
}

impl Given {
    /// The longest time counts: a later answer may have had a shorter TTL. One writer, so no locked instruction.
    #[inline]
    fn hold(&self, until: u64) {
        let known = self.until.load(Ordering::Relaxed);
        self.until.store(known.max(until), Ordering::Relaxed);
    }
}

impl Default for Counters {
    fn default() -> Counters {
        Counters {
            outcomes: Default::default(),
            truncated: Counter::default(),
            subnets: Counter::default(),
            worst: Letter::default(),
            cookies_valid: Counter::default(),
            cookies_wrong: Counter::default(),
            cookies_new: Counter::default(),
            vips: (0..limits::VIP_SLOTS / LINE)
                .map(|_| Line::default())
                .collect(),
        }
    }
}

impl Counters {
    /// Counts the outcome of a query.
    #[inline]
    pub fn outcome(&self, outcome: Outcome) {
        self.outcomes[outcome as usize].add(1);
    }

    /// How often this outcome was.
    pub fn outcomes(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize].get()
    }

    /// Counts an answer that held the VIP of this slot and may be kept until this second of the Unix epoch. A slot beyond
    /// the last is counted in slot 0.
    #[inline]
    pub fn vip(&self, slot: u32, until: u64) {
        let given = self.given(slot);
        given.answers.add(1);
        given.hold(until);
    }

    /// Notes that an answer of something else told of the VIP of this slot: a hint, or an address beside what was asked.
    #[inline]
    pub fn told(&self, slot: u32, until: u64) {
        self.given(slot).hold(until);
    }

    #[inline]
    fn given(&self, slot: u32) -> &Given {
        self.slot(slot).unwrap_or(&self.vips[0].0[0])
    }

    #[inline]
    fn slot(&self, slot: u32) -> Option<&Given> {
        let line = self.vips.get(slot as usize / LINE)?;
        Some(&line.0[slot as usize % LINE])
    }

    /// Answers that held the VIP of this slot.
    pub fn vips(&self, slot: u32) -> u64 {
        self.slot(slot).map_or(0, |given| given.answers.get())
    }

    /// The second of the Unix epoch until which something that this worker sent may be kept that holds the VIP of this
    /// slot; 0 if nothing does. All slots beyond the last have that of slot 0.
    pub fn until(&self, slot: u32) -> u64 {
        self.given(slot).until.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else one worker's counting would take the line from another, which would wait for it to come back.
    #[test]
    fn counters_share_no_line() {
        let line = size_of::<Line>();
        assert_eq!((line, align_of::<Line>()), (128, 128));
        assert_eq!(align_of::<Counters>(), line);
        assert_eq!(size_of::<Counters>() % line, 0);
        let counters = Counters::default();
        assert_eq!(
            size_of_val(&*counters.vips),
            limits::VIP_SLOTS * size_of::<Given>()
        );
        assert_eq!(counters.vips.as_ptr().addr() % line, 0);
    }

    #[test]
    fn each_slot_counts_by_itself() {
        let counters = Counters::default();
        let last = limits::VIP_SLOTS as u32 - 1;
        for slot in [1, 7, 8, 9, last, last, last + 1] {
            counters.vip(slot, 0);
        }
        let of = [0, 1, 7, 8, 9, 10, last].map(|slot| counters.vips(slot));
        assert_eq!(of, [1, 1, 1, 1, 1, 0, 2]);
    }
}
