//! Binding: what is refused, and what it says.

use super::*;

#[test]
fn a_second_server_is_refused_with_advice() {
    let first = Listener::bind(addr("127.0.0.1:0"), 2).unwrap();
    let error = Listener::bind(first.address(), 2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    let text = error.to_string();
    assert!(
        text.contains(&format!("{} over TCP", first.address())),
        "{text}"
    );
    assert!(text.contains(&format!("ss -lntup 'sport = :{}'", first.address().port())));
}

#[test]
fn a_port_that_udp_would_share_silently_is_refused() {
    let other = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
    batch::option(&other, libc::SOL_SOCKET, libc::SO_REUSEPORT, 1).unwrap();
    // An address of its own, so that no other test holds the same port over TCP.
    other.bind(&addr("127.77.0.1:0").into()).unwrap();
    let at = other.local_addr().unwrap().as_socket().unwrap();
    let error = Listener::bind(at, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains("over UDP"), "{error}");
}

#[test]
fn no_workers_and_too_many_are_refused() {
    for workers in [0, limits::WORKERS as usize + 1] {
        let error = Listener::bind(addr("127.0.0.1:0"), workers).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn an_address_that_is_not_there_yet_is_bound() {
    Listener::bind(addr("192.0.2.1:0"), 1).unwrap();
}
