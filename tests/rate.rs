//! Reflection: a forged network asks for the largest answers at 100,000 queries a second. In virtual time, by the server's
//! own answers and limiter.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use meridian::answer::{Client, Transport, Turn, make, slip};
use meridian::limits;
use meridian::rate::{Exchange, Limiter, Proof, Source, Terms, Verdict};
use meridian::stats::{Counters, Outcome};
use meridian::wire::asked::{Asked, Seed};
use meridian::wire::kind::Kind;

use crate::replay::stage;
use crate::sample::{self, Dice, Terms as Edns};
use crate::server::Server;

/// Queries a second of the attack, and seconds that it lasts.
const ATTACK: u64 = 100_000;
const SECONDS: u64 = 5;

fn server() -> Server {
    let mut zone =
        "$ORIGIN example.com.\n@ 3600 SOA ns1 hostmaster 1 7200 900 1209600 300\n".to_string();
    zone += "@ 3600 NS ns1\nns1 3600 A 192.0.2.53\n";
    let text = "x".repeat(225);
    zone += &format!("big 60 TXT \"{text}\" \"{text}\" \"{text}\" \"{text}\" \"{text}\"\n");
    let steering = "[vips]\na = { address = \"192.0.2.1\", address6 = \"2001:db8::1\" }\n\
                    b = { address = \"192.0.2.2\", address6 = \"2001:db8::2\" }\n\
                    [pools.web]\nmembers = [\"a\", \"b\"]\nanswers = 2\n[names]\n\"www.example.com.\" = \"web\"\n";
    let zone = zone + "www 60 A 192.0.2.9\n";
    let files = [
        ("zones/example.com.zone", zone.as_str()),
        ("zones/steering.toml", steering),
    ];
    let files: BTreeMap<String, String> = files.map(|(p, t)| (p.into(), t.into())).into();
    let mut server = Server::default();
    server.load(&files, Arc::new(stage::atlas(&[]))).unwrap();
    server
}

/// UDP workers with their limiters, and what went in and out.
struct Workers<'a> {
    server: &'a Server,
    limiters: Vec<Limiter>,
    asked: Asked,
    counters: Counters,
    out: [u8; limits::UDP_PAYLOAD],
}

impl Workers<'_> {
    fn new(server: &Server, many: usize) -> Workers<'_> {
        let limiter = |n| Limiter::new(&Terms::default(), many, [n as u64 + 5, n as u64 + 77]);
        Workers {
            server,
            limiters: (0..many).map(limiter).collect(),
            asked: Asked::new(Seed::default()),
            counters: Counters::default(),
            out: [0; limits::UDP_PAYLOAD],
        }
    }

    fn tick(&mut self, micros: u64) {
        self.limiters.iter_mut().for_each(|l| l.tick(micros));
    }

    /// As a UDP worker does it; what is sent, and how long that is.
    fn ask(&mut self, worker: u64, from: IpAddr, proof: Proof, query: &[u8]) -> (Verdict, usize) {
        let client = Client {
            addr: (from, 5_353).into(),
            transport: Transport::Udp,
        };
        let mut turn = Turn::new(0, &self.counters, &mut self.asked);
        turn.now = 1_700_000_000;
        let (outcome, length) = make(self.server.world(), client, &mut turn, query, &mut self.out);
        let at = worker as usize % self.limiters.len();
        let verdict = self.limiters[at].judge(&Exchange {
            client: from,
            proof,
            query: query.len(),
            answer: length,
            source: match outcome {
                Outcome::Steered => Source::Steering,
                _ => Source::Zone,
            },
        });
        let length = match verdict {
            Verdict::Send => length,
            Verdict::Drop => 0,
            Verdict::Slip => slip(self.server.world(), client, &mut turn, query, &mut self.out),
        };
        (verdict, length)
    }
}

