//! Everything there is to know of the engine's state, handed over in parts: thousands of objects
//! in one call would hold up JavaScript.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ka_wire::ChecksumRule;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use crate::cause::UnusableSource;
use crate::error::CodedError;
use crate::notice::checksum;
use crate::parse;
use crate::snapshot::{EngineStatus, GroupStatus, InstanceStatus, TrackerStatus};

/// The engine's state at one moment, to be taken in parts.
#[napi]
pub struct Description {
    instances: std::vec::IntoIter<(ka_engine::InstanceStatus, ka_engine::InstanceDetails)>,
    /// Of the instances that are left, one after the other.
    addresses_held: std::vec::IntoIter<bool>,
    interfaces: std::vec::IntoIter<ka_engine::InterfaceStatus>,
    groups: std::vec::IntoIter<ka_engine::GroupStatus>,
    trackers: std::vec::IntoIter<ka_engine::TrackerStatus>,
    engine: ka_engine::EngineStatus,
}

#[napi]
impl Description {
    /// Takes the next instances, at most `limit`; none are left when the array is empty.
    #[napi(ts_args_type = "limit: number")]
    pub fn instances(&mut self, limit: Unknown<'_>) -> Result<Vec<InstanceDetails>, CodedError> {
        let limit = parse::count("limit", limit)?;
        let taken = self.instances.by_ref().take(limit);
        Ok(taken
            .map(|(status, details)| {
                let held = self.addresses_held.by_ref().take(details.addresses);
                InstanceDetails::new(status, details, held.collect())
            })
            .collect())
    }

    /// Takes the next interfaces, at most `limit`; none are left when the array is empty.
    #[napi(ts_args_type = "limit: number")]
    pub fn interfaces(&mut self, limit: Unknown<'_>) -> Result<Vec<InterfaceDetails>, CodedError> {
        let limit = parse::count("limit", limit)?;
        let taken = self.interfaces.by_ref().take(limit);
        Ok(taken.map(InterfaceDetails::from).collect())
    }

    /// Takes the next sync groups, at most `limit`; none are left when the array is empty.
    #[napi(ts_args_type = "limit: number")]
    pub fn groups(&mut self, limit: Unknown<'_>) -> Result<Vec<GroupStatus>, CodedError> {
        let limit = parse::count("limit", limit)?;
        let taken = self.groups.by_ref().take(limit);
        Ok(taken.map(GroupStatus::from).collect())
    }

    /// Takes what instances track, the next at most `limit`; none are left when the array is empty.
    #[napi(ts_args_type = "limit: number")]
    pub fn trackers(&mut self, limit: Unknown<'_>) -> Result<Vec<TrackerStatus>, CodedError> {
        let limit = parse::count("limit", limit)?;
        let taken = self.trackers.by_ref().take(limit);
        Ok(taken.map(TrackerStatus::from).collect())
    }

    /// The engine thread.
    #[napi(getter)]
    pub fn engine(&self) -> EngineStatus {
        self.engine.clone().into()
    }
}

impl From<ka_engine::EngineSnapshot> for Description {
    fn from(snapshot: ka_engine::EngineSnapshot) -> Self {
        let instances = snapshot.instances.into_iter().zip(snapshot.details);
        Self {
            instances: instances.collect::<Vec<_>>().into_iter(),
            addresses_held: snapshot.addresses_held.into_iter(),
            interfaces: snapshot.interfaces.into_iter(),
            groups: snapshot.groups.into_iter(),
            trackers: snapshot.trackers.into_iter(),
            engine: snapshot.engine,
        }
    }
}

