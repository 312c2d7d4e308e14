//! The list of prefixes, as BIRD 2 takes it: the route of a VIP goes when the VIP goes down.

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::Command;

use super::estate;
use super::server::{Process, Server};
use super::tool::{Judge, find};

#[test]
fn routes_go_with_their_vips() {
    let mut curl = Judge::new("curl", "curl", "bird-curl");
    let mut birdc = Judge::new("birdc", "bird2", "birdc");
    let server = Server::start(&estate());
    let folder = server.folder();
    let token = server.token();
    let mut fetch = |family: &str| {
        let mut command = Command::new(find("curl", "curl"));
        let file = folder.join(format!("vips-{family}.conf"));
        let url = server.url(&format!("/v1/prefixes?format=bird&family={family}"));
        curl.execute(command.args(["-sS", "--fail", "-o"]).arg(&file).arg(url));
        fs::read_to_string(file).unwrap()
    };
    let before = fetch("v4");
    assert!(
        before.contains("route 192.0.2.10/32 blackhole;"),
        "{before}"
    );
    fetch("v6");
    let config = folder.join("bird.conf");
    let text = format!(
        "router id 192.0.2.53;\nprotocol device {{ disabled; }}\n\
         protocol static vips4 {{ ipv4;\ninclude \"{0}/vips-v4.conf\";\n}}\n\
         protocol static vips6 {{ ipv6;\ninclude \"{0}/vips-v6.conf\";\n}}\n",
        folder.display()
    );
    fs::write(&config, text).unwrap();
    let socket = folder.join("bird.ctl");
    let mut command = Command::new(find("bird", "bird2"));
    command
        .arg("-f")
        .arg("-c")
        .arg(&config)
        .arg("-s")
        .arg(&socket);
    command.arg("-P").arg(folder.join("bird.pid"));
    let mut bird = Process::start(&mut command);
    let mut ask = |words: &str| {
        let mut command = Command::new(find("birdc", "bird2"));
        command
            .arg("-s")
            .arg(&socket)
            .args(words.split_whitespace());
        birdc.execute(&mut command)
    };
    // Its socket is there before it listens.
    let listens = || UnixStream::connect(&socket).is_ok();
    bird.wait("bird", |line| {
        line.is_none() && listens() && ask("show status").contains("Daemon is up")
    });
    let routes = ask("show route");
    for prefix in ["192.0.2.10/32", "198.51.100.10/32", "2001:db8:1::10/128"] {
        assert!(routes.contains(prefix), "{prefix}: {routes}");
    }

    let mut put = Command::new(find("curl", "curl"));
    put.args(["-sS", "--fail", "-X", "PUT", "-H"]);
    put.arg(format!("Authorization: Bearer {token}"));
    put.args(["-d", r#"{"state":"down","epoch":1,"seq":1}"#]);
    put.arg(server.url("/v1/health/vips/fra-1"));
    let mut putting = Judge::new("curl", "curl", "bird-put");
    assert!(putting.execute(&mut put).contains("\"in_force\":\"down\""));
    let after = fetch("v4");
    assert!(!after.contains("192.0.2.10/32"), "{after}");
    fetch("v6");
    let said = ask("configure");
    assert!(said.contains("Reconfigur"), "{said}");
    let mut routes = ask("show route");
    bird.wait("the route to go", |line| {
        if line.is_none() {
            routes = ask("show route");
        }
        !routes.contains("192.0.2.10/32")
    });
    assert!(routes.contains("198.51.100.10/32"), "{routes}");
    bird.kill();
}
