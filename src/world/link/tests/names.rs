//! Names under patterns: which zones they come to, what contradicts them, and what a reload keeps.

use super::*;

const WEB: &str =
    "[vips]\na = { address = \"198.51.100.1\" }\nb = { address = \"198.51.100.2\" }\n";

fn zone(more: &str) -> String {
    format!("@ 60 IN SOA ns1.x. h.x. 1 2 3 4 5\n@ 60 NS ns1.x.\n{more}")
}

/// Zones whose files are called like them, in folders; what is found, and the steered names of each with the pool.
fn linked(files: &[(&str, &str)], text: &str, before: Option<&Estate>) -> (Option<Estate>, String) {
    let read = |(path, text): &(&str, &str)| {
        let file = path.rsplit('/').next().unwrap();
        let zone = zone::read(
            &Source::new(*path, *text),
            &origin(file),
            &Texts::alone(),
            None,
        );
        Read {
            path: Arc::from(format!("zones/{path}")),
            folder: "zones".len(),
            zone: Arc::new(zone.zone.unwrap()),
        }
    };
    let steering = match before {
        Some(before) if text.is_empty() => before.steering.clone(),
        _ => Arc::new(steering(text)),
    };
    let (estate, found) = link(
        files.iter().map(read).collect(),
        steering,
        before.map_or_else(|| Arc::new(Atlas::builtin()), |b| b.databases.clone()),
        &mut Slots::default(),
        before,
        &mut |_, _| None,
    );
    let found: Vec<String> = found.iter().map(|d| d.line()).collect();
    (estate, found.join("\n"))
}

/// The steered names with their pools, zone by zone.
fn names(estate: &Estate) -> Vec<String> {
    let all = estate.zones.iter().flat_map(|held| {
        held.names.iter().zip(&*held.steered).map(|(name, root)| {
            let pool = estate.roots[*root as usize].pool;
            format!("{name} {}", estate.steering.pools[usize::from(pool.0)].name)
        })
    });
    all.collect()
}

#[test]
fn each_zone_whose_file_fits_has_them() {
    let plain = zone("");
    let files = [
        ("b.example.zone", plain.as_str()),
        ("c/one.example.zone", &plain),
        ("c/two.example.zone", &plain),
        ("c/d/three.example.zone", &plain),
    ];
    let text = format!(
        "{WEB}[names]\n\"www.two.example.\" = \"b\"\n\"www.one.example.\" = \"zone\"\n\
         [names.\"c/*.zone\"]\n\"@\" = \"a\"\nwww = \"a\"\n\"*.app\" = \"b\"\n\
         [names.\"c/d/three.example.zone\"]\nwww = \"b\"\n"
    );
    let (estate, found) = linked(&files, &text, None);
    assert_eq!(found, "");
    let estate = estate.unwrap();
    assert_eq!(
        names(&estate),
        [
            "one.example. a",
            "*.app.one.example. b",
            "www.three.example. b",
            "www.two.example. b",
            "two.example. a",
            "*.app.two.example. b",
        ]
    );
    let held = estate.held(&"one.example.".parse().unwrap()).unwrap();
    assert_eq!(
        held.zone.kept().to_vec(),
        ["www.one.example.".parse().unwrap()]
    );
    // One zone says something else: all others are those of before, and its names are the same.
    let other = zone("mail 60 A 192.0.2.1\n");
    let files = [files[0], ("c/one.example.zone", &other), files[2], files[3]];
    let (again, found) = linked(&files, "", Some(&estate));
    assert!(
        found.contains("changed, but its serial is still 1"),
        "{found}"
    );
    let again = again.unwrap();
    assert!(Arc::ptr_eq(&again.lots, &estate.lots));
    assert_eq!(names(&again), names(&estate));
    // The file moves: it fits no more.
    let files = [files[0], ("one.example.zone", &plain), files[2], files[3]];
    let (moved, _) = linked(&files, "", Some(&again));
    let moved = moved.unwrap();
    assert_eq!(names(&moved).len(), 4);
    let held = moved.held(&"one.example.".parse().unwrap()).unwrap();
    assert!(held.names.is_empty());
    // A new file is steered at once.
    let files = [
        files[0],
        files[1],
        files[2],
        files[3],
        ("c/new.example.zone", &plain),
    ];
    let (more, found) = linked(&files, "", Some(&moved));
    assert_eq!(found, "");
    assert_eq!(names(&more.unwrap()).len(), 7);
}

