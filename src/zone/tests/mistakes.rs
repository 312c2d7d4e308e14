//! Each mistake in a zone text, with the line that the operator reads.

use super::{HEAD, read_text};
use crate::diagnostic::Diagnostic;

/// What is said of a whole text.
fn said(text: impl Into<Vec<u8>>) -> Vec<String> {
    let (parsed, list) = read_text(text);
    assert_eq!(parsed.is_none(), list.iter().any(Diagnostic::is_error));
    list.iter()
        .map(Diagnostic::line)
        .map(|line| line.replacen("z.zone:", "", 1))
        .collect()
}

/// What is said of these lines behind the head, which is four lines long.
fn behind(lines: &str) -> Vec<String> {
    said(format!("{HEAD}{lines}"))
}

fn check(table: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (lines, expected) in table {
        let got = behind(lines).join(" | ");
        if got != *expected {
            wrong.push_str(&format!("{lines:?}\n   got  {got}\n   want {expected}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn in_the_text() {
    check(&[
        (
            "x A 192.0.2.1)",
            "5:14: error: no parenthesis is open here; take it out, or open one before it",
        ),
        (
            "x A (192.0.2.1\ny A\nz A 192.0.2.1",
            "5:5: error: this parenthesis is never closed; write `)` behind the last word of the record | 6:3: error: the line ends where an IPv4 address was expected; write an IPv4 address behind this",
        ),
        (
            "x MX ( 10\n  a.net.\ny A 1",
            "5:6: error: this parenthesis is never closed; write `)` behind the last word of the record | 7:5: error: `1` is not an IPv4 address; write it as in `192.0.2.1`; an IPv6 address is of type AAAA",
        ),
        (
            "x TXT \"open\ny A 1",
            "5:7: error: the string does not end on its line; close it with `\"`; a long text is several strings | 6:5: error: `1` is not an IPv4 address; write it as in `192.0.2.1`; an IPv6 address is of type AAAA",
        ),
        (
            "x TXT a\"b\"",
            "5:8: error: a quote in the middle of a word; write `\\\"` for the character, or a blank before a string",
        ),
        (
            "x HTTPS 1 . alpn=\"h2\"h3",
            "5:18: error: a quote in the middle of a word; write `\\\"` for the character, or a blank before a string",
        ),
        (
            "$INCLUDE other.zone",
            "5:10: error: $INCLUDE is not possible here; put the records into this file",
        ),
        (
            "$FOO",
            "5:1: error: `$FOO` is not a directive; there are $ORIGIN, $TTL, $INCLUDE and $GENERATE; an owner that begins so is written `\\$`",
        ),
        (
            "$TTL",
            "5:1: error: the line ends where a TTL was expected; write a TTL behind this",
        ),
        (
            "$TTL 1x",
            "5:6: error: `1x` stands where a TTL was expected; write seconds, or units as in `1h30m` (w d h m s), at most 2147483647 seconds",
        ),
        (
            "$TTL 1 2",
            "5:8: error: `2` stands behind the end of the record; take it out; a comment begins with `;`",
        ),
        (
            "$ORIGIN",
            "5:1: error: the line ends where an origin was expected; write an origin behind this",
        ),
        (
            "$ORIGIN a..b",
            "5:9: error: `a..b` is no name: a label is empty; write one dot between labels",
        ),
        (
            " $TTL 5",
            "5:2: error: `$TTL` begins behind a blank; a directive begins at the start of its line",
        ),
        (
            "x",
            "5:1: error: the line ends where a type was expected; write OWNER TYPE DATA, as in `www A 192.0.2.1`",
        ),
        (
            "x 60",
            "5:3: error: the line ends where a type was expected; write a type behind this",
        ),
        (
            "x IN 60 IN A 192.0.2.1",
            "5:9: error: `IN` is a second class; write one, or none",
        ),
        (
            "x 60 60 A 192.0.2.1",
            "5:6: error: `60` stands where a type was expected; the TTL is written already",
        ),
        (
            "x 1h30 A 192.0.2.1",
            "5:3: error: `1h30` is not a TTL; write seconds, or units as in `1h30m`, at most 2147483647 seconds",
        ),
        (
            "x 2147483648 A 192.0.2.1",
            "5:3: error: `2147483648` is not a TTL; write seconds, or units as in `1h30m`, at most 2147483647 seconds",
        ),
        (
            "x CH A 192.0.2.1",
            "5:3: error: `CH` is a class that is not served; records are of class IN",
        ),
        (
            "x CLASS3 A 192.0.2.1",
            "5:3: error: `CLASS3` is a class that is not served; records are of class IN",
        ),
        (
            "x FOO 1",
            "5:3: error: `FOO` is not a type; write a type like A, or `TYPE` and its number; a line without an owner begins with a blank",
        ),
        (
            "A 192.0.2.1",
            "5:3: error: `192.0.2.1` stands where a type was expected; write a type like A, or `TYPE` and its number; a line without an owner begins with a blank",
        ),
        (
            "x TYPE65536 \\# 0",
            "5:3: error: `TYPE65536` is not a type; write a type like A, or `TYPE` and its number; a line without an owner begins with a blank",
        ),
        (
            "x ANY \\# 0",
            "5:3: error: ANY is not a type of records; it exists in messages only; take the record out",
        ),
        (
            "x OPT \\# 0",
            "5:3: error: OPT is not a type of records; it exists in messages only; take the record out",
        ),
        (
            "x TYPE0 \\# 0",
            "5:3: error: TYPE0 is not a type of records; it exists in messages only; take the record out",
        ),
        (
            "x RRSIG A 8 2\nx NSEC y A\n@ DNSKEY 1",
            "5:3: error: the zone is signed (RRSIG), and signed zones are not served yet; load the unsigned zone: without RRSIG, NSEC, NSEC3, NSEC3PARAM and DNSKEY",
        ),
        (
            "a..b A 192.0.2.1",
            "5:1: error: `a..b` is no name: a label is empty; write one dot between labels",
        ),
        (
            "a\\300 A 192.0.2.1",
            "5:1: error: `a\\300` is no name: a backslash wants a character or three digits up to 255 after it; write `\\\\` for a backslash itself",
        ),
        (
            "grün A 192.0.2.1",
            "5:1: error: `grün` has a character beyond ASCII; write the `xn--` form of the label, or `\\DDD` for the octet",
        ),
        (
            "\"x\" A 192.0.2.1",
            "5:1: error: `\"x\"` is not an owner; write it without quotes",
        ),
        (
            "x A 1\ny A 2\n bad.. A 1\nz A 192.0.2.1",
            "5:5: error: `1` is not an IPv4 address; write it as in `192.0.2.1`; an IPv6 address is of type AAAA | 6:5: error: `2` is not an IPv4 address; write it as in `192.0.2.1`; an IPv6 address is of type AAAA | 7:2: error: `bad..` is not a type; write a type like A, or `TYPE` and its number; a line without an owner begins with a blank",
        ),
        (
            "www.example.com A 192.0.2.1",
            "5:1: warning: `www.example.com` means `www.example.com.example.com.`; if that is not what you mean, put a dot at its end",
        ),
    ]);
}

#[test]
fn in_the_data() {
    check(&[
        (
            "x A",
            "5:3: error: the line ends where an IPv4 address was expected; write an IPv4 address behind this",
        ),
        (
            "x A 192.0.2",
            "5:5: error: `192.0.2` is not an IPv4 address; write it as in `192.0.2.1`; an IPv6 address is of type AAAA",
        ),
        (
            "x A 2001:db8::1",
            "5:5: error: `2001:db8::1` is not an IPv4 address; write it as in `192.0.2.1`; an IPv6 address is of type AAAA",
        ),
        (
            "x A 192.0.2.1 192.0.2.2",
            "5:15: error: `192.0.2.2` stands behind the end of the record; take it out; a comment begins with `;`",
        ),
        (
            "x AAAA 192.0.2.1",
            "5:8: error: `192.0.2.1` is not an IPv6 address; write it as in `2001:db8::1`; an IPv4 address is of type A",
        ),
        (
            "x A \"192.0.2.1\"",
            "5:5: error: `\"192.0.2.1\"` is not an IPv4 address; write an IPv4 address here",
        ),
        (
            "x CNAME 192.0.2.1",
            "5:9: error: `192.0.2.1` is an address where the name it stands for was expected; write the name of the host, and the address in a record of that name",
        ),
        (
            "x CNAME a b",
            "5:11: error: `b` stands behind the end of the record; take it out; a comment begins with `;`",
        ),
        (
            "x MX mail",
            "5:6: error: `mail` stands where the preference was expected; write a number from 0 to 65535",
        ),
        (
            "x MX 65536 mail",
            "5:6: error: `65536` stands where the preference was expected; write a number from 0 to 65535",
        ),
        (
            "x MX 10",
            "5:6: error: the line ends where the name of a mail server was expected; write the name of a mail server behind this",
        ),
        (
            "x MX 10 mail.example.com",
            "5:9: warning: `mail.example.com` means `mail.example.com.example.com.`; if that is not what you mean, put a dot at its end",
        ),
        (
            "x SRV 0 0 +1 a.net.",
            "5:11: error: `+1` stands where the port was expected; write a number from 0 to 65535",
        ),
        (
            "x TXT",
            "5:3: error: the line ends where a string was expected; write a string behind this",
        ),
        (
            "x TXT aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "5:7: error: the string has 256 octets, and 255 is the most; split it: \"first part\" \"second part\"",
        ),
        (
            "x TXT \\999",
            "5:7: error: `\\999` has an escape that says nothing; a backslash wants a character or three digits up to 255 after it",
        ),
        (
            "x CAA 256 issue a",
            "5:7: error: `256` stands where the flags octet was expected; write a number from 0 to 255",
        ),
        (
            "x CAA 0 is-sue a",
            "5:9: error: `is-sue` is not a tag; a tag is a word like `issue`, `issuewild`, `iodef`",
        ),
        (
            "x CAA 0 issue",
            "5:9: error: the line ends where a value was expected; write a value behind this",
        ),
        (
            "x TLSA 3 1 1 00",
            "5:14: warning: the certificate or digest has 1 octet, and with type 1 it has 32; look whether it was copied whole; as it is, nobody can use it",
        ),
        (
            "x NAPTR",
            "5:3: error: the line ends where the order was expected; write the order behind this",
        ),
        (
            "x A \\# 3 c00002",
            "5:5: error: these octets are no A record: an IPv4 address is cut short; write its own text form",
        ),
        (
            "x A \\# 4 c00002",
            "5:5: error: the data are not the 4 octets that the length says; correct the length, or the digits",
        ),
        (
            "x A \\# 4 c000020",
            "5:5: error: the data are not the 4 octets that the length says; correct the length, or the digits",
        ),
        (
            "x A \\# 4 c000020x",
            "5:10: error: `c000020x` is not hexadecimal; write two digits 0-9 a-f for each octet",
        ),
        (
            "x A \\# 70000 00",
            "5:8: error: `70000` stands where the length in octets was expected; write a number from 0 to 65535",
        ),
        (
            "x MX \\# 4 000ac00c",
            "5:6: error: these octets are no MX record: the name of a mail server is cut short or compressed; write its own text form",
        ),
        (
            "x TXT \\# 2 05aa",
            "5:7: error: these octets are no TXT record: a string is cut short; write its own text form",
        ),
        (
            "x CAA \\# 2 0000",
            "5:7: error: these octets are no CAA record: a tag is letters and digits; write its own text form",
        ),
        (
            "x SOA \\# 2 0000",
            "5:7: error: these octets are no SOA record: the serial is cut short; write its own text form",
        ),
        (
            "x HTTPS",
            "5:3: error: the line ends where the priority was expected; write the priority behind this",
        ),
        (
            "x HTTPS 1",
            "5:9: error: the line ends where the target was expected; write the target behind this",
        ),
        (
            "x HTTPS 0 . alpn=h2",
            "5:13: error: a record of priority 0 is an alias and has no parameters; take them out, or give it a priority from 1 on",
        ),
        (
            "x HTTPS 1 . alpn",
            "5:13: error: `alpn`: this parameter wants `=` and a value",
        ),
        (
            "x HTTPS 1 . alpn=",
            "5:13: error: `alpn=`: a protocol has 1 to 255 octets",
        ),
        (
            "x HTTPS 1 . foo=1",
            "5:13: error: `foo` is not a parameter; write one of mandatory, alpn, no-default-alpn, port, ipv4hint, ech, ipv6hint, dohpath, ohttp, tls-supported-groups, docpath, pvd, or `key` and its number",
        ),
        (
            "x HTTPS 1 . key01=a",
            "5:13: error: `key01` is not a parameter; write one of mandatory, alpn, no-default-alpn, port, ipv4hint, ech, ipv6hint, dohpath, ohttp, tls-supported-groups, docpath, pvd, or `key` and its number",
        ),
        (
            "x HTTPS 1 . key65535",
            "5:13: error: `key65535` is not a parameter; write one of mandatory, alpn, no-default-alpn, port, ipv4hint, ech, ipv6hint, dohpath, ohttp, tls-supported-groups, docpath, pvd, or `key` and its number",
        ),
        (
            "x HTTPS 1 . port=80 port=81",
            "5:21: error: the parameter `port` stands here twice; write it once",
        ),
        (
            "x HTTPS 1 . port=65536",
            "5:13: error: `port=65536`: a port is a number from 0 to 65535",
        ),
        (
            "x HTTPS 1 . no-default-alpn",
            "5:13: error: `no-default-alpn` stands without `alpn`; write `alpn` too",
        ),
        (
            "x HTTPS 1 . alpn=h2 no-default-alpn=1",
            "5:21: error: `no-default-alpn=1`: this parameter has no value",
        ),
        (
            "x HTTPS 1 . ipv4hint=::1",
            "5:13: error: `ipv4hint=::1`: a hint is a list of IPv4 addresses",
        ),
        (
            "x HTTPS 1 . ipv6hint=",
            "5:13: error: `ipv6hint=`: a hint is a list of IPv6 addresses",
        ),
        (
            "x HTTPS 1 . ech=AA",
            "5:13: error: `ech=AA`: the value is not base64",
        ),
        (
            "x HTTPS 1 . mandatory=alpn",
            "5:13: error: `mandatory` lists `alpn`, which is not there; write that parameter too, or take it out of the list",
        ),
        (
            "x HTTPS 1 . mandatory=port,port port=1",
            "5:13: error: `mandatory` lists `port` twice or out of order; list each parameter once",
        ),
        (
            "x HTTPS 1 . mandatory=mandatory",
            "5:13: error: `mandatory` lists itself; take it out of the list",
        ),
        (
            "x HTTPS 1 . mandatory=what alpn=h2",
            "5:13: error: `mandatory=what`: each item of the list is a parameter's name",
        ),
        (
            "x HTTPS 1 . key3=a",
            "5:13: error: the value of `port` is malformed; write the parameter by its name",
        ),
        (
            "x HTTPS \\# 7 00010000030001",
            "5:9: error: these octets are no HTTPS record: a parameter is cut short; write its own text form",
        ),
        (
            "x HTTPS \\# 11 00010000030000000200 00",
            "5:9: error: these octets are no HTTPS record: the value of `port` is malformed; write its own text form",
        ),
    ]);
}

#[test]
fn in_the_zone() {
    check(&[
        (
            "@ SOA a.net. b.net. 9 2 3 4 5",
            "5:1: error: the zone has two SOAs; keep one of them",
        ),
        (
            "x SOA a.net. b.net. 9 2 3 4 5",
            "5:1: error: a second SOA, of `x.example.com.`; take it out, or put the zone `x.example.com.` into a file of its own",
        ),
        (
            "x.example.net. A 192.0.2.1",
            "5:1: error: `x.example.net.` is outside of the zone `example.com.`; move the record to its own zone, or correct the owner or $ORIGIN",
        ),
        (
            "$ORIGIN net.\nx A 192.0.2.1",
            "6:1: error: `x.net.` is outside of the zone `example.com.`; move the record to its own zone, or correct the owner or $ORIGIN",
        ),
        (
            "x CNAME a.net.\nx A 192.0.2.1",
            "5:1: error: `x.example.com.` has a CNAME and A beside it; a CNAME stands alone; take one of them out",
        ),
        (
            "@ CNAME a.net.",
            "5:1: error: `example.com.` has a CNAME and NS beside it; a CNAME stands alone; take one of them out",
        ),
        (
            "x CNAME a.net.\nx CNAME b.net.",
            "6:1: error: `x.example.com.` has two CNAME records; keep one of them",
        ),
        (
            "x CNAME a.net.\nx CNAME A.NET.",
            "6:1: warning: the CNAME record of `x.example.com.` stands here again; it is served once; take this one out",
        ),
        (
            "x DNAME a.net.\nx DNAME b.net.",
            "6:1: error: `x.example.com.` has two DNAME records; keep one of them",
        ),
        (
            "x DNAME a.net.\ny.x A 192.0.2.1\nz.y.x A 192.0.2.1",
            "6:1: error: `y.x.example.com.` lies below a DNAME; nothing may stand below `x.example.com.`; take one of them out | 7:1: error: `z.y.x.example.com.` lies below a DNAME; nothing may stand below `x.example.com.`; take one of them out",
        ),
        (
            "@ DNAME a.net.\nx A 192.0.2.1",
            "6:1: error: `x.example.com.` lies below a DNAME; nothing may stand below `example.com.`; take one of them out",
        ),
        (
            "x NS a.net.\nx NS b.net.\nx DNAME c.net.",
            "7:1: error: `x.example.com.` is delegated and has a DNAME; put the DNAME into the delegated zone",
        ),
        (
            "*.x NS a.net.\n*.x NS b.net.",
            "5:1: error: the wildcard `*.x.example.com.` has NS records; write them for each name",
        ),
        (
            "*.x DNAME a.net.",
            "5:1: error: the wildcard `*.x.example.com.` has DNAME records; write them for each name",
        ),
        (
            "x A 192.0.2.1\nx A 192.0.2.1",
            "6:1: warning: the A record of `x.example.com.` stands here again; it is served once; take this one out",
        ),
        (
            "x 60 A 192.0.2.1\nx 50 A 192.0.2.2",
            "6:1: warning: the A records of `x.example.com.` have different TTLs; 50 is taken for all; write the same for each",
        ),
        (
            "x NS a.net.",
            "5:1: warning: `x.example.com.` has a single name server; name two that do not fail together (RFC 2182 §3.1)",
        ),
        (
            "x NS ns.x\nx NS b.net.",
            "5:1: warning: the name server `ns.x.example.com.` has no address in this zone; write its A or AAAA record too: without that glue nobody finds it",
        ),
        ("x NS ns.y\nx NS ns.x\nns.y A 192.0.2.1\nns.x AAAA ::1", ""),
        (
            "x NS ns.y\nx NS b.net.\ny NS ns.y\ny NS b.net.\nns.y A 192.0.2.1",
            "",
        ),
        ("x NS ns.y\nx NS b.net.\ny NS a.net.\ny NS b.net.", ""),
        (
            "x MX 1 y\ny CNAME a.net.",
            "5:1: warning: the MX record points to `y.example.com.`, which is an alias; point it to a name with addresses",
        ),
        (
            "x NS y\nx NS b.net.\ny CNAME a.net.",
            "5:1: warning: the NS record points to `y.example.com.`, which is an alias; point it to a name with addresses",
        ),
        (
            "x NS a.net.\nx NS b.net.\nx TXT a\na.x MX 1 b.net.\na.x A 192.0.2.1",
            "7:1: warning: the TXT record of `x.example.com.` is never served; the name is delegated: put the record into that zone | 8:1: warning: the MX record of `a.x.example.com.` is never served; `x.example.com.` is delegated: put the record into that zone | 9:1: warning: no NS record names `a.x.example.com.`: its address is never served; the name is delegated: take the record out, or name the host in an NS record",
        ),
        // Glue that another delegation needs, and glue below a cut in a cut.
        (
            "x NS a.net.\nx NS ns.y\ny NS a.net.\ny NS b.net.\nns.y A 192.0.2.1\ny AAAA ::1",
            "10:1: warning: no NS record names `y.example.com.`: its address is never served; the name is delegated: take the record out, or name the host in an NS record",
        ),
        (
            "x NS a.net.\nx NS NS.x\nNs.X A 192.0.2.1\nns.X AAAA ::1",
            "",
        ),
        (
            "x NS a\nx NS b\na A 192.0.2.1\nb A 192.0.2.1",
            "5:1: warning: all name servers of `x.example.com.` have one and the same address; give them addresses that do not fail together (RFC 2182 §3.1)",
        ),
        (
            "x NS a\nx NS b\na A 192.0.2.1\nb A 192.0.2.1\nb AAAA ::1",
            "",
        ),
        ("x NS a\nx NS b.net.\na A 192.0.2.1", ""),
        (
            "x NS *\nx NS b.net.",
            "5:1: warning: the name server `*.example.com.` has no address in this zone; write its A or AAAA record too",
        ),
        ("x NS w.s\nx NS b.net.\n*.s A 192.0.2.1", ""),
    ]);
}

/// The whole file counts.
#[test]
fn in_the_file() {
    let table: &[(&str, &str)] = &[
        (
            "",
            "1:1: error: the zone has no SOA; write `@ SOA …` at the top: every zone has one, at its apex, here `example.com.`",
        ),
        (
            "; nothing\n",
            "1:1: error: the zone has no SOA; write `@ SOA …` at the top: every zone has one, at its apex, here `example.com.`",
        ),
        (
            "@ NS a.net.\n@ NS b.net.\n",
            "1:1: error: the zone has no SOA; write `@ SOA …` at the top: every zone has one, at its apex, here `example.com.` | 1:3: error: this record has no TTL, and there is none before it; write `$TTL 3600` at the top of the file",
        ),
        (
            "$TTL 5\n@ SOA a.net. b.net. 1 2 3 4 5\n",
            "2:1: error: the zone `example.com.` has no NS records; write an NS record for each of its servers: `@ NS ns1`",
        ),
        (
            "$TTL 5\nexample.net. SOA a.net. b.net. 1 2 3 4 5\n NS a.net.\n NS b.net.\n",
            "2:1: error: the SOA is of `example.net.`, and the file is named for `example.com.`; rename the file to `example.net.zone`, or begin it with `$ORIGIN example.net.`",
        ),
        (
            "$TTL 5\n. SOA a.net. b.net. 1 2 3 4 5\n NS a.net.\n NS b.net.\n",
            "2:1: error: the SOA is of `.`, and the file is named for `example.com.`; rename the file to `root.zone`, or begin it with `$ORIGIN .` | 3:2: warning: the name server `a.net.` has no address in this zone; write its A or AAAA record too | 4:2: warning: the name server `b.net.` has no address in this zone; write its A or AAAA record too",
        ),
        (
            "$TTL 5\n@ SOA a.net. host@b.net. 1 2 3 4 5\nx A 192.0.2.1\n",
            "2:14: error: `host@b.net.` has an `@` where a mailbox is a name; write `hostmaster.example.com.` for hostmaster@example.com",
        ),
        (
            "@ SOA a.net. b.net. 1 2 3 4\nx A 192.0.2.1\nx.net. A 192.0.2.1\n",
            "1:27: error: the line ends where the minimum was expected; write the minimum behind this",
        ),
        (
            "@ SOA a.net. b.net. 4294967296 2 3 4 5\n",
            "1:21: error: `4294967296` stands where the serial was expected; write a number from 0 to 4294967295",
        ),
        (
            "$TTL 5\n@ SOA a.net. b.net. 1 2h 3 4 -5\n",
            "2:30: error: `-5` stands where the minimum was expected; write seconds, or units as in `1h30m` (w d h m s), at most 2147483647 seconds",
        ),
        (
            "$TTL 5\n SOA a.net. b.net. 1 2 3 4 5\n NS a.net.\n NS b.net.\n",
            "2:2: error: the first record begins with a blank and so has no owner; write its owner at the start of the line",
        ),
        (
            "\u{feff}$TTL 5\n@ SOA a.net. b.net. 1 2 3 4 5\n NS a.net.\n NS b.net.\n",
            "1:1: warning: the file begins with a byte order mark; save the file without it: other servers refuse it",
        ),
        (
            "$TTL 5\n@ SOA a.net. b.net. ( 1 2 3 4 5\n  NS a.net.\n  NS b.net.\nx A 1\ny TXT (\nz TXT a)\n",
            "2:21: error: this parenthesis is never closed; write `)` behind the last word of the record | 5:5: error: `1` is not an IPv4 address; write it as in `192.0.2.1`; an IPv6 address is of type AAAA",
        ),
        (
            "$TTL 5\n@ SOA a.net. b.net. 1 2 3 4 5\n NS ns1\n NS ns2\nns1 A 192.0.2.1\n",
            "4:2: warning: the name server `ns2.example.com.` has no address in this zone; write its A or AAAA record too",
        ),
    ];
    let mut wrong = String::new();
    for (text, expected) in table {
        let got = said(*text).join(" | ");
        if got != *expected {
            wrong.push_str(&format!("{text:?}\n   got  {got}\n   want {expected}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn each_mistake_names_the_other_place() {
    let (_, list) = read_text(format!("{HEAD}x CNAME a.net.\nx TXT a\n"));
    assert_eq!(list[0].also[0].0.place(), "z.zone:6:1");
    let (_, list) = read_text(format!("{HEAD}x DNAME a.net.\ny.x A 192.0.2.1\n"));
    assert_eq!(list[0].also[0].0.place(), "z.zone:5:1");
}

#[test]
fn bounds() {
    // A set that no message can hold; one that just fits.
    let strings = |count: usize| format!("x TXT{}\n", " aaaaaaaaa".repeat(count));
    assert_eq!(
        behind(&strings(6_500)),
        [
            "5:1: error: the TXT records of `x.example.com.` have 65012 octets; no message holds more than 64000; spread them over several names"
        ]
    );
    assert_eq!(behind(&strings(6_398)), [""; 0]);
    let many: String = (0..4_001)
        .map(|n| format!("x A 10.0.{}.{}\n", n / 250, n % 250))
        .collect();
    assert_eq!(
        behind(&many),
        [
            "5:1: error: the A records of `x.example.com.` have 64016 octets; no message holds more than 64000; spread them over several names"
        ]
    );
    // Words and their number.
    let word = format!("x TXT {}\n", "a".repeat(300_000));
    assert_eq!(
        behind(&word),
        ["5:7: error: a word of 300000 bytes is too long; at most 262144 are read"]
    );
    let words = format!("x TXT{}\n", " a".repeat(70_000));
    assert_eq!(
        behind(&words),
        ["5:131203: error: the record has more than 65600 words; no record is that large"]
    );
    assert_eq!(
        behind(&strings(6_600))[0].split(';').next(),
        Some("5:65537: error: the strings have more than 65535 octets together")
    );
    // A generator gone wrong.
    let errors = behind(&"x A\n".repeat(5_000));
    assert_eq!(
        (errors.len(), errors.last().map(String::as_str)),
        (
            101,
            Some("5005:1: error: 4900 more errors left out; mend those before first"),
        )
    );
    let warnings = behind(&"x A 192.0.2.1\n".repeat(3_000));
    assert_eq!(
        (warnings.len(), warnings.last().map(String::as_str)),
        (
            101,
            Some("3005:1: warning: 2899 more warnings left out; mend those before first")
        )
    );
    // Parentheses that never close cost a bounded number of passes.
    let open = "x TXT (\n".repeat(100_000);
    assert_eq!(behind(&open).len(), 11);
}
