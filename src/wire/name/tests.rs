//! Tests of names: text and wire forms, and their mistakes.

use super::*;

fn name(text: &str) -> Name {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn text_and_wire() {
    assert_eq!(
        name("www.Example.com.").wire(),
        b"\x03www\x07Example\x03com\0"
    );
    assert_eq!(name("a\\.b.\\099.").wire(), b"\x03a.b\x01c\0");
    assert_eq!(name("www.example.com."), name("WWW.EXAMPLE.COM."));
    assert!(name("a.b.c.").is_within(&name("B.c.")));
    assert!(!name("xb.c.").is_within(&name("b.c.")));
    assert!(name("a.").is_within(&Name::root()));
    assert_eq!(Name::parse(b"a..b.", None), Err(NameError::EmptyLabel));
    assert_eq!(
        Name::parse(b"a\\25", Some(&Name::root())),
        Err(NameError::Escape)
    );
    assert_eq!(Name::parse(b"a\\256.", None), Err(NameError::Escape));
    assert_eq!(Name::parse(b"a", None), Err(NameError::Relative));
    assert_eq!(
        Name::parse(&[b'a'; 64], Some(&Name::root())),
        Err(NameError::LabelTooLong)
    );
}

#[test]
fn every_octet_prints_and_reads_back() {
    for octet in 0..=255u8 {
        let name = Name::root()
            .child(&[octet, b'x'])
            .unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(
            Name::parse(name.to_string().as_bytes(), None).map(|n| n.wire().to_vec()),
            Ok(name.wire().to_vec())
        );
    }
}

#[test]
fn marks_that_other_servers_stumble_over_are_escaped() {
    let marks = Name::root()
        .child(b"a-_*/ .\"\\;()@$!#%&'+,:<=>?[]^`{|}~\xc3")
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        marks.to_string(),
        "a-_*/\\032\\.\\\"\\092\\;\\(\\)\\@\\$\\033\\035\\037\\038\\039\\043\\044\\058\\060\\061\\062\\063\\091\\093\\094\\096\\123\\124\\125\\126\\195."
    );
}

#[test]
fn names_are_written_behind_what_is_there() {
    let mut out = b"\x05x".to_vec();
    assert_eq!(Name::write(b"a\\.b.c", Some(&name("d.")), &mut out), Ok(()));
    assert_eq!(out, b"\x05x\x03a.b\x01c\x01d\0");
    assert_eq!(
        Name::write(b".a", None, &mut out),
        Err(NameError::EmptyLabel)
    );
    assert_eq!(Name::measure(b"\x01a\0rest"), Ok(3));
    assert_eq!(Name::measure(b"\xc0\x0c"), Err(NameError::Cut));
}

#[test]
fn at_most_255_octets() {
    let long = [b"a.".repeat(127)].concat();
    assert_eq!(Name::parse(&long, None).map(|n| n.wire().len()), Ok(255));
    assert_eq!(
        Name::parse(&[b"a.".repeat(128)].concat(), None),
        Err(NameError::TooLong)
    );
}

#[test]
fn a_name_is_the_same_in_every_octet_or_not_at_all() {
    let octets: Vec<u8> = (0..40).collect();
    for length in 0..octets.len() {
        let name = &octets[..length];
        let copy: Vec<u8> = name.into();
        assert!(same(name, &copy));
        assert!(!same(name, &octets[..=length]));
        for at in 0..length {
            let mut other = name.to_vec();
            other[at] ^= 1;
            assert!(!same(name, &other), "{at} of {length}");
        }
    }
}
