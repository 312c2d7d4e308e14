//! HAProxy behind the server's own checks: certificates of an authority of our own, made by OpenSSL, SNI, statuses, bodies.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::server::{PATIENCE, Process, Server, free_port};
use super::tool::{find, note};

const EC: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

fn openssl(folder: &Path, words: &str) {
    let mut command = Command::new(find("openssl", "openssl"));
    let output = command.current_dir(folder).args(words.split(' ')).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {words}\n{said}");
}

/// An authority `NAME.pem`.
fn authority(folder: &Path, name: &str) {
    openssl(
        folder,
        &format!("req -x509 {EC} -keyout {name}.key -out {name}.pem -days 2 -subj /CN={name}"),
    );
}

/// A certificate of `ca` for `good.example`, with its key in one file `NAME.both` as HAProxy wants it.
fn certificate(folder: &Path, name: &str, (from, to): (&str, &str)) {
    openssl(
        folder,
        &format!("req -new {EC} -keyout {name}.key -out {name}.csr -subj /CN={name}"),
    );
    openssl(
        folder,
        &format!(
            "ca -config ca.cnf -batch -notext -cert ca.pem -keyfile ca.key -in {name}.csr -out {name}.crt \
             -startdate {from} -enddate {to} -extfile names"
        ),
    );
    let [crt, key] =
        ["crt", "key"].map(|end| fs::read(folder.join(format!("{name}.{end}"))).unwrap());
    fs::write(folder.join(format!("{name}.both")), [crt, key].concat()).unwrap();
}

const CA: &str = "\
[ca]
default_ca = here
[here]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
";

/// HAProxy with a front for each certificate, and one without TLS; it answers well only to the right name and path.
fn haproxy(folder: &Path, ports: [u16; 5]) -> Process {
    let [plain, strict, good, expired, early] = ports;
    let mut text = String::from(
        "defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\n",
    );
    for (name, bind) in [
        ("plain", format!("127.0.0.1:{plain}")),
        (
            "strict",
            format!("127.0.0.1:{strict} ssl crt good.both strict-sni"),
        ),
        ("good", format!("127.0.0.1:{good} ssl crt good.both")),
        (
            "expired",
            format!("127.0.0.1:{expired} ssl crt expired.both"),
        ),
        ("early", format!("127.0.0.1:{early} ssl crt early.both")),
    ] {
        text += &format!(
            "frontend {name}\n  bind {bind}\n  http-request deny deny_status 421 unless {{ req.hdr(host) -i good.example }}\n  \
             http-request return status 200 content-type text/plain string \"all is well\" if {{ path /ready }}\n  \
             http-request return status 404\n"
        );
    }
    fs::write(folder.join("haproxy.cfg"), text).unwrap();
    let mut command = Command::new(find("haproxy", "haproxy"));
    command
        .current_dir(folder)
        .args(["-db", "-f", "haproxy.cfg"]);
    let mut process = Process::start(&mut command);
    process.wait("haproxy", |line| {
        let open = |port: &u16| std::net::TcpStream::connect(("127.0.0.1", *port)).is_ok();
        line.is_none() && ports.iter().all(open)
    });
    process
}

fn vip(server: &Server, name: &str) -> Value {
    let page: Value = serde_json::from_str(&server.get("/v1/vips")).unwrap();
    let vips = page["vips"].as_array().unwrap();
    vips.iter().find(|vip| vip["name"] == name).unwrap().clone()
}

