//! Replies: JSON and text, and errors that say what is wrong and what to do.

use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::health::report::Mistake;
use crate::limits;

/// Why a request is not done.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) status: StatusCode,
    /// What is wrong, and what to do.
    pub(super) error: String,
    pub(super) mistakes: Vec<Mistake>,
    header: Option<(HeaderName, &'static str)>,
}

impl Fault {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Fault {
        Fault {
            status,
            error: error.into(),
            mistakes: Vec::new(),
            header: None,
        }
    }

    pub(super) fn with(mut self, name: HeaderName, value: &'static str) -> Fault {
        self.header = Some((name, value));
        self
    }

    pub(super) fn listing(mut self, mistakes: Vec<Mistake>) -> Fault {
        self.mistakes = mistakes;
        self
    }

    /// It would go at another time.
    pub(super) fn later(error: impl Into<String>) -> Fault {
        Fault::new(StatusCode::SERVICE_UNAVAILABLE, error).with(header::RETRY_AFTER, "1")
    }

    pub(super) fn response(self) -> Response<Body> {
        let value = json!({ "error": self.error, "mistakes": self.mistakes });
        let mut response = json(self.status, &value);
        if let Some((name, value)) = self.header {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

pub(super) fn json(status: StatusCode, value: &Value) -> Response<Body> {
    // One line for each reply, so that logs and shells can take it as it is.
    let mut text = value.to_string();
    text.push('\n');
    reply(status, "application/json", text)
}

pub(super) fn text(text: String) -> Response<Body> {
    reply(StatusCode::OK, "text/plain; charset=utf-8", text)
}

pub(super) fn reply(status: StatusCode, kind: &'static str, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        // What came from a request is never taken for a page or a script.
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What a request said, short and in one line whatever it is.
pub(super) fn short(text: &str) -> String {
    let letters = text.chars().take(limits::ADMIN_SHOWN);
    let mut cut: String = letters.flat_map(char::escape_debug).collect();
    if text.chars().nth(limits::ADMIN_SHOWN).is_some() {
        cut.push('…');
    }
    cut
}

/// The same in quotation marks.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", short(text))
}
