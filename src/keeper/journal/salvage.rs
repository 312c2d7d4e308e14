//! What can be read of a damaged file of health, and of a good one beyond its last transaction.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::Database;

use super::found::Found;
use super::record::{self, Record};
use super::{
    Change, Journal, JournalError, Opened, Ordered, Turn, Writes, course, make, order, settle,
    store,
};
use crate::health::board::Entry;
use crate::health::orders::{Order, Subject};
use crate::limits;
use crate::steer::motion::course::Course;

/// The latest whole records anywhere in a file: of each VIP, of each pool, of each order.
pub(super) struct Salvaged {
    records: Vec<Record>,
    courses: Vec<course::Record>,
    orders: Vec<order::Record>,
}

impl Salvaged {
    /// Keeps those that were written after a transaction.
    pub(super) fn after(&mut self, last: u64) {
        self.records.retain(|record| record.stamp > last);
        self.courses.retain(|record| record.stamp > last);
        self.orders.retain(|record| record.stamp > last);
    }

    /// The highest stamp; 0 if there is none.
    pub(super) fn stamp(&self) -> u64 {
        let stamps = self.records.iter().map(|record| record.stamp);
        let stamps = stamps.chain(self.courses.iter().map(|record| record.stamp));
        let stamps = stamps.chain(self.orders.iter().map(|record| record.stamp));
        stamps.fold(0, u64::max)
    }

    /// As they are written.
    pub(super) fn apart(self) -> (Vec<Change>, Vec<Turn>, Vec<Ordered>) {
        let records = self.records.into_iter();
        let courses = self.courses.into_iter();
        let orders = self.orders.into_iter();
        (
            records.map(|r| (r.name, Some(r.entry))).collect(),
            courses.map(|r| (r.name, Some(r.course))).collect(),
            orders.map(|r| (r.subject, r.order)).collect(),
        )
    }
}

/// All of them in this file.
pub(super) fn salvage(path: &Path) -> Result<Salvaged, JournalError> {
    let refused = |error: io::Error| JournalError::Refused(path.to_owned(), error.to_string());
    Ok(salvage_bytes(&bytes(path).map_err(refused)?))
}

/// The file as it lies there.
pub(super) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limits::JOURNAL_SCAN)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// All of them in these bytes.
pub(super) fn salvage_bytes(bytes: &[u8]) -> Salvaged {
    Salvaged {
        records: record::salvage(bytes),
        courses: course::salvage(bytes),
        orders: order::salvage(bytes),
    }
}

/// What a file says: its last transaction, and over it what was written after that.
#[derive(Default)]
pub(super) struct Said {
    /// The highest of all.
    pub(super) stamp: u64,
    entries: BTreeMap<Arc<str>, Entry>,
    courses: BTreeMap<String, Course>,
    orders: BTreeMap<Subject, Option<Order>>,
    later: (Vec<Change>, Vec<Turn>, Vec<Ordered>),
}

impl Said {
    /// Records later than the last transaction: a crash came between the disk and the reply, or a damaged bit points to the
    /// transaction before. They reached the disk, so they count in either case.
    pub(super) fn of(found: Found, mut salvaged: Salvaged) -> (Said, Database) {
        salvaged.after(found.last);
        let records = found.records.into_iter();
        let courses = found.courses.into_iter();
        let orders = found.orders.into_iter();
        let before = Said {
            stamp: found.last,
            entries: records.map(|r| (r.name, r.entry)).collect(),
            courses: courses.map(|r| (r.name, r.course)).collect(),
            orders: orders.map(|r| (r.subject, r.order)).collect(),
            later: Default::default(),
        };
        (before.over(salvaged), found.database)
    }

    /// The same with what was written later.
    pub(super) fn over(mut self, salvaged: Salvaged) -> Said {
        self.stamp = self.stamp.max(salvaged.stamp());
        self.later = salvaged.apart();
        let (changes, turns, orders) = self.later.clone();
        let changes = changes.into_iter();
        let turns = turns.into_iter();
        self.entries
            .extend(changes.filter_map(|(name, e)| Some((name, e?))));
        self.courses
            .extend(turns.filter_map(|(name, c)| Some((name, c?))));
        self.orders.extend(orders);
        self
    }

    /// What the tables of the file do not have.
    pub(super) fn later(&self) -> Writes<'_> {
        Writes {
            changes: &self.later.0,
            turns: &self.later.1,
            orders: &self.later.2,
        }
    }

    /// How many VIPs it knows.
    pub(super) fn vips(&self) -> usize {
        self.entries.len()
    }

    /// With the journal that goes on from it.
    pub(super) fn opened(self, journal: Journal, warning: Option<String>) -> Opened {
        Opened {
            journal,
            entries: self.entries.into_iter().collect(),
            courses: self.courses,
            orders: standing(self.orders),
            warning,
        }
    }
}

/// Those of the orders that were not taken away.
pub(super) fn standing(orders: impl IntoIterator<Item = Ordered>) -> BTreeMap<Subject, Order> {
    let orders = orders.into_iter();
    orders
        .filter_map(|(subject, order)| Some((subject, order?)))
        .collect()
}

/// Moves the damaged file aside, and puts what is still readable of it into a new one.
pub(super) fn mend(folder: &Path, path: PathBuf, why: &str) -> Result<Opened, JournalError> {
    let refused = |error: &dyn fmt::Display| JournalError::Refused(path.clone(), error.to_string());
    let mut said = Said::default().over(salvage(&path)?);
    said.stamp = said.stamp.saturating_add(1);
    let (new, database) = make(&path)?;
    store(&database, said.stamp, said.later()).map_err(|e| refused(&e))?;
    // The new file takes the place of the damaged one in one step, when it is whole: neither a crash nor a full disk may
    // leave none, for that would be read as a first start.
    let aside = aside(&path);
    if aside.exists() {
        fs::remove_file(&aside).map_err(|e| refused(&e))?;
    }
    fs::hard_link(&path, &aside).map_err(|e| refused(&e))?;
    fs::rename(&new, &path).map_err(|e| refused(&e))?;
    settle(folder).map_err(|e| refused(&e))?;
    let warning = format!(
        "{}: damaged ({why}); moved to {}; {} VIPs could be read from it, perhaps not as last reported; \
         all others count as up until they report; {} orders could be read: look whether one is missing",
        path.display(),
        aside.display(),
        said.vips(),
        said.orders.values().flatten().count()
    );
    let journal = Journal {
        path,
        database: Some(database),
        stamp: said.stamp,
    };
    Ok(said.opened(journal, Some(warning)))
}

/// A free name for a damaged file; the last one if all are taken.
fn aside(path: &Path) -> PathBuf {
    let name = |n| path.with_extension(format!("redb.damaged-{n}"));
    (1..limits::DAMAGED)
        .map(name)
        .find(|name| !name.exists())
        .unwrap_or_else(|| name(limits::DAMAGED))
}
