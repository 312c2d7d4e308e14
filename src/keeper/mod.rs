//! The only writer: reads the estate, takes reports, keeps them, and puts each new world into the cell.

mod beside;
mod brake;
pub mod clock;
mod diff;
mod file;
mod folder;
pub mod guard;
mod include;
pub mod journal;
pub mod load;
pub mod motion;
pub mod orders;
mod reload;
pub mod secrets;
mod silence;
mod spread;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]
pub(crate) mod tests;
pub mod watch;
mod work;
mod zones;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio::sync::watch as signal;

use crate::config::machine::geoip::Guard;
use crate::diagnostic::Diagnostic;
use crate::health::board::Effect;
use crate::health::report::Report;
use crate::health::verdict::{Both, Family};
use crate::keeper::clock::Clock;
use crate::limits;
use crate::world::situation::Situation;

pub use brake::Released;
pub use motion::{Given, Kept};
pub use orders::{Asked, Placed, Unplaced};
pub use work::start;

/// Something to be done by the keeper.
#[derive(Debug)]
pub enum Change {
    /// Reports of one sender, decoded and authorised.
    Reports {
        /// The name of its token.
        who: Arc<str>,
        /// By the name of the VIP.
        reports: Vec<(Arc<str>, Report)>,
        /// Gets what became of them once they are in force and on the disk.
        reply: oneshot::Sender<Result<Taken, Refused>>,
    },
    /// An observer has nothing to say any more of these VIPs, or of one family of their addresses.
    Withdraw {
        /// As whom it reported.
        who: Arc<str>,
        /// By the name of the VIP.
        targets: Vec<(Arc<str>, Option<Family>)>,
    },
    /// Read anew what changed.
    Reload {
        /// Why: `watch`, `SIGHUP`, or who asked.
        cause: Arc<str>,
        /// Where to look.
        touched: Touched,
        /// What is taken even if it would be refused.
        force: Force,
        /// Gets what came of it.
        reply: Option<oneshot::Sender<Reloaded>>,
    },
    /// Bring back what is kept out of a pool though it is well.
    Return {
        /// The pool.
        pool: Arc<str>,
        /// The name of a token.
        who: Arc<str>,
        /// In that one's words.
        why: Arc<str>,
        /// Gets what came of it once it is in force and on the disk.
        reply: oneshot::Sender<Result<Given, Kept>>,
    },
    /// Let go of all that the brake holds.
    Release {
        /// The name of a token.
        who: Arc<str>,
        /// In that one's words.
        why: Arc<str>,
        /// Gets what was held once it is lost and on the disk, or why the disk refuses.
        reply: oneshot::Sender<Result<Released, String>>,
    },
    /// What an operator wants of a VIP or a site.
    Order(Asked),
    /// The loader has read what was to be read.
    Loaded(Box<load::Loaded>),
    /// End, and leave nothing half done.
    Stop,
}

/// What is taken even if it would be refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Force {
    /// Nothing.
    #[default]
    No,
    /// Databases that are older, or move much.
    Databases,
    /// An estate that loses much.
    Estate,
    /// Both.
    All,
}

impl Force {
    /// What either takes.
    pub fn and(self, other: Force) -> Force {
        match (self, other) {
            (Force::No, one) | (one, Force::No) => one,
            (one, other) if one == other => one,
            _ => Force::All,
        }
    }

    /// Whether databases are taken.
    pub fn databases(self) -> bool {
        matches!(self, Force::Databases | Force::All)
    }

    /// Whether an estate is.
    pub fn estate(self) -> bool {
        matches!(self, Force::Estate | Force::All)
    }
}

/// Where a change may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Anywhere: each file is looked at, and read if it looks otherwise than before.
    Everything,
    /// Nowhere but at these paths, all below the folder of the estate as it is without links.
    Paths(BTreeSet<PathBuf>),
}

impl Default for Touched {
    fn default() -> Touched {
        Touched::Paths(BTreeSet::new())
    }
}

