//! What clients do that they should not: too much, too slowly, too many.

use std::time::Instant;

use super::*;
use crate::health::board::State;
use crate::limits;

fn hasty() -> Pace {
    Pace {
        read: millis(400),
        linger: millis(400),
        crowded: millis(0),
        ..Pace::default()
    }
}

fn head(length: &str) -> String {
    format!(
        "PUT /v1/health/vips/fra-1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {OPERATOR}\r\n{length}\r\n\r\n"
    )
}

/// Waits until the server closes.
fn closed(stream: &mut TcpStream) -> Duration {
    let start = Instant::now();
    let mut sink = [0; 4096];
    while let Ok(n) = stream.read(&mut sink) {
        if n == 0 {
            break;
        }
    }
    start.elapsed()
}

#[test]
fn a_body_may_have_a_mebibyte_and_no_more() {
    let open = Open::new();
    // Exactly as much: understood, and found to be no report.
    let full = " ".repeat(limits::ADMIN_BODY);
    assert_eq!(open.put("fra-1", &full).status, 400);
    let padded = full[..limits::ADMIN_BODY - down(1).len()].to_owned() + &down(1);
    assert_eq!(open.put("fra-1", &padded).status, 200);
    assert_eq!(open.put("fra-1", &(full + " ")).status, 413);
}

#[test]
fn a_large_body_is_refused_from_its_length_alone() {
    let open = Open::new();
    let reply = open.raw(head("Content-Length: 100000000"));
    assert_eq!(reply.status, 413);
    assert!(reply.error().contains("1048576"));
}

#[test]
fn a_large_body_without_a_length_is_refused_while_it_comes() {
    let open = Open::new();
    let mut stream = open.connect();
    stream
        .write_all(head("Transfer-Encoding: chunked").as_bytes())
        .unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(65_536));
    // It is not over, and yet answered; and the sender can still read why.
    for _ in 0..100 {
        if stream.write_all(chunk.as_bytes()).is_err() {
            break;
        }
    }
    assert_eq!(Reply::read(&mut stream).unwrap().status, 413);
}

#[test]
fn without_a_token_not_one_octet_of_a_body_is_kept() {
    let open = Open::new();
    let mut stream = open.connect();
    let head = "POST /v1/health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(Reply::read(&mut stream).unwrap().status, 401);
}

#[test]
fn all_bodies_together_have_their_bound_too() {
    let open = Open::with(Pace {
        memory: 100_000,
        ..Pace::default()
    });
    let padded = " ".repeat(90_000) + &down(1);
    for _ in 0..3 {
        assert_eq!(open.put("fra-1", &padded).status, 200);
    }
    let reply = open.put("fra-1", &" ".repeat(200_000));
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("retry-after"), Some("1"));
}

#[test]
fn a_slow_head_is_cut() {
    let open = Open::with(hasty());
    for begin in ["", "G", "GET / HTTP/1.1\r\nHost: localhost\r\nX: "] {
        let mut stream = open.connect();
        stream.write_all(begin.as_bytes()).unwrap();
        let mut drip = stream.try_clone().unwrap();
        // A drop now and then does not help.
        let dripping = std::thread::spawn(move || {
            while drip.write_all(b"x").is_ok() {
                std::thread::park_timeout(millis(20));
            }
        });
        let took = closed(&mut stream);
        assert!(took < DEADLINE, "{begin}: {took:?}");
        drop(stream);
        dripping.join().unwrap();
    }
}

#[test]
fn a_slow_body_is_cut_with_a_word() {
    let open = Open::with(hasty());
    let mut stream = open.connect();
    stream
        .write_all(head("Content-Length: 50").as_bytes())
        .unwrap();
    stream.write_all(b"{").unwrap();
    let reply = Reply::read(&mut stream).unwrap();
    assert_eq!(reply.status, 408);
    assert!(reply.error().contains("400 ms"));
    assert!(closed(&mut stream) < DEADLINE);
    assert_eq!(open.house.state("fra-1"), State::Unknown);
}

