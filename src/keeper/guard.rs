//! What guards what is in force: databases that are broken, older, or move too much are not taken, nor is an estate that
//! loses too much.

use crate::config::machine::geoip::{Guard, Older};
use crate::diagnostic::{Diagnostic, Severity};
use crate::geo::atlas::{Atlas, Origin};
use crate::world::estate::Estate;
use crate::world::moved::{Moved, moved};

mod estate;

pub(super) use estate::losses;

/// Why new databases were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A file is not there, or may not be read.
    Unreadable,
    /// What is in a file is no whole database, or it has nothing in it.
    Broken,
    /// It was built before the one in force.
    Older,
    /// It moves too much of the address space to other classes.
    Moved,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Refusal; 4] = [
        Refusal::Unreadable,
        Refusal::Broken,
        Refusal::Older,
        Refusal::Moved,
    ];

    /// As status and metrics say it.
    pub fn word(self) -> &'static str {
        match self {
            Refusal::Unreadable => "unreadable",
            Refusal::Broken => "broken",
            Refusal::Older => "older",
            Refusal::Moved => "moved",
        }
    }
}

/// Databases that were taken in place of others, and those that were refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swaps {
    /// How many times others came in force.
    pub taken: u64,
    /// How many readings were refused, in the order of [`Refusal::ALL`].
    pub refused: [u64; 4],
}

impl Swaps {
    /// Counts a refusal.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        let counts = Refusal::ALL.iter().zip(&mut self.refused);
        for (_, count) in counts.filter(|(one, _)| **one == refusal) {
            *count += 1;
        }
    }
}

/// Whole days since a database was built; none of the built-in map, and of one from the future.
pub fn days(origin: &Origin, now: u64) -> Option<u64> {
    let built = Some(origin.build).filter(|build| *build > 0)?;
    Some(now.checked_sub(built)? / 86_400)
}

/// Whether a database is older than it should become.
pub fn aged(origin: &Origin, guard: Guard, now: u64) -> bool {
    origin.build > 0 && now.saturating_sub(origin.build) > guard.max_age
}

/// A warning for each database that is too old.
pub(super) fn ages(atlas: &Atlas, guard: Guard, now: u64) -> Vec<Diagnostic> {
    let aged = atlas.origins.iter().filter(|o| aged(o, guard, now));
    let warning = |origin: &Origin| {
        let days = days(origin, now).unwrap_or(0);
        let message = format!(
            "database {}: built on {}, {days} days ago",
            origin.label,
            date(origin.build)
        );
        let advice = format!(
            "fetch a newer one; `max_age` of `geoip` says after how long this is told, now {} days",
            guard.max_age / 86_400
        );
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::whole(message, advice)
        }
    };
    aged.map(warning).collect()
}

/// An error for each database that was built before the one of the same path in force.
pub(super) fn older(before: &Atlas, after: &Atlas, guard: Guard) -> Vec<Diagnostic> {
    if guard.older == Older::Taken {
        return Vec::new();
    }
    let mut found = Vec::new();
    for new in &after.origins {
        let old = before.origins.iter().find(|old| old.label == new.label);
        if let Some(old) = old.filter(|old| old.build > new.build) {
            found.push(Diagnostic::whole(
                format!(
                    "database {}: built on {}, and the one in force on {}",
                    new.label,
                    date(new.build),
                    date(old.build)
                ),
                "put a newer one there; if it is meant, `POST /v1/reload?force=geoip`, or `older = true` under `geoip`",
            ));
        }
    }
    found
}

/// An error for each family of which more moves than may, if there are two estates.
pub(super) fn moves(
    before: Option<&Estate>,
    after: Option<&Estate>,
    guard: Guard,
) -> Vec<Diagnostic> {
    let (Some(before), Some(after)) = (before, after) else {
        return Vec::new();
    };
    let most = ["IPv4", "IPv6"].iter().zip(moved(before, after));
    let too_much = most.filter_map(|(family, most)| {
        let Moved { pool, share } = most?;
        (share.parts() > guard.max_moved).then(|| {
            Diagnostic::whole(
                format!(
                    "the new databases move {} of the known {family} addresses of pool `{pool}` to another class, and at \
                     most {} may",
                    percent(share.parts()),
                    percent(guard.max_moved)
                ),
                "look at what changed with `meridian explain`; if it is meant, `POST /v1/reload?force=geoip`, or a larger \
                 `max_moved` under `geoip`",
            )
        })
    });
    too_much.collect()
}

/// Parts of a million as `25%`, `2.51%`.
fn percent(parts: u32) -> String {
    let text = format!("{}.{:02}", parts / 10_000, parts % 10_000 / 100);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// The day of a moment, by the Gregorian calendar: `2026-11-21`.
pub fn date(seconds: u64) -> String {
    let mut days = seconds / 86_400;
    // Whole cycles of 400 years, so that a build of a broken file does not take years to say.
    let mut year = 1970 + days / 146_097 * 400;
    days %= 146_097;
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", days + 1)
}

/// A line in the log for each database that comes in force.
pub fn log(atlas: &Atlas, now: u64) {
    for origin in &atlas.origins {
        let label = origin.label.replace(char::is_control, "\u{fffd}");
        let kind = origin.database_type.as_str();
        let build = (origin.build > 0).then(|| date(origin.build));
        let (networks, days) = (origin.networks, days(origin, now));
        tracing::info!(database = label, kind, build, days, networks, "geography");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar() {
        let table = [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_700_000_000, "2023-11-14"),
            (1_798_761_599, "2026-12-31"),
            (4_107_542_400, "2100-03-01"),
        ];
        for (seconds, day) in table {
            assert_eq!(date(seconds), day);
        }
        assert!(date(u64::MAX).len() > 10);
    }

    #[test]
    fn shares_in_words() {
        let table = [
            (250_000, "25%"),
            (25_100, "2.51%"),
            (1_000_000, "100%"),
            (90, "0%"),
        ];
        for (parts, words) in table {
            assert_eq!(percent(parts), words);
        }
    }
}
