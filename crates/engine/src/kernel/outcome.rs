//! What the kernel made of requests, and who is told.

use std::sync::Arc;
use std::time::Instant;

use ka_netlink::{ChangeError, Errno};

use crate::apply::Refusal;
use crate::event::EventKind;
use crate::instance::InstanceId;
use crate::objects::{AddressKey, Doubt, Entry, ObjectKey, Outcome, Settled, Step};
use crate::thread::EngineThread;

/// Whether the refusal to remove something says that it is not there.
pub(super) fn is_gone(errno: Option<Errno>) -> bool {
    matches!(
        errno,
        // An address; a route; a rule; the interface of any.
        Some(Errno::ADDRNOTAVAIL | Errno::SRCH | Errno::NOENT | Errno::NODEV)
    )
}

impl EngineThread {
    pub(super) fn note_result(
        &mut self,
        key: &ObjectKey,
        step: Step,
        result: Result<(), ChangeError>,
        now: Instant,
    ) {
        let outcome = match (step, result) {
            (Step::Add, Ok(())) => Outcome::Added,
            (Step::Remove, Ok(())) => Outcome::Removed,
            (step, Err(error)) => match (step, error.errno()) {
                (Step::Add, Some(Errno::EXIST)) => Outcome::Existed,
                // Somebody else was faster, or the interface is gone.
                (Step::Remove, errno) if is_gone(errno) => Outcome::Removed,
                _ => {
                    self.note_refusal(key, step, &error, now);
                    self.answered(key, None);
                    return;
                }
            },
        };
        let settled = self.objects.settle(key, outcome, now);
        if settled == Settled::Restored {
            self.tell_lost(key);
            self.answer_loss(key, now);
        }
        if matches!(settled, Settled::Appeared | Settled::Restored) {
            self.appeared(key);
        }
        self.answered(key, Some(settled));
    }

    /// Others removed `key`, which is there again: its users may have to do more about it.
    fn answer_loss(&mut self, key: &ObjectKey, now: Instant) {
        let Some(entry) = self.objects.get(key) else {
            return;
        };
        let often = entry.is_lost_often(now);
        let users: Vec<InstanceId> = entry.watchers().collect();
        for id in users {
            let Some(instance) = self.instances[id.index()].as_mut() else {
                continue;
            };
            if often {
                self.contested.add(id, now);
                instance.router.handle_objects_lost(true, now);
            } else if instance.config.resign_on_loss {
                instance.router.handle_lost_object(now);
            } else {
                continue;
            }
            self.pump(id, now);
        }
        self.flush_advertisements();
    }

    /// What `key` is needed for may go on.
    fn appeared(&mut self, key: &ObjectKey) {
        if let ObjectKey::Address(AddressKey { interface, .. }) = key {
            self.objects.doubt_routes(*interface, Doubt::Missing);
            self.static_address_added(key);
        }
    }

    /// The question whether `key` is there is answered for its users.
    pub(super) fn answered(&mut self, key: &ObjectKey, settled: Option<Settled>) {
        if settled == Some(Settled::Gone) {
            return;
        }
        let Some(entry) = self.objects.get(key) else {
            return;
        };
        let is_address = matches!(key, ObjectKey::Address(_));
        let users: Vec<InstanceId> = entry.instances().collect();
        for id in users {
            let Some(instance) = self.instances[id.index()].as_mut() else {
                continue;
            };
            if instance.unsettled > 0 {
                instance.unsettled -= 1;
                self.start_announcement(id);
            } else if is_address && matches!(settled, Some(Settled::Appeared | Settled::Restored)) {
                // It was refused or lost before: nobody was told where it is now.
                let rounds = instance.config.router.garp.master_repeat;
                self.queue_announcement(id, rounds);
            }
        }
    }

    /// Others removed `key`, which is there again.
    fn tell_lost(&mut self, key: &ObjectKey) {
        let Some(entry) = self.objects.get(key) else {
            return;
        };
        let instance = self.name_of_user(entry);
        let event = match (key, &entry.wanted) {
            (ObjectKey::Address(key), _) if instance.is_some() => EventKind::AddressLost {
                instance: instance.unwrap_or_default(),
                interface: Arc::clone(&self.interfaces.at(key.interface).name),
                address: key.address,
            },
            (_, object) => EventKind::ObjectLost {
                instance: instance.unwrap_or_default(),
                kind: object.kind(),
                object: object.to_string(),
            },
        };
        self.events.send(event);
    }

    /// The first instance that wants an object; none where only the configuration does.
    fn name_of_user(&self, entry: &Entry) -> Option<Arc<str>> {
        let id = entry.instances().next()?;
        let instance = self.instances[id.index()].as_ref()?;
        Some(Arc::clone(&instance.config.name))
    }

    fn note_refusal(&mut self, key: &ObjectKey, step: Step, error: &ChangeError, now: Instant) {
        if matches!(error, ChangeError::Unacknowledged) {
            self.objects.unconfirmed(key, now);
            return;
        }
        self.objects.retry(key, now);
        let Some(entry) = self.objects.get_mut(key) else {
            return;
        };
        if std::mem::replace(&mut entry.refusal_told, true) {
            return;
        }
        let Some(entry) = self.objects.get(key) else {
            return;
        };
        let instance = self.name_of_user(entry).unwrap_or_default();
        let operation = match step {
            Step::Add => "add",
            Step::Remove => "remove",
        };
        let errno = error.errno().map_or(0, Errno::raw_os_error);
        let message = error.to_string();
        let (event, reason) = match (key, &entry.wanted) {
            (ObjectKey::Address(key), _) => {
                let interface = Arc::clone(&self.interfaces.at(key.interface).name);
                let reason = format!("{operation} {} on {interface}: {error}", key.address);
                let event = EventKind::AddressRefused {
                    instance: Arc::clone(&instance),
                    interface,
                    address: key.address,
                    operation,
                    errno,
                    message,
                };
                (event, reason)
            }
            (_, object) => {
                let (kind, object) = (object.kind(), object.to_string());
                let reason = format!("{operation} {kind} {object}: {error}");
                let event = EventKind::ObjectRefused {
                    instance: Arc::clone(&instance),
                    kind,
                    object,
                    operation,
                    errno,
                    message,
                };
                (event, reason)
            }
        };
        if self.apply.is_some() {
            self.apply_refusals.push(Refusal { instance, reason });
        }
        self.events.send(event);
    }
}
