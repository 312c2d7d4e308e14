//! The least that a UDP server can do: what comes is sent back, marked as a response, by the calls that our server uses.

use std::net::UdpSocket;

use socket2::SockRef;

use super::batch::{Batch, Wait};

/// Echoes on this port of both loopbacks, as far as the machine has them, until it is ended.
pub fn serve(port: u16) {
    let sockets = ["127.0.0.1", "::1"].map(|address| UdpSocket::bind((address, port)));
    let threads = sockets
        .into_iter()
        .flatten()
        .map(|socket| std::thread::spawn(move || run(&socket)));
    for thread in threads.collect::<Vec<_>>() {
        let _ = thread.join();
    }
}

fn run(socket: &UdpSocket) {
    let options = SockRef::from(socket);
    options.set_recv_buffer_size(4 << 20).unwrap();
    options.set_send_buffer_size(1 << 20).unwrap();
    let mut batch = Batch::new();
    loop {
        let Ok(count) = batch.receive(socket, Wait::First) else {
            continue;
        };
        for at in 0..count {
            if let Some(flags) = batch.message(at).get_mut(2) {
                *flags |= 0x80;
            }
        }
        batch.send(socket, count);
    }
}
