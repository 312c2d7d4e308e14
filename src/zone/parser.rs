//! Entries into records: directives, owners, TTLs, classes and types (RFC 1035 §5.1, RFC 2308 §4).
//!
//! A record without a TTL has that of `$TTL`; without one, the last TTL that was written (RFC 1035 §5.1); without
//! one, the minimum of the SOA (as BIND does), with a warning, since RFC 2308 §4 gave that field another meaning.

use std::ops::Range;

use super::Record;
use super::rdata;
use super::report::{Fault, Report, quote};
use super::scanner::{Entry, Scanner, Word};
use super::words::{Words, period};
use crate::limits;
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// What the text of a zone says, before the rules of a zone are asked.
pub(super) struct Text {
    /// In the order of the file.
    pub records: Vec<Record>,
    /// Whether a `$ORIGIN` came before the SOA (or at all).
    pub origin_stated: bool,
}

/// Whose record a line with a blank owner is.
enum Owner {
    Nobody,
    /// It was written wrongly, and reported.
    Unreadable,
    Known(Name, Range<usize>),
}

struct Parser<'a, 'r> {
    text: &'a [u8],
    report: &'r mut Report<'a>,
    origin: Name,
    /// The expected apex as text without its final dot, to notice names that repeat it.
    apex: Vec<u8>,
    owner: Owner,
    default_ttl: Option<u32>,
    last_ttl: Option<u32>,
    minimum: Option<u32>,
    /// Octets of names and data so far.
    size: usize,
    signed: bool,
    out: Text,
}

/// All records of a text, every mistake in `report`.
pub(super) fn parse<'a>(report: &mut Report<'a>, origin: &Name) -> Text {
    let text = report.text();
    let mut apex = origin.to_string().into_bytes();
    apex.pop();
    let mut parser = Parser {
        text,
        report,
        origin: origin.clone(),
        apex,
        owner: Owner::Nobody,
        default_ttl: None,
        last_ttl: None,
        minimum: None,
        size: 0,
        signed: false,
        out: Text {
            records: Vec::new(),
            origin_stated: false,
        },
    };
    let mut scanner = Scanner::new(text);
    let mut entry = Entry::default();
    while !parser.report.full() && scanner.next(&mut entry, parser.report) {
        if let Err(fault) = parser.entry(&entry) {
            parser.report.error(fault);
        }
        if parser.size > limits::ZONE {
            let end = text.len()..text.len();
            let message = format!(
                "the zone has more than {} octets of names and data",
                limits::ZONE
            );
            parser
                .report
                .error(Fault::new(&end, message, "split it by delegations"));
            break;
        }
    }
    parser.out
}

