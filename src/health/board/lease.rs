//! Leases: what is made of a sender that falls silent.

use std::sync::Arc;

use super::{Entry, State};

/// Until when a report holds.
///
/// # What silence means
///
/// A VIP whose lease has ended is *silent* until its next report. One silent VIP among many that report is a dead
/// site; most of them silent at once is a dead feed, and a dead feed must not take the world down. The rule, over all
/// VIPs of the estate whose last report has a lease:
///
/// 1. A VIP found silent more than one lease length ago and taken down for it is *gone*. It is not counted any more:
///    an outage of last week must not make today's look like a dead feed. It stays down.
/// 2. Of those that are not gone, let L be the silent ones and N all of them. If L is more than half of N, each of the
///    silent ones is *held*: its last reported state is in force (again, if it was down already), and an alarm stands.
///    A held one stays in the count however long that takes.
/// 3. If L is at most half of N, each silent one is *down*, except those that were held: the feed is back, and they
///    get one more lease length from now to speak for themselves.
///
/// A report ends the silence of its VIP. So one of one is held; one of two or of three is down; two of three within
/// one lease length are held.
///
/// Should the clock have gone back, no lease lasts longer than its length from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its end, in seconds of the Unix epoch.
    pub until: u64,
    /// How long it was given, in seconds.
    pub length: u64,
}

impl Lease {
    /// A lease that begins now.
    pub fn from(now: u64, length: u64) -> Lease {
        Lease {
            until: now.saturating_add(length),
            length,
        }
    }

    /// Its end as seen from now.
    pub(super) fn end(self, now: u64) -> u64 {
        self.until.min(now.saturating_add(self.length))
    }

    fn ended_longer_ago_than_its_length(self, now: u64) -> bool {
        now.saturating_sub(self.until) > self.length
    }
}

/// What was made of the end of a lease. The rule is at [`Lease`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Silence {
    /// It has not ended, or there is none.
    Heard,
    /// Most others ended too: as last reported.
    Held,
    /// Most others go on: down.
    Lapsed,
    /// Down, and for so long that it does not count in the rule any more.
    Gone,
}

/// What the passing of time has changed for a VIP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lapse {
    /// The VIP.
    pub name: Arc<str>,
    /// What was in force before.
    pub before: State,
    /// What stands now.
    pub entry: Entry,
}

/// The rule, over the entries that count. Returns those that it changes.
pub(super) fn judge<'a>(
    entries: impl Iterator<Item = (&'a Arc<str>, &'a Entry)>,
    now: u64,
) -> Vec<Lapse> {
    let leased: Vec<(&Arc<str>, &Entry, Lease)> = entries
        .filter_map(|(name, entry)| Some((name, entry, entry.lease?)))
        .collect();
    let gone = |entry: &Entry, lease: Lease| match entry.silence {
        Silence::Gone => true,
        Silence::Lapsed => lease.ended_longer_ago_than_its_length(now),
        Silence::Heard | Silence::Held => false,
    };
    let silent =
        |entry: &Entry, lease: Lease| entry.silence != Silence::Heard || lease.end(now) <= now;
    let counted = leased.iter().filter(|(_, e, l)| !gone(e, *l));
    let (all, lost) = counted.fold((0usize, 0usize), |(all, lost), (_, e, l)| {
        (all + 1, lost + usize::from(silent(e, *l)))
    });
    let feed_is_dead = lost > all - lost;

    let mut changes = Vec::new();
    for (name, entry, lease) in leased {
        let mut next = entry.clone();
        let silent = silent(entry, lease);
        // Only a clock that went back makes this differ from what is stored.
        let until = if silent {
            lease.until.min(now)
        } else {
            lease.end(now)
        };
        next.lease = Some(Lease { until, ..lease });
        match (silent, entry.silence) {
            (false, _) => {}
            (true, _) if gone(entry, lease) => next.silence = Silence::Gone,
            (true, _) if feed_is_dead => {
                next.silence = Silence::Held;
                next.verdict = entry.verdict.becoming(entry.reported, now);
            }
            (true, Silence::Held) => {
                next.silence = Silence::Heard;
                next.lease = Some(Lease::from(now, lease.length));
            }
            (true, _) => {
                // Found so late (a machine that slept) that it is gone at once.
                let late = lease.ended_longer_ago_than_its_length(now);
                next.silence = if late { Silence::Gone } else { Silence::Lapsed };
                next.verdict = entry.verdict.becoming(State::Down, now);
            }
        }
        if next != *entry {
            changes.push(Lapse {
                name: name.clone(),
                before: entry.verdict.state,
                entry: next,
            });
        }
    }
    changes
}
