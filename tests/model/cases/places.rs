//! Where things are: random sites, VIPs and databases.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::estate::{Correction, Estate, Facts, Place, Point, Site, Vip};
use super::super::network::Network;
use super::super::{boundaries, client};
use super::{CITIES, MARGIN, Tape, city};

pub(super) fn sites(tape: &mut Tape<'_>, estate: &mut Estate) {
    let many = 2 + tape.below(7);
    for i in 0..many {
        let (_, _, _, _, latitude, longitude) = tape.pick(&CITIES);
        let location = (!tape.percent(10)).then_some(Point {
            latitude,
            longitude,
        });
        let bias = tape.pick(&[0, 0, 0, 0, 100, -100, 500, -300, 1000, -2000]);
        let name = format!("{}{i}", tape.pick(&["s", "fra", "m-", "z"]));
        estate.sites.push(Site {
            name,
            location,
            bias,
        });
    }
}

pub(super) fn vips(tape: &mut Tape<'_>, estate: &mut Estate) {
    let many = 2 + tape.below(15);
    // Failure domains say something only where several VIPs of a site share few of them.
    let dense = tape.percent(35);
    let words = [None, Some("a"), Some("b"), None, Some("a"), Some("rack-3")];
    let words = if dense {
        [Some("a"), Some("a"), Some("b"), Some("a"), Some("b"), None]
    } else {
        words
    };
    for i in 0..many {
        let families = tape.below(10);
        let last = i as u8 + 1;
        let v6 = Ipv6Addr::new(0x2001, 0xdb8, 0xf, 0, 0, 0, 0, last.into());
        let many = estate.sites.len();
        let near = if dense { 85 } else { 40 };
        let site = if tape.percent(near) {
            tape.below(if dense { 2 } else { 3 }.min(many))
        } else {
            tape.below(many)
        };
        estate.vips.push(Vip {
            // Names in another order than the file's.
            name: format!(
                "{}{i}",
                tape.pick(&["v", "edge-", "a", "w9-", "v-long-name-"])
            ),
            v4: (families < 8).then_some(Ipv4Addr::new(192, 0, 2, last)),
            v6: (families != 7).then_some(v6),
            site: (!tape.percent(20)).then_some(site),
            weight: tape.pick(&[1, 1, 1, 2, 3, 0, 7, 10, 30, 60, 0, 1_000_000]),
            failure_domain: tape.pick(&words).map(str::to_string),
        });
    }
}

/// VIPs that give a CNAME, at sites of their own: a site with both kinds could stand in no pool. What they lead to is
/// drawn when there are names.
pub(super) fn cnames(tape: &mut Tape<'_>, estate: &mut Estate) {
    let many = tape.below(5);
    let first = estate.sites.len();
    for i in 0..if many > 0 { 2 } else { 0 } {
        let (_, _, _, _, latitude, longitude) = tape.pick(&CITIES);
        let location = Some(Point {
            latitude,
            longitude,
        });
        let name = format!("k{i}");
        estate.sites.push(Site {
            name,
            location,
            bias: 0,
        });
    }
    for i in 0..many {
        estate.cnames.insert(estate.vips.len(), String::new());
        estate.vips.push(Vip {
            name: format!("{}{i}", tape.pick(&["cdn-", "b", "x"])),
            v4: None,
            v6: None,
            site: (!tape.percent(30)).then_some(first + tape.below(2)),
            weight: tape.pick(&[1, 1, 2, 0, 80, 20]),
            failure_domain: None,
        });
    }
}

/// Addresses come from a few corners of the space, so that networks nest and lie side by side.
pub(super) fn address(tape: &mut Tape<'_>, v4: bool) -> IpAddr {
    if v4 {
        let high = tape.pick(&[81u32, 5, 23, 100, 200, 80]) << 24;
        let low = tape.word();
        let low = if tape.percent(50) {
            low & 0x00ff_ffff
        } else {
            low & 0x0003_0fff
        };
        IpAddr::V4((high | low).into())
    } else {
        let high = tape.pick(&[0x2001_0600u128, 0x2400_0000, 0x2600_1f00, 0x2a00_0000]) << 96;
        let low = tape.bits() >> 32;
        let low = if tape.percent(50) {
            low
        } else {
            low & (0xff0f << 72)
        };
        IpAddr::V6((high | low).into())
    }
}

pub(super) fn networks(tape: &mut Tape<'_>, estate: &mut Estate) {
    let many = 20 + tape.below(41);
    for _ in 0..many {
        let v4 = !tape.percent(40);
        let addr = address(tape, v4);
        let len = if v4 {
            6 + tape.below(22)
        } else {
            16 + tape.below(45)
        };
        let network = Network::around(addr, len as u8);
        let facts = facts(tape);
        if estate.networks.iter().all(|(known, _)| *known != network) {
            estate.networks.push((network, facts));
        }
    }
}

