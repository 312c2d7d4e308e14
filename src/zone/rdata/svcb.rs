//! SVCB and HTTPS records: their parameters and the rules that these must keep (RFC 9460 §2).

mod value;

use std::ops::Range;

use self::value::{ALPN, INVALID, MANDATORY, NO_DEFAULT_ALPN, YOUNG, fits};
use super::base::too_long;
use super::data::{Data, Line};
use super::read::short;
use crate::limits;
use crate::zone::report::Fault;
use crate::zone::words::Words;

/// The registered parameters by their numbers (RFC 9460 §14.3.2, RFC 9461 §5, RFC 9540 §4, and the IANA registry).
const KEYS: [&str; 12] = [
    "mandatory",
    "alpn",
    "no-default-alpn",
    "port",
    "ipv4hint",
    "ech",
    "ipv6hint",
    "dohpath",
    "ohttp",
    "tls-supported-groups",
    "docpath",
    "pvd",
];
/// RFC 9460 §2.4.2.
const ALIAS: &str = "a record of priority 0 is an alias and has no parameters";
const NO_ALIAS: &str = "take them out, or give it a priority from 1 on";

/// One parameter as read.
struct Param {
    key: u16,
    value: Vec<u8>,
    span: Range<usize>,
}

/// Priority, target and parameters, these in the order of their keys (RFC 9460 §2.2).
pub(super) fn read(words: &mut Words<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
    let start = out.len();
    short(words, "the priority", out)?;
    words.host_to("the target", out)?;
    let mut all = words.peek().map_or(0..0, |word| word.span.clone());
    let mut params = Vec::new();
    let mut size = 0;
    while let Some(word) = words.peek() {
        words.skip();
        all.end = word.span.end;
        let param = param(words, &word.span)?;
        size += param.value.len();
        if size > limits::RDATA {
            return Err(too_long(&word.span));
        }
        params.push(param);
    }
    params.sort_by_key(|param| param.key);
    let twice = params.windows(2).find_map(|pair| match pair {
        [one, two] if one.key == two.key => Some(two),
        _ => None,
    });
    if let Some(second) = twice {
        let message = format!("the parameter `{}` stands here twice", key_name(second.key));
        return Err(Fault::new(&second.span, message, "write it once"));
    }
    let alias = out
        .get(start..)
        .is_some_and(|data| data.starts_with(&[0, 0]));
    if let (true, Some(first)) = (alias, params.first()) {
        return Err(Fault::new(&first.span, ALIAS, NO_ALIAS));
    }
    for param in &params {
        out.extend(param.key.to_be_bytes());
        out.extend((param.value.len() as u16).to_be_bytes());
        out.extend_from_slice(&param.value);
    }
    let data = out.get(start..).unwrap_or_default();
    if data.len() > limits::RDATA {
        return Err(too_long(&all));
    }
    let mut shown = String::new();
    whole(&mut Data(data), &mut Line::new(&mut shown))
        .map_err(|(why, advice)| Fault::new(&all, why, advice))
}

/// `key` or `key=value`.
fn param(words: &Words<'_>, span: &Range<usize>) -> Result<Param, Fault> {
    let text = words.at(span);
    let equals = text.iter().position(|b| *b == b'=');
    let split = span.start + equals.unwrap_or(text.len());
    let name = span.start..split;
    let Some(key) = key_of(words.at(&name)) else {
        let message = format!("{} is not a parameter", words.quote_at(&name));
        let known = KEYS.join(", ");
        let advice = format!("write one of {known}, or `key` and its number");
        return Err(Fault::new(&name, message, advice));
    };
    let value = match equals {
        None => Vec::new(),
        Some(_) => words.decoded_at(&(split + 1..span.end))?,
    };
    let value = if words.at(&name).starts_with(b"key") {
        Ok(value)
    } else {
        value::encode(key, equals.is_some(), &value)
    };
    let value =
        value.map_err(|why| Fault::new(span, format!("{}: {why}", words.quote_at(span)), ""))?;
    if value.len() > limits::RDATA {
        let message = "the value has more than 65535 octets";
        return Err(Fault::new(span, message, "shorten it"));
    }
    Ok(Param {
        key,
        value,
        span: span.clone(),
    })
}

