//! Reading the file of health whole, with damage told apart from what no reading can mend.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use redb::backends::InMemoryBackend;
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend, StorageError,
    TableError,
};

use super::record::{self, Record};
use super::{COURSES, Fault, HEALTH, JournalError, LAST, ORDERS, builder, course, order};

/// What is in a file that could be read.
pub(super) struct Found {
    pub(super) database: Database,
    /// The stamp of its last transaction.
    pub(super) last: u64,
    pub(super) records: Vec<Record>,
    pub(super) courses: Vec<course::Record>,
    pub(super) orders: Vec<order::Record>,
}

/// Opens the file and reads it: the stamp of its last transaction, and all records. The library checks all of it, since
/// it was not closed in good order.
pub(super) fn read(path: &Path) -> Result<Found, Fault> {
    read_by(|| builder().open(path).map_err(|error| fault(path, error)))
}

/// The same of a copy in memory.
pub(super) fn read_copy(path: &Path, bytes: &[u8]) -> Result<Found, Fault> {
    let refused = |error: io::Error| Fault::Damaged(error.to_string());
    read_by(|| {
        let memory = InMemoryBackend::new();
        memory.set_len(bytes.len() as u64).map_err(refused)?;
        memory.write(0, bytes).map_err(refused)?;
        let database = builder().create_with_backend(memory);
        database.map_err(|error| fault(path, error))
    })
}

fn read_by(open: impl Fn() -> Result<Database, Fault>) -> Result<Found, Fault> {
    // The library is made to report damage as an error. Should a damaged page make it panic all the same, that is one more
    // way to say that the file is damaged, and no reason not to answer queries.
    let all = || {
        let database = open()?;
        let (last, (records, courses, orders)) =
            records(&database).map_err(|error| Fault::Damaged(error.to_string()))?;
        let unread = || Fault::Damaged("a record cannot be read".to_owned());
        let records: Option<Vec<Record>> = records.into_iter().collect();
        let courses: Option<Vec<course::Record>> = courses.into_iter().collect();
        let orders: Option<Vec<order::Record>> = orders.into_iter().collect();
        Ok(Found {
            database,
            last,
            records: records.ok_or_else(unread)?,
            courses: courses.ok_or_else(unread)?,
            orders: orders.ok_or_else(unread)?,
        })
    };
    catch_unwind(AssertUnwindSafe(all))
        .unwrap_or_else(|_| Err(Fault::Damaged("it contradicts itself".to_owned())))
}

fn fault(path: &Path, error: DatabaseError) -> Fault {
    match error {
        DatabaseError::DatabaseAlreadyOpen => Fault::Fatal(JournalError::Busy(path.to_owned())),
        // A file that is too short or never was one of redb is reported as an I/O error without a number.
        DatabaseError::Storage(StorageError::Io(error)) if error.raw_os_error().is_some() => {
            Fault::Fatal(JournalError::Refused(path.to_owned(), error.to_string()))
        }
        other => Fault::Damaged(other.to_string()),
    }
}

/// The records of VIPs, of pools and of orders.
type Records = (
    Vec<Option<Record>>,
    Vec<Option<course::Record>>,
    Vec<Option<order::Record>>,
);

/// The stamp of the last transaction and the records; none in the place of one that cannot be read.
fn records(database: &Database) -> Result<(u64, Records), redb::Error> {
    let read = database.begin_read()?;
    let last = read
        .open_table(LAST)?
        .get(())?
        .map_or(0, |stamp| stamp.value());
    let mut records = Vec::new();
    for row in read.open_table(HEALTH)?.iter()? {
        let (name, bytes) = row?;
        records.push(record::decode(bytes.value()).filter(|record| *record.name == *name.value()));
    }
    let mut courses = Vec::new();
    match read.open_table(COURSES) {
        Ok(table) => {
            for row in table.iter()? {
                let (name, bytes) = row?;
                let course = course::decode(bytes.value());
                courses.push(course.filter(|record| record.name == name.value()));
            }
        }
        // Of a version that knew no courses.
        Err(TableError::TableDoesNotExist(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let mut orders = Vec::new();
    match read.open_table(ORDERS) {
        Ok(table) => {
            for row in table.iter()? {
                let (key, bytes) = row?;
                let order = order::decode(bytes.value());
                orders.push(order.filter(|record| order::key(&record.subject) == key.value()));
            }
        }
        // Of a version that knew no orders.
        Err(TableError::TableDoesNotExist(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok((last, (records, courses, orders)))
}
