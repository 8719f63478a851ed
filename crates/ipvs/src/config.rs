//! What the host wants: the whole state, handed over as one value, and changes of its destinations.

use std::collections::HashSet;
use std::hash::Hash;
use std::time::Duration;

use ka_netlink::ipvs::{Destination, DestinationKey, Service, SyncDaemon};

use crate::error::IpvsError;
use crate::sync_roles::MAX_SYNC_DAEMONS;

/// The longest time that the kernel takes, of persistence and of connections (keepalived.conf(5)).
const MAX_TIMEOUT: Duration = Duration::from_secs(2_678_400);

/// Everything of IPVS that shall be there from now on.
#[derive(Clone, Debug, Default)]
pub struct IpvsConfig {
    /// The first apply removes everything that is there, of others too (`lvs_flush`).
    pub flush: bool,
    /// How services go at the end (`lvs_flush_on_stop`).
    pub flush_on_stop: FlushOnStop,
    /// Timeouts of connections that are set as long as they are configured (`lvs_timeouts`).
    pub timeouts: WantedTimeouts,
    /// Sync daemons (`lvs_sync_daemon`).
    pub sync_daemons: Vec<SyncDaemonConfig>,
    /// Services, in the order of the configuration file.
    pub services: Vec<ServiceConfig>,
    /// Services that are wanted already, and stay as they are with all changes since, by their ids.
    pub kept: Vec<u32>,
}

/// How services go at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlushOnStop {
    /// Each of ours is removed.
    #[default]
    Off,
    /// The same: a service takes its destinations with it.
    Services,
    /// All that is there is removed, of others too.
    All,
}

/// Timeouts of connections; those that are absent are as the kernel had them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedTimeouts {
    /// Of established TCP connections.
    pub tcp: Option<Duration>,
    /// Of TCP connections that end.
    pub tcp_fin: Option<Duration>,
    /// Of UDP.
    pub udp: Option<Duration>,
}

impl WantedTimeouts {
    fn all(&self) -> [Option<Duration>; 3] {
        [self.tcp, self.tcp_fin, self.udp]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all().iter().all(Option::is_none)
    }
}

/// A sync daemon.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncDaemonConfig {
    /// Which of the two it is, or when it is which.
    pub roles: DaemonRoles,
    /// Its parameters; the role in them does not matter.
    pub daemon: SyncDaemon,
}

/// Which roles a sync daemon has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DaemonRoles {
    /// It sends.
    Master,
    /// It receives.
    Backup,
    /// Two daemons, one of each role.
    Both,
    /// That of the virtual router it follows ([`crate::SyncRoles`]), by its place in the configuration.
    Follows,
}

/// A service and its destinations.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// By which changes name it, of no other service.
    pub id: u32,
    /// The service. What makes it the same one at a reload is its key.
    pub service: Service,
    /// Destinations, in the order in which they are added.
    pub destinations: Vec<Destination>,
}

/// A change of what is wanted, between two configurations. One of a service or a destination that is not wanted is none.
#[derive(Clone, Debug)]
pub enum Change {
    /// A destination is wanted like this.
    SetDestination {
        /// The service.
        service: u32,
        /// The destination.
        destination: Destination,
    },
    /// A destination is wanted no more.
    RemoveDestination {
        /// The service.
        service: u32,
        /// The destination.
        destination: DestinationKey,
    },
    /// A destination that is wanted gets another weight.
    SetWeight {
        /// The service.
        service: u32,
        /// The destination.
        destination: DestinationKey,
        /// The weight.
        weight: u32,
    },
}

impl IpvsConfig {
    /// Finds what makes no sense. What the kernel can judge, such as a scheduler or the address of a destination, is left to it: it
    /// refuses that, and nothing else.
    pub(crate) fn check(&self) -> Result<(), IpvsError> {
        self.check_settings().map_err(IpvsError::InvalidConfig)?;
        let mut ids = Unique::default();
        let mut keys = Unique::default();
        for config in &self.services {
            let invalid = |reason| IpvsError::InvalidService {
                service: config.service.key.to_string(),
                reason,
            };
            if !ids.add(config.id) {
                return Err(invalid(format!("another one has the id {}", config.id)));
            }
            if !keys.add(config.service.key) {
                return Err(invalid("it is listed twice".to_owned()));
            }
            check_service(config).map_err(invalid)?;
        }
        match self.kept.iter().find(|id| !ids.add(**id)) {
            Some(id) => Err(IpvsError::InvalidConfig(format!(
                "the service with the id {id} is listed twice"
            ))),
            None => Ok(()),
        }
    }

    fn check_settings(&self) -> Result<(), String> {
        if self
            .timeouts
            .all()
            .into_iter()
            .flatten()
            .any(|it| it > MAX_TIMEOUT)
        {
            return Err(format!(
                "a timeout is longer than {} s",
                MAX_TIMEOUT.as_secs()
            ));
        }
        if self.sync_daemons.len() > MAX_SYNC_DAEMONS {
            return Err(format!(
                "there are more than {MAX_SYNC_DAEMONS} sync daemons"
            ));
        }
        let uses = |roles: &[DaemonRoles]| {
            let daemons = self.sync_daemons.iter();
            daemons
                .filter(|daemon| roles.contains(&daemon.roles))
                .count()
        };
        use DaemonRoles::{Backup, Both, Follows, Master};
        // One that follows needs both, now the one and now the other.
        if uses(&[Master, Both, Follows]) > 1 || uses(&[Backup, Both, Follows]) > 1 {
            return Err("the kernel runs one sync daemon of each role".to_owned());
        }
        Ok(())
    }
}

fn check_service(config: &ServiceConfig) -> Result<(), String> {
    if config.service.timeout > MAX_TIMEOUT {
        return Err(format!(
            "its persistence is longer than {} s",
            MAX_TIMEOUT.as_secs()
        ));
    }
    let mut keys = Unique::default();
    for destination in &config.destinations {
        if !keys.add(destination.key) {
            return Err(format!("destination {} is listed twice", destination.key));
        }
        check_destination(destination)?;
    }
    Ok(())
}

pub(crate) fn check_destination(destination: &Destination) -> Result<(), String> {
    // The kernel's weights are signed.
    if i32::try_from(destination.weight).is_err() {
        return Err(format!(
            "destination {} has too high a weight",
            destination.key
        ));
    }
    Ok(())
}

impl Change {
    /// Finds what makes no sense.
    pub(crate) fn check(&self) -> Result<(), IpvsError> {
        match self {
            Self::SetDestination { destination, .. } => check_destination(destination),
            Self::SetWeight {
                weight,
                destination,
                ..
            } if i32::try_from(*weight).is_err() => {
                Err(format!("destination {destination} has too high a weight"))
            }
            Self::RemoveDestination { .. } | Self::SetWeight { .. } => Ok(()),
        }
        .map_err(IpvsError::InvalidChange)
    }
}

/// What was seen.
struct Unique<T>(HashSet<T>);

impl<T> Default for Unique<T> {
    fn default() -> Self {
        Self(HashSet::new())
    }
}

impl<T: Eq + Hash> Unique<T> {
    /// Whether it is seen for the first time.
    fn add(&mut self, value: T) -> bool {
        self.0.insert(value)
    }
}
