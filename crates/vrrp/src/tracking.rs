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
    /// It holds this number, as a file does.
    Number(i32),
}

impl TrackerState {
    /// The state's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
            Self::Number(_) => "number",
        }
    }
}

/// No priority can make up for what takes so much of it: a fault.
const FAULT_BELOW: i64 = -253;
/// The most that one tracker adds.
const MAX_PART: i64 = 253;

/// How one router takes what one tracker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Weight {
    /// Added while up when it is positive, and while down when it is negative; with 0 being down is
    /// a fault. A number is multiplied by it; with 0 each number but 0 is a fault.
    pub weight: i16,
    /// The weight counts with the other sign, and with 0 being up is the fault, or the number 0.
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
            (TrackerState::Number(number), 0) if (number == 0) == reverse => Effect::Fault,
            (TrackerState::Number(number), _) => self.product(number),
            (TrackerState::Up, 1..) | (TrackerState::Down, ..0) => {
                let weight = weight as i32;
                Effect::Priority(if reverse { -weight } else { weight })
            }
            _ => Effect::Priority(0),
        }
    }

    /// What a number comes to: less than any priority can bear is a fault.
    const fn product(self, number: i32) -> Effect {
        let sign = if self.reverse { -1 } else { 1 };
        // 32 bits by 16 bits fit.
        let part = number as i64 * self.weight as i64 * sign;
        match part {
            ..FAULT_BELOW => Effect::Fault,
            MAX_PART.. => Effect::Priority(MAX_PART as i32),
            part => Effect::Priority(part as i32),
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
    fn a_number_is_multiplied_by_its_weight_within_limits() {
        let effect = |weight, reverse, number| {
            Weight { weight, reverse }.effect(TrackerState::Number(number))
        };
        assert_eq!(effect(1, false, 0), Priority(0));
        assert_eq!(effect(-3, false, 20), Priority(-60));
        assert_eq!(effect(-3, true, 20), Priority(60));
        assert_eq!(effect(2, false, 127), Priority(253));
        assert_eq!(effect(1, false, -253), Priority(-253));
        assert_eq!(effect(1, false, -254), Fault);
        assert_eq!(effect(1, true, 254), Fault);
        assert_eq!(effect(-254, false, i32::MAX), Fault);
        assert_eq!(effect(-254, false, i32::MIN), Priority(253));
        assert_eq!(effect(-254, true, i32::MIN), Fault);
    }

    #[test]
    fn without_a_weight_a_number_is_a_fault_or_none() {
        let effect = |reverse, number| {
            let weight = Weight { weight: 0, reverse };
            weight.effect(TrackerState::Number(number))
        };
        assert_eq!(
            [0, 1, -1].map(|number| effect(false, number)),
            [Priority(0), Fault, Fault]
        );
        assert_eq!(
            [0, 1, -1].map(|number| effect(true, number)),
            [Fault, Priority(0), Priority(0)]
        );
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
        let states = [
            TrackerState::Unknown,
            TrackerState::Up,
            TrackerState::Down,
            TrackerState::Number(7),
        ];
        assert_eq!(
            states.map(TrackerState::name),
            ["unknown", "up", "down", "number"]
        );
    }
}
