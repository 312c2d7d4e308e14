//! A list of corrections: lines of `network,place,latitude,longitude`.

use std::ops::Range;
use std::sync::Arc;

use crate::config::document::{At, Word};
use crate::config::findings::Findings;
use crate::config::steering::networks::{Places, Written, Wrong, network};
use crate::diagnostic::{Diagnostic, Source};
use crate::limits;
use crate::place::Point;

/// The columns; a first line that says so is passed over.
const COLUMNS: [&str; 4] = ["network", "place", "latitude", "longitude"];

/// A field without its quotes and blanks, and where it stands in the line.
struct Field {
    text: String,
    span: Range<usize>,
}

/// What is wrong, and where in the line.
type Mistake = (Range<usize>, Wrong);

/// Puts the list's corrections to the others, until there are too many. `word` names the list.
pub(super) fn read<'a>(
    source: &'a Arc<Source>,
    word: Word<'_>,
    places: &mut Places,
    all: &mut Vec<Written<'a>>,
    findings: &mut Findings,
) {
    let (mut start, mut number, mut wrong) = (0, 0_u32, 0_usize);
    let mut head = true;
    let before = all.len();
    for line in source.text.split_inclusive(|byte| *byte == b'\n') {
        number = number.saturating_add(1);
        let from = start;
        start += line.len();
        let at = |span: Range<usize>| At::new(source, from + span.start..from + span.end);
        // Programs that write for others begin with a byte order mark.
        let mark: &[u8] = if from == 0 { b"\xef\xbb\xbf" } else { b"" };
        match one(line, mark, std::mem::take(&mut head), places) {
            Ok(Some((network, place, location, span))) => all.push(Written {
                network,
                place,
                location,
                at: at(span),
                line: number,
            }),
            // Comments before the first line are no line.
            Ok(None) => head = all.len() == before && wrong == 0 && blank(line),
            Err((span, (message, advice))) => {
                wrong += 1;
                if wrong <= limits::NETWORKS_TOLD {
                    let spot = at(span).spot().cut_in(number as usize);
                    findings.push(Diagnostic::error(spot, message, advice));
                }
            }
        }
        if all.len() > limits::NETWORKS {
            return;
        }
    }
    if let Some(more) = wrong.checked_sub(limits::NETWORKS_TOLD).filter(|n| *n > 0) {
        let message = format!("{more} more lines of `{}` are wrong", source.path);
        findings.error(word.at, message, "mend those first that are shown");
    }
}

type Taken = (
    crate::prefix::Prefix,
    Option<Arc<crate::place::Place>>,
    Option<Point>,
    Range<usize>,
);

fn blank(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    text.is_empty() || text.starts_with(b"#")
}

/// The correction of a line, if it is not empty, a comment or the names of the columns, which only the first may be.
fn one(
    line: &[u8],
    mark: &[u8],
    first: bool,
    places: &mut Places,
) -> Result<Option<Taken>, Mistake> {
    let skip = if line.starts_with(mark) {
        mark.len()
    } else {
        0
    };
    let rest = line.get(skip..).unwrap_or_default();
    let Ok(text) = std::str::from_utf8(rest) else {
        let words = ("the line is not UTF-8", "save the list as UTF-8");
        return Err(told(skip..line.len(), words.0, words.1));
    };
    let text = text.trim_end_matches(['\n', '\r']);
    if blank(text.as_bytes()) {
        return Ok(None);
    }
    let fields = fields(text, skip)?;
    let empty = || Field {
        text: String::new(),
        span: skip + text.len()..skip + text.len(),
    };
    let many = fields.len();
    let mut fields = fields.into_iter();
    let [net, place, north, east] = std::array::from_fn(|_| fields.next().unwrap_or_else(empty));
    if first && net.text.eq_ignore_ascii_case(COLUMNS[0]) {
        let names = [&net, &place, &north, &east].map(|field| field.text.to_ascii_lowercase());
        let known = names.iter().zip(COLUMNS);
        let right = known.take(many).all(|(name, column)| name == column);
        return if right && many <= COLUMNS.len() {
            Ok(None)
        } else {
            let message = "the columns are `network`, `place`, `latitude`, `longitude`";
            Err(told(net.span, message, "write them in this order"))
        };
    }
    if let Some(beyond) = fields.next() {
        let message = format!("a line has at most {} fields", COLUMNS.len());
        let advice = "they are `network,place,latitude,longitude`";
        return Err(told(beyond.span, &message, advice));
    }
    let network = network(&net.text).map_err(|words| (net.span.clone(), words))?;
    let location = location(&north, &east)?;
    let place = match place.text.as_str() {
        "" => None,
        word => Some(places.get(word).map_err(|words| (place.span, words))?),
    };
    if place.is_none() && location.is_none() {
        let message = format!("the correction of `{network}` says nothing");
        let advice = "write a place, a latitude and a longitude, or all of them";
        return Err(told(net.span, &message, advice));
    }
    Ok(Some((network, place, location, net.span)))
}

