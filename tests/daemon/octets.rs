//! Names of every octet through all that the program writes: one line in is one line out, and reads back as the same.

use std::fs;

use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RecordType};

use super::api::{ask, token};
use super::run;
use super::server::{Server, ZONE, estate, meridian};

/// No octet that a terminal, a log or a table would take for something else.
fn assert_plain(text: &str) {
    let odd = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(odd, None, "{text}");
}

fn zone() -> String {
    let names = (0..=255).map(|octet| format!("\\{octet:03}.o TXT n{octet}\n"));
    ZONE.to_string() + &names.collect::<String>()
}

fn question(octet: u8) -> Message {
    let mut message = Message::new(u16::from(octet), MessageType::Query, OpCode::Query);
    let labels: [&[u8]; 4] = [&[octet], b"o", b"example", b"com"];
    let name = Name::from_labels(labels).unwrap();
    message.add_query(Query::query(name, RecordType::TXT));
    message
}

#[test]
fn names_of_every_octet_keep_their_lines() {
    let folder = estate();
    let file = folder.path().join("zones/example.com.zone");
    fs::write(&file, zone()).unwrap();
    let at = |args: &[&str]| run(meridian().current_dir(folder.path()).args(args));
    let (code, text, err) = at(&["print", "example.com"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_plain(&text);
    assert_eq!(text.lines().count(), 6 + 256);
    // What it prints is the same zone.
    fs::write(&file, &text).unwrap();
    assert_eq!(at(&["print"]).1, text);
    let explained = |octet: u8| {
        let name = format!("\\{octet:03}.o.example.com");
        let (code, out, err) = at(&["explain", &name, "193.0.6.9", "--type", "TXT"]);
        assert_eq!((code, err.as_str()), (0, ""), "{name}");
        assert_plain(&out);
        assert!(out.contains(&format!("\"n{octet}\"")), "{out}");
        out.lines().count()
    };
    let usual = explained(b'0');
    for octet in [0, 7, 8, 9, 10, 13, 27, 32, 34, 46, 92, 127, 128, 155, 255] {
        assert_eq!(explained(octet), usual, "{octet}");
    }
    // A mistake at each of them: one line for a program, one for a person's log.
    let twice =
        (0..=255).map(|octet| format!("\\{octet:03}.c CNAME a\n\\{octet:03}.c A 192.0.2.1\n"));
    fs::write(&file, ZONE.to_string() + &twice.collect::<String>()).unwrap();
    let (code, out, _) = at(&["check", "--format", "github"]);
    assert_eq!(code, 1);
    assert_plain(&out);
    assert!(out.lines().all(|line| line.starts_with("::")), "{out}");
    let (_, out, _) = at(&["check", "--format", "json"]);
    serde_json::from_str::<serde_json::Value>(&out).unwrap();
    assert_plain(&at(&["check"]).2);
}

#[test]
fn a_server_asked_for_every_octet_answers_and_tells() {
    let folder = estate();
    let file = folder.path().join("zones/example.com.zone");
    fs::write(&file, zone()).unwrap();
    let server = Server::on(folder);
    for octet in 0..=255 {
        let answer = server.udp(&question(octet));
        let small = octet.to_ascii_lowercase();
        let said = answer
            .answers
            .iter()
            .map(ToString::to_string)
            .collect::<String>();
        assert!(said.contains(&format!("n{small}")), "{octet}: {said}");
        let target =
            format!("GET /v1/explain?name=%5C{octet:03}.o.example.com&client=193.0.6.9&type=TXT");
        let (status, body) = ask(&server, &target, None, "");
        assert_eq!(status, 200, "{body}");
        assert_plain(&body);
        let told: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(told["outcome"], "static", "{body}");
    }
    let twice =
        (0..=255).map(|octet| format!("\\{octet:03}.c CNAME a\n\\{octet:03}.c A 192.0.2.1\n"));
    fs::write(&file, ZONE.to_string() + &twice.collect::<String>()).unwrap();
    let (_, body) = ask(&server, "POST /v1/reload", Some(&token(&server)), "");
    assert_plain(&body);
    serde_json::from_str::<serde_json::Value>(&body).unwrap();
    server.logs("refused");
    let (_, metrics) = ask(&server, "GET /metrics", None, "");
    assert_plain(&metrics);
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let number = line.rsplit(' ').next().unwrap_or_default();
        assert!(number.parse::<f64>().is_ok(), "{line}");
    }
    server.log().iter().for_each(|line| assert_plain(line));
}
