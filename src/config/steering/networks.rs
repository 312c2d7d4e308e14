//! `[networks]`: what the databases get wrong, network by network, and the lists of more of the same.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::document::{At, Entry, Word};
use crate::config::estate::Correction;
use crate::config::findings::Findings;
use crate::config::record::{Keys, Record};
use crate::config::steering::index::Index;
use crate::config::steering::list;
use crate::config::steering::regions::twice;
use crate::config::values;
use crate::diagnostic::{Diagnostic, Include, Source, Spot};
use crate::limits;
use crate::place::{Place, PlaceError, Point};
use crate::prefix::{Prefix, PrefixError};

const CORRECTION: Keys = Keys {
    known: &["place", "location"],
    later: &[],
    example: "\"203.0.113.0/24\" = { place = \"DE\" }",
};

/// The key that names lists. No network is written like it.
pub(super) const FILE: &str = "file";

/// A correction as written.
pub(super) struct Written<'a> {
    pub(super) network: Prefix,
    pub(super) place: Option<Arc<Place>>,
    pub(super) location: Option<Point>,
    pub(super) at: At<'a>,
    /// From 1.
    pub(super) line: u32,
}

/// What is wrong, and what to do.
pub(super) type Wrong = (String, String);

/// Every place once, for a long list names few.
#[derive(Default)]
pub(super) struct Places(HashMap<String, Result<Arc<Place>, Wrong>>);

impl Places {
    /// The place that a correction names so.
    pub(super) fn get(&mut self, text: &str) -> Result<Arc<Place>, Wrong> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let found = place(text).map(Arc::new);
        // What is wrong is told, and of that there is an end.
        self.0.insert(text.to_owned(), found.clone());
        found
    }
}

/// Countries, subdivisions and cities: what a database says of a network.
fn place(text: &str) -> Result<Place, Wrong> {
    let found = match Place::parse(text) {
        Ok(place @ (Place::Country(_) | Place::Subdivision(_) | Place::City(..))) => {
            return Ok(place);
        }
        Ok(Place::Continent(_)) => "is a continent",
        Ok(Place::Network(_)) => "is a network",
        Ok(Place::System(_)) => "is an autonomous system",
        Ok(Place::Unknown) => "is no place",
        Err(PlaceError::NotAPlace) => "is not a place",
        Err(error) => return Err((error.to_string(), error.advice())),
    };
    let meant = crate::place::suggest(text).filter(|meant| {
        let place = Place::parse(meant);
        matches!(place, Ok(Place::Country(_) | Place::Subdivision(_)))
    });
    let advice = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "name a country, a subdivision or a city: `DE`, `US-CA`, `DE/Hamburg`".to_owned(),
    };
    Err((format!("`{text}` {found}"), advice))
}

/// The network that a correction is for.
pub(super) fn network(text: &str) -> Result<Prefix, Wrong> {
    let form = || "write an address, a slash and the length, like `203.0.113.0/24`".to_owned();
    text.parse().map_err(|error| match error {
        PrefixError::Form => match text.parse::<std::net::IpAddr>() {
            Ok(address) => {
                let length = if address.is_ipv4() { 32 } else { 128 };
                let message = format!("`{text}` has no length");
                (
                    message,
                    format!("write `{address}/{length}` for the one address"),
                )
            }
            Err(_) => (format!("`{text}` is not a network"), form()),
        },
        PrefixError::Length => {
            let most = if text.contains(':') { 128 } else { 32 };
            (format!("the length of `{text}` is beyond {most}"), form())
        }
        PrefixError::Bits(meant) => (
            format!("bits are set beyond /{}", meant.len()),
            format!("write `{meant}`"),
        ),
    })
}

