//! Lines that begin with `$`: what they say to the records behind them (RFC 1035 §5.1, RFC 2308 §4, and BIND's `$GENERATE`).

use std::ops::Range;

use super::generate::{Steps, Template};
use super::report::{Fault, quote};
use super::scanner::{Entry, Word};
use super::words::Words;
use crate::limits;
use crate::wire::name::Name;

/// One of them.
#[derive(Debug)]
pub(super) enum Directive {
    /// Relative names end so from here on.
    Origin(Name),
    /// Records without a TTL have this one from here on.
    Ttl(u32),
    /// Another text stands here.
    Include(Include),
    /// Records that a counter makes.
    Generate(Template),
}

/// Which text is to be included.
#[derive(Debug)]
pub(super) struct Include {
    /// Its path as written.
    pub path: String,
    /// Where that stands.
    pub span: Range<usize>,
    /// Its origin, if it is another one.
    pub origin: Option<Name>,
}

/// Whether an entry is a directive: its first word begins with `$`, and no blank stands before it.
pub(super) fn is_directive(text: &[u8], entry: &Entry) -> bool {
    let first = entry.words.first().filter(|first| !first.quoted);
    first.is_some_and(|first| text.get(first.span.start) == Some(&b'$'))
}

/// What the words of a directive say, over an origin; `apex` is the expected one without its final dot.
pub(super) fn read<'a>(
    text: &'a [u8],
    words: &'a [Word],
    origin: &'a Name,
    apex: &'a [u8],
) -> Result<(Directive, Vec<Fault>), Fault> {
    let Some((first, rest)) = words.split_first() else {
        return Err(Fault::new(&(0..0), "no directive", ""));
    };
    let name = text.get(first.span.clone()).unwrap_or_default();
    let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
    let over = |apex| Words::new(text, rest, origin, apex);
    if is("$ORIGIN") {
        let mut words = over(apex);
        let origin = one(first, &mut words, "an origin", |words| {
            words.name("an origin")
        })?;
        return Ok((Directive::Origin(origin), words.doubts));
    }
    if is("$TTL") {
        let mut words = over(apex);
        let ttl = one(first, &mut words, "a TTL", |words| words.period("a TTL"))?;
        return Ok((Directive::Ttl(ttl), words.doubts));
    }
    if is("$INCLUDE") {
        let mut words = over(apex);
        let include = include(first, &mut words)?;
        return Ok((Directive::Include(include), words.doubts));
    }
    if is("$GENERATE") {
        let steps = steps(first, &mut over(apex))?;
        let rest = rest.get(1..).unwrap_or_default();
        let template = Template::new(text, steps, first, rest)?;
        return Ok((Directive::Generate(template), Vec::new()));
    }
    let message = format!("{} is not a directive", quote(text, &first.span));
    let advice =
        "there are $ORIGIN, $TTL, $INCLUDE and $GENERATE; an owner that begins so is written `\\$`";
    Err(Fault::new(&first.span, message, advice))
}

/// That there is an argument.
fn some(first: &Word, words: &Words<'_>, wanted: &str) -> Result<(), Fault> {
    if words.peek().is_some() {
        return Ok(());
    }
    let message = format!("the line ends where {wanted} was expected");
    let advice = format!("write {wanted} behind this");
    Err(Fault::new(&first.span, message, advice))
}

/// The single argument of a directive.
fn one<'a, T>(
    first: &Word,
    words: &mut Words<'a>,
    wanted: &str,
    read: impl FnOnce(&mut Words<'a>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    some(first, words, wanted)?;
    let value = read(words)?;
    words.done()?;
    Ok(value)
}

/// RFC 1035 §5.1: a file, and perhaps its origin.
fn include(first: &Word, words: &mut Words<'_>) -> Result<Include, Fault> {
    some(first, words, "the path of a file")?;
    let word = words.next("the path of a file")?;
    let path = words.decoded_at(&word.span)?;
    let fits = !path.is_empty() && path.len() <= limits::INCLUDE_PATH && !path.contains(&0);
    let path = String::from_utf8(path).ok().filter(|_| fits);
    let path = path.ok_or_else(|| {
        let message = format!("{} is not the path of a file", words.quote(word));
        let advice = "write it as seen from the folder of this file, as in `$INCLUDE hosts.inc`";
        Fault::new(&word.span, message, advice)
    })?;
    let origin = match words.peek() {
        None => None,
        Some(_) => Some(words.name("the origin of that file")?),
    };
    words.done()?;
    Ok(Include {
        path,
        span: word.span.clone(),
        origin,
    })
}

/// BIND's `start-stop` or `start-stop/step`.
fn steps(first: &Word, words: &mut Words<'_>) -> Result<Steps, Fault> {
    const FORM: &str = "a range like `1-254` or `0-62/2`";
    some(first, words, FORM)?;
    let (text, word) = words.ascii(FORM)?;
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number: Option<u32> = text.parse().ok().filter(|_| digits);
        number.filter(|number| i32::try_from(*number).is_ok())
    };
    let (range, step) = text.split_once('/').unwrap_or((text, "1"));
    let read = range
        .split_once('-')
        .and_then(|(start, stop)| Some((number(start)?, number(stop)?, number(step)?)));
    let fault = |why: &str, advice: &str| {
        let message = format!("{} {why}", words.quote(word));
        Err(Fault::new(&word.span, message, advice))
    };
    match read {
        None => fault(
            "is not a range",
            "write `start-stop` or `start-stop/step`, numbers up to 2147483647",
        ),
        Some((_, _, 0)) => fault("has a step of 0", "write a step of 1 or more"),
        Some((start, stop, _)) if start > stop => {
            fault("ends before it begins", "write the smaller number first")
        }
        Some((start, stop, step)) => Ok(Steps { start, stop, step }),
    }
}
