//! A judge: a program of others that asks us, and the record of all it said.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that judges, with its record in `target/judges/NAME.txt`.
pub struct Judge {
    program: PathBuf,
    record: File,
}

/// The top of the repository.
pub fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the records of a run are kept.
pub fn records() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top().join("target"), PathBuf::from);
    target.join("judges")
}

/// Keeps what a run found in `target/judges/NAME.txt`, and prints it.
pub fn record(name: &str, text: &str) {
    fs::create_dir_all(records()).unwrap();
    fs::write(records().join(format!("{name}.txt")), text).unwrap();
    println!("{text}");
}

/// Where the program `name` is, as the Debian package `package` has it. A judge that is missing is a failure.
pub fn find(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Daemons lie where only root's path leads.
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = folders
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("the judge `{name}` is missing: apt-get install {package}"))
}

/// Keeps a text as a record, and shows it.
pub fn note(record: &str, text: &str) {
    println!("{text}");
    fs::create_dir_all(records()).unwrap();
    fs::write(records().join(format!("{record}.txt")), format!("{text}\n")).unwrap();
}

impl Judge {
    /// The program `name` of the Debian package `package`; what it says goes to `record`.
    pub fn new(name: &str, package: &str, record: &str) -> Judge {
        let program = find(name, package);
        fs::create_dir_all(records()).unwrap();
        let record = File::create(records().join(format!("{record}.txt"))).unwrap();
        Judge { program, record }
    }

    /// Runs it with these words, and records both.
    pub fn run(&mut self, words: &str) -> String {
        self.execute(Command::new(&self.program).args(words.split_whitespace()))
    }

    /// Runs a command; records it and what came out, which it gives with all white space made single.
    pub fn execute(&mut self, command: &mut Command) -> String {
        writeln!(self.record, "$ {command:?}").unwrap();
        let output = command.output().unwrap();
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        writeln!(self.record, "{text}").unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Keeps a text in the record.
    pub fn note(&mut self, text: &str) {
        writeln!(self.record, "{text}").unwrap();
    }

    /// Runs it, and holds that its words contain all of `parts`.
    pub fn says(&mut self, words: &str, parts: &[&str]) -> String {
        let said = self.run(words);
        for part in parts {
            assert!(
                said.contains(part),
                "{:?} {words}\n  should say `{part}`, but says:\n{said}",
                self.program
            );
        }
        said
    }
}
