//! Whatever one router is told, in whatever order, it does not panic, and holds to its bounds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use ka_vrrp::{
    Action, ChecksumForms, ChecksumPolicy, GarpConfig, GroupStart, GroupStep, InitialState,
    RouterConfig, Tracking, VirtualRouter,
};
use ka_wire::{Authentication, Family, Version};
use proptest::prelude::*;

use crate::config::{config, ms, us};
use crate::model::{Deed, Model};
use crate::oracle::Oracle;
use crate::packet::Packet;

/// Something to tell a router.
#[derive(Clone, Debug)]
enum Call {
    Start {
        link: bool,
        source: Option<IpAddr>,
        hold: Option<Duration>,
    },
    Stop,
    Link(bool),
    Source(Option<IpAddr>),
    Hold(Option<Duration>),
    Reload(Box<(RouterConfig, Tracking)>),
    Track(Tracking),
    /// Time passes.
    Wait(Duration),
    /// The next timer runs at its time, which may be before this moment.
    Timeout,
    /// What a router configured alike would send, with an octet changed or not.
    Advertise {
        source: IpAddr,
        priority: u8,
        /// Another than the router's.
        interval: Option<Duration>,
        change: Option<(usize, u8)>,
    },
    /// Noise.
    Packet(Packet),
    /// It becomes a member of a sync group, or ceases to be one.
    Join,
    Leave,
    /// A member does as its group says, which may be anything.
    Follow(GroupStep),
}

fn source() -> impl Strategy<Value = IpAddr> {
    let v4 = |last| IpAddr::from(Ipv4Addr::new(192, 0, 2, last));
    let v6 = |last| IpAddr::from(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last));
    prop_oneof![(8..12_u8).prop_map(v4), (8..12_u16).prop_map(v6)]
}

fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        (0..2000_u64).prop_map(us),
        (0..10_000_u64).prop_map(ms),
        (0..u64::from(u32::MAX)).prop_map(Duration::from_secs),
    ]
}

fn interval() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (1..4_u64).prop_map(Duration::from_secs),
        (1..4_u64).prop_map(Duration::from_secs),
        (0..=40_u64).prop_map(|number| ms(number * 10)),
        Just(ms(40_950)),
        time(),
    ]
}

fn priority() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0), Just(255), Just(254), 99..=101_u8, any::<u8>()]
}

prop_compose! {
    fn garp()(
        (master_delay, master_refresh, lower_prio_delay, extra_interfaces) in
            (time(), time(), time(), time()),
        (master_repeat, master_refresh_repeat, lower_prio_repeat) in any::<(u32, u32, u32)>(),
    ) -> GarpConfig {
        GarpConfig {
            master_delay,
            master_repeat,
            master_refresh,
            master_refresh_repeat,
            lower_prio_delay,
            lower_prio_repeat,
            extra_interfaces,
        }
    }
}

prop_compose! {
    /// Any values, also such as do not fit together.
    fn any_config()(
        family in prop_oneof![Just(Family::V4), Just(Family::V4), Just(Family::V6)],
        version in prop_oneof![Just(Version::V2), Just(Version::V3)],
        priority in priority(),
        initial_state in prop::option::of(prop_oneof![
            Just(InitialState::Master),
            Just(InitialState::Backup),
        ]),
        advertisement_interval in interval(),
        down_timer_adverts in prop_oneof![1..5_u8, any::<u8>()],
        preempt_delay in prop_oneof![Just(Duration::ZERO), time()],
        with_password in any::<bool>(),
        as_v2 in any::<bool>(),
        count in prop_oneof![0..3_usize, 0..300_usize],
        timer_expired_backup in any::<Option<u8>>(),
        garp in garp(),
        flags in any::<[bool; 6]>(),
    ) -> RouterConfig {
        let [
            preempt_mode,
            lower_prio_no_advert,
            higher_prio_send_advert,
            owner_ignore_adverts,
            skip_check_adv_addr,
            dont_track_primary,
        ] = flags;
        let base = config(family, priority);
        RouterConfig {
            version,
            initial_state,
            advertisement_interval,
            down_timer_adverts,
            preempt_mode,
            preempt_delay,
            authentication: if with_password {
                Authentication::pass("s3cret")
            } else {
                Authentication::None
            },
            addresses: vec![base.addresses[0]; count],
            checksum: ChecksumPolicy::new(if as_v2 {
                ChecksumForms::NoPseudoHeader
            } else {
                ChecksumForms::Standard
            }),
            lower_prio_no_advert,
            higher_prio_send_advert,
            owner_ignore_adverts,
            skip_check_adv_addr,
            timer_expired_backup,
            dont_track_primary,
            garp,
            ..base
        }
    }
}

