//! The runtime file: what in the kernel may be ours, for whoever comes after us.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use ka_netlink::{RouteKey, Rule};
use ka_sys::record::{Flaw, Format};
use serde::{Deserialize, Serialize};

use crate::config::EngineConfig;

/// Version of the file's layout while there is nothing but addresses.
const ADDRESSES: u32 = 1;
/// The same with everything there is.
const LAYOUT: u32 = 2;
/// How it is written.
pub(crate) static FORMAT: Format<Records> = Format {
    record: "json",
    lock: "lock",
    aside: "json.bad",
    temporary: "json.new",
    parse,
    text,
};

/// Something in the kernel that an engine may have left there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Leftover {
    /// An address.
    Address {
        /// The interface that carries it.
        interface: String,
        /// The address.
        address: IpAddr,
    },
    /// A route.
    Route(RouteKey<String>),
    /// A rule.
    Rule(Rule),
    /// `promote_secondaries` of an interface, which was not set before.
    Promotion {
        /// The interface.
        interface: String,
    },
}

impl fmt::Display for Leftover {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { interface, address } => write!(formatter, "{address} on {interface}"),
            Self::Route(key) => write!(formatter, "route {key}"),
            Self::Rule(rule) => write!(formatter, "rule {rule}"),
            Self::Promotion { interface } => {
                write!(formatter, "promote_secondaries of {interface}")
            }
        }
    }
}

/// What a file records.
pub(crate) type Records = HashSet<Leftover>;

#[derive(Debug, Deserialize)]
struct AnyLayout {
    layout: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Layout {
    layout: u32,
    addresses: Vec<AddressRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    routes: Vec<RouteKey<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<Rule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    promoted: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct AddressRecord {
    interface: String,
    address: IpAddr,
}

impl Layout {
    fn new(records: &Records) -> Self {
        let mut layout = Self {
            layout: ADDRESSES,
            addresses: Vec::new(),
            routes: Vec::new(),
            rules: Vec::new(),
            promoted: Vec::new(),
        };
        for record in records {
            match record.clone() {
                Leftover::Address { interface, address } => {
                    layout.addresses.push(AddressRecord { interface, address });
                }
                Leftover::Route(key) => layout.routes.push(key),
                Leftover::Rule(rule) => layout.rules.push(rule),
                Leftover::Promotion { interface } => layout.promoted.push(interface),
            }
        }
        layout.addresses.sort_unstable();
        layout.promoted.sort_unstable();
        if layout.addresses.len() < records.len() {
            layout.layout = LAYOUT;
        }
        layout
    }

    fn into_records(self) -> Records {
        let addresses = self.addresses.into_iter().map(|record| {
            let AddressRecord { interface, address } = record;
            Leftover::Address { interface, address }
        });
        let routes = self.routes.into_iter().map(Leftover::Route);
        let rules = self.rules.into_iter().map(Leftover::Rule);
        let promoted = self.promoted.into_iter();
        let promoted = promoted.map(|interface| Leftover::Promotion { interface });
        addresses
            .chain(routes)
            .chain(rules)
            .chain(promoted)
            .collect()
    }
}

/// All that may be in the kernel because of `config`.
pub(crate) fn of(config: &EngineConfig) -> Records {
    let mut records = Records::new();
    let statics = &config.static_objects;
    let all = config.instances.iter();
    let all = all.map(|instance| (&instance.addresses, &instance.routes, &instance.rules));
    let all = all.chain([(&statics.addresses, &statics.routes, &statics.rules)]);
    for (addresses, routes, rules) in all {
        records.extend(addresses.iter().map(|address| Leftover::Address {
            interface: address.interface.to_string(),
            address: address.address,
        }));
        let routes = routes.iter().filter_map(|route| {
            let name = |name: &Arc<str>| Some(name.to_string());
            route.key().with_interfaces(name)
        });
        records.extend(routes.map(Leftover::Route));
        records.extend(rules.iter().map(|rule| Leftover::Rule(rule.rule.clone())));
    }
    records
}

fn parse(text: &[u8]) -> Result<Records, Flaw> {
    let AnyLayout { layout } = serde_json::from_slice(text).map_err(|_| Flaw::Damaged)?;
    if ![ADDRESSES, LAYOUT].contains(&layout) {
        return Err(Flaw::Layout(layout));
    }
    let layout: Layout = serde_json::from_slice(text).map_err(|_| Flaw::Damaged)?;
    Ok(layout.into_records())
}

fn text(records: &Records) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(&Layout::new(records))?)
}

#[cfg(test)]
mod tests;
