//! The file of health in the state folder: what was acknowledged is in it, and back after a crash.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Builder, Database, TableDefinition};

use crate::health::board::Entry;
use crate::health::orders::{Order, Subject};
use crate::limits;
use crate::steer::motion::course::Course;

pub mod brake;
mod course;
mod found;
mod order;
mod record;
mod salvage;
mod shut;
#[cfg(test)]
mod tests;

use found::read;
use salvage::{Said, mend, salvage};

/// Records of the board's entries by the names of their VIPs.
const HEALTH: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("health");

/// Records of the courses of pools by the names of the pools.
const COURSES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("courses");

/// Records of operators' orders by what they are for: `vip NAME`, `site NAME`.
const ORDERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("orders");

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
    /// What operators ordered, ended or not.
    pub orders: BTreeMap<Subject, Order>,
    /// What the operator must know of damage, in one line.
    pub warning: Option<String>,
}

/// A change to write: what stands of a VIP now, or that nothing is to be known of it any more.
pub type Change = (Arc<str>, Option<Entry>);

/// The same of a pool.
pub type Turn = (String, Option<Course>);

/// The same of what an operator ordered.
pub type Ordered = (Subject, Option<Order>);

/// All that one transaction writes.
#[derive(Clone, Copy, Default)]
struct Writes<'a> {
    changes: &'a [Change],
    turns: &'a [Turn],
    orders: &'a [Ordered],
}

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
    /// [`Journal::open`] where the file can be written.
    fn writable(folder: &Path) -> Result<Opened, JournalError> {
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
                orders: BTreeMap::new(),
                warning: None,
            });
        }
        fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(refused)?;
        let found = match read(&path) {
            Ok(found) => found,
            Err(Fault::Fatal(error)) => return Err(error),
            Err(Fault::Damaged(why)) => return mend(folder, path, &why),
        };
        let (said, database) = Said::of(found, salvage(&path)?);
        let mut journal = Journal {
            path,
            database: Some(database),
            stamp: said.stamp,
        };
        // In one transaction: after it, what was later than the last one is not looked for any more.
        journal.put(said.later())?;
        Ok(said.opened(journal, None))
    }

    /// Writes the changes in one transaction. When this returns without error, they are on the disk. After an error
    /// none of them may be taken as written, and the next call tries anew. A name not in the file may be forgotten.
    pub fn write(&mut self, changes: &[Change]) -> Result<(), JournalError> {
        self.put(Writes {
            changes,
            ..Writes::default()
        })
    }

    /// The same for what is remembered of pools.
    pub fn turn(&mut self, turns: &[Turn]) -> Result<(), JournalError> {
        self.put(Writes {
            turns,
            ..Writes::default()
        })
    }

    /// The same for what operators order.
    pub fn order(&mut self, orders: &[Ordered]) -> Result<(), JournalError> {
        self.put(Writes {
            orders,
            ..Writes::default()
        })
    }

    /// The open file, opened anew after a write that failed. Who took it puts it back once its own write has not.
    fn take(&mut self) -> Result<Database, JournalError> {
        match self.database.take() {
            Some(database) => Ok(database),
            // Nothing was ever written: the file was found shut.
            None if self.stamp == 0 => self.reopen(),
            None => {
                let opened = builder().open(&self.path);
                opened.map_err(|e| JournalError::Refused(self.path.clone(), e.to_string()))
            }
        }
    }

    fn put(&mut self, writes: Writes<'_>) -> Result<(), JournalError> {
        let Writes {
            changes,
            turns,
            orders,
        } = writes;
        if changes.is_empty() && turns.is_empty() && orders.is_empty() {
            return Ok(());
        }
        let path = self.path.clone();
        let refused =
            |error: &dyn fmt::Display| JournalError::Refused(path.clone(), error.to_string());
        let database = self.take()?;
        self.stamp = self.stamp.saturating_add(1);
        store(&database, self.stamp, writes).map_err(|error| refused(&error))?;
        // Should damage lead back to the transaction before, what was forgotten must not be in that one either.
        let gone = changes.iter().any(|(_, entry)| entry.is_none())
            || turns.iter().any(|(_, course)| course.is_none())
            || orders.iter().any(|(_, order)| order.is_none());
        if gone {
            self.stamp = self.stamp.saturating_add(1);
            store(&database, self.stamp, Writes::default()).map_err(|error| refused(&error))?;
        }
        self.database = Some(database);
        Ok(())
    }
}

fn store(database: &Database, stamp: u64, writes: Writes<'_>) -> Result<(), redb::Error> {
    let mut write = database.begin_write()?;
    // One more sync, after which only damage can make the last transaction unreadable: without this the library would go
    // back to the one before it and say nothing.
    write.set_two_phase_commit(true);
    {
        let mut table = write.open_table(HEALTH)?;
        for (name, entry) in writes.changes {
            let record = entry
                .as_ref()
                .and_then(|entry| record::encode(stamp, name, entry));
            match record {
                Some(record) => drop(table.insert(name.as_ref(), record.as_slice())?),
                None => drop(table.remove(name.as_ref())?),
            }
        }
        let mut table = write.open_table(COURSES)?;
        for (name, course) in writes.turns {
            let record = course
                .as_ref()
                .and_then(|course| course::encode(stamp, name, course));
            match record {
                Some(record) => drop(table.insert(name.as_str(), record.as_slice())?),
                None => drop(table.remove(name.as_str())?),
            }
        }
        let mut table = write.open_table(ORDERS)?;
        for (subject, order) in writes.orders {
            if let Some(record) = order::encode(stamp, subject, order.as_ref()) {
                table.insert(order::key(subject).as_str(), record.as_slice())?;
            }
        }
        write.open_table(LAST)?.insert((), stamp)?;
    }
    write.commit()?;
    Ok(())
}

/// A new file appears under its name only when it is whole, so that a crash while it is made leaves none.
fn create(folder: &Path, path: &Path) -> Result<Database, JournalError> {
    let refused = |error: io::Error| JournalError::Refused(path.to_owned(), error.to_string());
    let (new, database) = make(path)?;
    // Unlike a renaming, this never replaces the file of a server that was started in the same moment.
    fs::hard_link(&new, path).map_err(refused)?;
    fs::remove_file(&new).map_err(refused)?;
    settle(folder).map_err(refused)?;
    Ok(database)
}

/// Names in the folder are on the disk.
fn settle(folder: &Path) -> io::Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all())
}

/// A new file, whole, beside the place where it will be.
fn make(path: &Path) -> Result<(PathBuf, Database), JournalError> {
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
    store(&database, 0, Writes::default()).map_err(|e| refused(&e))?;
    Ok((new, database))
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(limits::JOURNAL_CACHE);
    builder
}
