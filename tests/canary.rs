//! A canary grows: with `sticky`, whoever was on it stays there, and nobody else moves but to it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use meridian::answer::Transport;
use meridian::geo::atlas::Atlas;

use crate::server::Server;

/// Networks of the size of a client key.
const CLIENTS: u32 = 100_000;

const ZONE: &str =
    "$TTL 300\n@ SOA ns1 hostmaster 1 7200 900 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\n";

/// What each of the VIPs `a`, `b` and `c` gives.
#[derive(Clone, Copy, Debug)]
enum Gives {
    Addresses,
    Aliases,
}

impl Gives {
    fn vip(self, name: char) -> String {
        match self {
            Gives::Addresses => format!("address = \"192.0.2.{}\"", name as u32),
            Gives::Aliases => format!("cname = \"{name}.cdn.example.\""),
        }
    }

    /// Where in the only record's data the letter of the VIP stands.
    fn letter(self) -> usize {
        match self {
            Gives::Addresses => 3,
            Gives::Aliases => 1,
        }
    }
}

/// The VIP that each client gets when so many of a hundred are the canary's.
fn chosen(gives: Gives, canary: u32) -> Vec<char> {
    let mut steering = String::from("[vips]\n");
    for (name, weight) in [('a', 80), ('b', 20), ('c', 1)] {
        steering += &format!("{name} = {{ {}, weight = {weight} }}\n", gives.vip(name));
    }
    steering += &format!(
        "[pools.cdn]\nmembers = [\"a\", \"b\"]\n[pools.img]\nmembers = {{ cdn = {}, c = {canary} }}\ndraw = \"sticky\"\n[names]\n\"img.example.com.\" = \"img\"\n",
        100 - canary
    );
    let files = BTreeMap::from([
        ("zones/example.com.zone".to_string(), ZONE.to_string()),
        ("zones/steering.toml".to_string(), steering),
    ]);
    let mut server = Server::default();
    server
        .load(&files, Arc::new(Atlas::read(&[]).unwrap()))
        .unwrap();
    let name = b"\x03img\x07example\x03com\0";
    let query = [&b"\0\x07\0\0\0\x01\0\0\0\0\0\0"[..], name, b"\0\x01\0\x01"].concat();
    // Behind the question: the owner as a pointer, type, class, TTL and length.
    let at = query.len() + 12 + gives.letter();
    let ask = |client: u32| {
        let addr = IpAddr::V4(Ipv4Addr::from(0x0B00_0000 + (client << 8)));
        let reply = server.ask(&query, (addr, 53_000).into(), Transport::Udp, 1_700_000_000);
        char::from(reply.unwrap()[at])
    };
    (0..CLIENTS).map(ask).collect()
}

#[test]
fn whoever_is_on_a_canary_stays_while_it_grows() {
    for gives in [Gives::Addresses, Gives::Aliases] {
        let mut before = chosen(gives, 1);
        for share in [1, 5, 20] {
            let now = chosen(gives, share);
            for (client, (was, is)) in before.iter().zip(&now).enumerate() {
                assert!("abc".contains(*is), "{gives:?} {share}: {is:?}");
                assert!(
                    is == was || *is == 'c',
                    "{gives:?} {share}: client {client} went from {was} to {is}"
                );
            }
            // Of 4,096 slots: four standard deviations.
            let part = f64::from(share) / 100.0;
            let on = now.iter().filter(|is| **is == 'c').count() as f64 / f64::from(CLIENTS);
            let off = 4.0 * (part * (1.0 - part) / 4_096.0).sqrt();
            assert!((on - part).abs() < off, "{gives:?} {share}: {on}");
            println!("{gives:?}: {share} of a hundred, {on:.4} of the clients");
            before = now;
        }
    }
}
