//! Binding: the sockets of one address, all of them or an error that says what to do.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::batch::option;
use crate::limits;

/// The bound sockets of one address: one for TCP and one of UDP for each worker, all on the same port.
#[derive(Debug)]
pub struct Listener {
    addr: SocketAddr,
    tcp: TcpListener,
    udp: Vec<Socket>,
}

impl Listener {
    /// Binds `addr` for TCP and for `workers` threads of UDP. Port 0 takes any port that is free for both. An IPv6
    /// wildcard is IPv6 only. The address need not be there yet (anycast, VRRP): it is served once it is.
    ///
    /// # Errors
    ///
    /// With a text for the operator: transport, address, the system's reason, and what to do about it.
    pub fn bind(addr: SocketAddr, workers: usize) -> io::Result<Listener> {
        if workers == 0 || workers > limits::WORKERS as usize {
            let text = format!(
                "{workers} workers: expected a number from 1 to {}",
                limits::WORKERS
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let mut tries = 0;
        loop {
            tries += 1;
            match Listener::bind_once(addr, workers) {
                // TCP chose a port that UDP has in use.
                Err(error)
                    if error.kind() == io::ErrorKind::AddrInUse
                        && addr.port() == 0
                        && tries < limits::BIND_TRIES => {}
                bound => return bound,
            }
        }
    }

    fn bind_once(addr: SocketAddr, workers: usize) -> io::Result<Listener> {
        // TCP first and without SO_REUSEPORT: of two servers on one address the second fails, instead of taking half of
        // the first one's UDP queries away.
        let tcp = tcp(addr).map_err(|error| explained(error, "TCP", addr))?;
        let addr = tcp.local_addr()?;
        let udp = udp(addr, workers).map_err(|error| explained(error, "UDP", addr))?;
        Ok(Listener { addr, tcp, udp })
    }

    /// The address, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.addr
    }

    /// For how many threads of UDP it was bound.
    pub(super) fn workers(&self) -> usize {
        self.udp.len()
    }

    /// The socket of TCP and those of UDP.
    pub(super) fn into_sockets(self) -> (TcpListener, Vec<Socket>) {
        (self.tcp, self.udp)
    }
}

fn tcp(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(addr, Type::STREAM, Protocol::TCP)?;
    // Connections of a former run that linger in TIME_WAIT do not hinder; a listener that is alive still does.
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(limits::TCP_BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn udp(addr: SocketAddr, workers: usize) -> io::Result<Vec<Socket>> {
    // Asked for alone first: SO_REUSEPORT would silently share the port with another program of the same user.
    socket(addr, Type::DGRAM, Protocol::UDP)?.bind(&addr.into())?;
    (0..workers).map(|_| worker(addr)).collect()
}

/// A UDP socket of one worker.
fn worker(addr: SocketAddr) -> io::Result<Socket> {
    let socket = socket(addr, Type::DGRAM, Protocol::UDP)?;
    option(&socket, libc::SOL_SOCKET, libc::SO_REUSEPORT, 1)?;
    // Never believe a path MTU that someone may have forged, and never refuse to send: answers fit every path
    // (RFC 9715 §3.1).
    if addr.is_ipv4() {
        option(
            &socket,
            libc::IPPROTO_IP,
            libc::IP_MTU_DISCOVER,
            libc::IP_PMTUDISC_OMIT,
        )?;
    } else {
        option(
            &socket,
            libc::IPPROTO_IPV6,
            libc::IPV6_MTU_DISCOVER,
            libc::IPV6_PMTUDISC_OMIT,
        )?;
    }
    if addr.ip().is_unspecified() {
        // Which address was asked is known only from the kernel, and the answer must come from there (RFC 2181 §4.1).
        if addr.is_ipv4() {
            option(&socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?;
        } else {
            option(&socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
        }
    }
    // Wishes: the kernel grants what net.core.rmem_max and wmem_max allow.
    socket.set_recv_buffer_size(limits::UDP_RECEIVE_BUFFER)?;
    socket.set_send_buffer_size(limits::UDP_SEND_BUFFER)?;
    // A receive that waits looks up now and then. Shutting the socket down would wake it too, but also end it for another
    // process that holds it.
    socket.set_read_timeout(Some(Duration::from_millis(limits::UDP_WAKE)))?;
    socket.bind(&addr.into())?;
    Ok(socket)
}

/// A socket that may take an address which is not there yet.
fn socket(addr: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), kind, Some(protocol))?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
        option(&socket, libc::IPPROTO_IPV6, libc::IPV6_FREEBIND, 1)?;
    } else {
        option(&socket, libc::IPPROTO_IP, libc::IP_FREEBIND, 1)?;
    }
    Ok(socket)
}

/// The error as an operator needs it.
fn explained(error: io::Error, transport: &str, addr: SocketAddr) -> io::Error {
    let port = addr.port();
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied if port < 1024 => {
            "ports below 1024 need the capability CAP_NET_BIND_SERVICE (AmbientCapabilities= in \
             systemd, `setcap` on the program); or listen on a port such as 5300"
                .to_owned()
        }
        io::ErrorKind::AddrInUse => {
            format!(
                "another program holds this address; `ss -lntup 'sport = :{port}'` names it; \
                 a wildcard address also collides with single ones"
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            "this address cannot be bound here; `ip address` lists those of this machine".to_owned()
        }
        _ if addr.is_ipv6() && error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {
            "this machine has no IPv6; remove the listener".to_owned()
        }
        _ => "the listener was not started".to_owned(),
    };
    io::Error::new(
        error.kind(),
        format!("cannot listen on {addr} over {transport}: {error}; {advice}"),
    )
}
