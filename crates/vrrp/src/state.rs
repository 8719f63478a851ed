//! The states of a virtual router and what keeps it in [`State::Fault`].

use std::fmt;
use std::net::IpAddr;

/// State of a virtual router (RFC 9568 §6.4, and keepalived's FAULT and STOP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not started yet; or started, and waiting for the first result of what it tracks.
    Init,
    /// Another router is Master, or none is known yet (RFC 9568: Backup).
    Backup,
    /// This router holds the addresses (RFC 9568: Active).
    Master,
    /// Something that the router needs is missing, see [`Faults`].
    Fault,
    /// Stopped for good, unless started again.
    Stop,
}

impl State {
    /// The state's name in keepalived's log, notify arguments and FIFOs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Backup => "BACKUP",
            Self::Master => "MASTER",
            Self::Fault => "FAULT",
            Self::Stop => "STOP",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// What a virtual router lacks. Each is a flag of its own; all must clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// The interface is down. Never set with
    /// [`dont_track_primary`](crate::RouterConfig::dont_track_primary).
    pub link_down: bool,
    /// There is no address to send advertisements from.
    pub no_source: bool,
    /// The address to send from is no address of this host (`track_src_ip`).
    pub source_lost: bool,
    /// It shall send to unicast peers and has none (`unicast_fault_no_peer`).
    pub no_peers: bool,
    /// What it holds as Master is removed by others again and again.
    pub objects: bool,
    /// With [`Self::no_source`]: an address is there, but cannot be used.
    pub unusable_source: Option<UnusableSource>,
    /// How many of its trackers are a fault.
    pub trackers: u16,
    /// Another member of its sync group is in Fault.
    pub group: bool,
}

/// An address that advertisements would come from, were it usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnusableSource {
    /// The address.
    pub address: IpAddr,
    /// Why it cannot be used.
    pub flaw: SourceFlaw,
}

/// Why the kernel does not let an IPv6 address be used (RFC 4862 §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceFlaw {
    /// Duplicate address detection is under way.
    Tentative,
    /// Another host has it: duplicate address detection failed.
    Duplicate,
}

impl Faults {
    /// Nothing is missing.
    pub const NONE: Self = Self {
        link_down: false,
        no_source: false,
        objects: false,
        group: false,
        no_peers: false,
        source_lost: false,
        trackers: 0,
        unusable_source: None,
    };

    /// Whether there is any.
    #[must_use]
    pub const fn any(self) -> bool {
        self.link_down
            || self.no_source
            || self.source_lost
            || self.no_peers
            || self.objects
            || self.trackers > 0
            || self.group
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_print_as_keepalived_writes_them() {
        let states = [
            State::Init,
            State::Backup,
            State::Master,
            State::Fault,
            State::Stop,
        ];
        let names = states.map(|state| state.to_string()).join(" ");
        assert_eq!(names, "INIT BACKUP MASTER FAULT STOP");
        assert_eq!(format!("{:>8}", State::Stop), "    STOP");
    }

    #[test]
    fn each_fault_alone_is_one() {
        assert!(!Faults::default().any());
        let alone: [fn(&mut Faults); 6] = [
            |faults| faults.link_down = true,
            |faults| faults.no_source = true,
            |faults| faults.source_lost = true,
            |faults| faults.no_peers = true,
            |faults| faults.trackers = 1,
            |faults| faults.group = true,
        ];
        for set in alone {
            let mut faults = Faults::default();
            set(&mut faults);
            assert!(faults.any());
        }
    }
}
