//! As much of HTTP/1.1 as asking our own API takes: one request over one connection (RFC 9112).

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::limits;

/// What is asked of a server.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Request<'a> {
    /// The method; GET if nothing is said.
    pub(super) method: Option<&'a str>,
    /// The path, its segments escaped: see [`escape`].
    pub(super) path: &'a str,
    /// Keys and values.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// Of the operator or a feed.
    pub(super) token: Option<&'a str>,
    /// JSON.
    pub(super) body: Option<&'a str>,
    /// Seconds that the answer may take; [`limits::HTTP_PATIENCE`] if nothing is said.
    pub(super) patience: Option<u64>,
}

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Code and words: `200 OK`.
    pub(super) status: String,
    /// Without the head.
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Whether it is one of 200.
    pub(super) fn is_ok(&self) -> bool {
        self.status.starts_with("200")
    }
}

/// The body of a 200 answer.
///
/// # Errors
///
/// In words for the operator; another status comes with what the server says.
pub(super) fn get(server: &str, path: &str, query: &[(&str, &str)]) -> Result<Vec<u8>, String> {
    let request = Request {
        path,
        query,
        ..Request::default()
    };
    let answer = ask(server, &request)?;
    if !answer.is_ok() {
        let (status, says) = (&answer.status, String::from_utf8_lossy(&answer.body));
        return Err(format!(
            "{server}: the server says {status}: {}",
            says.trim()
        ));
    }
    Ok(answer.body)
}

/// Whatever a server answers.
///
/// # Errors
///
/// In words for the operator, if it does not.
pub(super) fn ask(server: &str, request: &Request<'_>) -> Result<Answer, String> {
    let host = host(server)?;
    let wrong = |error: std::io::Error| format!("{server}: {error}");
    let patience = request.patience.unwrap_or(limits::HTTP_PATIENCE);
    let mut stream = connect(server, &host, Duration::from_secs(patience))?;
    stream
        .write_all(head(&host, request).as_bytes())
        .map_err(wrong)?;
    let mut answer = Vec::new();
    let mut reader = stream.take(limits::HTTP_ANSWER);
    reader.read_to_end(&mut answer).map_err(wrong)?;
    read(&answer).map_err(|why| format!("{server}: {why}"))
}

/// The one place that makes connections. No read or write of it waits for longer than `patience`.
fn connect(server: &str, host: &str, patience: Duration) -> Result<impl Read + Write, String> {
    let wrong = |error: std::io::Error| format!("{server}: {error}");
    let brief = patience.min(Duration::from_secs(limits::HTTP_PATIENCE));
    let mut last = format!("{server}: the name has no address");
    for address in host.to_socket_addrs().map_err(wrong)? {
        match TcpStream::connect_timeout(&address, brief) {
            Ok(stream) => {
                stream.set_read_timeout(Some(patience)).map_err(wrong)?;
                stream.set_write_timeout(Some(patience)).map_err(wrong)?;
                return Ok(stream);
            }
            Err(error) => last = format!("{server}: {error}; is the server running?"),
        }
    }
    Err(last)
}

/// The request as it is sent. A token with anything in it but visible characters is none, and is left out.
fn head(host: &str, request: &Request<'_>) -> String {
    let method = request.method.unwrap_or("GET");
    let mut target = request.path.to_owned();
    if !request.query.is_empty() {
        target.push('?');
        target.push_str(&form(request.query));
    }
    let mut text = format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nConnection: close\r\n"
    );
    let visible = |token: &&str| token.bytes().all(|b| b.is_ascii_graphic());
    if let Some(token) = request.token.filter(visible) {
        let _ = write!(text, "Authorization: Bearer {token}\r\n");
    }
    if let Some(body) = request.body {
        let _ = write!(text, "Content-Type: application/json\r\n");
        let _ = write!(text, "Content-Length: {}\r\n\r\n{body}", body.len());
    } else {
        text.push_str(if method == "GET" {
            "\r\n"
        } else {
            "Content-Length: 0\r\n\r\n"
        });
    }
    text
}

