//! Reading the estate from disk: zone files, steering files and databases, whole or not at all.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::machine::geoip::Guard;
use crate::diagnostic::Diagnostic;
use crate::keeper::beside::{Geography, Steer, Unseen};
use crate::keeper::file::{Git, Stamp};
use crate::keeper::folder::{Kind, Listing, Look};
use crate::keeper::guard::{self, Refusal};
use crate::keeper::secrets;
use crate::keeper::zones::{Seen, Which, Zones};
use crate::keeper::{Effort, Force, Pulse, Touched};
use crate::limits;
use crate::wire::cookie::Secrets;
use crate::world::conflict::Reading;
use crate::world::estate::{Estate, Slots};
use crate::world::link;
use crate::zone::Sought;

/// Where the estate is.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The folder of zone and steering files.
    pub zones: PathBuf,
    /// Databases in the order of precedence; none means the built-in map.
    pub geoip: Vec<PathBuf>,
    /// What of them is warned of, and what is not taken.
    pub guard: Guard,
    /// The secrets of cookies; none: there are no cookies.
    pub cookies: Option<PathBuf>,
    /// The part of all records that a new estate may drop, in parts of a million.
    pub max_dropped: u32,
}

/// What a reading came to.
#[derive(Debug)]
pub struct Loaded {
    /// None if there was any error, or nothing to be read.
    pub estate: Option<Estate>,
    /// The secrets of cookies.
    pub secrets: Secrets,
    /// Errors and warnings, errors first.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more there are.
    pub more: usize,
    /// Why the databases are not taken, if it is for them.
    pub refusal: Option<Refusal>,
    /// How it ended.
    pub end: End,
    /// What it cost.
    pub effort: Effort,
}

/// How a reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All was read, for good or bad.
    Read,
    /// Nothing is otherwise than before, and no more than that was asked.
    Same,
    /// Files went on changing: nothing was read, and it is worth another try soon.
    Restless,
}

/// What is asked of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An estate or errors, even if they are those of before.
    Verdict,
    /// The same, and this is taken even if it would be refused.
    Forced(Force),
    /// The same, but only if anything has changed.
    News,
}

/// Reads the estate, and keeps what need not be read again.
#[derive(Debug)]
pub struct Loader {
    paths: Paths,
    /// Diagnostics that are given out of one reading.
    most: usize,
    zones: Zones,
    steer: Steer,
    geography: Geography,
    secrets: Secrets,
    /// What was wrong with their file.
    doubts: Vec<Diagnostic>,
    slots: Slots,
    /// As it was after the last reading. None if that did not end well.
    listing: Option<Listing>,
    /// The stamp of git's index then.
    index: Option<Stamp>,
    /// What was wrong with the folder.
    found: Vec<Diagnostic>,
    /// Whether something was read since the last verdict.
    news: bool,
    pulse: Pulse,
}

/// One look at the disk.
struct Sight {
    listing: Listing,
    seen: Vec<Seen>,
}

impl Loader {
    /// A loader that has read nothing yet, for a server.
    pub fn new(paths: Paths) -> Loader {
        Loader {
            paths,
            most: limits::DIAGNOSTICS_KEPT,
            zones: Zones::new(),
            steer: Steer::default(),
            geography: Geography::default(),
            secrets: Secrets::default(),
            doubts: Vec::new(),
            slots: Slots::default(),
            listing: None,
            index: None,
            found: Vec::new(),
            news: false,
            pulse: Pulse::default(),
        }
    }

    /// The same, but it gives out all diagnostics.
    pub fn thorough(paths: Paths) -> Loader {
        Loader {
            most: usize::MAX,
            ..Loader::new(paths)
        }
    }

    /// Where it reads.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    pub(super) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Reads everything, for the first time.
    pub fn first(&mut self) -> Loaded {
        self.load(None, &Touched::Everything, Asked::Verdict)
    }

