//! From one wanted state to the next, in slices between other work.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use ka_vrrp::VirtualRouter;

use crate::config::{Identity, InstanceConfig};
use crate::groups::Seating;
use crate::instance::{Instance, InstanceId};
use crate::plan::Plan;
use crate::record::Leftover;
use crate::statics::Exchange;
use crate::thread::EngineThread;

/// Instances worked on between two looks at the sockets.
const SLICE: usize = 16;
/// An apply is reported after this long even if addresses are still on their way.
const SETTLE_LIMIT: Duration = Duration::from_secs(5);

/// What could not be done while a configuration was applied.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The instance that wants it; empty when it concerns none.
    pub instance: Arc<str>,
    /// What was attempted, and the kernel's reason.
    pub reason: String,
}

/// What an apply did.
#[derive(Clone, Debug, Default)]
pub struct ApplyReport {
    /// Instances that are new.
    pub added: u32,
    /// Instances whose parameters changed.
    pub changed: u32,
    /// Instances that are as they were.
    pub unchanged: u32,
    /// Instances that are gone.
    pub removed: u32,
    /// What the kernel refused meanwhile, which stays wanted and is retried, and what became of a
    /// record that cannot be used. What was refused before and still is, is not told again.
    pub refusals: Vec<Refusal>,
}

/// The engine thread's answer, with what the host shall free.
pub(crate) struct ApplyOutcome {
    pub(crate) report: ApplyReport,
    /// What nobody wants any more and is not removed yet.
    pub(crate) leaving: Vec<Leftover>,
    /// Dropped by the receiver: freeing thousands of instances is no work for the engine thread.
    #[expect(dead_code, reason = "held only to be dropped by the receiver")]
    #[expect(clippy::vec_box, reason = "an instance changes hands as a pointer")]
    pub(crate) discarded: Vec<Box<Instance>>,
}

/// An apply under way.
pub(crate) struct ApplyJob {
    plan: Box<Plan>,
    reply: SyncSender<ApplyOutcome>,
    report: ApplyReport,
    #[expect(clippy::vec_box, reason = "an instance changes hands as a pointer")]
    discarded: Vec<Box<Instance>>,
    exchange: Exchange,
    seating: Seating,
    phase: Phase,
    /// Where the phase is.
    cursor: usize,
    /// When all that is left is to wait for the kernel.
    asked: Option<Instant>,
}

/// What an apply is at, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// What is configured whatever the state of instances is exchanged.
    Statics,
    /// At a start: it is asked for and waited for, as instances may need it.
    StaticsFirst,
    /// Instances that are no longer wanted are looked for.
    Removing,
    /// The planned ones are taken in.
    TakingIn,
    /// Groups get their members: a group starts when all of them are there.
    Seating,
    /// What is configured is asked for.
    StaticsLast,
    /// The kernel is at work.
    Settling,
}

impl ApplyJob {
    pub(crate) fn new(mut plan: Box<Plan>, reply: SyncSender<ApplyOutcome>) -> Self {
        // Taken from the end one by one, in the order of the configuration.
        plan.instances.reverse();
        let exchange = Exchange::new(std::mem::take(&mut plan.static_objects));
        let seating = Seating::new(std::mem::take(&mut plan.groups));
        Self {
            plan,
            reply,
            report: ApplyReport::default(),
            discarded: Vec::new(),
            exchange,
            seating,
            phase: Phase::Statics,
            cursor: 0,
            asked: None,
        }
    }
}

