//! What is wanted of IPVS: out of what JavaScript hands over.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use ka_ipvs::{Change, DaemonRoles, FlushOnStop, ServiceConfig, SyncDaemonConfig, WantedTimeouts};
use ka_netlink::ipvs::{
    Checksum, Destination, DestinationKey, Forwarding, IpvsName, Service, ServiceKey, SyncDaemon,
    SyncRole, Tunnel,
};
use ka_netlink::{InterfaceName, IpFamily};

use super::config::{
    IpvsChange, IpvsConfig, IpvsDestination, IpvsService, IpvsSyncDaemon, IpvsTimeouts,
};
use crate::parse::{Parsed, integer, ip, optional_ip};

/// The whole of it.
pub(super) fn ipvs_config(config: IpvsConfig) -> Parsed<ka_ipvs::IpvsConfig> {
    let daemons = config.sync_daemons.iter().enumerate();
    let daemons = daemons.map(|(index, config)| {
        daemon(config).map_err(|reason| format!("syncDaemons[{index}]: {reason}"))
    });
    let kept = config.kept.iter().enumerate();
    let kept = kept.map(|(index, id)| integer(&format!("kept[{index}]"), *id, 0..=u32::MAX));
    let services = config.services.iter().enumerate();
    let services = services.map(|(index, config)| {
        service(config).map_err(|reason| format!("services[{index}]: {reason}"))
    });
    Ok(ka_ipvs::IpvsConfig {
        flush: config.flush,
        flush_on_stop: match config.flush_on_stop.as_str() {
            "off" => FlushOnStop::Off,
            "all" => FlushOnStop::All,
            "services" => FlushOnStop::Services,
            other => {
                return Err(format!(
                    "flushOnStop '{other}' is none of off, all, services"
                ));
            }
        },
        timeouts: match &config.timeouts {
            Some(config) => timeouts(config)?,
            None => WantedTimeouts::default(),
        },
        sync_daemons: daemons.collect::<Result<_, _>>()?,
        services: services.collect::<Result<_, _>>()?,
        kept: kept.collect::<Result<_, _>>()?,
    })
}

fn timeouts(config: &IpvsTimeouts) -> Parsed<WantedTimeouts> {
    Ok(WantedTimeouts {
        tcp: seconds("tcpSeconds", config.tcp_seconds)?,
        tcp_fin: seconds("tcpFinSeconds", config.tcp_fin_seconds)?,
        udp: seconds("udpSeconds", config.udp_seconds)?,
    })
}

fn seconds(field: &str, value: Option<f64>) -> Parsed<Option<Duration>> {
    let seconds = value.map(|value| integer(field, value, 0..=u32::MAX));
    Ok(seconds
        .transpose()?
        .map(|value| Duration::from_secs(value.into())))
}

fn daemon(config: &IpvsSyncDaemon) -> Parsed<SyncDaemonConfig> {
    let roles = match config.role.as_str() {
        "master" | "backup" | "both" if config.follows_instance == Some(true) => {
            DaemonRoles::Follows
        }
        "master" => DaemonRoles::Master,
        "backup" => DaemonRoles::Backup,
        "both" => DaemonRoles::Both,
        other => return Err(format!("role '{other}' is none of master, backup, both")),
    };
    let interface = InterfaceName::new(&config.interface);
    let interface =
        interface.map_err(|error| format!("interface {}: {error}", config.interface))?;
    let number = |field, value: Option<f64>, most| {
        value
            .map(|value| integer(field, value, 1..=most))
            .transpose()
    };
    Ok(SyncDaemonConfig {
        roles,
        daemon: SyncDaemon {
            role: SyncRole::Backup,
            interface,
            id: integer("id", config.id, 0..=u8::MAX)?,
            maxlen: number("maxlen", config.maxlen, 65_507u16)?,
            port: number("port", config.port, u16::MAX)?,
            ttl: config
                .ttl
                .map(|ttl| integer("ttl", ttl, 1..=u8::MAX))
                .transpose()?,
            group: optional_ip("group", config.group.as_deref())?,
        },
    })
}

fn service(config: &IpvsService) -> Parsed<ServiceConfig> {
    let key = key(config)?;
    let name = |field: &str, text: &str| {
        IpvsName::new(text).map_err(|error| format!("{field} '{text}': {error}"))
    };
    let engine = config.persistence_engine.as_deref();
    let timeout = seconds("persistenceSeconds", config.persistence_seconds)?;
    let destinations = config.destinations.iter().enumerate();
    let destinations = destinations.map(|(index, config)| {
        destination(config).map_err(|reason| format!("destinations[{index}]: {reason}"))
    });
    Ok(ServiceConfig {
        id: integer("id", config.id, 0..=u32::MAX)?,
        service: Service {
            flags: integer("flags", config.flags, 0..=u32::MAX)?,
            timeout: timeout.unwrap_or_default(),
            netmask: netmask(key, config.netmask)?,
            persistence_engine: engine
                .map(|engine| name("persistenceEngine", engine))
                .transpose()?,
            ..Service::new(key, name("scheduler", &config.scheduler)?)
        },
        destinations: destinations.collect::<Result<_, _>>()?,
    })
}

