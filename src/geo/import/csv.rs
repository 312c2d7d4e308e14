//! CSV of networks (RFC 4180): a header names the columns, a line says what is known of one network or range.

use std::net::IpAddr;
use std::sync::Arc;

use super::fields::{Field, fields};
use super::libloc::{advice, not_network};
use super::said::Said;
use super::{Import, Line};
use crate::diagnostic::{Diagnostic, Source, Spot};
use crate::limits;
use crate::place::{Country, Point};
use crate::prefix::Prefix;

/// The mark that some programs put before UTF-8.
pub(super) const MARK: &[u8] = b"\xef\xbb\xbf";

/// The names of the columns, in the order of [`Column`].
const NAMES: [&str; 10] = [
    "network",
    "first",
    "last",
    "country",
    "subdivision",
    "city",
    "latitude",
    "longitude",
    "radius",
    "asn",
];

/// What a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Network,
    First,
    Last,
    Country,
    Subdivision,
    City,
    Latitude,
    Longitude,
    Radius,
    System,
}

const COLUMNS: [Column; 10] = [
    Column::Network,
    Column::First,
    Column::Last,
    Column::Country,
    Column::Subdivision,
    Column::City,
    Column::Latitude,
    Column::Longitude,
    Column::Radius,
    Column::System,
];

/// Whether a line is the header of such a file: it names one of our columns.
pub(super) fn is_header(line: &str) -> bool {
    fields(line).is_ok_and(|all| all.iter().any(|field| NAMES.contains(&&*field.text)))
}

/// Reads below a header.
#[derive(Default)]
pub(super) struct Reader {
    header: Header,
}

#[derive(Default)]
enum Header {
    /// Not met yet.
    #[default]
    Missing,
    /// It is wrong, so nothing can be said of the lines.
    Wrong,
    Columns(Vec<Column>),
}

impl Reader {
    pub(super) fn line(&mut self, import: &mut Import, text: u16, line: &Line<'_>) {
        if line.text.is_empty()
            || line.text.starts_with('#')
            || matches!(self.header, Header::Wrong)
        {
            return;
        }
        let fields = match fields(line.text) {
            Ok(fields) => fields,
            Err(at) => {
                let message = "a quote is not closed, or stands within a field";
                let advice =
                    "quote a field as a whole, and write a quote within as two: `\"a \"\"b\"\"\"`";
                import.wrong(line, at..at + 1, message, advice);
                return;
            }
        };
        let Header::Columns(columns) = &self.header else {
            self.header = header(import, line, &fields).map_or(Header::Wrong, Header::Columns);
            return;
        };
        if fields.len() != columns.len() {
            let (has, wants) = (fields.len(), columns.len());
            let message = format!("{has} fields below a header of {wants}");
            let advice = "leave fields empty, but not out; quote those with a comma in them";
            import.wrong(line, line.whole(), message, advice);
            return;
        }
        Row {
            import,
            text,
            line,
            columns,
            fields: &fields,
            wrong: false,
        }
        .read();
    }

    pub(super) fn end(&mut self, import: &mut Import, source: &Arc<Source>) {
        if matches!(self.header, Header::Missing) {
            let spot = Spot::new(source, 0..0).cut_in(1);
            let advice = "write `network,country` and so on in the first line";
            import.push(|| Diagnostic::error(spot, "there is no header", advice));
        }
    }
}

fn header(import: &mut Import, line: &Line<'_>, fields: &[Field<'_>]) -> Option<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::new();
    let mut sound = true;
    for field in fields {
        let place = NAMES.iter().position(|name| *name == field.text);
        let Some(column) = place.and_then(|at| COLUMNS.get(at)) else {
            let message = format!("no column is called `{}`", field.text);
            let advice = format!("take it out, or name it: {}", NAMES.join(", "));
            import.wrong(line, field.part.clone(), message, advice);
            sound = false;
            continue;
        };
        if columns.contains(column) {
            let message = format!("the column `{}` stands twice", field.text);
            import.wrong(line, field.part.clone(), message, "keep one of the two");
            sound = false;
        }
        columns.push(*column);
    }
    let has = |column| columns.contains(&column);
    let (network, first, last) = (has(Column::Network), has(Column::First), has(Column::Last));
    let mut lacks = |wrong: bool, message: &str, advice: &str| {
        if wrong && sound {
            import.wrong(line, line.whole(), message, advice);
            sound = false;
        }
    };
    let message = "the header does not say which column has the network";
    lacks(
        network == (first && last) || first != last,
        message,
        "name `network`, or `first` and `last`",
    );
    let message = "one coordinate without the other";
    lacks(
        has(Column::Latitude) != has(Column::Longitude),
        message,
        "name `latitude` and `longitude`",
    );
    let message = "a radius without coordinates";
    lacks(
        has(Column::Radius) && !has(Column::Latitude),
        message,
        "name `latitude` and `longitude`",
    );
    let message = "a part of a country without the country";
    let part = has(Column::Subdivision) || has(Column::City);
    lacks(part && !has(Column::Country), message, "name `country`");
    sound.then_some(columns)
}

/// A line below the header.
struct Row<'a> {
    import: &'a mut Import,
    text: u16,
    line: &'a Line<'a>,
    columns: &'a [Column],
    fields: &'a [Field<'a>],
    wrong: bool,
}

