//! Crowds of idle clients over TCP, one busy client over UDP, and single new ones.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

/// `www.slow.test A` behind its length.
pub const QUERY: &[u8] =
    b"\0\x1f\x12\x34\0\0\0\x01\0\0\0\0\0\0\x03www\x04slow\x04test\0\0\x01\0\x01";
/// Much to send back: `big.slow.test TXT`.
const BIG: &[u8] = b"\0\x1f\x12\x34\0\0\0\x01\0\0\0\0\0\0\x03big\x04slow\x04test\0\0\x10\0\x01";

/// Open files that the test itself needs.
const OWN: usize = 200;

/// As many clients as were wanted, or as the limit of open files lets be; the process's own limit is raised.
pub fn allowed(wanted: usize) -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits
        .lines()
        .find(|l| l.starts_with("Max open files"))
        .unwrap();
    let hard = line.split_whitespace().nth(4).unwrap().to_string();
    let pid = std::process::id().to_string();
    let raised = Command::new("prlimit")
        .args(["--pid", &pid, &format!("--nofile={hard}:{hard}")])
        .status();
    assert!(raised.unwrap().success(), "prlimit");
    // Tests beside one another share it.
    let clients = wanted.min((hard.parse().unwrap_or(usize::MAX).saturating_sub(OWN)) * 2 / 3);
    if clients < wanted {
        println!("only {hard} files may be open: {clients} clients instead of {wanted}");
    }
    clients
}

/// A client's address: of each /24 a few hundred.
fn home(number: usize) -> SocketAddr {
    let (network, host) = (number / 200, number % 200);
    let ip = Ipv4Addr::new(
        127,
        10 + (network >> 8) as u8,
        network as u8,
        1 + host as u8,
    );
    SocketAddr::from((ip, 0))
}

/// Many connections of which none waits for another.
pub struct Crowd {
    all: Vec<Socket>,
    queries: Vec<u8>,
}

impl Crowd {
    /// Connects all, and sends each these octets as soon as it is through; gives up on the rest after `patience`.
    pub fn connect(to: SocketAddr, many: usize, octets: &[u8], patience: Duration) -> Crowd {
        let open = |number| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            socket.bind(&home(number).into()).unwrap();
            // It is under way.
            let _ = socket.connect(&to.into());
            socket
        };
        let mut all = Vec::with_capacity(many);
        let mut silent: Vec<usize> = Vec::new();
        let end = Instant::now() + patience;
        for number in 0..many {
            all.push(open(number));
            silent.push(number);
            // No more at once than wait at the door.
            if number % 500 == 499 || number + 1 == many {
                let step = Instant::now() + Duration::from_secs(2);
                while !silent.is_empty() && Instant::now() < step.min(end) {
                    silent.retain(|at| match (&all[*at]).write(octets) {
                        Ok(_) => all[*at].peer_addr().is_err(),
                        Err(error) => matches!(
                            error.kind(),
                            ErrorKind::WouldBlock | ErrorKind::NotConnected
                        ),
                    });
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        }
        let queries = BIG.repeat(200);
        Crowd { all, queries }
    }

    /// How many are still open.
    pub fn open(&mut self) -> usize {
        let is_open = |socket: &Socket| {
            let mut buffer = [0; 16];
            let read = { socket }.read(&mut buffer);
            read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        };
        self.all.iter().filter(|socket| is_open(socket)).count()
    }

    /// Each sends queries until nobody takes more; how many octets.
    pub fn push(&mut self) -> usize {
        let mut octets = 0;
        for mut socket in &self.all {
            // One that was cut in the midst of a query would begin anew there; it is cut for good by then.
            octets += socket.write(&self.queries).unwrap_or(0);
        }
        octets
    }
}

/// After that something is lost. Far more than is ever seen: the machine may be busy, and times are told, not held.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// A new client over TCP: milliseconds to its answer, if it has one at all.
pub fn fresh(to: SocketAddr) -> Option<f64> {
    let began = Instant::now();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket
        .bind(&SocketAddr::from(([127, 9, 0, 1], 0)).into())
        .unwrap();
    socket.connect_timeout(&to.into(), PATIENCE).ok()?;
    let mut stream: TcpStream = socket.into();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(QUERY).ok()?;
    let mut answer = [0; 14];
    stream.read_exact(&mut answer).ok()?;
    assert_eq!(answer[2..4], QUERY[2..4]);
    Some(began.elapsed().as_secs_f64() * 1e3)
}

/// The value at this part of all.
pub fn quantile(all: &[f64], part: f64) -> f64 {
    let mut all = all.to_vec();
    all.sort_by(f64::total_cmp);
    let at = (all.len() as f64 * part) as usize;
    all.get(at.min(all.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

/// A client over UDP that asks all the time, 32 queries at once.
pub struct Ticker {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(usize, usize)>,
}

impl Ticker {
    pub fn start(to: SocketAddr) -> Ticker {
        let stop = Arc::new(AtomicBool::new(false));
        let told = stop.clone();
        let thread = std::thread::spawn(move || tick(to, &told));
        Ticker { stop, thread }
    }

    /// Queries, and how many had no answer within two seconds.
    pub fn stop(self) -> (usize, usize) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn tick(to: SocketAddr, stop: &AtomicBool) -> (usize, usize) {
    let socket = UdpSocket::bind("127.8.0.1:0").unwrap();
    socket.connect(to).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut asked, mut lost) = (0, 0);
    let mut buffer = [0; 1_500];
    while !stop.load(Ordering::Relaxed) {
        let mut waiting = Vec::new();
        for n in 0..32u16 {
            let mut query = QUERY[2..].to_vec();
            let id = (asked as u16).wrapping_add(n).to_be_bytes();
            query[..2].copy_from_slice(&id);
            socket.send(&query).unwrap();
            waiting.push(id);
        }
        asked += waiting.len();
        while !waiting.is_empty() {
            match socket.recv(&mut buffer) {
                Ok(_) => waiting.retain(|id| *id != buffer[..2]),
                Err(_) => break,
            }
        }
        lost += waiting.len();
        // Some ten thousand a second at most: the server's threads are to be seen, not this one.
        std::thread::sleep(Duration::from_millis(3));
    }
    (asked, lost)
}
