//! An explanation for people: one screen, in the order in which an answer comes about.

use std::fmt;

use super::{Client, Correction, Explanation, Near, Order, Rule, Steered, Vip};

/// VIPs shown; JSON has all.
const VIPS: usize = 12;
/// Steps shown, of what was tried and of sites by distance.
const STEPS: usize = 6;
/// Records shown of a section.
const RECORDS: usize = 8;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { name, kind, .. } = self;
        match &self.subnet {
            Some(subnet) => writeln!(f, "{name} {kind} for clients in {subnet}\n")?,
            None => writeln!(f, "{name} {kind} for the resolver {}\n", self.resolver)?,
        }
        let from = format!("{}, without a client subnet", self.resolver);
        let from = match &self.subnet {
            Some(subnet) => format!("{}, with client subnet {subnet}", self.resolver),
            None => from,
        };
        line(f, "query", &format!("from {from}"))?;
        if let Some(zone) = &self.zone {
            line(f, "zone", &format!("{} serial {}", zone.name, zone.serial))?;
        }
        line(f, "found", &self.found)?;
        if let Some(steering) = &self.steering {
            steered(f, self, steering)?;
        }
        if let Some(length) = self.scope.length {
            line(f, "scope", &format!("/{length}: {}", self.scope.why))?;
        }
        if let Some(ttl) = &self.ttl {
            line(f, "TTL", &format!("{} s: {}", ttl.seconds, ttl.why))?;
        }
        let generation = self.generation;
        let outcome = format!("{} ({}, generation {generation})", self.rcode, self.outcome);
        line(f, "answer", &outcome)?;
        let sections = [("", &self.answer), ("authority ", &self.authority)];
        for (section, records) in sections {
            for record in records.iter().take(RECORDS) {
                line(f, "", &format!("{section}{record}"))?;
            }
            if let Some(more) = more(records.len(), RECORDS) {
                line(f, "", &format!("and {more} more"))?;
            }
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    writeln!(f, "  {label:<10}{text}")
}

fn more(all: usize, shown: usize) -> Option<usize> {
    all.checked_sub(shown).filter(|more| *more > 0)
}

fn steered(f: &mut fmt::Formatter<'_>, whole: &Explanation, s: &Steered) -> fmt::Result {
    let each = if s.answers > 1 {
        format!(", up to {} answers", s.answers)
    } else {
        String::new()
    };
    let pool = format!("{}: {}, draw {}{each}", s.pool, s.policy, s.draw);
    if s.name.eq_ignore_ascii_case(&whole.name) {
        line(f, "pool", &pool)?;
    } else {
        line(f, "pool", &format!("{pool}, through {}", s.name))?;
    }
    line(
        f,
        "client",
        &format!("{}: {}", s.client.address, s.client.why),
    )?;
    line(f, "place", &place(&s.client))?;
    estate(f, &s.client)?;
    let class = &s.class;
    line(
        f,
        "class",
        &format!(
            "{} of {}, as all of {}",
            class.number, class.of, class.network
        ),
    )?;
    for rule in &s.rules {
        line(f, "rule", &fits(rule, "prefers", ", then "))?;
    }
    fences(f, s)?;
    for order in &s.orders {
        line(f, "sites", &distances(order, &s.pool))?;
    }
    steps(f, s)?;
    table(f, whole, s)?;
    let point = s.point * 100.0;
    line(f, "draw", &format!("{point:.1} % of the way: {}", s.drawn))
}

/// What moves, and what was tried.
fn steps(f: &mut fmt::Formatter<'_>, s: &Steered) -> fmt::Result {
    for words in s.moving.iter().take(STEPS) {
        line(f, "moving", words)?;
    }
    let mut label = "tried";
    for tried in s.tried.iter().take(STEPS) {
        let indent = " ".repeat(2 * tried.depth);
        let verdict = match tried {
            _ if tried.failed => "failed".into(),
            _ if tried.held => "kept out until it may return".into(),
            _ if tried.shed > 0 => {
                let kept = f64::from(1_000_000 - tried.shed.min(1_000_000)) / 1e4;
                format!("taken by {kept:.1} % of those who come to it")
            }
            _ => String::from("taken"),
        };
        let up = format!("{}.{} %", tried.up / 10, tried.up % 10);
        line(
            f,
            label,
            &format!("{indent}{}: {up} up, {verdict}", tried.what),
        )?;
        label = "";
    }
    if let Some(more) = more(s.tried.len(), STEPS) {
        line(f, "", &format!("and {more} more"))?;
    }
    let mut top = s.tried.iter().filter(|t| t.depth == 0);
    if s.tier == "up" && top.all(|t| t.failed || t.held) {
        let why = match s.tried.iter().any(|t| t.depth == 0 && !t.failed) {
            true => "nothing else stands: the first that is only kept out is taken",
            false => "all have failed: the first with anything up is taken",
        };
        line(f, "", why)?;
    }
    Ok(())
}

