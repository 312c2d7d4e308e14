//! What files of the estate may name: ordinary files inside its folder, each read once for all zones of a reading.

use std::collections::HashMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostic::{Refusal, Source};
use crate::keeper::file::{Links, Stamp, bounded};
use crate::limits;

/// A file that another takes, or would if it were there.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    /// The way to it as it is written, seen from the file that includes it.
    pub way: PathBuf,
    /// Where that leads, without links: the watcher tells of this path.
    pub real: PathBuf,
    /// How it looked; none if nothing was there.
    pub stamp: Option<Stamp>,
    /// Whether it cannot have changed since without another stamp.
    settled: bool,
    /// Of what it held; none if it was refused.
    digest: Option<u64>,
}

impl Taken {
    /// Whether it surely holds what it held, by how it looks now.
    pub(super) fn fresh(&self, now: Option<Stamp>) -> bool {
        now == self.stamp && (self.settled || now.is_none())
    }

    /// Whether it holds what it held, by its content.
    pub(super) fn same(&self, now: &Taken) -> bool {
        self.digest.is_some() && self.digest == now.digest && self.real == now.real
    }
}

#[derive(Clone)]
struct Text {
    text: Result<Arc<Source>, Refusal>,
    stamp: Option<Stamp>,
    digest: Option<u64>,
}

/// All files of one reading that others name.
pub(super) struct Includes<'a> {
    folder: &'a Path,
    /// The folder without links.
    root: &'a Path,
    hasher: &'a RandomState,
    what: What,
    texts: Mutex<HashMap<PathBuf, Text>>,
}

/// What is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Records, by a zone file.
    Records,
    /// A list, by a steering file.
    Lists,
}

impl What {
    /// Octets.
    fn most(self) -> u64 {
        match self {
            What::Records => limits::ZONE_FILE,
            What::Lists => limits::NETWORKS_FILE,
        }
    }

    fn advice(self) -> &'static str {
        match self {
            What::Records => "include an ordinary file of records",
            What::Lists => "name an ordinary file that is a list",
        }
    }
}

impl<'a> Includes<'a> {
    pub(super) fn new(
        folder: &'a Path,
        root: &'a Path,
        hasher: &'a RandomState,
        what: What,
    ) -> Includes<'a> {
        Includes {
            folder,
            root,
            hasher,
            what,
            texts: Mutex::new(HashMap::new()),
        }
    }

    /// What the path `written` means in the file `from`.
    pub(super) fn take(&self, written: &str, from: &str) -> (Taken, Result<Arc<Source>, Refusal>) {
        let beside = Path::new(from).parent().unwrap_or(Path::new(""));
        self.open(beside.join(written))
    }

    /// The same file another time.
    pub(super) fn again(&self, taken: &Taken) -> Taken {
        self.open(taken.way.clone()).0
    }

    fn open(&self, way: PathBuf) -> (Taken, Result<Arc<Source>, Refusal>) {
        let real = fs::canonicalize(&way);
        let text = match &real {
            Ok(real) if real.starts_with(self.root) => self.text(real),
            Ok(_) => {
                let advice = "keep all files of the estate inside its folder";
                refused(&way, "leads out of the folder of the estate", advice)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let advice = "the path is seen from the folder of the file that names it";
                refused(&way, "there is no such file", advice)
            }
            Err(error) => refused(&way, &error.to_string(), "make the file readable"),
        };
        let taken = Taken {
            real: real.unwrap_or_else(|_| absent(&way)),
            stamp: text.stamp,
            settled: text.stamp.is_some_and(|stamp| stamp.settled()),
            digest: text.digest,
            way,
        };
        (taken, text.text)
    }

    fn text(&self, real: &Path) -> Text {
        let texts = || self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = texts().get(real) {
            return known.clone();
        }
        let shown = real.strip_prefix(self.root).unwrap_or(real);
        let shown = self.folder.join(shown);
        let text = match bounded(real, Links::Refused, self.what.most()) {
            Ok((bytes, stamp)) => Text {
                digest: Some(self.hasher.hash_one(&bytes)),
                text: Ok(Source::new(shown.display().to_string(), bytes)),
                stamp: Some(stamp),
            },
            Err(why) => refused(&shown, &why, self.what.advice()),
        };
        let small = |source: &Arc<Source>| source.text.len() <= limits::INCLUDE_KEPT;
        if text.text.as_ref().is_ok_and(small) {
            texts().insert(real.to_path_buf(), text.clone());
        }
        text
    }
}

