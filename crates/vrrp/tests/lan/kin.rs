//! Random configurations of the routers of one virtual router.

use std::net::IpAddr;
use std::time::Duration;

use fastrand::Rng;
use ka_vrrp::{ChecksumForms, ChecksumPolicy, GarpConfig, InitialState, RouterConfig};
use ka_wire::{Authentication, Family, Version};

use crate::config::{config, ms};

/// What the routers have in common, or at least agree on in the end.
///
/// Two combinations are left out, in which keepalived's rules themselves never come to rest: two
/// owners that both ignore the other, and `higher_prio_send_advert` with different
/// intervals. There the last advertisement of a router that gives way teaches the other Backups *its*
/// interval; one that waits for a single advertisement (`down_timer_adverts 1`) takes over before
/// the real Master's next, gives way in turn, and so on.
pub(crate) struct Kin {
    base: RouterConfig,
    /// Routers have intervals of their own (VRRPv3).
    mixed_intervals: bool,
    all_preempt: bool,
}

impl Kin {
    pub(crate) fn new(random: &mut Rng) -> Self {
        let family = if random.f64() < 0.8 {
            Family::V4
        } else {
            Family::V6
        };
        let version = match family {
            Family::V4 if random.bool() => Version::V2,
            Family::V4 | Family::V6 => Version::V3,
        };
        let advertisement_interval = match version {
            Version::V2 => Duration::from_secs(random.u64(1..=3)),
            Version::V3 => ms(random.u64(1..=200) * 10),
        };
        let with_password = version == Version::V2 && random.f64() < 0.3;
        Self {
            base: RouterConfig {
                version,
                advertisement_interval,
                authentication: password(with_password.then_some("s3cret")),
                ..config(family, 100)
            },
            mixed_intervals: version == Version::V3 && random.f64() < 0.3,
            all_preempt: random.f64() < 0.6,
        }
    }

    /// Priorities often close together or equal, now and then an owner or two.
    pub(crate) fn priorities(random: &mut Rng) -> Vec<u8> {
        let base = random.u8(1..=250);
        let mut priorities: Vec<u8> = (0..random.usize(2..=5))
            .map(|_| match random.u8(0..10) {
                0..4 => base,
                4..7 => base + random.u8(0..=4),
                _ => random.u8(1..=254),
            })
            .collect();
        for _ in 0..random.u8(0..=2) {
            if random.f64() < 0.25 {
                let host = random.usize(0..priorities.len());
                priorities[host] = 255;
            }
        }
        priorities
    }

    /// A router that fits to the others.
    pub(crate) fn router(&self, random: &mut Rng, priority: u8) -> RouterConfig {
        let factor = if self.mixed_intervals {
            random.u32(1..=5)
        } else {
            1
        };
        let interval = self.base.advertisement_interval * factor;
        let owner = priority == 255;
        let preempt_mode = owner || self.all_preempt || random.bool();
        let mut router = RouterConfig {
            priority,
            advertisement_interval: interval,
            preempt_mode,
            initial_state: match random.u8(0..4) {
                0 if preempt_mode => Some(InitialState::Master),
                1 => Some(InitialState::Backup),
                _ => None,
            },
            addresses: self.addresses(random),
            down_timer_adverts: [1, 2, 3, 3, 3, 5][random.usize(0..6)],
            lower_prio_no_advert: random.f64() < 0.3,
            higher_prio_send_advert: !self.mixed_intervals && random.f64() < 0.3,
            owner_ignore_adverts: random.f64() < 0.3,
            skip_check_adv_addr: random.bool(),
            timer_expired_backup: (!preempt_mode && random.bool()).then(|| random.u8(1..=254)),
            dont_track_primary: random.f64() < 0.2,
            garp: garp(random, interval),
            ..self.base.clone()
        };
        if preempt_mode && !router.starts_as_master() && random.f64() < 0.3 {
            router.preempt_delay = interval.mul_f64(random.f64() * 8.0);
        }
        router
    }

    /// A router that does not fit for a while: it has another interval, version, password or checksum.
    pub(crate) fn stranger(&self, random: &mut Rng, priority: u8) -> RouterConfig {
        let mut router = self.router(random, priority);
        match (random.u8(0..4), router.version, router.family) {
            (0, Version::V2, Family::V4) => {
                router.authentication = password([None, Some("S3cret")][random.usize(0..2)]);
            }
            (0, Version::V3, Family::V4) => {
                router.checksum = ChecksumPolicy::new(ChecksumForms::NoPseudoHeader);
            }
            (1, Version::V2, _) => {
                router.version = Version::V3;
                router.authentication = Authentication::None;
            }
            (1, Version::V3, _) => {
                router.version = Version::V2;
                router.advertisement_interval = Duration::from_secs(random.u64(1..=3));
            }
            _ => router.advertisement_interval *= 2,
        }
        router
    }

    /// Makes the routers fit again.
    pub(crate) fn agree(&self, routers: &mut [RouterConfig]) {
        let base = &self.base;
        let mut ignores = false;
        for router in routers {
            if !self.mixed_intervals || router.version != base.version {
                router.advertisement_interval = base.advertisement_interval;
            }
            router.version = base.version;
            router.authentication = base.authentication.clone();
            router.checksum = base.checksum;
            // Of two owners that both ignore the other neither would give way.
            router.owner_ignore_adverts &= !(router.is_owner() && ignores);
            ignores |= router.is_owner() && router.owner_ignore_adverts;
        }
    }

    pub(crate) fn shortest_interval(&self) -> Duration {
        self.base.advertisement_interval
    }

    /// Longest interval of routers that fit. One that does not may have twice that.
    pub(crate) fn longest_interval(&self) -> Duration {
        let factor = if self.mixed_intervals { 5 } else { 1 };
        self.base.advertisement_interval * factor
    }

    fn addresses(&self, random: &mut Rng) -> Vec<IpAddr> {
        let mut addresses = self.base.addresses.clone();
        for number in 0..random.u8(0..4).saturating_sub(1) {
            addresses.push(match addresses[0] {
                IpAddr::V4(first) => {
                    IpAddr::from((u32::from(first) + 1 + u32::from(number)).to_be_bytes())
                }
                IpAddr::V6(first) => {
                    IpAddr::from((u128::from(first) + 1 + u128::from(number)).to_be_bytes())
                }
            });
        }
        addresses
    }
}

fn password(password: Option<&str>) -> Authentication {
    password.map_or(Authentication::None, Authentication::pass)
}

fn garp(random: &mut Rng, interval: Duration) -> GarpConfig {
    let mut sometimes = |longest: f64| {
        let part = (random.f64() - 0.5).max(0.0) * 2.0;
        interval.mul_f64(longest * part)
    };
    GarpConfig {
        master_delay: sometimes(5.0),
        // Not in the same moment over and over.
        master_refresh: Some(sometimes(5.0))
            .filter(|period| *period > ms(5))
            .unwrap_or_default(),
        lower_prio_delay: sometimes(3.0),
        extra_interfaces: Some(sometimes(5.0))
            .filter(|period| *period > ms(5))
            .unwrap_or_default(),
        master_repeat: random.u32(1..=5),
        master_refresh_repeat: random.u32(1..=2),
        lower_prio_repeat: random.u32(0..=3),
    }
}
