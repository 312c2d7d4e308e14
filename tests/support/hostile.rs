//! Broken and twisted messages, and the laws of what may come back: whatever is sent, these hold.

use hickory_proto::op::{Message, MessageType, ResponseCode};
use proptest::collection::vec;
use proptest::prelude::*;

/// What we send over UDP at most.
const LARGEST: usize = 1232;

/// What a client without EDNS takes (RFC 1035 §4.2.1).
const PLAIN: usize = 512;

/// Octets of a header (RFC 1035 §4.1.1).
pub(crate) const HEADER: usize = 12;

/// One way to break a message. Positions are taken modulo its length, so that every value does something.
#[derive(Clone, Debug)]
enum Twist {
    Flip(usize, u8),
    Put(usize, u8),
    Put16(usize, u16),
    Cut(usize),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
    Point(usize, u16),
    Count(usize, u16),
}

fn twist() -> impl Strategy<Value = Twist> {
    let at = || 0_usize..2048;
    prop_oneof![
        (at(), 0_u8..8).prop_map(|(at, bit)| Twist::Flip(at, bit)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Twist::Put(at, byte)),
        (at(), any::<u16>()).prop_map(|(at, word)| Twist::Put16(at, word)),
        at().prop_map(Twist::Cut),
        (at(), vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Twist::Insert(at, bytes)),
        (at(), 1_usize..40).prop_map(|(at, len)| Twist::Remove(at, len)),
        (at(), 1_usize..300).prop_map(|(at, len)| Twist::Repeat(at, len)),
        (at(), 0_u16..64).prop_map(|(at, to)| Twist::Point(at, to)),
        (0_usize..4, prop_oneof![0_u16..4, any::<u16>()])
            .prop_map(|(field, n)| Twist::Count(field, n)),
    ]
}

fn apply(message: &mut Vec<u8>, twist: &Twist) {
    let len = message.len().max(1);
    let write = |message: &mut Vec<u8>, at: usize, word: u16| {
        for (slot, byte) in message.iter_mut().skip(at).zip(word.to_be_bytes()) {
            *slot = byte;
        }
    };
    match twist {
        Twist::Flip(at, bit) => message
            .iter_mut()
            .skip(at % len)
            .take(1)
            .for_each(|b| *b ^= 1 << bit),
        Twist::Put(at, byte) => message
            .iter_mut()
            .skip(at % len)
            .take(1)
            .for_each(|b| *b = *byte),
        Twist::Put16(at, word) => write(message, at % len, *word),
        Twist::Cut(at) => message.truncate(at % len),
        Twist::Insert(at, bytes) => {
            let at = (at % len).min(message.len());
            message.splice(at..at, bytes.iter().copied());
        }
        Twist::Remove(at, many) => {
            let from = (at % len).min(message.len());
            message.drain(from..message.len().min(from + many));
        }
        Twist::Repeat(at, many) => {
            let from = (at % len).min(message.len());
            let copy = message[from..message.len().min(from + many)].to_vec();
            message.extend(copy);
        }
        Twist::Point(at, to) => write(message, at % len, 0xC000 | to),
        Twist::Count(field, many) => write(message, 4 + 2 * field, *many),
    }
}

/// A name of wire octets from its text.
fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    let mut wire: Vec<u8> = labels
        .flat_map(|l| [&[l.len() as u8], l.as_bytes()].concat())
        .collect();
    wire.push(0);
    wire
}

/// A query as clients send it, with this OPT record behind the question (RFC 6891 §6.1.2).
pub(crate) fn query(
    flags: u16,
    qname: &str,
    kind: u16,
    class: u16,
    opt: Option<(u16, u32, &[u8])>,
) -> Vec<u8> {
    let mut message = vec![0x12, 0x34];
    for word in [flags, 1, 0, 0, u16::from(opt.is_some())] {
        message.extend(word.to_be_bytes());
    }
    message.extend(name(qname));
    message.extend([kind.to_be_bytes(), class.to_be_bytes()].concat());
    if let Some((payload, flags, options)) = opt {
        message.extend([0, 0, 41]);
        message.extend(payload.to_be_bytes());
        message.extend(flags.to_be_bytes());
        message.extend((options.len() as u16).to_be_bytes());
        message.extend(options);
    }
    message
}

/// Puts a TSIG record behind a message (RFC 8945 §4.2).
fn sign(message: &mut Vec<u8>) {
    let mut data = name("hmac-sha256.");
    data.extend([0, 0, 0x65, 0, 0, 0, 1, 0x2c, 0, 32]);
    data.extend([7; 32]);
    data.extend([0x12, 0x34, 0, 0, 0, 0]);
    message.extend(name("some.key."));
    message.extend([0, 250, 0, 255, 0, 0, 0, 0, 0, data.len() as u8]);
    message.extend(data);
    message[11] += 1;
}

