//! Diagnostics for programs: JSON for editors and scripts, workflow commands for GitHub.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Outcome;
use crate::diagnostic::{Diagnostic, Spot};
use crate::limits;

/// Errors first, then by place.
pub(super) fn sort(found: &mut [Diagnostic]) {
    found.sort_by(|a, b| {
        let place = |d: &'_ Diagnostic| {
            let spot = d.spot.as_ref()?;
            Some(spot.source.line_column(spot.span.start))
        };
        let path = |d: &Diagnostic| d.spot.as_ref().map(|spot| spot.source.path.clone());
        (a.severity.cmp(&b.severity))
            .then_with(|| path(a).cmp(&path(b)))
            .then_with(|| place(a).cmp(&place(b)))
    });
}

/// Line and column of the first character, and of the one behind the last.
fn place(spot: &Spot) -> [(usize, usize); 2] {
    let end = spot.span.end.max(spot.span.start);
    [
        spot.source.line_column(spot.span.start),
        spot.source.line_column(end),
    ]
}

fn word(diagnostic: &Diagnostic) -> &'static str {
    if diagnostic.is_error() {
        "error"
    } else {
        "warning"
    }
}

/// One document with everything. Lines and columns count from 1, columns in characters; `end` is behind the last one.
pub(super) fn json(found: &[Diagnostic], verdict: &Outcome) -> String {
    let diagnostics: Vec<Value> = found.iter().map(diagnostic).collect();
    let digests = verdict.digests.iter();
    let digests = digests.map(|(of, digest)| ((*of).to_owned(), digest.to_string().into()));
    let digests: serde_json::Map<String, Value> = digests.collect();
    let document = json!({
        "ok": verdict.summary.is_some(),
        "errors": verdict.errors,
        "warnings": verdict.warnings,
        "summary": verdict.summary,
        "digests": verdict.summary.as_ref().map(|_| digests),
        "diagnostics": diagnostics,
    });
    format!("{document:#}\n")
}

fn diagnostic(diagnostic: &Diagnostic) -> Value {
    let also = diagnostic.also.iter();
    let also = also.map(|(spot, words)| {
        let mut value = here(spot);
        value["message"] = words.as_str().into();
        value
    });
    let mut value = match &diagnostic.spot {
        Some(spot) => here(spot),
        None => json!({ "file": null }),
    };
    value["severity"] = word(diagnostic).into();
    value["message"] = diagnostic.message.as_str().into();
    value["advice"] = diagnostic.advice.as_str().into();
    value["also"] = also.collect();
    value
}

fn here(spot: &Spot) -> Value {
    let [start, end] = place(spot);
    let position = |(line, column): (usize, usize)| json!({ "line": line, "column": column });
    json!({ "file": spot.source.path, "start": position(start), "end": position(end) })
}

/// Workflow commands: one annotation for each diagnostic, at most [`limits::DIAGNOSTICS_SHOWN`]; the rest is counted.
pub(super) fn github(found: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in found.iter().take(limits::DIAGNOSTICS_SHOWN) {
        let place = diagnostic.spot.as_ref().map(|spot| {
            let [(line, column), (last, end)] = place(spot);
            let file = property(&spot.source.path);
            let mut place = format!(" file={file},line={line},col={column}");
            // An empty stretch has no end of its own, and columns of several lines are not shown.
            if last == line && end > column {
                let _ = write!(place, ",endLine={last},endColumn={end}");
            }
            place
        });
        let mut message = diagnostic.message.clone();
        if !diagnostic.advice.is_empty() {
            let _ = write!(message, "\n{}", diagnostic.advice);
        }
        for (spot, words) in &diagnostic.also {
            let _ = write!(message, "\n{}: {words}", spot.place());
        }
        let (level, place) = (word(diagnostic), place.unwrap_or_default());
        let _ = writeln!(text, "::{level}{place}::{}", data(&message));
    }
    let more = found.len().saturating_sub(limits::DIAGNOSTICS_SHOWN);
    if more > 0 {
        let _ = writeln!(text, "::notice::and {more} more");
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
    use crate::diagnostic::Source;

    fn found() -> Vec<Diagnostic> {
        let source = Source::new("zones/a,b.zone", "first\nsecönd line\n");
        let other = Source::new("zones/main.zone", "\n\n$INCLUDE a,b.zone\n");
        let mut found = vec![
            Diagnostic::warning(Spot::new(&source, 0..0), "hm", ""),
            Diagnostic::error(
                Spot::new(&source, 6..13),
                "50% is wrong",
                "write more\nor less",
            )
            .and(Spot::new(&other, 2..19), "included here"),
            Diagnostic::whole("nothing here", ""),
        ];
        sort(&mut found);
        found
    }

    #[test]
    fn annotations_are_one_line_each() {
        assert_eq!(
            github(&found()),
            "::error::nothing here\n\
             ::error file=zones/a%2Cb.zone,line=2,col=1,endLine=2,endColumn=7::50%25 is wrong%0A\
             write more%0Aor less%0Azones/main.zone:3:1: included here\n\
             ::warning file=zones/a%2Cb.zone,line=1,col=1::hm\n"
        );
        let many = vec![Diagnostic::whole("no", ""); 123];
        let text = github(&many);
        assert_eq!(text.lines().count(), 101);
        assert!(text.ends_with("\n::notice::and 23 more\n"), "{text}");
    }

    #[test]
    fn json_is_complete() {
        let verdict = Outcome {
            errors: 2,
            warnings: 1,
            summary: None,
            digests: Vec::new(),
        };
        let value: Value = serde_json::from_str(&json(&found(), &verdict)).unwrap();
        let expected = json!({
            "ok": false, "errors": 2, "warnings": 1, "summary": null, "digests": null,
            "diagnostics": [
                { "file": null, "severity": "error", "message": "nothing here", "advice": "", "also": [] },
                {
                    "file": "zones/a,b.zone",
                    "start": { "line": 2, "column": 1 }, "end": { "line": 2, "column": 7 },
                    "severity": "error", "message": "50% is wrong", "advice": "write more\nor less",
                    "also": [{
                        "file": "zones/main.zone", "message": "included here",
                        "start": { "line": 3, "column": 1 }, "end": { "line": 3, "column": 18 },
                    }],
                },
                {
                    "file": "zones/a,b.zone",
                    "start": { "line": 1, "column": 1 }, "end": { "line": 1, "column": 1 },
                    "severity": "warning", "message": "hm", "advice": "", "also": [],
                },
            ],
        });
        assert_eq!(value, expected);
        let many = vec![Diagnostic::whole("no", ""); 123];
        let value: Value = serde_json::from_str(&json(&many, &verdict)).unwrap();
        assert_eq!(value["diagnostics"].as_array().map(Vec::len), Some(123));
    }
}
