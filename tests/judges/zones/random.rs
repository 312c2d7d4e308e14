//! Random words of zone files, the same for the same seed: numbers, names, strings, digits.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A source of numbers that looks random and is not (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Once in `times`.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    /// A number up to `most`, its ends often.
    pub fn number(&mut self, most: u64) -> String {
        let value = match self.below(8) {
            0 => 0,
            1 => most,
            _ => self.below(most + 1),
        };
        value.to_string()
    }

    /// Hexadecimal digits of so many octets, in either case.
    pub fn hex(&mut self, octets: u64) -> String {
        let digits = (0..octets).map(|_| format!("{:02x}", self.below(256)));
        let digits: String = digits.collect();
        if self.one_in(2) {
            digits.to_uppercase()
        } else {
            digits
        }
    }

    /// The same as one to three words.
    pub fn hex_words(&mut self, octets: u64) -> Vec<String> {
        let digits = self.hex(octets);
        self.split(&digits)
    }

    fn split(&mut self, text: &str) -> Vec<String> {
        let (mut words, mut rest) = (Vec::new(), text);
        while rest.len() > 4 && words.len() < 2 && self.one_in(2) {
            let (word, behind) =
                rest.split_at(4 * (1 + self.below(rest.len() as u64 / 4)) as usize);
            words.push(word.to_owned());
            rest = behind;
        }
        words.extend((!rest.is_empty()).then(|| rest.to_owned()));
        words
    }

    /// Base 64 of one octet or more, as one word.
    pub fn base64(&mut self, most: u64) -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let length = 1 + self.below(most);
        let mut out = String::new();
        for at in (0..length).step_by(3) {
            let here = (length - at).min(3);
            let bits = self.below(1 << 24) >> (24 - 8 * here) << (24 - 8 * here);
            for digit in 0..4 {
                let value = (bits >> (18 - 6 * digit)) & 63;
                out.push(if digit <= here {
                    DIGITS[value as usize] as char
                } else {
                    '='
                });
            }
        }
        out
    }

    /// The same as one to three words.
    pub fn base64_words(&mut self, most: u64) -> Vec<String> {
        let text = self.base64(most);
        self.split(&text)
    }

    pub fn ipv4(&mut self) -> String {
        Ipv4Addr::from(self.next() as u32).to_string()
    }

    /// Short and long forms, small and capital letters.
    pub fn ipv6(&mut self) -> String {
        let groups: [u16; 8] = std::array::from_fn(|_| {
            if self.one_in(2) {
                0
            } else {
                self.next() as u16
            }
        });
        let address = Ipv6Addr::from(groups);
        match self.below(3) {
            0 => groups.map(|group| format!("{group:04x}")).join(":"),
            1 => address.to_string().to_uppercase(),
            _ => address.to_string(),
        }
    }

    /// A label, escapes and capitals among its octets, and nothing unescaped that Knot takes for a mistake. A backslash is
    /// not the last, where NSD joins the label to the next.
    pub fn label(&mut self) -> String {
        let most = if self.one_in(20) { 40 } else { 8 };
        let mut out = String::from(self.pick(&["a", "B", "_", "0", "-"]));
        for _ in 0..self.below(most) {
            match self.below(12) {
                0 => out.push_str(self.pick(&[
                    "\\.", "\\032", "\\;", "\\\"", "\\(", "\\\\x", "\\@", "\\$", "\\000", "\\255",
                    "\\065",
                ])),
                1 => out.push_str(self.pick(&["A", "Z", "*", "/", "_", "-", "7"])),
                _ => out.push((b'a' + self.below(26) as u8) as char),
            }
        }
        out
    }

    /// A name in data: relative, absolute or the root. (The origin as `@` is a label to `domain`.)
    pub fn name(&mut self) -> String {
        match self.below(10) {
            0 | 1 => ".".to_owned(),
            2..=4 => format!("{}.{}.", self.label(), self.label()),
            5 => self.host(),
            _ => self.label(),
        }
    }

    /// A plain absolute name in small letters.
    pub fn host(&mut self) -> String {
        format!("h{}.example.net.", self.below(1000))
    }

    /// A string: quoted or not, any octet, up to 255 of them. (Without quotes NSD takes dots for
    /// those of names, and a backslash at the end for an escape of the newline.)
    pub fn string(&mut self) -> String {
        let length = if self.one_in(10) {
            self.below(200)
        } else {
            self.below(20)
        };
        let quoted = length == 0 || self.one_in(2);
        let mut out = String::new();
        for _ in 0..length {
            match self.below(10) {
                0 => out.push_str(&format!("\\{:03}", self.below(256))),
                1 if quoted => out.push_str(self.pick(&[" ", ";", "(", ")", "@", "$", "'", "."])),
                1 => out.push_str(self.pick(&["\\ ", "\\;", "\\(", "\\)", "\\\""])),
                2 => out.push_str(self.pick(&["\\\\x", "\\\"", "=", ",", "-"])),
                _ => out.push((b'a' + self.below(26) as u8) as char),
            }
        }
        if quoted { format!("\"{out}\"") } else { out }
    }

    /// So many strings.
    pub fn strings(&mut self, least: u64, most: u64) -> Vec<String> {
        let count = least + self.below(most - least + 1);
        (0..count).map(|_| self.string()).collect()
    }
}
