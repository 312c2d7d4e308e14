//! Arcs: where each begins among the points of the draw, found as quickly among many as among few.

use super::Set;

/// Ascending, each with where it begins and its set.
#[derive(Debug)]
pub(super) struct Arcs {
    list: Box<[(u32, Set)]>,
    /// The points are parted into as many equal stretches as there are arcs or more; for each the arc that its first point
    /// lies in. A point of the draw lies less than one arc further on average, whatever their widths.
    guide: Box<[u32]>,
    /// Bits of a point that do not tell its stretch.
    shift: u32,
}

impl Arcs {
    pub(super) fn new(list: Vec<(u32, Set)>) -> Arcs {
        let stretches = list.len().next_power_of_two().max(2) as u32;
        let shift = u32::BITS - stretches.trailing_zeros();
        let arc = |stretch: u32| {
            let begun = list.partition_point(|(start, _)| *start <= stretch << shift);
            begun.saturating_sub(1) as u32
        };
        Arcs {
            guide: (0..stretches).map(arc).collect(),
            list: list.into(),
            shift,
        }
    }

    /// The set at a point; none if there are no arcs.
    #[inline]
    pub(super) fn at(&self, point: u32) -> Option<Set> {
        let mut at = *self.guide.get((point >> self.shift) as usize)? as usize;
        while let Some((start, _)) = self.list.get(at + 1)
            && *start <= point
        {
            at += 1;
        }
        self.list.get(at).map(|arc| arc.1)
    }

    /// All of them.
    pub(super) fn list(&self) -> &[(u32, Set)] {
        &self.list
    }

    /// Octets of memory that they hold.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.list) + size_of_val(&*self.guide)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_arc_of_a_point_is_the_last_that_has_begun(
            mut starts in proptest::collection::btree_set(any::<u32>(), 0..70),
            bunch in proptest::collection::btree_set(0..50_u32, 0..40),
            points in proptest::collection::vec(any::<u32>(), 50),
        ) {
            starts.insert(0);
            starts.extend(bunch.iter().map(|near| 1_000_000_000 + near));
            let list = starts.iter().zip(0..).map(|(start, n)| (*start, Set { start: n, len: 1 }));
            let list: Vec<(u32, Set)> = list.collect();
            let arcs = Arcs::new(list.clone());
            let edges = starts.iter().flat_map(|at| [*at, at.wrapping_sub(1)]);
            for point in edges.chain(points) {
                let last = list.iter().rfind(|(start, _)| *start <= point);
                prop_assert_eq!(arcs.at(point), last.map(|arc| arc.1), "{}", point);
            }
        }
    }

    #[test]
    fn no_arcs_have_no_set() {
        assert_eq!(Arcs::new(Vec::new()).at(7), None);
    }
}
