//! Round trips as they were measured, from places where clients are to sites.

use std::sync::Arc;

use crate::config::estate::{SiteId, Steering};
use crate::place::Place;

/// All that was measured from one place.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whose clients.
    pub place: Place,
    /// At least one, sorted by site, each site once.
    pub sites: Box<[Measured]>,
    /// The file that says so first.
    pub path: Arc<str>,
    /// In which line, from 1.
    pub line: u32,
}

/// The round trip to a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Measured {
    /// Which.
    pub site: SiteId,
    /// Microseconds, at most ten million.
    pub micros: u32,
    /// How often it was measured, 1 to 1 000 000 000.
    pub samples: u32,
}

impl Row {
    /// What was measured to a site.
    pub fn to(&self, site: SiteId) -> Option<&Measured> {
        let at = self.sites.binary_search_by_key(&site, |one| one.site);
        self.sites.get(at.ok()?)
    }

    /// Where it is written, as `file:line`.
    pub fn written(&self) -> String {
        format!("{}:{}", self.path, self.line)
    }
}

impl Steering {
    /// Whether the same was measured in both.
    pub fn measures_alike(&self, other: &Steering) -> bool {
        fn said(row: &Row) -> (&Place, &[Measured]) {
            (&row.place, &row.sites)
        }
        self.latency
            .iter()
            .map(said)
            .eq(other.latency.iter().map(said))
    }
}
