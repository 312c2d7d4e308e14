//! What stands beside the zones: steering files and databases, read again only if they changed.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config;
use crate::config::estate::Steering;
use crate::config::machine::geoip::Guard;
use crate::diagnostic::{Diagnostic, Source};
use crate::geo::atlas::Atlas;
use crate::keeper::clock;
use crate::keeper::file::{Links, Stamp, bounded};
use crate::keeper::folder::{Files, Listing};
use crate::keeper::guard::{self, Refusal};
use crate::keeper::include::{Includes, Taken, What};
use crate::keeper::zones::{Seen, astray};
use crate::limits;
use crate::world::estate::Estate;

/// The steering files as they were read, with the lists that they name.
#[derive(Debug, Default)]
pub(super) struct Steer {
    /// Their stamps, if all were settled.
    files: Option<Files>,
    digest: Option<u64>,
    hasher: RandomState,
    /// The lists that they name.
    lists: Vec<Taken>,
    /// None if there was an error.
    pub(super) steering: Option<Arc<Steering>>,
    pub(super) found: Vec<Diagnostic>,
}

impl Steer {
    /// Whether they look as they did, with the lists that they name.
    pub(super) fn fresh(&self, files: &Files) -> bool {
        let look = |taken: &Taken| taken.fresh(Stamp::of(&taken.way).ok());
        self.files.as_ref() == Some(files) && self.lists.iter().all(look)
    }

    /// Whether one of these paths is a list that they name.
    pub(super) fn takes(&self, paths: &BTreeSet<PathBuf>) -> bool {
        self.lists.iter().any(|taken| paths.contains(&taken.real))
    }

    /// Whether a list is taken through a link, so that its own path does not tell all.
    pub(super) fn linked(&self, folder: &Path, root: &Path) -> bool {
        self.lists.iter().any(|taken| astray(folder, root, taken))
    }

    /// Reads them all: what one says depends on the others. Whether anything has changed.
    pub(super) fn read(&mut self, folder: &Path, listing: &Listing, seen: &mut Vec<Seen>) -> bool {
        let files = &listing.steering;
        let (mut sources, mut wrong) = (Vec::new(), Vec::new());
        for path in files.keys().map(Path::new) {
            match bounded(path, Links::Followed, limits::STEERING_FILE) {
                Ok((text, stamp)) => {
                    seen.push((path.into(), Some(stamp)));
                    sources.push(Source::new(path.display().to_string(), text));
                }
                Err(why) => wrong.push(Diagnostic::whole(
                    format!("{}: {why}", path.display()),
                    "make the file readable, or smaller",
                )),
            }
        }
        let settled = wrong.is_empty() && files.values().all(Stamp::settled);
        self.files = settled.then(|| files.clone());
        let texts: Vec<(&str, &[u8])> = sources
            .iter()
            .map(|source| (source.path.as_str(), source.text.as_slice()))
            .collect();
        let digest = wrong.is_empty().then(|| self.hasher.hash_one(texts));
        let includes = Includes::new(folder, &listing.root, &self.hasher, What::Lists);
        let look = |taken: &Taken| (taken.way.clone(), taken.stamp);
        if digest.is_some() && digest == self.digest {
            let again: Vec<Taken> = self.lists.iter().map(|t| includes.again(t)).collect();
            if self.lists.iter().zip(&again).all(|(a, b)| a.same(b)) {
                seen.extend(again.iter().map(look));
                self.lists = again;
                return false;
            }
        }
        let taken = RefCell::new(Vec::new());
        let (steering, mut found) = config::steering(&sources, &|written, from| {
            let (one, text) = includes.take(written, from);
            taken.borrow_mut().push(one);
            text
        });
        wrong.append(&mut found);
        self.digest = digest;
        self.lists = taken.into_inner();
        seen.extend(self.lists.iter().map(look));
        (self.steering, self.found) = (steering.map(Arc::new), wrong);
        true
    }
}

/// Whether a file may have changed without an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unseen {
    Maybe,
    No,
}

/// The databases as they were read.
#[derive(Debug, Default)]
pub(super) struct Geography {
    stamps: Vec<Stamp>,
    /// Whether none can have changed since without another stamp.
    settled: bool,
    digest: Option<u64>,
    hasher: RandomState,
    /// None if there was an error.
    pub(super) atlas: Option<Arc<Atlas>>,
    /// Of which kind that was.
    pub(super) refusal: Option<Refusal>,
    pub(super) found: Vec<Diagnostic>,
}

impl Geography {
    /// Reads them all if one looks otherwise, or may have changed unseen. Whether anything was read.
    pub(super) fn read(&mut self, files: &[PathBuf], unseen: Unseen) -> bool {
        let stamps: Result<Vec<Stamp>, io::Error> = files.iter().map(|p| Stamp::of(p)).collect();
        let same = stamps.as_ref().is_ok_and(|stamps| *stamps == self.stamps);
        if self.atlas.is_some() && same && (self.settled || unseen == Unseen::No) {
            return false;
        }
        self.settled = stamps.is_ok();
        self.stamps = stamps.unwrap_or_default();
        self.settled &= self.stamps.iter().all(Stamp::settled);
        let mut found = Vec::new();
        let bytes = databases(files, &mut found);
        let digest = bytes.as_ref().map(|bytes| self.hasher.hash_one(bytes));
        if self.atlas.is_some() && digest.is_some() && digest == self.digest {
            return false;
        }
        (self.digest, self.found) = (digest, found);
        let readable = bytes.is_some();
        self.atlas = bytes.and_then(|bytes| atlas(&bytes, &mut self.found));
        self.refusal = match (&self.atlas, readable) {
            (Some(_), _) => None,
            (None, true) => Some(Refusal::Broken),
            (None, false) => Some(Refusal::Unreadable),
        };
        true
    }
}

impl Geography {
    /// Why the databases as they were read cannot take the place of those of `before`, if they cannot; and what is to be said
    /// of them.
    pub(super) fn bar(
        &self,
        before: Option<&Estate>,
        guard: Guard,
    ) -> (Option<Refusal>, Vec<Diagnostic>) {
        let Some(atlas) = &self.atlas else {
            return (self.refusal, Vec::new());
        };
        let mut found = guard::ages(atlas, guard, clock::wall());
        let older = before.map(|before| guard::older(&before.atlas, atlas, guard));
        let older = older.unwrap_or_default();
        let refusal = (!older.is_empty()).then_some(Refusal::Older);
        found.extend(older);
        (refusal, found)
    }
}

/// Read into memory, never mapped: a file that is overwritten in place must not change under our feet.
fn databases(paths: &[PathBuf], found: &mut Vec<Diagnostic>) -> Option<Vec<(String, Vec<u8>)>> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for path in paths {
        match bounded(path, Links::Followed, limits::GEOIP_FILE) {
            Ok((bytes, _)) => files.push((path.display().to_string(), bytes)),
            Err(why) => found.push(Diagnostic::whole(
                format!("{}: {why}", path.display()),
                "name a readable MMDB file under `geoip`, or none for the built-in map",
            )),
        }
    }
    (files.len() == paths.len()).then_some(files)
}

fn atlas(files: &[(String, Vec<u8>)], found: &mut Vec<Diagnostic>) -> Option<Arc<Atlas>> {
    if files.is_empty() {
        return Some(Arc::new(Atlas::builtin()));
    }
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(l, b)| (l.as_str(), b.as_slice()))
        .collect();
    match Atlas::read(&files) {
        Ok(atlas) => Some(Arc::new(atlas)),
        Err(mut wrong) => {
            found.append(&mut wrong);
            None
        }
    }
}
