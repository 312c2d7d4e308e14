//! What the checks report to the keeper: gathered, sent one batch after the other, and again until it is taken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::health::board::{Board, Observation, Order, Outcome, PROBE};
use crate::health::damper::Side;
use crate::health::report::Report;
use crate::health::verdict::{Family, State};
use crate::keeper::{Change, Keeper, Refused, Taken};
use crate::limits;
use crate::probe::target::Key;

/// What is to be said of a target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub(super) side: Side,
    /// Seconds for which it holds.
    pub(super) lease: u64,
}

type Reply = oneshot::Receiver<Result<Taken, Refused>>;

/// Reports on their way.
#[derive(Debug)]
pub(super) struct Post {
    keeper: Keeper,
    who: Arc<str>,
    waiting: BTreeMap<Key, Word>,
    /// When the first of them came, and whether one of them is news; milliseconds of the wheel's clock.
    since: u64,
    urgent: bool,
    sent: BTreeMap<Key, Word>,
    /// Of whom nothing is to be known any more.
    gone: BTreeSet<Key>,
    reply: Option<Reply>,
    /// Not to be tried before.
    pause: u64,
    order: Order,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// It is in force.
    InForce,
    /// Not yet.
    Later,
}

impl Post {
    /// A sender whose reports come after all that were sent as `probe` before.
    pub(super) fn new(keeper: Keeper) -> Post {
        let status = keeper.status();
        let entries = status.situation.board.entries();
        let ours = entries.flat_map(|(_, entry)| entry.all().filter(|one| &*one.who == PROBE));
        let epochs = ours.map(|one| one.order.epoch);
        let epoch = epochs
            .max()
            .map_or(0, |last| last + 1)
            .max(keeper.clock().now());
        Post {
            keeper,
            who: Arc::from(PROBE),
            waiting: BTreeMap::new(),
            since: 0,
            urgent: false,
            sent: BTreeMap::new(),
            gone: BTreeSet::new(),
            reply: None,
            pause: 0,
            order: Order { epoch, seq: 0 },
        }
    }

    /// Whether nothing is on its way.
    pub(super) fn idle(&self) -> bool {
        self.waiting.is_empty() && self.reply.is_none()
    }

    /// Puts a report in line; `news` does not wait for others.
    pub(super) fn put(&mut self, key: Key, word: Word, news: bool, clock: u64) {
        if self.waiting.is_empty() {
            self.since = clock;
        }
        self.urgent |= news;
        self.waiting.insert(key, word);
    }

    /// What waits need not wait for others.
    pub(super) fn hurry(&mut self) {
        self.urgent = !self.waiting.is_empty();
    }

    /// What the keeper knows by our word.
    pub(super) fn said(&self) -> BTreeMap<Key, Side> {
        said(&self.keeper.status().situation.board)
    }

    /// Takes back all that was ever said of targets that are none any more.
    pub(super) fn withdraw(&mut self, gone: Vec<Key>) {
        for key in gone {
            self.waiting.remove(&key);
            self.sent.remove(&key);
            self.gone.insert(key);
        }
    }

    /// When the next batch is to go; none while one is on its way or nothing waits.
    pub(super) fn due(&self) -> Option<u64> {
        if self.waiting.is_empty() || self.reply.is_some() {
            return None;
        }
        let gathered = self.since + limits::PROBE_GATHER;
        Some(if self.urgent { 0 } else { gathered }.max(self.pause))
    }

