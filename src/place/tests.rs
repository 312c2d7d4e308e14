//! The forms of places, and what is said of those that are none.
#![allow(clippy::unwrap_used, reason = "tests may")]

use super::*;

fn country(code: &str) -> Country {
    Country::from_code(code).unwrap()
}

#[test]
fn every_form_reads_and_prints() {
    let city = |code: &str, name: &str| Place::City(code.into(), name.into());
    let table = [
        (
            "203.0.113.0/24",
            Place::Network("203.0.113.0/24".parse().unwrap()),
        ),
        (
            "2001:db8::/32",
            Place::Network("2001:db8::/32".parse().unwrap()),
        ),
        ("::/0", Place::Network("::/0".parse().unwrap())),
        ("AS64500", Place::System(64500)),
        ("AS4294967295", Place::System(u32::MAX)),
        ("DE/Hamburg", city("DE", "Hamburg")),
        ("US-CA/San Jose", city("US-CA", "San Jose")),
        ("NAM/Windhoek", city("NA", "Windhoek")),
        ("NA-KH/Windhoek", city("NA-KH", "Windhoek")),
        ("CH/Biel/Bienne", city("CH", "Biel/Bienne")),
        ("US-CA", Place::Subdivision(Subdivision("US-CA".into()))),
        ("GB-SCT", Place::Subdivision(Subdivision("GB-SCT".into()))),
        ("AF-KAB", Place::Subdivision(Subdivision("AF-KAB".into()))),
        ("DE", Place::Country(country("DE"))),
        ("XK", Place::Country(country("XK"))),
        ("AFG", Place::Country(country("AF"))),
        ("ASM", Place::Country(country("AS"))),
        ("NAM", Place::Country(country("NA"))),
        ("SAU", Place::Country(country("SA"))),
        ("north-america", Place::Continent(Continent::NorthAmerica)),
        ("unknown", Place::Unknown),
    ];
    for (text, place) in table {
        assert_eq!(Place::parse(text), Ok(place.clone()), "{text}");
        assert_eq!(place.to_string(), text);
    }
}

#[test]
fn every_country_and_continent_reads_as_it_prints() {
    for entry in &country::COUNTRIES {
        let country = Country(entry.code);
        let text = country.to_string();
        assert_eq!(Place::parse(&text), Ok(Place::Country(country)), "{text}");
        assert_eq!(Country::from_code(country.code()), Some(country));
        let middle = country.centroid();
        assert!(middle.latitude.abs() <= 90_000_000 && middle.longitude.abs() <= 180_000_000);
        assert!(!country.name().is_empty());
    }
    for continent in Continent::ALL {
        assert_eq!(
            Place::parse(continent.word()),
            Ok(Place::Continent(continent))
        );
        let code = continent.code().as_bytes().try_into().unwrap();
        assert_eq!(Continent::from_code(code), Some(continent));
    }
}

#[test]
fn countries_know_their_continent_and_middle() {
    let table = [
        ("DE", Continent::Europe, (51_050_000, 10_360_000)),
        ("US", Continent::NorthAmerica, (39_880_000, -98_820_000)),
        ("NA", Continent::Africa, (-22_070_000, 17_200_000)),
        ("TR", Continent::Asia, (39_140_000, 35_170_000)),
        ("FR", Continent::Europe, (46_510_000, 2_570_000)),
        ("AQ", Continent::Antarctica, (-84_680_000, 83_080_000)),
    ];
    for (code, continent, (latitude, longitude)) in table {
        assert_eq!(country(code).continent(), continent, "{code}");
        let middle = country(code).centroid();
        assert_eq!(
            (middle.latitude, middle.longitude),
            (latitude, longitude),
            "{code}"
        );
    }
    assert_eq!(country("DE").name(), "Germany");
}

fn assert_mistakes(table: &str) {
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let [text, message, advice] = line.split(" | ").collect::<Vec<_>>().try_into().unwrap();
        let error = Place::parse(text.trim()).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.advice().as_str()),
            (message, advice)
        );
    }
}

