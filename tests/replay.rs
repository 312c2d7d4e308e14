//! Replay: text scripts that ask the server and say what must come back (`tests/replay/*.replay`).

mod message;
pub mod options;
pub mod script;
pub mod stage;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use meridian::stats::Outcome;
use script::{Act, Ask, Item, START, Script, Step};
use stage::Stage;

/// One run of a script: the stage, and what the script has set.
struct Play {
    stage: Stage,
    files: BTreeMap<String, String>,
    machine: BTreeMap<String, String>,
    networks: Vec<(meridian::prefix::Prefix, meridian::geo::atlas::Facts)>,
    now: u64,
    started: bool,
    asked: u16,
}

/// Runs a script; gives every step that did not bring what it must, with line and difference.
fn play(script: Script) -> Vec<(usize, String)> {
    let mut play = Play {
        stage: Stage::default(),
        files: BTreeMap::new(),
        machine: BTreeMap::new(),
        networks: Vec::new(),
        now: START,
        started: false,
        asked: 0,
    };
    let mut failures = Vec::new();
    for item in script.items {
        match item {
            Item::File(path, text) => drop(play.files.insert(path, text)),
            Item::Machine(key, value) => drop(play.machine.insert(key, value)),
            Item::Geo(networks) => play.networks = networks,
            Item::Step(step) => {
                let differences = play.step(&step);
                if !differences.is_empty() {
                    failures.push((
                        step.line,
                        format!("{}\n    {}", step.text, differences.join("\n    ")),
                    ));
                }
            }
        }
    }
    failures
}

impl Play {
    fn load(&mut self) -> Result<(), String> {
        self.stage.wear(&self.machine);
        let loaded = self.stage.load(&self.files, stage::atlas(&self.networks));
        self.started |= loaded.is_ok();
        loaded
    }

    fn pass(&mut self, now: u64) {
        self.now = now;
        self.stage.advance(now);
    }

    fn step(&mut self, step: &Step) -> Vec<String> {
        let needs_estate = !matches!(step.act, Act::Reload | Act::At(_) | Act::Later(_));
        if needs_estate
            && !self.started
            && let Err(error) = self.load()
        {
            return vec![format!("the estate was refused:\n{error}")];
        }
        match &step.act {
            Act::At(now) => self.pass(*now),
            Act::Later(more) => self.pass(self.now + more),
            Act::Reload => return refusal(&step.expected, self.load()),
            Act::Restart => {
                self.stage.restart();
                return refusal(&step.expected, self.load());
            }
            Act::Return(pool) => match self.stage.give_back(pool) {
                Ok(lines) => return compare(&step.expected, &lines, &[]),
                error => return refusal(&step.expected, error.map(drop)),
            },
            Act::Release => {
                let lines = self.stage.release(self.now);
                return compare(&step.expected, &lines, &[]);
            }
            Act::Order(kind, name, body) => match self.stage.order(kind, name, body, self.now) {
                Ok(lines) => return compare(&step.expected, &lines, &[]),
                error => return refusal(&step.expected, error.map(drop)),
            },
            Act::Clear(vip) => {
                let line = self.stage.clear(vip, self.now);
                return compare(&step.expected, &[line], &[]);
            }
            Act::Health(report) => match self.stage.health(report, self.now) {
                Ok(lines) => return compare(&step.expected, &lines, &[]),
                error => return refusal(&step.expected, error.map(drop)),
            },
            Act::Raw(message, from, transport) => {
                let before = self.stage.counters();
                let reply = self.stage.ask(message, *from, *transport, self.now);
                return self.seen(step, message, reply, &before);
            }
            Act::Ask(ask) => return self.ask(step, ask),
        }
        Vec::new()
    }

    fn ask(&mut self, step: &Step, ask: &Ask) -> Vec<String> {
        let before = self.stage.counters();
        let mut hits: BTreeMap<String, u32> = BTreeMap::new();
        for turn in 1..=ask.times {
            self.asked = self.asked.wrapping_add(1);
            let message = match message::encode(ask, self.asked) {
                Ok(message) => message,
                Err(error) => return vec![error],
            };
            let reply = self.stage.ask(&message, ask.from, ask.transport, self.now);
            if ask.times == 1 {
                return self.seen(step, &message, reply, &before);
            }
            for address in message::addresses(reply.as_deref().unwrap_or_default()) {
                *hits.entry(address.to_string()).or_default() += 1;
            }
            if turn == ask.times {
                let mut got = message::lines(&message, reply.as_deref());
                got.retain(|line| !line.starts_with("answer "));
                got.extend(added(&before, &self.stage.counters()));
                let (shares, others): (Vec<_>, Vec<_>) = step
                    .expected
                    .iter()
                    .cloned()
                    .partition(|line| line.starts_with("share "));
                let mut differences = compare(&others, &got, &["rcode NOERROR"]);
                differences.extend(share(&shares, &hits));
                return differences;
            }
        }
        Vec::new()
    }

