//! The texts of a zone, cut into pieces that are read at once: what each of them must know of those before it.
//!
//! One quick walk over a text finds where entries begin, and what the directives among them say. A piece ends where it has
//! its size, and before and behind each `$INCLUDE`. A piece at whose start a `$TTL` is in force needs no other piece; one
//! without is read when all before it are, since its first record may take its TTL from theirs.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::directives::{self, Directive, Include};
use super::jobs::{Done, Job, Texts};
use super::parser::Outcome;
use super::report::{Fault, Findings};
use super::scanner::{Entry, Scanner, is_wide};
use super::sources::{Number, Sources};
use super::state::{State, Tally};
use super::stretch::{Cutter, worth};
use super::text::{Part, Text};
use super::walk::{Sort, Walk};
use crate::diagnostic::{Refusal, Source};
use crate::limits;
use crate::wire::name::Name;

/// What was read.
pub(super) struct Reader<'a> {
    texts: &'a Texts<'a>,
    piece: usize,
    apex: Arc<[u8]>,
    /// All texts.
    pub sources: Sources,
    /// What was found wrong in them.
    pub findings: Findings,
    parts: Vec<Part>,
    origin_stated: bool,
    minimum: Option<u32>,
    /// Of names and data.
    pub octets: usize,
    made: Tally,
    /// How many `$INCLUDE` were met.
    asked: usize,
    /// What was included, by path and including file.
    known: HashMap<(String, String), Result<Arc<Source>, Refusal>>,
    waiting: Vec<Step>,
    /// Where the file can be cut into stretches; none if it is small, or more than records, `$ORIGIN` and `$TTL`.
    pub cutter: Option<Cutter>,
}

/// What waits for its turn.
enum Step {
    Read(Job),
    Found(Findings),
    /// An `$INCLUDE` that says the origin.
    Stated,
}

/// Where in a text its walk is.
struct Here {
    number: Number,
    source: Arc<Source>,
    base: usize,
    state: State,
}

/// Reads a zone's file and all that it includes, in pieces of about `piece` octets.
pub(super) fn read<'a>(
    file: &Arc<Source>,
    origin: &Name,
    texts: &'a Texts<'a>,
    piece: usize,
) -> (Text, Reader<'a>) {
    let mut apex = origin.to_string().into_bytes();
    apex.pop();
    let mut reader = Reader {
        texts,
        piece,
        apex: apex.into(),
        sources: Sources::default(),
        findings: Findings::default(),
        parts: Vec::new(),
        origin_stated: false,
        minimum: None,
        octets: 0,
        made: Tally::default(),
        asked: 0,
        known: HashMap::new(),
        waiting: Vec::new(),
        cutter: worth(file.text.len()).then(Cutter::default),
    };
    let state = State {
        origin: Arc::new(origin.clone()),
        default_ttl: None,
        last_ttl: None,
        minimum: None,
        owner: None,
        made: Tally::default(),
    };
    match reader.sources.add(file.clone(), None) {
        Some(number) => reader.file(number, state),
        None => reader.findings.error(Fault::new(
            &(0..0),
            "the file has more than 4 GiB",
            "split it by delegations",
        )),
    }
    reader.flush();
    let text = Text::new(std::mem::take(&mut reader.parts), reader.origin_stated);
    (text, reader)
}

