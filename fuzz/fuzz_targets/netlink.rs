//! What the kernel says: every message of a datagram, read in every way.

#![no_main]

use ka_netlink::message::Message;
use ka_netlink::{Address, Event, Link, Route, Rule};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|datagram: &[u8]| {
    for message in Message::iter(datagram) {
        let _ = Event::parse(&message);
        let _ = Link::parse(&message);
        let _ = Address::parse(&message);
        if let Some(route) = Route::parse(&message) {
            let _ = (route.key(), route.slot());
        }
        let _ = Rule::parse(&message);
        if let Some(route) = Route::parse(&message) {
            assert!(route.key().covers(&route));
        }
        let _ = Rule::parse(&message);
        let _ = message.answer();
        for attribute in message.attributes(0) {
            let _ = (
                attribute.u8(),
                attribute.u32(),
                attribute.text(),
                attribute.address(),
            );
            let _ = attribute.nested().count();
        }
    }
});
