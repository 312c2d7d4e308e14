//! `$INCLUDE` and `$GENERATE`: what they mean, and what of them goes wrong.

use std::sync::Arc;

use super::reading::{Files, WHOLE, plain, say};
use super::{HEAD, name};
use crate::diagnostic::{Refusal, Source};
use crate::wire::kind::Kind;
use crate::zone::{Shown, Sought, Texts, locate};

/// The records of files that nothing is wrong with.
fn good(files: Files<'_>) -> Vec<String> {
    let said = say(files, WHOLE);
    assert_eq!(said.lines(), [""; 0]);
    plain(&said).into_iter().map(str::to_owned).collect()
}

/// What is wrong with files, with the places that belong to it.
fn wrong(files: Files<'_>) -> Vec<String> {
    let said = say(files, WHOLE);
    let line = |d: &crate::diagnostic::Diagnostic| {
        let also = d
            .also
            .iter()
            .map(|(spot, words)| format!(" [{} {words}]", spot.place()));
        d.line() + &also.collect::<String>()
    };
    said.found.iter().map(line).collect()
}

/// The owners and data of a line, made.
fn made(line: &str) -> Vec<String> {
    good(&[("z.zone", &format!("$TTL 1\n{line}\n"))])
}

#[test]
fn an_include_ends_where_it_ends() {
    let file = "$TTL 5\n$ORIGIN a\nx A 192.0.2.1\n$INCLUDE inc b\n A 192.0.2.2\ny A 192.0.2.3\n";
    let inc = "z A 192.0.2.4\n$ORIGIN c\n$TTL 9\nz 8 A 192.0.2.5\n A 192.0.2.6";
    assert_eq!(
        good(&[("z.zone", file), ("inc", inc)]),
        [
            "x.a.example.com. 5 A c0000201",
            "z.b.a.example.com. 5 A c0000204",
            "z.c.b.a.example.com. 8 A c0000205",
            "z.c.b.a.example.com. 9 A c0000206",
            "x.a.example.com. 5 A c0000202",
            "y.a.example.com. 5 A c0000203",
        ]
    );
    // The last TTL, too: 7 and not 8.
    let file = "x 7 A 192.0.2.1\n$include \"inc\"\ny A 192.0.2.2\n";
    let inc = "z A 192.0.2.3\nz 8 A 192.0.2.4";
    assert_eq!(
        good(&[("z.zone", file), ("inc", inc)])[1..],
        [
            "z.example.com. 7 A c0000203",
            "z.example.com. 8 A c0000204",
            "y.example.com. 7 A c0000202",
        ]
    );
    // The SOA may come from elsewhere, and its minimum counts as if it stood here.
    let file = "$INCLUDE soa\n$INCLUDE soa2\nx A 192.0.2.1\n";
    let files = [
        ("z.zone", file),
        ("soa", "$TTL 3\n@ SOA a b 1 2 3 4 5\n"),
        ("soa2", ""),
    ];
    let said = say(&files, WHOLE);
    assert_eq!(plain(&said)[1], "x.example.com. 5 A c0000201");
    assert_eq!(said.included, ["soa", "soa2"]);
}

#[test]
fn under_the_root_a_name_repeats_nothing() {
    let said = good(&[("z.zone", "$TTL 1\n$ORIGIN .\nexample.com A 192.0.2.1\n")]);
    assert_eq!(said, ["example.com. 1 A c0000201"]);
}

#[test]
fn an_origin_is_stated_before_the_soa() {
    let soa = "@ SOA a b 1 2 3 4 5\n";
    let stated = |file: &str| say(&[("z.zone", file), ("soa", soa)], WHOLE).origin_stated;
    assert!(stated("$TTL 1\n$ORIGIN a.\n$INCLUDE soa\n"));
    assert!(stated("$TTL 1\n$INCLUDE soa a.\n"));
    assert!(!stated("$TTL 1\n$INCLUDE soa\n$ORIGIN a.\n"));
    assert!(!stated("$TTL 1\n$INCLUDE soa\n$INCLUDE soa a.\n"));
}

