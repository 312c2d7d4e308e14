//! `[probes]`: the checks that Meridian makes itself, and the two keys by which a VIP takes one.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::config::document::Entry;
use crate::config::estate::{Authority, Check, Page, Probe};
use crate::config::findings::Findings;
use crate::config::record::{Keys, Record, listed};
use crate::config::steering::index::Index;
use crate::config::values;
use crate::diagnostic::Include;
use crate::limits;
use crate::wire::name::{Name, NameError};

mod authority;

const PROBE: Keys = Keys {
    known: &[
        "kind", "port", "path", "status", "host", "body", "ca", "name", "expect", "command",
        "every", "timeout", "fall", "rise", "clear", "dwell",
    ],
    later: &[],
    example: "[probes.web]",
};

/// The keys of every kind.
const ALWAYS: [&str; 7] = ["kind", "every", "timeout", "fall", "rise", "clear", "dwell"];

/// What counts where nothing is written.
const EVERY: u64 = 5;
const TIMEOUT: u64 = 2;
const FALL: u32 = 3;
const RISE: u32 = 5;
const CLEAR: u32 = 5;
const DWELL: u64 = 30;

const PORT: RangeInclusive<u16> = 1..=u16::MAX;
const STATUS: RangeInclusive<u16> = 100..=599;
const RESULTS: RangeInclusive<u32> = 1..=limits::PROBE_RESULTS;

/// What a probe asks, by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tcp,
    Http,
    Https,
    Dns,
    Command,
}

impl Kind {
    const WORDS: [(&'static str, Kind); 5] = [
        ("tcp", Kind::Tcp),
        ("http", Kind::Http),
        ("https", Kind::Https),
        ("dns", Kind::Dns),
        ("command", Kind::Command),
    ];

    fn word(self) -> &'static str {
        let found = Kind::WORDS.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(word, _)| word)
    }

    /// Its own keys, beside those of every kind.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Kind::Tcp => &["port"],
            Kind::Http => &["port", "path", "status", "host", "body"],
            Kind::Https => &["port", "path", "status", "host", "body", "ca"],
            Kind::Dns => &["port", "name", "expect"],
            Kind::Command => &["command"],
        }
    }
}

/// What a VIP says of its probe: which one, by number, and where it connects.
pub(super) fn of_vip(
    record: &Record<'_>,
    alias: bool,
    index: &Index<'_>,
    findings: &mut Findings,
) -> (Option<u16>, Option<IpAddr>) {
    let probe = record.get("probe");
    let address = record.get("probe_address");
    let which = probe
        .and_then(|field| values::text(field, "the name of a probe", findings))
        .and_then(|word| index.resolve(&index.probes, word, findings));
    let place = address.and_then(|field| self::address(field, findings));
    match (probe, address) {
        (None, Some(field)) => findings.error(
            field.key.at,
            "`probe_address` without a `probe`",
            "write `probe = \"NAME\"` beside it, or remove it",
        ),
        (Some(field), None) if alias => findings.error(
            field.key.at,
            "a `cname` VIP has no address that could be probed",
            "write `probe_address = \"…\"` beside it: where the probe connects",
        ),
        _ => {}
    }
    (which, place)
}

/// The table, in the order of the index.
pub(super) fn read(index: &Index<'_>, files: &Include<'_>, findings: &mut Findings) -> Vec<Probe> {
    let list = index.probes.list.iter();
    // After an error there is no steering, and so nobody to count these.
    list.filter_map(|entry| probe(*entry, files, findings))
        .collect()
}

