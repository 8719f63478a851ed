//! What a dump for people tells of instances and interfaces beyond their status.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ka_vrrp::Faults;
use ka_wire::ChecksumRule;

use crate::instance::Instance;
use crate::thread::EngineThread;

/// More of one instance.
#[derive(Clone, Debug)]
pub struct InstanceDetails {
    /// When the state last changed, by the host's clock of that moment; `None` before the first.
    pub changed_at: Option<SystemTime>,
    /// Address that advertisements are sent from.
    pub source: Option<IpAddr>,
    /// What it lacks.
    pub faults: Faults,
    /// Master_Adver_Interval.
    pub master_adver_interval: Duration,
    /// Master_Down_Interval.
    pub master_down_interval: Duration,
    /// When its timer runs out, by the host's clock of now.
    pub timer_at: Option<SystemTime>,
    /// When it last advertised, by the host's clock of now.
    pub advertised_at: Option<SystemTime>,
    /// Other routers and what their checksums cover, who was heard last first. Of VRRPv3 over IPv4 only.
    pub checksums: Vec<(IpAddr, ChecksumRule)>,
    /// Index of the interface that its group is joined on.
    pub joined: Option<u32>,
    /// Number of its addresses: so many of `addresses_held` are about them.
    pub addresses: usize,
}

/// One interface.
#[derive(Clone, Debug)]
pub struct InterfaceStatus {
    /// Its name.
    pub name: Arc<str>,
    /// The kernel's index; `None` while no link has this name.
    pub index: Option<u32>,
    /// IFF_UP.
    pub admin_up: bool,
    /// IFF_RUNNING.
    pub running: bool,
    /// IFF_LOOPBACK.
    pub loopback: bool,
    /// IFF_MULTICAST.
    pub multicast: bool,
    /// IFF_NOARP.
    pub noarp: bool,
    /// Octets of the largest packet; 0 when unknown.
    pub mtu: u32,
    /// ARPHRD_*.
    pub link_type: u16,
    /// Hardware address, where that has 6 octets.
    pub mac: Option<[u8; 6]>,
    /// Addresses that are not ours and that advertisements could come from, in the kernel's order.
    pub addresses: Vec<IpAddr>,
    /// Names of the instances whose advertisements run here.
    pub instances: Vec<Arc<str>>,
}

impl EngineThread {
    /// More of one instance; whether its addresses are there is appended to `held`.
    pub(crate) fn details(
        &self,
        instance: &Instance,
        held: &mut Vec<bool>,
        now: Instant,
    ) -> InstanceDetails {
        let wall = SystemTime::now();
        let at = |instant: Instant| {
            let before = now.saturating_duration_since(instant);
            wall - before + instant.saturating_duration_since(now)
        };
        let is_there = |entry: &crate::objects::Entry| entry.presence.is_there();
        let addresses = instance.addresses().iter();
        held.extend(addresses.map(|key| self.objects.address(key).is_some_and(is_there)));
        let router = &instance.router;
        InstanceDetails {
            changed_at: instance.changed_at,
            source: instance.source(),
            faults: router.faults(),
            master_adver_interval: router.master_adver_interval(),
            master_down_interval: router.master_down_interval(),
            timer_at: router.timer().map(at),
            advertised_at: router.last_advertisement().map(at),
            checksums: router.heard_checksums().collect(),
            joined: instance.joined,
            addresses: instance.addresses().len(),
        }
    }

    /// The interface in slot `index`, if there is one.
    pub(crate) fn interface_status(&self, index: usize) -> Option<InterfaceStatus> {
        let interface = self.interfaces.in_slot(index)?;
        let instance = |id: &crate::instance::InstanceId| {
            let instance = self.instances[id.index()].as_ref()?;
            Some(Arc::clone(&instance.config.name))
        };
        Some(InterfaceStatus {
            name: Arc::clone(&interface.name),
            index: interface.index,
            admin_up: interface.facts.admin_up,
            running: interface.facts.running,
            loopback: interface.facts.loopback,
            multicast: interface.facts.multicast,
            noarp: interface.noarp,
            mtu: interface.mtu,
            link_type: interface.facts.link_type,
            mac: interface.mac,
            addresses: interface.addresses().collect(),
            instances: interface.instances.iter().filter_map(instance).collect(),
        })
    }
}
