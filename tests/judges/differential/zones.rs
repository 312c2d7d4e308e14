//! Zones made by dice: few labels, so that names meet, and everything that makes look-ups hard.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::dice::Dice;
use super::name::Name;

pub const A: u16 = 1;
pub const NS: u16 = 2;
pub const CNAME: u16 = 5;
pub const SOA: u16 = 6;
pub const PTR: u16 = 12;
pub const MX: u16 = 15;
pub const TXT: u16 = 16;
pub const AAAA: u16 = 28;
pub const SRV: u16 = 33;
pub const DNAME: u16 = 39;
pub const DS: u16 = 43;
pub const SVCB: u16 = 64;
pub const HTTPS: u16 = 65;
pub const ANY: u16 = 255;
pub const CAA: u16 = 257;

/// A type as zone files name it.
pub fn mnemonic(kind: u16) -> String {
    let text = match kind {
        A => "A",
        NS => "NS",
        CNAME => "CNAME",
        SOA => "SOA",
        PTR => "PTR",
        MX => "MX",
        TXT => "TXT",
        AAAA => "AAAA",
        SRV => "SRV",
        DNAME => "DNAME",
        DS => "DS",
        SVCB => "SVCB",
        HTTPS => "HTTPS",
        ANY => "ANY",
        CAA => "CAA",
        other => return format!("TYPE{other}"),
    };
    text.into()
}

/// A record as it stands in a zone file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Seen from the zone's apex.
    pub owner: Name,
    pub ttl: u32,
    pub kind: u16,
    /// `ROOT` stands for the name of the whole case.
    pub data: String,
}

/// One zone of a case.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its apex, seen from the root of the case.
    pub apex: Name,
    /// The SOA and one NS record come first, and always stay.
    pub lines: Vec<Line>,
}

/// A zone, or a family of them, that lives under one name of its own.
#[derive(Clone, Debug)]
pub struct Case {
    pub zones: Vec<Zone>,
}

/// How many lines of a zone must stay.
pub const FIXED: usize = 2;

/// Outside of all zones.
const FAR: [&str; 3] = ["far.test.", "www.far.test.", "a.b.far.test."];

impl Case {
    /// Apexes, absolute, in wire form and small letters.
    pub fn apexes(&self, root: &Name) -> Vec<Vec<u8>> {
        let zones = self.zones.iter();
        zones.map(|z| z.apex.under(root).lower().wire()).collect()
    }

    /// One of a zone alone, one of seven a family.
    pub fn generate(dice: &mut Dice) -> Case {
        let mut apexes = vec![Name::default()];
        if dice.percent(15) {
            apexes.push(Name::of("kid"));
            if dice.percent(40) {
                let deeper = ["a.kid", "a.b.kid", "b", "c.d"][dice.below(4)];
                apexes.push(Name::of(deeper));
            }
        }
        let family = apexes.len() > 1;
        let mut zones: Vec<Zone> = Vec::new();
        for apex in apexes {
            let mut maker = Maker {
                lines: Vec::new(),
                family,
                dice,
            };
            let lines = maker.zone(&apex);
            zones.push(Zone { apex, lines });
        }
        // NSD loads no zone that has names below a DNAME of another one.
        let owners: Vec<(usize, Name)> = (zones.iter().enumerate())
            .flat_map(|(n, z)| z.lines.iter().map(move |l| (n, l.owner.under(&z.apex))))
            .collect();
        for (n, zone) in zones.iter_mut().enumerate() {
            let apex = zone.apex.clone();
            zone.lines.retain(|line| {
                let name = line.owner.under(&apex);
                let mut others = owners.iter().filter(|(other, _)| *other != n);
                line.kind != DNAME || !others.any(|(_, other)| other.within(&name))
            });
        }
        Case { zones }
    }
}

impl Zone {
    /// The zone file.
    pub fn text(&self, root: &Name) -> String {
        let root_text = root.text();
        let mut text = format!("$ORIGIN {}.\n", self.apex.under(root).text());
        for line in &self.lines {
            let data = line.data.replace("ROOT", &root_text);
            let kind = mnemonic(line.kind);
            let _ = writeln!(text, "{} {} IN {kind} {data}", line.owner.text(), line.ttl);
        }
        text
    }
}

struct Maker<'d> {
    lines: Vec<Line>,
    family: bool,
    dice: &'d mut Dice,
}

