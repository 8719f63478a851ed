//! Other Masters that a Master hears.

use std::net::IpAddr;
use std::time::Instant;

/// Rivals told apart in one conflict. Those beyond are only counted by their advertisements: whoever sends from
/// invented addresses decides how many there seem to be.
const MAX_RIVALS: usize = 8;

/// Why another Master is one, and which of the two goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RivalReason {
    /// Its priority is lower: it has to give way.
    LowerPriority,
    /// Its priority is the same and its address lower: it has to give way.
    LowerAddress,
    /// Its priority is higher: this router gives way.
    HigherPriority,
    /// Its priority is the same and its address higher: this router gives way.
    HigherAddress,
    /// It says that it owns the addresses, as this router does.
    AddressOwner,
    /// It has this router's address and priority: neither gives way.
    OwnAddress,
    /// It resigned: until then it was Master as well.
    Resigned,
}

/// The conflict that a Master is in, if it is in one. Few ever are, so it takes no room otherwise.
#[derive(Debug, Default)]
pub(crate) struct Rivals(Option<Box<Conflict>>);

/// From the first advertisement of another Master until none was heard for as long as a Backup waits.
#[derive(Debug)]
struct Conflict {
    known: Vec<IpAddr>,
    latest: IpAddr,
    settled_at: Instant,
    /// Nothing else makes hosts and switches learn the way back here.
    needs_healing: bool,
}

/// How a conflict ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The rival heard last.
    pub(crate) source: IpAddr,
    /// Hosts and switches may look for the addresses at the rival.
    pub(crate) needs_healing: bool,
}

impl Rivals {
    /// A rival advertised. Returns whether it is a new one.
    pub(crate) fn hear(
        &mut self,
        source: IpAddr,
        needs_healing: bool,
        settled_at: Instant,
    ) -> bool {
        let conflict = self.0.get_or_insert_with(|| {
            Box::new(Conflict {
                known: Vec::new(),
                latest: source,
                settled_at,
                needs_healing,
            })
        });
        conflict.latest = source;
        conflict.settled_at = settled_at;
        conflict.needs_healing = needs_healing;
        let is_new = conflict.known.len() < MAX_RIVALS && !conflict.known.contains(&source);
        if is_new {
            conflict.known.push(source);
        }
        is_new
    }

    /// The rival heard last in the conflict that there is.
    pub(crate) fn latest(&self) -> Option<IpAddr> {
        self.0.as_ref().map(|conflict| conflict.latest)
    }

    /// When the conflict is over unless another advertisement is heard.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.0.as_ref().map(|conflict| conflict.settled_at)
    }

    /// The conflict that has ended by `now`.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Settled> {
        let over = self.0.take_if(|conflict| conflict.settled_at <= now)?;
        Some(Settled {
            source: over.latest,
            needs_healing: over.needs_healing,
        })
    }

    /// This router is Master no more.
    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }
}
