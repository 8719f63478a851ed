//! A wanted state, checked and prepared off the engine thread.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ka_netlink::InterfaceName;
use ka_vrrp::VirtualRouter;
use ka_wire::Family;

use crate::buffers::ReceiveBuffers;
use crate::config::{
    EngineConfig, GroupConfig, Identity, InstanceConfig, ProcessEvents, StaticObjects,
    TrackerConfig, TrackerId, VirtualAddress, VirtualRoute, VirtualRule,
};
use crate::debounce::InterfaceDelays;
use crate::error::EngineError;
use crate::listening::Listening;
use crate::objects::ObjectKey;
use crate::pacing::GarpPacing;
use crate::trackers::Tracker;

mod identities;

use identities::Identities;

/// A configuration checked and prepared off the engine thread.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Tells configurations apart, for those who look at trackers.
    pub(crate) epoch: u64,
    pub(crate) process_events: ProcessEvents,
    pub(crate) startup_delay: Duration,
    pub(crate) delay_after_boot: Duration,
    pub(crate) garp_pacing: GarpPacing,
    pub(crate) interface_delays: Vec<InterfaceDelays>,
    pub(crate) log_unknown_vrids: bool,
    pub(crate) receive_buffers: ReceiveBuffers,
    pub(crate) trackers: HashMap<TrackerId, Tracker>,
    pub(crate) static_objects: StaticObjects,
    pub(crate) identities: HashSet<Identity>,
    /// What has to be heard.
    pub(crate) listening: Listening,
    pub(crate) instances: Vec<(Identity, Box<(InstanceConfig, VirtualRouter)>)>,
    pub(crate) groups: Vec<PlannedGroup>,
}

/// A sync group and its members, in order.
#[derive(Debug)]
pub(crate) struct PlannedGroup {
    pub(crate) name: Arc<str>,
    pub(crate) members: Vec<Identity>,
}

