//! Bodies of requests: read within a length, a time, and the memory that all of them share.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::admin::reply::Fault;
use crate::limits;

/// A body, with its part of the memory for all.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) bytes: Vec<u8>,
    _share: Option<OwnedSemaphorePermit>,
}

/// Reads a body whole.
pub(super) async fn read(
    body: &mut Body,
    memory: &Arc<Semaphore>,
    patience: Duration,
) -> Result<Read, Fault> {
    // Of a length that is told beforehand not one octet is read.
    if body.size_hint().lower() > limits::ADMIN_BODY as u64 {
        return Err(large());
    }
    match tokio::time::timeout(patience, gather(body, memory)).await {
        Ok(read) => read,
        Err(_) => Err(Fault::new(
            StatusCode::REQUEST_TIMEOUT,
            format!(
                "the body was not here after {} ms; send it at once",
                patience.as_millis()
            ),
        )),
    }
}

async fn gather(body: &mut Body, memory: &Arc<Semaphore>) -> Result<Read, Fault> {
    let mut read = Read {
        bytes: Vec::new(),
        _share: None,
    };
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
        let frame = frame.map_err(|error| {
            let error = format!("the body broke off: {error}");
            Fault::new(StatusCode::BAD_REQUEST, error)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if read.bytes.len().saturating_add(data.len()) > limits::ADMIN_BODY {
            return Err(large());
        }
        let share = u32::try_from(data.len()).ok();
        let share = share.and_then(|n| memory.clone().try_acquire_many_owned(n).ok());
        let Some(share) = share else {
            return Err(Fault::later(
                "too many bodies are under way; try again soon",
            ));
        };
        match &mut read._share {
            Some(all) => all.merge(share),
            none => *none = Some(share),
        }
        read.bytes.extend_from_slice(&data);
    }
    Ok(read)
}

fn large() -> Fault {
    let error = format!(
        "the body has more than {} octets; send several",
        limits::ADMIN_BODY
    );
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, error)
}

/// Takes the rest of a body and throws it away: closed with octets unread, a connection takes the reply with it.
pub(super) async fn drain(mut body: Body) {
    while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {}
}
