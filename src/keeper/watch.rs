//! Watching the estate's folder and the databases, so that a `git pull` or a new database is taken by itself.
//!
//! Folders are watched, never files: tools replace files by renaming, and whole folders by a symbolic link.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind, RemoveKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::keeper::load::Paths;
use crate::keeper::reload::WATCH;
use crate::keeper::{Busy, Change, Force, Keeper, Touched};
use crate::limits;

/// Watches for as long as the keeper lives, on a thread of its own.
///
/// # Errors
///
/// When the system gives no watch or no thread, in words for the operator.
pub fn start(paths: Paths, keeper: Keeper) -> Result<(), String> {
    let (events, seen) = channel();
    let pulse = keeper.pulse.clone();
    let watcher = notify::recommended_watcher(move |event: Seen| {
        if changes(&event) {
            pulse.beat();
            drop(events.send(event));
        }
    });
    let mut eyes = Eyes {
        watcher: watcher.map_err(|e| e.to_string())?,
        open: BTreeSet::new(),
        zones: PathBuf::new(),
        concern: Vec::new(),
    };
    eyes.look(&paths);
    let work = move || {
        // What changed between the first reading and the first watch has no event.
        let mut told = tell(&keeper, Touched::Everything);
        while told.is_ok() {
            told = match eyes.wait(&seen) {
                Some(burst) => eyes.heed(burst, &paths, &keeper),
                None => return,
            };
        }
    };
    std::thread::Builder::new()
        .name("watch".into())
        .spawn(work)
        .map_err(|e| e.to_string())?;
    Ok(())
}

type Seen = notify::Result<Event>;

/// Reading is no change, else each reading would be followed by the next; nor is what git keeps for itself, which changes
/// with every look at it. An error may have hidden a change.
fn changes(event: &Seen) -> bool {
    let Ok(event) = event else { return true };
    let hidden = |path: &PathBuf| path.components().any(|c| c.as_os_str() == ".git");
    let reading = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
        EventKind::Access(_) => true,
        _ => false,
    };
    !reading && (event.paths.is_empty() || !event.paths.iter().all(hidden))
}

/// A full queue is waited for: nobody would tell of this change again.
fn tell(keeper: &Keeper, touched: Touched) -> Result<(), Busy> {
    keeper.press(Change::Reload {
        cause: Arc::from(WATCH),
        touched,
        force: Force::No,
        reply: None,
    })
}

/// Events that came one soon after the other.
#[derive(Default)]
struct Burst {
    touched: Touched,
    /// Whether there was any that concerns us.
    matters: bool,
    /// Files that are being written.
    open: BTreeSet<PathBuf>,
}

impl Burst {
    fn note(&mut self, seen: Seen, eyes: &Eyes) {
        let event = match seen {
            Ok(event) if !event.need_rescan() && !event.paths.is_empty() => event,
            // Some events are lost.
            _ => return self.all(),
        };
        let folder = matches!(
            event.kind,
            EventKind::Create(CreateKind::Folder) | EventKind::Remove(RemoveKind::Folder)
        );
        for path in event.paths {
            if !eyes.concerns(&path) {
                continue;
            }
            match event.kind {
                EventKind::Modify(ModifyKind::Data(_)) => drop(self.open.insert(path.clone())),
                EventKind::Modify(ModifyKind::Metadata(_)) => {}
                _ => drop(self.open.remove(&path)),
            }
            if folder || path == eyes.zones || !path.starts_with(&eyes.zones) {
                self.all();
            } else {
                self.matters = true;
                self.touched.merge(Touched::Paths(BTreeSet::from([path])));
            }
        }
    }

    fn all(&mut self) {
        self.matters = true;
        self.touched = Touched::Everything;
    }

    /// Whether the way that watches go may be another, or there may be folders without a watch.
    fn unclear(&self) -> bool {
        let strange = |path: &PathBuf| {
            let meta = std::fs::symlink_metadata(path);
            meta.is_ok_and(|meta| meta.is_dir() || meta.is_symlink())
        };
        match &self.touched {
            Touched::Everything => true,
            Touched::Paths(paths) => paths.iter().any(strange),
        }
    }
}