fn probe(entry: Entry<'_>, files: &Include<'_>, findings: &mut Findings) -> Option<Probe> {
    let name = entry.key.text;
    let before = findings.errors();
    let what = format!("probe `{name}`");
    let record = Record::open(entry, &what, &PROBE, findings);
    let kind = record.get("kind");
    if kind.is_none() && findings.errors() == before {
        let advice = "write `kind = \"http\"`, `\"https\"`, `\"tcp\"`, `\"dns\"` or `\"command\"`";
        findings.error(entry.key.at, format!("{what} has no `kind`"), advice);
    }
    let kind = kind.and_then(|field| values::choice(field, &Kind::WORDS, findings));
    let check = kind.and_then(|kind| {
        unfit(&record, kind, findings);
        check(kind, &record, entry, files, findings)
    });
    let every = seconds(&record, "every", 1..=limits::PROBE_EVERY, findings);
    let every_is = every.unwrap_or(EVERY);
    let timeout = seconds(&record, "timeout", 1..=limits::PROBE_EVERY, findings);
    if let (Some(field), Some(long)) = (record.get("timeout"), timeout)
        && long > every_is
    {
        let message = format!("`timeout` is longer than `every`, {every_is}s");
        let advice = "a check has ended before the next begins";
        findings.error(field.value.at, message, advice);
    }
    let mut results = |key: &str, default: u32| {
        let read =
            |field: Entry<'_>| values::integer(&format!("`{key}`"), field.value, RESULTS, findings);
        record.get(key).and_then(read).unwrap_or(default)
    };
    let (fall, rise, clear) = (
        results("fall", FALL),
        results("rise", RISE),
        results("clear", CLEAR),
    );
    let dwell = seconds(&record, "dwell", 0..=limits::PROBE_DWELL, findings);
    Some(Probe {
        name: name.to_owned(),
        check: check?,
        every: every_is,
        timeout: timeout.unwrap_or(TIMEOUT.min(every_is)),
        fall,
        rise,
        clear,
        dwell: dwell.unwrap_or(DWELL),
        spot: entry.key.at.spot(),
    })
}

/// Keys that this kind does not have.
fn unfit(record: &Record<'_>, kind: Kind, findings: &mut Findings) {
    let fits = |key: &str| ALWAYS.contains(&key) || kind.keys().contains(&key);
    for key in PROBE.known.iter().filter(|key| !fits(key)) {
        let Some(field) = record.get(key) else {
            continue;
        };
        let having = Kind::WORDS.iter().filter(|(_, k)| k.keys().contains(key));
        let having: Vec<&str> = having.map(|(word, _)| *word).collect();
        let message = format!("`{key}` does not fit a probe of kind `{}`", kind.word());
        let advice = format!("remove it: it belongs to {}", listed(&having));
        findings.error(field.key.at, message, advice);
    }
}

fn check(
    kind: Kind,
    record: &Record<'_>,
    entry: Entry<'_>,
    files: &Include<'_>,
    findings: &mut Findings,
) -> Option<Check> {
    let port = |default: Option<u16>, findings: &mut Findings| match record.get("port") {
        Some(field) => values::integer("`port`", field.value, PORT, findings),
        None => default.or_else(|| missing(entry, "port", "`port = 443`", findings)),
    };
    Some(match kind {
        Kind::Tcp => Check::Tcp {
            port: port(None, findings)?,
        },
        Kind::Http => {
            let (port, page) = (port(Some(80), findings), page(record, entry, findings));
            Check::Http {
                port: port?,
                page: page?,
            }
        }
        Kind::Https => {
            let (port, page) = (port(Some(443), findings), page(record, entry, findings));
            let ca = record.get("ca");
            let ca = match ca.map(|field| authority::read(field, files, findings)) {
                None => None,
                Some(read) => Some(Arc::new(Authority {
                    certificates: read?,
                })),
            };
            Check::Https {
                port: port?,
                page: page?,
                ca,
            }
        }
        Kind::Dns => {
            let port = port(Some(53), findings);
            let name = match record.get("name") {
                Some(field) => asked(field, findings),
                None => missing(entry, "name", "`name = \"www.example.com.\"`", findings),
            };
            let expect = record.get("expect");
            let expect = match expect.map(|field| address(field, findings)) {
                None => None,
                Some(read) => Some(read?),
            };
            Check::Dns {
                port: port?,
                name: name?,
                expect,
            }
        }
        Kind::Command => Check::Command {
            program: match record.get("command") {
                Some(field) => program(field, findings)?,
                None => missing(entry, "command", "`command = \"NAME\"`", findings)?,
            },
        },
    })
}

/// Says that a key must be there.
fn missing<T>(entry: Entry<'_>, key: &str, form: &str, findings: &mut Findings) -> Option<T> {
    let message = format!("probe `{}` has no `{key}`", entry.key.text);
    findings.error(entry.key.at, message, format!("write {form} in it"));
    None
}

fn page(record: &Record<'_>, entry: Entry<'_>, findings: &mut Findings) -> Option<Page> {
    let host = match record.get("host") {
        Some(field) => host(field, findings),
        None => missing(entry, "host", "`host = \"www.example.com\"`", findings),
    };
    let path = match record.get("path") {
        Some(field) => path(field, findings),
        None => Some("/".to_owned()),
    };
    let status = match record.get("status") {
        Some(field) => statuses(field, findings),
        None => Some(vec![200]),
    };
    let body = record.get("body");
    let body = body.map(|field| text(field, "a text", findings));
    Some(Page {
        host: host?,
        path: path?,
        status: status?,
        body: match body {
            None => None,
            Some(read) => Some(read?),
        },
    })
}

