//! How fast announcements leave, which changes of interfaces count, and how much room packets have: as
//! JavaScript hands it over.

use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use crate::parse::{Parsed, integer, object};

/// Least time between two announcements of a kind on an interface, in microseconds; 0 = no limit.
#[napi(object, object_to_js = false)]
pub struct GarpPacing<'env> {
    /// Between two gratuitous ARPs on an interface that is in no group.
    pub garp_interval_us: f64,
    /// The same for unsolicited neighbor advertisements.
    pub gna_interval_us: f64,
    /// Interfaces with limits of their own.
    #[napi(ts_type = "Array<GarpGroup>")]
    pub groups: Vec<Unknown<'env>>,
}

/// Interfaces that share their limits; those of all others do not hold for them.
#[napi(object, object_to_js = false)]
pub struct GarpGroup {
    /// Their names.
    pub interfaces: Vec<String>,
    /// Between two gratuitous ARPs on any of them.
    pub garp_interval_us: f64,
    /// The same for unsolicited neighbor advertisements.
    pub gna_interval_us: f64,
}

/// How long an interface must be down, or up again, before that counts, in microseconds.
#[napi(object, object_to_js = false)]
pub struct InterfaceDelays {
    /// Its name.
    pub interface: String,
    /// How long it must be down.
    pub down_us: f64,
    /// How long it must be up.
    pub up_us: f64,
}

/// Room that instances want for packets that arrive while the engine is busy, all together.
#[napi(object, object_to_js = false)]
pub struct ReceiveBuffers {
    /// Octets that are wanted whatever instances there are.
    pub bytes: f64,
    /// So many times the MTU of its interface for each instance.
    pub mtu_multiplier: f64,
    /// So many times its advertisement for each instance.
    pub advert_multiplier: f64,
}

fn microseconds(field: &str, value: f64) -> Parsed<Duration> {
    integer(field, value, 0..=u32::MAX).map(|value| Duration::from_micros(value.into()))
}

/// The pacing that `value` is; none when absent.
pub(crate) fn garp_pacing(value: Option<Unknown<'_>>) -> Parsed<ka_engine::GarpPacing> {
    let Some(value) = value else {
        return Ok(ka_engine::GarpPacing::default());
    };
    let config: GarpPacing<'_> = object("garpPacing", value)?;
    let groups = config.groups.iter().enumerate();
    let groups = groups.map(|(index, value)| {
        let name = format!("garpPacing.groups[{index}]");
        let group: GarpGroup = object(&name, *value)?;
        let interval = |field, value| microseconds(&format!("{name}.{field}"), value);
        Ok(ka_engine::GarpGroup {
            interfaces: group
                .interfaces
                .iter()
                .map(|name| Arc::from(name.as_str()))
                .collect(),
            garp_interval: interval("garpIntervalUs", group.garp_interval_us)?,
            gna_interval: interval("gnaIntervalUs", group.gna_interval_us)?,
        })
    });
    Ok(ka_engine::GarpPacing {
        garp_interval: microseconds("garpPacing.garpIntervalUs", config.garp_interval_us)?,
        gna_interval: microseconds("garpPacing.gnaIntervalUs", config.gna_interval_us)?,
        groups: groups.collect::<Parsed<_>>()?,
    })
}

/// The delays that `values` are; none when absent.
pub(crate) fn interface_delays(
    values: Option<Vec<Unknown<'_>>>,
) -> Parsed<Vec<ka_engine::InterfaceDelays>> {
    let values = values.into_iter().flatten().enumerate();
    let delays = values.map(|(index, value)| {
        let name = format!("interfaceDelays[{index}]");
        let delays: InterfaceDelays = object(&name, value)?;
        Ok(ka_engine::InterfaceDelays {
            down: microseconds(&format!("{name}.downUs"), delays.down_us)?,
            up: microseconds(&format!("{name}.upUs"), delays.up_us)?,
            interface: Arc::from(delays.interface),
        })
    });
    delays.collect()
}

/// The wishes that `value` is; none when absent.
pub(crate) fn receive_buffers(value: Option<Unknown<'_>>) -> Parsed<ka_engine::ReceiveBuffers> {
    let Some(value) = value else {
        return Ok(ka_engine::ReceiveBuffers::default());
    };
    let config: ReceiveBuffers = object("receiveBuffers", value)?;
    let count = |field, value| integer(&format!("receiveBuffers.{field}"), value, 0..=u32::MAX);
    Ok(ka_engine::ReceiveBuffers {
        bytes: count("bytes", config.bytes)?.into(),
        mtu_multiplier: count("mtuMultiplier", config.mtu_multiplier)?,
        advert_multiplier: count("advertMultiplier", config.advert_multiplier)?,
    })
}
