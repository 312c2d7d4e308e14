//! `[latency]`: the list of round trips as they were measured, lines of `place,site,milliseconds,samples`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::config::document::At;
use crate::config::estate::{Measured, Row, SiteId};
use crate::config::findings::Findings;
use crate::config::record::{Keys, Record};
use crate::config::steering::index::Index;
use crate::config::steering::lines::{Field, Line, Mistake, Room, each, told};
use crate::config::steering::networks::{FILE, Wrong, fetch};
use crate::config::steering::regions::twice;
use crate::config::steering::sites::Grounds;
use crate::diagnostic::{Diagnostic, Include};
use crate::limits;
use crate::place::{Place, PlaceError};

const LATENCY: Keys = Keys {
    known: &[FILE],
    later: &[],
    example: "[latency]",
};

/// The columns; the last may be missing.
const COLUMNS: [&str; 4] = ["place", "site", "milliseconds", "samples"];

/// Samples of a line that does not say how many there were.
const SAMPLES: u32 = 100;

/// A line of the list.
struct Written<'a> {
    place: Place,
    measured: Measured,
    at: At<'a>,
    /// From 1.
    line: u32,
}

/// The rows of all places, sorted by place.
pub(super) fn read(
    index: &Index<'_>,
    grounds: &Grounds,
    lists: &Include<'_>,
    findings: &mut Findings,
) -> Vec<Row> {
    let Some((entry, others)) = index.latency.split_first() else {
        return Vec::new();
    };
    for other in others {
        twice(
            "`[latency]` is written twice",
            other.key.at,
            entry.key.at,
            findings,
        );
    }
    let before = findings.errors();
    let record = Record::open(*entry, "`latency`", &LATENCY, findings);
    let file = record.get(FILE);
    if file.is_none() && findings.errors() == before {
        let advice = "write `file = \"rtt.csv\"` below it";
        findings.error(entry.key.at, "`[latency]` names no list", advice);
    }
    let files: Vec<_> = file.into_iter().collect();
    let sources = fetch(&files, lists, findings);
    let mut reader = Reader {
        index,
        grounds,
        placeless: HashSet::new(),
    };
    let mut all: Vec<Written<'_>> = Vec::new();
    for (source, word) in &sources {
        if all.len() > limits::LATENCY {
            break;
        }
        each(
            source,
            &COLUMNS,
            *word,
            findings,
            |fields, line, findings| {
                all.extend(reader.one(fields, line, findings)?);
                let full = all.len() > limits::LATENCY;
                Ok(if full { Room::Full } else { Room::More })
            },
        );
    }
    if let Some(beyond) = all.get(limits::LATENCY) {
        let message = format!("more than {} measured round trips", limits::LATENCY);
        let spot = beyond.at.spot().cut_in(beyond.line as usize);
        let advice = "measure from larger networks, or from systems and countries";
        findings.push(Diagnostic::error(spot, message, advice));
        all.truncate(limits::LATENCY);
    }
    once(&mut all, index, findings);
    rows(all)
}

/// What lines are read with.
struct Reader<'r, 'a> {
    index: &'r Index<'a>,
    grounds: &'r Grounds,
    /// The sites without a location that were told of.
    placeless: HashSet<u16>,
}

impl Reader<'_, '_> {
    /// What a line says; nothing if what is wrong with it was told already, or lies elsewhere.
    fn one<'l>(
        &mut self,
        [place, site, milliseconds, samples]: [Field; 4],
        line: &Line<'l>,
        findings: &mut Findings,
    ) -> Result<Option<Written<'l>>, Mistake> {
        let found = self.place(&place.text, findings);
        let found = found.map_err(|words| (place.span.clone(), words))?;
        if site.text.is_empty() {
            let advice = format!("a line is `{}`", COLUMNS.join(","));
            return Err(told(site.span, "the site is missing", &advice));
        }
        let id = self.index.sites.find(&site.text);
        let unknown = match id {
            Some(_) => None,
            None => self.index.missing(&self.index.sites, &site.text, findings),
        };
        if let Some(words) = unknown {
            return Err((site.span, words));
        }
        let micros = micros(&milliseconds.text)
            .map_err(|(message, advice)| told(milliseconds.span, &message, &advice))?;
        let samples = many(&samples.text)
            .map_err(|(message, advice)| told(samples.span, &message, &advice))?;
        let Some(id) = id else { return Ok(None) };
        let stands = |id: u16| {
            let site = self.grounds.sites.get(usize::from(id));
            let doubtful = self.grounds.doubtful_sites.get(usize::from(id));
            site.is_some_and(|site| site.location.is_some()) || doubtful == Some(&true)
        };
        if !stands(id) {
            if !self.placeless.insert(id) {
                return Ok(None);
            }
            let message = format!("site `{}` has no `location`", site.text);
            let advice = "give it one: what was measured is blended with the distance";
            return Err(told(site.span, &message, advice));
        }
        Ok(Some(Written {
            place: found,
            measured: Measured {
                site: SiteId(id),
                micros,
                samples,
            },
            at: line.at(&place.span),
            line: line.number,
        }))
    }

    fn place(&self, text: &str, findings: &mut Findings) -> Result<Place, Wrong> {
        let error = match Place::parse(text) {
            Ok(place) => return Ok(place),
            Err(error) => error,
        };
        if text.is_empty() {
            let advice = format!("a line is `{}`", COLUMNS.join(","));
            return Err(("the place is missing".to_owned(), advice));
        }
        if error != PlaceError::NotAPlace {
            return Err((error.to_string(), error.advice()));
        }
        if self.index.regions.find(text).is_some() {
            let advice = "write a line for each of its places".to_owned();
            return Err((format!("`{text}` is a region"), advice));
        }
        let advice = match findings.place(text) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                "places look like `192.0.2.0/24`, `AS64500`, `DE/Hamburg`, `US-CA`, `DE`, `europe`"
                    .to_owned()
            }
        };
        Err((format!("`{text}` is not a place"), advice))
    }
}

