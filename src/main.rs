//! The door handle: everything is in the library, see `cli`.

fn main() -> std::process::ExitCode {
    meridian::cli::main()
}
