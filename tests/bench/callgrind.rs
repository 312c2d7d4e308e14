//! Counts instructions: the program runs itself under callgrind, makes ready at full speed, and is counted from then on.
//!
//! The child says a line when it is ready, and is given a line for each part of its work; what its function
//! `counted_answers`, or another whose name begins with `counted_`, does meanwhile is that part's count.

use std::fs;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use meridian::answer::{Client, Transport, Turn, answer};
use meridian::stats::Counters;
use meridian::wire::asked::{Asked, Seed};
use meridian::world::World;

use crate::sample;

/// This program under callgrind.
pub struct Counted {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    folder: PathBuf,
    parts: usize,
}

impl Counted {
    /// Run with these words. It is ready when this returns.
    pub fn start(words: &[&str]) -> Counted {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!(
            "callgrind-{}-{}",
            std::process::id(),
            words.join("-")
        ));
        fs::create_dir_all(&folder).unwrap();
        let mut child = Command::new("valgrind")
            .args([
                "-q",
                "--tool=callgrind",
                "--instr-atstart=no",
                "--collect-atstart=no",
            ])
            .arg("--toggle-collect=*counted_*")
            .arg(format!("--callgrind-out-file={}/out", folder.display()))
            .arg(std::env::current_exe().unwrap())
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("valgrind: {error}: apt-get install valgrind"));
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut run = Counted {
            child,
            input,
            output,
            folder,
            parts: 0,
        };
        run.hear();
        run.control("--instr=on");
        run
    }

    fn hear(&mut self) {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).unwrap();
        assert!(read > 0, "it ended before it was done");
    }

    fn control(&self, word: &str) {
        let pid = self.child.id().to_string();
        let done = Command::new("callgrind_control")
            .args([word, &pid])
            .output();
        let done = done.unwrap_or_else(|error| panic!("callgrind_control: {error}"));
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stdout)
        );
    }

    /// The instructions of one part of the work.
    pub fn count(&mut self, part: &str) -> u64 {
        writeln!(self.input, "{part}").unwrap();
        self.hear();
        self.control("--dump");
        self.parts += 1;
        let file = self.folder.join(format!("out.{}", self.parts));
        total(&file)
    }

    /// Ends it.
    pub fn end(self) {
        let Counted {
            mut child,
            input,
            folder,
            ..
        } = self;
        drop(input);
        child.wait().unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}

/// What a file of callgrind says of all that was counted.
fn total(file: &Path) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let line = text.lines().find_map(|line| {
        line.strip_prefix("totals: ")
            .or_else(|| line.strip_prefix("summary: "))
    });
    line.unwrap().trim().parse().unwrap()
}

/// The instructions of one answer, where the program run with these words gives so many as its only part.
pub fn instructions(words: &[&str], times: usize) -> f64 {
    let mut run = Counted::start(words);
    let all = run.count("answers");
    run.end();
    all as f64 / times as f64
}

/// So many answers to queries in turn.
#[inline(never)]
pub fn counted_answers(world: &World, queries: &[Vec<u8>], times: usize) {
    let client = Client {
        addr: (sample::SENDER, 53_000).into(),
        transport: Transport::Udp,
    };
    let counters = Counters::default();
    let mut name = Asked::new(Seed::default());
    let mut turn = Turn::new(0, &counters, &mut name);
    turn.now = sample::NOW;
    let mut out = [0; meridian::limits::UDP_PAYLOAD];
    for query in queries.iter().cycle().take(times) {
        black_box(answer(world, client, &mut turn, black_box(query), &mut out));
    }
}

/// The child's side: `work` is called for each part, by its name, until no more are asked for.
pub fn serve(mut work: impl FnMut(&str)) {
    println!("ready");
    for line in std::io::stdin().lines() {
        work(&line.unwrap());
        println!("done");
    }
}
