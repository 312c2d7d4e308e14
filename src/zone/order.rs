//! Records in the canonical order of their owners: each name directly before all that lie below it (RFC 4034 §6.1).

use std::cmp::Ordering;

use super::text::{Cursor, Record, Text};
use crate::limits;
use crate::wire::name::Name;

/// The labels of `owner` in front of its last `above` octets (those of the apex), as bytes that compare in canonical
/// order: from the right, in small letters, each label with a zero behind it.
pub(super) fn key(owner: &[u8], above: usize, out: &mut Vec<u8>) {
    let end = owner.len().saturating_sub(above);
    let mut starts = [0u8; limits::LABELS + 1];
    let (mut at, mut count) = (0, 0);
    while at < end {
        if let Some(start) = starts.get_mut(count) {
            *start = at as u8;
        }
        count += 1;
        at += 1 + owner.get(at).map_or(0, |length| usize::from(*length));
    }
    for &start in starts.get(..count).unwrap_or_default().iter().rev() {
        let at = usize::from(start);
        let length = owner.get(at).map_or(0, |length| usize::from(*length));
        for octet in owner.get(at + 1..at + 1 + length).unwrap_or_default() {
            match octet.to_ascii_lowercase() {
                // The zero that ends a label must be smaller than every octet in one.
                low @ 0..=1 => out.extend([1, 1 + low]),
                octet => out.push(octet),
            }
        }
        out.push(0);
    }
}

/// The numbers of a text's records, all of which lie within the apex, in the canonical order of their owners.
pub(super) struct Order {
    apex: Name,
    list: List,
}

enum List {
    /// The order of the text: so many.
    Written(usize),
    /// Stretches of the text that are in order, as they follow each other: how many records stand before one, and its
    /// first. Many texts have their servers at the top and then are in order.
    Stretches(Vec<(u32, u32)>, usize),
    /// Each by itself.
    Single(Vec<u32>),
}

/// Most stretches that are merged; a text of more is sorted record by record.
const STRETCHES: usize = 64;

impl Order {
    /// Sorts the records that lie within the apex, which are all but those of these numbers (in order).
    pub(super) fn sort(text: &Text, apex: &Name, without: &[u32]) -> Order {
        let mut keys = Keys::new(text, apex);
        let starts = stretches(text, &mut keys);
        let list = match starts.len() {
            0..=STRETCHES if without.is_empty() => merge(text.len(), starts, &mut keys),
            _ => List::Single(single(text, &mut keys, without)),
        };
        Order {
            apex: apex.clone(),
            list,
        }
    }

    fn len(&self) -> usize {
        match &self.list {
            List::Written(count) | List::Stretches(_, count) => *count,
            List::Single(list) => list.len(),
        }
    }

    fn number(&self, at: usize) -> Option<usize> {
        match &self.list {
            List::Written(count) => (at < *count).then_some(at),
            List::Stretches(list, count) => {
                let index = list.partition_point(|(before, _)| *before as usize <= at);
                let (before, first) = list.get(index.checked_sub(1)?)?;
                (at < *count).then_some(*first as usize + at - *before as usize)
            }
            List::Single(list) => list.get(at).map(|number| *number as usize),
        }
    }

    /// The records owner by owner.
    pub(super) fn families<'a>(&'a self, text: &'a Text) -> Families<'a> {
        self.families_from(text, 0)
    }

    fn families_from<'a>(&'a self, text: &'a Text, start: usize) -> Families<'a> {
        let mut cursor = Cursor::new(text);
        Families {
            order: self,
            next: self.number(start).and_then(|number| cursor.get(number)),
            cursor,
            at: start,
            family: Vec::new(),
        }
    }

    /// The records of a name within the apex, in the order of their types.
    pub(super) fn find<'a>(&'a self, text: &'a Text, name: &Name) -> Vec<Record<'a>> {
        let mut wanted = Vec::new();
        key(name.wire(), self.apex.wire().len(), &mut wanted);
        let mut keys = Keys::new(text, &self.apex);
        let at = self.from(&wanted, &mut keys);
        let there = self.number(at).is_some_and(|n| keys.first(n) == wanted);
        if !there {
            return Vec::new();
        }
        let mut families = self.families_from(text, at);
        families.advance();
        families.family
    }

    /// Whether a name within the apex exists, be it only because of names below it.
    pub(super) fn exists(&self, text: &Text, name: &Name) -> bool {
        let mut wanted = Vec::new();
        key(name.wire(), self.apex.wire().len(), &mut wanted);
        let mut keys = Keys::new(text, &self.apex);
        let at = self.from(&wanted, &mut keys);
        self.number(at)
            .is_some_and(|n| keys.first(n).starts_with(&wanted))
    }

