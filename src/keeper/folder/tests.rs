//! Tests: which files are the estate, and that one path looked at is as good as all.

use std::os::unix::fs::symlink;

use super::*;

#[test]
fn names_that_count() {
    for (name, expected) in [
        ("example.com.zone", Some(Kind::Zone)),
        ("EXAMPLE.COM.ZONE", Some(Kind::Zone)),
        ("root.zone", Some(Kind::Zone)),
        ("steering.toml", Some(Kind::Steering)),
    ] {
        assert_eq!(kind(OsStr::new(name)), expected, "{name}");
    }
    // What editors, package managers, version control and our own tools leave behind.
    let others = "x.zone~ .x.zone.swp .x.zone.swo .x.zone.un~ #x.zone# .#x.zone 4913 x.zone.bak x.zone.tmp \
        x.zone.old x.zone.orig x.zone.rej x.zone.save x.zone.dpkg-new x.zone.dpkg-old x.zone.dpkg-dist \
        x.zone.ucf-dist x.zone.rpmnew x.zone.rpmsave x.zone.kate-swp .x.zone.kate-swp .~lock.x.zone# \
        x.zone.jnl x.zone.jbk x.zone.signed x.zone.1 x.zone,v x.zone.part .x.zone.Ab12Cd sedAbCdEf \
        ___jb_tmp___ x.zone___jb_old___ .goutputstream-1A2B3C x.zone:Zone.Identifier .DS_Store ._x.zone \
        .zone .toml zone x.zones x.inc steering.toml~ .steering.toml.swp README.md meridian.toml";
    for name in others.split_whitespace() {
        assert_eq!(kind(OsStr::new(name)), None, "{name}");
    }
}

#[test]
fn one_path_looked_at_is_as_good_as_all() {
    let house = tempfile::tempdir().unwrap();
    let zones = house.path().join("zones");
    fs::create_dir_all(zones.join("sub/deep")).unwrap();
    fs::create_dir(zones.join(".hidden")).unwrap();
    let write = |name: &str, text: &str| fs::write(zones.join(name), text).unwrap();
    write("a.zone", "1");
    write("sub/b.zone", "1");
    write("s.toml", "1");
    let listing = || {
        let mut found = Vec::new();
        let listing = Listing::of(&zones, &mut found);
        (listing, found)
    };
    let (mut known, found) = listing();
    assert!(found.is_empty() && known.plain);
    let mut look = |name: &str| {
        let path = known.root.join(name);
        let look = known.look(&zones, &path);
        if look != Look::Unclear {
            let all = listing().0;
            assert_eq!(
                (&known.zones, &known.steering),
                (&all.zones, &all.steering),
                "{name}"
            );
        }
        look
    };
    assert_eq!(look("a.zone"), Look::Same);
    write("a.zone", "22");
    assert_eq!(look("a.zone"), Look::Changed(Kind::Zone));
    assert_eq!(look("a.zone"), Look::Same);
    write("sub/deep/new.zone", "1");
    assert_eq!(look("sub/deep/new.zone"), Look::Changed(Kind::Zone));
    fs::remove_file(zones.join("a.zone")).unwrap();
    assert_eq!(look("a.zone"), Look::Changed(Kind::Zone));
    assert_eq!(look("a.zone"), Look::Same);
    write("s.toml", "22");
    assert_eq!(look("s.toml"), Look::Changed(Kind::Steering));
    write("b.zone~", "1");
    write(".hidden/c.zone", "1");
    for name in ["b.zone~", ".hidden/c.zone", "never.zone", "never"] {
        assert_eq!(look(name), Look::Same, "{name}");
    }
    // Folders, links, pipes, and the folder itself: more may have changed than the path.
    symlink("b.zone~", zones.join("link")).unwrap();
    for name in ["sub", "link", ""] {
        assert_eq!(look(name), Look::Unclear, "{name}");
    }
    fs::remove_file(zones.join("link")).unwrap();
    fs::rename(zones.join("sub"), house.path().join("away")).unwrap();
    assert_eq!(look("sub"), Look::Unclear);
    let outside = known.look(&zones, &house.path().join("away/b.zone"));
    assert_eq!(outside, Look::Unclear);
    symlink("s.toml", zones.join("t.toml")).unwrap();
    assert!(!listing().0.plain);
}

#[test]
fn pipes_and_devices_are_told() {
    let house = tempfile::tempdir().unwrap();
    let pipe = house.path().join("x.zone");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, mode, 0).unwrap();
    symlink("x.zone", house.path().join("y.zone")).unwrap();
    let mut found = Vec::new();
    let listing = Listing::of(house.path(), &mut found);
    assert!(listing.zones.is_empty() && !listing.plain);
    let lines: Vec<String> = found.iter().map(|d| d.line()).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, name) in lines.iter().zip(["x.zone", "y.zone"]) {
        assert!(
            line.contains(&format!("/{name}: is no ordinary file")),
            "{line}"
        );
    }
}

#[test]
fn a_folder_with_a_machine_file_is_another_estate() {
    let house = tempfile::tempdir().unwrap();
    let zones = house.path().join("zones");
    fs::create_dir_all(zones.join("other/deep")).unwrap();
    fs::create_dir_all(zones.join("ours/meridian.toml")).unwrap();
    let write = |name: &str, text: &str| fs::write(zones.join(name), text).unwrap();
    // The estate's own machine file makes it no other, nor is it steering; and a folder is no file.
    for name in ["meridian.toml", "a.zone", "ours/b.zone", "other/c.zone"] {
        write(name, "1");
    }
    write("other/deep/d.toml", "1");
    symlink("nowhere", zones.join("other/deep/x.zone")).unwrap();
    let listing = || {
        let mut found = Vec::new();
        let listing = Listing::of(&zones, &mut found);
        (listing, found.len())
    };
    let names = |listing: &Listing| -> Vec<String> {
        let files = listing.zones.keys().chain(listing.steering.keys());
        let inside = |path: &OsString| {
            let path = Path::new(path).strip_prefix(&zones).unwrap();
            path.display().to_string()
        };
        files.map(inside).collect()
    };
    let (one, found) = listing();
    assert_eq!(
        names(&one),
        ["a.zone", "other/c.zone", "ours/b.zone", "other/deep/d.toml"]
    );
    assert_eq!((found, one.plain), (1, false));
    fs::remove_file(zones.join("other/deep/x.zone")).unwrap();

    // It comes, and what happens below is no longer ours; it goes, and is again.
    let look = |listing: &mut Listing, name: &str| {
        let path = listing.root.join(name);
        listing.look(&zones, &path)
    };
    let mut before = listing().0;
    assert_eq!(look(&mut before, "meridian.toml"), Look::Same);
    write("other/meridian.toml", "zones = \".\"");
    assert_eq!(look(&mut before, "other/meridian.toml"), Look::Unclear);
    let (mut with, found) = listing();
    assert_eq!(names(&with), ["a.zone", "ours/b.zone"]);
    assert_eq!((found, with.plain), (0, true));
    write("other/c.zone", "22");
    for name in [
        "other/c.zone",
        "other/deep/d.toml",
        "other/meridian.toml",
        "other/deep",
    ] {
        assert_eq!(look(&mut with, name), Look::Same, "{name}");
    }
    assert_eq!(names(&with), ["a.zone", "ours/b.zone"]);
    fs::remove_file(zones.join("other/meridian.toml")).unwrap();
    assert_eq!(look(&mut with, "other/meridian.toml"), Look::Unclear);
    assert_eq!(names(&listing().0), names(&one));
}
