//! The operator's and the forwarders' HTTP: reports of health, reload, how things stand, metrics.
//!
//! Plain HTTP for this machine only. What changes something needs a token, and is answered when it is in force and on the
//! disk. One table holds all routes: see `route`.

mod body;
mod feed;
mod guard;
mod metrics;
mod pools;
mod reply;
mod route;
mod seat;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]
mod tests;
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

use crate::admin::reply::{Fault, quote, short};
use crate::admin::route::{Act, Deed, Found, Page, Route};
use crate::admin::seat::{Caller, Doorway, Seats};
use crate::admin::tokens::{Holder, Tokens};
use crate::keeper::{Change, Force, Keeper, Touched};
use crate::limits;
use crate::stats::{Counters, Tally};
use crate::world::cell::Cell;

/// Explains an answer: the name, the client's address and perhaps a type in, the explanation or what is wrong with these out.
pub type Explain =
    Arc<dyn Fn(&str, &str, Option<&str>) -> Result<serde_json::Value, String> + Send + Sync>;

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
    /// The answering code's own explanation.
    pub explain: Explain,
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
        door,
        pace,
        memory: Arc::new(Semaphore::new(pace.memory)),
        refused: Refused::default(),
    });
    let doorway = Doorway {
        listener,
        seats: Arc::new(Seats::default()),
        pace,
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
    refused: Refused,
}

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
        guard::host(parts)?;
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
        let holder = match guard::admit(parts, peer, access, &self.door.tokens) {
            Ok(holder) => holder,
            Err(fault) => {
                self.refused.tell(peer, route, &fault);
                return Err(fault);
            }
        };
        match (route.act, holder) {
            (Act::Show(page), _) => self.show(page, parts),
            (Act::Do(deed), Some(holder)) => {
                let reply = self
                    .change(deed, vip, parts.uri.query(), &holder, body)
                    .await;
                let status = reply.as_ref().map_or_else(|f| f.status, Response::status);
                let error = reply.as_ref().err().map(|fault| fault.error.as_str());
                let (who, what) = (holder.name.as_str(), short(parts.uri.path()));
                tracing::info!(who, what, status = status.as_u16(), error, "request");
                reply
            }
            (Act::Do(_), None) => Err(Fault::new(StatusCode::FORBIDDEN, "a token is needed")),
        }
    }

    fn show(&self, page: Page, parts: &Parts) -> Result<Response<Body>, Fault> {
        let door = &self.door;
        let world = door.cell.full();
        let status = || door.keeper.status();
        let ok = |value| Ok(reply::json(StatusCode::OK, &value));
        match page {
            Page::Index => Ok(reply::text(route::index())),
            Page::Alive => Ok(reply::text("alive\n".to_owned())),
            Page::Ready => Ok(view::ready(&world, &status())),
            Page::Metrics => metrics::page(door, &world, &status(), now()),
            Page::Vips => ok(view::vips(&world, &status(), now())),
            Page::Sites => ok(view::sites(&world)),
            Page::Pools => ok(pools::page(&world, &status(), now())),
            Page::Status => ok(view::status(door, &world, &status(), now())),
            Page::Explain => {
                let asked = Query::<Asked>::try_from_uri(&parts.uri).map_err(|rejection| {
                    let error = format!(
                        "{}; ask /v1/explain?name=NAME&client=ADDRESS[&type=TYPE]",
                        rejection.body_text()
                    );
                    Fault::new(StatusCode::BAD_REQUEST, error)
                })?;
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
            return reload(keeper, pace, holder, force(query)?).await;
        }
        let read = body::read(body, &self.memory, pace.read).await?;
        let world = self.door.cell.full();
        let desk = feed::Desk {
            world: &world,
            keeper,
            pace,
            holder,
        };
        match deed {
            Deed::Return => pools::bring_back(desk, vip, &read.bytes).await,
            Deed::ReportOne => desk.one(vip, &read.bytes).await,
            _ => desk.many(&read.bytes).await,
        }
    }
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

/// What the query of `/v1/reload` forces.
fn force(query: Option<&str>) -> Result<Force, Fault> {
    match query {
        None | Some("") => Ok(Force::No),
        Some("force=geoip") => Ok(Force::Databases),
        Some(_) => {
            let error = "all that can be forced is `?force=geoip`";
            Err(Fault::new(StatusCode::BAD_REQUEST, error))
        }
    }
}

async fn reload(
    keeper: &Keeper,
    pace: Pace,
    holder: &Holder,
    force: Force,
) -> Result<Response<Body>, Fault> {
    let (reply, answer) = oneshot::channel();
    let cause = match force {
        Force::No => Arc::from(holder.name.as_str()),
        Force::Databases => Arc::from(format!("{} (force=geoip)", holder.name)),
    };
    let change = Change::Reload {
        cause,
        touched: Touched::Everything,
        force,
        reply: Some(reply),
    };
    let busy = |_| Fault::later("the keeper has more than it can do; ask again soon");
    keeper.send(change).map_err(busy)?;
    match tokio::time::timeout(pace.reload, answer).await {
        Ok(Ok(reloaded)) => view::reloaded(&reloaded),
        Ok(Err(_)) => Err(Fault::later(
            "the server ends, or too many ask for a reload",
        )),
        Err(_) => Err(Fault::later(
            "the estate is still being read; /v1/status will say what came of it",
        )),
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |d| d.as_secs())
}
