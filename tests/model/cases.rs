//! Random estates that obey the language, with databases, boards and questions. A case is built from
//! tapes of numbers: a tape of zeros gives the plainest case, so proptest shrinks towards it.

mod fences;
mod latency;
mod motion;
mod places;
mod pools;
mod questions;

use std::net::IpAddr;

use proptest::prelude::*;

use super::estate::{Board, Case, Estate, Point};
pub(crate) use latency::clear as clear_latency;
pub(crate) use places::is_clear;
pub(crate) use pools::{depth, one_site};

/// No decision of distance in a case hangs on less than this many kilometres: the model's
/// floating-point haversine and the server's integers then agree.
pub(crate) const MARGIN: i64 = 3;

/// The time around which boards and questions lie.
pub(crate) const NOW: u64 = 1_700_000_000;

/// City, country, continent, subdivisions, micro-degrees.
type Known = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    i32,
    i32,
);

const CITIES: [Known; 22] = [
    (
        "Frankfurt am Main",
        "DE",
        "europe",
        &["HE"],
        50_110_000,
        8_680_000,
    ),
    ("Hamburg", "DE", "europe", &["HH"], 53_550_000, 10_000_000),
    ("Amsterdam", "NL", "europe", &["NH"], 52_370_000, 4_890_000),
    (
        "London",
        "GB",
        "europe",
        &["ENG", "LND"],
        51_510_000,
        -130_000,
    ),
    (
        "Glasgow",
        "GB",
        "europe",
        &["SCT", "GLG"],
        55_860_000,
        -4_250_000,
    ),
    (
        "Paris",
        "FR",
        "europe",
        &["IDF", "75"],
        48_860_000,
        2_350_000,
    ),
    ("Madrid", "ES", "europe", &["MD"], 40_420_000, -3_700_000),
    (
        "Ashburn",
        "US",
        "north-america",
        &["VA"],
        38_950_000,
        -77_450_000,
    ),
    (
        "San Jose",
        "US",
        "north-america",
        &["CA"],
        37_340_000,
        -121_890_000,
    ),
    (
        "San Jose",
        "CR",
        "north-america",
        &[],
        9_930_000,
        -84_080_000,
    ),
    (
        "Dallas",
        "US",
        "north-america",
        &["TX"],
        32_780_000,
        -96_800_000,
    ),
    (
        "Toronto",
        "CA",
        "north-america",
        &["ON"],
        43_650_000,
        -79_380_000,
    ),
    (
        "São Paulo",
        "BR",
        "south-america",
        &["SP"],
        -23_550_000,
        -46_630_000,
    ),
    (
        "Santiago",
        "CL",
        "south-america",
        &["RM"],
        -33_450_000,
        -70_670_000,
    ),
    (
        "Johannesburg",
        "ZA",
        "africa",
        &["GP"],
        -26_200_000,
        28_040_000,
    ),
    ("Windhoek", "NA", "africa", &["KH"], -22_560_000, 17_080_000),
    ("Nairobi", "KE", "africa", &[], -1_290_000, 36_820_000),
    ("Mumbai", "IN", "asia", &["MH"], 19_080_000, 72_880_000),
    ("Singapore", "SG", "asia", &[], 1_360_000, 103_990_000),
    ("Tokyo", "JP", "asia", &["13"], 35_680_000, 139_690_000),
    (
        "Sydney",
        "AU",
        "oceania",
        &["NSW"],
        -33_870_000,
        151_210_000,
    ),
    ("Suva", "FJ", "oceania", &[], -18_140_000, 178_440_000),
];

/// Rough middles, for tests that have no better table.
pub(crate) fn centroids() -> Vec<(String, Point)> {
    let countries = CITIES.map(|(_, country, _, _, latitude, longitude)| {
        (
            country,
            latitude / 10_000 * 9_000,
            longitude / 10_000 * 9_500,
        )
    });
    let continents = [
        ("africa", 2_000_000, 16_000_000),
        ("asia", 34_000_000, 100_000_000),
        ("europe", 54_000_000, 15_000_000),
        ("north-america", 48_000_000, -100_000_000),
        ("oceania", -25_000_000, 140_000_000),
        ("south-america", -15_000_000, -60_000_000),
    ];
    let mut all: Vec<(String, Point)> = Vec::new();
    for (code, latitude, longitude) in countries.into_iter().chain(continents) {
        if all.iter().all(|(known, _)| known != code) {
            all.push((
                code.to_string(),
                Point {
                    latitude,
                    longitude,
                },
            ));
        }
    }
    all
}

/// Some more often than others, so that clients and rules meet.
fn city(tape: &mut Tape<'_>) -> Known {
    let many = CITIES.len();
    CITIES[tape.below(many).min(tape.below(many))]
}

