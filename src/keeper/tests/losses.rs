//! Estates that lose names: taken out by hand, all at once, or left to the zone file.

use super::*;

/// The small estate with so many names more, all answered by one VIP of both families.
fn named(names: usize) -> String {
    let more: String = (0..names)
        .map(|n| format!("\"n{n}.example.com.\" = \"fra-1\"\n"))
        .collect();
    format!("{STEERING}{more}")
}

fn refused(house: &House) -> String {
    let reloaded = house.reload();
    assert!(!reloaded.taken);
    let lines: Vec<String> = reloaded.diagnostics.iter().map(|d| d.line()).collect();
    lines.join("\n")
}

fn force(house: &House, force: crate::keeper::Force) -> Reloaded {
    let (reply, answer) = oneshot::channel();
    let change = Change::Reload {
        cause: Arc::from("test"),
        touched: Touched::Everything,
        force,
        reply: Some(reply),
    };
    house.keeper.send(change).unwrap();
    answer.blocking_recv().unwrap()
}

#[test]
fn most_names_do_not_go_at_once() {
    let house = House::steered(&named(29));
    house.write("steering.toml", &named(15));
    assert!(house.reload().taken, "14 of 30");
    house.write("steering.toml", &named(29));
    assert!(house.reload().taken);
    house.write("steering.toml", &named(13));
    let why = refused(&house);
    assert!(
        why.contains("drops 16 of the 30 steered names in force, 53.33%"),
        "{why}"
    );
    assert_eq!(house.cell.full().estate.steered(), 30);
    // What the zone file answers from then on is not dropped.
    let hosts: String = (13..29).map(|n| format!("n{n} A 192.0.2.{n}\n")).collect();
    house.write("example.com.zone", &(zone(2) + &hosts));
    assert!(house.reload().taken);
    assert_eq!(house.cell.full().estate.steered(), 14);
    // Below 20 any part may go.
    house.write("steering.toml", STEERING);
    assert!(house.reload().taken);
}

/// By family, also where other names come and go, so that names are looked up and not counted off.
#[test]
fn a_name_that_stays_keeps_its_families() {
    let house = House::steered(&named(3));
    let less = |text: &str| text.replace("address = \"192.0.2.1\", ", "");
    house.write("steering.toml", &less(&named(3)));
    let why = refused(&house);
    assert!(
        why.contains("`n0.example.com.` and 2 more names had IPv4 addresses, and would have none"),
        "{why}"
    );
    house.write("steering.toml", &less(&named(2)));
    let why = refused(&house);
    assert!(
        why.contains("`n0.example.com.` and 1 more name had IPv4"),
        "{why}"
    );
    assert!(!force(&house, crate::keeper::Force::Databases).taken);
    assert!(force(&house, crate::keeper::Force::Estate).taken);
    // What has none cannot lose any.
    house.write("steering.toml", &less(&named(1)));
    assert!(house.reload().taken);
}

#[test]
fn what_two_force_is_both() {
    use crate::keeper::Force::{All, Databases, Estate, No};
    assert_eq!(No.and(Estate), Estate);
    assert_eq!(Databases.and(No), Databases);
    assert_eq!(Databases.and(Estate), All);
    assert_eq!(All.and(Estate), All);
    assert!(All.databases() && All.estate() && !Estate.databases() && !Databases.estate());
}
