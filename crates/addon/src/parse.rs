//! From JavaScript's values to the engine's.

mod authentication;
mod routes;
mod rules;

use std::ffi::CString;
use std::fmt::Display;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use ka_vrrp::{InitialState, RouterConfig};
use ka_wire::{Family, Version};
use napi::bindgen_prelude::{FromNapiValue, Unknown};
use napi::{Error, ValueType};

use crate::config::{
    EngineConfig, EngineOptions, GarpConfig, GroupConfig, InstanceConfig, StaticObjects,
    UnicastConfig, VirtualAddress,
};
use crate::error::{CodedError, INVALID_CONFIG, USAGE};
use crate::scripts::ScriptWorkerOptions;
use crate::trackers::{result, track, tracker};
use routes::virtual_routes;
use rules::virtual_rules;

mod unicast;

/// Places of sync daemons in a configuration begin with 0.
const LAST_SYNC_DAEMON: u8 = ka_ipvs::MAX_SYNC_DAEMONS as u8 - 1;

/// Why a value cannot be used, as a sentence that names its field.
pub(crate) type Parsed<T> = Result<T, String>;

/// The argument `name` as the type that it must have.
pub(crate) fn argument<T: FromNapiValue>(name: &str, value: Unknown<'_>) -> Parsed<T> {
    T::from_unknown(value).map_err(|error| format!("{name}: {}", error.reason))
}

/// The value `name` as the object that it must be.
///
/// Of null and undefined not even a field can be read: that throws, on the spot.
pub(crate) fn object<T: FromNapiValue>(name: &str, value: Unknown<'_>) -> Parsed<T> {
    match value.get_type() {
        Ok(ValueType::Object) => argument(name, value),
        _ => Err(format!("{name} is not an object")),
    }
}

/// The options of an engine.
pub(crate) fn options(value: Unknown<'_>) -> Result<ka_engine::EngineOptions, CodedError> {
    object("options", value)
        .and_then(engine_options)
        .map_err(usage)
}

/// A configuration.
pub(crate) fn config(value: Unknown<'_>) -> Result<ka_engine::EngineConfig, CodedError> {
    object("config", value)
        .and_then(engine_config)
        .map_err(|reason| Error::new(INVALID_CONFIG, reason))
}

/// Results of trackers.
pub(crate) fn results(value: Unknown<'_>) -> Result<Vec<ka_engine::TrackerResult>, CodedError> {
    argument("results", value)
        .and_then(|results: Vec<Unknown<'_>>| {
            let results = results.into_iter().enumerate();
            let results =
                results.map(|(index, value)| result(&object(&format!("results[{index}]"), value)?));
            results.collect()
        })
        .map_err(usage)
}

/// A number of milliseconds.
pub(crate) fn milliseconds(name: &str, value: Unknown<'_>) -> Result<Duration, CodedError> {
    argument(name, value)
        .and_then(|value| integer(name, value, 0..=u32::MAX))
        .map(|value| Duration::from_millis(value.into()))
        .map_err(usage)
}

/// How many of something are wanted.
pub(crate) fn count(name: &str, value: Unknown<'_>) -> Result<usize, CodedError> {
    argument(name, value)
        .and_then(|value| integer(name, value, 0..=u32::MAX))
        .map(|value| value as usize)
        .map_err(usage)
}

/// A duration in whole microseconds, of which there are at least `min`.
pub(crate) fn microseconds(field: &str, value: f64, min: u32) -> Parsed<Duration> {
    /// Integers up to this one are exact (`Number.MAX_SAFE_INTEGER`).
    const MAX: f64 = 9_007_199_254_740_991.0;
    if value.fract() == 0.0 && (f64::from(min)..=MAX).contains(&value) {
        return Ok(Duration::from_micros(value as u64));
    }
    Err(format!(
        "{field} {value} is not an integer from {min} to {MAX}"
    ))
}

/// The options of a script worker.
pub(crate) fn script_worker_options(
    value: Unknown<'_>,
) -> Result<ka_worker::WorkerOptions, CodedError> {
    let parse = |options: ScriptWorkerOptions| {
        let umask = options.umask;
        let directory = options.directory.map(CString::new).transpose();
        Ok(ka_worker::WorkerOptions {
            reap_orphans: options.reap_orphans,
            umask: umask
                .map(|umask| integer("umask", umask, 0..=0o777))
                .transpose()?,
            directory: directory.map_err(|_| "directory holds a NUL".to_owned())?,
        })
    };
    object("options", value).and_then(parse).map_err(usage)
}

