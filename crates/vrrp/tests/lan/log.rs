//! What a router did, and views of it.

use std::time::Duration;

use ka_vrrp::{Action, Cause, Notice, State};

/// Actions of one router, with their times from the start.
pub(crate) type Log = Vec<(Duration, Action)>;

/// The actions in a log, without the times, and without what scenarios of their own are about: what is told of
/// other Masters.
pub(crate) fn actions(log: Log) -> Vec<Action> {
    let is_of_rival = |action: &Action| {
        matches!(
            action,
            Action::Notify(Notice::RivalMaster { .. } | Notice::RivalGone { .. })
        )
    };
    let actions = log.into_iter().map(|(_, action)| action);
    actions.filter(|action| !is_of_rival(action)).collect()
}

/// The notices in a log, without the times.
pub(crate) fn notices(log: &Log) -> Vec<Notice> {
    let notice = |(_, action): &(Duration, Action)| match action {
        Action::Notify(notice) => Some(*notice),
        _ => None,
    };
    log.iter().filter_map(notice).collect()
}

/// The state changes in a log, with their times.
pub(crate) fn changes(log: &Log) -> Vec<(Duration, State, Cause)> {
    let change = |(time, action): &(Duration, Action)| match action {
        Action::Notify(Notice::StateChanged { to, cause, .. }) => Some((*time, *to, *cause)),
        _ => None,
    };
    log.iter().filter_map(change).collect()
}

/// When advertisements were sent, and their priorities.
pub(crate) fn advertisements(log: &Log) -> Vec<(Duration, u8)> {
    let advertisement = |(time, action): &(Duration, Action)| match action {
        Action::Advertise { priority } => Some((*time, *priority)),
        _ => None,
    };
    log.iter().filter_map(advertisement).collect()
}

/// When announcements were made, and how many rounds.
pub(crate) fn announcements(log: &Log) -> Vec<(Duration, u32)> {
    let announcement = |(time, action): &(Duration, Action)| match action {
        Action::Announce { rounds } => Some((*time, *rounds)),
        _ => None,
    };
    log.iter().filter_map(announcement).collect()
}

/// The action of a state change.
pub(crate) fn changed(from: State, to: State, cause: Cause) -> Action {
    Action::Notify(Notice::StateChanged { from, to, cause })
}
