//! Databases of different kinds for one estate: City, Country and ASN files, one over the other on networks of their own.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use super::cases;
use super::client::Client;
use super::estate::{Case, Estate, Facts, Point};
use super::network::Network;
use super::{mmdb, served};
use crate::server::Server;

/// Files by label, in the order of precedence; none where there would be nothing in one.
pub(super) type Files = Vec<(&'static str, Option<Vec<u8>>)>;

/// The estate with other databases, drawn from the seed, and their files. What the estate then says of its networks is
/// what all files together say.
pub(super) fn databases(
    mut estate: Estate,
    seed: u64,
    centroids: &[(String, Point)],
) -> (Estate, Files) {
    let (mut estate, files) = match seed % 4 {
        0 => {
            let files = vec![
                ("City.mmdb", mmdb::to_mmdb(&estate)),
                ("ASN.mmdb", mmdb::to_asn_mmdb(&estate)),
            ];
            (estate, files)
        }
        1 => {
            for at in 0..estate.networks.len() {
                estate.networks[at].1 = country(&estate, &estate.networks[at].1);
            }
            let files = vec![("Country.mmdb", mmdb::to_country_mmdb(&estate))];
            (estate, files)
        }
        2 => {
            for (_, facts) in &mut estate.networks {
                *facts = system(facts);
            }
            let files = vec![("ASN.mmdb", mmdb::to_asn_mmdb(&estate))];
            (estate, files)
        }
        _ => layered(estate, seed, centroids),
    };
    // Other facts are other places, from which other round trips were measured.
    cases::clear_latency(&mut estate);
    (estate, files)
}

/// Countries over cities over systems, each on its own networks.
fn layered(mut estate: Estate, seed: u64, centroids: &[(String, Point)]) -> (Estate, Files) {
    let other = |n: u64| cases::estate(&cases::tapes(seed.wrapping_add(n)), centroids).networks;
    let only = |networks| Estate {
        networks,
        ..Estate::default()
    };
    let countries = other(1).into_iter();
    let countries = countries.map(|(network, facts)| (network, country(&estate, &facts)));
    let countries = only(countries.collect());
    let systems = other(2).into_iter();
    let systems = only(systems.map(|(n, facts)| (n, system(&facts))).collect());
    let cities = estate.networks.drain(..);
    let cities = cities.map(|(network, facts)| {
        let system = None;
        (network, Facts { system, ..facts })
    });
    let cities = only(cities.collect());
    let files = vec![
        ("Country.mmdb", mmdb::to_country_mmdb(&countries)),
        ("City.mmdb", mmdb::to_mmdb(&cities)),
        ("ASN.mmdb", mmdb::to_asn_mmdb(&systems)),
    ];
    let layers = [countries, cities, systems];
    for layer in &layers {
        for (network, _) in &layer.networks {
            if estate.networks.iter().all(|(known, _)| known != network) {
                let said = layers.iter().map(|layer| of(layer, *network));
                let facts = said.reduce(over).unwrap_or_default();
                estate.networks.push((*network, facts));
            }
        }
    }
    (estate, files)
}

/// What a Country database has of these facts: nothing where a border between two orders of sites would be too near.
fn country(estate: &Estate, facts: &Facts) -> Facts {
    let continent = Facts {
        continent: facts.continent.clone(),
        ..Facts::default()
    };
    let all = Facts {
        country: facts.country.clone(),
        ..continent.clone()
    };
    // Round trips are cleared when all facts are known.
    let without = Estate {
        latency: Vec::new(),
        ..estate.clone()
    };
    let clear = |facts: &Facts| {
        let client = Client {
            addr: [0; 4].into(),
            facts: facts.clone(),
        };
        cases::is_clear(&without, &client)
    };
    if clear(&all) && clear(&continent) {
        all
    } else {
        Facts::default()
    }
}

fn system(facts: &Facts) -> Facts {
    Facts {
        system: facts.system,
        ..Facts::default()
    }
}

/// What a database says of a whole network: what it says of the longest of its own around it.
fn of(layer: &Estate, network: Network) -> Facts {
    let around = layer
        .networks
        .iter()
        .filter(|(known, _)| known.len <= network.len && known.contains(network.addr));
    let longest = around.max_by_key(|(known, _)| known.len);
    longest.map_or_else(Facts::default, |(_, facts)| facts.clone())
}

/// "Each fact from the first that has it", but a place is added to only by what names all of it, and alike.
fn over(above: Facts, below: Facts) -> Facts {
    let system = above.system.or(below.system);
    let country = match &above.country {
        Some(_) => below.country == above.country,
        None => above.continent.is_none() || below.continent == above.continent,
    };
    let parts = above.subdivisions.is_empty()
        || (!below.subdivisions.is_empty()
            && (above.subdivisions.iter().zip(&below.subdivisions)).all(|(a, b)| a == b));
    let city = above.city.is_none() || below.city == above.city;
    if !(country && parts && city) {
        return Facts { system, ..above };
    }
    let more = below.subdivisions.len() > above.subdivisions.len();
    let subdivisions = if more {
        below.subdivisions
    } else {
        above.subdivisions
    };
    let (location, radius) = match above.location {
        Some(_) => (above.location, above.radius),
        None => (below.location, below.radius),
    };
    Facts {
        continent: above.continent.or(below.continent),
        country: above.country.or(below.country),
        subdivisions,
        city: above.city.or(below.city),
        location,
        radius,
        system,
    }
}

/// Runs a check over random estates, each with databases of its own and a server that has both; what it tallied.
pub(super) fn estates<T: Copy + Default>(
    config: Config,
    check: impl Fn(&Case, &mut Server, u64, &mut T) -> Result<(), String>,
) -> T {
    let centroids = served::centroids();
    let total = Cell::new(T::default());
    let drawn = (cases::any_tapes(), any::<u64>().no_shrink());
    let result = TestRunner::new(config).run(&drawn, |(tapes, seed)| {
        let mut case = cases::case(&tapes, &centroids);
        let (estate, files) = databases(case.estate, seed, &centroids);
        case.estate = estate;
        let mut server = served::start(&case.estate, &files);
        let mut tally = total.get();
        let found = check(&case, &mut server, seed, &mut tally);
        found
            .map_err(|what| TestCaseError::fail(format!("{what}\n{:#?}", case.estate.networks)))?;
        total.set(tally);
        Ok(())
    });
    match result {
        Ok(()) => total.get(),
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(other) => panic!("{other}"),
    }
}