/// An argument that makes no sense.
pub(crate) fn usage(reason: String) -> CodedError {
    Error::new(USAGE, reason)
}

/// The integer of `range` that `value` is.
pub(crate) fn integer<T>(field: &str, value: f64, range: RangeInclusive<T>) -> Parsed<T>
where
    T: Copy + Display + Into<f64> + TryFrom<u32>,
{
    let (min, max) = (*range.start(), *range.end());
    // Neither holds for what is no number.
    if value.fract() == 0.0 && (min.into()..=max.into()).contains(&value) {
        // Exact, as every value of the range is one of these 32 bits.
        if let Ok(integer) = T::try_from(value as u32) {
            return Ok(integer);
        }
    }
    Err(format!(
        "{field} {value} is not an integer from {min} to {max}"
    ))
}

/// The integer of `range`, which may be negative, that `value` is.
pub(crate) fn signed(field: &str, value: f64, range: RangeInclusive<i32>) -> Parsed<i32> {
    let (min, max) = (*range.start(), *range.end());
    if value.fract() == 0.0 && (min.into()..=max.into()).contains(&value) {
        return Ok(value as i32);
    }
    Err(format!(
        "{field} {value} is not an integer from {min} to {max}"
    ))
}

fn engine_options(options: EngineOptions) -> Parsed<ka_engine::EngineOptions> {
    let defaults = ka_engine::EngineOptions::default();
    Ok(ka_engine::EngineOptions {
        instance_name: options.instance_name,
        runtime_dir: options.runtime_dir.map_or(defaults.runtime_dir, Into::into),
        realtime_priority: match options.realtime_priority {
            None => defaults.realtime_priority,
            Some(priority) => Some(integer("realtimePriority", priority, 0..=99)?)
                .filter(|&priority| priority > 0),
        },
        signals: options.signals,
        release_on_stop: options.release_on_stop.unwrap_or(defaults.release_on_stop),
        monitor_addresses: options
            .monitor_addresses
            .unwrap_or(defaults.monitor_addresses),
        heartbeat_limit: match options.heartbeat_limit_ms {
            None => defaults.heartbeat_limit,
            Some(limit) => Some(integer("heartbeatLimitMs", limit, 0..=u32::MAX)?)
                .filter(|&limit| limit > 0)
                .map(|limit| Duration::from_millis(limit.into())),
        },
        process_events: options
            .process_events_fd
            .map(|fd| integer("processEventsFd", fd, 0..=u16::MAX))
            .transpose()?
            .map(|fd| ka_sys::process_events::inherited(fd.into()).map(Arc::new))
            .transpose()
            .map_err(|error| format!("processEventsFd: {error}"))?,
    })
}

fn engine_config(config: EngineConfig<'_>) -> Parsed<ka_engine::EngineConfig> {
    let delay = integer("startupDelayMs", config.startup_delay_ms, 0..=u32::MAX)?;
    let instances = config.instances.into_iter().enumerate();
    let instances = instances.map(|(index, value)| {
        let config: InstanceConfig<'_> = object(&format!("instances[{index}]"), value)?;
        instance(&config).map_err(|reason| format!("instance {}: {reason}", config.name))
    });
    let trackers = config.trackers.into_iter().flatten().enumerate();
    let trackers =
        trackers.map(|(index, value)| tracker(object(&format!("trackers[{index}]"), value)?));
    let after_boot = config.delay_after_boot_ms.unwrap_or(0.0);
    let after_boot = integer("delayAfterBootMs", after_boot, 0..=u32::MAX)?;
    let groups = config.groups.into_iter().flatten().enumerate();
    let groups = groups.map(|(index, value)| object(&format!("groups[{index}]"), value).map(group));
    Ok(ka_engine::EngineConfig {
        startup_delay: Duration::from_millis(delay.into()),
        delay_after_boot: Duration::from_millis(after_boot.into()),
        garp_pacing: crate::pacing::garp_pacing(config.garp_pacing)?,
        interface_delays: crate::pacing::interface_delays(config.interface_delays)?,
        log_unknown_vrids: config.log_unknown_vrids.unwrap_or(false),
        receive_buffers: crate::pacing::receive_buffers(config.receive_buffers)?,
        trackers: trackers.collect::<Result<_, _>>()?,
        process_events: ka_engine::ProcessEvents {
            receive_buffer: integer(
                "processReceiveBuffer",
                config.process_receive_buffer.unwrap_or_default(),
                0..=u32::MAX,
            )?,
            force: config.process_receive_buffer_force.unwrap_or_default(),
        },
        instances: instances.collect::<Result<_, _>>()?,
        groups: groups.collect::<Result<_, _>>()?,
        static_objects: match config.static_objects {
            Some(value) => static_objects(&object("staticObjects", value)?)
                .map_err(|reason| format!("staticObjects: {reason}"))?,
            None => Default::default(),
        },
    })
}

