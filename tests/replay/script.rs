//! Replay scripts: files, networks and steps, as text in the words of the field.
//!
//! ```text
//! == file zones/example.com.zone      the file's text up to the next `==`
//! == machine                          `id TEXT`, `version TEXT`, `cookies HEX`, `observers.NAME K of TOKEN TOKEN`
//! == geo                              PREFIX country=DE continent=EU city=Hamburg sub=HH lat=53.55 lon=9.99 asn=64500
//! == steps                            one step a line, what it must bring indented below it
//! at 12:00:00 | at +60s
//! ask NAME TYPE from ADDRESS [ecs PREFIX] [tcp] [edns] [payload N] [version N] [do] [rd] [class CH] [opcode NOTIFY]
//!     [option NUMBER[:HEX]]... [tsig KEY] [response] [times N]
//! raw HEX from ADDRESS [tcp]
//! health VIP up|degraded|drain|down [quality 40%] seq N [epoch N] [for 30s | valid 30s] [by TOKEN] [family v4|v6]
//!     [load N] [target N] [capacity N] [unit WORD] [tell FIELD=JSON]... [window BEGIN..END]
//!     in place of VIP also `address:ADDRESS` and `site:NAME`; a window is told in seconds from now
//! reload | restart
//! return POOL
//! release
//! order vip|site NAME up|down|drain|hold|auto [for 1h] [over 30m] [force]
//! clear VIP
//! ```
//! Under `ask` and `raw`: `rcode X` (else NOERROR), `flags aa tc`, and the three sections whole, as `answer`, `authority`
//! and `additional OWNER TTL TYPE RDATA`, where `*` stands for any word; `first RDATA` of the answer section;
//! `option nsid TEXT`, `option ede NUMBER TEXT`, `option cookie HEX`, `option expire SECONDS`, `option keepalive TENTHS`,
//! `option zoneversion LABELS SERIAL`, `no option NAME`, `tsig KEY ALGORITHM ERROR`, `no tsig`; `scope N`, `no ecs`, `edns N`, `edns N do`, `no edns`, `size N` at most, `counter NAME N` for what this step added; `silence`. With `times`: `share ADDRESS 25%`, within one
//! point. Under `health`: `in force STATE`, `families v4 STATE v6 STATE` where they differ,
//! `held WHY`, `old`, `load refused`, `refused`. Under `order`: `in force VIP STATE` for each VIP of it, `refused TEXT`. Under `clear`:
//! `clear in N` seconds no cache holds it, or `used`: answers may. Under `return`: `returned NAME...`, `failed NAME...`, `refused`. Under `release`: `released NAME...`. Under `reload`: `refused TEXT` for what the diagnostics contain.
//! A file section behind the first steps changes the file; `reload` reads it. The counter of draws starts at 0 in each
//! script, and time at 2026-01-01 00:00 UTC.

use std::net::IpAddr;
use std::str::FromStr;

use meridian::geo::atlas::Facts;
use meridian::place::{Continent, Country, Point};
use meridian::prefix::Prefix;

/// 2026-01-01 00:00 UTC in seconds of the Unix epoch.
pub const START: u64 = 1_767_225_600;

/// A script as read.
#[derive(Debug, Default)]
pub struct Script {
    /// In the order written.
    pub items: Vec<Item>,
}

/// A section, or a step of one.
#[derive(Debug)]
pub enum Item {
    /// Path and text.
    File(String, String),
    /// What the server says of itself: a key and its value.
    Machine(String, String),
    /// What the databases say; a longer prefix beats a shorter one.
    Geo(Vec<(Prefix, Facts)>),
    /// Something to do and what must come of it.
    Step(Box<Step>),
}

/// Something to do and what must come of it.
#[derive(Debug)]
pub struct Step {
    /// Where it stands, from 1.
    pub line: usize,
    /// As written.
    pub text: String,
    /// What to do.
    pub act: Act,
    /// The lines below it, words separated by one space.
    pub expected: Vec<String>,
}

/// What a step does.
#[derive(Debug)]
pub enum Act {
    /// A question.
    Ask(Ask),
    /// Any bytes.
    Raw(Vec<u8>, IpAddr, Transport),
    /// A report of the feed.
    Health(Report),
    /// Read the files again.
    Reload,
    /// End, and begin anew with what is on the disk.
    Restart,
    /// Bring back what is kept out of a pool.
    Return(String),
    /// Let go of what the brake holds.
    Release,
    /// An operator wants something of a VIP or a site: kind, name, and the body without why.
    Order(String, String, String),
    /// When no cache holds a VIP.
    Clear(String),
    /// Seconds of the Unix epoch.
    At(u64),
    /// Seconds from now.
    Later(u64),
}

