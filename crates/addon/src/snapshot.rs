//! The engine's state as JavaScript sees it.

use std::time::Duration;

use ka_vrrp::RejectReason;
use napi_derive::napi;

use crate::event::state;

/// The engine's state.
#[napi(object, object_from_js = false)]
pub struct EngineSnapshot {
    /// Every instance.
    pub instances: Vec<InstanceStatus>,
    /// What instances track, in the order of the numbers.
    pub trackers: Vec<TrackerStatus>,
    /// The engine thread.
    pub engine: EngineStatus,
}

/// One instance.
#[napi(object, object_from_js = false)]
pub struct InstanceStatus {
    /// Name of the configuration.
    pub name: String,
    /// Interface of the advertisements.
    pub interface: String,
    /// Virtual router identifier.
    pub vrid: u8,
    /// 4 or 6.
    pub family: u8,
    /// Present state.
    #[napi(ts_type = "'INIT' | 'BACKUP' | 'MASTER' | 'FAULT' | 'STOP'")]
    pub state: String,
    /// Milliseconds since the last change of state.
    pub in_state_for_ms: f64,
    /// Effective priority.
    pub priority: u8,
    /// Configured priority.
    pub base_priority: u8,
    /// The configured priority with what trackers add to it, beyond all limits of a priority.
    pub total_priority: i32,
    /// Trackers that keep it in FAULT.
    pub tracker_faults: u16,
    /// Trackers without a result that it waits for.
    pub trackers_awaited: u16,
    /// Address of the Master last heard.
    pub master_address: Option<String>,
    /// Its priority.
    pub master_priority: Option<u8>,
    /// Addresses that are on the interfaces now.
    pub addresses_held: u32,
    /// Counters since the instance exists.
    pub statistics: InstanceStatistics,
}

/// Something that instances track.
#[napi(object, object_from_js = false)]
pub struct TrackerStatus {
    /// Its number.
    pub id: u32,
    /// Generation of its configuration.
    pub generation: u32,
    /// Its name.
    pub name: String,
    /// What is known of it.
    #[napi(ts_type = "'unknown' | 'up' | 'down'")]
    pub state: String,
    /// It counts as failed because nothing was heard of it for too long.
    pub is_stale: bool,
}

/// Counters of one instance.
#[napi(object, object_from_js = false)]
pub struct InstanceStatistics {
    /// Advertisements that passed every receive check.
    pub advertisements_received: f64,
    /// Advertisements sent.
    pub advertisements_sent: f64,
    /// Changes to Master.
    pub became_master: f64,
    /// Changes from Master.
    pub released_master: f64,
    /// Resignations received.
    pub priority_zero_received: f64,
    /// Times that this router resigned.
    pub priority_zero_sent: f64,
    /// Accepted advertisements whose addresses were not ours.
    pub address_list_errors: f64,
    /// Rejected advertisements.
    pub rejected: RejectedCounts,
    /// Advertisements rejected for their authentication trailer.
    pub authentication_extension: AuthenticationExtensionCounts,
}

/// Advertisements rejected for their authentication trailer, by what was wrong with it.
#[napi(object, object_from_js = false)]
pub struct AuthenticationExtensionCounts {
    /// No trailer.
    pub missing: f64,
    /// Not a trailer.
    pub malformed: f64,
    /// Made with an unknown key.
    pub unknown_key: f64,
    /// Made with another key, or of another advertisement.
    pub invalid_hmac: f64,
    /// Too old.
    pub stale: f64,
    /// Heard before.
    pub replay: f64,
}

/// Rejected advertisements by the receive check that failed.
#[napi(object, object_from_js = false)]
pub struct RejectedCounts {
    /// Length and address count do not fit.
    pub length: f64,
    /// TTL or hop limit below 255.
    pub ttl: f64,
    /// Another VRRP version.
    pub version: f64,
    /// Unknown authentication type.
    pub authentication_type_unknown: f64,
    /// Another authentication type.
    pub authentication_type_mismatch: f64,
    /// Another password.
    pub authentication_failed: f64,
    /// VRRPv2: another interval.
    pub advertisement_interval: f64,
    /// Not an advertisement.
    pub packet_type: f64,
    /// The IPv4 total length is wrong.
    pub total_length: f64,
    /// Wrong checksum.
    pub checksum: f64,
    /// Not sent to the group.
    pub destination: f64,
    /// Ignored as address owner.
    pub owner_ignores_advertisements: f64,
}

/// The engine thread.
#[napi(object, object_from_js = false)]
pub struct EngineStatus {
    /// Processor time of the thread from one wait to the next.
    pub steps: Histogram,
    /// How late timers were served.
    pub lateness: Histogram,
    /// Longest netlink batch in microseconds, the kernel's time included.
    pub longest_batch_us: f64,
    /// The thread has real-time scheduling now.
    pub realtime: bool,
    /// Packets that the kernel dropped for want of room.
    pub receive_overruns: f64,
    /// Times that address or link messages were lost and read anew.
    pub resynchronisations: f64,
    /// Advertisements sent.
    pub advertisements_sent: f64,
    /// Packets received that passed the kernel's filter.
    pub packets_received: f64,
    /// Received packets that belong to no instance.
    pub packets_unknown: f64,
    /// Results of trackers that came too late, or were left out for later ones.
    pub tracker_results_dropped: f64,
}

