//! Tests of packed records.

use super::*;

/// What was put in comes out, in order and out of it.
#[test]
fn records_are_read_back() {
    let origins: [Name; 2] = ["example.com.", "a.example.com."].map(|n| n.parse().unwrap());
    let (mut parts, mut expected) = (Vec::new(), Vec::new());
    for size in [1u32, 7, 8, 30] {
        let mut part = Part::default();
        let numbers = origins.each_ref().map(|name| part.origin(name).unwrap());
        for n in 0..size {
            let which = n as usize % 2;
            let label = [&[3][..], format!("n{:02}", n % 100).as_bytes()].concat();
            let owner = part.owner(&label, numbers[which]);
            for (kind, ttl, length) in [(Kind::A, n, 4), (Kind::URI, u32::MAX, 300 * n as usize)] {
                // Places go back too: an included text lies behind the one that includes it.
                let place = if n % 5 == 0 { 9 } else { 1_000 * n };
                let data = vec![n as u8; length];
                let put: Result<(), ()> = part.record(owner, kind, ttl, place, |out| {
                    out.extend_from_slice(&data);
                    Ok(())
                });
                assert_eq!(put, Ok(()));
                let fails = part.record(owner, kind, 0, 5, |out| {
                    out.push(1);
                    Err(n)
                });
                assert_eq!(fails, Err(n));
                let name = [&label[..], origins[which].wire()].concat();
                expected.push((name, kind, ttl, place, data));
            }
        }
        assert_eq!(part.len(), 2 * size as usize);
        parts.push(part);
    }
    parts.insert(2, Part::default());
    let text = Text::new(parts, false);
    let seen = |record: Record<'_>| {
        let owner = record.owner().wire().to_vec();
        (
            owner,
            record.kind,
            record.ttl,
            record.place,
            record.rdata.to_vec(),
        )
    };
    assert_eq!(text.iter().map(seen).collect::<Vec<_>>(), expected);
    for step in [1, 3, 29, 64] {
        for at in (0..expected.len()).map(|at| at * step % expected.len()) {
            assert_eq!(text.get(at).map(seen).as_ref(), expected.get(at));
        }
    }
    assert!(text.get(expected.len()).is_none());
    assert!(Text::default().get(0).is_none());
    // Packed: not much more than the data themselves.
    let data: usize = expected.iter().map(|(.., data)| data.len()).sum();
    assert!(text.memory() < data + 25 * expected.len());
}