impl<'a> Row<'a> {
    fn read(mut self) {
        let mut said = Said::of(self.country());
        said.subdivision = self.subdivision(said.country);
        said.city = self.city(said.country);
        said.location = self.location();
        said.radius = self.radius(said.location);
        said.system = self.system();
        let place = self.place();
        match place {
            Some(Place::Network(prefix)) if !self.wrong => {
                self.import.network(self.text, self.line, prefix, said);
            }
            Some(Place::Range(first, last)) if !self.wrong => {
                self.import.range(self.text, self.line, (first, last), said);
            }
            _ => {}
        }
    }

    /// The field of a column, if there is one and it is not empty.
    fn field(&self, column: Column) -> Option<&'a Field<'a>> {
        let at = self.columns.iter().position(|c| *c == column)?;
        self.fields.get(at).filter(|field| !field.text.is_empty())
    }

    fn bad<T>(
        &mut self,
        field: &Field<'_>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Option<T> {
        self.import
            .wrong(self.line, field.part.clone(), message, advice);
        self.wrong = true;
        None
    }

    fn place(&mut self) -> Option<Place> {
        if let Some(field) = self.field(Column::Network) {
            return match field.text.parse::<Prefix>() {
                Ok(prefix) => Some(Place::Network(prefix)),
                Err(error) => self.bad(field, not_network(&field.text, error), advice(error)),
            };
        }
        let ends = [Column::First, Column::Last].map(|column| {
            let field = self.field(column)?;
            let addr = field.text.parse::<IpAddr>().ok();
            addr.or_else(|| {
                let message = format!("`{}` is not an address", field.text);
                self.bad(field, message, "write `192.0.2.0` or `2001:db8::`")
            })
        });
        if let [Some(first), Some(last)] = ends {
            return Some(Place::Range(first, last));
        }
        if !self.wrong {
            let whole = self.line.whole();
            let advice = "say of which network the line is";
            self.import
                .wrong(self.line, whole, "a line without a network", advice);
        }
        None
    }

    fn country(&mut self) -> Option<Country> {
        let field = self.field(Column::Country)?;
        // Codes stand here as databases have them, so none has two readings; `ZZ` is an unknown country by custom.
        if field.text == "ZZ" {
            return None;
        }
        Country::from_code(&field.text).or_else(|| match Country::parse(&field.text) {
            Ok(country) => Some(country),
            Err(error) => self.bad(field, error.to_string(), error.advice()),
        })
    }

    fn subdivision(&mut self, country: Option<Country>) -> Option<String> {
        let field = self.field(Column::Subdivision)?;
        let (before, part) = match field.text.split_once('-') {
            Some((before, part)) => (Some(before), part),
            None => (None, &*field.text),
        };
        let plain = part
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let fits = before.is_none_or(|code| country.is_some_and(|c| c.code() == code));
        if self.field(Column::Country).is_none() || !fits {
            let message = format!("`{}` is not in the country of this line", field.text);
            return self.bad(field, message, "write the country's own code, too");
        }
        if !plain || !(1..=3).contains(&part.len()) {
            let message = format!("`{}` is not an ISO 3166-2 code", field.text);
            return self.bad(field, message, "write `US-CA`, or `CA` beside `US`");
        }
        Some(part.to_owned())
    }

    fn city(&mut self, country: Option<Country>) -> Option<String> {
        let field = self.field(Column::City)?;
        if field.text.len() > limits::CITY_NAME || field.text.contains(char::is_control) {
            let message = format!(
                "a city's name has at most {} octets, all of them text",
                limits::CITY_NAME
            );
            return self.bad(field, message, "write its English name");
        }
        if country.is_none() && !self.wrong {
            return self.bad(
                field,
                "a city without a country",
                "write the country's code, too",
            );
        }
        Some(field.text.clone().into_owned())
    }

    fn location(&mut self) -> Option<Point> {
        let ends = [(Column::Latitude, 90.0), (Column::Longitude, 180.0)].map(|(column, most)| {
            let field = self.field(column)?;
            let degrees: Option<f64> = field.text.parse().ok();
            degrees.filter(|d| d.abs() <= most).or_else(|| {
                let message = format!("`{}` is not a number from -{most} to {most}", field.text);
                self.bad(
                    field,
                    message,
                    "write degrees, north and east positive: `53.55`",
                )
            })
        });
        let [latitude, longitude] = ends;
        if let (Some(latitude), Some(longitude)) = (latitude, longitude) {
            return Point::from_degrees(latitude, longitude);
        }
        let alone = self
            .field(Column::Latitude)
            .xor(self.field(Column::Longitude));
        match alone {
            Some(field) => self.bad(
                field,
                "one coordinate without the other",
                "write both or none",
            ),
            None => None,
        }
    }

    fn radius(&mut self, location: Option<Point>) -> Option<u16> {
        let field = self.field(Column::Radius)?;
        let radius = field.text.parse().ok();
        if radius.is_none() {
            let message = format!("`{}` is not a number of kilometres", field.text);
            return self.bad(field, message, "write a whole number up to 65535");
        }
        if location.is_none() && !self.wrong {
            return self.bad(
                field,
                "a radius without coordinates",
                "write the coordinates, too",
            );
        }
        radius
    }

    fn system(&mut self) -> Option<u32> {
        let field = self.field(Column::System)?;
        let number = field.text.strip_prefix("AS").unwrap_or(&field.text);
        let number = number.parse().ok().filter(|number| *number > 0);
        number.or_else(|| {
            let message = format!("`{}` is not an AS number", field.text);
            self.bad(field, message, "write `64500` or `AS64500`")
        })
    }
}

/// Which addresses a line is of.
enum Place {
    Network(Prefix),
    Range(IpAddr, IpAddr),
}
