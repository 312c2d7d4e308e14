//! What becomes of VIPs, as it happens: server-sent events, first all that is, then each change.
//!
//! Nothing waits in a queue for a reader. Whenever one has taken what was sent, it is compared with what is now, so that
//! a slow one is told less often, and never of what is over.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, Response, header};
use http_body::Frame;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::admin::reply::Fault;
use crate::admin::seat::Caller;
use crate::admin::{Door, view};
use crate::health::verdict::Family;
use crate::limits;

/// `GET /v1/events`.
pub(super) fn page(
    door: &Arc<Door>,
    caller: &Caller,
    seats: &Arc<Semaphore>,
) -> Result<Response<Body>, Fault> {
    let Ok(seat) = seats.clone().try_acquire_owned() else {
        let error = format!("{} listen to events already", limits::EVENT_LISTENERS);
        return Err(Fault::later(error));
    };
    let mut told = Told {
        door: door.clone(),
        caller: caller.clone(),
        known: BTreeMap::new(),
        ready: VecDeque::new(),
        waits: None,
        _seat: seat,
    };
    // Whatever changes from here on is told after the whole.
    let news = door.keeper.news();
    told.whole();
    told.waits = Some(wait(news));
    let mut response = Response::new(Body::new(told));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    Ok(response)
}

/// Whether there was news, and where the next is heard.
type Wait = Pin<Box<dyn Future<Output = (News, Receiver<u64>)> + Send>>;

enum News {
    Changed,
    /// Nothing for so long that the reader is shown that we are still here.
    Quiet,
    /// The keeper has ended.
    Over,
}

fn wait(mut news: Receiver<u64>) -> Wait {
    Box::pin(async move {
        let quiet = Duration::from_millis(limits::EVENT_QUIET);
        let heard = match tokio::time::timeout(quiet, news.changed()).await {
            Ok(Ok(())) => News::Changed,
            Ok(Err(_)) => News::Over,
            Err(_) => News::Quiet,
        };
        (heard, news)
    })
}

/// What one listener was told, and what it is to be told next.
struct Told {
    door: Arc<Door>,
    caller: Caller,
    /// By the name of the VIP.
    known: BTreeMap<String, Value>,
    ready: VecDeque<Bytes>,
    waits: Option<Wait>,
    _seat: OwnedSemaphorePermit,
}

impl Told {
    /// What is now: the generation, and each VIP.
    fn now(&self) -> (u64, BTreeMap<String, Value>) {
        let world = self.door.cell.full();
        let (status, time) = (self.door.keeper.status(), self.door.keeper.clock().now());
        let steering = &world.estate.steering;
        let vips = steering.vips.iter().enumerate().zip(world.verdicts.best());
        let vips = vips.map(|((at, vip), verdict)| {
            let of = |family| world.verdicts.of(family).get(at).map(|v| v.state.word());
            let board = &status.situation.board;
            let value = json!({
                "name": vip.name,
                "site": steering.site(vip),
                "state": verdict.state.word(),
                "v4": of(Family::V4),
                "v6": of(Family::V6),
                "quality": view::quality(verdict.state),
                "since": (verdict.since > 0).then_some(verdict.since),
                "observed": board.verdict(&vip.name).best().state.word(),
                "reason": view::held_back(steering, &status, &vip.name, time),
            });
            (vip.name.clone(), value)
        });
        (world.generation, vips.collect())
    }

    fn say(&mut self, event: &str, generation: u64, value: &Value) {
        let text = format!("event: {event}\nid: {generation}\ndata: {value}\n\n");
        self.ready.push_back(Bytes::from(text));
    }

    /// Who was cut comes again, and gets all of it anew: nothing that was missed matters then.
    fn whole(&mut self) {
        let hint = format!(
            ": who does not take these within {} s is cut; connect again, and it begins with all VIPs\nretry: 1000\n\n",
            limits::ADMIN_READ / 1_000
        );
        self.ready.push_back(Bytes::from(hint));
        let (generation, now) = self.now();
        let vips: Vec<&Value> = now.values().collect();
        let value = json!({ "generation": generation, "vips": vips });
        self.say("state", generation, &value);
        self.known = now;
    }

    fn changes(&mut self) {
        let (generation, now) = self.now();
        let before = std::mem::take(&mut self.known);
        for (name, value) in &now {
            if before.get(name) != Some(value) {
                let mut value = value.clone();
                value["generation"] = generation.into();
                self.say("vip", generation, &value);
            }
        }
        for name in before.keys().filter(|name| !now.contains_key(*name)) {
            let value = json!({ "name": name, "generation": generation });
            self.say("gone", generation, &value);
        }
        self.known = now;
    }
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    /// Asked for more, the reader has room. While there is something to take, its time runs; while there is none, not.
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        loop {
            if let Some(text) = this.ready.pop_front() {
                this.caller.streams();
                return Poll::Ready(Some(Ok(Frame::data(text))));
            }
            this.caller.busy();
            let Some(waits) = &mut this.waits else {
                return Poll::Ready(None);
            };
            let (heard, news) = ready!(waits.as_mut().poll(cx));
            match heard {
                News::Changed => this.changes(),
                News::Quiet => this.ready.push_back(Bytes::from_static(b":\n\n")),
                News::Over => {
                    this.waits = None;
                    continue;
                }
            }
            this.waits = Some(wait(news));
        }
    }
}
