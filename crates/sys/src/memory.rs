//! Memory that is not swapped out.

use std::fs::read_to_string;
use std::hint::black_box;
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::io::Errno;
use rustix::mm::{MlockFlags, mlock_with, munlockall};

use crate::error::SysError;

/// Octets of the stack of a thread that [`touch_stack`] makes present.
const STACK: usize = 256 * 1024;

/// An allocation of the thread that called [`mark_heap`] last.
static HEAP: AtomicUsize = AtomicUsize::new(0);

/// Keeps what is mapped now in memory, what is present at once, the rest from when it is first used: programs and libraries, the heap
/// of the C library, the main thread's stack, and the heap of the thread that called [`mark_heap`].
///
/// All else is left alone, because an engine for JavaScript may own it: it gives pages back by `madvise`, which the
/// kernel refuses where they are locked, and ends the process then. What is mapped later is not kept either.
///
/// # Errors
/// [`SysError::Call`], with `EPERM` or `ENOMEM` where CAP_IPC_LOCK is missing and RLIMIT_MEMLOCK is too low; nothing is locked then.
pub fn lock() -> Result<(), SysError> {
    let maps = read_to_string("/proc/self/maps")
        .map_err(|error| SysError::new("read", "/proc/self/maps", errno_of(&error)))?;
    let heap = HEAP.load(Ordering::Relaxed);
    for mapping in maps.lines().filter_map(Mapping::parse) {
        if !mapping.is_kept(heap) {
            continue;
        }
        if let Err(errno) = lock_range(mapping.start, mapping.end - mapping.start) {
            // Part of it is no use where the limit is too low.
            let _ = unlock();
            return Err(SysError::new("lock", "memory", errno));
        }
    }
    Ok(())
}

/// Undoes [`lock`], for the stacks of [`touch_stack`] too.
///
/// # Errors
/// [`SysError::Call`].
pub fn unlock() -> Result<(), SysError> {
    munlockall().map_err(|errno| SysError::new("unlock", "memory", errno))
}

/// Lets [`lock`] keep what the calling thread allocates: the C library gives threads heaps of their own.
pub fn mark_heap() {
    let allocation = Box::new([0u8; 64]);
    HEAP.store(
        ptr::from_ref(black_box(&*allocation)).addr(),
        Ordering::Relaxed,
    );
}

/// Locks that part of the calling thread's stack that it may come to need, where permitted, and makes it present.
#[inline(never)]
pub fn touch_stack() {
    let mut room = [0u8; STACK];
    // Refused where `lock` is refused too, which tells.
    let _ = lock_range(ptr::from_ref(&room).addr(), STACK);
    // Written as far as the compiler knows: it must not be left out.
    black_box(&mut room);
}

/// A line of `/proc/self/maps` (proc_pid_maps(5)).
struct Mapping<'a> {
    start: usize,
    end: usize,
    name: &'a str,
}

impl<'a> Mapping<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        // Permissions, offset, device and inode are in front of the name.
        let name = rest.splitn(5, ' ').nth(4).unwrap_or_default().trim_start();
        Some(Self {
            start: usize::from_str_radix(start, 16).ok()?,
            end: usize::from_str_radix(end, 16).ok()?,
            name,
        })
    }

    fn is_kept(&self, heap: usize) -> bool {
        self.name.starts_with('/')
            || ["[heap]", "[stack]"].contains(&self.name)
            || (self.start..self.end).contains(&heap)
    }
}

fn lock_range(start: usize, length: usize) -> Result<(), Errno> {
    // SAFETY: the kernel checks the range, and locking changes nothing that a program can see but what madvise(2) may do.
    unsafe {
        mlock_with(
            ptr::without_provenance_mut(start),
            length,
            MlockFlags::ONFAULT,
        )
    }
}

fn errno_of(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests {
    use super::Mapping;

    #[test]
    fn maps_are_read_and_what_javascript_owns_is_left_alone() {
        let kept = |line: &str| Mapping::parse(line).unwrap().is_kept(0x7f00_0040_0010);
        assert!(kept(
            "00400000-00452000 r-xp 00000000 08:02 173521      /usr/bin/with blank"
        ));
        assert!(kept(
            "00e03000-00e24000 rw-p 00000000 00:00 0           [heap]"
        ));
        assert!(kept(
            "7fffb2c0d000-7fffb2c2e000 rw-p 00000000 00:00 0   [stack]"
        ));
        // The marked heap, whether it has a name or not.
        assert!(kept("7f0000400000-7f0000421000 rw-p 00000000 00:00 0 "));
        assert!(!kept("7f0000421000-7f0004000000 ---p 00000000 00:00 0 "));
        assert!(!kept("35b6b0480000-35b6b04c0000 rwxp 00000000 00:00 0"));
        assert!(!kept(
            "7fffb2d58000-7fffb2d5a000 r-xp 00000000 00:00 0   [vdso]"
        ));
        assert!(!kept(
            "7f0010000000-7f0010021000 rw-p 00000000 00:00 0   [anon:v8]"
        ));
    }
}
