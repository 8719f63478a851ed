//! `promote_secondaries`: with the first IPv4 address of a network the kernel does not remove the
//! others of that network.
//!
//! It is set and set back by the host's threads, which may look at files; the engine thread does
//! so only where an interface comes while the engine runs.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use crate::apply::Refusal;
use crate::config::EngineConfig;
use crate::instance::InstanceId;
use crate::interfaces::InterfaceId;
use crate::record::Leftover;
use crate::runtime::Runtime;
use crate::thread::EngineThread;

/// The interfaces that it is wanted for.
pub(crate) fn wanted(config: &EngineConfig) -> BTreeSet<String> {
    let instances = config.instances.iter();
    instances
        .filter(|instance| instance.promote_secondaries)
        .filter_map(|instance| Some(instance.interface.as_ref()?.to_string()))
        .collect()
}

/// Sets it for all of these; what could not be.
pub(crate) fn set_all(wanted: &BTreeSet<String>) -> Vec<Refusal> {
    let refused = wanted.iter().filter_map(|interface| {
        let error = set(interface, true).err()?;
        Some(Refusal {
            instance: Arc::from(""),
            reason: format!("set promote_secondaries of {interface}: {error}"),
        })
    });
    refused.collect()
}

/// What will have to be set back: where it is not set, or was not before an engine did.
pub(crate) fn records<'a>(
    wanted: &'a BTreeSet<String>,
    runtime: &'a Runtime,
) -> impl Iterator<Item = Leftover> + 'a {
    let unset = |interface: &&String| {
        // One that comes later begins like the default.
        let present = is_set(interface)
            .and_then(|set| set.map_or_else(|| is_set("default"), |set| Ok(Some(set))));
        runtime.has_promoted(interface) || matches!(present, Ok(Some(false)))
    };
    let unset = wanted.iter().filter(unset);
    unset.map(|interface| Leftover::Promotion {
        interface: interface.clone(),
    })
}

/// Whether it is set for `interface`; `None` where there is no such interface.
pub(crate) fn is_set(interface: &str) -> io::Result<Option<bool>> {
    match fs::read_to_string(path(interface)) {
        Ok(text) => Ok(Some(text.trim() != "0")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sets it or sets it back; whether that is a change.
pub(crate) fn set(interface: &str, wanted: bool) -> io::Result<bool> {
    match is_set(interface)? {
        Some(present) if present != wanted => {
            fs::write(path(interface), if wanted { "1" } else { "0" })?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// The kernel takes a name with a dot apart at the dot, unless it is written as a slash in sysctl(8);
/// a file name has it as it is.
fn path(interface: &str) -> String {
    format!("/proc/sys/net/ipv4/conf/{interface}/promote_secondaries")
}

impl EngineThread {
    /// An interface came, or came back: what is wanted of it is set, in the kernel's memory and within
    /// microseconds. Where that fails, an address of ours that goes with another one comes back at once.
    pub(crate) fn promote_again(&self, interface: InterfaceId) {
        let interface = self.interfaces.at(interface);
        let wants = |id: &InstanceId| {
            let instance = self.instances[id.index()].as_ref();
            instance.is_some_and(|instance| instance.config.promote_secondaries)
        };
        if interface.instances.iter().any(wants) {
            let _ = set(&interface.name, true);
        }
    }
}
