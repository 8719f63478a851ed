//! The stack that a child uses until it runs its program.

use std::ffi::c_void;
use std::ptr;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

use crate::error::SysError;

/// What system calls and their frames need, many times over.
const OCTETS: usize = 64 * 1024;
/// At its lower end, to which it grows: at least a page on every machine.
const GUARD_OCTETS: usize = 64 * 1024;

/// A mapping of its own, with a page below it that faults.
#[derive(Debug)]
pub(super) struct Stack {
    base: *mut c_void,
}

// SAFETY: the mapping belongs to this value alone, whichever thread has it.
unsafe impl Send for Stack {}

impl Stack {
    pub(super) fn map() -> Result<Self, SysError> {
        let failed = |errno| SysError::new("map", "stack", errno);
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping where the kernel likes overlaps nothing.
        let base = unsafe {
            mmap_anonymous(
                ptr::null_mut(),
                GUARD_OCTETS + OCTETS,
                protection,
                MapFlags::PRIVATE,
            )
        }
        .map_err(failed)?;
        let stack = Self { base };
        // SAFETY: the range is the lower part of the mapping just made, which nobody uses.
        unsafe { mprotect(base, GUARD_OCTETS, MprotectFlags::empty()) }.map_err(failed)?;
        Ok(stack)
    }

    /// Its upper end, aligned to a page.
    pub(super) fn top(&self) -> *mut c_void {
        self.base.wrapping_byte_add(GUARD_OCTETS + OCTETS)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and no child uses it: a start lasts as long as its `&mut` borrow.
        // It cannot fail for a mapping that exists.
        let _ = unsafe { munmap(self.base, GUARD_OCTETS + OCTETS) };
    }
}
