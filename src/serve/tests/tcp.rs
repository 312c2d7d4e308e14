//! TCP over real sockets.

use super::*;

/// Terms whose waits are long, but for one that the test is about.
fn patient(change: impl FnOnce(&mut Terms)) -> Terms {
    let long = Duration::from_secs(60);
    let mut terms = Terms::default();
    let pace = &mut terms.pace;
    (pace.idle, pace.crowded, pace.read, pace.write) = (long, long, long, long);
    change(&mut terms);
    terms
}

const SHORT: Duration = Duration::from_millis(50);

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Connects from a loopback address of choice.
fn connect_from(from: &str, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&addr(from).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes()[..], message].concat()
}

fn receive(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message).unwrap();
    message
}

fn ask(stream: &mut TcpStream, message: &[u8]) -> Vec<u8> {
    stream.write_all(&framed(message)).unwrap();
    receive(stream)
}

/// The server closed it in order, with nothing more to read.
fn assert_closed(stream: &mut TcpStream) {
    assert_eq!(stream.read(&mut [0; 100]).unwrap(), 0);
}

fn assert_open(stream: &mut TcpStream) {
    stream.set_nonblocking(true).unwrap();
    let read = stream.read(&mut [0; 1]).map_err(|e| e.kind());
    assert_eq!(read, Err(ErrorKind::WouldBlock));
    stream.set_nonblocking(false).unwrap();
}

fn assert_ended(running: &Running, end: End) {
    until(end.label(), || running.tally().ended(end) == 1);
    until("no connection open", || running.tally().open() == 0);
}

#[test]
fn a_hundred_queries_in_one_segment_are_answered_in_order() {
    let (running, at, _) = serve("127.0.0.1:0", 1, patient(|_| {}));
    let mut stream = connect(at);
    let all: Vec<u8> = (0..100).flat_map(|id| framed(&query(id, PLAIN))).collect();
    stream.write_all(&all).unwrap();
    for id in 0..100 {
        assert_eq!(receive(&mut stream), answer(id, PLAIN));
    }
    assert_eq!(outcomes(&running, Outcome::Static), 100);
    assert_eq!(running.stop(), 0);
}

#[test]
fn a_hundred_queries_octet_by_octet_are_answered_in_order() {
    let (running, at, _) = serve("127.0.0.1:0", 1, patient(|_| {}));
    let mut stream = connect(at);
    for id in 0..100 {
        for octet in framed(&query(id, PLAIN)) {
            stream.write_all(&[octet]).unwrap();
        }
    }
    for id in 0..100 {
        assert_eq!(receive(&mut stream), answer(id, PLAIN));
    }
    assert_eq!(running.stop(), 0);
}

#[test]
fn the_largest_message_goes_through() {
    let (running, at, _) = serve("127.0.0.1:0", 1, patient(|_| {}));
    let mut stream = connect(at);
    let mut message = query(1, PLAIN);
    message.resize(limits::MESSAGE, 9);
    let echo = ask(&mut stream, &message);
    message[2] = 0x80;
    assert!(echo == message);
    assert_eq!(ask(&mut stream, &query(2, PLAIN)), answer(2, PLAIN));
    assert_eq!(running.stop(), 0);
}

#[test]
fn a_client_that_has_said_all_still_gets_its_answers() {
    let (running, at, _) = serve("127.0.0.1:0", 1, patient(|_| {}));
    let mut stream = connect(at);
    let all: Vec<u8> = (0..200).flat_map(|id| framed(&query(id, PLAIN))).collect();
    stream.write_all(&all).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    for id in 0..200 {
        assert_eq!(receive(&mut stream), answer(id, PLAIN));
    }
    assert_closed(&mut stream);
    assert_ended(&running, End::Finished);
    assert_eq!(running.stop(), 0);
}

#[test]
fn half_a_message_is_cut_in_time_whatever_was_answered_before() {
    let terms = patient(|t| t.pace.read = SHORT);
    let (running, at, _) = serve("127.0.0.1:0", 1, terms);
    let mut stream = connect(at);
    let sent = [framed(&query(1, PLAIN)), vec![0, 20, 1]].concat();
    stream.write_all(&sent).unwrap();
    assert_eq!(receive(&mut stream), answer(1, PLAIN));
    assert_closed(&mut stream);
    assert_ended(&running, End::Partial);
    assert_eq!(running.stop(), 0);
}

