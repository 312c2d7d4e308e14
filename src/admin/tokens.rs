//! Tokens: who may report and operate, read from files, and compared so that time tells nothing.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

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
    /// One token in a line.
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
    secrets: Vec<Secret>,
}

/// How a file looked when it was read.
#[derive(PartialEq, Eq)]
struct Seen {
    node: (u64, u64),
    length: u64,
    mode: u32,
    changed: (i64, i64),
}

impl Seen {
    fn of(meta: &fs::Metadata) -> Seen {
        Seen {
            node: (meta.dev(), meta.ino()),
            length: meta.len(),
            mode: meta.mode(),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// Whether it changed so long ago that another change would show.
    fn settled(&self) -> bool {
        let then = u64::try_from(self.changed.0).unwrap_or(0);
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(then);
        let age = SystemTime::now().duration_since(then);
        age.is_ok_and(|age| age > Duration::from_millis(limits::SETTLED))
    }
}

/// A token, filled up to one length.
#[derive(Clone, PartialEq, Eq)]
struct Secret {
    bytes: [u8; limits::TOKEN_LONG],
    length: u32,
}

impl Secret {
    /// None if it is too long to be one.
    fn new(token: &str) -> Option<Secret> {
        let mut bytes = [0; limits::TOKEN_LONG];
        bytes
            .get_mut(..token.len())?
            .copy_from_slice(token.as_bytes());
        let length = u32::try_from(token.len()).ok()?;
        Some(Secret { bytes, length })
    }
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
                Ok((seen, secrets)) => {
                    let shared = groups
                        .iter()
                        .find(|g| g.secrets.iter().any(|s| secrets.contains(s)));
                    if let Some(other) = shared {
                        let message = format!(
                            "`{}` and `{}` have a token in common",
                            other.holder.name, holder.name
                        );
                        let advice = "make each its own: `openssl rand -hex 32`";
                        wrong.push(Diagnostic::whole(message, advice));
                    }
                    groups.push(Group {
                        holder: Arc::new(holder),
                        seen,
                        secrets,
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
        let asked = Secret::new(token)?;
        let mut found = 0u32;
        for (number, group) in (1u32..).zip(groups.iter()) {
            for secret in &group.secrets {
                let same = secret.bytes.ct_eq(&asked.bytes) & secret.length.ct_eq(&asked.length);
                found.conditional_assign(&number, same);
            }
        }
        let group = groups.get((found as usize).checked_sub(1)?)?;
        Some(group.holder.clone())
    }
}

impl Group {
    fn refresh(&mut self) {
        let now = fs::metadata(&self.holder.file).map(|meta| Seen::of(&meta));
        if let (Ok(now), Some(seen)) = (&now, &self.seen)
            && now == seen
        {
            return;
        }
        let who = self.holder.name.as_str();
        match read(&self.holder.file) {
            Ok((seen, secrets)) => {
                if secrets != self.secrets {
                    tracing::info!(who, "new tokens are in force");
                }
                (self.seen, self.secrets) = (seen, secrets);
            }
            Err(_) if now.is_err_and(|e| e.kind() == io::ErrorKind::NotFound) => {
                if !self.secrets.is_empty() {
                    tracing::warn!(who, "the token file is gone, and so are its tokens");
                }
                (self.seen, self.secrets) = (None, Vec::new());
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
fn read(path: &Path) -> Result<(Option<Seen>, Vec<Secret>), Vec<Diagnostic>> {
    let wrong = |what: String, advice: &str| {
        Diagnostic::whole(format!("{}: {what}", path.display()), advice)
    };
    let readable = "the file holds one token in a line; make one: `openssl rand -hex 32`";
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
    let mut secrets = Vec::new();
    let lines = text.lines().map(str::trim).zip(1usize..);
    for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
        let here = |what: String| {
            let message = format!("{}:{number}: {what}", path.display());
            Diagnostic::whole(message, "make one: `openssl rand -hex 32`")
        };
        if line.len() < limits::TOKEN_SHORT {
            let least = limits::TOKEN_SHORT;
            found.push(here(format!("a token has {least} characters or more")));
        } else if !line.bytes().all(|b| b.is_ascii_graphic()) {
            found.push(here("a token has only visible ASCII characters".to_owned()));
        } else if let Some(secret) = Secret::new(line) {
            secrets.push(secret);
        } else {
            let most = limits::TOKEN_LONG;
            found.push(here(format!("a token has at most {most} characters")));
        }
    }
    if secrets.is_empty() && found.is_empty() {
        found.push(wrong("holds no token".to_owned(), readable));
    }
    if !found.is_empty() {
        return Err(found);
    }
    Ok((Some(Seen::of(&meta)).filter(Seen::settled), secrets))
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
