//! What is asked, prebuilt, and what is right: as much as the generator looks at, and all of it for the check before.

use std::net::IpAddr;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RData;

/// What an answer must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Right {
    /// NXDOMAIN.
    Missing,
    /// Just these addresses, in any order.
    All(Vec<IpAddr>),
    /// So many of these.
    Of(usize, Vec<IpAddr>),
}

/// Questions that are asked in turn.
#[derive(Default)]
pub struct Questions {
    octets: Vec<u8>,
    ends: Vec<usize>,
    right: Vec<Right>,
    /// Response code and number of answers of each; none where nobody looks.
    heads: Vec<(u8, u8)>,
}

impl Questions {
    pub fn add(&mut self, message: &[u8], right: Right) {
        self.octets.extend(message);
        self.ends.push(self.octets.len());
        self.heads.push(match &right {
            Right::Missing => (3, 0),
            Right::All(addresses) => (0, addresses.len() as u8),
            Right::Of(many, _) => (0, *many as u8),
        });
        self.right.push(right);
    }

    /// The same with another end of each message, of which nobody tells what is right.
    pub fn map(&self, change: impl Fn(&[u8]) -> Vec<u8>) -> Questions {
        let mut all = Questions::default();
        for at in 0..self.len() {
            all.add(&change(self.message(at)), self.right[at as usize].clone());
        }
        all
    }

    /// The same for an echo, whose answers are right as they come.
    pub fn blind(&self) -> Questions {
        Questions {
            octets: self.octets.clone(),
            ends: self.ends.clone(),
            ..Questions::default()
        }
    }

    pub fn len(&self) -> u32 {
        self.ends.len() as u32
    }

    pub fn message(&self, at: u32) -> &[u8] {
        let at = at as usize;
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.octets[begin..self.ends[at]]
    }

    /// Whether the head of an answer is as expected.
    pub fn is_right(&self, at: u32, code: u8, answers: u8) -> bool {
        self.heads
            .get(at as usize)
            .is_none_or(|head| *head == (code, answers))
    }

    /// What is wrong with a whole answer, if anything is.
    pub fn judge(&self, at: u32, answer: &[u8]) -> Result<(), String> {
        let right = &self.right[at as usize];
        let message = Message::from_vec(answer).map_err(|error| error.to_string())?;
        let address = |data: &RData| match data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        };
        let records = message.answers.iter();
        let mut got: Vec<IpAddr> = records.filter_map(|r| address(&r.data)).collect();
        got.sort();
        let code = message.metadata.response_code;
        let holds = match right {
            Right::Missing => code == ResponseCode::NXDomain,
            Right::All(wanted) => *wanted == got,
            Right::Of(many, wanted) => {
                let all = got.iter().all(|address| wanted.contains(address));
                got.dedup();
                all && got.len() == *many
            }
        };
        let said = || format!("{right:?} was expected, and {code} {got:?} came");
        holds.then_some(()).ok_or_else(said)
    }
}
