//! Points in time, as the lifetimes of signatures have them: `20300101000000` (RFC 4034 §3.2).

use std::fmt::Write as _;

use crate::zone::report::Fault;
use crate::zone::words::Words;

const DAY: u64 = 86_400;

/// `YYYYMMDDHHmmSS`, or seconds since 1970.
pub(super) fn read(words: &mut Words<'_>, wanted: &str) -> Result<u32, Fault> {
    let (text, word) = words.ascii(wanted)?;
    seconds(text).ok_or_else(|| {
        let advice = "write YYYYMMDDHHmmSS in UTC, from 1970 to 2106, or seconds since 1970";
        words.stray(word, wanted, advice)
    })
}

fn seconds(text: &str) -> Option<u32> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if text.len() != 14 {
        return text.parse().ok().filter(|_| text.len() <= 10);
    }
    let part = |at: usize, length: usize| text.get(at..at + length)?.parse::<u64>().ok();
    let (year, month, day) = (part(0, 4)?, part(4, 2)?, part(6, 2)?);
    let (hour, minute, second) = (part(8, 2)?, part(10, 2)?, part(12, 2)?);
    let fits = (1970..=2106).contains(&year)
        && (1..=12).contains(&month)
        && (1..=length(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !fits {
        return None;
    }
    let years: u64 = (1970..year).map(|year| 365 + u64::from(leap(year))).sum();
    let months: u64 = (1..month).map(|month| length(year, month)).sum();
    let total = (years + months + day - 1) * DAY + hour * 3_600 + minute * 60 + second;
    u32::try_from(total).ok()
}

fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn length(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Writes it as `YYYYMMDDHHmmSS`.
pub(super) fn show(stamp: u32, out: &mut String) {
    let (mut days, rest) = (u64::from(stamp) / DAY, u64::from(stamp) % DAY);
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    while days >= length(year, month) {
        days -= length(year, month);
        month += 1;
    }
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    let day = days + 1;
    let _ = write!(
        out,
        "{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_and_seconds() {
        let table = [
            ("19700101000000", 0),
            ("20000229235959", 951_868_799),
            ("20380119031407", i32::MAX as u32),
            ("21000301000000", 4_107_542_400),
            ("21060207062815", u32::MAX),
        ];
        for (text, value) in table {
            assert_eq!(seconds(text), Some(value), "{text}");
            let mut shown = String::new();
            show(value, &mut shown);
            assert_eq!(shown, text);
        }
        assert_eq!(seconds("1700000000"), Some(1_700_000_000));
        for wrong in [
            "21060207062816",
            "20010229000000",
            "20011301000000",
            "20010100000000",
            "20010101240000",
            "2001010100000",
            "4294967296",
            "-1",
            "",
            "00000000001",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
