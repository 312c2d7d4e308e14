//! The log: plain lines on stderr, and panics in it that cannot flood it.

use std::panic::{self, PanicHookInfo};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::limits;

/// Begins to log what is at least this grave, and of libraries only warnings. Once for each process.
pub fn start(level: LevelFilter) {
    let ours = Targets::new()
        .with_target("meridian", level)
        .with_default(level.min(LevelFilter::WARN));
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false);
    let begun = tracing_subscriber::registry()
        .with(lines)
        .with(ours)
        .try_init();
    if begun.is_err() {
        return;
    }
    let quota = Mutex::new(Quota::default());
    panic::set_hook(Box::new(move |info| {
        let mut quota = quota.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(missed) = quota.take(Instant::now()) {
            drop(quota);
            report(info, missed);
        }
    }));
}

/// A query that makes the server panic is answered SERVFAIL and counted; here is what a bug report needs.
fn report(info: &PanicHookInfo<'_>, missed: u64) {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let place = info.location().map(ToString::to_string);
    let thread = std::thread::current();
    tracing::error!(
        thread = thread.name().unwrap_or_default(),
        place = place.unwrap_or_default(),
        missed,
        // Quoted: it may hold bytes of a query.
        "panic: {:?}; please report this",
        text.unwrap_or_default(),
    );
}

/// How many panics are still told of in this minute.
#[derive(Debug, Default)]
struct Quota {
    begun: Option<Instant>,
    told: u32,
    missed: u64,
}

impl Quota {
    /// Whether this one is told of, and then how many were not since the last that was.
    fn take(&mut self, now: Instant) -> Option<u64> {
        let over = |begun: Instant| now.duration_since(begun) >= Duration::from_secs(60);
        if self.begun.is_none_or(over) {
            self.begun = Some(now);
            self.told = 0;
        }
        if self.told >= limits::PANICS_TOLD {
            self.missed = self.missed.saturating_add(1);
            return None;
        }
        self.told += 1;
        Some(std::mem::take(&mut self.missed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_panics_is_a_few_lines_a_minute() {
        let (mut quota, start) = (Quota::default(), Instant::now());
        let told = (0..1_000).filter(|_| quota.take(start).is_some()).count();
        assert_eq!(told, limits::PANICS_TOLD as usize);
        let later = start + Duration::from_secs(60);
        assert_eq!(
            quota.take(later),
            Some(1_000 - u64::from(limits::PANICS_TOLD))
        );
        assert_eq!(quota.take(later), Some(0));
    }
}
