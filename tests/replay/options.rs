//! What stands in the OPT and TSIG records of a reply, read octet by octet.

/// Options by number and name.
const NAMES: [(u16, &str); 6] = [
    (3, "nsid"),
    (9, "expire"),
    (10, "cookie"),
    (11, "keepalive"),
    (15, "ede"),
    (19, "zoneversion"),
];

/// A record: its owner, type, class, TTL and data.
pub struct Record<'a> {
    pub owner: String,
    pub kind: u16,
    pub class: u16,
    pub ttl: u32,
    pub data: &'a [u8],
}

fn word(message: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([message[at], message[at + 1]])
}

/// A name in text, and where it ends.
fn name(message: &[u8], mut at: usize) -> (String, usize) {
    let (mut text, mut end) = (String::new(), None);
    loop {
        let length = usize::from(message[at]);
        if length >= 0xc0 {
            end = end.or(Some(at + 2));
            at = usize::from(word(message, at) & 0x3fff);
            continue;
        }
        let label = &message[at + 1..at + 1 + length];
        text += &format!("{}.", label.escape_ascii());
        at += 1 + length;
        if length == 0 {
            return (
                text.trim_end_matches("..").to_string() + ".",
                end.unwrap_or(at),
            );
        }
    }
}

/// All records of a message.
pub fn records(message: &[u8]) -> Vec<Record<'_>> {
    let mut at = 12;
    for _ in 0..word(message, 4) {
        at = name(message, at).1 + 4;
    }
    let count = [6, 8, 10].iter().map(|at| word(message, *at)).sum::<u16>();
    let mut records = Vec::new();
    for _ in 0..count {
        let (owner, fixed) = name(message, at);
        let end = fixed + 10 + usize::from(word(message, fixed + 8));
        records.push(Record {
            owner,
            kind: word(message, fixed),
            class: word(message, fixed + 2),
            ttl: u32::from(word(message, fixed + 4)) << 16 | u32::from(word(message, fixed + 6)),
            data: &message[fixed + 10..end],
        });
        at = end;
    }
    records
}

/// The options of an OPT record's data.
pub fn options(mut data: &[u8]) -> Vec<(u16, &[u8])> {
    let mut found = Vec::new();
    while !data.is_empty() {
        let (value, rest) = data[4..].split_at(usize::from(word(data, 2)));
        found.push((word(data, 0), value));
        data = rest;
    }
    found
}

/// Lines for every option that is there or not, and for the TSIG record.
pub fn lines(reply: &[u8]) -> Vec<String> {
    let records = records(reply);
    let opt = records.iter().find(|record| record.kind == 41);
    let there = opt.map_or(Vec::new(), |record| options(record.data));
    let mut lines: Vec<String> = NAMES
        .iter()
        .map(|(code, name)| match there.iter().find(|(c, _)| c == code) {
            Some((_, value)) => format!("option {name} {}", shown(*code, value))
                .trim_end()
                .into(),
            None => format!("no option {name}"),
        })
        .collect();
    let strange = there
        .iter()
        .filter(|(code, _)| *code != 8 && !NAMES.iter().any(|(known, _)| known == code));
    lines.extend(strange.map(|(code, _)| format!("breach: option {code} came back")));
    let signed = records.iter().position(|record| record.kind == 250);
    match signed {
        Some(at) => {
            let record = &records[at];
            if at + 1 != records.len() || record.class != 255 || record.ttl != 0 {
                lines.push("breach: the TSIG record is not as it must be".into());
            }
            lines.push(tsig(record, reply));
        }
        None => lines.push("no tsig".into()),
    }
    lines
}

/// Key, algorithm and error; a record without MAC and other data ends as this one must.
fn tsig(record: &Record<'_>, reply: &[u8]) -> String {
    let (algorithm, behind) = name(record.data, 0);
    let rest = &record.data[behind..];
    if rest.len() != 16 || rest[8..10] != [0, 0] || rest[10..12] != reply[..2] {
        return format!("breach: the TSIG record says {rest:02x?}");
    }
    let error = match word(rest, 12) {
        17 => "BADKEY".to_string(),
        other => other.to_string(),
    };
    format!("tsig {} {algorithm} {error}", record.owner)
}

fn shown(code: u16, value: &[u8]) -> String {
    let hex = || value.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let number = |at: usize| match value.get(at..at + 4) {
        Some(four) => u32::from_be_bytes(four.try_into().unwrap()).to_string(),
        None => hex(),
    };
    match code {
        3 => value.escape_ascii().to_string(),
        9 => number(0),
        11 if value.len() == 2 => word(value, 0).to_string(),
        15 if value.len() >= 2 => format!("{} {}", word(value, 0), value[2..].escape_ascii()),
        19 if value.len() == 6 && value[1] == 0 => format!("{} {}", value[0], number(2)),
        _ => hex(),
    }
}

/// Ends a message with a TSIG record of this key, with some MAC.
pub fn sign(message: &mut Vec<u8>, key: &str) {
    for label in key.split('.') {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    if !key.ends_with('.') {
        message.push(0);
    }
    let mut data = b"\x0bhmac-sha256\0\0\0\x5c\xf7\x9f\x11\x01\x2c\0\x20".to_vec();
    data.extend([7; 32]);
    data.extend([message[0], message[1], 0, 0, 0, 0]);
    message.extend([0, 250, 0, 255, 0, 0, 0, 0]);
    message.extend((data.len() as u16).to_be_bytes());
    message.extend(data);
    let count = word(message, 10) + 1;
    message[10..12].copy_from_slice(&count.to_be_bytes());
}
