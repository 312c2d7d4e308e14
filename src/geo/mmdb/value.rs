//! Values of an MMDB file's data section, and their octets.

/// A value of the data section.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// UTF-8.
    Text(String),
    /// IEEE 754, 64 bits.
    Double(f64),
    /// IEEE 754, 32 bits.
    Float(f32),
    /// True or false.
    Bool(bool),
    /// 16 bits without sign.
    Small(u16),
    /// 32 bits without sign.
    Unsigned(u32),
    /// 64 bits without sign.
    Large(u64),
    /// Keys in this order.
    Map(Vec<(String, Value)>),
    /// In this order.
    List(Vec<Value>),
    /// To what stands at this offset of the data section.
    Pointer(u32),
}

/// The number of the type of maps.
pub(super) const MAP: u8 = 7;

/// Octets of a pointer at the most, its control octet among them: shorter values are written out.
pub(super) const POINTER: usize = 5;

/// Appends a value in the form of the data section.
pub fn encode(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => {
            control(out, 2, text.len());
            out.extend(text.as_bytes());
        }
        Value::Double(number) => {
            control(out, 3, 8);
            out.extend(number.to_be_bytes());
        }
        Value::Float(number) => {
            control(out, 15, 4);
            out.extend(number.to_be_bytes());
        }
        Value::Bool(is) => control(out, 14, usize::from(*is)),
        Value::Small(number) => {
            control(out, 5, 2);
            out.extend(number.to_be_bytes());
        }
        Value::Unsigned(number) => {
            control(out, 6, 4);
            out.extend(number.to_be_bytes());
        }
        Value::Large(number) => {
            control(out, 9, 8);
            out.extend(number.to_be_bytes());
        }
        Value::Map(entries) => {
            control(out, MAP, entries.len());
            for (key, value) in entries {
                control(out, 2, key.len());
                out.extend(key.as_bytes());
                encode(out, value);
            }
        }
        Value::List(values) => {
            control(out, 11, values.len());
            values.iter().for_each(|value| encode(out, value));
        }
        Value::Pointer(at) => pointer(out, *at),
    }
}

/// Appends type and size of a value. Types beyond 7 stand in an octet of their own.
pub fn control(out: &mut Vec<u8>, kind: u8, size: usize) {
    let (short, rest): (u8, Vec<u8>) = match size {
        0..29 => (size as u8, vec![]),
        29..285 => (29, vec![(size - 29) as u8]),
        285..65_821 => (30, ((size - 285) as u16).to_be_bytes().into()),
        _ => (31, ((size - 65_821) as u32).to_be_bytes()[1..].into()),
    };
    match kind {
        ..=7 => out.push(kind << 5 | short),
        _ => out.extend([short, kind - 7]),
    }
    out.extend(rest);
}

/// Appends a pointer to what stands at an offset of the data section. Each form counts from where the shorter one ends.
pub(super) fn pointer(out: &mut Vec<u8>, at: u32) {
    const TWO: u32 = 1 << 11;
    const THREE: u32 = TWO + (1 << 19);
    const FOUR: u32 = THREE + (1 << 27);
    let (class, bits, octets) = match at {
        ..TWO => (0, at, 1),
        TWO..THREE => (1, at - TWO, 2),
        THREE..FOUR => (2, at - THREE, 3),
        _ => (3, at, 4),
    };
    let four = bits.to_be_bytes();
    // The three lowest bits of the control octet are the highest of the number, but in the longest form.
    let high = four
        .get(3usize.wrapping_sub(octets))
        .map_or(0, |octet| octet & 0x07);
    out.push(1 << 5 | class << 3 | high);
    out.extend(four.iter().skip(4 - octets));
}
