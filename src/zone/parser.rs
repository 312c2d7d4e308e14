//! Entries into records: owners, directives, and data behind what `head` reads (RFC 1035 §5.1).

use std::ops::Range;
use std::sync::Arc;

use super::directives::{self, Directive};
use super::generate::Template;
use super::head::{head, refused};
use super::rdata;
use super::report::{Fault, Findings, quote};
use super::scanner::{Entry, Scanner, Word};
use super::state::State;
use super::text::{self, Part, Place};
use super::words::{Form, Words, plain};
use crate::limits;
use crate::wire::kind::Kind;
use crate::wire::name::Name;

/// Whose record a line with a blank owner is. Its labels are in the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Nobody,
    /// It was written wrongly, and reported.
    Unreadable,
    /// Relative to the origin of this number, and once it has a record in the part.
    Known(u16, Option<text::Owner>),
}

/// Reads a stretch of a text that begins and ends between entries.
pub(super) struct Parser<'a> {
    /// The place of the text's first octet.
    base: usize,
    /// The expected apex as text without its final dot, to notice names that repeat it.
    apex: &'a [u8],
    state: State,
    /// The number of the origin in force, if it has one.
    origin: Option<u16>,
    owner: Owner,
    labels: Vec<u8>,
    scratch: Vec<u8>,
    /// Of the record at hand.
    data: Vec<u8>,
    /// Where the `$GENERATE` stands that makes the records.
    making: Option<Place>,
    pub out: Outcome,
}

/// What a stretch says.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub part: Part,
    pub findings: Findings,
    /// Whether a `$ORIGIN` came before the SOA (or at all).
    pub origin_stated: bool,
    /// See [`State`]; as of the end.
    pub minimum: Option<u32>,
    pub last_ttl: Option<u32>,
}

