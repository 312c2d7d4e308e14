//! `[regions]`: names for sets of places, and what a word for clients means.

use std::collections::{HashMap, HashSet};

use crate::config::document::{At, Word};
use crate::config::findings::Findings;
use crate::config::steering::graph::{self, Edge};
use crate::config::steering::index::{Index, Kind};
use crate::config::values;
use crate::diagnostic::Diagnostic;
use crate::place::{Place, PlaceError};

/// A region as written.
#[derive(Default)]
pub(super) struct Region<'a> {
    pub(super) places: Vec<(Place, At<'a>)>,
    pub(super) regions: Vec<Edge<'a>>,
}

/// What a word for clients means.
pub(super) enum Clients {
    Place(Place),
    /// By its number.
    Region(u16),
}

/// The meaning of `word`; if it has none, that is a finding.
pub(super) fn clients(
    word: Word<'_>,
    index: &Index<'_>,
    findings: &mut Findings,
) -> Option<Clients> {
    match Place::parse(word.text) {
        Ok(place) => Some(Clients::Place(place)),
        Err(PlaceError::NotAPlace) => index.region(word, findings).map(Clients::Region),
        Err(error) => {
            findings.error(word.at, error.to_string(), error.advice());
            None
        }
    }
}

/// All regions, without cycles.
pub(super) fn read<'a>(index: &Index<'a>, findings: &mut Findings) -> Vec<Region<'a>> {
    let regions: Vec<Region<'a>> = index
        .regions
        .list
        .iter()
        .map(|entry| {
            let name = entry.key.text;
            let label = format!("region `{name}`");
            let words = values::names(&label, entry.value, findings);
            if words.as_ref().is_some_and(Vec::is_empty) {
                findings.error(
                    entry.value.at,
                    format!("{label} is empty"),
                    "name a place in it, or drop it",
                );
            }
            region(&label, &words.unwrap_or_default(), index, findings)
        })
        .collect();
    let edges: Vec<&[Edge<'a>]> = regions
        .iter()
        .map(|region| region.regions.as_slice())
        .collect();
    let order = graph::order(&edges);
    for cycle in graph::cycles(&edges, &order) {
        graph::report(Kind::Region, &cycle, &index.regions, findings);
    }
    regions
}

fn region<'a>(
    label: &str,
    words: &[Word<'a>],
    index: &Index<'a>,
    findings: &mut Findings,
) -> Region<'a> {
    let mut region = Region::default();
    let mut places: HashMap<Place, At<'a>> = HashMap::new();
    let mut regions: HashMap<u16, At<'a>> = HashMap::new();
    for word in words {
        let first = match clients(*word, index, findings) {
            Some(Clients::Place(place)) => {
                let first = places.get(&place).copied();
                if first.is_none() {
                    places.insert(place.clone(), word.at);
                    region.places.push((place, word.at));
                }
                first
            }
            Some(Clients::Region(to)) => {
                let first = regions.insert(to, word.at);
                if first.is_none() {
                    region.regions.push(Edge { to, word: *word });
                }
                first
            }
            None => None,
        };
        if let Some(first) = first {
            twice(
                &format!("`{}` stands twice in {label}", word.text),
                word.at,
                first,
                findings,
            );
        }
    }
    region
}

/// Something that was listed already.
pub(super) fn twice(message: &str, at: At<'_>, first: At<'_>, findings: &mut Findings) {
    findings.push(
        Diagnostic::error(at.spot(), message, "write it once")
            .and(first.spot(), "it is here as well"),
    );
}

/// All places of a region, through whatever regions it contains, each once; `steps` counts down, and none are left at nought.
pub(super) fn flatten<'r, 'a>(
    from: u16,
    regions: &'r [Region<'a>],
    steps: &mut usize,
) -> Option<Vec<(&'r Place, At<'a>)>> {
    let mut all = Vec::new();
    let mut places = HashSet::new();
    let mut seen = HashSet::from([from]);
    let mut open = vec![from];
    while let Some(region) = open.pop().and_then(|id| regions.get(usize::from(id))) {
        *steps = steps.checked_sub(1 + region.places.len() + region.regions.len())?;
        all.extend(
            region
                .places
                .iter()
                .filter(|(place, _)| places.insert(place))
                .map(|(place, at)| (place, *at)),
        );
        open.extend(
            region
                .regions
                .iter()
                .map(|edge| edge.to)
                .filter(|to| seen.insert(*to)),
        );
    }
    Some(all)
}
