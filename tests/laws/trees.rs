//! Over random trees and boards, through the real answer path: nobody gets an empty answer while any member is usable, what
//! is down is left, and what comes back is returned to.

use std::net::IpAddr;

use meridian::answer::Transport;
use proptest::test_runner::Config;

use super::super::client::Client;
use super::super::estate::{Board, Case, Estate, Pool, State, Target, Vip};
use super::super::{cases, draw, judge, layers, served};
use super::{direct, field, many};
use crate::server::Server;
use crate::subnet;

/// Clients of each name under each board.
const CLIENTS: usize = 6;

/// Draws of each client where a child fails.
const DRAWS: u32 = 8;

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    trees: usize,
    /// Answers in both families while something was usable.
    answers: usize,
    /// Children that failed as a whole while others were usable, and the answers without them.
    children: usize,
    left: usize,
    /// Answers that were the old ones again.
    returned: usize,
}

/// VIPs that a pool reaches for a client: those inside its fence.
fn within(estate: &Estate, pool: &Pool, client: IpAddr) -> Vec<usize> {
    let client = Client::at(estate, client);
    let inside = judge::inside(estate, pool, &client);
    let held = |vip: &usize| match (&inside, estate.vips[*vip].site) {
        (None, _) => true,
        (Some(inside), site) => site.is_some_and(|site| inside.contains(&site)),
    };
    judge::reach(estate, pool)
        .into_iter()
        .filter(held)
        .collect()
}

struct Asking<'a> {
    server: &'a mut Server,
    estate: &'a Estate,
    name: String,
    resolver: IpAddr,
    counter: u32,
}

impl Asking<'_> {
    /// The addresses for one family, in their order.
    fn ask(&mut self, kind: u16) -> Vec<IpAddr> {
        let query = subnet::query(7, &self.name, kind, None);
        self.server.counter = self.counter;
        let reply = self.server.ask(
            &query,
            (self.resolver, 53).into(),
            Transport::Udp,
            cases::NOW,
        );
        field::addresses(&subnet::read(&reply.unwrap()).unwrap())
    }

    /// The same point in both families: A, then AAAA.
    fn both(&mut self) -> [Vec<IpAddr>; 2] {
        [self.ask(subnet::A), self.ask(subnet::AAAA)]
    }

    fn vips(&self, addresses: &[IpAddr]) -> Vec<usize> {
        let has = |address: &IpAddr| {
            let own = |vip: &Vip| {
                vip.v4.map(IpAddr::V4) == Some(*address) || vip.v6.map(IpAddr::V6) == Some(*address)
            };
            self.estate.vips.iter().position(own)
        };
        addresses.iter().filter_map(has).collect()
    }

    /// Nothing empty, nothing down.
    fn hold(&mut self, board: &Board, usable: usize) -> Result<(), String> {
        let both = self.both();
        let wrong = |what: &str| {
            format!(
                "{} for {} at {}: {what}: {both:?}, {board:?}",
                self.name, self.resolver, self.counter
            )
        };
        if both.iter().all(Vec::is_empty) {
            return Err(wrong(&format!("empty, with {usable} usable")));
        }
        let got = both.concat();
        let vips = self.vips(&got);
        if vips.len() != got.len() {
            return Err(wrong("not the address of a VIP"));
        }
        if vips.iter().any(|vip| board.v4[*vip].0 == State::Down) {
            return Err(wrong("a VIP that is down"));
        }
        // One family may be empty only where the site chosen has no address of it.
        let lacks = |vip: &usize| {
            self.estate.vips[*vip].v4.is_none() || self.estate.vips[*vip].v6.is_none()
        };
        if both.iter().any(Vec::is_empty) && !vips.iter().all(lacks) {
            return Err(wrong("one family alone"));
        }
        Ok(())
    }
}

fn usable(board: &Board, vips: &[usize]) -> usize {
    vips.iter()
        .filter(|vip| board.v4[**vip].0 != State::Down)
        .count()
}

fn check(case: &Case, server: &mut Server, seed: u64, tally: &mut Tally) -> Result<(), String> {
    let estate = &case.estate;
    tally.trees += 1;
    for (number, steered) in estate.names.iter().enumerate() {
        let pool = estate.root(steered.target);
        if !direct(estate, &pool) {
            continue;
        }
        let name = steered.name.replace('*', "any");
        let clients = cases::clients(seed ^ number as u64, estate, CLIENTS);
        for board in &case.boards {
            // Where the families fare otherwise, so may their answers: see the model.
            let board = &Board::same(board.v4.clone());
            server.believe(|name| served::verdict(estate, board, name));
            for (n, resolver) in clients.iter().enumerate() {
                let usable = usable(board, &within(estate, &pool, *resolver));
                let counter = draw::hash_bytes(seed, &[n as u8]) as u32;
                let server = &mut *server;
                let mut asking = Asking {
                    server,
                    estate,
                    name: name.clone(),
                    resolver: *resolver,
                    counter,
                };
                if usable > 0 {
                    asking.hold(board, usable)?;
                    tally.answers += 2;
                }
            }
        }
        for child in pool.members.targets().into_iter().take(3) {
            family(case, server, (&pool, child), (&name, &clients[..2]), tally)?;
        }
    }
    Ok(())
}

/// A child fails as a whole, and comes back: all else is up.
fn family(
    case: &Case,
    server: &mut Server,
    (pool, child): (&Pool, Target),
    (name, clients): (&str, &[IpAddr]),
    tally: &mut Tally,
) -> Result<(), String> {
    let estate = &case.estate;
    let its = judge::reach(estate, &Pool::new("", vec![child]));
    let up = Board::same(estate.vips.iter().map(|_| (State::Up, 0)).collect());
    let mut failed = up.clone();
    its.iter().for_each(|vip| failed.v4[*vip].0 = State::Down);
    failed.v6 = failed.v4.clone();
    for resolver in clients {
        let all = within(estate, pool, *resolver);
        if usable(&failed, &all) == 0 {
            continue;
        }
        tally.children += 1;
        let mut rounds: Vec<Vec<[Vec<IpAddr>; 2]>> = Vec::new();
        for board in [&up, &failed, &up] {
            server.believe(|name| served::verdict(estate, board, name));
            let server = &mut *server;
            let mut asking = Asking {
                server,
                estate,
                name: name.into(),
                resolver: *resolver,
                counter: 0,
            };
            let mut round = Vec::new();
            for counter in 0..DRAWS {
                asking.counter = counter.wrapping_mul(0x0101_0101);
                asking.hold(board, usable(board, &all))?;
                round.push(asking.both());
            }
            rounds.push(round);
        }
        tally.left += rounds[1].len() * 2;
        tally.returned += rounds[2].len() * 2;
        if rounds[0] != rounds[2] {
            return Err(format!(
                "{name} for {resolver}: {child:?} is back, but {:?} is now {:?}",
                rounds[0], rounds[2]
            ));
        }
    }
    Ok(())
}

#[test]
fn no_answer_is_empty_and_children_are_left_and_returned_to() {
    let config = Config {
        cases: many("MERIDIAN_TREES", 100) as u32,
        failure_persistence: None,
        ..Config::default()
    };
    let tally = layers::estates(config, check);
    println!("{tally:?}");
    assert!(
        tally.answers > 100 * tally.trees && tally.children > 5 * tally.trees,
        "{tally:?}"
    );
}
