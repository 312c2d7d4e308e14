//! Killed at any instant under reports: nothing that was acknowledged is lost, and nothing comes back that was replaced.
//!
//! `MERIDIAN_KILLS=1000 cargo test --test main killed_at_any_instant -- --nocapture` takes minutes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;

use super::feeds::{self, Feed, STATES};
use super::server::{PATIENCE, Server, addresses, query};
use crate::dice::Dice;

const SENDERS: usize = 4;
const VIPS: usize = 24;

/// What one VIP's sender knows.
#[derive(Clone, Default)]
struct Told {
    /// Each report that was sent, by its number: an index into [`STATES`].
    sent: Vec<usize>,
    /// Of these reports the last that counted is one: the last that was acknowledged, and those without a reply since.
    standing: Vec<usize>,
    /// The last acknowledged one that said another state than the one before it.
    turned: usize,
}

impl Told {
    /// The number of the next report.
    fn send(&mut self, state: usize) -> usize {
        self.sent.push(state);
        self.standing.push(self.sent.len());
        self.sent.len()
    }

    fn state(&self, number: usize) -> usize {
        self.sent[number - 1]
    }

    /// The server has promised to keep the report of this number.
    fn acknowledge(&mut self, number: usize) {
        let mut others = self.standing.iter().filter(|other| **other != number);
        if others.all(|other| self.state(*other) != self.state(number)) {
            self.turned = number;
        }
        self.standing = vec![number];
    }
}

type Book = Mutex<BTreeMap<usize, Told>>;

