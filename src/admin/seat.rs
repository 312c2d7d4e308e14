//! Connections: who may sit, how long a silent one is borne, and whose seat is taken back when all are taken.
//!
//! HTTP itself is read and written elsewhere; this stands between it and the socket. A connection is either *busy* with a
//! request, whose own limits hold then, or it has until a moment, and may send so many octets, to begin the next one.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;

use crate::admin::stream::{Line, Stream};
use crate::admin::tls::Locks;
use crate::admin::{Door, Pace};
use crate::limits;

/// The door: accepts connections and gives them seats.
pub(super) struct Doorway {
    pub(super) listener: TcpListener,
    pub(super) seats: Arc<Seats>,
    pub(super) pace: Pace,
    /// For its locks.
    pub(super) door: Arc<Door>,
}

impl Listener for Doorway {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            self.seats.look(self.pace).await;
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // Replies are small: none must wait for the acknowledgement of another.
                    let _ = stream.set_nodelay(true);
                    let acceptor = self.door.locks.as_ref().map(Locks::acceptor);
                    if let Some(wire) = self.seats.take((stream, acceptor), peer, self.pace) {
                        return (wire, peer);
                    }
                }
                // The client was gone before it was let in.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::warn!(%error, "the API cannot take a connection");
                    tokio::time::sleep(Duration::from_millis(limits::ADMIN_STARVED)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// All connections, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Seats(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    open: BTreeMap<u64, (Arc<Chair>, oneshot::Sender<()>)>,
}

/// How it stands with one connection.
#[derive(Debug)]
struct Chair(Mutex<Phase>);

#[derive(Clone, Copy, Debug)]
struct Phase {
    /// Since when it has no request; none while it is busy.
    since: Option<Instant>,
    /// When its patience ends.
    until: Instant,
    /// Octets it may still send.
    room: usize,
    /// Whether something that it asked to be changed was taken.
    known: bool,
    /// Whether it was looked at and had nothing to say: not before that is it silent.
    looked: bool,
}

impl Phase {
    /// Since when it is so silent that it may lose its seat; none if it may not.
    fn silent(&self, now: Instant, pace: Pace) -> Option<Instant> {
        let crowded = |since: &Instant| now.saturating_duration_since(*since) >= pace.crowded;
        self.since.filter(|since| {
            if self.known {
                crowded(since)
            } else {
                self.looked
            }
        })
    }
}

