//! Medians, and how sure a difference of two is.

/// A figure over several runs: the median, the smallest and the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// The median.
    pub median: i64,
    /// The smallest.
    pub low: i64,
    /// The largest.
    pub high: i64,
}

impl Figure {
    pub(crate) fn of(values: impl IntoIterator<Item = i64>) -> Self {
        let mut values: Vec<i64> = values.into_iter().collect();
        values.sort_unstable();
        let (low, high) = (values.first().copied().unwrap_or(0), values.last().copied().unwrap_or(0));
        Self { median: median(&values), low, high }
    }
}

/// The median of sorted values; of two in the middle their mean.
pub(crate) fn median(sorted: &[i64]) -> i64 {
    let middle = sorted.len() / 2;
    match (sorted.get(middle), sorted.len() % 2) {
        (None, _) => 0,
        (Some(value), 1) => *value,
        (Some(value), _) => (sorted[middle - 1] + value) / 2,
    }
}

/// The difference of the medians of two lists, with the interval that it lies in 95 times of 100: a bootstrap with 2,000
/// drawings.
pub(crate) fn difference(wide: &[i64], narrow: &[i64]) -> Figure {
    const DRAWINGS: usize = 2000;
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut draw = |values: &[i64]| {
        let mut drawn: Vec<i64> = (0..values.len()).map(|_| values[random.below(values.len())]).collect();
        drawn.sort_unstable();
        median(&drawn)
    };
    let mut differences: Vec<i64> = (0..DRAWINGS).map(|_| draw(wide) - draw(narrow)).collect();
    differences.sort_unstable();
    let at = |share: f64| differences[((DRAWINGS - 1) as f64 * share).round() as usize];
    Figure {
        median: Figure::of(wide.to_vec()).median - Figure::of(narrow.to_vec()).median,
        low: at(0.025),
        high: at(0.975),
    }
}

/// The same numbers each time (xorshift64*, Vigna 2016): one measurement gives one interval.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        number as usize % limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(Figure::of([3, 1, 2]), Figure { median: 2, low: 1, high: 3 });
        assert_eq!(Figure::of([4, 1, 2, 3]).median, 2);
        assert_eq!(Figure::of([]), Figure::default());
    }

    #[test]
    fn a_difference_that_is_there_and_one_that_is_not() {
        let wide = [110, 108, 112, 109, 111];
        let clear = difference(&wide, &[50, 51, 49, 50, 52]);
        assert!(clear.median == 60 && clear.low > 50 && clear.high < 70, "{clear:?}");
        let none = difference(&wide, &[109, 111, 110, 108, 113]);
        assert!(none.low <= 0 && none.high >= 0, "{none:?}");
    }
}
