//! Names as lists of labels, which may hold any octet, seen from an origin.

/// Labels from the leftmost on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(pub Vec<Vec<u8>>);

impl Name {
    /// Of labels without dots and escapes, as in `a.b`; the origin is the empty text.
    pub fn of(text: &str) -> Name {
        let labels = text.split('.').filter(|label| !label.is_empty());
        Name(labels.map(|label| label.as_bytes().to_vec()).collect())
    }

    /// As a zone file has it (RFC 1035 §5.1): `@` for the origin.
    pub fn text(&self) -> String {
        if self.0.is_empty() {
            return "@".into();
        }
        let labels: Vec<String> = self.0.iter().map(|label| escaped(label)).collect();
        labels.join(".")
    }

    /// With a label before it.
    pub fn child(&self, label: &[u8]) -> Name {
        Name([&[label.to_vec()], self.0.as_slice()].concat())
    }

    /// Without its first label.
    pub fn parent(&self) -> Name {
        Name(self.0.iter().skip(1).cloned().collect())
    }

    /// Seen from the origin's origin.
    pub fn under(&self, origin: &Name) -> Name {
        Name([self.0.as_slice(), &origin.0].concat())
    }

    /// In small letters.
    pub fn lower(&self) -> Name {
        Name(
            self.0
                .iter()
                .map(|label| label.to_ascii_lowercase())
                .collect(),
        )
    }

    /// Whether it is `other`, or lies below it.
    pub fn within(&self, other: &Name) -> bool {
        let skip = self.0.len().checked_sub(other.0.len());
        skip.is_some_and(|skip| {
            let own = self.0[skip..].iter().zip(&other.0);
            own.into_iter().all(|(a, b)| a.eq_ignore_ascii_case(b))
        })
    }

    /// Whether its first label is `*`.
    pub fn is_wildcard(&self) -> bool {
        self.0.first().is_some_and(|label| label == b"*")
    }

    /// As messages have it, as an absolute name.
    pub fn wire(&self) -> Vec<u8> {
        let mut wire = Vec::new();
        for label in &self.0 {
            wire.push(label.len() as u8);
            wire.extend(label);
        }
        wire.push(0);
        wire
    }
}

/// A label with escapes for what means something in a zone file.
fn escaped(label: &[u8]) -> String {
    let octet = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'*' => char::from(*byte).into(),
        other => format!("\\{other:03}"),
    };
    label.iter().map(octet).collect()
}

/// The text of an absolute name in wire form.
pub fn shown(wire: &[u8]) -> String {
    let mut labels = Vec::new();
    let mut rest = wire;
    while let Some((&length, after)) = rest.split_first() {
        if length == 0 {
            break;
        }
        let (label, next) = after.split_at(usize::from(length).min(after.len()));
        labels.push(label.to_vec());
        rest = next;
    }
    if labels.is_empty() {
        return ".".into();
    }
    Name(labels).text() + "."
}
