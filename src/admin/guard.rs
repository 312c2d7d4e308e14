//! Who may do what: the name a request came under, the page that sent it, and its token.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::http::header::{self, HeaderMap};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{StatusCode, Version};

use crate::admin::reply::{Fault, quote};
use crate::admin::route::Access;
use crate::admin::stream::Line;
use crate::admin::tokens::{Holder, Tokens};
use crate::config::machine::Role;

/// Refuses a request that came under a name: the API is asked by address, so a name is one that a stranger's page made
/// point here (DNS rebinding), and the browser would let that page read the reply. Over TLS no browser comes here under a
/// name that is not in our certificate.
pub(super) fn host(parts: &Parts, line: Line) -> Result<(), Fault> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(host.to_str().unwrap_or_default()),
        // RFC 9112 §3.2: HTTP/1.1 has exactly one; HTTP/1.0 need not have any.
        (None, _) if parts.version == Version::HTTP_10 => None,
        (host, _) => {
            let what = if host.is_some() { "two" } else { "no" };
            let error = format!("the request has {what} Host headers; send one");
            return Err(Fault::new(StatusCode::BAD_REQUEST, error));
        }
    };
    let target = parts.uri.authority().map(Authority::as_str);
    for name in [named, target].into_iter().flatten() {
        if line == Line::Plain && !is_local(name) {
            let error = format!(
                "{} is not a name of this API; ask it by its address or as localhost",
                quote(name)
            );
            return Err(Fault::new(StatusCode::MISDIRECTED_REQUEST, error));
        }
    }
    Ok(())
}

/// Whether an authority is an address or `localhost`, with or without a port.
fn is_local(name: &str) -> bool {
    let Ok(authority) = name.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    !name.contains('@')
        && (bare.parse::<IpAddr>().is_ok() || bare.eq_ignore_ascii_case("localhost"))
}

/// Refuses a change that a web page of elsewhere wants.
fn origin(headers: &HeaderMap, line: Line) -> Result<(), Fault> {
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok());
    let own = |origin: &header::HeaderValue| {
        let scheme = match line {
            Line::Plain => "http://",
            Line::Secure => "https://",
        };
        let named = origin.to_str().ok().and_then(|o| o.strip_prefix(scheme));
        named.is_some() && named == host
    };
    if headers.get_all(header::ORIGIN).iter().all(own) {
        return Ok(());
    }
    Err(Fault::new(
        StatusCode::FORBIDDEN,
        "a page from elsewhere sent this; changes are taken from programs, without an Origin header",
    ))
}

/// Whose token a request has, if the route needs one.
pub(super) fn admit(
    parts: &Parts,
    (peer, line): (IpAddr, Line),
    access: Access,
    tokens: &Tokens,
) -> Result<Option<Arc<Holder>>, Fault> {
    if access == Access::Look && peer.to_canonical().is_loopback() {
        return Ok(None);
    }
    if access != Access::Look {
        origin(&parts.headers, line)?;
    }
    let Some(holder) = bearer(&parts.headers).and_then(|token| tokens.holder(token)) else {
        let error = if parts.headers.contains_key(header::AUTHORIZATION) {
            "this token is not known here; send a line of a token file that `meridian.toml` names"
        } else {
            "a token is needed; send the header `Authorization: Bearer TOKEN`"
        };
        return Err(Fault::new(StatusCode::UNAUTHORIZED, error)
            .with(header::WWW_AUTHENTICATE, "Bearer realm=\"meridian\""));
    };
    if !tokens.spend(&holder, Instant::now()) {
        let error = format!(
            "`{}` may send {} requests a second; send many reports in one body",
            holder.name,
            holder.rate.unwrap_or_default()
        );
        return Err(Fault::new(StatusCode::TOO_MANY_REQUESTS, error).with(header::RETRY_AFTER, "1"));
    }
    let enough = match access {
        Access::Look => true,
        Access::Report => holder.role != Role::Reader,
        Access::Operate => holder.role == Role::Operator,
    };
    if enough {
        return Ok(Some(holder));
    }
    let (needed, role) = match access {
        Access::Operate => ("an operator's token", holder.role),
        Access::Report | Access::Look => ("a feed's or an operator's token", holder.role),
    };
    let role = match role {
        Role::Reader => "reader",
        Role::Feed => "feed",
        Role::Operator => "operator",
    };
    let error = format!(
        "this needs {needed}; the token of `{}` has the role `{role}`",
        holder.name
    );
    Err(Fault::new(StatusCode::FORBIDDEN, error))
}

/// The token of the one Authorization header (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_matches(' '))
}
