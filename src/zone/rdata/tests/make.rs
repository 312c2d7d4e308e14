//! Well-formed record data of any type, made of any octets.

use crate::wire::kind::Kind;
use crate::zone::rdata::field::Field;
use crate::zone::rdata::table;

/// Octets that decide; zeros when they are used up.
pub(super) struct Dice<'a>(pub &'a [u8]);

impl Dice<'_> {
    fn octet(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn below(&mut self, most: usize) -> usize {
        usize::from(self.octet()) % most
    }

    fn octets(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.octet()).collect()
    }

    /// Often one of the octets that texts have trouble with.
    fn odd(&mut self) -> u8 {
        match self.octet() {
            low @ 0..=127 => b"\"\\;()@$. \t\n,=#!*-0123456789abAB"[usize::from(low) % 31],
            _ => self.octet(),
        }
    }

    fn string(&mut self, least: usize) -> Vec<u8> {
        let count = match self.octet() {
            255 => 255,
            few => (usize::from(few) % 6).max(least),
        };
        (0..count).map(|_| self.odd()).collect()
    }

    fn name(&mut self, out: &mut Vec<u8>) {
        match self.octet() {
            // A name that looks like an address.
            0..8 => out.extend(b"\x03192\x010\x012\x011\0"),
            8..12 => out.extend(b"\x02::\0"),
            // As long as names can be.
            12 => {
                for length in [63, 63, 63, 61] {
                    out.push(length);
                    out.extend((0..length).map(|_| self.odd()));
                }
                out.push(0);
            }
            count => {
                for _ in 0..count % 4 {
                    counted(
                        self.string(1)
                            .get(..63)
                            .map_or_else(|| vec![b'x'], <[u8]>::to_vec),
                        out,
                    );
                }
                out.push(0);
            }
        }
    }
}

fn counted(octets: Vec<u8>, out: &mut Vec<u8>) {
    out.push(octets.len() as u8);
    out.extend(octets);
}

/// Data of this type.
pub(super) fn data(kind: Kind, dice: &mut Dice<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for field in table::fields(kind).unwrap() {
        put(*field, dice, &mut out);
    }
    if kind == Kind::SPF {
        out.truncate(1 + usize::from(out[0]));
    }
    out
}

fn put(field: Field, dice: &mut Dice<'_>, out: &mut Vec<u8>) {
    match field {
        Field::Octet(_) | Field::OctetWord(..) => out.push(dice.octet()),
        Field::Short(_) | Field::ShortWord(..) | Field::Kind(_) => out.extend(dice.octets(2)),
        Field::Long(_) | Field::Stamp(_) | Field::Address4 => out.extend(dice.octets(4)),
        Field::Period(_) => {
            out.push(dice.octet() & 0x7f);
            out.extend(dice.octets(3));
        }
        Field::Huge(_) | Field::Groups(_) => out.extend(dice.octets(8)),
        Field::Address6 => out.extend(dice.octets(16)),
        Field::Name(_) | Field::Host(_) | Field::Mailbox(_) => dice.name(out),
        Field::String(_) => counted(dice.string(0), out),
        Field::Digits(_) => {
            let digits = dice.string(4);
            counted(digits.iter().map(|octet| b'0' + octet % 10).collect(), out);
        }
        Field::MayString(_) => {
            if dice.below(2) == 0 {
                counted(dice.string(0), out);
            }
        }
        Field::Strings(_) => {
            for _ in 0..=dice.below(5) {
                counted(dice.string(0), out);
            }
        }
        Field::Tag(_) => counted(b"issue"[dice.below(5)..].to_vec(), out),
        Field::Text(_, least) => out.extend(dice.string(least)),
        Field::Hex(_) | Field::Digest(..) | Field::Base64(_) | Field::Nsap => {
            out.extend(dice.string(1));
        }
        Field::Base64OrNone(_) => out.extend(dice.string(0)),
        Field::Salt(_) => counted(dice.string(0), out),
        Field::Hash(_) => counted(dice.octets(20), out),
        Field::Hardware(_, count) => out.extend(dice.octets(count)),
        Field::Kinds => windows(dice, out),
        Field::Services => {
            out.extend([[6, 17][dice.below(2)], dice.octet(), 1]);
        }
        Field::Location => location(dice, out),
        Field::Prefixes => prefixes(dice, out),
        Field::Gateway => {
            let kind = dice.below(4) as u8;
            out.extend([kind, dice.octet()]);
            gateway(kind, dice, out);
            out.extend(dice.string(0));
        }
        Field::Relay => {
            let kind = dice.below(4) as u8;
            out.push(kind | (dice.octet() & 0x80));
            gateway(kind, dice, out);
        }
        Field::Identity => {
            let (tag, key) = (dice.string(1), dice.string(1));
            out.extend([tag.len() as u8, dice.octet(), 0, key.len() as u8]);
            out.extend(tag);
            out.extend(key);
            (0..dice.below(3)).for_each(|_| dice.name(out));
        }
        Field::Service => service(dice, out),
    }
}