#[test]
fn mistakes_in_includes_show_the_way_to_them() {
    assert_eq!(
        wrong(&[
            ("z.zone", "$TTL 1\n$INCLUDE one\n"),
            ("one", "\n\n$INCLUDE two\n"),
            ("two", "x A\n")
        ]),
        [
            "two:1:3: error: the line ends where an IPv4 address was expected; write an IPv4 address behind this [one:3:1 included here] [z.zone:2:1 included here]"
        ]
    );
    assert_eq!(
        wrong(&[("z.zone", "$INCLUDE one\n"), ("one", "$INCLUDE z.zone\n")]),
        [
            "one:1:10: error: `z.zone` is being read already: it would include itself; take this line out [z.zone:1:1 included here]"
        ]
    );
    assert_eq!(
        wrong(&[
            ("z.zone", "$TTL 1\n$INCLUDE one\n$INCLUDE one\n"),
            ("one", " A 192.0.2.1\n")
        ]),
        [
            "one:1:2: error: the first record begins with a blank and so has no owner; write its owner at the start of the line [z.zone:2:1 included here]",
            "one:1:2: error: the first record begins with a blank and so has no owner; write its owner at the start of the line [z.zone:3:1 included here]",
        ]
    );
    for (line, words) in [
        (
            "$INCLUDE",
            "1:1: error: the line ends where the path of a file was expected; write the path of a file behind this",
        ),
        (
            "$INCLUDE \"\"",
            "1:10: error: `\"\"` is not the path of a file; write it as seen from the folder of this file, as in `$INCLUDE hosts.inc`",
        ),
        (
            "$INCLUDE a\\000b",
            "1:10: error: `a\\000b` is not the path of a file; write it as seen from the folder of this file, as in `$INCLUDE hosts.inc`",
        ),
        (
            "$INCLUDE none",
            "1:10: error: there is no file `none`; write the path of a file",
        ),
        (
            "$INCLUDE none ..",
            "1:15: error: `..` is no name: a label is empty; write one dot between labels",
        ),
        (
            "$INCLUDE none a b",
            "1:17: error: `b` stands behind the end of the record; take it out; a comment begins with `;`",
        ),
    ] {
        assert_eq!(wrong(&[("z.zone", line)]), [format!("z.zone:{words}")]);
    }
}

#[test]
fn a_path_is_decoded_and_seen_from_its_file() {
    let asked = std::cell::RefCell::new(Vec::new());
    let texts = Texts {
        include: &|written, from| {
            asked.borrow_mut().push(format!("{from} {written}"));
            match written {
                "a b" => Ok(Source::new("deep/a b", "$INCLUDE c\n$INCLUDE c\n")),
                _ => Err(Refusal {
                    message: "no".to_owned(),
                    advice: String::new(),
                }),
            }
        },
        ..Texts::alone()
    };
    let file = Source::new("z.zone", "$INCLUDE \"a b\"\n$INCLUDE a\\032b\n");
    let sought = Sought {
        owner: &name("a."),
        kind: Kind::A,
        rdata: None,
        shown: Shown::Record,
    };
    assert_eq!(locate(&file, &name("a."), &texts, sought), None);
    assert_eq!(
        asked.into_inner(),
        ["z.zone a b", "deep/a b c"],
        "each is asked once"
    );
}

#[test]
fn records_are_found_again() {
    let inc: Arc<Source> = Source::new("inc", "$ORIGIN x\ny  A 192.0.2.1\n  AAAA ::1 ; here\n");
    let texts = Texts {
        include: &|_, _| Ok(inc.clone()),
        ..Texts::alone()
    };
    let file = Source::new(
        "z.zone",
        format!("{HEAD}$INCLUDE inc\n$GENERATE 1-9 h$ A 192.0.2.$\n"),
    );
    let find = |owner: &str, kind| {
        let sought = Sought {
            owner: &name(owner),
            kind,
            rdata: None,
            shown: Shown::Record,
        };
        let spot = locate(&file, &name("example.com."), &texts, sought)?;
        let text = spot.source.text[spot.span.clone()].to_vec();
        assert!(spot.source.text.len() < 40);
        Some(format!(
            "{} {}",
            spot.place(),
            String::from_utf8(text).unwrap()
        ))
    };
    let is = |text: &str| Some(text.to_owned());
    assert_eq!(find("Y.x.example.com.", Kind::AAAA), is("inc:3:3 AAAA ::1"));
    assert_eq!(
        find("y.x.example.com.", Kind::A),
        is("inc:2:1 y  A 192.0.2.1")
    );
    assert_eq!(
        find("example.com.", Kind::SOA),
        is("z.zone:2:1 @ SOA ns1 hostmaster 1 2 3 4 5")
    );
    assert_eq!(
        find("h7.example.com.", Kind::A),
        is("z.zone:6:1 $GENERATE 1-9 h$ A 192.0.2.$")
    );
    assert_eq!(find("h0.example.com.", Kind::A), None);
}

