//! Random valid data of each type, as the words of its text.

use super::random::Random;

/// Random data of a type, as words.
pub fn data(kind: &str, random: &mut Random) -> Vec<String> {
    let r = random;
    match kind {
        "A" => vec![r.ipv4()],
        "AAAA" => vec![r.ipv6()],
        "NS" => vec![r.host()],
        "MD" | "MF" | "CNAME" | "MB" | "MG" | "MR" | "PTR" | "DNAME" | "NSAP-PTR" => vec![r.name()],
        "MINFO" | "RP" | "TALINK" => vec![r.name(), r.name()],
        "MX" | "AFSDB" | "RT" | "KX" | "LP" => vec![r.number(65535), r.name()],
        "PX" => vec![r.number(65535), r.name(), r.name()],
        "SRV" => vec![r.number(65535), r.number(65535), r.number(65535), r.name()],
        "HINFO" => r.strings(2, 2),
        "TXT" | "SPF" | "AVC" => r.strings(1, 5),
        "ISDN" => r.strings(1, 2),
        "X25" => vec![(1000 + r.below(1 << 40)).to_string()],
        "NULL" | "TYPE65280" => generic(r),
        "WKS" => vec![
            r.ipv4(),
            "6".into(),
            "25".into(),
            (80 + r.below(1000)).to_string(),
        ],
        "NSAP" => vec![{
            let octets = 1 + r.below(20);
            format!("0x{}", r.hex(octets))
        }],
        "GPOS" => vec!["-32.6882".into(), r.below(180).to_string(), "10.0".into()],
        "LOC" => location(r),
        "URI" => vec![
            r.number(65535),
            r.number(65535),
            format!("\"{}x\"", "http://a/".repeat(1 + r.below(60) as usize)),
        ],
        "CAA" => vec![
            r.number(255),
            r.pick(&["issue", "issuewild", "iodef", "tag9"]).to_owned(),
            r.string(),
        ],
        "NID" | "L64" => vec![
            r.number(65535),
            (0..4).map(|_| r.hex(2)).collect::<Vec<_>>().join(":"),
        ],
        "L32" => vec![r.number(65535), r.ipv4()],
        "EUI48" => vec![(0..6).map(|_| r.hex(1)).collect::<Vec<_>>().join("-")],
        "EUI64" => vec![(0..8).map(|_| r.hex(1)).collect::<Vec<_>>().join("-")],
        "NAPTR" => naptr(r),
        "APL" => {
            let count = r.below(5);
            (0..count).map(|_| prefix(r)).collect()
        }
        "SVCB" | "HTTPS" => service(r),
        "AMTRELAY" => gateway(r, &[]),
        _ => digests(kind, r),
    }
}

/// Types that end in digests.
fn digests(kind: &str, r: &mut Random) -> Vec<String> {
    let mut words = Vec::new();
    match kind {
        "DS" | "CDS" => {
            let (digest, octets) = [("1", 20), ("2", 32), ("4", 48)][r.below(3) as usize];
            words.extend([r.number(65535), r.number(255), digest.to_owned()]);
            words.extend(r.hex_words(octets));
        }
        "SSHFP" => {
            let (digest, octets) = [("1", 20), ("2", 32)][r.below(2) as usize];
            words.extend([(1 + r.below(4)).to_string(), digest.to_owned()]);
            words.extend(r.hex_words(octets));
        }
        "TLSA" | "SMIMEA" => {
            let (digest, octets) =
                [("0", 1 + r.below(90)), ("1", 32), ("2", 64)][r.below(3) as usize];
            words.extend([
                r.below(4).to_string(),
                r.below(2).to_string(),
                digest.to_owned(),
            ]);
            words.extend(r.hex_words(octets));
        }
        "ZONEMD" => {
            let (digest, octets) = [("1", 48), ("2", 64)][r.below(2) as usize];
            words.extend([
                r.number(u64::from(u32::MAX)),
                "1".to_owned(),
                digest.to_owned(),
            ]);
            words.extend(r.hex_words(octets));
        }
        _ => return keys(kind, r),
    }
    words
}

/// Types that end in keys, and in lists.
fn keys(kind: &str, r: &mut Random) -> Vec<String> {
    let mut words = Vec::new();
    match kind {
        "CDNSKEY" => {
            words.extend([
                r.pick(&["0", "256", "257"]).to_owned(),
                "3".to_owned(),
                r.number(255),
            ]);
            words.extend(r.base64_words(90));
        }
        "CERT" => {
            words.extend([r
                .pick(&["1", "PKIX", "SPKI", "PGP", "IPKIX", "URI", "OID", "65534"])
                .to_owned()]);
            words.extend([
                r.number(65535),
                r.pick(&["0", "8", "253", "RSASHA256"]).to_owned(),
            ]);
            words.extend(r.base64_words(200));
        }
        "DHCID" | "OPENPGPKEY" => words.extend(r.base64_words(300)),
        "IPSECKEY" => {
            let key = r.base64_words(90);
            words.extend(gateway(r, &key));
        }
        "HIP" => {
            words.extend([r.number(255), r.hex(16), r.base64(90)]);
            words.extend((0..r.below(3)).map(|_| r.host()));
        }
        "CSYNC" => {
            words.extend([r.number(u64::from(u32::MAX)), r.below(4).to_string()]);
            let kinds = [
                "A",
                "NS",
                "AAAA",
                "TXT",
                "CAA",
                "TYPE65280",
                "TYPE1234",
                "SVCB",
            ];
            words.extend((0..r.below(5)).map(|_| r.pick(&kinds).to_owned()));
        }
        _ => panic!("{kind} is not generated"),
    }
    words
}

