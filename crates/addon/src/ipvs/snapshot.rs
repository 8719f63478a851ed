//! The state of IPVS as JavaScript sees it.

use ka_ipvs::{DestinationState, ServiceState};
use ka_netlink::IpFamily;
use ka_netlink::ipvs::{Forwarding, Service, ServiceKey, Statistics, SyncDaemon, Timeouts, Tunnel};
use ka_sys::errno_name;
use napi_derive::napi;

/// What is there of ours, and what shall be.
#[napi(object, object_from_js = false)]
pub struct IpvsSnapshot {
    /// Services that are wanted, or are still to go, in an order of their own.
    pub services: Vec<IpvsServiceStatus>,
    /// The timeouts of connections, whoever set them.
    pub timeouts: Option<IpvsTimeoutStatus>,
    /// The sync daemons that run, whoever started them.
    pub sync_daemons: Vec<IpvsSyncDaemonStatus>,
    /// The thread.
    pub status: IpvsStatus,
}

/// A service.
#[napi(object, object_from_js = false)]
pub struct IpvsServiceStatus {
    /// Its number; absent: it is not wanted, and still to go.
    pub id: Option<u32>,
    /// As keepalived's log calls it.
    pub name: String,
    /// Number of the IP protocol.
    pub protocol: Option<u8>,
    /// The virtual address.
    pub address: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The mark of the firewall.
    pub mark: Option<u32>,
    /// Of its clients.
    #[napi(ts_type = "'inet' | 'inet6'")]
    pub family: String,
    /// As wanted, as all below.
    pub scheduler: String,
    /// Bits `IP_VS_SVC_F_*`.
    pub flags: u32,
    /// How long clients keep their destination.
    pub persistence_seconds: f64,
    /// Whether the kernel has it.
    pub is_in_kernel: bool,
    /// Whether it has it as it is wanted.
    pub is_as_wanted: bool,
    /// The symbol of the error with which the kernel refused it.
    pub refused: Option<String>,
    /// What came to it.
    pub statistics: Option<IpvsStatistics>,
    /// Its destinations: those that are wanted in their order, then others.
    pub destinations: Vec<IpvsDestinationStatus>,
}

/// A destination of a service.
#[napi(object, object_from_js = false)]
pub struct IpvsDestinationStatus {
    /// Its address.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// How packets get there.
    #[napi(
        ts_type = "'masquerade' | 'directRoute' | 'ipip' | 'gue' | 'gre' | 'localNode' | 'bypass'"
    )]
    pub forwarding: String,
    /// Its weight as it is wanted; absent: it is not wanted, and still to go.
    pub wanted_weight: Option<u32>,
    /// Its weight in the kernel; absent: it is not there.
    pub weight: Option<u32>,
    /// Whether the kernel has it as it is wanted.
    pub is_as_wanted: bool,
    /// The symbol of the error with which the kernel refused it.
    pub refused: Option<String>,
    /// Connections through which data flows.
    pub active: u32,
    /// Connections that begin, end or are silent.
    pub inactive: u32,
    /// Clients that are kept for it.
    pub persistent: u32,
    /// What came to it.
    pub statistics: Option<IpvsStatistics>,
}

/// The connections of a destination that the kernel has.
#[napi(object, object_from_js = false)]
pub struct IpvsConnections {
    /// Its address.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// Its weight in the kernel.
    pub weight: u32,
    /// Connections through which data flows.
    pub active: u32,
    /// Connections that begin, end or are silent.
    pub inactive: u32,
    /// Clients that are kept for it.
    pub persistent: u32,
}

/// What has come to a service or a destination since it was added. It lags by up to two seconds.
#[napi(object, object_from_js = false)]
pub struct IpvsStatistics {
    /// Connections.
    pub connections: f64,
    /// Packets of clients.
    pub incoming_packets: f64,
    /// Packets to clients that passed here.
    pub outgoing_packets: f64,
    /// Octets of clients.
    pub incoming_bytes: f64,
    /// Octets to clients that passed here.
    pub outgoing_bytes: f64,
    /// Connections a second, lately.
    pub connections_per_second: f64,
    /// Packets of clients a second, lately.
    pub incoming_packets_per_second: f64,
    /// Packets to clients a second, lately.
    pub outgoing_packets_per_second: f64,
    /// Octets of clients a second, lately.
    pub incoming_bytes_per_second: f64,
    /// Octets to clients a second, lately.
    pub outgoing_bytes_per_second: f64,
}

/// Timeouts of connections in seconds.
#[napi(object, object_from_js = false)]
pub struct IpvsTimeoutStatus {
    /// Of established TCP connections.
    pub tcp_seconds: f64,
    /// Of TCP connections that end.
    pub tcp_fin_seconds: f64,
    /// Of UDP.
    pub udp_seconds: f64,
}

/// A sync daemon that runs.
#[napi(object, object_from_js = false)]
pub struct IpvsSyncDaemonStatus {
    /// What it does.
    #[napi(ts_type = "'master' | 'backup'")]
    pub role: String,
    /// The interface that it uses.
    pub interface: String,
    /// The number of its messages.
    pub id: u8,
    /// Octets of a message at most.
    pub maxlen: Option<u16>,
    /// UDP port.
    pub port: Option<u16>,
    /// Time to live.
    pub ttl: Option<u8>,
    /// Multicast group.
    pub group: Option<String>,
}

