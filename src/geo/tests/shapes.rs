//! Records as each maker of databases writes them.

use super::mmdb::{Mmdb, Value, map, text};
use crate::geo::atlas::{Atlas, Facts};
use crate::place::{Continent, Country, Point};

/// What is read of a record.
fn facts(value: Value) -> Facts {
    let mut base = Mmdb::new("shape");
    base.add("193.0.0.0/8", value);
    let file = base.bytes();
    let atlas = Atlas::read(&[("a.mmdb", &file)]).unwrap_or_else(|e| panic!("{e:?}"));
    atlas.find("193.0.6.9".parse().unwrap()).0.clone()
}

fn coded(code: &str) -> Value {
    map([
        ("geoname_id", Value::Unsigned(1)),
        ("iso_code", text(code)),
        ("names", map([("de", text("Name")), ("en", text("Name"))])),
    ])
}

fn named(name: &str) -> Value {
    map([("names", map([("de", text("anders")), ("en", text(name))]))])
}

fn place(north: f64, east: f64, radius: Option<u16>) -> Value {
    let mut entries = vec![
        ("latitude".to_owned(), Value::Double(north)),
        ("longitude".to_owned(), Value::Double(east)),
        ("time_zone".to_owned(), text("Europe/London")),
    ];
    entries.extend(radius.map(|km| ("accuracy_radius".to_owned(), Value::Small(km))));
    Value::Map(entries)
}

fn london() -> Facts {
    Facts {
        continent: Some(Continent::Europe),
        country: Country::from_code("GB"),
        subdivisions: vec!["ENG".into()],
        city: Some("London".into()),
        location: Some(Point {
            latitude: 51_514_200,
            longitude: -93_100,
        }),
        radius: Some(10),
        system: None,
    }
}

fn continent() -> Value {
    map([
        ("code", text("EU")),
        ("names", map([("en", text("Europe"))])),
    ])
}

/// GeoIP2-City and GeoLite2-City; Enterprise has the AS number in its traits, and all are sure of their parts to some degree.
#[test]
fn maxmind_city_and_enterprise() {
    let city = |traits: Value| {
        map([
            ("city", named("London")),
            ("continent", continent()),
            ("country", coded("GB")),
            ("location", place(51.5142, -0.0931, Some(10))),
            ("postal", map([("code", text("OX1"))])),
            ("registered_country", coded("FR")),
            ("represented_country", coded("US")),
            ("subdivisions", Value::List(vec![coded("ENG")])),
            ("traits", traits),
        ])
    };
    let anycast = map([("is_anycast", Value::Bool(true))]);
    assert_eq!(facts(city(anycast)), london());
    let traits = map([
        ("autonomous_system_number", Value::Unsigned(64500)),
        ("isp", text("Example")),
        ("static_ip_score", Value::Double(0.5)),
    ]);
    let enterprise = Facts {
        system: Some(64500),
        ..london()
    };
    assert_eq!(facts(city(traits)), enterprise);
}

#[test]
fn maxmind_country_asn_and_isp() {
    let country = map([
        ("continent", continent()),
        ("country", coded("GB")),
        ("registered_country", coded("FR")),
    ]);
    let only = Facts {
        continent: Some(Continent::Europe),
        country: Country::from_code("GB"),
        ..Facts::default()
    };
    assert_eq!(facts(country), only);
    // Nothing but where it is registered; the continent is that country's.
    assert_eq!(facts(map([("registered_country", coded("GB"))])), only);
    let isp = map([
        ("autonomous_system_number", Value::Unsigned(64500)),
        ("autonomous_system_organization", text("Example")),
        ("isp", text("Example")),
        ("mobile_country_code", text("310")),
    ]);
    let system = Facts {
        system: Some(64500),
        ..Facts::default()
    };
    assert_eq!(facts(isp), system);
}

/// DB-IP Lite: as MaxMind's, but subdivisions have names alone, coordinates are short, and there is no radius.
#[test]
fn dbip_lite() {
    let location = map([
        ("latitude", Value::Float(51.5142)),
        ("longitude", Value::Float(-0.0931)),
    ]);
    let record = map([
        ("city", named("London")),
        ("continent", continent()),
        ("country", coded("GB")),
        ("location", location),
        ("subdivisions", Value::List(vec![named("England")])),
    ]);
    let read = facts(record);
    let at = read.location.unwrap();
    assert!(at.latitude.abs_diff(51_514_200) < 50 && at.longitude.abs_diff(-93_100) < 50);
    let known = Facts {
        subdivisions: Vec::new(),
        location: read.location,
        radius: None,
        ..london()
    };
    assert_eq!(read, known);
}

/// IPinfo Lite is flat, `country` and `continent` are English names; in the free files before it they were codes.
#[test]
fn ipinfo() {
    let lite = map([
        ("as_domain", text("example.com")),
        ("as_name", text("Example")),
        ("asn", text("AS64500")),
        ("continent", text("Europe")),
        ("continent_code", text("EU")),
        ("country", text("United Kingdom")),
        ("country_code", text("GB")),
    ]);
    let older = map([
        ("as_name", text("Example")),
        ("asn", text("AS64500")),
        ("continent", text("EU")),
        ("continent_name", text("Europe")),
        ("country", text("GB")),
        ("country_name", text("United Kingdom")),
    ]);
    let known = Facts {
        continent: Some(Continent::Europe),
        country: Country::from_code("GB"),
        system: Some(64500),
        ..Facts::default()
    };
    assert_eq!(facts(lite), known);
    assert_eq!(facts(older), known);
    for odd in ["64500", "AS", "ASx", "AS99999999999", "AS0"] {
        let mut file = Mmdb::new("odd");
        file.add(
            "193.0.0.0/8",
            map([("asn", text(odd)), ("country", text("GB"))]),
        );
        let file = file.bytes();
        let atlas = Atlas::read(&[("a.mmdb", &file)]).unwrap();
        let facts = atlas.find("193.0.6.9".parse().unwrap()).0;
        assert_eq!(
            (facts.system, facts.country),
            (None, Country::from_code("GB")),
            "{odd}"
        );
    }
}
