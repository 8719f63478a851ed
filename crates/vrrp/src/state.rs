//! The states of a virtual router and what keeps it in [`State::Fault`].

use std::fmt;

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
    /// How many of its trackers are a fault.
    pub trackers: u16,
}

impl Faults {
    /// Whether there is any.
    #[must_use]
    pub const fn any(self) -> bool {
        self.link_down || self.no_source || self.trackers > 0
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
        for (link_down, no_source, trackers) in
            [(true, false, 0), (false, true, 0), (false, false, 1)]
        {
            let faults = Faults {
                link_down,
                no_source,
                trackers,
            };
            assert!(faults.any());
        }
    }
}