/// Good queries of every sort that we know, to start from.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    const DO: u32 = 0x8000;
    let subnet4: &[u8] = &[0, 8, 0, 7, 0, 1, 24, 0, 9, 9, 9];
    let subnet6: &[u8] = &[0, 8, 0, 11, 0, 2, 56, 0, 0x26, 0x06, 0x47, 0, 0, 0, 0];
    let mixed: &[u8] = &[
        0, 3, 0, 0, 0, 8, 0, 4, 0, 1, 0, 0, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 12, 0, 2, 0, 0,
    ];
    let long = [&"a".repeat(63); 3].map(String::as_str).join(".") + ".example.com.";
    let mut seeds = vec![
        query(0x0100, "www.example.com.", 1, 1, None),
        query(0x0100, "www.example.com.", 28, 1, Some((1232, 0, &[]))),
        query(0x0000, "www.example.com.", 1, 1, Some((4096, DO, subnet4))),
        query(0x0000, "www.example.com.", 65, 1, Some((512, 0, subnet6))),
        query(0x0000, "www.example.com.", 255, 1, Some((65535, DO, mixed))),
        query(0x0000, "www.example.com.", 1, 1, Some((1232, 1 << 16, &[]))),
        query(0x0000, "a.b.c.wild.example.com.", 16, 1, Some((0, 0, &[]))),
        query(0x0000, "below.alias.example.com.", 5, 1, None),
        query(0x0000, &long, 1, 1, None),
        query(0x0000, ".", 2, 1, None),
        query(0x0000, "version.bind.", 16, 3, None),
        query(0x0000, "example.com.", 252, 1, None),
        query(0x2400, "example.com.", 6, 1, None),
        query(0x2800, "example.com.", 6, 1, None),
        query(0x8180, "www.example.com.", 1, 1, None),
    ];
    // Whatever can be asked for, a cookie without a question, and a key that nobody knows.
    let wishes = [3, 9, 11, 19].map(|code| [0, code, 0, 0]).concat();
    let cookie = [&[0, 10, 0, 8][..], b"a client"].concat();
    let all = [wishes, cookie.clone()].concat();
    seeds.push(query(0x0000, "example.com.", 6, 1, Some((1232, DO, &all))));
    seeds.push(query(0x0000, "id.server.", 16, 3, Some((1232, 0, &all))));
    let mut greeting = query(0x0000, ".", 1, 1, Some((1232, 0, &cookie)));
    greeting.drain(HEADER..HEADER + 5);
    greeting[5] = 0;
    seeds.push(greeting);
    let mut signed = query(0x0000, "www.example.com.", 1, 1, Some((512, 0, &all)));
    sign(&mut signed);
    seeds.push(signed);
    // The same records twice: two OPT records are an error of their own (RFC 6891 §6.1.1).
    let mut twice = query(0x0000, "www.example.com.", 1, 1, Some((1232, 0, subnet4)));
    let opt = twice[HEADER + name("www.example.com.").len() + 4..].to_vec();
    twice.extend(opt);
    twice[11] = 2;
    seeds.push(twice);
    seeds
}

pub(crate) fn message() -> impl Strategy<Value = Vec<u8>> {
    let twisted = (proptest::sample::select(seeds()), vec(twist(), 0..6)).prop_map(
        |(mut message, twists)| {
            twists.iter().for_each(|twist| apply(&mut message, twist));
            message
        },
    );
    prop_oneof![8 => twisted, 1 => vec(any::<u8>(), 0..600)]
}

/// Where the question section of one question ends, if it is whole and plain.
pub(crate) fn question_end(message: &[u8]) -> Option<usize> {
    let mut at = HEADER;
    loop {
        match usize::from(*message.get(at)?) {
            0 => break,
            len @ 1..=63 => at += 1 + len,
            _ => return None,
        }
    }
    (at + 5 <= message.len() && at - HEADER < 255).then_some(at + 5)
}