fn refused(way: &Path, why: &str, advice: &str) -> Text {
    Text {
        text: Err(Refusal {
            message: format!("`{}`: {why}", way.display()),
            advice: advice.into(),
        }),
        stamp: Stamp::of(way).ok(),
        digest: None,
    }
}

/// Where a file would be that is not there.
fn absent(way: &Path) -> PathBuf {
    let folder = way.parent().filter(|p| !p.as_os_str().is_empty());
    let real = fs::canonicalize(folder.unwrap_or(Path::new(".")));
    match (real, way.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => way.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_ordinary_files_inside() {
        let house = tempfile::tempdir().unwrap();
        let zones = house.path().join("zones");
        fs::create_dir_all(zones.join("sub")).unwrap();
        fs::write(house.path().join("outside"), "secret").unwrap();
        fs::write(zones.join("a.inc"), "a").unwrap();
        fs::write(zones.join("sub/b.inc"), "b").unwrap();
        symlink("../outside", zones.join("out")).unwrap();
        symlink("sub/b.inc", zones.join("in")).unwrap();
        symlink("..", zones.join("up")).unwrap();
        symlink("circle", zones.join("circle")).unwrap();
        let _socket = UnixListener::bind(zones.join("socket")).unwrap();
        let pipe = rustix::fs::CWD;
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(
            pipe,
            zones.join("pipe"),
            rustix::fs::FileType::Fifo,
            mode,
            0,
        )
        .unwrap();
        let root = fs::canonicalize(&zones).unwrap();
        let hasher = RandomState::new();
        let includes = Includes::new(&zones, &root, &hasher, What::Records);
        let main = zones.join("x.zone").display().to_string();
        let below = zones.join("sub/x.zone").display().to_string();
        let take = |written: &str, from: &str| {
            let (taken, text) = includes.take(written, from);
            let text = text.map(|source| (source.path.clone(), source.text.clone()));
            (taken, text)
        };
        let absolute = root.join("a.inc").display().to_string();
        let good = [
            ("a.inc", &main, "a.inc", "a"),
            ("./sub/../a.inc", &main, "a.inc", "a"),
            (&absolute, &main, "a.inc", "a"),
            ("b.inc", &below, "sub/b.inc", "b"),
            ("../a.inc", &below, "a.inc", "a"),
            ("in", &main, "sub/b.inc", "b"),
        ];
        for (written, from, path, text) in good {
            let (taken, found) = take(written, from);
            let path = zones.join(path);
            let expected = (path.display().to_string(), text.as_bytes().to_vec());
            assert_eq!(found, Ok(expected), "{written}");
            assert_eq!(taken.real, fs::canonicalize(path).unwrap());
        }
        let bad = [
            ("a.inc", &below, "no such file"),
            ("none", &main, "no such file"),
            ("", &main, "no ordinary file"),
            ("sub", &main, "no ordinary file"),
            ("out", &main, "leads out"),
            ("../outside", &main, "leads out"),
            ("up/outside", &main, "leads out"),
            ("/etc/passwd", &main, "leads out"),
            ("/dev/zero", &main, "leads out"),
            ("socket", &main, ""),
            ("pipe", &main, "no ordinary file"),
            ("circle", &main, ""),
            ("nul\0", &main, ""),
            ("a.inc/b", &main, ""),
        ];
        for (written, from, why) in bad {
            let (_, text) = take(written, from);
            let refusal = text.unwrap_err();
            assert!(refusal.message.contains(why), "{written}: {refusal:?}");
        }
        // Where it would have to appear.
        assert_eq!(take("none", &main).0.real, root.join("none"));
    }
}
