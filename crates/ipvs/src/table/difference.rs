//! What has to be done to a service, in which order.

use super::queue::Scope;
use super::{Command, Known, Ranked, Step, Wanted};
use ka_netlink::ipvs::{Destination, DestinationKey, ServiceKey};

/// What is to be done now and what behind it, so that a service that has a destination is never without one: additions and
/// raised weights, other changes, and at last what takes connections away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    More,
    Other,
    Less,
}

/// The steps from what the kernel has of one service to what is wanted, as far as `scope` goes.
pub(super) fn difference(
    wanted: Option<&Wanted>,
    known: Option<&Known>,
    scope: &Scope,
) -> Vec<Step> {
    match (wanted, known) {
        (None, None) => Vec::new(),
        // The kernel removes the destinations with it.
        (None, Some(known)) => vec![step(Command::RemoveService, known.service.key, None)],
        (Some(wanted), None) => {
            let key = wanted.service.key;
            let mut steps = vec![step(Command::AddService, key, None)];
            let mut destinations: Vec<&Ranked> = wanted.destinations.values().collect();
            destinations.sort_unstable_by_key(|ranked| ranked.rank);
            steps.extend(
                destinations
                    .into_iter()
                    .map(|ranked| step(Command::AddDestination, key, Some(ranked.destination.key))),
            );
            steps
        }
        (Some(wanted), Some(known)) => changes(wanted, known, scope),
    }
}

fn changes(wanted: &Wanted, known: &Known, scope: &Scope) -> Vec<Step> {
    let key = wanted.service.key;
    let mut phased: Vec<(Phase, u64, DestinationKey, Command)> = Vec::new();
    let mut compare = |destination: DestinationKey| {
        let there = known.destinations.get(&destination);
        let (phase, rank, command) = match (wanted.destinations.get(&destination), there) {
            (None, None) => return,
            (Some(ranked), Some(there)) if *there == ranked.destination => return,
            (Some(ranked), None) => (Phase::More, ranked.rank, Command::AddDestination),
            (Some(ranked), Some(there)) => {
                let phase = phase(there, &ranked.destination);
                (phase, ranked.rank, Command::SetDestination)
            }
            (None, Some(_)) => (Phase::Less, u64::MAX, Command::RemoveDestination),
        };
        phased.push((phase, rank, destination, command));
    };
    match scope {
        Scope::Only(destinations) => destinations.iter().copied().for_each(&mut compare),
        Scope::All => {
            wanted.destinations.keys().copied().for_each(&mut compare);
            let there = known.destinations.keys();
            let unwanted = there.filter(|key| !wanted.destinations.contains_key(key));
            unwanted.copied().for_each(&mut compare);
        }
    }
    phased.sort_unstable();
    let of_service = (!known.service.is_as_wanted(&wanted.service))
        .then(|| step(Command::SetService, key, None));
    let of_destinations = phased
        .into_iter()
        .map(|(_, _, destination, command)| step(command, key, Some(destination)));
    of_service.into_iter().chain(of_destinations).collect()
}

fn phase(known: &Destination, wanted: &Destination) -> Phase {
    if wanted.weight > known.weight {
        Phase::More
    } else if wanted.weight == 0 && known.weight > 0 {
        Phase::Less
    } else {
        Phase::Other
    }
}

fn step(command: Command, service: ServiceKey, destination: Option<DestinationKey>) -> Step {
    Step {
        command,
        service,
        destination,
    }
}
