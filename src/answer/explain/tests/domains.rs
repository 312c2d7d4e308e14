//! Failure domains in explanations: which VIP is in which, and the shares that come of it.

use super::*;

#[test]
fn domains_are_shown_with_the_shares_that_come_of_them() {
    let steering = STEERING
        .replace("weight = 2 }", "weight = 3, failure_domain = \"a\" }")
        .replace(
            "address = \"192.0.2.11\" }",
            "address = \"192.0.2.11\", failure_domain = \"b\" }",
        )
        .replace("weight = 0 }", "weight = 3, failure_domain = \"b\" }")
        .replace(
            "policy = \"nearest\"\n",
            "policy = \"nearest\"\nanswers = 2\n",
        );
    let world = steered_by(&steering, quiet);
    let told = asked(&world, "www.example.com", "193.0.6.9", "A");
    let shown = told.to_string();
    let vips = told.steering.unwrap().vips;
    let of = |vip: &Vip| (vip.failure_domain.clone(), (vip.share * 1e6).round());
    let word = |word: &str| Some(word.to_owned());
    let all: Vec<_> = vips.iter().map(of).collect();
    assert_eq!(
        all,
        [
            (word("a"), 500_000.0),
            (word("b"), 125_000.0),
            (word("b"), 375_000.0)
        ]
    );
    let picked = vips.iter().filter(|vip| vip.picked);
    let picked: Vec<_> = picked.map(|vip| vip.failure_domain.clone()).collect();
    assert_eq!(picked, [word("a"), word("b")]);
    assert!(shown.contains("fra-1  fra, domain a"), "{shown}");
    assert!(shown.contains("up to 2 answers"), "{shown}");
}
