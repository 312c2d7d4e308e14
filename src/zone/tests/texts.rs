//! Good zone texts and the records they mean.

use super::{Parsed, good, name, read_text, records, with};
use crate::wire::kind::Kind;

/// The records as `owner ttl type hex`, without those of the head.
fn lines(parsed: &Parsed) -> Vec<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let own = parsed
        .records
        .iter()
        .filter(|r| r.owner != parsed.apex || r.kind == Kind::MX);
    own.map(|r| format!("{} {} {} {}", r.owner, r.ttl, r.kind, hex(&r.rdata)))
        .collect()
}

/// The data of the single record that a line makes.
fn data(line: &str) -> Vec<u8> {
    let parsed = with(&format!("x {line}\n"));
    let mut own = parsed
        .records
        .iter()
        .filter(|r| r.owner == name("x.example.com."));
    let record = own.next().unwrap_or_else(|| panic!("{line}"));
    assert!(own.next().is_none(), "{line}");
    record.rdata.clone()
}

/// RFC 1035 §5.3, with the root's servers as the names outside of it have them.
#[test]
fn rfc1035_example() {
    let text = "
$ORIGIN ISI.EDU.
@   IN  SOA     VENERA      Action\\.domains (
                                 20     ; SERIAL
                                 7200   ; REFRESH
                                 600    ; RETRY
                                 3600000; EXPIRE
                                 60)    ; MINIMUM

        NS      A.ISI.EDU.
        NS      VENERA
        NS      VAXA
        MX      10      VENERA
        MX      20      VAXA

A       A       26.3.0.103

VENERA  A       10.1.0.52
        A       128.9.0.32

VAXA    A       10.2.0.27
        A       128.9.0.33
";
    let (parsed, list) = read_text(text);
    // RFC 1035 has the minimum as the TTL; we take it with a word.
    let words: Vec<String> = list.iter().map(|d| d.line()).collect();
    assert_eq!(
        words,
        [
            "z.zone:3:9: warning: no TTL is written; the SOA's minimum of 60 is taken; write `$TTL 3600` at the top of the file"
        ]
    );
    let parsed = parsed.unwrap();
    assert_eq!(
        (parsed.apex.to_string().as_str(), parsed.serial),
        ("ISI.EDU.", 20)
    );
    assert_eq!(parsed.records.len(), 11);
    let soa = parsed.records.iter().find(|r| r.kind == Kind::SOA).unwrap();
    assert!(
        soa.rdata
            .starts_with(b"\x06VENERA\x03ISI\x03EDU\0\x0eAction.domains\x03ISI\x03EDU\0\0\0\0\x14")
    );
    assert_eq!(
        lines(&parsed),
        [
            "ISI.EDU. 60 MX 000a0656454e455241034953490345445500",
            "ISI.EDU. 60 MX 00140456415841034953490345445500",
            "A.ISI.EDU. 60 A 1a030067",
            "VAXA.ISI.EDU. 60 A 0a02001b",
            "VAXA.ISI.EDU. 60 A 80090021",
            "VENERA.ISI.EDU. 60 A 0a010034",
            "VENERA.ISI.EDU. 60 A 80090020",
        ]
    );
}

#[test]
fn each_type_has_its_wire_form() {
    let table: &[(&str, &[u8])] = &[
        ("A 192.0.2.1", b"\xc0\0\x02\x01"),
        (
            "AAAA 2001:db8::1",
            b"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01",
        ),
        (
            "AAAA ::ffff:192.0.2.1",
            b"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01",
        ),
        ("CNAME Y", b"\x01Y\x07example\x03com\0"),
        ("DNAME .", b"\0"),
        ("PTR a\\.b.c.", b"\x03a.b\x01c\0"),
        ("MX 10 a.b.", b"\0\x0a\x01a\x01b\0"),
        ("SRV 1 2 65535 a.", b"\0\x01\0\x02\xff\xff\x01a\0"),
        (
            "TXT hello \"two words\" \"\" a\\\"b",
            b"\x05hello\x09two words\0\x03a\"b",
        ),
        (
            "TXT \"semi;colon (and) \\\\ \\010\"",
            b"\x14semi;colon (and) \\ \n",
        ),
        ("TXT grün", b"\x05gr\xc3\xbcn"),
        ("TXT (a\n b ; comment\n c)", b"\x01a\x01b\x01c"),
        ("TXT \"a\"\"b\"", b"\x01a\x01b"),
        (
            "CAA 0 issue \"ca.example; a=b\"",
            b"\0\x05issueca.example; a=b",
        ),
        ("CAA 128 tbs Unknown", b"\x80\x03tbsUnknown"),
        ("TYPE65280 \\# 3 ab cdE F", b"\xab\xcd\xef"),
        ("TYPE65280 \\# 0", b""),
        ("TLSA \\# 4 ( 03 01\n 01 aa )", b"\x03\x01\x01\xaa"),
        ("A \\# 4 C0000201", b"\xc0\0\x02\x01"),
        ("TYPE1 192.0.2.1", b"\xc0\0\x02\x01"),
        ("MX \\# 5 000a016100", b"\0\x0a\x01a\0"),
        ("TXT \\# 2 0161", b"\x01a"),
    ];
    for (line, wire) in table {
        assert_eq!(data(line), *wire, "{line}");
    }
}

