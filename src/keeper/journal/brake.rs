//! What the brake remembers, in the file of health: one row of JSON, written when it changes.
//!
//! Its checksum is that of the file's pages. It is not looked for in a damaged file: then what is reported lost is lost, as
//! if there had been no brake before, which the warning of damage makes no worse.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use redb::{Database, ReadableDatabase, TableDefinition};
use serde::{Deserialize, Serialize};

use super::{Journal, JournalError};
use crate::health::verdict::{Both, State, Verdict};
use crate::steer::brake::{Held, Mark, Why};

/// The row, under one key.
const BRAKE: TableDefinition<'_, (), &[u8]> = TableDefinition::new("brake");

/// By the names of VIPs.
pub type Marks = BTreeMap<Arc<str>, Mark>;

#[derive(Serialize, Deserialize)]
struct Written {
    /// Name, and since when it is lost.
    lost: Vec<(String, u64)>,
    held: Vec<Kept>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    vip: String,
    since: u64,
    why: Bound,
    v4: Said,
    v6: Said,
}

/// State, quality and since when.
type Said = (Word, u32, u64);

#[derive(Serialize, Deserialize)]
enum Bound {
    Sites,
    Share,
    MinSites,
    MinCapacity,
}

#[derive(Serialize, Deserialize)]
enum Word {
    Unknown,
    Up,
    Degraded,
    Drain,
    Down,
}

impl Journal {
    /// Writes what the brake remembers; none: there are no bounds. On the disk when this returns without an error.
    pub fn brake(&mut self, marks: Option<&Marks>) -> Result<(), JournalError> {
        let path = self.path.clone();
        let refused =
            |error: &dyn fmt::Display| JournalError::Refused(path.clone(), error.to_string());
        let database = self.take()?;
        let row = marks.map(encode).transpose().map_err(|e| refused(&e))?;
        put(&database, row.as_deref()).map_err(|e| refused(&e))?;
        self.database = Some(database);
        Ok(())
    }

    /// What stands there; none if there was no brake, or it cannot be read.
    pub fn braked(&self) -> Option<Marks> {
        let read = self.database.as_ref()?.begin_read().ok()?;
        let table = read.open_table(BRAKE).ok()?;
        decode(table.get(()).ok()??.value())
    }
}

fn put(database: &Database, row: Option<&[u8]>) -> Result<(), redb::Error> {
    let mut write = database.begin_write()?;
    write.set_two_phase_commit(true);
    {
        let mut table = write.open_table(BRAKE)?;
        match row {
            Some(row) => drop(table.insert((), row)?),
            None => drop(table.remove(())?),
        }
    }
    write.commit()?;
    Ok(())
}

fn encode(marks: &Marks) -> Result<Vec<u8>, serde_json::Error> {
    let mut written = Written {
        lost: Vec::new(),
        held: Vec::new(),
    };
    for (name, mark) in marks {
        match mark {
            Mark::Lost(at) => written.lost.push((name.to_string(), *at)),
            Mark::Held(held) => written.held.push(Kept {
                vip: name.to_string(),
                since: held.since,
                why: match held.why {
                    Why::Sites => Bound::Sites,
                    Why::Share => Bound::Share,
                    Why::MinSites => Bound::MinSites,
                    Why::MinCapacity => Bound::MinCapacity,
                },
                v4: said(held.before.v4),
                v6: said(held.before.v6),
            }),
        }
    }
    serde_json::to_vec(&written)
}

fn decode(bytes: &[u8]) -> Option<Marks> {
    let written: Written = serde_json::from_slice(bytes).ok()?;
    let lost = written.lost.into_iter();
    let mut marks: Marks = lost
        .map(|(name, at)| (Arc::from(name), Mark::Lost(at)))
        .collect();
    for kept in written.held {
        let held = Held {
            since: kept.since,
            before: Both {
                v4: verdict(kept.v4)?,
                v6: verdict(kept.v6)?,
            },
            why: match kept.why {
                Bound::Sites => Why::Sites,
                Bound::Share => Why::Share,
                Bound::MinSites => Why::MinSites,
                Bound::MinCapacity => Why::MinCapacity,
            },
        };
        marks.insert(Arc::from(kept.vip), Mark::Held(held));
    }
    Some(marks)
}

fn said(verdict: Verdict) -> Said {
    let (word, quality) = match verdict.state {
        State::Unknown => (Word::Unknown, 0),
        State::Up => (Word::Up, 0),
        State::Degraded(quality) => (Word::Degraded, quality),
        State::Drain => (Word::Drain, 0),
        State::Down => (Word::Down, 0),
    };
    (word, quality, verdict.since)
}

fn verdict((word, quality, since): Said) -> Option<Verdict> {
    let state = match (word, quality) {
        (Word::Unknown, 0) => State::Unknown,
        (Word::Up, 0) => State::Up,
        (Word::Degraded, 1..=999_999) => State::Degraded(quality),
        (Word::Drain, 0) => State::Drain,
        (Word::Down, 0) => State::Down,
        _ => return None,
    };
    Some(Verdict { state, since })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may")]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn marks() -> Marks {
        let bounds = [Why::Sites, Why::Share, Why::MinSites, Why::MinCapacity];
        let states = [State::Unknown, State::Up, State::Degraded(7), State::Drain];
        let held = bounds.into_iter().zip(states).map(|(why, state)| {
            let v4 = Verdict { state, since: 9 };
            let v6 = Verdict {
                state: State::Down,
                since: 0,
            };
            let held = Held {
                since: 5,
                before: Both { v4, v6 },
                why,
            };
            (Arc::from(format!("held {why:?}")), Mark::Held(held))
        });
        let lost = (Arc::from("ünlucky \"one\""), Mark::Lost(u64::MAX));
        held.chain([lost]).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = TempDir::new().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap().journal;
        assert_eq!(journal.braked(), None);
        journal.brake(Some(&marks())).unwrap();
        assert_eq!(journal.braked(), Some(marks()));
        // After a write that failed the file is opened anew.
        drop(journal.database.take());
        journal.brake(Some(&Marks::new())).unwrap();
        assert_eq!(journal.braked(), Some(Marks::new()));
        journal.brake(None).unwrap();
        assert_eq!(journal.braked(), None);
    }

    #[test]
    fn what_is_nonsense_is_not_read() {
        assert_eq!(decode(b"{\"lost\":[],\"held\":[]}"), Some(Marks::new()));
        let bad = "{\"lost\":[],\"held\":[{\"vip\":\"a\",\"since\":1,\"why\":\"Sites\",\"v4\":[\"Up\",3,1],\"v6\":[\"Up\",0,1]}]}";
        assert_eq!(decode(bad.as_bytes()), None);
        assert!(decode(bad.replace(",3,", ",0,").as_bytes()).is_some());
        assert_eq!(decode(b"[]"), None);
    }
}
