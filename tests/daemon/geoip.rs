//! `meridian geoip` as an operator meets it: a database made of text, asked, and surveyed.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::run;
use super::server::{estate, meridian};

const CSV: &str =
    "network,country,asn\n193.0.0.0/16,NL,64500\n199.43.0.0/24,US,\n2001:db8:1::/48,FR,\n";

fn json(folder: &Path, args: &[&str]) -> Value {
    let (code, out, err) = run(meridian().current_dir(folder).arg("geoip").args(args));
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_database_is_made_and_never_written_over_by_chance() {
    let folder = estate();
    let at = folder.path();
    fs::write(at.join("a.csv"), CSV).unwrap();
    let import = |args: &[&str], input: &str| {
        let mut command = meridian();
        command
            .env("SOURCE_DATE_EPOCH", "1234567890")
            .current_dir(at);
        run(command
            .args(["geoip", "import", "--out", "a.mmdb"])
            .args(args)
            .arg(input))
    };
    let (code, out, err) = import(&[], "a.csv");
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let begin =
        "a.mmdb: Meridian-Country, 2 networks of IPv4 and 1 of IPv6, 3 countries, 3 records, ";
    assert!(out.starts_with(begin), "{out}");
    let first = fs::read(at.join("a.mmdb")).unwrap();
    let build = |file: &[u8]| {
        maxminddb::Reader::from_source(file.to_vec())
            .unwrap()
            .metadata()
            .build_epoch
    };
    assert_eq!(build(&first), 1_234_567_890);

    let (code, _, err) = import(&[], "a.csv");
    assert!(
        code == 1 && err.contains("a.mmdb: there is a file already") && err.contains("--force"),
        "{err}"
    );
    let (code, ..) = import(&["--force"], "a.csv");
    assert_eq!(
        (code, fs::read(at.join("a.mmdb")).unwrap() == first),
        (0, true)
    );
    let (code, ..) = import(&["--force", "--build", "7", "--type", "X-City"], "a.csv");
    assert_eq!((code, build(&fs::read(at.join("a.mmdb")).unwrap())), (0, 7));

    // A mistake leaves what was there, and nothing beside it.
    fs::write(
        at.join("b.csv"),
        "network,country\n193.0.0.0/16,XX\n199.43.0.0,US\n",
    )
    .unwrap();
    let (code, _, err) = import(&["--force"], "b.csv");
    assert!(
        code == 1 && err.contains("b.csv:2:14") && err.contains("b.csv:3:1"),
        "{err}"
    );
    let (code, _, err) = import(&["--force"], "no.csv");
    assert!(code == 1 && err.contains("no.csv"), "{err}");
    // One of two that cannot be read is enough.
    let (code, _, err) = import(&["--force", "a.csv"], "no.csv");
    assert!(code == 1 && err.contains("no.csv"), "{err}");
    // A folder cannot be replaced by a file.
    let mut command = meridian();
    let args = ["geoip", "import", "--force", "--out", "zones", "a.csv"];
    let (code, _, err) = run(command.current_dir(at).args(args));
    assert!(code == 1 && err.contains("zones: "), "{err}");
    fs::write(at.join("c.csv"), "193.0.0.0/16,NL\n").unwrap();
    let (code, _, err) = import(&["--force"], "c.csv");
    assert!(
        code == 1 && err.contains("c.csv: the form is not recognised"),
        "{err}"
    );
    assert_eq!(build(&fs::read(at.join("a.mmdb")).unwrap()), 7);
    let (code, _, err) = import(&["--force", "--type", ""], "a.csv");
    assert!(code == 2 && err.contains("visible ASCII"), "{err}");
    let names = fs::read_dir(at)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["a.csv", "a.mmdb", "b.csv", "c.csv", "zones"]);
}

