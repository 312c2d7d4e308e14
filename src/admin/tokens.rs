//! Tokens: who may report and operate, and how often; read from files, held as hashes, and compared so that time tells nothing.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_lc_rs::digest;
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::config::machine::Role;
use crate::diagnostic::Diagnostic;
use crate::keeper::secrets;
use crate::limits;

/// Whose tokens stand in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The *who* of the journal.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The sites whose VIPs a feed may report; none: all.
    pub sites: Option<Vec<String>>,
    /// Requests a second; none: as many as it likes.
    pub rate: Option<u32>,
    /// One token in a line, or the hash of one.
    pub file: PathBuf,
}

/// All tokens. A file that changes is read again before the next token is compared; if it is wrong then, its old tokens
/// stay valid and the log says so. A file that is gone has no tokens.
pub struct Tokens {
    groups: Mutex<Vec<Group>>,
}

impl fmt::Debug for Tokens {
    /// Without secrets, wherever it is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

struct Group {
    holder: Arc<Holder>,
    seen: Option<Seen>,
    hashes: Vec<Hash>,
    /// When all that it has asked would be done at its rate.
    due: Option<Instant>,
}

/// How a file looked when it was read.
#[derive(PartialEq, Eq)]
pub(super) struct Seen {
    node: (u64, u64),
    length: u64,
    mode: u32,
    changed: (i64, i64),
}

impl Seen {
    pub(super) fn of(meta: &fs::Metadata) -> Seen {
        Seen {
            node: (meta.dev(), meta.ino()),
            length: meta.len(),
            mode: meta.mode(),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// Whether it changed so long ago that another change would show.
    pub(super) fn settled(&self) -> bool {
        let then = u64::try_from(self.changed.0).unwrap_or(0);
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(then);
        let age = SystemTime::now().duration_since(then);
        age.is_ok_and(|age| age > Duration::from_millis(limits::SETTLED))
    }
}

/// The SHA-256 of a token. A token has 128 bits of chance or more, so its hash needs neither salt nor rounds.
type Hash = [u8; digest::SHA256_OUTPUT_LEN];

/// What stands before the hash of a token in a file.
const HASHED: &str = "sha256:";

fn hash(token: &str) -> Hash {
    let mut hash = Hash::default();
    let made = digest::digest(&digest::SHA256, token.as_bytes());
    hash.iter_mut()
        .zip(made.as_ref())
        .for_each(|(to, from)| *to = *from);
    hash
}

/// The line of a token file that knows this token without holding it.
pub fn at_rest(token: &str) -> String {
    let digits: String = hash(token)
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    format!("{HASHED}{digits}")
}

/// A new token.
///
/// # Errors
///
/// When the system has no randomness.
pub fn fresh() -> io::Result<String> {
    let mut random = [0u8; 32];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(random.iter().map(|octet| format!("{octet:02x}")).collect())
}

/// The 64 digits behind `sha256:`.
fn digits(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    if text.len() != 2 * hash.len() || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (at, octet) in hash.iter_mut().enumerate() {
        *octet = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(hash)
}

impl Tokens {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any of them. No message holds a token.
    pub fn open(holders: Vec<Holder>) -> Result<Tokens, Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        let mut groups: Vec<Group> = Vec::new();
        for holder in holders {
            match read(&holder.file) {
                Ok((seen, hashes)) => {
                    let shared = groups
                        .iter()
                        .find(|g| g.hashes.iter().any(|h| hashes.contains(h)));
                    if let Some(other) = shared {
                        let message = format!(
                            "`{}` and `{}` have a token in common",
                            other.holder.name, holder.name
                        );
                        let advice = "make each its own: `meridian token`";
                        wrong.push(Diagnostic::whole(message, advice));
                    }
                    groups.push(Group {
                        holder: Arc::new(holder),
                        seen,
                        hashes,
                        due: None,
                    });
                }
                Err(mut found) => wrong.append(&mut found),
            }
        }
        if wrong.is_empty() {
            let groups = Mutex::new(groups);
            Ok(Tokens { groups })
        } else {
            Err(wrong)
        }
    }

    /// Whose token this is. It is compared with all, each in the same time.
    pub(super) fn holder(&self, token: &str) -> Option<Arc<Holder>> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        groups.iter_mut().for_each(Group::refresh);
        if token.len() > limits::TOKEN_LONG {
            return None;
        }
        let asked = hash(token);
        let mut found = 0u32;
        for (number, group) in (1u32..).zip(groups.iter()) {
            for known in &group.hashes {
                found.conditional_assign(&number, known.ct_eq(&asked));
            }
        }
        let group = groups.get((found as usize).checked_sub(1)?)?;
        Some(group.holder.clone())
    }

    /// Whether the holder may have one more request done now, which is then counted.
    pub(super) fn spend(&self, holder: &Holder, now: Instant) -> bool {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let group = groups.iter_mut().find(|g| g.holder.name == holder.name);
        group.is_none_or(|group| group.spend(now))
    }
}

impl Group {
    /// One moment is all that is kept of a holder: when the last of what it asked is due at its rate.
    fn spend(&mut self, now: Instant) -> bool {
        let Some(rate) = self.holder.rate.filter(|rate| *rate > 0) else {
            return true;
        };
        let due = self.due.map_or(now, |due| due.max(now)) + Duration::from_secs(1) / rate;
        let room = due.saturating_duration_since(now) <= Duration::from_secs(limits::TOKEN_BURST);
        if room {
            self.due = Some(due);
        }
        room
    }

