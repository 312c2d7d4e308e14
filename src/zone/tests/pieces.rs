//! The law of pieces: however small they are, a text says the same as in one piece.

use std::cell::RefCell;

use proptest::prelude::*;

use super::reading::{Said, WHOLE, plain, say};
use crate::zone::{Texts, pieces};

/// Lines, and what is no line, of which texts are put together.
fn scrap() -> impl Strategy<Value = &'static str> {
    let good = prop::sample::select(vec![
        "a A 192.0.2.1\n",
        "b 60 A 192.0.2.2\n",
        " AAAA ::1\n",
        "\t7 TXT x\n",
        "a A 192.0.2.1\r\n",
        "c.example.net. CNAME a\n",
        "; comment (\"\n",
        "\n",
        "d TXT ( \"a)b\"\n  c ; )\n d )\n",
        "( e A\n 192.0.2.3 )\n",
        "()\n",
        "\"q\" A 192.0.2.1\n",
        "x\\\ny A 192.0.2.1\n",
        "@ SOA a b 1 2 3 4 5\n",
        "@ DNSKEY 1\n",
        "f.example.com A 192.0.2.1\n",
        "g A 1\n",
        "h..h A 192.0.2.1\n",
    ]);
    let directives = prop::sample::select(vec![
        "$TTL 5\n",
        "$TTL 6\n",
        "$TTL x\n",
        " $TTL 9\n",
        "( $TTL\n 8 )\n",
        ")$TTL 8\n",
        "$ORIGIN sub\n",
        "$ORIGIN example.net.\n",
        "$ORIGIN ..\n",
        "$ORIGIN \"a\"b\n",
        "$INCLUDE one\n",
        "$INCLUDE two o\n",
        "$INCLUDE three\n",
        "$INCLUDE z.zone\n",
        "$INCLUDE none\n",
        "$INCLUDE\n",
        "$GENERATE 1-3 h$ A 192.0.2.$\n",
        "$GENERATE 1-3 h$ 9 A 300.0.0.$\n",
        "$GENERATE 1-3\n",
        "$GENERATE 0-2147483647 h$ A 192.0.2.1\n",
        "$NO\n",
    ]);
    let hostile = prop::sample::select(vec![
        "(", ")", "\"", "\\", "\r", "\0", "$", "(\n", "\"\n", "a", " ", "\\\"", "=\"",
    ]);
    prop_oneof![6 => good, 4 => directives, 1 => hostile]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(scrap(), 0..14).prop_map(|scraps| scraps.concat())
}

fn read(texts: &[String; 4], piece: usize) -> Said {
    let [file, one, two, three] = texts;
    say(
        &[
            ("z.zone", file),
            ("one", one),
            ("two", two),
            ("three", three),
        ],
        piece,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pieces_say_the_same(texts in [text(), text(), text(), text()], bom in any::<bool>(), piece in 0usize..60) {
        let mut texts = texts;
        if bom {
            texts[0].insert(0, '\u{feff}');
        }
        prop_assert_eq!(read(&texts, WHOLE), read(&texts, piece));
    }

    #[test]
    fn so_do_pieces_of_lines_with_a_ttl(text in text(), piece in 0usize..60) {
        let text = format!("$TTL 5\n@ SOA a b 1 2 3 4 5\n{}", text);
        let texts = [text, "x A 192.0.2.1\n".to_owned(), String::new(), " A 192.0.2.1\n".to_owned()];
        prop_assert_eq!(read(&texts, WHOLE), read(&texts, piece));
    }
}

#[test]
fn a_text_is_cut_where_it_can_be() {
    let count = |text: &str, piece: usize| {
        let sizes = RefCell::new(Vec::new());
        let texts = Texts {
            run: &|jobs| {
                let all = jobs.into_iter();
                all.map(|job| {
                    sizes.borrow_mut().push(job.size());
                    job.run()
                })
                .collect()
            },
            ..Texts::alone()
        };
        let source = crate::diagnostic::Source::new("z.zone", text);
        let (all, _) = pieces::read(&source, &super::name("example.com."), &texts, piece);
        assert_eq!(all.len(), text.matches(" A ").count());
        sizes.into_inner()
    };
    let lines = "a 7 A 192.0.2.1\n".repeat(10);
    assert_eq!(
        count(&lines, 28),
        [160],
        "without $TTL each needs the one before"
    );
    let with = format!("$TTL 5\n{lines}");
    assert_eq!(count(&with, 28), [39, 32, 32, 32, 32]);
    assert_eq!(count(&with, WHOLE), [167]);
    let joined = format!("$TTL 5\nb A (\n192.0.2.1\n)\n{lines}");
    assert_eq!(
        count(&joined, 14),
        [25, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16]
    );
}

#[test]
fn the_owner_goes_on_into_the_next_piece() {
    let text = "$TTL 5\n$ORIGIN a\nx A 192.0.2.1\n$ORIGIN b.\n A 192.0.2.2\n A 192.0.2.3\n";
    let said = say(&[("z.zone", text)], 1);
    assert_eq!(
        plain(&said),
        [
            "x.a.example.com. 5 A c0000201",
            "x.a.example.com. 5 A c0000202",
            "x.a.example.com. 5 A c0000203",
        ]
    );
    // What was wrong with it is told once.
    let text = "$TTL 5\nx..x A 192.0.2.1\n A 192.0.2.2\n A 192.0.2.3\n";
    assert_eq!(say(&[("z.zone", text)], 1).lines().len(), 1);
}
