//! The operator's and the forwarders' HTTP: reports of health, reload, how things stand, metrics.
//!
//! Plain HTTP for this machine only, HTTPS for others. What changes something needs a token, and is answered when it is in force and on the
//! disk. One table holds all routes: see `route`.

mod audit;
mod body;
mod brake;
mod events;
mod feed;
mod guard;
mod metrics;
mod observers;
mod orders;
mod pools;
mod prefixes;
mod probes;
mod reload;
mod reply;
mod route;
mod seat;
mod share;
mod stream;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]
mod tests;
pub mod tls;
pub mod tokens;
mod view;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};

use crate::admin::reply::{Fault, quote};
use crate::admin::route::{Act, Deed, Found, Page, Route};
use crate::admin::seat::{Caller, Doorway, Seats};
use crate::admin::share::Shares;
use crate::admin::tls::Locks;
use crate::admin::tokens::{Holder, Tokens};
use crate::health::orders::Subject;
use crate::health::probed::Book;
use crate::keeper::Keeper;
use crate::limits;
use crate::stats::{Counters, Tally};
use crate::world::cell::Cell;

/// Explains an answer: the name, the client's address and perhaps a type in, the explanation or what is wrong with these out.
pub type Explain =
    Arc<dyn Fn(&str, &str, Option<&str>) -> Result<serde_json::Value, String> + Send + Sync>;

/// What Meridian's own checks have found.
pub type Probes = Arc<dyn Fn() -> Book + Send + Sync>;

/// All that the API shows and uses.
pub struct Door {
    /// The world in force.
    pub cell: Arc<Cell>,
    /// Takes reports and reloads.
    pub keeper: Keeper,
    /// Of every thread that answers.
    pub counters: Vec<Arc<Counters>>,
    /// What happened to connections and sockets.
    pub tally: Arc<Tally>,
    /// Who may change something.
    pub tokens: Tokens,
    /// What it shows to those who come over HTTPS; none: it is plain HTTP.
    pub locks: Option<Locks>,
    /// The answering code's own explanation.
    pub explain: Explain,
    /// What the checks of this server have found.
    pub probes: Probes,
    /// When the process began, in seconds of the Unix epoch.
    pub started: u64,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}

/// How patient the API is, and how many it lets in.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// For a head, a body, the taking of a reply.
    read: Duration,
    /// For the keeper's reply to reports.
    reply: Duration,
    /// For its reply to a reload.
    reload: Duration,
    /// For the rest of a refused body.
    linger: Duration,
    /// Silence that costs the seat when all are taken.
    crowded: Duration,
    seats: usize,
    /// Octets of all bodies together.
    memory: usize,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            read: Duration::from_millis(limits::ADMIN_READ),
            reply: Duration::from_millis(limits::ADMIN_REPLY),
            reload: Duration::from_millis(limits::ADMIN_RELOAD),
            linger: Duration::from_millis(limits::ADMIN_LINGER),
            crowded: Duration::from_millis(limits::ADMIN_CROWDED),
            seats: limits::ADMIN_CONNECTIONS,
            memory: limits::ADMIN_BODIES,
        }
    }
}

/// Answers HTTP until `stop` comes, and then what is under way, for [`limits::ADMIN_STOP`] at the most.
///
/// # Errors
///
/// When the socket fails as a whole.
pub async fn serve(
    listener: TcpListener,
    door: Arc<Door>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_with(listener, door, stop, Pace::default()).await
}

async fn serve_with(
    listener: TcpListener,
    door: Arc<Door>,
    stop: impl Future<Output = ()> + Send + 'static,
    pace: Pace,
) -> io::Result<()> {
    let hall = Arc::new(Hall {
        door: door.clone(),
        pace,
        memory: Arc::new(Semaphore::new(pace.memory)),
        listeners: Arc::new(Semaphore::new(limits::EVENT_LISTENERS)),
        shares: Arc::default(),
        refused: Refused::default(),
    });
    let doorway = Doorway {
        listener,
        seats: Arc::new(Seats::default()),
        pace,
        door,
    };
    let router = Router::new().fallback(enter).with_state(hall);
    let (tell, told) = oneshot::channel::<()>();
    let stop = async move {
        stop.await;
        drop(tell);
    };
    let service = router.into_make_service_with_connect_info::<Caller>();
    let serving = axum::serve(doorway, service).with_graceful_shutdown(stop);
    let enough = async {
        let _ = told.await;
        tokio::time::sleep(Duration::from_millis(limits::ADMIN_STOP)).await;
    };
    tokio::select! {
        end = serving.into_future() => end,
        () = enough => Ok(()),
    }
}

struct Hall {
    door: Arc<Door>,
    pace: Pace,
    memory: Arc<Semaphore>,
    /// For those who listen to events.
    listeners: Arc<Semaphore>,
    shares: Arc<Shares>,
    refused: Refused,
}

/// What this API takes and gives, for programs (OpenAPI 3.1).
const CONTRACT: &str = include_str!("openapi.json");

/// The query of `/v1/explain`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    name: String,
    client: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

async fn enter(
    State(hall): State<Arc<Hall>>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
) -> Response<Body> {
    caller.busy();
    let (parts, mut body) = request.into_parts();
    let reply = hall.answer(&parts, &caller, &mut body).await;
    if body.is_end_stream() {
        caller.idle();
    } else {
        caller.linger();
        tokio::spawn(body::drain(body));
    }
    reply.unwrap_or_else(Fault::response)
}

