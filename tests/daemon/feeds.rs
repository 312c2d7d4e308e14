//! Forwarders as the running program meets them: estates of many VIPs, connections that stay, what is told of each VIP.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::Value;
use tempfile::TempDir;

use super::server::{PATIENCE, Server, ZONE};

/// What a report may say, and whether a pool of nothing else still answers then.
pub(super) const STATES: [(&str, bool); 4] = [
    ("up", true),
    ("degraded", true),
    ("drain", true),
    ("down", false),
];

/// An estate of `count` VIPs at one site: `vN.example.com.` has the VIP `vN` alone, and no address while that is down;
/// `all.example.com.` has up to `answers` of them.
pub(super) fn estate(count: usize, answers: usize) -> TempDir {
    fill(tempfile::tempdir().unwrap(), count, answers)
}

/// The same where no disk is waited for, for tests that are about something else.
pub(super) fn in_memory(count: usize, answers: usize) -> TempDir {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    fill(folder.unwrap(), count, answers)
}

fn fill(folder: TempDir, count: usize, answers: usize) -> TempDir {
    let zones = folder.path().join("zones");
    fs::create_dir(&zones).unwrap();
    fs::write(zones.join("example.com.zone"), ZONE).unwrap();
    let mut text = "[sites]\nlab = { location = [50.11, 8.68] }\n[vips]\n".to_owned();
    let single = count.min(64);
    for n in 0..count {
        let address = format!("192.0.{}.{}", n / 250 + 2, n % 250 + 1);
        text += &format!("v{n} = {{ site = \"lab\", address = \"{address}\" }}\n");
    }
    let pool = |name: &str, member: &str, more: &str| {
        format!(
            "[pools.{name}]\nmembers = [\"{member}\"]\npolicy = \"weighted\"\non_all_down = \"nodata\"\n{more}"
        )
    };
    text += &pool("all", "lab", &format!("answers = {answers}\n"));
    for n in 0..single {
        text += &pool(&format!("p{n}"), &format!("v{n}"), "");
    }
    text += "[names]\n\"all.example.com.\" = \"all\"\n";
    for n in 0..single {
        text += &format!("\"v{n}.example.com.\" = \"p{n}\"\n");
    }
    fs::write(zones.join("steering.toml"), text).unwrap();
    folder
}

/// A report's body.
pub(super) fn body(state: &str, epoch: u64, seq: u64, more: &str) -> String {
    format!(r#"{{"state":"{state}","epoch":{epoch},"seq":{seq}{more}}}"#)
}

/// A forwarder's connection, which it keeps.
pub(super) struct Feed {
    stream: BufReader<TcpStream>,
    host: String,
    token: String,
}

impl Feed {
    pub(super) fn open(server: &Server) -> io::Result<Feed> {
        let file = server.folder.path().join("state/token");
        Feed::with(&server.api, fs::read_to_string(file)?.trim())
    }

    pub(super) fn with(api: &str, token: &str) -> io::Result<Feed> {
        let host = api.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Feed {
            stream: BufReader::new(stream),
            host,
            token: token.to_owned(),
        })
    }

    /// Sends a request and reads its reply: the status, and the body or null.
    pub(super) fn ask(&mut self, head: &str, body: &str) -> io::Result<(u16, Value)> {
        let (host, token, length) = (&self.host, &self.token, body.len());
        let request = format!(
            "{head} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        reply(&mut self.stream)
    }

    pub(super) fn put(&mut self, vip: &str, body: &str) -> io::Result<(u16, Value)> {
        self.ask(&format!("PUT /v1/health/vips/{vip}"), body)
    }

    /// What `/v1/vips` says of each VIP.
    pub(super) fn vips(&mut self) -> Vec<Value> {
        let (status, mut reply) = self.ask("GET /v1/vips", "").unwrap();
        assert_eq!(status, 200, "{reply}");
        match reply["vips"].take() {
            Value::Array(vips) => vips,
            other => panic!("no list: {other}"),
        }
    }
}

/// Reads one reply.
pub(super) fn reply(stream: &mut impl BufRead) -> io::Result<(u16, Value)> {
    let (mut status, mut length) = (0, 0);
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(rest) = line.strip_prefix("http/1.1 ") {
            status = rest.get(..3).and_then(|s| s.parse().ok()).unwrap_or(0);
        } else if let Some(rest) = line.strip_prefix("content-length:") {
            length = rest.trim().parse().unwrap_or(0);
        } else if line.is_empty() && status != 100 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

/// The last order of a VIP's reports that is known, wherever it is told: epoch, then seq.
pub(super) fn order(vip: &Value) -> Option<(u64, u64)> {
    let here = vip["epoch"].as_u64().zip(vip["seq"].as_u64());
    let below = match vip {
        Value::Object(fields) => fields.values().filter_map(order).max(),
        Value::Array(items) => items.iter().filter_map(order).max(),
        _ => None,
    };
    here.max(below)
}
