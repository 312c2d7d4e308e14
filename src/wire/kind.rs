//! Types, classes, opcodes and response codes by their registered numbers.

use std::fmt;
use std::str::FromStr;

/// A resource record type (RFC 1035 §3.2.2 and the IANA registry).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(pub u16);

macro_rules! kinds {
    ($($name:ident $number:literal $text:literal),* $(,)?) => {
        impl Kind {
            $(#[doc = concat!("`", $text, "`")] pub const $name: Kind = Kind($number);)*
            /// The mnemonic, where the registry has one that we know.
            pub fn mnemonic(self) -> Option<&'static str> {
                match self.0 { $($number => Some($text),)* _ => None }
            }
            fn of_mnemonic(text: &str) -> Option<Kind> {
                $(if text.eq_ignore_ascii_case($text) { return Some(Kind($number)); })*
                None
            }
        }
    };
}

kinds! {
    A 1 "A", NS 2 "NS", MD 3 "MD", MF 4 "MF", CNAME 5 "CNAME", SOA 6 "SOA", MB 7 "MB", MG 8 "MG", MR 9 "MR",
    NULL 10 "NULL", WKS 11 "WKS", PTR 12 "PTR", HINFO 13 "HINFO", MINFO 14 "MINFO", MX 15 "MX", TXT 16 "TXT",
    RP 17 "RP", AFSDB 18 "AFSDB", X25 19 "X25", ISDN 20 "ISDN", RT 21 "RT", NSAP 22 "NSAP", NSAP_PTR 23 "NSAP-PTR",
    SIG 24 "SIG", KEY 25 "KEY", PX 26 "PX", GPOS 27 "GPOS", AAAA 28 "AAAA", LOC 29 "LOC", NXT 30 "NXT", EID 31 "EID",
    NIMLOC 32 "NIMLOC", SRV 33 "SRV", ATMA 34 "ATMA", NAPTR 35 "NAPTR", KX 36 "KX", CERT 37 "CERT", A6 38 "A6",
    DNAME 39 "DNAME", SINK 40 "SINK", OPT 41 "OPT", APL 42 "APL", DS 43 "DS", SSHFP 44 "SSHFP", IPSECKEY 45 "IPSECKEY",
    RRSIG 46 "RRSIG", NSEC 47 "NSEC", DNSKEY 48 "DNSKEY", DHCID 49 "DHCID", NSEC3 50 "NSEC3", NSEC3PARAM 51 "NSEC3PARAM",
    TLSA 52 "TLSA", SMIMEA 53 "SMIMEA", HIP 55 "HIP", NINFO 56 "NINFO", RKEY 57 "RKEY", TALINK 58 "TALINK", CDS 59 "CDS",
    CDNSKEY 60 "CDNSKEY", OPENPGPKEY 61 "OPENPGPKEY", CSYNC 62 "CSYNC", ZONEMD 63 "ZONEMD", SVCB 64 "SVCB",
    HTTPS 65 "HTTPS", DSYNC 66 "DSYNC", HHIT 67 "HHIT", BRID 68 "BRID", SPF 99 "SPF", UINFO 100 "UINFO", UID 101 "UID",
    GID 102 "GID", UNSPEC 103 "UNSPEC", NID 104 "NID", L32 105 "L32", L64 106 "L64", LP 107 "LP", EUI48 108 "EUI48",
    EUI64 109 "EUI64", NXNAME 128 "NXNAME", TKEY 249 "TKEY", TSIG 250 "TSIG", IXFR 251 "IXFR", AXFR 252 "AXFR",
    MAILB 253 "MAILB", MAILA 254 "MAILA", ANY 255 "ANY", URI 256 "URI", CAA 257 "CAA", AVC 258 "AVC", DOA 259 "DOA",
    AMTRELAY 260 "AMTRELAY", RESINFO 261 "RESINFO", WALLET 262 "WALLET", CLA 263 "CLA", IPN 264 "IPN", TA 32768 "TA",
    DLV 32769 "DLV",
}

impl Kind {
    /// Types that exist in questions or messages only, never in a zone (RFC 6895 §3.1: OPT and 128 to 255).
    pub fn is_meta(self) -> bool {
        self == Kind::OPT || (128..=255).contains(&self.0)
    }

    /// Types whose mnemonic and text form the servers of the field all read (NSD 4.6, Knot 3.2, BIND 9.18). Where others
    /// are to load what is written, the rest is written as `TYPE65280 \\# 0` (RFC 3597 §5).
    pub fn is_common(self) -> bool {
        matches!(self.0, 1 | 2 | 5 | 6 | 12..=18 | 21 | 25 | 28 | 29 | 33 | 35..=37 | 39)
            || matches!(self.0, 42..=53 | 59..=65 | 99 | 104..=109 | 256 | 257)
    }

    /// Types that a zone carries only when it is signed, and their forerunners that nothing reads any more.
    pub fn is_dnssec(self) -> bool {
        matches!(
            self,
            Kind::RRSIG
                | Kind::NSEC
                | Kind::NSEC3
                | Kind::NSEC3PARAM
                | Kind::DNSKEY
                | Kind::SIG
                | Kind::NXT
        )
    }
}

impl fmt::Display for Kind {
    /// The mnemonic, else `TYPE` and the number (RFC 3597 §5).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mnemonic() {
            Some(text) => f.write_str(text),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Kind, ()> {
        if let Some(kind) = Kind::of_mnemonic(text) {
            return Ok(kind);
        }
        let number = text
            .get(..4)
            .filter(|t| t.eq_ignore_ascii_case("TYPE"))
            .and(text.get(4..))
            .ok_or(())?;
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(());
        }
        number.parse().map(Kind).map_err(|_| ())
    }
}

/// Classes (RFC 1035 §3.2.4, RFC 2136 §1.3).
pub mod class {
    /// The Internet.
    pub const IN: u16 = 1;
    /// Chaos.
    pub const CH: u16 = 3;
    /// No class.
    pub const NONE: u16 = 254;
    /// Any class.
    pub const ANY: u16 = 255;
}

/// Response codes (RFC 1035 §4.1.1, RFC 2136 §2.2, RFC 6891 §9, RFC 7873 §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Rcode {
    /// No error.
    NoError = 0,
    /// The query could not be understood.
    FormErr = 1,
    /// The server failed.
    ServFail = 2,
    /// The name does not exist.
    NxDomain = 3,
    /// The kind of query is not supported.
    NotImp = 4,
    /// The server will not answer this.
    Refused = 5,
    /// A name exists when it should not: a DNAME made one too long (RFC 6672 §2.2).
    YxDomain = 6,
    /// The key of the query's signature is not known (RFC 8945 §5.2.1).
    NotAuth = 9,
    /// The EDNS version is not supported.
    BadVers = 16,
    /// The server's half of the cookie is missing or wrong (RFC 7873 §8).
    BadCookie = 23,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mnemonics_read_back() {
        let named: Vec<Kind> = (0..=u16::MAX)
            .map(Kind)
            .filter(|kind| kind.mnemonic().is_some())
            .collect();
        assert_eq!(named.len(), 97);
        for kind in named {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(kind.to_string().to_ascii_lowercase().parse(), Ok(kind));
            assert_eq!(format!("TYPE{}", kind.0).parse(), Ok(kind));
        }
        assert_eq!("NSAP-PTR".parse(), Ok(Kind(23)));
        assert_eq!("dlv".parse(), Ok(Kind(32769)));
        assert_eq!("NSAP_PTR".parse::<Kind>(), Err(()));
    }
}
