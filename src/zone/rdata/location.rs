//! Places on the earth: `42 21 54 N 71 6 18 W -24m 30m` (RFC 1876 §3).

use std::fmt::Write as _;

use super::data::{Data, Line, Why};
use crate::zone::report::Fault;
use crate::zone::scanner::Word;
use crate::zone::words::Words;

/// The equator and the prime meridian in the data.
const MIDDLE: i64 = 1 << 31;
/// Thousandths of a second of arc.
const DEGREE: i64 = 3_600_000;
const MINUTE: i64 = 60_000;
/// The altitude 0 in the data: centimetres above 100 km below the sea.
const SEA: i64 = 10_000_000;

/// Latitude, longitude, altitude, and if written: size, horizontal and vertical precision.
pub(super) fn read(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let latitude = angle(words, "the latitude", 90, ['N', 'S'])?;
    let longitude = angle(words, "the longitude", 180, ['E', 'W'])?;
    let altitude = altitude(words)?;
    // One metre, ten kilometres, ten metres.
    let mut sizes = [0x12, 0x16, 0x13];
    let wanted = [
        "the size",
        "the horizontal precision",
        "the vertical precision",
    ];
    for (size, wanted) in sizes.iter_mut().zip(wanted) {
        if words.peek().is_some() {
            *size = extent(words, wanted)?;
        }
    }
    out.push(0);
    out.extend(sizes);
    for number in [latitude, longitude, altitude] {
        out.extend(number.to_be_bytes());
    }
    Ok(())
}

/// `degrees [minutes [seconds]] N|S`.
fn angle(
    words: &mut Words<'_>,
    wanted: &str,
    most: u32,
    [plus, minus]: [char; 2],
) -> Result<u32, Fault> {
    let mut total = i64::from(words.number(wanted, most)?) * DEGREE;
    for (part, scale) in [("minutes", 1), ("seconds", 2), ("", 0)] {
        let sign = format!("`{plus}` or `{minus}`");
        let wanted = match part {
            "" => sign.clone(),
            part => format!("{part}, {sign}"),
        };
        let (text, word) = words.ascii(&wanted)?;
        let advice = || match part {
            "" => format!("write {sign}"),
            part => format!("write {part} below 60, or {sign}"),
        };
        if text.len() == 1 && text.eq_ignore_ascii_case(plus.to_string().as_str()) {
            return place(words, word, total, most);
        }
        if text.len() == 1 && text.eq_ignore_ascii_case(minus.to_string().as_str()) {
            return place(words, word, -total, most);
        }
        let value = match scale {
            1 => decimal(text, 0)
                .map(|minutes| minutes * MINUTE)
                .filter(|m| *m < DEGREE),
            2 => decimal(text, 3).filter(|seconds| *seconds < MINUTE),
            _ => None,
        };
        total += value.ok_or_else(|| words.stray(word, &wanted, advice()))?;
    }
    Ok(0) // The third word was a sign or an error.
}

fn place(words: &Words<'_>, word: &Word, total: i64, most: u32) -> Result<u32, Fault> {
    let far = total.abs() > i64::from(most) * DEGREE;
    u32::try_from(MIDDLE + total)
        .ok()
        .filter(|_| !far)
        .ok_or_else(|| {
            let message = format!(
                "the angle before {} is beyond {most} degrees",
                words.quote(word)
            );
            Fault::new(&word.span, message, "correct degrees, minutes and seconds")
        })
}

/// Digits with at most so many behind a point, as a whole number of the last of them.
fn decimal(text: &str, places: usize) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let fits = digits(whole) && digits(part) && part.len() <= places && whole.len() <= 10;
    if !fits || whole.is_empty() || (part.is_empty() && text.contains('.')) {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

fn metres(text: &str) -> Option<i64> {
    decimal(text.strip_suffix(['m', 'M']).unwrap_or(text), 2)
}

fn altitude(words: &mut Words<'_>) -> Result<u32, Fault> {
    let wanted = "the altitude";
    let (text, word) = words.ascii(wanted)?;
    let value = match text.strip_prefix('-') {
        Some(below) => metres(below).map(|value| -value),
        None => metres(text),
    };
    let value = value.and_then(|value| u32::try_from(value + SEA).ok());
    let advice = "write metres from -100000.00m to 42849672.95m";
    value.ok_or_else(|| words.stray(word, wanted, advice))
}

/// Metres as one digit and a power of ten of centimetres. Further digits are dropped, with a warning.
fn extent(words: &mut Words<'_>, wanted: &str) -> Result<u8, Fault> {
    let (text, word) = words.ascii(wanted)?;
    let value = metres(text).filter(|value| *value <= 9_000_000_000);
    let advice = "write metres from 0 to 90000000.00m";
    let value = value.ok_or_else(|| words.stray(word, wanted, advice))?;
    let (mut digit, mut power) = (value, 0u8);
    while digit > 9 {
        digit /= 10;
        power += 1;
    }
    if digit * 10i64.pow(u32::from(power)) != value {
        let mut kept = String::new();
        let octet = (digit as u8) << 4 | power;
        show_extent(octet, &mut kept);
        let message = format!("{} is kept as `{kept}`", words.quote(word));
        let advice = "the record has room for one digit and zeros only";
        words.doubts.push(Fault::new(&word.span, message, advice));
    }
    Ok((digit as u8) << 4 | power)
}

/// Shows it whole, defaults included.
pub(super) fn show(data: &mut Data<'_>, line: &mut Line<'_>) -> Result<(), Why> {
    // Other versions have other forms, which nobody has defined.
    line.unsaid |= data.octet("the version")? != 0;
    let sizes: [u8; 3] = data.array("a size")?;
    let odd = |octet: &u8| octet >> 4 > 9 || octet & 15 > 9 || (*octet < 16 && *octet != 0);
    line.unsaid |= sizes.iter().any(odd);
    let latitude = i64::from(data.long("the latitude")?) - MIDDLE;
    let longitude = i64::from(data.long("the longitude")?) - MIDDLE;
    let altitude = i64::from(data.long("the altitude")?) - SEA;
    show_angle(latitude, 90, ['N', 'S'], line);
    show_angle(longitude, 180, ['E', 'W'], line);
    let (sign, height) = (if altitude < 0 { "-" } else { "" }, altitude.unsigned_abs());
    line.next(format_args!("{sign}{}.{:02}m", height / 100, height % 100));
    sizes
        .iter()
        .for_each(|size| show_extent(*size, line.word()));
    Ok(())
}

fn show_angle(angle: i64, most: i64, [plus, minus]: [char; 2], line: &mut Line<'_>) {
    let size = angle.abs();
    line.unsaid |= size > most * DEGREE;
    let (degrees, minutes, rest) = (size / DEGREE, size % DEGREE / MINUTE, size % MINUTE);
    let sign = if angle < 0 { minus } else { plus };
    let (seconds, part) = (rest / 1_000, rest % 1_000);
    line.next(format_args!(
        "{degrees} {minutes} {seconds}.{part:03} {sign}"
    ));
}

fn show_extent(octet: u8, out: &mut String) {
    let value = u64::from(octet >> 4) * 10u64.pow(u32::from(octet & 15));
    let _ = match value % 100 {
        0 => write!(out, "{}m", value / 100),
        part => write!(out, "{}.{part:02}m", value / 100),
    };
}
