//! Rules as the kernel describes them.

use std::net::IpAddr;

use ka_sys::IpFamily;

use super::encode::{
    FIB_RULE_HDR, FIB_RULE_INVERT, FR_ACT_BLACKHOLE, FR_ACT_GOTO, FR_ACT_NOP, FR_ACT_PROHIBIT,
    FR_ACT_TO_TBL, FR_ACT_UNREACHABLE, FRA_DPORT_RANGE, FRA_DST, FRA_FLOW, FRA_FWMARK, FRA_FWMASK,
    FRA_GOTO, FRA_IIFNAME, FRA_IP_PROTO, FRA_L3MDEV, FRA_OIFNAME, FRA_PRIORITY, FRA_PROTOCOL,
    FRA_SPORT_RANGE, FRA_SRC, FRA_SUPPRESS_IFGROUP, FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_TUN_ID,
    FRA_UID_RANGE,
};
use super::{AF_INET, AF_INET6, RTM_DELRULE, RTM_NEWRULE, Rule, RuleAction, RuleMark, RuleRange};
use crate::message::{Attribute, Message, u16_at, u32_at};
use crate::name::InterfaceName;
use crate::prefix::Prefix;
use crate::route::Realms;

/// What the kernel says where nothing is suppressed.
const NO_SUPPRESSION: u32 = u32::MAX;

impl Rule {
    /// Reads an RTM_NEWRULE or RTM_DELRULE message; `None` for other messages and other families.
    #[must_use]
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        let [family, to_length, from_length, tos, table, _, _, action] =
            *message.payload.first_chunk()?;
        let flags = u32_at(message.payload, 8)?;
        let family = match family {
            _ if !matches!(message.kind, RTM_NEWRULE | RTM_DELRULE) => return None,
            AF_INET => IpFamily::V4,
            AF_INET6 => IpFamily::V6,
            _ => return None,
        };
        let mut rule = Self {
            tos,
            inverted: flags & FIB_RULE_INVERT != 0,
            ..Self::new(family, 0, RuleAction::Nop)
        };
        let (mut table, mut target, mut is_vrf) = (u32::from(table), 0, false);
        let (mut mark, mut mask) = (0, 0);
        let prefix = |length: u8, address: Option<IpAddr>| match address {
            Some(address) if IpFamily::of(address) == family && length > 0 => {
                Some(Prefix::new(address, length))
            }
            _ => None,
        };
        for attribute in message.attributes(FIB_RULE_HDR) {
            let number = attribute.u32();
            match attribute.kind {
                FRA_DST => rule.to = prefix(to_length, attribute.address()),
                FRA_SRC => rule.from = prefix(from_length, attribute.address()),
                FRA_IIFNAME => {
                    rule.input_interface = InterfaceName::from_kernel(attribute.value);
                }
                FRA_OIFNAME => {
                    rule.output_interface = InterfaceName::from_kernel(attribute.value);
                }
                FRA_PRIORITY => rule.preference = number.unwrap_or(0),
                FRA_FWMARK => mark = number.unwrap_or(0),
                FRA_FWMASK => mask = number.unwrap_or(0),
                FRA_FLOW => rule.realms = number.and_then(Realms::from_number),
                FRA_SUPPRESS_IFGROUP => {
                    rule.suppress_interface_group = number.filter(|n| *n != NO_SUPPRESSION);
                }
                FRA_SUPPRESS_PREFIXLEN => {
                    rule.suppress_prefix_length = number.filter(|n| *n != NO_SUPPRESSION);
                }
                FRA_TABLE => table = number.unwrap_or(table),
                FRA_GOTO => target = number.unwrap_or(0),
                FRA_L3MDEV => is_vrf = attribute.u8() == Some(1),
                FRA_TUN_ID => {
                    let number = attribute.value.first_chunk().copied();
                    rule.tunnel_id = number.map_or(0, u64::from_be_bytes);
                }
                FRA_UID_RANGE => {
                    rule.users = range(u32_at(attribute.value, 0), u32_at(attribute.value, 4));
                }
                FRA_PROTOCOL => rule.protocol = attribute.u8().unwrap_or(0),
                FRA_IP_PROTO => rule.ip_protocol = attribute.u8().unwrap_or(0),
                FRA_SPORT_RANGE => rule.source_ports = ports(&attribute),
                FRA_DPORT_RANGE => rule.destination_ports = ports(&attribute),
                _ => {}
            }
        }
        rule.mark = Some(RuleMark { mark, mask }).filter(|_| (mark, mask) != (0, 0));
        rule.action = match action {
            FR_ACT_TO_TBL if is_vrf => RuleAction::VrfLookup,
            FR_ACT_TO_TBL => RuleAction::Lookup { table },
            FR_ACT_GOTO => RuleAction::GoTo { preference: target },
            FR_ACT_NOP => RuleAction::Nop,
            FR_ACT_BLACKHOLE => RuleAction::Blackhole,
            FR_ACT_UNREACHABLE => RuleAction::Unreachable,
            FR_ACT_PROHIBIT => RuleAction::Prohibit,
            number => RuleAction::Other { number },
        };
        Some(rule)
    }
}

fn ports(attribute: &Attribute<'_>) -> Option<RuleRange<u16>> {
    range(u16_at(attribute.value, 0), u16_at(attribute.value, 2))
}

fn range<N>(first: Option<N>, last: Option<N>) -> Option<RuleRange<N>> {
    let (first, last) = first.zip(last)?;
    Some(RuleRange { first, last })
}
