//! Addresses that advertisements could come from.

use std::net::IpAddr;

use ka_netlink::{Address, AddressFlags};
use ka_vrrp::{SourceFlaw, UnusableSource};
use ka_wire::Family;

use super::{Interface, InterfaceId, Interfaces};

#[derive(Debug)]
pub(super) struct SourceAddress {
    pub(super) address: IpAddr,
    /// IPv4 may have an address twice, with different prefixes.
    prefix_len: u8,
    flaw: Option<SourceFlaw>,
    pub(super) seen: u64,
}

impl SourceAddress {
    fn is_of(&self, family: Family) -> bool {
        Family::from(self.address) == family
    }

    fn is(&self, address: &Address) -> bool {
        (self.address, self.prefix_len) == (address.key.address, address.key.prefix_len)
    }
}

impl Interface {
    /// Source address for advertisements of `family`: the first IPv4 address, or
    /// the first usable link-local IPv6 address.
    pub(crate) fn source(&self, family: Family) -> Option<IpAddr> {
        self.addresses
            .iter()
            .find(|candidate| candidate.flaw.is_none() && candidate.is_of(family))
            .map(|candidate| candidate.address)
    }

    /// The first address that could be the source for `family`, but cannot be used.
    pub(crate) fn unusable_source(&self, family: Family) -> Option<UnusableSource> {
        let candidates = self.addresses.iter();
        candidates
            .filter(|candidate| candidate.is_of(family))
            .find_map(|candidate| {
                Some(UnusableSource {
                    address: candidate.address,
                    flaw: candidate.flaw?,
                })
            })
    }
}

impl Interfaces {
    /// Takes in an address that is not ours; `true` when a source address may have changed.
    pub(crate) fn address_added(&mut self, id: InterfaceId, address: &Address) -> bool {
        let can_be_source = match address.key.address {
            IpAddr::V4(_) => true,
            IpAddr::V6(address) => address.is_unicast_link_local(),
        };
        if !can_be_source {
            return false;
        }
        let has = |flag| address.flags.contains(flag);
        let flaw = if has(AddressFlags::DADFAILED) {
            Some(SourceFlaw::Duplicate)
        } else if has(AddressFlags::TENTATIVE) && !has(AddressFlags::OPTIMISTIC) {
            Some(SourceFlaw::Tentative)
        } else {
            None
        };
        let epoch = self.epoch;
        let interface = &mut self.list[id.0 as usize];
        if let Some(known) = interface
            .addresses
            .iter_mut()
            .find(|known| known.is(address))
        {
            known.seen = epoch;
            return std::mem::replace(&mut known.flaw, flaw) != flaw;
        }
        interface.addresses.push(SourceAddress {
            address: address.key.address,
            prefix_len: address.key.prefix_len,
            flaw,
            seen: epoch,
        });
        true
    }

    /// Takes in that an address is gone; `true` when it was known.
    pub(crate) fn address_removed(&mut self, id: InterfaceId, address: &Address) -> bool {
        let addresses = &mut self.list[id.0 as usize].addresses;
        let before = addresses.len();
        addresses.retain(|known| !known.is(address));
        addresses.len() != before
    }
}
