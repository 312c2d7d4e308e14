//! Zone files: each read again only if it, or a file that it includes, looks otherwise; parsed only if it says otherwise, and
//! of a large one only what does.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostic::{Diagnostic, Source, Spot};
use crate::keeper::Effort;
use crate::keeper::file::{Links, Stamp, bounded};
use crate::keeper::folder::{Files, Listing};
use crate::keeper::include::{Includes, Taken, What};
use crate::keeper::spread;
use crate::limits;
use crate::wire::name::{Name, NameError};
use crate::world::estate::Estate;
use crate::world::link::Read;
use crate::zone::{self, Edited, Job as Piece, Sought, Stretches, Texts, Zone};

/// A path that was read, and how it looked: none if nothing was there.
pub(super) type Seen = (PathBuf, Option<Stamp>);

/// What is known of a zone file. Its text is not kept.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Its stamp, if that was settled when it was read.
    stamp: Option<Stamp>,
    digest: Option<u64>,
    includes: Vec<Taken>,
    /// What is kept of a large file's text, instead of the digest.
    stretches: Option<Stretches>,
    /// None if there was an error.
    pub(super) zone: Option<Arc<Zone>>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// All zone files of the folder.
#[derive(Debug)]
pub(super) struct Zones {
    known: BTreeMap<OsString, Known>,
    hasher: RandomState,
    threads: usize,
}

/// Which files to look at.
pub(super) enum Which<'a> {
    All,
    /// These files, and those that include one of these paths.
    Only(&'a BTreeSet<OsString>, &'a BTreeSet<PathBuf>),
}

impl Zones {
    pub(super) fn new() -> Zones {
        Zones {
            known: BTreeMap::new(),
            hasher: RandomState::new(),
            threads: spread::cores(),
        }
    }

    /// Every zone file in the order of the paths.
    pub(super) fn known(&self) -> impl Iterator<Item = &Known> + Clone {
        self.known.values()
    }

    /// All zones that could be read.
    pub(super) fn zones(&self, folder: &Path) -> Vec<Read> {
        let folder = folder.to_string_lossy().len();
        let read = |(path, known): (&OsString, &Known)| {
            Some(Read {
                path: path.to_string_lossy().into(),
                folder,
                zone: known.zone.clone()?,
            })
        };
        self.known.iter().filter_map(read).collect()
    }

    /// Keeps the zones as they are steered now: else both would be kept.
    pub(super) fn settle(&mut self, estate: &Estate) {
        for held in &estate.zones {
            if let Some(known) = self.known.get_mut(OsStr::new(&*held.path)) {
                known.zone = Some(held.zone.clone());
            }
        }
    }

    /// Where a record stands in a zone file, which is read once more.
    pub(super) fn locate(
        &self,
        folder: &Path,
        root: &Path,
        path: &str,
        sought: Sought<'_>,
    ) -> Option<Spot> {
        let file = Path::new(path);
        let (text, _) = bounded(file, Links::Followed, limits::ZONE_FILE).ok()?;
        let source = Source::new(file.display().to_string(), text);
        let origin = origin(file).ok()?;
        let kept = self.known.get(OsStr::new(path));
        if let Some(kept) = kept.and_then(|known| known.stretches.as_ref()) {
            let digest = |octets: &[u8]| self.hasher.hash_one(octets);
            let spot = zone::locate_in(&source, &origin, kept, &digest, sought);
            if spot.is_some() {
                return spot;
            }
        }
        let includes = Includes::new(folder, root, &self.hasher, What::Records);
        let texts = Texts {
            include: &|written, from| includes.take(written, from).1,
            run: &|pieces| spread::each(pieces, self.threads, Piece::run),
        };
        zone::locate(&source, &origin, &texts, sought)
    }

    /// Whether any file is included through a link, so that its own path does not tell all.
    pub(super) fn linked(&self, folder: &Path, root: &Path) -> bool {
        let mut taken = self.known().flat_map(|known| &known.includes);
        taken.any(|taken| astray(folder, root, taken))
    }

