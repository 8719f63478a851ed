use ka_vrrp::RouterConfig;

use super::*;

fn virtual_address(text: &str, prefix_len: u8) -> VirtualAddress {
    VirtualAddress {
        address: text.parse().unwrap(),
        prefix_len,
        interface: "eth0".into(),
        scope: 0,
        label: None,
        broadcast: None,
        peer: None,
        preferred_lifetime: None,
        no_dad: false,
        home: false,
        manage_temporary: false,
        no_prefix_route: false,
        auto_join: false,
    }
}

fn instance(name: &str, vrid: u8) -> InstanceConfig {
    let mut router = RouterConfig::new(vrid, Family::V4);
    router.addresses = vec![[192, 0, 2, 100].into()];
    InstanceConfig {
        name: name.into(),
        interface: "eth0".into(),
        dynamic_interface: false,
        source: None,
        group: [224, 0, 0, 18].into(),
        router,
        addresses: vec![virtual_address("192.0.2.100", 24)],
        tracks: Vec::new(),
    }
}

fn plan(instances: Vec<InstanceConfig>) -> Result<Plan, EngineError> {
    let config = EngineConfig {
        instances,
        ..EngineConfig::default()
    };
    Plan::new(config, |name| name == "eth0")
}

/// Why `VI_1` is invalid after `change`.
fn reason(change: impl FnOnce(&mut InstanceConfig)) -> String {
    let mut instance = instance("VI_1", 51);
    change(&mut instance);
    match plan(vec![instance]) {
        Err(EngineError::InvalidInstance { instance, reason }) => {
            assert_eq!(instance, "VI_1");
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_configuration_keeps_its_order() {
    let plan = plan(vec![instance("VI_1", 51), instance("VI_2", 52)]).unwrap();
    let names: Vec<&str> = plan
        .instances
        .iter()
        .map(|(_, planned)| &*planned.0.name)
        .collect();
    assert_eq!(names, ["VI_1", "VI_2"]);
    assert_eq!(plan.identities.len(), 2);
}

#[test]
fn values_that_do_not_fit_together_are_named() {
    assert!(reason(|i| i.router.vrid = 0).contains("virtual router identifier 0"));
    assert!(reason(|i| i.group = [192, 0, 2, 18].into()).contains("multicast group"));
    let group6 = "ff02::12".parse().unwrap();
    assert!(reason(|i| i.group = group6).contains("multicast group"));
    let source6 = "fe80::1".parse().unwrap();
    assert!(reason(|i| i.source = Some(source6)).contains("source address fe80::1"));
}

#[test]
fn addresses_that_no_kernel_carries_are_named() {
    let change = |change: fn(&mut VirtualAddress)| {
        let reason = reason(|instance| change(&mut instance.addresses[0]));
        assert!(reason.starts_with("192.0.2.100: "), "{reason}");
        reason
    };
    assert!(change(|a| a.prefix_len = 33).contains("prefix length 33"));
    assert!(change(|a| a.label = Some("sixteen octets..".into())).contains("label"));
    assert!(change(|a| a.label = Some("with space".into())).contains("label"));
    assert!(change(|a| a.broadcast = Some("::1".parse().unwrap())).contains("broadcast"));
    assert!(change(|a| a.peer = Some("::1".parse().unwrap())).contains("peer"));
    let six = |change: fn(&mut VirtualAddress)| {
        reason(|instance| {
            let mut address = virtual_address("2001:db8::1", 64);
            change(&mut address);
            instance.addresses.push(address);
        })
    };
    assert!(six(|a| a.prefix_len = 129).contains("prefix length 129"));
    assert!(six(|a| a.label = Some("eth0:1".into())).contains("label"));
    assert!(six(|a| a.broadcast = Some([192, 0, 2, 255].into())).contains("broadcast"));
}

#[test]
fn a_missing_interface_is_an_error_unless_it_may_come_later() {
    let mut missing = instance("VI_1", 51);
    missing.interface = "eth9".into();
    let mut of_address = instance("VI_2", 52);
    of_address.addresses[0].interface = "eth8".into();
    for (bad, name) in [(&missing, "eth9"), (&of_address, "eth8")] {
        match plan(vec![bad.clone()]) {
            Err(EngineError::MissingInterface {
                instance,
                interface,
            }) => {
                assert_eq!((instance.as_str(), interface.as_str()), (&*bad.name, name));
            }
            other => panic!("{other:?}"),
        }
    }
    missing.dynamic_interface = true;
    of_address.dynamic_interface = true;
    assert!(plan(vec![missing, of_address]).is_ok());
}

#[test]
fn one_virtual_router_cannot_be_there_twice() {
    match plan(vec![instance("VI_1", 51), instance("VI_2", 51)]) {
        Err(EngineError::DuplicateInstance {
            first,
            second,
            vrid: 51,
            interface,
        }) => {
            let told = [first.as_str(), second.as_str(), interface.as_str()];
            assert_eq!(told, ["VI_1", "VI_2", "eth0"]);
        }
        other => panic!("{other:?}"),
    }
    // Another family, interface or group makes another virtual router.
    let mut six = instance("VI_6", 51);
    six.router = RouterConfig::new(51, Family::V6);
    six.group = "ff02::12".parse().unwrap();
    let mut group = instance("VI_3", 51);
    group.group = [224, 0, 0, 19].into();
    let mut interface = instance("VI_4", 51);
    interface.interface = "eth1".into();
    interface.dynamic_interface = true;
    assert!(plan(vec![instance("VI_1", 51), six, group, interface]).is_ok());
}

#[test]
fn an_address_named_again_counts_once() {
    let mut twice = instance("VI_1", 51);
    twice.addresses.push(virtual_address("192.0.2.100", 24));
    twice.addresses.push(virtual_address("192.0.2.101", 32));
    let mut elsewhere = virtual_address("192.0.2.100", 32);
    elsewhere.interface = "eth0.5".into();
    twice.dynamic_interface = true;
    twice.addresses.push(elsewhere);
    let plan = plan(vec![twice]).unwrap();
    let addresses = &plan.instances[0].1.0.addresses;
    let told: Vec<String> = addresses
        .iter()
        .map(|a| format!("{}/{} {}", a.address, a.prefix_len, a.interface))
        .collect();
    assert_eq!(
        told,
        [
            "192.0.2.100/24 eth0",
            "192.0.2.101/32 eth0",
            "192.0.2.100/32 eth0.5"
        ]
    );
}

#[test]
fn an_address_with_two_meanings_on_one_interface_is_refused() {
    let mut label = virtual_address("192.0.2.100", 24);
    label.label = Some("eth0:vip".to_owned());
    for other in [virtual_address("192.0.2.100", 32), label] {
        let told = reason(|instance| instance.addresses.push(other));
        assert_eq!(
            told,
            "192.0.2.100 is listed twice on eth0, with different values"
        );
    }
}

#[test]
fn two_instances_of_one_name_are_refused() {
    match plan(vec![
        instance("VI_1", 51),
        instance("VI_2", 52),
        instance("VI_1", 53),
    ]) {
        Err(EngineError::DuplicateName { name }) => assert_eq!(name, "VI_1"),
        other => panic!("{other:?}"),
    }
}