#[test]
fn lookup_says_what_each_layer_says() {
    let folder = estate();
    let at = folder.path();
    fs::write(at.join("a.csv"), CSV).unwrap();
    fs::write(
        at.join("b.csv"),
        "network,asn,country\n193.0.6.0/24,64501,DE\n199.43.0.0/16,64502,\n",
    )
    .unwrap();
    for name in ["a", "b"] {
        let (out, input) = (format!("{name}.mmdb"), format!("{name}.csv"));
        let args = [
            "geoip",
            "import",
            "--build",
            "1000000000",
            "--out",
            &out,
            &input,
        ];
        assert_eq!(run(meridian().current_dir(at).args(args)).0, 0);
    }
    let asked = [
        "geoip",
        "lookup",
        "193.0.6.139",
        "199.43.0.1",
        "::ffff:193.0.6.139",
        "192.168.1.1",
    ];
    let databases = ["--geoip", "a.mmdb", "b.mmdb"];
    let (code, out, err) = run(meridian().current_dir(at).args(asked).args(databases));
    assert_eq!((code, err.as_str()), (0, ""));
    for words in [
        "193.0.6.139\n  a.mmdb: Meridian-Country, built 2001-09-09\n    193.0.0.0/16: europe; NL (Netherlands); AS64500\n",
        "  b.mmdb: Meridian-Country, built 2001-09-09\n    193.0.6.0/24: europe; DE (Germany); AS64501\n",
        "::ffff:193.0.6.139\n  the mapped form (RFC 4291) of 193.0.6.139, which is looked up\n",
        "192.168.1.1\n  private (RFC 1918): no client on the Internet has it; as a client subnet it is not used\n",
        "    nothing is known\n",
    ] {
        assert!(out.contains(words), "{words}\n is not in\n{out}");
    }
    let found = json(at, &[&asked[1..], &databases, &["--json"]].concat());
    let fact = |at: usize, key: &str| {
        let fact = &found[at]["facts"][key];
        format!("{} {}", fact["value"], fact["from"]).replace('"', "")
    };
    assert_eq!(fact(0, "country"), "NL (Netherlands) a.mmdb");
    assert_eq!(fact(0, "system"), "AS64500 a.mmdb");
    assert_eq!(fact(1, "country"), "US (United States) a.mmdb");
    assert_eq!(fact(1, "system"), "AS64502 b.mmdb");
    assert_eq!(found[0]["layers"][1]["facts"]["country"], "DE (Germany)");
    assert_eq!(found[0]["layers"][1]["build"], 1_000_000_000);
    assert_eq!(
        (&found[2]["looked_up"], &found[2]["usable"]),
        (&"193.0.6.139".into(), &true.into())
    );
    assert_eq!(
        (&found[3]["usable"], &found[3]["facts"]),
        (&false.into(), &serde_json::json!({}))
    );

    // Without a database it is the built-in map, and says how coarse that is.
    let (_, out, _) = run(meridian()
        .current_dir(at)
        .args(["geoip", "lookup", "193.0.6.139"]));
    assert!(
        out.contains("built-in registry map (coarse)") && out.contains("europe"),
        "{out}"
    );
    let none = ["geoip", "lookup", "1.1.1.1", "--geoip", "no.mmdb", "a.csv"];
    let (code, _, err) = run(meridian().current_dir(at).args(none));
    assert!(
        code == 1 && err.contains("no.mmdb") && err.contains("a.csv"),
        "{err}"
    );
    // The corrections of an estate that is named count.
    let steering = at.join("zones/steering.toml");
    let text = fs::read_to_string(&steering).unwrap();
    let corrections = "\n[networks]\n\"193.0.0.0/8\" = { location = [1.0, 2.0] }\n\"193.0.6.0/24\" = { place = \"DE/Hamburg\" }\n";
    fs::write(&steering, text + corrections).unwrap();
    let named = [&asked[1..3], &databases, &["--zones", "zones"]].concat();
    let found = json(at, &[&named[..], &["--json"]].concat());
    let fact = |key: &str| {
        format!(
            "{} {}",
            found[0]["facts"][key]["value"], found[0]["facts"][key]["from"]
        )
    };
    assert!(
        fact("city").starts_with("\"Hamburg\" \"zones/steering.toml:"),
        "{found}"
    );
    assert_eq!(fact("system"), "\"AS64500\" \"a.mmdb\"");
    assert_eq!(found[0]["corrections"].as_array().unwrap().len(), 2);
    let (_, out, _) = run(meridian().current_dir(at).arg("geoip").args(&named));
    assert!(
        out.contains("  corrected in zones/steering.toml:")
            && out.contains("    193.0.6.0/24: DE/Hamburg\n"),
        "{out}"
    );

    // An estate that is named must be sound, for its corrections count.
    fs::write(at.join("zones/steering.toml"), "[vip]\n").unwrap();
    let named = ["geoip", "lookup", "1.1.1.1", "--zones", "zones"];
    assert_eq!(run(meridian().current_dir(at).args(named)).0, 1);
}

#[test]
fn classes_are_all_of_the_address_space() {
    let folder = estate();
    let at = folder.path();
    let (code, out, err) = run(meridian().current_dir(at).args(["geoip", "classes"]));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.starts_with("map 1: ") && out.contains("  pools  web (nearest)\n"),
        "{out}"
    );
    assert!(
        out.contains("  names  www.example.com.\n") && out.contains("web: fra, iad, sin"),
        "{out}"
    );

    let found = json(at, &["classes", "www.example.com", "--json"]);
    let classes = found[0]["classes"].as_array().unwrap();
    let sum = |key: &str| {
        classes
            .iter()
            .map(|class| class[key].as_f64().unwrap())
            .sum::<f64>()
    };
    // 6to4 and Teredo are IPv4: 2⁻¹³ and 2⁻²⁹ of global IPv6.
    let rest = 0.5_f64.powi(13) + 0.5_f64.powi(29);
    assert!((sum("share4") - 1.0).abs() < 1e-9, "{found}");
    assert!((sum("share6") + rest - 1.0).abs() < 1e-9, "{found}");
    let (_, table, _) =
        run(meridian()
            .current_dir(at)
            .args(["geoip", "classes", "web", "--prefixes"]));
    let lines: Vec<(&str, &str)> = table
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .collect();
    assert_eq!(lines.len() as f64, sum("networks4") + sum("networks6"));
    // Each line is what explain says of an address in it.
    for (prefix, class) in lines.iter().step_by(lines.len() / 8) {
        let addr = prefix.split_once('/').unwrap().0;
        let args = [
            "explain",
            "www.example.com",
            addr,
            "--resolver",
            addr,
            "--json",
        ];
        let (code, out, err) = run(meridian().current_dir(at).args(args));
        assert_eq!(code, 0, "{err}");
        let explained: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            explained["steering"]["class"]["number"].to_string(),
            *class,
            "{prefix}"
        );
    }
    let (code, _, err) = run(meridian().current_dir(at).args(["geoip", "classes", "wbe"]));
    assert!(
        code == 1 && err.contains("`wbe` is neither") && err.contains("web"),
        "{err}"
    );
}