    /// How many records stand before a key.
    fn from(&self, wanted: &[u8], keys: &mut Keys<'_>) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.number(middle) {
                Some(number) if keys.first(number) < wanted => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }
}

/// See [`Order::families`].
pub(super) struct Families<'a> {
    order: &'a Order,
    cursor: Cursor<'a>,
    at: usize,
    next: Option<Record<'a>>,
    family: Vec<Record<'a>>,
}

impl<'a> Families<'a> {
    /// Goes to the next owner; its records are by type, then in the order of the text. Nothing at the end.
    pub(super) fn advance(&mut self) -> Option<&[Record<'a>]> {
        self.family.clear();
        let first = self.next.take()?;
        self.family.push(first);
        let mut sorted = true;
        loop {
            self.at += 1;
            let number = self.order.number(self.at);
            let Some(record) = number.and_then(|number| self.cursor.get(number)) else {
                break;
            };
            if !same_owner(&first, &record) {
                self.next = Some(record);
                break;
            }
            let last = self.family.last();
            let rank = (record.kind, record.number);
            sorted &= last.is_none_or(|last| (last.kind, last.number) < rank);
            self.family.push(record);
        }
        if !sorted {
            self.family.sort_unstable_by_key(|r| (r.kind, r.number));
        }
        Some(&self.family)
    }
}

/// Whether two records have one owner.
fn same_owner(a: &Record<'_>, b: &Record<'_>) -> bool {
    if std::ptr::eq(a.origin, b.origin) {
        return std::ptr::eq(a.labels, b.labels) || a.labels.eq_ignore_ascii_case(b.labels);
    }
    let (mut one, mut other) = (Vec::new(), Vec::new());
    a.wire(&mut one);
    b.wire(&mut other);
    one.eq_ignore_ascii_case(&other)
}

/// Keys of records, two of them at a time.
struct Keys<'a> {
    cursors: [Cursor<'a>; 2],
    apex: &'a Name,
    wire: Vec<u8>,
    keys: [Vec<u8>; 2],
}

impl<'a> Keys<'a> {
    fn new(text: &'a Text, apex: &'a Name) -> Keys<'a> {
        Keys {
            cursors: [Cursor::new(text), Cursor::new(text)],
            apex,
            wire: Vec::new(),
            keys: [Vec::new(), Vec::new()],
        }
    }

    /// The key of one record.
    fn first(&mut self, number: usize) -> &[u8] {
        self.read(0, number);
        &self.keys[0]
    }

    /// How two records compare.
    fn compare(&mut self, one: usize, other: usize) -> Ordering {
        self.read(0, one);
        self.read(1, other);
        self.keys[0].cmp(&self.keys[1])
    }

    fn read(&mut self, which: usize, number: usize) {
        self.keys[which].clear();
        if let Some(record) = self.cursors[which].get(number) {
            of(&record, self.apex, &mut self.wire, &mut self.keys[which]);
        }
    }
}

/// The key of a record's owner.
pub(super) fn of(record: &Record<'_>, apex: &Name, wire: &mut Vec<u8>, out: &mut Vec<u8>) {
    if record.origin == apex {
        return key(record.labels, 0, out);
    }
    wire.clear();
    record.wire(wire);
    key(wire, apex.wire().len(), out);
}

/// The first record of each stretch that is in order; of more than can be merged only one more.
fn stretches(text: &Text, keys: &mut Keys<'_>) -> Vec<u32> {
    let mut starts = Vec::new();
    let mut labels: &[u8] = &[];
    for record in text.iter() {
        // A record of the owner before it costs no key.
        if record.number > 0 && std::ptr::eq(labels, record.labels) {
            continue;
        }
        labels = record.labels;
        keys.keys.swap(0, 1);
        let [_, new] = &mut keys.keys;
        new.clear();
        of(&record, keys.apex, &mut keys.wire, new);
        if record.number == 0 || keys.keys[0] > keys.keys[1] {
            starts.push(record.number);
            if starts.len() > STRETCHES {
                break;
            }
        }
    }
    starts
}

/// A few stretches into one order: the one with the smallest owner goes on until another has a smaller one.
fn merge(count: usize, starts: Vec<u32>, keys: &mut Keys<'_>) -> List {
    if starts.len() < 2 {
        return List::Written(count);
    }
    let ends = starts.iter().skip(1).copied().chain([count as u32]);
    let mut open: Vec<(u32, u32)> = starts.iter().copied().zip(ends).collect();
    let mut out = Vec::new();
    let mut before = 0;
    while !open.is_empty() {
        // Equal owners in the order of the text, as the stretches stand.
        open.sort_by(|a, b| keys.compare(a.0 as usize, b.0 as usize).then(a.0.cmp(&b.0)));
        let (first, end) = open[0];
        let to = match open.get(1) {
            None => end,
            Some(&(other, _)) => {
                let (mut low, mut high) = (first + 1, end);
                while low < high {
                    let middle = low + (high - low) / 2;
                    let order = keys.compare(middle as usize, other as usize);
                    if order.then(middle.cmp(&other)).is_lt() {
                        low = middle + 1;
                    } else {
                        high = middle;
                    }
                }
                low
            }
        };
        out.push((before, first));
        before += to - first;
        open[0].0 = to;
        open.retain(|(first, end)| first < end);
        if out.len() > count / 4 {
            // So finely woven that each record by itself is no larger.
            return List::Single(single(keys.cursors[0].text(), keys, &[]));
        }
    }
    List::Stretches(out, count)
}

