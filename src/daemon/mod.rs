//! The running server: what is started in which order, what reloads it, and what ends it.
//!
//! The order is: the journal (a second server on the same state ends here), the tokens, the secrets of cookies, the estate, all sockets, the keeper
//! with its watch, the first round of probes, the DNS doors, the operator's door, the banner. Until the sockets nothing is visible from outside, so whatever
//! is wrong before them leaves no trace.

mod banner;
mod core;
mod door;
mod flood;
pub mod log;
mod trial;

use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use socket2::SockRef;
use tokio::runtime::{Handle, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::admin::tls::Files;
use crate::config::machine::TokenFile;
use crate::config::machine::door::Admin;
use crate::config::machine::observers::Observers;
use crate::diagnostic::{self, Diagnostic};
use crate::health::board::Board;
use crate::health::orders::Orders;
use crate::keeper::clock::Clock;
use crate::keeper::journal::{Journal, Opened};
use crate::keeper::load::{Loaded, Loader, Paths};
use crate::keeper::{
    self, Change, Changes, Force, Keeper, Reloaded, Touched, guard, secrets, watch,
};
use crate::limits;
use crate::probe::{self, Ground, Probes};
use crate::rate::Rate;
use crate::serve::{self, Listener, Running};
use crate::steer::brake::Brake;
use crate::world::World;
use crate::world::badge::Badge;
use crate::world::cell::Cell;
use crate::world::estate::Estate;
use crate::world::situation::Situation;

/// One machine, from its file and the flags; everything has its value.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the estate is.
    pub paths: Paths,
    /// The folder of what must outlive a restart.
    pub state: PathBuf,
    /// Where DNS is answered.
    pub listen: Vec<SocketAddr>,
    /// Where the API is.
    pub admin: Admin,
    /// What it shows to those who come over HTTPS, and wants of them.
    pub tls: Option<Files>,
    /// UDP threads for each listener.
    pub workers: usize,
    /// How much is sent over UDP.
    pub rate: Rate,
    /// Which server this is, for whoever asks.
    pub id: Option<String>,
    /// What it is, for whoever asks.
    pub version: Option<String>,
    /// Whose tokens are taken. Without any, one token is made in `state`.
    pub tokens: Vec<TokenFile>,
    /// Who of them watches the same things.
    pub observers: Vec<Observers>,
    /// The folder of programs that probes may run. None: they may run none.
    pub commands: Option<PathBuf>,
    /// The folder from which the paths of `tokens` are seen.
    pub home: PathBuf,
}

/// Why the server did not start, or did not end in order.
#[derive(Debug)]
pub enum Failed {
    /// The estate or a token file is refused.
    Refused(Vec<Diagnostic>),
    /// The system refuses something, in words for the operator.
    System(String),
    /// A second signal came before everything had ended.
    Cut,
}

