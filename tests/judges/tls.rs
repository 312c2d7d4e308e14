//! HTTPS and mutual TLS of the API, as `curl` and `openssl` see them, with certificates of an authority made here.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::estate;
use super::server::{Process, binary, free_port};
use super::tool::{Judge, find};

/// Makes certificates, and keeps them in a folder.
struct Maker {
    folder: TempDir,
    openssl: Judge,
}

impl Maker {
    fn new(record: &str) -> Maker {
        Maker {
            folder: TempDir::new().unwrap(),
            openssl: Judge::new("openssl", "openssl", record),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&mut self, words: &str) {
        let mut command = Command::new(find("openssl", "openssl"));
        command
            .args(words.split_whitespace())
            .current_dir(self.folder.path());
        self.openssl.execute(&mut command);
    }

    /// `NAME.pem` and `NAME.key`: an authority.
    fn authority(&mut self, name: &str) {
        self.run(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} \
             -keyout {name}.key -out {name}.pem"
        ));
    }

    /// `NAME.pem` and `NAME.key`: signed by an authority, for the address of this machine.
    fn signed(&mut self, name: &str, authority: &str) {
        fs::write(self.path("san"), "subjectAltName=IP:127.0.0.1\n").unwrap();
        self.run(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
        ));
        self.run(&format!(
            "x509 -req -in {name}.csr -CA {authority}.pem -CAkey {authority}.key -CAcreateserial -days 2 \
             -extfile san -out {name}.pem"
        ));
        assert!(
            self.path(&format!("{name}.pem")).is_file(),
            "openssl made none"
        );
    }

    /// Puts a certificate with its key where the server reads it, as a rotation does.
    fn install(&self, name: &str) {
        for (from, to) in [("key", "server.key"), ("pem", "server.pem")] {
            let new = self.path("new");
            fs::copy(self.path(&format!("{name}.{from}")), &new).unwrap();
            fs::set_permissions(&new, PermissionsExt::from_mode(0o600)).unwrap();
            fs::rename(&new, self.path(to)).unwrap();
        }
    }

    /// Starts a server that shows `server.pem`, and waits until this client is let in.
    fn serve(&self, more: &str, client: &Client<'_>) -> Process {
        let folder = self.folder.path();
        let config = folder.join("meridian.toml");
        let text = format!(
            "zones = \"{}\"\nstate = \"state\"\nlisten = \"127.0.0.1:0\"\nadmin = \"https://127.0.0.1:{}\"\n\
             [tls]\ncert = \"server.pem\"\nkey = \"server.key\"\n{more}",
            estate().display(),
            client.port
        );
        fs::write(&config, text).unwrap();
        let mut command = Command::new(binary());
        command
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .current_dir(folder);
        let mut server = Process::start(&mut command);
        let mut curl = Judge::new("curl", "curl", "tls-start");
        server.wait("HTTPS", |line| {
            line.is_none() && client.get(&mut curl, "/readyz").ends_with("200")
        });
        server
    }
}

/// What curl is told.
struct Client<'a> {
    folder: &'a Path,
    port: u16,
    /// Trusts certificates of this authority, and shows this one of its own.
    trusts: &'a str,
    shows: Option<&'a str>,
}

impl Client<'_> {
    fn command(&self, path: &str) -> Command {
        let mut command = Command::new(find("curl", "curl"));
        command
            .current_dir(self.folder)
            .args(["-sS", "-m", "10", "-w", "\n%{http_code}"]);
        command.arg("--cacert").arg(format!("{}.pem", self.trusts));
        if let Some(name) = self.shows {
            command.arg("--cert").arg(format!("{name}.pem"));
            command.arg("--key").arg(format!("{name}.key"));
        }
        command.arg(format!("https://127.0.0.1:{}{path}", self.port));
        command
    }

    fn get(&self, curl: &mut Judge, path: &str) -> String {
        curl.execute(&mut self.command(path))
    }
}