/// Octets out for each octet in, of the forged network, by DNS alone and with the headers of IP and UDP.
fn attack(workers: usize, attacks: &[Vec<u8>]) -> [f64; 2] {
    let server = server();
    let mut all = Workers::new(&server, workers);
    let honest: Vec<Vec<u8>> = [
        ("www", Kind::A),
        ("big", Kind::TXT),
        ("no", Kind::A),
        ("www", Kind::HTTPS),
    ]
    .map(|(name, kind)| sample::query(&format!("{name}.example.com."), kind, Edns::Plain))
    .into();
    let mut dice = Dice(5);
    let (mut octets, mut packets) = ([0_u64; 2], [0_u64; 2]);
    let (mut missed, mut asked) = ([0_u64; 2], 0_u64);
    for n in 0..ATTACK * SECONDS {
        let now = n * 1_000_000 / ATTACK;
        // A batch of 32.
        if n % 32 == 0 {
            all.tick(now);
        }
        let roll = dice.roll();
        let forged = IpAddr::from([198, 51, 100, roll as u8]);
        let query = &attacks[(roll >> 16) as usize % attacks.len()];
        let (_, length) = all.ask(roll >> 32, forged, Proof::None, query);
        octets = [octets[0] + query.len() as u64, octets[1] + length as u64];
        packets = [packets[0] + 1, packets[1] + u64::from(length > 0)];
        // Every tenth query is of one of a thousand honest clients, each ten times a second, of whatever they need.
        if n % 10 == 0 {
            let who = (roll >> 20) % 1_000;
            let from = IpAddr::from([100, 64 + (who >> 8) as u8, who as u8, 9]);
            let query = &honest[(roll >> 40) as usize % honest.len()];
            let sent = |verdict: (Verdict, usize)| u64::from(verdict.0 != Verdict::Send);
            asked += 1;
            missed[0] += sent(all.ask(roll >> 33, from, Proof::None, query));
            // With a cookie even from within the forged network.
            missed[1] += sent(all.ask(roll >> 34, forged, Proof::Valid, query));
        }
    }
    assert!(
        asked == ATTACK * SECONDS / 10 && missed == [0, 0],
        "{missed:?} of {asked}"
    );
    let ratio = |headers: u64| {
        let [came, went] = [0, 1].map(|at: usize| (octets[at] + headers * packets[at]) as f64);
        went / came
    };
    let ratios = [ratio(0), ratio(28)];
    println!(
        "{workers} workers, {ATTACK} q/s for {SECONDS} s from one /24: out/in {:.2}, with headers {:.2}; honest clients missed {missed:?} of {asked}",
        ratios[0], ratios[1]
    );
    ratios
}

#[test]
fn a_forged_network_is_hardly_sent_more_than_it_sends() {
    let ask = |name: &str, kind| sample::query(&format!("{name}example.com."), kind, Edns::Plain);
    let largest = [ask("big.", Kind::TXT)];
    let mixed = [
        ask("big.", Kind::TXT),
        ask("big.", Kind::ANY),
        ask("no.", Kind::A),
        ask("", Kind::SOA),
    ];
    for workers in [1, 4] {
        for attacks in [&largest[..], &mixed[..]] {
            let [plain, whole] = attack(workers, attacks);
            assert!(plain <= 1.5 && whole <= 1.5, "{plain} {whole}");
        }
    }
    // Nothing but NXDOMAIN, which is not twice its query: limited all the same.
    let [plain, whole] = attack(1, &[ask("no.", Kind::A)]);
    assert!(plain <= 1.5 && whole <= 1.5, "{plain} {whole}");
}

/// A public resolver: some addresses of one /24, thousands of queries a second, for one steered name and each of its clients.
#[test]
fn a_public_resolver_is_never_limited() {
    let server = server();
    let mut all = Workers::new(&server, 2);
    let mut dice = Dice(9);
    for n in 0..200_000_u64 {
        // 50,000 a second.
        all.tick(n * 20);
        let roll = dice.roll();
        let subnet = Edns::Subnet(dice.v4().into(), 24);
        let kind = [Kind::A, Kind::AAAA][(roll & 1) as usize];
        let query = sample::query("www.example.com.", kind, subnet);
        let from = IpAddr::from([8, 8, 8, 1 + (roll >> 8) as u8 % 5]);
        let (verdict, length) = all.ask(roll >> 32, from, Proof::None, &query);
        assert!(verdict == Verdict::Send && length > query.len());
    }
}
