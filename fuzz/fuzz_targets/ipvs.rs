//! What the kernel says about IPVS: every message of a datagram, read in every way. What was read is asked for again, and read as it was.

#![no_main]

use ka_netlink::IpFamily;
use ka_netlink::ipvs::{
    DestinationStatus, IpvsChange, IpvsInfo, IpvsName, Service, ServiceKey, ServiceStatus,
    SyncDaemon, Timeouts,
};
use ka_netlink::message::{Batch, Message};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|datagram: &[u8]| {
    for message in Message::iter(datagram) {
        if let Some(ServiceStatus { service, .. }) = ServiceStatus::parse(&message) {
            let again = reread(IpvsChange::AddService(service), ServiceStatus::parse);
            assert_eq!(again.service, service);
            assert!(service.is_as_wanted(&service));
        }
        for family in [IpFamily::V4, IpFamily::V6] {
            let parse = |message: &Message<'_>| DestinationStatus::parse(message, family);
            if let Some(DestinationStatus { destination, .. }) = parse(&message) {
                let key = ServiceKey::Mark { family, mark: 1 };
                let scheduler = IpvsName::new("rr").expect("it is one");
                let add = IpvsChange::AddDestination {
                    service: Service::new(key, scheduler),
                    destination,
                };
                assert_eq!(reread(add, parse).destination, destination);
            }
        }
        if let Some(daemon) = SyncDaemon::parse(&message) {
            assert_eq!(
                reread(IpvsChange::AddDaemon(daemon), SyncDaemon::parse),
                daemon
            );
        }
        if let Some(timeouts) = Timeouts::parse(&message) {
            let again = reread(IpvsChange::SetTimeouts(timeouts), Timeouts::parse);
            assert_eq!(again, timeouts);
        }
        let _ = IpvsInfo::parse(&message).map(|info| info.to_string());
    }
});

/// What `parse` makes of the request for `change`, which has the form of an answer.
fn reread<T>(change: IpvsChange, parse: impl Fn(&Message<'_>) -> Option<T>) -> T {
    let _ = (change.to_string(), change.service(), change.destination());
    let mut batch = Batch::new();
    change.encode(&mut batch, 0x1c, 1);
    let message = Message::iter(batch.as_bytes()).next();
    message
        .and_then(|message| parse(&message))
        .expect("a request can be read")
}