/// A distribution of times in microseconds; quantiles are upper bounds within 25 %.
#[napi(object, object_from_js = false)]
pub struct Histogram {
    /// How many.
    pub count: f64,
    /// Half are at most this.
    pub median_us: f64,
    /// 99 % are at most this.
    pub p99_us: f64,
    /// 99.9 % are at most this.
    pub p999_us: f64,
    /// The longest, exactly.
    pub longest_us: f64,
}

fn us(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

impl From<&ka_engine::Histogram> for Histogram {
    fn from(histogram: &ka_engine::Histogram) -> Self {
        Self {
            count: histogram.count() as f64,
            median_us: us(histogram.quantile(0.5)),
            p99_us: us(histogram.quantile(0.99)),
            p999_us: us(histogram.quantile(0.999)),
            longest_us: us(histogram.longest()),
        }
    }
}

impl From<ka_engine::EngineSnapshot> for EngineSnapshot {
    fn from(snapshot: ka_engine::EngineSnapshot) -> Self {
        let mut trackers: Vec<TrackerStatus> =
            snapshot.trackers.into_iter().map(Into::into).collect();
        trackers.sort_unstable_by_key(|tracker| tracker.id);
        Self {
            instances: snapshot.instances.into_iter().map(Into::into).collect(),
            trackers,
            engine: snapshot.engine.into(),
        }
    }
}

impl From<ka_engine::EngineStatus> for EngineStatus {
    fn from(status: ka_engine::EngineStatus) -> Self {
        Self {
            steps: (&status.steps).into(),
            lateness: (&status.lateness).into(),
            longest_batch_us: us(status.longest_batch),
            realtime: status.realtime,
            receive_overruns: status.receive_overruns as f64,
            resynchronisations: status.resynchronisations as f64,
            advertisements_sent: status.advertisements_sent as f64,
            packets_received: status.packets_received as f64,
            packets_unknown: status.packets_unknown as f64,
            tracker_results_dropped: status.tracker_results_dropped as f64,
        }
    }
}

impl From<ka_engine::TrackerStatus> for TrackerStatus {
    fn from(status: ka_engine::TrackerStatus) -> Self {
        Self {
            id: status.id.0,
            generation: status.generation,
            name: status.name.to_string(),
            state: status.state.name().to_owned(),
            is_stale: status.is_stale,
        }
    }
}

impl From<&ka_vrrp::AuthenticationExtensionErrors> for AuthenticationExtensionCounts {
    fn from(errors: &ka_vrrp::AuthenticationExtensionErrors) -> Self {
        Self {
            missing: errors.missing as f64,
            malformed: errors.malformed as f64,
            unknown_key: errors.unknown_key as f64,
            invalid_hmac: errors.invalid_hmac as f64,
            stale: errors.stale as f64,
            replay: errors.replay as f64,
        }
    }
}

impl From<ka_engine::InstanceStatus> for InstanceStatus {
    fn from(status: ka_engine::InstanceStatus) -> Self {
        let statistics = &status.statistics;
        let rejected = |reason| statistics.rejected(reason) as f64;
        Self {
            name: status.name.to_string(),
            interface: status.interface.to_string(),
            vrid: status.vrid,
            family: status.family,
            state: state(status.state),
            in_state_for_ms: status.in_state_for.as_secs_f64() * 1000.0,
            priority: status.priority,
            base_priority: status.base_priority,
            total_priority: status.total_priority,
            tracker_faults: status.tracker_faults,
            trackers_awaited: status.trackers_awaited,
            master_address: status.master.map(|(address, _)| address.to_string()),
            master_priority: status.master.map(|(_, priority)| priority),
            addresses_held: status.addresses_held,
            statistics: InstanceStatistics {
                advertisements_received: statistics.advertisements_received as f64,
                advertisements_sent: statistics.advertisements_sent as f64,
                became_master: statistics.became_master as f64,
                released_master: statistics.released_master as f64,
                priority_zero_received: statistics.priority_zero_received as f64,
                priority_zero_sent: statistics.priority_zero_sent as f64,
                address_list_errors: statistics.address_list_errors as f64,
                rejected: RejectedCounts {
                    length: rejected(RejectReason::Length),
                    ttl: rejected(RejectReason::Ttl),
                    version: rejected(RejectReason::Version),
                    authentication_type_unknown: rejected(RejectReason::AuthenticationTypeUnknown),
                    authentication_type_mismatch: rejected(
                        RejectReason::AuthenticationTypeMismatch,
                    ),
                    authentication_failed: rejected(RejectReason::AuthenticationFailed),
                    advertisement_interval: rejected(RejectReason::AdvertisementInterval),
                    packet_type: rejected(RejectReason::PacketType),
                    total_length: rejected(RejectReason::TotalLength),
                    checksum: rejected(RejectReason::Checksum),
                    destination: rejected(RejectReason::Destination),
                    owner_ignores_advertisements: rejected(
                        RejectReason::OwnerIgnoresAdvertisements,
                    ),
                },
                authentication_extension: (&statistics.authentication_extension).into(),
            },
        }
    }
}
