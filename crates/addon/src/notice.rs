//! What an instance has to say, as JavaScript sees it.

use std::net::IpAddr;
use std::time::Duration;

use napi_derive::napi;

use crate::event::state;

/// What an instance has to say. Times are whole microseconds.
#[napi(
    object_from_js = false,
    discriminant = "type",
    discriminant_case = "camelCase",
    js_name = "Notice"
)]
#[allow(
    missing_docs,
    reason = "the sentence of a variant describes its fields"
)]
pub enum Notice {
    /// Advertisements come from another router.
    MasterChanged {
        previous: Option<String>,
        current: String,
    },
    /// An advertisement failed a receive check; told once per reason until state or Master changes.
    AdvertisementRejected {
        source: String,
        rejection: Rejection,
    },
    /// A VRRPv3 advertisement with another interval, which is accepted.
    IntervalMismatch {
        source: String,
        ours_us: u32,
        received_us: u32,
    },
    /// Another number of addresses than ours, which is accepted.
    AddressCountMismatch {
        source: String,
        expected: u8,
        received: u8,
    },
    /// One of our addresses is not advertised, which is accepted.
    AddressMissing { source: String, address: String },
    /// The Master's interval is the one to wait for.
    IntervalLearned { previous_us: u32, current_us: u32 },
    /// Back to the configured interval.
    IntervalReset { previous_us: u32, current_us: u32 },
    /// The Master resigned.
    PriorityZeroReceived {
        source: String,
        #[napi(ts_type = "'INIT' | 'BACKUP' | 'MASTER' | 'FAULT' | 'STOP'")]
        state: String,
    },
    /// This router resigned.
    PriorityZeroSent,
    /// Backup: the Master has a lower priority and will be preempted.
    LowerPriorityDiscarded { source: String, priority: u8 },
    /// Master: another router of lower precedence thinks it is Master too.
    LowerPriorityAdvertisement {
        source: String,
        priority: u8,
        ours: u8,
        answered: bool,
    },
    /// Master: the sender takes precedence.
    HigherPriorityAdvertisement {
        source: String,
        priority: u8,
        ours: u8,
    },
    /// Master: a remote host uses our address.
    OwnAddressReceived { source: String },
    /// Address owner: the sender says it owns the addresses too.
    OwnerConflict { source: String },
    /// The effective priority changed.
    EffectivePriorityChanged { from: u8, to: u8 },
    /// Backup: a Master of lower priority is left in place for a while.
    PreemptDelayStarted { delay_us: u32 },
    /// Backup: a Master of at least our priority was heard.
    PreemptDelayStopped,
}

/// A receive check that failed, with what was seen.
#[napi(
    object_from_js = false,
    discriminant = "reason",
    discriminant_case = "camelCase",
    js_name = "Rejection"
)]
#[allow(
    missing_docs,
    reason = "the sentence of a variant describes its fields"
)]
pub enum Rejection {
    /// The length does not follow from the address count (octets of the IP packet).
    Length { received: u32, expected: u32 },
    /// It crossed a router.
    Ttl { received: u8 },
    /// Another VRRP version.
    Version { received: u8, expected: u8 },
    /// No known authentication type.
    AuthenticationTypeUnknown { received: u8 },
    /// Another authentication type than ours.
    AuthenticationTypeMismatch { received: u8, expected: u8 },
    /// Another password than ours.
    AuthenticationFailed,
    /// VRRPv2: another advertisement interval than ours.
    AdvertisementInterval { received_us: u32, expected_us: u32 },
    /// Not an advertisement.
    PacketType { received: u8 },
    /// The IPv4 header says another length than arrived.
    TotalLength { stated: u32, received: u32 },
    /// The checksum is wrong.
    Checksum,
    /// Sent to one host and not to the group.
    Destination { destination: String },
    /// This router owns the addresses and does not listen.
    OwnerIgnoresAdvertisements,
}

fn text(address: IpAddr) -> String {
    address.to_string()
}

