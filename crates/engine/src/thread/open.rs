//! Everything that the engine thread opens before it begins.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use ka_netlink::{Monitor, RemovalMonitor, Resync, RouteSocket};
use ka_sys::IpFamily;
use ka_sys::membership::Memberships;
use ka_sys::packet::PacketSender;
use ka_sys::raw::{PacketBatch, VrrpReceiver, VrrpSender};
use ka_sys::signal::SignalWatch;
use rustix::time::ClockId;

use super::{EngineThread, clock};
use crate::announce::Announcer;
use crate::buffers::ReceiveBuffers;
use crate::config::EngineOptions;
use crate::contested::Contested;
use crate::copies::CopyQueue;
use crate::dispatch::UnicastReceivers;
use crate::ends::{HEARTBEAT, Resigning};
use crate::error::EngineError;
use crate::event::EventSender;
use crate::following::Following;
use crate::groups::Groups;
use crate::host_addresses::HostAddresses;
use crate::interfaces::Interfaces;
use crate::kernel::BatchSizes;
use crate::listening::Listening;
use crate::monitored::Monitored;
use crate::objects::ObjectTable;
use crate::scheduling::Pace;
use crate::shared::Shared;
use crate::snapshot::EngineStatus;
use crate::statics::Statics;
use crate::timers::Timers;
use crate::trackers::Trackers;
use crate::unknown::Unknown;
use crate::wait::Ready;

impl EngineThread {
    /// Opens everything that the thread needs. Runs on the thread itself.
    pub(crate) fn open(options: &EngineOptions, shared: Arc<Shared>) -> Result<Self, EngineError> {
        let mut status = EngineStatus::default();
        if let Some(priority) = options.realtime_priority {
            status.realtime =
                ka_sys::schedule::set_round_robin(ka_sys::schedule::Thread::CALLING, priority)?
                    == ka_sys::schedule::RealTime::Granted;
        }
        let pace = Pace::new(options.realtime_priority.filter(|_| status.realtime));
        // The monitor listens before the first dump, so nothing falls between the two.
        let monitor = Monitor::open()?;
        let route = RouteSocket::open()?;
        monitor.leave_out_additions_of(&route)?;
        let now = Instant::now();
        let mut thread = Self {
            events: EventSender::new(Arc::clone(&shared.events)),
            opened_at: now,
            uptime_at_open: clock(ClockId::Boottime),
            hold_until: None,
            has_applied: false,
            is_started: false,
            instances: Vec::new(),
            free: Vec::new(),
            identities: HashMap::new(),
            trackers: Trackers::default(),
            interfaces: Interfaces::default(),
            host_addresses: HostAddresses::default(),
            all_addresses: HostAddresses::default(),
            unicast_receivers: UnicastReceivers::default(),
            groups: Groups::default(),
            objects: ObjectTable::default(),
            statics: Statics::default(),
            contested: Contested::default(),
            sync_roles: None,
            monitored: options.monitor_addresses.then(Monitored::default),
            announcer: Announcer::default(),
            timers: Timers::new(now),
            outbox: Vec::new(),
            copies: CopyQueue::default(),
            receivers: [
                VrrpReceiver::open(IpFamily::V4)?,
                VrrpReceiver::open(IpFamily::V6)?,
            ],
            header_receiver: None,
            listening: Listening::default(),
            packets: Some(PacketBatch::new()),
            senders: [
                VrrpSender::open(IpFamily::V4)?,
                VrrpSender::open(IpFamily::V6)?,
            ],
            send_results: Vec::with_capacity(64),
            memberships: Memberships::new(),
            join_again_at: None,
            following: Following::default(),
            debounced: Vec::new(),
            receive_buffers: ReceiveBuffers::default(),
            duplicates: HashSet::new(),
            unknown: Unknown::default(),
            frames: PacketSender::open()?,
            monitor,
            removals: RemovalMonitor::open(crate::PROTOCOL_ID, &route)?,
            resync: Resync::open()?,
            resyncing: false,
            resync_at: None,
            batches: BatchSizes::default(),
            apply: None,
            apply_waiting: VecDeque::new(),
            apply_refusals: Vec::new(),
            status,
            snapshot: None,
            signals: if options.signals {
                Some(SignalWatch::install()?)
            } else {
                None
            },
            ready: Ready::default(),
            heard_until: now,
            last_packets: now,
            in_burst: false,
            resigning: Resigning::No,
            keeps: !options.release_on_stop,
            release_until: now,
            heartbeat_limit: options.heartbeat_limit,
            next_heartbeat: now + HEARTBEAT,
            missed_heartbeats: 0,
            pace,
            put_off: false,
            turn: 0,
            route_port: route.port()?,
            route,
            shared,
        };
        if let Some(signals) = &thread.signals {
            signals.answer_aborts();
        }
        for link in thread.route.links()? {
            thread.interfaces.link_changed(&link);
        }
        for address in thread.route.addresses()? {
            thread.address_added(&address);
        }
        thread.set_no_filters()?;
        Ok(thread)
    }
}
