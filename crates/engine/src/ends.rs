//! How the engine ends: orderly, with a host that is dead, after a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use ka_vrrp::State;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::config::EngineOptions;
use crate::error::EngineError;
use crate::guard::{guard, resign_and_end};
use crate::instance::InstanceId;
use crate::interfaces::InterfaceId;
use crate::objects::{Entry, Object, ObjectKey, Orphan};
use crate::record::Leftover;
use crate::shared::Shared;
use crate::thread::EngineThread;

/// Instances stopped between two looks at the sockets.
const SLICE: usize = 64;
/// Removals that failed are tried again for this long before the thread ends.
pub(crate) const RELEASE_LIMIT: Duration = Duration::from_secs(3);
/// Between two looks at the host's heartbeat.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(1);

/// What is written when a thread of ours panicked.
pub(crate) const FAILED: &str = "ka-native: the engine failed; resigned\n";

/// What is written when the host's thread takes no events.
const DEAD_HOST: &str = "ka-native: the JavaScript thread does not answer; resigned\n";

/// How far the engine is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resigning {
    /// It is not.
    No,
    /// Instances from this slot on have yet to be stopped, and behind them the groups.
    From(usize),
    /// Every instance is stopped; addresses may still be on their way out.
    Done,
}

/// How a run of the thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The host asked for it; everything is released that can be.
    Stopped,
    /// The host's thread does not answer; everything is released.
    HostDead,
}

/// Opens the engine, says so, and runs it; ends the process when something is beyond repair.
pub(crate) fn main(
    options: &EngineOptions,
    shared: &Arc<Shared>,
    opened: &SyncSender<Result<(), EngineError>>,
) {
    // The memory that it works with may have to stay present.
    ka_sys::memory::mark_heap();
    let mut thread = match guard(|| EngineThread::open(options, Arc::clone(shared))) {
        Ok(thread) => thread,
        Err(error) => {
            // The receiver waits in open().
            let _ = opened.send(Err(error));
            return;
        }
    };
    let _ = opened.send(Ok(()));
    match catch_unwind(AssertUnwindSafe(|| thread.run())) {
        Ok(End::Stopped) => {
            let leave = AssertUnwindSafe(move || {
                #[cfg(feature = "fault-injection")]
                crate::fault::strike_at_end();
                let left_behind = match thread.keeps {
                    true => Vec::new(),
                    false => thread.left_behind(),
                };
                shared.set_left_behind(left_behind);
                thread.events.close();
                // Its sockets and instances go here.
            });
            if catch_unwind(leave).is_err() {
                end_process(shared, FAILED);
            }
        }
        Ok(End::HostDead) => {
            end_process(shared, DEAD_HOST);
        }
        Err(_) => {
            // The state may be inconsistent: only what cannot make it worse, and each on its own.
            let _ = catch_unwind(AssertUnwindSafe(|| thread.resign_after_panic()));
            let _ = catch_unwind(AssertUnwindSafe(|| thread.remove_all_objects()));
            end_process(shared, FAILED);
        }
    }
}

