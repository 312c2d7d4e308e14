//! A conversation over a stream: queries behind two-octet lengths come in, answers go out in the same order.
//!
//! It works over any stream, so that TCP and TLS behave alike. It writes before it reads on: a client that does not take its
//! answers soon cannot send more queries either, and holds no more than one round of answers.
//!
//! Who was silent is answered at once, but not much at a time; who sends on and on has its rounds in turn with all others
//! that do, in the [`Lane`].

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::desk::{Desk, Round};
use super::inbox::Inbox;
use super::lane::{Lane, Share, Turn};
use super::quota::Seat;
use super::{Client, Core};
use crate::limits;
use crate::stats::End;

/// How long a conversation waits, and for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// For a query.
    pub(super) idle: Duration,
    /// For a query, while most seats are taken.
    pub(super) crowded: Duration,
    /// From the first octet of a message to its last.
    pub(super) read: Duration,
    /// For the client to take a round of answers.
    pub(super) write: Duration,
    /// For queries once the server ends.
    pub(super) grace: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            idle: Duration::from_millis(limits::TCP_IDLE),
            crowded: Duration::from_millis(limits::TCP_IDLE_CROWDED),
            read: Duration::from_millis(limits::TCP_READ),
            write: Duration::from_millis(limits::TCP_WRITE),
            grace: Duration::from_millis(limits::TCP_GRACE),
        }
    }
}

impl Pace {
    /// How long a query is waited for now.
    fn idle(&self, seat: &Seat) -> Duration {
        if seat.is_crowded() {
            self.idle.min(self.crowded)
        } else {
            self.idle
        }
    }
}

/// Until when the next octets are waited for.
struct Patience {
    pace: Pace,
    /// When the last round of answers was given, or the stream was opened.
    quiet: Instant,
    /// When the message that has begun to arrive was first seen.
    begun: Option<Instant>,
    /// When the server was first seen to end.
    stopped: Option<Instant>,
}

impl Patience {
    fn new(pace: Pace) -> Patience {
        Patience {
            pace,
            quiet: Instant::now(),
            begun: None,
            stopped: None,
        }
    }

    fn answered(&mut self) {
        (self.quiet, self.begun) = (Instant::now(), None);
    }

    /// The deadline, and what it means to miss it.
    fn deadline(&mut self, inbox: &Inbox, seat: &Seat) -> (Instant, End) {
        let Pace { read, grace, .. } = self.pace;
        let idle = self.pace.idle(seat);
        let (deadline, end) = if inbox.is_empty() {
            (self.quiet + idle, End::Idle)
        } else {
            // Counted from the first octet: sending the rest octet by octet gains no time.
            let begun = *self.begun.get_or_insert_with(Instant::now);
            (begun + read.min(idle), End::Partial)
        };
        match self.stopped {
            Some(at) if at + grace < deadline => (at + grace, End::Stopped),
            _ => (deadline, end),
        }
    }
}

/// Answers queries until one of the sides ends it.
pub(super) async fn converse<S, C>(
    stream: &mut S,
    client: Client,
    (desk, lane): (&Desk<C>, &Lane),
    seat: &Seat,
    mut stop: watch::Receiver<bool>,
    pace: Pace,
) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: Core,
{
    let mut inbox = Inbox::new();
    let mut out = Vec::new();
    let mut patience = Patience::new(pace);
    let mut share = Share::First;
    loop {
        let turn = lane.turn(share).await;
        let round = desk.round(client, share, pace.idle(seat), &mut inbox, &mut out);
        if out.is_empty() {
            turn.end().await;
        } else {
            seat.touch();
            // All answers of a round in one write: one segment, not one for each (RFC 7766 §8).
            match first_try(timeout(pace.write, stream.write_all(&out)), turn).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return End::Broken,
                Err(_) => return End::Unread,
            }
            spend(&mut out);
            patience.answered();
            share = Share::Full;
        }
        match round {
            Round::Done => {}
            Round::More => continue,
            Round::Close(end) => return close(stream, pace, end).await,
        }
        let (deadline, late) = patience.deadline(&inbox, seat);
        let stopped = patience.stopped.is_some();
        let read = async {
            tokio::select! {
                biased;
                read = timeout_at(deadline, stream.read(inbox.room())) => Some(read),
                _ = stop.wait_for(|stop| *stop), if !stopped => None,
            }
        };
        let Some(read) = after_silence(read, &mut share).await else {
            patience.stopped = Some(Instant::now());
            continue;
        };
        match read {
            // The client has no more to say (it may still listen), and all it asked was answered.
            Ok(Ok(0)) if inbox.is_empty() => return close(stream, pace, End::Finished).await,
            Ok(Ok(0)) => return close(stream, pace, End::Partial).await,
            Ok(Ok(octets)) => inbox.filled(octets),
            Ok(Err(_)) => return End::Broken,
            Err(_) => return close(stream, pace, late).await,
        }
    }
}

/// Writes what can be written at once, and then ends the turn: nobody waits for a client that does not read.
async fn first_try<F: Future>(write: F, turn: Turn<'_>) -> F::Output {
    let mut write = pin!(write);
    let written = at_once(write.as_mut()).await;
    turn.end().await;
    match written {
        Some(written) => written,
        None => write.await,
    }
}

/// What a read comes to. If it has to be waited for, its client was silent and has a first share again.
async fn after_silence<F: Future>(read: F, share: &mut Share) -> F::Output {
    let mut read = pin!(read);
    match at_once(read.as_mut()).await {
        Some(read) => read,
        None => {
            *share = Share::First;
            read.await
        }
    }
}

/// What comes of it without waiting, if anything does.
async fn at_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Empties the buffer, and gives its memory back if a large answer went through.
fn spend(out: &mut Vec<u8>) {
    out.clear();
    out.shrink_to(limits::TCP_INPUT);
}

/// Says good-bye properly; what has been written still arrives.
async fn close<S: AsyncWrite + Unpin>(stream: &mut S, pace: Pace, end: End) -> End {
    // Whether the other side still cares does not change why we close.
    let _ = timeout(pace.write, stream.shutdown()).await;
    end
}
