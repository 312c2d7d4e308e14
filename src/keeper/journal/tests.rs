//! The file of health, killed, cut, flipped, locked and refused.
#![allow(clippy::unwrap_used, reason = "tests may")]

mod orders;

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use tempfile::TempDir;

use super::course::Record as Turned;
use super::record::Record;
use super::*;
use crate::health::board::{Lease, Observation, Order, Silence, State, Target, Verdict};
use crate::steer::motion::course::{Part, Returned};
use crate::steer::motion::failback::Hold;
use crate::steer::motion::ramp::{Ramp, Way};

fn seen(who: &str, seq: u64) -> Observation {
    Observation {
        who: Arc::from(who),
        said: State::Degraded(250_000),
        state: State::Degraded(250_000),
        why: None,
        order: Order { epoch: 7, seq },
        at: 1_000 + seq,
        lease: Some(Lease::from(1_000 + seq, 30)),
        ended: true,
    }
}

fn target(seq: u64) -> Target {
    Target {
        observations: vec![seen("fra-forwarders", seq)],
        said: State::Degraded(250_000),
        verdict: Verdict {
            state: State::Down,
            since: 900,
        },
        silence: Silence::Lapsed,
        grace: None,
    }
}

fn entry(seq: u64) -> Entry {
    Entry {
        v4: target(seq),
        v6: target(seq),
        carried: None,
    }
}

/// What may be remembered of a pool.
fn course(seq: u64) -> Course {
    let items = [("fra-1", 0, 7), ("ünknown \"x\"", seq, u64::MAX)];
    let way = |(name, from, to): (&str, u64, u64)| (name.to_string(), Way { from, to });
    let ramp = Ramp {
        items: items.map(way).into(),
        begun: seq,
        rate: 100_000,
        whole: 1 << 40,
    };
    let parts = [
        Part::All,
        Part::Numbers,
        Part::Vips("fra".into()),
        Part::Clients("iad".into()),
    ];
    Course {
        hold: Hold {
            out: [("fra".to_string(), Some(seq)), ("iad".to_string(), None)].into(),
        },
        ramps: parts.map(|part| (part, ramp.clone())).into(),
        returned: seq
            .is_multiple_of(2)
            .then(|| Returned::by("ops", "because", seq)),
    }
}

fn turn(name: &str, seq: u64) -> Turn {
    (name.to_string(), Some(course(seq)))
}

pub(super) fn put(name: &str, seq: u64) -> Change {
    (Arc::from(name), Some(entry(seq)))
}

/// The bytes of the file as a kill would leave them: the journal is still open.
pub(super) fn killed(folder: &TempDir) -> Vec<u8> {
    fs::read(folder.path().join(NAME)).unwrap()
}

/// A state folder with this file in it.
pub(super) fn folder_with(bytes: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(NAME), bytes).unwrap();
    folder
}

pub(super) fn reopened(bytes: &[u8]) -> Opened {
    Journal::open(folder_with(bytes).path()).unwrap()
}

fn seqs(opened: &Opened) -> Vec<(&str, u64)> {
    opened
        .entries
        .iter()
        .map(|(name, entry)| (&**name, entry.v4.observations[0].order.seq))
        .collect()
}

/// Forty VIPs, each written several times, one forgotten.
pub(super) fn busy() -> (TempDir, Opened) {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Journal::open(folder.path()).unwrap();
    for n in 0..60u64 {
        let changes: Vec<Change> = (0..4)
            .map(|i| put(&format!("vip-{:02}", (n * 7 + i) % 40), n))
            .collect();
        opened.journal.write(&changes).unwrap();
    }
    opened.journal.write(&[put("gone", 1)]).unwrap();
    opened.journal.write(&[(Arc::from("gone"), None)]).unwrap();
    (folder, opened)
}

#[test]
fn what_was_written_is_back_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Journal::open(folder.path()).unwrap();
    assert!(opened.entries.is_empty() && opened.warning.is_none());
    opened.journal.write(&[put("a", 1), put("b", 2)]).unwrap();
    opened.journal.write(&[put("a", 3), put("c", 4)]).unwrap();
    opened
        .journal
        .write(&[(Arc::from("b"), None), (Arc::from("never"), None)])
        .unwrap();
    opened.journal.write(&[]).unwrap();

    let again = folder_with(&killed(&folder));
    let mut second = Journal::open(again.path()).unwrap();
    assert_eq!(
        second.entries,
        [(Arc::from("a"), entry(3)), (Arc::from("c"), entry(4))]
    );
    assert_eq!(second.warning, None);
    second.journal.write(&[put("a", 5)]).unwrap();
    let third = reopened(&killed(&again));
    assert_eq!(seqs(&third), [("a", 5), ("c", 4)]);
}

