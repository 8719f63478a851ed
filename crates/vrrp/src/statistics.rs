//! Counters of a virtual router: since it exists, or since they were last taken.

use crate::receive::RejectReason;

/// Counters of a virtual router. In parentheses the key in keepalived's JSON dump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Advertisements that passed every receive check (`advert_rcvd`).
    pub advertisements_received: u64,
    /// Advertisements sent, of priority 0 too (`advert_sent`).
    pub advertisements_sent: u64,
    /// Changes to Master (`become_master`).
    pub became_master: u64,
    /// Changes from Master (`release_master`).
    pub released_master: u64,
    /// Advertisements of priority 0 received (`pri_zero_rcvd`).
    pub priority_zero_received: u64,
    /// Times that this router resigned (`pri_zero_sent`). A fault sends two
    /// advertisements of priority 0, which count as one here.
    pub priority_zero_sent: u64,
    /// Accepted advertisements whose addresses were not ours (`addr_list_err`).
    pub address_list_errors: u64,
    /// Advertisements of other Masters heard as Master, good ones only. As address owner also those
    /// that `owner_ignore_adverts` drops.
    pub rival_advertisements: u64,
    /// Other Masters heard as Master, each once in a conflict.
    pub rivals: u64,
    rejected: [u64; RejectReason::ALL.len()],
}

/// Advertisements rejected for their authentication trailer, by what was wrong with it. In parentheses the
/// key in keepalived's JSON dump. All are 0 without `auth_hmac`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationExtensionErrors {
    /// No trailer (`auth_ext_missing`).
    pub missing: u64,
    /// Not a trailer (`auth_ext_malformed`).
    pub malformed: u64,
    /// Made with a key that is not known here (`auth_ext_unknown_key`).
    pub unknown_key: u64,
    /// Made with another key, or of another advertisement (`auth_ext_invalid_hmac`).
    pub invalid_hmac: u64,
    /// Too old (`auth_ext_stale`).
    pub stale: u64,
    /// Heard before (`auth_ext_replay`).
    pub replay: u64,
}

impl Statistics {
    /// Advertisements rejected for `reason`.
    #[must_use]
    pub const fn rejected(&self, reason: RejectReason) -> u64 {
        self.rejected[reason.index()]
    }

    /// Advertisements rejected for any reason.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejected.iter().sum()
    }

    /// Advertisements rejected for their authentication trailer (`auth_ext_*`).
    #[must_use]
    pub const fn authentication_extension(&self) -> AuthenticationExtensionErrors {
        AuthenticationExtensionErrors {
            missing: self.rejected(RejectReason::SignatureMissing),
            malformed: self.rejected(RejectReason::SignatureMalformed),
            unknown_key: self.rejected(RejectReason::SignatureKeyUnknown),
            invalid_hmac: self.rejected(RejectReason::SignatureInvalid),
            stale: self.rejected(RejectReason::SignatureStale),
            replay: self.rejected(RejectReason::SignatureReplayed),
        }
    }

    pub(crate) const fn count_rejected(&mut self, reason: RejectReason) {
        self.rejected[reason.index()] += 1;
    }
}
