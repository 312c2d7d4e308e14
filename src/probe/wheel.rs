//! The task that keeps the time of all targets: who is due, what runs, what came of it, and who has left.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

use crate::config::estate::Steering;
use crate::health::damper::{Damper, Side};
use crate::health::probed::{Ending, Finding, Probed, Result as Found};
use crate::limits;
use crate::probe::post::{Came, Post, Word};
use crate::probe::target::{Key, Spec, Way, targets};
use crate::probe::{Checker, Ground, Shared, change, since};

/// See the module. Times are milliseconds since its start.
pub(super) struct Wheel {
    ground: Ground,
    checker: Checker,
    book: Shared,
    /// Told when the first round is in force.
    first: Arc<watch::Sender<bool>>,
    start: Instant,
    /// What the targets were made of.
    steering: Option<Arc<Steering>>,
    targets: HashMap<Key, Target>,
    /// Of all targets that ever were.
    serial: u64,
    /// In the order of [`Way`].
    lanes: [Lane; 2],
    running: JoinSet<(Finding, u64)>,
    /// Whose checks the tasks are.
    tasks: HashMap<Id, Task>,
    post: Post,
}

/// A target and what is counted of it.
struct Target {
    spec: Arc<Spec>,
    /// Tells it from one that was called the same before.
    serial: u64,
    damper: Damper,
    last: Option<Found>,
    /// Its check, while one runs.
    check: Option<AbortHandle>,
}

/// A check that runs.
struct Task {
    key: Key,
    serial: u64,
    way: Way,
}

/// Checks that wait for their time and for room.
struct Lane {
    due: BinaryHeap<Reverse<(u64, u64, Key)>>,
    running: usize,
    most: usize,
}

impl Lane {
    fn new(most: usize) -> Lane {
        Lane {
            due: BinaryHeap::new(),
            running: 0,
            most,
        }
    }

    /// When the next can begin; none while there is no room.
    fn next(&self) -> Option<u64> {
        let first = self.due.peek().filter(|_| self.running < self.most);
        first.map(|Reverse((at, ..))| *at)
    }
}

impl Wheel {
    pub(super) fn new(
        ground: Ground,
        checker: Checker,
        book: Shared,
        first: Arc<watch::Sender<bool>>,
    ) -> Wheel {
        let post = Post::new(ground.keeper.clone());
        Wheel {
            ground,
            checker,
            book,
            first,
            start: Instant::now(),
            steering: None,
            targets: HashMap::new(),
            serial: 0,
            lanes: [limits::PROBES_AT_ONCE, limits::COMMANDS_AT_ONCE].map(Lane::new),
            running: JoinSet::new(),
            tasks: HashMap::new(),
            post,
        }
    }