#[test]
fn courses_are_back_after_a_kill_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Journal::open(folder.path()).unwrap();
    opened
        .journal
        .turn(&[turn("db", 1), turn("web", 2)])
        .unwrap();
    opened.journal.write(&[put("a", 1)]).unwrap();
    opened
        .journal
        .turn(&[turn("db", 4), ("web".into(), None)])
        .unwrap();
    let again = reopened(&killed(&folder));
    assert_eq!(
        again.courses,
        BTreeMap::from([("db".to_string(), course(4))])
    );
    assert_eq!((seqs(&again), &again.warning), (vec![("a", 1)], &None));
    // Of a damaged file as well.
    let mut wrong = killed(&folder);
    wrong[0] ^= 1;
    let mended = reopened(&wrong);
    assert!(mended.warning.is_some());
    assert_eq!(mended.courses["db"], course(4));
}

#[test]
fn a_file_of_a_version_without_courses_opens() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Journal::open(folder.path()).unwrap();
    opened.journal.write(&[put("a", 1)]).unwrap();
    let database = opened.journal.database.as_ref().unwrap();
    let write = database.begin_write().unwrap();
    assert!(write.delete_table(COURSES).unwrap());
    write.commit().unwrap();
    let again = reopened(&killed(&folder));
    assert_eq!(seqs(&again), [("a", 1)]);
    assert_eq!((again.courses.len(), again.warning), (0, None));
}

#[test]
fn only_this_user_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("deep/state");
    drop(Journal::open(&state).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&state), mode(&state.join(NAME))), (0o700, 0o600));

    let loose = folder_with(&fs::read(state.join(NAME)).unwrap());
    fs::set_permissions(loose.path().join(NAME), Permissions::from_mode(0o644)).unwrap();
    drop(Journal::open(loose.path()).unwrap());
    assert_eq!(mode(&loose.path().join(NAME)), 0o600);
}

#[test]
fn a_second_server_is_refused_and_harms_nothing() {
    let (folder, mut opened) = busy();
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(matches!(error, JournalError::Busy(_)));
    assert!(error.to_string().contains("another server"));
    opened.journal.write(&[put("vip-00", 1_000)]).unwrap();
    assert_eq!(seqs(&reopened(&killed(&folder)))[0], ("vip-00", 1_000));
    assert!(matches!(
        Journal::open(folder.path()),
        Err(JournalError::Busy(_))
    ));
}

#[test]
fn what_the_disk_refuses_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("state"), "a file").unwrap();
    let error = Journal::open(&folder.path().join("state")).unwrap_err();
    assert!(
        matches!(error, JournalError::Refused(..)) && error.to_string().contains("state folder")
    );
    fs::create_dir(folder.path().join(NAME)).unwrap();
    assert!(matches!(
        Journal::open(folder.path()),
        Err(JournalError::Refused(..))
    ));
}

#[test]
fn a_file_half_made_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("health.redb.new"), "redb").unwrap();
    let opened = Journal::open(folder.path()).unwrap();
    assert!(opened.entries.is_empty() && opened.warning.is_none());
    assert!(!folder.path().join("health.redb.new").exists());
}

#[test]
fn damage_is_moved_aside_and_said_and_what_is_whole_is_kept() {
    let (folder, opened) = busy();
    let bytes = killed(&folder);
    let mut expected = reopened(&bytes).entries;
    assert_eq!(expected.len(), 40);

    let mut wrong = bytes.clone();
    wrong[0] ^= 1;
    let damaged = folder_with(&wrong);
    let mut mended = Journal::open(damaged.path()).unwrap();
    let warning = mended.warning.take().unwrap();
    assert!(
        warning.contains("health.redb.damaged-1") && warning.contains(" VIPs could be read"),
        "{warning}"
    );
    assert_eq!(
        fs::read(damaged.path().join("health.redb.damaged-1")).unwrap(),
        wrong
    );
    // The forgotten one may be back: nothing in a damaged file says that it was forgotten.
    mended.entries.retain(|(name, _)| **name != *"gone");
    assert_eq!(mended.entries, expected);
    mended.journal.write(&[put("vip-00", 1_000)]).unwrap();
    expected[0].1 = entry(1_000);
    let mut again = Journal::open(folder_with(&killed(&damaged)).path()).unwrap();
    again.entries.retain(|(name, _)| **name != *"gone");
    assert_eq!((again.entries, again.warning), (expected, None));
    drop(opened);
}

