//! What instances hold while they are Master.

use std::collections::HashSet;

use ka_vrrp::State;

use crate::config::InstanceConfig;
use crate::instance::{InstanceId, Keys};
use crate::objects::{AddressKey, Holder, ObjectKey, User, Wish};
use crate::thread::EngineThread;

impl EngineThread {
    /// Asks for every object of `id`; announcements wait until they are there.
    pub(crate) fn acquire_objects(&mut self, id: InstanceId) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        let mut unsettled = 0;
        for (key, wish) in instance.objects() {
            let holder = Holder {
                user: User::Instance(id),
                is_watched: wish.is_watched(),
            };
            if self.objects.acquire(&key, wish, holder) {
                unsettled += 1;
            }
        }
        instance.unsettled = unsettled;
    }

    /// No longer asks for any object of `id`.
    pub(crate) fn release_objects(&mut self, id: InstanceId) {
        let Some(instance) = self.instances[id.index()].as_mut() else {
            return;
        };
        instance.unsettled = 0;
        for key in instance.leaving() {
            self.objects.release(&key, User::Instance(id));
        }
    }

    /// Gives up what `id` no longer has configured, and asks for what is new.
    pub(crate) fn exchange_objects(&mut self, id: InstanceId, old: &Keys, is_readdressed: bool) {
        let Some(instance) = self.instances[id.index()].as_ref() else {
            return;
        };
        let kept: HashSet<ObjectKey> = instance.leaving().collect();
        // In any state: one that just ceased to be Master may hold them still.
        for key in old.leaving().filter(|key| !kept.contains(key)) {
            self.objects.release(&key, User::Instance(id));
        }
        if instance.router.state() != State::Master {
            return;
        }
        let rounds = instance.config.router.garp.master_repeat;
        self.acquire_objects(id);
        // The state machine knows of the advertised addresses only.
        if is_readdressed
            && self.instances[id.index()]
                .as_ref()
                .is_some_and(|instance| instance.unsettled > 0)
        {
            self.queue_announcement(id, rounds);
        }
    }

    /// The keys of what `config` holds as Master, its interfaces made known.
    pub(crate) fn keys(&mut self, config: &InstanceConfig) -> Keys {
        let addresses = config.addresses.iter();
        let addresses = addresses
            .map(|address| AddressKey {
                interface: self.interfaces.intern(&address.interface),
                address: address.address,
            })
            .collect();
        let routes = config.routes.iter().map(Wish::Route);
        let wishes = routes.chain(config.rules.iter().map(Wish::Rule));
        Keys {
            addresses,
            routing: wishes.map(|wish| self.key(wish)).collect(),
        }
    }
}
