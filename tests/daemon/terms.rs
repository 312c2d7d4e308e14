//! EDNS, cookies and identity through sockets: every odd message of the table, and secrets that come and go.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use super::server::{Server, estate};
use crate::rcodes::{judge, rows};
use crate::replay::options::{options, records};
use crate::replay::script::Transport;

const PATIENCE: Duration = Duration::from_secs(20);

fn socket(server: &Server) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.connect(server.dns).unwrap();
    socket
}

fn udp(server: &Server, query: &[u8]) -> Vec<u8> {
    let socket = socket(server);
    socket.send(query).unwrap();
    let mut reply = [0; 4096];
    let length = socket.recv(&mut reply).unwrap();
    reply[..length].to_vec()
}

/// None if the connection was closed instead.
fn tcp(server: &Server, query: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(server.dns).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = (query.len() as u16).to_be_bytes();
    stream.write_all(&[&length, query].concat()).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).ok()?;
    Some(reply)
}

/// A question for `txt.example.com` TXT with these options.
pub(super) fn query(data: &[u8]) -> Vec<u8> {
    let mut query =
        b"\0\x07\0\0\0\x01\0\0\0\0\0\x01\x03txt\x07example\x03com\0\0\x10\0\x01".to_vec();
    query.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, data.len() as u8]);
    query.extend(data);
    query
}

/// The data of an option of a reply.
pub(super) fn option(reply: &[u8], code: u16) -> Option<Vec<u8>> {
    let records = records(reply);
    let opt = records.iter().find(|record| record.kind == 41)?;
    let found = options(opt.data).into_iter().find(|(c, _)| *c == code)?;
    Some(found.1.to_vec())
}

/// Asks with this cookie; the one that comes back.
fn cookie(server: &Server, cookie: &[u8]) -> Vec<u8> {
    let data = [&[0, 10, 0, cookie.len() as u8], cookie].concat();
    option(&udp(server, &query(&data)), 10).unwrap()
}

/// Whether a server knows a cookie, told by what it says to no question at all.
fn knows(server: &Server, cookie: &[u8]) -> bool {
    let data = [&[0, 10, 0, cookie.len() as u8], cookie].concat();
    let mut greeting = vec![0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    greeting.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, data.len() as u8]);
    greeting.extend(data);
    match udp(server, &greeting)[3] & 15 {
        0 => true,
        7 => false,
        other => panic!("{other}"),
    }
}

fn write(path: &Path, text: &str) {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600);
    file.open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn every_odd_message_over_sockets() {
    let server = Server::start();
    let mut wrong = Vec::new();
    for row in rows() {
        let over_udp = if row.rcode.is_some() {
            Some(udp(&server, &row.message))
        } else {
            // The next reply is that to the next query.
            let socket = socket(&server);
            socket.send(&row.message).unwrap();
            socket.send(&query(&[])).unwrap();
            let mut reply = [0; 4096];
            let length = socket.recv(&mut reply).unwrap();
            Some(reply[..length].to_vec()).filter(|reply| reply[..2] != [0, 7])
        };
        let over_tcp = tcp(&server, &row.message);
        for (how, reply) in [(Transport::Udp, over_udp), (Transport::Tcp, over_tcp)] {
            if let Err(says) = judge(&row, how, reply.as_deref()) {
                wrong.push(format!("{} over {how:?}: {says}", row.label));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn cookies_outlive_a_restart() {
    let mut server = Server::start();
    let file = server.folder.path().join("state/cookies");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let first = cookie(&server, b"a client");
    assert!(knows(&server, &first));
    assert!(!knows(&server, &[&first[..23], &[first[23] ^ 1]].concat()));
    server.signal("-TERM");
    server.wait();
    let server = Server::on(server.leave());
    assert!(knows(&server, &first));
    // Another server has another secret.
    assert!(!knows(&Server::start(), &first));
}

#[test]
fn secrets_roll_over_at_a_reload() {
    let (old, new) = (
        "00112233445566778899aabbccddeeff",
        "e5e973e5a6b2a43f48e7dc849e37bfcf",
    );
    let start = || {
        let folder = estate();
        let machine = "listen = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\nworkers = 1\n\
                       zones = \"zones\"\ncookies = \"secrets\"\nid = \"fra1\"\nversion = \"M\"\n";
        fs::write(folder.path().join("m.toml"), machine).unwrap();
        write(&folder.path().join("secrets"), &format!("{old}\n"));
        Server::with(folder, &["serve", "--config", "m.toml"])
    };
    let reload = |server: &Server, text: &str, says: &str| {
        write(&server.folder.path().join("secrets"), text);
        server.signal("-HUP");
        server.logs(says);
    };
    let (one, other) = (start(), start());
    assert!(!one.folder.path().join("state/cookies").exists());
    let first = cookie(&one, b"a client");
    assert!(knows(&one, &first) && knows(&other, &first));
    // What is wrong is refused, and what was in force stays.
    reload(&one, "no secret\n", "secrets:1: a secret has 32");
    assert!(knows(&one, &first));
    reload(&one, &format!("{new}\n{old}\n"), "read anew");
    assert!(knows(&one, &first));
    let second = cookie(&one, b"a client");
    assert!(second != first && !knows(&other, &second));
    reload(&other, &format!("{old}\n{new}\n"), "read anew");
    assert!(knows(&other, &second) && knows(&other, &first));
    reload(&one, &format!("{new}\n"), "read anew");
    assert!(!knows(&one, &first) && knows(&one, &second));
    // A reload keeps what the server says of itself.
    let nsid = udp(&one, &query(&[0, 3, 0, 0]));
    assert_eq!(option(&nsid, 3).as_deref(), Some(&b"fra1"[..]));
    let version = b"\0\x01\0\0\0\x01\0\0\0\0\0\0\x07version\x04bind\0\0\x10\0\x03";
    assert!(udp(&one, version).ends_with(b"\0\x10\0\x03\0\0\0\0\0\x02\x01M"));
}

#[test]
fn a_stream_says_how_long_it_may_idle() {
    let server = Server::start();
    let keepalive = query(&[0, 11, 0, 0]);
    // Tenths of a second: what an idle connection really gets.
    let tenths = (meridian::limits::TCP_IDLE / 100) as u16;
    let reply = tcp(&server, &keepalive).unwrap();
    assert_eq!(
        option(&reply, 11).as_deref(),
        Some(&tenths.to_be_bytes()[..])
    );
    assert_eq!(option(&udp(&server, &keepalive), 11), None);
    assert_eq!(option(&udp(&server, &query(&[0, 3, 0, 0])), 3), None);
}
