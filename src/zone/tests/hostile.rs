//! Texts that want to break the reader: each is an error with a place, in bounded time and memory.

use std::cell::Cell;

use super::reading::{WHOLE, say};
use super::{HEAD, name, read_text};
use crate::diagnostic::{Diagnostic, Source, count};
use crate::limits;
use crate::zone::{Texts, pieces, read};

/// The first line that is said of these lines behind the head, and how many there are.
fn first(lines: &[u8]) -> (String, usize) {
    let (zone, list) = read_text([HEAD.as_bytes(), lines].concat());
    assert!(zone.is_none());
    let line = list.first().map(Diagnostic::line).unwrap_or_default();
    (line.replacen("z.zone:", "", 1), list.len())
}

fn alone(lines: impl AsRef<[u8]>, says: &str) {
    assert_eq!(first(lines.as_ref()), (says.to_owned(), 1));
}

#[test]
fn ten_thousand_levels_of_includes() {
    let taken = Cell::new(0);
    let texts = Texts {
        include: &|written, _| {
            taken.set(taken.get() + 1);
            let next: usize = written.parse().unwrap_or_default();
            Ok(Source::new(written, format!("$INCLUDE {}\n", next + 1)))
        },
        ..Texts::alone()
    };
    let file = Source::new("z.zone", format!("{HEAD}$INCLUDE 1\n"));
    let reading = read(&file, &name("example.com."), &texts, None);
    let list = reading.diagnostics;
    assert!(reading.zone.is_none());
    assert_eq!((taken.get(), reading.includes.len()), (16, 16));
    assert_eq!(
        list[0].line(),
        "16:1:10: error: files are included more than 16 deep; put the records into one of the files above"
    );
    assert_eq!(list[0].also.len(), 16);
}

#[test]
fn includes_that_double() {
    // Each file includes the next one twice: 2^16 texts.
    let texts = Texts {
        include: &|written, _| {
            let next = format!("$INCLUDE {written}x\n").repeat(2);
            Ok(Source::new(
                written,
                if written.len() < 16 {
                    next
                } else {
                    "x A 192.0.2.1\n".repeat(9)
                },
            ))
        },
        ..Texts::alone()
    };
    let file = Source::new("z.zone", "$TTL 1\n$INCLUDE x\n");
    let (text, reader) = pieces::read(&file, &name("example.com."), &texts, WHOLE);
    assert!(text.len() < limits::INCLUDES * 9);
    let list = crate::zone::report::Report::new(&reader.sources, reader.findings).finish();
    assert!(
        list[0]
            .line()
            .ends_with("error: this file is not included any more; close the parenthesis above; a zone has 10000 $INCLUDE at most"),
        "{}",
        list[0].line()
    );
    assert!(list.len() < 20, "{}", list.len());
}

#[test]
fn itself() {
    let file = format!("{HEAD}$INCLUDE z.zone\n");
    assert_eq!(
        say(&[("z.zone", &file)], WHOLE).lines(),
        [
            "z.zone:5:10: error: `z.zone` is being read already: it would include itself; take this line out"
        ]
    );
}

#[test]
fn generate_without_end() {
    let many = "5:1: error: $GENERATE makes too many records; all of them together make at most 1048576 records, and 268435456 octets of text";
    alone("$GENERATE 0-2147483647 a$ A 192.0.2.1\n", many);
    alone(
        "$GENERATE 0-4294967295 a$ A 192.0.2.1\n",
        "5:11: error: `0-4294967295` is not a range; write `start-stop` or `start-stop/step`, numbers up to 2147483647",
    );
    // Four gigabytes of text from one line of 64 kilobytes.
    alone(
        format!("$GENERATE 1-65536 a$ TXT {}\n", "aaaaaaa ".repeat(8_000)),
        many,
    );
    // The same in the numbers.
    alone("$GENERATE 1-1000000 a$ TXT ${0,250} ${0,250}\n", many);
    // A mistake is told once.
    let (line, found) = first(b"$GENERATE 1-1000000 a$ A x$\n");
    assert_eq!(
        (line.as_str(), found),
        (
            "5:26: error: `x1` is not an IPv4 address; write it as in `192.0.2.1`; an IPv6 address is of type AAAA",
            1
        )
    );
}

