//! The kernel filter that keeps foreign VRIDs out of the receive buffer.

use crate::bpf::{branch, op};
use crate::family::IpFamily;
use crate::raw::Carrier;

/// A set of virtual router identifiers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VridSet([u32; 8]);

impl VridSet {
    /// The set of no identifier.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; 8])
    }

    /// Adds `vrid`.
    pub const fn insert(&mut self, vrid: u8) {
        self.0[vrid as usize / 32] |= 1 << (vrid % 32);
    }

    /// Takes `vrid` out.
    pub const fn remove(&mut self, vrid: u8) {
        self.0[vrid as usize / 32] &= !(1 << (vrid % 32));
    }

    /// Whether `vrid` is in the set.
    #[must_use]
    pub const fn contains(&self, vrid: u8) -> bool {
        self.0[vrid as usize / 32] & (1 << (vrid % 32)) != 0
    }

    /// Whether the set holds no identifier.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

impl FromIterator<u8> for VridSet {
    fn from_iter<I: IntoIterator<Item = u8>>(vrids: I) -> Self {
        let mut set = Self::new();
        for vrid in vrids {
            set.insert(vrid);
        }
        set
    }
}

impl Extend<u8> for VridSet {
    fn extend<I: IntoIterator<Item = u8>>(&mut self, vrids: I) {
        for vrid in vrids {
            self.insert(vrid);
        }
    }
}

/// Where the VRID is in a VRRP header (RFC 9568 §5.1).
const VRID_OFFSET: u32 = 1;
/// Octets of the authentication header in front of it, where there is one (RFC 2402 §2).
const AH_LEN: u32 = 24;
const SCRATCH_VRID: u32 = 0;
const SCRATCH_MASK: u32 = 1;

/// A classic BPF program that accepts the packets whose VRID is in `vrids`.
///
/// An IPv4 raw socket's filter sees the packet from the IP header on, an IPv6
/// one's from the VRRP header on. A packet too short to hold a VRID is dropped:
/// a load beyond its end ends the program with 0.
pub(super) fn program(carrier: Carrier, vrids: &VridSet) -> Vec<libc::sock_filter> {
    use libc::{
        BPF_ALU, BPF_AND, BPF_B, BPF_IMM, BPF_IND, BPF_JA, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD,
        BPF_LDX, BPF_LSH, BPF_MEM, BPF_MSH, BPF_RET, BPF_RSH, BPF_ST, BPF_W, BPF_X,
    };
    const TAX: u32 = 0x00;
    let mut code = Vec::with_capacity(40);
    // X becomes the offset of the VRRP header: 4 * (first octet & 15) in IPv4.
    code.push(match carrier.family() {
        IpFamily::V4 => op(BPF_LDX | BPF_B | BPF_MSH, 0),
        IpFamily::V6 => op(BPF_LDX | BPF_W | BPF_IMM, 0),
    });
    let vrid = match carrier {
        Carrier::Plain(_) => VRID_OFFSET,
        Carrier::AuthenticationHeader => AH_LEN + VRID_OFFSET,
    };
    code.push(op(BPF_LD | BPF_B | BPF_IND, vrid));
    code.push(op(BPF_ST, SCRATCH_VRID));
    // The bit of the VRID within its word.
    code.push(op(BPF_ALU | BPF_AND | BPF_K, 31));
    code.push(op(libc::BPF_MISC | TAX, 0));
    code.push(op(BPF_LD | BPF_W | BPF_IMM, 1));
    code.push(op(BPF_ALU | BPF_LSH | BPF_X, 0));
    code.push(op(BPF_ST, SCRATCH_MASK));
    code.push(op(BPF_LDX | BPF_W | BPF_MEM, SCRATCH_MASK));
    // The number of the word, then the word itself.
    code.push(op(BPF_LD | BPF_W | BPF_MEM, SCRATCH_VRID));
    code.push(op(BPF_ALU | BPF_RSH | BPF_K, 5));
    for (number, word) in (0u32..).zip(vrids.0) {
        let behind = (7 - number) * 3;
        code.push(branch(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 2));
        code.push(op(BPF_LD | BPF_W | BPF_IMM, word));
        code.push(op(BPF_JMP | BPF_JA, behind));
    }
    code.push(op(BPF_ALU | BPF_AND | BPF_X, 0));
    code.push(branch(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1));
    code.push(op(BPF_RET | BPF_K, 0));
    code.push(op(BPF_RET | BPF_K, u32::MAX));
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_inserted_and_not_removed() {
        let mut set = VridSet::from_iter([0, 31, 32, 255]);
        set.extend([7]);
        set.remove(32);
        let held: Vec<u8> = (0..=255).filter(|vrid| set.contains(*vrid)).collect();
        assert_eq!(held, [0, 7, 31, 255]);
        for vrid in held {
            assert!(!set.is_empty());
            set.remove(vrid);
        }
        assert!(set.is_empty());
    }

    #[test]
    fn the_filter_has_the_same_length_for_every_set() {
        let carriers = [
            Carrier::Plain(IpFamily::V4),
            Carrier::Plain(IpFamily::V6),
            Carrier::AuthenticationHeader,
        ];
        let lengths = [VridSet::new(), (0..=255).collect()]
            .map(|set| carriers.map(|carrier| program(carrier, &set).len()));
        assert_eq!(lengths, [[39, 39, 39]; 2]);
    }
}
