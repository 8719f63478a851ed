//! What instances track, as the host wants it (keepalived.conf(5), `track_*`).

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ka_vrrp::{TrackerState, Weight};

/// Names a tracker. One that a reload keeps has the same name before and after; no other ever gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackerId(pub u32);

/// Something that instances track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerConfig {
    /// Names it in results.
    pub id: TrackerId,
    /// Tells results of this configuration from those of another. With the same one, what the host
    /// reported of it stays known.
    pub generation: u32,
    /// Name in events and reports.
    pub name: Arc<str>,
    /// Where what is known of it comes from.
    pub source: TrackerSource,
}

/// Where what is known of a tracker comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackerSource {
    /// The host reports it ([`crate::Engine::set_track`]).
    Reported {
        /// What is known of it when the configuration comes.
        initial: TrackerState,
        /// Without a result for this long it counts as failed, in time that the engine runs and in
        /// whole seconds; `None`: never.
        stale_after: Option<Duration>,
    },
    /// An interface: up or down, and down while there is none.
    Interface {
        /// Its name.
        name: Arc<str>,
    },
    /// An address: up while this host has it, whoever added it.
    Address {
        /// The address.
        address: IpAddr,
    },
    /// A file with a number.
    File {
        /// Where it is.
        path: PathBuf,
        /// What it shall hold from now on.
        init: Option<InitFile>,
    },
    /// Processes: up while there are as many as there shall be.
    Process(ProcessConfig),
}

impl TrackerSource {
    /// What it is called in reports.
    #[must_use]
    pub const fn kind(&self) -> TrackerKind {
        match self {
            Self::Reported { .. } => TrackerKind::Reported,
            Self::Interface { .. } => TrackerKind::Interface,
            Self::Address { .. } => TrackerKind::Address,
            Self::File { .. } => TrackerKind::File,
            Self::Process(_) => TrackerKind::Process,
        }
    }
}

/// The kinds of trackers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackerKind {
    /// What the host reports.
    Reported,
    /// An interface.
    Interface,
    /// An address.
    Address,
    /// A file.
    File,
    /// Processes.
    Process,
}

impl TrackerKind {
    /// The kind's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Interface => "interface",
            Self::Address => "address",
            Self::File => "file",
            Self::Process => "process",
        }
    }
}

/// What a file is made to hold (`init_file`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitFile {
    /// The number.
    pub value: i32,
    /// Also where the file exists.
    pub overwrite: bool,
}

/// Which processes are counted, and how many there shall be (`vrrp_track_process`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessConfig {
    /// Which ones.
    pub command: ProcessMatch,
    /// There shall be at least so many.
    pub quorum: u32,
    /// There shall be at most so many.
    pub quorum_max: Option<u32>,
    /// Being right again counts when it has lasted this long, where a fork led to it.
    pub fork_delay: Duration,
    /// Being wrong counts when it has lasted this long.
    pub terminate_delay: Duration,
}

/// Which processes are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessMatch {
    /// Name, of which the kernel keeps 15 octets, or the first word of the command line.
    pub name: String,
    /// The command line counts, not the name.
    pub full_command: bool,
    /// Words of the command line behind the first.
    pub parameters: Vec<String>,
    /// How they are compared; `None`: not at all.
    pub parameter_match: Option<ParameterMatch>,
}

/// How the parameters of a process are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterMatch {
    /// They are these, and no others follow.
    Exact,
    /// They begin with these, of the last of which only the beginning is meant.
    Initial,
    /// They begin with these.
    Partial,
}

/// How the kernel tells of processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessEvents {
    /// Octets of what may wait to be read (`process_monitor_rcv_bufs`); 0: as the system has it.
    pub receive_buffer: u32,
    /// More than the limit of the system is meant (`process_monitor_rcv_bufs_force`).
    pub force: bool,
}

/// That an instance tracks something, and how that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track {
    /// What it tracks.
    pub tracker: TrackerId,
    /// How that counts.
    pub weight: Weight,
}