/// Serves until a signal ends it. Ready means that the banner is out.
pub fn run(settings: &Settings) -> Result<(), Failed> {
    let system = |error: io::Error| Failed::System(error.to_string());
    let runtime = runtime().map_err(system)?;
    // A reload that is asked for early waits; before this line the signal would end the process.
    let hangup = listen(&runtime, SignalKind::hangup()).map_err(system)?;
    let opened =
        Journal::open(&settings.state).map_err(|error| Failed::System(error.to_string()))?;
    if let Some(warning) = &opened.warning {
        tracing::error!("{warning}");
    }
    let keys = door::Keys::open(settings).map_err(Failed::Refused)?;
    let clock = Clock::machine();
    let (mut situation, journal) = recall(opened, settings, &keys, &clock);
    let mut paths = settings.paths.clone();
    if paths.cookies.is_none() {
        let made = secrets::create(&settings.state);
        paths.cookies = Some(made.map_err(|wrong| Failed::Refused(vec![wrong]))?);
    }
    let mut loader = Loader::new(paths);
    let mut loaded = loader.first();
    let Some(estate) = loaded.estate.take() else {
        return Err(Failed::Refused(loaded.diagnostics));
    };
    show(&loaded.diagnostics);
    guard::log(&estate.atlas, now());
    let secrets = loaded.secrets.clone();
    let first = first(&estate, loaded);
    let sockets = Sockets::bind(settings)?;

    let (id, version) = (settings.id.as_deref(), settings.version.as_deref());
    let badge = Arc::new(Badge::new(id, version, secrets));
    let standing = situation.step(&estate, clock.now());
    let world = World::new(Arc::new(estate), badge, standing, first.generation);
    let cell = Arc::new(Cell::new(world));
    let start = (first, clock);
    let started = keeper::start(cell.clone(), loader, situation, journal, start);
    let (keeper, keeping) = started.map_err(system)?;
    if let Err(error) = watch::start(settings.paths.clone(), keeper.clone()) {
        tracing::warn!(%error, "the folder is not watched; reload by SIGHUP or the API");
    }
    let probes = probe(&runtime, settings, &cell, &keeper);
    let core = Arc::new(core::Core::new(cell.clone()));
    let running = serve::start(sockets.dns, core, &settings.rate).map_err(system)?;
    runtime.spawn(flood::watch(running.counters().to_vec()));
    let addresses = running.addresses().to_vec();
    let book = Arc::new(probes.book());
    let wires = (cell.clone(), keeper.clone(), &running, book as _);
    let door = door::open(&runtime, sockets.admin, keys, wires).map_err(system)?;
    let signals = Signals::new(&runtime, hangup).map_err(system)?;
    // All in one statement: the first world must not live as long as the process.
    say(&banner::text(&banner::Sight {
        settings,
        world: &cell.full(),
        board: &keeper.status().situation.board,
        dns: &addresses,
        door: &door,
        now: now(),
    }));

    let up = Up {
        running,
        door,
        probes,
        keeper,
        keeping,
    };
    let ended = runtime.block_on(up.last(signals));
    runtime.shutdown_background();
    ended
}

/// What the last run left, without what was said by whoever has no token any more.
fn recall(
    opened: Opened,
    settings: &Settings,
    keys: &door::Keys,
    clock: &Clock,
) -> (Situation, Journal) {
    let groups = door::groups(&settings.observers);
    let mut board = Board::resume(opened.entries, groups, clock.now());
    for (observer, vips) in board.dismiss(|who| keys.knows(who), clock.now()) {
        tracing::warn!(%observer, vips, "what it said is forgotten: it has no token any more");
    }
    let mut situation = Situation::resume(board, opened.courses);
    situation.brake = Brake::resume(opened.journal.braked());
    situation.orders = Orders::resume(opened.orders);
    (situation, opened.journal)
}

/// Starts the server's own checks, and waits until each target was asked once: what is down is not to be answered first. Until
/// then, and if that takes too long, what the last run knew holds.
fn probe(runtime: &Runtime, settings: &Settings, cell: &Arc<Cell>, keeper: &Keeper) -> Probes {
    let ground = Ground {
        cell: cell.clone(),
        keeper: keeper.clone(),
        commands: settings.commands.clone(),
    };
    let mut probes = probe::start(runtime.handle(), ground);
    if !runtime.block_on(probes.first()) {
        tracing::warn!(
            "not all targets of probes were heard of in time; what was known of them holds"
        );
    }
    probes
}

/// For signals, the operator's door and probes; DNS has threads of its own.
fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("admin")
        .enable_all()
        .build()
}

fn listen(runtime: &Runtime, kind: SignalKind) -> io::Result<Signal> {
    let _inside = runtime.enter();
    signal(kind)
}

/// What the keeper's first entry says: everything is new.
fn first(estate: &Estate, loaded: Loaded) -> Reloaded {
    let zones = estate.zones.iter().map(|held| &held.zone);
    Reloaded {
        cause: Arc::from("start"),
        at: now(),
        taken: true,
        generation: 1,
        diagnostics: loaded.diagnostics,
        more: loaded.more,
        refusal: None,
        effort: loaded.effort,
        changes: Changes {
            added: zones.map(|z| (z.apex().to_string(), z.serial())).collect(),
            steering: true,
            ..Changes::default()
        },
    }
}