impl Chair {
    fn phase(&self) -> Phase {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, change: impl FnOnce(&mut Phase)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Seats {
    /// Where all seats are taken, and by some of whom nobody knows yet what they want, waits until these were looked at: a
    /// crowd that comes at once must not push out a request that is already there.
    async fn look(&self, pace: Pace) {
        for _ in 0..limits::ADMIN_LOOKS {
            let now = Instant::now();
            let unseen = {
                let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let phases = || taken.open.values().map(|(chair, _)| chair.phase());
                taken.open.len() >= pace.seats
                    && phases().all(|phase| phase.silent(now, pace).is_none())
                    && phases().any(|phase| phase.since.is_some() && !phase.looked)
            };
            if !unseen {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn take(
        self: &Arc<Seats>,
        (stream, acceptor): (TcpStream, Option<TlsAcceptor>),
        peer: SocketAddr,
        pace: Pace,
    ) -> Option<Wire> {
        let now = Instant::now();
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.open.len() >= pace.seats {
            // Whoever has not yet sent anything that was taken goes first, and at once: in a crowd that comes all at the
            // same time nobody is silent for long, and a forwarder must find a seat all the same.
            let silent = taken.open.iter().filter_map(|(number, (chair, _))| {
                let phase = chair.phase();
                Some((phase.known, phase.silent(now, pace)?, *number))
            });
            let Some((_, _, number)) = silent.min() else {
                // Before hands are shaken nothing can be said.
                if acceptor.is_none() {
                    refuse(&stream);
                }
                return None;
            };
            // What it listens to falls silent, and by that it knows.
            taken.open.remove(&number);
        }
        let until = now + pace.read;
        let chair = Arc::new(Chair(Mutex::new(Phase {
            since: Some(now),
            until,
            room: limits::ADMIN_HEAD,
            known: false,
            looked: false,
        })));
        let (hold, lost) = oneshot::channel();
        let number = taken.next;
        taken.next = number.wrapping_add(1);
        taken.open.insert(number, (chair.clone(), hold));
        Some(Wire {
            stream: Stream::new(stream, acceptor),
            peer,
            pace,
            number,
            timer: Box::pin(tokio::time::sleep_until(until)),
            lost,
            over: false,
            chair,
            seats: self.clone(),
        })
    }
}

/// All seats are taken by requests that are under way: said without waiting, since there is nobody to wait.
fn refuse(stream: &TcpStream) {
    const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\n\
        connection: close\r\ncontent-length: 63\r\n\r\n{\"error\":\"too many connections; try again soon\",\"mistakes\":[]}\n";
    let _ = stream.try_write(FULL);
}

/// A connection between its socket and HTTP.
pub(super) struct Wire {
    stream: Stream,
    peer: SocketAddr,
    pace: Pace,
    number: u64,
    chair: Arc<Chair>,
    timer: Pin<Box<Sleep>>,
    /// Resolves when the seat is given to another.
    lost: oneshot::Receiver<()>,
    over: bool,
    seats: Arc<Seats>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.open.remove(&self.number);
    }
}

impl Wire {
    /// How many octets it may send now; none if there is no bound. An error once its time or its room is used up.
    fn patience(&mut self, cx: &mut Context<'_>) -> io::Result<Option<usize>> {
        if self.over || Pin::new(&mut self.lost).poll(cx).is_ready() {
            self.over = true;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let phase = self.chair.phase();
        if phase.since.is_none() {
            return Ok(None);
        }
        if self.timer.deadline() != phase.until {
            self.timer.as_mut().reset(phase.until);
        }
        if self.timer.as_mut().poll(cx).is_ready() || phase.room == 0 {
            self.over = true;
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Some(phase.room))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(room) = this.patience(cx)? else {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        };
        let length = room.min(buf.remaining());
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(length));
        let done = Pin::new(&mut this.stream).poll_read(cx, &mut part);
        if done.is_pending() {
            this.chair.set(|phase| phase.looked = true);
        }
        ready!(done)?;
        let read = part.filled().len();
        buf.advance(read);
        this.chair
            .set(|phase| phase.room = phase.room.saturating_sub(read));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.patience(cx)?;
        Pin::new(&mut this.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.patience(cx)?;
        Pin::new(&mut this.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// What a request knows of its connection.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) peer: SocketAddr,
    pub(super) line: Line,
    pace: Pace,
    chair: Arc<Chair>,
}

impl Connected<IncomingStream<'_, Doorway>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Doorway>) -> Caller {
        let wire = stream.io();
        Caller {
            peer: wire.peer,
            line: wire.stream.line(),
            pace: wire.pace,
            chair: wire.chair.clone(),
        }
    }
}

impl Caller {
    /// The head of a request is here.
    pub(super) fn busy(&self) {
        self.chair.set(|phase| phase.since = None);
    }

    /// What it asked to be changed was taken: it is no stranger.
    pub(super) fn known(&self) {
        self.chair.set(|phase| phase.known = true);
    }

    /// The reply is made: time runs for taking it, and for the next request.
    pub(super) fn idle(&self) {
        self.wait(self.pace.read, limits::ADMIN_HEAD);
    }

    /// A part of a reply that has no end is made: time runs for taking it, until the next is asked for.
    pub(super) fn streams(&self) {
        self.wait(self.pace.read, usize::MAX);
    }

    /// The reply is made before the request has ended; what is still to come is thrown away.
    pub(super) fn linger(&self) {
        self.wait(self.pace.linger, usize::MAX);
    }

    fn wait(&self, patience: Duration, room: usize) {
        let now = Instant::now();
        self.chair.set(|phase| {
            *phase = Phase {
                since: Some(now),
                until: now + patience,
                room,
                known: phase.known,
                looked: phase.looked,
            };
        });
    }
}
