//! A list of corrections: lines of `network,place,latitude,longitude`.

use std::sync::Arc;

use crate::config::document::Word;
use crate::config::findings::Findings;
use crate::config::steering::lines::{Field, Line, Mistake, Room, each, told};
use crate::config::steering::networks::{Places, Written, network};
use crate::diagnostic::Source;
use crate::limits;
use crate::place::Point;

/// The columns.
const COLUMNS: [&str; 4] = ["network", "place", "latitude", "longitude"];

/// Puts the list's corrections to the others, until there are too many. `word` names the list.
pub(super) fn read<'a>(
    source: &'a Arc<Source>,
    word: Word<'_>,
    places: &mut Places,
    all: &mut Vec<Written<'a>>,
    findings: &mut Findings,
) {
    each(source, &COLUMNS, word, findings, |fields, line, _| {
        all.push(one(fields, line, places)?);
        Ok(if all.len() > limits::NETWORKS {
            Room::Full
        } else {
            Room::More
        })
    });
}

/// The correction of a line.
fn one<'a>(
    [net, place, north, east]: [Field; 4],
    line: &Line<'a>,
    places: &mut Places,
) -> Result<Written<'a>, Mistake> {
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
    Ok(Written {
        network,
        place,
        location,
        at: line.at(&net.span),
        line: line.number,
    })
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
