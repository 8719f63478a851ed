//! What of IPVS is wanted, as JavaScript hands it over.

use ka_ipvs::Change;
use napi::bindgen_prelude::{Function, JsObjectValue, Object, Unknown};
use napi::{Env, Error};
use napi_derive::napi;
use serde::{Deserialize, Deserializer};

use super::wanted::{change, ipvs_config};
use crate::error::{CodedError, INVALID_CONFIG};
use crate::parse::{argument, object, usage};

/// How IPVS is programmed, fixed for the life of the thread.
#[napi(object, object_to_js = false)]
pub struct IpvsOptions {
    /// Directory of the lock and of the runtime file; /run/ka-native when absent.
    pub runtime_dir: Option<String>,
    /// Tells processes apart that program IPVS in one network namespace.
    pub instance_name: Option<String>,
    /// Name of the network namespace (ip-netns(8), `net_namespace_ipvs`), empty for that of process 1; that of this process when absent.
    pub network_namespace: Option<String>,
    /// Remove everything of ours at `stop()`; true when absent. Where it is false all stays, and is recorded for the next start.
    pub release: Option<bool>,
}

/// Everything of IPVS that shall be there from now on.
#[napi(object, object_to_js = false)]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpvsConfig {
    /// The first apply removes everything that is there, of others too.
    pub flush: bool,
    /// Whether the stop removes services of others too.
    #[napi(ts_type = "'off' | 'all' | 'services'")]
    pub flush_on_stop: String,
    /// Timeouts of connections, which are set as long as they are configured; as they were when absent.
    #[serde(default, deserialize_with = "present")]
    pub timeouts: Option<IpvsTimeouts>,
    /// Sync daemons, at most 8: the kernel runs one of each role.
    pub sync_daemons: Vec<IpvsSyncDaemon>,
    /// Services, no two with one key, in the order in which they are added.
    pub services: Vec<IpvsService>,
    /// Numbers of services that are wanted already: they stay as they are, with all changes since. All others that are not in `services` go.
    pub kept: Vec<f64>,
}

/// Timeouts of connections in seconds, up to 2,678,400. What is absent or 0 is as it was.
#[napi(object, object_to_js = false)]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpvsTimeouts {
    /// Of established TCP connections.
    #[serde(default, deserialize_with = "present")]
    pub tcp_seconds: Option<f64>,
    /// Of TCP connections that end.
    #[serde(default, deserialize_with = "present")]
    pub tcp_fin_seconds: Option<f64>,
    /// Of UDP.
    #[serde(default, deserialize_with = "present")]
    pub udp_seconds: Option<f64>,
}

/// A daemon that tells other directors of connections, or hears of theirs.
#[napi(object, object_to_js = false)]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpvsSyncDaemon {
    /// Which of the two it is; `both` are two daemons.
    #[napi(ts_type = "'master' | 'backup' | 'both'")]
    pub role: String,
    /// Its role is that of an instance of the engine (`InstanceConfig.syncDaemon`), and `role` does not matter.
    #[serde(default, deserialize_with = "present")]
    pub follows_instance: Option<bool>,
    /// The interface that it uses.
    pub interface: String,
    /// The number of its messages, 0 to 255.
    pub id: f64,
    /// Octets of a message at most, 1 to 65,507; the kernel's choice when absent, as all below.
    #[serde(default, deserialize_with = "present")]
    pub maxlen: Option<f64>,
    /// UDP port, 1 to 65,535.
    #[serde(default, deserialize_with = "present")]
    pub port: Option<f64>,
    /// Time to live, 1 to 255.
    #[serde(default, deserialize_with = "present")]
    pub ttl: Option<f64>,
    /// Multicast group.
    #[serde(default, deserialize_with = "present")]
    pub group: Option<String>,
}

/// A service: a virtual server, or one address of it. It has `protocol`, `address` and `port`, or `mark`.
#[napi(object, object_to_js = false)]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpvsService {
    /// Names it in changes, 0 to 4,294,967,295.
    pub id: f64,
    /// Number of the IP protocol: 6, 17 or 132.
    #[serde(default, deserialize_with = "present")]
    pub protocol: Option<f64>,
    /// The virtual address.
    #[serde(default, deserialize_with = "present")]
    pub address: Option<String>,
    /// The port; 0 = any.
    #[serde(default, deserialize_with = "present")]
    pub port: Option<f64>,
    /// The mark of the firewall, not 0.
    #[serde(default, deserialize_with = "present")]
    pub mark: Option<f64>,
    /// Of a mark; `inet` when absent.
    #[napi(ts_type = "'inet' | 'inet6'")]
    #[serde(default, deserialize_with = "present")]
    pub family: Option<String>,
    /// Name of the scheduler, at most 15 octets.
    pub scheduler: String,
    /// Bits `IP_VS_SVC_F_*` of include/uapi/linux/ip_vs.h.
    pub flags: f64,
    /// How long clients keep their destination, up to 2,678,400; 0 when absent.
    #[serde(default, deserialize_with = "present")]
    pub persistence_seconds: Option<f64>,
    /// Which clients count as one: of IPv4 a mask, 0xffffff00 for 24 bits, of IPv6 the length of a prefix, 1 to 128; each for itself when absent.
    #[serde(default, deserialize_with = "present")]
    pub netmask: Option<f64>,
    /// Name of the persistence engine, at most 15 octets.
    #[serde(default, deserialize_with = "present")]
    pub persistence_engine: Option<String>,
    /// Its destinations, no two with one address and port, in the order in which they are added.
    pub destinations: Vec<IpvsDestination>,
}