/// What the databases get wrong: at, inside and around their networks, and inside of each other.
pub(super) fn corrections(tape: &mut Tape<'_>, estate: &mut Estate) {
    let many = tape.below(3) * tape.below(6);
    for _ in 0..many {
        let known: Vec<Network> = (estate.networks.iter().map(|(network, _)| *network))
            .chain(estate.corrections.iter().map(|one| one.network))
            .collect();
        let network = tape.pick(&known);
        let width = Network::width(network.addr);
        let len = (network.len + tape.below(7) as u8).saturating_sub(2);
        let network = Network::around(network.addr, len.clamp(1, width));
        let (city, country, continent, parts, latitude, longitude) = city(tape);
        // Namibia's code stands for North America elsewhere: only the plain form is clear.
        let plain = country == "NA" || tape.percent(40);
        let place = match tape.below(3) {
            _ if plain => Place::Country(country.to_string()),
            0 => Place::City(country.to_string(), city.to_string()),
            1 if !parts.is_empty() => Place::Subdivision(format!("{country}-{}", tape.pick(parts))),
            _ if !parts.is_empty() => {
                Place::City(format!("{country}-{}", tape.pick(parts)), city.to_string())
            }
            _ => Place::Country(country.to_string()),
        };
        let what = tape.below(3);
        let one = Correction {
            network,
            place: (what != 1).then(|| (place, continent.to_string())),
            location: (what != 0).then_some(Point {
                latitude,
                longitude,
            }),
            listed: tape.percent(50),
        };
        if estate
            .corrections
            .iter()
            .all(|known| known.network != network)
        {
            estate.corrections.push(one);
        }
    }
}

pub(super) fn facts(tape: &mut Tape<'_>) -> Facts {
    let (city, country, continent, parts, latitude, longitude) = city(tape);
    let mut facts = Facts {
        continent: Some(continent.to_string()),
        country: Some(country.to_string()),
        subdivisions: parts.iter().map(|part| part.to_string()).collect(),
        city: Some(city.to_string()),
        location: Some(Point {
            latitude: latitude + tape.below(200) as i32 * 10_000,
            longitude: longitude + tape.below(100) as i32 * 10_000,
        }),
        radius: tape.pick(&[None, Some(20), Some(1), Some(200), Some(1_000), Some(5_000)]),
        system: None,
    };
    // Databases know less of some networks.
    let known = tape.below(10);
    if known >= 5 {
        facts.city = None;
    }
    if known >= 6 {
        facts.subdivisions.clear();
    }
    if known >= 7 || known == 4 {
        (facts.location, facts.radius) = (None, None);
    }
    if known >= 8 {
        facts.country = None;
    }
    if known >= 9 {
        facts.continent = None;
    }
    if tape.percent(50) {
        facts.system = Some(64_500 + tape.below(5) as u32);
    }
    facts
}

/// Takes positions away that lie too near a border between two orders of sites.
pub(super) fn clear_positions(estate: &mut Estate) {
    for i in 0..estate.networks.len() {
        for attempt in 0..20 {
            let here = client::Client {
                addr: estate.networks[i].0.addr,
                facts: estate.networks[i].1.clone(),
            };
            if is_clear(estate, &here) {
                break;
            }
            let facts = &mut estate.networks[i].1;
            match (&mut facts.location, attempt) {
                (Some(point), 0..18) => point.latitude += 170_000,
                _ => {
                    *facts = Facts {
                        system: facts.system,
                        ..Facts::default()
                    }
                }
            }
        }
    }
    clear_corrections(estate);
}

/// Takes corrections back that put clients too near to such a border.
fn clear_corrections(estate: &mut Estate) {
    let astray = |estate: &Estate| {
        boundaries(estate, [0; 16].into())
            .into_iter()
            .any(|addr| !is_clear(estate, &client::Client::at(estate, addr)))
    };
    while !estate.corrections.is_empty() && astray(estate) {
        estate.corrections.pop();
    }
}

/// Whether every order of sites, and every tie, is decided by at least [`MARGIN`] for this client.
pub(crate) fn is_clear(estate: &Estate, client: &client::Client) -> bool {
    let Some(here) = client.position(estate) else {
        return true;
    };
    let trips = client.measured(estate);
    // Microseconds beyond the least round trip, the bias, and by how much the former may be off.
    let far = |site: usize| {
        let way = 15 * client::kilometres(here, estate.sites[site].location?);
        let bias = 15 * estate.sites[site].bias;
        Some(match trips.iter().find(|trip| trip.site == site) {
            Some(trip) => {
                let (n, micros) = (trip.samples, trip.micros - 5_000);
                let beyond = (n * micros + 20 * way).div_euclid(n + 20);
                (beyond, bias, 2 + 15 * MARGIN * 20 / (n + 20))
            }
            None => (way, bias, 15 * MARGIN),
        })
    };
    let ties = estate.pools.iter().map(|pool| pool.tie).chain([0]);
    let radius = client.facts.radius.map(|radius| radius.min(1_000));
    let ties: Vec<i64> = ties.chain(radius).collect();
    let apart = |a: usize, b: usize| {
        let (Some(one), Some(two)) = (far(a), far(b)) else {
            return true;
        };
        let exact = |site: usize| trips.iter().all(|trip| trip.site != site);
        if exact(a) && exact(b) && estate.sites[a].location == estate.sites[b].location {
            return true;
        }
        let margin = one.2.max(two.2);
        let cost = |(beyond, bias, _): (i64, i64, i64)| beyond.max(0) - bias;
        let between = (cost(one) - cost(two)).abs();
        // Both as near as can be: what lies below decides.
        let below =
            one.1 == two.1 && one.0.max(two.0) <= -margin && (one.0 - two.0).abs() >= margin;
        (ties.iter()).all(|tie| (between - 15 * tie).abs() >= margin || (*tie == 0 && below))
    };
    let sites = 0..estate.sites.len();
    sites
        .clone()
        .all(|a| sites.clone().all(|b| a == b || apart(a, b)))
}
