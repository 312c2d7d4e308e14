//! The brake: what goes, what is held, for how long, and what nothing may break.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may")]

use std::sync::Arc;

use super::{Brake, Losses, Mark, Why, lost};
use crate::config::estate::Steering;
use crate::diagnostic::Source;
use crate::health::verdict::{Both, State, Verdict, Verdicts};

mod laws;
mod plain;

/// Three sites of two VIPs each, and a VIP that stands nowhere; all of one size.
const PLACES: &str = "[sites]\nams = {}\nfra = {}\niad = {}\n[vips]\n\
                      ams-1 = { site = \"ams\", address = \"192.0.2.1\" }\n\
                      ams-2 = { site = \"ams\", address = \"192.0.2.2\" }\n\
                      fra-1 = { site = \"fra\", address = \"192.0.2.3\" }\n\
                      fra-2 = { site = \"fra\", address = \"192.0.2.4\" }\n\
                      iad-1 = { site = \"iad\", address = \"192.0.2.5\" }\n\
                      iad-2 = { site = \"iad\", address = \"192.0.2.6\" }\n\
                      own = { address = \"192.0.2.7\" }\n";

const NAMES: &str = "[names]\n\"a.example.\" = \"ams\"\n\"f.example.\" = \"fra\"\n\"i.example.\" = \"iad\"\n\"o.example.\" = \"own\"\n";

/// Keys that hold by sites alone.
const BY_SITES: &str = "[brake]\nshare = \"100%\"\nmin_sites = 0\nmin_capacity = \"0%\"\n";

pub(super) fn steering(text: &str) -> Arc<Steering> {
    let source = Source::new("zones/steering.toml", text);
    let (steering, found) = crate::config::steering(&[source], &crate::config::alone);
    let lines: Vec<String> = found.iter().map(|d| d.line()).collect();
    Arc::new(steering.unwrap_or_else(|| panic!("{lines:?}")))
}

pub(super) fn verdict(state: State, since: u64) -> Verdict {
    Verdict { state, since }
}

/// A brake at work, from a second on.
struct Stage {
    steering: Arc<Steering>,
    brake: Brake,
    wanted: Vec<Both>,
    now: u64,
    forced: Vec<&'static str>,
}

impl Stage {
    fn new(keys: &str) -> Stage {
        let steering = steering(&format!("{PLACES}{NAMES}{keys}"));
        let mut stage = Stage {
            wanted: vec![Both::UNKNOWN; steering.vips.len()],
            steering,
            brake: Brake::default(),
            now: 1_000,
            forced: Vec::new(),
        };
        stage.step();
        stage
    }

    fn place(&self, name: &str) -> usize {
        let mut vips = self.steering.vips.iter();
        vips.position(|vip| vip.name == name).unwrap()
    }

    fn want(&mut self, state: State, names: &[&str]) {
        for name in names {
            let at = self.place(name);
            self.wanted[at] = Both::same(verdict(state, self.now));
        }
    }

    fn step(&mut self) -> Verdicts {
        let forced = self.forced.clone();
        let forced = |name: &str| forced.contains(&name);
        let wanted = Verdicts::new(&self.wanted);
        self.brake.step(&self.steering, &wanted, forced, self.now)
    }

    /// Reports these down in one moment. All that is lost in force comes back.
    fn down(&mut self, names: &[&str]) -> String {
        self.want(State::Down, names);
        self.gone()
    }

    fn up(&mut self, names: &[&str]) -> String {
        self.want(State::Up, names);
        self.gone()
    }

    fn later(&mut self, seconds: u64) -> String {
        self.now += seconds;
        self.gone()
    }

    fn gone(&mut self) -> String {
        let verdicts = self.step();
        let vips = self.steering.vips.iter().zip(verdicts.iter());
        let gone = vips.filter(|(_, both)| lost(*both));
        let gone: Vec<&str> = gone.map(|(vip, _)| vip.name.as_str()).collect();
        gone.join(" ")
    }

    fn held(&self) -> Vec<(&str, Why)> {
        let held = self.brake.held();
        held.map(|(name, held)| (&**name, held.why)).collect()
    }
}

#[test]
fn without_bounds_all_is_as_wanted() {
    let mut stage = Stage::new("");
    let all = "ams-1 ams-2 fra-1 fra-2 iad-1 iad-2 own";
    let names: Vec<&str> = all.split(' ').collect();
    assert_eq!(stage.down(&names), all);
    assert_eq!(stage.brake.marks(), None);
    assert_eq!(stage.brake.next(), None);
}

