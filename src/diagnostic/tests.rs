//! Tests of spots that are cut, and of what is shown.

use super::*;

#[test]
fn a_cut_spot_looks_the_same() {
    let source = Source::new("a.zone", "one\ntwo three\r\nfour");
    for span in [0..3, 4..7, 8..13, 8..20, 15..19, 19..19, 30..40] {
        let spot = Spot::new(&source, span);
        let cut = spot.cut();
        assert!(cut.source.text.len() <= 10);
        assert_eq!(cut.place(), spot.place());
        let shown = |spot: &Spot| render(&[Diagnostic::error(spot.clone(), "no", "yes")], false);
        assert_eq!(shown(&cut), shown(&spot));
    }
}

#[test]
fn a_long_line_is_cut_around_its_mark() {
    let text = format!("{}x{}", "ü".repeat(5_000), "é".repeat(5_000));
    let source = Source::new("a.zone", text);
    for span in [
        10_000..10_001,
        9_998..10_003,
        0..2,
        20_000..20_001,
        9_000..20_001,
    ] {
        let spot = Spot::new(&source, span);
        let cut = spot.cut();
        assert!(cut.source.text.len() <= limits::EXCERPT);
        assert_eq!(cut.place(), spot.place());
        let shown = |spot: &Spot| render(&[Diagnostic::error(spot.clone(), "no", "yes")], false);
        assert_eq!(shown(&cut), shown(&spot));
        assert_eq!(shown(&cut.cut()), shown(&spot));
    }
}

#[test]
fn cut_spots_keep_their_order_and_are_counted() {
    let source = Source::new("a.zone", "one two\nthree\n");
    let error =
        |at: usize| Diagnostic::error(Spot::new(&source, at..at + 1).cut(), format!("at {at}"), "");
    let left = Diagnostic::left_out(
        Severity::Warning,
        7,
        error(8).spot.unwrap_or_else(|| panic!("spot")),
    );
    let list = [left, error(8), error(4), error(0)];
    assert_eq!(count(&list), (3, 7));
    let shown = render(&list, false);
    let order: Vec<&str> = shown.lines().filter(|l| l.starts_with("error")).collect();
    assert_eq!(order, ["error: at 0", "error: at 4", "error: at 8"]);
    assert!(shown.ends_with("\nand 7 more\n"));
}
