//! What the loader reads again, and what it need not.

mod edited;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::keeper::load::{Asked, End, Loaded};
use crate::world::estate::Estate;
use crate::zone::Zone;

/// A loader over a folder with three zones, each of which says its number at `n`.
struct Desk {
    folder: TempDir,
    loader: Loader,
    estate: Estate,
}

fn numbered(n: u32) -> String {
    format!("{}n TXT {n}\n", other())
}

impl Desk {
    fn new() -> Desk {
        let folder = TempDir::new().unwrap();
        for name in ["a", "b", "c"] {
            fs::write(
                folder.path().join(format!("{name}.example.zone")),
                numbered(1),
            )
            .unwrap();
        }
        let mut loader = Desk::anew(&folder);
        let loaded = loader.first();
        assert_eq!(
            (loaded.effort.zones_read, loaded.effort.zones_parsed),
            (3, 3)
        );
        Desk {
            estate: loaded.estate.unwrap(),
            loader,
            folder,
        }
    }

    /// A loader of the folder that knows nothing.
    fn anew(folder: &TempDir) -> Loader {
        Loader::new(Paths {
            zones: folder.path().into(),
            geoip: Vec::new(),
            guard: crate::config::machine::geoip::Guard::default(),
            cookies: None,
            max_dropped: crate::limits::DROPPED,
        })
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.folder.path().join(name)).unwrap();
    }

    fn load(&mut self, touched: &Touched, asked: Asked) -> Loaded {
        self.loader.load(Some(&self.estate), touched, asked)
    }

    /// With what the watcher tells when these have changed: files read, files parsed, and how it ended.
    fn told(&mut self, names: &[&str]) -> (usize, usize, End) {
        let loaded = self.load(&touched(&self.folder, names), Asked::News);
        let lines: Vec<String> = loaded.diagnostics.iter().map(|d| d.line()).collect();
        if loaded.end == End::Read {
            self.estate = loaded.estate.unwrap_or_else(|| panic!("{lines:?}"));
        }
        (
            loaded.effort.zones_read,
            loaded.effort.zones_parsed,
            loaded.end,
        )
    }

    /// The one error of a refused estate.
    fn refused(&mut self, names: &[&str]) -> String {
        let loaded = self.load(&touched(&self.folder, names), Asked::News);
        let errors: Vec<_> = loaded.diagnostics.iter().filter(|d| d.is_error()).collect();
        assert!(loaded.estate.is_none() && errors.len() == 1, "{errors:?}");
        errors[0].line()
    }

    fn zone(&self, name: &str) -> &Arc<Zone> {
        let name = format!("{name}.example.").parse().unwrap();
        &self.estate.held(&name).unwrap().zone
    }

    fn says(&self, name: &str) -> String {
        let owner = format!("n.{name}.example.")
            .parse::<crate::wire::name::Name>()
            .unwrap();
        let node = self.zone(name).node(owner.wire()).unwrap();
        let set = node.rrset(crate::wire::kind::Kind::TXT).unwrap();
        String::from_utf8(set.records().next().unwrap()[1..].to_vec()).unwrap()
    }
}

fn touched(folder: &TempDir, names: &[&str]) -> Touched {
    let root = fs::canonicalize(folder.path()).unwrap();
    Touched::Paths(names.iter().map(|name| root.join(name)).collect())
}

#[test]
fn only_the_touched_zone_is_read() {
    let mut desk = Desk::new();
    let (a, b) = (desk.zone("a").clone(), desk.zone("b").clone());
    desk.write("b.example.zone", &numbered(2));
    assert_eq!(desk.told(&["b.example.zone"]), (1, 1, End::Read));
    assert_eq!(desk.says("b"), "2");
    assert!(Arc::ptr_eq(&a, desk.zone("a")) && !Arc::ptr_eq(&b, desk.zone("b")));
    // One that appears and one that vanishes.
    desk.write("d.example.zone", &numbered(4));
    desk.remove("a.example.zone");
    let told = desk.told(&["a.example.zone", "d.example.zone"]);
    assert_eq!(told, (1, 1, End::Read));
    assert_eq!((desk.says("d").as_str(), desk.estate.zones.len()), ("4", 3));
    assert!(desk.estate.held(&"a.example.".parse().unwrap()).is_none());
}