impl EngineThread {
    /// Takes up a plan: from now on packets of its virtual routers come in.
    pub(crate) fn begin_apply(
        &mut self,
        mut plan: Box<Plan>,
        reply: SyncSender<ApplyOutcome>,
        now: Instant,
    ) {
        // The delay is one of the start: a reload may move its end, and never starts it again.
        let may_hold = !self.has_applied || self.hold_until.is_some_and(|at| at > now);
        // Of the time since the boot only what was left when the engine was opened.
        let after_boot = plan.delay_after_boot.saturating_sub(self.uptime_at_open);
        let delay = plan.startup_delay.max(after_boot);
        self.hold_until = (may_hold && delay > Duration::ZERO).then_some(self.opened_at + delay);
        self.has_applied = true;
        self.unknown.is_told = plan.log_unknown_vrids;
        self.receive_buffers = plan.receive_buffers;
        self.set_delays(&plan.interface_delays, now);
        let interfaces = &self.interfaces;
        self.announcer
            .pacer
            .configure(&plan.garp_pacing, |id| &interfaces.at(id).name, now);
        self.listen_also(&plan.listening);
        self.follow_tracked(&mut plan);
        self.trackers.configure(&mut plan.trackers);
        self.tell_trackers();
        self.shared.set_applied(plan.epoch);
        self.groups.begin_configuration();
        self.apply = Some(ApplyJob::new(plan, reply));
    }

    /// Does a slice of the apply under way.
    pub(crate) fn continue_apply(&mut self, now: Instant) {
        let Some(mut job) = self.apply.take() else {
            return;
        };
        self.objects.hold_removals(true);
        if self.apply_slice(&mut job, now) {
            self.end_apply(job);
            return;
        }
        self.objects.hold_removals(false);
        self.apply = Some(job);
    }

    /// Whether that was the last slice.
    fn apply_slice(&mut self, job: &mut ApplyJob, now: Instant) -> bool {
        let next = match job.phase {
            Phase::Statics => match self.continue_exchange(&mut job.exchange) {
                true => return false,
                false if self.is_started => Phase::Removing,
                false => Phase::StaticsFirst,
            },
            Phase::StaticsFirst => {
                if self.acquire_statics(&mut job.cursor) || !self.has_settled(job, now) {
                    return false;
                }
                Phase::Removing
            }
            Phase::Removing => {
                let end = (job.cursor + SLICE).min(self.instances.len());
                for index in job.cursor..end {
                    let unwanted = self.instances[index]
                        .as_ref()
                        .is_some_and(|instance| !job.plan.identities.contains(&instance.identity));
                    if unwanted {
                        self.remove_instance(InstanceId::new(index), now, job);
                    }
                }
                job.cursor = end;
                if end < self.instances.len() {
                    return false;
                }
                Phase::TakingIn
            }
            Phase::TakingIn => {
                for _ in 0..SLICE {
                    let Some((identity, planned)) = job.plan.instances.pop() else {
                        break;
                    };
                    let (config, router) = *planned;
                    self.take_in(identity, config, router, now, job);
                }
                if !job.plan.instances.is_empty() {
                    return false;
                }
                Phase::Seating
            }
            Phase::Seating => match self.continue_seating(&mut job.seating, now) {
                true => return false,
                false => Phase::StaticsLast,
            },
            Phase::StaticsLast => {
                if self.acquire_statics(&mut job.cursor) {
                    return false;
                }
                self.is_started = true;
                self.objects.end_hold();
                Phase::Settling
            }
            // What the kernel refuses belongs into the report.
            Phase::Settling => {
                self.objects.end_hold();
                return self.has_settled(job, now);
            }
        };
        job.phase = next;
        job.cursor = 0;
        job.asked = None;
        false
    }

    /// Whether the kernel has answered all that it was asked for, or will not in time.
    fn has_settled(&self, job: &mut ApplyJob, now: Instant) -> bool {
        let since = *job.asked.get_or_insert(now);
        self.objects.is_settled() || now.saturating_duration_since(since) > SETTLE_LIMIT
    }

    fn end_apply(&mut self, mut job: ApplyJob) {
        self.listen(job.plan.listening);
        self.limit_all_delays();
        self.say_sync_roles();
        self.resize_buffers();
        self.shared
            .instances
            .store(self.identities.len(), Ordering::Relaxed);
        let addresses = self.instances.iter().flatten();
        let addresses = addresses.map(|instance| instance.addresses().len()).sum();
        self.shared.addresses.store(addresses, Ordering::Relaxed);
        self.shared
            .interfaces
            .store(self.interfaces.ids().count(), Ordering::Relaxed);
        self.trackers.retain();
        self.shared
            .trackers
            .store(self.trackers.len(), Ordering::Relaxed);
        job.report.refusals.append(&mut self.apply_refusals);
        let leaving = self.objects.leaving();
        let leaving = leaving
            .map(|(key, entry)| self.leftover(key, entry))
            .collect();
        // The receiver is gone only when the host gave up waiting.
        let _ = job.reply.try_send(ApplyOutcome {
            report: job.report,
            leaving,
            discarded: job.discarded,
        });
    }

