//! Leases: what is made of observers that fall silent.

use std::borrow::Cow;
use std::sync::Arc;

use super::entry::{Entry, Target};
use super::vote::{Groups, PROBE};
use crate::health::verdict::{Both, Family, State};

/// Until when a report holds.
///
/// # What silence means
///
/// An observation whose lease has ended has no voice until its observer reports again. A *target*, the addresses of one
/// family of a VIP, is *silent* when all of its leased observations have ended and nobody else speaks of it. One silent
/// VIP among many that report is a dead site; most of them silent at once is a dead feed, and a dead feed must not take
/// the world down. The rule, over all VIPs of the estate that have leases, where a VIP is lost if all that was leased of
/// it has ended:
///
/// 1. A target found silent more than one lease length ago and taken down for it is *gone*. It is not counted any more:
///    an outage of last week must not make today's look like a dead feed. It stays down.
/// 2. Of the VIPs that are not gone, let L be the lost ones and N all of them. If L is more than half of N, each silent
///    target is *held*: what was last said together is in force (again, if it was down already), and an alarm stands.
///    A held one stays in the count however long that takes.
/// 3. If L is at most half of N, each silent target is *down*, except those that were held: the feed is back, and they
///    are *spared* for one more lease length from now, to speak for themselves.
///
/// A report ends the silence of its target. So one of one is held; one of two or of three is down; two of three within
/// one lease length are held. Feeds are counted among feeds, and VIPs of which only own probes ever spoke among those:
/// neither shows that the other is alive. Of a lost VIP for which a probe or a report without lease vouches nothing
/// changes, but for one lease length it counts as lost: its feed fell silent like the others'. A target on which nobody
/// ever had an opinion cannot lose one.
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

/// What was made of the end of the leases of a target. The rule is at [`Lease`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Silence {
    /// Someone speaks, or nobody ever did.
    Heard,
    /// Most others ended too: as last said.
    Held,
    /// It was held, and the others are back: as last said for one more lease length.
    Spared,
    /// Most others go on: down.
    Lapsed,
    /// Down, and for so long that it does not count in the rule any more.
    Gone,
}

impl Silence {
    /// What it does to the state in force, in words for observers.
    pub fn words(self) -> Option<&'static str> {
        match self {
            Silence::Heard => None,
            Silence::Held => Some(
                "its lease ended together with most others: held as last reported until it reports again",
            ),
            Silence::Spared => Some(
                "its lease ended together with most others, which are back: held as last reported for one more lease",
            ),
            Silence::Lapsed | Silence::Gone => {
                Some("its lease ended while most others reported: down until it reports again")
            }
        }
    }
}

/// What the passing of time has changed for a VIP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lapse {
    /// The VIP.
    pub name: Arc<str>,
    /// What was in force before.
    pub before: Both,
    /// What stands now.
    pub entry: Entry,
    /// Whether it is more than a clock that was set back: what must outlive a restart is another.
    pub lasting: bool,
}

/// How a target stands in the rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hearing {
    /// Not counted, and not judged.
    Apart,
    /// Counted as living.
    Heard,
    /// Counted as lost, but someone else vouches for it.
    Vouched,
    /// Silent since the end of this lease. Counted as lost if it is not gone.
    Silent { last: Lease, gone: bool },
}

/// Whose leases are counted together: feeds, or own probes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Feed,
    Probe,
}

/// Whether a lease of these ends now, or would last longer than its length: only a clock that went back makes it so.
fn stirs(target: &Target, now: u64) -> bool {
    let graced = target.grace.is_some_and(|g| g.until != g.end(now));
    let stirs = |(lease, ended): (Lease, bool)| match ended {
        true => lease.until > now,
        false => lease.until != lease.end(now) || lease.until <= now,
    };
    let leases = target.observations.iter();
    let mut leases = leases.filter_map(|one| Some((one.lease?, one.ended)));
    graced || leases.any(stirs)
}

/// Ends what has ended by now. Whether a voice fell silent.
fn expire(target: &mut Target, now: u64) -> bool {
    let mut fell = false;
    for one in &mut target.observations {
        let Some(lease) = &mut one.lease else {
            continue;
        };
        lease.until = lease.end(now);
        if one.ended {
            lease.until = lease.until.min(now);
        } else if lease.until <= now {
            (one.ended, fell) = (true, true);
        }
    }
    if let Some(grace) = &mut target.grace {
        grace.until = grace.end(now);
    }
    fell
}

