//! The wanted state as JavaScript hands it over, parsed into the engine's types.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ka_vrrp::{InitialState, RouterConfig};
use ka_wire::{Authentication, ChecksumRule, Family, Version};
use napi::Error;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::error::{CodedError, INVALID_CONFIG};

/// How an engine runs, fixed for its life.
#[napi(object, object_to_js = false)]
pub struct EngineOptions {
    /// Tells engines in one network namespace apart.
    pub instance_name: Option<String>,
    /// Directory of the lock and of the runtime file; /run/ka-native when absent.
    pub runtime_dir: Option<String>,
    /// SCHED_RR priority (1 to 99) of the engine thread where permitted; 0 = none; 1 when absent.
    pub realtime_priority: Option<u8>,
    /// Catch the process's signals (TERM, INT, HUP, USR1, USR2, real-time ones, ABRT).
    pub signals: bool,
    /// JavaScript counts as dead after this long without taking events; 0 = never; 10,000 when absent.
    pub heartbeat_limit_ms: Option<u32>,
}

impl From<EngineOptions> for ka_engine::EngineOptions {
    fn from(options: EngineOptions) -> Self {
        let defaults = Self::default();
        Self {
            instance_name: options.instance_name,
            runtime_dir: options.runtime_dir.map_or(defaults.runtime_dir, Into::into),
            realtime_priority: match options.realtime_priority {
                None => defaults.realtime_priority,
                Some(priority) => (priority > 0).then_some(priority),
            },
            signals: options.signals,
            heartbeat_limit: match options.heartbeat_limit_ms {
                None => defaults.heartbeat_limit,
                Some(limit) => (limit > 0).then(|| Duration::from_millis(limit.into())),
            },
        }
    }
}

/// Everything the engine shall do from now on.
#[napi(object, object_to_js = false)]
pub struct EngineConfig {
    /// Time from the engine's opening in which no instance may become Master.
    pub startup_delay_ms: u32,
    /// The virtual routers, in the order of the configuration file.
    pub instances: Vec<InstanceConfig>,
}

/// One virtual router and what it holds while it is Master.
#[napi(object, object_to_js = false)]
pub struct InstanceConfig {
    /// Name in events and reports.
    pub name: String,
    /// Interface of the advertisements.
    pub interface: String,
    /// The interface may be missing now and appear later.
    pub dynamic_interface: bool,
    /// 4 or 6.
    pub family: u8,
    /// VRRP version, 2 or 3.
    pub version: u8,
    /// Virtual router identifier, 1 to 255.
    pub vrid: u8,
    /// Election priority, 1 to 255.
    pub priority: u8,
    /// Configured initial state.
    #[napi(ts_type = "'MASTER' | 'BACKUP'")]
    pub initial_state: Option<String>,
    /// Advertisement interval in microseconds.
    pub advert_int_us: u32,
    /// Missed advertisements before the Master counts as gone.
    pub down_timer_adverts: u8,
    /// Take over from a Master of lower priority.
    pub preempt: bool,
    /// How long a Master of lower priority is left in place, microseconds.
    pub preempt_delay_us: u32,
    /// Source address of advertisements; the interface's own when absent.
    pub source_address: Option<String>,
    /// Multicast group of advertisements.
    pub group: String,
    /// PASS authentication: at most 8 octets.
    pub auth_pass: Option<Uint8Array>,
    /// `lower_prio_no_advert`.
    pub lower_prio_no_advert: bool,
    /// `higher_prio_send_advert`.
    pub higher_prio_send_advert: bool,
    /// `owner_ignore_adverts`.
    pub owner_ignore_adverts: bool,
    /// `skip_check_adv_addr`.
    pub skip_check_adv_addr: bool,
    /// `v3_checksum_as_v2`.
    pub v3_checksum_as_v2: bool,
    /// `timer_expired_backup`: highest priority of the others.
    pub timer_expired_backup: Option<u8>,
    /// `dont_track_primary`.
    pub dont_track_primary: bool,
    /// When gratuitous ARPs and unsolicited neighbor advertisements are sent.
    pub garp: GarpConfig,
    /// Addresses that are advertised, in order.
    pub virtual_addresses: Vec<VirtualAddress>,
    /// Addresses that are held but not advertised.
    pub excluded_addresses: Vec<VirtualAddress>,
}

/// Gratuitous ARP schedule; a round is one message for each address.
#[napi(object, object_to_js = false)]
pub struct GarpConfig {
    /// From the first block as Master to the second; 0 = no second.
    pub master_delay_ms: u32,
    /// Rounds in each of these blocks.
    pub master_repeat: u32,
    /// Period of repeated rounds in seconds; 0 = none.
    pub master_refresh_s: u32,
    /// Rounds in each repetition.
    pub master_refresh_repeat: u32,
    /// From the block after a lower-priority advertisement to another; 0 = no other.
    pub lower_prio_delay_ms: u32,
    /// Rounds in each of these blocks; 0 = none.
    pub lower_prio_repeat: u32,
}

/// An address and how the kernel shall carry it.
#[napi(object, object_to_js = false)]
pub struct VirtualAddress {
    /// The address.
    pub address: String,
    /// Prefix length.
    pub prefix_length: u8,
    /// Interface that carries it.
    pub interface: String,
    /// Scope number of rtnetlink(7), 0 = global.
    pub scope: u8,
    /// IPv4 label.
    pub label: Option<String>,
    /// IPv4 broadcast address.
    pub broadcast: Option<String>,
    /// Far end of a point-to-point address.
    pub peer: Option<String>,
    /// Preferred lifetime in seconds (IPv6); absent = forever.
    pub preferred_lifetime_s: Option<u32>,
    /// Skip duplicate address detection (IPv6).
    pub no_dad: bool,
    /// Mobile IPv6 home address.
    pub home: bool,
    /// The kernel may derive temporary addresses from it.
    pub manage_temporary: bool,
    /// No route to the prefix.
    pub no_prefix_route: bool,
    /// Join the multicast group at the Ethernet level.
    pub auto_join: bool,
}

