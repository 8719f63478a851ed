//! How advertisements are authenticated, and what their checksums cover.

use std::net::IpAddr;

use ka_vrrp::{AntiReplay, AuthHmac, ChecksumForms, ChecksumPolicy, HmacKey, HmacMode};
use ka_wire::Authentication;
use ka_wire::trailer::Key;
use napi::bindgen_prelude::Unknown;

use super::{Parsed, integer, ip, object};
use crate::config::{AuthHmacConfig, AuthHmacKey, InstanceConfig};

/// Octets of authentication data in an advertisement.
const MAX_PASSWORD_OCTETS: usize = 8;

/// The password of an instance.
pub(super) fn authentication(config: &InstanceConfig<'_>) -> Parsed<Authentication> {
    let (field, password, header) = match (&config.auth_pass, &config.auth_ah) {
        (None, None) => return Ok(Authentication::None),
        (Some(password), None) => ("authPass", password, false),
        (None, Some(password)) => ("authAh", password, true),
        (Some(_), Some(_)) => return Err("authPass and authAh exclude each other".to_owned()),
    };
    let octets = password.len();
    if octets > MAX_PASSWORD_OCTETS {
        return Err(format!(
            "{field} has {octets} octets, at most {MAX_PASSWORD_OCTETS} are possible"
        ));
    }
    Ok(if header {
        Authentication::ah(password)
    } else {
        Authentication::pass(password)
    })
}

/// The keys of an instance.
pub(super) fn auth_hmac(value: Option<Unknown<'_>>) -> Parsed<Option<AuthHmac>> {
    let Some(value) = value else {
        return Ok(None);
    };
    let config: AuthHmacConfig<'_> = object("authHmac", value)?;
    let keys = config.keys.into_iter().enumerate();
    let keys = keys.map(|(index, value)| key(index, value));
    Ok(Some(AuthHmac {
        keys: keys.collect::<Parsed<_>>()?,
        active_key: integer("authHmac.activeKey", config.active_key, 1..=255)?,
        time_window: integer("authHmac.timeWindowS", config.time_window_s, 1..=300)?,
        anti_replay: match config.anti_replay.as_str() {
            "time" => AntiReplay::Time,
            "monotonic" => AntiReplay::Monotonic,
            other => {
                return Err(format!(
                    "authHmac.antiReplay '{other}' is none of time, monotonic"
                ));
            }
        },
        mode: match config.mode.as_str() {
            "enforce" => HmacMode::Enforce,
            "permissive" => HmacMode::Permissive,
            "receive-only" => HmacMode::ReceiveOnly,
            other => {
                return Err(format!(
                    "authHmac.mode '{other}' is none of enforce, permissive, receive-only"
                ));
            }
        },
    }))
}

fn key(index: usize, value: Unknown<'_>) -> Parsed<HmacKey> {
    let name = format!("authHmac.keys[{index}]");
    let config: AuthHmacKey = object(&name, value)?;
    let id = integer(&format!("{name}.id"), config.id, 1..=255)?;
    let key = Key::new(&config.key).map_err(|error| format!("{name}: {error}"))?;
    Ok(HmacKey { id, key })
}

/// What checksums cover.
pub(super) fn checksum(config: &InstanceConfig<'_>) -> Parsed<ChecksumPolicy> {
    let default = ChecksumPolicy::default();
    Ok(ChecksumPolicy {
        forms: match config.checksum.as_deref() {
            None | Some("standard") => ChecksumForms::Standard,
            Some("standard-only") => ChecksumForms::StandardOnly,
            Some("old-unicast") => ChecksumForms::OldUnicast,
            Some("no-pseudo-header") => ChecksumForms::NoPseudoHeader,
            Some("follow-peer") => ChecksumForms::FollowPeer,
            Some(other) => return Err(format!("checksum '{other}' does not exist")),
        },
        old_unicast_group: match config.old_unicast_group.as_deref() {
            None => default.old_unicast_group,
            Some(text) => match ip("oldUnicastGroup", text)? {
                IpAddr::V4(group) => group,
                IpAddr::V6(group) => {
                    return Err(format!("oldUnicastGroup {group} is no IPv4 address"));
                }
            },
        },
    })
}
