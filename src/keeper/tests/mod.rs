//! The keeper at work in a small house: an estate on disk, a state folder, a cell.

mod clock;
mod databases;
mod loading;
mod losses;
mod motion;
mod orders;
mod reading;
mod renewals;
mod reports;
mod unread;
mod watching;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::sync::oneshot;

use super::clock::Clock;
use super::journal::Journal;
use super::load::{Loader, Paths};
use super::{Change, Given, Keeper, Kept, Refused, Reloaded, Taken, Touched, work};
use crate::health::board::{Board, Groups, Order, State};
use crate::health::orders::Orders;
use crate::health::report::Report;
use crate::limits;
use crate::steer::brake::Brake;
use crate::world::World;
use crate::world::cell::Cell;
use crate::world::situation::Situation;

pub(crate) const ZONE: &str = "\
$TTL 300
@ SOA ns1 hostmaster 1 7200 900 1209600 300
@ NS ns1.elsewhere.net.
@ NS ns2.elsewhere.net.
www A 192.0.2.99
";

pub(crate) const STEERING: &str = r#"
[sites]
fra = { location = [50.11, 8.68] }
iad = { location = [38.95, -77.45] }
[vips]
fra-1 = { address = "192.0.2.1", address6 = "2001:db8::1", site = "fra" }
fra-2 = { address = "192.0.2.2", address6 = "2001:db8::2", site = "fra", weight = 3 }
iad-1 = { address = "192.0.2.3", address6 = "2001:db8::3", site = "iad" }
spare = { address = "192.0.2.4", address6 = "2001:db8::4", weight = 0 }
[pools.web]
members = ["fra-1", "fra-2", "iad-1", "spare"]
[names]
"www.example.com." = "web"
"#;

/// How long anything may take at most; what is waited for comes much sooner.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A keeper with its estate and state folders. Stopped when dropped.
pub(crate) struct House {
    pub(crate) cell: Arc<Cell>,
    pub(crate) keeper: Keeper,
    pub(crate) folder: Arc<TempDir>,
    state: PathBuf,
    paths: Paths,
    thread: Option<JoinHandle<()>>,
}

impl House {
    /// With the small estate of this file.
    pub(crate) fn new() -> House {
        House::steered(STEERING)
    }

    /// The same with another steering.
    pub(crate) fn steered(steering: &str) -> House {
        House::clocked(steering, Clock::machine())
    }

    /// The same by another clock.
    pub(crate) fn clocked(steering: &str, clock: Clock) -> House {
        let folder = TempDir::new().unwrap();
        let zones = folder.path().join("zones");
        fs::create_dir(&zones).unwrap();
        fs::write(zones.join("example.com.zone"), ZONE).unwrap();
        fs::write(zones.join("steering.toml"), steering).unwrap();
        House::by(Arc::new(folder), zones, "state", clock)
    }

    /// With an estate that is there already.
    pub(crate) fn in_folder(folder: Arc<TempDir>, zones: PathBuf, state: &str) -> House {
        House::by(folder, zones, state, Clock::machine())
    }

    fn by(folder: Arc<TempDir>, zones: PathBuf, state: &str, clock: Clock) -> House {
        let state = folder.path().join(state);
        let opened = Journal::open(&state).unwrap();
        let board = Board::resume(opened.entries, Groups::default(), clock.now());
        let paths = Paths {
            zones,
            geoip: Vec::new(),
            guard: crate::config::machine::geoip::Guard::default(),
            cookies: None,
            max_dropped: crate::limits::DROPPED,
        };
        let mut loader = Loader::new(paths.clone());
        let loaded = loader.first();
        let lines: Vec<String> = loaded.diagnostics.iter().map(|d| d.line()).collect();
        assert_eq!(lines, [""; 0]);
        let estate = Arc::new(loaded.estate.unwrap());
        let mut situation = Situation::resume(board, opened.courses);
        situation.orders = Orders::resume(opened.orders);
        situation.brake = Brake::resume(opened.journal.braked());
        let standing = situation.step(&estate, clock.now());
        let world = World::new(estate, Arc::default(), standing, 1);
        let cell = Arc::new(Cell::new(world));
        let first = Reloaded {
            cause: Arc::from("start"),
            taken: true,
            generation: 1,
            ..Reloaded::default()
        };
        let first = (first, clock);
        let (keeper, thread) =
            work::start(cell.clone(), loader, situation, opened.journal, first).unwrap();
        House {
            cell,
            keeper,
            folder,
            state,
            paths,
            thread: Some(thread),
        }
    }

