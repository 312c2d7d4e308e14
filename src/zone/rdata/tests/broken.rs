//! Each mistake in the data of a record, with the words that the operator reads.

use super::{read_text, split};

fn hold(table: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (line, want) in table {
        let (kind, text) = split(line);
        let got = match read_text(kind, text) {
            Err(fault) => fault,
            Ok((_, doubts)) => format!("taken, with {doubts:?}"),
        };
        if got != *want {
            wrong.push_str(&format!("{line}\n  got  {got}\n  want {want}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn in_the_first_half_of_the_types() {
    hold(FIRST);
}

/// Types up to LOC.
#[rustfmt::skip]
const FIRST: &[(&str, &str)] = &[
    ("AAAA 2001:db8:::1",
        "1: `2001:db8:::1` is not an IPv6 address; write it as in `2001:db8::1`; an IPv4 address is of type A"),
    ("NS 192.0.2.1.",
        "1: `192.0.2.1.` is an address where the name of a name server was expected; write the name of the host, and the address in a record of that name"),
    ("NS ::1",
        "1: `::1` is an address where the name of a name server was expected; write the name of the host, and the address in a record of that name"),
    ("SOA a. b@c.d 1 2 3 4 5",
        "4: `b@c.d` has an `@` where a mailbox is a name; write `hostmaster.example.com.` for hostmaster@example.com"),
    ("SOA a. b. 1 2 3 4 2147483648",
        "15: `2147483648` stands where the minimum was expected; write seconds, or units as in `1h30m` (w d h m s), at most 2147483647 seconds"),
    ("SOA a. b. 1 2 3 4 1x",
        "15: `1x` stands where the minimum was expected; write seconds, or units as in `1h30m` (w d h m s), at most 2147483647 seconds"),
    ("SOA a. b. 1 2 3 4",
        "13: the line ends where the minimum was expected; write the minimum behind this"),
    ("MX ten a.",
        "1: `ten` stands where the preference was expected; write a number from 0 to 65535"),
    ("MX 10 a. b.",
        "7: `b.` stands behind the end of the record; take it out; a comment begins with `;`"),
    ("MINFO a.",
        "1: the line ends where the mailbox for errors was expected; write the mailbox for errors behind this"),
    ("WKS 192.0.2.1 sctp",
        "11: `sctp` stands where the protocol was expected; write a number from 0 to 255, or its mnemonic, like TCP, UDP"),
    ("WKS 192.0.2.1 6 65536",
        "13: `65536` stands where a port was expected; write a number from 0 to 65535, or its mnemonic, like SMTP, TELNET, FTP"),
    ("HINFO a",
        "1: the line ends where the operating system was expected; write the operating system behind this"),
    ("ISDN a b c",
        "5: `c` stands behind the end of the record; take it out; a comment begins with `;`"),
    ("RP a@b .",
        "1: `a@b` has an `@` where a mailbox is a name; write `hostmaster.example.com.` for hostmaster@example.com"),
    ("NSAP 47",
        "1: `47` stands where an NSAP address was expected; write `0x` and two digits 0-9 a-f for each octet"),
    ("NSAP 0x4",
        "1: `0x4` stands where an NSAP address was expected; write `0x` and two digits 0-9 a-f for each octet"),
    ("NSAP 0x",
        "1: `0x` stands where an NSAP address was expected; write `0x` and two digits 0-9 a-f for each octet"),
    ("KEY 65536 3 5 AQID",
        "1: `65536` stands where the flags field was expected; write a number from 0 to 65535"),
    ("DNSKEY 257 256 15 AQID",
        "5: `256` stands where the protocol was expected; write a number from 0 to 255"),
    ("DNSKEY 257 3 FOO AQID",
        "7: `FOO` stands where the algorithm was expected; write a number from 0 to 255, or its mnemonic, like RSASHA256, ECDSAP256SHA256, ED25519"),
    ("DNSKEY 257 3 15",
        "7: the line ends where the key was expected; write the key behind this"),
    ("DNSKEY 257 3 15 AQ*D",
        "10: `AQ*D` is not base64; write digits A-Z a-z 0-9 + / in groups of four, the last one filled up with `=`"),
    ("DNSKEY 257 3 15 AQI",
        "10: the key is not whole base64; write digits A-Z a-z 0-9 + / in groups of four, the last one filled up with `=`"),
    ("DNSKEY 257 3 15 AQ ID AQ== AQID",
        "21: `AQID` is not base64; write digits A-Z a-z 0-9 + / in groups of four, the last one filled up with `=`"),
    ("DNSKEY 257 3 15 AR==",
        "10: the key is not whole base64; write digits A-Z a-z 0-9 + / in groups of four, the last one filled up with `=`"),
    ("LOC 91 N 0 E 0",
        "1: `91` stands where the latitude was expected; write a number from 0 to 90"),
    ("LOC 90 0 1 N 0 E 0",
        "8: the angle before `N` is beyond 90 degrees; correct degrees, minutes and seconds"),
    ("LOC 1 60 N 0 E 0",
        "3: `60` stands where minutes, `N` or `S` was expected; write minutes below 60, or `N` or `S`"),
    ("LOC 1 2 60 N 0 E 0",
        "5: `60` stands where seconds, `N` or `S` was expected; write seconds below 60, or `N` or `S`"),
    ("LOC 1 2 3.1234 N 0 E 0",
        "5: `3.1234` stands where seconds, `N` or `S` was expected; write seconds below 60, or `N` or `S`"),
    ("LOC 1 2 3 4 N 0 E 0",
        "7: `4` stands where `N` or `S` was expected; write `N` or `S`"),
    ("LOC 1 E 0 N 0",
        "3: `E` stands where minutes, `N` or `S` was expected; write minutes below 60, or `N` or `S`"),
    ("LOC 1 N 0 E",
        "7: the line ends where the altitude was expected; write the altitude behind this"),
    ("LOC 1 N 0 E -100000.01m",
        "9: `-100000.01m` stands where the altitude was expected; write metres from -100000.00m to 42849672.95m"),
    ("LOC 1 N 0 E 42849672.96",
        "9: `42849672.96` stands where the altitude was expected; write metres from -100000.00m to 42849672.95m"),
    ("LOC 1 N 0 E 0 90000000.01m",
        "11: `90000000.01m` stands where the size was expected; write metres from 0 to 90000000.00m"),
    ("LOC 1 N 0 E 0 1 1 1 1",
        "17: `1` stands behind the end of the record; take it out; a comment begins with `;`"),
];

#[test]
fn in_the_second_half_of_the_types() {
    hold(SECOND);
}

/// Types from SRV on.
#[rustfmt::skip]
const SECOND: &[(&str, &str)] = &[
    ("SRV 1 2 3",
        "5: the line ends where the name of the host was expected; write the name of the host behind this"),
    ("NAPTR 1 2 a b c",
        "9: the line ends where the replacement was expected; write the replacement behind this"),
    ("CERT FOO 1 1 AQID",
        "1: `FOO` stands where the type of the certificate was expected; write a number from 0 to 65535, or its mnemonic, like PKIX, SPKI, PGP"),
    ("APL 192.0.2.0/24",
        "1: `192.0.2.0/24` stands where a prefix was expected; write family, address and length, as in `1:192.0.2.0/24` or `!2:2001:db8::/32`"),
    ("APL 1:192.0.2.0/33",
        "1: `1:192.0.2.0/33` stands where a prefix was expected; write family, address and length, as in `1:192.0.2.0/24` or `!2:2001:db8::/32`"),
    ("APL 3:00/1",
        "1: `3:00/1` stands where a prefix was expected; write family, address and length, as in `1:192.0.2.0/24` or `!2:2001:db8::/32`"),
    ("DS 1 8 2 0",
        "7: the digest is not whole hexadecimal; write two digits 0-9 a-f for each octet"),
    ("DS 1 8 2 0g",
        "7: `0g` is not hexadecimal; write two digits 0-9 a-f for each octet"),
    ("DS 1 8 2",
        "5: the line ends where the digest was expected; write the digest behind this"),
    ("TLSA 4x 1 1 00",
        "1: `4x` stands where the usage was expected; write a number from 0 to 255, or its mnemonic, like PKIX-TA, PKIX-EE, DANE-TA"),
    ("IPSECKEY 10 4 2 . AQID",
        "4: `4` stands where the kind of gateway was expected; write 0 for none, 1 for an IPv4 address, 2 for an IPv6 address, 3 for a name"),
    ("IPSECKEY 10 0 2 a. AQID",
        "8: `a.` stands where the gateway was expected; its kind is 0, none: write `.`"),
    ("IPSECKEY 10 1 2 a. AQID",
        "8: `a.` is not an IPv4 address; write it as in `192.0.2.1`; an IPv6 address is of type AAAA"),
    ("IPSECKEY 10 3 2 192.0.2.1 AQID",
        "8: `192.0.2.1` is an address where the gateway was expected; write the name of the host, and the address in a record of that name"),
    ("AMTRELAY 10 2 1 192.0.2.1",
        "4: `2` stands where the discovery bit was expected; write a number from 0 to 1"),
    ("AMTRELAY 10 0 1 ::1",
        "8: `::1` is not an IPv4 address; write it as in `192.0.2.1`; an IPv6 address is of type AAAA"),
    ("HIP 2 0 AQID",
        "3: `0` is not the host identity tag in hexadecimal; write two digits 0-9 a-f for each octet"),
    ("HIP 2 00 AQI",
        "6: `AQI` is not the key in base64; write digits A-Z a-z 0-9 + / in groups of four, the last one filled up with `=`"),
    ("HIP 2 00",
        "3: the line ends where the key was expected; write the key behind this"),
    ("RRSIG FOO 5 3 1 1 1 1 . AQID",
        "1: `FOO` stands where the type that is signed was expected; write a type like A, or `TYPE` and its number"),
    ("RRSIG A 5 3 1 20230229000000 1 1 . AQID",
        "9: `20230229000000` stands where the end of the signature was expected; write YYYYMMDDHHmmSS in UTC, from 1970 to 2106, or seconds since 1970"),
    ("NSEC a. A FOO",
        "6: `FOO` is not a type; write a type like A, or `TYPE` and its number"),
    ("NSEC3 1 1 1 0 00 A",
        "7: `0` is not the salt in hexadecimal; write two digits 0-9 a-f for each octet"),
    ("NSEC3 1 1 1 - - A",
        "9: `-` is not the next hash in base32hex; write digits 0-9 a-v, without padding"),
    ("NSEC3 1 1 1 - 0 A",
        "9: `0` is not the next hash in base32hex; write digits 0-9 a-v, without padding"),
    ("NSEC3PARAM 1 0 0 \"\"",
        "7: `\"\"` is not the salt in hexadecimal; write two digits 0-9 a-f for each octet"),
    ("DHCID",
        "0: the line ends where the identifier was expected; write the identifier behind this"),
    ("CSYNC 1 0 A B",
        "7: `B` is not a type; write a type like A, or `TYPE` and its number"),
    ("NID 1 1:2:3",
        "3: `1:2:3` stands where the node identifier was expected; write four groups of hexadecimal digits, as in `2001:0db8:1140:1000`"),
    ("L64 1 1:2:3:4:5",
        "3: `1:2:3:4:5` stands where the locator was expected; write four groups of hexadecimal digits, as in `2001:0db8:1140:1000`"),
    ("L64 1 12345:0:0:0",
        "3: `12345:0:0:0` stands where the locator was expected; write four groups of hexadecimal digits, as in `2001:0db8:1140:1000`"),
    ("NID 1 ::1:2",
        "3: `::1:2` stands where the node identifier was expected; write four groups of hexadecimal digits, as in `2001:0db8:1140:1000`"),
    ("L32 1 ::1",
        "3: `::1` is not an IPv4 address; write it as in `192.0.2.1`; an IPv6 address is of type AAAA"),
    ("EUI48 00:00:5e:00:53:2a",
        "1: `00:00:5e:00:53:2a` stands where the address was expected; write 6 pairs of digits, as in `00-00-5e-00-53-2a`"),
    ("EUI48 00-00-5e-00-53",
        "1: `00-00-5e-00-53` stands where the address was expected; write 6 pairs of digits, as in `00-00-5e-00-53-2a`"),
    ("EUI64 00-00-5e-00-53-2a",
        "1: `00-00-5e-00-53-2a` stands where the address was expected; write 8 pairs of digits, as in `00-00-5e-ef-10-00-00-2a`"),
    ("EUI48 0-00-5e-00-53-2a1",
        "1: `0-00-5e-00-53-2a1` stands where the address was expected; write 6 pairs of digits, as in `00-00-5e-00-53-2a`"),
    ("URI 1 1 \"\"",
        "5: the target is empty; write the target"),
    ("URI 1 1 a b",
        "7: `b` stands behind the end of the record; take it out; a comment begins with `;`"),
    ("CAA 0 \"issue\" a",
        "3: `\"issue\"` is not a tag; write a tag here"),
    ("DOA 1 2 3 a",
        "7: the line ends where the content was expected; write the content behind this"),
    ("DOA 1 2 3 a AQI",
        "9: the content is not whole base64; write digits A-Z a-z 0-9 + / in groups of four, the last one filled up with `=`"),
    ("DSYNC FOO 1 2 a.",
        "1: `FOO` stands where the type that is announced was expected; write a type like A, or `TYPE` and its number"),
    ("DSYNC CDS FOO 2 a.",
        "5: `FOO` stands where the scheme was expected; write a number from 0 to 255, or its mnemonic, like NOTIFY"),
    ("IPN 18446744073709551616",
        "1: `18446744073709551616` stands where the node number was expected; write a number from 0 to 18446744073709551615"),
    ("IPN -1",
        "1: `-1` stands where the node number was expected; write a number from 0 to 18446744073709551615"),
    ("NULL a",
        "1: the type NULL has no text form; write the data as `\\# LENGTH HEX` (RFC 3597 §5)"),
    ("NULL",
        "0: the line ends where the record's data was expected; write the record's data behind this"),
];

#[test]
fn in_octets() {
    hold(OCTETS);
}

/// Data as `\#` and digits.
#[rustfmt::skip]
const OCTETS: &[(&str, &str)] = &[
    ("A \\# 4 c00002",
        "1: the data are not the 4 octets that the length says; correct the length, or the digits"),
    ("MX \\# 4 000ac00c",
        "1: these octets are no MX record: the name of a mail server is cut short or compressed; write its own text form"),
    ("MX \\# 3 000000 00",
        "1: the data are not the 3 octets that the length says; correct the length, or the digits"),
    ("TXT \\# 0",
        "1: these octets are no TXT record: a string is cut short; write its own text form"),
    ("TXT \\# 2 0361",
        "1: these octets are no TXT record: a string is cut short; write its own text form"),
    ("LOC \\# 15 000000000000000000000000000000",
        "1: these octets are no LOC record: the altitude is cut short; write its own text form"),
    ("APL \\# 4 00010801",
        "1: these octets are no APL record: a prefix is cut short; write its own text form"),
    ("CSYNC \\# 9 000000010000000100",
        "1: these octets are no CSYNC record: a window of types has octets without types; write its own text form"),
    ("CSYNC \\# 8 0000000100000000",
        "1: these octets are no CSYNC record: a window of types has octets without types; write its own text form"),
    ("WKS \\# 6 c00002010600",
        "1: these octets are no WKS record: the ports have octets without ports; write its own text form"),
    ("CAA \\# 2 0000",
        "1: these octets are no CAA record: a tag is letters and digits; write its own text form"),
    ("SOA \\# 21 0000 00000000 00000000 00000000 00000000 000000",
        "1: these octets are no SOA record: the minimum is cut short; write its own text form"),
    ("DS \\# 3 000108",
        "1: these octets are no DS record: the type of the digest is cut short; write its own text form"),
    ("CSYNC \\# 9 000000010000000180",
        "1: these octets are no CSYNC record: 0 is not a type; write its own text form"),
    ("IPSECKEY \\# 3 0a0400",
        "1: these octets are no IPSECKEY record: the gateway is of no known kind; write its own text form"),
    ("EUI48 \\# 7 00000000000000",
        "1: these octets are no EUI48 record: an octet stands behind its end; write its own text form"),
    ("A \\# 6 000000000000",
        "1: these octets are no A record: 2 octets stand behind its end; write its own text form"),
];

/// What no client can use is served with a warning: other servers serve it too.
#[test]
fn with_a_warning() {
    let table = [
        (
            "LOC 1 N 0 E 0 25m",
            "11: `25m` is kept as `20m`; the record has room for one digit and zeros only",
        ),
        (
            "DS 1 8 2 00",
            "7: the digest has 1 octet, and with type 2 it has 32; look whether it was copied whole; as it is, nobody can use it",
        ),
        (
            "SSHFP 1 1 00",
            "5: the fingerprint has 1 octet, and with type 1 it has 20; look whether it was copied whole; as it is, nobody can use it",
        ),
        (
            "TLSA 3 1 1 00",
            "7: the certificate or digest has 1 octet, and with type 1 it has 32; look whether it was copied whole; as it is, nobody can use it",
        ),
        (
            "ZONEMD 1 1 1 00",
            "7: the digest has 1 octet, and with type 1 it has 48; look whether it was copied whole; as it is, nobody can use it",
        ),
    ];
    for (line, want) in table {
        let (kind, text) = split(line);
        assert_eq!(read_text(kind, text).unwrap().1, [want], "{line}");
    }
}

#[test]
fn what_is_too_long() {
    let much = |octets: usize| "ab".repeat(octets);
    let texts = [
        format!("TXT{}", format!(" {}", "a".repeat(255)).repeat(256)),
        format!("CAA 0 issue {}", "a".repeat(65_529)),
        format!("URI 1 1 {}", "a".repeat(65_532)),
        format!("TLSA 3 0 0 {}", much(65_533)),
        format!("TLSA 3 0 0 {}", format!("{} ", much(255)).repeat(300)),
        format!("DHCID {}", "AAAA".repeat(21_846)),
        format!("HIP 2 00 {}", "AAAA".repeat(21_846)),
        format!(
            "HIP 2 00 AAAA{}",
            " aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.".repeat(2_100)
        ),
        format!("APL{}", " 2:ffff::ffff/128".repeat(3_300)),
        format!(
            "HTTPS 1 . key667={} key668={}",
            "a".repeat(40_000),
            "a".repeat(40_000)
        ),
    ];
    for text in texts {
        let (kind, data) = split(&text);
        let said = read_text(kind, data).unwrap_err();
        let words = ["more than 65535 octets"];
        assert!(
            words.iter().any(|words| said.contains(words)),
            "{kind}: {said}"
        );
    }
    for text in [
        format!("HIP 2 {} AQID", much(256)),
        format!("NSEC3PARAM 1 0 0 {}", much(256)),
        format!("NSEC3 1 0 0 - {} A", "00000000".repeat(52)),
        format!("X25 {}", "1".repeat(256)),
    ] {
        let (kind, data) = split(&text);
        let said = read_text(kind, data).unwrap_err();
        assert!(said.contains("and 255 is the most"), "{kind}: {said}");
    }
    let most = format!("TLSA 3 0 0 {}", much(65_532));
    let (kind, data) = split(&most);
    assert_eq!(read_text(kind, data).unwrap().0.len(), 65_535);
}