fn us(duration: Duration) -> u32 {
    // Intervals are at most 255 s and delays 1000 s.
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

fn octets(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl From<ka_vrrp::Rejection> for Rejection {
    fn from(rejection: ka_vrrp::Rejection) -> Self {
        match rejection {
            ka_vrrp::Rejection::Length { received, expected } => Self::Length {
                received: octets(received),
                expected: octets(expected),
            },
            ka_vrrp::Rejection::Ttl { received } => Self::Ttl { received },
            ka_vrrp::Rejection::Version { received, expected } => {
                Self::Version { received, expected }
            }
            ka_vrrp::Rejection::AuthenticationTypeUnknown { received } => {
                Self::AuthenticationTypeUnknown { received }
            }
            ka_vrrp::Rejection::AuthenticationTypeMismatch { received, expected } => {
                Self::AuthenticationTypeMismatch { received, expected }
            }
            ka_vrrp::Rejection::AuthenticationFailed => Self::AuthenticationFailed,
            ka_vrrp::Rejection::AdvertisementInterval { received, expected } => {
                Self::AdvertisementInterval {
                    received_us: us(received),
                    expected_us: us(expected),
                }
            }
            ka_vrrp::Rejection::PacketType { received } => Self::PacketType { received },
            ka_vrrp::Rejection::TotalLength { stated, received } => Self::TotalLength {
                stated: octets(stated),
                received: octets(received),
            },
            ka_vrrp::Rejection::Checksum => Self::Checksum,
            ka_vrrp::Rejection::Destination { destination } => Self::Destination {
                destination: text(destination),
            },
            ka_vrrp::Rejection::OwnerIgnoresAdvertisements => Self::OwnerIgnoresAdvertisements,
        }
    }
}

/// The notice for JavaScript; `None` for a change of state, which is an event of its own.
pub(crate) fn convert(notice: ka_vrrp::Notice) -> Option<Notice> {
    Some(match notice {
        ka_vrrp::Notice::StateChanged { .. } => return None,
        ka_vrrp::Notice::MasterChanged { previous, current } => Notice::MasterChanged {
            previous: previous.map(text),
            current: text(current),
        },
        ka_vrrp::Notice::AdvertisementRejected { source, rejection } => {
            Notice::AdvertisementRejected {
                source: text(source),
                rejection: rejection.into(),
            }
        }
        ka_vrrp::Notice::IntervalMismatch {
            source,
            ours,
            received,
        } => Notice::IntervalMismatch {
            source: text(source),
            ours_us: us(ours),
            received_us: us(received),
        },
        ka_vrrp::Notice::AddressCountMismatch {
            source,
            expected,
            received,
        } => Notice::AddressCountMismatch {
            source: text(source),
            expected,
            received,
        },
        ka_vrrp::Notice::AddressMissing { source, address } => Notice::AddressMissing {
            source: text(source),
            address: text(address),
        },
        ka_vrrp::Notice::IntervalLearned { previous, current } => Notice::IntervalLearned {
            previous_us: us(previous),
            current_us: us(current),
        },
        ka_vrrp::Notice::IntervalReset { previous, current } => Notice::IntervalReset {
            previous_us: us(previous),
            current_us: us(current),
        },
        ka_vrrp::Notice::PriorityZeroReceived { source, state: own } => {
            Notice::PriorityZeroReceived {
                source: text(source),
                state: state(own),
            }
        }
        ka_vrrp::Notice::PriorityZeroSent => Notice::PriorityZeroSent,
        ka_vrrp::Notice::LowerPriorityDiscarded { source, priority } => {
            Notice::LowerPriorityDiscarded {
                source: text(source),
                priority,
            }
        }
        ka_vrrp::Notice::LowerPriorityAdvertisement {
            source,
            priority,
            ours,
            answered,
        } => Notice::LowerPriorityAdvertisement {
            source: text(source),
            priority,
            ours,
            answered,
        },
        ka_vrrp::Notice::HigherPriorityAdvertisement {
            source,
            priority,
            ours,
        } => Notice::HigherPriorityAdvertisement {
            source: text(source),
            priority,
            ours,
        },
        ka_vrrp::Notice::OwnAddressReceived { source } => Notice::OwnAddressReceived {
            source: text(source),
        },
        ka_vrrp::Notice::OwnerConflict { source } => Notice::OwnerConflict {
            source: text(source),
        },
        ka_vrrp::Notice::EffectivePriorityChanged { from, to } => {
            Notice::EffectivePriorityChanged { from, to }
        }
        ka_vrrp::Notice::PreemptDelayStarted { delay } => Notice::PreemptDelayStarted {
            delay_us: us(delay),
        },
        ka_vrrp::Notice::PreemptDelayStopped => Notice::PreemptDelayStopped,
    })
}