impl TryFrom<EngineConfig> for ka_engine::EngineConfig {
    type Error = CodedError;

    fn try_from(config: EngineConfig) -> Result<Self, CodedError> {
        Ok(Self {
            startup_delay: Duration::from_millis(config.startup_delay_ms.into()),
            instances: config
                .instances
                .into_iter()
                .map(ka_engine::InstanceConfig::try_from)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<InstanceConfig> for ka_engine::InstanceConfig {
    type Error = CodedError;

    fn try_from(config: InstanceConfig) -> Result<Self, CodedError> {
        let name = config.name.as_str();
        let family = match config.family {
            4 => Family::V4,
            6 => Family::V6,
            other => return Err(invalid(name, format!("family {other} is neither 4 nor 6"))),
        };
        let version = Version::from_number(config.version).ok_or_else(|| {
            invalid(
                name,
                format!("VRRP version {} does not exist", config.version),
            )
        })?;
        let initial_state = match config.initial_state.as_deref() {
            None => None,
            Some("MASTER") => Some(InitialState::Master),
            Some("BACKUP") => Some(InitialState::Backup),
            Some(other) => {
                return Err(invalid(
                    name,
                    format!("state {other} is neither MASTER nor BACKUP"),
                ));
            }
        };
        let addresses: Vec<ka_engine::VirtualAddress> = config
            .virtual_addresses
            .iter()
            .chain(&config.excluded_addresses)
            .map(|address| parse_address(name, address))
            .collect::<Result<_, _>>()?;
        let advertised = addresses
            .iter()
            .take(config.virtual_addresses.len())
            .map(|address| address.address)
            .collect();
        let router = RouterConfig {
            vrid: config.vrid,
            family,
            version,
            priority: config.priority,
            initial_state,
            advertisement_interval: Duration::from_micros(config.advert_int_us.into()),
            down_timer_adverts: config.down_timer_adverts,
            preempt_mode: config.preempt,
            preempt_delay: Duration::from_micros(config.preempt_delay_us.into()),
            authentication: match &config.auth_pass {
                Some(password) => Authentication::pass(&password[..]),
                None => Authentication::None,
            },
            addresses: advertised,
            checksum_rule: if config.v3_checksum_as_v2 {
                ChecksumRule::NoPseudoHeader
            } else {
                ChecksumRule::Standard
            },
            lower_prio_no_advert: config.lower_prio_no_advert,
            higher_prio_send_advert: config.higher_prio_send_advert,
            owner_ignore_adverts: config.owner_ignore_adverts,
            skip_check_adv_addr: config.skip_check_adv_addr,
            timer_expired_backup: config.timer_expired_backup,
            dont_track_primary: config.dont_track_primary,
            garp: ka_vrrp::GarpConfig {
                master_delay: Duration::from_millis(config.garp.master_delay_ms.into()),
                master_repeat: config.garp.master_repeat,
                master_refresh: Duration::from_secs(config.garp.master_refresh_s.into()),
                master_refresh_repeat: config.garp.master_refresh_repeat,
                lower_prio_delay: Duration::from_millis(config.garp.lower_prio_delay_ms.into()),
                lower_prio_repeat: config.garp.lower_prio_repeat,
            },
        };
        Ok(Self {
            name: Arc::from(name),
            interface: Arc::from(config.interface.as_str()),
            dynamic_interface: config.dynamic_interface,
            source: optional_ip(name, "source address", config.source_address.as_deref())?,
            group: ip(name, "group", &config.group)?,
            router,
            addresses,
        })
    }
}

fn parse_address(
    instance: &str,
    address: &VirtualAddress,
) -> Result<ka_engine::VirtualAddress, CodedError> {
    let parsed = ip(instance, "virtual address", &address.address)?;
    let longest = if parsed.is_ipv4() { 32 } else { 128 };
    if address.prefix_length > longest {
        let reason = format!(
            "prefix length {} of {parsed} is above {longest}",
            address.prefix_length
        );
        return Err(invalid(instance, reason));
    }
    Ok(ka_engine::VirtualAddress {
        address: parsed,
        prefix_len: address.prefix_length,
        interface: Arc::from(address.interface.as_str()),
        scope: address.scope,
        label: address.label.clone(),
        broadcast: optional_ip(instance, "broadcast address", address.broadcast.as_deref())?,
        peer: optional_ip(instance, "peer address", address.peer.as_deref())?,
        preferred_lifetime: address.preferred_lifetime_s,
        no_dad: address.no_dad,
        home: address.home,
        manage_temporary: address.manage_temporary,
        no_prefix_route: address.no_prefix_route,
        auto_join: address.auto_join,
    })
}

fn ip(instance: &str, what: &str, text: &str) -> Result<IpAddr, CodedError> {
    text.parse()
        .map_err(|_| invalid(instance, format!("{what} '{text}' is no IP address")))
}

fn optional_ip(
    instance: &str,
    what: &str,
    text: Option<&str>,
) -> Result<Option<IpAddr>, CodedError> {
    text.map(|text| ip(instance, what, text)).transpose()
}

fn invalid(instance: &str, reason: String) -> CodedError {
    Error::new(INVALID_CONFIG, format!("instance {instance}: {reason}"))
}
