//! `meridian print`: the zones as they were read, one record on a line, so that two checkouts can be compared.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

use super::{Exit, Print, fail, refuse, settings};
use crate::diagnostic::Diagnostic;
use crate::keeper::load::Loader;
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::world::estate::Estate;
use crate::zone::{self, Rrset, Zone};

pub(super) const ABOUT: &str = "\
Prints the zones as they are read: each record on a line of its own with its whole owner, TTL, class, type \
and data, the SOA first, the rest in one order whatever the order of the file. Steering is not in it. Two \
checkouts can be compared so, and any other server reads the zone that is printed.

Exit code: 0 all is well, 1 the estate is refused, 2 the arguments or the machine file are wrong.";

pub(super) const EXAMPLES: &str = "\
Examples:
  One zone as a plain zone file
    meridian print example.com
  What does a branch change?
    diff <(meridian print --zones main/zones) <(meridian print --zones branch/zones)";

pub(super) fn run(args: &Print) -> Exit {
    let paths = match settings::paths(&args.place) {
        Ok((paths, _)) => paths,
        Err(mistakes) => return refuse(&mistakes, Exit::Usage),
    };
    let mut loaded = Loader::thorough(paths).first();
    let Some(estate) = loaded.estate else {
        loaded.diagnostics.retain(Diagnostic::is_error);
        return refuse(&loaded.diagnostics, Exit::Failed);
    };
    let zones = match wanted(&estate, &args.names) {
        Ok(zones) => zones,
        Err(why) => {
            fail(&why);
            return Exit::Usage;
        }
    };
    let mut out = BufWriter::new(io::stdout().lock());
    // That nobody reads on is no reason to fail.
    let _ = write(&mut out, &zones).and_then(|()| out.flush());
    Exit::Done
}

/// The zones of these names, or all, in the order of the names.
fn wanted<'a>(estate: &'a Estate, names: &[String]) -> Result<Vec<&'a Zone>, String> {
    let mut zones = Vec::new();
    let mut unknown = Vec::new();
    for text in names {
        let name = Name::parse(text.as_bytes(), Some(&Name::root()));
        match name.ok().and_then(|name| estate.held(&name)) {
            Some(held) => zones.push(&*held.zone),
            None => unknown.push(format!("no zone is called `{text}`")),
        }
    }
    if !unknown.is_empty() {
        let some = estate.zones.iter().take(20);
        let some: Vec<String> = some.map(|held| held.zone.apex().to_string()).collect();
        return Err(format!(
            "{}; there are {}",
            unknown.join("\n"),
            some.join(", ")
        ));
    }
    if names.is_empty() {
        zones.extend(estate.zones.iter().map(|held| &*held.zone));
    }
    Ok(zones)
}

fn write(out: &mut impl Write, zones: &[&Zone]) -> io::Result<()> {
    for (at, zone) in zones.iter().enumerate() {
        if zones.len() > 1 {
            let gap = if at == 0 { "" } else { "\n" };
            writeln!(out, "{gap}; {}", zone.apex())?;
        }
        records(out, zone)?;
    }
    Ok(())
}

/// The SOA, then all others: owners in canonical order, types by number, data by their octets (RFC 4034 §6).
fn records(out: &mut impl Write, zone: &Zone) -> io::Result<()> {
    let mut line = String::new();
    set(out, zone.apex(), zone.soa(), &mut line)?;
    for node in zone.nodes() {
        let owner = node.owner();
        for rrset in node.rrsets().filter(|set| set.kind() != Kind::SOA) {
            set(out, &owner, rrset, &mut line)?;
        }
    }
    Ok(())
}

