//! What is to be done when, to a millisecond.

use std::time::{Duration, Instant};

/// Milliseconds of one turn; a power of two. What is further away is passed over until its turn.
const BUCKETS: usize = 4096;
/// The list of what is due, behind those of the buckets.
const DUE: usize = BUCKETS;
/// The end of a list.
const NONE: u32 = u32::MAX;

/// One timer.
#[derive(Debug, Clone, Copy)]
struct Node {
    former: u32,
    next: u32,
    /// When, counted from the start.
    tick: u64,
    /// Where it is; `None` while it has no time.
    list: Option<usize>,
}

impl Node {
    const IDLE: Self = Self {
        former: NONE,
        next: NONE,
        tick: 0,
        list: None,
    };
}

/// Timers with small numbers, each with one time at most; setting and cancelling cost the same however many there are.
#[derive(Debug)]
pub(crate) struct Wheel {
    start: Instant,
    /// All before it, and it itself, is due.
    tick: u64,
    /// First and last of each list.
    lists: Vec<(u32, u32)>,
    /// Which buckets have something.
    filled: [u64; BUCKETS / 64],
    nodes: Vec<Node>,
}

impl Wheel {
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            tick: 0,
            lists: vec![(NONE, NONE); BUCKETS + 1],
            filled: [0; BUCKETS / 64],
            nodes: Vec::new(),
        }
    }

    /// The tick that is not before `at`.
    fn tick_of(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.start);
        u64::try_from(since.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    /// In the place of its former time, if it had one; never before `at`.
    pub(crate) fn set(&mut self, timer: u32, at: Instant) {
        self.set_tick(timer, self.tick_of(at));
    }

    /// The same, behind those that are due now.
    pub(crate) fn set_due(&mut self, timer: u32) {
        self.set_tick(timer, self.tick);
    }

    fn set_tick(&mut self, timer: u32, tick: u64) {
        self.cancel(timer);
        if self.nodes.len() <= timer as usize {
            self.nodes.resize(timer as usize + 1, Node::IDLE);
        }
        let list = if tick <= self.tick {
            DUE
        } else {
            (tick % BUCKETS as u64) as usize
        };
        self.append(timer, tick, list);
    }

    pub(crate) fn cancel(&mut self, timer: u32) {
        if self
            .nodes
            .get(timer as usize)
            .is_some_and(|node| node.list.is_some())
        {
            self.unlink(timer);
        }
    }

    fn append(&mut self, timer: u32, tick: u64, list: usize) {
        let former = self.lists[list].1;
        self.nodes[timer as usize] = Node {
            former,
            next: NONE,
            tick,
            list: Some(list),
        };
        match former {
            NONE => self.lists[list].0 = timer,
            former => self.nodes[former as usize].next = timer,
        }
        self.lists[list].1 = timer;
        if list < BUCKETS {
            self.filled[list / 64] |= 1 << (list % 64);
        }
    }

    fn unlink(&mut self, timer: u32) {
        let Node {
            former, next, list, ..
        } = std::mem::replace(&mut self.nodes[timer as usize], Node::IDLE);
        let Some(list) = list else { return };
        match former {
            NONE => self.lists[list].0 = next,
            former => self.nodes[former as usize].next = next,
        }
        match next {
            NONE => self.lists[list].1 = former,
            next => self.nodes[next as usize].former = former,
        }
        if list < BUCKETS && self.lists[list].0 == NONE {
            self.filled[list / 64] &= !(1 << (list % 64));
        }
    }

    /// Notes that it is `now`: what has come is due.
    pub(crate) fn advance(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.start).as_millis();
        let tick = u64::try_from(elapsed).unwrap_or(u64::MAX);
        let first = self.tick + 1;
        if tick < first {
            return;
        }
        self.tick = tick;
        // A turn holds all buckets, however late it is.
        for at in first..=tick.min(first + BUCKETS as u64 - 1) {
            self.collect((at % BUCKETS as u64) as usize);
        }
    }

    fn collect(&mut self, bucket: usize) {
        if self.filled[bucket / 64] & (1 << (bucket % 64)) == 0 {
            return;
        }
        let mut timer = self.lists[bucket].0;
        while timer != NONE {
            let Node { next, tick, .. } = self.nodes[timer as usize];
            if tick <= self.tick {
                self.unlink(timer);
                self.append(timer, tick, DUE);
            }
            timer = next;
        }
    }

    /// Takes one that is due, the earliest first.
    pub(crate) fn take_due(&mut self) -> Option<u32> {
        let timer = self.lists[DUE].0;
        if timer == NONE {
            return None;
        }
        self.unlink(timer);
        Some(timer)
    }

    /// Whether one is due.
    pub(crate) fn has_due(&self) -> bool {
        self.lists[DUE].0 != NONE
    }

    /// When something is to be looked at again, at the latest a turn from now; there may be nothing due then.
    pub(crate) fn next(&self) -> Option<Instant> {
        if self.has_due() {
            return Some(self.start + Duration::from_millis(self.tick));
        }
        let from = (self.tick % BUCKETS as u64) as usize + 1;
        let word = |distance: usize| {
            let at = (from + distance) % BUCKETS;
            self.filled[at / 64] >> (at % 64)
        };
        let mut distance = 0;
        while distance < BUCKETS {
            match word(distance) {
                // To the beginning of the next word.
                0 => distance += 64 - (from + distance) % 64,
                bits => {
                    let ticks = 1 + distance as u64 + u64::from(bits.trailing_zeros());
                    return Some(self.start + Duration::from_millis(self.tick + ticks));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(wheel: &mut Wheel) -> Vec<u32> {
        std::iter::from_fn(|| wheel.take_due()).collect()
    }

    #[test]
    fn timers_come_in_order_once_at_their_latest_time() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut wheel = Wheel::new(start);
        wheel.set(7, at(30));
        wheel.set(1, at(5));
        wheel.set(2, at(5));
        wheel.set(3, at(2));
        wheel.set(3, at(6));
        wheel.set(4, at(4));
        wheel.cancel(4);
        wheel.cancel(99);
        assert_eq!(wheel.next(), Some(at(5)));
        wheel.advance(at(4));
        assert_eq!(due(&mut wheel), []);
        wheel.advance(at(8));
        assert!(wheel.has_due());
        assert_eq!(due(&mut wheel), [1, 2, 3]);
        assert_eq!(wheel.next(), Some(at(30)));
        // One that is late already is due at once.
        wheel.set(5, at(1));
        assert_eq!(due(&mut wheel), [5]);
        wheel.advance(at(30));
        wheel.cancel(7);
        assert_eq!((due(&mut wheel), wheel.next()), (vec![], None));
    }

    #[test]
    fn a_part_of_a_millisecond_is_waited_for() {
        let start = Instant::now();
        let mut wheel = Wheel::new(start);
        wheel.set(1, start + Duration::from_micros(1_200));
        wheel.advance(start + Duration::from_micros(1_900));
        assert!(!wheel.has_due());
        wheel.advance(start + Duration::from_millis(2));
        assert_eq!(due(&mut wheel), [1]);
    }

    #[test]
    fn what_is_several_turns_away_comes_in_its_turn() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut wheel = Wheel::new(start);
        let far = 3 * BUCKETS as u64 + 17;
        wheel.set(0, at(far));
        let mut looks = 0;
        while due(&mut wheel).is_empty() {
            let next = wheel.next().unwrap();
            assert!(next <= at(far));
            wheel.advance(next);
            looks += 1;
        }
        assert_eq!(looks, 4);
        // Also after a pause of many turns.
        wheel.set(0, at(4 * far));
        wheel.advance(at(1_000 * far));
        assert_eq!(due(&mut wheel), [0]);
    }

    #[test]
    fn the_next_look_is_never_later_than_any_timer() {
        let start = Instant::now();
        for seed in 0..200u64 {
            let mut wheel = Wheel::new(start);
            let begin = start + Duration::from_millis(seed * 61);
            wheel.advance(begin);
            let after = begin + Duration::from_millis(1 + seed * 7_919 % (BUCKETS as u64));
            wheel.set(3, after);
            assert_eq!(wheel.next(), Some(after), "{seed}");
        }
    }
}
