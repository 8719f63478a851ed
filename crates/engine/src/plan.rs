//! A wanted state, checked and prepared off the engine thread.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ka_netlink::InterfaceName;
use ka_vrrp::VirtualRouter;
use ka_wire::Family;

use crate::config::{
    EngineConfig, Identity, InstanceConfig, TrackerConfig, TrackerId, VirtualAddress,
};
use crate::error::EngineError;
use crate::trackers::Tracker;

/// A configuration checked and prepared off the engine thread.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) startup_delay: Duration,
    pub(crate) trackers: HashMap<TrackerId, Tracker>,
    pub(crate) identities: HashSet<Identity>,
    pub(crate) instances: Vec<(Identity, Box<(InstanceConfig, VirtualRouter)>)>,
}

impl Plan {
    /// Checks and prepares `config`; `exists` tells whether an interface is there.
    pub(crate) fn new(
        config: EngineConfig,
        exists: impl Fn(&str) -> bool,
    ) -> Result<Self, EngineError> {
        let count = config.instances.len();
        let trackers = trackers(config.trackers, &config.instances)?;
        let mut names: HashMap<Identity, Arc<str>> = HashMap::with_capacity(count);
        let mut called: HashSet<Arc<str>> = HashSet::with_capacity(count);
        let mut instances = Vec::with_capacity(count);
        for mut instance in config.instances {
            check(&instance, &exists)?;
            merge_repeated(&mut instance)?;
            check_tracks(&instance, &trackers)?;
            if !called.insert(Arc::clone(&instance.name)) {
                return Err(EngineError::DuplicateName {
                    name: instance.name.to_string(),
                });
            }
            let identity = instance.identity();
            if let Some(first) = names.insert(identity.clone(), Arc::clone(&instance.name)) {
                return Err(EngineError::DuplicateInstance {
                    first: first.to_string(),
                    second: instance.name.to_string(),
                    vrid: identity.vrid,
                    interface: identity.interface.to_string(),
                });
            }
            let router = VirtualRouter::new(instance.router.clone());
            instances.push((identity, Box::new((instance, router))));
        }
        Ok(Self {
            startup_delay: config.startup_delay,
            trackers,
            identities: names.into_keys().collect(),
            instances,
        })
    }
}

/// The trackers by their names, each with room for the instances that track it.
fn trackers(
    configs: Vec<TrackerConfig>,
    instances: &[InstanceConfig],
) -> Result<HashMap<TrackerId, Tracker>, EngineError> {
    let mut tracking: HashMap<TrackerId, usize> = HashMap::with_capacity(configs.len());
    for track in instances.iter().flat_map(|instance| &instance.tracks) {
        *tracking.entry(track.tracker).or_default() += 1;
    }
    let mut trackers = HashMap::with_capacity(configs.len());
    for config in configs {
        let (id, name) = (config.id, Arc::clone(&config.name));
        let room = tracking.get(&id).copied().unwrap_or_default();
        if trackers.insert(id, Tracker::new(config, room)).is_some() {
            return Err(EngineError::DuplicateTracker {
                id: id.0,
                name: name.to_string(),
            });
        }
    }
    Ok(trackers)
}

fn check_tracks(
    instance: &InstanceConfig,
    trackers: &HashMap<TrackerId, Tracker>,
) -> Result<(), EngineError> {
    let unknown = |id: &TrackerId| !trackers.contains_key(id);
    match instance
        .tracks
        .iter()
        .map(|track| track.tracker)
        .find(unknown)
    {
        None => Ok(()),
        Some(TrackerId(id)) => Err(EngineError::InvalidInstance {
            instance: instance.name.to_string(),
            reason: format!("there is no tracker {id}"),
        }),
    }
}

fn check(instance: &InstanceConfig, exists: &impl Fn(&str) -> bool) -> Result<(), EngineError> {
    let invalid = |reason: String| EngineError::InvalidInstance {
        instance: instance.name.to_string(),
        reason,
    };
    instance
        .router
        .validate()
        .map_err(|error| invalid(error.to_string()))?;
    let family = instance.router.family;
    let fits = |address: IpAddr| Family::from(address) == family;
    if !instance.group.is_multicast() || !fits(instance.group) {
        return Err(invalid(format!(
            "{} is no multicast group of its family",
            instance.group
        )));
    }
    if let Some(source) = instance.source.filter(|&source| !fits(source)) {
        return Err(invalid(format!(
            "source address {source} is not of its family"
        )));
    }
    for address in &instance.addresses {
        if let Some(reason) = flaw(address) {
            return Err(invalid(format!("{}: {reason}", address.address)));
        }
    }
    let needed = std::iter::once(&instance.interface)
        .chain(instance.addresses.iter().map(|address| &address.interface));
    for interface in needed {
        if !instance.dynamic_interface && !exists(interface) {
            return Err(EngineError::MissingInterface {
                instance: instance.name.to_string(),
                interface: interface.to_string(),
            });
        }
    }
    Ok(())
}

/// Leaves each address there once; one that is there again must mean the same.
fn merge_repeated(instance: &mut InstanceConfig) -> Result<(), EngineError> {
    let count = instance.addresses.len();
    let mut kept: Vec<VirtualAddress> = Vec::with_capacity(count);
    let mut places = HashMap::with_capacity(count);
    for address in std::mem::take(&mut instance.addresses) {
        match places.entry((address.address, Arc::clone(&address.interface))) {
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(address);
            }
            Entry::Occupied(place) if kept[*place.get()] == address => {}
            Entry::Occupied(_) => {
                return Err(EngineError::InvalidInstance {
                    instance: instance.name.to_string(),
                    reason: format!(
                        "{} is listed twice on {}, with different values",
                        address.address, address.interface
                    ),
                });
            }
        }
    }
    instance.addresses = kept;
    Ok(())
}

/// Why the kernel could not carry `wanted`, if it could not.
fn flaw(wanted: &VirtualAddress) -> Option<String> {
    let (longest, is_ipv4) = match wanted.address {
        IpAddr::V4(_) => (32, true),
        IpAddr::V6(_) => (128, false),
    };
    let same_family = |other: &IpAddr| other.is_ipv4() == is_ipv4;
    if wanted.prefix_len > longest {
        return Some(format!("prefix length {} is too long", wanted.prefix_len));
    }
    if let Some(broadcast) = wanted
        .broadcast
        .filter(|other| !is_ipv4 || !same_family(other))
    {
        return Some(format!("{broadcast} cannot be its broadcast address"));
    }
    if let Some(peer) = wanted.peer.filter(|other| !same_family(other)) {
        return Some(format!("{peer} cannot be its peer"));
    }
    let label = wanted.label.as_deref()?;
    match InterfaceName::new(label) {
        _ if !is_ipv4 => Some(format!("label {label}: only IPv4 addresses have one")),
        Ok(_) => None,
        Err(error) => Some(format!("label {label}: {error}")),
    }
}

#[cfg(test)]
mod tests;
