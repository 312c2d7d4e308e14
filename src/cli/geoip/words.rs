//! Numbers and times as people read them.

/// With a comma between thousands.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many of something.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    let what = if number == 1 { one } else { many };
    format!("{} {what}", thousands(number as u64))
}

/// The day of a time in seconds of the Unix epoch, in UTC: `2026-06-26`.
pub(super) fn day(seconds: u64) -> String {
    // Days are counted from 1 March of the year 0, so that the leap day is a year's last.
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (date, month) = (day - (153 * month + 2) / 5 + 1, (month + 2) % 12 + 1);
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02}")
}

/// A part of a whole in percent: `0 %` only if it is nothing, `100 %` only if it is all.
pub(super) fn share(part: u128, whole: u128) -> String {
    if part == 0 || part >= whole {
        return if part == 0 {
            "0 %".into()
        } else {
            "100 %".into()
        };
    }
    // 100 bits are exact enough, and times a million they still fit.
    let cut = whole.ilog2().saturating_sub(100);
    let parts = (part >> cut) * 1_000_000 / (whole >> cut);
    match parts {
        0..100 => "< 0.01 %".into(),
        parts => format!("{}.{:02} %", parts / 10_000, parts / 100 % 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(123_456_789), "123,456,789");
        assert_eq!(count(1, "country", "countries"), "1 country");
        assert_eq!(count(1_200, "country", "countries"), "1,200 countries");
    }

    #[test]
    fn days() {
        let table = [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_709_251_199, "2024-02-29"),
            (1_709_251_200, "2024-03-01"),
            (1_795_263_461, "2026-11-21"),
            (4_102_444_799, "2099-12-31"),
        ];
        for (seconds, words) in table {
            assert_eq!(day(seconds), words);
        }
    }

    #[test]
    fn shares() {
        let all = 1u128 << 32;
        assert_eq!(share(0, all), "0 %");
        assert_eq!(share(1, all), "< 0.01 %");
        assert_eq!(share(all / 2, all), "50.00 %");
        assert_eq!(share(all / 3, all), "33.33 %");
        assert_eq!(share(all - 1, all), "99.99 %");
        assert_eq!(share(all, all), "100 %");
    }
}
