//! A new token: for the sender, and the line by which the server knows it.

use super::{Exit, fail};
use crate::admin::tokens;
use crate::daemon;

pub(super) const ABOUT: &str = "\
Makes a token. The first line is the token itself, for who sends it; it is shown this once. The second is the \
line for the file that `[tokens.NAME] file` names: by it the server knows the token without holding it.

Exit code: 0 done, 1 the system has no randomness.";

pub(super) fn run() -> Exit {
    match tokens::fresh() {
        Ok(token) => {
            daemon::say(&format!("{token}\n{}\n", tokens::at_rest(&token)));
            Exit::Done
        }
        Err(error) => fail(&error.to_string()),
    }
}
