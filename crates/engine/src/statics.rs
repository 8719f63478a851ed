//! What the configuration wants to be there whatever the state of instances: `static_ipaddress`,
//! `static_routes` and `static_rules`.

use std::collections::HashSet;
use std::sync::Arc;

use ka_netlink::{Address, AddressFlags};

use crate::config::StaticObjects;
use crate::kernel::kernel_key;
use crate::objects::{AddressKey, Holder, Object, ObjectKey, User, Wish};
use crate::thread::EngineThread;

/// Objects worked on between two looks at the sockets.
const SLICE: usize = 64;

/// What is configured, with its keys.
#[derive(Debug, Default)]
pub(crate) struct Statics {
    config: StaticObjects,
    /// In the order in which they come: addresses, routes, rules.
    keys: Vec<ObjectKey>,
}

impl Statics {
    pub(crate) fn new(config: StaticObjects) -> Self {
        let keys = Vec::with_capacity(config.len());
        Self { config, keys }
    }

    /// The wish at `index` of the order in which they come.
    fn wish(&self, index: usize) -> Option<Wish<'_>> {
        let StaticObjects {
            addresses,
            routes,
            rules,
        } = &self.config;
        if let Some(address) = addresses.get(index) {
            return Some(Wish::Address(address));
        }
        let index = index - addresses.len();
        if let Some(route) = routes.get(index) {
            return Some(Wish::Route(route));
        }
        rules.get(index - routes.len()).map(Wish::Rule)
    }
}

/// How far an exchange of what is configured is.
#[derive(Debug)]
pub(crate) struct Exchange {
    new: Statics,
    /// Of the new ones.
    known: HashSet<ObjectKey>,
    step: ExchangeStep,
}

/// The next object to work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExchangeStep {
    /// Of the new ones, in order.
    Key,
    /// Of the old ones, from the end.
    Release,
    Done,
}

impl Exchange {
    pub(crate) fn new(config: StaticObjects) -> Self {
        Self {
            known: HashSet::with_capacity(config.len()),
            new: Statics::new(config),
            step: ExchangeStep::Key,
        }
    }
}

impl EngineThread {
    /// Gives up a slice of what is no longer configured: rules, then routes, then addresses. What
    /// is in `exchange` is configured once this returns `false`, and nothing of it asked for yet.
    pub(crate) fn continue_exchange(&mut self, exchange: &mut Exchange) -> bool {
        match exchange.step {
            ExchangeStep::Key => {
                for _ in 0..SLICE {
                    let Some(wish) = exchange.new.wish(exchange.new.keys.len()) else {
                        exchange.step = ExchangeStep::Release;
                        break;
                    };
                    let key = self.key(wish);
                    exchange.known.insert(key.clone());
                    exchange.new.keys.push(key);
                }
                true
            }
            ExchangeStep::Release => {
                for _ in 0..SLICE {
                    let Some(key) = self.statics.keys.pop() else {
                        self.statics = std::mem::take(&mut exchange.new);
                        exchange.step = ExchangeStep::Done;
                        break;
                    };
                    if !exchange.known.contains(&key) {
                        self.objects.release(&key, User::Static);
                    }
                }
                true
            }
            ExchangeStep::Done => false,
        }
    }

    /// Asks for a slice of what is configured, from `next` on; `false` when all is asked for.
    pub(crate) fn acquire_statics(&mut self, next: &mut usize) -> bool {
        let end = (*next + SLICE).min(self.statics.keys.len());
        for index in *next..end {
            let (Some(key), Some(wish)) = (self.statics.keys.get(index), self.statics.wish(index))
            else {
                break;
            };
            let holder = Holder {
                user: User::Static,
                is_watched: wish.is_watched(),
            };
            self.objects.acquire(key, wish, holder);
        }
        *next = end;
        end < self.statics.keys.len()
    }

    /// Gives up a slice of what is configured, the last first; `false` when nothing is left.
    pub(crate) fn release_statics(&mut self) -> bool {
        for _ in 0..SLICE {
            let Some(key) = self.statics.keys.pop() else {
                return false;
            };
            self.objects.release(&key, User::Static);
        }
        true
    }

    /// The key of what is wished, its interface made known.
    pub(crate) fn key(&mut self, wish: Wish<'_>) -> ObjectKey {
        match wish {
            Wish::Address(address) => ObjectKey::Address(AddressKey {
                interface: self.interfaces.intern(&address.interface),
                address: address.address,
            }),
            Wish::Route(route) => {
                let key = route
                    .key()
                    .with_interfaces(|name| Some(self.interfaces.intern(name)));
                // Each interface has got a slot.
                key.map_or_else(
                    || unreachable!("no interface is left out"),
                    |key| ObjectKey::Route(Arc::new(key)),
                )
            }
            Wish::Rule(rule) => ObjectKey::rule(&rule.rule),
        }
    }

    /// Whether the kernel's address with this prefix is one that comes and goes with an instance:
    /// advertisements never leave from it.
    pub(crate) fn is_virtual(&self, key: &AddressKey, prefix_len: u8) -> bool {
        let is_static = |key| {
            self.objects
                .address(key)
                .is_some_and(|entry| entry.is_wanted_by(User::Static))
        };
        self.objects.is_ours(key, prefix_len) && !is_static(key)
    }

    /// A configured address is there now, of which the kernel does not tell who adds an IPv4 one:
    /// advertisements may leave from it. Unless it is one that an instance brings along.
    pub(crate) fn static_address_added(&mut self, key: &ObjectKey) {
        let (ObjectKey::Address(address_key), Some(entry)) = (key, self.objects.get(key)) else {
            return;
        };
        let Object::Address(held) = entry.held() else {
            return;
        };
        let index = self.interfaces.at(address_key.interface).index;
        let (true, true, Some(index)) = (
            entry.is_wanted_by(User::Static),
            held.address.is_ipv4(),
            index,
        ) else {
            return;
        };
        let address = Address {
            key: kernel_key(held, index),
            broadcast: None,
            label: None,
            scope: held.scope,
            flags: AddressFlags::default(),
            protocol: Some(crate::PROTOCOL_ID),
        };
        let interface = address_key.interface;
        if self.interfaces.address_added(interface, &address) {
            self.touch(interface);
        }
    }
}
