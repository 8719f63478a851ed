//! Instances in Fault because others remove what they hold again and again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::instance::InstanceId;
use crate::thread::EngineThread;

/// The fault lasts this long, and longer when there is another such loss meanwhile.
const CALM: Duration = Duration::from_secs(10);

/// Those instances, each with the time at which it may try again.
#[derive(Debug, Default)]
pub(crate) struct Contested {
    waiting: VecDeque<(Instant, InstanceId)>,
}

impl Contested {
    /// The fault of `id` begins, or goes on.
    pub(crate) fn add(&mut self, id: InstanceId, now: Instant) {
        self.remove(id);
        self.waiting.push_back((now + CALM, id));
    }

    /// `id` is gone.
    pub(crate) fn remove(&mut self, id: InstanceId) {
        self.waiting.retain(|(_, other)| *other != id);
    }

    /// When the next one may try again.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.waiting.front().map(|&(at, _)| at)
    }

    fn take_due(&mut self, now: Instant) -> Option<InstanceId> {
        let &(at, id) = self.waiting.front()?;
        if at > now {
            return None;
        }
        self.waiting.pop_front();
        Some(id)
    }
}

impl EngineThread {
    /// Ends the fault of one instance whose time is over; `false` when there is none.
    pub(crate) fn calm_down(&mut self, now: Instant) -> bool {
        let Some(id) = self.contested.take_due(now) else {
            return false;
        };
        if let Some(instance) = self.instances[id.index()].as_mut() {
            instance.router.handle_objects_lost(false, now);
            self.pump(id, now);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_instance_waits_once_from_its_last_loss_on() {
        let begin = Instant::now();
        let second = Duration::from_secs(1);
        let mut contested = Contested::default();
        let (one, two) = (InstanceId::new(1), InstanceId::new(2));
        contested.add(one, begin);
        contested.add(two, begin + second);
        contested.add(one, begin + second * 2);
        assert_eq!(contested.next_at(), Some(begin + second + CALM));
        assert_eq!(contested.take_due(begin + CALM), None);
        assert_eq!(contested.take_due(begin + second + CALM), Some(two));
        assert_eq!(contested.take_due(begin + second + CALM), None);
        contested.remove(one);
        assert_eq!(contested.next_at(), None);
    }
}