fn group(config: GroupConfig) -> ka_engine::GroupConfig {
    let members = config.members.iter();
    ka_engine::GroupConfig {
        name: Arc::from(config.name.as_str()),
        members: members.map(|member| Arc::from(member.as_str())).collect(),
    }
}

fn instance(config: &InstanceConfig<'_>) -> Parsed<ka_engine::InstanceConfig> {
    let listed = config.virtual_addresses.iter();
    let addresses: Vec<ka_engine::VirtualAddress> = listed
        .clone()
        .map(|address| object("virtualAddresses", *address))
        .chain(
            config
                .excluded_addresses
                .iter()
                .map(|address| object("excludedAddresses", *address)),
        )
        .map(|address| virtual_address(address?))
        .collect::<Result<_, _>>()?;
    let advertised = addresses
        .iter()
        .zip(listed)
        .map(|(address, _)| address.address);
    let unicast: Option<UnicastConfig<'_>> = config
        .unicast
        .map(|value| object("unicast", value))
        .transpose()?;
    Ok(ka_engine::InstanceConfig {
        name: Arc::from(config.name.as_str()),
        interface: config.interface.as_deref().map(Arc::from),
        dynamic_interface: config.dynamic_interface,
        source: optional_ip("source address", config.source_address.as_deref())?,
        track_source: config.track_source.unwrap_or_default(),
        group: ip("group", &config.group)?,
        unicast: unicast.as_ref().map(unicast::sending).transpose()?,
        router: RouterConfig {
            unicast: unicast.as_ref().map(unicast::peers).transpose()?,
            ..router(config, advertised.collect())?
        },
        addresses,
        routes: virtual_routes(config.routes.as_deref().unwrap_or_default())?,
        rules: virtual_rules(config.rules.as_deref().unwrap_or_default())?,
        resign_on_loss: config.resign_on_loss.unwrap_or_default(),
        promote_secondaries: config.promote_secondaries.unwrap_or_default(),
        sync_daemon: config
            .sync_daemon
            .map(|index| integer("syncDaemon", index, 0..=LAST_SYNC_DAEMON))
            .transpose()?,
        tracks: config
            .tracks
            .iter()
            .flatten()
            .map(|value| track(&object("tracks", *value)?))
            .collect::<Result<_, _>>()?,
    })
}

fn static_objects(config: &StaticObjects<'_>) -> Parsed<ka_engine::StaticObjects> {
    let addresses = config.addresses.iter();
    Ok(ka_engine::StaticObjects {
        addresses: addresses
            .map(|value| virtual_address(object("addresses", *value)?))
            .collect::<Result<_, _>>()?,
        routes: virtual_routes(&config.routes)?,
        rules: virtual_rules(&config.rules)?,
    })
}

