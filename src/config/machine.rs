//! `meridian.toml`: this machine's sockets, databases, tokens and folders.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::config::document::{Document, Entry, Word};
use crate::config::findings::Findings;
use crate::config::record::{Keys, Record};
use crate::config::values;
use crate::diagnostic::{Diagnostic, Source, Spot, any_error};
use crate::limits;
use crate::rate::Rate;
use door::{Admin, Tls};

pub mod door;
pub mod geoip;
pub mod observers;
mod rate;
#[cfg(test)]
mod tests;

const MACHINE: Keys = Keys {
    known: &[
        "zones",
        "geoip",
        "state",
        "listen",
        "admin",
        "workers",
        "id",
        "version",
        "cookies",
        "rate",
        "tls",
        "tokens",
        "observers",
        "max_dropped",
        "commands",
    ],
    later: &[],
    example: "listen = [\"192.0.2.53:53\"]",
};

const TOKEN: Keys = Keys {
    known: &["file", "role", "sites", "rate"],
    later: &[],
    example: "[tokens.ops]",
};

/// What the file says; what it leaves out has its default elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The folder of the estate, as written: seen from the file's folder, like all paths here.
    pub zones: Option<String>,
    /// The databases, and what guards them.
    pub geoip: geoip::Geoip,
    /// The folder of what must outlive a restart.
    pub state: Option<String>,
    /// Where DNS is answered, UDP and TCP. Empty: the default.
    pub listen: Vec<SocketAddr>,
    /// Where the API is.
    pub admin: Option<Admin>,
    /// What it shows over HTTPS.
    pub tls: Option<Tls>,
    /// Threads that answer UDP, for each address.
    pub workers: Option<usize>,
    /// How much is sent over UDP.
    pub rate: Rate,
    /// Which server this is, for whoever asks. None: it does not say.
    pub id: Option<String>,
    /// What it is, for whoever asks. None: it does not say.
    pub version: Option<String>,
    /// The secrets of cookies. None: one is made in the state folder.
    pub cookies: Option<String>,
    /// The part of all records that a reload may drop, in parts of a million.
    pub max_dropped: Option<u32>,
    /// The folder of programs that probes may run. None: they may run none.
    pub commands: Option<String>,
    /// Sorted by name. Empty: one operator token is made.
    pub tokens: Vec<TokenFile>,
    /// Who watches the same things, sorted by name.
    pub observers: Vec<observers::Observers>,
}

/// The observer that is Meridian itself, so that no token is called so.
const PROBE: &str = "probe";

/// Whose tokens stand in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFile {
    /// The *who* of the journal.
    pub name: String,
    /// One token in a line.
    pub file: String,
    /// What they may do.
    pub role: Role,
    /// The sites whose VIPs a feed may report; none: all.
    pub sites: Option<Vec<String>>,
    /// Requests a second that its holder may send.
    pub rate: u32,
    /// Where it is written.
    pub spot: Spot,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Look.
    Reader,
    /// Report health and load.
    Feed,
    /// Also drain, override, return, reload.
    Operator,
}

/// The machine that the file describes; none if there is an error in it. All errors come back.
pub fn machine(file: &Arc<Source>) -> (Option<Machine>, Vec<Diagnostic>) {
    let mut findings = Findings::default();
    if file.text.len() > limits::MACHINE_TEXT {
        let message = format!("`{}` holds {} bytes", file.path, file.text.len());
        return (
            None,
            vec![Diagnostic::whole(
                message,
                format!("at most {} can be read", limits::MACHINE_TEXT),
            )],
        );
    }
    let machine = Document::parse(file, &mut findings)
        .map(|document| read(document.entries(), &mut findings));
    let list = findings.into_list();
    (machine.filter(|_| !any_error(&list)), list)
}

fn read(entries: Vec<Entry<'_>>, findings: &mut Findings) -> Machine {
    let record = Record::check(entries, "`meridian.toml`", &MACHINE, findings);
    let mut machine = Machine::default();
    if let Some(field) = record.get("zones") {
        machine.zones = path(field, findings);
    }
    if let Some(field) = record.get("state") {
        machine.state = path(field, findings);
    }
    if let Some(field) = record.get("geoip") {
        machine.geoip = geoip::read(field, findings);
    }
    if let Some(field) = record.get("listen") {
        machine.listen = listen(field, findings);
    }
    if let Some(field) = record.get("admin") {
        machine.admin = door::admin(field, findings);
    }
    if let Some(field) = record.get("tls") {
        machine.tls = door::tls(field, findings);
    }
    let admin = record.get("admin").map(|field| (field, machine.admin));
    door::together(admin, record.get("tls"), findings);
    if let Some(field) = record.get("workers") {
        let workers = values::integer("`workers`", field.value, 1..=limits::WORKERS, findings);
        machine.workers = workers.and_then(|n| usize::try_from(n).ok());
    }
    if let Some(field) = record.get("rate") {
        machine.rate = rate::read(field, findings);
    }
    if let Some(field) = record.get("id") {
        machine.id = said(field, findings);
    }
    if let Some(field) = record.get("version") {
        machine.version = said(field, findings);
    }
    if let Some(field) = record.get("cookies") {
        machine.cookies = path(field, findings);
    }
    if let Some(field) = record.get("max_dropped") {
        machine.max_dropped = values::share(field, findings);
    }
    if let Some(field) = record.get("commands") {
        machine.commands = path(field, findings);
    }
    if let Some(field) = record.get("tokens") {
        machine.tokens = tokens(field, findings);
    }
    if let Some(field) = record.get("observers") {
        machine.observers = observers::read(field, &machine.tokens, findings);
    }
    machine
}