/// Everything of one instance.
#[napi(object, object_from_js = false)]
pub struct InstanceDetails {
    /// What a status says.
    pub status: InstanceStatus,
    /// When the state last changed, in milliseconds since the Unix epoch by the clock of that moment; absent before
    /// the first.
    pub changed_at_ms: Option<f64>,
    /// Address that advertisements are sent from.
    pub source_address: Option<String>,
    /// The interface is down, or cannot be used.
    pub link_down: bool,
    /// There is no address to send from.
    pub no_source: bool,
    /// The address to send from is no address of this host; absent when it is.
    pub source_lost: Option<bool>,
    /// It shall send to unicast peers and has none; absent otherwise.
    pub no_peers: Option<bool>,
    /// With `noSource`: an address that is there and cannot be used.
    pub unusable_source: Option<UnusableSource>,
    /// Advertisement interval of the Master, in microseconds; our own unless another was learned.
    pub master_advert_int_us: f64,
    /// How long a Backup waits for an advertisement, in microseconds.
    pub master_down_us: f64,
    /// When the timer runs out, in milliseconds since the Unix epoch by the clock of now; absent where none runs.
    pub timer_at_ms: Option<f64>,
    /// When it last advertised, likewise.
    pub advertised_at_ms: Option<f64>,
    /// Other routers and what the checksums of their advertisements cover, who was heard last first. Of VRRPv3 over
    /// IPv4 only.
    pub checksums: Vec<HeardChecksum>,
    /// Index of the interface that its group is joined on.
    pub joined_ifindex: Option<u32>,
    /// Whether each address is on its interface now: advertised ones, then excluded ones, in order.
    pub addresses_held: Vec<bool>,
}

impl InstanceDetails {
    fn new(
        status: ka_engine::InstanceStatus,
        details: ka_engine::InstanceDetails,
        addresses_held: Vec<bool>,
    ) -> Self {
        Self {
            status: status.into(),
            changed_at_ms: details.changed_at.map(epoch_ms),
            source_address: details.source.map(|address| address.to_string()),
            link_down: details.faults.link_down,
            no_source: details.faults.no_source,
            source_lost: details.faults.source_lost.then_some(true),
            no_peers: details.faults.no_peers.then_some(true),
            unusable_source: details.faults.unusable_source.map(Into::into),
            master_advert_int_us: us(details.master_adver_interval),
            master_down_us: us(details.master_down_interval),
            timer_at_ms: details.timer_at.map(epoch_ms),
            advertised_at_ms: details.advertised_at.map(epoch_ms),
            checksums: details.checksums.into_iter().map(heard).collect(),
            joined_ifindex: details.joined,
            addresses_held,
        }
    }
}

/// What the checksums of another router cover.
#[napi(object, object_from_js = false)]
pub struct HeardChecksum {
    /// Its address.
    pub address: String,
    /// The pseudo-header of the packet, none, or that with the multicast group in a unicast packet.
    #[napi(ts_type = "'pseudo-header' | 'no-pseudo-header' | 'old-unicast'")]
    pub form: String,
}

fn heard((address, rule): (IpAddr, ChecksumRule)) -> HeardChecksum {
    HeardChecksum {
        address: address.to_string(),
        form: checksum(rule),
    }
}

/// One interface.
#[napi(object, object_from_js = false)]
pub struct InterfaceDetails {
    /// Its name.
    pub name: String,
    /// The kernel's index; absent while no link has this name.
    pub index: Option<u32>,
    /// It was set up by the administrator.
    pub up: bool,
    /// It has a carrier.
    pub running: bool,
    /// It is a loopback.
    pub loopback: bool,
    /// It carries multicast.
    pub multicast: bool,
    /// It has no ARP.
    pub noarp: bool,
    /// Octets of the largest packet; 0 when unknown.
    pub mtu: u32,
    /// The type of its hardware: 1 is Ethernet (ARPHRD_*).
    pub link_type: u16,
    /// Hardware address of 6 octets, such as `02:00:00:00:00:01`.
    pub mac: Option<String>,
    /// Addresses that are not ours and that advertisements could come from: IPv4 ones and link-local IPv6 ones.
    pub addresses: Vec<String>,
    /// Names of the instances whose advertisements run here.
    pub instances: Vec<String>,
}

impl From<ka_engine::InterfaceStatus> for InterfaceDetails {
    fn from(status: ka_engine::InterfaceStatus) -> Self {
        let mac = |mac: [u8; 6]| mac.map(|octet| format!("{octet:02x}")).join(":");
        Self {
            name: status.name.to_string(),
            index: status.index,
            up: status.admin_up,
            running: status.running,
            loopback: status.loopback,
            multicast: status.multicast,
            noarp: status.noarp,
            mtu: status.mtu,
            link_type: status.link_type,
            mac: status.mac.map(mac),
            addresses: status.addresses.iter().map(ToString::to_string).collect(),
            instances: status.instances.iter().map(ToString::to_string).collect(),
        }
    }
}

fn us(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// Milliseconds since the Unix epoch, with fractions; a clock before it says 0.
fn epoch_ms(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}