/// A known word, or `key` and a number without leading zeros (RFC 9460 §2.1). Keys are small letters.
fn key_of(text: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some(key) = KEYS.iter().position(|name| *name == text) {
        return u16::try_from(key).ok();
    }
    let digits = text.strip_prefix("key")?;
    let plain =
        digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|key| plain && *key != INVALID)
}

fn key_name(key: u16) -> String {
    let known = KEYS.get(usize::from(key));
    known.map_or_else(|| format!("key{key}"), ToString::to_string)
}

/// The name as all servers read it.
fn common_name(key: u16) -> String {
    match key {
        ..YOUNG => key_name(key),
        _ => format!("key{key}"),
    }
}

/// Why data are no SVCB record, and what to do.
type Why = (String, &'static str);

fn why(message: impl Into<String>, advice: &'static str) -> Why {
    (message.into(), advice)
}

/// Shows priority, target and parameters.
pub(super) fn show(data: &mut Data<'_>, line: &mut Line<'_>) -> Result<(), String> {
    whole(data, line).map_err(|(why, _)| why)
}

fn whole(data: &mut Data<'_>, line: &mut Line<'_>) -> Result<(), Why> {
    let cut = |what: &str| why(format!("{what} cut short"), "write all of it");
    let priority = data.short("").map_err(|_| cut("the priority is"))?;
    line.next(priority);
    line.name(data.name("").map_err(|_| cut("the target is"))?);
    if priority == 0 && !data.is_empty() {
        return Err(why(ALIAS, NO_ALIAS));
    }
    let mut keys: Vec<u16> = Vec::new();
    let mut mandatory: &[u8] = &[];
    while !data.is_empty() {
        let cut = |_| cut("a parameter is");
        let (key, length) = (data.short("").map_err(cut)?, data.short("").map_err(cut)?);
        let value = data.take(usize::from(length), "").map_err(cut)?;
        if keys.last().is_some_and(|last| *last >= key) {
            return Err(why(
                "the parameters are not in the order of their keys",
                "order them, each once",
            ));
        }
        keys.push(key);
        if key == MANDATORY {
            mandatory = value;
        }
        if !fits(key, value) {
            let message = format!("the value of `{}` is malformed", key_name(key));
            return Err(why(message, "write the parameter by its name"));
        }
        line.next(common_name(key));
        line.unsaid |= !value::is_common(key, value);
        value::show(key, value, line.same());
    }
    promises(&keys, mandatory)
}

/// What parameters say about each other (RFC 9460 §7.1.1 and §8).
fn promises(keys: &[u16], mandatory: &[u8]) -> Result<(), Why> {
    let listed: Vec<u16> = mandatory
        .as_chunks()
        .0
        .iter()
        .map(|pair| u16::from_be_bytes(*pair))
        .collect();
    let wrong = listed.windows(2).find_map(|pair| match pair {
        [one, two] if one >= two => Some(*two),
        _ => None,
    });
    if let Some(twice) = wrong {
        let message = format!(
            "`mandatory` lists `{}` twice or out of order",
            key_name(twice)
        );
        return Err(why(message, "list each parameter once"));
    }
    if listed.contains(&MANDATORY) {
        return Err(why("`mandatory` lists itself", "take it out of the list"));
    }
    if let Some(absent) = listed.iter().find(|key| !keys.contains(key)) {
        let message = format!(
            "`mandatory` lists `{}`, which is not there",
            key_name(*absent)
        );
        return Err(why(
            message,
            "write that parameter too, or take it out of the list",
        ));
    }
    if keys.contains(&NO_DEFAULT_ALPN) && !keys.contains(&ALPN) {
        return Err(why(
            "`no-default-alpn` stands without `alpn`",
            "write `alpn` too",
        ));
    }
    Ok(())
}
