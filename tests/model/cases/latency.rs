//! Round trips as they were measured: from places of all kinds to some of the sites.

use super::super::boundaries;
use super::super::client::Client;
use super::super::estate::{Estate, Trip};
use super::places::is_clear;
use super::{Tape, pools};

/// Lines from a few places, in most estates.
pub(super) fn latency(tape: &mut Tape<'_>, estate: &mut Estate) {
    let placed = |site: &usize| estate.sites[*site].location.is_some();
    let sites: Vec<usize> = (0..estate.sites.len()).filter(placed).collect();
    if sites.is_empty() || !tape.percent(70) {
        return;
    }
    for _ in 0..1 + tape.below(8) {
        let place = pools::place(tape, estate);
        if estate.latency.iter().any(|trip| trip.place == place) {
            continue;
        }
        for site in tape.several(&sites, 5) {
            let micros = match tape.below(4) {
                0 => tape.below(8) as i64 * 1_000,
                1 => 10_000_000,
                _ => tape.below(250_000) as i64,
            };
            estate.latency.push(Trip {
                place: place.clone(),
                site,
                micros,
                samples: tape.pick(&[100, 1, 5, 20, 100, 10_000, 1_000_000_000]),
            });
        }
    }
    clear(estate);
}

/// Takes back what was measured from places whose clients it puts too near to a border between two orders of sites.
pub(crate) fn clear(estate: &mut Estate) {
    loop {
        let clients = boundaries(estate, [0; 16].into()).into_iter();
        let mut clients = clients.map(|addr| Client::at(estate, addr));
        let astray = clients.find(|client: &Client| !is_clear(estate, client));
        let place = astray.and_then(|client| {
            let trips = client.measured(estate);
            Some(trips.first()?.place.clone())
        });
        let Some(place) = place else { return };
        estate.latency.retain(|trip| trip.place != place);
    }
}