/// What is said to anyone who asks: one character-string (RFC 1035 §3.3).
fn said(field: Entry<'_>, findings: &mut Findings) -> Option<String> {
    let word = values::text(field, "a text", findings)?;
    let most = limits::IDENTITY;
    let label = field.key.text;
    if !(1..=most).contains(&word.text.len()) {
        findings.error(
            word.at,
            format!("`{label}` has 1 to {most} octets"),
            "leave the key out to say nothing",
        );
        return None;
    }
    if word.text.contains(char::is_control) {
        findings.error(
            word.at,
            format!("`{label}` holds a control character"),
            "write what can be read",
        );
        return None;
    }
    Some(word.text.to_owned())
}

fn path(field: Entry<'_>, findings: &mut Findings) -> Option<String> {
    let word = values::text(field, "a path", findings)?;
    filled(word, &format!("`{}`", field.key.text), findings)
}

fn filled(word: Word<'_>, label: &str, findings: &mut Findings) -> Option<String> {
    if word.text.is_empty() {
        findings.error(
            word.at,
            format!("{label} is an empty path"),
            "leave the key out for the default",
        );
        return None;
    }
    Some(word.text.to_owned())
}

fn listen(field: Entry<'_>, findings: &mut Findings) -> Vec<SocketAddr> {
    let words = values::names("`listen`", field.value, findings);
    if words.as_ref().is_some_and(Vec::is_empty) {
        findings.error(
            field.value.at,
            "`listen` is empty",
            "leave the key out for the default, `[\"127.0.0.1:5300\"]`",
        );
    }
    let mut list: Vec<SocketAddr> = Vec::new();
    for word in words.unwrap_or_default() {
        let Some(address) = listener(word, findings) else {
            continue;
        };
        if list.contains(&address) && address.port() != 0 {
            findings.error(
                word.at,
                format!("`{address}` stands twice"),
                "write it once",
            );
        }
        list.push(address);
    }
    list
}

fn listener(word: Word<'_>, findings: &mut Findings) -> Option<SocketAddr> {
    let text = word.text;
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some((scheme @ ("tls" | "quic" | "https"), _)) = text.split_once("://") {
        let advice = "remove it: this version of Meridian listens on plain addresses, UDP and TCP";
        findings.error(
            word.at,
            format!("`{scheme}://` listeners are not built yet"),
            advice,
        );
        return None;
    }
    let port = if text.starts_with(':') { text } else { ":53" };
    let advice = match text.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => format!("write `\"{}\"`", SocketAddr::new(address, 53)),
        Err(_) if text.starts_with(':') => {
            format!("write both families: `\"0.0.0.0{port}\"`, `\"[::]{port}\"`")
        }
        Err(_) => "an address and a port: `\"192.0.2.53:53\"`, `\"[2001:db8::53]:53\"`".to_owned(),
    };
    findings.error(word.at, format!("`{text}` is no listener"), advice);
    None
}

fn tokens(field: Entry<'_>, findings: &mut Findings) -> Vec<TokenFile> {
    let Some(mut entries) = field.value.table() else {
        findings.error(
            field.value.at,
            "`tokens` is a table",
            "write `[tokens.NAME]` and its keys below it",
        );
        return Vec::new();
    };
    entries.sort_by_key(|entry| entry.key.text);
    entries
        .into_iter()
        .filter_map(|entry| token(entry, findings))
        .collect()
}

fn token(entry: Entry<'_>, findings: &mut Findings) -> Option<TokenFile> {
    let name = entry.key.text;
    if let Some(advice) = values::unkebab(name) {
        findings.error(
            entry.key.at,
            format!("`{name}` is no name for a token"),
            advice,
        );
    }
    if name == PROBE {
        findings.error(
            entry.key.at,
            format!("`{PROBE}` is what own probes report as"),
            "call the token otherwise",
        );
    }
    let record = Record::open(entry, &format!("token `{name}`"), &TOKEN, findings);
    let roles = [
        ("reader", Role::Reader),
        ("feed", Role::Feed),
        ("operator", Role::Operator),
    ];
    let role = record.get("role").map_or(Some(Role::Feed), |field| {
        values::choice(field, &roles, findings)
    });
    let sites = record
        .get("sites")
        .map(|field| sites(field, role, findings));
    let rate = record
        .get("rate")
        .map_or(Some(limits::TOKEN_RATE), |field| {
            values::integer("`rate`", field.value, 1..=limits::TOKEN_RATE_MOST, findings)
        });
    let Some(field) = record.get("file") else {
        if entry.value.table().is_some() {
            let advice = "write `file = \"…\"`: a token never stands in this file itself";
            findings.error(
                entry.key.at,
                format!("token `{name}` has no `file`"),
                advice,
            );
        }
        return None;
    };
    Some(TokenFile {
        name: name.to_owned(),
        file: path(field, findings)?,
        role: role?,
        sites,
        rate: rate?,
        spot: entry.key.at.spot(),
    })
}

fn sites(field: Entry<'_>, role: Option<Role>, findings: &mut Findings) -> Vec<String> {
    if matches!(role, Some(Role::Reader | Role::Operator)) {
        findings.error(
            field.key.at,
            "`sites` belongs to the role `feed`",
            "remove it, or the role",
        );
    }
    let words = values::names("`sites`", field.value, findings).unwrap_or_default();
    for word in &words {
        if let Some(advice) = values::unkebab(word.text) {
            findings.error(
                word.at,
                format!("`{}` is no name for a site", word.text),
                advice,
            );
        }
    }
    words.into_iter().map(|word| word.text.to_owned()).collect()
}
