//! What one virtual router is configured to do.

use std::net::IpAddr;
use std::time::Duration;

use ka_wire::{Authentication, Family, Version};

mod auth_hmac;
mod checksum;
mod unicast;

pub use auth_hmac::{AntiReplay, AuthHmac, HmacKey, HmacMode};
pub use checksum::{ChecksumForms, ChecksumPolicy};
pub use unicast::{Peer, UnicastPeers};

/// Priority of the address owner (RFC 9568 §5.2.4).
pub const OWNER_PRIORITY: u8 = 255;

/// Highest priority of a router that does not own the addresses.
pub(crate) const MAX_PRIORITY: u8 = OWNER_PRIORITY - 1;

/// Largest number of addresses that the 8-bit count of an advertisement can say.
const MAX_ADDRESSES: usize = 255;
const MAX_PREEMPT_DELAY: Duration = Duration::from_secs(1000);
const MAX_GARP_DELAY: Duration = Duration::from_secs(4294);
const MAX_GARP_REFRESH: Duration = Duration::from_secs(u32::MAX as u64);
const MAX_GARP_EXTRA: Duration = Duration::from_secs(86_400);

/// Initial state of a virtual router (`state`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InitialState {
    /// `state MASTER`. Gives no head start: only priority 255 does.
    Master,
    /// `state BACKUP`. Makes even the address owner wait a full Master_Down_Interval.
    Backup,
}

/// When gratuitous ARPs or unsolicited neighbor advertisements are sent
/// (`garp_*`). A round is one of them for each address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GarpConfig {
    /// Time from the first block as Master to the second, up to 4294 s; zero: no second.
    pub master_delay: Duration,
    /// Rounds in each of these blocks, at least 1.
    pub master_repeat: u32,
    /// Period of repeated rounds while Master, up to 4,294,967,295 s; zero: none.
    pub master_refresh: Duration,
    /// Rounds in each repetition.
    pub master_refresh_repeat: u32,
    /// Time from the block after a lower-priority advertisement to another one, up
    /// to 4294 s; zero: no other.
    pub lower_prio_delay: Duration,
    /// Rounds in each of these blocks; 0: neither.
    pub lower_prio_repeat: u32,
    /// Period of one announcement on each interface other than the router's own that carries addresses,
    /// up to a day; zero: none (`garp_extra_if all`).
    pub extra_interfaces: Duration,
}

impl Default for GarpConfig {
    /// keepalived's defaults: five rounds, again after five seconds, no refresh.
    fn default() -> Self {
        Self {
            master_delay: Duration::from_secs(5),
            master_repeat: 5,
            master_refresh: Duration::ZERO,
            master_refresh_repeat: 1,
            lower_prio_delay: Duration::from_secs(5),
            lower_prio_repeat: 5,
            extra_interfaces: Duration::ZERO,
        }
    }
}

/// Configuration of one virtual router (keepalived.conf(5), VRRP instance(s)).
///
/// [`RouterConfig::new`] has keepalived's defaults. [`RouterConfig::validate`] says whether
/// the values fit together; the state machine does not panic on others, but what it
/// then does is not described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterConfig {
    /// Virtual router identifier, 1 to 255 (`virtual_router_id`).
    pub vrid: u8,
    /// Family of the advertisements and of the advertised addresses.
    pub family: Family,
    /// VRRP version (`version`).
    pub version: Version,
    /// Election priority, 1 to 255; 255 marks the address owner (`priority`).
    pub priority: u8,
    /// Configured initial state (`state`); `None`: MASTER for the address owner, else BACKUP.
    pub initial_state: Option<InitialState>,
    /// Advertisement_Interval: whole seconds from 1 to 255 in VRRPv2, steps of 10 ms up
    /// to 40.95 s in VRRPv3 (`advert_int`).
    pub advertisement_interval: Duration,
    /// Missed advertisements before the Master counts as gone, 1 to 100 (`down_timer_adverts`).
    pub down_timer_adverts: u8,
    /// Preempt_Mode (RFC 9568 §6.1): take over from a Master of lower priority (not `nopreempt`).
    pub preempt_mode: bool,
    /// How long a Master of lower priority is left in place, up to 1000 s; zero: not
    /// at all (`preempt_delay`).
    pub preempt_delay: Duration,
    /// Authentication, of VRRPv2 over IPv4 only (`authentication`).
    pub authentication: Authentication,
    /// Advertised addresses in the order sent, at most 255 (`virtual_ipaddress`).
    pub addresses: Vec<IpAddr>,
    /// Signing of advertisements, in place of `authentication` (`auth_hmac`).
    pub auth_hmac: Option<AuthHmac>,
    /// Unicast peers; `None`: advertisements go to the multicast group (`unicast_peer`).
    pub unicast: Option<UnicastPeers>,
    /// What the checksum of VRRPv3 over IPv4 covers.
    pub checksum: ChecksumPolicy,
    /// As Master, do not answer advertisements of lower priority (`lower_prio_no_advert`).
    pub lower_prio_no_advert: bool,
    /// As Master, send one last advertisement before giving way (`higher_prio_send_advert`).
    pub higher_prio_send_advert: bool,
    /// As address owner, drop what is received (`owner_ignore_adverts`).
    pub owner_ignore_adverts: bool,
    /// As Backup, do not compare the addresses that the same Master advertises
    /// again (`skip_check_adv_addr`).
    pub skip_check_adv_addr: bool,
    /// Highest priority of other routers, 1 to 254: a Master that wakes so late that one of
    /// them must have taken over becomes Backup at once (`timer_expired_backup`).
    pub timer_expired_backup: Option<u8>,
    /// An interface that is down is no fault (`dont_track_primary`).
    pub dont_track_primary: bool,
    /// Gratuitous ARP and unsolicited neighbor advertisement schedule.
    pub garp: GarpConfig,
}