#[test]
fn a_name_belongs_to_the_deepest_zone_also_under_a_pattern() {
    let plain = zone("");
    let files = [
        ("c/example.zone", plain.as_str()),
        ("www.example.zone", &plain),
    ];
    let text = format!("{WEB}[names.\"c/*.zone\"]\n\"www\" = \"a\"\n\"x.www\" = \"a\"\n");
    let (estate, found) = linked(&files, &text, None);
    assert_eq!(found, "");
    let estate = estate.unwrap();
    let deep = estate.held(&"www.example.".parse().unwrap()).unwrap();
    assert_eq!(deep.names.len(), 2);
    let more = format!("{text}[names.\"www.example.zone\"]\n\"@\" = \"b\"\n");
    let (estate, found) = linked(&files, &more, None);
    assert!(estate.is_none());
    assert_eq!(
        found,
        "steering.toml:8:1: error: the patterns `c/*.zone` and `www.example.zone` disagree on `www.example.` of zone \
         `www.example.`; write `\"www.example.\"` by itself under `[names]`, or let one of the two pass by that file"
    );
}

#[test]
fn patterns_that_disagree_are_told_once_with_the_first_zone() {
    let plain = zone("");
    let files = [
        ("c/one.zone", plain.as_str()),
        ("c/two.zone", &plain),
        ("c/three.zone", &plain),
    ];
    let text = format!(
        "{WEB}[names.\"c/*.zone\"]\nwww = \"a\"\nftp = \"a\"\n[names.\"c/*o*.zone\"]\nwww = \"zone\"\nftp = \"a\"\n"
    );
    let (estate, found) = linked(&files, &text, None);
    assert!(estate.is_none());
    assert_eq!(
        found,
        "steering.toml:8:1: error: the patterns `c/*.zone` and `c/*o*.zone` disagree on `www.one.` of zone `one.` and one more; \
         write `\"www.one.\"` by itself under `[names]`, or let one of the two pass by that file"
    );
    // Absolute names beat both.
    let text = text + "[names]\n\"www.one.\" = \"a\"\n\"www.two.\" = \"zone\"\n";
    let (_, found) = linked(&files, &text, None);
    assert_eq!(found, "");
}

#[test]
fn patterns_and_names_without_a_zone() {
    let plain = zone("");
    let files = [("c/one.zone", plain.as_str())];
    let text = format!(
        "{WEB}[names]\n\"x.elsewhere.\" = \"zone\"\n[names.\"zones/c/*.zone\"]\nwww = \"a\"\n[names.\"d/*.zone\"]\nwww = \"b\"\n"
    );
    let (estate, found) = linked(&files, &text, None);
    assert!(estate.is_some());
    assert_eq!(
        found.lines().collect::<Vec<_>>(),
        [
            "steering.toml:5:1: warning: `x.elsewhere.` lies in no zone of this estate; nothing would steer it: drop the line, or add its zone file",
            "steering.toml:8:8: warning: the pattern `d/*.zone` fits no file; its names are no names of any zone; there are `c/one.zone`",
            "steering.toml:6:8: warning: the pattern `zones/c/*.zone` fits no file; paths are seen from the folder of the zones: write `c/*.zone`",
        ]
    );
}

#[test]
fn a_name_too_long() {
    let long = ["a".repeat(63), "b".repeat(63), "c".repeat(63)].join(".");
    let plain = zone("");
    let file = format!("c/{}.zone", "d".repeat(60));
    let files = [(file.as_str(), plain.as_str()), ("c/e.zone", &plain)];
    let text = format!("{WEB}[names.\"c/*.zone\"]\n\"{long}\" = \"a\"\n\"{long}.f\" = \"b\"\n");
    let (estate, found) = linked(&files, &text, None);
    assert!(estate.is_none());
    let line = format!(
        "steering.toml:6:1: error: the name would be too long in zone `{}.`; a name has at most 255 octets: shorten it, or leave that zone out of the pattern",
        "d".repeat(60)
    );
    assert_eq!(found, line);
}