fn set(out: &mut impl Write, owner: &Name, set: Rrset<'_>, line: &mut String) -> io::Result<()> {
    let (kind, ttl) = (set.kind(), set.ttl());
    // A file's own order within a set says nothing (RFC 2181 §5).
    let mut all: Vec<&[u8]> = set.records().collect();
    all.sort_unstable();
    for rdata in all {
        line.clear();
        // Any server is to read it: those that lack a type know it by its number.
        if kind.is_common() {
            let _ = write!(line, "{kind} ");
            zone::presentation(kind, rdata, line);
        } else {
            let _ = write!(line, "TYPE{} ", kind.0);
            zone::generic(rdata, line);
        }
        // Without capital letters, as names compare; those in data are kept as written.
        writeln!(out, "{} {ttl} IN {line}", owner.lower())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::diagnostic::Source;
    use crate::geo::atlas::Atlas;
    use crate::world::estate::Slots;
    use crate::world::link;
    use std::sync::Arc;

    fn estate(files: &[(&str, &str)]) -> Estate {
        let read = |(name, text): &(&str, &str)| {
            let origin = name.parse().unwrap();
            let source = Source::new(*name, *text);
            let reading = zone::read(&source, &origin, &zone::Texts::alone(), None);
            let found = reading.diagnostics;
            link::Read {
                path: Arc::from(*name),
                folder: 0,
                zone: Arc::new(reading.zone.unwrap_or_else(|| panic!("{found:?}"))),
            }
        };
        let zones = files.iter().map(read).collect();
        let (steering, _) = config::steering(&[], &config::alone);
        let atlas = Arc::new(Atlas::builtin());
        let steering = Arc::new(steering.unwrap());
        let slots = &mut Slots::default();
        let (estate, found) = link::link(zones, steering, atlas, slots, None, &mut |_, _| None);
        estate.unwrap_or_else(|| panic!("{found:?}"))
    }

    fn printed(estate: &Estate, names: &[&str]) -> Result<String, String> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut out = Vec::new();
        write(&mut out, &wanted(estate, &names)?).unwrap();
        Ok(String::from_utf8(out).unwrap())
    }

    const ZONE: &str = "@ 60 SOA ns.net. H\\.m.net. 1 2 3 4 5\n@ 60 NS ns.net.\n";

    #[test]
    fn each_record_on_a_line_in_one_order() {
        let more = "b 5 A 192.0.2.2\nB 5 A 192.0.2.1\na\\;\\.\\000 5 TXT \"\"\n*.x 5 TYPE65280 \\# 0\n@ 7 A 192.0.2.3\n";
        let estate = estate(&[("example.", &format!("{ZONE}{more}"))]);
        let expected = "example. 60 IN SOA ns.net. H\\.m.net. 1 2 3 4 5\n\
             example. 7 IN A 192.0.2.3\n\
             example. 60 IN NS ns.net.\n\
             a\\;\\.\\000.example. 5 IN TXT \"\"\n\
             b.example. 5 IN A 192.0.2.1\n\
             b.example. 5 IN A 192.0.2.2\n\
             *.x.example. 5 IN TYPE65280 \\# 0\n";
        assert_eq!(printed(&estate, &["EXAMPLE"]).as_deref(), Ok(expected));
    }

    #[test]
    fn what_is_printed_reads_back_the_same() {
        let more =
            "www 5 A 192.0.2.1\n@ 5 MX 10 Mail\n_a._b 5 SRV 1 2 3 .\nt 5 TXT \"a;b\" \\200\n";
        let text = format!("{ZONE}{more}");
        let first = printed(&estate(&[("example.", &text)]), &[]).unwrap();
        let second = printed(&estate(&[("example.", &first)]), &[]).unwrap();
        assert_eq!(first, second);
        assert_eq!(first.lines().count(), 6);
    }

    #[test]
    fn some_or_all_zones() {
        let estate = estate(&[("b.example.", ZONE), ("a.example.", ZONE)]);
        let heads = |text: String| {
            let heads = text.lines().filter(|line| line.starts_with(';'));
            heads.map(str::to_string).collect::<Vec<_>>()
        };
        let all = ["; a.example.", "; b.example."];
        assert_eq!(heads(printed(&estate, &[]).unwrap()), all);
        assert_eq!(heads(printed(&estate, &["b.example."]).unwrap()), [""; 0]);
        let unknown = printed(&estate, &["c.example", "a..b"]).unwrap_err();
        assert_eq!(
            unknown,
            "no zone is called `c.example`\nno zone is called `a..b`; there are a.example., b.example."
        );
    }
}
