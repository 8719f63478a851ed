use std::sync::Arc;

use ka_netlink::InterfaceName;
use rustix::event::{EventfdFlags, eventfd};

use super::*;

fn config(roles: DaemonRoles, ttl: Option<u8>) -> Vec<SyncDaemonConfig> {
    let interface = InterfaceName::new("eth0").unwrap();
    let daemon = SyncDaemon {
        ttl,
        ..SyncDaemon::new(SyncRole::Backup, interface, 51)
    };
    vec![SyncDaemonConfig { roles, daemon }]
}

fn roles() -> SyncRoles {
    let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
    SyncRoles::new(Arc::new(eventfd(0, flags).unwrap()))
}

/// Carries everything out, and says what.
fn settle(daemons: &mut Daemons, roles: &SyncRoles) -> Vec<String> {
    let now = Instant::now();
    let mut said = Vec::new();
    while let Some(change) = daemons.next(roles, now) {
        said.push(change.to_string());
        assert_eq!(daemons.outcome(&change, &Ok(()), now), None);
    }
    said
}

#[test]
fn a_daemon_that_follows_ends_in_one_role_before_it_starts_in_the_other() {
    let (mut daemons, roles) = (Daemons::default(), roles());
    daemons.configure(config(DaemonRoles::Follows, None), Some((&[], &[])));
    let start_backup = "start backup sync daemon on eth0";
    assert_eq!(settle(&mut daemons, &roles), [start_backup]);
    roles.set(0, true);
    let to_master = [
        "stop backup sync daemon",
        "start master sync daemon on eth0",
    ];
    assert_eq!(settle(&mut daemons, &roles), to_master);
    // A reload that changes nothing.
    daemons.configure(config(DaemonRoles::Follows, None), None);
    assert!(settle(&mut daemons, &roles).is_empty());
    // And one that changes a parameter, which comes to nothing but that.
    daemons.configure(config(DaemonRoles::Follows, Some(4)), None);
    let restart = [
        "stop master sync daemon",
        "start master sync daemon on eth0",
    ];
    assert_eq!(settle(&mut daemons, &roles), restart);
    roles.set(0, false);
    let to_backup = ["stop master sync daemon", start_backup];
    assert_eq!(settle(&mut daemons, &roles), to_backup);
    daemons.end();
    assert_eq!(settle(&mut daemons, &roles), ["stop backup sync daemon"]);
}

#[test]
fn without_an_instance_both_run() {
    let (mut daemons, roles) = (Daemons::default(), roles());
    daemons.configure(config(DaemonRoles::Both, None), Some((&[], &[])));
    let both = [
        "start master sync daemon on eth0",
        "start backup sync daemon on eth0",
    ];
    assert_eq!(settle(&mut daemons, &roles), both);
    assert_eq!(daemons.records().len(), 2);
    // Somebody has ended one.
    let running: Vec<SyncDaemon> = daemons.running().collect();
    daemons.found(&running[..1]);
    assert_eq!(settle(&mut daemons, &roles), both[1..]);
    daemons.configure(Vec::new(), None);
    let end = ["stop master sync daemon", "stop backup sync daemon"];
    assert_eq!(settle(&mut daemons, &roles), end);
    assert!(daemons.records().is_empty());
}

#[test]
fn one_that_runs_as_wanted_goes_on_and_one_of_others_stays() {
    let (mut daemons, roles) = (Daemons::default(), roles());
    let wanted = config(DaemonRoles::Backup, Some(3));
    // As the kernel describes it, with what it chose.
    let backup = SyncDaemon {
        maxlen: Some(1472),
        port: Some(8848),
        ..wanted[0].daemon
    };
    let master = SyncDaemon {
        role: SyncRole::Master,
        id: 7,
        ..backup
    };
    daemons.configure(wanted, Some((&[backup, master], &[])));
    assert!(settle(&mut daemons, &roles).is_empty());
    // One that is recorded goes.
    let mut daemons = Daemons::default();
    let recorded = [record(SyncRole::Master, 7)];
    daemons.configure(Vec::new(), Some((&[backup, master], &recorded)));
    assert_eq!(settle(&mut daemons, &roles), ["stop master sync daemon"]);
}

#[test]
fn a_refusal_is_told_once_and_one_in_the_way_is_ended() {
    let (mut daemons, roles) = (Daemons::default(), roles());
    daemons.configure(config(DaemonRoles::Master, None), Some((&[], &[])));
    let mut now = Instant::now();
    let refuse = |errno| {
        Err(ChangeError::Refused {
            errno,
            message: None,
        })
    };
    for is_told in [true, false] {
        let change = daemons.next(&roles, now).unwrap();
        let told = daemons.outcome(&change, &refuse(Errno::NODEV), now);
        assert_eq!(told.is_some(), is_told);
        assert_eq!(daemons.next(&roles, now), None);
        now = daemons.next_retry(now).unwrap();
    }
    let change = daemons.next(&roles, now).unwrap();
    let told = daemons.outcome(&change, &refuse(Errno::EXIST), now);
    assert!(told.is_some());
    now = daemons.next_retry(now).unwrap();
    let removal = daemons.next(&roles, now).unwrap();
    assert_eq!(removal.to_string(), "stop master sync daemon");
    // It has gone by itself meanwhile.
    let gone = daemons.outcome(&removal, &refuse(Errno::SRCH), now);
    assert_eq!(gone, None);
    let addition = daemons.next(&roles, now).unwrap();
    assert_eq!(addition.to_string(), "start master sync daemon on eth0");
}

#[test]
fn what_is_not_acknowledged_is_told_by_what_runs() {
    let daemon = config(DaemonRoles::Backup, Some(2)).remove(0).daemon;
    let master = SyncDaemon {
        role: SyncRole::Master,
        ..daemon
    };
    let role = daemon.role;
    let removal = IpvsChange::RemoveDaemon { role, id: 51 };
    assert!(is_done(&removal, &[]));
    assert!(is_done(&removal, &[master]));
    assert!(!is_done(&removal, &[master, daemon]));
    let addition = IpvsChange::AddDaemon(daemon);
    assert!(is_done(&addition, &[daemon]));
    assert!(!is_done(&addition, &[master]));
}