/// All corrections, each network once.
pub(super) fn read(
    index: &Index<'_>,
    lists: &Include<'_>,
    findings: &mut Findings,
) -> Vec<Correction> {
    let (files, entries): (Vec<Entry<'_>>, Vec<Entry<'_>>) = (index.networks.iter())
        .copied()
        .partition(|entry| entry.key.text == FILE);
    let sources = fetch(&files, lists, findings);
    let mut places = Places::default();
    let mut all: Vec<Written<'_>> = Vec::new();
    let mut lines = Lines::default();
    for entry in entries {
        all.extend(correction(entry, &mut places, &mut lines, findings));
    }
    for (source, word) in &sources {
        if all.len() <= limits::NETWORKS {
            list::read(source, *word, &mut places, &mut all, findings);
        }
    }
    if let Some(beyond) = all.get(limits::NETWORKS) {
        let message = format!("more than {} corrections", limits::NETWORKS);
        let spot = beyond.at.spot().cut_in(beyond.line as usize);
        let advice = "make a database of them, or name larger networks";
        findings.push(Diagnostic::error(spot, message, advice));
        all.truncate(limits::NETWORKS);
    }
    once(&mut all, findings);
    let mut paths: HashMap<&str, Arc<str>> = HashMap::new();
    let mut kept = Vec::with_capacity(all.len());
    for one in all {
        let path = one.at.rank().0;
        kept.push(Correction {
            network: one.network,
            place: one.place,
            location: one.location,
            path: paths.entry(path).or_insert_with(|| Arc::from(path)).clone(),
            line: one.line,
        });
    }
    kept
}

/// The lists that the files name, each with the word that names it.
pub(super) fn fetch<'a>(
    files: &[Entry<'a>],
    lists: &Include<'_>,
    findings: &mut Findings,
) -> Vec<(Arc<Source>, Word<'a>)> {
    let mut sources: Vec<(Arc<Source>, Word<'a>)> = Vec::new();
    for entry in files {
        for word in values::names("`file`", entry.value, findings).unwrap_or_default() {
            match lists(word.text, word.at.rank().0) {
                Ok(source) => {
                    let known = sources.iter().find(|(known, _)| known.path == source.path);
                    if let Some((_, first)) = known {
                        let message = format!("the list `{}` is named twice", source.path);
                        twice(&message, word.at, first.at, findings);
                    } else {
                        sources.push((source, word));
                    }
                }
                Err(refusal) => findings.error(word.at, refusal.message, refusal.advice),
            }
        }
    }
    sources
}

fn correction<'a>(
    entry: Entry<'a>,
    places: &mut Places,
    lines: &mut Lines,
    findings: &mut Findings,
) -> Option<Written<'a>> {
    let key = entry.key;
    let network = match network(key.text) {
        Ok(network) => Some(network),
        Err((message, advice)) => {
            findings.error(key.at, message, advice);
            None
        }
    };
    let before = findings.errors();
    let record = Record::open(
        entry,
        &format!("network `{}`", key.text),
        &CORRECTION,
        findings,
    );
    let word = record
        .get("place")
        .and_then(|field| values::text(field, "a place", findings));
    let place = word.and_then(|word| match places.get(word.text) {
        Ok(place) => Some(place),
        Err((message, advice)) => {
            findings.error(word.at, message, advice);
            None
        }
    });
    let location = record
        .get("location")
        .and_then(|field| values::globe(field, findings));
    if findings.errors() == before && place.is_none() && location.is_none() {
        let message = format!("the correction of `{}` says nothing", key.text);
        findings.error(
            key.at,
            message,
            "write `place = \"…\"`, `location = […]` or both",
        );
    }
    Some(Written {
        network: network?,
        place,
        location,
        at: key.at,
        line: lines.of(key.at),
    })
}

/// Counts lines, going on from the last place in the same file.
#[derive(Default)]
struct Lines {
    path: String,
    offset: usize,
    line: usize,
}

impl Lines {
    fn of(&mut self, at: At<'_>) -> u32 {
        let (path, start) = at.rank();
        let Spot { source, .. } = at.spot();
        if self.path != path || start < self.offset {
            *self = Lines {
                path: path.to_owned(),
                offset: 0,
                line: 1,
            };
        }
        let between = source.text.get(self.offset..start).unwrap_or_default();
        self.line += between.iter().filter(|byte| **byte == b'\n').count();
        self.offset = start;
        u32::try_from(self.line).unwrap_or(u32::MAX)
    }
}

/// Sorted by network. One that is corrected twice is a finding, wherever the two stand.
fn once(all: &mut Vec<Written<'_>>, findings: &mut Findings) {
    all.sort_by_key(|one| (one.network, one.at.rank()));
    let mut told = 0;
    all.dedup_by(|later, first| {
        let same = later.network == first.network;
        if same && told < limits::NETWORKS_TOLD {
            told += 1;
            let spot = |one: &Written<'_>| one.at.spot().cut_in(one.line as usize);
            let message = format!("`{}` is corrected twice", later.network);
            findings.push(
                Diagnostic::error(spot(later), message, "write each network once")
                    .and(spot(first), "it is here as well"),
            );
        }
        same
    });
}
