//! Attempts at one thing that the kernel refuses.

use std::time::Instant;

use ka_netlink::ipvs::IpvsChange;
use ka_netlink::{ChangeError, Errno};

use crate::event::Refused;
use crate::table::pause_after;

/// When something is tried again, and whether it was told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Attempts {
    count: u32,
    retry_at: Option<Instant>,
    told: Option<Errno>,
}

impl Attempts {
    /// Whether its time has not come.
    pub(crate) fn waits(&self, now: Instant) -> bool {
        self.retry_at.is_some_and(|at| at > now)
    }

    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// It was refused; what is to be told of it.
    pub(crate) fn refused(
        &mut self,
        change: &IpvsChange,
        error: &ChangeError,
        now: Instant,
    ) -> Option<Refused> {
        self.count += 1;
        self.retry_at = Some(now + pause_after(self.count));
        let errno = error.errno()?;
        (self.told.replace(errno) != Some(errno)).then_some(Refused {
            change: *change,
            errno,
        })
    }
}