#[test]
fn what_says_the_same_is_not_parsed_and_no_news() {
    let mut desk = Desk::new();
    let b = desk.zone("b").clone();
    desk.write("b.example.zone", &numbered(1));
    assert_eq!(desk.told(&["b.example.zone"]), (1, 0, End::Same));
    for name in ["b.example.zone~", "4913", "gone.zone", "README.md"] {
        assert_eq!(desk.told(&[name]), (0, 0, End::Same), "{name}");
    }
    // Who asks gets an estate.
    let loaded = desk.load(&Touched::Everything, Asked::Verdict);
    assert_eq!((loaded.end, loaded.effort.zones_parsed), (End::Read, 0));
    let estate = loaded.estate.unwrap();
    let held = estate.held(b.apex()).unwrap();
    assert!(Arc::ptr_eq(&held.zone, &b));
}

#[test]
fn what_was_refused_is_no_news_until_it_changes() {
    let mut desk = Desk::new();
    desk.write("b.example.zone", "@ SOA what\n");
    let error = desk.refused(&["b.example.zone"]);
    assert!(error.contains("b.example.zone:1:"), "{error}");
    assert_eq!(desk.told(&["README.md"]), (0, 0, End::Same));
    // An error of a file that is not read again still counts.
    desk.write("a.example.zone", &numbered(2));
    let again = desk.refused(&["a.example.zone"]);
    assert_eq!(again, error);
    desk.write("b.example.zone", &numbered(1));
    assert_eq!(desk.told(&["b.example.zone"]).2, End::Read);
    assert_eq!((desk.says("a"), desk.says("b")), ("2".into(), "1".into()));
    // The same for what is wrong with the folder itself.
    std::os::unix::fs::symlink("nothing", desk.folder.path().join("x.zone")).unwrap();
    assert!(desk.refused(&["x.zone"]).contains("a link to nothing"));
    desk.remove("x.zone");
    assert_eq!(desk.told(&["x.zone"]).2, End::Read);
}

#[test]
fn an_included_file_is_its_zones_file_too() {
    let mut desk = Desk::new();
    fs::create_dir(desk.folder.path().join("parts")).unwrap();
    let with = |path: &str| format!("{}$INCLUDE {path}\n", other());
    desk.write("parts/n.inc", "n TXT 5\n");
    desk.write("a.example.zone", &with("parts/n.inc"));
    desk.write("b.example.zone", &with("./parts/../parts/n.inc"));
    let told = desk.told(&["a.example.zone", "b.example.zone", "parts"]);
    assert_eq!(told.2, End::Read);
    assert_eq!((desk.says("a"), desk.says("b")), ("5".into(), "5".into()));
    // Another text, by the event of it alone.
    desk.write("parts/n.inc", "n TXT 6\n");
    assert_eq!(desk.told(&["parts/n.inc"]), (2, 2, End::Read));
    assert_eq!((desk.says("a"), desk.says("b")), ("6".into(), "6".into()));
    desk.write("parts/n.inc", "n TXT 6\n");
    assert_eq!(desk.told(&["parts/n.inc"]), (2, 0, End::Same));
    // Without an event, by a look at everything.
    desk.write("parts/n.inc", "n TXT 7\n");
    let loaded = desk.load(&Touched::Everything, Asked::News);
    assert_eq!(loaded.effort.zones_parsed, 2);
    desk.estate = loaded.estate.unwrap();
    assert_eq!(desk.says("b"), "7");
    // Gone, and back.
    desk.write("a.example.zone", &numbered(1));
    desk.remove("parts/n.inc");
    let error = desk.refused(&["parts/n.inc", "a.example.zone"]);
    assert!(
        error.contains("b.example.zone:") && error.contains("no such file"),
        "{error}"
    );
    desk.write("parts/n.inc", "n TXT 8\n");
    assert_eq!(desk.told(&["parts/n.inc"]), (1, 1, End::Read));
    assert_eq!(desk.says("b"), "8");
}

