//! What `strace -f -yy -xx` wrote: what a program did to the file of health, and which replies it began to send, in order.

/// One thing that was done, when it was begun and when it had ended: numbers of lines.
#[derive(Clone, Debug)]
pub struct Done {
    pub what: Deed,
    pub begun: usize,
    pub ended: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Octets from this place of the file on.
    Write(u64, Vec<u8>),
    /// The file has this length.
    Length(u64),
    /// All before is on the disk.
    Sync,
    /// A reply that says yes, as far as it was recorded.
    Reply(Vec<u8>),
}

/// The octets of a text of `\x..` alone.
fn octets(text: &str) -> Vec<u8> {
    let parts = text.split("\\x").skip(1);
    parts
        .filter_map(|two| u8::from_str_radix(two.get(..2)?, 16).ok())
        .collect()
}

/// What a call does that matters here, from its name and its arguments.
fn deed(name: &str, arguments: &str) -> Option<Deed> {
    let path = arguments.split_once('<')?.1.split_once('>')?.0;
    let path = String::from_utf8(octets(path)).unwrap_or_default();
    // Several pieces of one call follow one another on the way.
    let text = || {
        let pieces: Vec<&str> = arguments.split('"').skip(1).step_by(2).collect();
        (!pieces.is_empty()).then(|| octets(&pieces.concat()))
    };
    let last = || {
        let words = arguments.trim_end_matches(')').rsplit(", ");
        words.filter_map(|word| word.parse().ok()).next()
    };
    if path.contains("/health.redb") {
        match name {
            "pwrite64" => Some(Deed::Write(last()?, text()?)),
            "ftruncate" => Some(Deed::Length(last()?)),
            "fdatasync" | "fsync" => Some(Deed::Sync),
            other => panic!("{other} on the file of health: what is that to the disk?"),
        }
    } else {
        let text = text()?;
        text.starts_with(b"HTTP/1.1 200")
            .then_some(Deed::Reply(text))
    }
}

/// All of a record, in the order in which things had ended.
pub fn read(text: &str) -> Vec<Done> {
    let mut done: Vec<Done> = Vec::new();
    // By thread, what is under way.
    let mut open: Vec<(&str, usize)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        if call.starts_with("<... ") {
            if let Some(place) = open.iter().position(|(other, _)| *other == thread) {
                let (_, which) = open.swap_remove(place);
                done[which].ended = at;
            }
            continue;
        }
        let Some((name, rest)) = call.split_once('(') else {
            continue;
        };
        let unfinished = rest.strip_suffix(" <unfinished ...>");
        let arguments =
            unfinished.unwrap_or_else(|| rest.rsplit_once(" = ").map_or(rest, |two| two.0));
        let Some(what) = deed(name, arguments.trim_end()) else {
            continue;
        };
        let ended = if unfinished.is_some() {
            open.push((thread, done.len()));
            usize::MAX
        } else {
            assert!(!rest.contains(" = -1 "), "{line}");
            at
        };
        done.push(Done {
            what,
            begun: at,
            ended,
        });
    }
    done
}

#[test]
fn a_record_is_read() {
    let file = r"\x2f\x68\x65\x61\x6c\x74\x68\x2e\x72\x65\x64\x62";
    let reply = r"\x48\x54\x54\x50\x2f\x31\x2e\x31\x20\x32\x30\x30";
    let text = format!(
        "1 pwrite64(9<{file}>, \"\\x01\\x02\", 2, 4096) = 2\n\
         1 fdatasync(9<{file}> <unfinished ...>\n\
         2 sendto(3<\\x54>, \"{reply}\", 12, MSG_NOSIGNAL, NULL, 0) = 12\n\
         2 sendto(3<\\x54>, \"\\x48\", 1, MSG_NOSIGNAL, NULL, 0) = 1\n\
         1 <... fdatasync resumed>) = 0\n"
    );
    let read = read(&text);
    assert_eq!(read.len(), 3);
    assert_eq!(read[0].what, Deed::Write(4096, vec![1, 2]));
    assert_eq!(
        (read[1].what.clone(), read[1].begun, read[1].ended),
        (Deed::Sync, 1, 4)
    );
    assert_eq!(read[2].what, Deed::Reply(b"HTTP/1.1 200".to_vec()));
}
