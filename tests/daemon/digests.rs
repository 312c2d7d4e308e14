//! Digests: two servers of the same estate say the same, whatever their files are called.

use std::fs;

use serde_json::Value;

use super::api::{ask, token};
use super::run;
use super::server::{Server, meridian};

fn status(server: &Server) -> Value {
    let (code, body) = ask(server, "GET /v1/status", Some(&token(server)), "");
    assert_eq!(code, 200, "{body}");
    let status: Value = serde_json::from_str(&body).unwrap();
    status["digests"].clone()
}

#[test]
fn two_servers_of_one_estate_say_the_same() {
    let (one, two) = (Server::start(), Server::start());
    let first = status(&one);
    assert_eq!(first, status(&two));
    for of in ["estate", "databases", "board", "plans"] {
        let digest = first[of].as_str().unwrap();
        assert!(digest.len() == 32 && digest.bytes().all(|b| b.is_ascii_hexdigit()));
    }
    // What `check` says of the files is what the server has in force.
    let folder = two.folder.path();
    let check = || {
        let mut command = meridian();
        command
            .current_dir(folder)
            .args(["check", "--format", "json"]);
        let (code, out, err) = run(&mut command);
        assert_eq!((code, err.as_str()), (0, ""));
        serde_json::from_str::<Value>(&out).unwrap()["digests"].clone()
    };
    let checked = check();
    for of in ["estate", "databases", "plans"] {
        assert_eq!(checked[of], first[of], "{of}");
    }
    // Another name of the file, another order of its tables, and a comment are nothing.
    let file = two.zones().join("steering.toml");
    let text = fs::read_to_string(&file).unwrap();
    let (head, names) = text.split_once("[names]").unwrap();
    fs::write(two.zones().join("z.toml"), format!("# moved\n{head}")).unwrap();
    fs::write(&file, format!("[names]{names}")).unwrap();
    assert_eq!(check(), checked);
    let line = "meridian_digest_info{of=\"plans\",digest=\"";
    let (_, metrics) = ask(&one, "GET /metrics", None, "");
    let plans = first["plans"].as_str().unwrap();
    assert!(
        metrics.contains(&format!("{line}{plans}\"}} 1")),
        "{metrics}"
    );
}
