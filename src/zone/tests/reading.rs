//! Texts that include others, and texts in pieces, for the tests of the reader.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Refusal, Source};
use crate::zone::report::Report;
use crate::zone::{Done, Job, Texts, pieces};

use super::name;

/// What a text says: `owner ttl type hex`, each with its place, what is found wrong, and what it includes.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    pub records: Vec<String>,
    pub found: Vec<Diagnostic>,
    pub included: Vec<String>,
    pub origin_stated: bool,
}

impl Said {
    /// What is found wrong, in lines.
    pub(super) fn lines(&self) -> Vec<String> {
        self.found.iter().map(Diagnostic::line).collect()
    }
}

/// Files by their paths; `z.zone` is the one that is read.
pub(super) type Files<'a> = &'a [(&'a str, &'a str)];

/// Reads `z.zone` among these files, without the rules of a zone.
pub(super) fn say(files: Files<'_>, piece: usize) -> Said {
    let files: HashMap<String, Arc<Source>> = files
        .iter()
        .map(|(path, text)| (path.to_string(), Source::new(*path, *text)))
        .collect();
    say_of(&files, piece)
}

/// The same of files that are there already.
pub(super) fn say_of(files: &HashMap<String, Arc<Source>>, piece: usize) -> Said {
    let include = |written: &str, _: &str| {
        files.get(written).cloned().ok_or_else(|| Refusal {
            message: format!("there is no file `{written}`"),
            advice: "write the path of a file".to_owned(),
        })
    };
    // Last ones first: jobs know nothing of each other.
    let run = |jobs: Vec<Job>| {
        let mut done: Vec<Done> = jobs.into_iter().rev().map(Job::run).collect();
        done.reverse();
        done
    };
    let texts = Texts {
        include: &include,
        run: &run,
    };
    let (text, reader) = pieces::read(&files["z.zone"], &name("example.com."), &texts, piece);
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let records = text.iter().enumerate().map(|(index, record)| {
        let again = text.get(index).map(|again| (again.place, again.kind));
        assert_eq!(again, Some((record.place, record.kind)));
        let (owner, data) = (record.owner(), hex(record.rdata));
        format!(
            "{} {owner} {} {} {data}",
            record.place, record.ttl, record.kind
        )
    });
    Said {
        records: records.collect(),
        origin_stated: text.origin_stated,
        included: reader.sources.included(),
        found: Report::new(&reader.sources, reader.findings).finish(),
    }
}

/// The records without their places.
pub(super) fn plain(said: &Said) -> Vec<&str> {
    said.records
        .iter()
        .filter_map(|line| line.split_once(' '))
        .map(|(_, line)| line)
        .collect()
}

/// In one piece.
pub(super) const WHOLE: usize = usize::MAX;