fn told(span: Range<usize>, message: &str, advice: &str) -> Mistake {
    (span, (message.to_owned(), advice.to_owned()))
}

/// The fields between commas. One in quotes may hold commas, and a quote as two.
fn fields(text: &str, skip: usize) -> Result<Vec<Field>, Mistake> {
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let begin = at + rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        let (raw, field) = match rest.strip_prefix('"') {
            Some(inner) => {
                let Some(close) = closing(inner) else {
                    let span = skip + begin..skip + text.len();
                    return Err(told(span, "a quote is not closed", "close it on its line"));
                };
                let raw = inner.get(..close).unwrap_or_default();
                (close + 2, raw.replace("\"\"", "\""))
            }
            None => {
                let raw = rest.split(',').next().unwrap_or_default();
                (raw.trim_end().len(), raw.trim().to_owned())
            }
        };
        fields.push(Field {
            text: field,
            span: skip + begin..skip + begin + raw,
        });
        let behind = rest.get(raw..).unwrap_or_default();
        let gap = behind.len() - behind.trim_start().len();
        match behind.trim_start().chars().next() {
            None => return Ok(fields),
            Some(',') => at = begin + raw + gap + 1,
            Some(_) => {
                let span = skip + begin..skip + begin + raw;
                let advice = "quotes stand around the whole field";
                return Err(told(span, "something stands behind a quoted field", advice));
            }
        }
        if fields.len() > COLUMNS.len() {
            return Ok(fields);
        }
    }
}

/// Where a quote ends that is not doubled.
fn closing(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text.get(at..)?.find('"')?;
        if text.get(at + 1..)?.starts_with('"') {
            at += 2;
        } else {
            return Some(at);
        }
    }
}

fn location(north: &Field, east: &Field) -> Result<Option<Point>, Mistake> {
    let number = |field: &Field, what: &str| -> Result<f64, Mistake> {
        let found = field.text.parse().ok().filter(|n: &f64| n.is_finite());
        found.ok_or_else(|| match field.text.as_str() {
            "" => told(
                field.span.clone(),
                &format!("the {what} is missing"),
                "write both latitude and longitude, or none",
            ),
            text => told(
                field.span.clone(),
                &format!("`{text}` is no {what}"),
                "write degrees as in `50.11`",
            ),
        })
    };
    if north.text.is_empty() && east.text.is_empty() {
        return Ok(None);
    }
    let (latitude, longitude) = (number(north, "latitude")?, number(east, "longitude")?);
    if latitude.abs() > 90.0 {
        let message = format!("latitude {} is beyond 90", north.text);
        let advice = "the order is latitude, longitude";
        return Err(told(north.span.clone(), &message, advice));
    }
    let point = Point::from_degrees(latitude, longitude);
    point.map(Some).ok_or_else(|| {
        let message = format!("longitude {} is beyond 180", east.text);
        let advice = "degrees from -180 to 180, east positive";
        told(east.span.clone(), &message, advice)
    })
}
