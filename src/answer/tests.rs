//! What only bytes show: the order of records, and client subnets octet by octet.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::config;
use crate::diagnostic::Source;
use crate::geo::atlas::Atlas;
use crate::health::board::{State, Verdict};
use crate::health::verdict::Both;
use crate::wire::asked::Seed;
use crate::wire::cookie::Secrets;
use crate::world::badge::Badge;
use crate::world::estate::Slots;
use crate::world::link::{Read, link};
use crate::world::situation::Standing;
use crate::zone;

const ZONE: &str = "$ORIGIN test.\n@ 60 IN SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.53\n\
    two 60 A 192.0.2.1\ntwo 60 A 192.0.2.2\ntwo 60 AAAA 2001:db8::1\ntwo 60 AAAA 2001:db8::2\nto 60 CNAME two\n\
    mail 60 MX 1 two\nmail 60 MX 2 ns\nlab 60 NS ns.lab\nlab 60 NS a.lab\nns.lab 60 A 192.0.2.3\na.lab 60 A 192.0.2.4\n\
    box 60 MB two\nbox 60 MINFO two ns\n\
    srv 60 SRV 1 1 1 two\n";

pub(super) fn world() -> World {
    let source = Source::new("test.zone", ZONE);
    let zone = zone::read(
        &source,
        &"test.".parse().unwrap(),
        &zone::Texts::alone(),
        None,
    )
    .zone;
    let steering = config::steering(&[], &config::alone).0.unwrap();
    let atlas = Arc::new(Atlas::builtin());
    let (estate, _) = link(
        vec![Read {
            path: "test.zone".into(),
            folder: 0,
            zone: Arc::new(zone.unwrap()),
        }],
        Arc::new(steering),
        atlas,
        &mut Slots::default(),
        None,
        &mut |_, _| None,
    );
    let up = Verdict {
        state: State::Up,
        since: 0,
    };
    let estate = estate.unwrap();
    let standing = Standing::calm(&estate, |_| Both::same(up));
    World::new(Arc::new(estate), Arc::default(), standing, 1)
}

/// Asks all of these in turn, as one worker would be asked.
fn ask(queries: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let (world, counters) = (world(), Counters::default());
    let mut asked = Asked::new(Seed::default());
    let mut counter = 0;
    let client = Client {
        addr: "192.0.2.9:5300".parse().unwrap(),
        transport: Transport::Udp,
    };
    let one = |query: &Vec<u8>| {
        let mut out = vec![0; limits::UDP_PAYLOAD];
        let mut turn = Turn::new(counter, &counters, &mut asked);
        let length = answer(&world, client, &mut turn, query, &mut out);
        counter = turn.counter;
        out.truncate(length);
        out
    };
    queries.iter().map(one).collect()
}

fn query(name: &[u8], kind: u8, extra: &[u8]) -> Vec<u8> {
    let more = u8::from(!extra.is_empty());
    let header = [0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, more];
    [&header, name, &[0, kind, 0, 1], extra].concat()
}

#[test]
fn addresses_of_a_zone_take_turns_to_be_first() {
    // Clients ask for both families at once, so a mere count would show each of them every second turn only.
    let (two, to) = (b"\x03two\x04test\0", b"\x02to\x04test\0");
    for name in [&two[..], to] {
        let pairs = [query(name, 1, b""), query(name, 28, b"")];
        let queries: Vec<Vec<u8>> = pairs.into_iter().cycle().take(200).collect();
        let mut last: BTreeMap<u8, u32> = BTreeMap::new();
        for reply in ask(&queries).iter().step_by(2) {
            *last.entry(reply[reply.len() - 1]).or_default() += 1;
        }
        let even = last.len() == 2 && last.values().all(|n| (45..=55).contains(n));
        assert!(even, "{last:?}");
    }
}

