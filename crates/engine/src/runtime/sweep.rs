//! What an engine before this one left is found and removed.

use std::collections::HashMap;

use ka_netlink::{
    AddressChange, Change, Errno, Link, Route, RouteChange, RouteKey, RouteSlot, RouteSocket,
    RuleChange,
};

use super::{ReleaseReport, Runtime};
use crate::PROTOCOL_ID;
use crate::error::EngineError;
use crate::promote;
use crate::record::{Leftover, Records};

/// Kernels from this version on tell who added an address (IFA_PROTO).
const PROTOCOL_SINCE: (u32, u32) = (5, 18);

impl Runtime {
    /// Removes leftovers: what is recorded or in `configured`, and carries our number. Rules first,
    /// then routes, then addresses.
    pub(crate) fn sweep(
        &self,
        route: &mut RouteSocket,
        links: &[Link],
        configured: &Records,
    ) -> Result<ReleaseReport, EngineError> {
        let mut report = ReleaseReport::default();
        self.sweep_rules(route, configured, &mut report);
        self.sweep_routes(route, links, configured, &mut report)?;
        self.sweep_addresses(route, links, configured, &mut report)?;
        self.sweep_promotions(configured, &mut report);
        Ok(report)
    }

    /// What is recorded, and of what is configured that which has our number: the kernel removes
    /// nothing that has another one than is asked for.
    fn candidates<'a>(&'a self, configured: &'a Records) -> impl Iterator<Item = &'a Leftover> {
        let has_number = |left: &&Leftover| match left {
            Leftover::Route(key) => key.protocol == PROTOCOL_ID,
            Leftover::Rule(rule) => rule.protocol == PROTOCOL_ID,
            Leftover::Address { .. } | Leftover::Promotion { .. } => false,
        };
        let more = configured
            .difference(self.file.recorded())
            .filter(has_number);
        self.file.recorded().iter().chain(more)
    }

    fn sweep_rules(
        &self,
        route: &mut RouteSocket,
        configured: &Records,
        report: &mut ReleaseReport,
    ) {
        let rules = self.candidates(configured).filter_map(|left| match left {
            Leftover::Rule(rule) => Some((left, RuleChange::Remove(Box::new(rule.clone())))),
            _ => None,
        });
        let (left, changes): (Vec<_>, Vec<_>) = rules.unzip();
        remove(route, left.into_iter().cloned(), &changes, report);
    }

    fn sweep_routes(
        &self,
        route: &mut RouteSocket,
        links: &[Link],
        configured: &Records,
        report: &mut ReleaseReport,
    ) -> Result<(), EngineError> {
        let indices: HashMap<&str, u32> = links
            .iter()
            .map(|link| (link.name.as_str(), link.index))
            .collect();
        let routes = self.candidates(configured).filter_map(|left| match left {
            // Without its interfaces it is gone.
            Leftover::Route(key) => {
                let key = key.with_interfaces(|name| indices.get(name.as_str()).copied())?;
                Some((left, key))
            }
            _ => None,
        });
        let candidates: Vec<_> = routes.collect();
        let there = routes_there(route, candidates.iter().map(|(_, key)| key))?;
        let there = candidates
            .into_iter()
            .zip(there)
            .filter(|(_, there)| *there);
        let (left, changes): (Vec<_>, Vec<_>) = there
            .map(|((left, key), _)| (left, RouteChange::Remove(Box::new(key))))
            .unzip();
        remove(route, left.into_iter().cloned(), &changes, report);
        Ok(())
    }

    fn sweep_addresses(
        &self,
        route: &mut RouteSocket,
        links: &[Link],
        configured: &Records,
        report: &mut ReleaseReport,
    ) -> Result<(), EngineError> {
        let marked = kernel_marks_addresses();
        let (mut left, mut changes) = (Vec::new(), Vec::new());
        for address in route.addresses()? {
            let Some(link) = links.iter().find(|link| link.index == address.key.ifindex) else {
                continue;
            };
            let record = Leftover::Address {
                interface: link.name.as_str().to_owned(),
                address: address.key.address,
            };
            let recorded = self.file.recorded().contains(&record);
            let ours = if marked {
                address.protocol == Some(PROTOCOL_ID) && (recorded || configured.contains(&record))
            } else {
                recorded
            };
            if ours {
                left.push(record);
                changes.push(AddressChange::Remove(address.key));
            }
        }
        remove(route, left.into_iter(), &changes, report);
        Ok(())
    }

    /// Sets back what was set for as long as an engine runs.
    pub(crate) fn sweep_promotions(&self, configured: &Records, report: &mut ReleaseReport) {
        for left in self.file.recorded().difference(configured) {
            let Leftover::Promotion { interface } = left else {
                continue;
            };
            match promote::set(interface, false) {
                Ok(true) => report.released.push(left.clone()),
                Ok(false) => {} // it is not set, or gone with the interface
                Err(error) => report.failed.push((left.clone(), error.to_string())),
            }
        }
    }
}

/// Which of `keys` are there.
///
/// The kernel takes an IPv4 route of another metric for one of none that is asked for, and an IPv6
/// route by any gateway for one by none: what is not there must not be removed.
fn routes_there<'a>(
    route: &mut RouteSocket,
    keys: impl ExactSizeIterator<Item = &'a RouteKey> + Clone,
) -> Result<Vec<bool>, EngineError> {
    let mut protocols: Vec<u8> = keys.clone().map(|key| key.protocol).collect();
    protocols.sort_unstable();
    protocols.dedup();
    let mut found: HashMap<RouteSlot, Vec<Route>> = HashMap::new();
    for protocol in protocols {
        for route in route.routes(protocol)? {
            found.entry(route.slot()).or_default().push(route);
        }
    }
    let is_there = |key: &RouteKey| {
        let same_place = found.get(&key.slot).into_iter().flatten();
        same_place.into_iter().any(|route| key.covers(route))
    };
    Ok(keys.map(is_there).collect())
}

/// Asks the kernel for `changes`, each of which removes what `left` says at the same place.
fn remove<C: Change>(
    route: &mut RouteSocket,
    left: impl Iterator<Item = Leftover>,
    changes: &[C],
    report: &mut ReleaseReport,
) {
    let mut results = Vec::with_capacity(changes.len());
    route.submit(changes, &mut results);
    for (left, result) in left.zip(results) {
        match result {
            Ok(()) => report.released.push(left),
            Err(error) => match error.errno() {
                // It went with another one, or by another hand, or never was there.
                Some(
                    Errno::ADDRNOTAVAIL
                    | Errno::SRCH
                    | Errno::NOENT
                    | Errno::NODEV
                    | Errno::AFNOSUPPORT
                    | Errno::OPNOTSUPP,
                ) => {}
                _ => report.failed.push((left, error.to_string())),
            },
        }
    }
}

fn kernel_marks_addresses() -> bool {
    let release = rustix::system::uname();
    let text = release.release().to_string_lossy();
    let mut numbers = text
        .split(['.', '-'])
        .map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => (major, minor) >= PROTOCOL_SINCE,
        _ => false,
    }
}
