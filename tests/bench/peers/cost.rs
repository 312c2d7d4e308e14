//! What the threads of a server have used of the processor, by the scheduler's own clock.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

/// A thread: its process, and itself.
pub type Thread = (u32, u32);

/// What one thread has used.
#[derive(Clone, Copy, Default)]
pub struct Used {
    /// Nanoseconds on a core, and waiting for one.
    pub run: u64,
    pub waited: u64,
    /// Ticks; they tell how to divide `run`.
    pub user: u64,
    pub system: u64,
}

impl Used {
    /// What was used since then.
    pub fn since(self, before: Used) -> Used {
        Used {
            run: self.run.saturating_sub(before.run),
            waited: self.waited.saturating_sub(before.waited),
            user: self.user.saturating_sub(before.user),
            system: self.system.saturating_sub(before.system),
        }
    }
}

/// All threads of these processes.
pub fn threads(processes: &[u32]) -> BTreeMap<Thread, Used> {
    let mut all = BTreeMap::new();
    for process in processes {
        let Ok(entries) = fs::read_dir(format!("/proc/{process}/task")) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let thread: u32 = name.to_string_lossy().parse().unwrap();
            if let Some(used) = used(&entry.path().display().to_string()) {
                all.insert((*process, thread), used);
            }
        }
    }
    all
}

/// What a thread has used, by its folder of `/proc`.
pub fn used(folder: &str) -> Option<Used> {
    let text = fs::read_to_string(format!("{folder}/schedstat")).ok()?;
    let mut numbers = text.split_whitespace().map(|n| n.parse().unwrap_or(0));
    let (run, waited) = (numbers.next()?, numbers.next()?);
    let text = fs::read_to_string(format!("{folder}/stat")).ok()?;
    // Behind the name, which may hold anything: state is the first, times of user and system the twelfth and thirteenth.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse().ok();
    Some(Used {
        run,
        waited,
        user: ticks()?,
        system: ticks()?,
    })
}

/// The `many` threads that used most between two looks.
pub fn busiest(
    before: &BTreeMap<Thread, Used>,
    after: &BTreeMap<Thread, Used>,
    many: usize,
) -> Vec<Thread> {
    let used = |thread: &Thread| {
        let before = before.get(thread).copied().unwrap_or_default();
        after[thread].since(before).run
    };
    let mut all: Vec<Thread> = after.keys().copied().collect();
    all.sort_by_key(|thread| std::cmp::Reverse(used(thread)));
    all.truncate(many);
    all
}

/// What these threads used together; none if one of them is gone.
pub fn together(
    threads: &[Thread],
    before: &BTreeMap<Thread, Used>,
    after: &BTreeMap<Thread, Used>,
) -> Option<Used> {
    let mut all = Used::default();
    for thread in threads {
        let used = after.get(thread)?.since(*before.get(thread)?);
        all.run += used.run;
        all.waited += used.waited;
        all.user += used.user;
        all.system += used.system;
    }
    Some(all)
}

/// Lets a thread run on these cores only, `0` or `0,1`.
pub fn pin(thread: u32, cores: &str) {
    let done = Command::new("taskset")
        .args(["-p", "-c", cores, &thread.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    // A thread may be gone, and a machine may have one core.
    drop(done);
}

/// Takes another priority for this process and what it starts, until it is dropped. Where the kernel groups processes by
/// session that of the group counts.
pub struct Priority {
    group: Option<String>,
}

/// Of the session's group; not on every kernel.
const GROUP: &str = "/proc/self/autogroup";

impl Priority {
    pub fn take(nice: &str) -> Priority {
        let own = std::process::id().to_string();
        let done = Command::new("renice")
            .args(["-n", nice, "-p", &own])
            .stdout(Stdio::null())
            .status();
        assert!(
            done.is_ok_and(|status| status.success()),
            "PEERS_NICE={nice}"
        );
        let before = fs::read_to_string(GROUP).unwrap_or_default();
        let before = before.trim().rsplit_once(' ').map(|(_, nice)| nice.into());
        drop(fs::write(GROUP, nice));
        Priority { group: before }
    }
}

impl Drop for Priority {
    fn drop(&mut self) {
        if let Some(before) = &self.group {
            drop(fs::write(GROUP, before));
        }
    }
}
