//! What a router tracks beside its interface, and what that comes to (keepalived.conf(5), `track_*`).
//!
//! Whatever is tracked (a script, an interface, a process, a file, a BFD session), and whether the
//! instance or its sync group says so, each comes to an [`Effect`] on a router: a part of its
//! priority, or a fault. A router knows only their [`Tracking`], all of them together.

use std::ops::AddAssign;

/// What is known of something that is tracked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TrackerState {
    /// Nothing yet.
    #[default]
    Unknown,
    /// It is as it should be.
    Up,
    /// It failed.
    Down,
}

impl TrackerState {
    /// The state's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// How one router takes what one tracker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Weight {
    /// Added while up when it is positive, and while down when it is negative; with 0 being down is
    /// a fault.
    pub weight: i16,
    /// The weight counts with the other sign, and with 0 being up is the fault.
    pub reverse: bool,
}

impl Weight {
    /// What a tracker in `state` does to the router.
    ///
    /// keepalived 2.2.7 forgets `reverse` where it takes the first result, or one kept over a reload,
    /// so that the priority stays wrong by as much. Here the same state has the same effect always.
    #[must_use]
    pub const fn effect(self, state: TrackerState) -> Effect {
        let Self { weight, reverse } = self;
        match (state, weight) {
            (TrackerState::Unknown, 0) => Effect::Awaited,
            (TrackerState::Up, 0) if reverse => Effect::Fault,
            (TrackerState::Down, 0) if !reverse => Effect::Fault,
            (TrackerState::Up, 1..) | (TrackerState::Down, ..0) => {
                let weight = weight as i32;
                Effect::Priority(if reverse { -weight } else { weight })
            }
            _ => Effect::Priority(0),
        }
    }
}

/// What one tracker does to one router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A part of its priority.
    Priority(i32),
    /// It must not be Backup or Master.
    Fault,
    /// Nobody knows yet whether that is so: a router that starts waits.
    Awaited,
}

/// What all trackers of a router come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tracking {
    /// Sum of their parts of the priority, beyond all limits of a priority.
    pub priority: i32,
    /// How many are a fault.
    pub faults: u16,
    /// How many may turn out to be one.
    pub awaited: u16,
}

impl AddAssign<Effect> for Tracking {
    fn add_assign(&mut self, effect: Effect) {
        match effect {
            Effect::Priority(part) => self.priority = self.priority.saturating_add(part),
            Effect::Fault => self.faults = self.faults.saturating_add(1),
            Effect::Awaited => self.awaited = self.awaited.saturating_add(1),
        }
    }
}

impl FromIterator<Effect> for Tracking {
    fn from_iter<I: IntoIterator<Item = Effect>>(effects: I) -> Self {
        let mut tracking = Self::default();
        for effect in effects {
            tracking += effect;
        }
        tracking
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Effect::{Awaited, Fault, Priority};

    #[test]
    fn weights_count_as_in_keepalived() {
        let states = [TrackerState::Unknown, TrackerState::Up, TrackerState::Down];
        let effects =
            |weight, reverse| states.map(|state| Weight { weight, reverse }.effect(state));
        assert_eq!(effects(0, false), [Awaited, Priority(0), Fault]);
        assert_eq!(effects(0, true), [Awaited, Fault, Priority(0)]);
        assert_eq!(effects(10, false), [0, 10, 0].map(Priority));
        assert_eq!(effects(10, true), [0, -10, 0].map(Priority));
        assert_eq!(effects(-10, false), [0, 0, -10].map(Priority));
        assert_eq!(effects(-10, true), [0, 0, 10].map(Priority));
    }

    #[test]
    fn effects_add_up_beyond_the_limits_of_a_priority() {
        let effects = [
            Priority(253),
            Fault,
            Awaited,
            Priority(253),
            Fault,
            Priority(-1000),
        ];
        let tracking: Tracking = effects.into_iter().collect();
        let expected = Tracking {
            priority: -494,
            faults: 2,
            awaited: 1,
        };
        assert_eq!(tracking, expected);
    }

    #[test]
    fn states_have_names() {
        let states = [TrackerState::Unknown, TrackerState::Up, TrackerState::Down];
        assert_eq!(states.map(TrackerState::name), ["unknown", "up", "down"]);
    }
}
