//! Children that nobody in this process has started: the kernel gives them to pid 1 and to child subreapers when
//! their parents end.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// Between two looks. One that has ended is collected at the second look: whoever has started it, such as the host's own
/// library, has taken its status long before.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Those that had ended at the last look.
#[derive(Debug, Default)]
pub(crate) struct Orphans {
    seen: HashSet<i32>,
}

impl Orphans {
    /// Collects what has waited for it since the last look; how many.
    pub(crate) fn look(&mut self, is_ours: impl Fn(i32) -> bool) -> u64 {
        let former = std::mem::take(&mut self.seen);
        if !has_ended(WaitId::All) {
            return 0;
        }
        let mut collected = 0;
        for pid in children().filter(|pid| !is_ours(*pid)) {
            let Some(id) = Pid::from_raw(pid).map(WaitId::Pid) else {
                continue;
            };
            if !has_ended(id.clone()) {
                continue;
            }
            if former.contains(&pid) {
                let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
                collected += u64::from(matches!(waitid(id, options), Ok(Some(_))));
            } else {
                self.seen.insert(pid);
            }
        }
        collected
    }
}

/// Whether there is one that has ended; it stays.
fn has_ended(id: WaitId<'_>) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(id, options), Ok(Some(_)))
}

/// The children of all threads of this process.
fn children() -> impl Iterator<Item = i32> {
    let tasks = fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| {
        let pids = list.split_ascii_whitespace();
        pids.filter_map(|pid| pid.parse().ok())
            .collect::<Vec<i32>>()
    })
}
