//! Reading the files that a `geoip` command is given.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

/// What a file has, if that is at most `most` octets, and when it changed last, in seconds of the Unix epoch. The words
/// say why not.
pub(super) fn whole(path: &Path, most: u64) -> Result<(Vec<u8>, u64), String> {
    let words = |error: std::io::Error| error.to_string();
    let file = File::open(path).map_err(words)?;
    let meta = file.metadata().map_err(words)?;
    if meta.is_dir() {
        return Err("is a folder".into());
    }
    let room = usize::try_from(meta.len().min(most)).unwrap_or(0);
    let mut octets = Vec::with_capacity(room);
    let mut file = file.take(most.saturating_add(1));
    file.read_to_end(&mut octets).map_err(words)?;
    if octets.len() as u64 > most {
        return Err(format!(
            "more than {most} octets, which is the most that is read"
        ));
    }
    let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).ok();
    let changed = meta.modified().ok().and_then(since);
    Ok((octets, changed.map_or(0, |since| since.as_secs())))
}
