//! DNS over UDP: a thread that receives a batch, loads the world once, answers, and sends.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use socket2::Socket;

use super::batch::{Batch, Wait};
use super::slot::Whole;
use super::{Core, first_draw, guard, now};
use crate::answer::{Client, Transport, Turn};
use crate::limits;
use crate::rate::{Exchange, Limiter, Proof, Source, Verdict};
use crate::stats::{Counters, Outcome, Tally};
use crate::wire::asked::{Asked, Seed};
use crate::wire::cookie::Trust;

/// What a UDP thread owns and shares.
pub(super) struct Worker<C> {
    pub(super) socket: Socket,
    pub(super) core: Arc<C>,
    pub(super) counters: Arc<Counters>,
    pub(super) tally: Arc<Tally>,
    pub(super) limiter: Option<Limiter>,
    pub(super) stop: Arc<AtomicBool>,
}

impl<C: Core> Worker<C> {
    /// Answers until told to stop, then what is queued.
    pub(super) fn run(mut self) {
        let mut limiter = self.limiter.take();
        let mut batch = Batch::new();
        let mut asked = Asked::new(Seed::default());
        let mut turn = Turn::new(first_draw(), &self.counters, &mut asked);
        while !self.stop.load(Ordering::Relaxed) {
            match batch.receive(&self.socket, Wait::First) {
                Ok(()) => self.serve(&mut batch, &mut turn, &mut limiter),
                // The timeout of an idle socket, or a signal: a look at `stop`.
                Err(error) if is_pause(&error) => {}
                Err(_) => {
                    self.tally.unreceive();
                    // Memory or the like: it will not be better at once, and must not take a core.
                    thread::sleep(Duration::from_millis(limits::UDP_WAKE));
                }
            }
        }
        for _ in 0..limits::UDP_DRAIN {
            match batch.receive(&self.socket, Wait::No) {
                Ok(()) => self.serve(&mut batch, &mut turn, &mut limiter),
                Err(_) => break,
            }
        }
    }

    fn serve(&self, batch: &mut Batch, turn: &mut Turn<'_>, limiter: &mut Option<Limiter>) {
        let now = now();
        turn.now = now.as_secs();
        if let Some(limiter) = limiter {
            limiter.tick(u64::try_from(now.as_micros()).unwrap_or(u64::MAX));
        }
        let world = self.core.load();
        for slot in batch.filled() {
            let Some(addr) = slot.client().filter(is_answerable) else {
                turn.counters.outcome(Outcome::Dropped);
                continue;
            };
            let whole = slot.whole();
            let (query, out) = slot.parts();
            let client = Client {
                addr,
                transport: Transport::Udp,
            };
            let made = match whole {
                Whole::Yes => {
                    guard::answer((&*self.core, &world), client, turn, &self.tally, query, out)
                }
                Whole::Cut => guard::cut(query, out),
            };
            let (outcome, length) = match limiter {
                Some(limiter) => self.limit(limiter, client, turn, (query, out), made),
                None => made,
            };
            turn.counters.outcome(outcome);
            slot.answered(length);
        }
        drop(world);
        let lost = batch.send(&self.socket);
        if lost > 0 {
            self.tally.unsend(lost as u64);
        }
        if let Some((network, limited)) = limiter.as_mut().and_then(Limiter::report) {
            // A letter that nobody took says enough.
            self.counters.worst.leave(network, limited);
        }
    }

    /// What becomes of an answer once its size and kind are known: nothing is worked for that would not be sent, but that
    /// one answer.
    #[inline]
    fn limit(
        &self,
        limiter: &mut Limiter,
        client: Client,
        turn: &mut Turn<'_>,
        (query, out): (&[u8], &mut [u8]),
        made: (Outcome, usize),
    ) -> (Outcome, usize) {
        let verdict = limiter.judge(&Exchange {
            client: client.addr.ip(),
            proof: proof(turn),
            query: query.len(),
            answer: made.1,
            source: match made.0 {
                Outcome::Steered => Source::Steering,
                _ => Source::Zone,
            },
        });
        match verdict {
            Verdict::Send => made,
            Verdict::Drop => (Outcome::Limited, 0),
            Verdict::Slip => {
                match guard::slip(&*self.core, client, turn, &self.tally, query, out) {
                    0 => (Outcome::Limited, 0),
                    length => (Outcome::Slipped, length),
                }
            }
        }
    }
}

/// How far the client of the last answer has shown where it is (RFC 7873 §5.2.3).
fn proof(turn: &Turn<'_>) -> Proof {
    match turn.trust {
        Trust::None => Proof::None,
        Trust::New | Trust::Wrong => Proof::Offered,
        Trust::Valid => Proof::Valid,
    }
}

/// Ports of services that say something to whatever they are sent (echo, daytime, the quote of the day, characters, time,
/// passwords): only a forger asks from there, and two servers could talk for ever.
const CHATTY: [u16; 6] = [7, 13, 17, 19, 37, 464];

/// No one can be answered at port 0 either: only a forger writes it.
fn is_answerable(addr: &SocketAddr) -> bool {
    let port = addr.port();
    port >= 1024 || (port != 0 && !CHATTY.contains(&port))
}

fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    #[test]
    fn ports_that_no_client_has_get_no_answer() {
        let is = |port: u16| is_answerable(&([192, 0, 2, 1], port).into());
        let silent: Vec<u16> = (0..=u16::MAX).filter(|port| !is(*port)).collect();
        assert_eq!(silent, [0, 7, 13, 17, 19, 37, 464]);
    }
}