/// A text that is there and not too long.
fn text(field: Entry<'_>, kind: &str, findings: &mut Findings) -> Option<String> {
    let word = values::text(field, kind, findings)?;
    let most = limits::PROBE_TEXT;
    if (1..=most).contains(&word.text.len()) {
        return Some(word.text.to_owned());
    }
    let message = format!("`{}` has 1 to {most} octets", field.key.text);
    findings.error(word.at, message, "");
    None
}

/// As it stands in the Host field and in a certificate.
fn host(field: Entry<'_>, findings: &mut Findings) -> Option<String> {
    let text = text(field, "a host name", findings)?;
    let inner = |label: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        label.bytes().all(fits) && (1..=limits::LABEL).contains(&label.len())
    };
    let address = text.parse::<IpAddr>().is_ok();
    if !address && text.len() < limits::NAME - 1 && text.split('.').all(inner) {
        return Some(text);
    }
    let advice = match text.strip_suffix('.') {
        _ if address => "the name by which clients ask; the address is the VIP's".to_owned(),
        Some(bare) if bare.split('.').all(inner) => format!("write `\"{bare}\"`"),
        _ => "a name alone, without scheme and port: `\"www.example.com\"`".to_owned(),
    };
    let message = format!("`{text}` is no host name");
    findings.error(field.value.at, message, advice);
    None
}

fn path(field: Entry<'_>, findings: &mut Findings) -> Option<String> {
    let text = text(field, "a path", findings)?;
    if text.starts_with('/') && text.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
        return Some(text);
    }
    let advice = "begin with `/`, and write all but visible ASCII as `%20`";
    let message = format!("`{}` is no path", text.escape_debug());
    findings.error(field.value.at, message, advice);
    None
}

fn statuses(field: Entry<'_>, findings: &mut Findings) -> Option<Vec<u16>> {
    let list = field.value.list().unwrap_or_else(|| vec![field.value]);
    if list.is_empty() || list.len() > limits::PROBE_STATUSES {
        let most = limits::PROBE_STATUSES;
        let message = format!("`status` is one status, or a list of 1 to {most}");
        findings.error(field.value.at, message, "write `200` or `[200, 204]`");
        return None;
    }
    let read = list.iter();
    let read: Vec<Option<u16>> = read
        .map(|value| values::integer("`status`", *value, STATUS, findings))
        .collect();
    let mut all: Vec<u16> = read.into_iter().collect::<Option<_>>()?;
    all.sort_unstable();
    all.dedup();
    Some(all)
}

fn asked(field: Entry<'_>, findings: &mut Findings) -> Option<Name> {
    let word = values::text(field, "an absolute name", findings)?;
    match word.text.parse::<Name>() {
        Ok(name) => return Some(name),
        Err(error @ NameError::Relative) => {
            let advice = format!("write `\"{}.\"`", word.text);
            findings.error(word.at, error.to_string(), advice);
        }
        Err(error) => findings.error(word.at, error.to_string(), ""),
    }
    None
}

fn address(field: Entry<'_>, findings: &mut Findings) -> Option<IpAddr> {
    let word = values::text(field, "an address", findings)?;
    let address = word.text.parse().ok();
    if address.is_none() {
        let message = format!("`{}` is no address", word.text);
        let advice = "write it as in `\"192.0.2.1\"` or `\"2001:db8::1\"`";
        findings.error(word.at, message, advice);
    }
    address
}

/// A name that cannot lead out of the folder of commands.
fn program(field: Entry<'_>, findings: &mut Findings) -> Option<String> {
    let text = text(field, "the name of a program", findings)?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if text.bytes().all(fits) && !text.starts_with(['.', '-']) {
        return Some(text);
    }
    let message = format!("`{}` is no name of a program", text.escape_debug());
    let advice = "a file in the folder that `commands` of meridian.toml names: letters, digits, `-`, `_`, `.`";
    findings.error(field.value.at, message, advice);
    None
}

fn seconds(
    record: &Record<'_>,
    key: &str,
    range: RangeInclusive<u64>,
    findings: &mut Findings,
) -> Option<u64> {
    let field = record.get(key)?;
    let seconds = values::duration(key, field.value, findings)?;
    if range.contains(&seconds) {
        return Some(seconds);
    }
    let (least, most) = range.into_inner();
    let message = format!("`{key}` is {least}s to {most}s");
    findings.error(field.value.at, message, "");
    None
}