/// `"zone"`: what the zone file by itself has, wherever steered names stand.
#[test]
fn kept_names_have_what_the_file_has() {
    let text = zone(
        "* 60 TXT \"file\"\n*.w 60 A 192.0.2.1\nwww 60 A 192.0.2.2\nsub 60 NS ns.x.\nd 60 DNAME e.\n",
    );
    let files = [("one.zone", text.as_str())];
    let steering = format!(
        "{WEB}[names]\n\"*.w.one.\" = \"a\"\n\"*.s.one.\" = \"a\"\n\"a.ent.one.\" = \"a\"\n\"a.under.x.one.\" = \"a\"\n\
         \"k.w.one.\" = \"zone\"\n\"K.s.one.\" = \"zone\"\n\"www.one.\" = \"zone\"\n\"ent.one.\" = \"zone\"\n\
         \"k.sub.one.\" = \"zone\"\n\"k.d.one.\" = \"zone\"\n\"*.one.\" = \"zone\"\n"
    );
    let (estate, found) = linked(&files, &steering, None);
    assert_eq!(found, "");
    let estate = estate.unwrap();
    let held = &estate.zones[0];
    let ask = |name: &str, kind: Kind| {
        let asked = crate::wire::asked::Asked::of(&name.parse().unwrap(), Default::default());
        match held.zone.find(&asked, kind) {
            crate::zone::Found::Records { node, rrset, .. } => {
                format!("{rrset:?} of {node:?} {:?}", node.steer())
            }
            crate::zone::Found::NoData { node, .. } => {
                format!("nothing of {node:?} {:?}", node.steer())
            }
            crate::zone::Found::Referral { cut } => format!("referral to {cut:?}"),
            crate::zone::Found::Dname { node, .. } => format!("dname of {node:?}"),
            crate::zone::Found::NoName { .. } => "no name".to_owned(),
            other => format!("{other:?}"),
        }
    };
    use crate::wire::kind::Kind;
    for (name, kind, expected) in [
        // The wildcard is steered, its static records are the file's.
        ("j.w.one.", Kind::A, "1 of A of *.w.one. Some(2)"),
        ("k.w.one.", Kind::A, "1 of A of *.w.one. None"),
        ("K.W.one.", Kind::AAAA, "nothing of *.w.one. None"),
        // The steered wildcard is no name of the file: a wildcard further up is.
        ("j.s.one.", Kind::A, "nothing of *.s.one. Some(1)"),
        ("k.s.one.", Kind::TXT, "1 of TXT of *.one. None"),
        ("k.s.one.", Kind::A, "nothing of *.one. None"),
        // Names below it are not kept.
        ("i.k.s.one.", Kind::A, "nothing of *.s.one. Some(1)"),
        ("www.one.", Kind::A, "1 of A of www.one. None"),
        // It exists only since a steered name lies below; the file has a wildcard for it.
        ("ent.one.", Kind::TXT, "1 of TXT of *.one. None"),
        ("x.one.", Kind::TXT, "nothing of x.one. None"),
        ("k.sub.one.", Kind::A, "referral to sub.one."),
        ("k.d.one.", Kind::A, "dname of d.one."),
    ] {
        assert_eq!(ask(name, kind), expected, "{name}");
    }
    // Without any wildcard of the file: no such name, but for one above a steered name.
    let text = zone("");
    let (estate, found) = linked(&[("one.zone", &text)], &steering, None);
    assert_eq!(found, "");
    let estate = estate.unwrap();
    let held = &estate.zones[0];
    let ask = |name: &str| {
        let asked = crate::wire::asked::Asked::of(&name.parse().unwrap(), Default::default());
        matches!(
            held.zone.find(&asked, Kind::A),
            crate::zone::Found::NoName { .. }
        )
    };
    assert!(ask("k.s.one.") && !ask("j.s.one.") && !ask("ent.one."));
}

#[test]
fn a_small_file_cannot_unfold_without_end() {
    let plain = zone("");
    let paths: Vec<String> = (0..1_001).map(|n| format!("c/z{n}.zone")).collect();
    let files: Vec<(&str, &str)> = paths
        .iter()
        .map(|path| (path.as_str(), plain.as_str()))
        .collect();
    let mut text = format!("{WEB}[names.\"c/*.zone\"]\n");
    (0..1_000).for_each(|n| text.push_str(&format!("n{n} = \"a\"\n")));
    let (estate, found) = linked(&files, &text, None);
    assert!(estate.is_none());
    let expected = "steering.toml:4:8: error: patterns make more than 1000000 names of the zones here; steer wildcards, or fewer names in each zone";
    assert_eq!(found, expected);
}