#[test]
fn codes_that_are_no_countries_come_with_advice() {
    assert_mistakes(
        "
        EU | `EU` is not a place | the continent is `europe`; for the Union write a region
        OC | `OC` is not a place | the continent is `oceania`
        NA | `NA` is North America or Namibia | write `north-america` or `NAM`
        AF | `AF` is Africa or Afghanistan | write `africa` or `AFG`
        SA | `SA` is South America or Saudi Arabia | write `south-america` or `SAU`
        AS | `AS` is Asia, American Samoa or an autonomous system | write `asia`, `ASM` or `AS` with a number
        NA/Windhoek | `NA` is North America or Namibia | write `north-america` or `NAM`
        UK | no country has the code `UK` | did you mean `GB`?
        UK-SCT | no country has the code `UK` | did you mean `GB`?
        DEU | Germany is written in two letters | write `DE`
        Germany/Bonn | no country has the code `Germany` | did you mean `DE`?
        QX | no country has the code `QX` | countries are the two capital letters of ISO 3166-1, like `DE`
        ",
    );
}

#[test]
fn broken_forms_come_with_advice() {
    assert_mistakes(
        r#"
        203.0.113.7/24 | bits are set beyond /24 | write `"203.0.113.0/24"`
        2001:db8::1/64 | bits are set beyond /64 | write `"2001:db8::/64"`
        203.0.113.7 | `203.0.113.7` has no length | write `"203.0.113.7/32"` for the one address
        203.0.113.0/33 | the length of `203.0.113.0/33` is beyond 32 | write an address, a slash and the length, like `"203.0.113.0/24"`
        10/8 | `10/8` is not a network | write an address, a slash and the length, like `"203.0.113.0/24"`
        DE/ | `DE/` is not a country and the name of a city | write it like `"DE/Hamburg"`
        AS4294967296 | `AS4294967296` is not an autonomous system | write `AS` and a number from 1 to 4294967295
        AS0 | `AS0` is not an autonomous system | write `AS` and a number from 1 to 4294967295
        US-cal | `US-cal` is not an ISO 3166-2 code | write the country, a hyphen and the part, in capital letters, like `US-CA`
        NAM-KH | `NAM-KH` is not an ISO 3166-2 code | write the country, a hyphen and the part, in capital letters, like `US-CA`
        "#,
    );
}

#[test]
fn what_looks_like_no_place_may_be_a_region() {
    for text in [
        "eu",
        "my-region",
        "de",
        "10",
        "1-2",
        "",
        "Europe",
        "x",
        "as64500",
        "US_CA",
    ] {
        assert_eq!(Place::parse(text), Err(PlaceError::NotAPlace), "{text}");
    }
}

#[test]
fn suggestions() {
    let table = [
        ("north-amerika", Some("north-america")),
        ("Europe", Some("europe")),
        ("South America", Some("south-america")),
        ("de", Some("DE")),
        ("na", Some("north-america")),
        ("usa", Some("US")),
        ("germany", Some("DE")),
        ("Namibia", Some("NAM")),
        ("germnay", Some("DE")),
        ("as64500", Some("AS64500")),
        ("us-ca", Some("US-CA")),
        ("my-region", None),
        ("", None),
    ];
    for (text, meant) in table {
        assert_eq!(suggest(text).as_deref(), meant, "{text}");
    }
    assert_eq!(suggest(&"x".repeat(100_000)), None);
}

#[test]
fn points_are_on_the_globe() {
    let point = Point {
        latitude: 50_110_000,
        longitude: -8_680_000,
    };
    assert_eq!(Point::from_degrees(50.11, -8.68), Some(point));
    for (latitude, longitude) in [
        (90.1, 0.0),
        (0.0, -180.1),
        (f64::NAN, 0.0),
        (0.0, f64::INFINITY),
    ] {
        assert_eq!(Point::from_degrees(latitude, longitude), None);
    }
}