impl Reader<'_> {
    /// A text and what it includes.
    fn file(&mut self, number: Number, state: State) {
        let Some((source, base)) = self.sources.get(number) else {
            return;
        };
        let source = source.clone();
        if is_wide(&source.text) {
            let mut found = Findings::new(base);
            let advice = "save it as UTF-8, or as ASCII";
            found.error(Fault::new(&(0..2), "the file is in UTF-16", advice));
            self.waiting.push(Step::Found(found));
            return;
        }
        let here = Here {
            number,
            base,
            state,
            source: source.clone(),
        };
        self.walk(here, &source.text);
    }

    fn walk(&mut self, mut here: Here, text: &[u8]) {
        let mut walk = Walk::new(text);
        // Where the piece at hand begins, and what it must know.
        let mut start = 0;
        let mut before = self.snapshot(&here);
        while let Some((span, sort)) = walk.next() {
            let state = (&here.state.origin, here.state.default_ttl);
            let cut = |cutter: &mut Cutter| cutter.entry(text, (&span, sort), state);
            if !self.cutter.as_mut().is_none_or(cut) {
                self.cutter = None;
            }
            match sort {
                Sort::Blank => {}
                Sort::Owned => own(&mut here.state, span.start),
                Sort::Directive => {
                    if let Some(include) = self.directive(&mut here, text, &span) {
                        self.piece(&mut here, start..span.start, before);
                        self.include(&here, include);
                        start = span.end;
                        before = self.snapshot(&here);
                        continue;
                    }
                }
                Sort::Open => {
                    start = start.min(span.start);
                    break;
                }
            }
            // Without an owner the first line that wants one is an error, and only the first.
            let known = here.state.default_ttl.is_some() && here.state.owner.is_some();
            if known && span.end - start >= self.piece {
                self.piece(&mut here, start..span.end, before);
                start = span.end;
                before = self.snapshot(&here);
            }
            if self.octets > limits::ZONE {
                return;
            }
        }
        self.piece(&mut here, start..text.len(), before);
    }

    /// What a piece that begins here must know.
    fn snapshot(&self, here: &Here) -> State {
        State {
            made: self.made,
            ..here.state.clone()
        }
    }

    /// What a directive says to the pieces behind it; its mistakes are told by who reads its piece. An `$INCLUDE` belongs
    /// to no piece.
    fn directive(&mut self, here: &mut Here, text: &[u8], span: &Range<usize>) -> Option<Included> {
        let text = text.get(..span.end)?;
        let mut entry = Entry::default();
        let mut found = Findings::new(here.base);
        if !Scanner::new(text, span.start).next(&mut entry, &mut found) || entry.broken {
            return None;
        }
        let origin = here.state.origin.clone();
        let (read, doubts) = directives::read(text, &entry.words, &origin, &self.apex).ok()?;
        match read {
            Directive::Origin(origin) => here.state.origin = Arc::new(origin),
            Directive::Ttl(ttl) => here.state.default_ttl = Some(ttl),
            Directive::Generate(template) => {
                self.cutter = None;
                self.made.admit(&template);
            }
            // Too many of them stay in their piece, whose reader refuses them.
            Directive::Include(_) if self.asked >= limits::INCLUDES => {}
            Directive::Include(include) => {
                self.asked += 1;
                self.cutter = None;
                doubts.into_iter().for_each(|doubt| found.warning(doubt));
                let first = entry.words.first()?.span.start;
                let last = entry.words.last()?.span.end;
                let by = here.base + first..here.base + last;
                return Some(Included { include, found, by });
            }
        }
        None
    }

    /// A piece to be read. If it begins without a `$TTL`, that is done now.
    fn piece(&mut self, here: &mut Here, span: Range<usize>, mut state: State) {
        if span.is_empty() {
            return;
        }
        let alone = state.default_ttl.is_none();
        if alone {
            self.flush();
            state.minimum = self.minimum;
        }
        self.waiting.push(Step::Read(Job {
            source: here.source.clone(),
            base: here.base,
            span,
            apex: self.apex.clone(),
            state,
        }));
        if alone {
            here.state.last_ttl = self.flush();
        }
    }

    /// Runs what waits, and puts it together in order; the last TTL of the last piece.
    fn flush(&mut self) -> Option<u32> {
        let steps = std::mem::take(&mut self.waiting);
        let (mut jobs, mut order) = (Vec::new(), Vec::new());
        for step in steps {
            order.push(match step {
                Step::Read(job) => {
                    jobs.push(job);
                    None
                }
                other => Some(other),
            });
        }
        let wanted = jobs.len();
        let done = if jobs.is_empty() {
            Vec::new()
        } else {
            (self.texts.run)(jobs)
        };
        let whole = done.len() == wanted;
        let mut done = done.into_iter();
        let mut last = None;
        for step in order {
            match step {
                Some(Step::Found(found)) => self.findings.append(found),
                Some(_) => self.origin_stated |= self.minimum.is_none(),
                None => last = done.next().and_then(|Done(outcome)| self.put(outcome)),
            }
        }
        if !whole {
            let message = "the reading of the file was interrupted";
            self.findings
                .error(Fault::new(&(0..0), message, "read it again"));
        }
        last
    }

    /// One piece behind the others.
    fn put(&mut self, outcome: Outcome) -> Option<u32> {
        self.origin_stated |= outcome.origin_stated && self.minimum.is_none();
        self.minimum = self.minimum.or(outcome.minimum);
        self.findings.append(outcome.findings);
        let within = self.octets <= limits::ZONE;
        self.octets = self.octets.saturating_add(outcome.part.size());
        if within && self.octets > limits::ZONE {
            let message = format!(
                "the zone has more than {} octets of names and data",
                limits::ZONE
            );
            let advice = "split it by delegations";
            self.findings.error(Fault::new(&(0..0), message, advice));
        }
        if self.octets <= limits::ZONE {
            self.parts.push(outcome.part);
        }
        outcome.last_ttl
    }
}

