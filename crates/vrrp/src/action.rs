//! What a virtual router wants done, and what it has to say.

use std::net::IpAddr;
use std::time::Duration;

use ka_wire::ChecksumRule;

use crate::receive::Rejection;
use crate::rival::RivalReason;
use crate::state::{Faults, State};
use crate::sync_group::GroupWord;

/// Something for the driver to do, in the order given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send one advertisement now.
    ///
    /// The driver keeps the encoded packet and sets its priority. Everything else in it
    /// follows from the configuration and the source address: after
    /// [`reconfigure`](crate::VirtualRouter::reconfigure) it is encoded anew *before*
    /// the actions, after [`handle_source`](crate::VirtualRouter::handle_source) *behind*
    /// them, so that the resignation still leaves from the lost address.
    Advertise {
        /// Priority to say: 0 resigns.
        priority: u8,
    },
    /// Install the virtual addresses and all that comes and goes with them.
    AcquireAddresses,
    /// Remove the virtual addresses and all that comes and goes with them.
    ReleaseAddresses,
    /// The configured addresses changed while Master: install and remove the difference.
    AddressesChanged,
    /// Send gratuitous ARPs or unsolicited neighbor advertisements.
    Announce {
        /// Rounds to send; each is one message for every address.
        rounds: u32,
    },
    /// Send one gratuitous ARP or unsolicited neighbor advertisement on each interface other than the
    /// router's own that carries addresses (`garp_extra_if`).
    AnnounceExtraInterfaces,
    /// Drop announcements that wait to be sent.
    CancelAnnouncements,
    /// Tell the sync group that the router is in.
    Group(GroupWord),
    /// Tell whoever listens.
    Notify(Notice),
}

