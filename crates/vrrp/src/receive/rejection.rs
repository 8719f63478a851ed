//! Why an advertisement is ignored.

use std::net::IpAddr;
use std::time::Duration;

/// Why an advertisement is ignored. Each has its counter in [`Statistics`](crate::Statistics);
/// in parentheses the key in keepalived's JSON dump where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// An authentication header where none is configured, or none where there should be one.
    AuthenticationHeader,
    /// The length does not follow from the version and the address count received
    /// (`packet_len_err`).
    Length,
    /// It crossed a router (`ip_ttl_err`).
    Ttl,
    /// Another VRRP version.
    Version,
    /// It is not signed (`auth_ext_missing`).
    SignatureMissing,
    /// It is not from a unicast peer.
    UnknownPeer,
    /// Its trailer is none that is known (`auth_ext_malformed`).
    SignatureMalformed,
    /// It was signed too long ago, or will be (`auth_ext_stale`).
    SignatureStale,
    /// It was signed with a key that is not known here (`auth_ext_unknown_key`).
    SignatureKeyUnknown,
    /// It was signed with another key of that identifier, or is not what was signed (`auth_ext_invalid_hmac`).
    SignatureInvalid,
    /// It was received before, or is older than another one of its sender (`auth_ext_replay`).
    SignatureReplayed,
    /// VRRPv2: no known authentication type (`invalid_authtype`).
    AuthenticationTypeUnknown,
    /// VRRPv2: another authentication type than ours (`authtype_mismatch`).
    AuthenticationTypeMismatch,
    /// VRRPv2: another password than ours, or an authentication header that is not as it should be (`auth_failure`).
    AuthenticationFailed,
    /// VRRPv2: another advertisement interval than ours (`advert_interval_err`).
    AdvertisementInterval,
    /// Not an advertisement (`invalid_type_rcvd`).
    PacketType,
    /// The IPv4 header says another length than arrived (`packet_len_err` too).
    TotalLength,
    /// The checksum is wrong.
    Checksum,
    /// Sent to one host where advertisements go to the group, or the other way round.
    Destination,
    /// This router owns the addresses and does not listen (`owner_ignore_adverts`).
    OwnerIgnoresAdvertisements,
    /// A unicast peer's TTL or hop limit is not within its limits.
    PeerTtl,
}