#[test]
fn damaged_files_do_not_pile_up() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..limits::DAMAGED + 3 {
        fs::write(folder.path().join(NAME), "not a database").unwrap();
        assert!(Journal::open(folder.path()).unwrap().warning.is_some());
        // The journal still holds the lock of this file, not of the next.
        fs::remove_file(folder.path().join(NAME)).unwrap();
    }
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        limits::DAMAGED as usize
    );
}

/// Whatever happened to the file, it opens; and if something written is not back, the warning says so.
fn opens_or_says_so(bytes: &[u8], whole: &[(Arc<str>, Entry)]) {
    let opened = reopened(bytes);
    assert!(
        opened.warning.is_some() || opened.entries == whole,
        "lost something and said nothing"
    );
}

#[test]
fn every_bit_of_the_header_may_flip() {
    let (folder, opened) = busy();
    let bytes = killed(&folder);
    for bit in 0..320 * 8 {
        let mut wrong = bytes.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        opens_or_says_so(&wrong, &reopened(&bytes).entries.clone());
    }
    drop(opened);
}

#[test]
fn any_octet_may_flip_and_the_file_may_end_anywhere() {
    let (folder, opened) = busy();
    let bytes = killed(&folder);
    let whole = reopened(&bytes).entries;
    for place in (0..bytes.len()).step_by(bytes.len() / 500) {
        let mut wrong = bytes.clone();
        wrong[place] ^= 0x10;
        opens_or_says_so(&wrong, &whole);
        let cut = reopened(&bytes[..place]);
        assert!(cut.warning.is_some());
    }
    drop(opened);
}

#[test]
fn a_record_of_another_name_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Journal::open(folder.path()).unwrap();
    let record = record::encode(1, "b", &entry(1)).unwrap();
    let write = opened
        .journal
        .database
        .as_ref()
        .unwrap()
        .begin_write()
        .unwrap();
    write
        .open_table(HEALTH)
        .unwrap()
        .insert("a", record.as_slice())
        .unwrap();
    write.commit().unwrap();
    assert!(
        reopened(&killed(&folder))
            .warning
            .unwrap()
            .contains("a record cannot be read")
    );
}

/// Any target that the board can have.
fn any_target() -> impl Strategy<Value = Target> {
    let state = || {
        let states = [
            State::Unknown,
            State::Up,
            State::Degraded(1),
            State::Degraded(999_999),
            State::Drain,
            State::Down,
        ];
        (0..states.len()).prop_map(move |at| states[at])
    };
    let lease = || {
        let lease = (1u64.., 0u64..).prop_map(|(length, until)| Lease { until, length });
        proptest::option::of(lease)
    };
    let silences = [
        Silence::Heard,
        Silence::Held,
        Silence::Spared,
        Silence::Lapsed,
        Silence::Gone,
    ];
    let one = (state(), any::<(u64, u64, u64)>(), lease(), any::<bool>());
    let seen = proptest::collection::btree_map("[a-z0-9-]{0,63}", one, 0..limits::OBSERVERS);
    let silence = (0..silences.len()).prop_map(move |at| silences[at]);
    let verdict = (state(), any::<u64>());
    (seen, state(), verdict, silence, lease()).prop_map(|(seen, said, verdict, silence, grace)| {
        let one = |(who, (state, (epoch, seq, at), lease, ended))| Observation {
            who: Arc::from(String::as_str(&who)),
            said: state,
            state,
            why: None,
            order: Order { epoch, seq },
            at,
            lease,
            ended,
        };
        let (state, since) = verdict;
        Target {
            observations: seen.into_iter().map(one).collect(),
            said,
            verdict: Verdict { state, since },
            silence,
            grace,
        }
    })
}