#[test]
fn octets_of_all_kinds() {
    let long = format!("x TXT \"{}\"\n", "a".repeat(65_536));
    alone(
        &long,
        "5:7: error: the string has 65536 octets, and 255 is the most; split it: \"first part\" \"second part\"",
    );
    let nul =
        "a NUL octet stands here; take it out; inside of a name or string it is written `\\000`";
    alone("x A\0 192.0.2.1\n", &format!("5:4: error: {nul}"));
    alone("x A 192.0.2.1 \0\n", &format!("5:15: error: {nul}"));
    alone("; x\0\n", &format!("5:4: error: {nul}"));
    assert_eq!(first(&[0; 1 << 16]), (format!("5:1: error: {nul}"), 2));
    assert!(
        read_text(format!("{HEAD}x TXT \"a\0b\" \\000\n"))
            .0
            .is_some()
    );
    alone(
        "x A 192.0.2.1\ry A 192.0.2.2\n",
        "5:14: error: a carriage return stands inside of a line; end lines with a line feed, or with both",
    );
    assert!(
        read_text(format!("{HEAD}x A 192.0.2.1\r\r\ny A 192.0.2.2\r"))
            .0
            .is_some()
    );
    let wide: Vec<u8> = format!("\u{feff}{HEAD}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let (_, list) = read_text(wide);
    assert_eq!(
        list[0].line(),
        "z.zone:1:1: error: the file is in UTF-16; save it as UTF-8, or as ASCII"
    );
}

#[test]
fn parentheses_without_end() {
    for piece in [1_000, WHOLE] {
        let open = format!("$TTL 1\n{}", "(".repeat(1 << 20));
        let said = say(&[("z.zone", &open)], piece);
        assert_eq!(
            said.lines(),
            [
                "z.zone:2:1: error: this parenthesis is never closed; write `)` behind the last word of the record"
            ]
        );
    }
    let (line, found) = first(&b")".repeat(1 << 20));
    assert_eq!(
        (line.as_str(), found),
        (
            "5:1: error: no parenthesis is open here; take it out, or open one before it",
            101
        )
    );
    let (_, found) = first(&b"x TXT (\n".repeat(1 << 17));
    assert_eq!(found, 11);
    let (line, found) = first(&b"(\n".repeat(1 << 19));
    assert_eq!(
        (line.as_str(), found),
        (
            "5:1: error: this parenthesis is never closed; write `)` behind the last word of the record",
            11
        )
    );
    // Closed, but holding too much.
    let words = format!("x TXT ({})\n", "\na".repeat(1 << 18));
    alone(
        &words,
        "65604:1: error: the record has more than 65600 words; no record is that large",
    );
}

#[test]
fn names_and_labels_at_their_ends() {
    let label = |length: usize| "a".repeat(length);
    // Three of 63 and one of 61, with their lengths and the root: 255 octets.
    let name = |last: usize| format!("{0}.{0}.{0}.{1}.", label(63), label(last));
    let says = |lines: String| {
        read_text(format!("{HEAD}{lines}"))
            .1
            .iter()
            .map(Diagnostic::line)
            .collect::<Vec<_>>()
    };
    let long = |column: usize, name: &str| {
        let shown: String = name.chars().take(60).collect();
        vec![format!(
            "z.zone:5:{column}: error: `{shown}…` is no name: the name is longer than 255 octets; shorten it; the origin counts where there is no final dot"
        )]
    };
    assert_eq!(says(format!("x CNAME {}\n", name(61))), [""; 0]);
    assert_eq!(says(format!("x CNAME {}\n", name(62))), long(9, &name(62)));
    assert_eq!(
        says(format!("{} A 192.0.2.1\n", name(62))),
        long(1, &name(62))
    );
    // With the origin `example.com.` of 13 octets: 242 in front of it.
    let relative = |last: usize| format!("{0}.{0}.{0}.{1}", label(63), label(last));
    assert_eq!(says(format!("{} A 192.0.2.1\n", relative(49))), [""; 0]);
    assert_eq!(
        says(format!("{} A 192.0.2.1\n", relative(50))),
        long(1, &relative(50))
    );
    assert_eq!(
        says(format!("x NS {}\nx NS a.\n", relative(50))),
        long(6, &relative(50))
    );
    assert_eq!(says(format!("{} A 192.0.2.1\n", label(63))), [""; 0]);
    let shown = label(60);
    assert_eq!(
        says(format!("{} A 192.0.2.1\n", label(64))),
        [format!(
            "z.zone:5:1: error: `{shown}…` is no name: a label is longer than 63 octets; shorten the label"
        )]
    );
}

#[test]
fn origins_without_end() {
    // More than have numbers: the records keep their names.
    let text: String = (0..70_000)
        .map(|n| format!("$ORIGIN o{n}.example.com.\nx A 192.0.2.1\n"))
        .collect();
    let said = say(&[("z.zone", &format!("$TTL 1\n{text}"))], WHOLE);
    assert_eq!(said.lines(), [""; 0]);
    let last = said.records.last().unwrap();
    assert!(
        last.ends_with(" x.o69999.example.com. 1 A c0000201"),
        "{last}"
    );
}

#[test]
fn all_is_counted_behind_a_hundred() {
    let text = "x A\n".repeat(30_000) + &"x.example.com A 192.0.2.1\n".repeat(20_000);
    for piece in [10_000, WHOLE] {
        let said = say(&[("z.zone", &format!("$TTL 1\n{text}"))], piece);
        assert_eq!(said.found.len(), 202);
        assert_eq!(count(&said.found), (30_000, 20_000));
        assert_eq!(
            said.found[200].line(),
            "z.zone:50002:1: error: 29900 more errors left out; mend those before first"
        );
        assert_eq!(said.records.len(), 20_000, "it goes on");
    }
}

#[test]
fn no_diagnostic_holds_a_file() {
    let line = format!(
        "x TXT {} (a\"b\") {}\n",
        "grün ".repeat(20_000),
        "a ".repeat(20_000)
    );
    let (_, list) = read_text(format!("{HEAD}{line}"));
    let spot = list[0].spot.as_ref().unwrap();
    assert_eq!(spot.place(), "z.zone:5:100010");
    assert!(spot.source.text.len() <= limits::EXCERPT);
}
