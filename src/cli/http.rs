//! As much of HTTP/1.1 as asking our own API takes: one GET over one connection (RFC 9112).

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::limits;

/// The body of a 200 answer.
///
/// # Errors
///
/// In words for the operator; another status comes with what the server says.
pub(super) fn get(server: &str, path: &str, query: &[(&str, &str)]) -> Result<Vec<u8>, String> {
    let host = host(server)?;
    let wrong = |error: std::io::Error| format!("{server}: {error}");
    let patience = Duration::from_secs(limits::HTTP_PATIENCE);
    let addresses = host.to_socket_addrs().map_err(wrong)?;
    let mut last = format!("{server}: the name has no address");
    let mut open = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(stream) => {
                open = Some(stream);
                break;
            }
            Err(error) => last = format!("{server}: {error}; is the server running?"),
        }
    }
    let mut stream = open.ok_or(last)?;
    stream.set_read_timeout(Some(patience)).map_err(wrong)?;
    stream.set_write_timeout(Some(patience)).map_err(wrong)?;
    let target = format!("{path}?{}", form(query));
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).map_err(wrong)?;
    let mut answer = Vec::new();
    let mut reader = stream.take(limits::HTTP_ANSWER);
    reader.read_to_end(&mut answer).map_err(wrong)?;
    body(&answer).map_err(|why| format!("{server}: {why}"))
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
    let mut text = String::new();
    for (key, value) in query {
        if !text.is_empty() {
            text.push('&');
        }
        let _ = write!(text, "{key}=");
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    text.push(char::from(byte));
                }
                _ => drop(write!(text, "%{byte:02X}")),
            }
        }
    }
    text
}

/// The body behind the head, if the status is 200.
fn body(answer: &[u8]) -> Result<Vec<u8>, String> {
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
    if !status.starts_with("200") {
        let says = String::from_utf8_lossy(body);
        return Err(format!("the server says {status}: {}", says.trim()));
    }
    Ok(body.to_vec())
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
        assert_eq!(body(ok), Ok(b"{}".to_vec()));
        let table: [(&[u8], &str); 5] = [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", "cut"),
            (
                b"HTTP/1.1 404 Not Found\r\n\r\nno such page",
                "404 Not Found: no such page",
            ),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0",
                "not our API",
            ),
            (b"SSH-2.0-x\r\n\r\n", "not HTTP"),
            (b"", "not HTTP"),
        ];
        for (answer, words) in table {
            let error = body(answer).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn the_query_is_escaped() {
        let query = [("client", "193.0.6.0/24"), ("name", "a b&c.é")];
        assert_eq!(form(&query), "client=193.0.6.0%2F24&name=a%20b%26c.%C3%A9");
    }
}
