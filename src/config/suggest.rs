//! Did you mean: the known name that is nearest to a mistyped one.

use crate::limits;

/// The name with the fewest changes from `word`, if few enough that it can have been meant; the first of several.
pub fn nearest<'c>(word: &str, names: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word: Vec<char> = word
        .chars()
        .flat_map(char::to_lowercase)
        .take(limits::GUESS_LENGTH + 1)
        .collect();
    if word.len() > limits::GUESS_LENGTH {
        return None;
    }
    // A third of the word: `polcy` is near `policy`, but one letter is near nothing.
    let most = (word.len() + 1) / 3;
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        if name.len() > limits::GUESS_LENGTH || name.len().abs_diff(word.len()) > 4 * most {
            continue;
        }
        let letters: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
        if letters.len().abs_diff(word.len()) > most.min(3) {
            continue;
        }
        let changes = changes(&word, &letters);
        if changes <= most.min(3) && best.is_none_or(|b| (changes, name) < b) {
            best = Some((changes, name));
        }
    }
    best.map(|(_, name)| name)
}

/// How many letters must be changed, added, left out or swapped with their neighbour.
fn changes(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (last[j] + usize::from(x != y))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && *x == b[j - 1] {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant() {
        let names = ["policy", "prefer", "members", "min_up", "iad-1", "fra-1"];
        for (word, meant) in [
            ("polcy", Some("policy")),
            ("member", Some("members")),
            ("iad-l", Some("iad-1")),
            ("ida-1", Some("iad-1")),
            ("FRA-1", Some("fra-1")),
            ("weight", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, names), meant, "{word}");
        }
        assert_eq!(nearest("b", ["a", "c"]), None);
        assert_eq!(nearest(&"x".repeat(5000), [&*"x".repeat(5000)]), None);
    }

    #[test]
    fn of_several_the_first_by_name() {
        assert_eq!(nearest("fra-3", ["fra-2", "fra-1"]), Some("fra-1"));
    }
}
