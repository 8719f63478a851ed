//! Rules of policy routing.

use std::sync::Arc;

use ka_netlink::{IpFamily, Prefix, Rule, RuleAction, RuleMark, RuleRange};
use napi::bindgen_prelude::Unknown;

use super::routes::{interface, number, optional_integer, optional_prefix, realms};
use super::{Parsed, integer, object};
use crate::routing::{FirewallMark, NumberRange, VirtualRule};

/// Rules of an instance or of the host.
pub(super) fn virtual_rules(list: &[Unknown<'_>]) -> Parsed<Vec<ka_engine::VirtualRule>> {
    list.iter()
        .map(|value| virtual_rule(&object("rules", *value)?))
        .collect()
}

fn virtual_rule(rule: &VirtualRule<'_>) -> Parsed<ka_engine::VirtualRule> {
    let preference = integer("preference", rule.preference, 0..=u32::MAX)?;
    let parse = || {
        Ok(ka_engine::VirtualRule {
            rule: parsed(rule, preference)?,
            no_track: rule.no_track,
            track_group: rule.track_group.as_deref().map(Arc::from),
        })
    };
    parse().map_err(|reason: String| format!("rule {preference}: {reason}"))
}

fn parsed(rule: &VirtualRule<'_>, preference: u32) -> Parsed<Rule> {
    let family = match rule.family {
        4.0 => IpFamily::V4,
        6.0 => IpFamily::V6,
        other => return Err(format!("family {other} is neither 4 nor 6")),
    };
    let selector = |field, text: &Option<String>| {
        let prefix = optional_prefix(field, text.as_deref())?;
        match prefix {
            Some(prefix) if prefix.family() != family => {
                Err(format!("{field} {prefix} is no {family} prefix"))
            }
            // What fits every address selects nothing: the kernel does not report it.
            prefix => Ok(prefix.filter(|prefix: &Prefix| prefix.length() > 0)),
        }
    };
    let name = |field, name: &Option<String>| {
        let name = name.as_deref().map(|name| interface(field, name));
        name.transpose()
    };
    Ok(Rule {
        inverted: rule.inverted,
        from: selector("from", &rule.from)?,
        to: selector("to", &rule.to)?,
        tos: integer("tos", rule.tos, 0..=255)?,
        mark: mark(rule.fwmark)?,
        input_interface: name("iif", &rule.iif)?,
        output_interface: name("oif", &rule.oif)?,
        tunnel_id: number("tunnelId", rule.tunnel_id.as_deref())?.unwrap_or(0),
        users: range("uidrange", rule.uidrange, u32::MAX)?,
        ip_protocol: optional_integer("ipproto", rule.ipproto, 255)?.unwrap_or(0),
        source_ports: range("sport", rule.sport, u16::MAX)?,
        destination_ports: range("dport", rule.dport, u16::MAX)?,
        realms: realms(rule.realms)?,
        suppress_prefix_length: optional_integer(
            "suppressPrefixlength",
            rule.suppress_prefixlength,
            i32::MAX.cast_unsigned(),
        )?,
        suppress_interface_group: optional_integer(
            "suppressIfgroup",
            rule.suppress_ifgroup,
            i32::MAX.cast_unsigned(),
        )?,
        protocol: integer("protocol", rule.protocol, 0..=255)?,
        ..Rule::new(family, preference, action(rule)?)
    })
}

fn action(rule: &VirtualRule<'_>) -> Parsed<RuleAction> {
    let needed = |field, value: Option<f64>, min| {
        let value = value.ok_or_else(|| format!("{field} is missing"))?;
        integer(field, value, min..=u32::MAX)
    };
    Ok(match rule.action.as_str() {
        "table" => RuleAction::Lookup {
            table: needed("table", rule.table, 1)?,
        },
        "goto" => RuleAction::GoTo {
            preference: needed("goto", rule.goto, 0)?,
        },
        "l3mdev" => RuleAction::VrfLookup,
        "nop" => RuleAction::Nop,
        "blackhole" => RuleAction::Blackhole,
        "unreachable" => RuleAction::Unreachable,
        "prohibit" => RuleAction::Prohibit,
        other => return Err(format!("action '{other}' is unknown")),
    })
}

/// A mark; none where every packet fits.
fn mark(value: Option<Unknown<'_>>) -> Parsed<Option<RuleMark>> {
    let Some(value) = value else { return Ok(None) };
    let FirewallMark { mark, mask } = object("fwmark", value)?;
    let mark = RuleMark {
        mark: integer("fwmark.mark", mark, 0..=u32::MAX)?,
        mask: integer("fwmark.mask", mask, 0..=u32::MAX)?,
    };
    Ok(Some(mark).filter(|RuleMark { mark, mask }| (*mark, *mask) != (0, 0)))
}

fn range<N>(field: &str, value: Option<Unknown<'_>>, max: N) -> Parsed<Option<RuleRange<N>>>
where
    N: Copy + std::fmt::Display + Into<f64> + TryFrom<u32> + Default + PartialOrd,
{
    let Some(value) = value else { return Ok(None) };
    let NumberRange { first, last } = object(field, value)?;
    let first = integer(field, first, N::default()..=max)?;
    let last = integer(field, last, N::default()..=max)?;
    match first <= last {
        true => Ok(Some(RuleRange { first, last })),
        false => Err(format!("{field} {first}-{last} ends before it begins")),
    }
}
