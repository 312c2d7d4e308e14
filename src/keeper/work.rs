//! The keeper's loop: takes changes in order, makes each durable, then visible, then acknowledged.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::config::machine::geoip::Guard;
use crate::health::board::{Board, Outcome};
use crate::health::report::Report;
use crate::keeper::brake::Braked;
use crate::keeper::clock::Clock;
use crate::keeper::guard::{self, Swaps};
use crate::keeper::journal::{Change as Written, Journal};
use crate::keeper::load::{Loaded, Loader};
use crate::keeper::motion::Written as Moved;
use crate::keeper::orders;
use crate::keeper::reload::{self, Order, Reloads};
use crate::keeper::silence;
use crate::keeper::{Change, Keeper, Refused, Reloaded, Status, Taken};
use crate::limits;
use crate::world::cell::Cell;
use crate::world::estate::Estate;
use crate::world::situation::Situation;

mod acts;
mod age;
mod hold;
mod withdraw;

use age::stale;

/// Starts the keeper on its thread, with the loader on another: reports are taken while the estate is read.
///
/// # Errors
///
/// When a thread cannot be made.
pub fn start(
    cell: Arc<Cell>,
    loader: Loader,
    situation: Situation,
    journal: Journal,
    (first, clock): (Reloaded, Clock),
) -> io::Result<(Keeper, JoinHandle<()>)> {
    let (queue, changes) = sync_channel(limits::KEEPER_QUEUE);
    let (orders, work) = sync_channel::<Order>(1);
    let status = Status {
        last: first,
        taken: 1,
        refused: 0,
        swaps: Swaps::default(),
        guard: loader.paths().guard,
        situation: situation.clone(),
    };
    let (guard, stale) = (
        status.guard,
        stale(&cell.full(), status.guard, clock.wall()),
    );
    let keeper = Keeper {
        queue: queue.clone(),
        status: Arc::new(Mutex::new(status)),
        news: Arc::default(),
        pulse: loader.pulse().clone(),
        clock: clock.clone(),
    };
    std::thread::Builder::new()
        .name("loader".into())
        .spawn(move || reload::run(loader, &work, &queue))?;
    let worker = Worker {
        cell,
        written: Moved::found(&situation.mover),
        braked: Braked::found(&situation.brake),
        clock,
        situation,
        journal,
        keeper: keeper.clone(),
        reloads: Reloads::new(orders),
        guard,
        stale,
    };
    let thread = std::thread::Builder::new()
        .name("keeper".into())
        .spawn(move || worker.run(&changes))?;
    Ok((keeper, thread))
}

struct Worker {
    cell: Arc<Cell>,
    situation: Situation,
    journal: Journal,
    keeper: Keeper,
    reloads: Reloads,
    written: Moved,
    braked: Braked,
    clock: Clock,
    guard: Guard,
    /// How many databases in force are known to be older than they should be.
    stale: usize,
}

/// Reports of one sender, waiting for the disk.
struct Batch {
    who: Arc<str>,
    reports: Vec<(Arc<str>, Report)>,
    reply: oneshot::Sender<Result<Taken, Refused>>,
}