/// What the thread has done since its start.
#[napi(object, object_from_js = false)]
pub struct IpvsStatus {
    /// Changes that the kernel was asked for.
    pub messages: f64,
    /// Writes that carried them.
    pub writes: f64,
    /// Changes that were not carried out.
    pub refusals: f64,
    /// Things of others that were put right.
    pub repairs: f64,
    /// Whole looks at what is there, for what others changed.
    pub audits: f64,
    /// Milliseconds that these looks took together.
    pub audit_ms: f64,
}

impl From<ka_ipvs::IpvsSnapshot> for IpvsSnapshot {
    fn from(snapshot: ka_ipvs::IpvsSnapshot) -> Self {
        let status = snapshot.status;
        Self {
            services: snapshot.services.into_iter().map(service).collect(),
            timeouts: snapshot.timeouts.map(Into::into),
            sync_daemons: snapshot.daemons.into_iter().map(Into::into).collect(),
            status: IpvsStatus {
                messages: status.messages as f64,
                writes: status.writes as f64,
                refusals: status.refusals as f64,
                repairs: status.repairs as f64,
                audits: status.audits as f64,
                audit_ms: status.audit_time.as_secs_f64() * 1000.0,
            },
        }
    }
}

fn service(state: ServiceState) -> IpvsServiceStatus {
    let Service {
        key,
        scheduler,
        flags,
        timeout,
        ..
    } = state.service;
    let (protocol, address, port, mark) = match key {
        ServiceKey::Address {
            protocol,
            address,
            port,
        } => (Some(protocol), Some(address.to_string()), Some(port), None),
        ServiceKey::Mark { mark, .. } => (None, None, None, Some(mark)),
    };
    let is_wanted = state.id.is_some();
    let found = state.found;
    IpvsServiceStatus {
        id: state.id,
        name: key.to_string(),
        protocol,
        address,
        port,
        mark,
        family: match key.family() {
            IpFamily::V4 => "inet",
            IpFamily::V6 => "inet6",
        }
        .to_owned(),
        scheduler: scheduler.to_string(),
        flags: flags & !Service::HASHED,
        persistence_seconds: timeout.as_secs_f64(),
        is_in_kernel: found.is_some(),
        is_as_wanted: is_wanted && found.is_some_and(|it| it.service.is_as_wanted(&state.service)),
        refused: state.refused.map(|errno| errno_name(errno).to_owned()),
        statistics: found.map(|found| found.statistics.into()),
        destinations: state.destinations.iter().filter_map(destination).collect(),
    }
}

fn destination(state: &DestinationState) -> Option<IpvsDestinationStatus> {
    let found = state.found.map(|found| found.destination);
    let described = state.wanted.or(found)?;
    Some(IpvsDestinationStatus {
        address: described.key.address.to_string(),
        port: described.key.port,
        forwarding: forwarding(described.forwarding).to_owned(),
        wanted_weight: state.wanted.map(|wanted| wanted.weight),
        weight: found.map(|found| found.weight),
        is_as_wanted: state.wanted.is_some() && state.wanted == found,
        refused: state.refused.map(|errno| errno_name(errno).to_owned()),
        active: state.found.map_or(0, |found| found.active),
        inactive: state.found.map_or(0, |found| found.inactive),
        persistent: state.found.map_or(0, |found| found.persistent),
        statistics: state.found.map(|found| found.statistics.into()),
    })
}

/// The connections of a destination, where the kernel has it.
pub(crate) fn connections(state: &DestinationState) -> Option<IpvsConnections> {
    let found = state.found?;
    Some(IpvsConnections {
        address: found.destination.key.address.to_string(),
        port: found.destination.key.port,
        weight: found.destination.weight,
        active: found.active,
        inactive: found.inactive,
        persistent: found.persistent,
    })
}

fn forwarding(forwarding: Forwarding) -> &'static str {
    match forwarding {
        Forwarding::Masquerade => "masquerade",
        Forwarding::DirectRoute => "directRoute",
        Forwarding::Tunnel(Tunnel::Ipip) => "ipip",
        Forwarding::Tunnel(Tunnel::Gue { .. }) => "gue",
        Forwarding::Tunnel(Tunnel::Gre { .. }) => "gre",
        Forwarding::LocalNode => "localNode",
        Forwarding::Bypass => "bypass",
    }
}

impl From<Statistics> for IpvsStatistics {
    fn from(of: Statistics) -> Self {
        Self {
            connections: of.conns as f64,
            incoming_packets: of.inpkts as f64,
            outgoing_packets: of.outpkts as f64,
            incoming_bytes: of.inbytes as f64,
            outgoing_bytes: of.outbytes as f64,
            connections_per_second: of.cps as f64,
            incoming_packets_per_second: of.inpps as f64,
            outgoing_packets_per_second: of.outpps as f64,
            incoming_bytes_per_second: of.inbps as f64,
            outgoing_bytes_per_second: of.outbps as f64,
        }
    }
}

impl From<Timeouts> for IpvsTimeoutStatus {
    fn from(timeouts: Timeouts) -> Self {
        Self {
            tcp_seconds: timeouts.tcp.as_secs_f64(),
            tcp_fin_seconds: timeouts.tcp_fin.as_secs_f64(),
            udp_seconds: timeouts.udp.as_secs_f64(),
        }
    }
}

impl From<SyncDaemon> for IpvsSyncDaemonStatus {
    fn from(daemon: SyncDaemon) -> Self {
        Self {
            role: daemon.role.to_string(),
            interface: daemon.interface.as_str().to_owned(),
            id: daemon.id,
            maxlen: daemon.maxlen,
            port: daemon.port,
            ttl: daemon.ttl,
            group: daemon.group.map(|group| group.to_string()),
        }
    }
}
