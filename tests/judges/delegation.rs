//! The example estate as the world would find it: delegated from a root and a top-level domain of its own, on port 53, in
//! a network namespace, inspected by those who judge delegations for a living, and resolved by BIND from the root down.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::server::binary;
use super::tool::{Judge, find, top};

/// What an inspector may find wrong, and why that is the namespace's fault and not ours.
const ALLOWED: &[(&str, &str)] = &[(
    "NAMESERVER_IP_PRIVATE_NETWORK",
    "the example's addresses are those of documentation (RFC 5737, RFC 3849)",
)];

/// What the commands print within the small internet.
fn within(judge: &mut Judge, commands: &str) -> String {
    let folder = TempDir::new().unwrap();
    let here = top().join("tests/judges/internet");
    let namespace = find("unshare", "util-linux");
    find("ip", "iproute2");
    find("nsd", "nsd");
    find("dig", "bind9-dnsutils");
    let mut command = Command::new(namespace);
    // Whoever is not root becomes root of a namespace of users first.
    let root = fs::metadata("/proc/self").is_ok_and(|meta| {
        use std::os::unix::fs::MetadataExt;
        meta.uid() == 0
    });
    command.args(if root { &["-n"][..] } else { &["-rn"] });
    command.arg("sh").arg(here.join("run.sh"));
    command.arg(&here).arg(folder.path()).arg(binary());
    command.arg(top().join("zones"));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(commands.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr);
    judge.note(&format!("{commands}\n{text}\n{complaints}"));
    assert!(output.status.success(), "{commands}\n{text}\n{complaints}");
    text
}

const HINTS: &str = "cat > hints <<'END'
. 3600 NS a.root-servers.net.
. 3600 NS b.root-servers.net.
a.root-servers.net. 3600 A 198.41.0.4
a.root-servers.net. 3600 AAAA 2001:503:ba3e::2:30
b.root-servers.net. 3600 A 199.9.14.201
b.root-servers.net. 3600 AAAA 2001:500:200::b
END
";

#[test]
fn zonemaster_finds_no_error() {
    let mut judge = Judge::new("zonemaster-cli", "zonemaster-cli", "zonemaster");
    let ask = "zonemaster-cli --hints hints --level NOTICE --show-testcase --raw --no-progress --no-time example.com";
    let said = within(&mut judge, &format!("{HINTS}{ask}\n"));
    let mut seen = 0;
    for line in said.lines() {
        let mut words = line.split_whitespace();
        let (Some(level), Some(_), Some(tag)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        seen += 1;
        let bad = ["ERROR", "CRITICAL"].contains(&level);
        let allowed = ALLOWED.iter().any(|(known, _)| *known == tag);
        assert!(!bad || allowed, "{line}");
    }
    // The addresses of documentation are always remarked upon: silence would mean that nothing was looked at.
    assert!(
        seen > 0 && said.contains("NAMESERVER_IP_PRIVATE_NETWORK"),
        "{said}"
    );
}

#[test]
fn dnsviz_finds_neither_error_nor_warning() {
    let mut judge = Judge::new("dnsviz", "dnsviz", "dnsviz");
    let servers = "example.com+:ns1.example.com=192.0.2.53,ns1.example.com=[2001:db8:f::53],\
                   ns2.example.com=198.51.100.53,ns2.example.com=[2001:db8:1::53]";
    let parent = servers.replace("com+:", "com:");
    let names = "example.com www.example.com blog.example.com app.example.com nothere.example.com";
    let commands = format!(
        "dnsviz probe -A -E -x '{servers}' -N '{parent}' -R SOA,NS,A,AAAA,MX,TXT,HTTPS,CAA {names} > probe\n\
         echo answers: $(dnsviz grok < probe | grep -c '\"rdata\"')\n\
         echo remarks:\ndnsviz grok -l warning < probe\n"
    );
    let said = within(&mut judge, &commands);
    let answers = said.lines().find_map(|line| line.strip_prefix("answers: "));
    let answers: usize = answers.and_then(|count| count.parse().ok()).unwrap_or(0);
    assert!(answers > 10, "{said}");
    let (_, remarks) = said.split_once("remarks:").unwrap();
    assert_eq!(remarks.trim(), "", "{said}");
}

#[test]
fn bind_resolves_from_the_root_down() {
    find("named", "bind9");
    let mut judge = Judge::new("dig", "bind9-dnsutils", "bind");
    let config = "options { directory \".\"; listen-on port 5353 { 127.0.0.1; }; listen-on-v6 { none; }; \
                  pid-file none; session-keyfile \"none\"; recursion yes; dnssec-validation no; \
                  qname-minimization strict; empty-zones-enable no; };\n\
                  controls { };\n\
                  zone \".\" { type hint; file \"hints\"; };\n";
    let asks = [
        ("www.example.com A", "192.0.2."),
        ("www.example.com AAAA", "2001:db8:"),
        ("blog.example.com A", "www.example.com."),
        ("example.com HTTPS", "ipv4hint="),
        ("_imaps._tcp.example.com SRV", "993 mail.example.com."),
        ("app.example.com A", "."),
    ];
    let mut commands = format!(
        "{HINTS}cat > named.conf <<'END'\n{config}END\n\
         /usr/sbin/named -g -n 1 -c named.conf > named.log 2>&1 &\npids=\"$pids $!\"\n\
         tries=0\nuntil dig +tries=1 +time=2 -p 5353 @127.0.0.1 example.com SOA | grep -q NOERROR; do\n\
         tries=$((tries + 1)); [ $tries -lt 60 ] || {{ cat named.log; exit 1; }}; sleep 0.1\ndone\n"
    );
    for (ask, _) in asks {
        commands +=
            &format!("echo \"{ask}: $(dig -p 5353 @127.0.0.1 +short {ask} | tr '\\n' ' ')\"\n");
    }
    commands += "echo \"none: $(dig -p 5353 @127.0.0.1 none.example.com A | grep -o NXDOMAIN)\"\n";
    let said = within(&mut judge, &commands);
    for (ask, part) in asks {
        let prefix = format!("{ask}: ");
        let line = said.lines().find_map(|line| line.strip_prefix(&prefix));
        assert!(
            line.is_some_and(|line| line.contains(part)),
            "{ask} wants {part}: {said}"
        );
    }
    assert!(said.contains("none: NXDOMAIN"), "{said}");
}
