//! Watching the estate's folder and the databases, so that a `git pull` or a new database is taken by itself.
//!
//! Folders are watched, never files: tools replace files by renaming, and whole folders by a symbolic link.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::keeper::load::Paths;
use crate::keeper::{Change, Keeper};
use crate::limits;

/// Watches for as long as the keeper lives, on a thread of its own.
///
/// # Errors
///
/// When the system gives no watch or no thread, in words for the operator.
pub fn start(paths: Paths, keeper: Keeper) -> Result<(), String> {
    let (events, seen) = channel();
    let watcher = notify::recommended_watcher(move |event| drop(events.send(event)));
    let mut eyes = Eyes {
        watcher: watcher.map_err(|e| e.to_string())?,
        open: BTreeSet::new(),
    };
    eyes.look(&paths);
    let work = move || run(&mut eyes, &paths, &keeper, &seen);
    std::thread::Builder::new()
        .name("watch".into())
        .spawn(work)
        .map_err(|e| e.to_string())?;
    Ok(())
}

type Seen = notify::Result<Event>;

fn run(eyes: &mut Eyes, paths: &Paths, keeper: &Keeper, seen: &Receiver<Seen>) {
    loop {
        let Ok(first) = seen.recv() else { return };
        if !matters(&first, paths) {
            continue;
        }
        calm(seen);
        // A link may point elsewhere now, and folders may be new.
        eyes.look(paths);
        let change = Change::Reload {
            cause: Arc::from("watch"),
            reply: None,
        };
        // A full queue is waited for: nobody would tell of this change again.
        if keeper.press(change).is_err() {
            return;
        }
    }
}

/// Waits until nothing more happens for a moment, but not for ever.
fn calm(seen: &Receiver<Seen>) {
    let end = Instant::now() + Duration::from_millis(limits::QUIET_AT_MOST);
    while Instant::now() < end {
        match seen.recv_timeout(Duration::from_millis(limits::QUIET)) {
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Reading is no change, else each reading would be followed by the next. An error may have hidden one.
fn matters(event: &Seen, paths: &Paths) -> bool {
    let Ok(event) = event else { return true };
    let change = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    };
    change && (event.paths.is_empty() || event.paths.iter().any(|path| concerns(path, paths)))
}

/// Files of the estate, folders and links that lead to it, and databases.
fn concerns(path: &Path, paths: &Paths) -> bool {
    let inside = |root: &Path| {
        let real = std::fs::canonicalize(root);
        let written = std::path::absolute(root);
        let below = [written.ok(), real.ok()].into_iter().flatten();
        below
            .into_iter()
            .any(|root| path.starts_with(&root) || root.starts_with(path))
    };
    // What git keeps for itself changes with every look at it.
    let hidden = path.components().any(|c| c.as_os_str() == ".git");
    !hidden
        && (inside(&paths.zones)
            || paths.geoip.iter().any(|file| inside(file))
            || path.is_symlink())
}

struct Eyes {
    watcher: RecommendedWatcher,
    open: BTreeSet<(PathBuf, bool)>,
}

impl Eyes {
    /// Watches the folder and all below it, each database's folder, and wherever a link on the way stands.
    fn look(&mut self, paths: &Paths) {
        let mut wanted: BTreeSet<(PathBuf, bool)> = BTreeSet::new();
        wanted.insert((real(&paths.zones), true));
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