    fn seen(
        &self,
        step: &Step,
        message: &[u8],
        reply: Option<Vec<u8>>,
        before: &BTreeMap<String, u64>,
    ) -> Vec<String> {
        let mut got = message::lines(message, reply.as_deref());
        let grown = added(before, &self.stage.counters());
        got.extend(outcomes(&grown));
        got.extend(grown);
        // Without the option in the query there is none in the reply (RFC 7871 §7.2.1).
        let plain = !matches!(
            &step.act,
            Act::Ask(Ask {
                subnet: Some(_),
                ..
            })
        );
        let defaults: &[&str] = match () {
            () if step.expected.iter().any(|line| line == "silence") => &[],
            () if plain => &["rcode NOERROR", "no ecs"],
            () => &["rcode NOERROR"],
        };
        compare(&step.expected, &got, defaults)
    }
}

/// A breach, if not exactly one outcome was counted for one message.
fn outcomes(grown: &[String]) -> Option<String> {
    let label = |line: &&String| {
        let outcomes = Outcome::ALL.iter();
        outcomes
            .map(|outcome| format!("counter {} 1", outcome.label()))
            .any(|one| one == **line)
    };
    let count = grown.iter().filter(label).count();
    (count != 1).then(|| format!("breach: {count} outcomes were counted, not one"))
}