impl RouterConfig {
    /// keepalived's defaults: priority 100, one second, three adverts, preempting,
    /// VRRPv2 over IPv4 and VRRPv3 over IPv6. No addresses.
    #[must_use]
    pub fn new(vrid: u8, family: Family) -> Self {
        Self {
            vrid,
            family,
            version: match family {
                Family::V4 => Version::V2,
                Family::V6 => Version::V3,
            },
            priority: 100,
            initial_state: None,
            advertisement_interval: Duration::from_secs(1),
            down_timer_adverts: 3,
            preempt_mode: true,
            preempt_delay: Duration::ZERO,
            authentication: Authentication::None,
            addresses: Vec::new(),
            auth_hmac: None,
            unicast: None,
            checksum: ChecksumPolicy::default(),
            lower_prio_no_advert: false,
            higher_prio_send_advert: false,
            owner_ignore_adverts: false,
            skip_check_adv_addr: false,
            timer_expired_backup: None,
            dont_track_primary: false,
            garp: GarpConfig::default(),
        }
    }

    /// Whether this router owns the addresses: priority 255 (RFC 9568 §1.7).
    #[must_use]
    pub const fn is_owner(&self) -> bool {
        self.priority == OWNER_PRIORITY
    }

    /// Whether the initial state is MASTER. The address owner need not say so.
    #[must_use]
    pub fn starts_as_master(&self) -> bool {
        match self.initial_state {
            Some(state) => state == InitialState::Master,
            None => self.is_owner(),
        }
    }