impl<'a> Parser<'a, '_> {
    fn entry(&mut self, entry: &Entry) -> Result<(), Fault> {
        let Some((first, rest)) = entry.words.split_first() else {
            return Ok(());
        };
        let directive = !first.quoted && self.text.get(first.span.start) == Some(&b'$');
        if directive && entry.blank {
            let message = format!("{} begins behind a blank", quote(self.text, &first.span));
            return Err(Fault::new(
                &first.span,
                message,
                "a directive begins at the start of its line",
            ));
        }
        if directive {
            return if entry.broken {
                Ok(())
            } else {
                self.directive(first, rest)
            };
        }
        let rest = if entry.blank {
            entry.words.as_slice()
        } else {
            rest
        };
        if !entry.blank {
            self.owner(first);
        }
        if entry.broken {
            Ok(())
        } else {
            self.record(entry, rest)
        }
    }

    /// Words over the current origin. The origin is taken by reference, so these borrow all of us.
    fn words<'w>(&'w self, words: &'w [Word]) -> Words<'w> {
        Words::new(self.text, words, &self.origin, &self.apex)
    }

    fn owner(&mut self, word: &Word) {
        let mut words = self.words(std::slice::from_ref(word));
        let name = words.name("an owner");
        let doubts = words.doubts;
        doubts
            .into_iter()
            .for_each(|doubt| self.report.warning(doubt));
        self.owner = match name {
            Ok(name) => Owner::Known(name, word.span.clone()),
            Err(fault) => {
                self.report.error(fault);
                Owner::Unreadable
            }
        };
    }

    fn directive(&mut self, first: &Word, rest: &[Word]) -> Result<(), Fault> {
        let name = self
            .text
            .get(first.span.clone())
            .unwrap_or_default()
            .to_ascii_uppercase();
        match name.as_slice() {
            b"$ORIGIN" => {
                let mut words = Words::new(self.text, rest, &self.origin, b"");
                let origin = one(first, &mut words, "an origin", |words| {
                    words.name("an origin")
                })?;
                self.origin = origin;
                self.out.origin_stated |= self.minimum.is_none();
            }
            b"$TTL" => {
                let mut words = self.words(rest);
                let ttl = one(first, &mut words, "a TTL", |words| words.period("a TTL"))?;
                self.default_ttl = Some(ttl);
            }
            b"$INCLUDE" => {
                let advice = "put the records into this file";
                return Err(Fault::new(&first.span, "$INCLUDE is not supported", advice));
            }
            b"$GENERATE" => {
                let advice = "write the records out";
                return Err(Fault::new(
                    &first.span,
                    "$GENERATE is not supported",
                    advice,
                ));
            }
            _ => {
                let message = format!("{} is not a directive", quote(self.text, &first.span));
                let advice = "there are $ORIGIN and $TTL; an owner that begins so is written `\\$`";
                return Err(Fault::new(&first.span, message, advice));
            }
        }
        Ok(())
    }

    fn record(&mut self, entry: &Entry, rest: &[Word]) -> Result<(), Fault> {
        let mut words = self.words(rest);
        if rest.is_empty() {
            let span = entry.words.last().map_or(0..0, |word| word.span.clone());
            let message = "the line ends where a type was expected";
            return Err(Fault::new(
                &span,
                message,
                "write OWNER TYPE DATA, as in `www A 192.0.2.1`",
            ));
        }
        let (kind, ttl) = head(self.text, &mut words)?;
        let shown = words.last().map_or(0..0, |word| word.span.clone());
        if let Some(fault) = refused(kind, &shown) {
            // A signed zone has a signature for every set: one word for all of them.
            return if kind.is_dnssec() && std::mem::replace(&mut self.signed, true) {
                Ok(())
            } else {
                Err(fault)
            };
        }
        let rdata = rdata::read(kind, &mut words);
        let doubts = words.doubts;
        doubts
            .into_iter()
            .for_each(|doubt| self.report.warning(doubt));
        self.last_ttl = ttl.or(self.last_ttl);
        if rdata.is_err() && kind == Kind::SOA {
            // Its minimum is unknown, which is no mistake of the records below.
            self.last_ttl.get_or_insert(0);
        }
        let rdata = rdata?;
        if kind == Kind::SOA {
            let tail = rdata
                .last_chunk()
                .map(|minimum| u32::from_be_bytes(*minimum));
            self.minimum = self.minimum.or(tail);
        }
        let ttl = self.ttl(ttl, &shown)?;
        let end = entry.words.last().map_or(0, |word| word.span.end);
        let start = entry.words.first().map_or(0, |word| word.span.start);
        let (owner, owner_span) = match &self.owner {
            Owner::Known(name, span) => (name.clone(), span.clone()),
            Owner::Unreadable => return Ok(()),
            Owner::Nobody => {
                self.owner = Owner::Unreadable;
                let message = "the first record begins with a blank and so has no owner";
                return Err(Fault::new(
                    &(start..end),
                    message,
                    "write its owner at the start of the line",
                ));
            }
        };
        self.size += owner.wire().len() + rdata.len() + 12;
        self.out.records.push(Record {
            owner,
            kind,
            ttl,
            rdata,
            span: start..end,
            owner_span,
        });
        Ok(())
    }

    fn ttl(&mut self, written: Option<u32>, shown: &Range<usize>) -> Result<u32, Fault> {
        if let Some(ttl) = written.or(self.default_ttl).or(self.last_ttl) {
            return Ok(ttl);
        }
        let advice = "write `$TTL 3600` at the top of the file";
        let Some(minimum) = self.minimum else {
            // Said once: the file is refused anyway.
            self.last_ttl = Some(0);
            return Err(Fault::new(
                shown,
                "this record has no TTL, and there is none before it",
                advice,
            ));
        };
        self.last_ttl = Some(minimum);
        let message = format!("no TTL is written; the SOA's minimum of {minimum} is taken");
        self.report.warning(Fault::new(shown, message, advice));
        Ok(minimum)
    }
}