/// How a message comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One datagram.
    Udp,
    /// A stream, without the length before the message.
    Tcp,
}

/// A question, as `dig` would be told.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Absolute.
    pub name: String,
    /// The mnemonic of the type.
    pub kind: String,
    /// Who asks.
    pub from: IpAddr,
    /// The client subnet.
    pub subnet: Option<(IpAddr, u8)>,
    /// How it comes in.
    pub transport: Transport,
    /// Payload size and version, if there is EDNS.
    pub edns: Option<(u16, u8)>,
    /// Flags: `do`, `rd`, `response`.
    pub flags: Vec<String>,
    /// The class, `IN` if nothing is said.
    pub class: String,
    /// The opcode, `QUERY` if nothing is said.
    pub opcode: String,
    /// Further options: number and data.
    pub options: Vec<(u16, Vec<u8>)>,
    /// The key that it is said to be signed with.
    pub tsig: Option<String>,
    /// How often.
    pub times: u32,
}

/// A report of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Of which VIP.
    pub vip: String,
    /// `up`, `degraded`, `drain` or `down`.
    pub state: String,
    /// Parts of a million.
    pub quality: Option<u32>,
    /// The sender's count.
    pub seq: u64,
    /// The sender's boot.
    pub epoch: u64,
    /// Seconds.
    pub valid_for: Option<u64>,
    /// The name of the sender's token.
    pub by: String,
    /// `v4` or `v6`; without it both.
    pub family: Option<String>,
    /// `load`, `target` and `capacity`, as far as they are there.
    pub load: Vec<(&'static str, u64)>,
    /// What they count.
    pub unit: Option<String>,
    /// Further fields, as JSON.
    pub tell: Vec<(String, String)>,
    /// Seconds from now.
    pub window: Option<(i64, i64)>,
}

enum Section {
    None,
    File,
    Machine,
    Geo,
    Steps,
}

/// Reads a script, or says in which line it is wrong.
pub fn parse(text: &str) -> Result<Script, String> {
    let mut script = Script::default();
    let mut section = Section::None;
    for (index, line) in text.lines().enumerate() {
        let at = |says: String| format!("{}: {says}", index + 1);
        if let Some(head) = line.strip_prefix("== ") {
            section = open(head, &mut script).map_err(at)?;
            continue;
        }
        if let (Section::File, Some(Item::File(_, content))) = (&section, script.items.last_mut()) {
            content.push_str(line);
            content.push('\n');
            continue;
        }
        // A comment begins with a mark that stands alone: `\#` is RDATA.
        let words: Vec<&str> = line
            .split_whitespace()
            .take_while(|word| *word != "#")
            .collect();
        if words.is_empty() {
            continue;
        }
        match (&section, script.items.last_mut()) {
            (Section::Machine, _) => {
                let value = words[1..].join(" ");
                script
                    .items
                    .push(Item::Machine(words[0].to_string(), value));
            }
            (Section::Geo, Some(Item::Geo(networks))) => {
                networks.push(network(&words).map_err(at)?)
            }
            (Section::Steps, Some(Item::Step(step))) if line.starts_with(' ') => {
                check(&step.act, &words).map_err(at)?;
                step.expected.push(words.join(" "));
            }
            (Section::Steps, _) if !line.starts_with(' ') => {
                let act = act(&words).map_err(at)?;
                let step = Step {
                    line: index + 1,
                    text: words.join(" "),
                    act,
                    expected: Vec::new(),
                };
                script.items.push(Item::Step(Box::new(step)));
            }
            _ => return Err(at(format!("`{line}` stands in no section"))),
        }
    }
    Ok(script)
}

fn open(head: &str, script: &mut Script) -> Result<Section, String> {
    match head.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["file", path] => {
            script
                .items
                .push(Item::File(path.to_string(), String::new()));
            Ok(Section::File)
        }
        ["machine"] => Ok(Section::Machine),
        ["geo"] => {
            script.items.push(Item::Geo(Vec::new()));
            Ok(Section::Geo)
        }
        ["steps"] => Ok(Section::Steps),
        _ => Err(format!(
            "`{head}` is not `file PATH`, `machine`, `geo` or `steps`"
        )),
    }
}

