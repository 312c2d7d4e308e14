//! The doors for DNS: sockets and threads that bring queries in and answers out over UDP and TCP.
//!
//! UDP is plain threads: one for each worker and address, each with its own socket, batch and counters; nothing is shared
//! on their way but the core. TCP is one thread named `tcp` with its own single-threaded runtime: thus it too is the only
//! writer of its counters, a few microseconds of answering never wait for another task's lock, and whatever streams do,
//! UDP threads do not feel it. All sockets are bound before the first thread starts, so that rights can be dropped between.
//!
//! Nothing here knows zones or steering: queries go to a [`Core`].

mod batch;
mod desk;
mod guard;
mod inbox;
mod lane;
mod listener;
mod quota;
mod slot;
mod stream;
mod tcp;
mod udp;

use std::io;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;

use crate::answer::{Client, Turn};
use crate::limits;
use crate::rate::{Limiter, Rate};
use crate::stats::{Counters, Outcome, Tally};

pub use listener::Listener;

/// One query in, one answer out. The server's core is one implementor, the echo of the tests another.
pub trait Core: Send + Sync + 'static {
    /// What answers are made from.
    type World;

    /// What is in force now. Called after queries were received and before they are answered, once for a batch of them:
    /// so a state that was acknowledged before a query was sent is never missed by its answer.
    fn load(&self) -> Self::World;

    /// Writes the answer to `query` into `out` and returns what it is and its length; 0 means that none is given. The
    /// caller counts the outcome: it may be another one if the answer is not sent.
    fn answer(
        &self,
        world: &Self::World,
        client: Client,
        turn: &mut Turn<'_>,
        query: &[u8],
        out: &mut [u8],
    ) -> (Outcome, usize);

    /// Writes what a client gets instead of an answer that its network has had too many of, and returns its length: never
    /// more than the query's.
    fn slip(&self, client: Client, turn: &mut Turn<'_>, query: &[u8], out: &mut [u8]) -> usize;
}

/// How patient TCP is and how many it lets in.
#[derive(Clone, Copy, Debug)]
struct Terms {
    caps: quota::Caps,
    pace: stream::Pace,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms {
            caps: quota::Caps {
                total: limits::TCP_CONNECTIONS,
                network: limits::TCP_CONNECTIONS_NETWORK,
            },
            pace: stream::Pace::default(),
        }
    }
}

/// Starts to answer on all listeners: as many UDP threads for each as it was bound for, and one thread for all TCP. What
/// is sent over UDP is limited to `rate`; over TCP nothing is, for the handshake has shown where the client is.
///
/// # Errors
///
/// When a thread or the runtime of TCP cannot be made. Threads that had started end again.
pub fn start<C: Core>(listeners: Vec<Listener>, core: Arc<C>, rate: &Rate) -> io::Result<Running> {
    start_with(listeners, core, rate, Terms::default())
}

fn start_with<C: Core>(
    listeners: Vec<Listener>,
    core: Arc<C>,
    rate: &Rate,
    mut terms: Terms,
) -> io::Result<Running> {
    terms.caps.total = seats(terms.caps.total);
    let (ended, end) = mpsc::channel();
    let mut running = Running {
        addresses: listeners.iter().map(Listener::address).collect(),
        counters: Vec::new(),
        tally: Arc::new(Tally::default()),
        stop: Arc::new(AtomicBool::new(false)),
        hush: watch::Sender::new(false),
        threads: Vec::new(),
        end,
    };
    let mut doors = Vec::new();
    let workers = [false, true].map(|v6| workers(&listeners, v6));
    for listener in listeners {
        let sharing = workers[usize::from(listener.address().is_ipv6())];
        let (tcp, udp) = listener.into_sockets();
        doors.push(tcp);
        for socket in udp {
            let worker = udp::Worker {
                socket,
                core: core.clone(),
                counters: running.fresh_counters(),
                tally: running.tally.clone(),
                limiter: limiter(rate, sharing)?,
                stop: running.stop.clone(),
            };
            let name = format!("udp-{}", running.threads.len());
            running.spawn(name, &ended, move || worker.run())?;
        }
    }
    let counters = running.fresh_counters();
    let desk = desk::Desk::new(core, counters, running.tally.clone());
    let tcp = tcp::Doors::open(doors, desk, running.hush.subscribe(), terms)?;
    running.spawn("tcp".to_owned(), &ended, move || tcp.run())?;
    Ok(running)
}

