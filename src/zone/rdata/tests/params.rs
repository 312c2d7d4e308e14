//! The parameters of SVCB and HTTPS records.

use super::{opaque, read_text, shown, wire};
use crate::wire::kind::Kind;

fn check(table: &[(&str, &[u8], &str)]) {
    for (text, octets, canonical) in table {
        assert_eq!(wire(Kind::SVCB, text), *octets, "{text}");
        let want = if canonical.is_empty() {
            text
        } else {
            canonical
        };
        assert_eq!(shown(Kind::SVCB, octets), *want);
        assert_eq!(wire(Kind::HTTPS, want), *octets, "{want}");
    }
}

#[test]
#[rustfmt::skip]
fn each_has_its_form() {
    check(&[
        ("1 . mandatory=port,alpn alpn=h2 port=53",
            b"\0\x01\0\0\0\0\x04\0\x01\0\x03\0\x01\0\x03\x02h2\0\x03\0\x02\0\x35", "1 . mandatory=alpn,port alpn=\"h2\" port=53"),
        ("1 . alpn=h\\\"\\200", b"\0\x01\0\0\x01\0\x04\x03h\"\xc8", "1 . alpn=\"h\\\"\\200\""),
        ("1 . alpn=a", b"\0\x01\0\0\x01\0\x02\x01a", "1 . alpn=\"a\""),
        ("1 . alpn=h2 no-default-alpn", b"\0\x01\0\0\x01\0\x03\x02h2\0\x02\0\0", "1 . alpn=\"h2\" no-default-alpn"),
        ("1 . ipv4hint=192.0.2.1,192.0.2.2", b"\0\x01\0\0\x04\0\x08\xc0\0\x02\x01\xc0\0\x02\x02", ""),
        ("1 . ech=AQID", b"\0\x01\0\0\x05\0\x03\x01\x02\x03", ""),
        ("1 . ipv6hint=2001:db8::1", b"\0\x01\0\0\x06\0\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", ""),
        ("1 . dohpath=/q{?dns}", b"\0\x01\0\0\x07\0\x08/q{?dns}", "1 . key7=\"/q{?dns}\""),
        ("1 . ohttp", b"\0\x01\0\0\x08\0\0", "1 . key8"),
        ("1 . tls-supported-groups=29,4588", b"\0\x01\0\0\x09\0\x04\0\x1d\x11\xec", "1 . key9=\"\\000\\029\\017\\236\""),
        ("1 . docpath=dns,query", b"\0\x01\0\0\x0a\0\x0a\x03dns\x05query", "1 . key10=\"\\003dns\\005query\""),
        ("1 . docpath", b"\0\x01\0\0\x0a\0\0", "1 . key10"),
        ("1 . docpath=", b"\0\x01\0\0\x0a\0\0", "1 . key10"),
        ("1 . pvd", b"\0\x01\0\0\x0b\0\0", "1 . key11"),
        ("1 . key65534=a\\ b", b"\0\x01\0\xff\xfe\0\x03a b", "1 . key65534=\"a b\""),
        ("1 . mandatory=ohttp ohttp", b"\0\x01\0\0\0\0\x02\0\x08\0\x08\0\0", "1 . mandatory=key8 key8"),
    ]);
}

/// NSD and Knot misread some lists: these are told in octets.
#[test]
fn lists_that_others_misread() {
    for (text, common) in [
        ("a,h2", false),
        ("h2,a", true),
        ("h2,h\\\\,2", false),
        ("h2,h2\\\\,", false),
        ("h2,h\\\\\\\\2", false),
        (&"a".repeat(63), true),
        (&"a".repeat(64), false),
    ] {
        let octets = wire(Kind::SVCB, &format!("1 . alpn={text}"));
        let want = match common {
            true => format!("1 . alpn=\"{text}\""),
            false => opaque(&octets),
        };
        assert_eq!(shown(Kind::SVCB, &octets), want);
    }
}

#[test]
fn what_they_cannot_say() {
    let table = [
        ("1 . pvd=1", "5: `pvd=1`: this parameter has no value; "),
        ("1 . ohttp=1", "5: `ohttp=1`: this parameter has no value; "),
        (
            "1 . tls-supported-groups=x25519",
            "5: `tls-supported-groups=x25519`: groups are a list of numbers from 0 to 65535; ",
        ),
        (
            "1 . docpath=a,,b",
            "5: `docpath=a,,b`: a segment of the path has 1 to 255 octets; ",
        ),
        ("1 . ech=", "5: `ech=`: the value is not base64; "),
        (
            "1 . key7=\\200",
            "5: the value of `dohpath` is malformed; write the parameter by its name",
        ),
        (
            "1 . key9=a",
            "5: the value of `tls-supported-groups` is malformed; write the parameter by its name",
        ),
        (
            "1 192.0.2.1 alpn=h2",
            "3: `192.0.2.1` is an address where the target was expected; write the name of the host, and the address in a record of that name",
        ),
    ];
    for (text, want) in table {
        assert_eq!(read_text(Kind::HTTPS, text).unwrap_err(), want, "{text}");
    }
}