impl Maker<'_> {
    fn zone(&mut self, apex: &Name) -> Vec<Line> {
        let minimum = *self.dice.pick(&[0, 30, 300, 7200]);
        let at = Name::default();
        let soa = format!("ns1 Host.Master 1 3600 600 604800 {minimum}");
        self.add(&at, SOA, soa);
        self.add(&at, NS, "ns1".into());
        if self.dice.percent(85) {
            self.addresses(&Name::of("ns1"));
        }
        if self.dice.percent(3) {
            // A DNAME at the apex: everything below it is elsewhere.
            let target = self.target();
            self.add(&at, DNAME, target);
        }
        if self.family && apex.0.is_empty() && self.dice.percent(80) {
            self.add(&Name::of("kid"), NS, "ns.kid".into());
            self.addresses(&Name::of("ns.kid"));
        }
        for _ in 0..self.dice.below(26) + 2 {
            self.thing();
        }
        repaired(std::mem::take(&mut self.lines))
    }

    fn add(&mut self, owner: &Name, kind: u16, data: String) {
        let ttl = *self.dice.pick(&[0, 60, 300, 3600, 86_400]);
        let owner = owner.clone();
        self.lines.push(Line {
            owner,
            ttl,
            kind,
            data,
        });
    }

    fn label(&mut self) -> Vec<u8> {
        const FEW: [&str; 6] = ["a", "b", "c", "d", "e", "ns1"];
        match self.dice.below(100) {
            0..3 => vec![b'x'; 63],
            3..5 => vec![0, b'.', 255, b'\\'],
            5..8 => b"CaSe".to_vec(),
            8..14 if self.family => b"kid".to_vec(),
            8..10 => b"*".to_vec(),
            _ => self.dice.pick(&FEW).as_bytes().to_vec(),
        }
    }

    fn name(&mut self) -> Name {
        let depth = [1, 1, 1, 1, 2, 2, 2, 3, 3, 4][self.dice.below(10)];
        let name = Name((0..depth).map(|_| self.label()).collect());
        match self.dice.below(10) {
            0 => name.child(b"*"),
            1..3 => self.known().child(&name.0[0]),
            _ => name,
        }
    }

    /// An owner that the zone has.
    fn known(&mut self) -> Name {
        self.dice.pick(&self.lines).owner.clone()
    }

    /// Where a record may point to, as text.
    fn target(&mut self) -> String {
        match self.dice.below(100) {
            0..45 => self.known().text(),
            45..55 => self.known().child(b"a").text(),
            55..80 => self.name().text(),
            80..84 => "@".into(),
            84..88 => ".".into(),
            88..92 => format!("{}.ROOT.", self.name().text()),
            92..94 => format!("{0}.{0}.{0}", "y".repeat(60)),
            _ => (*self.dice.pick(&FAR)).into(),
        }
    }

    /// Up to so many, and now and then more than fit into a datagram.
    fn many(&mut self, usual: usize) -> usize {
        let most = if self.dice.percent(5) { 40 } else { usual };
        self.dice.below(most) + 1
    }

    fn addresses(&mut self, owner: &Name) {
        for _ in 0..self.many(3) - 1 {
            let host = self.dice.below(250) + 1;
            self.add(owner, A, format!("192.0.2.{host}"));
        }
        for _ in 0..self.many(3) - 1 {
            let host = self.dice.below(65_535) + 1;
            self.add(owner, AAAA, format!("2001:db8::{host:x}"));
        }
    }

    /// Something that belongs together.
    fn thing(&mut self) {
        let owner = self.name();
        match self.dice.below(100) {
            0..22 => self.addresses(&owner),
            22..38 => self.plain(&owner),
            38..48 => self.pointers(&owner),
            48..62 => {
                let target = self.target();
                self.add(&owner, CNAME, target);
            }
            62..65 => self.chain(),
            65..67 => self.circle(CNAME),
            67..75 => {
                let target = self.target();
                self.add(&owner, DNAME, target);
            }
            75..77 => self.circle(DNAME),
            77..92 => self.delegation(&owner),
            92..95 => {
                let target = self.target();
                self.add(&Name::default(), NS, target);
            }
            _ => {
                let star = owner.child(b"*");
                self.plain(&star);
                self.addresses(&star);
            }
        }
    }

    /// Data that point nowhere.
    fn plain(&mut self, owner: &Name) {
        for _ in 0..self.many(3) {
            let number = self.dice.below(200);
            let (kind, data) = match self.dice.below(7) {
                0..2 => (TXT, format!("\"text {number}\" \"\\000;\\\"\"")),
                2 => (CAA, format!("0 issue \"ca{number}.test\"")),
                3 => (13, "\\# 6 024141024242".into()),
                4 => (65_280, format!("\\# 3 0a0b{number:02x}")),
                5 => (65_534, "\\# 0".into()),
                _ => (1_234, format!("\\# 4 c000ff{number:02x}")),
            };
            self.add(owner, kind, data);
        }
    }

    /// Data that point somewhere.
    fn pointers(&mut self, owner: &Name) {
        for _ in 0..self.many(3) {
            let (target, number) = (self.target(), self.dice.below(100));
            let (kind, data) = match self.dice.below(8) {
                0..3 => (MX, format!("{number} {target}")),
                3..5 => (SRV, format!("0 {number} 443 {target}")),
                5 => (PTR, target),
                6 => (SVCB, format!("0 {target}")),
                _ => (
                    HTTPS,
                    format!("{} {target} alpn=h2 port={number}", number + 1),
                ),
            };
            self.add(owner, kind, data);
        }
    }

    /// CNAME after CNAME, up to a dozen.
    fn chain(&mut self) {
        let below = if self.dice.percent(50) {
            Name::default()
        } else {
            self.name()
        };
        let link = |n: usize| below.child(format!("l{n}").as_bytes());
        let length = self.dice.below(14) + 2;
        for n in 0..length {
            self.add(&link(n), CNAME, link(n + 1).text());
        }
        if self.dice.percent(60) {
            self.addresses(&link(length));
        }
    }

    /// Names that lead to each other.
    fn circle(&mut self, kind: u16) {
        let (one, other) = (self.name(), self.name());
        let deeper = if self.dice.percent(20) { "a." } else { "" };
        self.add(&one, kind, other.text());
        self.add(&other, kind, format!("{deeper}{}", one.text()));
    }

    fn delegation(&mut self, owner: &Name) {
        for n in 0..self.many(2) {
            let server = match self.dice.below(10) {
                0..4 => owner.child(format!("ns{n}").as_bytes()),
                4 => owner.clone(),
                5 => owner.child(b"ns").child(b"deep"),
                _ => {
                    let target = self.target();
                    self.add(owner, NS, target);
                    continue;
                }
            };
            self.add(owner, NS, server.text());
            if self.dice.percent(80) {
                self.addresses(&server);
            }
        }
        if self.dice.percent(30) {
            let tag = self.dice.below(90) + 10;
            self.add(owner, DS, format!("\\# 36 00{tag}0802{}", "5a".repeat(32)));
        }
        if self.dice.percent(25) {
            // A cut below the cut: never seen.
            let (deeper, target) = (owner.child(b"b"), self.target());
            self.add(&deeper, NS, target);
        }
    }
}

