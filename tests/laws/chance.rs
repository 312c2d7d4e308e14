//! What shares must be by the words of the language, and how likely it is that counts stray as far from them as they do.

/// The probability of a chi-square statistic at least as large, if only chance is at work.
pub(super) fn tail(statistic: f64, freedom: usize) -> f64 {
    let (a, x) = (freedom as f64 / 2.0, statistic / 2.0);
    if x <= 0.0 {
        return 1.0;
    }
    // The upper incomplete gamma function: from 1/2 or 1 upwards, one term of the recurrence for each step.
    let (mut at, mut sum) = match freedom % 2 {
        0 => (1.0, (-x).exp()),
        _ => (0.5, complement(x.sqrt())),
    };
    let mut term = match freedom % 2 {
        0 => (-x).exp(),
        _ => (-x).exp() / (x * std::f64::consts::PI).sqrt(),
    };
    while at < a {
        term *= x / at;
        sum += term;
        at += 1.0;
    }
    sum.min(1.0)
}

/// The complementary error function of what is positive: by its series near 0, by its continued fraction beyond.
fn complement(x: f64) -> f64 {
    let root = std::f64::consts::PI.sqrt();
    if x < 2.0 {
        let (mut term, mut sum) = (x, x);
        for n in 1..60 {
            let n = f64::from(n);
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        return 1.0 - 2.0 / root * sum;
    }
    let below = (1..80)
        .rev()
        .fold(0.0, |deeper, n| f64::from(n) / 2.0 / (x + deeper));
    (-x * x).exp() / root / (x + below)
}

/// How far `seen` of `many` strays from the part `due`: the statistic of one degree of freedom. `table` is the variance that
/// the part itself has, where it is that of a table filled by hashes.
pub(super) fn stray(seen: u64, many: u64, due: f64, table: f64) -> f64 {
    let variance = due * (1.0 - due) / many as f64 + table;
    let off = seen as f64 / many as f64 - due;
    if variance <= 1e-18 {
        return if off.abs() < 1e-12 {
            0.0
        } else {
            f64::INFINITY
        };
    }
    off * off / variance
}

/// Weights live in inclusion: the part of all answers of `k` that each has, side by side at one site. Whoever would be in
/// more than all is in all, and the others share what remains.
pub(super) fn inclusion(weights: &[f64], k: usize) -> Vec<f64> {
    let mut parts = vec![None; weights.len()];
    loop {
        let open = |n: &usize| parts[*n].is_none();
        let rest: Vec<usize> = (0..weights.len()).filter(open).collect();
        let left = k.saturating_sub(weights.len() - rest.len());
        let sum: f64 = rest.iter().map(|n| weights[*n]).sum();
        let due = |n: usize| weights[n] * left as f64 / sum;
        let heaviest = rest
            .iter()
            .copied()
            .max_by(|a, b| weights[*a].total_cmp(&weights[*b]));
        match heaviest {
            Some(n) if due(n) > 1.0 => parts[n] = Some(1.0),
            _ => {
                rest.iter().for_each(|n| parts[*n] = Some(due(*n)));
                return parts.into_iter().flatten().collect();
            }
        }
    }
}

/// The best `k` by weighted rendezvous: one by one, each by its part of the weight that is left.
pub(super) fn successive(weights: &[f64], k: usize) -> Vec<f64> {
    let mut parts = vec![0.0; weights.len()];
    let left = vec![true; weights.len()];
    step(weights, k, 1.0, left, &mut parts);
    parts
}

fn step(weights: &[f64], k: usize, chance: f64, left: Vec<bool>, parts: &mut [f64]) {
    let rest: Vec<usize> = (0..weights.len()).filter(|n| left[*n]).collect();
    let sum: f64 = rest.iter().map(|n| weights[*n]).sum();
    for n in rest.into_iter().filter(|_| k > 0) {
        let here = chance * weights[n] / sum;
        parts[n] += here;
        let mut fewer = left.clone();
        fewer[n] = false;
        step(weights, k - 1, here, fewer, parts);
    }
}

#[test]
fn the_tables_of_statistics_say_the_same() {
    let table = [
        (3.841, 1, 0.05),
        (15.137, 1, 0.0001),
        (5.991, 2, 0.05),
        (18.307, 10, 0.05),
        (30.578, 15, 0.01),
    ];
    for (statistic, freedom, due) in table {
        let got = tail(statistic, freedom);
        assert!(
            (got / due - 1.0).abs() < 0.002,
            "{statistic} {freedom}: {got}"
        );
    }
}

#[test]
fn parts_of_answers_by_hand() {
    let near = |a: Vec<f64>, b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12);
    assert!(near(inclusion(&[1.0, 3.0], 1), &[0.25, 0.75]));
    assert!(near(inclusion(&[1.0, 1.0, 8.0], 2), &[0.5, 0.5, 1.0]));
    assert!(
        near(inclusion(&[1.0, 2.0], 3), &[1.0, 1.0])
            || inclusion(&[1.0, 2.0], 3).iter().all(|p| *p >= 1.0)
    );
    assert!(near(
        successive(&[1.0, 1.0, 2.0], 2),
        &[7.0 / 12.0, 7.0 / 12.0, 5.0 / 6.0]
    ));
}