/// All numbers but those, sorted.
fn single(text: &Text, keys: &mut Keys<'_>, without: &[u32]) -> Vec<u32> {
    let mut places: Vec<[u32; 3]> = Vec::with_capacity(text.len() - without.len());
    let mut bytes = Vec::new();
    for record in text.iter() {
        if without.binary_search(&record.number).is_ok() {
            continue;
        }
        bytes.clear();
        of(&record, keys.apex, &mut keys.wire, &mut bytes);
        // Most comparisons end in the first octets.
        let mut front = [0; 8];
        let octets = front.iter_mut().zip(&bytes);
        octets.for_each(|(to, from)| *to = *from);
        let [a, b, c, d, e, f, g, h] = front;
        let high = u32::from_be_bytes([a, b, c, d]);
        places.push([high, u32::from_be_bytes([e, f, g, h]), record.number]);
    }
    places.sort_unstable_by(|a, b| {
        a[..2]
            .cmp(&b[..2])
            .then_with(|| keys.compare(a[2] as usize, b[2] as usize))
            .then(a[2].cmp(&b[2]))
    });
    places.into_iter().map(|place| place[2]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::text::Part;
    use super::*;
    use proptest::prelude::*;

    fn text(names: &[Name], origins: [&Name; 2]) -> Text {
        let mut part = Part::default();
        let numbers = origins.map(|origin| part.origin(origin).unwrap());
        for (n, name) in names.iter().enumerate() {
            let which = usize::from(n % 2 == 0 && name.is_within(origins[0]));
            let above = origins[1 - which].wire().len();
            let labels = &name.wire()[..name.wire().len() - above];
            let owner = part.owner(labels, numbers[1 - which]);
            let written: Result<(), ()> =
                part.record(owner, crate::wire::kind::Kind::A, 0, 0, |_| Ok(()));
            written.unwrap();
        }
        Text::new(vec![part], false)
    }

    proptest! {
        /// Whatever the way, the order is that of names, and equal ones stay as they were written.
        #[test]
        fn every_way_sorts(
            mut labels in prop::collection::vec(prop::collection::vec("[ab*]{1,9}|\\PC{1,3}", 0..3), 1..300),
            sorted in 0..4usize,
        ) {
            let apex: Name = "example.".parse().unwrap();
            let deep: Name = "a.example.".parse().unwrap();
            labels.extend(labels.clone());
            let half = labels.len() / 2;
            if sorted > 0 {
                labels.sort_by_key(|list| list.iter().rev().cloned().collect::<Vec<_>>());
                // In order; two stretches, one behind the other; two, one inside of the other.
                let from = [half, 0, half / 2][sorted - 1];
                labels[from..].rotate_left((sorted - 1) * half / 2);
            }
            let name = |list: &Vec<String>| {
                let name = list.iter().try_fold(apex.clone(), |name, label| name.child(label.as_bytes()));
                name.unwrap_or_else(|_| apex.clone())
            };
            let names: Vec<Name> = labels.iter().map(name).collect();
            let text = text(&names, [&deep, &apex]);
            let mut expected: Vec<usize> = (0..names.len()).collect();
            expected.sort_by(|a, b| names[*a].cmp(&names[*b]));
            let order = Order::sort(&text, &apex, &[]);
            let got: Vec<usize> = (0..order.len()).filter_map(|at| order.number(at)).collect();
            prop_assert_eq!(&got, &expected);
            let without: Vec<u32> = (0..names.len() as u32).step_by(3).collect();
            let order = Order::sort(&text, &apex, &without);
            let got: Vec<usize> = (0..order.len()).filter_map(|at| order.number(at)).collect();
            expected.retain(|number| number % 3 != 0);
            prop_assert_eq!(&got, &expected);
            for name in &names {
                let there: Vec<usize> = expected.iter().copied().filter(|n| names[*n] == *name).collect();
                let found: Vec<usize> = order.find(&text, name).iter().map(|r| r.number as usize).collect();
                prop_assert_eq!(found, there);
                let exists = expected.iter().any(|n| names[*n].is_within(name));
                prop_assert_eq!(order.exists(&text, name), exists);
            }
        }
    }
}
