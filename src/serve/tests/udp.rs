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
        let other = start(vec![other], Arc::new(Echo::default())).unwrap();
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
