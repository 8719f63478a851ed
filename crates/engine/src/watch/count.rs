//! How many processes there are, for whoever asks.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::snapshot::ProcessStatus;

/// What is known of the processes of one tracker, written by the thread that counts them.
#[derive(Debug, Default)]
pub(crate) struct ProcessCount {
    pub(crate) current: AtomicU32,
    pub(crate) gaining: AtomicBool,
    pub(crate) losing: AtomicBool,
}

impl ProcessCount {
    pub(crate) fn status(&self) -> ProcessStatus {
        ProcessStatus {
            current: self.current.load(Ordering::Relaxed),
            gaining: self.gaining.load(Ordering::Relaxed),
            losing: self.losing.load(Ordering::Relaxed),
        }
    }
}