/// A reload of one zone looks at the name servers of that zone only.
#[test]
fn a_name_server_under_a_pattern_is_found_whenever_it_comes() {
    let plain = zone("");
    let text =
        format!("{WEB}[names.\"c/*.zone\"]\nwww = \"a\"\n[names.\"w/*.zone\"]\n\"*\" = \"b\"\n");
    let files = [
        ("c/one.zone", plain.as_str()),
        ("c/two.zone", &plain),
        ("w/wild.zone", &plain),
    ];
    let (first, found) = linked(&files, &text, None);
    assert_eq!(found, "");
    let first = first.unwrap();
    let exact = zone("sub 60 NS www.two.\n");
    let below = zone("sub 60 NS x.wild.\n");
    for (changed, expected) in [
        (&exact, "`www.two.` is a name server"),
        (
            &below,
            "`x.wild.` is a name server without records of its own, so `*.wild.` would answer",
        ),
    ] {
        let files = [("c/one.zone", changed.as_str()), files[1], files[2]];
        for before in [None, Some(&first)] {
            let text = if before.is_some() { "" } else { text.as_str() };
            let (estate, found) = linked(&files, text, before);
            assert!(estate.is_none());
            let errors = found.lines().filter(|line| line.contains("error"));
            let errors: Vec<&str> = errors.collect();
            assert!(errors.len() == 1 && errors[0].contains(expected), "{found}");
        }
    }
    // The zone with the wildcard loses the records of a server that another zone names.
    let with = zone("x 60 A 192.0.2.1\n");
    let files = [
        ("c/one.zone", below.as_str()),
        files[1],
        ("w/wild.zone", &with),
    ];
    let (first, found) = linked(&files, &text, None);
    assert_eq!(found, "");
    let files = [files[0], files[1], ("w/wild.zone", plain.as_str())];
    let (estate, found) = linked(&files, "", first.as_ref());
    assert!(
        estate.is_none() && found.contains("without records of its own"),
        "{found}"
    );
}

/// Times are told, not held: `cargo test --lib ten_thousand -- --nocapture`.
#[test]
fn ten_thousand_zones_under_one_pattern() {
    use std::time::Instant;
    let plain = zone("www 60 A 192.0.2.1\nmail 60 A 192.0.2.2\n");
    let paths: Vec<String> = (0..10_000)
        .map(|n| format!("c/z{n}.example.zone"))
        .collect();
    let read = |path: &String| {
        let file = path.rsplit('/').next().unwrap();
        let source = Source::new(path.as_str(), plain.as_str());
        let zone = zone::read(&source, &origin(file), &Texts::alone(), None).zone;
        Read {
            path: Arc::from(format!("zones/{path}")),
            folder: "zones".len(),
            zone: Arc::new(zone.unwrap()),
        }
    };
    let reads: Vec<Read> = paths.iter().map(read).collect();
    let atlas = Arc::new(Atlas::builtin());
    let slots = &mut Slots::default();
    let mut join = |what: &str, reads: Vec<Read>, text: &Arc<Steering>, before: Option<&Estate>| {
        let start = Instant::now();
        let linked = link(
            reads,
            text.clone(),
            atlas.clone(),
            slots,
            before,
            &mut |_, _| None,
        );
        println!("{what}: {:?}", start.elapsed());
        linked.0.unwrap()
    };
    let bare = Arc::new(steering(WEB));
    let none = join("no names", reads.clone(), &bare, None);
    join(
        "no names, one zone changed",
        changed(&none, read(&paths[77])),
        &bare,
        Some(&none),
    );
    let text = format!("{WEB}[names.\"c/*.zone\"]\n\"@\" = \"a\"\nwww = \"b\"\n");
    let text = Arc::new(steering(&text));
    let first = join("two names each", reads, &text, None);
    assert_eq!(first.steered(), 20_000);
    let again = join(
        "one zone changed",
        changed(&first, read(&paths[77])),
        &text,
        Some(&first),
    );
    assert!(Arc::ptr_eq(&again.lots, &first.lots));
    let mut more = changed(&first, read(&paths[77]));
    more.push(read(&"c/new.example.zone".to_owned()));
    let more = join("one zone more", more, &text, Some(&first));
    assert_eq!(more.steered(), 20_002);
    let shared = |held: &&Held| {
        first
            .held(held.zone.apex())
            .is_some_and(|o| Arc::ptr_eq(&o.zone, &held.zone))
    };
    assert_eq!(more.zones.iter().filter(shared).count(), 9_999);
}

/// The zones of an estate as the keeper has them, one of them read anew.
fn changed(estate: &Estate, new: Read) -> Vec<Read> {
    let held = estate.zones.iter().map(|held| Read {
        path: held.path.clone(),
        folder: "zones".len(),
        zone: held.zone.clone(),
    });
    held.map(|read| {
        if read.path == new.path {
            new.clone()
        } else {
            read
        }
    })
    .collect()
}