/// Decisions, one number each; zeros after its end.
struct Tape<'a>(std::slice::Iter<'a, u32>);

impl Tape<'_> {
    fn word(&mut self) -> u32 {
        self.0.next().copied().unwrap_or(0)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.word() as usize % bound
    }

    fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    /// Yes in so many of a hundred cases; no on a tape of zeros.
    fn percent(&mut self, share: usize) -> bool {
        self.below(100) >= 100 - share
    }

    /// Between 1 and `most` different items of the list, in random order.
    fn several<T: Clone>(&mut self, list: &[T], most: usize) -> Vec<T> {
        let mut rest = list.to_vec();
        let many = 1 + self.below(most.min(rest.len()));
        (0..many)
            .map(|_| rest.swap_remove(self.below(rest.len())))
            .collect()
    }

    fn bits(&mut self) -> u128 {
        (0..4).fold(0, |bits, _| bits << 32 | u128::from(self.word()))
    }
}

/// What a case is built from: a tape each for sites and VIPs, networks, pools, boards, questions, motion.
pub(crate) type Tapes = [Vec<u32>; 6];

/// Numbers that a tape of each kind can use up.
const LENGTHS: [usize; 6] = [160, 1300, 2200, 60, 900, 400];

/// Full tapes from one number.
pub(crate) fn tapes(seed: u64) -> Tapes {
    cut(seed, LENGTHS)
}

fn cut(seed: u64, lengths: [usize; 6]) -> Tapes {
    let number = |tape: usize, at: usize| {
        let index = (tape * 1_000_000 + at) as u64;
        (super::draw::hash_bytes(seed, &index.to_le_bytes()) >> 32) as u32
    };
    let tape = |(i, length): (usize, usize)| (0..length).map(|at| number(i, at)).collect();
    let mut all = lengths.into_iter().enumerate().map(tape);
    std::array::from_fn(|_| all.next().unwrap_or_default())
}

/// Tapes for proptest: most are full, and a failing case shrinks by cutting them short.
pub(crate) fn any_tapes() -> impl Strategy<Value = Tapes> {
    let length = |most: usize| prop_oneof![1 => 0..most, 15 => Just(most)];
    let lengths = LENGTHS.map(length);
    (any::<u64>().no_shrink(), lengths).prop_map(|(seed, lengths)| cut(seed, lengths))
}

/// A whole case.
pub(crate) fn case(tapes: &Tapes, centroids: &[(String, Point)]) -> Case {
    let estate = estate(tapes, centroids);
    let mut tape = Tape(tapes[3].iter());
    let many = 1 + tape.below(4);
    let boards: Vec<Board> = (0..many)
        .map(|_| questions::board(&mut tape, &estate))
        .collect();
    let mut tape = Tape(tapes[4].iter());
    let queries = (0..40)
        .map(|_| questions::query(&mut tape, &estate, boards.len()))
        .collect();
    let mut tape = Tape(tapes[5].iter());
    let motions = boards.iter().map(|_| motion::motion(&mut tape, &estate));
    let motions = motions.collect();
    Case {
        estate,
        boards,
        motions,
        queries,
    }
}

/// So many addresses of clients, mostly where something may change.
pub(crate) fn clients(seed: u64, estate: &Estate, many: usize) -> Vec<IpAddr> {
    let [words, ..] = cut(seed, [many * 8, 0, 0, 0, 0, 0]);
    let tape = &mut Tape(words.iter());
    (0..many)
        .map(|_| questions::somewhere(tape, estate))
        .collect()
}

/// An estate that the language allows, and databases for it.
pub(crate) fn estate(tapes: &Tapes, centroids: &[(String, Point)]) -> Estate {
    let mut estate = Estate {
        centroids: centroids.to_vec(),
        ..Estate::default()
    };
    let tape = &mut Tape(tapes[0].iter());
    places::sites(tape, &mut estate);
    places::vips(tape, &mut estate);
    let tape = &mut Tape(tapes[1].iter());
    places::networks(tape, &mut estate);
    places::corrections(tape, &mut estate);
    let tape = &mut Tape(tapes[2].iter());
    places::cnames(tape, &mut estate);
    let many = 1 + tape.below(6);
    for _ in 0..many {
        pools::pool(tape, &mut estate, false);
    }
    for _ in 0..if estate.cnames.is_empty() { 0 } else { 3 } {
        pools::pool(tape, &mut estate, true);
    }
    places::clear_positions(&mut estate);
    fences::fences(tape, &mut estate);
    pools::names(tape, &mut estate);
    latency::latency(tape, &mut estate);
    estate
}