    /// Turns until it is told to stop.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            self.look();
            let clock = since(self.start);
            self.launch(clock);
            self.post.send(clock);
            let pause = Duration::from_millis(self.pause(clock));
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                Some(ended) = self.running.join_next_with_id() => self.ended(ended),
                reply = self.post.answered() => {
                    if self.post.settle(reply, since(self.start)) == Came::InForce {
                        self.tell();
                    }
                }
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.running.shutdown().await;
    }

    /// How long nothing is to be done of itself.
    fn pause(&self, clock: u64) -> u64 {
        let lanes = self.lanes.iter().filter_map(Lane::next);
        let next = lanes.chain(self.post.due()).min();
        let next = next.map_or(limits::PROBE_LOOK, |at| at.saturating_sub(clock));
        next.clamp(1, limits::PROBE_LOOK)
    }

    /// Takes the targets of the estate in force, if that is another one than before.
    fn look(&mut self) {
        let steering = self.ground.cell.load().estate.steering.clone();
        let known = self.steering.as_ref();
        if known.is_some_and(|known| Arc::ptr_eq(known, &steering)) {
            return;
        }
        let mut wanted = targets(&steering, self.ground.commands.as_ref());
        let clock = since(self.start);
        let mut before: HashMap<Key, Side> = HashMap::new();
        self.targets.retain(|key, target| {
            let stays = wanted.get(key).is_some_and(|spec| spec.same(&target.spec));
            if stays {
                wanted.remove(key);
            } else {
                before.extend(target.damper.side().map(|side| (key.clone(), side)));
                target.check.take().inspect(AbortHandle::abort);
            }
            stays
        });
        let said = self.post.said();
        for (key, spec) in wanted {
            // What was found of it before, by another probe or in the last run, is where this one begins.
            let known = before.get(&key).or_else(|| said.get(&key));
            self.add(key, spec, known.copied(), clock);
        }
        let gone = said
            .into_keys()
            .filter(|key| !self.targets.contains_key(key));
        self.post.withdraw(gone.collect());
        change(&self.book, |book| {
            book.targets.retain(|key, _| self.targets.contains_key(key));
            let probes = &steering.probes;
            book.results
                .retain(|name, _| probes.iter().any(|probe| *probe.name == **name));
        });
        self.steering = Some(steering);
        self.tell();
    }

    /// A new one is asked at once: who edits an estate, or starts a server, waits for what comes of it.
    fn add(&mut self, key: Key, spec: Spec, known: Option<Side>, clock: u64) {
        self.serial += 1;
        let target = Target {
            spec: Arc::new(spec),
            serial: self.serial,
            damper: Damper::new(known),
            last: None,
            check: None,
        };
        let lane = &mut self.lanes[target.spec.way() as usize];
        lane.due.push(Reverse((clock, self.serial, key.clone())));
        target.show(&self.book, &key, clock);
        self.targets.insert(key, target);
    }

    /// Starts what is due, as far as there is room.
    fn launch(&mut self, clock: u64) {
        let ready = |lane: &Lane| lane.next().is_some_and(|at| at <= clock);
        while let Some(lane) = self.lanes.iter_mut().find(|lane| ready(lane)) {
            let Some(Reverse((at, serial, key))) = lane.due.pop() else {
                return;
            };
            let target = self.targets.get_mut(&key);
            // Of one that has left there is only this.
            let Some(target) = target.filter(|target| target.serial == serial) else {
                continue;
            };
            lane.running += 1;
            if clock.saturating_sub(at) > target.spec.every {
                change(&self.book, |book| book.late += 1);
            }
            let check = (self.checker)(target.spec.clone());
            let handle = self.running.spawn(async move {
                let begin = Instant::now();
                let found = check.await;
                let micros = u64::try_from(begin.elapsed().as_micros());
                (found, micros.unwrap_or(u64::MAX))
            });
            let way = target.spec.way();
            self.tasks.insert(handle.id(), Task { key, serial, way });
            target.check = Some(handle);
        }
    }

    /// A check has ended: by itself, with its target, or by a mistake of ours.
    fn ended(&mut self, ended: Result<(Id, (Finding, u64)), JoinError>) {
        // What came of a target that has left meanwhile is of no interest.
        self.look();
        let (id, (found, micros)) = ended.unwrap_or_else(|error| {
            if error.is_panic() {
                tracing::error!(%error, "a check failed by a mistake of Meridian's");
                change(&self.book, |book| book.panics += 1);
            }
            let words = "the check failed by a mistake of Meridian's";
            (error.id(), (Finding::new(Ending::Unmade, words), 0))
        });
        let Some(Task { key, serial, way }) = self.tasks.remove(&id) else {
            return;
        };
        let lane = &mut self.lanes[way as usize];
        lane.running = lane.running.saturating_sub(1);
        let target = self.targets.get_mut(&key);
        let Some(target) = target.filter(|target| target.serial == serial) else {
            return;
        };
        let clock = since(self.start);
        lane.due
            .push(Reverse((target.spec.after(clock), serial, key.clone())));
        target.check = None;
        let side = match found.ending {
            Ending::Unmade => None,
            Ending::Well => Some(Side::Up),
            _ => Some(Side::Down),
        };
        let damping = target.spec.damping;
        let turned = side.and_then(|side| target.damper.take(&damping, side, clock));
        if let Some(side) = turned {
            let (vip, probe, address) = (&target.spec.vip, &target.spec.probe, target.spec.address);
            let (state, why) = (side.word(), &found.words);
            tracing::info!(%vip, %probe, %address, state, why, "probe");
        }
        if let (Some(_), Some(side)) = (side, target.damper.side()) {
            let lease = target.spec.lease();
            self.post
                .put(key.clone(), Word { side, lease }, turned.is_some(), clock);
        }
        target.tell_unmade(&found);
        let at = self.ground.keeper.clock().now();
        target.note(&self.book, Found { found, at, micros });
        target.show(&self.book, &key, clock);
        self.tell();
    }

    /// Says so when every target has been asked once, and what was found is in force.
    fn tell(&mut self) {
        if *self.first.borrow() || self.targets.values().any(|target| target.last.is_none()) {
            return;
        }
        if self.post.idle() {
            self.first.send_replace(true);
        } else {
            self.post.hurry();
        }
    }
}

impl Target {
    /// Logs that a check cannot be made, but not each time.
    fn tell_unmade(&self, found: &Finding) {
        let before = self.last.as_ref().is_some_and(|last| last.found == *found);
        if found.ending == Ending::Unmade && !before {
            let (vip, probe, why) = (&self.spec.vip, &self.spec.probe, &found.words);
            tracing::error!(%vip, %probe, why, "this check cannot be made; it says nothing of the VIP");
        }
    }

    fn note(&mut self, book: &Shared, found: Found) {
        let ending = found.found.ending;
        self.last = Some(found);
        change(book, |book| {
            let counts = book.results.entry(self.spec.probe.clone()).or_default();
            let count = counts
                .iter_mut()
                .zip(Ending::ALL)
                .find(|(_, e)| *e == ending);
            count.into_iter().for_each(|(count, _)| *count += 1);
        });
    }

    fn show(&self, book: &Shared, key: &Key, clock: u64) {
        let probed = Probed {
            probe: self.spec.probe.clone(),
            address: self.spec.address,
            last: self.last.clone(),
            damper: self.damper,
            clock,
        };
        change(book, |book| book.targets.insert(key.clone(), probed));
    }
}
