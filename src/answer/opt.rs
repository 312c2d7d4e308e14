//! Our side of EDNS: the OPT record that ends an answer, with what was asked for in it (RFC 6891).

use std::net::IpAddr;

use crate::answer::{Client, Transport, Turn};
use crate::limits;
use crate::wire::cookie::{CLIENT, Cookie, SERVER, Trust};
use crate::wire::ede::Ede;
use crate::wire::edns::{Edns, Wishes, option};
use crate::wire::kind::{Kind, Rcode};
use crate::wire::writer::{Full, Writer};
use crate::world::World;
use crate::world::estate::Held;

/// Octets of an OPT record without options, and of a client subnet before its address.
const OPT: usize = 11;
const SUBNET: usize = 8;
/// Octets of an option's code and length.
const HEAD: usize = 4;
/// SOA-SERIAL (RFC 9660 §2.1).
const SOA_SERIAL: u8 = 0;

/// What is to be said.
pub(super) struct Opt<'a> {
    terms: &'a Edns<'a>,
    /// For how wide a network the answer holds.
    pub(super) scope: u8,
    /// Beyond the client subnet. Most queries ask for nothing of it.
    pub(super) more: Option<More<'a>>,
    /// Why there is no better answer.
    pub(super) why: Option<&'static Ede>,
    room: usize,
}

/// What only some queries ask for.
pub(super) struct More<'a> {
    wishes: Wishes,
    cookie: Option<(&'a [u8; CLIENT], [u8; SERVER])>,
    id: Option<&'a str>,
    /// How long the connection may idle, in tenths of a second.
    idle: Option<u16>,
    /// Labels of the zone's apex, and its serial.
    version: Option<(u8, u32)>,
    /// The SOA's.
    expire: Option<[u8; 4]>,
}

impl<'a> Opt<'a> {
    /// What goes back to a query of these terms. Judges its cookie.
    #[inline(always)]
    pub(super) fn new(
        world: &'a World,
        client: Client,
        turn: &mut Turn<'_>,
        terms: &'a Edns<'a>,
    ) -> Opt<'a> {
        let subnet = terms.subnet.as_ref();
        let mut opt = Opt {
            terms,
            scope: 0,
            more: None,
            why: None,
            room: OPT + subnet.map_or(0, |s| SUBNET + usize::from(s.source).div_ceil(8)),
        };
        if terms.cookie.is_some() || !terms.wishes.is_empty() {
            let more = More::new(world, client, turn, terms);
            opt.room += more.room();
            opt.more = Some(more);
        }
        opt
    }

    /// Octets to keep free for it. An extended error takes what is left then.
    pub(super) fn room(&self) -> usize {
        self.room
    }

    /// Tells of the zone that the answer is from; `apex` is whether the answer is its SOA record.
    pub(super) fn tell(&mut self, held: &Held, apex: Apex) {
        let Some(more) = &mut self.more else { return };
        if more.wishes.has(Wishes::ZONEVERSION) {
            // RFC 9660 §2: how many labels of the name asked are the zone's.
            let labels = held.zone.apex().depth() as u8;
            more.version = Some((labels, held.zone.serial()));
        }
        // RFC 7314 §3.1: a primary says what the record says.
        if more.wishes.has(Wishes::EXPIRE) && apex == Apex::Yes {
            let soa = held.zone.soa().records().next();
            more.expire = soa.and_then(|s| s.last_chunk::<8>()?.first_chunk().copied());
        }
    }

    /// Writes the record; its room was kept.
    #[inline(always)]
    pub(super) fn put(&self, writer: &mut Writer<'_>, rcode: Rcode) -> Result<(), Full> {
        let subnet = self.terms.subnet.as_ref();
        let tail = subnet.map_or(0, |s| SUBNET + usize::from(s.source).div_ceil(8));
        let size = OPT + tail;
        let room = writer.room(size)?;
        let (head, rest) = room.split_first_chunk_mut::<OPT>().ok_or(Full)?;
        let payload = (limits::UDP_PAYLOAD as u16).to_be_bytes();
        let dnssec_ok = if self.terms.dnssec_ok { 0x80 } else { 0 };
        // One option and an address of 16 octets at most, so the length is one octet.
        *head = [
            0,
            0,
            Kind::OPT.0 as u8,
            payload[0],
            payload[1],
            (rcode as u16 >> 4) as u8,
            0,
            dnssec_ok,
            0,
            0,
            tail as u8,
        ];
        if let Some(subnet) = subnet {
            // RFC 7871 §7.2.1: as it came, with our scope.
            let (head, room) = rest.split_first_chunk_mut::<SUBNET>().ok_or(Full)?;
            let [c0, c1] = option::CLIENT_SUBNET.to_be_bytes();
            let [f0, f1] = subnet.family.to_be_bytes();
            let length = (tail - HEAD) as u8;
            *head = [c0, c1, 0, length, f0, f1, subnet.source, self.scope];
            match subnet.addr {
                IpAddr::V4(a) => fill(room, &a.octets()),
                IpAddr::V6(a) => fill(room, &a.octets()),
            }
        }
        if self.more.is_some() || self.why.is_some() {
            self.append(writer, size);
        }
        Ok(())
    }

    /// The further options, behind the `size` octets of the record that are written; one that has no room is left out.
    #[inline(never)]
    fn append(&self, writer: &mut Writer<'_>, size: usize) {
        let start = writer.len() - size;
        if let Some(more) = &self.more {
            more.put(writer);
        }
        if let Some(why) = self.why {
            let code = why.code.to_be_bytes();
            put(writer, option::EDE, &[&code, why.text.as_bytes()]);
        }
        let length = (writer.len() - start - OPT) as u16;
        writer.patch(start + OPT - 2, &length.to_be_bytes());
    }
}