    fn remove_instance(&mut self, id: InstanceId, now: Instant, job: &mut ApplyJob) {
        if let Some(instance) = self.instances[id.index()].as_mut() {
            instance.router.stop(now);
        }
        self.pump(id, now);
        self.flush_advertisements();
        self.copies.orphan(id);
        self.delist(id);
        self.timers.set(id, None);
        let Some(instance) = self.instances[id.index()].take() else {
            return;
        };
        self.identities.remove(&instance.identity);
        self.trackers.unsubscribe(id, &instance.config.tracks);
        if let Some(index) = instance.joined {
            self.memberships.leave(index, instance.config.group);
        }
        self.contested.remove(id);
        self.free.push(id);
        job.discarded.push(instance);
        job.report.removed += 1;
    }

    fn take_in(
        &mut self,
        identity: Identity,
        config: InstanceConfig,
        router: VirtualRouter,
        now: Instant,
        job: &mut ApplyJob,
    ) {
        match self.identities.get(&identity) {
            Some(&id) => {
                self.catch_up(id, now);
                self.update_hold(id, now);
                if self.update(id, config, now) {
                    job.report.changed += 1;
                } else {
                    job.report.unchanged += 1;
                    // Of a tracker of another generation something else may be known.
                    self.update_tracking(id, now);
                }
            }
            None => {
                self.insert(identity, config, router, now);
                job.report.added += 1;
            }
        }
    }

    fn insert(
        &mut self,
        identity: Identity,
        config: InstanceConfig,
        router: VirtualRouter,
        now: Instant,
    ) {
        let interface = match &config.interface {
            Some(name) => self.interfaces.intern(name),
            None => self.interfaces.none(),
        };
        let keys = self.keys(&config);
        let mut instance = Box::new(Instance::new(
            identity.clone(),
            config,
            router,
            interface,
            keys,
            now,
        ));
        let tracking = self.trackers.tracking(&instance.config.tracks);
        instance.router.handle_tracking(tracking, now);
        let id = self.free.pop().unwrap_or_else(|| {
            self.instances.push(None);
            InstanceId::new(self.instances.len() - 1)
        });
        self.trackers.subscribe(id, &instance.config.tracks);
        self.instances[id.index()] = Some(instance);
        self.identities.insert(identity, id);
        self.enlist(id);
        self.start(id, now);
    }

    /// Brings an instance from its old to its new configuration; `false` when they are equal.
    fn update(&mut self, id: InstanceId, config: InstanceConfig, now: Instant) -> bool {
        let Some(instance) = self.instances[id.index()].as_ref() else {
            return false;
        };
        if instance.config == config {
            return false;
        }
        let new_keys = self.keys(&config);
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return false;
        };
        let router = config.router.clone();
        let old = std::mem::replace(&mut instance.config, config);
        let watched = (old.watched_source(), instance.config.watched_source());
        let interface = instance.interface;
        self.host_addresses.rewatch(watched, interface);
        self.trackers.unsubscribe(id, &old.tracks);
        self.trackers.subscribe(id, &instance.config.tracks);
        let old_keys = instance.exchange_keys(new_keys);
        instance.reconfigured();
        instance.cursor = 0;
        let tracking = self.trackers.tracking(&instance.config.tracks);
        instance.router.reconfigure(router, tracking, now);
        // Before the actions, which concern the addresses of now.
        let is_readdressed = old.addresses != instance.config.addresses;
        if is_readdressed
            || old.routes != instance.config.routes
            || old.rules != instance.config.rules
        {
            self.exchange_objects(id, &old_keys, is_readdressed);
        }
        self.update_source(id, now);
        self.pump(id, now);
        // What it advertises now may not fit its interface.
        self.follow(id, now);
        true
    }
}