/// Without what no zone may have, and with one TTL for each set.
fn repaired(lines: Vec<Line>) -> Vec<Line> {
    let mut kinds: BTreeMap<Name, BTreeSet<u16>> = BTreeMap::new();
    for line in &lines {
        let of = kinds.entry(line.owner.lower()).or_default();
        of.insert(line.kind);
    }
    let apex = Name::default();
    let has = |name: &Name, kind: u16| kinds.get(name).is_some_and(|of| of.contains(&kind));
    // In the order of the rules below: what a rule takes out does not hold up what a later one keeps.
    let alias = |name: &Name| *name != apex && has(name, CNAME);
    let cut = |name: &Name| *name != apex && has(name, NS) && !alias(name) && !name.is_wildcard();
    let leads = |name: &Name| has(name, DNAME) && !alias(name) && !cut(name) && !name.is_wildcard();
    let led = |name: &Name| (1..=name.0.len()).any(|skip| leads(&Name(name.0[skip..].to_vec())));
    let mut seen = BTreeSet::new();
    let mut ttls: BTreeMap<(Name, u16), u32> = BTreeMap::new();
    let mut kept = Vec::new();
    for mut line in lines {
        let name = line.owner.lower();
        let holds = match line.kind {
            CNAME => alias(&name),
            _ if alias(&name) => false,
            NS => name == apex || cut(&name),
            DNAME => leads(&name),
            DS => cut(&name),
            _ => true,
        };
        let single = matches!(line.kind, CNAME | DNAME);
        let what = if single {
            String::new()
        } else {
            line.data.to_ascii_lowercase()
        };
        if holds && !led(&name) && seen.insert((name.clone(), line.kind, what)) {
            line.ttl = *ttls.entry((name, line.kind)).or_insert(line.ttl);
            kept.push(line);
        }
    }
    kept
}