    /// Reads what changed. If a file changes meanwhile, or git is at work, it begins again: a checkout is many writes, and
    /// half of one is no estate.
    ///
    /// A change that is seen meanwhile, be it of another file, means that many are being written: it begins again and
    /// looks at everything, but not for longer than a second, for somebody may change a file every few milliseconds for
    /// ever. What was read is of one moment in any case.
    pub fn load(&mut self, before: Option<&Estate>, touched: &Touched, asked: Asked) -> Loaded {
        let begin = Instant::now();
        let mut effort = Effort::default();
        let mut touched = touched.clone();
        let git = Git::around(&self.paths.zones);
        let lock = || git.as_ref().and_then(Git::lock);
        while begin.elapsed() < Duration::from_millis(limits::LOAD_PATIENCE) {
            let index = git.as_ref().and_then(Git::index);
            if lock().is_none() {
                let beats = self.pulse.count();
                if index != self.index {
                    // Git has been at work, and not all of its events need have come yet.
                    touched = Touched::Everything;
                }
                let sight = self.read(&touched, &mut effort);
                let tired = begin.elapsed() > Duration::from_millis(limits::QUIET_AT_MOST);
                // Where nothing is new, what comes next is the next reading's.
                let calm = self.pulse.count() == beats || tired || !self.news;
                // The watcher waits until a file is closed; who asks for everything may ask at any time.
                let young = |(_, stamp): &Seen| stamp.is_some_and(|stamp| stamp.young());
                let making = touched == Touched::Everything && sight.seen.iter().any(young);
                let calm = calm && (!making || tired);
                let rest = lock().is_none() && git.as_ref().and_then(Git::index) == index;
                if calm && rest && !self.moved(&touched, &sight) {
                    self.index = index;
                    let mut loaded = self.verdict(sight, before, asked, effort);
                    loaded.effort.milliseconds = begin.elapsed().as_millis() as u64;
                    return loaded;
                }
            }
            touched = Touched::Everything;
            std::thread::sleep(Duration::from_millis(limits::LOAD_PAUSE));
        }
        self.restless(lock(), effort)
    }

    /// One look at the disk, at these paths or at all. What was read stays known, whatever becomes of it.
    fn read(&mut self, touched: &Touched, effort: &mut Effort) -> Sight {
        let folder = &self.paths.zones;
        let mut found = Vec::new();
        // If this ends in a panic, the next reading looks at everything.
        let known = self.listing.take();
        let near = match (touched, known) {
            (Touched::Paths(paths), Some(listing)) if listing.plain => {
                near(folder, listing, paths).map(|near| (near, paths))
            }
            _ => None,
        };
        let ((seen, mut changed), steering, listing, unseen) = match near {
            Some((near, paths)) => {
                let which = Which::Only(&near.zones, paths);
                let read = self.zones.read(folder, &near.listing, &which, effort);
                let steering = near.steering || self.steer.takes(paths);
                (read, steering, near.listing, Unseen::No)
            }
            None => {
                let listing = Listing::of(folder, &mut found);
                let read = self.zones.read(folder, &listing, &Which::All, effort);
                let stale = !self.steer.fresh(&listing.steering);
                (read, stale, listing, Unseen::Maybe)
            }
        };
        let mut sight = Sight { listing, seen };
        if steering {
            changed |= self.steer.read(folder, &sight.listing, &mut sight.seen);
        }
        changed |= self.geography.read(&self.paths.geoip, unseen);
        changed |= self.secrets();
        self.news |= changed || found != self.found;
        self.found = found;
        sight
    }

    /// Reads the secrets of cookies, small enough to be read each time. Whether anything about them has changed.
    fn secrets(&mut self) -> bool {
        let read = self.paths.cookies.as_deref().map(secrets::read);
        let (secrets, found) = match read.unwrap_or_else(|| Ok(Secrets::default())) {
            Ok(secrets) => (secrets, Vec::new()),
            Err(wrong) => (self.secrets.clone(), wrong),
        };
        let changed = secrets != self.secrets || found != self.doubts;
        (self.secrets, self.doubts) = (secrets, found);
        changed
    }

    /// Whether anything that was read looks otherwise now, be it a folder. A file that was not read because it looked as
    /// ever, and is changed in its place since, has its own event.
    fn moved(&self, touched: &Touched, sight: &Sight) -> bool {
        let other = |path: &Path, stamp: Option<Stamp>| Stamp::of(path).ok() != stamp;
        let mut seen = sight.seen.iter();
        let mut folders = sight.listing.folders.iter();
        let listed = *touched == Touched::Everything;
        seen.any(|(path, stamp)| other(path, *stamp))
            || (listed && folders.any(|(path, stamp)| other(path, Some(*stamp))))
    }

