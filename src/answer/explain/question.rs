//! What is asked to be explained: a name, a type, and who asks.

use std::net::IpAddr;

use crate::geo;
use crate::prefix::{Prefix, PrefixError};
use crate::wire::kind::Kind;
use crate::wire::name::Name;
use crate::wire::query::Subnet;

/// A question with its sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name asked.
    pub name: Name,
    /// The type asked.
    pub kind: Kind,
    /// Where the query comes from.
    pub resolver: IpAddr,
    /// The client subnet that it carries, if any.
    pub subnet: Option<Subnet>,
}

impl Question {
    /// From the words of an operator.
    ///
    /// The name may lack its final dot. `client` is an address or a network. It is the client subnet of the query, an
    /// address with all its bits, except that an address which no client of the Internet can have asks as the resolver
    /// itself, for its subnet would not count. Unless `resolver` says otherwise, the resolver stands beside the client.
    /// Without `kind` the type is A.
    ///
    /// # Errors
    ///
    /// What is wrong with which word, and what to write.
    pub fn parse(
        name: &str,
        client: &str,
        kind: Option<&str>,
        resolver: Option<&str>,
    ) -> Result<Question, String> {
        let name = Name::parse(name.as_bytes(), Some(&Name::root()))
            .map_err(|error| format!("`{name}` is no domain name: {error}"))?;
        let kind = match kind {
            None => Kind::A,
            Some(word) => word.parse().map_err(|()| {
                format!("`{word}` is no type: write A, AAAA, HTTPS, or TYPE and a number")
            })?,
        };
        let resolver = match resolver {
            None => None,
            Some(word) => Some(
                word.parse()
                    .map(|addr: IpAddr| addr.to_canonical())
                    .map_err(|_| {
                        format!("`{word}` is no address of a resolver: write it as `192.0.2.53`")
                    })?,
            ),
        };
        let client_addr = client.parse::<IpAddr>();
        let (resolver, subnet) = match client_addr.map(|addr| addr.to_canonical()) {
            Ok(addr) if resolver.is_none() && !geo::global(addr) => (addr, None),
            Ok(addr) => (
                resolver.unwrap_or(addr),
                Some(Prefix::around(addr, u8::MAX)),
            ),
            Err(_) => {
                let subnet = client.parse().map_err(|error| network(client, error))?;
                (resolver.unwrap_or(Prefix::addr(&subnet)), Some(subnet))
            }
        };
        Ok(Question {
            name,
            kind,
            resolver,
            subnet: subnet.map(sent),
        })
    }
}

/// A network as the query carries it.
fn sent(subnet: Prefix) -> Subnet {
    Subnet {
        family: if subnet.addr().is_ipv4() { 1 } else { 2 },
        source: subnet.len(),
        addr: subnet.addr(),
    }
}

fn network(text: &str, error: PrefixError) -> String {
    let advice = match error {
        PrefixError::Form => "write an address or a network: `193.0.6.9`, `193.0.6.0/24`".into(),
        PrefixError::Length => "the length goes up to 32 for IPv4 and to 128 for IPv6".into(),
        PrefixError::Bits(meant) => {
            format!("bits are set beyond /{}; write `{meant}`", meant.len())
        }
    };
    format!("`{text}` is no client: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(client: &str, resolver: Option<&str>) -> (String, Option<String>) {
        let q = Question::parse("www.example.com", client, None, resolver)
            .unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(q.kind, Kind::A);
        assert_eq!(q.name.to_string(), "www.example.com.");
        let subnet = q.subnet.map(|s| format!("{}/{}", s.addr, s.source));
        (q.resolver.to_string(), subnet)
    }

    #[test]
    fn who_asks() {
        let table = [
            ("193.0.6.9", None, "193.0.6.9", Some("193.0.6.9/32")),
            ("193.0.6.0/24", None, "193.0.6.0", Some("193.0.6.0/24")),
            (
                "2a00:1450::/56",
                None,
                "2a00:1450::",
                Some("2a00:1450::/56"),
            ),
            ("::ffff:193.0.6.9", None, "193.0.6.9", Some("193.0.6.9/32")),
            // No client of the Internet: the resolver itself.
            ("192.0.2.7", None, "192.0.2.7", None),
            ("::1", None, "::1", None),
            // A resolver was named, or a network: then it is sent as it stands.
            ("10.1.2.3", Some("8.8.8.8"), "8.8.8.8", Some("10.1.2.3/32")),
            ("10.0.0.0/8", None, "10.0.0.0", Some("10.0.0.0/8")),
            ("0.0.0.0/0", Some("8.8.8.8"), "8.8.8.8", Some("0.0.0.0/0")),
        ];
        for (client, resolver, from, subnet) in table {
            let (a, b) = parse(client, resolver);
            assert_eq!((a.as_str(), b.as_deref()), (from, subnet), "{client}");
        }
    }

    #[test]
    fn mistakes_say_what_to_write() {
        let table = [
            ("a..b", "193.0.6.9", "A", "`a..b` is no domain name"),
            ("a.", "193.0.6.9/24", "A", "write `193.0.6.0/24`"),
            ("a.", "193.0.6.0/33", "A", "up to 32"),
            ("a.", "europe", "A", "write an address or a network"),
            ("a.", "193.0.6.9", "AAA", "`AAA` is no type"),
        ];
        for (name, client, kind, words) in table {
            let error = Question::parse(name, client, Some(kind), None).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let error = Question::parse("a.", "193.0.6.9", None, Some("dns.example")).unwrap_err();
        assert!(error.contains("no address of a resolver"), "{error}");
    }
}
