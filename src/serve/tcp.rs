//! DNS over TCP: one thread that accepts connections, seats them, and lets them talk.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

use super::batch::option;
use super::desk::Desk;
use super::lane::Lane;
use super::quota::{Evicted, Quota};
use super::stream::{Pace, converse};
use super::{Core, Terms};
use crate::answer::{Client, Transport};
use crate::limits;
use crate::stats::End;

/// The listeners of all addresses and the runtime they are tied to, ready to run in a thread of their own.
pub(super) struct Doors<C> {
    runtime: Runtime,
    listeners: Vec<TcpListener>,
    desk: Desk<C>,
    stop: watch::Receiver<bool>,
    terms: Terms,
}

/// What every task of the thread needs.
struct House<C> {
    desk: Desk<C>,
    lane: Lane,
    quota: Rc<Quota>,
    stop: watch::Receiver<bool>,
    pace: Pace,
}

impl<C: Core> Doors<C> {
    /// Ties bound listeners to a new runtime.
    pub(super) fn open(
        listeners: Vec<std::net::TcpListener>,
        desk: Desk<C>,
        stop: watch::Receiver<bool>,
        terms: Terms,
    ) -> io::Result<Doors<C>> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listeners = {
            let _inside = runtime.enter();
            listeners
                .into_iter()
                .map(TcpListener::from_std)
                .collect::<io::Result<_>>()?
        };
        Ok(Doors {
            runtime,
            listeners,
            desk,
            stop,
            terms,
        })
    }

    /// Serves until told to stop, then until the last connection has its answers or the time is up.
    pub(super) fn run(self) {
        let Doors {
            runtime,
            listeners,
            desk,
            mut stop,
            terms: Terms { caps, pace },
        } = self;
        let house = Rc::new(House {
            desk,
            lane: Lane::new(),
            quota: Quota::new(caps),
            stop: stop.clone(),
            pace,
        });
        let tasks = LocalSet::new();
        for listener in listeners {
            tasks.spawn_local(accept(listener, house.clone()));
        }
        runtime.block_on(async move {
            let curfew = async {
                let _ = stop.wait_for(|stop| *stop).await;
                // Half of what is waited for all threads: they can be joined in time.
                sleep(Duration::from_millis(limits::SERVE_STOP / 2)).await;
            };
            tokio::select! {
                () = tasks => {}
                () = curfew => {}
            }
        });
    }
}

/// Lets connections in.
async fn accept<C: Core>(listener: TcpListener, house: Rc<House<C>>) {
    let mut stop = house.stop.clone();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, addr)) => seat(stream, addr, &house),
            Err(error) if is_starved(&error) => {
                house.desk.tally.starve();
                // A seat is a file. The one who leaves needs the thread to do so.
                let pause = match house.quota.evict() {
                    Evicted::One => Duration::from_millis(1),
                    Evicted::None => Duration::from_millis(50),
                };
                sleep(pause).await;
            }
            // The client was gone before it was let in.
            Err(_) => tokio::task::yield_now().await,
        }
    }
    // Whoever stood at the door when it was closed has been told by the kernel that it is in.
    let last_look = Duration::from_millis(limits::TCP_LAST_LOOK);
    for _ in 0..limits::TCP_BACKLOG {
        match timeout(last_look, listener.accept()).await {
            Ok(Ok((stream, addr))) => seat(stream, addr, &house),
            _ => break,
        }
    }
}

/// Gives a connection its seat and its task.
fn seat<C: Core>(mut stream: TcpStream, addr: SocketAddr, house: &Rc<House<C>>) {
    house.desk.tally.accept();
    // Best effort: without them it is only slower, or takes more of the kernel's memory.
    let _ = stream.set_nodelay(true);
    let _ = option(
        &stream,
        libc::IPPROTO_TCP,
        libc::TCP_NOTSENT_LOWAT,
        limits::TCP_UNSENT,
    );
    let (seat, evicted) = house.quota.admit(addr.ip());
    let client = Client {
        addr,
        transport: Transport::Tcp,
    };
    let house = house.clone();
    spawn_local(async move {
        let desk = (&house.desk, &house.lane);
        let stop = house.stop.clone();
        let end = tokio::select! {
            end = converse(&mut stream, client, desk, &seat, stop, house.pace) => end,
            _ = evicted => End::Evicted,
        };
        // First closed, then counted: whoever sees the count finds the file free.
        drop(stream);
        house.desk.tally.end(end);
    });
}

/// Whether the process or the system has nothing left to accept with.
fn is_starved(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
    )
}