    /// Reads what is new or looks otherwise, and forgets what is gone. Gives back all that was looked into, and whether
    /// anything has changed.
    pub(super) fn read(
        &mut self,
        folder: &Path,
        listing: &Listing,
        which: &Which<'_>,
        effort: &mut Effort,
    ) -> (Vec<Seen>, bool) {
        let mut seen = Vec::new();
        let gone = self.gone(&listing.zones, which);
        for path in &gone {
            self.known.remove(path);
            seen.push((path.into(), None));
        }
        let mut jobs = Vec::new();
        for path in self.stale(&listing.zones, which) {
            if let Some(stamp) = listing.zones.get(&path) {
                let known = self.known.remove(&path);
                jobs.push((path, *stamp, known));
            }
        }
        effort.zones_read = effort.zones_read.max(jobs.len());
        let includes = Includes::new(folder, &listing.root, &self.hasher, What::Records);
        // A large file has all threads for its parts; small ones are read beside each other.
        let (large, small): (Vec<Job>, Vec<Job>) = jobs
            .into_iter()
            .partition(|(_, stamp, _)| stamp.length() >= limits::ZONE_LARGE);
        let hasher = &self.hasher;
        let desk = |threads| Desk {
            includes: &includes,
            hasher,
            threads,
        };
        let (all, alone) = (desk(self.threads), desk(1));
        let large = spread::each(large, 1, |job| one(job, &all));
        let small = spread::each(small, self.threads, |job| one(job, &alone));
        let mut changed = !gone.is_empty();
        for done in large.into_iter().chain(small) {
            effort.zones_parsed += usize::from(done.way != Way::Same);
            effort.zones_followed += usize::from(done.way == Way::Followed);
            changed |= done.way != Way::Same;
            seen.push((done.path.clone().into(), Some(done.stamp)));
            let taken = done.known.includes.iter();
            seen.extend(taken.map(|taken| (taken.way.clone(), taken.stamp)));
            self.known.insert(done.path, done.known);
        }
        (seen, changed)
    }

    fn gone(&self, files: &Files, which: &Which<'_>) -> Vec<OsString> {
        let gone = |path: &&OsString| !files.contains_key(*path);
        match which {
            Which::All => self.known.keys().filter(gone).cloned().collect(),
            Which::Only(touched, _) => {
                let known = touched.iter().filter(|path| self.known.contains_key(*path));
                known.filter(gone).cloned().collect()
            }
        }
    }

    /// The files that must be read.
    fn stale(&self, files: &Files, which: &Which<'_>) -> BTreeSet<OsString> {
        match which {
            Which::Only(touched, paths) => {
                let takes = |known: &Known| known.includes.iter().any(|t| paths.contains(&t.real));
                let users = self.known.iter().filter(|(_, known)| takes(known));
                let users = users.map(|(path, _)| path.clone());
                users.chain((*touched).clone()).collect()
            }
            Which::All => {
                let mut looks: HashMap<&Path, Option<Stamp>> = HashMap::new();
                let mut look = |way| *looks.entry(way).or_insert_with(|| Stamp::of(way).ok());
                let mut fresh = |path: &OsStr, stamp: &Stamp| {
                    self.known.get(path).is_some_and(|known| {
                        known.stamp.as_ref() == Some(stamp)
                            && known.includes.iter().all(|t| t.fresh(look(&t.way)))
                    })
                };
                let stale = files.iter().filter(|(path, stamp)| !fresh(path, stamp));
                stale.map(|(path, _)| path.clone()).collect()
            }
        }
    }
}

/// Whether a file is taken through a link.
pub(super) fn astray(folder: &Path, root: &Path, taken: &Taken) -> bool {
    plain(folder, root, &taken.way) != Some(taken.real.clone())
}

/// A path as the operator knows it, without links if there are none on the way.
fn plain(folder: &Path, root: &Path, way: &Path) -> Option<PathBuf> {
    let mut path = root.to_path_buf();
    let inside = way.strip_prefix(folder).or_else(|_| way.strip_prefix(root));
    for part in inside.ok()?.components() {
        match part {
            std::path::Component::Normal(part) => path.push(part),
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => drop(path.pop()),
            _ => return None,
        }
    }
    Some(path)
}

type Job = (OsString, Stamp, Option<Known>);

struct Done {
    path: OsString,
    stamp: Stamp,
    known: Known,
    way: Way,
}

/// How a file was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It says what it said.
    Same,
    /// What changed was read.
    Followed,
    /// All of it was read.
    Whole,
}

/// What a reader of a file has at hand.
struct Desk<'a> {
    includes: &'a Includes<'a>,
    hasher: &'a RandomState,
    /// For the pieces of one file.
    threads: usize,
}

