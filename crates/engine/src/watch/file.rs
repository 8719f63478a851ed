//! One tracked file: where it is watched, and what it holds.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ka_vrrp::TrackerState;
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{ReadFlags, WatchFlags, add_watch};
use rustix::fs::{FileType, Mode, OFlags, fstat, fstatfs, open, statfs};
use rustix::io::{Errno, read};

use super::number::{OutOfRange, parse};
use super::{FileSpec, Name, file_system, init};

/// Octets of a file that are looked at: no number is longer.
const MAX_OCTETS: usize = 4096;
/// A file without content may be one that is being written: it is looked at again after this.
const WHILE_WRITTEN: Duration = Duration::from_millis(2);
/// Directories that come and go while a file is looked for.
const MAX_TURNS: u32 = 16;

const WATCHED: WatchFlags = WatchFlags::CLOSE_WRITE
    .union(WatchFlags::CREATE)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR);

/// The directory that is watched is another one now, or none.
const DIRECTORY_LOST: ReadFlags = ReadFlags::DELETE_SELF
    .union(ReadFlags::MOVE_SELF)
    .union(ReadFlags::IGNORED)
    .union(ReadFlags::UNMOUNT);

/// What an event means for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Concern {
    /// Nothing.
    None,
    /// It may hold something else.
    Content,
    /// It may be somewhere else, or there again.
    Place,
}

/// One tracked file.
#[derive(Debug)]
pub(super) struct TrackedFile {
    pub(super) name: Name,
    path: PathBuf,
    /// The watch of its directory, or of the nearest one above that exists.
    pub(super) watch: Option<i32>,
    /// What has to come into the watched directory; `None`: it is the one of the file.
    awaited: Option<Box<OsStr>>,
    /// It is a symbolic link: what it leads to may change with anything in its directory.
    is_link: bool,
    number: i32,
    /// What is wrong with it.
    problem: Option<String>,
}

impl TrackedFile {
    /// The file of `spec`, which is looked at and from now on watched, and before that gets its first content.
    ///
    /// The second value is what is wrong.
    pub(super) fn new(spec: FileSpec, inotify: BorrowedFd<'_>) -> (Self, Vec<String>) {
        let mut file = Self {
            name: spec.name,
            // Relative ones are meant from where the process is now.
            path: std::path::absolute(&spec.path).unwrap_or(spec.path),
            watch: None,
            awaited: None,
            is_link: false,
            number: 0,
            problem: None,
        };
        let mut wrong = Vec::new();
        if let Some(first) = spec.init
            && file.obstacle().is_none()
            && let Err(reason) = init::write_first(&file.path, first)
        {
            wrong.push(file.sentence(&reason));
        }
        wrong.extend(file.find(inotify));
        (file, wrong)
    }

    /// What is known of it.
    pub(super) const fn state(&self) -> TrackerState {
        TrackerState::Number(self.number)
    }

    fn sentence(&self, reason: &str) -> String {
        format!(
            "tracked file {}: {} {reason}",
            self.name.name,
            self.path.display()
        )
    }

    /// Why nothing in its directory can be tracked.
    fn obstacle(&self) -> Option<String> {
        // What does not exist has no obstacle.
        let stat = statfs(self.directory()).ok()?;
        file_system::obstacle(&stat)
    }

    fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// What an event of the directory `watch` means for the file.
    pub(super) fn concern(&self, watch: i32, flags: ReadFlags, name: Option<&CStr>) -> Concern {
        if self.watch != Some(watch) {
            return Concern::None;
        }
        if flags.intersects(DIRECTORY_LOST) {
            return Concern::Place;
        }
        let name = OsStr::from_bytes(name.map_or(&[], CStr::to_bytes));
        match &self.awaited {
            Some(awaited) if **awaited == *name => Concern::Place,
            Some(_) => Concern::None,
            None if self.is_link || self.path.file_name() == Some(name) => Concern::Content,
            None => Concern::None,
        }
    }

    /// Watches the file's directory, or the nearest above that exists, and reads the file. What is newly wrong.
    pub(super) fn find(&mut self, inotify: BorrowedFd<'_>) -> Option<String> {
        match self.locate(inotify) {
            Ok(()) => self.read(),
            Err(reason) => self.note(0, Some(reason)),
        }
    }

