//! What waits to be told: bounded, in order.

use std::collections::{HashMap, VecDeque};

use ka_mailbox::Waiting;

use crate::event::Event;

/// Results that wait before those of one periodic script are merged: the latest stays, in the place of the one before it.
pub const WAITING_LIMIT: usize = 16_384;

/// Events in their order. Runs that were asked for are bounded by whoever asks; periodic results are merged when many wait.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: VecDeque<Event>,
    /// The position of each script's last result, counted from the first event ever.
    last: HashMap<u32, u64>,
    /// Events taken so far.
    taken: u64,
    /// Results dropped so far.
    dropped: u64,
}

impl Outbox {
    pub(crate) fn push(&mut self, event: Event) {
        if let Event::Scheduled { id, .. } = event {
            if self.waiting.len() >= WAITING_LIMIT
                && let Some(former) = self.former(id)
            {
                *former = merged(former, event);
                self.dropped += 1;
                return;
            }
            self.last.insert(id, self.taken + self.waiting.len() as u64);
        }
        self.waiting.push_back(event);
    }

    /// The waiting result of a script that would be told last.
    fn former(&mut self, id: u32) -> Option<&mut Event> {
        let position = self.last.get(&id)?.checked_sub(self.taken)?;
        self.waiting.get_mut(usize::try_from(position).ok()?)
    }

    /// Results dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Waiting<Event> for Outbox {
    fn pop(&mut self) -> Option<Event> {
        let event = self.waiting.pop_front()?;
        if let Event::Scheduled { id, .. } = event
            && self.last.get(&id) == Some(&self.taken)
        {
            self.last.remove(&id);
        }
        self.taken += 1;
        Some(event)
    }

    fn restore(&mut self, event: Event) {
        self.taken -= 1;
        if let Event::Scheduled { id, .. } = event {
            self.last.entry(id).or_insert(self.taken);
        }
        self.waiting.push_front(event);
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// The later of two results of one script, with the counts of both.
fn merged(former: &Event, mut later: Event) -> Event {
    if let (
        Event::Scheduled {
            dropped, skipped, ..
        },
        Event::Scheduled {
            dropped: more_dropped,
            skipped: more_skipped,
            ..
        },
    ) = (former, &mut later)
    {
        *more_dropped = more_dropped.saturating_add(dropped.saturating_add(1));
        *more_skipped = more_skipped.saturating_add(*skipped);
    }
    later
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::event::Outcome;

    fn result(id: u32, code: i32, at: Instant) -> Event {
        Event::Scheduled {
            id,
            generation: 1,
            outcome: Outcome::Exited(code),
            started: at,
            ended: at,
            dropped: 0,
            skipped: 1,
        }
    }

    #[test]
    fn results_beyond_the_limit_leave_the_latest_of_each_script_and_a_count() {
        let at = Instant::now();
        let mut outbox = Outbox::default();
        outbox.push(result(1, 0, at));
        for code in 0..WAITING_LIMIT as i32 + 100 {
            outbox.push(result(2, code, at));
        }
        // Also the first of a script that has none waiting.
        outbox.push(result(3, 0, at));
        outbox.push(result(1, 9, at));
        let all: Vec<_> = std::iter::from_fn(|| outbox.pop()).collect();
        assert_eq!(all.len(), WAITING_LIMIT + 1);
        assert_eq!(outbox.dropped(), 102);
        assert!(matches!(
            all[0],
            Event::Scheduled {
                id: 1,
                outcome: Outcome::Exited(9),
                dropped: 1,
                skipped: 2,
                ..
            }
        ));
        let last = &all[WAITING_LIMIT - 1];
        let code = WAITING_LIMIT as i32 + 99;
        assert!(
            matches!(last, Event::Scheduled { id: 2, outcome: Outcome::Exited(seen), dropped: 101, .. } if *seen == code)
        );
        assert!(outbox.last.is_empty());
    }

    #[test]
    fn what_is_put_back_is_the_next_again() {
        let at = Instant::now();
        let mut outbox = Outbox::default();
        outbox.push(result(1, 0, at));
        outbox.push(result(1, 1, at));
        let first = outbox.pop().unwrap();
        outbox.restore(first.clone());
        assert_eq!(outbox.pop(), Some(first));
        assert!(!outbox.is_empty());
        assert!(outbox.pop().is_some() && outbox.is_empty() && outbox.last.is_empty());
    }
}