#[test]
fn generate_makes_what_bind_makes() {
    assert_eq!(
        made("$GENERATE 1-2 0 NS SERVER$.EXAMPLE."),
        [
            "0.example.com. 1 NS 0753455256455231074558414d504c4500",
            "0.example.com. 1 NS 0753455256455232074558414d504c4500",
        ]
    );
    let owners = |pattern: &str| {
        let made = made(&format!("$GENERATE {pattern} A 192.0.2.1"));
        let cut = |line: &String| line.split(".example.com.").next().unwrap().to_owned();
        made.iter().map(cut).collect::<Vec<_>>().join(" ")
    };
    let table = [
        ("0-6/2 h$", "h0 h2 h4 h6"),
        ("1-6/2 h$", "h1 h3 h5"),
        ("9-9 h$-$", "h9-9"),
        ("8-11 h${0,3}", "h008 h009 h010 h011"),
        ("8-9 h${-8}", "h0 h1"),
        ("8-9 h${+1,2,d}", "h09 h10"),
        ("1-2 h${-3,3,d}x", "h-02x h-01x"),
        ("8-9 h${0,0,o}", "h10 h11"),
        ("170-171 h${0,4,x}", "h00aa h00ab"),
        ("170-171 h${0,0,X}", "hAA hAB"),
        ("171-171 ${0,0,n}", "b.a"),
        ("171-171 ${0,0,N}", "B.A"),
        ("171-171 ${0,7,n}", "b.a.0.0"),
        ("171-171 ${0,8,n}x", "b.a.0.0.x"),
        ("1-1 a$$b", "a\\$b"),
        ("1-1 a\\$b$", "a\\$b1"),
        ("1-1 $$GENERATE", "\\$GENERATE"),
        ("2147483647-2147483647 h$", "h2147483647"),
    ];
    for (pattern, expected) in table {
        assert_eq!(owners(pattern), expected, "{pattern}");
    }
}

#[test]
fn generate_takes_every_type_and_ttl() {
    assert_eq!(
        made("$GENERATE 1-1 a 1h IN MX 1$ m${0,2,d}"),
        ["a.example.com. 3600 MX 000b036d3031076578616d706c6503636f6d00"]
    );
    assert_eq!(
        made("$GENERATE 1-1 a IN 7 AAAA 2001:db8::${0,0,x}")[0]
            .split(' ')
            .nth(1),
        Some("7")
    );
    assert_eq!(
        made("$GENERATE 1-1 a TXT \"b \\\"c $\\\" \\$\" ; end"),
        ["a.example.com. 1 TXT 016203632031 0124"
            .replace(' ', "")
            .replacen("a.example.com.1TXT", "a.example.com. 1 TXT ", 1)]
    );
    assert_eq!(
        made("$GENERATE 1-1 a TXT x \"b $\""),
        ["a.example.com. 1 TXT 01780362 2031".replace("62 20", "6220")]
    );
    assert_eq!(
        made("$GENERATE 7-7 a TYPE65280 \\# 1 0$"),
        ["a.example.com. 1 TYPE65280 07"]
    );
    assert_eq!(
        made("$GENERATE 1-1 a MX \"10 m$\""),
        made("$GENERATE 1-1 a MX 10 m$")
    );
    // The owner before it goes on behind it.
    let all = made("x A 192.0.2.1\n$GENERATE 1-2 h$ A 192.0.2.$\n A 192.0.2.9");
    assert_eq!(all.last().unwrap(), "x.example.com. 1 A c0000209");
}

