//! Reading Rust well enough for house rules: code without its comments and literals, and the paths in it.

/// The code of a file in which comments, strings and characters are blanks. Lines and columns stay where they are.
pub fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = hidden(&chars, at);
        if end > at {
            out.extend(
                chars[at..end]
                    .iter()
                    .map(|c| if *c == '\n' { '\n' } else { ' ' }),
            );
            at = end;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// Where the comment or literal that begins at `at` ends; `at` itself if none begins there.
fn hidden(chars: &[char], at: usize) -> usize {
    let is = |i: usize, c: char| chars.get(i) == Some(&c);
    let inside_word = at > 0 && is_word(chars[at - 1]);
    match chars[at] {
        '/' if is(at + 1, '/') => (at..chars.len())
            .find(|i| is(*i, '\n'))
            .unwrap_or(chars.len()),
        '/' if is(at + 1, '*') => block_comment(chars, at),
        '"' => string(chars, at + 1),
        '\'' if is(at + 1, '\\') => {
            let close = (at + 3..chars.len()).find(|i| is(*i, '\''));
            close.map_or(chars.len(), |i| i + 1)
        }
        // A lifetime has no closing mark behind its first letter.
        '\'' if is(at + 2, '\'') => at + 3,
        'r' | 'b' | 'c' if !inside_word => raw_string(chars, at).unwrap_or(at),
        _ => at,
    }
}

fn block_comment(chars: &[char], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn string(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// The end of a raw string such as `r#"…"#` or `br"…"`, if one begins here.
fn raw_string(chars: &[char], start: usize) -> Option<usize> {
    let r = (start..start + 2).find(|i| chars.get(*i) == Some(&'r'))?;
    let marks = chars[r + 1..].iter().take_while(|c| **c == '#').count();
    let open = r + 1 + marks;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let closes = |i: &usize| {
        chars[*i] == '"'
            && chars[i + 1..]
                .iter()
                .take(marks)
                .filter(|c| **c == '#')
                .count()
                == marks
    };
    Some(
        (open + 1..chars.len())
            .find(closes)
            .map_or(chars.len(), |i| i + 1 + marks),
    )
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A piece of code with its line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// A word, `::`, or a single mark.
    pub text: String,
    /// Where it stands.
    pub line: usize,
}

/// The tokens of [`code`].
pub fn tokens(code: &str) -> Vec<Token> {
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let size = if is_word(first) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            if !first.is_whitespace() {
                found.push(Token {
                    text: rest[..size].to_string(),
                    line: index + 1,
                });
            }
            rest = &rest[size..];
        }
    }
    found
}

/// The tokens without the items under `#[cfg(test)]`.
pub fn without_tests(tokens: &[Token]) -> Vec<Token> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        let here = &tokens[at..];
        if here.len() >= MARK.len()
            && here
                .iter()
                .zip(MARK)
                .all(|(token, mark)| token.text == mark)
        {
            at = item_end(tokens, at + MARK.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Behind the `;` or the closing brace of the item that begins at `at`.
pub fn item_end(tokens: &[Token], mut at: usize) -> usize {
    let mut depth = 0_i32;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" => {
                depth -= 1;
                if depth <= 0 {
                    return at;
                }
            }
            ")" | "]" => depth -= 1,
            ";" if depth == 0 => return at,
            _ => {}
        }
    }
    at
}

/// A path as it stands in the code, `use` groups written out: `std::fs::read`, `println!`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Its parts; the last carries the `!` of a macro, the first the `.` of a field or method.
    pub parts: Vec<String>,
    /// Where it begins.
    pub line: usize,
}

impl Path {
    /// Whether `parts` stand in it side by side.
    pub fn has(&self, parts: &[&str]) -> bool {
        self.parts
            .windows(parts.len())
            .any(|window| window == parts)
    }
}

/// All paths of the code, single words included.
pub fn paths(tokens: &[Token]) -> Vec<Path> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        let dot = |back: usize| at >= back && tokens[at - back].text == ".";
        if !tokens[at].text.starts_with(is_word) {
            at += 1;
            continue;
        }
        let field = dot(1) && !dot(2);
        let first = found.len();
        at = path(tokens, at, &[], &mut found);
        if let Some(path) = found.get_mut(first).filter(|_| field) {
            path.parts[0].insert(0, '.');
        }
    }
    found
}

/// Reads one path, or the branches of a group, below `stem`; returns where it ended.
fn path(tokens: &[Token], mut at: usize, stem: &[String], found: &mut Vec<Path>) -> usize {
    let text = |i: usize| tokens.get(i).map_or("", |t| t.text.as_str());
    let line = tokens[at].line;
    let mut parts = stem.to_vec();
    loop {
        if text(at) == "{" {
            at += 1;
            while at < tokens.len() && text(at) != "}" {
                at = if text(at) == "," {
                    at + 1
                } else {
                    path(tokens, at, &parts, found)
                };
            }
            return at + 1;
        }
        parts.push(text(at).to_string());
        at += 1;
        let deeper = text(at) == "::"
            && (text(at + 1).starts_with(is_word) || matches!(text(at + 1), "{" | "*"));
        if !deeper {
            break;
        }
        at += 1;
    }
    if text(at) == "!" && text(at + 1) != "=" {
        if let Some(last) = parts.last_mut() {
            last.push('!');
        }
        at += 1;
    }
    found.push(Path { parts, line });
    at
}

#[test]
fn comments_and_literals_are_blanked() {
    let text = "a /* x /* y */ z */ b // c\nlet s = \"d \\\" e\"; let r = r#\"f \" g\"#; 'h' '\\'' &'i str b'j'";
    let kept = code(text);
    assert_eq!(kept.chars().count(), text.chars().count());
    let words: Vec<_> = tokens(&kept).into_iter().map(|t| t.text).collect();
    let expected = "a b let s = ; let r = ; & ' i str b";
    assert_eq!(words.join(" "), expected);
}

#[test]
fn tests_are_cut_out_wherever_they_stand() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { [1; 2]; } }\n#[cfg(test)]\nmod more;\nfn c() {}";
    let words: Vec<_> = without_tests(&tokens(text))
        .into_iter()
        .map(|t| t.text)
        .collect();
    assert_eq!(words.join(" "), "fn a ( ) { } fn c ( ) { }");
}

#[test]
fn groups_are_written_out() {
    let found = paths(&tokens(
        "use std::{fs, net::{self, TcpStream as S}};\nprintln!(crate::a::b(), x.z != 0..y);",
    ));
    let found: Vec<_> = found.iter().map(|p| p.parts.join("::")).collect();
    for path in [
        "std::fs",
        "std::net::self",
        "std::net::TcpStream",
        "println!",
        "crate::a::b",
        "x",
        ".z",
        "y",
    ] {
        assert!(
            found.iter().any(|f| f == path),
            "{path} is not in {found:?}"
        );
    }
}
