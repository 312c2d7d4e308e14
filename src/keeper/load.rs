//! Reading the estate from disk: zone files, steering files and databases, whole or not at all.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::config;
use crate::diagnostic::{self, Diagnostic, Source};
use crate::geo::atlas::Atlas;
use crate::keeper::folder::{Listing, Stamp, bounded, git_lock};
use crate::limits;
use crate::wire::name::Name;
use crate::world::conflict::Reading;
use crate::world::estate::{Estate, Slots};
use crate::world::link;
use crate::zone::{self, Parsed};

/// Where the estate is.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The folder of zone and steering files.
    pub zones: PathBuf,
    /// Databases in the order of precedence; none means the built-in map.
    pub geoip: Vec<PathBuf>,
}

/// What a reading came to.
#[derive(Debug)]
pub struct Loaded {
    /// None if there was any error.
    pub estate: Option<Estate>,
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// Files went on changing: nothing was read, and it is worth another try soon.
    pub restless: bool,
}

/// Reads the estate, and keeps what need not be read again.
#[derive(Debug)]
pub struct Loader {
    paths: Paths,
    zones: HashMap<PathBuf, Known>,
    /// With the stamps of the databases, if they were settled when they were read.
    atlas: Option<(Vec<Stamp>, Arc<Atlas>)>,
    slots: Slots,
}

/// A zone file that was read before.
#[derive(Clone, Debug)]
struct Known {
    /// Its stamp, if that was settled before it was read.
    stamp: Option<Stamp>,
    source: Option<Arc<Source>>,
    parsed: Option<Arc<Parsed>>,
    diagnostics: Vec<Diagnostic>,
}

impl Loader {
    /// A loader that has read nothing yet.
    pub fn new(paths: Paths) -> Loader {
        Loader {
            paths,
            zones: HashMap::new(),
            atlas: None,
            slots: Slots::default(),
        }
    }

