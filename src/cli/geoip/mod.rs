//! `meridian geoip`: databases of where addresses are: made of text files, asked, and surveyed as the steering sees them.

mod classes;
mod file;
mod import;
mod lookup;
mod table;
mod words;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Exit, Where, values};
use crate::geo::import as reading;

const IMPORT: &str = "\
Writes an MMDB file from text files. A form is recognised by its content:

  csv     a header names the columns, `network` or `first` and `last` among them, beside any of
          `country` (two letters), `subdivision`, `city`, `latitude`, `longitude`, `radius` (km), `asn`
  tor     the files geoip and geoip6 of Debian's package tor-geoipdb
  libloc  what `location dump` of Debian's package location writes

A range that is no network is split into the fewest networks. Where networks lie in each other, the longest counts \
with all it says; one that stands twice and differs is an error. All mistakes are shown, each with its place, \
and with one of them nothing is written. The file is written beside and renamed into place, so a running server sees \
the old or the new one. The same input makes the same octets.

Exit code: 0 the file is written, 1 an input is wrong or the file cannot be written, 2 the arguments are wrong.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  Real countries from Debian's package tor-geoipdb
    meridian geoip import --out countries.mmdb /usr/share/tor/geoip /usr/share/tor/geoip6
  Countries and AS numbers from Debian's package location
    location dump networks.txt && meridian geoip import --out networks.mmdb networks.txt
  Own networks, once more in place of the file of before
    meridian geoip import --force --out offices.mmdb offices.csv";

const LOOKUP: &str = "\
Shows what each database says of addresses, each by itself, and what counts when all are taken together, with the file \
that each fact is from.

An IPv4 address that is written as IPv6 is looked up as IPv4. Of an address that no client on the Internet has, such as \
a private one, there is nothing to know, and as a client subnet it is not used.

Exit code: 0 all addresses were looked up, 1 something could not be read, 2 the arguments are wrong.";

const LOOKUP_EXAMPLES: &str = "\
Examples:
  What the built-in map says
    meridian geoip lookup 193.0.6.139 2001:67c:2e8::1
  What each database says, and what counts
    meridian geoip lookup 193.0.6.139 --geoip City.mmdb ASN.mmdb
  For a program
    meridian geoip lookup 193.0.6.139 --json";

const CLASSES: &str = "\
Shows how the steering divides the address space: each map, the pools and names that use it, and its classes. A client is \
treated by its class alone: which rule fits and, where distance counts, the nearest sites in order. For each class how \
many networks it has, and its share of all IPv4 addresses and of all global IPv6 ones (2000::/3).

Exit code: 0 shown, 1 the estate is refused or has no such name or pool, 2 the arguments are wrong.";

const CLASSES_EXAMPLES: &str = "\
Examples:
  All maps
    meridian geoip classes --geoip countries.mmdb
  Of one name, or of one pool
    meridian geoip classes www.example.com
    meridian geoip classes web
  The whole table of a pool, a network and its class on each line
    meridian geoip classes web --prefixes";

#[derive(Debug, Subcommand)]
pub(super) enum Geoip {
    /// Write a database from text files
    #[command(long_about = IMPORT, after_long_help = IMPORT_EXAMPLES)]
    Import(Import),
    /// Show what is known of addresses
    #[command(long_about = LOOKUP, after_long_help = LOOKUP_EXAMPLES)]
    Lookup(Lookup),
    /// Show how the steering divides the address space
    #[command(long_about = CLASSES, after_long_help = CLASSES_EXAMPLES)]
    Classes(Classes),
}

#[derive(Args, Debug)]
pub(super) struct Import {
    /// The text files
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// The MMDB file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The form of all inputs [default: by their content]
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// The type that readers see [default: Meridian-City, -Country or -ASN]
    #[arg(long = "type", value_name = "NAME", value_parser = values::kind)]
    kind: Option<String>,
    /// When it was built, in seconds since 1970 [default: SOURCE_DATE_EPOCH, else the newest input]
    #[arg(long, value_name = "SECONDS")]
    build: Option<u64>,
    /// Put the file in the place of one that is there
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Networks or ranges with a header
    Csv,
    /// geoip and geoip6 of tor-geoipdb
    Tor,
    /// What `location dump` writes
    Libloc,
}

impl From<Form> for reading::Format {
    fn from(form: Form) -> reading::Format {
        match form {
            Form::Csv => reading::Format::Csv,
            Form::Tor => reading::Format::Tor,
            Form::Libloc => reading::Format::Libloc,
        }
    }
}

#[derive(Args, Debug)]
pub(super) struct Lookup {
    /// The addresses
    #[arg(required = true, value_name = "ADDRESS")]
    addresses: Vec<std::net::IpAddr>,
    /// As JSON, with everything
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

#[derive(Args, Debug)]
pub(super) struct Classes {
    /// Only the map of this name or pool
    #[arg(value_name = "NAME or POOL")]
    of: Option<String>,
    /// Print the table itself: each network with its class
    #[arg(long)]
    prefixes: bool,
    /// As JSON, with everything
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

pub(super) fn run(args: &Geoip) -> Exit {
    match args {
        Geoip::Import(args) => import::run(args),
        Geoip::Lookup(args) => lookup::run(args),
        Geoip::Classes(args) => classes::run(args),
    }
}
