//! Reloads: who waits for one, where it is to look, and what came of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::diagnostic::Diagnostic;
use crate::keeper::diff::changes;
use crate::keeper::load::{Asked, End, Loaded, Loader};
use crate::keeper::{Change, Changes, Effort, Force, Reloaded, Touched, spread};
use crate::limits;
use crate::wire::cookie::Secrets;
use crate::world::estate::Estate;

/// The cause of reloads that only a change of files asks for: if there was none, there is nothing to tell.
pub(super) const WATCH: &str = "watch";

/// What the loader is to do: beside which estate, where to look, and what for.
pub(super) type Order = (Arc<Estate>, Touched, Asked);

type Waiter = oneshot::Sender<Reloaded>;

/// Those who asked for the same reading, each with a reason.
type Askers = Vec<(Arc<str>, Option<Waiter>)>;

/// The loader's loop, on a thread of its own that gives way to all others.
pub(super) fn run(mut loader: Loader, work: &Receiver<Order>, queue: &SyncSender<Change>) {
    spread::give_way();
    while let Ok((before, touched, asked)) = work.recv() {
        // A file that makes a reader panic must not end all reloads: what the loader keeps is only saved work.
        let load = AssertUnwindSafe(|| loader.load(Some(&before), &touched, asked));
        let loaded = Box::new(catch_unwind(load).unwrap_or_else(|_| Loaded {
            estate: None,
            secrets: Secrets::default(),
            diagnostics: vec![Diagnostic::whole(
                "reading the estate failed by a mistake of Meridian's own",
                "the log has the place; please report it, with the files that were changed last",
            )],
            more: 0,
            refusal: None,
            end: End::Read,
            effort: Effort::default(),
        }));
        // The keeper waits for this one, so a full queue empties.
        if queue.send(Change::Loaded(loaded)).is_err() {
            break;
        }
    }
}

/// The reloads that are wanted, and the one that goes on.
pub(super) struct Reloads {
    orders: SyncSender<Order>,
    /// Those who asked while a reading was going on: they get the next.
    waiting: Askers,
    /// Where that is to look.
    touched: Touched,
    /// What that is to take.
    force: Force,
    /// Those for whom the loader reads now.
    reading: Option<Askers>,
    /// When to read again, because the folder did not come to rest.
    again: Option<Instant>,
    /// Estates that are no longer in force, while anyone may still read them.
    retired: Vec<Arc<Estate>>,
}

impl Reloads {
    pub(super) fn new(orders: SyncSender<Order>) -> Reloads {
        Reloads {
            orders,
            waiting: Vec::new(),
            touched: Touched::default(),
            force: Force::No,
            reading: None,
            again: None,
            retired: Vec::new(),
        }
    }

    /// Another reading is wanted. Those that nobody waits for are one; of the others only so many can wait.
    pub(super) fn want(
        &mut self,
        cause: Arc<str>,
        touched: Touched,
        force: Force,
        reply: Option<Waiter>,
    ) {
        // Whatever becomes of who asked, the change is there.
        self.touched.merge(touched);
        self.force = self.force.and(force);
        // One that must be told of counts, even behind one that need not.
        let alone = |(known, reply): &(Arc<str>, Option<Waiter>)| {
            reply.is_none() && (**known == *cause || *cause == *WATCH)
        };
        let room = if reply.is_none() {
            !self.waiting.iter().any(alone)
        } else {
            true
        };
        if room && self.waiting.len() < limits::KEEPER_QUEUE {
            self.waiting.push((cause, reply));
        }
    }

