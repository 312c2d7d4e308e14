//! Laws of record data: what is written reads back as it was, and nothing panics.

use proptest::prelude::*;

use super::make::{Dice, data};
use super::{opaque, read_text, shown, table};
use crate::wire::kind::Kind;
use crate::zone::rdata::{canonical, check, target};

fn any_kind() -> impl Strategy<Value = Kind> {
    let kinds: Vec<Kind> = table::kinds().collect();
    (0..kinds.len()).prop_map(move |index| kinds[index])
}

fn dice() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..400)
}

/// What texts are made of.
fn any_word() -> impl Strategy<Value = String> {
    let odd = [
        "\\#",
        "-",
        ".",
        "@",
        "0",
        "1",
        "3",
        "4",
        "65535",
        "4294967296",
        "-1",
        "a",
        "A",
        "N",
        "W",
        "TYPE0",
        "TYPE65535",
        "192.0.2.1",
        "::",
        "1:0.0.0.0/0",
        "!2::/0",
        "AQID",
        "AA==",
        "=",
        "\"\"",
        "\"a b\"",
        "\\",
        "\\25",
        "\\300",
        "0x",
        "0x0",
        "1.5m",
        "-0m",
        "60",
        "alpn=",
        "alpn=\\\\",
        "mandatory=",
        "key1=\"\"",
        "key65535",
        "00-00",
        "0:0:0:0",
        "20000101000000",
        "1h",
        "(",
        ")",
        ";",
        "ü",
    ];
    prop_oneof![
        3 => (0..odd.len()).prop_map(move |index| odd[index].to_owned()),
        1 => "[ -~]{0,8}",
        1 => "[a-f0-9]{0,600}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn well_formed_data_have_a_text_of_their_own(kind in any_kind(), dice in dice()) {
        let data = data(kind, &mut Dice(&dice));
        prop_assert_eq!(check(kind, &data), Ok(()));
        let text = shown(kind, &data);
        prop_assert!(!text.starts_with("\\#"), "{}", text);
        let read = read_text(kind, &text).map(|(data, _)| data);
        prop_assert_eq!(read, Ok(data.clone()), "{}", text);
        let read = read_text(kind, &opaque(&data)).map(|(data, _)| data);
        prop_assert_eq!(read, Ok(data));
    }

    #[test]
    fn any_data_can_be_told(kind in any_kind(), dice in dice(), cut in 0..40usize, flip in any::<(u8, u8)>()) {
        // Nearly well-formed data are the hard ones.
        let mut data = data(kind, &mut Dice(&dice));
        data.truncate(data.len().saturating_sub(cut.saturating_sub(20)));
        let at = usize::from(flip.0);
        if let Some(octet) = data.get_mut(at) {
            *octet ^= flip.1;
        }
        for data in [data.as_slice(), dice.as_slice()] {
            let text = shown(kind, data);
            prop_assert!(text.starts_with("\\#") || check(kind, data).is_ok());
            if check(kind, data).is_ok() {
                let read = read_text(kind, &text).map(|(data, _)| data);
                prop_assert_eq!(read, Ok(data.to_vec()), "{}", text);
            }
            let mut same = Vec::new();
            canonical(kind, data, &mut same);
            prop_assert!(same.eq_ignore_ascii_case(data));
            prop_assert!(target(kind, data).is_none_or(|name| name.ends_with(b"\0")));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(kind in any_kind(), words in proptest::collection::vec(any_word(), 0..9)) {
        if let Ok((data, _)) = read_text(kind, &words.join(" ")) {
            prop_assert_eq!(check(kind, &data), Ok(()));
            let again = read_text(kind, &shown(kind, &data)).map(|(data, _)| data);
            prop_assert_eq!(again, Ok(data));
        }
    }
}
