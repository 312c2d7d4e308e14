//! Extended errors: why a query got no better answer, in a few fixed words for the resolver's operator (RFC 8914).

/// A registered number, and words that say no more than anyone may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ede {
    /// The INFO-CODE.
    pub code: u16,
    /// The EXTRA-TEXT.
    pub text: &'static str,
}

/// The name is in no zone of this server.
pub const ELSEWHERE: Ede = Ede::new(20, "no zone of this server holds the name");
/// Zones are not handed out.
pub const TRANSFER: Ede = Ede::new(18, "no zone transfers");
/// What is to be handed out is no zone, or not one of this server.
pub const NO_ZONE: Ede = Ede::new(20, "no zone of this server has that name");
/// A class other than IN.
pub const CLASS: Ede = Ede::new(21, "only class IN is served");
/// An opcode other than QUERY.
pub const OPCODE: Ede = Ede::new(21, "only opcode QUERY is served");
/// Types of messages that are no data, and NXNAME (RFC 9824 §3.5).
pub const NO_DATA: Ede = Ede::new(30, "this type is never asked for");
/// A steered name was answered although nothing it could be answered with is up.
pub const DOWN: Ede = Ede::new(0, "no address of this name is known to be up");
/// The fence of a steered name leaves nothing to clients of this place.
pub const FENCED: Ede = Ede::new(0, "no address of this name is for clients of this place");
/// A client subnet that breaks RFC 7871 §6.
pub const SUBNET: Ede = Ede::new(0, "malformed client subnet");
/// A cookie of a length that breaks RFC 7873 §4.
pub const COOKIE: Ede = Ede::new(0, "malformed cookie");
/// An option that runs past the end of its record.
pub const OPTIONS: Ede = Ede::new(0, "malformed EDNS options");

impl Ede {
    const fn new(code: u16, text: &'static str) -> Ede {
        Ede { code, text }
    }
}
