//! The API through real sockets, with a client of a few lines.

mod abuse;
mod access;
mod contract;
mod events;
mod orders;
mod pages;
mod pools;
mod reports;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::tokens::{Holder, Tokens};
use super::{Door, Pace, serve_with};
use crate::config::machine::Role;
use crate::keeper::tests::{DEADLINE, House};
use crate::stats::Counters;
use crate::stats::Tally;

const READER: &str = "reader-0123456789abcdef0123456789abcdef";
const FRA: &str = "fra-feed-0123456789abcdef0123456789abcdef";
const ALL: &str = "all-feed-0123456789abcdef0123456789abcdef";
const OPERATOR: &str = "operator-0123456789abcdef0123456789abcdef";

/// A house with its API open.
struct Open {
    house: House,
    address: SocketAddr,
    counters: Arc<Counters>,
    stop: Option<oneshot::Sender<()>>,
    /// What became of serving.
    end: Option<oneshot::Receiver<()>>,
    _runtime: Runtime,
}

impl Open {
    fn new() -> Open {
        Open::with(Pace::default())
    }

    fn with(pace: Pace) -> Open {
        let house = House::new();
        let counters = Arc::new(Counters::default());
        let door = door(&house, &counters);
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"));
        let listener = listener.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        runtime.spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            serve_with(listener, Arc::new(door), stopped, pace)
                .await
                .unwrap();
            let _ = ended.send(());
        });
        Open {
            house,
            address,
            counters,
            stop: Some(stop),
            end: Some(end),
            _runtime: runtime,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    /// Sends these octets and takes one reply.
    fn raw(&self, request: impl AsRef<[u8]>) -> Reply {
        let mut stream = self.connect();
        stream.write_all(request.as_ref()).unwrap();
        Reply::read(&mut stream).unwrap()
    }

    fn ask(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> Reply {
        self.raw(request(method, path, token, body))
    }

    fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, None, "")
    }

    fn put(&self, vip: &str, body: &str) -> Reply {
        self.ask(
            "PUT",
            &format!("/v1/health/vips/{vip}"),
            Some(OPERATOR),
            body,
        )
    }
}

fn door(house: &House, counters: &Arc<Counters>) -> Door {
    let folder = house.folder.path();
    let holder = |name: &str, role, sites: Option<&str>, token: &str| Holder {
        name: name.into(),
        role,
        sites: sites.map(|site| vec![site.to_owned()]),
        rate: None,
        file: token_file(folder, name, token),
    };
    let tokens = Tokens::open(vec![
        holder("watcher", Role::Reader, None, READER),
        holder("fra-forwarders", Role::Feed, Some("fra"), FRA),
        holder("forwarders", Role::Feed, None, ALL),
        holder("ops", Role::Operator, None, OPERATOR),
    ])
    .unwrap();
    Door {
        cell: house.cell.clone(),
        keeper: house.keeper.clone(),
        counters: vec![counters.clone(), Arc::new(Counters::default())],
        tally: Arc::new(Tally::default()),
        tokens,
        locks: None,
        explain: Arc::new(
            |name, client, kind| match client.parse::<std::net::IpAddr>() {
                Ok(_) => Ok(json!({ "name": name, "client": client, "type": kind })),
                Err(_) => Err(format!("`{client}` is no address")),
            },
        ),
        probes: Arc::new(Default::default),
        started: 1_700_000_000,
    }
}

fn request(method: &str, path: &str, token: Option<&str>, body: &str) -> String {
    let token = token.map_or(String::new(), |t| format!("Authorization: Bearer {t}\r\n"));
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{token}Content-Length: {length}\r\n\r\n{body}"
    )
}

fn token_file(folder: &Path, name: &str, token: &str) -> PathBuf {
    let file = folder.join(format!("{name}.tokens"));
    std::fs::write(&file, format!("{token}\n")).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    file
}

fn down(seq: u64) -> String {
    json!({ "state": "down", "epoch": 1, "seq": seq }).to_string()
}

/// A reply, read by its Content-Length.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    /// None if the connection ended before a whole reply.
    fn read(stream: &mut TcpStream) -> Option<Reply> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let reply = Reply {
                    status: head.split(' ').nth(1)?.parse().ok()?,
                    head: head.to_owned(),
                    body: body.to_owned(),
                };
                let length = reply.header("content-length").unwrap_or("0");
                if body.len() >= length.parse().ok()? {
                    return Some(reply);
                }
            }
            match stream.read(&mut chunk) {
                Ok(0) | Err(_) => return None,
                Ok(n) => bytes.extend_from_slice(&chunk[..n]),
            }
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(n, value)| n.eq_ignore_ascii_case(name).then_some(value))
    }

    fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// The words of an error.
    fn error(&self) -> String {
        let value = self.json();
        assert!(value["mistakes"].is_array());
        value["error"].as_str().unwrap().to_owned()
    }
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}