    /// Orders a reading, if one is wanted and none goes on; and lets go of what nobody reads any more.
    pub(super) fn go_on(&mut self, estate: &Arc<Estate>) {
        // Its memory is given back here, and not by the thread that happened to read it last.
        self.retired.retain(|old| Arc::strong_count(old) > 1);
        if self.reading.is_some() {
            return;
        }
        if self.again.is_some_and(|at| at <= Instant::now()) {
            let cause = Arc::from("files came to rest late");
            self.want(cause, Touched::Everything, Force::No, None);
        }
        if self.waiting.is_empty() {
            return;
        }
        let only_news =
            |(cause, reply): &(Arc<str>, Option<Waiter>)| reply.is_none() && **cause == *WATCH;
        let asked = match self.force {
            Force::No if self.waiting.iter().all(only_news) => Asked::News,
            Force::No => Asked::Verdict,
            force => Asked::Forced(force),
        };
        let touched = std::mem::take(&mut self.touched);
        let order = (estate.clone(), touched, asked);
        if self.orders.try_send(order).is_ok() {
            self.reading = Some(std::mem::take(&mut self.waiting));
            (self.again, self.force) = (None, Force::No);
        } else {
            self.touched = Touched::Everything;
        }
    }

    /// How long nothing need be done.
    pub(super) fn patience(&self) -> Option<Duration> {
        let again = self.again.filter(|_| self.reading.is_none());
        let again = again.map(|at| at.saturating_duration_since(Instant::now()));
        let retired = (!self.retired.is_empty()).then(|| Duration::from_millis(limits::RETIRED));
        again.into_iter().chain(retired).min()
    }

    /// The reading has ended: for whom it was, and what is to be said of it; nothing, if there is nothing to say.
    pub(super) fn ended(&mut self, loaded: &mut Loaded, at: u64) -> Option<(Askers, Reloaded)> {
        let asked = self.reading.take().unwrap_or_default();
        match loaded.end {
            End::Same => return None,
            End::Restless => {
                self.again = Some(Instant::now() + Duration::from_secs(limits::LOAD_AGAIN));
            }
            End::Read => {}
        }
        let told = asked.iter().find(|(cause, _)| **cause != *WATCH);
        let cause = told.or(asked.first());
        let cause = cause.map_or_else(|| Arc::from(WATCH), |(cause, _)| cause.clone());
        let reloaded = Reloaded {
            cause,
            at,
            taken: loaded.estate.is_some(),
            generation: 0,
            diagnostics: std::mem::take(&mut loaded.diagnostics),
            more: loaded.more,
            refusal: loaded.refusal,
            effort: loaded.effort,
            changes: Changes::default(),
        };
        Some((asked, reloaded))
    }

    /// What `new` changes. The old estate goes when nobody reads it any more.
    pub(super) fn replace(&mut self, old: &Arc<Estate>, new: &Estate) -> Changes {
        self.retired.push(old.clone());
        changes(old, new)
    }
}

/// One line, whatever bytes a file or its name has.
pub(super) fn line(diagnostic: &Diagnostic) -> String {
    diagnostic.line().replace(char::is_control, "\u{fffd}")
}

/// One line each, whatever bytes a file or its name has.
pub(super) fn log(reloaded: &Reloaded) {
    let Reloaded {
        cause,
        generation,
        diagnostics,
        more,
        effort,
        ..
    } = reloaded;
    let (zones_read, milliseconds) = (effort.zones_read, effort.milliseconds);
    if reloaded.taken {
        tracing::info!(%cause, generation, zones_read, milliseconds, "the estate was read anew");
    } else {
        let errors = diagnostics.iter().filter(|d| d.is_error()).count();
        tracing::error!(%cause, errors, "the new estate is refused; the old one serves on");
    }
    for diagnostic in diagnostics.iter().take(limits::DIAGNOSTICS_SHOWN) {
        let line = line(diagnostic);
        if diagnostic.is_error() {
            tracing::error!("{line}");
        } else {
            tracing::warn!("{line}");
        }
    }
    let more = more + diagnostics.len().saturating_sub(limits::DIAGNOSTICS_SHOWN);
    if more > 0 {
        tracing::warn!("and {more} more");
    }
}
