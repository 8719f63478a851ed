//! What objects there are, and who wants them.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ka_netlink::{RouteKey, Rule};

use crate::config::{VirtualAddress, VirtualRoute, VirtualRule};
use crate::instance::InstanceId;
use crate::interfaces::InterfaceId;

/// What makes an object of the kernel the same object, however it is carried.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ObjectKey {
    Address(AddressKey),
    Route(Arc<RouteKey<InterfaceId>>),
    /// Without its protocol, by which the kernel does not tell rules apart.
    Rule(Arc<Rule>),
}

/// What makes an address of one interface the same address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AddressKey {
    pub(crate) interface: InterfaceId,
    pub(crate) address: IpAddr,
}

/// Objects that the kernel takes about as long for, and that one write carries together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ipv4Address,
    Ipv6Address,
    Route,
    Rule,
}

impl Kind {
    /// How many there are.
    pub(crate) const COUNT: usize = 4;
}

impl ObjectKey {
    /// The key of a rule.
    pub(crate) fn rule(rule: &Rule) -> Self {
        let protocol = 0;
        Self::Rule(Arc::new(Rule {
            protocol,
            ..rule.clone()
        }))
    }

    /// Whether it belongs to `interface`, and goes with it.
    pub(super) fn is_on(&self, interface: InterfaceId) -> bool {
        match self {
            Self::Address(key) => key.interface == interface,
            Self::Route(key) => key.interfaces().any(|&id| id == interface),
            // The kernel knows its interfaces by name only.
            Self::Rule(_) => false,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Address(key) if key.address.is_ipv4() => Kind::Ipv4Address,
            Self::Address(_) => Kind::Ipv6Address,
            Self::Route(_) => Kind::Route,
            Self::Rule(_) => Kind::Rule,
        }
    }
}

/// How the kernel shall carry an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    Address(VirtualAddress),
    Route(Box<VirtualRoute>),
    Rule(Box<VirtualRule>),
}

impl Object {
    /// What it is, in events.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::Route(_) => "route",
            Self::Rule(_) => "rule",
        }
    }
}

/// The way that iproute2 writes it.
impl fmt::Display for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(held) => {
                let VirtualAddress {
                    address,
                    prefix_len,
                    interface,
                    ..
                } = held;
                write!(formatter, "{address}/{prefix_len} dev {interface}")
            }
            Self::Route(held) => held.key().fmt(formatter),
            Self::Rule(held) => held.rule.fmt(formatter),
        }
    }
}

/// An object as somebody has it configured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wish<'a> {
    Address(&'a VirtualAddress),
    Route(&'a VirtualRoute),
    Rule(&'a VirtualRule),
}

impl Wish<'_> {
    /// The wish, kept.
    pub(super) fn to_object(self) -> Object {
        match self {
            Self::Address(address) => Object::Address(address.clone()),
            Self::Route(route) => Object::Route(Box::new(route.clone())),
            Self::Rule(rule) => Object::Rule(Box::new(rule.clone())),
        }
    }

    /// Whether the kernel carries `object` the way that is wished. Whether it is watched is our
    /// business alone.
    pub(super) fn is(self, object: &Object) -> bool {
        match (self, object) {
            (Self::Address(wanted), Object::Address(held)) => wanted.is_carried_as(held),
            (Self::Route(wanted), Object::Route(held)) => wanted.route == held.route,
            (Self::Rule(wanted), Object::Rule(held)) => wanted.rule == held.rule,
            _ => false,
        }
    }

    /// Whether it is to be there again when others remove it.
    pub(crate) fn is_watched(self) -> bool {
        match self {
            Self::Address(address) => !address.no_track,
            // One that is valid for a time only goes by itself.
            Self::Route(route) => !route.no_track && route.route.expires.is_none(),
            Self::Rule(rule) => !rule.no_track,
        }
    }
}

/// Who wants an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// The configuration, whatever the state of instances.
    Static,
    /// An instance that is Master.
    Instance(InstanceId),
}
