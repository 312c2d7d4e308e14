//! The load: one thread that keeps so many questions outstanding over several sockets, or asks at a pace, and never sleeps.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};

use super::batch::{Batch, MANY, Wait};
use super::questions::Questions;

/// Questions outstanding in all: what the least receive buffer among the servers holds with ease.
const OUTSTANDING: usize = 128;
/// So many are gathered before they are sent.
const GATHER: usize = 16;
/// Latencies are counted by the microsecond up to here.
const SLOWEST: usize = 100_000;
/// What begins a new look at who waits for too long.
const LOOK: u64 = 10_000_000;

/// Whom to ask.
#[derive(Clone, Copy)]
pub struct Aim {
    pub server: SocketAddr,
    pub sockets: usize,
    /// Addresses to ask from; 1 is the socket's own.
    pub sources: usize,
    /// After this a question is lost.
    pub patience: Duration,
}

impl Aim {
    pub fn at(server: SocketAddr) -> Aim {
        Aim {
            server,
            sockets: 4,
            sources: 1,
            patience: Duration::from_millis(250),
        }
    }
}

/// How fast, and until when.
#[derive(Clone, Copy)]
pub enum Pace {
    /// As fast as it is answered.
    Full(Duration),
    /// So many a second.
    Steady(f64, Duration),
    /// So many, then an end.
    Count(u64),
}

/// What came of it.
#[derive(Clone, Copy, Default)]
pub struct Seen {
    pub seconds: f64,
    pub sent: u64,
    pub answers: u64,
    pub lost: u64,
    /// Answers with another response code or number of records than expected.
    pub wrong: u64,
    pub octets: u64,
    /// Microseconds.
    pub p50: f64,
    pub p99: f64,
    /// Milliseconds: the longest time in which no answer came.
    pub gap: f64,
}

/// A question under way. A free place has `at` 0.
#[derive(Clone, Copy, Default)]
struct Under {
    at: u64,
    id: u16,
    question: u32,
}

/// One socket and what it waits for: the low bits of an id are the place.
struct Lane {
    socket: UdpSocket,
    under: Vec<Under>,
    free: Vec<u16>,
    turns: u16,
}

/// The generator.
pub struct Generator {
    aim: Aim,
    lanes: Vec<Lane>,
    batch: Batch,
    start: Instant,
    next: u32,
    latencies: Vec<u32>,
    /// Sent since the beginning, windows apart.
    total: u64,
    seen: Seen,
    last: u64,
    gap: u64,
}

impl Generator {
    pub fn new(aim: Aim) -> Generator {
        let each = (OUTSTANDING / aim.sockets).next_power_of_two();
        let lane = |_| Lane {
            socket: socket(&aim),
            under: vec![Under::default(); each],
            free: (0..each as u16).collect(),
            turns: 0,
        };
        Generator {
            lanes: (0..aim.sockets).map(lane).collect(),
            aim,
            batch: Batch::new(),
            start: Instant::now(),
            next: 0,
            latencies: vec![0; SLOWEST + 1],
            total: 0,
            seen: Seen::default(),
            last: 0,
            gap: 0,
        }
    }

    fn now(&self) -> u64 {
        // Never 0, which is no time.
        self.start.elapsed().as_nanos() as u64 + 1
    }

    /// Asks until the window is over. What is under way then is waited for before the next.
    pub fn run(&mut self, questions: &Questions, pace: Pace) -> Seen {
        self.settle(questions);
        self.seen = Seen::default();
        self.latencies.fill(0);
        (self.total, self.gap) = (0, 0);
        let begin = self.now();
        self.last = begin;
        let end = match pace {
            Pace::Full(window) | Pace::Steady(_, window) => begin + window.as_nanos() as u64,
            Pace::Count(_) => u64::MAX,
        };
        let (mut now, mut look) = (begin, begin);
        while now < end {
            let mut moved = false;
            for lane in 0..self.lanes.len() {
                moved |= self.receive(lane, questions);
                let room = match pace {
                    Pace::Full(_) => usize::MAX,
                    Pace::Steady(rate, _) => {
                        let due = (self.now() - begin) as f64 / 1e9 * rate;
                        (due as u64).saturating_sub(self.total) as usize
                    }
                    Pace::Count(count) => (count - self.total) as usize,
                };
                let gather = if let Pace::Steady(..) = pace {
                    1
                } else {
                    GATHER
                };
                moved |= self.send(lane, questions, room, gather);
            }
            now = self.now();
            if now > look + LOOK {
                self.give_up(now);
                look = now;
            }
            if let Pace::Count(count) = pace
                && self.seen.answers + self.seen.lost >= count
            {
                break;
            }
            if !moved {
                std::hint::spin_loop();
            }
        }
        self.gap = self.gap.max(now.saturating_sub(self.last));
        self.seen.seconds = (now - begin) as f64 / 1e9;
        self.summed()
    }