/// Reports of its own VIPs, one or several at a time, until the server is gone.
fn send(server: &str, token: &str, me: usize, seed: u64, book: &Book) -> usize {
    let mut dice = Dice(seed ^ me as u64);
    let Ok(mut feed) = Feed::with(server, token) else {
        return 0;
    };
    let mut replies = 0;
    loop {
        let mine: Vec<usize> = (0..VIPS)
            .filter(|vip| vip % SENDERS == me && dice.percent(40))
            .collect();
        let mut numbers = Vec::new();
        let mut reports = Vec::new();
        for &vip in &mine {
            let mut book = book.lock().unwrap();
            let told = book.entry(vip).or_default();
            // Half of all say what was said before: renewals.
            let last = told.sent.last().copied();
            let state = match last {
                Some(last) if dice.percent(50) => last,
                _ => dice.below(STATES.len() as u32) as usize,
            };
            let number = told.send(state);
            let lease = if vip % 2 == 0 {
                r#","valid_for":"1h""#
            } else {
                ""
            };
            numbers.push((vip, number));
            let said = STATES[state].0;
            reports.push((vip, feeds::body(said, 7, number as u64, lease)));
        }
        let reply = match &reports[..] {
            [] => continue,
            [(vip, body)] => feed.put(&format!("v{vip}"), body),
            many => {
                let many = many
                    .iter()
                    .map(|(vip, body)| body.replacen('{', &format!(r#"{{"vip":"v{vip}","#), 1));
                let list = many.collect::<Vec<_>>().join(",");
                feed.ask("POST /v1/health", &format!(r#"{{"reports":[{list}]}}"#))
            }
        };
        match reply {
            Ok((200, _)) => {
                replies += 1;
                let mut book = book.lock().unwrap();
                for (vip, number) in numbers {
                    book.get_mut(&vip).unwrap().acknowledge(number);
                }
            }
            // What was refused was not promised, and may be sent again.
            Ok((429 | 503, _)) => std::thread::sleep(Duration::from_millis(5)),
            Ok((status, reply)) => panic!("{status} {reply}"),
            Err(_) => return replies,
        }
    }
}

/// Holds what a server says after a kill against what was promised before; the reports that counted become known.
fn judge(server: &Server, book: &mut BTreeMap<usize, Told>, which: &str) {
    let vips = Feed::open(server).unwrap().vips();
    assert_eq!(vips.len(), VIPS, "{which}");
    for vip in vips {
        let name = vip["name"].as_str().unwrap().to_owned();
        let number: usize = name[1..].parse().unwrap();
        let Some(told) = book.get_mut(&number).filter(|told| !told.sent.is_empty()) else {
            assert_eq!(
                feeds::order(&vip),
                None,
                "{which}: {name} was never reported"
            );
            continue;
        };
        let Some((epoch, seq)) = feeds::order(&vip) else {
            assert_eq!(told.turned, 0, "{which}: {name} is forgotten: {vip}");
            told.standing.clear();
            continue;
        };
        let seq = seq as usize;
        assert_eq!(epoch, 7, "{which}: {vip}");
        assert!(
            (told.turned.max(1)..=told.sent.len()).contains(&seq),
            "{which}: {name}: turned by {}, sent {}, found {vip}",
            told.turned,
            told.sent.len()
        );
        let (word, answers) = STATES[told.state(seq)];
        assert_eq!(vip["state"], word, "{which}: {name}: {vip}");
        let answer = server.udp(&query(&format!("{name}.example.com."), RecordType::A, None));
        assert_eq!(
            !addresses(&answer).is_empty(),
            answers,
            "{which}: {vip}\n{answer}"
        );
        // From here on it stands as if it had been acknowledged.
        told.standing = vec![seq];
        told.turned = told.turned.max(seq);
    }
}

/// Milliseconds after which the server is killed: mostly soon, sometimes before it answers at all.
fn instant(dice: &mut Dice) -> Duration {
    let most = [3_000, 30_000, 150_000][dice.below(3) as usize];
    Duration::from_micros(u64::from(dice.below(most)))
}

#[test]
fn killed_at_any_instant_nothing_acknowledged_is_lost() {
    let wanted = std::env::var("MERIDIAN_KILLS").ok();
    let kills: u64 = wanted.and_then(|n| n.parse().ok()).unwrap_or(20);
    let seed = std::env::var("MERIDIAN_SEED").ok();
    let seed: u64 = seed.and_then(|n| n.parse().ok()).unwrap_or(7);
    let mut folder = feeds::in_memory(VIPS, 1);
    let book = Book::default();
    let (mut replies, mut unread, began) = (0, 0, Instant::now());
    for kill in 0..kills {
        let which = format!("MERIDIAN_SEED={seed}, kill {kill}");
        let mut dice = Dice(seed.wrapping_mul(1_000_003).wrapping_add(kill));
        if dice.percent(20) {
            // While it starts, reads its state, or says that it is ready.
            unread += 1;
            folder = Server::on_and_off(folder, instant(&mut dice));
        }
        let mut server = Server::on(folder);
        judge(&server, &mut book.lock().unwrap(), &which);
        let (api, token) = (server.api.clone(), super::api::token(&server));
        std::thread::scope(|scope| {
            let (api, token, book) = (&api, &token, &book);
            let seed = dice.roll();
            let senders: Vec<_> = (0..SENDERS)
                .map(|me| scope.spawn(move || send(api, token, me, seed, book)))
                .collect();
            std::thread::sleep(instant(&mut dice));
            server.kill();
            for sender in senders {
                replies += sender.join().unwrap();
            }
        });
        folder = server.leave();
    }
    let server = Server::on(folder);
    judge(&server, &mut book.lock().unwrap(), "after the last");
    let sent: usize = book
        .lock()
        .unwrap()
        .values()
        .map(|told| told.sent.len())
        .sum();
    println!(
        "{kills} kills under reports, {unread} more while it started: {sent} reports, {replies} replies, nothing lost, {:.0?}",
        began.elapsed()
    );
    assert!(
        replies > kills as usize / 4,
        "{replies} replies are too few to say anything"
    );
    assert!(began.elapsed() < PATIENCE * kills.max(60) as u32);
}