fn hear(target: &Target, now: u64) -> (Source, Hearing) {
    let leases = |source: Source| {
        let own = move |who: &str| (who == PROBE) == (source == Source::Probe);
        let all = target.observations.iter().filter(move |one| own(&one.who));
        all.filter_map(|one| Some((one.lease?, one.ended)))
    };
    let source = match leases(Source::Feed).next() {
        Some(_) => Source::Feed,
        None => Source::Probe,
    };
    let later = |lease: &Lease| (lease.until, lease.length);
    let latest = |source| leases(source).map(|(l, _)| l).max_by_key(later);
    let Some(own) = latest(source).filter(|_| target.said != State::Unknown) else {
        return (source, Hearing::Apart);
    };
    let hearing = if leases(source).any(|(_, ended)| !ended) {
        Hearing::Heard
    } else if target.voices().next().is_some() {
        match own.ended_longer_ago_than_its_length(now) {
            true => Hearing::Apart,
            false => Hearing::Vouched,
        }
    } else {
        let last = latest(Source::Probe)
            .into_iter()
            .chain([own])
            .max_by_key(later);
        let last = target.grace.or(last).unwrap_or(own);
        let late = last.ended_longer_ago_than_its_length(now);
        match target.silence {
            Silence::Spared if last.until > now => Hearing::Heard,
            Silence::Gone => Hearing::Silent { last, gone: true },
            Silence::Lapsed => Hearing::Silent { last, gone: late },
            _ => Hearing::Silent { last, gone: false },
        }
    };
    (source, hearing)
}

/// VIPs of one source: heard and lost.
#[derive(Default)]
struct Count {
    heard: usize,
    lost: usize,
}

impl Count {
    /// Over what is counted; each item has the targets of one VIP.
    fn of(vips: &[[(Source, Hearing); 2]], source: Source) -> Count {
        let mut count = Count::default();
        for targets in vips {
            let mut lost = false;
            let mut heard = false;
            for (_, hearing) in targets.iter().filter(|(of, _)| *of == source) {
                match hearing {
                    Hearing::Heard => heard = true,
                    Hearing::Vouched | Hearing::Silent { gone: false, .. } => lost = true,
                    Hearing::Apart | Hearing::Silent { gone: true, .. } => {}
                }
            }
            count.heard += usize::from(heard);
            count.lost += usize::from(lost && !heard);
        }
        count
    }

    fn dead(&self) -> bool {
        self.lost > self.heard
    }
}

/// The rule, over the entries that count. Returns those that it changes.
pub(super) fn judge<'a>(
    entries: impl Iterator<Item = (&'a Arc<str>, &'a Entry)>,
    groups: &Groups,
    now: u64,
) -> Vec<Lapse> {
    let mut all = Vec::new();
    let mut heard = Vec::new();
    for (name, entry) in entries {
        let mut next = Cow::Borrowed(entry);
        let hearings = Family::ALL.map(|family| {
            if stirs(next.of(family), now) {
                let target = next.to_mut().of_mut(family);
                if expire(target, now) && target.voices().next().is_some() {
                    target.count(groups, now);
                }
            }
            hear(next.of(family), now)
        });
        heard.push(hearings);
        all.push((name, entry, next));
    }
    let dead = [Source::Feed, Source::Probe].map(|source| Count::of(&heard, source).dead());
    let mut changes = Vec::new();
    for ((name, entry, mut next), hearings) in all.into_iter().zip(heard) {
        for (family, (source, hearing)) in Family::ALL.into_iter().zip(hearings) {
            if let Hearing::Silent { last, gone } = hearing {
                let [feeds, probes] = dead;
                let dead = if source == Source::Feed {
                    feeds
                } else {
                    probes
                };
                decide(next.to_mut().of_mut(family), last, gone, dead, now);
            }
        }
        if *next != *entry {
            changes.push(Lapse {
                name: name.clone(),
                before: entry.verdicts(),
                lasting: !next.lasts_as(entry),
                entry: next.into_owned(),
            });
        }
    }
    changes
}

/// What becomes of a silent target.
fn decide(target: &mut Target, last: Lease, gone: bool, dead: bool, now: u64) {
    if gone {
        target.silence = Silence::Gone;
    } else if dead {
        target.silence = Silence::Held;
        target.verdict = target.verdict.becoming(target.said, now);
    } else if target.silence == Silence::Held {
        target.silence = Silence::Spared;
        target.grace = Some(Lease::from(now, last.length));
    } else {
        // Found so late (a machine that slept) that it is gone at once.
        let late = last.ended_longer_ago_than_its_length(now);
        target.silence = if late { Silence::Gone } else { Silence::Lapsed };
        target.verdict = target.verdict.becoming(State::Down, now);
    }
}
