use std::net::{Ipv4Addr, Ipv6Addr};

use super::*;

fn v4() -> RouterConfig {
    RouterConfig {
        addresses: vec![Ipv4Addr::new(192, 0, 2, 100).into()],
        ..RouterConfig::new(51, Family::V4)
    }
}

fn v3() -> RouterConfig {
    RouterConfig {
        version: Version::V3,
        ..v4()
    }
}

#[test]
fn defaults_are_keepaliveds() {
    let v4 = RouterConfig::new(1, Family::V4);
    assert_eq!(v4.version, Version::V2);
    assert_eq!(RouterConfig::new(1, Family::V6).version, Version::V3);
    assert_eq!(v4.priority, 100);
    assert_eq!(v4.advertisement_interval, Duration::from_secs(1));
    assert_eq!(v4.down_timer_adverts, 3);
    assert!(v4.preempt_mode);
    assert_eq!(v4.garp.master_delay, Duration::from_secs(5));
    assert_eq!(v4.garp.master_repeat, 5);
    assert_eq!(v4.garp.master_refresh, Duration::ZERO);
    assert_eq!(v4.validate(), Ok(()));
}

#[test]
fn intervals_are_whole_units_of_the_version() {
    let validate = |base: RouterConfig, milliseconds| {
        let config = RouterConfig {
            advertisement_interval: Duration::from_millis(milliseconds),
            ..base
        };
        config.validate().is_ok()
    };
    for milliseconds in [1000, 2000, 255_000] {
        assert!(validate(v4(), milliseconds), "{milliseconds} ms");
    }
    for milliseconds in [0, 10, 500, 1500, 256_000] {
        assert!(!validate(v4(), milliseconds), "{milliseconds} ms");
    }
    for milliseconds in [10, 20, 1000, 40_950] {
        assert!(validate(v3(), milliseconds), "{milliseconds} ms");
    }
    for milliseconds in [0, 1, 15, 40_951, 40_960, 41_000] {
        assert!(!validate(v3(), milliseconds), "{milliseconds} ms");
    }
}

#[test]
fn every_mistake_has_its_error() {
    let seconds = Duration::from_secs;
    let garp = GarpConfig::default();
    let v6_address: IpAddr = Ipv6Addr::LOCALHOST.into();
    let cases = [
        (RouterConfig { vrid: 0, ..v4() }, ConfigError::Vrid),
        (
            RouterConfig {
                priority: 0,
                ..v4()
            },
            ConfigError::Priority,
        ),
        (
            RouterConfig {
                down_timer_adverts: 0,
                ..v4()
            },
            ConfigError::DownTimerAdverts { adverts: 0 },
        ),
        (
            RouterConfig {
                down_timer_adverts: 101,
                ..v4()
            },
            ConfigError::DownTimerAdverts { adverts: 101 },
        ),
        (
            RouterConfig {
                priority: 255,
                preempt_mode: false,
                ..v4()
            },
            ConfigError::MasterWithoutPreemption,
        ),
        (
            RouterConfig {
                initial_state: Some(InitialState::Master),
                preempt_mode: false,
                ..v4()
            },
            ConfigError::MasterWithoutPreemption,
        ),
        (
            RouterConfig {
                preempt_delay: seconds(1001),
                ..v4()
            },
            ConfigError::PreemptDelay {
                delay: seconds(1001),
            },
        ),
        (
            RouterConfig {
                preempt_delay: seconds(1),
                preempt_mode: false,
                ..v4()
            },
            ConfigError::UselessPreemptDelay,
        ),
        (
            RouterConfig {
                preempt_delay: seconds(1),
                initial_state: Some(InitialState::Master),
                ..v4()
            },
            ConfigError::UselessPreemptDelay,
        ),
        (
            RouterConfig {
                preempt_delay: seconds(1),
                priority: 255,
                ..v4()
            },
            ConfigError::UselessPreemptDelay,
        ),
        (
            RouterConfig {
                timer_expired_backup: Some(255),
                preempt_mode: false,
                ..v4()
            },
            ConfigError::TimerExpiredPriority,
        ),
        (
            RouterConfig {
                timer_expired_backup: Some(0),
                preempt_mode: false,
                ..v4()
            },
            ConfigError::TimerExpiredPriority,
        ),
        (
            RouterConfig {
                timer_expired_backup: Some(254),
                ..v4()
            },
            ConfigError::TimerExpiredWithPreemption,
        ),
        (
            RouterConfig {
                authentication: Authentication::pass("s3cret"),
                ..v3()
            },
            ConfigError::Authentication,
        ),
        (
            RouterConfig {
                authentication: Authentication::pass("s3cret"),
                version: Version::V2,
                ..RouterConfig::new(1, Family::V6)
            },
            ConfigError::Authentication,
        ),
        (
            RouterConfig {
                addresses: vec![Ipv4Addr::LOCALHOST.into(); 256],
                ..v4()
            },
            ConfigError::TooManyAddresses { count: 256 },
        ),
        (
            RouterConfig {
                addresses: vec![Ipv4Addr::LOCALHOST.into(), v6_address],
                ..v4()
            },
            ConfigError::AddressFamily {
                address: v6_address,
            },
        ),
        (
            RouterConfig {
                garp: GarpConfig {
                    master_repeat: 0,
                    ..garp
                },
                ..v4()
            },
            ConfigError::GarpRepeat,
        ),
        (
            RouterConfig {
                garp: GarpConfig {
                    master_refresh_repeat: 0,
                    ..garp
                },
                ..v4()
            },
            ConfigError::GarpRepeat,
        ),
        (
            RouterConfig {
                garp: GarpConfig {
                    master_delay: seconds(4295),
                    ..garp
                },
                ..v4()
            },
            ConfigError::GarpTime {
                time: seconds(4295),
            },
        ),
        (
            RouterConfig {
                garp: GarpConfig {
                    extra_interfaces: seconds(86_401),
                    ..garp
                },
                ..v4()
            },
            ConfigError::GarpTime {
                time: seconds(86_401),
            },
        ),
    ];
    for (config, error) in cases {
        assert_eq!(config.validate(), Err(error));
    }
}

#[test]
fn limits_themselves_are_fine() {
    let config = RouterConfig {
        vrid: 255,
        priority: 254,
        initial_state: Some(InitialState::Backup),
        down_timer_adverts: 100,
        preempt_delay: Duration::from_secs(1000),
        authentication: Authentication::pass("s3cret"),
        addresses: vec![Ipv4Addr::LOCALHOST.into(); 255],
        garp: GarpConfig {
            extra_interfaces: Duration::from_secs(86_400),
            master_delay: Duration::from_secs(4294),
            master_repeat: u32::MAX,
            master_refresh: Duration::from_secs(u32::MAX.into()),
            master_refresh_repeat: 1,
            lower_prio_delay: Duration::ZERO,
            lower_prio_repeat: 0,
        },
        ..v4()
    };
    assert_eq!(config.validate(), Ok(()));
    // VRRPv2 over IPv6 is in no RFC, but keepalived can be made to speak it.
    let v2_over_v6 = RouterConfig {
        version: Version::V2,
        ..RouterConfig::new(1, Family::V6)
    };
    assert_eq!(v2_over_v6.validate(), Ok(()));
}

#[test]
fn a_password_is_not_in_debug_output() {
    let config = RouterConfig {
        authentication: Authentication::pass("s3cret"),
        ..v4()
    };
    assert!(!format!("{config:?}").contains("s3cret"));
}