fn key(config: &IpvsService) -> Parsed<ServiceKey> {
    match (config.mark, &config.address) {
        (Some(mark), None) => Ok(ServiceKey::Mark {
            family: match config.family.as_deref() {
                None | Some("inet") => IpFamily::V4,
                Some("inet6") => IpFamily::V6,
                Some(other) => return Err(format!("family '{other}' is neither inet nor inet6")),
            },
            mark: integer("mark", mark, 1..=u32::MAX)?,
        }),
        (None, Some(address)) => Ok(ServiceKey::Address {
            protocol: match config.protocol {
                Some(6.0) => 6,
                Some(17.0) => 17,
                Some(132.0) => 132,
                other => return Err(format!("protocol {other:?} is none of 6, 17, 132")),
            },
            address: ip("address", address)?,
            port: integer("port", config.port.unwrap_or_default(), 0..=u16::MAX)?,
        }),
        _ => Err("it needs either an address or a mark".to_owned()),
    }
}

fn netmask(key: ServiceKey, value: Option<f64>) -> Parsed<u32> {
    let Some(value) = value else {
        return Ok(key.full_netmask());
    };
    match key.family() {
        IpFamily::V4 => {
            let mask = integer("netmask", value, 0..=u32::MAX)?;
            Ok(Service::netmask(Ipv4Addr::from_bits(mask)))
        }
        IpFamily::V6 => integer("netmask", value, 1..=128u32),
    }
}

fn destination(config: &IpvsDestination) -> Parsed<Destination> {
    let checksum = match config.tunnel_checksum.as_deref() {
        None | Some("nocsum") => Checksum::None,
        Some("csum") => Checksum::Own,
        Some("remcsum") => Checksum::Remote,
        Some(other) => {
            return Err(format!(
                "tunnelChecksum '{other}' is none of nocsum, csum, remcsum"
            ));
        }
    };
    let forwarding = match config.forwarding.as_str() {
        "masquerade" => Forwarding::Masquerade,
        "directRoute" => Forwarding::DirectRoute,
        "ipip" => Forwarding::Tunnel(Tunnel::Ipip),
        "gre" => Forwarding::Tunnel(Tunnel::Gre { checksum }),
        "gue" => {
            let port = config.tunnel_port.ok_or("gue needs a tunnelPort")?;
            let port = integer("tunnelPort", port, 1..=u16::MAX)?;
            Forwarding::Tunnel(Tunnel::Gue { port, checksum })
        }
        other => {
            return Err(format!(
                "forwarding '{other}' is none of masquerade, directRoute, ipip, gue, gre"
            ));
        }
    };
    Ok(Destination {
        upper_threshold: integer("upperThreshold", config.upper_threshold, 0..=u32::MAX)?,
        lower_threshold: integer("lowerThreshold", config.lower_threshold, 0..=u32::MAX)?,
        ..Destination::new(
            destination_key(&config.address, config.port)?,
            forwarding,
            weight(config.weight)?,
        )
    })
}

fn destination_key(address: &str, port: f64) -> Parsed<DestinationKey> {
    let address: IpAddr = ip("address", address)?;
    let port = integer("port", port, 0..=u16::MAX)?;
    Ok(DestinationKey { address, port })
}

fn weight(value: f64) -> Parsed<u32> {
    integer("weight", value, 0..=i32::MAX.cast_unsigned())
}

/// A change.
pub(super) fn change(change: IpvsChange) -> Parsed<Change> {
    let id = |service| integer("service", service, 0..=u32::MAX);
    Ok(match change {
        IpvsChange::SetDestination {
            service,
            destination: value,
        } => Change::SetDestination {
            service: id(service)?,
            destination: destination(&value)?,
        },
        IpvsChange::RemoveDestination {
            service,
            address,
            port,
        } => Change::RemoveDestination {
            service: id(service)?,
            destination: destination_key(&address, port)?,
        },
        IpvsChange::SetWeight {
            service,
            address,
            port,
            weight: value,
        } => Change::SetWeight {
            service: id(service)?,
            destination: destination_key(&address, port)?,
            weight: weight(value)?,
        },
    })
}