/// The connections that the process may really hold: every one is an open file.
fn seats(wanted: usize) -> usize {
    let files = batch::files(wanted.saturating_add(limits::FILES_RESERVED));
    let seats = files
        .saturating_sub(limits::FILES_RESERVED)
        .clamp(16, wanted.max(16));
    if seats < wanted {
        tracing::warn!(
            "only {files} files may be open, so TCP serves {seats} connections instead of {wanted}: \
             raise the hard limit (LimitNOFILE= in systemd, `ulimit -Hn` in a shell)"
        );
    }
    seats.min(wanted)
}

/// The UDP workers of one family: clients of one family are spread over them.
fn workers(listeners: &[Listener], v6: bool) -> usize {
    let of = listeners.iter().filter(|l| l.address().is_ipv6() == v6);
    of.map(Listener::workers).sum()
}

/// The limiter of one of so many workers.
fn limiter(rate: &Rate, workers: usize) -> io::Result<Option<Limiter>> {
    let Rate::On(terms) = rate else {
        return Ok(None);
    };
    let seed = || getrandom::u64().map_err(|error| io::Error::other(error.to_string()));
    Ok(Some(Limiter::new(terms, workers, [seed()?, seed()?])))
}

/// Unix time.
fn now() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

/// Where a worker's draw counter begins: anywhere, so that restarts and workers do not all begin with the same VIP.
fn first_draw() -> u32 {
    getrandom::u32().unwrap_or(0)
}

/// The threads that answer. Dropped, it tells them to end and does not wait; [`Running::stop`] does.
#[derive(Debug)]
pub struct Running {
    addresses: Vec<SocketAddr>,
    counters: Vec<Arc<Counters>>,
    tally: Arc<Tally>,
    stop: Arc<AtomicBool>,
    hush: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    end: mpsc::Receiver<()>,
}

impl Running {
    /// Where it answers, over UDP and TCP alike, with the real port where port 0 was asked for; in the listeners' order.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The counters of all threads, each written by one of them.
    pub fn counters(&self) -> &[Arc<Counters>] {
        &self.counters
    }

    /// What happened to connections and sockets.
    pub fn tally(&self) -> Arc<Tally> {
        self.tally.clone()
    }

    /// Takes nothing new in, answers what has arrived, ends all threads. Returns how many had not ended within
    /// [`limits::SERVE_STOP`]: none, unless the core hangs.
    pub fn stop(mut self) -> usize {
        self.tell();
        let deadline = Instant::now() + Duration::from_millis(limits::SERVE_STOP);
        // Nothing is ever sent: the wait ends when the last thread has dropped its sender.
        let _ = self
            .end
            .recv_timeout(deadline.saturating_duration_since(Instant::now()));
        let mut hung = 0;
        for thread in mem::take(&mut self.threads) {
            // A thread lets its sender go just before it ends, so joining it then takes no time.
            if thread.is_finished() || Instant::now() < deadline {
                let _ = thread.join();
            } else {
                hung += 1;
            }
        }
        hung
    }

    fn tell(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.hush.send_replace(true);
    }

    fn fresh_counters(&mut self) -> Arc<Counters> {
        let counters = Arc::new(Counters::default());
        self.counters.push(counters.clone());
        counters
    }

    fn spawn(
        &mut self,
        name: String,
        ended: &mpsc::Sender<()>,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let ended = ended.clone();
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            work();
            drop(ended);
        });
        self.threads.push(thread?);
        Ok(())
    }
}

impl Drop for Running {
    /// Threads that no one holds any more end, unwaited for.
    fn drop(&mut self) {
        self.tell();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]
mod tests;