/// What happened, for the log, notify scripts and subscribers. In quotes
/// keepalived's sentence about it.
///
/// What a packet can cause again and again is told at most 20 times a second, all such notices of a
/// router together; changes of state always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The state changed: "Entering MASTER STATE" and so on.
    StateChanged {
        /// The state told before. Of a router that was about to become Master at start
        /// [`State::Init`], since it never was Backup to anybody.
        from: State,
        /// The state now.
        to: State,
        /// Why.
        cause: Cause,
    },
    /// Advertisements come from another router: "master set to", "master changed
    /// from". Of a router whose advertisements are rejected said once only.
    MasterChanged {
        /// Sender of the advertisements before.
        previous: Option<IpAddr>,
        /// Sender of this advertisement.
        current: IpAddr,
    },
    /// An advertisement failed a receive check. Said once for each reason
    /// until the state or the Master changes; all are counted.
    AdvertisementRejected {
        /// Its sender.
        source: IpAddr,
        /// The check and what it saw.
        rejection: Rejection,
    },
    /// A VRRPv3 advertisement with another interval than ours, which is accepted:
    /// "advertisement interval mismatch ours = ... rcv'd=...". Said once.
    IntervalMismatch {
        /// Its sender.
        source: IpAddr,
        /// Interval configured here.
        ours: Duration,
        /// Interval received.
        received: Duration,
    },
    /// Another number of addresses than ours, which is accepted: "expected N VIPs
    /// but received M". Said once.
    AddressCountMismatch {
        /// The sender.
        source: IpAddr,
        /// Number of addresses configured here.
        expected: u8,
        /// Number of addresses received.
        received: u8,
    },
    /// One of our addresses is not among those received, which is accepted: "ip
    /// address associated with VRID V not present in advert from A". Said once.
    AddressMissing {
        /// The sender.
        source: IpAddr,
        /// The first such address.
        address: IpAddr,
    },
    /// A sender's clock is so many seconds ahead of ours, or behind where it is negative: more than half of what
    /// its signatures may differ. Said once.
    ClockSkew {
        /// The sender.
        source: IpAddr,
        /// Seconds.
        skew: i32,
    },
    /// The checksums of our advertisements, to this unicast peer or to the group, are like those of the sender from
    /// now on. For old unicast ones "Setting unicast VRRPv3 checksum to old version".
    ChecksumFollowed {
        /// The sender.
        source: IpAddr,
        /// What they covered.
        from: ChecksumRule,
        /// What they cover now.
        to: ChecksumRule,
    },
    /// Backup: the Master's interval is the one to wait for from now on: "advertisement
    /// interval updated from ... to ... by master".
    IntervalLearned {
        /// Interval before.
        previous: Duration,
        /// Interval of the Master.
        current: Duration,
    },
    /// Becoming Master or leaving a fault: "changing advert interval from ... to locally
    /// configured ...".
    IntervalReset {
        /// Interval learned.
        previous: Duration,
        /// Interval configured.
        current: Duration,
    },
    /// The Master resigned ("Backup received priority 0 advertisement"), or another one
    /// did while this router is Master ("Master received priority 0 message").
    PriorityZeroReceived {
        /// The sender.
        source: IpAddr,
        /// State of this router, Backup or Master.
        state: State,
    },
    /// This router resigned: "sent 0 priority".
    PriorityZeroSent,
    /// Backup: the Master has a lower priority and will be preempted: "received lower
    /// priority (N) advert from A - discarding".
    LowerPriorityDiscarded {
        /// The sender.
        source: IpAddr,
        /// Priority received.
        priority: u8,
    },
    /// Master: another router, of lower priority or lower address, thinks it is Master too:
    /// "Received advert from A with lower priority N, ours M, forcing new
    /// election". Runs `notify_master_rx_lower_pri`.
    LowerPriorityAdvertisement {
        /// The sender.
        source: IpAddr,
        /// Priority received.
        priority: u8,
        /// Effective priority of this router.
        ours: u8,
        /// Whether an advertisement answers it (not `lower_prio_no_advert`).
        answered: bool,
    },
    /// Master: the sender takes precedence: "Master received advert from A with higher
    /// priority N, ours M", or "with same priority N but higher IP address than ours".
    HigherPriorityAdvertisement {
        /// The sender.
        source: IpAddr,
        /// Priority received.
        priority: u8,
        /// Effective priority of this router.
        ours: u8,
    },
    /// Master: "WARNING - equal priority advert received from remote host with our
    /// IP address."
    OwnAddressReceived {
        /// The address, ours and the sender's.
        source: IpAddr,
    },
    /// Address owner as Master: the sender says it owns the addresses too ("CONFIGURATION
    /// ERROR") and has the lower address, so it should give way.
    OwnerConflict {
        /// The sender.
        source: IpAddr,
    },
    /// Master: another router is Master too. Told once of each rival in a conflict, and of the first few only;
    /// what becomes of it follows from `reason`.
    RivalMaster {
        /// The sender.
        source: IpAddr,
        /// Priority received; 0 when it resigned.
        priority: u8,
        /// Effective priority of this router.
        ours: u8,
        /// Why there are two.
        reason: RivalReason,
    },
    /// Master: no other Master was heard for as long as a Backup waits, and this one still is.
    RivalGone {
        /// The one heard last.
        source: IpAddr,
        /// Rounds of announcements that make hosts and switches find their way back; 0 where others do.
        rounds: u32,
    },
    /// "Changing effective priority from A to B".
    EffectivePriorityChanged {
        /// Effective priority before.
        from: u8,
        /// Effective priority now.
        to: u8,
    },
    /// Backup: a Master of lower priority was heard and is left in place for a while:
    /// "start preempt delay (N)".
    PreemptDelayStarted {
        /// How long.
        delay: Duration,
    },
    /// Backup: a Master of at least our priority was heard: "stop preempt delay".
    PreemptDelayStopped,
}

/// Why a state changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The router was started: "Entering BACKUP STATE (init)". Of an address owner also when
    /// another one, or a new configuration, then keeps it from becoming Master at once.
    Start,
    /// An address owner that was just started need not wait.
    AddressOwner,
    /// The Master_Down_Timer ran out: "Receive advertisement timeout".
    MasterDownTimer,
    /// A better router advertises.
    HigherPriorityAdvertisement,
    /// This Master woke so late that another router must have taken over: "VRRP
    /// thread timer expired N seconds ago".
    TimerExpired {
        /// How late it woke.
        late: Duration,
    },
    /// Something is missing; at start too: "entering FAULT state (interface I down)",
    /// "entering FAULT state (no IPv4 address for interface)".
    Fault {
        /// All that is missing at this moment.
        faults: Faults,
    },
    /// Nothing is missing any more.
    FaultsCleared,
    /// It does as another member of its sync group did.
    Group,
    /// Others removed something that it held as Master.
    LostObject,
    /// The router was stopped.
    Stop,
}
