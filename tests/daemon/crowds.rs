//! Many clients over TCP, as they and the operator see it: shorter promises, and who has to go (RFC 7828 §3.2.1, §3.4).

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use meridian::limits;

use super::api;
use super::server::{PATIENCE, Server};
use super::terms::{option, query};

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.dns).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Milliseconds that the server promises to wait for a query, by the keepalive option of an answer.
fn promised(stream: &mut TcpStream) -> u64 {
    let query = query(&[0, 11, 0, 0]);
    let length = (query.len() as u16).to_be_bytes();
    stream.write_all(&[&length[..], &query].concat()).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).unwrap();
    let tenths: [u8; 2] = option(&reply, 11).unwrap().try_into().unwrap();
    u64::from(u16::from_be_bytes(tenths)) * 100
}

fn is_open(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = { stream }.read(&mut [0; 1]);
    stream.set_nonblocking(false).unwrap();
    read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

fn ended(server: &Server, end: &str) -> usize {
    let (_, page) = api::ask(server, "GET /metrics", None, "");
    let name = format!("meridian_tcp_connections_ended_total{{end=\"{end}\"}} ");
    let at = page.lines().find_map(|l| l.strip_prefix(name.as_str()));
    at.unwrap().parse().unwrap()
}

#[test]
fn a_crowd_is_promised_less_and_the_longest_idle_goes_first() {
    let server = Server::start();
    let seats = limits::TCP_CONNECTIONS_NETWORK;
    let mut busy = connect(&server);
    assert_eq!(promised(&mut busy), limits::TCP_IDLE);
    // All of one network, silent.
    let mut idle: Vec<TcpStream> = (0..seats * 3 / 4).map(|_| connect(&server)).collect();
    // The server has seen all of them once it has answered the last.
    let mut last = connect(&server);
    assert_eq!(promised(&mut last), limits::TCP_IDLE_CROWDED);
    assert_eq!(promised(&mut busy), limits::TCP_IDLE_CROWDED);
    // A promise holds: who came before the crowd has not been sent away for it.
    assert!(idle.iter().all(is_open));
    // More than there are seats for. Where that takes long, those of the crowd have left by themselves: again.
    while ended(&server, "evicted") == 0 {
        idle.extend((0..seats / 2).map(|_| connect(&server)));
        assert_eq!(promised(&mut busy), limits::TCP_IDLE_CROWDED);
        assert!(idle.len() < 8 * seats, "nobody had to go");
    }
    assert!(!is_open(&idle[0]), "another had to go");
    assert!(is_open(&busy));
    // The crowd goes, and all is as before.
    drop(idle);
    let promise = (0..1_000).find(|_| {
        std::thread::yield_now();
        promised(&mut busy) == limits::TCP_IDLE
    });
    assert!(promise.is_some(), "still a crowd");
}
