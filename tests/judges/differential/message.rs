//! Queries to octets, and octets to answers that can be compared: names whole and in small letters, sections as sets.

use std::fmt::Write as _;

use super::name::shown;
use super::zones::mnemonic;

/// A record of an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// In wire form and small letters.
    pub owner: Vec<u8>,
    pub kind: u16,
    pub ttl: u32,
    /// With its names whole and in small letters.
    pub data: Vec<u8>,
}

/// An answer as it came.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub flags: u16,
    /// The question as it stands there, type and class included.
    pub question: Vec<u8>,
    /// Answer, authority, additional, this one without OPT.
    pub sections: [Vec<Record>; 3],
    /// Of each OPT record the TTL: code, version and flags.
    pub opts: Vec<u32>,
    /// Octets up to the additional section.
    pub needed: usize,
}

impl Answer {
    /// The four bits of the header (RFC 1035 §4.1.1).
    pub fn rcode(&self) -> u16 {
        self.flags & 15
    }

    /// Whether AA is set.
    pub fn authoritative(&self) -> bool {
        self.flags & 0x0400 != 0
    }

    /// Whether TC is set.
    pub fn truncated(&self) -> bool {
        self.flags & 0x0200 != 0
    }

    /// QR, opcode, TC, RD, RA and Z: all that is neither AA nor the code, nor AD and CD, which are for DNSSEC.
    pub fn other_flags(&self) -> u16 {
        self.flags & !0x043f
    }

    /// As `dig` would show it, in few lines.
    pub fn text(&self) -> String {
        let aa = if self.authoritative() { " aa" } else { "" };
        let mut text = format!("rcode {}{aa}, flags {:04x}\n", self.rcode(), self.flags);
        let titles = ["answer", "authority", "additional"];
        for (title, records) in titles.iter().zip(&self.sections) {
            for record in records {
                let _ = writeln!(text, "    {title:10} {}", record.text());
            }
        }
        text
    }
}

impl Record {
    /// As a zone file would have it, data of most types in hexadecimal digits.
    pub fn text(&self) -> String {
        let data = match (self.kind, shape(self.kind)) {
            (1, _) => {
                let octets: Vec<String> = self.data.iter().map(u8::to_string).collect();
                octets.join(".")
            }
            (_, Some((0, 1))) => shown(&self.data),
            (_, Some((before, 1))) => {
                let (head, name) = self.data.split_at(before.min(self.data.len()));
                format!("{head:02x?} {}", shown(name))
            }
            (6, _) => shown(&self.data) + " …",
            _ => {
                let octets = self.data.iter().take(24);
                octets.map(|byte| format!("{byte:02x}")).collect()
            }
        };
        let kind = mnemonic(self.kind);
        format!("{} {} {kind} {data}", shown(&self.owner), self.ttl)
    }

    /// The name that the data hold, if they hold one.
    pub fn target(&self) -> Option<&[u8]> {
        let (before, _) = shape(self.kind)?;
        let name = self.data.get(before..)?;
        let mut at = 0;
        while let Some(length) = name.get(at).copied().filter(|length| *length != 0) {
            at += 1 + usize::from(length);
        }
        name.get(..=at)
    }
}

/// Octets before the names in data of a type, and how many names.
fn shape(kind: u16) -> Option<(usize, usize)> {
    Some(match kind {
        2 | 5 | 12 | 39 => (0, 1),
        6 => (0, 2),
        15 => (2, 1),
        33 => (6, 1),
        64 | 65 => (2, 1),
        _ => return None,
    })
}

/// A question with its terms.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub class: u16,
    pub recursion: bool,
    /// The size and DO, if it speaks EDNS.
    pub edns: Option<(u16, bool)>,
}

impl Terms {
    /// Of class IN, and nothing more.
    pub const PLAIN: Terms = Terms {
        class: 1,
        recursion: false,
        edns: None,
    };
}

/// A query.
pub fn query(id: u16, name: &[u8], kind: u16, terms: Terms) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    let opts = u8::from(terms.edns.is_some());
    message.extend([u8::from(terms.recursion), 0, 0, 1, 0, 0, 0, 0, 0, opts]);
    message.extend(name);
    message.extend(kind.to_be_bytes());
    message.extend(terms.class.to_be_bytes());
    if let Some((payload, dnssec)) = terms.edns {
        message.extend([0, 0, 41]);
        message.extend(payload.to_be_bytes());
        message.extend([0, 0, if dnssec { 0x80 } else { 0 }, 0, 0, 0]);
    }
    message
}

/// Reads an answer strictly: each octet has a place in it.
pub fn decode(message: &[u8]) -> Result<Answer, String> {
    let mut reader = Reader { message, at: 0 };
    let mut words = [0; 6];
    for word in &mut words {
        *word = reader.word()?;
    }
    let mut answer = Answer {
        flags: words[1],
        ..Answer::default()
    };
    for _ in 0..words[2] {
        let start = reader.at;
        reader.name()?;
        reader.take(4)?;
        answer.question.extend(&message[start..reader.at]);
    }
    for (number, (section, count)) in answer.sections.iter_mut().zip(&words[3..]).enumerate() {
        if number == 2 {
            answer.needed = reader.at;
        }
        for _ in 0..*count {
            let record = reader.record()?;
            if record.kind == 41 {
                answer.opts.push(record.ttl);
            } else {
                section.push(record);
            }
        }
    }
    if reader.at != message.len() {
        return Err(format!(
            "{} octets behind the end",
            message.len() - reader.at
        ));
    }
    Ok(answer)
}

struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let octets = self.message.get(self.at..self.at + count);
        self.at += count;
        octets.ok_or_else(|| "it ends too early".into())
    }

    fn word(&mut self) -> Result<u16, String> {
        let octets = self.take(2)?;
        Ok(u16::from_be_bytes([octets[0], octets[1]]))
    }

    /// A name, in small letters; pointers lead backwards only.
    fn name(&mut self) -> Result<Vec<u8>, String> {
        let mut name = Vec::new();
        let mut back = None;
        loop {
            let start = self.at;
            let length = self.take(1)?[0];
            match length {
                0 => break,
                1..64 => {
                    name.push(length);
                    name.extend(self.take(length.into())?.to_ascii_lowercase());
                }
                192.. => {
                    let low = self.take(1)?[0];
                    back.get_or_insert(self.at);
                    self.at = usize::from(length & 63) << 8 | usize::from(low);
                    if self.at >= start {
                        return Err("a pointer leads forwards".into());
                    }
                }
                _ => return Err(format!("a label of type {length:02x}")),
            }
        }
        name.push(0);
        self.at = back.unwrap_or(self.at);
        if name.len() > 255 {
            return Err("a name of more than 255 octets".into());
        }
        Ok(name)
    }

    fn record(&mut self) -> Result<Record, String> {
        let owner = self.name()?;
        let (kind, class) = (self.word()?, self.word()?);
        if class != 1 && kind != 41 {
            return Err(format!("a record of class {class}"));
        }
        let ttl = u32::from(self.word()?) << 16 | u32::from(self.word()?);
        let length = usize::from(self.word()?);
        let end = self.at + length;
        let mut data = Vec::new();
        if let Some((before, names)) = shape(kind) {
            data.extend(self.take(before)?);
            for _ in 0..names {
                data.extend(self.name()?);
            }
        }
        let rest = end
            .checked_sub(self.at)
            .ok_or("data that end within a name")?;
        data.extend(self.take(rest)?);
        Ok(Record {
            owner,
            kind,
            ttl,
            data,
        })
    }
}
