//! One look at one server: as fast as it goes, then at a part of that.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::case::{Case, Stir};
use super::cost::{self, Thread, Used};
use super::generator::{Aim, Generator, Pace, Seen};
use super::questions::Questions;
use super::stir::{self, Spoon};
use super::subject::Subject;

/// The part of its own peak at which latency is measured.
const CALM: f64 = 0.6;
/// Before a window: caches fill, and the threads that serve show themselves.
const WARM: Duration = Duration::from_millis(200);
/// The same before latency is looked at.
const SETTLE: Duration = Duration::from_millis(80);

/// The core of the servers, that of the generator, and that of loads.
pub fn cores() -> [&'static str; 3] {
    match *CORES {
        1 => ["0", "0", "0"],
        2 => ["0", "1", "1"],
        _ => ["0", "1", "2"],
    }
}

/// How many the machine has; looked at before this program takes one for itself.
pub static CORES: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));

/// What one look saw. Times of the processor are microseconds an answer.
#[derive(Clone, Copy, Default)]
pub struct Round {
    /// None if the threads that served are gone.
    pub cost: Option<Cost>,
    /// Answers a second.
    pub rate: f64,
    /// Microseconds.
    pub p50: f64,
    pub p99: f64,
    /// Questions without an answer, of all, in both windows.
    pub sent: u64,
    pub lost: u64,
    pub wrong: u64,
    /// Octets of an answer.
    pub octets: f64,
    /// The part of the window for which server and generator waited for a core that something else had.
    pub foreign: f64,
    /// What was done meanwhile, a second.
    pub stirred: f64,
}

#[derive(Clone, Copy, Default)]
pub struct Cost {
    pub all: f64,
    /// Ticks.
    pub user: u64,
    pub system: u64,
}

/// Measures a server in a case, while that is stirred which the case says.
pub fn round(subject: &Subject, case: &Case, questions: &Questions, window: Duration) -> Round {
    let spoon = Spoon::default();
    // A load takes longer than a window.
    let window = if case.stir == Stir::Nothing {
        window
    } else {
        3 * window
    };
    std::thread::scope(|scope| {
        scope.spawn(|| stir::run(subject, case.stir, &spoon));
        let round = quiet(subject, case, questions, window, &spoon);
        spoon.stop.store(true, Ordering::Relaxed);
        round
    })
}

fn quiet(
    subject: &Subject,
    case: &Case,
    questions: &Questions,
    window: Duration,
    spoon: &Spoon,
) -> Round {
    let aim = Aim {
        sources: case.sources,
        // Each worker has its own socket: the kernel deals by the sender's port.
        sockets: if subject.workers > 1 { 16 } else { 4 },
        ..Aim::at(subject.address(case))
    };
    let mut generator = Generator::new(aim);
    let look = || cost::threads(&subject.process.family());
    let before = look();
    generator.run(questions, Pace::Full(WARM));
    let serving = cost::busiest(&before, &look(), subject.workers);
    if case.stir != Stir::Nothing {
        move_others(&look(), &serving, cores()[2]);
    }
    let (done, own) = (spoon.done.load(Ordering::Relaxed), own());
    let before = look();
    let full = generator.run(questions, Pace::Full(window));
    let after = look();
    let stirred = (spoon.done.load(Ordering::Relaxed) - done) as f64 / full.seconds;
    let own = self::own().since(own);
    let rate = full.answers as f64 / full.seconds;
    generator.run(questions, Pace::Steady(rate * CALM, SETTLE));
    let calm = generator.run(questions, Pace::Steady(rate * CALM, window / 2));
    if case.stir != Stir::Nothing {
        move_others(&look(), &serving, cores()[0]);
    }
    let used = cost::together(&serving, &before, &after).filter(|_| full.answers > 0);
    let waited = used.map_or(0, |used| used.waited) as f64 / subject.workers as f64;
    Round {
        cost: used.map(|used| spent(used, &full)),
        rate,
        p50: calm.p50,
        p99: calm.p99,
        sent: full.sent + calm.sent,
        lost: full.lost + calm.lost,
        wrong: full.wrong + calm.wrong,
        octets: full.octets as f64 / full.answers.max(1) as f64,
        foreign: (waited + own.waited as f64) / 1e9 / full.seconds,
        stirred,
    }
}

/// What the thread that generates has used.
fn own() -> Used {
    cost::used("/proc/thread-self").unwrap_or_default()
}

fn spent(used: Used, seen: &Seen) -> Cost {
    Cost {
        all: used.run as f64 / 1e3 / seen.answers as f64,
        user: used.user,
        system: used.system,
    }
}

/// What does not serve goes to this core: loads belong to another than that of the answers.
fn move_others(all: &BTreeMap<Thread, Used>, serving: &[Thread], core: &str) {
    for thread in all.keys().filter(|thread| !serving.contains(thread)) {
        cost::pin(thread.1, core);
    }
}

/// The longest time without an answer at a low rate, all of the server on one core, and how often its zone was loaded and its
/// metrics were scraped meanwhile.
pub fn gap(subject: &Subject, case: &Case, questions: &Questions, rate: f64) -> (Seen, [u64; 2]) {
    let (reloads, scrapes) = (Spoon::default(), Spoon::default());
    let ours = matches!(subject.who, super::subject::Who::Ours);
    std::thread::scope(|scope| {
        scope.spawn(|| stir::run(subject, case.stir, &reloads));
        if ours && case.stir == Stir::Reloads {
            scope.spawn(|| stir::scrapes(subject, &scrapes));
        }
        let mut generator = Generator::new(Aim::at(subject.address(case)));
        generator.run(questions, Pace::Steady(rate, SETTLE));
        let seen = generator.run(questions, Pace::Steady(rate, Duration::from_secs(2)));
        for spoon in [&reloads, &scrapes] {
            spoon.stop.store(true, Ordering::Relaxed);
        }
        let done = |spoon: &Spoon| spoon.done.load(Ordering::Relaxed);
        (seen, [done(&reloads), done(&scrapes)])
    })
}
