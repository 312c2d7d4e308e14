//! `meridian geoip import`: reads text files of networks, and puts the database made of them into place.

use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::words::{count, thousands};
use super::{Import, file};
use crate::cli::{Exit, fail, refuse};
use crate::daemon;
use crate::diagnostic::{Diagnostic, Source};
use crate::geo::import::{self as reading, Format, Imported};
use crate::limits;

pub(super) fn run(args: &Import) -> Exit {
    if args.inputs.len() > limits::IMPORT_TEXTS {
        fail(&format!("at most {} inputs", limits::IMPORT_TEXTS));
        return Exit::Usage;
    }
    // Said before anything is read: the work would be for nothing.
    if !args.force && fs::symlink_metadata(&args.out).is_ok() {
        let message = format!("{}: there is a file already", args.out.display());
        let advice = "name another one, or put the new one in its place with --force";
        return refuse(&[Diagnostic::whole(message, advice)], Exit::Failed);
    }
    let read = match gather(args) {
        Ok(read) => read,
        Err(mistakes) => return refuse(&mistakes, Exit::Failed),
    };
    let made = match build(args, read.newest) {
        Ok(build) => read.imported.file(args.kind.as_deref(), build),
        Err(why) => {
            fail(&why);
            return Exit::Usage;
        }
    };
    let written = made.and_then(|(file, kind, records)| {
        put(&args.out, &file).map_err(|e| format!("{}: {e}", args.out.display()))?;
        Ok(summary(args, &read.imported, &kind, records, file.len()))
    });
    match written {
        Ok(text) => {
            daemon::say(&text);
            Exit::Done
        }
        Err(why) => fail(&why),
    }
}

/// All inputs, read.
struct Read {
    imported: Imported,
    /// When the newest of them changed, in seconds of the Unix epoch.
    newest: u64,
}

fn gather(args: &Import) -> Result<Read, Vec<Diagnostic>> {
    let (mut texts, mut mistakes, mut newest) = (Vec::new(), Vec::new(), 0);
    for path in &args.inputs {
        match file::whole(path, limits::IMPORT_FILE) {
            Ok((text, changed)) => {
                newest = newest.max(changed);
                let source = Source::new(path.display().to_string(), text);
                let by_content = || Format::of(&source.text);
                let format = args.format.map(Format::from).or_else(by_content);
                match format {
                    Some(format) => texts.push((source, format)),
                    None => mistakes.push(Diagnostic::whole(
                        format!("{}: the form is not recognised", path.display()),
                        "a CSV needs a header such as `network,country`; or say which it is with --format",
                    )),
                }
            }
            Err(why) => {
                let message = format!("{}: {why}", path.display());
                mistakes.push(Diagnostic::whole(message, "name a text file of networks"));
            }
        }
    }
    let bar = bar(texts
        .iter()
        .map(|(source, _)| source.text.len() as u64)
        .sum());
    let mut import = reading::Import::default();
    let mut done = 0;
    for (source, format) in &texts {
        bar.set_message(source.path.clone());
        import.read(source, *format, &mut |octets| {
            bar.set_position(done + octets)
        });
        done += source.text.len() as u64;
    }
    bar.set_message("sorting");
    let imported = import.finish();
    bar.finish_and_clear();
    match imported {
        Ok(imported) if mistakes.is_empty() => Ok(Read { imported, newest }),
        Ok(_) => Err(mistakes),
        // With nothing to read there is nothing more to say.
        Err(_) if texts.is_empty() => Err(mistakes),
        Err(more) => {
            mistakes.extend(more);
            Err(mistakes)
        }
    }
}

/// On a terminal; elsewhere nothing is drawn.
fn bar(octets: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} % of {total_bytes}  {msg}");
    let target = ProgressDrawTarget::stderr();
    let bar = ProgressBar::with_draw_target(Some(octets), target);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn build(args: &Import, newest: u64) -> Result<u64, String> {
    if let Some(build) = args.build {
        return Ok(build);
    }
    // https://reproducible-builds.org/specs/source-date-epoch/
    match env::var_os("SOURCE_DATE_EPOCH") {
        None => Ok(newest),
        Some(text) => {
            let number = text.to_str().and_then(|text| text.parse().ok());
            number.ok_or_else(|| {
                format!(
                    "SOURCE_DATE_EPOCH is `{}`: write seconds since 1970",
                    text.display()
                )
            })
        }
    }
}

/// Writes it beside and renames it, so that nobody ever sees a part of it.
fn put(out: &Path, file: &[u8]) -> std::io::Result<()> {
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let mut name = OsString::from(".");
    name.push(out.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let beside = folder.join(name);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside);
    let renamed = written.and_then(|mut to| {
        to.write_all(file)?;
        to.sync_all()?;
        fs::rename(&beside, out)?;
        File::open(&folder)?.sync_all()
    });
    if renamed.is_err() {
        // What is left of it is of no use to anyone.
        let _ = fs::remove_file(&beside);
    }
    renamed
}

fn summary(args: &Import, made: &Imported, kind: &str, records: usize, octets: usize) -> String {
    let (four, six) = made.networks;
    let countries = match made.countries() {
        0 => String::new(),
        n => format!(", {}", count(n, "country", "countries")),
    };
    let mut text = format!(
        "{}: {kind}, {} of IPv4 and {} of IPv6{countries}, {}, {} octets\n",
        args.out.display(),
        count(four, "network", "networks"),
        thousands(six as u64),
        count(records, "record", "records"),
        thousands(octets as u64),
    );
    let what = |code: &str| match code {
        "EU" | "CS" => " (taken as Europe)",
        "AP" => " (taken as Asia)",
        "AN" => " (taken as North America)",
        _ => "",
    };
    let codes = made.codes.iter().take(CODES);
    let codes: Vec<String> = codes
        .map(|(code, lines)| format!("{code}{} {}", what(code), thousands(*lines as u64)))
        .collect();
    if !codes.is_empty() {
        let more = made.codes.len().saturating_sub(CODES);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "lines with codes that no country has: {}{more}",
            codes.join(", ")
        );
    }
    if made.embedded > 0 {
        let left = count(made.embedded, "network", "networks");
        let _ = writeln!(
            text,
            "left out: {left} of 6to4, Teredo and mapped addresses, which are looked up as IPv4"
        );
    }
    text
}

/// Codes shown.
const CODES: usize = 20;
