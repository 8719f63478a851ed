//! Why a state changed, as JavaScript sees it.

use napi_derive::napi;

/// Why a state changed.
#[napi(
    object_from_js = false,
    discriminant = "type",
    discriminant_case = "camelCase",
    js_name = "Cause"
)]
#[allow(
    missing_docs,
    reason = "the sentence of a variant describes its fields"
)]
pub enum Cause {
    /// The router was started.
    Start,
    /// An address owner need not wait.
    AddressOwner,
    /// No advertisement came for the master-down interval.
    MasterDownTimer,
    /// A better router advertises.
    HigherPriorityAdvertisement,
    /// This Master woke so late that another must have taken over.
    TimerExpired { late_ms: f64 },
    /// Something is missing; what is absent is not. `sourceLost`: the address to send from is no address of this host.
    /// `noPeers`: it shall send to unicast peers and has none. `objects`: others remove what it holds again and again.
    /// `trackers`: so many trackers are a fault. `group`: another member of the sync group is in FAULT.
    Fault {
        link_down: bool,
        no_source: bool,
        source_lost: Option<bool>,
        no_peers: Option<bool>,
        #[napi(ts_type = "true")]
        objects: Option<bool>,
        unusable_source: Option<UnusableSource>,
        trackers: Option<u16>,
        #[napi(ts_type = "true")]
        group: Option<bool>,
    },
    /// Nothing is missing any more.
    FaultsCleared,
    /// It does as another member of its sync group did.
    Group,
    /// Somebody else removed something that it held as Master.
    LostObject,
    /// The router was stopped.
    Stop,
}

/// An IPv6 address that the kernel does not let be used.
#[napi(object, object_from_js = false)]
pub struct UnusableSource {
    /// The address.
    pub address: String,
    /// Whether duplicate address detection is under way, or failed.
    #[napi(ts_type = "'tentative' | 'duplicate'")]
    pub flaw: String,
}

impl From<ka_vrrp::UnusableSource> for UnusableSource {
    fn from(unusable: ka_vrrp::UnusableSource) -> Self {
        let flaw = match unusable.flaw {
            ka_vrrp::SourceFlaw::Tentative => "tentative",
            ka_vrrp::SourceFlaw::Duplicate => "duplicate",
        };
        Self {
            address: unusable.address.to_string(),
            flaw: flaw.to_owned(),
        }
    }
}

impl From<ka_vrrp::Cause> for Cause {
    fn from(cause: ka_vrrp::Cause) -> Self {
        match cause {
            ka_vrrp::Cause::Start => Self::Start,
            ka_vrrp::Cause::AddressOwner => Self::AddressOwner,
            ka_vrrp::Cause::MasterDownTimer => Self::MasterDownTimer,
            ka_vrrp::Cause::HigherPriorityAdvertisement => Self::HigherPriorityAdvertisement,
            ka_vrrp::Cause::TimerExpired { late } => Self::TimerExpired {
                late_ms: late.as_secs_f64() * 1000.0,
            },
            ka_vrrp::Cause::Fault { faults } => Self::Fault {
                link_down: faults.link_down,
                no_source: faults.no_source,
                source_lost: faults.source_lost.then_some(true),
                no_peers: faults.no_peers.then_some(true),
                objects: faults.objects.then_some(true),
                unusable_source: faults.unusable_source.map(Into::into),
                trackers: Some(faults.trackers).filter(|&trackers| trackers > 0),
                group: faults.group.then_some(true),
            },
            ka_vrrp::Cause::FaultsCleared => Self::FaultsCleared,
            ka_vrrp::Cause::Group => Self::Group,
            ka_vrrp::Cause::LostObject => Self::LostObject,
            ka_vrrp::Cause::Stop => Self::Stop,
        }
    }
}
