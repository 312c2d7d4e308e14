//! A small estate that answers, and what must hold of its answers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use meridian::answer::Transport;
use meridian::geo::atlas::Atlas;

use crate::server::Server;
use crate::twisted::law;

const ZONE: &str = "@ 3600 SOA ns1 hostmaster 1 7200 900 1209600 300\n@ 3600 NS ns1\nns1 3600 A 192.0.2.53\n\
                    *.wild 60 TXT x\nalias 60 DNAME wild\nto 60 CNAME www\nsub 60 NS ns1\n";
const STEERING: &str = "[vips]\na = { address = \"192.0.2.1\", address6 = \"2001:db8::1\" }\n[pools.web]\n\
                        members = [\"a\"]\n[names]\n\"www.example.com.\" = \"web\"\n";

thread_local! {
    static SERVER: RefCell<Server> = RefCell::new({
        let mut server = Server::default();
        let files = [("example.com.zone", ZONE), ("steering.toml", STEERING)];
        let files: BTreeMap<String, String> = files.map(|(path, text)| (path.into(), text.into())).into();
        server.load(&files, Arc::new(Atlas::builtin())).unwrap();
        server
    });
}

/// Holds the law for one message over UDP.
pub fn hold(message: &[u8]) {
    let from = ([192, 0, 2, 7], 53_000).into();
    let reply =
        SERVER.with_borrow_mut(|server| server.ask(message, from, Transport::Udp, 1_700_000_000));
    if let Err(broken) = law(message, reply.as_deref()) {
        panic!("{broken}");
    }
}