fn router(config: &InstanceConfig<'_>, addresses: Vec<IpAddr>) -> Parsed<RouterConfig> {
    let family = match config.family {
        4.0 => Family::V4,
        6.0 => Family::V6,
        other => return Err(format!("family {other} is neither 4 nor 6")),
    };
    let version = match config.version {
        2.0 => Version::V2,
        3.0 => Version::V3,
        other => return Err(format!("VRRP version {other} does not exist")),
    };
    let initial_state = match config.initial_state.as_deref() {
        None => None,
        Some("MASTER") => Some(InitialState::Master),
        Some("BACKUP") => Some(InitialState::Backup),
        Some(other) => return Err(format!("state {other} is neither MASTER nor BACKUP")),
    };
    let interval = integer("advertIntUs", config.advert_int_us, 10_000..=255_000_000u32)?;
    let preempt_delay = integer(
        "preemptDelayUs",
        config.preempt_delay_us,
        0..=1_000_000_000u32,
    )?;
    Ok(RouterConfig {
        vrid: integer("vrid", config.vrid, 1..=255)?,
        family,
        version,
        priority: integer("priority", config.priority, 1..=255)?,
        initial_state,
        advertisement_interval: Duration::from_micros(interval.into()),
        down_timer_adverts: integer("downTimerAdverts", config.down_timer_adverts, 1..=100)?,
        preempt_mode: config.preempt,
        preempt_delay: Duration::from_micros(preempt_delay.into()),
        authentication: authentication::authentication(config)?,
        auth_hmac: authentication::auth_hmac(config.auth_hmac)?,
        unicast: None,
        checksum: authentication::checksum(config)?,
        addresses,
        lower_prio_no_advert: config.lower_prio_no_advert,
        higher_prio_send_advert: config.higher_prio_send_advert,
        owner_ignore_adverts: config.owner_ignore_adverts,
        skip_check_adv_addr: config.skip_check_adv_addr,
        timer_expired_backup: config
            .timer_expired_backup
            .map(|priority| integer("timerExpiredBackup", priority, 1..=254))
            .transpose()?,
        dont_track_primary: config.dont_track_primary,
        garp: garp(&object("garp", config.garp)?)?,
    })
}

fn garp(config: &GarpConfig) -> Parsed<ka_vrrp::GarpConfig> {
    const MAX_DELAY_MS: u32 = 4_294_000;
    let milliseconds = |field, value| {
        integer(field, value, 0..=MAX_DELAY_MS).map(|value| Duration::from_millis(value.into()))
    };
    let rounds = |field, value| integer(field, value, 1..=u32::MAX);
    let refresh = integer("garp.masterRefreshS", config.master_refresh_s, 0..=u32::MAX)?;
    Ok(ka_vrrp::GarpConfig {
        master_delay: milliseconds("garp.masterDelayMs", config.master_delay_ms)?,
        master_repeat: rounds("garp.masterRepeat", config.master_repeat)?,
        master_refresh: Duration::from_secs(refresh.into()),
        master_refresh_repeat: rounds("garp.masterRefreshRepeat", config.master_refresh_repeat)?,
        lower_prio_delay: milliseconds("garp.lowerPrioDelayMs", config.lower_prio_delay_ms)?,
        lower_prio_repeat: integer(
            "garp.lowerPrioRepeat",
            config.lower_prio_repeat,
            0..=u32::MAX,
        )?,
        extra_interfaces: Duration::from_secs(
            integer(
                "garp.extraInterfacesS",
                config.extra_interfaces_s.unwrap_or(0.0),
                0..=86_400u32,
            )?
            .into(),
        ),
    })
}

fn virtual_address(address: VirtualAddress) -> Parsed<ka_engine::VirtualAddress> {
    let parsed = ip("virtual address", &address.address)?;
    let longest = if parsed.is_ipv4() { 32 } else { 128 };
    let parse = || {
        Ok(ka_engine::VirtualAddress {
            address: parsed,
            prefix_len: integer("prefixLength", address.prefix_length, 0..=longest)?,
            interface: Arc::from(address.interface.as_str()),
            scope: integer("scope", address.scope, 0..=255)?,
            label: address.label,
            broadcast: optional_ip("broadcast address", address.broadcast.as_deref())?,
            peer: optional_ip("peer address", address.peer.as_deref())?,
            preferred_lifetime: address
                .preferred_lifetime_s
                .map(|seconds| integer("preferredLifetimeS", seconds, 0..=u32::MAX))
                .transpose()?,
            no_dad: address.no_dad,
            home: address.home,
            manage_temporary: address.manage_temporary,
            no_prefix_route: address.no_prefix_route,
            auto_join: address.auto_join,
            no_track: address.no_track.unwrap_or(false),
        })
    };
    parse().map_err(|reason: String| format!("{parsed}: {reason}"))
}

pub(crate) fn ip(what: &str, text: &str) -> Parsed<IpAddr> {
    text.parse()
        .map_err(|_| format!("{what} '{text}' is no IP address"))
}

pub(crate) fn optional_ip(what: &str, text: Option<&str>) -> Parsed<Option<IpAddr>> {
    text.map(|text| ip(what, text)).transpose()
}