impl Touched {
    /// Here and there. More than [`limits::TOUCHED`] paths are everything.
    pub fn merge(&mut self, other: Touched) {
        match (&mut *self, other) {
            (Touched::Paths(paths), Touched::Paths(more)) => paths.extend(more),
            _ => *self = Touched::Everything,
        }
        if matches!(self, Touched::Paths(paths) if paths.len() > limits::TOUCHED) {
            *self = Touched::Everything;
        }
    }
}

/// Counts the changes that the watcher has seen, so that the loader knows whether there was one while it read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pulse(Arc<AtomicU64>);

impl Pulse {
    fn beat(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// Reports that were taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The generation of the world in which they are in force.
    pub generation: u64,
    /// By VIP, in the order of the reports.
    pub effects: Vec<(Arc<str>, Effect)>,
    /// The same VIPs: what answers go by, and what has the last word over their observers, in words.
    pub in_force: Vec<(Both, Option<String>)>,
}

/// Why no report of a batch was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The estate has no such VIPs.
    Unknown(Vec<Arc<str>>),
    /// Of these VIPs as many observers speak already as there is room for.
    Crowded(Vec<Arc<str>>),
    /// They could not be put on the disk.
    Disk(String),
}

/// What came of a reload.
#[derive(Clone, Debug, Default)]
pub struct Reloaded {
    /// Why it was done.
    pub cause: Arc<str>,
    /// When it was done, in seconds of the Unix epoch.
    pub at: u64,
    /// Whether the new estate is in force.
    pub taken: bool,
    /// The generation in force.
    pub generation: u64,
    /// What is wrong or doubtful, errors first.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more were found than are kept here.
    pub more: usize,
    /// Why the databases were not taken, if it is for them.
    pub refusal: Option<guard::Refusal>,
    /// What it cost.
    pub effort: Effort,
    /// Zones by apex with their serials: new ones, changed ones, and those that are gone.
    pub changes: Changes,
}

/// What a reading did; all else was known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Zone files that were read from the disk.
    pub zones_read: usize,
    /// Those of them whose text, or that of what they include, was another than before.
    pub zones_parsed: usize,
    /// Those of the latter of which only what changed was read.
    pub zones_followed: usize,
    /// Milliseconds from the order to the verdict.
    pub milliseconds: u64,
}

/// What differs between two estates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Apex and serial.
    pub added: Vec<(String, u32)>,
    /// Apex, old and new serial.
    pub changed: Vec<(String, u32, u32)>,
    /// Apex.
    pub removed: Vec<String>,
    /// Whether steering or geography is another.
    pub steering: bool,
}

/// The queue is full, or the keeper has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// What everyone may know of the keeper.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The last reload.
    pub last: Reloaded,
    /// Reloads that were taken.
    pub taken: u64,
    /// Reloads that were refused.
    pub refused: u64,
    /// What became of new databases.
    pub swaps: guard::Swaps,
    /// What guards those in force.
    pub guard: Guard,
    /// All that is known beside the estate.
    pub situation: Situation,
}

/// The way to the keeper.
#[derive(Clone, Debug)]
pub struct Keeper {
    queue: SyncSender<Change>,
    status: Arc<Mutex<Status>>,
    /// Counts what is told, so that who waits for news wakes.
    news: Arc<signal::Sender<u64>>,
    pulse: Pulse,
    clock: Clock,
}

impl Keeper {
    /// What leases, windows and holds go by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Puts a change into the queue. A full queue is an error at once: waiting would only hide the load.
    pub fn send(&self, change: Change) -> Result<(), Busy> {
        self.queue.try_send(change).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Busy,
        })
    }

    /// The same for a thread that may wait for room. The keeper has ended if this is an error.
    fn press(&self, change: Change) -> Result<(), Busy> {
        self.queue.send(change).map_err(|_| Busy)
    }

    /// How things stand.
    pub fn status(&self) -> Status {
        self.status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes whenever what [`Keeper::status`] says may be another, after the world in force is.
    pub fn news(&self) -> signal::Receiver<u64> {
        self.news.subscribe()
    }

    fn tell(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
        self.news
            .send_modify(|count| *count = count.wrapping_add(1));
    }
}