impl Worker {
    fn run(mut self, changes: &Receiver<Change>) {
        let mut ending = false;
        // What began with the first world, so that a crash from here on finds it.
        self.keep(&self.cell.full().estate.clone());
        while !ending {
            let first = match changes.recv_timeout(self.patience()) {
                Ok(change) => Some(change),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            // All that waits is taken together: one write to the disk and one new world for many reports.
            let (mut batches, mut withdrawn, mut acts) = (Vec::new(), Vec::new(), Vec::new());
            let mut loaded = None;
            let waiting = changes.try_iter().take(limits::KEEPER_QUEUE);
            for change in first.into_iter().chain(waiting) {
                match change {
                    Change::Reports {
                        who,
                        reports,
                        reply,
                    } => batches.push(Batch {
                        who,
                        reports,
                        reply,
                    }),
                    Change::Reload {
                        cause,
                        touched,
                        force,
                        reply,
                    } => self.reloads.want(cause, touched, force, reply),
                    act @ (Change::Return { .. } | Change::Release { .. } | Change::Order(_)) => {
                        acts.push(act);
                    }
                    Change::Withdraw { who, targets } => withdrawn.push((who, targets)),
                    Change::Loaded(new) => loaded = Some(new),
                    Change::Stop => {
                        // What came before is done, what comes after is not.
                        ending = true;
                        break;
                    }
                }
            }
            self.look();
            // Who takes something back has nothing on its way: what it reports after that counts.
            for (who, targets) in withdrawn {
                self.withdraw(&who, &targets);
            }
            self.report(batches);
            self.lapse();
            acts.into_iter().for_each(|act| self.act(act));
            let now = self.clock.now();
            orders::expire(&mut self.situation.orders, &mut self.journal, now);
            if self.situation.next().is_some_and(|next| next <= now) {
                self.turn(self.situation.board.clone());
            }
            self.age();
            if let Some(loaded) = loaded {
                self.settle(*loaded);
            }
            self.reloads.go_on(&self.cell.full().estate);
        }
    }

    /// How long nothing need be done: until a lease ends, or the folder is to be looked at again.
    fn patience(&self) -> Duration {
        let estate = self.cell.full().estate.clone();
        let now = self.clock.now();
        let lapse = self
            .situation
            .board
            .next_lapse(now, |name| known(&estate, name));
        // A lease is over when its last second is: hence one more.
        let lapse = lapse.map(|at| Duration::from_secs(at.saturating_sub(now) + 1));
        let long = Duration::from_secs(limits::KEEPER_PATIENCE);
        let step = self.situation.next();
        let step = step.map(|at| Duration::from_secs(at.saturating_sub(now)));
        [lapse, self.reloads.patience(), step]
            .into_iter()
            .flatten()
            .fold(long, Duration::min)
    }

    fn report(&mut self, batches: Vec<Batch>) {
        if batches.is_empty() {
            return;
        }
        let (now, estate) = (self.clock.now(), self.cell.full().estate.clone());
        let mut board = self.situation.board.clone();
        let mut done = Vec::new();
        let mut news = Vec::new();
        let mut written: BTreeMap<Arc<str>, Written> = BTreeMap::new();
        for batch in batches {
            let strange = batch
                .reports
                .iter()
                .map(|r| &r.0)
                .filter(|name| !known(&estate, name));
            let strange: Vec<Arc<str>> = strange.cloned().collect();
            if !strange.is_empty() {
                let _ = batch.reply.send(Err(Refused::Unknown(strange)));
                continue;
            }
            let crowded = (batch.reports.iter())
                .filter(|(name, report)| !board.room(name, &batch.who, report.family))
                .map(|(name, _)| name.clone());
            let crowded: Vec<Arc<str>> = crowded.collect();
            if !crowded.is_empty() {
                let _ = batch.reply.send(Err(Refused::Crowded(crowded)));
                continue;
            }
            let mut effects = Vec::with_capacity(batch.reports.len());
            for (name, report) in &batch.reports {
                let effect = board.apply(name, report, &batch.who, now);
                if effect.lasting {
                    written.insert(name.clone(), (name.clone(), Some(effect.entry.clone())));
                }
                if effect.outcome == Outcome::Changed {
                    let state = effect.in_force().state.word();
                    news.push((name.clone(), state, batch.who.clone()));
                }
                effects.push((name.clone(), effect));
            }
            done.push((batch.reply, effects));
        }
        // The disk first, then the cell, then the reply: what was acknowledged is in force, and is back after a crash.
        let written: Vec<Written> = written.into_values().collect();
        if let Err(error) = self.journal.write(&written) {
            tracing::error!(%error, "reports are refused");
            for (reply, _) in done {
                let _ = reply.send(Err(Refused::Disk(error.to_string())));
            }
            return;
        }
        let generation = self.turn(board);
        for (vip, state, who) in news {
            tracing::info!(%vip, state, %who, generation, "health");
        }
        let world = self.cell.full();
        for (reply, effects) in done {
            let names = effects.iter().map(|(name, _)| &**name);
            let in_force = names.map(|name| self.situation.in_force(&world, name, now));
            let _ = reply.send(Ok(Taken {
                generation,
                in_force: in_force.collect(),
                effects,
            }));
        }
    }

    fn lapse(&mut self) {
        let estate = self.cell.full().estate.clone();
        let mut board = self.situation.board.clone();
        let lapses = board.lapse(self.clock.now(), |name| known(&estate, name));
        if lapses.is_empty() {
            return;
        }
        for lapse in &lapses {
            silence::tell(lapse);
        }
        if board.held() > 0 {
            tracing::error!(
                held = board.held(),
                "most leases ended at once: the feed is dead, states are held"
            );
        }
        let written: Vec<Written> = lapses
            .into_iter()
            .filter(|lapse| lapse.lasting)
            .map(|l| (l.name, Some(l.entry)))
            .collect();
        if let Err(error) = self.journal.write(&written) {
            // Nobody was promised this one, and it will be found again.
            tracing::error!(%error, "the end of a lease is not on the disk");
        }
        self.turn(board);
    }

    /// Puts a board and what moves with it in force: a new world, unless nothing that answers depend on has changed.
    fn turn(&mut self, board: Board) -> u64 {
        let world = self.cell.full();
        self.situation.board = board;
        let standing = self.step(&world.estate);
        let mut generation = world.generation;
        if world.differs(&standing) {
            generation += 1;
            self.cell.store(Arc::new(world.with(standing, generation)));
        }
        self.keeper.tell(|status| {
            status.situation = self.situation.clone();
        });
        generation
    }

    fn settle(&mut self, mut loaded: Loaded) {
        let world = self.cell.full();
        let Some((asked, mut reloaded)) = self.reloads.ended(&mut loaded, self.clock.wall()) else {
            return;
        };
        reloaded.generation = world.generation;
        let swapped = loaded.estate.as_ref();
        let swapped =
            swapped.is_some_and(|new| !Arc::ptr_eq(&new.databases, &world.estate.databases));
        if let Some(estate) = loaded.estate {
            reloaded.changes = self.reloads.replace(&world.estate, &estate);
            let gone = self.situation.board.trim(|name| known(&estate, name));
            let gone: Vec<Written> = gone.into_iter().map(|name| (name, None)).collect();
            if let Err(error) = self.journal.write(&gone) {
                tracing::error!(%error, "entries of VIPs that left long ago stay on the disk");
            }
            reloaded.generation = world.generation + 1;
            let badge = Arc::new(world.badge.with(loaded.secrets));
            (self.situation).meet(&world.estate, &estate, self.clock.now());
            let standing = self.step(&estate);
            let world = world.follow(Arc::new(estate), badge, standing, reloaded.generation);
            self.cell.store(Arc::new(world));
        }
        self.keeper.tell(|status| {
            status.swaps.taken += u64::from(swapped);
            if let Some(refusal) = reloaded.refusal {
                status.swaps.refuse(refusal);
            }
            if reloaded.taken {
                status.taken += 1;
            } else {
                status.refused += 1;
            }
            status.last = reloaded.clone();
            status.situation = self.situation.clone();
        });
        // Who reads the log finds the status as it says.
        reload::log(&reloaded);
        let world = self.cell.full();
        if swapped {
            guard::log(&world.estate.atlas, self.clock.wall());
            // The log has just had the warnings.
            self.stale = stale(&world, self.guard, self.clock.wall());
        }
        for (_, reply) in asked {
            if let Some(reply) = reply {
                let _ = reply.send(reloaded.clone());
            }
        }
    }
}

fn known(estate: &Estate, name: &str) -> bool {
    estate.steering.vip(name).is_some()
}