/// The first goes, the second is held until the window has passed, and then it goes as of that moment.
#[test]
fn one_site_a_window() {
    let mut stage = Stage::new(BY_SITES);
    assert_eq!(stage.down(&["ams-1", "ams-2"]), "ams-1 ams-2");
    assert_eq!(stage.later(10), "ams-1 ams-2");
    assert_eq!(stage.down(&["fra-1", "fra-2"]), "ams-1 ams-2");
    assert_eq!(stage.held(), [("fra-1", Why::Sites), ("fra-2", Why::Sites)]);
    assert_eq!(stage.brake.next(), Some(1_060));
    assert_eq!(stage.later(49), "ams-1 ams-2");
    assert_eq!(stage.later(1), "ams-1 ams-2 fra-1 fra-2");
    assert_eq!(stage.brake.next(), None);
    let verdicts = stage.step();
    assert_eq!(verdicts.at(2).v4, verdict(State::Down, 1_060));
    assert_eq!(verdicts.at(0).v4, verdict(State::Down, 1_000));
    // The third counts from when the second went.
    assert_eq!(stage.down(&["iad-1", "iad-2"]), "ams-1 ams-2 fra-1 fra-2");
    assert_eq!(stage.brake.next(), Some(1_120));
}

#[test]
fn what_is_well_again_is_held_no_more() {
    let mut stage = Stage::new(BY_SITES);
    stage.down(&["ams-1", "ams-2"]);
    stage.down(&["fra-1", "fra-2"]);
    assert_eq!(stage.held().len(), 2);
    assert_eq!(stage.up(&["fra-1"]), "ams-1 ams-2 fra-2");
    assert_eq!(stage.held(), []);
    // What came back is no loss any more.
    assert_eq!(stage.up(&["ams-1", "ams-2"]), "fra-2");
    assert_eq!(stage.down(&["iad-1", "iad-2"]), "fra-2 iad-1 iad-2");
}

/// In one moment sites go by name, each whole or not at all; a VIP without a site is one.
#[test]
fn in_one_moment_by_name() {
    let mut stage = Stage::new(&BY_SITES.replace("share", "sites = 2\nshare"));
    let all = ["ams-1", "ams-2", "fra-1", "fra-2", "iad-1", "iad-2", "own"];
    assert_eq!(stage.down(&all), "ams-1 ams-2 fra-1 fra-2");
    assert_eq!(stage.later(60), "ams-1 ams-2 fra-1 fra-2 iad-1 iad-2 own");
}

#[test]
fn a_part_of_a_site_is_no_site() {
    let mut stage = Stage::new(BY_SITES);
    assert_eq!(
        stage.down(&["ams-1", "fra-1", "iad-1"]),
        "ams-1 fra-1 iad-1"
    );
    assert_eq!(stage.down(&["fra-2"]), "ams-1 fra-1 fra-2 iad-1");
    assert_eq!(stage.down(&["iad-2"]), "ams-1 fra-1 fra-2 iad-1");
    assert_eq!(stage.held(), [("iad-2", Why::Sites)]);
}

/// Past the share VIPs are held one by one; a first site goes whatever it weighs.
#[test]
fn the_share_of_all_capacity() {
    let keys = "[brake]\nsites = 9\nshare = \"50%\"\nmin_sites = 0\nmin_capacity = \"0%\"\n";
    let mut stage = Stage::new(keys);
    assert_eq!(
        stage.down(&["ams-1", "fra-1", "iad-1", "own"]),
        "ams-1 fra-1 iad-1 own"
    );
    let mut stage = Stage::new(keys);
    assert_eq!(
        stage.down(&["ams-1", "ams-2", "fra-1"]),
        "ams-1 ams-2 fra-1"
    );
    assert_eq!(stage.down(&["iad-1"]), "ams-1 ams-2 fra-1");
    assert_eq!(stage.held(), [("iad-1", Why::Share)]);
    let heavy = keys.replace("50%", "0%");
    let mut stage = Stage::new(&heavy);
    assert_eq!(stage.down(&["ams-1", "ams-2"]), "ams-1 ams-2");
    assert_eq!(stage.down(&["fra-1"]), "ams-1 ams-2");
    assert_eq!(stage.later(60), "ams-1 ams-2 fra-1");
    // The only one that is lost whole, though another lost a part before.
    let mut stage = Stage::new(&heavy);
    assert_eq!(stage.down(&["fra-1"]), "fra-1");
    assert_eq!(stage.down(&["ams-1"]), "fra-1");
    assert_eq!(stage.down(&["ams-2"]), "ams-1 ams-2 fra-1");
}

