//! Configurations and addresses of the scenarios.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ka_vrrp::RouterConfig;
use ka_wire::{Family, Version};

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) fn us(microseconds: u64) -> Duration {
    Duration::from_micros(microseconds)
}

/// An address below those of all hosts.
pub(crate) const LOWER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 5));
/// An address above those of all hosts.
pub(crate) const HIGHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 200));

/// Address of host number `host`: a higher number has the higher address.
pub(crate) fn address(family: Family, host: usize) -> IpAddr {
    let last = 10 + u8::try_from(host).expect("a small LAN");
    match family {
        Family::V4 => Ipv4Addr::new(192, 0, 2, last).into(),
        Family::V6 => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last.into()).into(),
    }
}

/// keepalived's defaults with the virtual address 192.0.2.100 or fe80::100.
pub(crate) fn config(family: Family, priority: u8) -> RouterConfig {
    let virtual_address: IpAddr = match family {
        Family::V4 => Ipv4Addr::new(192, 0, 2, 100).into(),
        Family::V6 => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x100).into(),
    };
    RouterConfig {
        priority,
        addresses: vec![virtual_address],
        ..RouterConfig::new(51, family)
    }
}

pub(crate) fn v2(priority: u8) -> RouterConfig {
    config(Family::V4, priority)
}

pub(crate) fn v3(priority: u8, interval: Duration) -> RouterConfig {
    RouterConfig {
        version: Version::V3,
        advertisement_interval: interval,
        ..config(Family::V4, priority)
    }
}