    /// Waits for what is under way, so that the next window begins with nothing.
    fn settle(&mut self, questions: &Questions) {
        let end = self.now() + self.aim.patience.as_nanos() as u64;
        while self.now() < end && self.lanes.iter().any(|l| l.free.len() < l.under.len()) {
            for lane in 0..self.lanes.len() {
                self.receive(lane, questions);
            }
        }
        self.give_up(u64::MAX);
    }

    fn receive(&mut self, lane: usize, questions: &Questions) -> bool {
        let Generator {
            lanes, batch, seen, ..
        } = self;
        let lane = &mut lanes[lane];
        if lane.free.len() == lane.under.len() {
            return false;
        }
        let Ok(count @ 1..) = batch.receive(&lane.socket, Wait::No) else {
            return false;
        };
        let now = self.start.elapsed().as_nanos() as u64 + 1;
        self.gap = self.gap.max(now.saturating_sub(self.last));
        self.last = now;
        for at in 0..count {
            let answer = &*batch.message(at);
            let Some(&[high, low, flags, code, _, _, _, answers, ..]) = answer.get(..12) else {
                continue;
            };
            let id = u16::from_be_bytes([high, low]);
            let place = usize::from(id) % lane.under.len();
            let under = &mut lane.under[place];
            // Late, or nothing that was asked.
            if under.at == 0 || under.id != id || flags & 0x80 == 0 {
                continue;
            }
            let took = (now - under.at) / 1_000;
            self.latencies[(took as usize).min(SLOWEST)] += 1;
            seen.wrong += u64::from(!questions.is_right(under.question, code & 15, answers));
            seen.answers += 1;
            seen.octets += answer.len() as u64;
            under.at = 0;
            lane.free.push(place as u16);
        }
        true
    }

    fn send(&mut self, lane: usize, questions: &Questions, room: usize, gather: usize) -> bool {
        let now = self.now();
        let lane = &mut self.lanes[lane];
        let all = lane.under.len();
        let count = lane.free.len().min(room).min(MANY);
        if count == 0 || (count < gather.min(room).min(all / 2) && lane.free.len() < all) {
            return false;
        }
        let mut places = [0; MANY];
        for (at, place) in places.iter_mut().take(count).enumerate() {
            *place = lane.free.pop().unwrap();
            // The rest of the id is another one each time, so that a late answer is known as such.
            lane.turns = lane.turns.wrapping_add(1);
            let id = lane.turns.wrapping_mul(all as u16) | *place;
            let question = (self.next + at as u32) % questions.len();
            self.batch.put(at, id, questions.message(question));
            if self.aim.sources > 1 {
                let source = source((question as usize) % self.aim.sources);
                self.batch.between(at, source, self.aim.server);
            }
            lane.under[usize::from(*place)] = Under {
                at: now,
                id,
                question,
            };
        }
        let sent = self.batch.send(&lane.socket, count);
        // What the kernel did not take was never asked.
        for place in &places[sent..count] {
            lane.under[usize::from(*place)].at = 0;
            lane.free.push(*place);
        }
        self.next = (self.next + sent as u32) % questions.len();
        self.total += sent as u64;
        self.seen.sent += sent as u64;
        sent > 0
    }

    /// Questions that nobody answered in time are lost.
    fn give_up(&mut self, now: u64) {
        let patience = self.aim.patience.as_nanos() as u64;
        for lane in &mut self.lanes {
            for (place, under) in lane.under.iter_mut().enumerate() {
                if under.at != 0 && now - under.at > patience {
                    under.at = 0;
                    self.seen.lost += 1;
                    lane.free.push(place as u16);
                }
            }
        }
    }

    fn summed(&self) -> Seen {
        let all: u64 = self.latencies.iter().map(|n| u64::from(*n)).sum();
        let part = |part: f64| {
            let (wanted, mut so_far) = ((all as f64 * part) as u64, 0);
            let at = self.latencies.iter().position(|count| {
                so_far += u64::from(*count);
                so_far > wanted
            });
            at.unwrap_or_default() as f64
        };
        Seen {
            p50: part(0.5),
            p99: part(0.99),
            gap: self.gap as f64 / 1e6,
            ..self.seen
        }
    }
}

/// One of the addresses of 127.0.0.0/8, no two after another of one /20: limits by network see many clients.
fn source(number: usize) -> Ipv4Addr {
    let (a, b) = (number % 16, number / 16 % 16);
    Ipv4Addr::new(127, 1 + a as u8, (b * 16) as u8, 1 + (number / 256) as u8)
}

fn socket(aim: &Aim) -> UdpSocket {
    let domain = Domain::for_address(aim.server);
    let socket: UdpSocket = Socket::new(domain, Type::DGRAM, None).unwrap().into();
    let options = SockRef::from(&socket);
    options.set_recv_buffer_size(4 << 20).unwrap();
    options.set_send_buffer_size(4 << 20).unwrap();
    if aim.sources > 1 {
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        options.bind(&any.into()).unwrap();
    } else {
        socket.connect(aim.server).unwrap();
    }
    socket
}
