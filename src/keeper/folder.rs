//! The folder of the estate: which files there are, and how each looks.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, FileType};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::keeper::file::Stamp;
use crate::limits;

/// What a file holds, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Zone,
    Steering,
}

/// The machine's own file. A folder below the estate that has one is an estate of its own, and no part of this one; beside
/// the estate's own files it is the file that says `zones = "."`, and no steering.
const MACHINE: &str = "meridian.toml";

/// What a name stands for in the estate. Nothing, if it is hidden, the machine's, or has another end: so have the files that
/// editors, package managers and version control leave behind (`x.zone~`, `.x.zone.swp`, `#x.zone#`, `x.zone.orig`).
pub(super) fn kind(name: &OsStr) -> Option<Kind> {
    if hidden(name) || name == MACHINE {
        return None;
    }
    let end = Path::new(name).extension()?;
    match () {
        () if end.eq_ignore_ascii_case("zone") => Some(Kind::Zone),
        () if end.eq_ignore_ascii_case("toml") => Some(Kind::Steering),
        () => None,
    }
}

fn hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}

/// Files by their paths as the operator knows them, with their looks.
pub(super) type Files = BTreeMap<OsString, Stamp>;

/// The files of the folder, by kind, and how each looked.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) zones: Files,
    pub(super) steering: Files,
    /// Each folder, and how it looked before its files did: what comes, goes or is renamed into place shows there.
    pub(super) folders: Vec<(PathBuf, Stamp)>,
    /// Folders that are estates of their own, by their paths as the operator knows them: nothing below is ours.
    others: BTreeSet<PathBuf>,
    /// The folder without links.
    pub(super) root: PathBuf,
    /// Whether a path in it tells all: no links among the files, and nothing wrong with them.
    pub(super) plain: bool,
}

/// What became of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It is as it was, or no part of the estate.
    Same,
    /// A file of this kind is new, another, or gone.
    Changed(Kind),
    /// Only a look at everything tells.
    Unclear,
}

impl Listing {
    /// Every `*.zone` and `*.toml` file below the folder. Hidden ones are skipped, and folders that are estates of their
    /// own; links are followed if they stay inside, and each folder is looked into once.
    pub(super) fn of(folder: &Path, diagnostics: &mut Vec<Diagnostic>) -> Listing {
        let root = match fs::canonicalize(folder) {
            Ok(root) => root,
            Err(error) => {
                diagnostics.push(Diagnostic::whole(
                    format!("{}: {error}", folder.display()),
                    "name the folder with the zone files: `--zones DIR`",
                ));
                return Listing::default();
            }
        };
        let before = diagnostics.len();
        let mut walk = Walk {
            seen: BTreeSet::from([root.clone()]),
            root: &root,
            zones: Vec::new(),
            steering: Vec::new(),
            folders: Vec::new(),
            others: BTreeSet::new(),
            links: 0,
            diagnostics,
        };
        walk.folder(folder, root.clone(), 0);
        let (zones, steering, links) = (walk.zones, walk.steering, walk.links);
        Listing {
            folders: walk.folders,
            others: walk.others,
            zones: zones.into_iter().collect(),
            steering: steering.into_iter().collect(),
            plain: links == 0 && diagnostics.len() == before,
            root,
        }
    }

    /// The path as the operator knows it, of one below [`Listing::root`].
    pub(super) fn known_as(&self, folder: &Path, path: &Path) -> Option<PathBuf> {
        let inside = path.strip_prefix(&self.root).ok()?;
        (inside.components().next().is_some()).then(|| folder.join(inside))
    }

    /// Looks again at one path, and notes what became of it.
    pub(super) fn look(&mut self, folder: &Path, path: &Path) -> Look {
        let Some(known) = self.known_as(folder, path).filter(|_| self.plain) else {
            return Look::Unclear;
        };
        let Ok(inside) = path.strip_prefix(&self.root) else {
            return Look::Unclear;
        };
        let parts: Vec<&OsStr> = inside.components().map(Component::as_os_str).collect();
        let meta = match fs::symlink_metadata(path) {
            Ok(meta) => Some(meta),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => return Look::Unclear,
        };
        // A hidden folder holds nothing of its own, and nothing else leads there without a link.
        if parts.iter().any(|part| hidden(part)) {
            return Look::Same;
        }
        if let Some(look) = self.foreign(folder, &known, meta.is_some()) {
            return look;
        }
        if meta.as_ref().is_some_and(|m| m.is_dir() || m.is_symlink()) {
            return Look::Unclear;
        }
        let kind = parts.last().and_then(|name| kind(name));
        let key = known.into_os_string();
        let Some(kind) = kind else {
            return self.other(key, meta.is_some());
        };
        let files = match kind {
            Kind::Zone => &mut self.zones,
            Kind::Steering => &mut self.steering,
        };
        match meta {
            None if files.remove(&key).is_some() => Look::Changed(kind),
            None => self.other(key, false),
            Some(meta) if meta.is_file() && parts.len() <= limits::FOLDER_DEPTH + 1 => {
                let stamp = Stamp::from(&meta);
                match files.insert(key, stamp) {
                    Some(before) if before == stamp => Look::Same,
                    _ => Look::Changed(kind),
                }
            }
            Some(_) => Look::Unclear,
        }
    }

