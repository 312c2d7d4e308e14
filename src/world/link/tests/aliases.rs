//! Contradictions around names that give a CNAME.

use super::*;

const STEERING: &str = "[vips]\na = { cname = \"a.cdn.example.\" }\nb = { cname = \"B.example.com.\" }\n\
    c = { address = \"198.51.100.3\" }\n[pools.img]\nmembers = [\"a\", \"b\"]\n[names]\n";

fn told(lines: &str, names: &str, before: Option<&Estate>) -> (Option<Estate>, String) {
    let zone = format!("{EXAMPLE}{lines}\n");
    let steering = format!("{STEERING}{names}\n\"c.example.com.\" = \"c\"\n");
    let zones = [("example.com.zone", zone.as_str())];
    joined(&zones, &steering, Atlas::builtin(), before)
}

const IMG: &str = r#""img.example.com." = "img""#;

#[test]
fn a_cname_stands_alone() {
    let (estate, found) = told("img 60 CNAME elsewhere.example.", IMG, None);
    shows(&found, "");
    assert!(estate.is_some());
    shows(
        &told(
            "img 60 CAA 0 issue \"ca.example\"\nimg 60 A 192.0.2.9",
            IMG,
            None,
        )
        .1,
        r#"
error: `img.example.com.` has A records in the zone file, and nothing can stand beside the CNAME of its pool
 --> steering.toml:8:1
8 | "img.example.com." = "img"
  | ^^^^^^^^^^^^^^^^^^ take them out, or point the name to a pool of addresses
 ::: example.com.zone:5:1
5 | img 60 A 192.0.2.9
  | ------------------ the A record
error: `img.example.com.` has CAA records in the zone file, and nothing can stand beside the CNAME of its pool
 --> steering.toml:8:1
8 | "img.example.com." = "img"
  | ^^^^^^^^^^^^^^^^^^ take them out, or point the name to a pool of addresses
 ::: example.com.zone:4:1
4 | img 60 CAA 0 issue "ca.example"
  | ------------------------------- the CAA record
"#,
    );
    shows(
        &told("", r#""example.com." = "img""#, None).1,
        r#"
error: `example.com.` is the apex of its zone, where no CNAME can stand
 --> steering.toml:8:1
8 | "example.com." = "img"
  | ^^^^^^^^^^^^^^ point it to a pool of addresses (RFC 1034 §3.6.2)
"#,
    );
}

#[test]
fn what_points_to_a_cname() {
    shows(
        &told(
            "w 60 HTTPS 1 img alpn=h2 ipv4hint=192.0.2.9\nx 60 HTTPS 1 img alpn=h2\ny 60 HTTPS 1 c ipv4hint=192.0.2.9\n\
             w 60 MX 10 img\n_s._tcp 60 SRV 0 0 1 img",
            IMG,
            None,
        )
        .1,
        r#"
error: the HTTPS record of `w.example.com.` has hints, but the addresses of `img.example.com.` are somebody else's
 --> example.com.zone:4:1
4 | w 60 HTTPS 1 img alpn=h2 ipv4hint=192.0.2.9
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ drop `ipv4hint` and `ipv6hint`: its pool gives a CNAME
 ::: steering.toml:8:1
8 | "img.example.com." = "img"
  | ------------------ it is steered here
warning: the MX record of `w.example.com.` leads to `img.example.com.`, which gives a CNAME
 --> example.com.zone:7:1
7 | w 60 MX 10 img
  | ^^^^^^^^^^^^^^ write the host's own name: no alias may stand there (RFC 2181 §10.3)
 ::: steering.toml:8:1
8 | "img.example.com." = "img"
  | ------------------ it is steered here
warning: the SRV record of `_s._tcp.example.com.` leads to `img.example.com.`, which gives a CNAME
 --> example.com.zone:8:1
8 | _s._tcp 60 SRV 0 0 1 img
  | ^^^^^^^^^^^^^^^^^^^^^^^^ write the host's own name: no alias may stand there (RFC 2181 §10.3)
 ::: steering.toml:8:1
8 | "img.example.com." = "img"
  | ------------------ it is steered here
"#,
    );
    shows(
        &told("", r#""b.example.com." = "img""#, None).1,
        r#"
error: `b.example.com.` would be a CNAME to itself
 --> steering.toml:8:1
8 | "b.example.com." = "img"
  | ^^^^^^^^^^^^^^^^ give VIP `b` another `cname`
 ::: steering.toml:3:1
3 | b = { cname = "B.example.com." }
  | - the VIP
"#,
    );
}

/// The zone is what it was, and its names are, but one of them gives a CNAME now.
#[test]
fn a_name_that_gives_something_else_is_looked_at_again() {
    let lines = "c 60 CAA 0 issue \"ca.example\"\nw 60 HTTPS 1 img ipv4hint=192.0.2.9";
    let zone = format!("{EXAMPLE}{lines}\n");
    let files = [("example.com.zone", zone.as_str())];
    let reads = parse(&files);
    let atlas = Arc::new(Atlas::builtin());
    let join = |img: &str, c: &str, before: Option<&Estate>| {
        let text =
            format!("{STEERING}\"img.example.com.\" = \"{img}\"\n\"c.example.com.\" = \"{c}\"\n");
        let steering = Arc::new(steering(&text));
        let slots = &mut Slots::default();
        let mut locate = locate(&files);
        let (estate, found) = link(
            reads.clone(),
            steering,
            atlas.clone(),
            slots,
            before,
            &mut locate,
        );
        (estate, diagnostic::render(&found, false))
    };
    let (first, found) = join("c", "c", None);
    shows(&found, "");
    let first = first.unwrap();
    let (refused, found) = join("img", "img", Some(&first));
    assert!(refused.is_none());
    assert!(
        found.contains("`c.example.com.` has CAA records"),
        "{found}"
    );
    assert!(
        found.contains("HTTPS record of `w.example.com.` has hints"),
        "{found}"
    );
}