#[test]
fn trickling_octets_gain_no_time() {
    let terms = patient(|t| t.pace.read = Duration::from_millis(200));
    let (running, at, _) = serve("127.0.0.1:0", 1, terms);
    let mut stream = connect(at);
    stream
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let started = Instant::now();
    stream.write_all(&[0xFF, 0xFF]).unwrap();
    // An octet every 20 ms: the wait for the end is the pause between them.
    while stream.write_all(&[1]).is_ok() && stream.read(&mut [0; 1]).is_err() {
        assert!(started.elapsed() < Duration::from_secs(10), "never cut");
    }
    assert_ended(&running, End::Partial);
    assert_eq!(running.stop(), 0);
}

#[test]
fn an_idle_connection_is_closed() {
    let (running, at, _) = serve("127.0.0.1:0", 1, patient(|t| t.pace.idle = SHORT));
    let mut stream = connect(at);
    assert_closed(&mut stream);
    assert_ended(&running, End::Idle);
    assert_eq!(running.stop(), 0);
}

#[test]
fn idling_is_shorter_in_a_crowd() {
    let terms = patient(|t| (t.caps.total, t.pace.crowded) = (4, SHORT));
    let (running, at, _) = serve("127.0.0.1:0", 1, terms);
    let mut early: Vec<_> = (1..4).map(|_| connect(at)).collect();
    until("three seats taken", || running.tally().accepted() == 3);
    assert_closed(&mut connect(at));
    until("closed as idle", || running.tally().ended(End::Idle) == 1);
    early.iter_mut().for_each(assert_open);
    assert_eq!(running.stop(), 0);
}

#[test]
fn a_client_that_never_reads_is_cut_and_others_are_served() {
    let terms = patient(|t| t.pace.write = Duration::from_millis(300));
    let (running, at, _) = serve("127.0.0.1:0", 1, terms);
    let mut greedy = connect(at);
    greedy
        .set_write_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let writer = std::thread::spawn(move || {
        // Its queries are not read while its answers wait: the writes block, and fail once it is cut.
        let many = framed(&query(0, BIG)).repeat(1_000);
        loop {
            if let Err(error) = greedy.write_all(&many) {
                return error.kind();
            }
        }
    });
    assert_eq!(ask(&mut connect(at), &query(1, PLAIN)), answer(1, PLAIN));
    let kind = writer.join().unwrap();
    assert!(
        matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
        "{kind:?}"
    );
    until("cut as unread", || running.tally().ended(End::Unread) == 1);
    // The kernel took what it and the client hold, not all that was asked for.
    assert!(outcomes(&running, Outcome::Static) < 200);
    assert_eq!(running.stop(), 0);
}

#[test]
fn half_messages_lock_no_one_out() {
    let terms = patient(|t| (t.caps.total, t.caps.network) = (8, 8));
    let (running, at, _) = serve("127.0.0.1:0", 1, terms);
    let mut held = Vec::new();
    for round in 0..100 {
        let mut slow = connect(at);
        slow.write_all(&[0, 20, 1]).unwrap();
        held.push(slow);
        assert_eq!(
            ask(&mut connect(at), &query(round, PLAIN)),
            answer(round, PLAIN)
        );
    }
    until("no more than the cap", || running.tally().open() <= 8);
    // Those who have waited longest went first.
    assert_closed(&mut held[0]);
    assert_open(&mut held[99]);
    assert_eq!(running.stop(), 0);
}

#[test]
fn a_full_network_does_not_touch_others() {
    let terms = patient(|t| t.caps.network = 2);
    let (running, at, _) = serve("127.0.0.1:0", 1, terms);
    let mut other = connect_from("127.9.9.9:0", at);
    assert_eq!(ask(&mut other, &query(0, PLAIN)), answer(0, PLAIN));
    let mut own: Vec<_> = (1..4)
        .map(|id| {
            let mut stream = connect_from(&format!("127.0.0.{id}:0"), at);
            assert_eq!(ask(&mut stream, &query(id, PLAIN)), answer(id, PLAIN));
            stream
        })
        .collect();
    assert_closed(&mut own[0]);
    assert_open(&mut own[1]);
    assert_eq!(ask(&mut other, &query(9, PLAIN)), answer(9, PLAIN));
    until("one evicted", || running.tally().ended(End::Evicted) == 1);
    assert_eq!(running.stop(), 0);
}

#[test]
fn what_is_no_query_closes_the_connection_after_earlier_answers() {
    for (bad, end) in [(vec![], End::Empty), (answer(2, PLAIN), End::Unanswered)] {
        let (running, at, _) = serve("127.0.0.1:0", 1, patient(|_| {}));
        let mut stream = connect(at);
        stream
            .write_all(&[framed(&query(1, PLAIN)), framed(&bad)].concat())
            .unwrap();
        assert_eq!(receive(&mut stream), answer(1, PLAIN));
        assert_closed(&mut stream);
        assert_ended(&running, end);
        assert_eq!(running.stop(), 0);
    }
}

