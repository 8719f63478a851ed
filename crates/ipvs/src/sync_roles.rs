//! The one thing of IPVS that follows VRRP without the host: the role of the sync daemon.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use ka_netlink::ipvs::SyncRole;

/// Sync daemons that a configuration may hold; the kernel runs one of each role.
pub const MAX_SYNC_DAEMONS: usize = 8;

const BACKUP: u8 = 1;
const MASTER: u8 = 2;

/// The roles that virtual routers give to sync daemons, by the place of the daemon in the configuration.
///
/// To say one is wait-free: a store, and a system call that never blocks. So the thread of a state machine may.
#[derive(Clone, Debug)]
pub struct SyncRoles {
    words: Arc<[AtomicU8; MAX_SYNC_DAEMONS]>,
    wake: Arc<OwnedFd>,
}

impl SyncRoles {
    pub(crate) fn new(wake: Arc<OwnedFd>) -> Self {
        Self {
            words: Arc::default(),
            wake,
        }
    }

    /// The router that daemon `index` follows is Master now, or is not. It takes effect soon.
    pub fn set(&self, index: u8, is_master: bool) {
        let role = if is_master { MASTER } else { BACKUP };
        let Some(word) = self.words.get(usize::from(index)) else {
            return;
        };
        if word.swap(role, Ordering::AcqRel) != role {
            // It fails only when full, and then the thread is awake already.
            let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
        }
    }

    /// The role of daemon `index`: a Backup's until a router says something else.
    pub(crate) fn role(&self, index: usize) -> SyncRole {
        match self
            .words
            .get(index)
            .map(|word| word.load(Ordering::Acquire))
        {
            Some(MASTER) => SyncRole::Master,
            _ => SyncRole::Backup,
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{EventfdFlags, eventfd};

    use super::*;

    #[test]
    fn a_role_wakes_the_thread_when_it_is_another_one() {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let wake = Arc::new(eventfd(0, flags).unwrap());
        let roles = SyncRoles::new(Arc::clone(&wake));
        let woken = || rustix::io::read(&wake, &mut [0; 8]).is_ok();
        assert_eq!(roles.role(0), SyncRole::Backup);
        roles.clone().set(0, true);
        assert!(woken());
        assert_eq!(roles.role(0), SyncRole::Master);
        roles.set(0, true);
        roles.set(200, true);
        assert!(!woken());
        roles.set(0, false);
        assert!(woken());
        assert_eq!(roles.role(0), SyncRole::Backup);
        assert_eq!(roles.role(MAX_SYNC_DAEMONS), SyncRole::Backup);
    }
}