/// A destination of a service: a real server.
#[napi(object, object_to_js = false)]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpvsDestination {
    /// Its address.
    pub address: String,
    /// Its port; 0 = the one that a packet is for.
    pub port: f64,
    /// How packets get there.
    #[napi(ts_type = "'masquerade' | 'directRoute' | 'ipip' | 'gue' | 'gre'")]
    pub forwarding: String,
    /// UDP port of `gue`.
    #[serde(default, deserialize_with = "present")]
    pub tunnel_port: Option<f64>,
    /// Of `gue` and `gre`; `nocsum` when absent.
    #[napi(ts_type = "'nocsum' | 'csum' | 'remcsum'")]
    #[serde(default, deserialize_with = "present")]
    pub tunnel_checksum: Option<String>,
    /// Its share of connections, 0 to 2,147,483,647.
    pub weight: f64,
    /// With so many connections it gets no more; 0 = never.
    pub upper_threshold: f64,
    /// Below so many it gets some again; 0 = the kernel's choice.
    pub lower_threshold: f64,
}

/// A change of the destinations of a service.
#[napi(
    object_to_js = false,
    discriminant = "type",
    discriminant_case = "camelCase",
    js_name = "IpvsChange"
)]
#[allow(
    missing_docs,
    reason = "the sentence of a variant describes its fields"
)]
pub enum IpvsChange {
    /// Adds it, or makes it like this.
    SetDestination {
        service: f64,
        destination: IpvsDestination,
    },
    /// Removes it.
    RemoveDestination {
        service: f64,
        address: String,
        port: f64,
    },
    /// Gives one that is wanted another weight.
    SetWeight {
        service: f64,
        address: String,
        port: f64,
        weight: f64,
    },
}

/// The options.
pub(crate) fn options(value: Unknown<'_>) -> Result<ka_ipvs::IpvsOptions, CodedError> {
    let options: IpvsOptions = object("options", value).map_err(usage)?;
    let default = || ka_engine::EngineOptions::default().runtime_dir;
    Ok(ka_ipvs::IpvsOptions {
        runtime_dir: options.runtime_dir.map_or_else(default, Into::into),
        instance_name: options.instance_name,
        network_namespace: options.network_namespace,
        release_on_stop: options.release.unwrap_or(true),
    })
}

/// A configuration.
pub(crate) fn config(env: Env, value: Unknown<'_>) -> Result<ka_ipvs::IpvsConfig, CodedError> {
    // Tens of thousands of objects cross several times faster as one text. What is no such value is looked at once more, for a
    // sentence that says why.
    let config = match as_text(env, value).and_then(|text| serde_json::from_str(&text).ok()) {
        Some(config) => Ok(config),
        None => object("config", value),
    };
    config
        .and_then(ipvs_config)
        .map_err(|reason| Error::new(INVALID_CONFIG, reason))
}

/// A value as JSON, where it can be.
fn as_text(env: Env, value: Unknown<'_>) -> Option<String> {
    let json: Object<'_> = env.get_global().ok()?.get_named_property("JSON").ok()?;
    let stringify: Function<'_, Unknown<'_>, String> = json.get_named_property("stringify").ok()?;
    stringify.call(value).ok()
}

/// A field that is there has a value: what is no number has become null on the way.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Changes.
pub(crate) fn changes(value: Unknown<'_>) -> Result<Vec<Change>, CodedError> {
    let batch: Vec<Unknown<'_>> = argument("batch", value).map_err(usage)?;
    let changes = batch.into_iter().enumerate().map(|(index, value)| {
        let name = format!("batch[{index}]");
        let parse = |value| change(object(&name, value)?);
        parse(value).map_err(|reason: String| match reason.starts_with(&name) {
            true => reason,
            false => format!("{name}: {reason}"),
        })
    });
    changes.collect::<Result<_, _>>().map_err(usage)
}
