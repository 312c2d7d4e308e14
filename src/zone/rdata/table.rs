//! What the data of each type are: one line a type.

use super::field::Field::{self, *};
use super::field::{
    ALGORITHMS, CERTIFICATES, DS_SIZES, MATCHES, SCHEMES, SELECTORS, SSHFP_SIZES, TLSA_SIZES,
    USAGES, ZONEMD_SIZES,
};
use crate::wire::kind::Kind as K;

/// The fields of a type, if it has a text form of its own. All others are written as `\# LENGTH HEX`.
pub(super) fn fields(kind: K) -> Option<&'static [Field]> {
    let row = TABLE.binary_search_by_key(&kind, |(kind, _)| *kind).ok()?;
    TABLE.get(row).map(|(_, fields)| *fields)
}

/// All types that have a text form of their own.
#[cfg(test)]
pub(super) fn kinds() -> impl Iterator<Item = K> {
    TABLE.iter().map(|(kind, _)| *kind)
}

const ALGORITHM: Field = OctetWord("the algorithm", ALGORITHMS);
const PREFERENCE: Field = Short("the preference");

/// RFC 1035 §3.3.14.
const TEXT: &[Field] = &[Strings("a string")];
/// RFC 4034 §5.1.
const DS: &[Field] = &[
    Short("the key tag"),
    ALGORITHM,
    Octet("the type of the digest"),
    Digest("the digest", DS_SIZES),
];
/// RFC 4034 §2.1.
const KEY: &[Field] = &[
    Short("the flags field"),
    Octet("the protocol"),
    ALGORITHM,
    Base64("the key"),
];
/// RFC 4034 §3.1.
const SIGNATURE: &[Field] = &[
    Kind("the type that is signed"),
    ALGORITHM,
    Octet("the number of labels"),
    Period("the original TTL"),
    Stamp("the end of the signature"),
    Stamp("the start of the signature"),
    Short("the key tag"),
    Name("the signer"),
    Base64("the signature"),
];
/// RFC 6698 §2.1.
const TLSA: &[Field] = &[
    OctetWord("the usage", USAGES),
    OctetWord("the selector", SELECTORS),
    OctetWord("the matching type", MATCHES),
    Digest("the certificate or digest", TLSA_SIZES),
];
/// RFC 9460 §2.1.
const SERVICE: &[Field] = &[Service];