    fn refresh(&mut self) {
        let now = fs::metadata(&self.holder.file).map(|meta| Seen::of(&meta));
        if let (Ok(now), Some(seen)) = (&now, &self.seen)
            && now == seen
        {
            return;
        }
        let who = self.holder.name.as_str();
        match read(&self.holder.file) {
            Ok((seen, hashes)) => {
                if hashes != self.hashes {
                    tracing::info!(who, "new tokens are in force");
                }
                (self.seen, self.hashes) = (seen, hashes);
            }
            Err(_) if now.is_err_and(|e| e.kind() == io::ErrorKind::NotFound) => {
                if !self.hashes.is_empty() {
                    tracing::warn!(who, "the token file is gone, and so are its tokens");
                }
                (self.seen, self.hashes) = (None, Vec::new());
            }
            Err(wrong) => {
                for diagnostic in wrong {
                    tracing::error!(who, "the old tokens stay: {}", diagnostic.line());
                }
                self.seen = fs::metadata(&self.holder.file)
                    .ok()
                    .map(|meta| Seen::of(&meta));
            }
        }
    }
}

/// The tokens of a file, and how it looked; none if it changed so lately that it must be read again.
fn read(path: &Path) -> Result<(Option<Seen>, Vec<Hash>), Vec<Diagnostic>> {
    let wrong = |what: String, advice: &str| {
        Diagnostic::whole(format!("{}: {what}", path.display()), advice)
    };
    let readable = "the file holds one token in a line, or its hash; make one: `meridian token`";
    let open = || -> io::Result<(fs::Metadata, String)> {
        let file = File::open(path)?;
        let meta = file.metadata()?;
        let mut text = String::new();
        file.take(limits::TOKEN_FILE.saturating_add(1))
            .read_to_string(&mut text)?;
        Ok((meta, text))
    };
    let (meta, text) = open().map_err(|error| vec![wrong(error.to_string(), readable)])?;
    let mut found = Vec::new();
    if meta.mode() & 0o077 != 0 {
        let what = format!("others may use it (mode {:04o})", meta.mode() & 0o7777);
        found.push(wrong(what, "`chmod 600` it, and take new tokens"));
    }
    if text.len() as u64 > limits::TOKEN_FILE {
        let what = format!("more than {} octets", limits::TOKEN_FILE);
        found.push(wrong(what, readable));
        return Err(found);
    }
    let mut hashes = Vec::new();
    let lines = text.lines().map(str::trim).zip(1usize..);
    for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
        let here = |what: String| {
            let message = format!("{}:{number}: {what}", path.display());
            Diagnostic::whole(message, "make one: `meridian token`")
        };
        if let Some(text) = line.strip_prefix(HASHED) {
            match digits(text) {
                Some(hash) => hashes.push(hash),
                None => found.push(here(format!(
                    "`{HASHED}` is followed by 64 hexadecimal digits"
                ))),
            }
        } else if line.len() < limits::TOKEN_SHORT {
            let least = limits::TOKEN_SHORT;
            found.push(here(format!("a token has {least} characters or more")));
        } else if !line.bytes().all(|b| b.is_ascii_graphic()) {
            found.push(here("a token has only visible ASCII characters".to_owned()));
        } else if line.len() > limits::TOKEN_LONG {
            let most = limits::TOKEN_LONG;
            found.push(here(format!("a token has at most {most} characters")));
        } else {
            hashes.push(hash(line));
        }
    }
    if hashes.is_empty() && found.is_empty() {
        found.push(wrong("holds no token".to_owned(), readable));
    }
    if !found.is_empty() {
        return Err(found);
    }
    Ok((Some(Seen::of(&meta)).filter(Seen::settled), hashes))
}

/// Whether the first line of a file is a token itself, which a program can send.
pub fn sendable(file: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    let first = text.lines().map(str::trim).find(|line| !line.is_empty());
    first.is_some_and(|line| !line.starts_with(HASHED))
}

/// Where a machine without `[tokens]` has its operator token, which is made now unless a valid one stands there.
/// Returns its holder and the token itself.
///
/// # Errors
///
/// When the folder cannot be written, or the system has no randomness.
pub fn create(state: &Path) -> Result<(Holder, String), Diagnostic> {
    let file = state.join("token");
    let refused = |why: &dyn fmt::Display| {
        let message = format!("{}: {why}", file.display());
        Diagnostic::whole(message, "the state folder must be writable: `--state DIR`")
    };
    let holder = Holder {
        name: "operator".to_owned(),
        role: Role::Operator,
        sites: None,
        rate: None,
        file: file.clone(),
    };
    if read(&file).is_ok() {
        let text = fs::read_to_string(&file).map_err(|e| refused(&e))?;
        let token = text.lines().map(str::trim).find(|line| !line.is_empty());
        if let Some(token) = token {
            return Ok((holder, token.to_owned()));
        }
    }
    let mut folder = DirBuilder::new();
    let made = folder.recursive(true).mode(0o700).create(state);
    let token = made.and_then(|()| secrets::make(&file, 32));
    Ok((holder, token.map_err(|e| refused(&e))?))
}