#[test]
fn a_panic_costs_one_servfail() {
    let (running, at, _) = serve("127.0.0.1:0", 1, patient(|_| {}));
    let mut stream = connect(at);
    assert_eq!(ask(&mut stream, &query(1, PANIC))[..4], [0, 1, 0x80, 2]);
    assert_eq!(ask(&mut stream, &query(2, PLAIN)), answer(2, PLAIN));
    assert_eq!(running.tally().panics(), 1);
    assert_eq!(running.stop(), 0);
}

#[test]
fn what_was_sent_is_answered_before_the_end() {
    let (running, at, core) = serve("127.0.0.1:0", 1, patient(|_| {}));
    let mut stream = connect(at);
    let gate = core.gate.lock().unwrap();
    stream.write_all(&framed(&query(0, GATE))).unwrap();
    stream
        .write_all(&[framed(&query(1, PLAIN)), framed(&query(2, PLAIN))].concat())
        .unwrap();
    // This one has not even been accepted: the thread stands at the gate.
    let mut late = connect(at);
    late.write_all(&framed(&query(3, PLAIN))).unwrap();
    running.tell();
    drop(gate);
    let started = Instant::now();
    assert_eq!(running.stop(), 0);
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(receive(&mut stream), answer(0, GATE));
    assert_eq!(receive(&mut stream), answer(1, PLAIN));
    assert_eq!(receive(&mut stream), answer(2, PLAIN));
    assert_closed(&mut stream);
    assert_eq!(receive(&mut late), answer(3, PLAIN));
    assert_closed(&mut late);
}

/// Fifty clients ask without end, and nobody waits for them: a newcomer is let in, seen and answered between their rounds,
/// and so is one who was silent for a while.
#[test]
fn a_newcomer_does_not_wait_for_those_who_ask_much() {
    let (running, at, core) = serve("127.0.0.1:0", 1, patient(|_| {}));
    let gate = core.gate.lock().unwrap();
    let mut early = connect(at);
    assert_eq!(ask(&mut early, &query(1, PLAIN)), answer(1, PLAIN));
    let many = framed(&query(0, PLAIN)).repeat(1_500);
    let crowd: Vec<_> = (0..50)
        .map(|n| {
            let mut all = many.clone();
            if n == 49 {
                // In the midst of it the thread stops at the gate.
                all.splice(300 * 22..300 * 22, framed(&query(0, GATE)));
            }
            let mut stream = connect(at);
            stream.write_all(&all).unwrap();
            stream
        })
        .collect();
    until("at the gate", || core.arrived.load(Ordering::Relaxed) == 1);
    let mut late = connect(at);
    late.write_all(&framed(&query(1, NEW))).unwrap();
    early.write_all(&framed(&query(2, NEW))).unwrap();
    let before = core.answers.load(Ordering::Relaxed);
    drop(gate);
    assert_eq!(receive(&mut late), answer(1, NEW));
    assert_eq!(receive(&mut early), answer(2, NEW));
    let waited = core.before.load(Ordering::Relaxed) - before;
    // One round is on its way; then it is let in, seen to have asked, and answered, with a round before each.
    assert!(waited <= 5 * limits::TCP_ROUND as u64, "{waited} answers");
    drop(crowd);
    assert_eq!(running.stop(), 0);
}

/// Who asks much waits for others that do, but not for one that does not take its answers.
#[test]
fn a_client_that_never_reads_holds_no_turn() {
    let (running, at, core) = serve("127.0.0.1:0", 1, patient(|_| {}));
    let mut greedy = connect(at);
    let writer = greedy.try_clone().unwrap();
    let writer = std::thread::spawn(move || {
        // Blocks, and fails once this test closes it.
        let _ = { &writer }.write_all(&framed(&query(0, BIG)).repeat(10_000));
    });
    let (mut answers, mut since) = (0, Instant::now());
    until("it is stuck", || {
        let now = core.answers.load(Ordering::Relaxed);
        if now != answers {
            (answers, since) = (now, Instant::now());
        }
        answers > 0 && since.elapsed() > Duration::from_millis(500)
    });
    let mut other = connect(at);
    let many = framed(&query(3, PLAIN)).repeat(500);
    other.write_all(&many).unwrap();
    for _ in 0..500 {
        assert_eq!(receive(&mut other), answer(3, PLAIN));
    }
    let _ = greedy.shutdown(Shutdown::Both);
    writer.join().unwrap();
    assert!(greedy.write_all(&[0]).is_err());
    assert_eq!(running.stop(), 0);
}