    /// Sends what waits, if it is time.
    pub(super) fn send(&mut self, clock: u64) {
        if !self.gone.is_empty() && self.reply.is_none() {
            let change = Change::Withdraw {
                who: self.who.clone(),
                targets: self.gone.iter().cloned().collect(),
            };
            // If there is no room now, there is some soon.
            if self.keeper.send(change).is_ok() {
                self.gone.clear();
            }
        }
        if self.due().is_none_or(|due| due > clock) {
            return;
        }
        let mut reports = Vec::new();
        while let Some((key, word)) = self.waiting.pop_first() {
            self.order.seq += 1;
            reports.push((key.0.clone(), report(&key, word, self.order)));
            self.sent.insert(key, word);
            if reports.len() == limits::REPORTS {
                break;
            }
        }
        self.since = clock;
        self.urgent &= !self.waiting.is_empty();
        let (reply, answer) = oneshot::channel();
        let change = Change::Reports {
            who: self.who.clone(),
            reports,
            reply,
        };
        match self.keeper.send(change) {
            Ok(()) => self.reply = Some(answer),
            Err(_) => self.again(clock, "the keeper has more than it can do"),
        }
    }

    /// Waits for the keeper's reply; for ever if none is to come.
    pub(super) async fn answered(&mut self) -> Result<Taken, Refused> {
        let Some(reply) = &mut self.reply else {
            return std::future::pending().await;
        };
        let patience = Duration::from_millis(limits::PROBE_REPLY);
        match tokio::time::timeout(patience, reply).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => Err(Refused::Disk("the keeper has ended".to_owned())),
            Err(_) => Err(Refused::Disk("the keeper does not answer".to_owned())),
        }
    }

    /// Takes note of the reply.
    pub(super) fn settle(&mut self, reply: Result<Taken, Refused>, clock: u64) -> Came {
        self.reply = None;
        let taken = match reply {
            Ok(taken) => taken,
            // An estate without them is in force: the wheel sees it at its next look, and takes them back.
            Err(Refused::Unknown(_)) => {
                self.again(clock, "a VIP has left the estate");
                return Came::Later;
            }
            Err(Refused::Crowded(_)) => {
                self.again(
                    clock,
                    "more observers than there is room for speak of a VIP",
                );
                return Came::Later;
            }
            Err(Refused::Disk(why)) => {
                self.again(clock, &why);
                return Came::Later;
            }
        };
        let old = taken
            .effects
            .iter()
            .filter(|(_, e)| e.outcome == Outcome::Old);
        let stands = old.filter_map(|(_, effect)| effect.stands(PROBE));
        if let Some(later) = stands.map(|one| one.order.epoch).max() {
            // Somebody reported as `probe` with a clock ahead of ours.
            self.order.epoch = self.order.epoch.max(later + 1);
            self.again(clock, "an earlier start had a later clock");
            return Came::Later;
        }
        self.sent.clear();
        Came::InForce
    }

    /// Puts what was sent in line again, behind what came since.
    fn again(&mut self, clock: u64, why: &str) {
        tracing::warn!(why, "the results of probes are sent again");
        self.reply = None;
        self.pause = clock + limits::PROBE_LOOK;
        self.urgent = true;
        for (key, word) in std::mem::take(&mut self.sent) {
            self.waiting.entry(key).or_insert(word);
        }
    }
}

fn report(key: &Key, word: Word, order: Order) -> Report {
    Report {
        state: match word.side {
            Side::Up => State::Up,
            Side::Down => State::Down,
        },
        order,
        valid_for: Some(word.lease),
        family: key.1,
        load: None,
    }
}

/// What stands on the board by our word.
fn said(board: &Board) -> BTreeMap<Key, Side> {
    let side = |one: &Observation| match one.said {
        State::Down => Side::Down,
        _ => Side::Up,
    };
    let mut all = BTreeMap::new();
    for (name, entry) in board.entries() {
        let [v4, v6] = Family::ALL.map(|family| entry.of(family).of(PROBE));
        match (v4, v6) {
            // One report that spoke of both.
            (Some(one), Some(other)) if one.order == other.order => {
                all.insert((name.clone(), None), side(one));
            }
            _ => {
                let each = Family::ALL.into_iter().zip([v4, v6]);
                let each = each.filter_map(|(family, one)| Some((Some(family), side(one?))));
                all.extend(each.map(|(family, side)| ((name.clone(), family), side)));
            }
        }
    }
    all
}