/// An `$INCLUDE` as it stands in a text.
struct Included {
    include: Include,
    /// What was found wrong in its line.
    found: Findings,
    /// The line, among all texts.
    by: Range<usize>,
}

impl Reader<'_> {
    /// Another text in the place of the directive. What it says of origin, owner and TTL ends with it (RFC 1035 §5.1).
    fn include(&mut self, here: &Here, included: Included) {
        let Included {
            include,
            mut found,
            by,
        } = included;
        let taken = self.take(here, &include, by);
        if let Err(fault) = &taken {
            found.error(fault.clone());
        }
        self.waiting.push(Step::Found(found));
        let Ok(number) = taken else { return };
        let mut state = here.state.clone();
        state.owner = None;
        if let Some(origin) = include.origin {
            state.origin = Arc::new(origin);
            self.waiting.push(Step::Stated);
        }
        self.file(number, state);
    }

    fn take(&mut self, here: &Here, include: &Include, by: Range<usize>) -> Result<Number, Fault> {
        let fault = |message: String, advice: &str| Fault::new(&include.span, message, advice);
        if self.sources.depth(here.number) >= limits::INCLUDE_DEPTH {
            let message = format!(
                "files are included more than {} deep",
                limits::INCLUDE_DEPTH
            );
            return Err(fault(
                message,
                "put the records into one of the files above",
            ));
        }
        let key = (include.path.clone(), here.source.path.clone());
        let texts = self.texts;
        let taken = self
            .known
            .entry(key)
            .or_insert_with_key(|(path, from)| (texts.include)(path, from));
        let source = taken
            .clone()
            .map_err(|refusal| Fault::new(&include.span, refusal.message, refusal.advice))?;
        if self.sources.encloses(here.number, &source.path) {
            let message = format!(
                "`{}` is being read already: it would include itself",
                source.path
            );
            return Err(fault(message, "take this line out"));
        }
        self.sources.add(source, Some(by)).ok_or_else(|| {
            let most = limits::ZONE_FILE;
            let message = format!("the files of the zone have more than {most} octets together");
            fault(message, "split the zone by delegations")
        })
    }
}

/// Lines without an owner now have the one of the entry at this octet.
fn own(state: &mut State, at: usize) {
    match &mut state.owner {
        Some((last, origin)) if Arc::ptr_eq(origin, &state.origin) => *last = at,
        owner => *owner = Some((at, state.origin.clone())),
    }
}
