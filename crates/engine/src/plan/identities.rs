//! Which instances of a configuration are one virtual router, and which are only nearly so.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::config::{Identity, InstanceConfig};
use crate::error::EngineError;

/// The identities of the instances taken in so far.
#[derive(Debug)]
pub(super) struct Identities {
    /// Those of rank 0, with how many there are and the first one's name.
    counted: HashMap<Identity, (u32, Arc<str>)>,
    /// Who sends to a peer, by all else that makes an instance what it is.
    peers: HashMap<(Identity, IpAddr), Arc<str>>,
    given: HashSet<Identity>,
}

impl Identities {
    pub(super) fn with_capacity(count: usize) -> Self {
        Self {
            counted: HashMap::with_capacity(count),
            peers: HashMap::new(),
            given: HashSet::with_capacity(count),
        }
    }

    /// The identity of `instance`; an error when another one is the same virtual router. Unicast
    /// instances are not as long as they have no peer in common.
    pub(super) fn take(&mut self, instance: &InstanceConfig) -> Result<Identity, EngineError> {
        let mut identity = instance.identity();
        let name = Arc::clone(&instance.name);
        let (count, first) = self
            .counted
            .entry(identity.clone())
            .or_insert_with(|| (0, Arc::clone(&name)));
        let mut same = (*count > 0 && instance.unicast.is_none()).then(|| Arc::clone(first));
        for peer in instance.peers() {
            let key = (identity.clone(), peer);
            same = same.or(self.peers.insert(key, Arc::clone(&name)));
        }
        if let Some(first) = same {
            return Err(EngineError::DuplicateInstance {
                first: first.to_string(),
                second: name.to_string(),
                vrid: identity.vrid,
                interface: identity.interface.as_deref().map(str::to_owned),
            });
        }
        identity.rank = *count;
        *count += 1;
        self.given.insert(identity.clone());
        Ok(identity)
    }

    /// All that were taken.
    pub(super) fn given(self) -> HashSet<Identity> {
        self.given
    }
}

/// What is wrong with how `instance` is reached by others, and reaches them.
pub(super) fn flaw(instance: &InstanceConfig) -> Option<String> {
    let is_unicast = instance.unicast.is_some();
    if is_unicast != instance.router.unicast.is_some() {
        return Some("its router and its way of sending differ in whether there are peers".into());
    }
    if instance.track_source && instance.source.is_none() {
        return Some("without a source address of its own none can be tracked".into());
    }
    let mut known = HashSet::new();
    if let Some(peer) = instance.peers().find(|peer| !known.insert(*peer)) {
        return Some(format!("peer {peer} is listed twice"));
    }
    if let Some(peer) = instance.peers().find(|peer| !is_host(*peer)) {
        return Some(format!("peer {peer} is no address of a host"));
    }
    if instance
        .unicast
        .is_some_and(|unicast| unicast.ttl == Some(0))
    {
        return Some("with a time to live of 0 nothing leaves this host".into());
    }
    if instance.interface.is_some() {
        return None;
    }
    match instance.source {
        _ if !is_unicast => Some("without an interface it needs unicast peers".into()),
        None => Some("without an interface it needs a source address".into()),
        Some(IpAddr::V6(source)) if source.is_unicast_link_local() => {
            Some(format!("without an interface {source} is on no link"))
        }
        Some(_) => None,
    }
}

fn is_host(address: IpAddr) -> bool {
    !address.is_multicast() && !address.is_unspecified()
}