/// Writes why the process ends, unless whoever reads standard error has stopped reading: the end
/// must not wait for it.
pub(crate) fn say(sentence: &str) {
    let stderr = rustix::stdio::stderr();
    let mut writable = [PollFd::new(&stderr, PollFlags::OUT)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    if poll(&mut writable, Some(&now)) == Ok(1) {
        // A pipe that has room takes up to a page. Nobody is left to tell that it did not.
        let _ = rustix::io::write(stderr, sentence.as_bytes());
    }
}

/// Ends the process once its other engines have resigned as this one has.
fn end_process(shared: &Shared, sentence: &str) -> ! {
    shared.announce_end();
    resign_and_end(sentence)
}

impl EngineThread {
    /// Starts to resign as every instance; does nothing when that is under way.
    pub(crate) fn begin_resigning(&mut self) {
        if self.resigning == Resigning::No {
            self.resigning = Resigning::From(0);
            self.release_until = Instant::now() + RELEASE_LIMIT;
            self.apply = None;
            self.apply_waiting.clear();
            self.objects.end_hold();
        }
    }

    /// Whether the engine stops, and what it holds stays as it is.
    pub(crate) fn leaves_all(&self) -> bool {
        self.keeps && self.resigning != Resigning::No
    }

    /// Whether nothing is left to stop and to remove, or nothing that can be.
    pub(crate) fn has_released(&self, now: Instant) -> bool {
        self.resigning == Resigning::Done
            && self.objects.is_settled()
            && !self.copies.has_work()
            && (self.keeps || now >= self.release_until || !self.objects.any_ours())
    }

    /// What of ours is still there.
    fn left_behind(&self) -> Vec<Leftover> {
        let named = self.objects.ours();
        let named = named.map(|(key, entry)| self.leftover(key, entry));
        let renamed = self.objects.all_orphans().map(|orphan| match orphan {
            Orphan::Address { index, held } => Leftover::Address {
                interface: self.name_at(*index),
                address: held.address,
            },
            Orphan::Route(key) => {
                let key = key.with_interfaces(|&index| Some(self.name_at(index)));
                key.map_or_else(|| unreachable!("each has a name"), Leftover::Route)
            }
        });
        named.chain(renamed).collect()
    }

    fn name_at(&self, index: u32) -> String {
        self.interfaces.by_index(index).map_or_else(
            || format!("interface {index}"),
            |id| self.interfaces.at(id).name.to_string(),
        )
    }

    /// An object, called by names that outlive the engine.
    pub(crate) fn leftover(&self, key: &ObjectKey, entry: &Entry) -> Leftover {
        let name = |id: InterfaceId| self.interfaces.at(id).name.to_string();
        match (key, entry.held()) {
            (ObjectKey::Rule(_), Object::Rule(held)) => Leftover::Rule(held.rule.clone()),
            (ObjectKey::Rule(rule), _) => Leftover::Rule((**rule).clone()),
            (ObjectKey::Address(key), _) => Leftover::Address {
                interface: name(key.interface),
                address: key.address,
            },
            (ObjectKey::Route(key), _) => {
                let key = key.with_interfaces(|&id| Some(name(id)));
                key.map_or_else(|| unreachable!("each has a name"), Leftover::Route)
            }
        }
    }

    /// Stops a slice of instances, then gives up what is there without one; `false` when nothing is left.
    pub(crate) fn continue_resigning(&mut self, now: Instant) -> bool {
        let Resigning::From(next) = self.resigning else {
            return false;
        };
        let instances = self.instances.len();
        let end = (next + SLICE).min(instances + self.groups.slots());
        for index in next..end {
            // Groups come behind all instances, as in keepalived.
            if let Some(group) = index.checked_sub(instances) {
                self.stop_group(group, now);
            } else if let Some(instance) = self.instances[index].as_mut() {
                instance.router.stop(now);
                self.pump(InstanceId::new(index), now);
            }
        }
        self.resigning = if end < instances + self.groups.slots() {
            Resigning::From(end)
        } else if !self.keeps && self.release_statics() {
            // What is configured without an instance goes last.
            Resigning::From(end)
        } else {
            Resigning::Done
        };
        true
    }

    /// Resigns and removes every address before it returns: the process is about to end.
    pub(crate) fn resign_now(&mut self) {
        let now = Instant::now();
        self.keeps = false;
        self.begin_resigning();
        while self.continue_resigning(now) {
            self.flush_advertisements();
        }
        self.finish_copies();
        while self.settle_objects(now) {}
        self.events.flush();
    }

    /// Resigns without the state machines: priority 0 for every Master.
    fn resign_after_panic(&mut self) {
        self.outbox.clear();
        self.copies.clear();
        for index in 0..self.instances.len() {
            let Some(instance) = self.instances[index].as_mut() else {
                continue;
            };
            instance.in_batch = false;
            if instance.router.state() == State::Master {
                self.outbox.push((InstanceId::new(index), 0));
            }
        }
        self.flush_advertisements();
        self.finish_copies();
    }

    /// Whether there is anything to count in beats.
    pub(crate) fn beats(&self) -> bool {
        self.heartbeat_limit.is_some() || self.trackers.may_become_stale()
    }

    /// Looks at the host's heartbeat; `true` when the host counts as dead.
    pub(crate) fn beat(&mut self, now: Instant) -> bool {
        if !self.beats() || now < self.next_heartbeat {
            return false;
        }
        // Beats are counted, not time: a process that was stopped as a whole missed none.
        self.next_heartbeat = now + HEARTBEAT;
        self.age_trackers();
        let Some(limit) = self.heartbeat_limit else {
            return false;
        };
        if self.shared.host_answered.swap(false, Ordering::AcqRel) {
            self.missed_heartbeats = 0;
        } else {
            self.missed_heartbeats += 1;
        }
        self.shared.wake_host();
        HEARTBEAT * self.missed_heartbeats >= limit
    }
}