/// Reads one zone file. What says the same as before is not parsed again.
fn one((path, stamp, before): Job, desk: &Desk<'_>) -> Done {
    let file = Path::new(&path);
    let (text, stamp) = match bounded(file, Links::Followed, limits::ZONE_FILE) {
        Ok(read) => read,
        Err(why) => {
            let message = format!("{}: {why}", file.display());
            let advice = "make the file readable, or smaller";
            let known = Known {
                diagnostics: vec![Diagnostic::whole(message, advice)],
                ..Known::default()
            };
            return Done {
                path,
                stamp,
                known,
                way: Way::Whole,
            };
        }
    };
    let kept = stamp.settled().then_some(stamp);
    let before = before.unwrap_or_default();
    let source = Source::new(file.display().to_string(), text);
    let (before, followed) = follow(file, &source, before, desk);
    let (mut known, way) = match followed {
        Ok(way) => (before, way),
        Err(digest) => {
            let mut known = read(file, &source, desk, before.zone.as_deref());
            known.digest = digest.filter(|_| known.stretches.is_none());
            (known, Way::Whole)
        }
    };
    known.stamp = kept;
    Done {
        path,
        stamp,
        known,
        way,
    }
}

/// What is known of a file that says what it did, or of which stretches changed, and how it was read. Else what was known,
/// and the digest of the file, if it was made.
fn follow(
    file: &Path,
    source: &Arc<Source>,
    mut before: Known,
    desk: &Desk<'_>,
) -> (Known, Result<Way, Option<u64>>) {
    let hash = |octets: &[u8]| desk.hasher.hash_one(octets);
    if let Some((kept, zone)) = before.stretches.as_ref().zip(before.zone.as_ref()) {
        let Ok(origin) = origin(file) else {
            return (before, Err(None));
        };
        return match zone::edit(source, &origin, zone, kept, &hash) {
            Edited::Same => (before, Ok(Way::Same)),
            Edited::Zone(zone, kept) => {
                (before.zone, before.stretches) = (Some(Arc::new(*zone)), Some(kept));
                (before, Ok(Way::Followed))
            }
            Edited::Unclear => {
                // It is made anew, and need not stand beside that.
                before.stretches = None;
                (before, Err(None))
            }
        };
    }
    let digest = Some(hash(&source.text));
    if digest == before.digest {
        let again = before.includes.iter().map(|t| desk.includes.again(t));
        let again: Vec<Taken> = again.collect();
        if before.includes.iter().zip(&again).all(|(a, b)| a.same(b)) {
            before.includes = again;
            return (before, Ok(Way::Same));
        }
    }
    (before, Err(digest))
}

/// The origin that a file's name says, unless the file does.
fn origin(file: &Path) -> Result<Name, NameError> {
    let stem = file.file_stem().and_then(|s| s.to_str());
    // No file can be called like the root itself.
    let stem = if stem == Some("root") {
        Some(".")
    } else {
        stem
    };
    Name::parse(stem.unwrap_or_default().as_bytes(), Some(&Name::root()))
}

fn read(file: &Path, source: &Arc<Source>, desk: &Desk<'_>, before: Option<&Zone>) -> Known {
    let mut known = Known::default();
    match origin(file) {
        Ok(origin) => {
            let taken = Mutex::new(Vec::new());
            let texts = Texts {
                include: &|written, from| {
                    let (one, text) = desk.includes.take(written, from);
                    let mut all = taken.lock().unwrap_or_else(PoisonError::into_inner);
                    all.push(one);
                    text
                },
                run: &|pieces| spread::each(pieces, desk.threads, Piece::run),
            };
            let reading = zone::read(source, &origin, &texts, before);
            let hash = |octets: &[u8]| desk.hasher.hash_one(octets);
            let draft = reading.draft.zip(reading.zone.as_ref());
            known.stretches = draft.map(|(draft, zone)| draft.finish(&source.text, zone, &hash));
            known.zone = reading.zone.map(Arc::new);
            known.diagnostics = reading.diagnostics;
            known.includes = taken.into_inner().unwrap_or_else(PoisonError::into_inner);
            // A file that is included often is one file.
            known.includes.sort_by(|a, b| a.way.cmp(&b.way));
            known.includes.dedup_by(|a, b| a.way == b.way);
        }
        Err(error) => known.diagnostics.push(Diagnostic::whole(
            format!("{}: {error}", file.display()),
            "name the file like its zone: `example.com.zone`",
        )),
    }
    known
}
