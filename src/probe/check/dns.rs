//! A name server answers: over UDP, and over TCP what does not fit there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

use crate::health::probed::{Ending, Finding};
use crate::limits;
use crate::probe::check::{ANSWER, Stage, failed, tcp};
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::wire::reply::{self, Reply};

/// Asks for the addresses of a name, in the family of the one that is expected.
pub(super) async fn check(
    to: SocketAddr,
    name: &Name,
    expect: Option<IpAddr>,
    stage: &Stage,
) -> Result<Finding, Finding> {
    let kind = match expect {
        Some(IpAddr::V6(_)) => Kind::AAAA,
        _ => Kind::A,
    };
    let id = getrandom::u32().map_err(|error| Finding::new(Ending::Unmade, error.to_string()))?;
    // Half of the octets are as unknown as all of them.
    let query = reply::query((id >> 16) as u16, name, kind);
    stage.set(ANSWER);
    let mut said = over_udp(to, &query).await?;
    if said.truncated {
        said = over_tcp(to, &query).await?;
    }
    Ok(judge(&said, name, expect))
}

fn judge(reply: &Reply, name: &Name, expect: Option<IpAddr>) -> Finding {
    if reply.rcode != 0 {
        let words = format!("{name} is answered {}", rcode(reply.rcode));
        return Finding::new(Ending::Answer, words);
    }
    match expect {
        None => Finding::new(Ending::Well, format!("{name} is answered NOERROR")),
        Some(address) if reply.addresses.contains(&address) => {
            Finding::new(Ending::Well, format!("{address} is in the answer"))
        }
        Some(address) => {
            let words = format!(
                "{address} is not among the {} addresses of the answer",
                reply.addresses.len()
            );
            Finding::new(Ending::Answer, words)
        }
    }
}

/// The mnemonic of a response code (RFC 6895 §2.3).
fn rcode(code: u8) -> String {
    let word = match code {
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        other => return format!("with response code {other}"),
    };
    word.to_owned()
}

/// One datagram is sent. Whatever is no reply to it is passed over.
async fn over_udp(to: SocketAddr, query: &[u8]) -> Result<Reply, Finding> {
    let what = format!("query to {to}");
    let wrong = |error: std::io::Error| failed(&error, &what);
    let own: IpAddr = match to {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((own, 0)).await.map_err(wrong)?;
    socket.connect(to).await.map_err(wrong)?;
    socket.send(query).await.map_err(wrong)?;
    let mut buffer = vec![0; limits::PROBE_DATAGRAM];
    loop {
        let length = socket.recv(&mut buffer).await.map_err(wrong)?;
        let message = buffer.get(..length).unwrap_or_default();
        if let Some(reply) = reply::read(message, query) {
            return Ok(reply);
        }
    }
}

async fn over_tcp(to: SocketAddr, query: &[u8]) -> Result<Reply, Finding> {
    let what = format!("query to {to} over TCP");
    let wrong = |error: std::io::Error| failed(&error, &what);
    let mut stream = tcp::connect(to).await?;
    let length = u16::try_from(query.len()).unwrap_or(u16::MAX);
    let message = [&length.to_be_bytes(), query].concat();
    stream.write_all(&message).await.map_err(wrong)?;
    let length = stream.read_u16().await.map_err(wrong)?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await.map_err(wrong)?;
    let reply = reply::read(&message, query).filter(|reply| !reply.truncated);
    reply.ok_or_else(|| Finding::new(Ending::Broken, "the answer over TCP is none to the query"))
}
