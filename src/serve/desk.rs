//! The desk at which a thread answers what its streams have received.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use super::inbox::{Inbox, Next};
use super::lane::Share;
use super::{Core, first_draw, guard, now};
use crate::answer::{Client, Turn};
use crate::limits;
use crate::stats::{Counters, End, Tally};
use crate::wire::asked::{Asked, Seed};

/// What the streams of one thread share: the core, and one buffer in which answers are made before they are copied to the
/// stream they belong to, so that idle connections hold none.
pub(super) struct Desk<C> {
    core: Arc<C>,
    counters: Arc<Counters>,
    pub(super) tally: Arc<Tally>,
    draw: Cell<u32>,
    scratch: RefCell<Box<[u8]>>,
    asked: RefCell<Asked>,
}

/// What comes after a round.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// More is waiting in the inbox.
    More,
    /// All whole messages were answered.
    Done,
    /// The stream is to be closed once the answers are written.
    Close(End),
}

impl<C: Core> Desk<C> {
    pub(super) fn new(core: Arc<C>, counters: Arc<Counters>, tally: Arc<Tally>) -> Desk<C> {
        let scratch = RefCell::new(vec![0; limits::MESSAGE].into());
        Desk {
            core,
            counters,
            tally,
            draw: Cell::new(first_draw()),
            scratch,
            asked: RefCell::new(Asked::new(Seed::default())),
        }
    }

    /// Appends the framed answers to what waits in the inbox, in its order, up to the bounds of this share.
    /// `idle` is how long the stream may then idle.
    pub(super) fn round(
        &self,
        client: Client,
        share: Share,
        idle: Duration,
        inbox: &mut Inbox,
        out: &mut Vec<u8>,
    ) -> Round {
        if !inbox.is_ready() {
            return Round::Done;
        }
        let mut scratch = self.scratch.borrow_mut();
        let mut asked = self.asked.borrow_mut();
        let mut turn = Turn::new(self.draw.get(), &self.counters, &mut asked);
        turn.now = now().as_secs();
        turn.idle = u16::try_from(idle.as_millis() / 100).unwrap_or(u16::MAX);
        let world = self.core.load();
        let (mut left, most) = match share {
            Share::First => (limits::TCP_FIRST, limits::TCP_FIRST_OUTPUT),
            Share::Full => (limits::TCP_ROUND, limits::TCP_OUTPUT),
        };
        let round = loop {
            if left == 0 || out.len() >= most {
                break if inbox.is_ready() {
                    Round::More
                } else {
                    Round::Done
                };
            }
            left -= 1;
            let query = match inbox.take() {
                Next::Message(query) => query,
                Next::Empty => break Round::Close(End::Empty),
                Next::Partial | Next::Nothing => break Round::Done,
            };
            let core = (&*self.core, &world);
            let (outcome, length) =
                guard::answer(core, client, &mut turn, &self.tally, query, &mut scratch);
            self.counters.outcome(outcome);
            // What gets no answer over a stream was not sent by a client of DNS.
            let Some(answer) = scratch.get(..length).filter(|answer| !answer.is_empty()) else {
                break Round::Close(End::Unanswered);
            };
            // The scratch is as long as the longest message, so its length always fits.
            out.extend_from_slice(&(answer.len() as u16).to_be_bytes());
            out.extend_from_slice(answer);
        };
        self.draw.set(turn.counter);
        round
    }
}
