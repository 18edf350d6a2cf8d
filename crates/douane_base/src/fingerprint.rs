//! A number for what stays the same of a finding while the code around it changes.

use std::fmt;

/// A fingerprint of texts, shown as 32 hexadecimal digits: their 128-bit FNV-1a hash, since no hash of the standard library is
/// the same in every version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// That of some texts in this order.
    #[must_use]
    pub fn of(texts: &[&str]) -> Self {
        // The end of a text is a byte that no text holds.
        let bytes = texts.iter().flat_map(|text| text.bytes().chain([0xff]));
        Self(hash(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

fn hash(bytes: impl Iterator<Item = u8>) -> u128 {
    const START: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.fold(START, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_its_authors() {
        assert_eq!(hash([].into_iter()), 144_066_263_297_769_815_596_495_629_667_062_367_629);
        assert_eq!(format!("{:032x}", hash("foobar".bytes())), "343e1662793c64bf6f0d3597ba446f18");
        assert_ne!(Fingerprint::of(&["ab", "c"]), Fingerprint::of(&["a", "bc"]));
        assert_eq!(Fingerprint::of(&[]).to_string().len(), 32);
    }
}
