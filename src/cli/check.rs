//! `meridian check`: reads the estate as the server does, and says what is wrong and what there is.

mod format;

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Check, Exit, Format, refuse, settings};
use crate::daemon;
use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::keeper::load::Loader;
use crate::world::estate::Estate;
use crate::world::situation::Standing;
use crate::world::{World, lint};

pub(super) fn run(args: &Check) -> Exit {
    let (paths, mut found) = match settings::paths(&args.place) {
        Ok(read) => read,
        Err(mistakes) => return refuse(&mistakes, Exit::Usage),
    };
    let mut loaded = Loader::thorough(paths).first();
    found.append(&mut loaded.diagnostics);
    // As a server begins: nobody has spoken of any VIP.
    let world = loaded.estate.map(|estate| {
        let unknown = Standing::unknown(&estate);
        World::new(Arc::new(estate), Arc::default(), unknown, 1)
    });
    if let Some(world) = world.as_ref().filter(|_| args.lint) {
        found.extend(lint::lint(world));
    }
    format::sort(&mut found);
    let verdict = Outcome::of(&found, args, world.as_ref());
    match args.format {
        Format::Text => daemon::show(&found),
        // The runner reads stdout.
        Format::Github => daemon::say(&format::github(&found)),
        Format::Json => daemon::say(&format::json(&found, &verdict)),
    }
    match (&verdict.summary, args.format) {
        (Some(_), Format::Json) => {}
        (Some(summary), _) => {
            let counted = verdict.counted();
            let digests = verdict.digests.iter();
            let digests = digests.map(|(of, digest)| format!("{of} {digest}"));
            let digests = digests.collect::<Vec<_>>().join(", ");
            daemon::say(&format!("ok{counted}: {summary}\ndigests: {digests}\n"));
        }
        (None, _) => {
            let strictly = if verdict.errors == 0 {
                " (--strict)"
            } else {
                ""
            };
            eprintln!("refused{strictly}{}", verdict.counted());
        }
    }
    match verdict.summary {
        Some(_) => Exit::Done,
        None => Exit::Failed,
    }
}

/// What it came to.
struct Outcome {
    errors: usize,
    warnings: usize,
    /// What there is; none if it is refused.
    summary: Option<String>,
    /// Those of what there is, each with its word.
    digests: Vec<(&'static str, Digest)>,
}

impl Outcome {
    fn of(found: &[Diagnostic], args: &Check, world: Option<&World>) -> Outcome {
        let errors = found.iter().filter(|d| d.is_error()).count();
        let warnings = found.len() - errors;
        let refused = errors > 0 || (args.strict && warnings > 0);
        let world = world.filter(|_| !refused);
        let digests = world.map(|world| world.digests().named());
        // Of a board on which nothing stands there is nothing to say.
        let digests = digests
            .into_iter()
            .flatten()
            .filter(|(of, _)| *of != "board");
        Outcome {
            errors,
            warnings,
            summary: world.map(|world| summary(&world.estate)),
            digests: digests.collect(),
        }
    }

    /// How many of each, behind another word.
    fn counted(&self) -> String {
        let some = |n: usize, what| (n > 0).then(|| format!(", {}", count(n, what)));
        let (errors, warnings) = (some(self.errors, "error"), some(self.warnings, "warning"));
        errors.unwrap_or_default() + &warnings.unwrap_or_default()
    }
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Thousandths as a number without needless digits.
fn rate(thousandths: u64) -> String {
    let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What there is, in one line.
fn summary(estate: &Estate) -> String {
    let records: usize = estate.zones.iter().map(|held| held.zone.records()).sum();
    let steering = &estate.steering;
    let mut text = format!(
        "{} with {}, {} in {}, {} at {}",
        count(estate.zones.len(), "zone"),
        count(records, "record"),
        count(estate.steered(), "steered name"),
        count(estate.roots.len(), "pool"),
        count(steering.vips.len(), "VIP"),
        count(steering.sites.len(), "site"),
    );
    // Pools whose rules and distances are the same share a map.
    let mut maps: Vec<_> = estate.roots.iter().map(|root| &root.map).collect();
    maps.sort_by_key(|map| Arc::as_ptr(map));
    maps.dedup_by(|a, b| Arc::ptr_eq(a, b));
    let classes: usize = maps.iter().map(|map| map.classes().len()).sum();
    let ranges: usize = maps.iter().map(|map| map.table().len()).sum();
    let _ = write!(
        text,
        ", {} with {} in {}",
        count(maps.len(), "map"),
        if classes == 1 {
            "1 class".into()
        } else {
            format!("{classes} classes")
        },
        count(ranges, "range")
    );
    if !steering.latency.is_empty() {
        let from = count(steering.latency.len(), "place");
        let many: usize = steering.latency.iter().map(|row| row.sites.len()).sum();
        let trips = count(many, "measured round trip");
        let _ = write!(text, ", {trips} from {from}");
    }
    if !steering.probes.is_empty() {
        let probes = count(steering.probes.len(), "probe");
        let _ = write!(
            text,
            ", {probes} with {} checks a second",
            rate(steering.checks())
        );
    }
    for origin in &estate.atlas.origins {
        let _ = write!(
            text,
            ", {} with {}",
            origin.label,
            count(origin.networks, "network")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_english() {
        let counted = |errors, warnings| {
            let summary = None;
            let verdict = Outcome {
                errors,
                warnings,
                summary,
                digests: Vec::new(),
            };
            verdict.counted()
        };
        assert_eq!(counted(0, 0), "");
        assert_eq!(counted(1, 2), ", 1 error, 2 warnings");
        assert_eq!(counted(0, 1), ", 1 warning");
    }
}
