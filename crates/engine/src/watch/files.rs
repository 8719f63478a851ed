//! The thread that looks at tracked files. A file system that does not answer holds up it, and nothing else.

use std::collections::HashSet;
use std::mem::MaybeUninit;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, init, remove_watch};
use rustix::io::Errno;

use super::file::{Concern, TrackedFile};
use super::{FileSpec, Preparation, Surroundings};
use crate::config::TrackerKind;
use crate::event::Problem;
use crate::trackers::TrackerResult;

/// Mounts, and directories above that of a file, come and go without an event: they are looked at this often.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// Room for events; the kernel keeps more than fit.
const EVENT_OCTETS: usize = 16 * 1024;

/// Looks at files until the engine ends.
pub(super) fn watch(surroundings: Surroundings<Vec<FileSpec>>) -> Result<(), String> {
    let flags = CreateFlags::CLOEXEC | CreateFlags::NONBLOCK;
    let inotify = init(flags).map_err(|errno| format!("inotify: {errno}"))?;
    Files {
        surroundings,
        inotify,
        watches: HashSet::new(),
        active: Vec::new(),
        pending: None,
    }
    .run();
    Ok(())
}

/// Files of a configuration that the engine thread has yet to take up.
struct Pending {
    epoch: u64,
    files: Vec<TrackedFile>,
    problems: Vec<Problem>,
}

struct Files {
    surroundings: Surroundings<Vec<FileSpec>>,
    inotify: OwnedFd,
    watches: HashSet<i32>,
    /// Those of the configuration in effect.
    active: Vec<TrackedFile>,
    pending: Option<Pending>,
}

impl Files {
    fn run(&mut self) {
        let mut look_at = Instant::now() + LOOK_AGAIN;
        loop {
            self.wait(look_at);
            self.surroundings.awake();
            if self.surroundings.has_ended() {
                return;
            }
            while let Ok(preparation) = self.surroundings.requests.try_recv() {
                self.prepare(preparation);
            }
            self.commit();
            self.read_events();
            if look_at <= Instant::now() {
                self.look(|_| Concern::Place, true);
                look_at = Instant::now() + LOOK_AGAIN;
            }
        }
    }

    fn wait(&self, until: Instant) {
        let has_files = !self.active.is_empty() || self.pending.is_some();
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        let mut fds = [
            PollFd::new(&self.surroundings.wake, PollFlags::IN),
            PollFd::new(&self.inotify, PollFlags::IN),
        ];
        // Interrupted: everything is looked at, and waited for again.
        let _ = poll(&mut fds, has_files.then_some(&timeout));
    }

    fn prepare(&mut self, preparation: Preparation<Vec<FileSpec>>) {
        let Preparation {
            epoch,
            wanted: specs,
            reply,
        } = preparation;
        let mut files = Vec::with_capacity(specs.len());
        let mut problems = Vec::new();
        for spec in specs {
            let (file, wrong) = TrackedFile::new(spec, self.inotify.as_fd());
            problems.extend(wrong.into_iter().map(|message| problem(&file, message)));
            files.push(file);
        }
        let known = files.iter().map(|file| (file.name.id, file.state()));
        // Who asked may have given up.
        let _ = reply.try_send(known.collect());
        self.pending = Some(Pending {
            epoch,
            files,
            problems,
        });
        self.drop_watches();
    }

    /// Takes up what the engine thread has taken up, and tells all that is known of it.
    fn commit(&mut self) {
        let has_applied = |pending: &mut Pending| self.surroundings.has_applied(pending.epoch);
        let Some(pending) = self.pending.take_if(has_applied) else {
            return;
        };
        self.active = pending.files;
        self.drop_watches();
        let results: Vec<TrackerResult> = self
            .active
            .iter()
            .map(|file| file.name.result(file.state()))
            .collect();
        self.surroundings.tell(&results, pending.problems);
    }

    fn read_events(&mut self) {
        let mut room = [MaybeUninit::uninit(); EVENT_OCTETS];
        let mut events = Vec::new();
        let mut reader = Reader::new(&self.inotify, &mut room);
        loop {
            match reader.next() {
                Ok(event) => events.push((
                    event.wd(),
                    event.events(),
                    event.file_name().map(Into::into),
                )),
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
            // The rest has its turn after what is known.
            if reader.is_buffer_empty() {
                break;
            }
        }
        if events.is_empty() {
            return;
        }
        let events: Vec<(i32, ReadFlags, Option<Box<std::ffi::CStr>>)> = events;
        // What was lost may have been about any.
        let lost = events
            .iter()
            .any(|(_, flags, _)| flags.contains(ReadFlags::QUEUE_OVERFLOW));
        let concern = |file: &TrackedFile| match lost {
            true => Concern::Place,
            false => events
                .iter()
                .map(|(watch, flags, name)| file.concern(*watch, *flags, name.as_deref()))
                .max()
                .unwrap_or(Concern::None),
        };
        self.look(concern, false);
    }

    /// Looks at those files that are concerned, and tells what changed. `again`: those that are where they were are
    /// not read.
    fn look(&mut self, concern: impl Fn(&TrackedFile) -> Concern, again: bool) {
        let mut results = Vec::new();
        let mut problems = Vec::new();
        let mut moved = false;
        let pending = self.pending.iter_mut();
        let sets = pending.map(|pending| (&mut pending.files, &mut pending.problems, None));
        let active = (&mut self.active, &mut problems, Some(&mut results));
        for (files, problems, mut results) in std::iter::once(active).chain(sets) {
            for file in files {
                let before = file.state();
                let wrong = match concern(file) {
                    Concern::None => continue,
                    Concern::Content => file.read(),
                    Concern::Place => {
                        moved = true;
                        match again {
                            true => file.find_again(self.inotify.as_fd()),
                            false => file.find(self.inotify.as_fd()),
                        }
                    }
                };
                problems.extend(wrong.map(|message| problem(file, message)));
                if file.state() != before
                    && let Some(results) = &mut results
                {
                    results.push(file.name.result(file.state()));
                }
            }
        }
        if moved {
            self.drop_watches();
        }
        if !results.is_empty() || !problems.is_empty() {
            self.surroundings.tell(&results, problems);
        }
    }

    /// Ends the watches that no file needs any more.
    fn drop_watches(&mut self) {
        let pending = self.pending.iter().flat_map(|pending| &pending.files);
        let files = self.active.iter().chain(pending);
        let used: HashSet<i32> = files.filter_map(|file| file.watch).collect();
        for watch in self.watches.difference(&used) {
            // The kernel has ended that of a directory that is gone.
            let _ = remove_watch(&self.inotify, *watch);
        }
        self.watches = used;
    }
}

fn problem(file: &TrackedFile, message: String) -> Problem {
    Problem {
        tracker: file.name.name.clone(),
        kind: TrackerKind::File,
        message,
    }
}