/// The single argument of a directive.
fn one<'a, T>(
    first: &Word,
    words: &mut Words<'a>,
    wanted: &str,
    read: impl FnOnce(&mut Words<'a>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    if words.peek().is_none() {
        let message = format!("the line ends where {wanted} was expected");
        return Err(Fault::new(
            &first.span,
            message,
            format!("write {wanted} behind this"),
        ));
    }
    let value = read(words)?;
    words.done()?;
    Ok(value)
}

const NO_TYPE: &str =
    "write a type like A, or `TYPE` and its number; a line without an owner begins with a blank";

/// TTL and class in either order, each at most once, then the type.
fn head(text: &[u8], words: &mut Words<'_>) -> Result<(Kind, Option<u32>), Fault> {
    let (mut ttl, mut class) = (None, false);
    loop {
        let word = words.next("a type")?;
        let bytes = words.bytes(word);
        let written = std::str::from_utf8(bytes).unwrap_or_default();
        let fault = |message: &str, advice: &str| {
            Fault::new(
                &word.span,
                format!("{} {message}", quote(text, &word.span)),
                advice,
            )
        };
        match class_of(written) {
            Some(_) if class => return Err(fault("is a second class", "write one, or none")),
            Some(Class::Internet) => class = true,
            Some(Class::Other) => {
                return Err(fault(
                    "is a class that is not served",
                    "records are of class IN",
                ));
            }
            None if bytes.first().is_some_and(u8::is_ascii_digit) => {
                if ttl.is_some() {
                    return Err(fault(
                        "stands where a type was expected",
                        "the TTL is written already",
                    ));
                }
                if bytes.iter().any(|b| matches!(b, b'.' | b':')) {
                    return Err(fault("stands where a type was expected", NO_TYPE));
                }
                let advice = "write seconds, or units as in `1h30m`, at most 2147483647 seconds";
                ttl = Some(period(written).ok_or_else(|| fault("is not a TTL", advice))?);
            }
            None => {
                let kind: Kind = written
                    .parse()
                    .map_err(|()| fault("is not a type", NO_TYPE))?;
                return Ok((kind, ttl));
            }
        }
    }
}

enum Class {
    Internet,
    Other,
}

fn class_of(text: &str) -> Option<Class> {
    if text.eq_ignore_ascii_case("IN") {
        return Some(Class::Internet);
    }
    if ["CH", "HS", "CS", "NONE"]
        .iter()
        .any(|class| text.eq_ignore_ascii_case(class))
    {
        return Some(Class::Other);
    }
    // RFC 3597 §5.
    let number = text
        .get(..5)
        .filter(|t| t.eq_ignore_ascii_case("CLASS"))
        .and(text.get(5..))?;
    let number: u16 = number.parse().ok()?;
    Some(if number == 1 {
        Class::Internet
    } else {
        Class::Other
    })
}

/// Types that no zone of ours may hold.
fn refused(kind: Kind, shown: &Range<usize>) -> Option<Fault> {
    if kind.is_dnssec() {
        let message = format!("the zone is signed ({kind}), and signed zones are not served yet");
        let advice = "load the unsigned zone: without RRSIG, NSEC, NSEC3, NSEC3PARAM and DNSKEY";
        return Some(Fault::new(shown, message, advice));
    }
    if kind.is_meta() || kind == Kind(0) {
        let message = format!("{kind} is not a type of records");
        return Some(Fault::new(
            shown,
            message,
            "it exists in messages only; take the record out",
        ));
    }
    None
}