/// Whether an expectation fits the step above it.
fn check(act: &Act, words: &[&str]) -> Result<(), String> {
    let known: &[&str] = match act {
        Act::Ask(ask) if ask.times > 1 => &["rcode", "share", "counter", "scope", "no"],
        Act::Ask(_) | Act::Raw(..) => &[
            "rcode",
            "flags",
            "answer",
            "authority",
            "additional",
            "first",
            "scope",
            "no",
            "edns",
            "size",
            "counter",
            "option",
            "tsig",
            "silence",
        ],
        Act::Health(_) => &["in", "families", "held", "old", "load", "refused"],
        Act::Reload => &["refused"],
        Act::Return(_) => &["returned", "failed", "refused"],
        Act::Release => &["released"],
        Act::Order(..) => &["in", "refused"],
        Act::Clear(_) => &["clear", "used"],
        Act::Restart | Act::At(_) | Act::Later(_) => &[],
    };
    if known.contains(&words[0]) {
        Ok(())
    } else {
        Err(format!("`{}` cannot be expected here", words[0]))
    }
}

fn number<T: FromStr>(text: Option<&&str>, what: &str) -> Result<T, String> {
    text.and_then(|t| t.parse().ok())
        .ok_or_else(|| format!("{what} is missing or wrong"))
}

fn seconds(text: &str) -> Result<u64, String> {
    text.strip_suffix('s')
        .and_then(|n| n.parse().ok())
        .ok_or_else(|| format!("`{text}` is not seconds, as `60s`"))
}

fn act(words: &[&str]) -> Result<Act, String> {
    match words {
        ["reload"] => Ok(Act::Reload),
        ["restart"] => Ok(Act::Restart),
        ["release"] => Ok(Act::Release),
        ["return", pool] => Ok(Act::Return((*pool).to_string())),
        ["at", time] => match time.strip_prefix('+') {
            Some(more) => seconds(more).map(Act::Later),
            None => clock(time).map(Act::At),
        },
        ["raw", hex, "from", from, rest @ ..] => {
            let from = from
                .parse()
                .map_err(|_| format!("`{from}` is no address"))?;
            let transport = if rest == ["tcp"] {
                Transport::Tcp
            } else {
                Transport::Udp
            };
            Ok(Act::Raw(bytes(hex)?, from, transport))
        }
        ["ask", name, kind, "from", from, rest @ ..] => ask(name, kind, from, rest).map(Act::Ask),
        ["order", kind, name, state, rest @ ..] => order(kind, name, state, rest),
        ["clear", vip] => Ok(Act::Clear((*vip).to_string())),
        ["health", vip, state, rest @ ..] => report(vip, state, rest).map(Act::Health),
        _ => Err(format!("`{}` is no step", words.join(" "))),
    }
}