/// All sockets, bound before the first thread starts.
struct Sockets {
    dns: Vec<Listener>,
    admin: TcpListener,
}

impl Sockets {
    /// Every address that cannot be had is named, not only the first.
    fn bind(settings: &Settings) -> Result<Sockets, Failed> {
        let (mut dns, mut errors) = (Vec::new(), Vec::new());
        for addr in &settings.listen {
            match Listener::bind(*addr, settings.workers) {
                Ok(listener) => dns.push(listener),
                Err(error) => errors.push(error.to_string()),
            }
        }
        let admin = TcpListener::bind(settings.admin.address()).and_then(|listener| {
            // The standard library lets 128 wait: with more at once, a forwarder's first packet comes again a second later.
            SockRef::from(&listener).listen(limits::TCP_BACKLOG)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        match admin {
            Ok(admin) if errors.is_empty() => return Ok(Sockets { dns, admin }),
            Ok(_) => {}
            Err(error) => {
                let addr = settings.admin;
                errors.push(format!(
                    "cannot listen on {addr} for the API: {error}; give another address with --admin"
                ));
            }
        }
        Err(Failed::System(errors.join("\n")))
    }
}

/// SIGHUP reloads, SIGTERM and SIGINT end.
struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new(runtime: &Runtime, hangup: Signal) -> io::Result<Signals> {
        Ok(Signals {
            hangup,
            terminate: listen(runtime, SignalKind::terminate())?,
            interrupt: listen(runtime, SignalKind::interrupt())?,
        })
    }

    /// Waits for the end, reloading meanwhile.
    async fn end(&mut self, keeper: &Keeper) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return tracing::info!("SIGTERM: ending"),
                _ = self.interrupt.recv() => return tracing::info!("SIGINT: ending"),
                _ = self.hangup.recv() => {
                    let change = Change::Reload {
                        cause: Arc::from("SIGHUP"),
                        touched: Touched::Everything,
                        force: Force::No,
                        reply: None,
                    };
                    if keeper.send(change).is_err() {
                        tracing::error!("the keeper is busy; SIGHUP is not heeded");
                    }
                }
            }
        }
    }
}

/// Everything that runs.
struct Up {
    running: Running,
    door: door::Door,
    probes: Probes,
    keeper: Keeper,
    keeping: JoinHandle<()>,
}

impl Up {
    async fn last(self, mut signals: Signals) -> Result<(), Failed> {
        signals.end(&self.keeper).await;
        let Signals {
            mut terminate,
            mut interrupt,
            ..
        } = signals;
        tokio::select! {
            _ = terminate.recv() => Err(Failed::Cut),
            _ = interrupt.recv() => Err(Failed::Cut),
            _ = tokio::task::spawn_blocking(move || self.stop(&Handle::current())) => Ok(()),
        }
    }

    /// In reverse: no query is lost, and no report is taken that would not be kept.
    fn stop(self, runtime: &Handle) {
        let hung = self.running.stop();
        if hung > 0 {
            tracing::warn!(hung, "threads had not ended in time");
        }
        self.door.close(runtime);
        self.probes.close(runtime);
        let deadline = Instant::now() + Duration::from_millis(limits::SERVE_STOP);
        // A full queue empties soon, unless the disk hangs.
        let mut told = self.keeper.send(Change::Stop).is_ok();
        while !self.keeping.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(limits::STOP_PAUSE));
            told = told || self.keeper.send(Change::Stop).is_ok();
        }
        if !self.keeping.is_finished() {
            tracing::warn!(
                "the keeper had not ended in time; what was acknowledged is on the disk"
            );
        }
        tracing::info!("ended");
    }
}

/// Shows diagnostics on stderr as a compiler does, in colour on a terminal.
pub fn show(diagnostics: &[Diagnostic]) {
    if diagnostics.is_empty() {
        return;
    }
    let stderr = io::stderr();
    let colour = stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let _ = stderr
        .lock()
        .write_all(diagnostic::render(diagnostics, colour).as_bytes());
}

/// Puts a text on stdout. That nobody reads it is no reason to fail.
pub fn say(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// Seconds of the Unix epoch.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |d| d.as_secs())
}