#[test]
fn floors_hold_whoever_comes_first_and_for_ever() {
    let mut stage = Stage::new(
        "[brake]\nwindow = \"1s\"\nshare = \"100%\"\nmin_sites = 3\nmin_capacity = \"0%\"\n",
    );
    assert_eq!(stage.down(&["ams-1", "ams-2"]), "ams-1 ams-2");
    stage.later(1);
    assert_eq!(stage.down(&["own"]), "ams-1 ams-2");
    assert_eq!(stage.held(), [("own", Why::MinSites)]);
    assert_eq!(stage.brake.next(), None);
    assert_eq!(stage.later(86_400), "ams-1 ams-2");
    assert_eq!(stage.up(&["ams-2"]), "ams-1 own");
    let mut stage = Stage::new("[brake]\nwindow = \"1s\"\nmin_sites = 0\nmin_capacity = \"80%\"\n");
    assert_eq!(stage.down(&["ams-1"]), "ams-1");
    assert_eq!(stage.down(&["ams-2"]), "ams-1");
    assert_eq!(stage.held(), [("ams-2", Why::MinCapacity)]);
}

/// One family is enough to be in force, and each family has its own verdict while a VIP is held.
#[test]
fn lost_is_lost_by_both_addresses() {
    let mut stage = Stage::new(BY_SITES);
    stage.down(&["ams-1", "ams-2", "fra-1"]);
    let at = stage.place("fra-2");
    stage.wanted[at].v4 = verdict(State::Down, 1_000);
    stage.wanted[at].v6 = verdict(State::Degraded(7), 900);
    let before = stage.wanted[at];
    assert_eq!(stage.gone(), "ams-1 ams-2 fra-1");
    assert_eq!(stage.held(), []);
    stage.wanted[at].v6 = verdict(State::Drain, 1_000);
    assert_eq!(stage.step().at(at), before);
    assert_eq!(stage.held(), [("fra-2", Why::Sites)]);
}

#[test]
fn what_is_forced_goes_and_counts() {
    let mut stage = Stage::new(BY_SITES);
    stage.down(&["ams-1", "ams-2"]);
    stage.forced = vec!["fra-1", "fra-2"];
    assert_eq!(stage.down(&["fra-1", "fra-2"]), "ams-1 ams-2 fra-1 fra-2");
    stage.now += 59;
    stage.up(&["ams-1", "ams-2"]);
    assert_eq!(stage.down(&["iad-1", "iad-2"]), "fra-1 fra-2");
}

#[test]
fn a_release_lets_all_go_once() {
    let mut stage = Stage::new("[brake]\nmin_sites = 3\n");
    stage.down(&["ams-1", "ams-2", "own", "fra-1", "fra-2"]);
    let held: Vec<&str> = stage.held().iter().map(|(name, _)| *name).collect();
    assert_eq!(held, ["fra-1", "fra-2", "own"]);
    let released = stage.brake.release(stage.now);
    assert_eq!(released.len(), 3);
    assert_eq!(stage.gone(), "ams-1 ams-2 fra-1 fra-2 own");
    assert_eq!(
        stage.down(&["iad-1", "iad-2"]),
        "ams-1 ams-2 fra-1 fra-2 own"
    );
    // Who came back is held to the bounds again.
    stage.up(&["own"]);
    assert_eq!(stage.down(&["own"]), "ams-1 ams-2 fra-1 fra-2");
}

#[test]
fn an_order_is_allowed_as_a_report_would_go() {
    let mut stage = Stage::new(BY_SITES);
    let ask = |stage: &Stage, names: &[&str]| {
        let wanted = Verdicts::new(&stage.wanted);
        let told = stage
            .brake
            .allows(&stage.steering, &wanted, names, stage.now);
        told.map_err(|barred| {
            let names = barred.iter().map(|(name, why)| format!("{name} {why:?}"));
            names.collect::<Vec<_>>().join(", ")
        })
    };
    assert_eq!(ask(&stage, &["fra-1", "fra-2"]), Ok(()));
    stage.down(&["ams-1", "ams-2"]);
    assert_eq!(ask(&stage, &["fra-1"]), Ok(()));
    assert_eq!(
        ask(&stage, &["fra-1", "fra-2"]),
        Err("fra-1 Sites, fra-2 Sites".into())
    );
    assert_eq!(ask(&stage, &["ams-1"]), Ok(()), "it is lost already");
    stage.down(&["own"]);
    assert_eq!(ask(&stage, &["own"]), Err("own Sites".into()), "it is held");
    assert_eq!(ask(&stage, &["fra-1"]), Ok(()), "another is held");
    assert_eq!(
        stage.held(),
        [("own", Why::Sites)],
        "asking changes nothing"
    );
}