/// The same, made to fit together.
fn good_config() -> impl Strategy<Value = RouterConfig> {
    any_config().prop_map(|mut config| {
        config.priority = config.priority.max(1);
        config.down_timer_adverts = config.down_timer_adverts.clamp(1, 100);
        config.advertisement_interval = match config.version {
            Version::V2 => {
                Duration::from_secs(config.advertisement_interval.as_secs().clamp(1, 255))
            }
            Version::V3 => {
                let centiseconds = config.advertisement_interval.as_millis() / 10;
                ms(centiseconds.clamp(1, 4095) as u64 * 10)
            }
        };
        config.preempt_mode |= config.starts_as_master() || config.is_owner();
        if !config.preempt_mode || config.starts_as_master() {
            config.preempt_delay = Duration::ZERO;
        }
        config.preempt_delay = config.preempt_delay.min(Duration::from_secs(1000));
        config.timer_expired_backup = config
            .timer_expired_backup
            .filter(|other| !config.preempt_mode && (1..255).contains(other));
        if (config.version, config.family) != (Version::V2, Family::V4) {
            config.authentication = Authentication::None;
        }
        config.addresses.truncate(255);
        let garp = &mut config.garp;
        garp.master_repeat = garp.master_repeat.max(1);
        garp.master_refresh_repeat = garp.master_refresh_repeat.max(1);
        for delay in [&mut garp.master_delay, &mut garp.lower_prio_delay] {
            *delay = (*delay).min(Duration::from_secs(4294));
        }
        garp.extra_interfaces = garp.extra_interfaces.min(Duration::from_secs(86_400));
        config
    })
}

prop_compose! {
    fn noise()(
        source in source(),
        destination in source(),
        ttl in any::<u8>(),
        ip_total_len in any::<Option<u16>>(),
        payload in prop::collection::vec(any::<u8>(), 0..60),
    ) -> Packet {
        Packet { source, destination, ttl, ip_total_len, payload }
    }
}

fn tracking() -> impl Strategy<Value = Tracking> {
    let part = prop_oneof![Just(0), -5..5_i32, -300..300_i32, any::<i32>()];
    let count = || prop_oneof![3 => Just(0), 1 => 1..3_u16];
    (part, count(), count()).prop_map(|(priority, faults, awaited)| Tracking {
        priority,
        faults,
        awaited,
    })
}

fn call(config: impl Strategy<Value = RouterConfig> + 'static) -> impl Strategy<Value = Call> {
    let maybe_source = || prop::option::weighted(0.9, source());
    let start = (
        prop::bool::weighted(0.9),
        maybe_source(),
        prop::option::of(time()),
    );
    let start = start.prop_map(|(link, source, hold)| Call::Start { link, source, hold });
    let change = prop::option::weighted(0.2, (0..20_usize, 1..=255_u8));
    let other_interval = prop::option::weighted(0.3, interval());
    let advertise = (source(), priority(), other_interval, change);
    let advertise = advertise.prop_map(|(source, priority, interval, change)| Call::Advertise {
        source,
        priority,
        interval,
        change,
    });
    prop_oneof![
        3 => start,
        1 => Just(Call::Stop),
        2 => any::<bool>().prop_map(Call::Link),
        2 => maybe_source().prop_map(Call::Source),
        1 => prop::option::of(time()).prop_map(Call::Hold),
        2 => (config, tracking()).prop_map(|reload| Call::Reload(Box::new(reload))),
        4 => tracking().prop_map(Call::Track),
        6 => time().prop_map(Call::Wait),
        8 => Just(Call::Timeout),
        8 => advertise,
        2 => noise().prop_map(Call::Packet),
    ]
}

/// What happens to a member of a sync group.
fn call_in_group(
    config: impl Strategy<Value = RouterConfig> + 'static,
) -> impl Strategy<Value = Call> {
    let steps = prop::sample::select(vec![
        GroupStep::Start(GroupStart::AtOnce),
        GroupStep::Start(GroupStart::Shortly),
        GroupStep::Start(GroupStart::Patiently),
        GroupStep::Permit,
        GroupStep::Master,
        GroupStep::Backup,
        GroupStep::Fault,
        GroupStep::Recover,
        GroupStep::FaultAndRecover,
        GroupStep::StepDown,
        GroupStep::Announce,
    ]);
    prop_oneof![
        12 => call(config),
        12 => steps.prop_map(Call::Follow),
        2 => Just(Call::Join),
        1 => Just(Call::Leave),
    ]
}

/// One router, its model and what watches it.
struct Subject {
    router: VirtualRouter,
    model: Model,
    oracle: Oracle,
    now: Instant,
}

