//! The probes that there are.

use std::collections::HashMap;
use std::time::Instant;

use crate::attempt::{Attempt, Memory};
use crate::command::Definition;
use crate::probe::Probe;

/// What becomes of a probe now.
#[derive(Debug)]
pub(crate) enum State {
    Idle,
    /// An attempt is asked for.
    Pending {
        due: Instant,
    },
    /// Its time has come, and there is no place for it.
    Queued {
        due: Instant,
    },
    Running(Box<Attempt>),
}

/// A probe.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) generation: u64,
    pub(crate) probe: Probe,
    pub(crate) memory: Memory,
    /// Whether the last attempt succeeded.
    pub(crate) succeeded: Option<bool>,
    /// Where its last result waits, if it still does.
    pub(crate) told_at: Option<u64>,
    pub(crate) state: State,
}

/// Probes in places with small numbers, which stay theirs until they are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    by_id: HashMap<u32, u32>,
}

impl Slots {
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Adds a probe whose number no other one has.
    pub(crate) fn add(&mut self, definition: Definition) {
        let id = definition.probe.id;
        let slot = Slot {
            generation: definition.generation,
            probe: definition.probe,
            memory: Memory::default(),
            succeeded: None,
            told_at: None,
            state: State::Idle,
        };
        let place = match self.free.pop() {
            Some(place) => {
                self.slots[place as usize] = Some(slot);
                place
            }
            None => {
                self.slots.push(Some(slot));
                self.slots.len() as u32 - 1
            }
        };
        self.by_id.insert(id, place);
    }

    /// Takes out a probe; with its place, which is free.
    pub(crate) fn remove(&mut self, id: u32) -> Option<(u32, Slot)> {
        let place = self.by_id.remove(&id)?;
        let slot = self.slots[place as usize].take()?;
        self.free.push(place);
        Some((place, slot))
    }

    pub(crate) fn place_of(&self, id: u32) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    pub(crate) fn at(&mut self, place: u32) -> Option<&mut Slot> {
        self.slots.get_mut(place as usize)?.as_mut()
    }
}
