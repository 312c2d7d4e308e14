//! A file of health that can be read but not written: what it says counts, and reports are refused until it can be.

use std::path::Path;

use redb::Database;

use super::found::read_copy;
use super::salvage::{Said, bytes, salvage_bytes};
use super::{Fault, Journal, JournalError, Opened};

impl Journal {
    /// Opens the file in the state folder `folder`; makes both if they are not there, for this user's eyes only. A
    /// damaged file is moved aside to `health.redb.damaged-N`, a new one takes what could be read of it, and the
    /// warning says so. Where a file is there and the disk is full or may only be read, what it says counts as well:
    /// writing is then an error, until one day it is none.
    pub fn open(folder: &Path) -> Result<Opened, JournalError> {
        let (path, why) = match Journal::writable(folder) {
            Err(JournalError::Refused(path, why)) => (path, why),
            other => return other,
        };
        // All is read from a copy, so the file need not be written even where the library would mend it first.
        let refused = || JournalError::Refused(path.clone(), why.clone());
        let bytes = bytes(&path).map_err(|_| refused())?;
        let (said, damage) = match read_copy(&path, &bytes) {
            Ok(found) => (Said::of(found, salvage_bytes(&bytes)).0, String::new()),
            Err(Fault::Damaged(what)) => {
                let said = Said::default().over(salvage_bytes(&bytes));
                (
                    said,
                    format!(" as far as it can be read, for it is damaged ({what})"),
                )
            }
            Err(Fault::Fatal(error)) => return Err(error),
        };
        let warning = format!(
            "{}: {why}; what it says of {} VIPs is in force{damage}; all reports are refused until it can be written",
            path.display(),
            said.vips()
        );
        let journal = Journal {
            path,
            database: None,
            stamp: 0,
        };
        Ok(said.opened(journal, Some(warning)))
    }

    /// Opens a file that was found shut, with all that is done when a file is opened.
    pub(super) fn reopen(&mut self) -> Result<Database, JournalError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut opened = Journal::writable(folder)?;
        if let Some(warning) = opened.warning {
            tracing::error!("{warning}");
        }
        self.stamp = opened.journal.stamp;
        let refused = || JournalError::Refused(self.path.clone(), "it cannot be opened".to_owned());
        opened.journal.database.take().ok_or_else(refused)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use std::fs;

    use super::super::NAME;
    use super::super::tests::{busy, folder_with, killed, put, reopened};
    use super::*;

    #[test]
    fn what_cannot_be_written_is_read_all_the_same() {
        let (folder, opened) = busy();
        let whole = killed(&folder);
        let mut damaged = whole.clone();
        damaged[0] ^= 1;
        let expected = reopened(&whole).entries;
        let shut = folder_with(&damaged);
        // No new file can be made, as on a full disk.
        let hindrance = shut.path().join("health.redb.new");
        fs::create_dir(&hindrance).unwrap();
        let mut first = Journal::open(shut.path()).unwrap();
        let warning = first.warning.take().unwrap();
        assert!(warning.contains("until it can be written") && warning.contains("damaged"));
        first.entries.retain(|(name, _)| **name != *"gone");
        assert_eq!(first.entries, expected);
        assert!(first.journal.write(&[put("vip-00", 1_000)]).is_err());
        // It is still there for the next start, and not moved aside with nothing in its place.
        assert_eq!(killed(&shut), damaged);
        fs::remove_dir(&hindrance).unwrap();
        first.journal.write(&[put("vip-00", 1_000)]).unwrap();
        let mut again = reopened(&killed(&shut));
        again.entries.retain(|(name, _)| **name != *"gone");
        assert_eq!(
            again.entries[0],
            (put("vip-00", 1_000).0, put("vip-00", 1_000).1.unwrap())
        );
        assert_eq!(again.entries[1..], expected[1..]);
        assert_eq!(again.warning, None);
        drop(opened);
    }

    #[test]
    fn the_brake_opens_what_was_found_shut() {
        let (folder, opened) = busy();
        let shut = folder_with(&killed(&folder));
        let mut journal = Journal {
            path: shut.path().join(NAME),
            database: None,
            stamp: 0,
        };
        journal.brake(None).unwrap();
        // Else the next report would count as older than what stands there.
        assert_eq!(journal.stamp, opened.journal.stamp);
    }
}