impl Subject {
    fn new(config: &RouterConfig) -> Self {
        #[expect(clippy::disallowed_methods, reason = "origin of the virtual clock")]
        let now = Instant::now();
        Self {
            router: VirtualRouter::new(config.clone()),
            model: Model::new(config),
            oracle: Oracle::new(),
            now,
        }
    }

    /// Tells the router and its model the same, and returns what the router did.
    fn tell(&mut self, call: &Call) -> Vec<Deed> {
        let packet = self.packet(call);
        let (router, model, mut now) = (&mut self.router, &mut self.model, self.now);
        match call {
            Call::Wait(time) => self.now += *time,
            Call::Timeout => {
                // Less than a millisecond back, or as far ahead as it takes.
                let due = router.poll_timeout().unwrap_or(now);
                now = due.max(now - us(999));
                self.now = self.now.max(now);
                router.handle_timeout(now);
                model.time_passed(now);
            }
            Call::Start { link, source, hold } => {
                let hold_until = hold.map(|hold| now + hold);
                router.start(*link, *source, hold_until, now);
                model.start(*link, *source, hold_until, now);
            }
            Call::Stop => {
                router.stop(now);
                model.stop();
            }
            Call::Link(up) => {
                router.handle_link(*up, now);
                model.set_link(*up, now);
            }
            Call::Source(source) => {
                router.handle_source(*source, now);
                model.set_source(*source, now);
            }
            Call::Hold(hold) => {
                let hold_until = hold.map(|hold| now + hold);
                router.set_hold(hold_until, now);
                model.set_hold(hold_until, now);
            }
            Call::Reload(reload) => {
                let (config, tracking) = &**reload;
                router.reconfigure(config.clone(), *tracking, now);
                model.reconfigure(config, *tracking, now);
            }
            Call::Track(tracking) => {
                router.handle_tracking(*tracking, now);
                model.track(*tracking, now);
            }
            Call::Join => {
                router.join_group();
                model.join();
            }
            Call::Leave => {
                router.leave_group(now);
                model.leave(now);
            }
            Call::Follow(step) if model.is_grouped() => {
                router.follow_group(*step, now);
                model.follow(*step, now);
            }
            Call::Advertise { .. } | Call::Packet(_) | Call::Follow(_) => {}
        }
        if let Some(packet) = packet {
            router.handle_packet(&packet.received(), now);
            model.hear(&packet, now);
        }
        let actions: Vec<Action> = std::iter::from_fn(|| router.poll_action()).collect();
        assert!(actions.len() <= VirtualRouter::MAX_ACTIONS, "{actions:?}");
        for action in &actions {
            self.oracle.check(*action, now);
        }
        self.oracle.after(&self.router, self.model.is_grouped());
        actions.iter().filter_map(Deed::of).collect()
    }

    fn packet(&self, call: &Call) -> Option<Packet> {
        let (source, priority, interval, change) = match call {
            Call::Packet(packet) => return Some(packet.clone()),
            Call::Advertise {
                source,
                priority,
                interval,
                change,
            } => (*source, *priority, *interval, *change),
            _ => return None,
        };
        let mut alike = self.router.config().clone();
        alike.advertisement_interval = interval.unwrap_or(alike.advertisement_interval);
        // What cannot be sent need not be heard.
        if Family::from(source) != alike.family || alike.validate().is_err() {
            return None;
        }
        let mut packet = Packet::encode(&alike, source, priority);
        if let Some((position, change)) = change {
            let position = position % packet.payload.len();
            packet.payload[position] ^= change;
        }
        Some(packet)
    }
}

proptest! {
    #[test]
    fn a_router_does_what_its_model_does_whatever_it_is_told(
        config in good_config(),
        calls in prop::collection::vec(call(good_config()), 0..80),
    ) {
        prop_assert_eq!(config.validate(), Ok(()));
        let mut subject = Subject::new(&config);
        for call in &calls {
            let deeds = subject.tell(call);
            subject.model.compare(&subject.router, &deeds);
        }
    }

    #[test]
    fn a_member_of_a_group_does_what_its_model_does_whatever_the_group_says(
        config in good_config(),
        calls in prop::collection::vec(call_in_group(good_config()), 0..80),
    ) {
        let mut subject = Subject::new(&config);
        for call in std::iter::once(&Call::Join).chain(&calls) {
            let deeds = subject.tell(call);
            subject.model.compare(&subject.router, &deeds);
        }
    }

    /// What it does then is not described. The model is told, too, but its word does not count.
    #[test]
    fn a_router_keeps_to_its_bounds_however_it_is_configured(
        config in any_config(),
        calls in prop::collection::vec(call(any_config()), 0..80),
    ) {
        let mut subject = Subject::new(&config);
        for call in &calls {
            subject.tell(call);
        }
    }
}