impl RejectReason {
    /// All reasons in the order of the checks.
    pub const ALL: [Self; 21] = [
        Self::AuthenticationHeader,
        Self::Length,
        Self::Ttl,
        Self::Version,
        Self::SignatureMissing,
        Self::UnknownPeer,
        Self::SignatureMalformed,
        Self::SignatureStale,
        Self::SignatureKeyUnknown,
        Self::SignatureInvalid,
        Self::SignatureReplayed,
        Self::AuthenticationTypeUnknown,
        Self::AuthenticationTypeMismatch,
        Self::AuthenticationFailed,
        Self::AdvertisementInterval,
        Self::PacketType,
        Self::TotalLength,
        Self::Checksum,
        Self::Destination,
        Self::OwnerIgnoresAdvertisements,
        Self::PeerTtl,
    ];

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// A [`RejectReason`] with what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// An authentication header where none is configured, or none where there should be one.
    AuthenticationHeader {
        /// Whether the packet has one.
        present: bool,
    },
    /// "vrrp packet from A too long, length N and expect M", or "too short". Octets of the IP
    /// packet, with a header that has no options.
    Length {
        /// Octets received.
        received: usize,
        /// Octets that the version and the address count received ask for.
        expected: usize,
    },
    /// "invalid TTL/HL from A. Received N and expect 255".
    Ttl {
        /// TTL or hop limit received.
        received: u8,
    },
    /// "wrong VRRP version from A. Received N and expect M".
    Version {
        /// Version received, 0 to 15.
        received: u8,
        /// Version configured here.
        expected: u8,
    },
    /// "missing authentication trailer from A".
    SignatureMissing,
    /// The sender is none of the unicast peers.
    UnknownPeer,
    /// The trailer is of another type, or its reserved field is not 0.
    SignatureMalformed,
    /// Signed too long ago, or in the future.
    SignatureStale {
        /// Seconds that the sender's clock was ahead of ours; negative when behind.
        skew: i32,
        /// Seconds that it may be.
        window: u16,
    },
    /// "unknown authentication key id N from A".
    SignatureKeyUnknown {
        /// Identifier received.
        id: u8,
    },
    /// "invalid authentication HMAC from A".
    SignatureInvalid {
        /// Identifier of the key.
        id: u8,
    },
    /// Received before, or older than another one of its sender.
    SignatureReplayed,
    /// "Invalid auth type from A: N".
    AuthenticationTypeUnknown {
        /// Type received.
        received: u8,
    },
    /// "received a N auth from A, expecting M!".
    AuthenticationTypeMismatch {
        /// Type received.
        received: u8,
        /// Type configured here.
        expected: u8,
    },
    /// "received an invalid passwd from A!", or what is wrong with the authentication header.
    AuthenticationFailed(AuthenticationFailure),
    /// "advertisement interval mismatch with A mine=N sec rcv'd=M sec".
    AdvertisementInterval {
        /// Interval received.
        received: Duration,
        /// Interval configured here.
        expected: Duration,
    },
    /// "Invalid packet type from A. N and expect 1".
    PacketType {
        /// Type received, 0 to 15.
        received: u8,
    },
    /// The IPv4 header says another length than arrived.
    TotalLength {
        /// Octets that the header says, less its options.
        stated: usize,
        /// Octets received, the header counted without options.
        received: usize,
    },
    /// "Invalid VRRPv2 checksum from A", or "VRRPv3".
    Checksum,
    /// Sent to one host where advertisements go to the group, or the other way round.
    Destination {
        /// Destination address.
        destination: IpAddr,
    },
    /// "Dropping packet(s) from A since we are address owner".
    OwnerIgnoresAdvertisements,
    /// The TTL or hop limit is not within the limits of the peer.
    PeerTtl {
        /// TTL or hop limit received.
        received: u8,
        /// Least one.
        min: u8,
        /// Greatest one.
        max: u8,
    },
}

/// What is wrong with the authentication of an advertisement of VRRPv2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationFailure {
    /// Another password.
    Password,
    /// The integrity check value is that of another password or of another packet.
    IntegrityCheckValue,
    /// The security parameters index is not the source address.
    SecurityParametersIndex,
    /// The sequence number is not greater than the last one.
    SequenceNumber {
        /// Sequence number received.
        received: u32,
        /// The last one.
        last: u32,
    },
}

impl Rejection {
    /// The reason without the details.
    #[must_use]
    pub const fn reason(&self) -> RejectReason {
        match self {
            Self::AuthenticationHeader { .. } => RejectReason::AuthenticationHeader,
            Self::Length { .. } => RejectReason::Length,
            Self::Ttl { .. } => RejectReason::Ttl,
            Self::Version { .. } => RejectReason::Version,
            Self::SignatureMissing => RejectReason::SignatureMissing,
            Self::UnknownPeer => RejectReason::UnknownPeer,
            Self::SignatureMalformed => RejectReason::SignatureMalformed,
            Self::SignatureStale { .. } => RejectReason::SignatureStale,
            Self::SignatureKeyUnknown { .. } => RejectReason::SignatureKeyUnknown,
            Self::SignatureInvalid { .. } => RejectReason::SignatureInvalid,
            Self::SignatureReplayed => RejectReason::SignatureReplayed,
            Self::AuthenticationTypeUnknown { .. } => RejectReason::AuthenticationTypeUnknown,
            Self::AuthenticationTypeMismatch { .. } => RejectReason::AuthenticationTypeMismatch,
            Self::AuthenticationFailed(_) => RejectReason::AuthenticationFailed,
            Self::AdvertisementInterval { .. } => RejectReason::AdvertisementInterval,
            Self::PacketType { .. } => RejectReason::PacketType,
            Self::TotalLength { .. } => RejectReason::TotalLength,
            Self::Checksum => RejectReason::Checksum,
            Self::Destination { .. } => RejectReason::Destination,
            Self::OwnerIgnoresAdvertisements => RejectReason::OwnerIgnoresAdvertisements,
            Self::PeerTtl { .. } => RejectReason::PeerTtl,
        }
    }
}