fn place(client: &Client) -> String {
    let mut words: Vec<String> = client.city.iter().cloned().collect();
    words.extend(client.subdivisions.last().cloned());
    match (&client.country, &client.country_name) {
        (Some(code), Some(name)) => words.push(format!("{name} ({code})")),
        (code, _) => words.extend(code.clone()),
    }
    words.extend(client.continent.clone());
    if words.is_empty() {
        words.push("unknown".into());
    }
    words.extend(client.radius.map(|km| format!("within {km} km")));
    words.extend(client.system.map(|n| format!("AS{n}")));
    let source = match client.databases.as_slice() {
        _ if client.coarse => "the built-in map (coarse)".into(),
        [one] => one.clone(),
        many => format!("{} databases", many.len()),
    };
    let words = words.join(", ");
    format!("{words}, by {source}, as all of {}", client.network)
}

/// What the estate knows of the client's place besides.
fn estate(f: &mut fmt::Formatter<'_>, client: &Client) -> fmt::Result {
    let corrections = &client.corrections;
    for (nth, one) in corrections.iter().take(STEPS).enumerate() {
        line(f, if nth == 0 { "corrected" } else { "" }, &corrected(one))?;
    }
    if let Some(more) = more(corrections.len(), STEPS) {
        line(f, "", &format!("and {more} more"))?;
    }
    match &client.measured {
        Some(row) => line(
            f,
            "measured",
            &format!("from {} ({})", row.place, row.written),
        ),
        None => Ok(()),
    }
}

fn corrected(one: &Correction) -> String {
    let point = |[north, east]: &[f64; 2]| format!("[{north}, {east}]");
    let said: Vec<String> = (one.place.clone().into_iter())
        .chain(one.location.as_ref().map(point))
        .collect();
    let said = said.join(" at ");
    format!("{} is {said} ({})", one.network, one.written)
}

fn fits(rule: &Rule, verb: &str, between: &str) -> String {
    let Some(place) = &rule.place else {
        return format!("{}: no place fits", rule.set);
    };
    let region = rule.region.iter().map(|r| format!(" (in {r})"));
    let region: String = region.collect();
    let prefers = match rule.prefers.join(between) {
        empty if empty.is_empty() => "nothing".into(),
        list => list,
    };
    format!("{}: {place}{region} {verb} {prefers}", rule.set)
}

fn fences(f: &mut fmt::Formatter<'_>, s: &Steered) -> fmt::Result {
    for rule in &s.fences {
        let words = match &rule.place {
            None => format!("{}: no place fits", rule.set),
            Some(_) => fits(rule, "keeps to", " and "),
        };
        line(f, "fence", &words)?;
    }
    match &s.inside {
        Some(inside) if s.fences.len() > 1 => {
            let sites = if inside.is_empty() {
                "nothing".into()
            } else {
                inside.join(" and ")
            };
            line(f, "", &format!("all of them: {sites}"))
        }
        _ => Ok(()),
    }
}

fn distances(order: &Order, pool: &str) -> String {
    let one = |near: &Near| {
        let bias = match near.bias {
            bias if bias != 0 && near.ms.is_some() => format!(" ({bias:+} km of bias)"),
            _ => String::new(),
        };
        let way = near.km.map_or_else(String::new, |km| format!(" {km} km"));
        format!("{}{way}{bias}{}", near.site, round(near))
    };
    let step = |step: &Vec<Near>| step.iter().map(one).collect::<Vec<_>>().join(" + ");
    let steps: Vec<String> = order.steps.iter().take(STEPS).map(step).collect();
    let steps = steps.join(", ");
    let known = order.steps.iter().flatten().any(|near| near.km.is_some());
    let words = match order.radius {
        _ if !known => format!("{steps}: the client's position is unknown"),
        Some(km) => format!("{steps}: {km} km count as a tie, for the databases may be so wrong"),
        None => steps,
    };
    if order.pool == pool {
        words
    } else {
        format!("of {}: {words}", order.pool)
    }
}