#[test]
fn a_link_to_an_included_file_may_lead_elsewhere() {
    let mut desk = Desk::new();
    let link = |to: &str| {
        let at = desk.folder.path().join("n.inc");
        let _ = fs::remove_file(&at);
        std::os::unix::fs::symlink(to, at).unwrap();
    };
    desk.write("one", "n TXT 1st\n");
    desk.write("two", "n TXT 2nd\n");
    link("one");
    desk.write("a.example.zone", &format!("{}$INCLUDE n.inc\n", other()));
    link("one");
    assert_eq!(desk.told(&["a.example.zone"]).2, End::Read);
    assert_eq!(desk.says("a"), "1st");
    desk.write("one", "n TXT 3rd\n");
    assert_eq!(desk.told(&["one"]).2, End::Read);
    assert_eq!(desk.says("a"), "3rd");
    fs::remove_file(desk.folder.path().join("n.inc")).unwrap();
    std::os::unix::fs::symlink("two", desk.folder.path().join("n.inc")).unwrap();
    assert_eq!(desk.told(&["n.inc"]).2, End::Read);
    assert_eq!(desk.says("a"), "2nd");
}

#[test]
fn after_git_was_at_work_everything_is_looked_at() {
    let mut desk = Desk::new();
    fs::create_dir(desk.folder.path().join(".git")).unwrap();
    desk.write(".git/index", "one");
    assert_eq!(desk.told(&["README.md"]).2, End::Same);
    // Two files were checked out, and the event of one is late.
    desk.write("a.example.zone", &numbered(2));
    desk.write("b.example.zone", &numbered(2));
    desk.write(".git/index", "another");
    assert_eq!(desk.told(&["a.example.zone"]).2, End::Read);
    assert_eq!((desk.says("a"), desk.says("b")), ("2".into(), "2".into()));
}

#[test]
fn a_change_meanwhile_means_a_look_at_everything_but_not_for_ever() {
    let mut desk = Desk::new();
    // Long enough to read that the other thread has its turn meanwhile.
    let names = (0..20_000).map(|n| format!("n{n} A 192.0.2.1\n"));
    let large = numbered(2) + &names.collect::<String>();
    desk.write("a.example.zone", &large);
    desk.write("b.example.zone", &numbered(2));
    let (pulse, done) = (desk.loader.pulse().clone(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                pulse.beat();
                std::thread::yield_now();
            }
        });
        while pulse.count() == 0 {
            std::thread::yield_now();
        }
        let told = desk.told(&["a.example.zone"]);
        done.store(true, Ordering::Relaxed);
        assert_eq!(told.2, End::Read);
    });
    assert_eq!((desk.says("a"), desk.says("b")), ("2".into(), "2".into()));
}

#[test]
fn a_file_that_was_emptied_a_moment_ago_is_waited_for() {
    let mut desk = Desk::new();
    desk.write("a.example.zone", "");
    let path = desk.folder.path().join("a.example.zone");
    let loaded = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(50));
            fs::write(path, numbered(2)).unwrap();
        });
        desk.load(&Touched::Everything, Asked::Verdict)
    });
    desk.estate = loaded.estate.unwrap();
    assert_eq!(desk.says("a"), "2");
}

#[test]
fn diagnostics_of_many_zones_are_bounded_and_errors_come_first() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    // Each unreachable VIP is a warning.
    let vips =
        (0..1_200).map(|n| format!("v{n} = {{ address = \"10.0.{}.{}\" }}\n", n / 256, n % 256));
    write("s.toml", &format!("[vips]\n{}", vips.collect::<String>()));
    write("a.example.zone", &other());
    write("b.example.zone", "@ SOA what\n");
    let paths = Paths {
        zones: folder.path().into(),
        geoip: Vec::new(),
        guard: crate::config::machine::geoip::Guard::default(),
        cookies: None,
        max_dropped: crate::limits::DROPPED,
    };
    let all = Loader::thorough(paths.clone()).first();
    let some = Loader::new(paths).first();
    assert_eq!(
        (all.more, some.diagnostics.len()),
        (0, limits::DIAGNOSTICS_KEPT)
    );
    assert!(all.diagnostics.len() > 1_200);
    assert_eq!(some.more, all.diagnostics.len() - limits::DIAGNOSTICS_KEPT);
    assert!(some.diagnostics[0].is_error());
    assert!(some.estate.is_none());
}

