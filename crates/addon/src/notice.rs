//! What an instance has to say, as JavaScript sees it.

use std::net::IpAddr;
use std::time::Duration;

use ka_vrrp::AuthenticationFailure;
use ka_wire::ChecksumRule;
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
    /// The sender's clock is so many seconds ahead of ours, or behind where that is negative: more than half of
    /// what its signatures may differ.
    ClockSkew { source: String, skew_s: i32 },
    /// The checksums of our advertisements, to this peer or to the group, are like those of the sender from now on.
    ChecksumFollowed {
        source: String,
        #[napi(ts_type = "'pseudo-header' | 'no-pseudo-header' | 'old-unicast'")]
        from: String,
        #[napi(ts_type = "'pseudo-header' | 'no-pseudo-header' | 'old-unicast'")]
        to: String,
    },
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
    /// Master: another router is Master too; `priority` is 0 when it resigned. Told once of each in a conflict.
    RivalMaster {
        source: String,
        priority: u8,
        ours: u8,
        #[napi(
            ts_type = "'lowerPriority' | 'lowerAddress' | 'higherPriority' | 'higherAddress' | 'addressOwner' | 'ownAddress' | 'resigned'"
        )]
        reason: String,
    },
    /// Master: no other Master is heard any more. `rounds` of announcements make up for it; none where others do.
    RivalGone { source: String, rounds: u32 },
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
    /// An authentication header where none is configured, or none where there should be one.
    AuthenticationHeader { present: bool },
    /// The length does not follow from the address count (octets of the IP packet).
    Length { received: u32, expected: u32 },
    /// It crossed a router.
    Ttl { received: u8 },
    /// Another VRRP version.
    Version { received: u8, expected: u8 },
    /// It is not signed.
    SignatureMissing,
    /// The sender is none of the unicast peers.
    UnknownPeer,
    /// Its trailer is none that is known.
    SignatureMalformed,
    /// Signed by a clock that is so many seconds ahead of ours, or behind where that is negative.
    SignatureStale { skew_s: i32, window_s: u16 },
    /// Signed with a key of an unknown identifier.
    SignatureKeyUnknown { id: u8 },
    /// Signed with another key of that identifier, or not what was signed.
    SignatureInvalid { id: u8 },
    /// Received before, or older than another one of its sender.
    SignatureReplayed,
    /// No known authentication type.
    AuthenticationTypeUnknown { received: u8 },
    /// Another authentication type than ours.
    AuthenticationTypeMismatch { received: u8, expected: u8 },
    /// Another password than ours.
    AuthenticationFailed {
        #[napi(
            ts_type = "'password' | 'integrityCheckValue' | 'securityParametersIndex' | 'sequenceNumber'"
        )]
        what: String,
    },
    /// VRRPv2: another advertisement interval than ours.
    AdvertisementInterval { received_us: u32, expected_us: u32 },
    /// Not an advertisement.
    PacketType { received: u8 },
    /// The IPv4 header says another length than arrived.
    TotalLength { stated: u32, received: u32 },
    /// The checksum is wrong.
    Checksum,
    /// Sent to one host where advertisements go to the group, or the other way round.
    Destination { destination: String },
    /// This router owns the addresses and does not listen.
    OwnerIgnoresAdvertisements,
    /// The TTL or hop limit is not within the limits of the peer.
    PeerTtl { received: u8, min: u8, max: u8 },
}

/// The name of a form of a checksum.
pub(crate) fn checksum(rule: ChecksumRule) -> String {
    let name = match rule {
        ChecksumRule::Standard => "pseudo-header",
        ChecksumRule::NoPseudoHeader => "no-pseudo-header",
        ChecksumRule::Towards(_) => "old-unicast",
    };
    name.to_owned()
}

fn failure(failure: AuthenticationFailure) -> String {
    let name = match failure {
        AuthenticationFailure::Password => "password",
        AuthenticationFailure::IntegrityCheckValue => "integrityCheckValue",
        AuthenticationFailure::SecurityParametersIndex => "securityParametersIndex",
        AuthenticationFailure::SequenceNumber { .. } => "sequenceNumber",
    };
    name.to_owned()
}

fn rival_reason(reason: ka_vrrp::RivalReason) -> &'static str {
    match reason {
        ka_vrrp::RivalReason::LowerPriority => "lowerPriority",
        ka_vrrp::RivalReason::LowerAddress => "lowerAddress",
        ka_vrrp::RivalReason::HigherPriority => "higherPriority",
        ka_vrrp::RivalReason::HigherAddress => "higherAddress",
        ka_vrrp::RivalReason::AddressOwner => "addressOwner",
        ka_vrrp::RivalReason::OwnAddress => "ownAddress",
        ka_vrrp::RivalReason::Resigned => "resigned",
    }
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
            ka_vrrp::Rejection::AuthenticationHeader { present } => {
                Self::AuthenticationHeader { present }
            }
            ka_vrrp::Rejection::SignatureMissing => Self::SignatureMissing,
            ka_vrrp::Rejection::UnknownPeer => Self::UnknownPeer,
            ka_vrrp::Rejection::SignatureMalformed => Self::SignatureMalformed,
            ka_vrrp::Rejection::SignatureStale { skew, window } => Self::SignatureStale {
                skew_s: skew,
                window_s: window,
            },
            ka_vrrp::Rejection::SignatureKeyUnknown { id } => Self::SignatureKeyUnknown { id },
            ka_vrrp::Rejection::SignatureInvalid { id } => Self::SignatureInvalid { id },
            ka_vrrp::Rejection::SignatureReplayed => Self::SignatureReplayed,
            ka_vrrp::Rejection::PeerTtl { received, min, max } => {
                Self::PeerTtl { received, min, max }
            }
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
            ka_vrrp::Rejection::AuthenticationFailed(what) => Self::AuthenticationFailed {
                what: failure(what),
            },
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
        ka_vrrp::Notice::ClockSkew { source, skew } => Notice::ClockSkew {
            source: text(source),
            skew_s: skew,
        },
        ka_vrrp::Notice::ChecksumFollowed { source, from, to } => Notice::ChecksumFollowed {
            source: text(source),
            from: checksum(from),
            to: checksum(to),
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
        ka_vrrp::Notice::RivalMaster {
            source,
            priority,
            ours,
            reason,
        } => Notice::RivalMaster {
            source: text(source),
            priority,
            ours,
            reason: rival_reason(reason).to_owned(),
        },
        ka_vrrp::Notice::RivalGone { source, rounds } => Notice::RivalGone {
            source: text(source),
            rounds,
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