/// What was measured of the way to a site, and what came of it.
fn round(near: &Near) -> String {
    let (Some(measured), Some(samples), Some(ms)) = (near.measured_ms, near.samples, near.ms)
    else {
        return String::new();
    };
    let blended = match near.km {
        Some(_) => format!(", with the distance {ms:.1} ms"),
        None => String::new(),
    };
    let times = if samples == 1 { "sample" } else { "samples" };
    format!(" ({measured} ms in {samples} {times}{blended})")
}

fn table(f: &mut fmt::Formatter<'_>, whole: &Explanation, s: &Steered) -> fmt::Result {
    if s.tier != "up" {
        line(
            f,
            "",
            &match s.tier.as_str() {
                "all down" => "nothing is up: `on_all_down` decides".into(),
                "fenced" => "the fence leaves nothing: no answer".into(),
                tier => format!("nothing is up but {tier} VIPs"),
            },
        )?;
    }
    let part = |share: f64, has: bool| match has {
        true => format!("{:.2} %", share * 100.0),
        false => "-".into(),
    };
    // A CNAME is one answer for both families.
    let alias = s.vips.iter().any(|vip| vip.cname.is_some());
    let row = |vip: &Vip| {
        let mut site = vip.site.clone().unwrap_or_else(|| "-".into());
        // With one answer nothing is kept apart.
        if let (Some(word), true) = (&vip.failure_domain, s.answers > 1) {
            site = format!("{site}, domain {word}");
        }
        let a = part(vip.share, alias || vip.address.is_some());
        let aaaa = part(vip.share6, vip.address6.is_some());
        let (name, age) = (vip.name.clone(), since(vip, whole.at));
        let last = vip.cname.clone().unwrap_or(aaaa);
        [name, site, state(vip), age, a, last]
    };
    let [first, last] = if alias {
        ["share", "CNAME"]
    } else {
        ["A", "AAAA"]
    };
    let head = ["VIP", "site", "state", "since", first, last].map(String::from);
    let shown = s.vips.iter().take(VIPS);
    let rows: Vec<(bool, [String; 6])> = std::iter::once((false, head))
        .chain(shown.map(|vip| (vip.picked, row(vip))))
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|(_, row)| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let [names, sites, states, ages, a, aaaa] = [0, 1, 2, 3, 4, 5].map(width);
    writeln!(f)?;
    for (picked, [name, site, state, age, part, part6]) in &rows {
        let mark = if *picked { '>' } else { ' ' };
        write!(f, "  {mark} {name:names$}  {site:sites$}  {state:states$}")?;
        writeln!(f, "  {age:ages$}  {part:>a$}  {part6:>aaaa$}")?;
    }
    if let Some(more) = more(s.vips.len(), VIPS) {
        writeln!(f, "    and {more} more")?;
    }
    for (words, names) in [("not needed", &s.spared), ("outside", &s.outside)] {
        if !names.is_empty() {
            let list: Vec<&str> = names.iter().take(VIPS).map(String::as_str).collect();
            let rest = more(names.len(), VIPS).map(|n| format!(" and {n} more"));
            let rest = rest.unwrap_or_default();
            writeln!(f, "    {words}: {}{rest}", list.join(", "))?;
        }
    }
    writeln!(f)
}

fn state(vip: &Vip) -> String {
    let last = if vip.weight == 0 { ", last resort" } else { "" };
    match vip.state.as_str() {
        "degraded" => format!("degraded to {:.0} %{last}", vip.quality * 100.0),
        "unknown" => format!("no report: as up{last}"),
        state => format!("{state}{last}"),
    }
}

/// How long ago, in the largest unit that it fills.
fn since(vip: &Vip, now: u64) -> String {
    let Some(since) = vip.since else {
        return "-".into();
    };
    let age = now.saturating_sub(since);
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let fits = units.into_iter().find(|(length, _)| age >= *length);
    fits.map_or_else(
        || "now".into(),
        |(length, unit)| format!("{} {unit} ago", age / length),
    )
}
