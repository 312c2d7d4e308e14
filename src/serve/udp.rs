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
use crate::stats::{Counters, Outcome, Tally};
use crate::wire::asked::{Asked, Seed};
use crate::wire::kind::Rcode;

/// What a UDP thread owns and shares.
pub(super) struct Worker<C> {
    pub(super) socket: Socket,
    pub(super) core: Arc<C>,
    pub(super) counters: Arc<Counters>,
    pub(super) tally: Arc<Tally>,
    pub(super) stop: Arc<AtomicBool>,
}

impl<C: Core> Worker<C> {
    /// Answers until told to stop, then what is queued.
    pub(super) fn run(self) {
        let mut batch = Batch::new();
        let mut turn = Turn {
            now: 0,
            counter: first_draw(),
            counters: &self.counters,
            asked: &mut Asked::new(Seed::default()),
        };
        while !self.stop.load(Ordering::Relaxed) {
            match batch.receive(&self.socket, Wait::First) {
                Ok(()) => self.serve(&mut batch, &mut turn),
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
                Ok(()) => self.serve(&mut batch, &mut turn),
                Err(_) => break,
            }
        }
    }

    fn serve(&self, batch: &mut Batch, turn: &mut Turn<'_>) {
        turn.now = now();
        let world = self.core.load();
        for slot in batch.filled() {
            let Some(addr) = slot.client().filter(is_answerable) else {
                turn.counters.outcome(Outcome::Dropped);
                continue;
            };
            let whole = slot.whole();
            let (query, out) = slot.parts();
            let length = match whole {
                Whole::Yes => {
                    let client = Client {
                        addr,
                        transport: Transport::Udp,
                    };
                    guard::answer((&*self.core, &world), client, turn, &self.tally, query, out)
                }
                Whole::Cut => guard::refuse(query, Rcode::FormErr, turn.counters, out),
            };
            slot.answered(length);
        }
        drop(world);
        let lost = batch.send(&self.socket);
        if lost > 0 {
            self.tally.unsend(lost as u64);
        }
    }
}

/// No one can be answered at port 0: only a forger writes it.
fn is_answerable(addr: &SocketAddr) -> bool {
    addr.port() != 0
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
    fn port_0_gets_no_answer() {
        assert!(!is_answerable(&"192.0.2.1:0".parse().unwrap()));
        assert!(is_answerable(&"192.0.2.1:1".parse().unwrap()));
    }
}