/// A record as versions wrote it that knew one observer.
fn old(stamp: u64, name: &str, silence: u8) -> Vec<u8> {
    let state = |octet: u8, quality: u32| [&[octet][..], &quality.to_be_bytes()].concat();
    let mut body = [&stamp.to_be_bytes()[..], &state(2, 250_000)].concat();
    for number in [7u64, 9, 1_009, 30, 1_039] {
        body.extend(number.to_be_bytes());
    }
    body.extend(state(4, 0));
    body.extend(900u64.to_be_bytes());
    body.extend([silence, name.len() as u8]);
    body.extend(name.as_bytes());
    body.extend(b"fra-forwarders");
    let length = (4 + 2 + body.len() + 8) as u16;
    let mut bytes = [b"MdH1".as_slice(), &length.to_be_bytes(), &body].concat();
    bytes.extend(record::checksum(&bytes).to_be_bytes());
    bytes
}

#[test]
fn an_upgrade_loses_nothing() {
    let record = record::decode(&old(5, "a", 2)).unwrap();
    assert_eq!((record.stamp, &*record.name), (5, "a"));
    assert_eq!(record.entry, entry(9));
    let heard = record::decode(&old(5, "a", 0)).unwrap().entry;
    assert!(!heard.v6.observations[0].ended && heard.v6.silence == Silence::Heard);
    // In the file, and in one that is damaged, where the later of both kinds counts.
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Journal::open(folder.path()).unwrap();
    opened.journal.write(&[put("b", 1)]).unwrap();
    let database = opened.journal.database.as_ref().unwrap();
    let write = database.begin_write().unwrap();
    let mut table = write.open_table(HEALTH).unwrap();
    table.insert("a", old(1, "a", 2).as_slice()).unwrap();
    drop(table);
    write.commit().unwrap();
    let mut bytes = killed(&folder);
    assert_eq!(seqs(&reopened(&bytes)), [("a", 9), ("b", 1)]);
    bytes[0] ^= 1;
    let mended = reopened(&bytes);
    assert_eq!(seqs(&mended), [("a", 9), ("b", 1)]);
    assert!(mended.warning.is_some());
    let new = record::encode(6, "a", &entry(4)).unwrap();
    let both = [old(5, "a", 2), new.clone(), old(7, "c", 2)].concat();
    let found =
        |bytes: &[u8]| -> Vec<u64> { record::salvage(bytes).iter().map(|r| r.stamp).collect() };
    assert_eq!(found(&both), [6, 7]);
    assert_eq!(found(&[new, old(8, "a", 2)].concat()), [8]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn every_entry_survives_its_record(
        stamp: u64,
        name in "[a-z0-9-]{0,63}",
        (v4, v6) in (any_target(), any_target()),
        alike: bool,
    ) {
        let v6 = if alike { v4.clone() } else { v6 };
        let entry = Entry { v4, v6, carried: None };
        let bytes = record::encode(stamp, &name, &entry).unwrap();
        let record = Record { stamp, name: Arc::from(name), entry };
        prop_assert_eq!(record::decode(&bytes), Some(record.clone()));
        for place in (0..bytes.len()).step_by(3) {
            prop_assert_eq!(record::decode(&bytes[..place]), None);
            let mut wrong = bytes.clone();
            wrong[place] ^= 1 << (stamp % 8);
            prop_assert_eq!(record::decode(&wrong), None);
        }
        let anywhere = [b"MdH2MdMdH", bytes.as_slice(), b"MdH2\0\x20MdH1"].concat();
        prop_assert_eq!(record::salvage(&anywhere), vec![record]);
    }

    #[test]
    fn every_course_survives_its_record(stamp: u64, name in "[a-z0-9-]{0,63}", seq: u64) {
        let course = course(seq);
        let bytes = course::encode(stamp, &name, &course).unwrap();
        let record = Turned { stamp, name, course };
        prop_assert_eq!(course::decode(&bytes), Some(record.clone()));
        for place in (0..bytes.len()).step_by(7) {
            prop_assert_eq!(course::decode(&bytes[..place]), None);
            let mut wrong = bytes.clone();
            wrong[place] ^= 1 << (stamp % 8);
            prop_assert_eq!(course::decode(&wrong), None);
        }
        let anywhere = [b"MdC1MdMdC", bytes.as_slice(), b"MdC1\0\0\0\x20"].concat();
        prop_assert_eq!(course::salvage(&anywhere), vec![record]);
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
        course::decode(&[b"MdC1\0\0\0\x40".as_slice(), &bytes].concat());
        record::decode(&bytes);
        record::decode(&[b"MdH1\0\x40".as_slice(), &bytes].concat());
        record::decode(&[b"MdH2\0\x40".as_slice(), &bytes].concat());
        record::salvage(&bytes);
    }
}