#[test]
fn paths_merge_until_they_are_everything() {
    let paths = |range: std::ops::Range<usize>| {
        Touched::Paths(range.map(|n| PathBuf::from(n.to_string())).collect())
    };
    let mut touched = Touched::default();
    assert_eq!(touched, Touched::Paths(BTreeSet::new()));
    touched.merge(paths(0..2));
    touched.merge(paths(1..3));
    assert_eq!(touched, paths(0..3));
    let mut both = touched.clone();
    both.merge(Touched::Everything);
    both.merge(paths(0..1));
    assert_eq!(both, Touched::Everything);
    touched.merge(paths(0..limits::TOUCHED + 1));
    assert_eq!(touched, Touched::Everything);
}

#[test]
fn a_list_of_networks_is_read_when_it_or_its_steering_changes() {
    let mut desk = Desk::new();
    let lines = |desk: &Desk| {
        let networks = desk.estate.steering.networks.iter();
        let line = |one: &crate::config::estate::Correction| {
            let file = one.path.rsplit('/').next().unwrap_or_default().to_owned();
            format!("{} {file}:{}", one.network, one.line)
        };
        networks.map(line).collect::<Vec<_>>()
    };
    desk.write("s.toml", "[networks]\nfile = \"l.csv\"\n");
    assert!(desk.refused(&["s.toml"]).contains("there is no such file"));
    // One that appears where it was missed has its event.
    desk.write("l.csv", "9.9.9.0/24,DE\n");
    assert_eq!(desk.told(&["l.csv"]), (0, 0, End::Read));
    assert_eq!(lines(&desk), ["9.9.9.0/24 l.csv:1"]);
    let atlas = desk.estate.atlas.clone();
    // The same again is no news, nor is a list that nobody names.
    desk.write("l.csv", "9.9.9.0/24,DE\n");
    desk.write("other.csv", "nonsense");
    assert_eq!(desk.told(&["l.csv", "other.csv"]), (0, 0, End::Same));
    let again = desk.load(&Touched::Everything, Asked::Verdict);
    let again = again.estate.unwrap();
    assert!(
        Arc::ptr_eq(&atlas, &again.atlas),
        "and is not laid on again"
    );
    // Another, by its event or by a look at everything.
    desk.write("l.csv", "# two\n9.9.9.0/25,DE\n");
    assert_eq!(desk.told(&["l.csv"]), (0, 0, End::Read));
    assert_eq!(lines(&desk), ["9.9.9.0/25 l.csv:2"]);
    assert!(!Arc::ptr_eq(&atlas, &desk.estate.atlas));
    desk.write("l.csv", "9.9.8.0/24,DE\n");
    let loaded = desk.load(&Touched::Everything, Asked::News);
    desk.estate = loaded.estate.unwrap();
    assert_eq!(lines(&desk), ["9.9.8.0/24 l.csv:1"]);
    // Without an event it shows in its looks, once those can be relied on.
    let settled = std::time::Duration::from_millis(crate::limits::SETTLED + 100);
    std::thread::sleep(settled);
    let loaded = desk.load(&Touched::Everything, Asked::Verdict);
    desk.estate = loaded.estate.unwrap();
    desk.write("l.csv", "9.9.7.0/24,DE\n");
    let loaded = desk.load(&Touched::Everything, Asked::News);
    desk.estate = loaded.estate.unwrap();
    assert_eq!(lines(&desk), ["9.9.7.0/24 l.csv:1"]);
}

