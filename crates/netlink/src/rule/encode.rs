//! Requests to add and to remove rules.

use ka_sys::IpFamily;

use super::{RTM_DELRULE, RTM_GETRULE, RTM_NEWRULE, Rule, RuleAction, RuleRange};
use crate::message::{
    AttributeWriter, Batch, NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST,
};

/// `struct fib_rule_hdr`: family, lengths of destination and source, type of service, table, two
/// reserved, action (1 each), flags (4).
pub(super) const FIB_RULE_HDR: usize = 12;

pub(super) const FRA_DST: u16 = 1;
pub(super) const FRA_SRC: u16 = 2;
pub(super) const FRA_IIFNAME: u16 = 3;
pub(super) const FRA_GOTO: u16 = 4;
pub(super) const FRA_PRIORITY: u16 = 6;
pub(super) const FRA_FWMARK: u16 = 10;
pub(super) const FRA_FLOW: u16 = 11;
pub(super) const FRA_TUN_ID: u16 = 12;
pub(super) const FRA_SUPPRESS_IFGROUP: u16 = 13;
pub(super) const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
pub(super) const FRA_TABLE: u16 = 15;
pub(super) const FRA_FWMASK: u16 = 16;
pub(super) const FRA_OIFNAME: u16 = 17;
pub(super) const FRA_L3MDEV: u16 = 19;
pub(super) const FRA_UID_RANGE: u16 = 20;
pub(super) const FRA_PROTOCOL: u16 = 21;
pub(super) const FRA_IP_PROTO: u16 = 22;
pub(super) const FRA_SPORT_RANGE: u16 = 23;
pub(super) const FRA_DPORT_RANGE: u16 = 24;

pub(super) const FIB_RULE_INVERT: u32 = 2;

pub(super) const FR_ACT_TO_TBL: u8 = 1;
pub(super) const FR_ACT_GOTO: u8 = 2;
pub(super) const FR_ACT_NOP: u8 = 3;
pub(super) const FR_ACT_BLACKHOLE: u8 = 6;
pub(super) const FR_ACT_UNREACHABLE: u8 = 7;
pub(super) const FR_ACT_PROHIBIT: u8 = 8;

/// A change to the rules of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleChange {
    /// Adds the rule; `EEXIST` where there is one that differs in nothing but the protocol.
    Add(Box<Rule>),
    /// Removes the rule; `ENOENT` where there is none of its protocol.
    Remove(Box<Rule>),
}

impl RuleChange {
    /// The rule that is changed.
    #[must_use]
    pub const fn rule(&self) -> &Rule {
        match self {
            Self::Add(rule) | Self::Remove(rule) => rule,
        }
    }

    /// Appends the request, to be acknowledged under `sequence`.
    pub fn encode(&self, batch: &mut Batch, sequence: u32) {
        let acknowledged = NLM_F_REQUEST | NLM_F_ACK;
        let (kind, flags) = match self {
            Self::Add(_) => (RTM_NEWRULE, acknowledged | NLM_F_CREATE | NLM_F_EXCL),
            Self::Remove(_) => (RTM_DELRULE, acknowledged),
        };
        let rule = self.rule();
        batch.message(kind, flags, sequence, &header(rule), |attributes| {
            encode_selectors(attributes, rule);
            encode_action(attributes, rule);
        });
    }
}

