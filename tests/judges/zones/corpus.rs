//! Zone files made by hand, many in one file, as short as they can be written.
//!
//! `## NAME: what it is` begins a case: lines that follow [`HEAD`]. `#= NAME: what it is` begins one that is a whole zone
//! file. `#+ PATH` begins a further file of the case, for `$INCLUDE`. The zone of a case is `NAME.test`, so that all of
//! them can be served at once. `%{…}` in a case is replaced:
//! - `%{name}`, `%{zone}`: NAME, and NAME.test without a final dot;
//! - `%{x:0d0a}`: these octets;
//! - `%{rep:N:TEXT}`: TEXT, N times; `%{i}` in it is the number of the time;
//! - `%{end}`: the end of the file, without a newline.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::tool::top;

/// What stands before the lines of a case.
const HEAD: &str = "$TTL 3600
@ IN SOA ns1 hostmaster 1 7200 3600 1209600 300
@ IN NS ns1
@ IN NS ns2
ns1 IN A 192.0.2.1
ns2 IN A 192.0.2.2
";

/// One zone, with all of its files.
pub struct Case {
    pub name: String,
    /// One line for people.
    pub what: String,
    /// The zone file first: paths within a folder, and what is in them.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Case {
    /// Its apex as text, without a final dot.
    pub fn zone(&self) -> String {
        format!("{}.test", self.name)
    }

    /// Puts its files into a folder; the path of the zone file.
    pub fn write(&self, folder: &Path) -> PathBuf {
        for (path, bytes) in &self.files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder.join(&self.files[0].0)
    }
}

/// All cases below `tests/judges/zones/FOLDER`, in the order of their files.
pub fn cases(folder: &str) -> Vec<Case> {
    let folder = top().join("tests/judges/zones").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        read(&fs::read_to_string(path).unwrap(), &mut cases);
    }
    let mut names = BTreeSet::new();
    for case in &cases {
        assert!(
            names.insert(&case.name),
            "two cases are called {}",
            case.name
        );
    }
    cases
}

fn read(text: &str, cases: &mut Vec<Case>) {
    let mut bodies: Vec<String> = Vec::new();
    let finish = |cases: &mut Vec<Case>, bodies: &mut Vec<String>| {
        let Some(case) = cases.last_mut() else { return };
        for (file, body) in case.files.iter_mut().zip(bodies.drain(..)) {
            let mut out = Vec::new();
            expand(&body, &case.name, 0, &mut out);
            file.1 = out;
        }
    };
    for line in text.split_inclusive('\n') {
        if let Some(header) = line
            .strip_prefix("## ")
            .or_else(|| line.strip_prefix("#= "))
        {
            finish(cases, &mut bodies);
            let (name, what) = header.split_once(": ").expect(line);
            cases.push(Case {
                name: name.to_owned(),
                what: what.trim().to_owned(),
                files: vec![(format!("{name}.test.zone"), Vec::new())],
            });
            let head = if line.starts_with("##") { HEAD } else { "" };
            bodies.push(head.to_owned());
        } else if let Some(path) = line.strip_prefix("#+ ") {
            let case = cases.last_mut().expect("a file before the first case");
            case.files.push((path.trim().to_owned(), Vec::new()));
            bodies.push(String::new());
        } else {
            bodies
                .last_mut()
                .expect("a line before the first case")
                .push_str(line);
        }
    }
    finish(cases, &mut bodies);
}

/// Appends `text` with everything replaced; false once the file is at its end.
fn expand(text: &str, name: &str, time: usize, out: &mut Vec<u8>) -> bool {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("%{") {
        out.extend_from_slice(before.as_bytes());
        let end = closing(after);
        let (inner, behind) = (&after[..end], &after[end + 1..]);
        match inner.split_once(':').unwrap_or((inner, "")) {
            ("end", _) => return false,
            ("name", _) => out.extend_from_slice(name.as_bytes()),
            ("zone", _) => out.extend_from_slice(format!("{name}.test").as_bytes()),
            ("i", _) => out.extend_from_slice(time.to_string().as_bytes()),
            ("x", digits) => out.extend(
                (0..digits.len())
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect(digits)),
            ),
            ("rep", words) => {
                let (times, text) = words.split_once(':').expect(words);
                for time in 0..times.parse().expect(times) {
                    expand(text, name, time, out);
                }
            }
            _ => panic!("%{{{inner}}} is nothing that is replaced"),
        }
        rest = behind;
    }
    out.extend_from_slice(rest.as_bytes());
    true
}

/// Where the brace is that closes the one before `text`.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return at,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    panic!("a brace is never closed: {text}");
}