#[test]
fn a_list_of_round_trips_is_live() {
    let mut desk = Desk::new();
    let rows = |desk: &Desk| {
        let rows = desk.estate.steering.latency.iter();
        rows.map(|row| format!("{} {}", row.place, row.sites[0].micros))
            .collect::<Vec<_>>()
    };
    let sites = "[sites]\nfra = { location = [50.11, 8.68] }\n";
    desk.write("s.toml", &format!("{sites}[latency]\nfile = \"rtt.csv\"\n"));
    assert!(desk.refused(&["s.toml"]).contains("there is no such file"));
    desk.write("rtt.csv", "DE,fra,1\n");
    assert_eq!(desk.told(&["rtt.csv"]).2, End::Read);
    assert_eq!(rows(&desk), ["DE 1000"]);
    // The same again is no news; another is.
    desk.write("rtt.csv", "DE,fra,1\n");
    assert_eq!(desk.told(&["rtt.csv"]), (0, 0, End::Same));
    desk.write("rtt.csv", "DE,fra,2\n");
    assert_eq!(desk.told(&["rtt.csv"]), (0, 0, End::Read));
    assert_eq!(rows(&desk), ["DE 2000"]);
    desk.write("rtt.csv", "DE,fra,20000\n");
    let error = desk.refused(&["rtt.csv"]);
    assert!(error.contains("20000 ms are beyond"), "{error}");
    assert_eq!(rows(&desk), ["DE 2000"]);
}

#[test]
fn a_link_to_a_list_may_lead_elsewhere() {
    let mut desk = Desk::new();
    // A hidden folder, whose links make nobody look at everything.
    fs::create_dir(desk.folder.path().join(".lists")).unwrap();
    let path = desk.folder.path().join(".lists/l.csv");
    let link = |to: &str| {
        let _ = fs::remove_file(&path);
        std::os::unix::fs::symlink(to, &path).unwrap();
    };
    desk.write("one.csv", "9.9.1.0/24,DE\n");
    desk.write("two.csv", "9.9.2.0/24,DE\n");
    desk.write("s.toml", "[networks]\nfile = \".lists/l.csv\"\n");
    link("../one.csv");
    assert_eq!(desk.told(&["s.toml"]).2, End::Read);
    let first = |desk: &Desk| desk.estate.steering.networks[0].network.to_string();
    assert_eq!(first(&desk), "9.9.1.0/24");
    link("../two.csv");
    assert_eq!(desk.told(&[".lists/l.csv"]).2, End::Read);
    assert_eq!(first(&desk), "9.9.2.0/24");
    link("/etc/hostname");
    let error = desk.refused(&[".lists/l.csv"]);
    assert!(error.contains("leads out of the folder"), "{error}");
}

/// Paths of patterns are seen from the folder, however that is written.
#[test]
fn files_that_fit_a_pattern_are_steered_as_soon_as_they_are_there() {
    for end in ["", "/"] {
        let folder = TempDir::new().unwrap();
        let customers = folder.path().join("customers");
        fs::create_dir(&customers).unwrap();
        let write = |path: &str, text: &str| fs::write(folder.path().join(path), text).unwrap();
        write("example.com.zone", ZONE);
        write("customers/one.example.zone", ZONE);
        write(
            "steering.toml",
            "[vips]\na = { address = \"192.0.2.1\" }\n[names.\"customers/*.zone\"]\nwww = \"a\"\n",
        );
        let mut loader = Loader::new(Paths {
            zones: format!("{}{end}", folder.path().display()).into(),
            geoip: Vec::new(),
            guard: crate::config::machine::geoip::Guard::default(),
            cookies: None,
            max_dropped: crate::limits::DROPPED,
        });
        let first = loader.first();
        let lines: Vec<String> = first.diagnostics.iter().map(|d| d.line()).collect();
        assert_eq!(lines, [""; 0]);
        let first = first.estate.unwrap();
        assert_eq!(first.steered(), 1);
        write("customers/two.example.zone", ZONE);
        let touched = touched(&folder, &["customers/two.example.zone"]);
        let loaded = loader.load(Some(&first), &touched, Asked::News);
        assert_eq!(
            (loaded.effort.zones_read, loaded.effort.zones_parsed),
            (1, 1)
        );
        assert_eq!(loaded.estate.unwrap().steered(), 2);
    }
}
