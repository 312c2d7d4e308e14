//! What the server says of itself, and the secrets of its cookies: beside the estate, for every query.

use crate::limits;
use crate::wire::cookie::Secrets;

/// See the module. The default says nothing and knows no cookies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Badge {
    /// Which server this is: for NSID and `id.server`. None: it does not say.
    pub id: Option<Box<str>>,
    /// What it is, for `version.server`. None: it does not say.
    pub version: Option<Box<str>>,
    /// Of the cookies.
    pub secrets: Secrets,
}

impl Badge {
    /// Texts longer than [`limits::IDENTITY`] octets, or empty, are not said.
    pub fn new(id: Option<&str>, version: Option<&str>, secrets: Secrets) -> Badge {
        let said = |text: Option<&str>| {
            let text = text.filter(|t| (1..=limits::IDENTITY).contains(&t.len()));
            text.map(Box::from)
        };
        Badge {
            id: said(id),
            version: said(version),
            secrets,
        }
    }

    /// The same with other secrets.
    pub fn with(&self, secrets: Secrets) -> Badge {
        Badge {
            secrets,
            ..self.clone()
        }
    }
}
