use super::*;

fn records() -> Records {
    Records::from([Leftover::Address {
        interface: "eth0".to_owned(),
        address: [192, 0, 2, 1].into(),
    }])
}

const GOOD: &str = r#"{"layout":1,"addresses":[{"interface":"eth0","address":"192.0.2.1"}]}"#;

#[test]
fn what_is_written_is_read() {
    assert_eq!(parse(&text(&records()).unwrap()), Ok(records()));
    assert_eq!(parse(GOOD.as_bytes()), Ok(records()));
}

#[test]
fn a_half_written_or_newer_record_is_told_from_an_empty_one() {
    for end in 0..GOOD.len() {
        assert_eq!(parse(&GOOD.as_bytes()[..end]), Err(Flaw::Damaged));
    }
    assert_eq!(parse(b"[]"), Err(Flaw::Damaged));
    assert_eq!(parse(&[0xff; 64]), Err(Flaw::Damaged));
    let newer = br#"{"layout":3,"leases":{}}"#;
    assert_eq!(parse(newer), Err(Flaw::Layout(3)));
    let other = br#"{"layout":1,"addresses":[{"interface":"eth0","address":"somewhere"}]}"#;
    assert_eq!(parse(other), Err(Flaw::Damaged));
}

#[test]
fn routes_rules_and_settings_are_written_beside_the_addresses() {
    let mut route = ka_netlink::Route::new(ka_netlink::Prefix::new([10, 0, 0, 0].into(), 8));
    route.path.hop.interface = Some("eth0".to_owned());
    let rule = Rule::new(
        ka_netlink::IpFamily::V6,
        500,
        ka_netlink::RuleAction::Lookup { table: 100 },
    );
    let mut all = records();
    all.extend([
        Leftover::Route(route.key()),
        Leftover::Rule(rule),
        Leftover::Promotion {
            interface: "eth0".to_owned(),
        },
    ]);
    assert_eq!(parse(&text(&all).unwrap()), Ok(all.clone()));
    let mut said: Vec<String> = all.iter().map(ToString::to_string).collect();
    said.sort();
    assert_eq!(
        said,
        [
            "192.0.2.1 on eth0",
            "promote_secondaries of eth0",
            "route 10.0.0.0/8 dev eth0",
            "rule 500: from all lookup 100",
        ]
    );
    // What older versions read they can go on reading.
    assert_eq!(text(&records()).unwrap(), GOOD.as_bytes());
}