fn header(rule: &Rule) -> [u8; FIB_RULE_HDR] {
    let family = match rule.family {
        IpFamily::V4 => super::AF_INET,
        IpFamily::V6 => super::AF_INET6,
    };
    let action = match rule.action {
        RuleAction::Lookup { .. } | RuleAction::VrfLookup => FR_ACT_TO_TBL,
        RuleAction::GoTo { .. } => FR_ACT_GOTO,
        RuleAction::Nop => FR_ACT_NOP,
        RuleAction::Blackhole => FR_ACT_BLACKHOLE,
        RuleAction::Unreachable => FR_ACT_UNREACHABLE,
        RuleAction::Prohibit => FR_ACT_PROHIBIT,
        RuleAction::Other { number } => number,
    };
    // A larger number stands in FRA_TABLE alone.
    let table = match rule.action {
        RuleAction::Lookup { table } => u8::try_from(table).unwrap_or(0),
        _ => 0,
    };
    let to = rule.to.map_or(0, |to| to.length());
    let from = rule.from.map_or(0, |from| from.length());
    let [a, b, c, d] = if rule.inverted { FIB_RULE_INVERT } else { 0 }.to_ne_bytes();
    [family, to, from, rule.tos, table, 0, 0, action, a, b, c, d]
}

fn encode_selectors(attributes: &mut AttributeWriter<'_>, rule: &Rule) {
    attributes.u32(FRA_PRIORITY, rule.preference);
    if let Some(to) = rule.to.filter(|to| to.length() > 0) {
        attributes.address(FRA_DST, to.address());
    }
    if let Some(from) = rule.from.filter(|from| from.length() > 0) {
        attributes.address(FRA_SRC, from.address());
    }
    if let Some(mark) = rule.mark {
        attributes.u32(FRA_FWMARK, mark.mark);
        attributes.u32(FRA_FWMASK, mark.mask);
    }
    if let Some(interface) = rule.input_interface {
        attributes.text(FRA_IIFNAME, &interface);
    }
    if let Some(interface) = rule.output_interface {
        attributes.text(FRA_OIFNAME, &interface);
    }
    if rule.tunnel_id != 0 {
        attributes.bytes(FRA_TUN_ID, &rule.tunnel_id.to_be_bytes());
    }
    if let Some(RuleRange { first, last }) = rule.users {
        // `struct fib_rule_uid_range`: first, last.
        let range = [first.to_ne_bytes(), last.to_ne_bytes()];
        attributes.bytes(FRA_UID_RANGE, range.as_flattened());
    }
    if rule.ip_protocol != 0 {
        attributes.u8(FRA_IP_PROTO, rule.ip_protocol);
    }
    for (kind, ports) in [
        (FRA_SPORT_RANGE, rule.source_ports),
        (FRA_DPORT_RANGE, rule.destination_ports),
    ] {
        // `struct fib_rule_port_range`: first, last.
        if let Some(RuleRange { first, last }) = ports {
            let range = [first.to_ne_bytes(), last.to_ne_bytes()];
            attributes.bytes(kind, range.as_flattened());
        }
    }
}

fn encode_action(attributes: &mut AttributeWriter<'_>, rule: &Rule) {
    match rule.action {
        RuleAction::Lookup { table } => attributes.u32(FRA_TABLE, table),
        RuleAction::VrfLookup => attributes.u8(FRA_L3MDEV, 1),
        RuleAction::GoTo { preference } => attributes.u32(FRA_GOTO, preference),
        RuleAction::Nop
        | RuleAction::Blackhole
        | RuleAction::Unreachable
        | RuleAction::Prohibit
        | RuleAction::Other { .. } => {}
    }
    if let Some(realms) = rule.realms {
        attributes.u32(FRA_FLOW, realms.to_number());
    }
    if let Some(length) = rule.suppress_prefix_length {
        attributes.u32(FRA_SUPPRESS_PREFIXLEN, length);
    }
    if let Some(group) = rule.suppress_interface_group {
        attributes.u32(FRA_SUPPRESS_IFGROUP, group);
    }
    if rule.protocol != 0 {
        attributes.u8(FRA_PROTOCOL, rule.protocol);
    }
}

/// Appends the request for a dump of the rules of both families.
pub(crate) fn dump(batch: &mut Batch, sequence: u32) {
    let flags = NLM_F_REQUEST | NLM_F_DUMP;
    batch.message(RTM_GETRULE, flags, sequence, &[0; FIB_RULE_HDR], |_| {});
}
