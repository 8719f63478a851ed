//! Which packets the kernel lets through to the engine.

use std::sync::Arc;

use ka_sys::SysError;
use ka_sys::raw::{Carrier, VridSet, VrrpReceiver};
use ka_vrrp::RouterConfig;
use ka_wire::Family;

use crate::apply::Refusal;
use crate::thread::EngineThread;

/// The sockets that packets arrive at: plain ones of IPv4 and of IPv6, and those with an authentication header.
pub(crate) const RECEIVERS: usize = 3;
const WITH_HEADER: usize = 2;

/// The virtual router identifiers that are listened for at each of these sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listening([VridSet; RECEIVERS]);

impl Listening {
    /// Listens for what a router with `config` has to hear. One that has an authentication header hears
    /// nothing without, and the other way round, as in keepalived.
    pub(crate) fn insert(&mut self, config: &RouterConfig) {
        let place = match (config.authentication.ah_key(), config.family) {
            (Some(_), _) => WITH_HEADER,
            (None, Family::V4) => 0,
            (None, Family::V6) => 1,
        };
        self.0[place].insert(config.vrid);
    }

    fn with(mut self, other: &Self) -> Self {
        for (set, other) in self.0.iter_mut().zip(&other.0) {
            set.extend((0..=255).filter(|vrid| other.contains(*vrid)));
        }
        self
    }
}

impl EngineThread {
    /// The socket at `place` of [`RECEIVERS`], where it is open.
    pub(crate) fn receiver(&mut self, place: usize) -> Option<&mut VrrpReceiver> {
        match place {
            WITH_HEADER => self.header_receiver.as_mut(),
            place => self.receivers.get_mut(place),
        }
    }

    /// Lets what is wanted now and what will be wanted through the kernel's filters.
    pub(crate) fn listen_also(&mut self, next: &Listening) {
        let both = self.listening.with(next);
        self.set_filters(both);
    }

    /// Lets nothing else through than what is wanted from now on.
    pub(crate) fn listen(&mut self, wanted: Listening) {
        self.listening = wanted;
        self.set_filters(wanted);
    }

    /// Lets nothing through until a configuration says what is ours.
    pub(crate) fn set_no_filters(&mut self) -> Result<(), SysError> {
        for receiver in &mut self.receivers {
            receiver.set_vrid_filter(&VridSet::new())?;
        }
        Ok(())
    }

    fn set_filters(&mut self, wanted: Listening) {
        let headers = &wanted.0[WITH_HEADER];
        // Where nobody needs it no packet of protocol 51 shall come this far.
        if headers.is_empty() {
            self.header_receiver = None;
        } else if self.header_receiver.is_none() {
            match VrrpReceiver::open_for(Carrier::AuthenticationHeader) {
                Ok(receiver) => self.header_receiver = Some(receiver),
                Err(error) => self.refuse_filter(&error),
            }
        }
        let all = VridSet::from_iter(1..=u8::MAX);
        for (place, vrids) in wanted.0.iter().enumerate() {
            // What is unknown can only be told where it gets through.
            let vrids = match self.unknown.is_told && place != WITH_HEADER {
                true => &all,
                false => vrids,
            };
            let set = self
                .receiver(place)
                .map(|receiver| receiver.set_vrid_filter(vrids));
            if let Some(Err(error)) = set {
                // Without the filter more packets arrive than needed; nothing is lost.
                self.refuse_filter(&error);
            }
        }
    }

    fn refuse_filter(&mut self, error: &SysError) {
        self.apply_refusals.push(Refusal {
            instance: Arc::from(""),
            reason: error.to_string(),
        });
    }
}
