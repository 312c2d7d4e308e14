//! One file of the estate: how it looks, what is in it, and whether git is at work around it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::limits;

/// By which a changed file is told. A rename and a link's new target show in the node, whatever is written shows in the
/// time of the change, which no program can set back (as `rsync -t` and `cp -p` do with the time of the content).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    node: (u64, u64),
    length: u64,
    changed: (i64, i64),
}

impl Stamp {
    /// Of the file that a path leads to, through links.
    pub(super) fn of(path: &Path) -> io::Result<Stamp> {
        fs::metadata(path).map(|meta| Stamp::from(&meta))
    }

    /// Whether another write would show. A file that changed within the last moments may change again within the same
    /// tick of its clock; so what is read of it now cannot be kept under this stamp.
    pub(super) fn settled(&self) -> bool {
        let settled = Duration::from_millis(limits::SETTLED);
        self.age().is_some_and(|age| age > settled)
    }

    /// Whether it may be in the making: emptied a moment ago, and not yet filled. One without any content is waited for
    /// longer: nobody means that for long, and a writer may be kept from going on by other work.
    pub(super) fn young(&self) -> bool {
        let most = match self.length {
            0 => limits::QUIET_AT_MOST,
            _ => limits::QUIET,
        };
        let most = Duration::from_millis(most);
        self.age().is_some_and(|age| age < most)
    }

    /// None if the time is to come, for clocks differ.
    fn age(&self) -> Option<Duration> {
        let (seconds, nanos) = self.changed;
        let since = Duration::new(u64::try_from(seconds).ok()?, u32::try_from(nanos).ok()?);
        let at = SystemTime::UNIX_EPOCH.checked_add(since)?;
        SystemTime::now().duration_since(at).ok()
    }

    /// Octets.
    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

impl From<&Metadata> for Stamp {
    fn from(meta: &Metadata) -> Stamp {
        Stamp {
            node: (meta.dev(), meta.ino()),
            length: meta.len(),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }
}

/// Whether the last part of a path may be a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Links {
    Followed,
    Refused,
}

/// A whole file with its stamp, unless it is larger than any honest one, or no ordinary file: a pipe would block, and a
/// device never end. The words say why not.
pub(super) fn bounded(path: &Path, links: Links, most: u64) -> Result<(Vec<u8>, Stamp), String> {
    // Opened without waiting: what stands there may be a pipe since it was looked at.
    let mut flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    if links == Links::Refused {
        flags |= libc::O_NOFOLLOW;
    }
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file: File = opened.map_err(|e| words(&e))?;
    let meta = file.metadata().map_err(|e| words(&e))?;
    if !meta.is_file() {
        return Err("is no ordinary file".into());
    }
    let length = meta.len();
    if length > most {
        return Err(format!("{length} octets, and at most {most} are read"));
    }
    let length = usize::try_from(length).unwrap_or(0);
    let room = if length < limits::PIECE {
        length
    } else {
        length.max(limits::GIVEN_BACK)
    };
    let mut bytes = Vec::with_capacity(room);
    // It may grow while it is read.
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| words(&e))?;
    if bytes.len() as u64 > most {
        return Err(format!(
            "more than {most} octets, which is the most that is read"
        ));
    }
    Ok((bytes, Stamp::from(&meta)))
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::PermissionDenied => "may not be read by this user".into(),
        _ => error.to_string(),
    }
}

/// The git folder of a checkout that holds the estate.
#[derive(Debug)]
pub(super) struct Git(PathBuf);

impl Git {
    /// The nearest at or above a folder.
    pub(super) fn around(folder: &Path) -> Option<Git> {
        let real = fs::canonicalize(folder).ok()?;
        let mut above = real.ancestors().map(|dir| dir.join(".git"));
        let git = above.find(|git| git.exists())?;
        if git.is_dir() {
            return Some(Git(git));
        }
        // In a worktree or a submodule `.git` is a file that says where the folder is.
        let (text, _) = bounded(&git, Links::Followed, limits::GIT_FILE).ok()?;
        let text = String::from_utf8(text).ok()?;
        let folder = text.lines().find_map(|line| line.strip_prefix("gitdir:"))?;
        Some(Git(git.parent()?.join(folder.trim())))
    }

    /// The lock that stands while git writes files.
    pub(super) fn lock(&self) -> Option<PathBuf> {
        let lock = self.0.join("index.lock");
        lock.exists().then_some(lock)
    }

    /// Another after each change that git made to the files, and in place before its lock is gone.
    pub(super) fn index(&self) -> Option<Stamp> {
        Stamp::of(&self.0.join("index")).ok()
    }
}
