use std::net::IpAddr;

use super::*;
use crate::interfaces::Interfaces;

const MS: Duration = Duration::from_millis(1);

/// Three interfaces, and what was announced when.
struct Bench {
    start: Instant,
    interfaces: Interfaces,
    ids: Vec<InterfaceId>,
    pacer: Pacer,
}

impl Bench {
    fn new(config: &GarpPacing) -> Self {
        let mut interfaces = Interfaces::default();
        let ids = ["eth0", "eth1", "eth2"].map(|name| interfaces.intern(&Arc::from(name)));
        let mut bench = Self {
            start: Instant::now(),
            interfaces,
            ids: ids.to_vec(),
            pacer: Pacer::default(),
        };
        bench.configure(config, 0);
        bench
    }

    fn configure(&mut self, config: &GarpPacing, at: u64) {
        let interfaces = &self.interfaces;
        let now = self.start + MS * u32::try_from(at).unwrap();
        self.pacer
            .configure(config, |id| &interfaces.at(id).name, now);
    }

    fn key(&self, interface: usize, address: &str) -> AddressKey {
        AddressKey {
            interface: self.ids[interface],
            address: address.parse::<IpAddr>().unwrap(),
        }
    }

    fn want(&mut self, interface: usize, address: &str, count: u32, at: u64) {
        let key = self.key(interface, address);
        let name = Arc::clone(&self.interfaces.at(key.interface).name);
        let now = self.start + MS * u32::try_from(at).unwrap();
        self.pacer.want(key, &name, count, now);
    }

    /// Announces what may be until `until`: the millisecond, the interface and the last octet of each.
    fn run(&mut self, until: u64) -> Vec<(u128, usize, String)> {
        let mut announced = Vec::new();
        while let Some(at) = self.pacer.poll_timeout()
            && at <= self.start + MS * u32::try_from(until).unwrap()
        {
            while let Some((lane, key)) = self.pacer.next(at) {
                self.pacer.done(lane, key, true, at);
                let interface = self.ids.iter().position(|id| *id == key.interface);
                let text = key.address.to_string();
                let last = text.rsplit(['.', ':']).next().unwrap().to_owned();
                announced.push(((at - self.start).as_millis(), interface.unwrap(), last));
            }
        }
        announced
    }
}

fn told(list: &[(u128, usize, &str)]) -> Vec<(u128, usize, String)> {
    let owned = |&(at, interface, last): &(u128, usize, &str)| (at, interface, last.to_owned());
    list.iter().map(owned).collect()
}

fn ten_ms() -> GarpPacing {
    GarpPacing {
        garp_interval: 10 * MS,
        gna_interval: 4 * MS,
        groups: Vec::new(),
    }
}

#[test]
fn addresses_take_turns_one_in_each_interval() {
    let mut bench = Bench::new(&ten_ms());
    bench.want(0, "192.0.2.1", 3, 0);
    bench.want(0, "192.0.2.2", 1, 0);
    bench.want(0, "192.0.2.3", 2, 0);
    let expected = [
        (0, 0, "1"),
        (10, 0, "2"),
        (20, 0, "3"),
        (30, 0, "1"),
        (40, 0, "3"),
        (50, 0, "1"),
    ];
    assert_eq!(bench.run(1000), told(&expected));
    assert_eq!(bench.pacer.poll_timeout(), None);
    // Not sooner than an interval after the last one.
    bench.want(0, "192.0.2.9", 1, 55);
    bench.want(0, "192.0.2.9", 1, 56);
    assert_eq!(bench.run(1000), told(&[(60, 0, "9")]));
    bench.want(0, "192.0.2.9", 1, 500);
    assert_eq!(bench.run(1000), told(&[(500, 0, "9")]));
}

#[test]
fn what_waits_already_is_among_what_is_wanted() {
    let mut bench = Bench::new(&ten_ms());
    for _ in 0..1000 {
        bench.want(0, "192.0.2.1", 3, 0);
        bench.want(0, "192.0.2.1", 2, 0);
    }
    assert_eq!(bench.run(1000).len(), 3);
}