#[test]
fn haproxy_is_probed_and_each_wrong_certificate_is_called_by_its_fault() {
    let house = TempDir::new().unwrap();
    let folder = house.path();
    fs::write(folder.join("ca.cnf"), CA).unwrap();
    fs::write(folder.join("index"), "").unwrap();
    fs::write(folder.join("serial"), "01\n").unwrap();
    fs::write(folder.join("names"), "subjectAltName=DNS:good.example\n").unwrap();
    authority(folder, "ca");
    authority(folder, "stranger");
    let year = |year: u32| format!("{year}0101000000Z");
    certificate(folder, "good", (&year(2024), &year(2049)));
    certificate(folder, "expired", (&year(2020), &year(2021)));
    certificate(folder, "early", (&year(2048), &year(2049)));
    let ports = [(); 5].map(|()| free_port());
    let _haproxy = haproxy(folder, ports);
    let [plain, strict, good, expired, early] = ports;
    let https = |port: u16, host: &str, more: &str| {
        format!("kind = \"https\"\nport = {port}\nhost = \"{host}\"\npath = \"/ready\"\n{more}")
    };
    let http =
        |more: &str| format!("kind = \"http\"\nport = {plain}\nhost = \"good.example\"\n{more}");
    let ca = "ca = \"ca.pem\"";
    let table = [
        (
            "good",
            https(
                good,
                "good.example",
                "ca = \"ca.pem\"\nbody = \"all is well\"",
            ),
            "well",
            "status 200",
        ),
        (
            "named",
            https(strict, "good.example", ca),
            "well",
            "status 200",
        ),
        (
            "unnamed",
            https(strict, "other.example", ca),
            "tls",
            "the server refuses",
        ),
        (
            "wrong-name",
            https(good, "other.example", ca),
            "tls",
            "the certificate is not for `other.example`",
        ),
        (
            "expired",
            https(expired, "good.example", ca),
            "tls",
            "the certificate has expired",
        ),
        (
            "early",
            https(early, "good.example", ca),
            "tls",
            "the certificate is not valid yet",
        ),
        (
            "strange",
            https(good, "good.example", "ca = \"stranger.pem\""),
            "tls",
            "from an authority that is not trusted",
        ),
        (
            "public",
            https(good, "good.example", ""),
            "tls",
            "from an authority that is not trusted",
        ),
        ("no-tls", https(plain, "good.example", ca), "tls", ""),
        (
            "plain",
            http("path = \"/ready\"\nbody = \"is well\""),
            "well",
            "the text is in the body",
        ),
        (
            "missing",
            http("path = \"/missing\""),
            "status",
            "status 404, not 200",
        ),
        (
            "either",
            http("path = \"/missing\"\nstatus = [200, 404]"),
            "well",
            "status 404",
        ),
        (
            "text",
            http("path = \"/ready\"\nbody = \"is sick\""),
            "body",
            "the text is not in the body",
        ),
    ];
    let zones = folder.join("zones");
    fs::create_dir(&zones).unwrap();
    for name in ["ca", "stranger"] {
        fs::copy(
            folder.join(format!("{name}.pem")),
            zones.join(format!("{name}.pem")),
        )
        .unwrap();
    }
    let zone = "$TTL 60\n@ SOA ns1 hostmaster 1 2h 15m 2w 5m\n@ NS ns1.example.net.\n@ NS ns2.example.net.\n";
    fs::write(zones.join("example.com.zone"), zone).unwrap();
    let mut text = String::from("[vips]\n");
    for (nth, (name, ..)) in (1..).zip(&table) {
        text += &format!(
            "{name} = {{ address = \"192.0.2.{nth}\", probe = \"{name}\", probe_address = \"127.0.0.1\" }}\n"
        );
    }
    for (name, keys, ..) in &table {
        text += &format!(
            "[probes.{name}]\n{keys}\nevery = \"1s\"\ntimeout = \"1s\"\nfall = 1\nrise = 1\nclear = 1\ndwell = \"0s\"\n"
        );
    }
    let all: Vec<String> = table.iter().map(|row| format!("\"{}\"", row.0)).collect();
    text += &format!(
        "[pools.web]\nmembers = [{}]\n[names]\n\"www.example.com.\" = \"web\"\n",
        all.join(", ")
    );
    fs::write(zones.join("steering.toml"), text).unwrap();
    let server = Server::start(&zones);
    let mut said = String::new();
    for (name, _, result, why) in &table {
        let seen = vip(&server, name);
        let probe = &seen["probe"][0];
        said += &format!(
            "{name}: {} {} {}\n",
            seen["state"], probe["result"], probe["why"]
        );
        assert_eq!(probe["result"], *result, "{name}: {seen:#}");
        assert!(
            probe["why"].as_str().unwrap().contains(why),
            "{name}: {seen:#}"
        );
        assert_eq!(
            seen["state"],
            if *result == "well" { "up" } else { "down" },
            "{name}"
        );
    }
    // Another authority in the same file: read again, and asked at once.
    fs::copy(folder.join("stranger.pem"), zones.join("ca.pem")).unwrap();
    let begin = Instant::now();
    while vip(&server, "good")["state"] != "down" {
        assert!(begin.elapsed() < PATIENCE, "{:#}", vip(&server, "good"));
        std::thread::sleep(Duration::from_millis(50));
    }
    said += &format!(
        "good, with another authority: {}\n",
        vip(&server, "good")["probe"][0]["why"]
    );
    note("probes-haproxy", &said);
}