    /// Ends the keeper and begins anew with what is on the disk. A copy, since the file is locked until the process ends.
    fn restart(self) -> House {
        self.restart_by(Clock::machine())
    }

    fn restart_by(mut self, clock: Clock) -> House {
        self.stop();
        let names = (1..).map(|n| format!("again-{n}"));
        let mut free = names.filter(|name| !self.folder.path().join(name).exists());
        let name = free.next().unwrap();
        let again = self.folder.path().join(&name);
        fs::create_dir(&again).unwrap();
        fs::copy(self.state.join("health.redb"), again.join("health.redb")).unwrap();
        House::by(self.folder.clone(), self.paths.zones.clone(), &name, clock)
    }

    pub(crate) fn stop(&mut self) {
        let _ = self.keeper.press(Change::Stop);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn zones(&self) -> &Path {
        &self.paths.zones
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.zones().join(name), text).unwrap();
    }

    fn send(&self, reports: &[(&str, Report)]) -> oneshot::Receiver<Result<Taken, Refused>> {
        let (reply, answer) = oneshot::channel();
        let reports = reports
            .iter()
            .map(|(n, r)| (Arc::from(*n), r.clone()))
            .collect();
        let change = Change::Reports {
            who: Arc::from("test"),
            reports,
            reply,
        };
        self.keeper.send(change).unwrap();
        answer
    }

    fn report(&self, vip: &str, state: State, seq: u64) -> Taken {
        let answer = self.send(&[(vip, report(state, seq))]).blocking_recv();
        answer.unwrap().unwrap()
    }

    /// Brings back what is kept out of a pool.
    fn give_back(&self, pool: &str) -> Result<Given, Kept> {
        let (reply, answer) = oneshot::channel();
        let change = Change::Return {
            pool: Arc::from(pool),
            who: Arc::from("test"),
            why: Arc::from("it is well"),
            reply,
        };
        self.keeper.send(change).unwrap();
        answer.blocking_recv().unwrap()
    }

    pub(crate) fn reload(&self) -> Reloaded {
        let (reply, answer) = oneshot::channel();
        let change = Change::Reload {
            cause: Arc::from("test"),
            touched: Touched::Everything,
            force: crate::keeper::Force::No,
            reply: Some(reply),
        };
        self.keeper.send(change).unwrap();
        answer.blocking_recv().unwrap()
    }

    /// The state in force.
    pub(crate) fn state(&self, vip: &str) -> State {
        let world = self.cell.full();
        let vips = &world.estate.steering.vips;
        let at = vips.iter().position(|v| v.name == vip).unwrap();
        world.verdicts.at(at).v4.state
    }

    /// The keeper cannot reply to reports before this is dropped: it has to tell how things stand first.
    pub(crate) fn mute(&self) -> impl Drop {
        self.keeper.status.lock().unwrap()
    }

    /// Waits for a world, and not for a time.
    pub(crate) fn until(&self, what: &str, seen: impl Fn(&World) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !seen(&self.cell.full()) {
            assert!(Instant::now() < end, "never came: {what}");
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(crate) fn report(state: State, seq: u64) -> Report {
    Report {
        state,
        order: Order { epoch: 1, seq },
        valid_for: None,
        family: None,
        load: None,
    }
}

/// The zone with another serial.
fn zone(serial: u32) -> String {
    ZONE.replace("hostmaster 1 ", &format!("hostmaster {serial} "))
}

/// A zone that steers nothing.
pub(crate) fn other() -> String {
    ZONE.replace("www A 192.0.2.99\n", "")
}

fn serial(world: &World) -> u32 {
    world.estate.zones[0].zone.serial()
}
