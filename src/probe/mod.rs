//! Meridian's own checks of VIPs, for those who have no forwarder that reports them.
//!
//! One task keeps the time of all targets and starts their checks; what they find is damped ([`crate::health::damper`]) and
//! reported to the keeper as any feed reports, with a lease. Nothing here is on the way of a query.

mod check;
mod post;
mod target;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]
mod tests;
mod wheel;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::health::probed::{Book, Finding};
use crate::keeper::Keeper;
use crate::limits;
use crate::probe::target::Spec;
use crate::probe::wheel::Wheel;
use crate::world::cell::Cell;

/// What the checks need of the server.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The world in force says what is to be checked.
    pub cell: Arc<Cell>,
    /// Takes the reports.
    pub keeper: Keeper,
    /// The folder of programs that checks may run; none: none may.
    pub commands: Option<PathBuf>,
}

/// How a target is checked.
type Checker =
    Arc<dyn Fn(Arc<Spec>) -> Pin<Box<dyn Future<Output = Finding> + Send>> + Send + Sync>;

/// What was found, for those who look.
type Shared = Arc<Mutex<Book>>;

/// The running checks.
#[derive(Debug)]
pub struct Probes {
    book: Shared,
    first: watch::Receiver<bool>,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

/// Starts them on `runtime`. They follow the estate from here on.
pub fn start(runtime: &Handle, ground: Ground) -> Probes {
    let real = |spec: Arc<Spec>| -> Pin<Box<dyn Future<Output = Finding> + Send>> {
        Box::pin(check::check(spec))
    };
    start_with(runtime, ground, Arc::new(real))
}

fn start_with(runtime: &Handle, ground: Ground, checker: Checker) -> Probes {
    let book = Shared::default();
    let (tell, first) = watch::channel(false);
    let (stop, stopped) = watch::channel(false);
    let running = runtime.spawn(guard(ground, checker, book.clone(), (tell, stopped)));
    Probes {
        book,
        first,
        stop,
        running,
    }
}

/// Runs the wheel, and again if it ends by a mistake of ours: without it everything would be as it was for ever.
async fn guard(
    ground: Ground,
    checker: Checker,
    book: Shared,
    (first, mut stop): (watch::Sender<bool>, watch::Receiver<bool>),
) {
    let first = Arc::new(first);
    loop {
        let wheel = Wheel::new(ground.clone(), checker.clone(), book.clone(), first.clone());
        let Err(error) = tokio::spawn(wheel.run(stop.clone())).await else {
            return;
        };
        tracing::error!(%error, "the probes failed by a mistake of Meridian's, and begin anew");
        change(&book, |book| book.panics += 1);
        let pause = Duration::from_millis(limits::PROBE_AGAIN);
        if let Ok(Ok(_)) = tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await {
            return;
        }
    }
}

impl Probes {
    /// What they have found.
    pub fn book(&self) -> impl Fn() -> Book + Send + Sync + 'static {
        let book = self.book.clone();
        move || {
            let book = book.lock().unwrap_or_else(PoisonError::into_inner);
            book.clone()
        }
    }

    /// Waits until every target of the estate has been checked once and what came of it is in force, but no longer than
    /// [`limits::PROBE_FIRST`]. Whether that was enough.
    pub async fn first(&mut self) -> bool {
        let patience = Duration::from_millis(limits::PROBE_FIRST);
        let done = self.first.wait_for(|done| *done);
        matches!(tokio::time::timeout(patience, done).await, Ok(Ok(_)))
    }

    /// Ends them, with every check that runs.
    pub fn close(self, runtime: &Handle) {
        let _ = self.stop.send(true);
        let _ = runtime.block_on(self.running);
    }
}

fn change<T>(book: &Shared, act: impl FnOnce(&mut Book) -> T) -> T {
    act(&mut book.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Milliseconds since `start`.
fn since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}