fn windows(dice: &mut Dice<'_>, out: &mut Vec<u8>) {
    let mut window = 0;
    for _ in 0..dice.below(4) {
        let length = 1 + dice.below(32);
        let mut octets = dice.octets(length);
        octets[length - 1] |= 1;
        // There is no type 0.
        octets[0] &= if window == 0 { 0x7f } else { 0xff };
        out.extend([window, length as u8]);
        out.extend(octets);
        window += 1 + dice.octet() % 80;
    }
}

fn location(dice: &mut Dice<'_>, out: &mut Vec<u8>) {
    out.push(0);
    for _ in 0..3 {
        let (digit, power) = (dice.below(10) as u8, dice.below(10) as u8);
        out.push(if digit == 0 { 0 } else { digit << 4 | power });
    }
    for most in [90, 180] {
        let number = u32::from_be_bytes(dice.octets(4).try_into().unwrap());
        let most = most * 3_600_000u32;
        out.extend(((1 << 31) - most + number % (2 * most + 1)).to_be_bytes());
    }
    out.extend(dice.octets(4));
}

fn prefixes(dice: &mut Dice<'_>, out: &mut Vec<u8>) {
    for _ in 0..dice.below(4) {
        let four = dice.below(2) == 0;
        let most = if four { 4 } else { 16 };
        let used = dice.below(most + 1);
        let mut octets = dice.octets(used);
        if let Some(last) = octets.last_mut() {
            *last |= 1;
        }
        let negated = dice.octet() & 0x80;
        let length = dice.below(most * 8 + 1) as u8;
        out.extend([0, if four { 1 } else { 2 }, length, negated | used as u8]);
        out.extend(octets);
    }
}

fn gateway(kind: u8, dice: &mut Dice<'_>, out: &mut Vec<u8>) {
    match kind {
        0 => {}
        1 => out.extend(dice.octets(4)),
        2 => out.extend(dice.octets(16)),
        _ => dice.name(out),
    }
}

fn service(dice: &mut Dice<'_>, out: &mut Vec<u8>) {
    out.extend([dice.below(2) as u8, 1]);
    dice.name(out);
    let chosen = dice.octets(2);
    let has = |key: u16| chosen[usize::from(key) / 8] & (1 << (key & 7)) != 0;
    let has_alpn = has(1) || has(2);
    let mut put = |key: u16, value: Vec<u8>| {
        out.extend(key.to_be_bytes());
        out.extend((value.len() as u16).to_be_bytes());
        out.extend(value);
    };
    if has(0) && has_alpn {
        put(0, vec![0, 1]);
    }
    for key in (1..=11u16).filter(|key| has(*key) || (*key == 1 && has_alpn)) {
        let mut list = Vec::new();
        for _ in 0..=dice.below(3) {
            let mut item = b"ab".to_vec();
            item.extend(
                dice.string(0)
                    .iter()
                    .filter(|o| !b",\\".contains(o))
                    .take(60),
            );
            counted(item, &mut list);
        }
        let value = match key {
            1 | 10 => list,
            3 => dice.octets(2),
            4 => dice.octets(8),
            5 => dice.string(1),
            6 => dice.octets(32),
            7 => "/dns{?dns}ü\"".into(),
            9 => dice.octets(6),
            _ => Vec::new(),
        };
        put(key, value);
    }
    put(667, dice.string(0));
}
