//! What processes hold of memory, as the system says it.

use std::fs;

/// A process and all that it started.
pub fn family(first: u32) -> Vec<u32> {
    let mut all = vec![first];
    let mut at = 0;
    while let Some(pid) = all.get(at).copied() {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        all.extend(
            children
                .split_whitespace()
                .filter_map(|c| c.parse::<u32>().ok()),
        );
        at += 1;
    }
    all
}

/// KiB of a line of `/proc/PID/FILE`, if the process is still there.
pub fn kib(pid: u32, file: &str, line: &str) -> Option<i64> {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(line))?;
    line.split_whitespace().next()?.parse().ok()
}
