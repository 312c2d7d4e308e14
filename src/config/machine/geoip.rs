//! `geoip`: which databases say where clients are, and what is not taken from them.

use crate::config::document::Entry;
use crate::config::findings::Findings;
use crate::config::record::{Keys, Record};
use crate::config::values;
use crate::limits;

const GEOIP: Keys = Keys {
    known: &["files", "max_age", "max_moved", "older"],
    later: &[],
    example: "geoip = [\"City.mmdb\"]` or `[geoip]",
};

/// The databases, and what guards them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Geoip {
    /// MMDB files, the first that has a fact counts. Empty: the built-in map.
    pub files: Vec<String>,
    /// What is warned of, and what is not taken.
    pub guard: Guard,
}

/// What of a new database is warned of, and what is not taken without force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Seconds since its build after which a database is warned of.
    pub max_age: u64,
    /// The share of the known address space, in parts of a million, that a new database may move to another class.
    pub max_moved: u32,
    /// What becomes of one that is older than the one in force.
    pub older: Older,
}

/// What becomes of a database that is older than the one in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Older {
    /// It is refused.
    Refused,
    /// It is taken like any other.
    Taken,
}

impl Default for Guard {
    fn default() -> Guard {
        Guard {
            max_age: limits::DATABASE_AGE,
            max_moved: limits::DATABASE_MOVED,
            older: Older::Refused,
        }
    }
}

/// What stands behind `geoip`: a list of files, or a table.
pub(super) fn read(entry: Entry<'_>, findings: &mut Findings) -> Geoip {
    let mut geoip = Geoip::default();
    if entry.value.table().is_none() {
        geoip.files = files(entry, "`geoip`", findings);
        return geoip;
    }
    let record = Record::open(entry, "`geoip`", &GEOIP, findings);
    if let Some(field) = record.get("files") {
        geoip.files = files(field, "`files`", findings);
    }
    let guard = &mut geoip.guard;
    if let Some(field) = record.get("max_age") {
        let age = values::duration("max_age", field.value, findings);
        guard.max_age = age.unwrap_or(guard.max_age);
    }
    if let Some(field) = record.get("max_moved") {
        guard.max_moved = values::share(field, findings).unwrap_or(guard.max_moved);
    }
    if let Some(field) = record.get("older") {
        guard.older = match values::boolean(field, findings) {
            Some(true) => Older::Taken,
            _ => Older::Refused,
        };
    }
    geoip
}

fn files(entry: Entry<'_>, label: &str, findings: &mut Findings) -> Vec<String> {
    let words = values::names(label, entry.value, findings).unwrap_or_default();
    let paths = words.into_iter();
    paths
        .filter_map(|word| super::filled(word, label, findings))
        .collect()
}

/// A number and its unit, as they stand behind `--geoip-max-age`: `90d`.
pub fn age(text: &str) -> Option<u64> {
    values::seconds(text)
}

/// The same behind `--geoip-max-moved`: `25%`, in parts of a million.
pub fn moved(text: &str) -> Option<u32> {
    let parts = values::millionths(text.strip_suffix('%')?)?;
    (parts <= 1_000_000).then_some(parts)
}