    /// For what makes a folder an estate of its own, and for what lies in one.
    fn foreign(&self, folder: &Path, known: &Path, there: bool) -> Option<Look> {
        let near = known.parent()?;
        let machine = known.file_name() == Some(OsStr::new(MACHINE)) && near != folder;
        if machine && self.others.contains(near) != there {
            return Some(Look::Unclear);
        }
        let mut above = known.ancestors().skip(1);
        let within = above.any(|folder| self.others.contains(folder));
        within.then_some(Look::Same)
    }

    /// No file of the estate; but if it is gone, it may have been a folder.
    fn other(&self, key: OsString, there: bool) -> Look {
        let mut folder = key;
        folder.push("/");
        let below = |files: &Files| {
            let first = files.range::<OsString, _>(&folder..).next();
            first.is_some_and(|(path, _)| path.as_bytes().starts_with(folder.as_bytes()))
        };
        if !there && (below(&self.zones) || below(&self.steering)) {
            Look::Unclear
        } else {
            Look::Same
        }
    }
}

/// What an ordinary file is, and how it looks.
type Seen = io::Result<(FileType, Stamp)>;

/// What a folder holds.
#[derive(Default)]
struct Held {
    /// Files of the estate, if it is one folder of it.
    files: Vec<(Kind, PathBuf, Seen)>,
    /// Its folders and links, with whether each is a link.
    later: Vec<(OsString, bool)>,
    /// Whether it has the machine's own file.
    machine: bool,
}

struct Walk<'a> {
    root: &'a Path,
    seen: BTreeSet<PathBuf>,
    zones: Vec<(OsString, Stamp)>,
    steering: Vec<(OsString, Stamp)>,
    folders: Vec<(PathBuf, Stamp)>,
    others: BTreeSet<PathBuf>,
    links: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Walk<'_> {
    fn wrong(&mut self, path: &Path, what: impl std::fmt::Display, advice: &str) {
        let message = format!("{}: {what}", path.display());
        self.diagnostics.push(Diagnostic::whole(message, advice));
    }

    fn add(&mut self, kind: Kind, path: PathBuf, stamp: Stamp) {
        match kind {
            Kind::Zone => self.zones.push((path.into(), stamp)),
            Kind::Steering => self.steering.push((path.into(), stamp)),
        }
    }

    /// One reading of the folder, and one look at each file of the estate in it.
    fn folder(&mut self, folder: &Path, real: PathBuf, depth: usize) {
        let stamp = Stamp::of(folder);
        self.folders
            .extend(stamp.ok().map(|stamp| (folder.into(), stamp)));
        let found = match Walk::files(folder) {
            Ok(found) => found,
            // Half a listing would be an estate with zones missing.
            Err(error) => return self.wrong(folder, error, "make the folder readable"),
        };
        if depth > 0 && found.machine {
            self.others.insert(folder.into());
            return;
        }
        for (kind, path, look) in found.files {
            match look {
                Ok((found, stamp)) => self.file(kind, path, found, stamp),
                Err(error) => self.wrong(&path, error, "mend or remove it"),
            }
        }
        let mut later = found.later;
        // Of two ways to one folder the first by name is taken, whatever order the disk has them in.
        later.sort();
        for (name, is_link) in later {
            let path = folder.join(&name);
            if is_link {
                self.link(path, kind(&name), depth);
            } else {
                self.below(&path, real.join(&name), depth);
            }
        }
    }

    /// What is in a folder, and how its ordinary files look.
    fn files(folder: &Path) -> io::Result<Held> {
        let mut held = Held::default();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if hidden(&name) {
                continue;
            }
            let found = entry.file_type()?;
            let kind = kind(&name);
            held.machine |= name == MACHINE && !found.is_dir();
            if found.is_dir() || found.is_symlink() {
                held.later.push((name, found.is_symlink()));
            } else if let Some(kind) = kind {
                // Seen from the open folder: the way to it is not walked again for each file.
                let look = match entry.metadata() {
                    Ok(meta) => Ok((found, Stamp::from(&meta))),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => Err(error),
                };
                held.files.push((kind, entry.path(), look));
            }
        }
        Ok(held)
    }

    fn file(&mut self, kind: Kind, path: PathBuf, found: FileType, stamp: Stamp) {
        if found.is_file() {
            self.add(kind, path, stamp);
        } else {
            // A pipe or a device would block the reader, or never end.
            self.wrong(&path, "is no ordinary file", "remove it");
        }
    }

    fn link(&mut self, path: PathBuf, kind: Option<Kind>, depth: usize) {
        self.links += 1;
        let (Ok(meta), Ok(real)) = (fs::metadata(&path), fs::canonicalize(&path)) else {
            if kind.is_some() {
                let what = "cannot be read, or is a link to nothing";
                self.wrong(&path, what, "mend or remove it");
            }
            return;
        };
        if !real.starts_with(self.root) {
            if kind.is_some() {
                let advice = "keep all files of the estate inside its folder";
                self.wrong(&path, "a link that leads out of the folder", advice);
            }
        } else if meta.is_dir() {
            self.below(&path, real, depth);
        } else if let Some(kind) = kind {
            self.file(kind, path, meta.file_type(), Stamp::from(&meta));
        }
    }

    fn below(&mut self, path: &Path, real: PathBuf, depth: usize) {
        if !self.seen.insert(real.clone()) {
            return;
        }
        if depth < limits::FOLDER_DEPTH {
            self.folder(path, real, depth + 1);
        } else {
            let what = format!("more than {} folders deep", limits::FOLDER_DEPTH);
            let advice = "put it higher up, or hide it with a leading dot";
            self.wrong(path, what, advice);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests;
