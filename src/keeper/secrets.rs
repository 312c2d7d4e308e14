//! The file with the secrets of cookies: read at each load, and made on the first start of a machine that names none.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::limits;
use crate::wire::cookie::{SECRET, Secrets};

const ADVICE: &str =
    "one secret in a line, the first makes new cookies; make one: `openssl rand -hex 16`";

/// Reads a file: 32 hexadecimal digits in a line; the first makes new cookies, all are accepted.
///
/// # Errors
///
/// Everything that is wrong with it. No message holds a secret.
pub fn read(path: &Path) -> Result<Secrets, Vec<Diagnostic>> {
    let wrong = |what: String, advice: &str| {
        Diagnostic::whole(format!("{}: {what}", path.display()), advice)
    };
    let (meta, text) = open(path).map_err(|error| vec![wrong(error.to_string(), ADVICE)])?;
    let mut found = Vec::new();
    if meta.mode() & 0o077 != 0 {
        let what = format!("others may use it (mode {:04o})", meta.mode() & 0o7777);
        found.push(wrong(what, "`chmod 600` it, and take new secrets"));
    }
    if text.len() as u64 > limits::COOKIE_FILE {
        let what = format!("more than {} octets", limits::COOKIE_FILE);
        found.push(wrong(what, ADVICE));
        return Err(found);
    }
    let mut secrets = Vec::new();
    let lines = text.lines().map(str::trim).zip(1usize..);
    for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
        match secret(line) {
            Some(secret) => secrets.push(secret),
            None => {
                let digits = 2 * SECRET;
                let message = format!(
                    "{}:{number}: a secret has {digits} hexadecimal digits",
                    path.display()
                );
                found.push(Diagnostic::whole(message, ADVICE));
            }
        }
    }
    if secrets.is_empty() && found.is_empty() {
        found.push(wrong("holds no secret".to_owned(), ADVICE));
    }
    if secrets.len() > limits::COOKIE_SECRETS {
        let what = format!("{} secrets", secrets.len());
        let advice = format!("at most {} are accepted at once", limits::COOKIE_SECRETS);
        found.push(wrong(what, &advice));
    }
    if found.is_empty() {
        Ok(Secrets::new(secrets))
    } else {
        Err(found)
    }
}

fn open(path: &Path) -> io::Result<(fs::Metadata, String)> {
    let file = File::open(path)?;
    let meta = file.metadata()?;
    let mut text = String::new();
    file.take(limits::COOKIE_FILE.saturating_add(1))
        .read_to_string(&mut text)?;
    Ok((meta, text))
}

fn secret(line: &str) -> Option<[u8; SECRET]> {
    let digits = line.as_bytes();
    if digits.len() != 2 * SECRET {
        return None;
    }
    let mut secret = [0; SECRET];
    for (octet, pair) in secret.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
        *octet = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(secret)
}

/// Where a machine that names no file has its secret: in the state folder, so that cookies outlive a restart. It is made
/// now unless one stands there.
///
/// # Errors
///
/// When the folder cannot be written, or the system has no randomness.
pub fn create(state: &Path) -> Result<PathBuf, Diagnostic> {
    let file = state.join("cookies");
    if file.exists() {
        return Ok(file);
    }
    let refused = |why: &dyn fmt::Display| {
        let message = format!("{}: {why}", file.display());
        Diagnostic::whole(message, "the state folder must be writable: `--state DIR`")
    };
    make(&file, SECRET).map_err(|e| refused(&e))?;
    Ok(file)
}

/// Writes a new secret of so many random octets to a file of its own, as a line of hexadecimal digits, which it gives back.
///
/// # Errors
///
/// When the file cannot be written, or the system has no randomness.
pub fn make(file: &Path, octets: usize) -> io::Result<String> {
    let mut random = vec![0; octets];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let secret: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    // It appears whole, and nobody else could ever open it.
    let new = file.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut out = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    writeln!(out, "{secret}")?;
    out.sync_all()?;
    fs::rename(&new, file)?;
    Ok(secret)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use super::*;

    fn file(folder: &Path, text: &str, mode: u32) -> PathBuf {
        let path = folder.join("cookies");
        let _ = fs::remove_file(&path);
        let mut options = OpenOptions::new();
        let mut out = options.write(true).create_new(true).mode(mode).open(&path);
        out.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
        path
    }

    #[test]
    fn secrets_stand_in_lines() {
        let folder = tempfile::tempdir().unwrap();
        let one = "e5e973e5a6b2a43f48e7dc849e37bfcf";
        let text = format!("{one}\n\n 00112233445566778899AABBCCDDEEFF \r\n");
        let read = read(&file(folder.path(), &text, 0o600)).unwrap();
        let secrets = [one, "00112233445566778899aabbccddeeff"];
        let secrets = secrets.map(|text| secret(text).unwrap()).to_vec();
        assert_eq!(read, Secrets::new(secrets));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let good = "e5e973e5a6b2a43f48e7dc849e37bfcf\n";
        for (text, mode, words) in [
            ("", 0o600, "cookies: holds no secret"),
            (good, 0o640, "cookies: others may use it (mode 0640)"),
            (
                "e5e973\n",
                0o600,
                "cookies:1: a secret has 32 hexadecimal digits",
            ),
            (&good.replace('e', "g"), 0o600, "cookies:1: a secret has 32"),
            (&good.repeat(5), 0o600, "cookies: 5 secrets; at most 4"),
            (&"\n".repeat(5_000), 0o600, "cookies: more than 4096 octets"),
        ] {
            let wrong = read(&file(folder.path(), text, mode)).unwrap_err();
            assert!(wrong[0].line().contains(words), "{}", wrong[0].line());
            assert!(!wrong[0].line().contains("e5e973"));
        }
        assert!(read(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_secret_is_made_once_and_for_us_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = create(folder.path()).unwrap();
        let mode = fs::metadata(&path).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        let first = read(&path).unwrap();
        assert_eq!(read(&create(folder.path()).unwrap()), Ok(first.clone()));
        fs::remove_file(&path).unwrap();
        assert_ne!(read(&create(folder.path()).unwrap()), Ok(first));
    }
}
