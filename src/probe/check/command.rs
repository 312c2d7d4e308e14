//! A program of the machine's own folder says how the target is, by its exit code.
//!
//! No shell is between, nothing of our environment is handed on, and nothing that the program started outlives it.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::io::retry_on_intr;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, kill_process_group, prlimit, waitid,
};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::health::probed::{Ending, Finding};
use crate::limits;
use crate::probe::check::{END, Stage};
use crate::probe::target::Spec;

/// How long its output is waited for once it has ended.
const LINGER: Duration = Duration::from_millis(100);

/// Runs it and waits for its end. Dropped before, it is killed with all that it started.
pub(super) async fn check(spec: &Spec, program: &str, stage: &Stage) -> Result<Finding, Finding> {
    let Some(folder) = &spec.commands else {
        let words = "this machine allows no commands: `commands` of meridian.toml names no folder";
        return Err(Finding::new(Ending::Unmade, words));
    };
    stage.set(END);
    let mut group = Group::start(spec, folder, program)?;
    let (out, err) = (group.child.stdout.take(), group.child.stderr.take());
    let said = [Mutex::default(), Mutex::default()];
    let reading = async { tokio::join!(hear(out, &said[0]), hear(err, &said[1])) };
    tokio::pin!(reading);
    let status = tokio::select! {
        status = group.end() => {
            // What it left behind in a group of its own may hold its output open for ever.
            let _ = tokio::time::timeout(LINGER, reading).await;
            status
        }
        _ = &mut reading => group.end().await,
    };
    let (status, said) = (status?, first(&said));
    if status.success() {
        let words = if said.is_empty() {
            "exit code 0"
        } else {
            &said
        };
        return Ok(Finding::new(Ending::Well, words));
    }
    let mut words = match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    };
    if !said.is_empty() {
        words = format!("{words}: {said}");
    }
    Ok(Finding::new(Ending::Exit, words))
}

/// A program and all that it starts, which ends with this.
struct Group {
    child: Child,
    /// Its number, until it is gone: then another may have it.
    alive: Option<Pid>,
}

impl Group {
    fn start(spec: &Spec, folder: &Path, program: &str) -> Result<Group, Finding> {
        let path = folder.join(program);
        let unmade = |error: std::io::Error| {
            let words = format!("{} cannot be run: {error}", path.display());
            Finding::new(Ending::Unmade, words)
        };
        // A relative path would be seen from the folder in which the program runs.
        let whole = std::path::absolute(&path).map_err(unmade)?;
        let child = Command::new(whole)
            .current_dir(folder)
            .env_clear()
            .env("MERIDIAN_VIP", &*spec.vip)
            .env("MERIDIAN_ADDRESS", spec.address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(unmade)?;
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        let alive = number.and_then(Pid::from_raw);
        if let Some(pid) = alive {
            bound(pid, spec.timeout);
        }
        Ok(Group { child, alive })
    }

    /// Waits until the program has ended, and ends what it left.
    async fn end(&mut self) -> Result<ExitStatus, Finding> {
        let lost = |error: std::io::Error| Finding::new(Ending::Unmade, error.to_string());
        if let Some(pid) = self.alive {
            // While nobody has taken note of its end, its number is its own, and so is that of its group.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            let watch = move || retry_on_intr(|| waitid(WaitId::Pid(pid), options));
            if let Ok(Ok(_)) = tokio::task::spawn_blocking(watch).await {
                self.kill();
            }
        }
        let status = self.child.wait().await.map_err(lost)?;
        self.alive = None;
        Ok(status)
    }

    fn kill(&self) {
        if let Some(pid) = self.alive {
            // Nobody left in it is as good.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a program may use. That it has begun already is no harm: it is ours.
fn bound(pid: Pid, timeout: u64) {
    let limits = [
        (Resource::Cpu, timeout.div_ceil(1_000) + 1),
        (Resource::Core, 0),
        (Resource::Nofile, limits::COMMAND_FILES),
        (Resource::Data, limits::COMMAND_MEMORY),
        (Resource::Fsize, limits::COMMAND_FILE),
    ];
    for (resource, most) in limits {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        // Where the machine allows less, less it is.
        let _ = prlimit(Some(pid), resource, limit);
    }
}

/// Keeps the beginning of what a program writes; the rest is read and forgotten, up to a bound.
async fn hear(from: Option<impl AsyncRead + Unpin>, kept: &Mutex<Vec<u8>>) {
    let Some(mut from) = from else {
        return;
    };
    let (mut buffer, mut read) = (vec![0; 4_096], 0);
    while read < limits::PROBE_OUTPUT {
        let Ok(length @ 1..) = from.read(&mut buffer).await else {
            return;
        };
        read += length;
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let room = limits::PROBE_SHOWN.saturating_sub(kept.len()).min(length);
        kept.extend_from_slice(buffer.get(..room).unwrap_or_default());
    }
}

/// The first line of the first that says anything, as people can read it.
fn first(said: &[Mutex<Vec<u8>>]) -> String {
    let lines = said.iter().map(|kept| {
        let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        let line = text.lines().next().unwrap_or_default().trim();
        let plain = line.chars().map(|c| if c.is_control() { ' ' } else { c });
        plain.collect::<String>()
    });
    let mut lines = lines.filter(|line| !line.is_empty());
    lines.next().unwrap_or_default()
}
