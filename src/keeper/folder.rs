//! The folder of the estate: which files there are, how each looks, and whether git is at work among them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::diagnostic::Diagnostic;
use crate::limits;

/// By which a changed file is told: a rename, a symbolic link's new target and a rewrite all show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    file: PathBuf,
    modified: Option<SystemTime>,
    length: u64,
    node: (u64, u64),
}

impl Stamp {
    pub(super) fn of(path: &Path) -> io::Result<Stamp> {
        use std::os::unix::fs::MetadataExt;
        let meta = fs::metadata(path)?;
        let node = (meta.dev(), meta.ino());
        Ok(Stamp {
            file: fs::canonicalize(path)?,
            modified: meta.modified().ok(),
            length: meta.len(),
            node,
        })
    }

    /// Whether another write would show. A file that changed within the last moments may change again within the same
    /// tick of its clock; so what is read of it now cannot be kept under this stamp.
    pub(super) fn settled(&self) -> bool {
        let age = self
            .modified
            .and_then(|m| SystemTime::now().duration_since(m).ok());
        age.is_some_and(|age| age > Duration::from_millis(limits::SETTLED))
    }
}

/// The files of the folder, by kind, and how each looked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    pub(super) zones: Vec<(PathBuf, Stamp)>,
    pub(super) steering: Vec<(PathBuf, Stamp)>,
}

impl Listing {
    /// Every `*.zone` and `*.toml` file below the folder, sorted. Hidden ones are skipped; links are followed if they stay
    /// inside, and each folder is looked into once.
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
        let mut walk = Walk {
            seen: BTreeSet::from([root.clone()]),
            root,
            listing: Listing::default(),
            diagnostics,
        };
        walk.folder(folder, 0);
        let mut listing = walk.listing;
        listing.zones.sort_by(|a, b| a.0.cmp(&b.0));
        listing.steering.sort_by(|a, b| a.0.cmp(&b.0));
        listing
    }
}

struct Walk<'a> {
    root: PathBuf,
    seen: BTreeSet<PathBuf>,
    listing: Listing,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Walk<'_> {
    fn wrong(&mut self, path: &Path, what: impl std::fmt::Display, advice: &str) {
        let message = format!("{}: {what}", path.display());
        self.diagnostics.push(Diagnostic::whole(message, advice));
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        // Half a listing would be an estate with zones missing.
        let entries: io::Result<Vec<PathBuf>> = fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.wrong(folder, error, "make the folder readable"),
        };
        // Of two ways to one folder the first by name is taken, whatever order the disk has them in.
        entries.sort();
        for path in entries {
            let hidden = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if !hidden {
                self.entry(path, depth);
            }
        }
    }

    fn entry(&mut self, path: PathBuf, depth: usize) {
        let kind = path.extension().and_then(|e| e.to_str());
        let kind = kind.unwrap_or_default().to_ascii_lowercase();
        let known = kind == "zone" || kind == "toml";
        let (Ok(meta), Ok(real)) = (fs::metadata(&path), fs::canonicalize(&path)) else {
            if known {
                let what = "cannot be read, or is a link to nothing";
                self.wrong(&path, what, "mend or remove it");
            }
            return;
        };
        if !real.starts_with(&self.root) {
            if known {
                let what = "a link that leads out of the folder";
                self.wrong(
                    &path,
                    what,
                    "keep all files of the estate inside its folder",
                );
            }
        } else if meta.is_dir() {
            if !self.seen.insert(real) {
                return;
            }
            if depth < limits::FOLDER_DEPTH {
                self.folder(&path, depth + 1);
            } else {
                let what = format!("more than {} folders deep", limits::FOLDER_DEPTH);
                self.wrong(
                    &path,
                    what,
                    "put it higher up, or hide it with a leading dot",
                );
            }
        } else if known {
            // A pipe or a device would block the reader, or never end.
            match Stamp::of(&path) {
                Ok(stamp) if meta.is_file() && kind == "zone" => {
                    self.listing.zones.push((path, stamp));
                }
                Ok(stamp) if meta.is_file() => self.listing.steering.push((path, stamp)),
                Ok(_) => self.wrong(&path, "is no ordinary file", "remove it"),
                Err(error) => self.wrong(&path, error, "mend or remove it"),
            }
        }
    }
}

/// A whole file, unless it is larger than any honest one.
pub(super) fn bounded(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    if length > most {
        return Err(format!("{length} octets, and at most {most} are read"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // It may grow while it is read.
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| e.to_string())?;
    if bytes.len() as u64 > most {
        return Err(format!(
            "more than {most} octets, which is the most that is read"
        ));
    }
    Ok(bytes)
}

/// The lock of a git checkout that holds the folder, if git is at work in it.
pub(super) fn git_lock(folder: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(folder).ok()?;
    let git = real
        .ancestors()
        .map(|dir| dir.join(".git"))
        .find(|git| git.exists())?;
    let lock = git_folder(git)?.join("index.lock");
    lock.exists().then_some(lock)
}

/// In a worktree or a submodule `.git` is a file that says where the folder is.
fn git_folder(git: PathBuf) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git);
    }
    let text = String::from_utf8(bounded(&git, limits::GIT_FILE).ok()?).ok()?;
    let folder = text.lines().find_map(|line| line.strip_prefix("gitdir:"))?;
    Some(git.parent()?.join(folder.trim()))
}