fn order(kind: &str, name: &str, state: &str, mut rest: &[&str]) -> Result<Act, String> {
    let mut body = format!(r#"{{"why": "replay", "state": "{state}""#);
    loop {
        match rest {
            [] => break,
            ["force", more @ ..] => {
                body.push_str(r#", "force": true"#);
                rest = more;
            }
            [key @ ("for" | "over"), value, more @ ..] => {
                body.push_str(&format!(r#", "{key}": "{value}""#));
                rest = more;
            }
            other => return Err(format!("`{}` is no part of an order", other.join(" "))),
        }
    }
    Ok(Act::Order(kind.to_string(), name.to_string(), body + "}"))
}

fn clock(text: &str) -> Result<u64, String> {
    let parts: Vec<u64> = text
        .split(':')
        .filter_map(|part| part.parse().ok())
        .collect();
    match parts.as_slice() {
        [h, m, s] if *h < 24 && *m < 60 && *s < 60 => Ok(START + h * 3600 + m * 60 + s),
        _ => Err(format!("`{text}` is no time, as `12:00:00`")),
    }
}

/// The octets of hexadecimal digits.
pub fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    if digits.len() != hex.len() || !digits.len().is_multiple_of(2) {
        return Err(format!("`{hex}` is not hexadecimal"));
    }
    Ok(digits
        .chunks(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8)
        .collect())
}

fn ask(name: &str, kind: &str, from: &str, rest: &[&str]) -> Result<Ask, String> {
    let mut ask = Ask {
        name: format!("{}.", name.trim_end_matches('.')),
        kind: kind.to_string(),
        from: from
            .parse()
            .map_err(|_| format!("`{from}` is no address"))?,
        subnet: None,
        transport: Transport::Udp,
        edns: None,
        flags: Vec::new(),
        class: "IN".to_string(),
        opcode: "QUERY".to_string(),
        options: Vec::new(),
        tsig: None,
        times: 1,
    };
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match *word {
            "tcp" => ask.transport = Transport::Tcp,
            "edns" => ask.edns = ask.edns.or(Some((1232, 0))),
            "payload" => {
                ask.edns = Some((
                    number(words.next(), "the payload size")?,
                    ask.edns.map_or(0, |e| e.1),
                ))
            }
            "version" => {
                ask.edns = Some((
                    ask.edns.map_or(1232, |e| e.0),
                    number(words.next(), "the version")?,
                ))
            }
            "ecs" => {
                let text = words.next().copied().unwrap_or_default();
                let prefix: Prefix = text.parse().map_err(|e| format!("`{text}`: {e:?}"))?;
                ask.subnet = Some((prefix.addr(), prefix.len()));
                ask.edns = ask.edns.or(Some((1232, 0)));
            }
            "do" => {
                ask.flags.push("do".to_string());
                ask.edns = ask.edns.or(Some((1232, 0)));
            }
            "rd" | "response" => ask.flags.push(word.to_string()),
            "class" => ask.class = number(words.next(), "the class")?,
            "opcode" => ask.opcode = number(words.next(), "the opcode")?,
            "option" => {
                let text = words.next().copied().unwrap_or_default();
                let (code, data) = text.split_once(':').unwrap_or((text, ""));
                let code = number(Some(&code), "the option's number")?;
                ask.options.push((code, bytes(data)?));
                ask.edns = ask.edns.or(Some((1232, 0)));
            }
            "tsig" => ask.tsig = Some(number(words.next(), "the key")?),
            "times" => ask.times = number(words.next(), "how often")?,
            other => return Err(format!("`{other}` is nothing a question can have")),
        }
    }
    Ok(ask)
}

fn report(vip: &str, state: &str, rest: &[&str]) -> Result<Report, String> {
    if !["up", "degraded", "drain", "down"].contains(&state) {
        return Err(format!("`{state}` is no state"));
    }
    const KNOWN: [&str; 13] = [
        "quality", "seq", "epoch", "for", "valid", "by", "family", "load", "target", "capacity",
        "unit", "tell", "window",
    ];
    if let Some(pair) = rest.chunks(2).find(|pair| !KNOWN.contains(&pair[0])) {
        return Err(format!("`{}` is nothing a report can have", pair[0]));
    }
    let value = |key: &str| {
        let pair = rest.chunks(2).find(|pair| pair[0] == key);
        pair.and_then(|pair| pair.get(1))
    };
    let share = |text: &&str| text.strip_suffix('%').and_then(|n| n.parse::<f64>().ok());
    let quality = value("quality")
        .map(|text| share(text).ok_or(format!("`{text}` is no share")))
        .transpose()?;
    Ok(Report {
        vip: vip.to_string(),
        state: state.to_string(),
        quality: quality.map(|percent| (percent * 10_000.0) as u32),
        seq: number(value("seq"), "seq")?,
        epoch: value("epoch").map_or(Ok(1), |text| number(Some(text), "epoch"))?,
        valid_for: (value("for").or(value("valid")))
            .map(|text| seconds(text))
            .transpose()?,
        by: value("by").map_or("replay", |name| *name).to_string(),
        family: value("family").map(|family| family.to_string()),
        load: (["load", "target", "capacity"].into_iter())
            .filter(|key| value(key).is_some())
            .map(|key| Ok((key, number(value(key), key)?)))
            .collect::<Result<_, String>>()?,
        unit: value("unit").map(|unit| unit.to_string()),
        tell: (rest.chunks(2).filter(|pair| pair[0] == "tell"))
            .map(|pair| pair.get(1).and_then(|text| text.split_once('=')))
            .map(|pair| pair.map(|(key, json)| (key.to_string(), json.to_string())))
            .collect::<Option<_>>()
            .ok_or("`tell` is not FIELD=JSON")?,
        window: (value("window").map(|text| {
            let (begin, end) = text.split_once("..")?;
            Some((begin.parse().ok()?, end.parse().ok()?))
        }))
        .map(|window| window.ok_or("`window` is not BEGIN..END"))
        .transpose()?,
    })
}

fn network(words: &[&str]) -> Result<(Prefix, Facts), String> {
    let prefix = words[0]
        .parse()
        .map_err(|e| format!("`{}`: {e:?}", words[0]))?;
    let mut facts = Facts::default();
    let (mut latitude, mut longitude) = (None, None);
    for word in &words[1..] {
        let (key, value) = word
            .split_once('=')
            .ok_or_else(|| format!("`{word}` is not key=value"))?;
        let degrees = || {
            value
                .parse::<f64>()
                .map(|d| (d * 1e6).round() as i32)
                .map_err(|e| format!("`{word}`: {e}"))
        };
        match (key, value.as_bytes()) {
            ("country", [a, b]) => facts.country = Some(Country([*a, *b])),
            ("continent", _) => facts.continent = Some(continent(value)?),
            ("sub", _) => facts.subdivisions.push(value.to_string()),
            ("city", _) => facts.city = Some(value.replace('_', " ")),
            ("asn", _) => facts.system = Some(number(Some(&value), "asn")?),
            ("lat", _) => latitude = Some(degrees()?),
            ("lon", _) => longitude = Some(degrees()?),
            ("radius", _) => facts.radius = Some(number(Some(&value), "radius")?),
            _ => return Err(format!("`{word}` is no fact")),
        }
    }
    facts.location = latitude.zip(longitude).map(|(latitude, longitude)| Point {
        latitude,
        longitude,
    });
    Ok((prefix, facts))
}

fn continent(code: &str) -> Result<Continent, String> {
    Ok(match code {
        "AF" => Continent::Africa,
        "AN" => Continent::Antarctica,
        "AS" => Continent::Asia,
        "EU" => Continent::Europe,
        "NA" => Continent::NorthAmerica,
        "OC" => Continent::Oceania,
        "SA" => Continent::SouthAmerica,
        _ => return Err(format!("`{code}` is no continent: AF AN AS EU NA OC SA")),
    })
}

#[test]
fn a_script_is_read() {
    let text = "== file zones/a.zone\n@ SOA # kept\n== geo\n9.9.9.0/24 country=DE continent=EU lat=50.5 lon=8 asn=64500\n\
                == steps\nat 12:00:00\nask a.example A from 192.0.2.1 ecs 9.9.9.0/24 tcp # why\n  rcode  NOERROR\n\
                health fra-1 degraded quality 40% seq 2 epoch 1 for 30s\nraw 00ff from ::1\nreload\n";
    let script = parse(text).unwrap();
    assert!(
        matches!(&script.items[0], Item::File(path, text) if path == "zones/a.zone" && text == "@ SOA # kept\n")
    );
    let Item::Geo(networks) = &script.items[1] else {
        panic!()
    };
    assert_eq!(
        networks[0].1.location,
        Some(Point {
            latitude: 50_500_000,
            longitude: 8_000_000
        })
    );
    let Item::Step(step) = &script.items[3] else {
        panic!()
    };
    assert_eq!(
        (step.line, step.expected.as_slice()),
        (7, ["rcode NOERROR".to_string()].as_slice())
    );
    let Act::Ask(ask) = &step.act else { panic!() };
    assert_eq!(
        (ask.name.as_str(), ask.transport, ask.edns),
        ("a.example.", Transport::Tcp, Some((1232, 0)))
    );
    let Item::Step(step) = &script.items[4] else {
        panic!()
    };
    let Act::Health(report) = &step.act else {
        panic!()
    };
    assert_eq!(
        (report.quality, report.valid_for),
        (Some(400_000), Some(30))
    );
}

#[test]
fn mistakes_name_their_line() {
    let bad = [
        "ask a A from 192.0.2.1",
        "== stages",
        "== steps\nask a A from nobody",
        "== steps\nask a A from ::1 ecs 9.9.9.9/24",
        "== steps\nask a A from ::1 swiftly",
        "== steps\nat noon",
        "== steps\nhealth a poorly seq 1 epoch 1",
        "== steps\nhealth a up epoch 1",
        "== steps\nhealth a up seq 1 while 30s",
        "== steps\nreload\n  answer a. 1 A 1.1.1.1",
        "== steps\n  rcode NOERROR",
        "== geo\n9.9.9.0/24 continent=EUROPE",
    ];
    for text in bad {
        let error = parse(text).unwrap_err();
        assert!(
            error.starts_with(&format!("{}: ", text.lines().count())),
            "{text}: {error}"
        );
    }
}