/// What must hold of a query and what came back over UDP.
pub(crate) fn law(query: &[u8], reply: Option<&[u8]>) -> Result<(), String> {
    let Some(reply) = reply else {
        let owed = query.len() >= HEADER
            && query[2] & 0x80 == 0
            && Message::from_vec(query).is_ok_and(|m| m.queries.len() == 1);
        return if owed {
            Err("a good query had no reply".to_string())
        } else {
            Ok(())
        };
    };
    let rule = |holds: bool, says: &str| {
        if holds {
            Ok(())
        } else {
            Err(format!("{says}: {reply:02x?}"))
        }
    };
    rule(query.len() >= HEADER, "less than a header was answered")?;
    rule(
        query[2] & 0x80 == 0,
        "a response was answered: two servers could talk for ever",
    )?;
    rule(reply.len() >= HEADER, "the reply is less than a header")?;
    rule(reply[..2] == query[..2], "the id differs")?;
    rule(reply[2] & 0x80 != 0, "QR is not set")?;
    rule((reply[2] ^ query[2]) & 0x78 == 0, "the opcode differs")?;
    rule(
        (reply[2] ^ query[2]) & 0x01 == 0,
        "RD is not copied (RFC 1035 §4.1.1)",
    )?;
    rule(reply[3] & 0x40 == 0, "Z is set (RFC 1035 §4.1.1)")?;
    rule(reply.len() <= LARGEST, "the reply is too large for UDP")?;
    let parsed = match Message::from_vec(reply) {
        Ok(parsed) => parsed,
        // Family 0 with an empty address comes back as it was sent; the second opinion knows no such family.
        Err(_) if reply.windows(6).any(|six| six == [0, 8, 0, 4, 0, 0]) => return Ok(()),
        Err(error) => return Err(format!("the reply does not parse: {error}: {reply:02x?}")),
    };
    rule(
        parsed.metadata.message_type == MessageType::Response,
        "it is no response",
    )?;
    rule(parsed.queries.len() <= 1, "it has several questions")?;
    if let ([_], Some(end)) = (parsed.queries.as_slice(), question_end(query)) {
        rule(
            reply.get(HEADER..end) == query.get(HEADER..end),
            "the question differs, or its case",
        )?;
    }
    // What we take for broken, and the second opinion does not, may have had no OPT that could be read; and how the
    // messages of operations that we do not offer are laid out is not ours to know.
    let code = parsed.metadata.response_code;
    let unread = matches!(code, ResponseCode::FormErr | ResponseCode::NotImp);
    let asked = Message::from_vec(query).ok();
    if let Some(asked) = asked.filter(|asked| asked.queries.len() == 1) {
        let most = asked.edns.as_ref().map_or(PLAIN, |e| {
            usize::from(e.max_payload()).clamp(PLAIN, LARGEST)
        });
        rule(
            reply.len() <= most,
            "the reply is larger than the client takes (RFC 6891 §6.2.3)",
        )?;
        rule(
            asked.edns.is_some() || parsed.edns.is_none(),
            "OPT was sent to a client without EDNS",
        )?;
        // Beside a TSIG record there may be no room for it (RFC 8945 §5.3).
        let signed = reply.windows(4).any(|four| four == [0, 250, 0, 255]);
        rule(
            parsed.edns.is_some() || asked.edns.is_none() || unread || signed,
            "no OPT for a client with EDNS (RFC 6891 §6.1.1)",
        )?;
    }
    Ok(())
}

/// The same numbers each time, and fast: for runs too long for a test that can shrink.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) as usize
    }

    fn below(&mut self, most: usize) -> usize {
        self.roll() % most
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most)).map(|_| self.roll() as u8).collect()
    }

    fn twist(&mut self) -> Twist {
        let at = self.below(2048);
        match self.below(9) {
            0 => Twist::Flip(at, self.below(8) as u8),
            1 => Twist::Put(at, self.roll() as u8),
            2 => Twist::Put16(at, self.roll() as u16),
            3 => Twist::Cut(at),
            4 => Twist::Insert(at, self.bytes(40)),
            5 => Twist::Remove(at, 1 + self.below(40)),
            6 => Twist::Repeat(at, 1 + self.below(300)),
            7 => Twist::Point(at, self.below(64) as u16),
            _ => {
                let most = if self.below(2) == 0 { 4 } else { 65_536 };
                Twist::Count(self.below(4), self.below(most) as u16)
            }
        }
    }

    /// A message as [`message`] makes them.
    pub(crate) fn message(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        if self.below(9) == 0 {
            return self.bytes(600);
        }
        let mut message = seeds[self.below(seeds.len())].clone();
        for _ in 0..self.below(6) {
            let twist = self.twist();
            apply(&mut message, &twist);
        }
        message
    }

    /// One of the seeds with some of its octets changed, cut, repeated, or taken from another.
    pub(crate) fn mangled(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(5) {
            let length = bytes.len().max(1);
            let at = self.below(length);
            match self.below(10) {
                0 => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len().max(1));
                    let until = (from + self.below(60)).min(other.len());
                    let part = other.get(from..until).unwrap_or_default().to_vec();
                    let at = at.min(bytes.len());
                    bytes.splice(at..at, part);
                }
                1 => apply(&mut bytes, &Twist::Flip(at, self.below(8) as u8)),
                2 | 3 => apply(&mut bytes, &Twist::Put(at, self.roll() as u8)),
                4 => apply(&mut bytes, &Twist::Put16(at, self.roll() as u16)),
                5 => apply(&mut bytes, &Twist::Cut(at)),
                6 => apply(&mut bytes, &Twist::Remove(at, 1 + self.below(40))),
                7 => apply(&mut bytes, &Twist::Repeat(at, 1 + self.below(300))),
                _ => {
                    let printable = self.bytes(4).iter().map(|b| b'!' + b % 94).collect();
                    apply(&mut bytes, &Twist::Insert(at, printable));
                }
            }
        }
        bytes
    }
}