    fn verdict(
        &mut self,
        sight: Sight,
        before: Option<&Estate>,
        asked: Asked,
        effort: Effort,
    ) -> Loaded {
        let folder = &self.paths.zones;
        let listed = sight.listing.zones.len();
        let root = sight.listing.root.clone();
        let linked = self.zones.linked(folder, &root) || self.steer.linked(folder, &root);
        self.listing = Some(sight.listing).filter(|_| !linked);
        let mut loaded = Loaded {
            estate: None,
            secrets: self.secrets.clone(),
            diagnostics: Vec::new(),
            more: 0,
            refusal: None,
            end: End::Same,
            effort,
        };
        if asked == Asked::News && !self.news {
            return loaded;
        }
        loaded.end = End::Read;
        let force = match asked {
            Asked::Forced(force) => force,
            Asked::Verdict | Asked::News => Force::No,
        };
        let guarded = before.filter(|_| !force.databases());
        let (refusal, mut barred) = self.geography.bar(guarded, self.paths.guard);
        let (estate, found) = self.join(listed, &root, before, refusal);
        let much = guard::moves(guarded, estate.as_ref(), self.paths.guard);
        loaded.refusal = refusal.or((!much.is_empty()).then_some(Refusal::Moved));
        barred.extend(much);
        let losses = guard::losses(before, estate.as_ref(), force, self.paths.max_dropped);
        let estate = estate.filter(|_| loaded.refusal.is_none() && losses.is_empty());
        barred.extend(losses);
        if let Some(estate) = &estate {
            self.zones.settle(estate);
        }
        self.news = false;
        let zones = self.zones.known().flat_map(|known| &known.diagnostics);
        let all = zones
            .chain(&self.steer.found)
            .chain(&self.geography.found)
            .chain(&barred)
            .chain(&self.doubts)
            .chain(&self.found)
            .chain(&found);
        loaded.estate = estate.filter(|_| !all.clone().any(Diagnostic::is_error));
        let (errors, warnings) = (
            all.clone().filter(|d| d.is_error()),
            all.clone().filter(|d| !d.is_error()),
        );
        let some = errors.chain(warnings).take(self.most);
        loaded.diagnostics = some.cloned().collect();
        loaded.more = all.count() - loaded.diagnostics.len();
        loaded
    }

    /// The one call of the linker. With a file missing there is no estate, but still what is wrong between the others.
    fn join(
        &mut self,
        listed: usize,
        root: &Path,
        before: Option<&Estate>,
        refusal: Option<Refusal>,
    ) -> (Option<Estate>, Vec<Diagnostic>) {
        let zones = self.zones.zones(&self.paths.zones);
        let reading = if zones.len() == listed {
            Reading::Whole
        } else {
            Reading::Part
        };
        let folder = &self.paths.zones;
        let mut locate =
            |path: &str, sought: Sought<'_>| self.zones.locate(folder, root, path, sought);
        let atlas = self.geography.atlas.as_ref();
        match (&self.steer.steering, atlas.filter(|_| refusal.is_none())) {
            (Some(steering), Some(atlas)) if reading == Reading::Whole => {
                let (steering, atlas) = (Arc::clone(steering), Arc::clone(atlas));
                let slots = &mut self.slots;
                link::link(zones, steering, atlas, slots, before, &mut locate)
            }
            (steering, _) => {
                let found = link::check(zones, steering.as_deref(), reading, &mut locate);
                (None, found)
            }
        }
    }

    fn restless(&mut self, lock: Option<PathBuf>, effort: Effort) -> Loaded {
        let folder = self.paths.zones.display();
        let (message, advice) = match lock {
            Some(lock) => (
                format!(
                    "{folder}: git is at work in it, for {} stands",
                    lock.display()
                ),
                "it is read when git is done; if no git runs, remove that file",
            ),
            None => (
                format!("{folder}: the folder does not come to rest"),
                "files change while they are read: look which; it is tried again soon",
            ),
        };
        self.listing = None;
        Loaded {
            estate: None,
            secrets: self.secrets.clone(),
            diagnostics: vec![Diagnostic::whole(message, advice)],
            more: 0,
            refusal: None,
            end: End::Restless,
            effort,
        }
    }
}

/// What became of the touched paths.
struct Near {
    listing: Listing,
    zones: BTreeSet<OsString>,
    steering: bool,
}

/// None if only a look at everything tells.
fn near(folder: &Path, mut listing: Listing, paths: &BTreeSet<PathBuf>) -> Option<Near> {
    let (mut zones, mut steering) = (BTreeSet::new(), false);
    for path in paths {
        match listing.look(folder, path) {
            Look::Same => {}
            Look::Changed(Kind::Steering) => steering = true,
            Look::Changed(Kind::Zone) => {
                zones.insert(listing.known_as(folder, path)?.into_os_string());
            }
            Look::Unclear => return None,
        }
    }
    Some(Near {
        listing,
        zones,
        steering,
    })
}