    /// Where it reads.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Reads everything that changed. If a file changes meanwhile, or git is at work, it begins again: a checkout is
    /// many writes, and half of one is no estate.
    pub fn load(&mut self, before: Option<&Estate>) -> Loaded {
        for _ in 0..limits::LOAD_TRIES {
            if git_lock(&self.paths.zones).is_none() {
                let mut diagnostics = Vec::new();
                let listing = Listing::of(&self.paths.zones, &mut diagnostics);
                let loaded = self.read(&listing, diagnostics, before);
                let after = Listing::of(&self.paths.zones, &mut Vec::new());
                if git_lock(&self.paths.zones).is_none() && after == listing {
                    return loaded;
                }
            }
            std::thread::sleep(Duration::from_millis(limits::LOAD_PAUSE));
        }
        let folder = self.paths.zones.display();
        let (message, advice) = match git_lock(&self.paths.zones) {
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
        Loaded {
            estate: None,
            diagnostics: vec![Diagnostic::whole(message, advice)],
            restless: true,
        }
    }

    fn read(
        &mut self,
        listing: &Listing,
        mut diagnostics: Vec<Diagnostic>,
        before: Option<&Estate>,
    ) -> Loaded {
        let zones = self.zones(listing, &mut diagnostics);
        let mut sources = Vec::new();
        for (path, _) in &listing.steering {
            sources.extend(source(path, limits::STEERING_FILE, &mut diagnostics));
        }
        let (steering, mut found) = config::steering(&sources);
        diagnostics.append(&mut found);
        let atlas = self.atlas(&mut diagnostics);
        let reading = if zones.len() == listing.zones.len() {
            Reading::Whole
        } else {
            Reading::Part
        };
        let estate = match (steering, atlas) {
            (Some(steering), Some(atlas)) if reading == Reading::Whole => {
                let (estate, mut found) =
                    link::link(zones, steering, atlas, &mut self.slots, before);
                diagnostics.append(&mut found);
                estate
            }
            (steering, _) => {
                diagnostics.append(&mut link::check(zones, steering.as_ref(), reading));
                None
            }
        };
        let estate = estate.filter(|_| !diagnostic::any_error(&diagnostics));
        Loaded {
            estate,
            diagnostics,
            restless: false,
        }
    }

    fn zones(&mut self, listing: &Listing, diagnostics: &mut Vec<Diagnostic>) -> Vec<Arc<Parsed>> {
        let mut kept = HashMap::new();
        let mut zones = Vec::new();
        for (path, stamp) in &listing.zones {
            let known = match self.zones.remove(path) {
                Some(known) if known.stamp.as_ref() == Some(stamp) => known,
                before => Known {
                    stamp: stamp.settled().then(|| stamp.clone()),
                    ..zone(path, before)
                },
            };
            diagnostics.extend(known.diagnostics.iter().cloned());
            zones.extend(known.parsed.clone());
            kept.insert(path.clone(), known);
        }
        self.zones = kept;
        zones
    }

    fn atlas(&mut self, diagnostics: &mut Vec<Diagnostic>) -> Option<Arc<Atlas>> {
        let stamps: Result<Vec<Stamp>, io::Error> =
            self.paths.geoip.iter().map(|p| Stamp::of(p)).collect();
        if let (Ok(stamps), Some((old, atlas))) = (&stamps, &self.atlas)
            && stamps == old
        {
            return Some(atlas.clone());
        }
        let stamps = stamps.ok().filter(|s| s.iter().all(Stamp::settled));
        let atlas = if self.paths.geoip.is_empty() {
            Some(Atlas::builtin())
        } else {
            self.databases(diagnostics)
        };
        let atlas = Arc::new(atlas?);
        self.atlas = stamps.map(|stamps| (stamps, atlas.clone()));
        Some(atlas)
    }

    /// Read into memory, never mapped: a file that is overwritten in place must not change under our feet.
    fn databases(&self, diagnostics: &mut Vec<Diagnostic>) -> Option<Atlas> {
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for path in &self.paths.geoip {
            match bounded(path, limits::GEOIP_FILE) {
                Ok(bytes) => files.push((path.display().to_string(), bytes)),
                Err(why) => diagnostics.push(Diagnostic::whole(
                    format!("{}: {why}", path.display()),
                    "name a readable MMDB file under `geoip`, or none for the built-in map",
                )),
            }
        }
        if files.len() < self.paths.geoip.len() {
            return None;
        }
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(l, b)| (l.as_str(), b.as_slice()))
            .collect();
        match Atlas::read(&files) {
            Ok(atlas) => Some(atlas),
            Err(mut found) => {
                diagnostics.append(&mut found);
                None
            }
        }
    }
}

fn source(path: &Path, most: u64, diagnostics: &mut Vec<Diagnostic>) -> Option<Arc<Source>> {
    match bounded(path, most) {
        Ok(text) => Some(Source::new(path.display().to_string(), text)),
        Err(why) => {
            diagnostics.push(Diagnostic::whole(
                format!("{}: {why}", path.display()),
                "make the file readable, or smaller",
            ));
            None
        }
    }
}

/// Reads one zone file. Its name says the origin, unless the file does. The same text as before is not parsed again.
fn zone(path: &Path, before: Option<Known>) -> Known {
    let mut known = Known {
        stamp: None,
        source: None,
        parsed: None,
        diagnostics: Vec::new(),
    };
    let Some(source) = source(path, limits::ZONE_FILE, &mut known.diagnostics) else {
        return known;
    };
    if let Some(before) = before.filter(|b| b.source.as_ref() == Some(&source)) {
        return before;
    }
    let stem = path.file_stem().and_then(|s| s.to_str());
    // No file can be called like the root itself.
    let stem = if stem == Some("root") {
        Some(".")
    } else {
        stem
    };
    match Name::parse(stem.unwrap_or_default().as_bytes(), Some(&Name::root())) {
        Ok(origin) => {
            let (parsed, mut found) = zone::read(&source, &origin);
            known.parsed = parsed.map(Arc::new);
            known.diagnostics.append(&mut found);
        }
        Err(error) => known.diagnostics.push(Diagnostic::whole(
            format!("{}: {error}", path.display()),
            "name the file like its zone: `example.com.zone`",
        )),
    }
    known.source = Some(source);
    known
}
