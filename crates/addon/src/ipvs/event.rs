//! What the IPVS thread tells, as JavaScript sees it.

use ka_ipvs::{Event, Repair};
use ka_sys::errno_name;
use napi_derive::napi;

/// Something that the IPVS thread tells. Services are called as in keepalived's log: `10.0.1.1:tcp:80`, `Fwm 9`.
#[napi(
    object_from_js = false,
    discriminant = "type",
    discriminant_case = "camelCase",
    js_name = "IpvsEvent"
)]
#[allow(
    missing_docs,
    reason = "the sentence of a variant describes its fields"
)]
pub enum IpvsEvent {
    /// The changes of this number, and all before them, have reached the kernel, or what of them has not was refused and told.
    Applied { number: f64 },
    /// The kernel refused something: what it was asked for, that as a number of ip_vs.h (1154 to 1164), about which service (empty
    /// where it is about none) and destination, and why, as a number, its symbol and words. It stays wanted and is tried again after 1 to 60 s,
    /// and told again when it is refused for another reason.
    Refused {
        #[napi(
            ts_type = "'AddService' | 'SetService' | 'RemoveService' | 'Flush' | 'AddDestination' | 'SetDestination' | 'RemoveDestination' | 'SetTimeouts' | 'AddDaemon' | 'RemoveDaemon'"
        )]
        command: String,
        number: u32,
        service: String,
        destination: Option<String>,
        errno: i32,
        code: String,
        text: String,
    },
    /// Others changed something of ours, which is put right.
    Repaired {
        #[napi(
            ts_type = "'serviceMissing' | 'serviceChanged' | 'destinationMissing' | 'destinationChanged' | 'foreignDestination'"
        )]
        what: String,
        service: String,
        destination: Option<String>,
    },
    /// So many events before this one were not taken in time.
    Overflowed { skipped: f64 },
}

impl From<Event> for IpvsEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::Applied { number } => Self::Applied {
                number: number as f64,
            },
            Event::Refused(refused) => Self::Refused {
                command: refused.command().to_owned(),
                number: refused.change.socket_option().1,
                service: refused
                    .change
                    .service()
                    .map(|service| service.to_string())
                    .unwrap_or_default(),
                destination: refused
                    .change
                    .destination()
                    .map(|destination| destination.key.to_string()),
                errno: refused.errno.raw_os_error(),
                code: errno_name(refused.errno).to_owned(),
                text: refused.change.explain(refused.errno),
            },
            Event::Repaired(repaired) => Self::Repaired {
                what: match repaired.what {
                    Repair::ServiceMissing => "serviceMissing",
                    Repair::ServiceChanged => "serviceChanged",
                    Repair::DestinationMissing => "destinationMissing",
                    Repair::DestinationChanged => "destinationChanged",
                    Repair::ForeignDestination => "foreignDestination",
                }
                .to_owned(),
                service: repaired.service.to_string(),
                destination: repaired.destination.map(|it| it.to_string()),
            },
            Event::Overflowed { skipped } => Self::Overflowed {
                skipped: skipped as f64,
            },
        }
    }
}