/// RFC 9460 appendix D, and more.
#[test]
fn svcb_parameters() {
    let table: &[(&str, &[u8])] = &[
        ("HTTPS 0 foo.example.", b"\0\0\x03foo\x07example\0"),
        ("SVCB 1 .", b"\0\x01\0"),
        ("SVCB 16 foo.example. port=53", b"\0\x10\x03foo\x07example\0\0\x03\0\x02\0\x35"),
        ("SVCB 1 foo. key667=hello", b"\0\x01\x03foo\0\x02\x9b\0\x05hello"),
        ("SVCB 1 foo. key667=\"hello\\210qoo\"", b"\0\x01\x03foo\0\x02\x9b\0\x09hello\xd2qoo"),
        (
            "SVCB 1 foo. ipv6hint=\"2001:db8::1,2001:db8::53:1\"",
            b"\0\x01\x03foo\0\0\x06\0\x20\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\x53\0\x01",
        ),
        (
            "SVCB 16 foo. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
            b"\0\x10\x03foo\0\0\0\0\x04\0\x01\0\x04\0\x01\0\x09\x02h2\x05h3-19\0\x04\0\x04\xc0\0\x02\x01",
        ),
        ("SVCB 16 foo. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"", b"\0\x10\x03foo\0\0\x01\0\x0c\x08f\\oo,bar\x02h2"),
        ("SVCB 16 foo. alpn=f\\\\\\092oo\\092,bar,h2", b"\0\x10\x03foo\0\0\x01\0\x0c\x08f\\oo,bar\x02h2"),
        ("HTTPS 1 . no-default-alpn alpn=\"h3\"", b"\0\x01\0\0\x01\0\x03\x02h3\0\x02\0\0"),
        ("HTTPS 1 . ech=\"AAEC/w==\"", b"\0\x01\0\0\x05\0\x04\0\x01\x02\xff"),
        ("HTTPS 1 . key1=\\002h2", b"\0\x01\0\0\x01\0\x03\x02h2"),
        ("HTTPS 1 . key65534", b"\0\x01\0\xff\xfe\0\0"),
        ("SVCB 1 . alpn=dot dohpath=/dns-query{?dns} ohttp", b"\0\x01\0\0\x01\0\x04\x03dot\0\x07\0\x10/dns-query{?dns}\0\x08\0\0"),
        ("SVCB \\# 3 000100", b"\0\x01\0"),
    ];
    for (line, wire) in table {
        assert_eq!(data(line), *wire, "{line}");
    }
}

#[test]
fn ttl_class_and_owner_in_all_their_forms() {
    let parsed = with(
        "a 1h30m IN A 192.0.2.1\nb in 1W2d3H4m5S A 192.0.2.1\nc CLASS1 A 192.0.2.1\nd 2147483647 A 192.0.2.1\n\
         $TTL 7\n  AAAA ::1\n$ORIGIN sub\n@ A 192.0.2.1\n\t0 AAAA ::2\na\\.\\098 IN A 192.0.2.9\n",
    );
    assert_eq!(
        lines(&parsed),
        [
            "a.example.com. 5400 A c0000201",
            "b.example.com. 788645 A c0000201",
            "c.example.com. 300 A c0000201",
            "d.example.com. 2147483647 A c0000201",
            "d.example.com. 7 AAAA 00000000000000000000000000000001",
            "sub.example.com. 7 A c0000201",
            "sub.example.com. 0 AAAA 00000000000000000000000000000002",
            "a\\.b.sub.example.com. 7 A c0000209",
        ]
    );
}

#[test]
fn ttls_in_their_order() {
    // $TTL, else the last one written.
    let text = "@ 9 SOA ns1 hostmaster 1 2 3 4 5\n@ NS a.net.\n 8 NS b.net.\n 8 NS a.net.\nx A 192.0.2.1\n$TTL 1\ny A 192.0.2.1\nz 5 A 192.0.2.1\nzz A 192.0.2.1\n";
    let (parsed, _) = read_text(text);
    let parsed = parsed.unwrap();
    let ttl = |owner: &str| {
        parsed
            .records
            .iter()
            .find(|r| r.owner == name(owner))
            .map(|r| r.ttl)
    };
    assert_eq!(ttl("x.example.com."), Some(8));
    assert_eq!(ttl("y.example.com."), Some(1));
    assert_eq!(ttl("z.example.com."), Some(5));
    assert_eq!(ttl("zz.example.com."), Some(1));
    let ns = parsed.records.iter().filter(|r| r.kind == Kind::NS);
    assert_eq!(ns.map(|r| r.ttl).collect::<Vec<_>>(), [8, 8]);
}

#[test]
fn the_text_may_look_in_many_ways() {
    let unix = "$TTL 5\n@ SOA a.net. b.net. 1 2 3 4 5\n  NS a.net.\n  NS b.net.\nx A 192.0.2.1";
    let dos = unix.replace('\n', "\r\n");
    let tabs = unix.replace(' ', "\t\t ");
    let wide = "$TTL (5)\n@ SOA ( a.net. b.net.\n\n;\n 1 2 (3) 4 5 ) ; end\n\n  NS a.net.\n  NS b.net.;\n (\n)\n;\nx A (\n192.0.2.1\n)\n";
    let forms = [unix, &dos, &tabs, wide].map(|text| {
        let parsed = good(text);
        parsed
            .records
            .iter()
            .map(|r| (r.owner.clone(), r.kind, r.ttl, r.rdata.clone()))
            .collect::<Vec<_>>()
    });
    assert_eq!(forms[0].len(), 4);
    assert!(forms.iter().all(|form| *form == forms[0]));
}

#[test]
fn spans_are_those_of_the_words() {
    let parsed = with("web 60 IN A 192.0.2.1 ; first\n   60 A 192.0.2.2\n");
    let text = &parsed.source.text;
    let at =
        |span: &std::ops::Range<usize>| String::from_utf8(text[span.clone()].to_vec()).unwrap();
    let spans: Vec<_> = parsed
        .records
        .iter()
        .filter(|r| r.kind == Kind::A)
        .map(|r| {
            (
                at(&r.span),
                r.owner_span.as_ref().map_or_else(String::new, at),
            )
        })
        .collect();
    let pair = |span: &str, owner: &str| (span.to_owned(), owner.to_owned());
    assert_eq!(
        spans,
        [
            pair("web 60 IN A 192.0.2.1", "web"),
            pair("60 A 192.0.2.2", "")
        ]
    );
}

#[test]
fn the_root_and_origins() {
    let text = "$ORIGIN .\n$TTL 60\nexample.org SOA ns.example.org h.example.org 1 2 3 4 5\n NS ns.example.org\n NS a.net\n$ORIGIN example.org.\nns A 192.0.2.1\n$ORIGIN deep\nx A 192.0.2.2\n";
    let parsed = good(text);
    assert_eq!(parsed.apex, name("example.org."));
    let owners: Vec<String> = parsed.records.iter().map(|r| r.owner.to_string()).collect();
    assert_eq!(owners[3..], ["x.deep.example.org.", "ns.example.org."]);
    let root = crate::diagnostic::Source::new(
        "root.zone",
        "$TTL 5\n. SOA a. b. 1 2 3 4 5\n. NS a.\n. NS b.\na. A 192.0.2.1\nb. A 192.0.2.2\ncom. NS a.\ncom. NS b.\n",
    );
    let (parsed, list) = records(&root, &crate::wire::name::Name::root());
    assert!(
        list.is_empty(),
        "{:?}",
        list.iter().map(|d| d.line()).collect::<Vec<_>>()
    );
    assert_eq!(parsed.unwrap().apex, name("."));
}