#[test]
fn a_client_subnet_comes_back_octet_by_octet() {
    let mut queries = Vec::new();
    let mut expected = Vec::new();
    for (family, longest) in [(1, 32), (2, 128)] {
        for source in 0..=longest {
            let mut address = vec![0xab; usize::from(source).div_ceil(8)];
            if let Some(last) = address.last_mut().filter(|_| source % 8 != 0) {
                *last &= !(0xff >> (source % 8));
            }
            let length = address.len() as u8 + 4;
            let option = [&[0, 8, 0, length, 0, family, source, 0], &address[..]].concat();
            let head = |high: u8, low: u8| {
                [0, 0, 41, high, low, 0, 0, 0, 0, 0, option.len() as u8].to_vec()
            };
            queries.push(query(
                b"\x04test\0",
                6,
                &[head(16, 0), option.clone()].concat(),
            ));
            // RFC 7871 §7.2.1: everything as it came; the scope of what is not steered is 0.
            expected.push([head(0x04, 0xd0), option].concat());
        }
    }
    for (reply, tail) in ask(&queries).iter().zip(&expected) {
        assert!(reply.ends_with(tail), "{reply:02x?} {tail:02x?}");
    }
}

/// How often the octets of `label`, with their length, stand in a message.
fn times(message: &[u8], label: &[u8]) -> usize {
    message.windows(label.len()).filter(|w| *w == label).count()
}

#[test]
fn every_name_that_may_be_compressed_is() {
    for (name, kind, label, most) in [
        // Owners and data of MX, and owners of its additional records.
        (&b"\x04mail\x04test\0"[..], 15, &b"\x04test"[..], 1),
        (b"\x04mail\x04test\0", 15, b"\x03two", 1),
        // A referral: owners, data, glue.
        (b"\x01x\x03lab\x04test\0", 1, b"\x03lab", 1),
        (b"\x01x\x03lab\x04test\0", 1, b"\x02ns", 1),
        // The SOA record of a negative answer, and the step of a CNAME.
        (b"\x02no\x04test\0", 1, b"\x04test", 1),
        (b"\x02to\x04test\0", 1, b"\x03two", 1),
        // The old types of RFC 1035, of two names, too.
        (b"\x03box\x04test\0", 7, b"\x04test", 1),
        // Later types keep their names whole (RFC 3597 §4).
        (b"\x03srv\x04test\0", 33, b"\x04test", 2),
    ] {
        let reply = ask(&[query(name, kind, b"")]).remove(0);
        assert_eq!(times(&reply, label), most, "{kind}: {reply:02x?}");
    }
}

#[test]
fn a_cookie_may_be_asked_for_first() {
    let mut world = world();
    let secrets = Secrets::new(vec![[7; 16]]);
    world.badge = Arc::new(Badge::new(None, None, secrets));
    let counters = Counters::default();
    let mut asked = Asked::new(Seed::default());
    let mut turn = Turn::new(0, &counters, &mut asked);
    let client = Client {
        addr: "192.0.2.9:5300".parse().unwrap(),
        transport: Transport::Udp,
    };
    let mut out = [0; limits::UDP_PAYLOAD];
    let opt = [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 12, 0, 10, 0, 8];
    let with = query(b"\x03two\x04test\0", 1, &[&opt[..], &[1; 8]].concat());
    answer(&world, client, &mut turn, &with, &mut out);
    assert_eq!(turn.trust, Trust::New);
    let length = slip(&world, client, &mut turn, &with, &mut out);
    // The code's upper part is in the OPT record: 1 and 7 make 23.
    assert_eq!((out[3] & 15, out[7], out[9], out[11]), (7, 0, 0, 1));
    let end = with.len() - 12;
    assert_eq!(out[..length].len(), end + 28);
    assert_eq!((out[end - 6], &out[end..end + 4]), (1, &[0, 10, 0, 24][..]));
    // What came back is what it wants to see.
    let cookie = out[end + 4..length].to_vec();
    let opt = [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 28, 0, 10, 0, 24];
    let again = query(b"\x03two\x04test\0", 1, &[&opt[..], &cookie].concat());
    answer(&world, client, &mut turn, &again, &mut out);
    assert_eq!(turn.trust, Trust::Valid);
    // A query without one leaves no trace of it.
    answer(
        &world,
        client,
        &mut turn,
        &query(b"\x03two\x04test\0", 1, b""),
        &mut out,
    );
    assert_eq!(turn.trust, Trust::None);
    let without = query(
        b"\x03two\x04test\0",
        1,
        &[0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0],
    );
    // Who knows no cookies gets TC.
    slip(&world, client, &mut turn, &without, &mut out);
    assert_eq!((out[2] & 2, out[3] & 15), (2, 0));
    assert_eq!(slip(&world, client, &mut turn, &without[..20], &mut out), 0);
}
