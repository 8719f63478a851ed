//! What members and their group tell each other.

use crate::state::State;

/// What keeps a member, and with it its group, from being Backup or Master.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Health {
    /// It lacks something of its own.
    pub faulty: bool,
    /// It waits for the first result of a tracker.
    pub awaits: bool,
}

/// What a member tells its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupWord {
    /// What keeps it from being Backup or Master is this now.
    Health(Health),
    /// Its Master_Down_Timer ran out. Until the group says so it stays Backup.
    WantsMaster,
    /// As Backup it heard a Master that it leaves in place.
    Hears {
        /// By priority and address that one is better.
        is_better: bool,
    },
    /// It ceased to be Master without a fault.
    LeftMaster,
    /// It ceased to be Master because a kernel object of it was lost, and will be Master again soon.
    LostObject,
    /// As Master it heard another one that has to give way.
    Contested,
}

/// What a group makes a member do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupStep {
    /// Start, at the moment at which all members are there.
    Start(GroupStart),
    /// Become Master: its own timer ran out.
    Permit,
    /// Become Master with the others.
    Master,
    /// Become Backup with the others. Who is Master does not resign: the other router is Master already.
    Backup,
    /// Go to Fault with another member. Who is Master resigns, once.
    Fault,
    /// No member lacks anything any more.
    Recover,
    /// [`Self::Fault`], then [`Self::Recover`]: both came before the member had its turn.
    FaultAndRecover,
    /// Resign, and be Master again soon: another member lost a kernel object.
    StepDown,
    /// Another member heard a Master that has to give way: announce the addresses again.
    Announce,
}

/// How the members of a group start that has no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupStart {
    /// All own their addresses, and say `state MASTER` or nothing: Master at once.
    AtOnce,
    /// All own their addresses: Backup for one interval and the skew time.
    Shortly,
    /// Backup for a whole Master_Down_Interval.
    Patiently,
}

/// A member when its group is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: State,
    /// What keeps it from being Backup or Master.
    pub health: Health,
    /// It owns its addresses.
    pub is_owner: bool,
    /// It would become Master at once if it were alone.
    pub starts_as_master: bool,
}

/// A change of the state of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupChange {
    /// State before.
    pub from: State,
    /// State now.
    pub to: State,
}