    /// Checks every field and the combinations that keepalived excludes.
    ///
    /// # Errors
    ///
    /// The first [`ConfigError`] in the order of its variants. keepalived repairs most of these
    /// with a message; that is up to whoever reads the configuration.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.vrid == 0 {
            return Err(ConfigError::Vrid);
        }
        if self.priority == 0 {
            return Err(ConfigError::Priority);
        }
        self.validate_interval()?;
        if !(1..=100).contains(&self.down_timer_adverts) {
            let adverts = self.down_timer_adverts;
            return Err(ConfigError::DownTimerAdverts { adverts });
        }
        self.validate_preemption()?;
        let authenticated = self.authentication != Authentication::None;
        if authenticated && (self.version, self.family) != (Version::V2, Family::V4) {
            return Err(ConfigError::Authentication);
        }
        if let Some(hmac) = &self.auth_hmac
            && (authenticated || !hmac.is_valid())
        {
            return Err(ConfigError::AuthHmac);
        }
        self.validate_peers()?;
        if self.addresses.len() > MAX_ADDRESSES {
            let count = self.addresses.len();
            return Err(ConfigError::TooManyAddresses { count });
        }
        self.validate_peers()?;
        let foreign = |address: &&IpAddr| Family::from(**address) != self.family;
        if let Some(&address) = self.addresses.iter().find(foreign) {
            return Err(ConfigError::AddressFamily { address });
        }
        self.validate_garp()
    }

    fn validate_peers(&self) -> Result<(), ConfigError> {
        for peer in self.unicast.iter().flat_map(|unicast| &unicast.peers) {
            let address = peer.address;
            if Family::from(address) != self.family {
                return Err(ConfigError::AddressFamily { address });
            }
        }
        Ok(())
    }

    fn validate_interval(&self) -> Result<(), ConfigError> {
        let (unit, limit) = match self.version {
            Version::V2 => (1_000_000_000, 255),
            Version::V3 => (10_000_000, 4095),
        };
        let nanoseconds = self.advertisement_interval.as_nanos();
        if nanoseconds.is_multiple_of(unit) && (1..=limit).contains(&(nanoseconds / unit)) {
            return Ok(());
        }
        Err(ConfigError::AdvertisementInterval {
            interval: self.advertisement_interval,
        })
    }

    fn validate_preemption(&self) -> Result<(), ConfigError> {
        if !self.preempt_mode && (self.is_owner() || self.starts_as_master()) {
            return Err(ConfigError::MasterWithoutPreemption);
        }
        if self.preempt_delay > MAX_PREEMPT_DELAY {
            let delay = self.preempt_delay;
            return Err(ConfigError::PreemptDelay { delay });
        }
        if !self.preempt_delay.is_zero() && (!self.preempt_mode || self.starts_as_master()) {
            return Err(ConfigError::UselessPreemptDelay);
        }
        match self.timer_expired_backup {
            Some(0 | OWNER_PRIORITY) => Err(ConfigError::TimerExpiredPriority),
            Some(_) if self.preempt_mode => Err(ConfigError::TimerExpiredWithPreemption),
            Some(_) | None => Ok(()),
        }
    }

    fn validate_garp(&self) -> Result<(), ConfigError> {
        let garp = &self.garp;
        if garp.master_repeat == 0 || garp.master_refresh_repeat == 0 {
            return Err(ConfigError::GarpRepeat);
        }
        let limits = [
            (garp.master_delay, MAX_GARP_DELAY),
            (garp.lower_prio_delay, MAX_GARP_DELAY),
            (garp.master_refresh, MAX_GARP_REFRESH),
            (garp.extra_interfaces, MAX_GARP_EXTRA),
        ];
        match limits.into_iter().find(|(time, limit)| time > limit) {
            Some((time, _)) => Err(ConfigError::GarpTime { time }),
            None => Ok(()),
        }
    }
}

/// Why a [`RouterConfig`] cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// VRID 0 does not exist.
    #[error("virtual router identifier 0 is not one of 1 to 255")]
    Vrid,
    /// Priority 0 is what a Master says that resigns.
    #[error("priority 0 is not one of 1 to 255")]
    Priority,
    /// The interval does not fit the version's field.
    #[error("advertisement interval {interval:?} does not fit the VRRP version")]
    AdvertisementInterval {
        /// The interval asked for.
        interval: Duration,
    },
    /// `down_timer_adverts` out of range.
    #[error("{adverts} missed advertisements is not one of 1 to 100")]
    DownTimerAdverts {
        /// The number asked for.
        adverts: u8,
    },
    /// `nopreempt` for an address owner or with `state MASTER`.
    #[error("an address owner or initial Master always preempts")]
    MasterWithoutPreemption,
    /// `preempt_delay` out of range.
    #[error("preemption delay {delay:?} is longer than 1000 s")]
    PreemptDelay {
        /// The delay asked for.
        delay: Duration,
    },
    /// `preempt_delay` with `nopreempt` or with the initial state MASTER.
    #[error("a preemption delay needs preemption and an initial state other than MASTER")]
    UselessPreemptDelay,
    /// `timer_expired_backup` with a priority that no other router can have.
    #[error("the highest priority of other routers is not one of 1 to 254")]
    TimerExpiredPriority,
    /// `timer_expired_backup` without `nopreempt`.
    #[error("timer_expired_backup needs nopreempt")]
    TimerExpiredWithPreemption,
    /// A password outside of VRRPv2 over IPv4.
    #[error("only VRRPv2 over IPv4 can be authenticated")]
    Authentication,
    /// `auth_hmac` without its active key, with an identifier that is 0 or used twice, a time window out of
    /// range, or beside a password.
    #[error("the keys of auth_hmac do not fit together, or there is a password too")]
    AuthHmac,
    /// More addresses than an advertisement can count.
    #[error("{count} addresses, at most 255 can be advertised")]
    TooManyAddresses {
        /// Number of addresses asked for.
        count: usize,
    },
    /// An advertised address or a peer of the other family.
    #[error("{address} is not of the virtual router's family")]
    AddressFamily {
        /// The first such address.
        address: IpAddr,
    },
    /// A block of no rounds as Master.
    #[error("0 gratuitous ARP rounds, at least 1 is needed")]
    GarpRepeat,
    /// A delay or period of the gratuitous ARP schedule out of range.
    #[error("gratuitous ARP time {time:?} is too long")]
    GarpTime {
        /// The time asked for.
        time: Duration,
    },
}

#[cfg(test)]
#[path = "config/tests.rs"]
mod tests;
