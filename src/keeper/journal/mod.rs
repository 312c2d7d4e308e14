//! The file of health in the state folder: what was acknowledged is in it, and back after a crash.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Builder, Database, TableDefinition};

use crate::health::board::Entry;
use crate::limits;
use crate::steer::motion::course::Course;

mod course;
mod found;
mod record;
#[cfg(test)]
mod tests;

use found::{Found, read};
use record::Record;

/// Records of the board's entries by the names of their VIPs.
const HEALTH: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("health");

/// Records of the courses of pools by the names of the pools.
const COURSES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("courses");

/// The stamp of the last transaction, under one key.
const LAST: TableDefinition<'_, (), u64> = TableDefinition::new("last");

const NAME: &str = "health.redb";

/// Why the file of health cannot be used. What is only damaged is no error: see [`Journal::open`].
#[derive(Debug)]
pub enum JournalError {
    /// Another process has it open.
    Busy(PathBuf),
    /// The disk or the permissions refuse, for this reason.
    Refused(PathBuf, String),
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalError::Busy(path) => {
                write!(
                    f,
                    "{}: in use by another server; give each its own state folder",
                    path.display()
                )
            }
            JournalError::Refused(path, why) => {
                write!(
                    f,
                    "{}: {why}; the state folder must be writable and have room",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for JournalError {}

/// What was found on opening.
#[derive(Debug)]
pub struct Opened {
    /// The open journal.
    pub journal: Journal,
    /// Everything in it, by name.
    pub entries: Vec<(Arc<str>, Entry)>,
    /// What was remembered of pools, by name.
    pub courses: BTreeMap<String, Course>,
    /// What the operator must know of damage, in one line.
    pub warning: Option<String>,
}

/// A change to write: what stands of a VIP now, or that nothing is to be known of it any more.
pub type Change = (Arc<str>, Option<Entry>);

/// The same of a pool.
pub type Turn = (String, Option<Course>);

/// The open file. It is locked against other processes until this one ends.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    /// None after a failed write: the library refuses everything after that until it has opened the file again.
    database: Option<Database>,
    /// Of the last transaction that was tried: no two have the same.
    stamp: u64,
}

impl Drop for Journal {
    /// The file is left as a crash would leave it. Closed in good order, the library would believe the file when it next
    /// opens it; so it looks through all of it and finds damage each time, and a stop is no other case than a crash.
    fn drop(&mut self) {
        std::mem::forget(self.database.take());
    }
}

/// Why a file could not be read.
#[derive(Debug)]
enum Fault {
    Damaged(String),
    Fatal(JournalError),
}

impl Journal {
    /// Opens the file in the state folder `folder`; makes both if they are not there, for this user's eyes only. A
    /// damaged file is moved aside to `health.redb.damaged-N`, a new one takes what could be read of it, and the
    /// warning says so.
    pub fn open(folder: &Path) -> Result<Opened, JournalError> {
        let path = folder.join(NAME);
        let refused = |error: io::Error| JournalError::Refused(path.clone(), error.to_string());
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(refused)?;
        if !path.try_exists().map_err(refused)? {
            let database = create(folder, &path)?;
            let journal = Journal {
                path,
                database: Some(database),
                stamp: 0,
            };
            return Ok(Opened {
                journal,
                entries: Vec::new(),
                courses: BTreeMap::new(),
                warning: None,
            });
        }
        fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(refused)?;
        let Found {
            database,
            last,
            records,
            courses,
        } = match read(&path) {
            Ok(found) => found,
            Err(Fault::Fatal(error)) => return Err(error),
            Err(Fault::Damaged(why)) => return mend(folder, path, &why),
        };
        let mut entries: BTreeMap<_, _> = records.into_iter().map(|r| (r.name, r.entry)).collect();
        // Records later than the last transaction: a crash came between the disk and the reply, or a damaged bit points
        // to the transaction before. They reached the disk, so they count in either case.
        let (mut later, mut turned) = salvage(&path)?;
        later.retain(|record| record.stamp > last);
        turned.retain(|record| record.stamp > last);
        let stamps = later.iter().map(|record| record.stamp);
        let stamps = stamps.chain(turned.iter().map(|record| record.stamp));
        let stamp = stamps.fold(last, u64::max);
        let mut journal = Journal {
            path,
            database: Some(database),
            stamp,
        };
        let later: Vec<Change> = later.into_iter().map(|r| (r.name, Some(r.entry))).collect();
        journal.write(&later)?;
        let mut courses: BTreeMap<String, Course> =
            courses.into_iter().map(|r| (r.name, r.course)).collect();
        let turned: Vec<Turn> = turned
            .into_iter()
            .map(|r| (r.name, Some(r.course)))
            .collect();
        journal.turn(&turned)?;
        let turned = turned.into_iter();
        courses.extend(turned.filter_map(|(name, course)| Some((name, course?))));
        entries.extend(
            later
                .into_iter()
                .filter_map(|(name, entry)| Some((name, entry?))),
        );
        Ok(Opened {
            journal,
            entries: entries.into_iter().collect(),
            courses,
            warning: None,
        })
    }

    /// Writes the changes in one transaction. When this returns without error, they are on the disk. After an error
    /// none of them may be taken as written, and the next call tries anew. A name not in the file may be forgotten.
    pub fn write(&mut self, changes: &[Change]) -> Result<(), JournalError> {
        self.put(changes, &[])
    }

    /// The same for what is remembered of pools.
    pub fn turn(&mut self, turns: &[Turn]) -> Result<(), JournalError> {
        self.put(&[], turns)
    }

    fn put(&mut self, changes: &[Change], turns: &[Turn]) -> Result<(), JournalError> {
        if changes.is_empty() && turns.is_empty() {
            return Ok(());
        }
        let refused =
            |error: &dyn fmt::Display| JournalError::Refused(self.path.clone(), error.to_string());
        let database = match self.database.take() {
            Some(database) => database,
            None => builder()
                .open(&self.path)
                .map_err(|error| refused(&error))?,
        };
        self.stamp = self.stamp.saturating_add(1);
        store(&database, self.stamp, changes, turns).map_err(|error| refused(&error))?;
        // Should damage lead back to the transaction before, what was forgotten must not be in that one either.
        let gone = changes.iter().any(|(_, entry)| entry.is_none());
        if gone || turns.iter().any(|(_, course)| course.is_none()) {
            self.stamp = self.stamp.saturating_add(1);
            store(&database, self.stamp, &[], &[]).map_err(|error| refused(&error))?;
        }
        self.database = Some(database);
        Ok(())
    }
}

fn store(
    database: &Database,
    stamp: u64,
    changes: &[Change],
    turns: &[Turn],
) -> Result<(), redb::Error> {
    let mut write = database.begin_write()?;
    // One more sync, after which only damage can make the last transaction unreadable: without this the library would go
    // back to the one before it and say nothing.
    write.set_two_phase_commit(true);
    {
        let mut table = write.open_table(HEALTH)?;
        for (name, entry) in changes {
            let record = entry
                .as_ref()
                .and_then(|entry| record::encode(stamp, name, entry));
            match record {
                Some(record) => drop(table.insert(name.as_ref(), record.as_slice())?),
                None => drop(table.remove(name.as_ref())?),
            }
        }
        let mut table = write.open_table(COURSES)?;
        for (name, course) in turns {
            let record = course
                .as_ref()
                .and_then(|course| course::encode(stamp, name, course));
            match record {
                Some(record) => drop(table.insert(name.as_str(), record.as_slice())?),
                None => drop(table.remove(name.as_str())?),
            }
        }
        write.open_table(LAST)?.insert((), stamp)?;
    }
    write.commit()?;
    Ok(())
}

/// A new file appears under its name only when it is whole, so that a crash while it is made leaves none.
fn create(folder: &Path, path: &Path) -> Result<Database, JournalError> {
    let refused =
        |error: &dyn fmt::Display| JournalError::Refused(path.to_owned(), error.to_string());
    let new = path.with_extension("redb.new");
    if new.try_exists().map_err(|e| refused(&e))? {
        fs::remove_file(&new).map_err(|e| refused(&e))?;
    }
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .map_err(|e| refused(&e))?;
    let database = builder().create_file(file).map_err(|e| refused(&e))?;
    store(&database, 0, &[], &[]).map_err(|e| refused(&e))?;
    // Unlike a renaming, this never replaces the file of a server that was started in the same moment.
    fs::hard_link(&new, path).map_err(|e| refused(&e))?;
    fs::remove_file(&new).map_err(|e| refused(&e))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| refused(&e))?;
    Ok(database)
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(limits::JOURNAL_CACHE);
    builder
}

/// The latest whole record of each VIP and of each pool anywhere in the file.
fn salvage(path: &Path) -> Result<(Vec<Record>, Vec<course::Record>), JournalError> {
    let mut bytes = Vec::new();
    let file =
        File::open(path).and_then(|file| file.take(limits::JOURNAL_SCAN).read_to_end(&mut bytes));
    file.map_err(|error| JournalError::Refused(path.to_owned(), error.to_string()))?;
    Ok((record::salvage(&bytes), course::salvage(&bytes)))
}

/// Moves the damaged file aside, and puts what is still readable of it into a new one.
fn mend(folder: &Path, path: PathBuf, why: &str) -> Result<Opened, JournalError> {
    let refused = |error: &dyn fmt::Display| JournalError::Refused(path.clone(), error.to_string());
    let (salvaged, courses) = salvage(&path)?;
    let stamps = salvaged.iter().map(|record| record.stamp);
    let stamp = stamps
        .chain(courses.iter().map(|record| record.stamp))
        .fold(0, u64::max)
        .saturating_add(1);
    let changes: Vec<Change> = salvaged
        .into_iter()
        .map(|record| (record.name, Some(record.entry)))
        .collect();
    let turns: Vec<Turn> = courses
        .into_iter()
        .map(|record| (record.name, Some(record.course)))
        .collect();
    let aside = aside(&path);
    fs::rename(&path, &aside).map_err(|e| refused(&e))?;
    let database = create(folder, &path)?;
    store(&database, stamp, &changes, &turns).map_err(|e| refused(&e))?;
    let warning = format!(
        "{}: damaged ({why}); moved to {}; {} VIPs could be read from it, perhaps not as last reported; \
         all others count as up until they report",
        path.display(),
        aside.display(),
        changes.len()
    );
    let entries = changes
        .into_iter()
        .filter_map(|(name, entry)| Some((name, entry?)))
        .collect();
    let journal = Journal {
        path,
        database: Some(database),
        stamp,
    };
    Ok(Opened {
        journal,
        entries,
        courses: turns
            .into_iter()
            .filter_map(|(name, course)| Some((name, course?)))
            .collect(),
        warning: Some(warning),
    })
}

/// A free name for a damaged file; the last one if all are taken.
fn aside(path: &Path) -> PathBuf {
    let name = |n| path.with_extension(format!("redb.damaged-{n}"));
    (1..limits::DAMAGED)
        .map(name)
        .find(|name| !name.exists())
        .unwrap_or_else(|| name(limits::DAMAGED))
}
