//! UDP over real sockets.

use super::*;

fn client(to: SocketAddr) -> UdpSocket {
    let any = if to.is_ipv4() {
        "127.0.0.1:0"
    } else {
        "[::1]:0"
    };
    let socket = UdpSocket::bind(any).unwrap();
    // Connected: an answer from any other address than the one asked would not be received.
    socket.connect(to).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    socket
}

fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 65_535];
    let length = socket.recv(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

fn ask(socket: &UdpSocket, message: &[u8]) -> Vec<u8> {
    socket.send(message).unwrap();
    receive(socket)
}

fn has_ipv6() -> bool {
    UdpSocket::bind("[::1]:0").is_ok()
}

#[test]
fn answers_over_both_families() {
    let mut places = vec!["127.0.0.1:0"];
    places.extend(has_ipv6().then_some("[::1]:0"));
    for place in places {
        let (running, at, _) = serve(place, 1, Terms::default());
        assert_ne!(at.port(), 0);
        assert_eq!(ask(&client(at), &query(7, PLAIN)), answer(7, PLAIN));
        assert_eq!(running.stop(), 0);
    }
}

#[test]
fn a_wildcard_answers_from_the_address_that_was_asked() {
    let (running, at, _) = serve("0.0.0.0:0", 1, Terms::default());
    for asked in ["127.0.0.1", "127.0.0.2", "127.1.2.3"] {
        let socket = client(SocketAddr::new(asked.parse().unwrap(), at.port()));
        assert_eq!(ask(&socket, &query(1, PLAIN)), answer(1, PLAIN), "{asked}");
    }
    if has_ipv6() {
        // The other family's wildcard has the same port for itself.
        let on = SocketAddr::new(addr("[::]:0").ip(), at.port());
        let other = Listener::bind(on, 1).unwrap();
        let other = start(vec![other], Arc::new(Echo::default()), &Rate::Off).unwrap();
        let socket = client(SocketAddr::new(addr("[::1]:0").ip(), at.port()));
        assert_eq!(ask(&socket, &query(2, PLAIN)), answer(2, PLAIN));
        assert_eq!(other.stop(), 0);
    }
    assert_eq!(running.stop(), 0);
}

#[test]
fn every_query_of_many_clients_is_answered_and_counted_once() {
    let (running, at, core) = serve("127.0.0.1:0", 2, Terms::default());
    let clients: Vec<_> = (0..10).map(|_| client(at)).collect();
    for id in 0..20 {
        for socket in &clients {
            socket.send(&query(id, PLAIN)).unwrap();
        }
    }
    for socket in &clients {
        let mut got: Vec<_> = (0..20).map(|_| receive(socket)).collect();
        got.sort();
        assert_eq!(got, (0..20).map(|id| answer(id, PLAIN)).collect::<Vec<_>>());
    }
    assert_eq!(outcomes(&running, Outcome::Static), 200);
    let loads = core.loads.load(Ordering::Relaxed);
    assert!((1..=200).contains(&loads), "{loads} loads");
    assert_eq!(running.stop(), 0);
}

#[test]
fn silence_is_kept_and_the_rest_of_the_batch_is_answered() {
    let (running, at, core) = serve("127.0.0.1:0", 1, Terms::default());
    let socket = client(at);
    let gate = core.gate.lock().unwrap();
    // While the first is held at the gate, the others become one batch.
    socket.send(&query(0, GATE)).unwrap();
    for message in [answer(1, PLAIN), vec![], vec![1; 11], query(2, PLAIN)] {
        socket.send(&message).unwrap();
    }
    drop(gate);
    assert_eq!(receive(&socket), answer(0, GATE));
    assert_eq!(receive(&socket), answer(2, PLAIN));
    assert_eq!(outcomes(&running, Outcome::Dropped), 3);
    assert_eq!(running.stop(), 0);
}

#[test]
fn a_panic_costs_one_servfail() {
    let (running, at, _) = serve("127.0.0.1:0", 1, Terms::default());
    let socket = client(at);
    assert_eq!(
        ask(&socket, &query(1, PANIC)),
        [0, 1, 0x80, 2, 0, 0, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!(ask(&socket, &query(2, PLAIN)), answer(2, PLAIN));
    assert_eq!(outcomes(&running, Outcome::ServFail), 1);
    assert_eq!(running.tally().panics(), 1);
    assert_eq!(running.stop(), 0);
}

#[test]
fn too_long_a_query_is_a_format_error() {
    let (running, at, _) = serve("127.0.0.1:0", 1, Terms::default());
    let socket = client(at);
    let mut long = query(3, PLAIN);
    long.resize(limits::UDP_QUERY, 0);
    // The longest is seen whole; its echo is cut to what UDP may carry, so the core panics: SERVFAIL.
    assert_eq!(ask(&socket, &long)[3], 2);
    long.push(0);
    assert_eq!(ask(&socket, &long)[..4], [0, 3, 0x80, 1]);
    assert_eq!(outcomes(&running, Outcome::FormErr), 1);
    assert_eq!(running.stop(), 0);
}

#[test]
fn what_was_queued_is_answered_before_the_end() {
    // An address of its own, so that no other test takes the port before it is bound again.
    let (running, at, core) = serve("127.77.0.2:0", 1, Terms::default());
    let socket = client(at);
    let gate = core.gate.lock().unwrap();
    socket.send(&query(0, GATE)).unwrap();
    for id in 1..=100 {
        socket.send(&query(id, PLAIN)).unwrap();
    }
    running.tell();
    drop(gate);
    let started = Instant::now();
    assert_eq!(running.stop(), 0);
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(receive(&socket), answer(0, GATE));
    for id in 1..=100 {
        assert_eq!(receive(&socket), answer(id, PLAIN));
    }
    // Nothing holds the address any more.
    Listener::bind(at, 1).unwrap();
}

/// Sends as many queries that one batch after the other is full, and counts what came back, by length.
fn flood(socket: &UdpSocket, messages: usize, wish: [u8; 2]) -> [usize; 3] {
    let mut message = query(7, wish[0]);
    message[13] = wish[1];
    let mut got = [0; 3];
    socket
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    for _ in 0..messages / 50 {
        for _ in 0..50 {
            socket.send(&message).unwrap();
        }
        // A sign that the server is through with them: an answer that is always sent.
        socket.send(&query(8, PLAIN)).unwrap();
        loop {
            let answer = receive(socket);
            match (answer[1], answer.len()) {
                (8, _) => break,
                (_, LONG_ANSWER) => got[0] += 1,
                (_, 12) => got[1] += 1,
                _ => got[2] += 1,
            }
        }
    }
    got
}

#[test]
fn too_much_is_limited_and_each_query_counted_once() {
    let (running, at, _) = serve("127.0.0.1:0", 1, Terms::default());
    let [long, slipped, other] = flood(&client(at), 2_000, [LONG, 0]);
    // 155 at once, and what the time it took allows.
    assert!((155..1_000).contains(&long) && other == 0, "{long} {other}");
    let limited = 2_000 - long;
    assert!(slipped.abs_diff(limited / 2) <= 1, "{slipped} of {limited}");
    let counts = [Outcome::Static, Outcome::Limited, Outcome::Slipped];
    let counts = counts.map(|o| outcomes(&running, o) as usize);
    assert_eq!(counts, [long + 40, limited - slipped, slipped]);
    let (network, told) = running.counters()[0].worst.take().unwrap();
    assert_eq!(network.to_string(), "127.0.0.1/32");
    assert!(told > 0);
    // Another client and TCP do not feel it.
    let other = UdpSocket::bind("127.5.0.1:0").unwrap();
    other.connect(at).unwrap();
    assert_eq!(ask(&other, &query(1, LONG)).len(), LONG_ANSWER);
    let mut stream = TcpStream::connect(at).unwrap();
    for _ in 0..500 {
        stream
            .write_all(&[&[0, 20][..], &query(1, PLAIN)].concat())
            .unwrap();
    }
    let mut answers = vec![0; 500 * 22];
    stream.read_exact(&mut answers).unwrap();
    assert_eq!(running.stop(), 0);
}

#[test]
fn a_panic_while_slipping_is_silence() {
    let (running, at, _) = serve("127.0.0.1:0", 1, Terms::default());
    let socket = client(at);
    let [long, slipped, other] = flood(&socket, 500, [LONG, PANIC]);
    assert!(long >= 155 && slipped == 0 && other == 0);
    assert_eq!(outcomes(&running, Outcome::Limited) as usize, 500 - long);
    assert!(running.tally().panics() > 100);
    assert_eq!(ask(&socket, &query(2, PLAIN)), answer(2, PLAIN));
    assert_eq!(running.stop(), 0);
}

#[test]
fn switched_off_nothing_is_limited() {
    let core = Arc::new(Echo::default());
    let listener = Listener::bind(addr("127.0.0.1:0"), 1).unwrap();
    let running = start(vec![listener], core, &Rate::Off).unwrap();
    let at = running.addresses()[0];
    assert_eq!(flood(&client(at), 2_000, [LONG, 0]), [2_000, 0, 0]);
    assert_eq!(running.stop(), 0);
}