#[test]
fn interfaces_and_kinds_do_not_wait_for_each_other() {
    let mut bench = Bench::new(&ten_ms());
    bench.want(0, "192.0.2.1", 2, 0);
    bench.want(1, "192.0.2.1", 2, 0);
    bench.want(0, "2001:db8::1", 2, 0);
    let mut announced = bench.run(1000);
    announced.sort();
    let expected = [
        (0, 0, "1"),
        (0, 0, "1"),
        (0, 1, "1"),
        (4, 0, "1"),
        (10, 0, "1"),
        (10, 1, "1"),
    ];
    assert_eq!(announced, told(&expected));
}

#[test]
fn a_group_shares_its_limit_and_knows_no_other() {
    let mut config = ten_ms();
    config.groups.push(GarpGroup {
        interfaces: vec!["eth1".into(), "eth2".into()],
        garp_interval: 7 * MS,
        gna_interval: Duration::ZERO,
    });
    let mut bench = Bench::new(&config);
    bench.want(1, "192.0.2.1", 2, 0);
    bench.want(2, "192.0.2.2", 1, 0);
    assert_eq!(
        bench.run(1000),
        told(&[(0, 1, "1"), (7, 2, "2"), (14, 1, "1")])
    );
    let key = bench.key(1, "2001:db8::1");
    assert!(!bench.pacer.limits(key, &Arc::from("eth1")));
    let key = bench.key(0, "2001:db8::1");
    assert!(bench.pacer.limits(key, &Arc::from("eth0")));
}

#[test]
fn what_is_cancelled_or_given_up_takes_no_time() {
    let mut bench = Bench::new(&ten_ms());
    for last in 1..=4 {
        bench.want(0, &format!("192.0.2.{last}"), 5, 0);
    }
    let gone = [bench.key(0, "192.0.2.2"), bench.key(0, "192.0.2.4")];
    bench.pacer.cancel(gone[0]);
    bench.pacer.cancel(gone[1]);
    let (lane, first) = bench.pacer.next(bench.start).unwrap();
    bench.pacer.done(lane, first, false, bench.start);
    let announced = bench.run(1000);
    let expected: Vec<_> = (0..5).map(|n| (n * 10, 0, "3".to_owned())).collect();
    assert_eq!(announced, expected);
}

#[test]
fn a_lane_that_was_emptied_goes_on_at_its_pace() {
    let mut bench = Bench::new(&ten_ms());
    bench.want(0, "192.0.2.1", 2, 0);
    assert_eq!(bench.run(0), told(&[(0, 0, "1")]));
    let key = bench.key(0, "192.0.2.1");
    for _ in 0..10 {
        bench.pacer.cancel(key);
        bench.want(0, "192.0.2.1", 1, 3);
    }
    assert_eq!(bench.run(1000), told(&[(10, 0, "1")]));
}

#[test]
fn what_waits_outlives_a_reload_under_the_new_limits() {
    let mut bench = Bench::new(&ten_ms());
    bench.want(0, "192.0.2.1", 2, 0);
    bench.want(0, "192.0.2.2", 2, 0);
    assert_eq!(bench.run(5).len(), 1);
    bench.configure(
        &GarpPacing {
            garp_interval: 2 * MS,
            ..GarpPacing::default()
        },
        6,
    );
    assert_eq!(
        bench.run(1000),
        told(&[(6, 0, "2"), (8, 0, "1"), (10, 0, "2")])
    );
    bench.want(0, "192.0.2.1", 3, 100);
    bench.configure(&GarpPacing::default(), 100);
    assert_eq!(
        bench.run(1000),
        told(&[(100, 0, "1"), (100, 0, "1"), (100, 0, "1")])
    );
}

#[test]
fn microseconds_count() {
    let mut bench = Bench::new(&GarpPacing {
        garp_interval: Duration::from_micros(1500),
        ..GarpPacing::default()
    });
    bench.want(0, "192.0.2.1", 5, 0);
    let times: Vec<u128> = bench.run(1000).into_iter().map(|(at, _, _)| at).collect();
    assert_eq!(times, [0, 1, 3, 4, 6]);
}
