//! What moves in the pools of a case: anything that time or load could ever make of them, and more.

use super::super::estate::{Estate, Members, Motion, Moving, Policy, Pool, Target};
use super::super::judge;
use super::{NOW, Tape};

/// At rest in most cases, so that both are drawn often.
pub(super) fn motion(tape: &mut Tape<'_>, estate: &Estate) -> Motion {
    let rest = !tape.percent(70);
    let one = |pool| match rest || tape.percent(40) {
        true => Moving::default(),
        false => moving(tape, estate, pool),
    };
    estate.pools.iter().map(one).collect()
}

fn moving(tape: &mut Tape<'_>, estate: &Estate, pool: &Pool) -> Moving {
    let mut moving = Moving {
        until: tape.pick(&[0, NOW, NOW + 1, NOW + 300, u64::MAX]),
        ..Moving::default()
    };
    let factors = [
        1_000_000,
        0,
        1,
        125_000,
        500_000,
        999_999,
        3_000_000,
        u32::MAX,
    ];
    let sheds = [0, 1, 100_000, 500_000, 999_999, 1_000_000, 2_000_000];
    if tape.percent(50) {
        for vip in judge::reach(estate, pool) {
            if tape.percent(40) {
                moving.factors.push((vip, tape.pick(&factors)));
            }
        }
    }
    let targets = pool.members.targets();
    match (&pool.members, pool.policy) {
        (Members::Table(_), _) => {
            for member in targets {
                if tape.percent(50) {
                    moving.numbers.push((member, tape.pick(&factors)));
                }
            }
        }
        (_, Policy::Weighted) => {}
        (_, Policy::Failover) => {
            for member in targets {
                if tape.percent(40) {
                    moving.held.push(member);
                }
                if tape.percent(60) {
                    moving.shed.push((member, tape.pick(&sheds)));
                }
            }
        }
        (_, Policy::Nearest) => {
            for site in 0..estate.sites.len() {
                if tape.percent(60) {
                    moving.shed.push((Target::Site(site), tape.pick(&sheds)));
                }
            }
        }
    }
    moving
}
