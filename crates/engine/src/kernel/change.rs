//! Wishes as requests to the kernel.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use ka_netlink::VirtualAddress as KernelAddress;
use ka_netlink::message::Batch;
use ka_netlink::{
    AddressChange, AddressFlags, AddressKey as KernelKey, InterfaceName, RouteChange, RuleChange,
};

use crate::PROTOCOL_ID;
use crate::config::VirtualAddress;
use crate::objects::{Object, ObjectKey, Step};
use crate::thread::EngineThread;

/// Something to ask the kernel for.
pub(super) enum Change {
    Address(AddressChange),
    Route(RouteChange),
    Rule(RuleChange),
}

impl ka_netlink::Change for Change {
    fn encode(&self, batch: &mut Batch, sequence: u32) {
        match self {
            Self::Address(change) => change.encode(batch, sequence),
            Self::Route(change) => change.encode(batch, sequence),
            Self::Rule(change) => change.encode(batch, sequence),
        }
    }
}

impl EngineThread {
    /// What to ask the kernel for; `None` without the interfaces that the object belongs to, and
    /// of a route that would be added, while one of them is not up.
    pub(super) fn change(&self, key: &ObjectKey, step: Step) -> Option<Change> {
        let entry = self.objects.get(key)?;
        let object = match step {
            Step::Add => &entry.wanted,
            Step::Remove => entry.held(),
        };
        match (key, object) {
            (ObjectKey::Address(key), Object::Address(address)) => {
                let index = self.interfaces.at(key.interface).index?;
                Some(Change::Address(match step {
                    Step::Add => AddressChange::Add(kernel_address(address, index)),
                    Step::Remove => AddressChange::Remove(kernel_key(address, index)),
                }))
            }
            (ObjectKey::Route(_), Object::Route(route)) if step == Step::Add => {
                let index = |name: &Arc<str>| {
                    let interface = self.interfaces.at(self.interfaces.by_name(name)?);
                    interface.index.filter(|_| interface.facts.admin_up)
                };
                let route = route.route.with_interfaces(index)?;
                Some(Change::Route(RouteChange::Add(Box::new(route))))
            }
            (ObjectKey::Route(key), _) => {
                let key = key.with_interfaces(|&id| self.interfaces.at(id).index)?;
                Some(Change::Route(RouteChange::Remove(Box::new(key))))
            }
            (_, Object::Rule(rule)) => {
                let rule = Box::new(rule.rule.clone());
                Some(Change::Rule(match step {
                    Step::Add => RuleChange::Add(rule),
                    Step::Remove => RuleChange::Remove(rule),
                }))
            }
            // A key and what is wanted are of one kind.
            _ => None,
        }
    }
}

/// `wanted` as the kernel takes it, on the interface with `index`.
fn kernel_address(wanted: &VirtualAddress, index: u32) -> KernelAddress {
    let flags = [
        (wanted.no_dad, AddressFlags::NODAD),
        (wanted.home, AddressFlags::HOMEADDRESS),
        (wanted.manage_temporary, AddressFlags::MANAGETEMPADDR),
        (wanted.no_prefix_route, AddressFlags::NOPREFIXROUTE),
        (wanted.auto_join, AddressFlags::MCAUTOJOIN),
    ]
    .into_iter()
    .filter(|(set, _)| *set)
    .fold(0, |bits, (_, flag)| bits | flag.bits());
    let broadcast = match wanted.broadcast {
        Some(IpAddr::V4(address)) => Some::<Ipv4Addr>(address),
        _ => None,
    };
    KernelAddress {
        broadcast,
        // Checked when the configuration was taken in.
        label: wanted
            .label
            .as_deref()
            .and_then(|label| InterfaceName::new(label).ok()),
        scope: wanted.scope,
        flags: AddressFlags::from_bits(flags),
        preferred_lifetime: wanted
            .preferred_lifetime
            .map(|s| Duration::from_secs(s.into())),
        protocol: Some(PROTOCOL_ID),
        ..KernelAddress::new(kernel_key(wanted, index))
    }
}

/// The kernel's name of the address, on the interface with `index`.
pub(crate) fn kernel_key(wanted: &VirtualAddress, index: u32) -> KernelKey {
    KernelKey {
        ifindex: index,
        address: wanted.address,
        prefix_len: wanted.prefix_len,
        peer: wanted.peer,
    }
}
