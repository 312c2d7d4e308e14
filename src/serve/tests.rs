//! The doors over real sockets, with an echo as core.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use socket2::{Domain, Socket, Type};

use super::*;
use crate::answer::Transport;
use crate::stats::{End, Outcome};

mod bind;
mod tcp;
mod udp;

/// Answers a query with itself and QR set; the octet behind the header asks for more.
#[derive(Default)]
struct Echo {
    loads: AtomicU64,
    answers: AtomicU64,
    /// Of the answers, how many were given before the last to `NEW`.
    before: AtomicU64,
    /// How many came to the gate.
    arrived: AtomicU64,
    gate: Mutex<()>,
}

const PLAIN: u8 = 0;
const PANIC: u8 = b'P';
const BIG: u8 = b'B';
const GATE: u8 = b'G';
const NEW: u8 = b'N';
const LONG: u8 = b'L';
/// What the answer to `LONG` has over UDP.
const LONG_ANSWER: usize = 1_000;
/// What the answer to `BIG` has over TCP.
const BIG_ANSWER: usize = 60_000;

impl Core for Echo {
    type World = u64;

    fn load(&self) -> u64 {
        self.loads.fetch_add(1, Ordering::Relaxed)
    }

    fn answer(
        &self,
        _: &u64,
        client: Client,
        turn: &mut Turn<'_>,
        query: &[u8],
        out: &mut [u8],
    ) -> (Outcome, usize) {
        if query.len() < 12 || query[2] & 0x80 != 0 {
            return (Outcome::Dropped, 0);
        }
        let length = match query.get(12) {
            Some(&PANIC) => panic!("asked for"),
            Some(&BIG) if client.transport == Transport::Tcp => BIG_ANSWER,
            Some(&LONG) => LONG_ANSWER,
            Some(&NEW) => {
                let before = self.answers.load(Ordering::Relaxed);
                self.before.fetch_max(before, Ordering::Relaxed);
                query.len()
            }
            Some(&GATE) => {
                self.arrived.fetch_add(1, Ordering::Relaxed);
                drop(self.gate.lock());
                query.len()
            }
            _ => query.len(),
        };
        assert!(turn.now > 1_600_000_000);
        self.answers.fetch_add(1, Ordering::Relaxed);
        turn.counter = turn.counter.wrapping_add(1);
        out[..query.len()].copy_from_slice(query);
        out[2] |= 0x80;
        (Outcome::Static, length)
    }

    fn slip(&self, _: Client, _: &mut Turn<'_>, query: &[u8], out: &mut [u8]) -> usize {
        assert!(query.get(13) != Some(&PANIC), "asked for");
        out[..12].copy_from_slice(&query[..12]);
        out[2] |= 0x82;
        12
    }
}

fn query(id: u16, wish: u8) -> Vec<u8> {
    let mut query = vec![0; 20];
    query[..2].copy_from_slice(&id.to_be_bytes());
    query[12] = wish;
    query
}

fn answer(id: u16, wish: u8) -> Vec<u8> {
    let mut answer = query(id, wish);
    answer[2] = 0x80;
    answer
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Serves on an address with a free port.
fn serve(on: &str, workers: usize, terms: Terms) -> (Running, SocketAddr, Arc<Echo>) {
    let core = Arc::new(Echo::default());
    let listener = Listener::bind(addr(on), workers).unwrap();
    let running = start_with(vec![listener], core.clone(), &Rate::default(), terms).unwrap();
    let at = running.addresses()[0];
    (running, at, core)
}

/// Waits for a number that another thread is about to write.
fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !reached() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::yield_now();
    }
}

fn outcomes(running: &Running, outcome: Outcome) -> u64 {
    running.counters().iter().map(|c| c.outcomes(outcome)).sum()
}

mod desk {
    use super::super::desk::{Desk, Round};
    use super::super::inbox::Inbox;
    use super::super::lane::Share;
    use super::*;

    #[test]
    fn what_waits_is_answered_in_one_piece_with_one_world() {
        let core = Arc::new(Echo::default());
        let desk = Desk::new(core.clone(), Arc::default(), Arc::default());
        let client = Client {
            addr: addr("192.0.2.1:53"),
            transport: Transport::Tcp,
        };
        let (mut inbox, mut out) = (Inbox::new(), Vec::new());
        let idle = Duration::from_secs(10);
        let total = limits::TCP_ROUND + 3;
        let sent: Vec<u8> = (0..total)
            .flat_map(|id| [&[0, 20][..], &query(id as u16, PLAIN)].concat())
            .collect();
        inbox.room()[..sent.len()].copy_from_slice(&sent);
        inbox.filled(sent.len());
        assert_eq!(
            desk.round(client, Share::Full, idle, &mut inbox, &mut out),
            Round::More
        );
        assert_eq!(out.len(), limits::TCP_ROUND * 22);
        assert_eq!(
            desk.round(client, Share::Full, idle, &mut inbox, &mut out),
            Round::Done
        );
        assert_eq!(out.len(), total * 22);
        assert_eq!(core.loads.load(Ordering::Relaxed), 2);
        assert_eq!(
            desk.round(client, Share::Full, idle, &mut inbox, &mut out),
            Round::Done
        );
        assert_eq!(core.loads.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_first_share_is_small() {
        let desk = Desk::new(Arc::new(Echo::default()), Arc::default(), Arc::default());
        let client = Client {
            addr: addr("192.0.2.1:53"),
            transport: Transport::Tcp,
        };
        for (wish, octets) in [(PLAIN, limits::TCP_FIRST * 22), (BIG, 2 + BIG_ANSWER)] {
            let (mut inbox, mut out) = (Inbox::new(), Vec::new());
            let sent = [&[0, 20][..], &query(1, wish)].concat().repeat(20);
            inbox.room()[..sent.len()].copy_from_slice(&sent);
            inbox.filled(sent.len());
            let idle = Duration::from_secs(10);
            let round = desk.round(client, Share::First, idle, &mut inbox, &mut out);
            assert_eq!((round, out.len()), (Round::More, octets));
        }
    }
}