#[test]
fn generate_goes_wrong() {
    let said = |line: &str| {
        let found = wrong(&[("z.zone", &format!("$TTL 1\n{line}"))]);
        found.join(" | ").replace("z.zone:", "")
    };
    let form = "write `${offset,width,base}`, as in `${0,3,d}`; the base is one of d o x X n N";
    let table = [
        ("$GENERATE", "2:1: error: the line ends where a range like `1-254` or `0-62/2` was expected; write a range like `1-254` or `0-62/2` behind this".to_owned()),
        ("$GENERATE 1 a A 1", "2:11: error: `1` is not a range; write `start-stop` or `start-stop/step`, numbers up to 2147483647".to_owned()),
        ("$GENERATE 0-4294967295 a A 1", "2:11: error: `0-4294967295` is not a range; write `start-stop` or `start-stop/step`, numbers up to 2147483647".to_owned()),
        ("$GENERATE 1-+2 a A 1", "2:11: error: `1-+2` is not a range; write `start-stop` or `start-stop/step`, numbers up to 2147483647".to_owned()),
        ("$GENERATE 2-1 a A 1", "2:11: error: `2-1` ends before it begins; write the smaller number first".to_owned()),
        ("$GENERATE 1-2/0 a A 1", "2:11: error: `1-2/0` has a step of 0; write a step of 1 or more".to_owned()),
        ("$GENERATE 1-2", "2:1: error: the line ends where an owner was expected; write $GENERATE RANGE OWNER TYPE DATA, as in `$GENERATE 1-9 h$ A 192.0.2.$`".to_owned()),
        ("$GENERATE 1-2 a${x} A 1", format!("2:16: error: `${{x}}` is no way to write a number; {form}")),
        ("$GENERATE 1-2 a${0,1,z} A 1", format!("2:16: error: `${{0,1,z}}` is no way to write a number; {form}")),
        ("$GENERATE 1-2 a${0 A 1", format!("2:16: error: `${{0` is no way to write a number; {form}")),
        ("$GENERATE 1-2 a${0,256} A 1", format!("2:16: error: `${{0,256}}` is wider than 255 characters; {form}")),
        ("$GENERATE 1-2 a${2147483647} A 1", format!("2:16: error: `${{2147483647}}` becomes larger than 2147483647; {form}")),
        ("$GENERATE 1-2 a A ${-2,0,x}", format!("2:19: error: `${{-2,0,x}}` becomes negative, which this base cannot write; {form}")),
        ("$GENERATE 0-2147483647 a A 1", "2:1: error: $GENERATE makes too many records; all of them together make at most 1048576 records, and 268435456 octets of text".to_owned()),
        ("$GENERATE 255-300 h$ A 192.0.2.$", "2:24: error: `192.0.2.256` is not an IPv4 address; write it as in `192.0.2.1`; an IPv6 address is of type AAAA [made by z.zone:2:1:8 made for 256]".replace("z.zone:", "")),
        ("$GENERATE 1-9 $", "2:15: error: the line ends where a type was expected; write OWNER TYPE DATA, as in `www A 192.0.2.1` [made by z.zone:2:1:1 made for 1]".replace("z.zone:", "")),
        ("$GENERATE 1-9 \"a\" A 192.0.2.$", "2:15: error: `\"a\"` is not an owner; write it without quotes [made by z.zone:2:1:1 made for 1]".replace("z.zone:", "")),
        ("$GENERATE 1-9 h$.example.com A 192.0.2.$", "2:15: warning: `h1.example.com` means `h1.example.com.example.com.`; if that is not what you mean, put a dot at its end [made by z.zone:2:1:1 made for 1]".replace("z.zone:", "")),
    ];
    let mut wrong = String::new();
    for (line, expected) in table {
        let got = said(line);
        if got != expected {
            wrong += &format!("{line}\n   got  {got}\n   want {expected}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    // They are counted together, those of included files too.
    let half = "$GENERATE 1-600000 a A 192.0.2.1\n";
    let said = say(
        &[
            (
                "z.zone",
                &format!("$TTL 1\n$INCLUDE one\n{half}b A 192.0.2.1\n"),
            ),
            ("one", half),
        ],
        1,
    );
    assert_eq!((said.records.len(), said.found.len()), (600_001, 1));
}
