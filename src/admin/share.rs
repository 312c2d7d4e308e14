//! How many bodies of one token may be on their way at once: who sends slowly leaves room for all others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits;

/// By the name of a token, how many of its bodies are being read.
#[derive(Debug, Default)]
pub(super) struct Shares(Mutex<BTreeMap<String, usize>>);

/// One body that is being read.
#[derive(Debug)]
pub(super) struct Share {
    all: Arc<Shares>,
    name: String,
}

impl Shares {
    /// Room for one more body; none if the token has as many under way as one may have.
    pub(super) fn take(self: &Arc<Shares>, name: &str) -> Option<Share> {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = shares.get(name).copied().unwrap_or(0);
        if count >= limits::ADMIN_SHARE {
            return None;
        }
        shares.insert(name.to_owned(), count.saturating_add(1));
        Some(Share {
            all: self.clone(),
            name: name.to_owned(),
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut shares = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        match shares.get_mut(&self.name) {
            Some(count) if *count > 1 => *count -= 1,
            // Names of tokens that are gone must not pile up.
            _ => drop(shares.remove(&self.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_token_leaves_room_for_another() {
        let shares = Arc::new(Shares::default());
        let taken: Vec<Option<Share>> = (0..=limits::ADMIN_SHARE)
            .map(|_| shares.take("slow"))
            .collect();
        let held = taken.iter().filter(|share| share.is_some()).count();
        assert_eq!(held, limits::ADMIN_SHARE);
        assert!(shares.take("good").is_some());
        drop(taken);
        assert!(shares.take("slow").is_some());
        let left = shares.0.lock();
        assert!(left.is_ok_and(|left| left.is_empty()));
    }
}
