//! Timeouts of connections: set as long as they are configured, and then as they were (`lvs_timeouts`).

use ka_netlink::NetlinkError;
use ka_netlink::ipvs::{IpvsChange, Timeouts};

use crate::attempts::Attempts;
use crate::config::WantedTimeouts;
use crate::kernel::Kernel;

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TimeoutState {
    /// Before we set any.
    originals: Option<Timeouts>,
    /// As the kernel has them, as far as is known.
    current: Option<Timeouts>,
    /// As they shall be; nothing is said of them when `None`.
    target: Option<Timeouts>,
    pub(crate) attempts: Attempts,
}

impl TimeoutState {
    /// A process before us has changed these, and has not set them back.
    pub(crate) fn inherit(&mut self, originals: Option<Timeouts>) {
        self.originals = self.originals.or(originals);
    }

    /// What is configured from now on.
    pub(crate) fn configure(
        &mut self,
        wanted: &WantedTimeouts,
        kernel: &mut Kernel,
    ) -> Result<(), NetlinkError> {
        if wanted.is_empty() && self.originals.is_none() {
            return Ok(());
        }
        let current = match self.current {
            Some(current) => current,
            None => kernel.timeouts()?,
        };
        self.current = Some(current);
        let originals = *self.originals.get_or_insert(current);
        // As in the file, 0 leaves one as it is.
        let or = |wanted: Option<_>, original| {
            wanted
                .filter(|it| *it != Default::default())
                .unwrap_or(original)
        };
        self.target = Some(Timeouts {
            tcp: or(wanted.tcp, originals.tcp),
            tcp_fin: or(wanted.tcp_fin, originals.tcp_fin),
            udp: or(wanted.udp, originals.udp),
        });
        self.attempts = Attempts::default();
        Ok(())
    }

    /// Sets them back.
    pub(crate) fn restore(&mut self) {
        self.target = self.originals;
        self.attempts = Attempts::default();
    }

    /// What is to be asked for.
    pub(crate) fn change(&self) -> Option<IpvsChange> {
        let target = self.target.filter(|_| self.target != self.current)?;
        Some(IpvsChange::SetTimeouts(target))
    }

    /// The kernel has done so.
    pub(crate) fn done(&mut self) {
        self.current = self.target;
        self.attempts = Attempts::default();
    }

    /// How they were, as long as they are not.
    pub(crate) fn owed(&self) -> Option<Timeouts> {
        let is_there = self.current == self.originals && self.target == self.originals;
        self.originals.filter(|_| !is_there)
    }
}