/// Whether an answer is the SOA record of its zone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Apex {
    Yes,
    No,
}

impl<'a> More<'a> {
    #[inline(never)]
    fn new(world: &'a World, client: Client, turn: &mut Turn<'_>, terms: &'a Edns<'a>) -> More<'a> {
        let wishes = terms.wishes;
        // RFC 7828 §3.2.1: over UDP it is passed over.
        let stream = client.transport == Transport::Tcp && wishes.has(Wishes::KEEPALIVE);
        let id = world.badge.id.as_deref();
        More {
            wishes,
            cookie: terms.cookie.and_then(|c| judge(world, client, turn, &c)),
            id: id.filter(|_| wishes.has(Wishes::NSID)),
            idle: stream.then_some(turn.idle),
            version: None,
            expire: None,
        }
    }

    fn room(&self) -> usize {
        let part = |there: bool, octets: usize| if there { HEAD + octets } else { 0 };
        part(self.cookie.is_some(), CLIENT + SERVER)
            + part(self.idle.is_some(), 2)
            + part(self.wishes.has(Wishes::ZONEVERSION), 6)
            + part(self.wishes.has(Wishes::EXPIRE), 4)
            + part(self.id.is_some(), self.id.map_or(0, str::len))
    }

    fn put(&self, writer: &mut Writer<'_>) {
        if let Some((client, server)) = &self.cookie {
            // Most queries with more have this and nothing else: one piece.
            let mut octets = [0; HEAD + CLIENT + SERVER];
            octets[..2].copy_from_slice(&option::COOKIE.to_be_bytes());
            octets[HEAD - 1] = (CLIENT + SERVER) as u8;
            octets[HEAD..HEAD + CLIENT].copy_from_slice(*client);
            octets[HEAD + CLIENT..].copy_from_slice(server);
            // Its room was kept.
            let _ = writer.bytes(&octets);
        }
        if let Some(idle) = self.idle {
            put(writer, option::KEEPALIVE, &[&idle.to_be_bytes()]);
        }
        if let Some((labels, serial)) = self.version {
            let parts: [&[u8]; 2] = [&[labels, SOA_SERIAL], &serial.to_be_bytes()];
            put(writer, option::ZONEVERSION, &parts);
        }
        if let Some(expire) = &self.expire {
            put(writer, option::EXPIRE, &[expire]);
        }
        if let Some(id) = self.id {
            put(writer, option::NSID, &[id.as_bytes()]);
        }
    }
}

/// What the cookie says of its sender, and what goes back.
fn judge<'a>(
    world: &World,
    client: Client,
    turn: &mut Turn<'_>,
    cookie: &Cookie<'a>,
) -> Option<(&'a [u8; CLIENT], [u8; SERVER])> {
    let secrets = &world.badge.secrets;
    let (trust, server) = secrets.judge(cookie, client.addr.ip(), turn.now)?;
    turn.trust = trust;
    match trust {
        Trust::None => {}
        Trust::New => turn.counters.cookies_new.add(1),
        Trust::Wrong => turn.counters.cookies_wrong.add(1),
        Trust::Valid => turn.counters.cookies_valid.add(1),
    }
    Some((cookie.client, server))
}

/// The first octets of an address. The lengths that nearly all subnets have are copied without a call.
#[inline]
fn fill(room: &mut [u8], octets: &[u8]) {
    match room.len() {
        3 => room.copy_from_slice(&octets[..3]),
        7 if octets.len() > 7 => room.copy_from_slice(&octets[..7]),
        length => {
            // A subnet of IPv4 has 32 bits at most, one of IPv6 128.
            let octets = octets.get(..length).unwrap_or_default();
            if length == octets.len() {
                room.copy_from_slice(octets);
            } else {
                room.fill(0);
            }
        }
    }
}

/// One option, or nothing.
fn put(writer: &mut Writer<'_>, code: u16, parts: &[&[u8]]) {
    let mark = writer.mark();
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut write = || {
        writer.word(code)?;
        writer.word(length as u16)?;
        parts.iter().try_for_each(|part| writer.bytes(part))
    };
    if write().is_err() {
        writer.back(mark);
    }
}