    /// The same where its directory turns out to be another one; and where it may be a link that leads elsewhere.
    pub(super) fn find_again(&mut self, inotify: BorrowedFd<'_>) -> Option<String> {
        let before = (self.watch, self.awaited.clone());
        match self.locate(inotify) {
            Ok(()) if (self.watch, &self.awaited) == (before.0, &before.1) && !self.is_link => None,
            Ok(()) => self.read(),
            Err(reason) => self.note(0, Some(reason)),
        }
    }

    fn locate(&mut self, inotify: BorrowedFd<'_>) -> Result<(), String> {
        for _ in 0..MAX_TURNS {
            self.watch = None;
            let mut below = None;
            for directory in self.path.ancestors().skip(1) {
                match add_watch(inotify, directory, WATCHED) {
                    Ok(watch) => {
                        self.watch = Some(watch);
                        break;
                    }
                    Err(Errno::NOENT | Errno::NOTDIR) => below = Some(directory),
                    Err(errno) => {
                        let directory = directory.display();
                        return Err(format!("cannot be watched: {directory}: {errno}"));
                    }
                }
            }
            self.awaited = below.and_then(Path::file_name).map(Into::into);
            // It may have come since it was missed.
            if below.is_none_or(|missing| !missing.exists()) {
                break;
            }
        }
        Ok(())
    }

    /// Reads what it holds. What is newly wrong.
    pub(super) fn read(&mut self) -> Option<String> {
        if self.awaited.is_some() {
            return self.note(0, None);
        }
        if let Some(obstacle) = self.obstacle() {
            return self.note(0, Some(format!("cannot be tracked: {obstacle}")));
        }
        self.is_link = self.path.is_symlink();
        match text(&self.path).and_then(|text| match text {
            // A whole one of nothing means 0; one that was just opened to be written may look like it.
            Some(text) if text.is_empty() => {
                std::thread::sleep(WHILE_WRITTEN);
                self::text(&self.path)
            }
            text => Ok(text),
        }) {
            Err(reason) => self.note(0, Some(reason)),
            Ok(text) => match parse(text.as_deref().unwrap_or_default()) {
                Ok(number) => self.note(number, None),
                Err(OutOfRange(number)) => {
                    // keepalived's sentence.
                    let path = self.path.display();
                    let sentence = format!("Invalid number {number} read from {path} - ignoring");
                    self.note_sentence(self.number, Some(sentence))
                }
            },
        }
    }

    fn note(&mut self, number: i32, problem: Option<String>) -> Option<String> {
        let sentence = problem.map(|reason| self.sentence(&reason));
        self.note_sentence(number, sentence)
    }

    /// From now on it holds `number`; what is wrong is told when it is news.
    fn note_sentence(&mut self, number: i32, problem: Option<String>) -> Option<String> {
        self.number = number;
        let is_news = problem.is_some() && problem != self.problem;
        self.problem = problem;
        self.problem.clone().filter(|_| is_news)
    }
}

/// The beginning of the file at `path`; `None` where there is none.
///
/// What is no regular file is not opened: that may wait for ever, or do something.
fn text(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let failed = |errno: Errno| Err(format!("cannot be read: {errno}; it counts as 0"));
    let handle = match open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
        Ok(handle) => handle,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(errno) => return failed(errno),
    };
    let mode = match fstat(&handle) {
        Ok(stat) => stat.st_mode,
        Err(errno) => return failed(errno),
    };
    if FileType::from_raw_mode(mode) != FileType::RegularFile {
        return Err("is no regular file, and counts as 0".to_owned());
    }
    // A link may lead elsewhere.
    if let Some(obstacle) = fstatfs(&handle)
        .ok()
        .as_ref()
        .and_then(file_system::obstacle)
    {
        return Err(format!("cannot be tracked: {obstacle}"));
    }
    match beginning(&handle) {
        Ok(text) => Ok(Some(text)),
        Err(errno) => failed(errno),
    }
}

fn beginning(handle: &OwnedFd) -> Result<Vec<u8>, Errno> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let own_name = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let file = open(own_name, flags, Mode::empty())?;
    let mut text = vec![0; MAX_OCTETS];
    let mut length = 0;
    while length < text.len() {
        match read(&file, &mut text[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    text.truncate(length);
    Ok(text)
}