#[test]
fn https_and_a_certificate_that_changes() {
    let mut maker = Maker::new("tls-openssl");
    let mut curl = Judge::new("curl", "curl", "tls-curl");
    for authority in ["first", "second"] {
        maker.authority(authority);
        maker.signed(&format!("of-{authority}"), authority);
    }
    maker.install("of-first");
    let folder = maker.folder.path().to_path_buf();
    let first = Client {
        folder: &folder,
        port: free_port(),
        trusts: "first",
        shows: None,
    };
    let second = Client {
        trusts: "second",
        ..first
    };
    let mut server = maker.serve("", &first);
    let refused = second.get(&mut curl, "/readyz");
    assert!(
        refused.contains("certificate") && !refused.ends_with("200"),
        "{refused}"
    );

    // A change with a token, through the line that nobody reads along.
    let token = fs::read_to_string(folder.join("state/token")).unwrap();
    let mut put = first.command("/v1/health/vips/fra-1");
    put.args([
        "-X",
        "PUT",
        "-H",
        &format!("Authorization: Bearer {}", token.trim()),
    ]);
    put.args(["-d", r#"{"state":"down","epoch":1,"seq":1}"#]);
    let said = curl.execute(&mut put);
    assert!(
        said.contains("\"in_force\":\"down\"") && said.ends_with("200"),
        "{said}"
    );

    // Plain HTTP finds nothing here.
    let mut plain = Command::new(find("curl", "curl"));
    plain.args([
        "-sS",
        "-m",
        "10",
        &format!("http://127.0.0.1:{}/readyz", first.port),
    ]);
    let said = curl.execute(&mut plain);
    assert!(!said.contains("ready"), "{said}");

    // Old versions of TLS are gone, the two of today are spoken.
    let mut spoken = |version: &str| {
        let words = format!(
            "s_client -brief -connect 127.0.0.1:{} -CAfile first.pem -verify_return_error -{version}",
            first.port
        );
        let mut command = Command::new(find("openssl", "openssl"));
        command.args(words.split_whitespace()).current_dir(&folder);
        maker.openssl.execute(&mut command)
    };
    for (version, name) in [("tls1_3", "TLSv1.3"), ("tls1_2", "TLSv1.2")] {
        let said = spoken(version);
        assert!(
            said.contains(name) && said.contains("Verification: OK"),
            "{said}"
        );
    }
    let old = spoken("tls1_1");
    assert!(!old.contains("Verification: OK"), "{old}");

    // What is no certificate leaves the old one in force, and the log says so.
    fs::write(folder.join("server.pem"), "nothing").unwrap();
    assert!(first.get(&mut curl, "/readyz").ends_with("200"));
    server.wait("a line about it", |line| {
        line.is_some_and(|line| line.contains("the old certificate of the API stays"))
    });
    // The new one counts with the next handshake, without a restart.
    maker.install("of-second");
    assert!(second.get(&mut curl, "/readyz").ends_with("200"));
    let refused = first.get(&mut curl, "/readyz");
    assert!(!refused.ends_with("200"), "{refused}");
}

#[test]
fn mutual_tls_lets_in_who_shows_a_certificate() {
    let mut maker = Maker::new("tls-mutual-openssl");
    let mut curl = Judge::new("curl", "curl", "tls-mutual-curl");
    maker.authority("servers");
    maker.signed("server-1", "servers");
    for authority in ["clients", "strangers"] {
        maker.authority(authority);
        maker.signed(&format!("one-of-{authority}"), authority);
    }
    maker.install("server-1");
    let folder = maker.folder.path().to_path_buf();
    let client = Client {
        folder: &folder,
        port: free_port(),
        trusts: "servers",
        shows: Some("one-of-clients"),
    };
    let mut server = maker.serve("client_ca = \"clients.pem\"\n", &client);
    for shows in [None, Some("one-of-strangers"), Some("server-1")] {
        let said = Client { shows, ..client }.get(&mut curl, "/readyz");
        let refused = !said.contains("200") && !said.contains("ready:");
        assert!(refused && said.contains("alert"), "{shows:?}: {said}");
    }
    assert!(client.get(&mut curl, "/v1/vips").ends_with("200"));
    // Who signs them may change as well.
    fs::copy(folder.join("strangers.pem"), folder.join("new")).unwrap();
    fs::rename(folder.join("new"), folder.join("clients.pem")).unwrap();
    assert!(!client.get(&mut curl, "/readyz").ends_with("200"));
    let stranger = Client {
        shows: Some("one-of-strangers"),
        ..client
    };
    assert!(stranger.get(&mut curl, "/readyz").ends_with("200"));
    server.kill();
}