fn generic(r: &mut Random) -> Vec<String> {
    let octets = r.below(60);
    let mut words = vec!["\\#".to_owned(), octets.to_string()];
    words.extend(r.hex_words(octets));
    words
}

/// RFC 4025 §3.1 with a key, and RFC 8777 §4.3.1 without.
fn gateway(r: &mut Random, key: &[String]) -> Vec<String> {
    let kind = r.below(4);
    let mut words = vec![r.number(255)];
    if key.is_empty() {
        words.extend([r.below(2).to_string(), kind.to_string()]);
    } else {
        words.extend([kind.to_string(), (1 + r.below(2)).to_string()]);
    }
    words.push(match kind {
        0 => ".".to_owned(),
        1 => r.ipv4(),
        2 => r.ipv6(),
        _ => r.host(),
    });
    words.extend_from_slice(key);
    words
}

/// RFC 1876 §3.
fn location(r: &mut Random) -> Vec<String> {
    let mut words = Vec::new();
    for (most, signs) in [(90, ["N", "S"]), (180, ["E", "W"])] {
        words.push(r.below(most).to_string());
        let parts = r.below(3);
        words.extend((parts > 0).then(|| r.below(60).to_string()));
        words.extend((parts > 1).then(|| format!("{}.{:03}", r.below(60), r.below(1000))));
        words.push(r.pick(&signs).to_owned());
    }
    let metres = r.below(142_000) as i64 - 100_000;
    words.push(format!(
        "{metres}.{:02}{}",
        r.below(100),
        r.pick(&["m", ""])
    ));
    for _ in 0..r.below(4) {
        // A digit and a power of ten: what the wire can say exactly.
        let (digit, power) = (r.below(10), r.below(10));
        let centimetres = digit * 10u64.pow(power as u32);
        words.push(format!("{}.{:02}m", centimetres / 100, centimetres % 100));
    }
    words
}

fn naptr(r: &mut Random) -> Vec<String> {
    let mut words = vec![r.number(65535), r.number(65535)];
    words.push(r.pick(&["\"\"", "u", "\"S\"", "a", "P"]).to_owned());
    words.push(
        r.pick(&["\"\"", "\"E2U+sip\"", "http+I2C", "\"x:y\""])
            .to_owned(),
    );
    words.push(
        r.pick(&[
            "\"\"",
            "\"!^.*$!sip:a@example.com!\"",
            "\"!^\\\\+44(.*)$!\\\\1!i\"",
        ])
        .to_owned(),
    );
    words.push(r.name());
    words
}

/// RFC 3123 §4, with the bits behind the prefix 0.
fn prefix(r: &mut Random) -> String {
    let sign = r.pick(&["", "!"]);
    if r.one_in(2) {
        let length = r.below(33);
        let mask = (!0u64 << (32 - length)) as u32;
        let address = std::net::Ipv4Addr::from(r.next() as u32 & mask);
        format!("{sign}1:{address}/{length}")
    } else {
        let length = r.below(129) as u32;
        let mask = (!0u128).checked_shl(128 - length).unwrap_or(0);
        let bits = (u128::from(r.next()) << 64 | u128::from(r.next())) & mask;
        format!("{sign}2:{}/{length}", std::net::Ipv6Addr::from(bits))
    }
}

/// RFC 9460 §2.1: parameters in any order.
fn service(r: &mut Random) -> Vec<String> {
    let priority = r.number(65535);
    let mut words = vec![priority.clone(), r.name()];
    if priority == "0" {
        return words;
    }
    let mut all = Vec::new();
    if r.one_in(2) {
        all.push(
            r.pick(&[
                "alpn=h2",
                "alpn=\"h2,h3\"",
                "alpn=h3,h2,http/1.1",
                "alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
            ])
            .to_owned(),
        );
        all.extend(r.one_in(2).then(|| "no-default-alpn".to_owned()));
    }
    if r.one_in(2) {
        all.push(format!("port={}", r.number(65535)));
        all.extend(r.one_in(2).then(|| "mandatory=port".to_owned()));
    }
    all.extend(
        r.one_in(2)
            .then(|| format!("ipv4hint={},{}", r.ipv4(), r.ipv4())),
    );
    all.extend(r.one_in(2).then(|| format!("ipv6hint={}", r.ipv6())));
    all.extend(r.one_in(3).then(|| format!("ech={}", r.base64(60))));
    all.extend(r.one_in(3).then(|| {
        format!(
            "key65000={}",
            r.pick(&["a", "\"b c\"", "\\000\\255", "\"\""])
        )
    }));
    all.extend(r.one_in(3).then(|| "key667".to_owned()));
    for at in (1..all.len()).rev() {
        let other = r.below(at as u64 + 1) as usize;
        all.swap(at, other);
    }
    words.extend(all);
    words
}
