//! The kinds of fields that record data are made of, and the words that stand for numbers in them.

/// One field of a record's data. The text says what it is, as messages have it: "the preference".
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    /// A number of 8 bits.
    Octet(&'static str),
    /// A number of 16 bits.
    Short(&'static str),
    /// A number of 32 bits.
    Long(&'static str),
    /// A number of 64 bits.
    Huge(&'static str),
    /// A number of 8 bits, or its word.
    OctetWord(&'static str, Mnemonics),
    /// A number of 16 bits, or its word.
    ShortWord(&'static str, Mnemonics),
    /// Seconds in 32 bits, at most 2³¹-1; in text also with units.
    Period(&'static str),
    /// A point in time in 32 bits (RFC 4034 §3.2).
    Stamp(&'static str),
    /// A type of records in 16 bits.
    Kind(&'static str),
    /// An IPv4 address.
    Address4,
    /// An IPv6 address.
    Address6,
    /// A name.
    Name(&'static str),
    /// A name of a host, which nobody calls like an address.
    Host(&'static str),
    /// A name that is a mailbox: its first label is what stands before the `@` (RFC 1035 §8).
    Mailbox(&'static str),
    /// A character-string.
    String(&'static str),
    /// The same, of digits only.
    Digits(&'static str),
    /// A character-string that may be left out.
    MayString(&'static str),
    /// Character-strings to the end, at least one.
    Strings(&'static str),
    /// Letters and digits behind their length (RFC 8659 §4.1).
    Tag(&'static str),
    /// Any octets to the end, in text a quoted string; at least so many of them.
    Text(&'static str, usize),
    /// Octets to the end as hexadecimal digits, at least one.
    Hex(&'static str),
    /// The same: a digest of the kind that the octet before it says, with the octets that digests of some kinds have.
    Digest(&'static str, Sizes),
    /// Octets to the end as base64, at least one.
    Base64(&'static str),
    /// The same, or `-` for none.
    Base64OrNone(&'static str),
    /// Octets behind their length as hexadecimal digits, or `-` for none (RFC 5155 §3.3).
    Salt(&'static str),
    /// Octets behind their length as base32hex, at least one (RFC 5155 §3.3).
    Hash(&'static str),
    /// So many octets, in text pairs of digits with hyphens (RFC 7043 §3.2).
    Hardware(&'static str, usize),
    /// 64 bits, in text four groups of four hexadecimal digits (RFC 6742 §2.1.2).
    Groups(&'static str),
    /// A set of types to the end (RFC 4034 §4.1.2).
    Kinds,
    /// Octets to the end as `0x` and digits, dots among them ignored (RFC 1706 §5).
    Nsap,
    /// Protocol and ports (RFC 1035 §3.4.2).
    Services,
    /// A place on the earth (RFC 1876 §2).
    Location,
    /// Prefixes of addresses to the end (RFC 3123 §4).
    Prefixes,
    /// Kind of gateway, algorithm, gateway, key (RFC 4025 §2.1).
    Gateway,
    /// Whether discovery is optional, kind of relay, relay (RFC 8777 §4.2).
    Relay,
    /// Algorithm, identity, key, rendezvous servers (RFC 8005 §5).
    Identity,
    /// Priority, target and parameters of a service (RFC 9460 §2.1).
    Service,
}

/// Words for numbers.
pub(super) type Mnemonics = &'static [(&'static str, u16)];

/// How many octets the digests of some kinds have.
pub(super) type Sizes = &'static [(u8, usize)];

/// The DNSSEC algorithms of the IANA registry.
pub(super) const ALGORITHMS: Mnemonics = &[
    ("RSASHA256", 8),
    ("ECDSAP256SHA256", 13),
    ("ED25519", 15),
    ("DELETE", 0),
    ("RSAMD5", 1),
    ("DH", 2),
    ("DSA", 3),
    ("RSASHA1", 5),
    ("DSA-NSEC3-SHA1", 6),
    ("NSEC3DSA", 6),
    ("RSASHA1-NSEC3-SHA1", 7),
    ("NSEC3RSASHA1", 7),
    ("RSASHA512", 10),
    ("ECC-GOST", 12),
    ("ECCGOST", 12),
    ("ECDSAP384SHA384", 14),
    ("ED448", 16),
    ("SM2SM3", 17),
    ("ECC-GOST12", 23),
    ("INDIRECT", 252),
    ("PRIVATEDNS", 253),
    ("PRIVATEOID", 254),
];

/// RFC 4398 §2.1.
pub(super) const CERTIFICATES: Mnemonics = &[
    ("PKIX", 1),
    ("SPKI", 2),
    ("PGP", 3),
    ("IPKIX", 4),
    ("ISPKI", 5),
    ("IPGP", 6),
    ("ACPKIX", 7),
    ("IACPKIX", 8),
    ("URI", 253),
    ("OID", 254),
];

/// RFC 7218 §2.1.
pub(super) const USAGES: Mnemonics = &[
    ("PKIX-TA", 0),
    ("PKIX-EE", 1),
    ("DANE-TA", 2),
    ("DANE-EE", 3),
    ("PrivCert", 255),
];

/// RFC 7218 §2.2.
pub(super) const SELECTORS: Mnemonics = &[("Cert", 0), ("SPKI", 1), ("PrivSel", 255)];

/// RFC 7218 §2.3.
pub(super) const MATCHES: Mnemonics = &[
    ("Full", 0),
    ("SHA2-256", 1),
    ("SHA2-512", 2),
    ("PrivMatch", 255),
];

/// RFC 9859 §2.1.
pub(super) const SCHEMES: Mnemonics = &[("NOTIFY", 1)];

/// Of DS records, by the IANA registry of digests.
pub(super) const DS_SIZES: Sizes = &[(1, 20), (2, 32), (3, 32), (4, 48), (5, 32), (6, 32)];

/// RFC 4255 §3.1.2, RFC 6594 §3.
pub(super) const SSHFP_SIZES: Sizes = &[(1, 20), (2, 32)];

/// RFC 6698 §2.1.3.
pub(super) const TLSA_SIZES: Sizes = &[(1, 32), (2, 64)];

/// RFC 8976 §2.2.3.
pub(super) const ZONEMD_SIZES: Sizes = &[(1, 48), (2, 64)];