impl<'a> Parser<'a> {
    /// For a text whose first octet has this place, from a state on.
    pub(super) fn new(base: usize, apex: &'a [u8], state: State) -> Parser<'a> {
        let mut part = Part::default();
        // What has no other origin is relative to the root: its number is 0.
        part.origin(&Name::root());
        let origin = part.origin(&state.origin);
        Parser {
            base,
            apex,
            state,
            origin,
            owner: Owner::Nobody,
            labels: Vec::new(),
            scratch: Vec::new(),
            data: Vec::new(),
            making: None,
            out: Outcome {
                part,
                findings: Findings::new(base),
                ..Outcome::default()
            },
        }
    }

    /// All records of the text from `at` on, every mistake among the findings.
    pub(super) fn read(mut self, text: &[u8], at: usize) -> Outcome {
        let mut entry = Entry::default();
        self.inherit(text, &mut entry);
        let mut scanner = Scanner::new(text, at);
        while scanner.next(&mut entry, &mut self.out.findings) {
            if let Err(fault) = self.entry(text, &entry) {
                self.out.findings.error(fault);
            }
            if self.out.part.size() > limits::ZONE {
                break;
            }
        }
        self.out.minimum = self.state.minimum;
        self.out.last_ttl = self.state.last_ttl;
        self.out
    }

    /// Takes over the owner of the text before, whose mistakes were told there.
    fn inherit(&mut self, text: &[u8], entry: &mut Entry) {
        let Some((at, origin)) = self.state.owner.take() else {
            return;
        };
        let told = std::mem::take(&mut self.out.findings);
        if Scanner::new(text, at).next(entry, &mut self.out.findings)
            && let Some(first) = entry.words.first()
        {
            let own = std::mem::replace(&mut self.state.origin, origin);
            self.origin = self.out.part.origin(&self.state.origin);
            self.owner(text, first);
            self.state.origin = own;
            self.origin = self.out.part.origin(&self.state.origin);
        }
        self.out.findings = told;
    }

    fn entry(&mut self, text: &[u8], entry: &Entry) -> Result<(), Fault> {
        let Some((first, rest)) = entry.words.split_first() else {
            return Ok(());
        };
        if directives::is_directive(text, entry) {
            if entry.blank {
                let message = format!("{} begins behind a blank", quote(text, &first.span));
                let advice = "a directive begins at the start of its line";
                return Err(Fault::new(&first.span, message, advice));
            }
            return if entry.broken {
                Ok(())
            } else {
                self.directive(text, &entry.words)
            };
        }
        let rest = if entry.blank { &entry.words } else { rest };
        if !entry.blank {
            self.owner(text, first);
        }
        if entry.broken {
            Ok(())
        } else {
            self.record(text, &entry.words, rest)
        }
    }

    fn doubt(&mut self, doubts: Vec<Fault>) {
        for doubt in doubts {
            self.out.findings.warning(doubt);
        }
    }

    fn owner(&mut self, text: &[u8], word: &Word) {
        let bytes = text.get(word.span.clone()).unwrap_or_default();
        self.scratch.clear();
        let form = if word.quoted {
            None
        } else {
            plain(bytes, &mut self.scratch)
        };
        let words = Words::new(
            text,
            std::slice::from_ref(word),
            &self.state.origin,
            self.apex,
        );
        let (origin, above) = match form {
            Some(Form::Absolute) => (Some(0), 1),
            Some(Form::Relative) if words.repeats_apex(bytes) => (None, 0),
            Some(Form::Relative) => (self.origin, self.state.origin.wire().len()),
            None => (None, 0),
        };
        let origin = origin.filter(|_| self.scratch.len() + above <= limits::NAME);
        let origin = origin.or_else(|| self.winding(text, word));
        let Some(origin) = origin else {
            self.owner = Owner::Unreadable;
            return;
        };
        let same = matches!(self.owner, Owner::Known(known, _) if known == origin);
        if !same || self.labels != self.scratch {
            std::mem::swap(&mut self.labels, &mut self.scratch);
            self.owner = Owner::Known(origin, None);
        }
    }

    /// An owner that is not a plain one: its labels into `scratch`, and their origin, which is the root.
    fn winding(&mut self, text: &[u8], word: &Word) -> Option<u16> {
        let word = std::slice::from_ref(word);
        let mut words = Words::new(text, word, &self.state.origin, self.apex);
        let name = words.name("an owner");
        let doubts = words.doubts;
        self.doubt(doubts);
        match name {
            Ok(name) => {
                let labels = name.wire().split_last().map(|(_, labels)| labels);
                self.scratch.clear();
                self.scratch.extend_from_slice(labels.unwrap_or_default());
                Some(0)
            }
            Err(fault) => {
                self.out.findings.error(fault);
                None
            }
        }
    }

    fn directive(&mut self, text: &[u8], words: &[Word]) -> Result<(), Fault> {
        let origin = self.state.origin.clone();
        let read = directives::read(text, words, &origin, self.apex);
        let name = words.first().and_then(|first| text.get(first.span.clone()));
        if read.is_err() && name.is_some_and(|name| name.eq_ignore_ascii_case(b"$TTL")) {
            // That records have none is no mistake of theirs.
            self.state.last_ttl.get_or_insert(0);
        }
        let (directive, doubts) = read?;
        self.doubt(doubts);
        match directive {
            Directive::Origin(origin) => {
                self.origin = self.out.part.origin(&origin);
                self.state.origin = Arc::new(origin);
                self.out.origin_stated |= self.state.minimum.is_none();
            }
            Directive::Ttl(ttl) => self.state.default_ttl = Some(ttl),
            // Who cut the text into pieces has left those between them that are followed.
            Directive::Include(include) => {
                let most = limits::INCLUDES;
                let message = "this file is not included any more";
                let advice =
                    format!("close the parenthesis above; a zone has {most} $INCLUDE at most");
                return Err(Fault::new(&include.span, message, advice));
            }
            Directive::Generate(template) => {
                if !self.state.made.admit(&template) {
                    let message = "$GENERATE makes too many records";
                    let advice = format!(
                        "all of them together make at most {} records, and {} octets of text",
                        limits::GENERATED,
                        limits::GENERATED_TEXT
                    );
                    return Err(Fault::new(&template.span, message, advice));
                }
                self.generate(&template);
            }
        }
        Ok(())
    }

    /// The records of a template, up to the first mistake in one: the others would be the same.
    fn generate(&mut self, template: &Template) {
        let (owner, labels) = (self.owner, self.labels.clone());
        self.making = Some((self.base + template.span.start) as Place);
        let mut entry = Entry::default();
        let mut line = Vec::new();
        let (_, errors, before) = self.out.findings.mark();
        let mut doubted = false;
        for number in template.steps.iter() {
            let mark = self.out.findings.mark();
            // The line that was made goes where the mistakes are told, and comes back to be filled again.
            let mut made = self.out.findings.making(None).unwrap_or_default();
            template.line(number, &mut line, &mut made.words);
            made.line.clone_from(&line);
            made.number = number;
            self.out.findings.making(Some(made));
            entry.words.clear();
            if Scanner::new(&line, 0).next(&mut entry, &mut self.out.findings)
                && let Err(fault) = self.made(&line, &entry)
            {
                self.out.findings.error(fault);
            }
            if doubted {
                // Warnings are told of one line only.
                let now = self.out.findings.mark();
                if now.1 == mark.1 && now.2 > mark.2 {
                    self.out.findings.forget(mark);
                }
            }
            let (_, failed, warned) = self.out.findings.mark();
            doubted |= warned > before;
            if failed > errors || self.out.part.size() > limits::ZONE {
                break;
            }
        }
        self.out.findings.making(None);
        self.making = None;
        (self.owner, self.labels) = (owner, labels);
    }

    /// One line that was made; it is never a directive.
    fn made(&mut self, line: &[u8], entry: &Entry) -> Result<(), Fault> {
        let Some((first, rest)) = entry.words.split_first().filter(|_| !entry.broken) else {
            return Ok(());
        };
        self.owner(line, first);
        self.record(line, &entry.words, rest)
    }

    fn record(&mut self, text: &[u8], all: &[Word], rest: &[Word]) -> Result<(), Fault> {
        let origin = self.state.origin.clone();
        let mut words = Words::new(text, rest, &origin, self.apex);
        if rest.is_empty() {
            let span = all.last().map_or(0..0, |word| word.span.clone());
            let message = "the line ends where a type was expected";
            let advice = "write OWNER TYPE DATA, as in `www A 192.0.2.1`";
            return Err(Fault::new(&span, message, advice));
        }
        let (kind, ttl) = head(text, &mut words)?;
        let shown = words.last().map_or(0..0, |word| word.span.clone());
        if let Some(fault) = refused(kind, &shown) {
            if !kind.is_dnssec() {
                return Err(fault);
            }
            self.out.findings.signed(fault);
            return Ok(());
        }
        let before = self.state.last_ttl;
        self.state.last_ttl = ttl.or(before);
        let data = self.keep(kind, ttl, &shown, all, &mut words);
        let doubts = std::mem::take(&mut words.doubts);
        self.doubt(doubts);
        if data.is_err() && kind == Kind::SOA {
            // Its minimum is unknown, which is no mistake of the records below.
            self.state.last_ttl.get_or_insert(0);
        }
        data
    }

    /// A record with all that is known of it.
    fn keep(
        &mut self,
        kind: Kind,
        ttl: Option<u32>,
        shown: &Range<usize>,
        all: &[Word],
        words: &mut Words<'_>,
    ) -> Result<(), Fault> {
        let start = all.first().map_or(0, |word| word.span.start);
        let place = self.making.unwrap_or((self.base + start) as Place);
        // Data may say what their TTL is, so they are read before they have a place.
        self.data.clear();
        rdata::read(kind, words, &mut self.data)?;
        if kind == Kind::SOA {
            let tail = self.data.last_chunk();
            let minimum = tail.map(|minimum| u32::from_be_bytes(*minimum));
            self.state.minimum = self.state.minimum.or(minimum);
        }
        let ttl = self.state.ttl(ttl, shown, &mut self.out.findings)?;
        match self.owner {
            Owner::Known(origin, written) => {
                let part = &mut self.out.part;
                let owner = written.unwrap_or_else(|| part.owner(&self.labels, origin));
                self.owner = Owner::Known(origin, Some(owner));
                part.record(owner, kind, ttl, place, |out| {
                    out.extend_from_slice(&self.data);
                    Ok(())
                })
            }
            // What is wrong with its data was told all the same.
            Owner::Unreadable => Ok(()),
            Owner::Nobody => {
                self.owner = Owner::Unreadable;
                let end = all.last().map_or(0, |word| word.span.end);
                let message = "the first record begins with a blank and so has no owner";
                let advice = "write its owner at the start of the line";
                Err(Fault::new(&(start..end), message, advice))
            }
        }
    }
}