#[test]
fn an_idle_connection_and_one_that_does_not_read_are_cut() {
    let open = Open::with(hasty());
    let mut idle = open.connect();
    idle.write_all(request("GET", "/healthz", None, "").as_bytes())
        .unwrap();
    assert_eq!(Reply::read(&mut idle).unwrap().status, 200);
    assert!(closed(&mut idle) < DEADLINE);
    let mut deaf = open.connect();
    let many = request("GET", "/metrics", None, "").repeat(100);
    let start = Instant::now();
    while deaf.write_all(many.as_bytes()).is_ok() {
        assert!(start.elapsed() < DEADLINE);
    }
}

#[test]
fn an_endless_head_is_cut() {
    let open = Open::new();
    let mut stream = open.connect();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        .unwrap();
    let start = Instant::now();
    let mut sent = 0;
    while stream.write_all(&[b'x'; 1024]).is_ok() {
        sent += 1;
        assert!(start.elapsed() < DEADLINE);
    }
    assert!(sent < 50_000);
}

#[test]
fn slow_clients_do_not_delay_others() {
    let open = Open::new();
    let slow: Vec<TcpStream> = (0..200)
        .map(|n| {
            let mut stream = open.connect();
            let begin = if n % 2 == 0 {
                "GET / HT".into()
            } else {
                head("Content-Length: 50")
            };
            stream.write_all(begin.as_bytes()).unwrap();
            stream
        })
        .collect();
    let start = Instant::now();
    for seq in 1..20 {
        assert_eq!(open.put("fra-1", &down(seq)).status, 200);
        assert_eq!(open.get("/healthz").status, 200);
    }
    assert!(start.elapsed() < millis(limits::ADMIN_READ));
    drop(slow);
}

#[test]
fn the_silent_make_room_for_the_busy() {
    let open = Open::with(Pace {
        seats: 4,
        crowded: millis(0),
        ..Pace::default()
    });
    // Far more than there are seats, and none says anything: each newcomer takes the seat of the longest silent.
    let mut silent: Vec<TcpStream> = (0..20).map(|_| open.connect()).collect();
    assert_eq!(open.get("/healthz").status, 200);
    assert!(closed(&mut silent[0]) < millis(limits::ADMIN_READ));
    // Those that are busy keep theirs, and there is a word for who finds no seat.
    let busy: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut stream = open.connect();
            let head = head("Content-Length: 50\r\nExpect: 100-continue");
            stream.write_all(head.as_bytes()).unwrap();
            let mut go_on = [0; 12];
            stream.read_exact(&mut go_on).unwrap();
            assert_eq!(&go_on, b"HTTP/1.1 100");
            stream
        })
        .collect();
    let mut stream = open.connect();
    let reply = Reply::read(&mut stream).unwrap();
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.error(), "too many connections; try again soon");
    drop(busy);
}

#[test]
fn no_garbage_is_answered_with_more_than_an_error() {
    let open = Open::new();
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
        b"POST /v1/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nGET /",
        b"POST /v1/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ] {
        let mut stream = open.connect();
        stream.write_all(garbage).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let reply = Reply::read(&mut stream);
        assert!(reply.is_none_or(|reply| reply.status >= 400));
    }
    assert_eq!(open.get("/healthz").status, 200);
}

#[test]
fn the_end_answers_what_is_under_way() {
    let mut open = Open::new();
    let mut idle = open.connect();
    let mut busy = open.connect();
    busy.write_all(
        head(&format!(
            "Content-Length: {}\r\nExpect: 100-continue",
            down(1).len()
        ))
        .as_bytes(),
    )
    .unwrap();
    let mut go_on = [0; 25];
    busy.read_exact(&mut go_on).unwrap();
    let start = Instant::now();
    open.stop.take().unwrap().send(()).unwrap();
    assert!(closed(&mut idle) < DEADLINE);
    busy.write_all(down(1).as_bytes()).unwrap();
    assert_eq!(Reply::read(&mut busy).unwrap().status, 200);
    assert_eq!(open.house.state("fra-1"), State::Down);
    open.end.take().unwrap().blocking_recv().unwrap();
    assert!(start.elapsed() < DEADLINE);
    assert!(TcpStream::connect(open.address).is_err());
}
