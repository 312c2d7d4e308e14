//! Fenced blocks of a Markdown page, and what surrounds a steering fragment so that it can be loaded.

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Of its first line of text, from 1.
    pub(super) line: usize,
    /// The words behind the fence.
    pub(super) info: String,
    /// Its lines.
    pub(super) text: String,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole steering file: `toml`.
    Steering,
    /// A part of one, among the sites and VIPs of the examples: `toml fragment`.
    Fragment,
    /// The list that the steering of the page names, `rtt.csv`: `csv`.
    List,
    /// A command and what it says: `console`.
    Console,
    /// Anything else.
    Other,
}

/// The sites and VIPs of the examples, and one name for the first pool.
const SITES: &str = "\
[sites]
fra = { location = [50.11, 8.68] }
ams = { location = [52.31, 4.76] }
iad = { location = [38.95, -77.45] }
sin = { location = [1.36, 103.99] }
";
const VIPS: &str = r#"
[vips]
fra-1 = { site = "fra", address = "192.0.2.10" }
fra-2 = { site = "fra", address = "192.0.2.11" }
ams-1 = { site = "ams", address = "192.0.2.20" }
iad-1 = { site = "iad", address = "198.51.100.10" }
iad-2 = { site = "iad", address = "198.51.100.11" }
sin-1 = { site = "sin", address = "203.0.113.10" }
"#;

impl Block {
    pub(super) fn kind(&self) -> Kind {
        match self.info.as_str() {
            "toml" => Kind::Steering,
            "toml fragment" => Kind::Fragment,
            "csv" => Kind::List,
            "console" => Kind::Console,
            info => {
                assert!(!info.starts_with("toml"), "line {}: `{info}`", self.line);
                Kind::Other
            }
        }
    }

    /// The steering file that it is, or is a part of.
    pub(super) fn whole(&self) -> String {
        let has = |table: &str| self.text.lines().any(|line| line.starts_with(table));
        let mut whole = self.text.clone();
        if self.kind() != Kind::Fragment {
            return whole;
        }
        if !has("[sites") {
            whole += SITES;
        }
        if !has("[vips") {
            whole += VIPS;
        }
        if !has("[names") {
            let pools = self.text.split("[pools.").nth(1);
            let pool = pools.and_then(|pool| pool.split(']').next());
            let pool = pool.unwrap_or("fra");
            whole += &format!("[names]\n\"www.example.com.\" = \"{pool}\"\n");
        }
        whole
    }

    /// The command on its first line.
    pub(super) fn command(&self) -> Option<&str> {
        let first = self.text.lines().next()?;
        first
            .strip_prefix("$ ")
            .filter(|c| c.starts_with("meridian explain "))
    }
}

/// The list that a page has beside its steering.
pub(super) fn list(blocks: &[Block]) -> Option<&str> {
    let list = blocks.iter().find(|block| block.kind() == Kind::List);
    list.map(|block| block.text.as_str())
}

/// All fenced blocks of a page.
pub(super) fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in page.lines().enumerate() {
        let Some(info) = line.strip_prefix("```") else {
            if let Some(block) = &mut open {
                block.text += line;
                block.text.push('\n');
            }
            continue;
        };
        match open.take() {
            Some(block) => found.push(block),
            None => {
                open = Some(Block {
                    line: index + 2,
                    info: info.trim().into(),
                    text: String::new(),
                });
            }
        }
    }
    assert!(open.is_none(), "a block has no end");
    found
}

#[test]
fn fragments_get_what_they_lack() {
    let page = "a\n```toml fragment\n[pools.x]\nmembers = \"fra\"\n```\nb\n```\nc\n```\n";
    let found = blocks(page);
    assert_eq!((found.len(), found[0].line, found[1].line), (2, 3, 8));
    assert_eq!(
        (found[0].kind(), found[1].kind()),
        (Kind::Fragment, Kind::Other)
    );
    let whole = found[0].whole();
    for part in ["[sites]", "[vips]", "\"www.example.com.\" = \"x\""] {
        assert!(whole.contains(part), "{whole}");
    }
    let whole = Block {
        text: "[vips]\n[names]\n".into(),
        ..blocks(page).remove(0)
    }
    .whole();
    assert_eq!(
        (
            whole.matches("[vips]").count(),
            whole.matches("[names]").count()
        ),
        (1, 1)
    );
}
