//! `meridian check`: reads the estate as the server does, and says what is wrong and what there is.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Check, Exit, Format, refuse, settings};
use crate::daemon;
use crate::diagnostic::Diagnostic;
use crate::keeper::load::Loader;
use crate::world::estate::Estate;

pub(super) fn run(args: &Check) -> Exit {
    let (paths, mut found) = match settings::paths(&args.place) {
        Ok(read) => read,
        Err(mistakes) => return refuse(&mistakes, Exit::Usage),
    };
    let mut loader = Loader::new(paths);
    let mut loaded = loader.load(None);
    found.append(&mut loaded.diagnostics);
    match args.format {
        Format::Text => daemon::show(&found),
        // The runner reads stdout.
        Format::Github => daemon::say(&github(&found)),
    }
    let errors = found.iter().filter(|d| d.is_error()).count();
    let warnings = found.len() - errors;
    let refused = errors > 0 || (args.strict && warnings > 0);
    let counted = counted(errors, warnings);
    match loaded.estate.filter(|_| !refused) {
        Some(estate) => {
            daemon::say(&format!("ok{counted}: {}\n", summary(&estate)));
            Exit::Done
        }
        None => {
            let strictly = if errors == 0 { " (--strict)" } else { "" };
            eprintln!("refused{strictly}{counted}");
            Exit::Failed
        }
    }
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn counted(errors: usize, warnings: usize) -> String {
    let (errors, warnings) = (
        (errors > 0).then(|| count(errors, "error")),
        (warnings > 0).then(|| count(warnings, "warning")),
    );
    let parts: Vec<String> = errors.into_iter().chain(warnings).collect();
    match parts.join(", ") {
        none if none.is_empty() => none,
        some => format!(", {some}"),
    }
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

/// Workflow commands: one annotation for each diagnostic.
fn github(found: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in found {
        let level = if diagnostic.is_error() {
            "error"
        } else {
            "warning"
        };
        let place = diagnostic.spot.as_ref().map(|spot| {
            let (line, column) = spot.source.line_column(spot.span.start);
            let file = property(&spot.source.path);
            format!(" file={file},line={line},col={column}")
        });
        let mut message = diagnostic.message.clone();
        if !diagnostic.advice.is_empty() {
            let _ = write!(message, "\n{}", diagnostic.advice);
        }
        let place = place.unwrap_or_default();
        let _ = writeln!(text, "::{level}{place}::{}", data(&message));
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Source, Spot};

    #[test]
    fn annotations_are_one_line_each() {
        let source = Source::new("zones/a,b.zone", "first\nsecond");
        let spot = Spot::new(&source, 8..9);
        let found = [
            Diagnostic::error(spot, "50% is wrong", "write more"),
            Diagnostic::whole("nothing here", ""),
        ];
        assert_eq!(
            github(&found),
            "::error file=zones/a%2Cb.zone,line=2,col=3::50%25 is wrong%0Awrite more\n::error::nothing here\n"
        );
    }

    #[test]
    fn counts_are_english() {
        assert_eq!(counted(0, 0), "");
        assert_eq!(counted(1, 2), ", 1 error, 2 warnings");
        assert_eq!(counted(0, 1), ", 1 warning");
    }
}
