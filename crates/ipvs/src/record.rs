//! The runtime file: what of IPVS may be ours, for whoever comes after us.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::time::Duration;

use ka_netlink::ipvs::{ServiceKey, SyncRole, Timeouts};
use ka_sys::record::{Flaw, Format};
use serde::{Deserialize, Serialize};

/// Version of the file's layout.
const LAYOUT: u32 = 1;
/// How it is written. Its files end in a way that no file of the engine does, whatever the name of its instance.
pub(crate) static FORMAT: Format<Records> = Format {
    record: "ipvs",
    lock: "ipvs-lock",
    aside: "ipvs-bad",
    temporary: "ipvs-new",
    parse,
    text,
};

/// Something in the kernel that a process may have left there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leftover {
    /// A service, with its destinations.
    Service(ServiceKey),
    /// A sync daemon of this role.
    SyncDaemon(SyncRole),
    /// Timeouts of connections that are not as they were.
    Timeouts,
}

impl fmt::Display for Leftover {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(key) => write!(formatter, "virtual server {key}"),
            Self::SyncDaemon(SyncRole::Master) => formatter.write_str("sync daemon master"),
            Self::SyncDaemon(SyncRole::Backup) => formatter.write_str("sync daemon backup"),
            Self::Timeouts => formatter.write_str("timeouts of IPVS"),
        }
    }
}

/// What a file records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    pub(crate) services: HashSet<ServiceKey>,
    /// The roles that may run, with their identifiers.
    pub(crate) daemons: Vec<DaemonRecord>,
    /// As the kernel had them.
    pub(crate) timeouts: Option<Timeouts>,
}

/// A sync daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct DaemonRecord {
    pub(crate) is_master: bool,
    pub(crate) id: u8,
}

impl DaemonRecord {
    pub(crate) fn role(self) -> SyncRole {
        match self.is_master {
            true => SyncRole::Master,
            false => SyncRole::Backup,
        }
    }
}

impl Records {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Both together; timeouts that are recorded already are the older ones, and stay.
    pub(crate) fn with(&self, more: &Self) -> Self {
        let mut daemons = self.daemons.clone();
        daemons.extend(&more.daemons);
        daemons.sort_unstable();
        daemons.dedup();
        Self {
            services: self.services.union(&more.services).copied().collect(),
            daemons,
            timeouts: self.timeouts.or(more.timeouts),
        }
    }
}

#[derive(Debug, Deserialize)]
struct AnyLayout {
    layout: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Layout {
    layout: u32,
    services: Vec<ServiceKey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    daemons: Vec<DaemonRecord>,
    /// Seconds of TCP, of TCP that ends, of UDP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timeouts: Option<[u64; 3]>,
}

fn parse(text: &[u8]) -> Result<Records, Flaw> {
    let AnyLayout { layout } = serde_json::from_slice(text).map_err(|_| Flaw::Damaged)?;
    if layout != LAYOUT {
        return Err(Flaw::Layout(layout));
    }
    let layout: Layout = serde_json::from_slice(text).map_err(|_| Flaw::Damaged)?;
    let timeouts = layout.timeouts.map(|seconds| {
        let [tcp, tcp_fin, udp] = seconds.map(Duration::from_secs);
        Timeouts { tcp, tcp_fin, udp }
    });
    Ok(Records {
        services: layout.services.into_iter().collect(),
        daemons: layout.daemons,
        timeouts,
    })
}

fn text(records: &Records) -> io::Result<Vec<u8>> {
    let mut services: Vec<_> = records.services.iter().copied().collect();
    services.sort_unstable();
    let seconds = |it: Timeouts| [it.tcp, it.tcp_fin, it.udp].map(|it| it.as_secs());
    let layout = Layout {
        layout: LAYOUT,
        services,
        daemons: records.daemons.clone(),
        timeouts: records.timeouts.map(seconds),
    };
    Ok(serde_json::to_vec(&layout)?)
}

#[cfg(test)]
mod tests {
    use ka_netlink::IpFamily;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut records = Records::default();
        records.services.extend([
            ServiceKey::Address {
                protocol: 6,
                address: "2001:db8::1".parse().unwrap(),
                port: 80,
            },
            ServiceKey::Mark {
                family: IpFamily::V4,
                mark: 9,
            },
        ]);
        assert!(!records.is_empty());
        for more in [false, true] {
            if more {
                records.daemons.push(DaemonRecord {
                    is_master: true,
                    id: 51,
                });
                records.timeouts = Some(Timeouts {
                    tcp: Duration::from_secs(900),
                    tcp_fin: Duration::from_secs(120),
                    udp: Duration::from_secs(300),
                });
            }
            assert_eq!(parse(&text(&records).unwrap()), Ok(records.clone()));
        }
        assert_eq!(parse(b"half"), Err(Flaw::Damaged));
        assert_eq!(parse(b"{\"layout\":2}"), Err(Flaw::Layout(2)));
    }
}
