//! A web server answers as it should: one request, one answer, no redirect followed, nothing read beyond bounds.

use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, HOST, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use crate::config::estate::Page;
use crate::health::probed::{Ending, Finding};
use crate::limits;
use crate::probe::check::{BODY, HANDSHAKE, HEAD, Stage, failed, tcp, tls};

/// Without TLS.
pub(super) async fn plain(to: SocketAddr, page: &Page, stage: &Stage) -> Result<Finding, Finding> {
    let stream = tcp::connect(to).await?;
    exchange(stream, page, stage).await
}

/// With TLS. The certificate is to be for the page's host, whatever the address.
pub(super) async fn secure(
    to: SocketAddr,
    page: &Page,
    config: &Arc<ClientConfig>,
    stage: &Stage,
) -> Result<Finding, Finding> {
    let name = ServerName::try_from(page.host.clone());
    let name =
        name.map_err(|error| Finding::new(Ending::Unmade, format!("`{}`: {error}", page.host)))?;
    let stream = tcp::connect(to).await?;
    stage.set(HANDSHAKE);
    let connector = TlsConnector::from(config.clone());
    let stream = connector.connect(name, stream).await.map_err(|error| {
        let inner = error
            .get_ref()
            .and_then(|e| e.downcast_ref::<rustls::Error>());
        match inner {
            Some(wrong) => Finding::new(Ending::Tls, tls::words(wrong, &page.host)),
            None => failed(&error, "TLS handshake"),
        }
    })?;
    exchange(stream, page, stage).await
}

async fn exchange<S>(stream: S, page: &Page, stage: &Stage) -> Result<Finding, Finding>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    stage.set(HEAD);
    let mut builder = http1::Builder::new();
    builder.max_buf_size(limits::PROBE_HEAD);
    let (mut sender, connection) = builder
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let request = Request::builder()
        .method(Method::GET)
        .uri(page.path.as_str())
        .header(HOST, page.host.as_str())
        .header(USER_AGENT, concat!("meridian/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| Finding::new(Ending::Unmade, error.to_string()))?;
    // Both in one task: whoever drops this check drops the connection with it.
    let asked = async {
        let reply = sender.send_request(request).await;
        let reply = reply.map_err(|error| broken(&error))?;
        judge(reply.status().as_u16(), reply.into_body(), page, stage).await
    };
    tokio::pin!(asked, connection);
    tokio::select! {
        biased;
        found = &mut asked => found,
        // It may end, or fail, while the last of the reply waits to be read.
        _ = &mut connection => asked.await,
    }
}

async fn judge(
    status: u16,
    body: Incoming,
    page: &Page,
    stage: &Stage,
) -> Result<Finding, Finding> {
    if !page.status.contains(&status) {
        let wanted: Vec<String> = page.status.iter().map(u16::to_string).collect();
        let words = format!("status {status}, not {}", wanted.join(" or "));
        return Ok(Finding::new(Ending::Status, words));
    }
    let Some(text) = &page.body else {
        return Ok(Finding::new(Ending::Well, format!("status {status}")));
    };
    stage.set(BODY);
    find(body, text.as_bytes()).await?;
    let words = format!("status {status}, and the text is in the body");
    Ok(Finding::new(Ending::Well, words))
}

/// Reads until the text has come; without it, to the end or the bound.
async fn find(mut body: Incoming, text: &[u8]) -> Result<(), Finding> {
    let mut read: Vec<u8> = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        // The text may begin in what came before.
        let from = read.len().saturating_sub(text.len());
        let room = limits::PROBE_BODY.saturating_sub(read.len());
        read.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
        let fresh = read.get(from..).unwrap_or_default();
        if fresh.windows(text.len().max(1)).any(|part| part == text) {
            return Ok(());
        }
        if read.len() >= limits::PROBE_BODY {
            let words = format!(
                "the text is not within the first {} octets of the body",
                limits::PROBE_BODY
            );
            return Err(Finding::new(Ending::Body, words));
        }
    }
    let words = format!("the text is not in the body of {} octets", read.len());
    Err(Finding::new(Ending::Body, words))
}

/// What hyper says of a reply that is none.
fn broken(error: &hyper::Error) -> Finding {
    use std::error::Error as _;
    if error.is_parse_too_large() {
        let words = format!(
            "the head of the reply is larger than {} octets",
            limits::PROBE_HEAD
        );
        return Finding::new(Ending::Broken, words);
    }
    if error.is_parse() {
        return Finding::new(Ending::Broken, "the reply is not HTTP");
    }
    if error.is_incomplete_message() {
        return Finding::new(
            Ending::Broken,
            "the connection was closed before the end of the reply",
        );
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return failed(io, "connection");
        }
        cause = inner.source();
    }
    Finding::new(Ending::Broken, error.to_string())
}