/// In the order of their numbers.
#[rustfmt::skip]
const TABLE: &[(K, &[Field])] = &[
    (K::A, &[Address4]),
    (K::NS, &[Host("the name of a name server")]),
    (K::MD, &[Host("the name of a mail server")]),
    (K::MF, &[Host("the name of a mail server")]),
    (K::CNAME, &[Host("the name it stands for")]),
    (K::SOA, &[
        Host("the name of the primary server"), Mailbox("the mailbox of who answers for the zone"), Long("the serial"),
        Period("the refresh time"), Period("the retry time"), Period("the expire time"), Period("the minimum"),
    ]),
    (K::MB, &[Host("the name of the mailbox's host")]),
    (K::MG, &[Mailbox("the mailbox of a member")]),
    (K::MR, &[Mailbox("the new mailbox")]),
    (K::WKS, &[Address4, Services]),
    (K::PTR, &[Host("the name of the host")]),
    (K::HINFO, &[String("the kind of machine"), String("the operating system")]),
    (K::MINFO, &[Mailbox("the mailbox of who answers for it"), Mailbox("the mailbox for errors")]),
    (K::MX, &[PREFERENCE, Host("the name of a mail server")]),
    (K::TXT, TEXT),
    (K::RP, &[Mailbox("the mailbox of the person"), Name("the name of a TXT record")]),
    (K::AFSDB, &[Short("the subtype"), Host("the name of the host")]),
    (K::X25, &[Digits("an X.121 address")]),
    (K::ISDN, &[String("the ISDN address"), MayString("the subaddress")]),
    (K::RT, &[PREFERENCE, Host("the name of the host")]),
    (K::NSAP, &[Nsap]),
    (K::NSAP_PTR, &[Name("the name of the host")]),
    (K::SIG, SIGNATURE),
    (K::KEY, KEY),
    (K::PX, &[PREFERENCE, Name("the RFC 822 domain"), Name("the X.400 domain")]),
    (K::GPOS, &[String("the longitude"), String("the latitude"), String("the altitude")]),
    (K::AAAA, &[Address6]),
    (K::LOC, &[Location]),
    (K::EID, &[Hex("the endpoint identifier")]),
    (K::NIMLOC, &[Hex("the locator")]),
    (K::SRV, &[Short("the priority"), Short("the weight"), Short("the port"), Host("the name of the host")]),
    (K::NAPTR, &[
        Short("the order"), PREFERENCE, String("the flags field"), String("the service field"), String("the expression"),
        Name("the replacement"),
    ]),
    (K::KX, &[PREFERENCE, Host("the name of the key exchanger")]),
    (K::CERT, &[
        ShortWord("the type of the certificate", CERTIFICATES), Short("the key tag"), ALGORITHM, Base64("the certificate"),
    ]),
    (K::DNAME, &[Host("the name it leads to")]),
    (K::SINK, &[Octet("the meaning"), Octet("the coding"), Octet("the subcoding"), Base64("the content")]),
    (K::APL, &[Prefixes]),
    (K::DS, DS),
    (K::SSHFP, &[Octet("the algorithm"), Octet("the type of the fingerprint"), Digest("the fingerprint", SSHFP_SIZES)]),
    (K::IPSECKEY, &[Octet("the precedence"), Gateway]),
    (K::RRSIG, SIGNATURE),
    (K::NSEC, &[Name("the next owner"), Kinds]),
    (K::DNSKEY, KEY),
    (K::DHCID, &[Base64("the identifier")]),
    (K::NSEC3, &[
        Octet("the hash algorithm"), Octet("the flags octet"), Short("the number of iterations"), Salt("the salt"), Hash("the next hash"),
        Kinds,
    ]),
    (K::NSEC3PARAM, &[Octet("the hash algorithm"), Octet("the flags octet"), Short("the number of iterations"), Salt("the salt")]),
    (K::TLSA, TLSA),
    (K::SMIMEA, TLSA),
    (K::HIP, &[Identity]),
    (K::NINFO, TEXT),
    (K::RKEY, KEY),
    (K::TALINK, &[Name("the previous name"), Name("the next name")]),
    (K::CDS, DS),
    (K::CDNSKEY, KEY),
    (K::OPENPGPKEY, &[Base64("the key")]),
    (K::CSYNC, &[Long("the serial"), Short("the flags field"), Kinds]),
    (K::ZONEMD, &[
        Long("the serial"), Octet("the scheme"), Octet("the hash algorithm"), Digest("the digest", ZONEMD_SIZES),
    ]),
    (K::SVCB, SERVICE),
    (K::HTTPS, SERVICE),
    (K::DSYNC, &[
        Kind("the type that is announced"), OctetWord("the scheme", SCHEMES), Short("the port"), Host("the target"),
    ]),
    (K::HHIT, &[Base64("the content")]),
    (K::BRID, &[Base64("the content")]),
    (K::SPF, TEXT),
    (K::NID, &[PREFERENCE, Groups("the node identifier")]),
    (K::L32, &[PREFERENCE, Address4]),
    (K::L64, &[PREFERENCE, Groups("the locator")]),
    (K::LP, &[PREFERENCE, Host("the name with the locators")]),
    (K::EUI48, &[Hardware("the address", 6)]),
    (K::EUI64, &[Hardware("the address", 8)]),
    (K::URI, &[Short("the priority"), Short("the weight"), Text("the target", 1)]),
    (K::CAA, &[Octet("the flags octet"), Tag("a tag"), Text("a value", 0)]),
    (K::AVC, TEXT),
    (K::DOA, &[
        Long("the enterprise"), Long("the type"), Octet("the location"), String("the media type"), Base64OrNone("the content"),
    ]),
    (K::AMTRELAY, &[Octet("the precedence"), Relay]),
    (K::RESINFO, TEXT),
    (K::WALLET, TEXT),
    (K::CLA, TEXT),
    (K::IPN, &[Huge("the node number")]),
    (K::TA, DS),
    (K::DLV, DS),
];