/// Host and port of a URL like `http://127.0.0.1:8053`.
fn host(server: &str) -> Result<String, String> {
    let wrong = || format!("`{server}` is no server: write `http://127.0.0.1:8053`");
    let rest = server.strip_prefix("http://").ok_or_else(wrong)?;
    let host = rest.strip_suffix('/').unwrap_or(rest);
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    if host.is_empty() || !host.chars().all(plain) {
        return Err(wrong());
    }
    let has_port = host.rsplit_once(':').is_some_and(|(before, port)| {
        !port.contains(']') && (!before.contains(':') || before.ends_with(']'))
    });
    Ok(if has_port {
        host.into()
    } else {
        format!("{host}:80")
    })
}

fn form(query: &[(&str, &str)]) -> String {
    let pair = |(key, value): &(&str, &str)| format!("{key}={}", escape(value));
    query.iter().map(pair).collect::<Vec<String>>().join("&")
}

/// A text as a segment of a path, or a value of a query.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            _ => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}

/// Takes an answer apart.
fn read(answer: &[u8]) -> Result<Answer, String> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = end
        .and_then(|end| Some((answer.get(..end)?, answer.get(end + 4..)?)))
        .ok_or("the answer is not HTTP, or was cut")?;
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/1.1 ")
        .or_else(|| first.strip_prefix("HTTP/1.0 "))
        .ok_or("the answer is not HTTP")?;
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.trim();
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(format!("the answer comes `{value}`: this is not our API"));
        }
        let length = value.parse::<usize>().ok();
        if name.eq_ignore_ascii_case("content-length") && length != Some(body.len()) {
            return Err("the answer was cut".into());
        }
    }
    Ok(Answer {
        status: status.to_owned(),
        body: body.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        let table = [
            ("http://127.0.0.1:8053", Some("127.0.0.1:8053")),
            ("http://127.0.0.1:8053/", Some("127.0.0.1:8053")),
            ("http://localhost", Some("localhost:80")),
            ("http://[::1]:8053", Some("[::1]:8053")),
            ("http://[::1]", Some("[::1]:80")),
            ("https://127.0.0.1", None),
            ("127.0.0.1:8053", None),
            ("http://a/b", None),
            ("http://a\r\nX: y", None),
        ];
        for (text, want) in table {
            assert_eq!(host(text).ok().as_deref(), want, "{text}");
        }
    }

    #[test]
    fn answers() {
        let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        let answer = read(ok).unwrap();
        assert!(answer.is_ok() && answer.body == b"{}");
        let none = read(b"HTTP/1.1 404 Not Found\r\n\r\nno such page").unwrap();
        assert!(!none.is_ok() && none.status == "404 Not Found");
        let table: [(&[u8], &str); 4] = [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", "cut"),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0",
                "not our API",
            ),
            (b"SSH-2.0-x\r\n\r\n", "not HTTP"),
            (b"", "not HTTP"),
        ];
        for (answer, words) in table {
            let error = read(answer).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn the_query_is_escaped() {
        let query = [("client", "193.0.6.0/24"), ("name", "a b&c.é")];
        assert_eq!(form(&query), "client=193.0.6.0%2F24&name=a%20b%26c.%C3%A9");
        assert_eq!(escape("../x"), "..%2Fx");
    }

    #[test]
    fn requests() {
        let ask = Request {
            method: Some("PUT"),
            path: "/v1/vips/a/state",
            query: &[("force", "geoip")],
            token: Some("secret"),
            body: Some("{}"),
            ..Request::default()
        };
        let text = head("a:1", &ask);
        assert!(text.starts_with("PUT /v1/vips/a/state?force=geoip HTTP/1.1\r\nHost: a:1\r\n"));
        assert!(text.contains("\r\nAuthorization: Bearer secret\r\n"));
        assert!(text.ends_with("\r\nContent-Length: 2\r\n\r\n{}"), "{text}");
        let bare = Request {
            body: None,
            token: Some("a\r\nX: y"),
            ..ask
        };
        let text = head("a:1", &bare);
        assert!(!text.contains("X: y") && text.ends_with("Content-Length: 0\r\n\r\n"));
        let plain = head(
            "a:1",
            &Request {
                path: "/",
                ..Request::default()
            },
        );
        assert!(plain.starts_with("GET / HTTP/1.1\r\n") && !plain.contains("Length"));
    }
}
