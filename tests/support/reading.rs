//! What must hold of every text that is read as a zone file. The fuzzer and a plain test hold it alike.

use std::fmt::Write as _;

use meridian::diagnostic::{Diagnostic, Source, any_error, count};
use meridian::limits;
use meridian::wire::kind::Kind;
use meridian::wire::name::Name;
use meridian::zone::{self, Texts, Zone};

/// Reads a text as `example.com.`, with two files to include: one with records, one that includes itself.
fn read(text: &[u8]) -> (Option<Zone>, Vec<Diagnostic>) {
    let origin: Name = "example.com.".parse().unwrap();
    let texts = Texts {
        include: &|written, _| {
            Ok(Source::new(
                written,
                match written {
                    "circle" => "x A 192.0.2.1\n$INCLUDE circle\n",
                    _ => "$ORIGIN sub\n$TTL 7\ny A 192.0.2.2\n AAAA ::1\n",
                },
            ))
        },
        ..Texts::alone()
    };
    let file = Source::new("zone", text);
    let reading = zone::read(&file, &origin, &texts, None);
    (reading.zone, reading.diagnostics)
}

/// What a zone says: owners, types, TTLs and data octet by octet.
fn said(zone: &Zone) -> Vec<(Name, Kind, u32, Vec<u8>)> {
    let mut said = Vec::new();
    for node in zone.nodes() {
        for set in node.rrsets() {
            for rdata in set.records() {
                said.push((node.owner(), set.kind(), set.ttl(), rdata.to_vec()));
            }
        }
    }
    said
}

/// A zone in a text of its own, as other servers read it.
fn print(zone: &Zone) -> String {
    // The text may have another origin than the name of its file.
    let mut text = format!("$ORIGIN {}\n", zone.apex());
    for (owner, kind, ttl, rdata) in said(zone) {
        let _ = write!(text, "{owner} {ttl} IN {kind} ");
        zone::presentation(kind, &rdata, &mut text);
        text.push('\n');
    }
    text
}

/// That a text is read or refused with bounded words, and that what was read prints and reads as the same.
/// Whether it was read.
pub fn law(text: &[u8]) -> Result<bool, String> {
    let (parsed, found) = read(text);
    if parsed.is_some() == any_error(&found) {
        return Err("a zone with errors, or none without".to_owned());
    }
    let (errors, warnings) = count(&found);
    let told = found.iter().filter(|d| d.more == 0).count();
    // One more for the word about signed zones, which is told whatever else there is.
    if told > 2 * limits::ZONE_MISTAKES + 1 || told > errors + warnings {
        return Err(format!("{told} mistakes told, of {errors} and {warnings}"));
    }
    for diagnostic in &found {
        let line = diagnostic.line();
        let spots = diagnostic
            .spot
            .iter()
            .chain(diagnostic.also.iter().map(|(spot, _)| spot));
        for spot in spots {
            let fits = spot.span.start <= spot.span.end && spot.span.end <= spot.source.text.len();
            if !fits
                || spot.source.text.len() > limits::EXCERPT
                || spot.source.text.contains(&b'\n')
            {
                return Err(format!("a spot is not cut to its line: {line}"));
            }
        }
        if line.lines().count() != 1 || diagnostic.spot.is_none() {
            return Err(format!("no place, or not one line: {line}"));
        }
    }
    let Some(parsed) = parsed else {
        return Ok(false);
    };
    let printed = print(&parsed);
    let (again, found) = read(printed.as_bytes());
    let Some(again) = again else {
        let lines: Vec<String> = found.iter().map(Diagnostic::line).collect();
        return Err(format!("refused as printed: {lines:?}\n{printed}"));
    };
    if said(&again) == said(&parsed) {
        Ok(true)
    } else {
        Err(format!(
            "not the same as printed:\n{printed}{}",
            print(&again)
        ))
    }
}