impl Plan {
    /// Checks and prepares `config`; `exists` tells whether an interface is there.
    pub(crate) fn new(
        config: EngineConfig,
        exists: impl Fn(&str) -> bool,
    ) -> Result<Self, EngineError> {
        let count = config.instances.len();
        let trackers = trackers(config.trackers, &config.instances)?;
        let mut identities = Identities::with_capacity(count);
        let mut called: HashSet<Arc<str>> = HashSet::with_capacity(count);
        let mut instances = Vec::with_capacity(count);
        let mut listening = Listening::default();
        for mut instance in config.instances {
            check(&instance, &exists)?;
            merge_repeated(&mut instance)?;
            check_tracks(&instance, &trackers)?;
            if !called.insert(Arc::clone(&instance.name)) {
                return Err(EngineError::DuplicateName {
                    name: instance.name.to_string(),
                });
            }
            let identity = identities.take(&instance)?;
            listening.insert(&instance.router);
            let router = VirtualRouter::new(instance.router.clone());
            instances.push((identity, Box::new((instance, router))));
        }
        let groups = groups(config.groups, &instances)?;
        let grouped: HashSet<&Identity> = groups.iter().flat_map(|it| &it.members).collect();
        for (identity, planned) in &mut instances {
            if grouped.contains(identity) {
                planned.1.join_group();
            }
        }
        Ok(Self {
            epoch: 0,
            process_events: config.process_events,
            startup_delay: config.startup_delay,
            delay_after_boot: config.delay_after_boot,
            garp_pacing: config.garp_pacing,
            interface_delays: config.interface_delays,
            log_unknown_vrids: config.log_unknown_vrids,
            receive_buffers: config.receive_buffers,
            trackers,
            static_objects: check_static(config.static_objects)?,
            identities: identities.given(),
            listening,
            groups,
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

/// The groups, with what their members are the same by.
fn groups(
    configs: Vec<GroupConfig>,
    instances: &[(Identity, Box<(InstanceConfig, VirtualRouter)>)],
) -> Result<Vec<PlannedGroup>, EngineError> {
    let names = instances
        .iter()
        .map(|(identity, planned)| (&planned.0.name, identity));
    // An instance is in one group only: whoever takes it in takes it away.
    let mut free: HashMap<&Arc<str>, &Identity> = names.collect();
    let mut groups = Vec::with_capacity(configs.len());
    let mut called: HashSet<Arc<str>> = HashSet::with_capacity(configs.len());
    for GroupConfig { name, members } in configs {
        let invalid = |reason: String| EngineError::InvalidGroup {
            group: name.to_string(),
            reason,
        };
        if !called.insert(Arc::clone(&name)) {
            return Err(invalid("there are two of that name".to_owned()));
        }
        if members.is_empty() {
            return Err(invalid("it has no instance".to_owned()));
        }
        let identities = members.iter().map(|member| {
            let identity = free.remove(member).cloned();
            identity.ok_or_else(|| {
                invalid(format!(
                    "there is no instance {member}, or it is in a group already"
                ))
            })
        });
        let members = identities.collect::<Result<_, _>>()?;
        groups.push(PlannedGroup { name, members });
    }
    Ok(groups)
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
    if let Some(reason) = identities::flaw(instance) {
        return Err(invalid(reason));
    }
    let needed = instance
        .interface
        .iter()
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

/// Leaves each object of an instance there once.
fn merge_repeated(instance: &mut InstanceConfig) -> Result<(), EngineError> {
    let objects = StaticObjects {
        addresses: std::mem::take(&mut instance.addresses),
        routes: std::mem::take(&mut instance.routes),
        rules: std::mem::take(&mut instance.rules),
    };
    let objects = merged(objects).map_err(|reason| EngineError::InvalidInstance {
        instance: instance.name.to_string(),
        reason,
    })?;
    StaticObjects {
        addresses: instance.addresses,
        routes: instance.routes,
        rules: instance.rules,
    } = objects;
    Ok(())
}

/// Leaves each object there once that no instance needs.
fn check_static(objects: StaticObjects) -> Result<StaticObjects, EngineError> {
    let invalid = |reason| EngineError::InvalidStatic { reason };
    for address in &objects.addresses {
        if let Some(reason) = flaw(address) {
            return Err(invalid(format!("{}: {reason}", address.address)));
        }
    }
    merged(objects).map_err(invalid)
}

/// Leaves each object there once.
fn merged(objects: StaticObjects) -> Result<StaticObjects, String> {
    let same = |one: &VirtualRoute, other: &VirtualRoute| one.route == other.route;
    let routes = merge(objects.routes, VirtualRoute::key, same).map_err(|route| {
        format!(
            "route {} is listed twice, with different values",
            route.key()
        )
    })?;
    // A rule is nothing but what tells it from others, apart from its protocol.
    let same = |one: &VirtualRule, other: &VirtualRule| one.rule == other.rule;
    let key = |rule: &VirtualRule| ObjectKey::rule(&rule.rule);
    let rules = merge(objects.rules, key, same)
        .map_err(|rule| format!("rule {} is listed twice, with different values", rule.rule))?;
    let key = |address: &VirtualAddress| (address.address, Arc::clone(&address.interface));
    let addresses = merge(objects.addresses, key, VirtualAddress::eq).map_err(|object| {
        let VirtualAddress {
            address, interface, ..
        } = object;
        format!("{address} is listed twice on {interface}, with different values")
    })?;
    Ok(StaticObjects {
        addresses,
        routes,
        rules,
    })
}

/// Leaves one of each key there, the first; the others must be the same, or the one that is not
/// comes back.
fn merge<T, K: Eq + Hash>(
    all: Vec<T>,
    key: impl Fn(&T) -> K,
    same: impl Fn(&T, &T) -> bool,
) -> Result<Vec<T>, T> {
    let count = all.len();
    let mut kept: Vec<T> = Vec::with_capacity(count);
    let mut places = HashMap::with_capacity(count);
    for object in all {
        match places.entry(key(&object)) {
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(object);
            }
            Entry::Occupied(place) if same(&kept[*place.get()], &object) => {}
            Entry::Occupied(_) => return Err(object),
        }
    }
    Ok(kept)
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
