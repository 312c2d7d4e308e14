//! `admin` and `[tls]`: where the API is, and what guards the way to it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::{listener, path};
use crate::config::document::Entry;
use crate::config::findings::Findings;
use crate::config::record::{Keys, Record};
use crate::config::values;

const TLS: Keys = Keys {
    known: &["cert", "key", "client_ca"],
    later: &[],
    example: "[tls]",
};

/// Where the API is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admin {
    /// Plain HTTP, on loopback.
    Http(SocketAddr),
    /// HTTPS, with what `[tls]` names.
    Https(SocketAddr),
}

impl Admin {
    /// Its address and port.
    pub fn address(self) -> SocketAddr {
        match self {
            Admin::Http(address) | Admin::Https(address) => address,
        }
    }

    /// What stands before the address in a URL.
    pub fn scheme(self) -> &'static str {
        match self {
            Admin::Http(_) => "http",
            Admin::Https(_) => "https",
        }
    }
}

impl fmt::Display for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.address())
    }
}

/// What the API shows to those who come over TLS, and wants of them. Paths as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate and those that lead to its root, as PEM.
    pub cert: String,
    /// The key of the certificate, as PEM.
    pub key: String,
    /// Who must have signed the certificate of a client, as PEM. None: nobody is asked for one.
    pub client_ca: Option<String>,
}

/// What stands behind `https://` is an address, for a name may lead elsewhere tomorrow.
pub fn secure(text: &str) -> Option<&str> {
    text.strip_prefix("https://")
        .map(|rest| rest.strip_suffix('/').unwrap_or(rest))
}

/// Plain HTTP has tokens in it that anyone on the way could read, so it does not leave the machine.
pub(super) fn admin(field: Entry<'_>, findings: &mut Findings) -> Option<Admin> {
    let word = values::text(field, "a listener", findings)?;
    if let Some(rest) = secure(word.text) {
        if let Ok(address) = rest.parse() {
            return Some(Admin::Https(address));
        }
        let advice = match rest.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => format!("write `\"https://{}\"`", SocketAddr::new(address, 8053)),
            Err(_) => "an address and a port: `\"https://192.0.2.53:8053\"`".to_owned(),
        };
        findings.error(word.at, format!("`{}` is no listener", word.text), advice);
        return None;
    }
    let address = listener(word, findings)?;
    if !address.ip().is_loopback() {
        let port = address.port();
        let advice =
            format!("write `\"127.0.0.1:{port}\"`, or `\"https://{address}\"` with `[tls]`");
        findings.error(
            word.at,
            "`admin` is plain HTTP and stays on loopback",
            advice,
        );
        return None;
    }
    Some(Admin::Http(address))
}

/// What stands behind `tls`.
pub(super) fn tls(field: Entry<'_>, findings: &mut Findings) -> Option<Tls> {
    let record = Record::open(field, "`tls`", &TLS, findings);
    let mut read = |key: &str| record.get(key).and_then(|field| path(field, findings));
    let (cert, key, client_ca) = (read("cert"), read("key"), read("client_ca"));
    for needed in ["cert", "key"] {
        if field.value.table().is_some() && record.get(needed).is_none() {
            let advice = format!("write `{needed} = \"…\"`, the path of a PEM file");
            findings.error(field.key.at, format!("`[tls]` has no `{needed}`"), advice);
        }
    }
    Some(Tls {
        cert: cert?,
        key: key?,
        client_ca,
    })
}

/// HTTPS needs a certificate, and a certificate that nobody is shown is a mistake.
pub(super) fn together(
    admin: Option<(Entry<'_>, Option<Admin>)>,
    tls: Option<Entry<'_>>,
    findings: &mut Findings,
) {
    match (admin, tls) {
        (Some((field, Some(Admin::Https(_)))), None) => findings.error(
            field.value.at,
            "`https://` needs a certificate",
            "write `[tls]` with `cert` and `key`",
        ),
        (None | Some((_, Some(Admin::Http(_)))), Some(field)) => findings.error(
            field.key.at,
            "`[tls]` is of no use: `admin` is plain HTTP",
            "write `admin = \"https://ADDRESS:PORT\"`, or remove it",
        ),
        _ => {}
    }
}
