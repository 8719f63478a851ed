//! Rules of policy routing (rtnetlink(7), RTM_NEWRULE; ip-rule(8)).

mod encode;
mod parse;

use std::fmt;

use ka_sys::IpFamily;
use serde::{Deserialize, Serialize};

pub use encode::RuleChange;
pub(crate) use encode::dump;

use crate::name::InterfaceName;
use crate::prefix::Prefix;
use crate::route::Realms;

pub(crate) const RTM_NEWRULE: u16 = 32;
pub(crate) const RTM_DELRULE: u16 = 33;
const RTM_GETRULE: u16 = 34;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// What a rule does with its packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RuleAction {
    /// Looks their route up in a table.
    Lookup {
        /// Its number, not 0.
        table: u32,
    },
    /// Looks their route up in the table of their VRF.
    VrfLookup,
    /// Goes on at the rule of another, higher preference.
    GoTo {
        /// That preference.
        preference: u32,
    },
    /// Goes on at the next rule.
    Nop,
    /// Drops them.
    Blackhole,
    /// Rejects them as unreachable.
    Unreachable,
    /// Rejects them as prohibited.
    Prohibit,
    /// What the kernel calls by a number unknown here.
    Other {
        /// That number.
        number: u8,
    },
}

/// The firewall mark of packets, in the bits of a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RuleMark {
    /// What it is.
    pub mark: u32,
    /// Which bits count.
    pub mask: u32,
}

/// Numbers from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RuleRange<N> {
    /// The first.
    pub first: N,
    /// The last.
    pub last: N,
}

/// A rule: as the kernel describes it, or to be added.
///
/// It is nothing but what identifies it: two wishes that are equal are one rule of the kernel. The
/// kernel knows interfaces of rules by their names, which need not exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// For packets of which family.
    pub family: IpFamily,
    /// Its place: rules are tried from the lowest preference to the highest.
    pub preference: u32,
    /// What it does.
    pub action: RuleAction,
    /// It is for the packets that its selectors do not fit.
    pub inverted: bool,
    /// Sources of packets; of any where absent.
    pub from: Option<Prefix>,
    /// Destinations of packets; of any where absent.
    pub to: Option<Prefix>,
    /// Type of service; 0 is any.
    pub tos: u8,
    /// Firewall mark.
    pub mark: Option<RuleMark>,
    /// The interface that packets came by.
    pub input_interface: Option<InterfaceName>,
    /// The interface that the socket of packets is bound to.
    pub output_interface: Option<InterfaceName>,
    /// Number of the tunnel that packets came by; 0 is any.
    pub tunnel_id: u64,
    /// Users of packets that begin here.
    pub users: Option<RuleRange<u32>>,
    /// Protocol above IP; 0 is any.
    pub ip_protocol: u8,
    /// Source ports.
    pub source_ports: Option<RuleRange<u16>>,
    /// Destination ports.
    pub destination_ports: Option<RuleRange<u16>>,
    /// Classes of traffic (IPv4).
    pub realms: Option<Realms>,
    /// Results with a prefix of at most so many bits do not count.
    pub suppress_prefix_length: Option<u32>,
    /// Results through interfaces of this group do not count.
    pub suppress_interface_group: Option<u32>,
    /// Who made the rule; 0 does not say. The kernel does not tell rules apart by it, but removes
    /// only what has it.
    pub protocol: u8,
}

impl Rule {
    /// A rule for every packet of `family`.
    #[must_use]
    pub const fn new(family: IpFamily, preference: u32, action: RuleAction) -> Self {
        Self {
            family,
            preference,
            action,
            inverted: false,
            from: None,
            to: None,
            tos: 0,
            mark: None,
            input_interface: None,
            output_interface: None,
            tunnel_id: 0,
            users: None,
            ip_protocol: 0,
            source_ports: None,
            destination_ports: None,
            realms: None,
            suppress_prefix_length: None,
            suppress_interface_group: None,
            protocol: 0,
        }
    }
}

/// Such as `500: from 192.0.2.0/24 lookup 100`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.preference)?;
        if self.inverted {
            f.write_str(" not")?;
        }
        match self.from {
            Some(from) => write!(f, " from {from}")?,
            None => f.write_str(" from all")?,
        }
        if let Some(to) = self.to {
            write!(f, " to {to}")?;
        }
        if let Some(interface) = self.input_interface {
            write!(f, " iif {interface}")?;
        }
        if let Some(interface) = self.output_interface {
            write!(f, " oif {interface}")?;
        }
        match self.action {
            RuleAction::Lookup { table } => write!(f, " lookup {table}"),
            RuleAction::VrfLookup => f.write_str(" l3mdev"),
            RuleAction::GoTo { preference } => write!(f, " goto {preference}"),
            RuleAction::Nop => f.write_str(" nop"),
            RuleAction::Blackhole => f.write_str(" blackhole"),
            RuleAction::Unreachable => f.write_str(" unreachable"),
            RuleAction::Prohibit => f.write_str(" prohibit"),
            RuleAction::Other { number } => write!(f, " action {number}"),
        }
    }
}
