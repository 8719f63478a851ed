//! What a program writes: the beginning is kept, the rest read and dropped, at a bounded pace.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::io::{Errno, read};

/// Octets that are kept of each run.
pub const KEPT_OCTETS: usize = 4096;
/// Octets read before anything else has its turn.
const READ_AT_ONCE: usize = 64 * 1024;

/// How far a reading came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There is nothing more for now.
    Empty,
    /// There is more: it is read a moment later.
    Flooded,
    /// Nothing will come any more.
    Ended,
}

/// The reading end of a pipe.
#[derive(Debug)]
pub(crate) struct Output {
    /// Shared with the thread that has it watched.
    reader: Arc<OwnedFd>,
    kept: Vec<u8>,
}

impl Output {
    pub(crate) fn new(reader: OwnedFd) -> Self {
        Self {
            reader: Arc::new(reader),
            kept: Vec::new(),
        }
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }

    pub(crate) fn shared_fd(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.reader)
    }

    /// Reads what is there, but not without end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Progress {
        let mut total = 0;
        while total < READ_AT_ONCE {
            match read(&self.reader, &mut *buffer) {
                Ok(0) => return Progress::Ended,
                Ok(octets) => {
                    total += octets;
                    let room = KEPT_OCTETS - self.kept.len();
                    let part = buffer.get(..octets.min(room)).unwrap_or(&[]);
                    self.kept.extend_from_slice(part);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Progress::Empty,
                // A pipe has no other error.
                Err(_) => return Progress::Ended,
            }
        }
        Progress::Flooded
    }

    /// What was kept.
    pub(crate) fn into_kept(self) -> Vec<u8> {
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use rustix::io::ioctl_fionbio;
    use rustix::pipe::pipe;

    use super::*;

    #[test]
    fn the_beginning_is_kept_and_a_flood_is_read_in_parts() {
        let (reader, writer) = pipe().unwrap();
        ioctl_fionbio(&reader, true).unwrap();
        let mut output = Output::new(reader);
        let mut buffer = [0; 4096];
        assert_eq!(output.read(&mut buffer), Progress::Empty);
        let flood = std::thread::spawn(move || {
            let mut writer = File::from(writer);
            writer.write_all(b"first").unwrap();
            writer.write_all(&vec![b'x'; 300_000]).unwrap();
        });
        let mut most = Progress::Empty;
        loop {
            match output.read(&mut buffer) {
                Progress::Ended => break,
                Progress::Flooded => most = Progress::Flooded,
                Progress::Empty => std::thread::yield_now(),
            }
        }
        flood.join().unwrap();
        // How often it was seen to flood depends on the writer.
        assert!(matches!(most, Progress::Flooded | Progress::Empty));
        let kept = output.into_kept();
        assert_eq!(kept.len(), KEPT_OCTETS);
        assert!(kept.starts_with(b"firstxxx"));
    }
}
