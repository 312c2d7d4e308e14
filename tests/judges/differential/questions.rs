//! Questions about a case: names above, at, below and beside everything that it has, and all types.

use super::dice::Dice;
use super::message::{self, Terms};
use super::name::Name;
use super::zones::*;

/// A question.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Seen from the root of the case, or absolute.
    name: Name,
    above: bool,
    pub kind: u16,
    pub terms: Terms,
    /// Whether it is asked over UDP as well.
    pub datagram: bool,
    /// Which letters are capitals.
    capitals: u64,
}

/// What is asked more often than all other types.
const KINDS: [u16; 24] = [
    A, A, A, AAAA, AAAA, NS, NS, SOA, CNAME, DNAME, MX, TXT, SRV, PTR, CAA, SVCB, HTTPS, DS, DS,
    ANY, 65_280, 13, 1_234, 47,
];

impl Ask {
    /// A question in small letters, without EDNS.
    pub fn plain(name: Name, kind: u16) -> Ask {
        Ask {
            name,
            above: false,
            kind,
            terms: Terms::PLAIN,
            datagram: false,
            capitals: 0,
        }
    }

    /// The absolute name, with its capitals.
    pub fn wire(&self, root: &Name) -> Vec<u8> {
        let name = if self.above {
            self.name.clone()
        } else {
            self.name.under(root)
        };
        let mut wire = name.wire();
        let mut at = 0;
        while wire[at] != 0 {
            let next = at + 1 + usize::from(wire[at]);
            for (n, byte) in wire[at + 1..next].iter_mut().enumerate() {
                if self.capitals >> ((at + n) % 64) & 1 == 1 {
                    byte.make_ascii_uppercase();
                }
            }
            at = next;
        }
        wire
    }

    /// The message.
    pub fn query(&self, id: u16, root: &Name) -> Vec<u8> {
        message::query(id, &self.wire(root), self.kind, self.terms)
    }
}

/// So many questions about a case whose root has labels of these lengths.
pub fn generate(case: &Case, root: &Name, count: usize, dice: &mut Dice) -> Vec<Ask> {
    let mut pool: Vec<(Name, u16)> = Vec::new();
    for zone in &case.zones {
        for line in &zone.lines {
            pool.push((line.owner.under(&zone.apex), line.kind));
        }
    }
    (0..count).map(|_| ask(&pool, root, dice)).collect()
}

fn ask(pool: &[(Name, u16)], root: &Name, dice: &mut Dice) -> Ask {
    const LABELS: [&str; 8] = ["a", "b", "c", "d", "kid", "*", "new", "l3"];
    let (known, own) = dice.pick(pool).clone();
    let label = dice.pick(&LABELS).as_bytes();
    let mut above = false;
    let name = match dice.below(100) {
        0..38 => known,
        38..58 => known.child(label),
        58..66 => known.child(label).child(dice.pick(&LABELS).as_bytes()),
        66..76 => known.parent(),
        76..87 => known.parent().child(label),
        87..91 => Name::default()
            .child(label)
            .child(dice.pick(&LABELS).as_bytes()),
        91..95 => Name::default(),
        95..98 => long(known, root, dice),
        98 => {
            above = true;
            Name(root.0[1 + dice.below(root.0.len())..].to_vec())
        }
        _ => {
            above = true;
            Name(root.0[1..].to_vec()).child(b"beside")
        }
    };
    let kind = match dice.below(100) {
        0..20 => own,
        20..95 => *dice.pick(&KINDS),
        95 => meta(dice),
        96 => 251 + dice.below(2) as u16,
        _ => dice.roll() as u16,
    };
    let fits = above || name.under(root).wire().len() <= 255;
    Ask {
        name: if fits { name } else { Name::default() },
        above,
        kind,
        terms: terms(dice),
        datagram: dice.percent(50),
        capitals: if dice.percent(50) { dice.roll() } else { 0 },
    }
}

/// Mostly of class IN, with sizes below, at and above those that count.
fn terms(dice: &mut Dice) -> Terms {
    const SIZES: [u16; 12] = [
        4096, 4096, 1232, 1232, 512, 512, 0, 511, 513, 1231, 1233, 65_535,
    ];
    let class = if dice.percent(4) {
        *dice.pick(&[0, 3, 4, 254, 255, 255, 2, 65_280])
    } else {
        1
    };
    let size = match dice.below(3) {
        0 => 512 + dice.below(720) as u16,
        _ => *dice.pick(&SIZES),
    };
    let edns = dice.percent(70).then_some((size, dice.percent(50)));
    Terms {
        class,
        recursion: dice.percent(20),
        edns,
    }
}

/// A type that no zone has (RFC 6895 §3.1), but those that ask for a transfer.
fn meta(dice: &mut Dice) -> u16 {
    let kinds = [41, 128, 249, 250, 253, 254];
    if dice.percent(50) {
        return *dice.pick(&kinds);
    }
    128 + dice.below(123) as u16
}

/// Below a name, and about as long as names may be.
fn long(known: Name, root: &Name, dice: &mut Dice) -> Name {
    let mut name = known;
    let end = 255 - dice.below(60);
    loop {
        let length = name.under(root).wire().len();
        let Some(room) = end.checked_sub(length + 2).filter(|room| *room > 0) else {
            return name;
        };
        name = name.child(&vec![b'w'; room.min(dice.below(63) + 1)]);
    }
}
