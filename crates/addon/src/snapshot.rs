//! The engine's state as JavaScript sees it.

use std::time::Duration;

use ka_vrrp::{RejectReason, TrackerState};
use napi_derive::napi;

use crate::event::{milliseconds, state};

/// The engine's state.
#[napi(object, object_from_js = false)]
pub struct EngineSnapshot {
    /// Every instance.
    pub instances: Vec<InstanceStatus>,
    /// Instances that change their state together, in the order of the configuration.
    pub groups: Vec<GroupStatus>,
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
    /// Interface of the advertisements; absent where the routing table chooses it.
    pub interface: Option<String>,
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
    /// As Master the other Master that it is in conflict with, as long as it is.
    pub rival_address: Option<String>,
    /// Counters since the instance exists.
    pub statistics: InstanceStatistics,
}

/// Instances that change their state together (`vrrp_sync_group`).
#[napi(object, object_from_js = false)]
pub struct GroupStatus {
    /// Name of the configuration.
    pub name: String,
    /// Present state.
    #[napi(ts_type = "'INIT' | 'BACKUP' | 'MASTER' | 'FAULT' | 'STOP'")]
    pub state: String,
    /// Milliseconds since the last change of state.
    pub in_state_for_ms: f64,
    /// When the state last changed, in milliseconds since the Unix epoch by the clock of that moment; absent before
    /// the first.
    pub changed_at_ms: Option<f64>,
    /// Names of its instances, in order.
    pub members: Vec<String>,
}

impl From<ka_engine::GroupStatus> for GroupStatus {
    fn from(status: ka_engine::GroupStatus) -> Self {
        Self {
            name: status.name.to_string(),
            state: state(status.state),
            in_state_for_ms: status.in_state_for.as_secs_f64() * 1000.0,
            changed_at_ms: status.changed_at.map(milliseconds),
            members: status.members.iter().map(ToString::to_string).collect(),
        }
    }
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
    /// What it is.
    #[napi(ts_type = "'reported' | 'interface' | 'address' | 'file' | 'process'")]
    pub kind: String,
    /// What is known of it. Of a file that is its `number`.
    #[napi(ts_type = "'unknown' | 'up' | 'down' | 'number'")]
    pub state: String,
    /// The number that a file holds.
    pub number: Option<i32>,
    /// How often what is known of it changed.
    pub changes: f64,
    /// How many processes there are.
    pub processes: Option<u32>,
    /// There are as many as there shall be, and that has yet to last.
    pub is_gaining: bool,
    /// There are not, and that has yet to last.
    pub is_losing: bool,
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
    /// Good advertisements of other Masters that it heard as Master.
    pub rival_advertisements: f64,
    /// Other Masters that it heard as Master, each once in a conflict.
    pub rivals: f64,
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
    /// An authentication header where none is configured, or none where there should be one.
    pub authentication_header: f64,
    /// Length and address count do not fit.
    pub length: f64,
    /// TTL or hop limit below 255.
    pub ttl: f64,
    /// Another VRRP version.
    pub version: f64,
    /// Not signed.
    pub signature_missing: f64,
    /// Not from a unicast peer.
    pub unknown_peer: f64,
    /// A trailer that is none.
    pub signature_malformed: f64,
    /// Signed too long ago, or in the future.
    pub signature_stale: f64,
    /// Signed with a key of an unknown identifier.
    pub signature_key_unknown: f64,
    /// Signed with another key, or not what was signed.
    pub signature_invalid: f64,
    /// Received before, or older than another one of its sender.
    pub signature_replayed: f64,
    /// Unknown authentication type.
    pub authentication_type_unknown: f64,
    /// Another authentication type.
    pub authentication_type_mismatch: f64,
    /// Another password, or an authentication header that is not as it should be.
    pub authentication_failed: f64,
    /// VRRPv2: another interval.
    pub advertisement_interval: f64,
    /// Not an advertisement.
    pub packet_type: f64,
    /// The IPv4 total length is wrong.
    pub total_length: f64,
    /// Wrong checksum.
    pub checksum: f64,
    /// Sent to one host where advertisements go to the group, or the other way round.
    pub destination: f64,
    /// Ignored as address owner.
    pub owner_ignores_advertisements: f64,
    /// A TTL or hop limit beyond the limits of the unicast peer.
    pub peer_ttl: f64,
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
            groups: snapshot.groups.into_iter().map(Into::into).collect(),
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

/// The number that a tracker holds, if it is one that does.
pub(crate) fn number(state: TrackerState) -> Option<i32> {
    match state {
        TrackerState::Number(number) => Some(number),
        TrackerState::Unknown | TrackerState::Up | TrackerState::Down => None,
    }
}

impl From<ka_engine::TrackerStatus> for TrackerStatus {
    fn from(status: ka_engine::TrackerStatus) -> Self {
        Self {
            id: status.id.0,
            generation: status.generation,
            name: status.name.to_string(),
            kind: status.kind.name().to_owned(),
            state: status.state.name().to_owned(),
            number: number(status.state),
            changes: status.changes as f64,
            processes: status.processes.map(|processes| processes.current),
            is_gaining: status.processes.is_some_and(|processes| processes.gaining),
            is_losing: status.processes.is_some_and(|processes| processes.losing),
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
            interface: status.interface.map(|interface| interface.to_string()),
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
            rival_address: status.rival.map(|address| address.to_string()),
            statistics: InstanceStatistics {
                advertisements_received: statistics.advertisements_received as f64,
                advertisements_sent: statistics.advertisements_sent as f64,
                became_master: statistics.became_master as f64,
                released_master: statistics.released_master as f64,
                priority_zero_received: statistics.priority_zero_received as f64,
                priority_zero_sent: statistics.priority_zero_sent as f64,
                address_list_errors: statistics.address_list_errors as f64,
                rival_advertisements: statistics.rival_advertisements as f64,
                rivals: statistics.rivals as f64,
                rejected: RejectedCounts {
                    authentication_header: rejected(RejectReason::AuthenticationHeader),
                    length: rejected(RejectReason::Length),
                    ttl: rejected(RejectReason::Ttl),
                    version: rejected(RejectReason::Version),
                    signature_missing: rejected(RejectReason::SignatureMissing),
                    unknown_peer: rejected(RejectReason::UnknownPeer),
                    signature_malformed: rejected(RejectReason::SignatureMalformed),
                    signature_stale: rejected(RejectReason::SignatureStale),
                    signature_key_unknown: rejected(RejectReason::SignatureKeyUnknown),
                    signature_invalid: rejected(RejectReason::SignatureInvalid),
                    signature_replayed: rejected(RejectReason::SignatureReplayed),
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
                    peer_ttl: rejected(RejectReason::PeerTtl),
                },
                authentication_extension: (&statistics.authentication_extension()).into(),
            },
        }
    }
}