struct Eyes {
    watcher: RecommendedWatcher,
    /// What is watched, and whether with all below it.
    open: BTreeSet<(PathBuf, bool)>,
    /// The folder of the estate without links.
    zones: PathBuf,
    /// The folder and the databases, as they are written and without links.
    concern: Vec<PathBuf>,
}

impl Eyes {
    /// Waits for an event, and then until nothing more happens for a moment and no file is being written, but not for
    /// ever. None if there will be no more.
    fn wait(&self, seen: &Receiver<Seen>) -> Option<Burst> {
        let mut burst = Burst::default();
        while !burst.matters {
            burst.note(seen.recv().ok()?, self);
        }
        let end = Instant::now() + Duration::from_millis(limits::QUIET_AT_MOST);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let quiet = if burst.open.is_empty() {
                Duration::from_millis(limits::QUIET)
            } else {
                left
            };
            match seen.recv_timeout(quiet.min(left)) {
                Ok(event) => burst.note(event, self),
                Err(_) => return Some(burst),
            }
            if left.is_zero() {
                return Some(burst);
            }
        }
    }

    fn heed(&mut self, mut burst: Burst, paths: &Paths, keeper: &Keeper) -> Result<(), Busy> {
        if burst.unclear() {
            burst.all();
            self.look(paths);
        }
        tell(keeper, burst.touched)
    }

    /// Files of the estate, folders and links that lead to it, and databases.
    fn concerns(&self, path: &Path) -> bool {
        let hidden = path.components().any(|c| c.as_os_str() == ".git");
        let near = |root: &PathBuf| path.starts_with(root) || root.starts_with(path);
        !hidden && (self.concern.iter().any(near) || path.is_symlink())
    }

    /// Watches the folder and all below it, each database's folder, and wherever a link on the way stands.
    fn look(&mut self, paths: &Paths) {
        self.zones = real(&paths.zones);
        let written = |path: &PathBuf| std::path::absolute(path).ok();
        self.concern = std::iter::once(&paths.zones)
            .chain(&paths.geoip)
            .flat_map(|path| [Some(real(path)), written(path)])
            .flatten()
            .collect();
        let mut wanted: BTreeSet<(PathBuf, bool)> = BTreeSet::new();
        wanted.insert((self.zones.clone(), true));
        for path in std::iter::once(&paths.zones).chain(&paths.geoip) {
            let steps = way(path);
            let folders = steps.iter().filter_map(|step| step.parent());
            wanted.extend(folders.map(|folder| (folder.to_path_buf(), false)));
        }
        for (path, deep) in self.open.difference(&wanted).cloned().collect::<Vec<_>>() {
            let _ = self.watcher.unwatch(&path);
            self.open.remove(&(path, deep));
        }
        for (path, deep) in wanted {
            let mode = if deep {
                RecursiveMode::Recursive
            } else {
                RecursiveMode::NonRecursive
            };
            // Watched anew each time: after a link's swap the same path is another folder.
            match self.watcher.watch(&path, mode) {
                Ok(()) => drop(self.open.insert((path, deep))),
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "cannot be watched; reload by SIGHUP or the API");
                }
            }
        }
    }
}

fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// Every link on the way to `path`, anywhere in it, and where the way ends: what must not be replaced unseen. A tool may
/// swap the folder itself, a link to it, or a link to a folder far above it (as git-sync and Kubernetes do).
fn way(path: &Path) -> Vec<PathBuf> {
    let start = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let parts = |path: &Path| -> Vec<PathBuf> {
        let owned = |part: Component<'_>| PathBuf::from(part.as_os_str());
        path.components().map(owned).collect()
    };
    let mut todo: VecDeque<PathBuf> = parts(&start).into();
    let mut at = PathBuf::new();
    let mut steps = Vec::new();
    while let Some(part) = todo.pop_front() {
        match part.components().next() {
            Some(Component::ParentDir) => drop(at.pop()),
            Some(Component::CurDir) | None => {}
            // An absolute part takes the place of all before it.
            Some(_) => {
                let next = at.join(&part);
                match std::fs::read_link(&next) {
                    Ok(target) if steps.len() < limits::LINKS => {
                        steps.push(next);
                        for part in parts(&target).into_iter().rev() {
                            todo.push_front(part);
                        }
                    }
                    _ => at = next,
                }
            }
        }
    }
    steps.push(at);
    steps
}