/// Milliseconds with any decimals as whole microseconds; what is less counts for nothing.
fn micros(text: &str) -> Result<u32, Wrong> {
    if text.is_empty() {
        let message = "the milliseconds are missing".to_owned();
        return Err((message, format!("a line is `{}`", COLUMNS.join(","))));
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        let message = format!("`{text}` are no milliseconds");
        return Err((message, "write a number as in `23` or `23.4`".to_owned()));
    }
    let part: String = part.chars().chain("00".chars()).take(3).collect();
    let number: Option<u32> = format!("{whole}{part}").parse().ok();
    let most = limits::LATENCY_MOST;
    let fit = number.filter(|micros| *micros <= most * 1_000);
    let words = || {
        (
            format!("{text} ms are beyond {most}"),
            format!("a round trip takes 0 to {most} ms"),
        )
    };
    fit.ok_or_else(words)
}

/// How often it was measured.
fn many(text: &str) -> Result<u32, Wrong> {
    if text.is_empty() {
        return Ok(SAMPLES);
    }
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let number: Option<u32> = text.parse().ok().filter(|_| plain);
    let fit = number.filter(|n| (1..=limits::LATENCY_SAMPLES).contains(n));
    let words = || {
        let most = limits::LATENCY_SAMPLES;
        let message = format!("`{text}` is no number of samples");
        (
            message,
            format!("write 1 to {most}, or nothing for {SAMPLES}"),
        )
    };
    fit.ok_or_else(words)
}

/// Sorted by place and site. What was measured twice is a finding, wherever the two stand.
fn once(all: &mut Vec<Written<'_>>, index: &Index<'_>, findings: &mut Findings) {
    all.sort_by(|a, b| {
        let places = a.place.cmp(&b.place);
        let sites = || a.measured.site.cmp(&b.measured.site);
        let ranks = || a.at.rank().cmp(&b.at.rank());
        places.then_with(sites).then_with(ranks)
    });
    let mut told = 0;
    all.dedup_by(|later, first| {
        let same = later.place == first.place && later.measured.site == first.measured.site;
        if same && told < limits::NETWORKS_TOLD {
            told += 1;
            let spot = |one: &Written<'_>| one.at.spot().cut_in(one.line as usize);
            let site = index.sites.list.get(usize::from(later.measured.site.0));
            let site = site.map_or("", |entry| entry.key.text);
            let message = format!("`{}` and site `{site}` stand twice", later.place);
            findings.push(
                Diagnostic::error(spot(later), message, "write each place once for each site")
                    .and(spot(first), "they are here as well"),
            );
        }
        same
    });
}

/// The lines of each place together.
fn rows(all: Vec<Written<'_>>) -> Vec<Row> {
    let mut paths: HashMap<&str, Arc<str>> = HashMap::new();
    let mut rows = Vec::new();
    for lines in all.chunk_by(|a, b| a.place == b.place) {
        let Some(first) = lines.iter().min_by_key(|one| one.at.rank()) else {
            continue;
        };
        let path = first.at.rank().0;
        rows.push(Row {
            place: first.place.clone(),
            sites: lines.iter().map(|one| one.measured).collect(),
            path: paths.entry(path).or_insert_with(|| Arc::from(path)).clone(),
            line: first.line,
        });
    }
    rows
}