impl Hall {
    async fn answer(
        &self,
        parts: &Parts,
        caller: &Caller,
        body: &mut Body,
    ) -> Result<Response<Body>, Fault> {
        guard::host(parts, caller.line)?;
        let (route, vip) = match route::find(&parts.method, parts.uri.path()) {
            Found::Route(route, vip) => (route, vip),
            Found::Method(allowed) => {
                let error = format!("this path takes {allowed}");
                let fault = Fault::new(StatusCode::METHOD_NOT_ALLOWED, error);
                return Err(fault.with(header::ALLOW, allowed));
            }
            Found::Nothing => {
                let path = quote(parts.uri.path());
                let error = format!("there is nothing at {path}; `/` lists what there is");
                return Err(Fault::new(StatusCode::NOT_FOUND, error));
            }
        };
        let (access, peer) = (route.act.access(), caller.peer.ip());
        let holder = match guard::admit(parts, (peer, caller.line), access, &self.door.tokens) {
            Ok(holder) => holder,
            Err(fault) => {
                self.refused.tell(peer, route, &fault);
                return Err(fault);
            }
        };
        match (route.act, holder) {
            (Act::Show(page), _) => self.show(page, parts, caller),
            (Act::Do(deed), Some(holder)) => {
                let reply = self
                    .change(deed, vip, parts.uri.query(), &holder, body)
                    .await;
                if reply.is_ok() {
                    caller.known();
                }
                audit::tell(&holder, caller, parts, &reply);
                reply
            }
            (Act::Do(_), None) => Err(Fault::new(StatusCode::FORBIDDEN, "a token is needed")),
        }
    }

    fn show(&self, page: Page, parts: &Parts, caller: &Caller) -> Result<Response<Body>, Fault> {
        let door = &self.door;
        let world = door.cell.full();
        let status = || door.keeper.status();
        // Of the keeper's times, and not of a wall clock that has jumped since.
        let now = || door.keeper.clock().now();
        let ok = |value| Ok(reply::json(StatusCode::OK, &value));
        match page {
            Page::Index => Ok(reply::text(route::index())),
            Page::Alive => Ok(reply::text("alive\n".to_owned())),
            Page::Ready => Ok(view::ready(&world, &status())),
            Page::Metrics => metrics::page(door, &world, &status(), now()),
            Page::Vips => ok(view::vips(&world, &status(), &(door.probes)(), now())),
            Page::Sites => ok(view::sites(&world, &status(), now())),
            Page::Drains => ok(orders::page(door, &world, &status(), now())),
            Page::Pools => ok(pools::page(&world, &status(), now())),
            Page::Status => ok(view::status(door, &world, &status(), now())),
            Page::Contract => Ok(reply::reply(
                StatusCode::OK,
                "application/json",
                CONTRACT.to_owned(),
            )),
            Page::Events => events::page(door, caller, &self.listeners),
            Page::Prefixes => prefixes::page(
                &world,
                &query(
                    parts,
                    "/v1/prefixes[?state=up,degraded][&site=NAME,NAME][&family=v4][&format=bird]",
                )?,
            ),
            Page::Explain => {
                let asked: Asked =
                    query(parts, "/v1/explain?name=NAME&client=ADDRESS[&type=TYPE]")?;
                let told = (door.explain)(&asked.name, &asked.client, asked.kind.as_deref());
                told.map_or_else(|e| Err(Fault::new(StatusCode::BAD_REQUEST, e)), ok)
            }
        }
    }

    async fn change(
        &self,
        deed: Deed,
        vip: &str,
        query: Option<&str>,
        holder: &Holder,
        body: &mut Body,
    ) -> Result<Response<Body>, Fault> {
        let (keeper, pace) = (&self.door.keeper, self.pace);
        if deed == Deed::Reload {
            return reload::reload(keeper, pace, holder, reload::force(query)?).await;
        }
        let Some(share) = self.shares.take(&holder.name) else {
            let error = "this token has too many bodies under way; try again soon";
            return Err(Fault::later(error));
        };
        let read = body::read(body, &self.memory, pace.read).await?;
        drop(share);
        let world = self.door.cell.full();
        let desk = feed::Desk {
            world: &world,
            keeper,
            pace,
            holder,
        };
        match deed {
            Deed::Release => brake::release(desk, &read.bytes).await,
            Deed::Return => pools::bring_back(desk, vip, &read.bytes).await,
            Deed::OrderVip => {
                let subject = Subject::Vip(Arc::from(vip));
                orders::take(desk, &self.door, subject, &read.bytes).await
            }
            Deed::OrderSite => {
                let subject = Subject::Site(Arc::from(vip));
                orders::take(desk, &self.door, subject, &read.bytes).await
            }
            Deed::ReportOne => desk.one(vip, &read.bytes).await,
            _ => desk.many(&read.bytes).await,
        }
    }
}

/// What a request asks behind the question mark; else how it is asked.
fn query<T: serde::de::DeserializeOwned>(parts: &Parts, how: &str) -> Result<T, Fault> {
    let asked = Query::<T>::try_from_uri(&parts.uri).map_err(|rejection| {
        let error = format!("{}; ask {how}", rejection.body_text());
        Fault::new(StatusCode::BAD_REQUEST, error)
    })?;
    Ok(asked.0)
}

/// Attempts without the right are worth a line, but whoever makes them in masses must not fill the disk.
#[derive(Debug, Default)]
struct Refused {
    second: AtomicU64,
    since: AtomicU64,
}

impl Refused {
    fn tell(&self, peer: IpAddr, route: &Route, fault: &Fault) {
        let (now, status) = (now(), fault.status.as_u16());
        self.since.fetch_add(1, Ordering::Relaxed);
        if self.second.swap(now, Ordering::Relaxed) != now {
            let times = self.since.swap(0, Ordering::Relaxed);
            let error = fault.error.as_str();
            tracing::warn!(%peer, what = route.path, status, error, times, "refused");
        }
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |d| d.as_secs())
}