/// Over a restart marks stand; what was reported in the last moment is judged as if it were now.
#[test]
fn remembered_over_a_restart() {
    let mut stage = Stage::new(BY_SITES);
    stage.down(&["ams-1", "ams-2"]);
    stage.up(&["fra-1"]);
    stage.want(State::Degraded(500_000), &["fra-2"]);
    stage.step();
    stage.down(&["fra-1", "fra-2"]);
    let held = stage.held().len();
    assert_eq!(held, 2);
    stage.brake = Brake::resume(stage.brake.marks().cloned());
    stage.now += 5;
    assert_eq!(stage.down(&["own"]), "ams-1 ams-2");
    assert_eq!(stage.held().len(), 3);
    let at = stage.place("fra-2");
    assert_eq!(stage.step().at(at).v4.state, State::Degraded(500_000));
    assert_eq!(stage.later(55), "ams-1 ams-2 fra-1 fra-2");
    // Whoever had no brake before has no losses to be held for.
    let mut stage = Stage::new(BY_SITES);
    stage.brake = Brake::resume(None);
    assert_eq!(stage.down(&["ams-1", "ams-2", "own"]), "ams-1 ams-2 own");
}

/// A VIP that comes with a reload was not in force; one that leaves is forgotten; new bounds hold from then on.
#[test]
fn reloads() {
    let mut stage = Stage::new(BY_SITES);
    stage.down(&["ams-1", "ams-2"]);
    stage.down(&["own"]);
    let more = PLACES.replace("own =", "new = { address = \"192.0.2.8\" }\nown =");
    let names = NAMES.replace("\"own\"", "\"own\"\n\"n.example.\" = \"new\"");
    stage.steering = steering(&format!("{more}{names}{BY_SITES}"));
    stage
        .wanted
        .insert(6, Both::same(verdict(State::Down, 400)));
    assert_eq!(stage.gone(), "ams-1 ams-2 new");
    assert_eq!(stage.held(), [("own", Why::Sites)]);
    let without = format!("{PLACES}{NAMES}{BY_SITES}");
    stage.steering = steering(&without);
    stage.wanted.remove(6);
    assert_eq!(stage.gone(), "ams-1 ams-2");
    stage.steering = steering(&format!("{PLACES}{NAMES}"));
    assert_eq!(stage.gone(), "ams-1 ams-2 own");
    stage.steering = steering(&without);
    assert_eq!(stage.gone(), "ams-1 ams-2 own");
    assert_eq!(stage.held(), []);
}

#[test]
fn a_clock_that_went_back_makes_no_window_longer() {
    let mut stage = Stage::new(BY_SITES);
    stage.now += 100_000;
    stage.down(&["ams-1", "ams-2"]);
    stage.now -= 90_000;
    stage.down(&["own"]);
    assert_eq!(stage.held().len(), 1);
    assert_eq!(stage.later(60), "ams-1 ams-2 own");
}

#[test]
fn losses_are_counted() {
    let mut stage = Stage::new(BY_SITES);
    stage.down(&["ams-1", "ams-2", "fra-1"]);
    stage.down(&["own"]);
    let losses = |stage: &Stage| stage.brake.losses(&stage.steering, stage.now);
    let expected = Losses {
        held: 1,
        vips: 3,
        sites: 1,
        share: 428_571,
    };
    assert_eq!(losses(&stage), expected);
    stage.now += 60;
    assert_eq!(
        losses(&stage),
        Losses {
            held: 1,
            ..Losses::default()
        }
    );
}

#[test]
fn bounds_in_words() {
    let stage = Stage::new("[brake]\n");
    let bounds = stage.steering.brake.unwrap();
    let words = [Why::Sites, Why::Share, Why::MinSites, Why::MinCapacity].map(|w| w.words(&bounds));
    assert_eq!(
        words,
        [
            "the brake holds it: 1 site may be lost within 60 s, and so many are",
            "the brake holds it: with it more than 50% of all capacity would be lost within 60 s",
            "the brake holds it: fewer than 1 site would be left",
            "the brake holds it: less than 25% of all capacity would be left",
        ]
    );
    assert_eq!(Mark::Lost(1), Mark::Lost(1));
}
