//! Good texts of every type, the octets they mean, and the text that is written for these.

use super::{hex, opaque, read_text, shown, split, table, wire};
use crate::wire::kind::Kind;
use crate::zone::rdata::{canonical, check, target};

/// A line, its octets, and the text that is written for them if it is not that of the line.
type Example = (&'static str, &'static [u8], &'static str);

#[rustfmt::skip]
const PLAIN: &[Example] = &[
    ("A 192.0.2.1", b"\xc0\0\x02\x01", ""),
    ("NS ns1.example.net.", b"\x03ns1\x07example\x03net\0", ""),
    ("MD a.", b"\x01a\0", ""),
    ("MF a.", b"\x01a\0", ""),
    ("CNAME Www", b"\x03Www\x07example\x03com\0", "Www.example.com."),
    ("CNAME \\0492.0.2.1.", b"\x0212\x010\x012\x011\0", ""),
    ("CNAME @", b"\x07example\x03com\0", "example.com."),
    ("CNAME a\\.b\\;\\032\\\\\\\"\\$\\@\\(\\200.", b"\x0ba.b; \\\"$@(\xc8\0", "a\\.b\\;\\032\\092\\\"\\$\\@\\(\\200."),
    ("SOA ns. john\\.doe.a. 4294967295 1h30m 2 1w 2147483647",
        b"\x02ns\0\x08john.doe\x01a\0\xff\xff\xff\xff\0\0\x15\x18\0\0\0\x02\0\x09\x3a\x80\x7f\xff\xff\xff",
        "ns. john\\.doe.a. 4294967295 5400 2 604800 2147483647"),
    ("SOA . a\\@b. 1 2 3 4 5", b"\0\x03a@b\0\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05", ""),
    ("MB a.", b"\x01a\0", ""),
    ("MG a.", b"\x01a\0", ""),
    ("MR a.", b"\x01a\0", ""),
    ("WKS 192.0.2.1 tcp smtp 80 7", b"\xc0\0\x02\x01\x06\x01\0\0\x40\0\0\0\0\0\0\x80", "192.0.2.1 6 7 25 80"),
    ("PTR a.", b"\x01a\0", ""),
    ("HINFO PDP-11 \"UNIX V7\"", b"\x06PDP-11\x07UNIX V7", "\"PDP-11\" \"UNIX V7\""),
    ("MINFO a. b.", b"\x01a\0\x01b\0", ""),
    ("MX 10 mail", b"\0\x0a\x04mail\x07example\x03com\0", "10 mail.example.com."),
    ("MX 0 .", b"\0\0\0", ""),
    ("TXT a \"\" \"b c\\\"\\\\\\009\\200\" \\;", b"\x01a\0\x07b c\"\\\x09\xc8\x01;", "\"a\" \"\" \"b c\\\"\\\\\\009\\200\" \";\""),
    ("RP a.b. .", b"\x01a\x01b\0\0", ""),
    ("AFSDB 1 a.", b"\0\x01\x01a\0", ""),
    ("X25 311061700956", b"\x0c311061700956", "\"311061700956\""),
    ("ISDN 150862028003217 004", b"\x0f150862028003217\x03004", "\"150862028003217\" \"004\""),
    ("ISDN 1", b"\x011", "\"1\""),
    ("RT 10 a.", b"\0\x0a\x01a\0", ""),
    ("NSAP 0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00",
        b"\x47\0\x05\x80\0\x5a\0\0\0\0\x01\xe1\x33\xff\xff\xff\0\x01\x61\0", "0x47000580005a0000000001e133ffffff00016100"),
    ("NSAP-PTR a.", b"\x01a\0", ""),
    ("KEY 512 3 RSASHA256 AQ ID", b"\x02\0\x03\x08\x01\x02\x03", "512 3 8 AQID"),
    ("PX 10 a. b.", b"\0\x0a\x01a\0\x01b\0", ""),
    ("GPOS -32.6882 116.8652 10.0", b"\x08-32.6882\x08116.8652\x0410.0", "\"-32.6882\" \"116.8652\" \"10.0\""),
    ("AAAA 2001:DB8::1", b"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", "2001:db8::1"),
    ("EID e32c6f78163a9348", b"\xe3\x2c\x6f\x78\x16\x3a\x93\x48", ""),
    ("NIMLOC 32251a", b"\x32\x25\x1a", ""),
    ("SRV 0 5 443 a.", b"\0\0\0\x05\x01\xbb\x01a\0", ""),
    ("NAPTR 100 50 s z3950+I2L \"\" _z._tcp.a.",
        b"\0\x64\0\x32\x01s\x09z3950+I2L\0\x02_z\x04_tcp\x01a\0", "100 50 \"s\" \"z3950+I2L\" \"\" _z._tcp.a."),
    ("KX 1 a.", b"\0\x01\x01a\0", ""),
    ("CERT PKIX 65534 rsasha256 AQID", b"\0\x01\xff\xfe\x08\x01\x02\x03", "1 65534 8 AQID"),
    ("DNAME a.", b"\x01a\0", ""),
    ("SINK 1 2 3 AQ==", b"\x01\x02\x03\x01", ""),
    ("AVC a b", b"\x01a\x01b", "\"a\" \"b\""),
    ("NINFO a", b"\x01a", "\"a\""),
    ("SPF \"v=spf1 -all\"", b"\x0bv=spf1 -all", ""),
    ("RESINFO qnamemin exterr=15", b"\x08qnamemin\x09exterr=15", "\"qnamemin\" \"exterr=15\""),
    ("WALLET BTC 1A", b"\x03BTC\x021A", "\"BTC\" \"1A\""),
    ("CLA TCP-v4-v6", b"\x09TCP-v4-v6", "\"TCP-v4-v6\""),
    ("IPN 18446744073709551615", b"\xff\xff\xff\xff\xff\xff\xff\xff", ""),
    ("TALINK a. .", b"\x01a\0\0", ""),
    ("NID 10 0014:4fff:FF20:ee64", b"\0\x0a\0\x14\x4f\xff\xff\x20\xee\x64", "10 0014:4fff:ff20:ee64"),
    ("L32 10 10.1.2.0", b"\0\x0a\x0a\x01\x02\0", ""),
    ("L64 10 2001:db8:1140:0", b"\0\x0a\x20\x01\x0d\xb8\x11\x40\0\0", "10 2001:0db8:1140:0000"),
    ("LP 10 a.", b"\0\x0a\x01a\0", ""),
    ("EUI48 00-00-5E-00-53-2a", b"\0\0\x5e\0\x53\x2a", "00-00-5e-00-53-2a"),
    ("EUI64 00-00-5e-ef-10-00-00-2a", b"\0\0\x5e\xef\x10\0\0\x2a", ""),
    ("URI 10 1 \"https://a/?b=\\\"c\\\"\"", b"\0\x0a\0\x01https://a/?b=\"c\"", ""),
    ("CAA 128 issue \"ca.example; a=b\"", b"\x80\x05issueca.example; a=b", ""),
    ("CAA 0 issue \\;", b"\0\x05issue;", "0 issue \";\""),
    ("DOA 0 1 2 \"\" -", b"\0\0\0\0\0\0\0\x01\x02\0", ""),
    ("DOA 4294967295 1 2 text/plain AQID", b"\xff\xff\xff\xff\0\0\0\x01\x02\x0atext/plain\x01\x02\x03", "4294967295 1 2 \"text/plain\" AQID"),
    ("DSYNC CDS NOTIFY 5359 a.", b"\0\x3b\x01\x14\xef\x01a\0", "CDS 1 5359 a."),
    ("DSYNC TYPE65280 0 5359 a.", b"\xff\0\0\x14\xef\x01a\0", ""),
    ("HHIT AQID", b"\x01\x02\x03", ""),
    ("BRID AQID", b"\x01\x02\x03", ""),
];

#[rustfmt::skip]
const SPECIAL: &[Example] = &[
    ("LOC 42 21 54 N 71 06 18 W -24m 30m",
        b"\0\x33\x16\x13\x89\x17\x2d\xd0\x70\xbe\x15\xf0\0\x98\x8d\x20", "42 21 54.000 N 71 6 18.000 W -24.00m 30m 10000m 10m"),
    ("LOC 42 n 71 w 0", b"\0\x12\x16\x13\x89\x03\x21\x00\x70\xc3\xda\x80\0\x98\x96\x80", "42 0 0.000 N 71 0 0.000 W 0.00m 1m 10000m 10m"),
    ("LOC 90 S 179 59 59.999 E -100000m 0 0.05m 90000000.00m",
        b"\0\0\x50\x99\x6c\xb0\x27\x00\xa6\x9f\xb1\xff\0\0\0\0", "90 0 0.000 S 179 59 59.999 E -100000.00m 0m 0.05m 90000000m"),
    ("APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:FF00::/8 1:0.0.0.0/0",
        b"\0\x01\x15\x03\xc0\xa8\x20\0\x01\x1c\x83\xc0\xa8\x26\0\x02\x08\x01\xff\0\x01\0\0",
        "1:192.168.32.0/21 !1:192.168.38.0/28 2:ff00::/8 1:0.0.0.0/0"),
    ("APL", b"", ""),
    ("IPSECKEY 10 0 2 . AQID", b"\x0a\0\x02\x01\x02\x03", ""),
    ("IPSECKEY 10 1 RSA 192.0.2.38 AQID", b"\x0a\x01\x02\xc0\0\x02\x26\x01\x02\x03", "10 1 2 192.0.2.38 AQID"),
    ("IPSECKEY 10 2 2 2001:db8::1 AQID", b"\x0a\x02\x02\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x02\x03", ""),
    ("IPSECKEY 10 3 0 a.", b"\x0a\x03\0\x01a\0", ""),
    ("AMTRELAY 10 1 0 .", b"\x0a\x80", ""),
    ("AMTRELAY 10 0 1 203.0.113.15", b"\x0a\x01\xcb\0\x71\x0f", ""),
    ("AMTRELAY 10 0 2 2001:db8::15", b"\x0a\x02\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x15", ""),
    ("AMTRELAY 128 1 3 a.", b"\x80\x83\x01a\0", ""),
    ("HIP 2 200100107B1A74DF365639CC39F1D578 AQID rvs.a. b.",
        b"\x10\x02\0\x03\x20\x01\0\x10\x7b\x1a\x74\xdf\x36\x56\x39\xcc\x39\xf1\xd5\x78\x01\x02\x03\x03rvs\x01a\0\x01b\0",
        "2 200100107b1a74df365639cc39f1d578 AQID rvs.a. b."),
    ("SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef6 78901234",
        b"\x04\x02\x12\x34\x56\x78\x9a\xbc\xde\xf6\x78\x90\x12\x34\x56\x78\x9a\xbc\xde\xf6\x78\x90\x12\x34\x56\x78\x9a\xbc\xde\xf6\x78\x90\x12\x34",
        "4 2 123456789abcdef67890123456789abcdef67890123456789abcdef678901234"),
    ("TLSA DANE-EE SPKI Full 0A0b", b"\x03\x01\0\x0a\x0b", "3 1 0 0a0b"),
    ("SMIMEA 3 0 0 00", b"\x03\0\0\0", ""),
    ("DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
        b"\0\x02\x01\x63\x6f\xc0\xb8\x27\x1c\x82\x82\x5b\xb1\xac\x5c\x41\xcf\x53\x51\xaa\x69\xb4\xfe\xbd\x94\xe8\xf1\x7c\xdb\x95\0\x0d\xa4\x8c\x40", ""),
    ("OPENPGPKEY AQ ID", b"\x01\x02\x03", "AQID"),
    ("CSYNC 66 3 NS A aaaa A TYPE65280", b"\0\0\0\x42\0\x03\0\x04\x60\0\0\x08\xff\x01\x80", "66 3 A NS AAAA TYPE65280"),
    ("CSYNC 66 3", b"\0\0\0\x42\0\x03", ""),
    ("CSYNC 1 0 PX", b"\0\0\0\x01\0\0\0\x04\0\0\0\x20", "1 0 TYPE26"),
    ("ZONEMD 2018031500 1 240 0123", b"\x78\x48\xb7\x8c\x01\xf0\x01\x23", ""),
    // RFC 4034 §5.4.
    ("DS 60485 5 1 ( 2BB183AF5F22588179A53B0A 98631FAD1A292118 )",
        b"\xec\x45\x05\x01\x2b\xb1\x83\xaf\x5f\x22\x58\x81\x79\xa5\x3b\x0a\x98\x63\x1f\xad\x1a\x29\x21\x18",
        "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118"),
    ("CDS 0 0 0 00", b"\0\0\0\0\0", ""),
    ("DLV 1 ED25519 200 0a", b"\0\x01\x0f\xc8\x0a", "1 15 200 0a"),
    ("TA 1 8 200 0a", b"\0\x01\x08\xc8\x0a", ""),
    ("DNSKEY 257 3 15 AQID", b"\x01\x01\x03\x0f\x01\x02\x03", ""),
    ("CDNSKEY 0 3 0 AA==", b"\0\0\x03\0\0", ""),
    ("RKEY 0 1 8 AQID", b"\0\0\x01\x08\x01\x02\x03", ""),
    // RFC 4034 §4.3.
    ("NSEC host ( A MX RRSIG NSEC TYPE1234 )",
        b"\x04host\x07example\x03com\0\0\x06\x40\x01\0\0\0\x03\x04\x1b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20",
        "host.example.com. A MX RRSIG NSEC TYPE1234"),
    // RFC 5155 appendix A.
    ("NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG",
        b"\x01\x01\0\x0c\x04\xaa\xbb\xcc\xdd\x14\x17\x4e\xb2\x40\x9f\xe2\x8b\xcb\x48\x87\xa1\x83\x6f\x95\x7f\x0a\x84\x25\xe2\x7b\0\x07\x22\x01\0\0\0\x02\x90",
        "1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS SOA MX RRSIG DNSKEY NSEC3PARAM"),
    ("NSEC3 1 0 0 - 00000000", b"\x01\0\0\0\0\x05\0\0\0\0\0", ""),
    ("NSEC3PARAM 1 0 12 aabbccdd", b"\x01\0\0\x0c\x04\xaa\xbb\xcc\xdd", ""),
    ("NSEC3PARAM 1 0 0 -", b"\x01\0\0\0\0", ""),
    // RFC 4034 §3.3, its signature cut.
    ("RRSIG A 5 3 1d 20030322173103 20030220173103 2642 example.com. oJB1W6WN",
        b"\0\x01\x05\x03\0\x01\x51\x80\x3e\x7c\x9d\xd7\x3e\x55\x10\xd7\x0a\x52\x07example\x03com\0\xa0\x90\x75\x5b\xa5\x8d",
        "A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1W6WN"),
    ("SIG TYPE999 5 3 0 4294967295 0 1 . AQID",
        b"\x03\xe7\x05\x03\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\x01\0\x01\x02\x03",
        "TYPE999 5 3 0 21060207062815 19700101000000 1 . AQID"),
    ("HTTPS 1 . alpn=h2", b"\0\x01\0\0\x01\0\x03\x02h2", "1 . alpn=\"h2\""),
    ("SVCB 0 a.", b"\0\0\x01a\0", ""),
];

#[test]
fn each_text_means_its_octets() {
    let mut wrong = String::new();
    for (line, octets, _) in PLAIN.iter().chain(SPECIAL) {
        let (kind, text) = split(line);
        let got = read_text(kind, text);
        if got
            .as_ref()
            .map(|(data, doubts)| (data.as_slice(), doubts.len()))
            != Ok((octets, 0))
        {
            wrong.push_str(&format!(
                "{line}\n  got  {got:02x?}\n  want {octets:02x?}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn each_is_written_so_that_it_reads_back() {
    let mut wrong = String::new();
    for (line, octets, text) in PLAIN.iter().chain(SPECIAL) {
        let (kind, own) = split(line);
        let want = if text.is_empty() { own } else { *text };
        let got = shown(kind, octets);
        if got != want {
            wrong.push_str(&format!("{line}\n  got  {got}\n  want {want}\n"));
        }
        assert_eq!(wire(kind, &got), *octets, "{line}");
        assert_eq!(check(kind, octets), Ok(()), "{line}");
        // The same record in the form of RFC 3597 §5.
        assert_eq!(wire(kind, &opaque(octets)), *octets, "{line}");
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_type_of_the_table_has_an_example() {
    let shown: Vec<Kind> = PLAIN
        .iter()
        .chain(SPECIAL)
        .map(|(line, ..)| split(line).0)
        .collect();
    let missing: Vec<Kind> = table::kinds()
        .filter(|kind| !shown.contains(kind))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn types_without_a_text_form_are_octets() {
    assert_eq!(shown(Kind(65280), b"\x0a\0\0\x01"), "\\# 4 0a000001");
    assert_eq!(shown(Kind::NULL, b""), "\\# 0");
    assert_eq!(wire(Kind::NULL, "\\# 0"), b"");
    assert_eq!(wire(Kind(65280), "\\# 4 0A00 0001"), b"\x0a\0\0\x01");
    // Malformed data of a known type can still be told, and so can those that no text says.
    assert_eq!(shown(Kind::A, b"\x0a"), "\\# 1 0a");
    assert_eq!(shown(Kind::MX, b"\0\x01\xc0\x0c"), "\\# 4 0001c00c");
    for (kind, data) in [
        (Kind::DS, "00010801"),
        (Kind::KEY, "c0000305"),
        (Kind::LOC, "01000000000000000000000000000000"),
        (Kind::LOC, "00000000000000000000000000000000"),
        (Kind::LOC, "000a000080000000800000000098968f"),
        (Kind::APL, "00030801ff"),
        (
            Kind::SOA,
            "0000 00000001 00000002 00000003 00000004 80000000",
        ),
        (Kind::NSEC3, "010000000001aa"),
        (Kind::WKS, "c000020109"),
        (Kind::SPF, "01610162"),
        (Kind::WKS, "c000020106"),
        (Kind::CAA, "0005 4973737565 61"),
    ] {
        let data = hex(data);
        assert_eq!(check(kind, &data), Ok(()));
        assert_eq!(shown(kind, &data), opaque(&data));
        assert_eq!(wire(kind, &opaque(&data)), data);
    }
}

#[test]
fn canonical_data_have_small_letters_where_they_count() {
    let table: [(&str, &str); 9] = [
        ("NS A.B.", "NS a.b."),
        ("SOA A. B. 1 2 3 4 5", "SOA a. b. 1 2 3 4 5"),
        ("MX 65 MAIL.", "MX 65 mail."),
        (
            "NAPTR 1 2 \"U\" \"S\" \"R\" A.B.",
            "NAPTR 1 2 \"U\" \"S\" \"R\" a.b.",
        ),
        (
            "RRSIG A 5 3 1 2 3 4 EXAMPLE. oJB1W6WN",
            "RRSIG A 5 3 1 2 3 4 example. oJB1W6WN",
        ),
        ("PX 1 A. B.", "PX 1 a. b."),
        ("NSEC A. TXT", "NSEC A. TXT"),
        ("LP 1 A.", "LP 1 A."),
        ("TXT ABC", "TXT ABC"),
    ];
    for (line, want) in table {
        let ((kind, text), (_, want)) = (split(line), split(want));
        let mut out = b"X".to_vec();
        canonical(kind, &wire(kind, text), &mut out);
        assert_eq!(out[1..], wire(kind, want), "{line}");
    }
}

#[test]
fn targets_are_the_names_that_are_pointed_to() {
    let table = [
        ("NS A.", Some("A.")),
        ("MX 1 A.", Some("A.")),
        ("SRV 1 2 3 A.", Some("A.")),
        ("HTTPS 1 A. alpn=h2", Some("A.")),
        ("KX 1 A.", Some("A.")),
        ("LP 1 A.", Some("A.")),
        ("TXT a", None),
        ("RP a. b.", None),
    ];
    for (line, want) in table {
        let (kind, text) = split(line);
        let data = wire(kind, text);
        let name = target(kind, &data).map(wire_name);
        assert_eq!(name.as_deref(), want, "{line}");
    }
    assert_eq!(target(Kind::MX, b"\0"), None);
    assert_eq!(target(Kind::NS, b"\x05a"), None);
}

fn wire_name(wire: &[u8]) -> String {
    crate::wire::name::Name::read(wire).unwrap().0.to_string()
}

/// The table of types that operators read says what is true, and all of it.
#[test]
fn the_manual_knows_every_type() {
    let manual = include_str!("../../../../zones/README.md");
    let table = manual
        .split("| types | data | for instance |")
        .nth(1)
        .unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut named = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.split(" | ").collect();
        named.extend(
            cells[0]
                .split('`')
                .filter_map(|word| word.parse::<Kind>().ok()),
        );
        for example in cells[2].split('`').skip(1).step_by(2) {
            let (kind, text) = split(example);
            wire(kind, text);
        }
    }
    let missing: Vec<Kind> = table::kinds()
        .filter(|kind| !kind.is_dnssec() && !named.contains(kind))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
