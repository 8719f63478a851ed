//! From one wanted state to the next, in slices between other work.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use ka_sys::raw::VridSet;
use ka_vrrp::{State, VirtualRouter};

use crate::addresses::AddressKey;
use crate::config::{Identity, InstanceConfig};
use crate::instance::{Instance, InstanceId};
use crate::plan::Plan;
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
    /// Addresses that nobody wants any more and that are not removed yet, with their interfaces.
    pub(crate) leaving: Vec<(Arc<str>, IpAddr)>,
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
    /// Next slot to look at for instances that are no longer wanted.
    cursor: usize,
    /// Unwanted instances are still being looked for. Afterwards the planned ones are taken in.
    removing: bool,
    /// When the last planned instance was taken in.
    taken_in: Option<Instant>,
}

impl ApplyJob {
    pub(crate) fn new(mut plan: Box<Plan>, reply: SyncSender<ApplyOutcome>) -> Self {
        // Taken from the end one by one, in the order of the configuration.
        plan.instances.reverse();
        Self {
            plan,
            reply,
            report: ApplyReport::default(),
            discarded: Vec::new(),
            cursor: 0,
            removing: true,
            taken_in: None,
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
        self.hold_until = (may_hold && plan.startup_delay > Duration::ZERO)
            .then_some(self.opened_at + plan.startup_delay);
        self.has_applied = true;
        self.set_filters(plan.identities.iter());
        self.trackers.configure(&mut plan.trackers);
        self.apply = Some(ApplyJob::new(plan, reply));
    }

    /// Does a slice of the apply under way.
    pub(crate) fn continue_apply(&mut self, now: Instant) {
        let Some(mut job) = self.apply.take() else {
            return;
        };
        self.addresses.hold_removals(true);
        if job.removing {
            let end = (job.cursor + SLICE).min(self.instances.len());
            for index in job.cursor..end {
                let unwanted = self.instances[index].as_ref().is_some_and(|instance| {
                    !job.plan.identities.contains(&instance.config.identity())
                });
                if unwanted {
                    self.remove_instance(InstanceId::new(index), now, &mut job);
                }
            }
            job.cursor = end;
            job.removing = end < self.instances.len();
        } else {
            for _ in 0..SLICE {
                let Some((identity, planned)) = job.plan.instances.pop() else {
                    break;
                };
                let (config, router) = *planned;
                self.take_in(identity, config, router, now, &mut job);
            }
            if job.plan.instances.is_empty() {
                self.addresses.end_hold();
                // What the kernel refuses belongs into the report.
                let since = *job.taken_in.get_or_insert(now);
                let waited = now.saturating_duration_since(since);
                if self.addresses.is_settled() || waited > SETTLE_LIMIT {
                    self.end_apply(job);
                    return;
                }
            }
        }
        self.addresses.hold_removals(false);
        self.apply = Some(job);
    }

    fn end_apply(&mut self, mut job: ApplyJob) {
        self.set_filters(std::iter::empty::<&Identity>());
        self.shared
            .instances
            .store(self.identities.len(), Ordering::Relaxed);
        let addresses = self.instances.iter().flatten();
        let addresses = addresses.map(|instance| instance.addresses.len()).sum();
        self.shared.addresses.store(addresses, Ordering::Relaxed);
        self.shared
            .interfaces
            .store(self.interfaces.ids().count(), Ordering::Relaxed);
        self.trackers.retain();
        self.shared
            .trackers
            .store(self.trackers.len(), Ordering::Relaxed);
        job.report.refusals.append(&mut self.apply_refusals);
        let leaving = self.addresses.leaving().map(|key| {
            let interface = Arc::clone(&self.interfaces.at(key.interface).name);
            (interface, key.address)
        });
        let leaving = leaving.collect();
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
        self.timers.set(id, None);
        let Some(instance) = self.instances[id.index()].take() else {
            return;
        };
        self.identities.remove(&instance.config.identity());
        let interface = self.interfaces.at_mut(instance.interface);
        interface.instances.retain(|&other| other != id);
        interface
            .routers
            .remove(&(instance.config.router.vrid, instance.config.group));
        self.trackers.unsubscribe(id, &instance.config.tracks);
        if let Some(index) = instance.joined {
            self.memberships.leave(index, instance.config.group);
        }
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
        let interface = self.interfaces.intern(&config.interface);
        let addresses = self.keys(&config);
        let vrid = config.router.vrid;
        let group = config.group;
        let mut instance = Box::new(Instance::new(config, router, interface, addresses, now));
        let tracking = self.trackers.tracking(&instance.config.tracks);
        instance.router.handle_tracking(tracking, now);
        let id = self.free.pop().unwrap_or_else(|| {
            self.instances.push(None);
            InstanceId::new(self.instances.len() - 1)
        });
        self.trackers.subscribe(id, &instance.config.tracks);
        self.instances[id.index()] = Some(instance);
        self.identities.insert(identity, id);
        let entry = self.interfaces.at_mut(interface);
        entry.instances.push(id);
        entry.routers.insert((vrid, group), id);
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
        self.trackers.unsubscribe(id, &old.tracks);
        self.trackers.subscribe(id, &instance.config.tracks);
        let old_keys = std::mem::replace(&mut instance.addresses, new_keys);
        instance.invalidate_packet();
        instance.cursor = 0;
        let tracking = self.trackers.tracking(&instance.config.tracks);
        instance.router.reconfigure(router, tracking, now);
        // Before the actions, which concern the addresses of now.
        if old.addresses != instance.config.addresses {
            self.exchange_addresses(id, &old_keys);
        }
        self.update_source(id, now);
        self.pump(id, now);
        // What it advertises now may not fit its interface.
        self.follow(id, now);
        true
    }

    /// Gives up what `id` no longer has configured, and asks for what is new.
    fn exchange_addresses(&mut self, id: InstanceId, old: &[AddressKey]) {
        let Some(instance) = self.instances[id.index()].as_ref() else {
            return;
        };
        let kept: HashSet<&AddressKey> = instance.addresses.iter().collect();
        // In any state: one that just ceased to be Master may hold them still.
        for key in old.iter().filter(|key| !kept.contains(key)) {
            self.addresses.release(*key, id);
        }
        if instance.router.state() != State::Master {
            return;
        }
        let rounds = instance.config.router.garp.master_repeat;
        self.acquire_addresses(id);
        // The state machine knows of the advertised addresses only.
        if self.instances[id.index()]
            .as_ref()
            .is_some_and(|instance| instance.unsettled > 0)
        {
            self.queue_announcement(id, rounds);
        }
    }

    /// The keys of the addresses of `config`, their interfaces made known.
    fn keys(&mut self, config: &InstanceConfig) -> Vec<AddressKey> {
        config
            .addresses
            .iter()
            .map(|address| AddressKey {
                interface: self.interfaces.intern(&address.interface),
                address: address.address,
            })
            .collect()
    }

    /// Lets packets of the present and the given virtual routers through the kernel's filters.
    fn set_filters<'a>(&mut self, more: impl Iterator<Item = &'a Identity>) {
        let mut sets = [VridSet::new(), VridSet::new()];
        for identity in self.identities.keys() {
            sets[usize::from(identity.family == 6)].insert(identity.vrid);
        }
        for identity in more {
            sets[usize::from(identity.family == 6)].insert(identity.vrid);
        }
        for (receiver, vrids) in self.receivers.iter_mut().zip(&sets) {
            if let Err(error) = receiver.set_vrid_filter(vrids) {
                // Without the filter more packets arrive than needed; nothing is lost.
                self.apply_refusals.push(Refusal {
                    instance: Arc::from(""),
                    reason: error.to_string(),
                });
            }
        }
    }
}
