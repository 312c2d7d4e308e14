//! What takes its time: in force when it is due, kept over reloads and crashes, and brought back by hand.

use super::*;
use crate::config::estate::{PoolId, Target};

/// One failover pool and one of weights beside the VIPs of the small estate.
fn steering(failback: &str, weights: &str) -> String {
    let (vips, _) = STEERING.split_once("[pools.web]").unwrap();
    format!(
        "{vips}[pools.db]\nmembers = [\"fra\", \"iad\"]\npolicy = \"failover\"\nfailback = \"{failback}\"\n\
         [pools.web]\nmembers = {weights}\nramp = \"1%\"\n\
         [names]\n\"db.example.com.\" = \"db\"\n\"www.example.com.\" = \"web\"\n\
         \"spare.example.com.\" = \"spare\"\n"
    )
}

fn house(failback: &str) -> House {
    let house = House::new();
    house.write("steering.toml", &steering(failback, "{ fra = 1, iad = 1 }"));
    assert!(house.reload().taken);
    house
}

impl House {
    /// How many members a pool keeps out.
    fn held(&self, pool: u16) -> usize {
        self.cell.full().motion.of(PoolId(pool)).held.len()
    }

    /// What the second member of the second pool counts, in parts of a million.
    fn number(&self) -> u32 {
        let world = self.cell.full();
        let sites = &world.estate.steering.sites;
        let at = sites.iter().position(|site| site.name == "iad").unwrap();
        let site = Target::Site(crate::config::estate::SiteId(at as u16));
        world.motion.of(PoolId(1)).number(site)
    }

    fn fail_and_return(&self, seq: u64) {
        for (state, seq) in [(State::Down, seq), (State::Up, seq + 1)] {
            let reports = [("fra-1", report(state, seq)), ("fra-2", report(state, seq))];
            self.send(&reports).blocking_recv().unwrap().unwrap();
        }
    }
}

#[test]
fn what_is_kept_out_stays_so_until_somebody_brings_it_back() {
    let house = house("manual");
    house.fail_and_return(1);
    assert_eq!(house.held(0), 1);
    assert_eq!(house.cell.full().motion.of(PoolId(0)).until, u64::MAX);
    house.write("steering.toml", &steering("manual", "{ fra = 1, iad = 2 }"));
    assert!(house.reload().taken);
    assert_eq!(house.held(0), 1);
    let house = house.restart();
    assert_eq!(house.held(0), 1);
    assert_eq!(house.give_back("none").unwrap_err(), Kept::Unknown);
    assert_eq!(house.give_back("web").unwrap_err(), Kept::Never);
    let before = house.cell.full().generation;
    let given = house.give_back("db").unwrap();
    assert_eq!(
        (given.returned, given.failed),
        (vec!["fra".to_string()], vec![])
    );
    assert_eq!((given.generation, house.held(0)), (before + 1, 0));
    let note = house.keeper.status().situation.mover.courses["db"]
        .returned
        .clone();
    let note = note.unwrap();
    assert_eq!(
        (note.who.as_str(), note.why.as_str()),
        ("test", "it is well")
    );
    let again = house.give_back("db").unwrap();
    assert_eq!(
        (again.returned.len(), again.generation),
        (0, given.generation)
    );
    // The disk knows that it is back, and who did it.
    let house = house.restart();
    assert_eq!(house.held(0), 0);
    let courses = house.keeper.status().situation.mover.courses;
    assert_eq!(courses["db"].returned, Some(note));
}

#[test]
fn what_has_failed_still_is_not_brought_back() {
    let house = house("manual");
    house.report("fra-2", State::Down, 1);
    let given = house.give_back("db").unwrap();
    assert_eq!(
        (given.returned, given.failed),
        (vec![], vec!["fra".to_string()])
    );
    house.report("fra-2", State::Up, 2);
    assert_eq!(house.held(0), 1);
}

#[test]
fn the_keeper_wakes_when_the_wait_is_over() {
    let house = house("1s");
    house.fail_and_return(1);
    assert_eq!(house.held(0), 1);
    house.until("the return", |world| {
        world.motion.of(PoolId(0)).held.is_empty()
    });
}

#[test]
fn a_ramp_goes_on_over_a_restart() {
    let house = house("manual");
    house.write("steering.toml", &steering("manual", "{ fra = 1, iad = 9 }"));
    assert!(house.reload().taken);
    let first = house.number();
    assert!(first < 130_000, "{first}");
    let ramp = |house: &House| {
        house.keeper.status().situation.mover.courses["web"]
            .ramps
            .clone()
    };
    let before = ramp(&house);
    let house = house.restart();
    assert_eq!(ramp(&house), before);
    assert!((first..200_000).contains(&house.number()));
}

#[test]
fn a_reload_that_brings_a_ramp_ramps_what_it_changes() {
    let house = House::new();
    let plain = steering("manual", "{ fra = 1, iad = 1 }").replace("ramp = \"1%\"\n", "");
    house.write("steering.toml", &plain);
    assert!(house.reload().taken);
    house.write("steering.toml", &steering("manual", "{ fra = 1, iad = 9 }"));
    assert!(house.reload().taken);
    // A ninth of the new number is the old one.
    assert!(house.number() < 130_000, "{}", house.number());
}

#[test]
fn nothing_is_written_while_nothing_turns() {
    let house = house("manual");
    house.report("fra-2", State::Down, 1);
    let generation = house.cell.full().generation;
    let courses = house.keeper.status().situation.mover;
    for seq in 2..6 {
        house.report("fra-2", State::Down, seq);
    }
    assert_eq!(house.cell.full().generation, generation);
    assert_eq!(house.keeper.status().situation.mover, courses);
}
