//! Orders in the file of health: back after a kill, and gone for good when they were taken away.

use super::*;
use crate::health::orders::{Order, Press, Want};
use crate::health::verdict::Both;

fn order(seq: u64) -> Order {
    let both = Both {
        v4: Verdict {
            state: State::Degraded(250_000),
            since: seq,
        },
        v6: Verdict::UNKNOWN,
    };
    Order {
        want: Want::ALL[seq as usize % 4],
        over: seq,
        who: Arc::from("ops"),
        why: Arc::from("ünknown \"x\""),
        at: 1_000 + seq,
        until: seq.is_multiple_of(2).then_some(u64::MAX),
        press: if seq == 3 { Press::Force } else { Press::Heed },
        held: BTreeMap::from([(Arc::from("fra-1"), both)]),
    }
}

#[test]
fn orders_are_back_after_a_kill_and_those_taken_away_are_not_even_of_a_damaged_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Journal::open(folder.path()).unwrap();
    let of = |name: &str| Subject::Vip(Arc::from(name));
    let site = Subject::Site(Arc::from("a"));
    let put = |subject: &Subject, seq| (subject.clone(), Some(order(seq)));
    let first: Vec<Ordered> = (0..4).map(|n| put(&of(&format!("v-{n}")), n)).collect();
    opened.journal.order(&first).unwrap();
    // A VIP and a site may have one name.
    opened
        .journal
        .order(&[put(&of("a"), 5), put(&site, 6)])
        .unwrap();
    opened
        .journal
        .order(&[(of("v-1"), None), (of("v-2"), None), put(&of("v-3"), 7)])
        .unwrap();
    let wanted = BTreeMap::from([
        (of("v-0"), order(0)),
        (of("v-3"), order(7)),
        (of("a"), order(5)),
        (site, order(6)),
    ]);
    let bytes = killed(&folder);
    let again = reopened(&bytes);
    assert_eq!((again.orders, again.warning), (wanted.clone(), None));
    // The pages of what was taken away are not wiped.
    let mut wrong = bytes;
    wrong[0] ^= 1;
    let mended = reopened(&wrong);
    assert!(mended.warning.is_some());
    assert_eq!(mended.orders, wanted);
    assert!(mended.entries.is_empty());
}

#[test]
fn a_file_of_a_version_without_orders_opens() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Journal::open(folder.path()).unwrap();
    opened.journal.write(&[put("a", 1)]).unwrap();
    let database = opened.journal.database.as_ref().unwrap();
    let write = database.begin_write().unwrap();
    assert!(write.delete_table(ORDERS).unwrap());
    write.commit().unwrap();
    let again = reopened(&killed(&folder));
    assert_eq!(seqs(&again), [("a", 1)]);
    assert_eq!((again.orders.len(), again.warning), (0, None));
}