/// What a step added to the counters.
fn added(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<String> {
    let grown = after
        .iter()
        .map(|(name, now)| (name, now - before.get(name).copied().unwrap_or(0)));
    grown
        .filter(|(_, more)| *more > 0)
        .map(|(name, more)| format!("counter {name} {more}"))
        .collect()
}

/// Whether a refusal came as expected, and says what it should.
fn refusal(expected: &[String], got: Result<(), String>) -> Vec<String> {
    let texts: Vec<&str> = expected
        .iter()
        .filter_map(|line| line.strip_prefix("refused"))
        .map(str::trim)
        .collect();
    match got {
        Ok(()) => texts
            .iter()
            .map(|text| format!("- refused {text}"))
            .collect(),
        Err(error) if texts.is_empty() => vec![format!("+ refused {error}")],
        Err(error) => {
            // Diagnostics align their marks; scripts need not.
            let flat = error.split_whitespace().collect::<Vec<_>>().join(" ");
            let missing: Vec<_> = texts.iter().filter(|text| !flat.contains(*text)).collect();
            let shown = missing.iter().map(|text| format!("- refused {text}"));
            shown
                .chain((!missing.is_empty()).then(|| format!("+ refused {error}")))
                .collect()
        }
    }
}

/// The kind of a line: lines of one kind are compared with each other.
fn kind(line: &str) -> &str {
    let option = line.strip_prefix("no ").unwrap_or(line);
    if let Some(rest) = option.strip_prefix("option ") {
        let name = rest.split(' ').next().unwrap_or(rest);
        return &option[..option.len() - rest.len() + name.len()];
    }
    match line {
        "no ecs" => "scope",
        "no edns" => "edns",
        "no tsig" => "tsig",
        "silence" => "rcode",
        // Each counter is a kind of its own, so that a script names only those it is about.
        _ if line.starts_with("counter ") => line.rsplit_once(' ').map_or(line, |(name, _)| name),
        _ => line.split(' ').next().unwrap_or(line),
    }
}

/// The difference between what was expected and what came: `-` is missing, `+` is too much. The sections of a reply
/// always count; other kinds of lines only where a script or `defaults` names them.
fn compare(expected: &[String], got: &[String], defaults: &[&str]) -> Vec<String> {
    let mut wanted: Vec<String> = expected.to_vec();
    for default in defaults {
        if !wanted.iter().any(|line| kind(line) == kind(default)) {
            wanted.push(default.to_string());
        }
    }
    let always = [
        "rcode",
        "answer",
        "authority",
        "additional",
        "returned",
        "released",
        "failed",
        "breach:",
        "broken:",
    ];
    let counts = |line: &String| {
        always.contains(&kind(line)) || wanted.iter().any(|w| kind(w) == kind(line))
    };
    let mut rest: Vec<&String> = got.iter().filter(|line| counts(line)).collect();
    let mut missing = Vec::new();
    for line in &wanted {
        match rest.iter().position(|other| fits(line, other)) {
            Some(index) => drop(rest.remove(index)),
            None => missing.push(format!("- {line}")),
        }
    }
    missing.extend(rest.iter().map(|line| format!("+ {line}")));
    missing
}

/// Word by word; `*` fits any word, and a size is a bound.
fn fits(wanted: &str, got: &str) -> bool {
    if let (Some(most), Some(size)) = (wanted.strip_prefix("size "), got.strip_prefix("size ")) {
        return size.parse::<usize>().ok() <= most.parse().ok();
    }
    let (wanted, got): (Vec<_>, Vec<_>) = (wanted.split(' ').collect(), got.split(' ').collect());
    wanted.len() == got.len() && wanted.iter().zip(&got).all(|(w, g)| *w == "*" || w == g)
}

/// Shares of all addresses that came, within one point of those expected.
fn share(expected: &[String], hits: &BTreeMap<String, u32>) -> Vec<String> {
    let total = f64::from(hits.values().sum::<u32>().max(1));
    let percent =
        |address: &str| f64::from(hits.get(address).copied().unwrap_or(0)) * 100.0 / total;
    let wanted: BTreeMap<&str, f64> = expected
        .iter()
        .filter_map(|line| {
            line.strip_prefix("share ")?
                .strip_suffix('%')?
                .split_once(' ')
        })
        .filter_map(|(address, share)| Some((address, share.parse().ok()?)))
        .collect();
    let off = |(address, share): (&&str, &f64)| {
        let came = percent(address);
        ((came - share).abs() > 1.0)
            .then(|| format!("- share {address} {share}%\n    + share {address} {came:.1}%"))
    };
    let strange = hits
        .keys()
        .filter(|address| !wanted.contains_key(address.as_str()));
    let strange = strange.map(|address| format!("+ share {address} {:.1}%", percent(address)));
    let unread =
        (wanted.len() != expected.len()).then(|| "a share is not `share ADDRESS 25%`".to_string());
    wanted
        .iter()
        .filter_map(off)
        .chain(strange)
        .chain(unread)
        .collect()
}

fn scripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay");
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "replay"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            (
                format!("tests/replay/{name}"),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_script_plays() {
    let mut failures = Vec::new();
    for (path, text) in scripts() {
        match script::parse(&text) {
            Ok(script) => {
                let failed = play(script);
                failures.extend(
                    failed
                        .iter()
                        .map(|(line, says)| format!("{path}:{line}: {says}")),
                );
            }
            Err(error) => failures.push(format!("{path}:{error}")),
        }
    }
    assert!(
        failures.is_empty(),
        "\n{}\n{} steps failed",
        failures.join("\n"),
        failures.len()
    );
}

#[test]
fn differences_are_found() {
    let lines = |text: &str| text.split('|').map(str::to_string).collect::<Vec<_>>();
    let differ = |wanted: &str, got: &str| {
        compare(&lines(wanted), &lines(got), &["rcode NOERROR"]).join("|")
    };
    assert_eq!(
        differ(
            "answer a. * A 1.1.1.1",
            "rcode NOERROR|flags aa|answer a. 60 A 1.1.1.1|size 40"
        ),
        ""
    );
    assert_eq!(
        differ("rcode NXDOMAIN", "rcode NOERROR"),
        "- rcode NXDOMAIN|+ rcode NOERROR"
    );
    assert_eq!(
        differ("flags aa", "rcode NOERROR|flags aa tc"),
        "- flags aa|+ flags aa tc"
    );
    assert_eq!(
        differ("rcode NOERROR", "rcode NOERROR|authority a. 1 NS b."),
        "+ authority a. 1 NS b."
    );
    assert_eq!(
        differ("scope 24", "rcode NOERROR|no ecs"),
        "- scope 24|+ no ecs"
    );
    assert_eq!(
        differ("size 512", "rcode NOERROR|size 513"),
        "- size 512|+ size 513"
    );
    assert_eq!(
        differ(
            "counter steered 1",
            "rcode NOERROR|counter vip a 1|counter steered 1"
        ),
        ""
    );
    assert_eq!(
        differ("answer a. 1 A 1.1.1.1", "silence"),
        "- answer a. 1 A 1.1.1.1|- rcode NOERROR|+ silence"
    );
    assert_eq!(
        differ(
            "answer a. 1 A 1.1.1.1|answer a. 1 A 1.1.1.1",
            "rcode NOERROR|answer a. 1 A 1.1.1.1"
        ),
        "- answer a. 1 A 1.1.1.1"
    );
    assert_eq!(compare(&lines("silence"), &lines("silence"), &[]).len(), 0);
}

#[test]
fn shares_are_held() {
    let hits = BTreeMap::from([
        ("192.0.2.1".to_string(), 104),
        ("192.0.2.2".to_string(), 896),
    ]);
    let expected = |a: &str, b: &str| {
        [
            format!("share 192.0.2.1 {a}"),
            format!("share 192.0.2.2 {b}"),
        ]
    };
    assert!(share(&expected("10%", "90%"), &hits).is_empty());
    assert_eq!(share(&expected("12%", "90%"), &hits).len(), 1);
    assert_eq!(
        share(&expected("10%", "90%")[..1], &hits).len(),
        1,
        "an address that nobody expected"
    );
    assert_eq!(share(&expected("10", "90%"), &hits).len(), 2);
}

#[test]
fn refusals_are_held() {
    let lines = |text: &str| vec![text.to_string()];
    assert!(refusal(&[], Ok(())).is_empty());
    assert_eq!(refusal(&[], Err("no".to_string())).len(), 1);
    assert_eq!(refusal(&lines("refused no VIP"), Ok(())).len(), 1);
    assert_eq!(
        refusal(
            &lines("refused no VIP"),
            Err("error: no\n   VIP".to_string())
        )
        .len(),
        0
    );
    assert_eq!(
        refusal(&lines("refused no pool"), Err("error: no VIP".to_string())).len(),
        2
    );
}
