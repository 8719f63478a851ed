//! VRRP packets between the two ends of a veth pair.

mod support;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ka_sys::membership::Memberships;
use ka_sys::raw::{Carrier, Outgoing, PacketBatch, VridSet, VrrpReceiver, VrrpSender};
use ka_sys::{Errno, IpFamily};
use support::{eventually, in_namespace, ip, veth};

const GROUP4: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));
const GROUP6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12));
const SOURCE4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const SOURCE6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

/// A packet as it was received, with its VRID.
#[derive(Debug, PartialEq, Eq)]
struct Arrived {
    vrid: u8,
    source: IpAddr,
    destination: IpAddr,
    ifindex: u32,
    ttl: u8,
    truncated: bool,
    length: usize,
}

/// The two ends of a link: packets leave through `left` and arrive on `right`.
struct Link {
    family: IpFamily,
    left: u32,
    right: u32,
    sender: VrrpSender,
    receiver: VrrpReceiver,
    _memberships: Memberships,
}

impl Link {
    fn new(family: IpFamily) -> Self {
        let (left, right) = veth();
        // A route back to the source, for hosts whose default is to demand one.
        ip("addr add 192.0.2.2/24 dev right");
        let mut memberships = Memberships::new();
        for end in [left, right] {
            memberships.join(end, group(family)).unwrap();
        }
        Self {
            family,
            left,
            right,
            sender: VrrpSender::open(family).unwrap(),
            receiver: VrrpReceiver::open(family).unwrap(),
            _memberships: memberships,
        }
    }

    fn send(&mut self, packets: &[Vec<u8>]) -> Vec<Result<(), Errno>> {
        self.send_through(self.left, packets)
    }

    fn send_through(&mut self, ifindex: u32, packets: &[Vec<u8>]) -> Vec<Result<(), Errno>> {
        let destination = group(self.family);
        let outgoing = packets.iter().map(|packet| Outgoing {
            packet,
            destination,
            ifindex,
        });
        let outgoing: Vec<_> = outgoing.collect();
        let mut results = Vec::new();
        self.sender.send(&outgoing, &mut results);
        results
    }

    /// What arrives, up to the packet of VRID `last`.
    fn arrivals(&mut self, last: u8) -> Vec<Arrived> {
        let mut batch = PacketBatch::new();
        let mut arrived = Vec::new();
        eventually(|| {
            self.receiver.receive(&mut batch).unwrap();
            arrived.extend(batch.iter().map(|packet| Arrived {
                vrid: packet.bytes[offset(self.family, packet.bytes) + 1],
                source: packet.source,
                destination: packet.destination,
                ifindex: packet.ifindex,
                ttl: packet.ttl,
                truncated: packet.truncated,
                length: packet.bytes.len(),
            }));
            arrived.iter().any(|a| a.vrid == last).then_some(())
        });
        arrived
    }

    fn vrids(&mut self, last: u8) -> Vec<u8> {
        self.arrivals(last).iter().map(|a| a.vrid).collect()
    }
}

fn group(family: IpFamily) -> IpAddr {
    match family {
        IpFamily::V4 => GROUP4,
        IpFamily::V6 => GROUP6,
    }
}

/// Where the VRRP header starts in a received packet.
fn offset(family: IpFamily, bytes: &[u8]) -> usize {
    match family {
        IpFamily::V4 => usize::from(bytes[0] & 15) * 4,
        IpFamily::V6 => 0,
    }
}

/// A packet as the engine would send it, with `addresses` octets of addresses.
fn packet(family: IpFamily, vrid: u8, addresses: usize) -> Vec<u8> {
    let mut vrrp = vec![0x31, vrid, 100, 0, 0, 100, 0, 0];
    vrrp.resize(8 + addresses, 0);
    match family {
        IpFamily::V4 => {
            let length = (20 + vrrp.len()) as u16;
            let mut packet = vec![0x45, 0xc0];
            packet.extend(length.to_be_bytes());
            packet.extend([0, 1, 0, 0, 255, 112, 0, 0]);
            packet.extend(SOURCE4.octets());
            packet.extend([224, 0, 0, 18]);
            packet.extend(vrrp);
            packet
        }
        IpFamily::V6 => {
            let IpAddr::V6(group) = GROUP6 else {
                unreachable!()
            };
            let length = vrrp.len() as u16;
            let addresses = [SOURCE6.octets(), group.octets()].concat();
            let pseudo_header = [&length.to_be_bytes()[..], &[0, 112]].concat();
            let sum = checksum(&[&addresses[..], &pseudo_header, &vrrp].concat());
            vrrp[6..8].copy_from_slice(&sum.to_be_bytes());
            let mut packet = vec![0x6c, 0, 0, 0];
            packet.extend(length.to_be_bytes());
            packet.extend([112, 255]);
            packet.extend(addresses);
            packet.extend(vrrp);
            packet
        }
    }
}

/// The Internet checksum (RFC 1071) of an even number of octets.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks_exact(2);
    let sum: u32 = words
        .map(|w| u32::from(u16::from_be_bytes([w[0], w[1]])))
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}

fn both(test: fn(IpFamily)) {
    // Where the first is skipped, one line says so.
    let _ = in_namespace(move || test(IpFamily::V4)) && in_namespace(move || test(IpFamily::V6));
}

#[test]
fn a_packet_arrives_with_its_addresses_interface_and_ttl() {
    both(|family| {
        let mut link = Link::new(family);
        link.receiver
            .set_vrid_filter(&VridSet::from_iter([7]))
            .unwrap();
        assert_eq!(link.send(&[packet(family, 7, 16)]), [Ok(())]);
        let (source, length) = match family {
            IpFamily::V4 => (IpAddr::V4(SOURCE4), 20 + 8 + 16),
            IpFamily::V6 => (IpAddr::V6(SOURCE6), 8 + 16),
        };
        // Once: the left end is in the group too, but does not hear itself.
        assert_eq!(
            link.arrivals(7),
            [Arrived {
                vrid: 7,
                source,
                destination: group(family),
                ifindex: link.right,
                ttl: 255,
                truncated: false,
                length,
            }]
        );
        let mut batch = PacketBatch::new();
        assert_eq!(link.receiver.receive(&mut batch).unwrap(), 0);
        assert!(batch.is_empty());
        assert_eq!(link.receiver.dropped(), 0);
    });
}

/// A VRRPv2 packet with an authentication header in front of it, and IP options as asked for.
fn with_header(vrid: u8, options: usize) -> Vec<u8> {
    let plain = packet(IpFamily::V4, vrid, 4);
    let (ip, vrrp) = plain.split_at(20);
    let mut packet = ip.to_vec();
    packet[0] += (options / 4) as u8;
    packet[9] = Carrier::AuthenticationHeader.protocol();
    // No operation.
    packet.resize(20 + options, 1);
    packet.extend([112, 4, 0, 0]);
    packet.resize(20 + options + 24, 0xee);
    packet.extend(vrrp);
    let length = packet.len() as u16;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    packet
}

#[test]
fn packets_with_an_authentication_header_have_a_socket_of_their_own() {
    in_namespace(|| {
        let mut link = Link::new(IpFamily::V4);
        let mut headers = VrrpReceiver::open_for(Carrier::AuthenticationHeader).unwrap();
        assert_eq!(headers.family(), IpFamily::V4);
        for receiver in [&mut link.receiver, &mut headers] {
            receiver
                .set_vrid_filter(&VridSet::from_iter([7, 8]))
                .unwrap();
        }
        let cut = {
            let mut cut = with_header(7, 0);
            cut.truncate(20 + 24 + 1);
            let length = cut.len() as u16;
            cut[2..4].copy_from_slice(&length.to_be_bytes());
            cut
        };
        let packets = [
            with_header(7, 0),
            packet(IpFamily::V4, 7, 4),
            with_header(9, 0),
            cut,
            with_header(7, 8),
            with_header(8, 0),
            packet(IpFamily::V4, 8, 4),
        ];
        assert_eq!(link.send(&packets), [Ok(()); 7]);
        assert_eq!(link.vrids(8), [7, 8]);
        let mut batch = PacketBatch::new();
        let mut arrived = Vec::new();
        eventually(|| {
            headers.receive(&mut batch).unwrap();
            arrived.extend(batch.iter().map(|packet| {
                let start = usize::from(packet.bytes[0] & 15) * 4;
                assert_eq!(packet.ifindex, link.right);
                assert_eq!(packet.bytes[start..start + 2], [112, 4]);
                (packet.bytes[start + 24 + 1], start)
            }));
            arrived.iter().any(|(vrid, _)| *vrid == 8).then_some(())
        });
        // Behind options too, and nothing of another VRID nor of none.
        assert_eq!(arrived, [(7, 20), (7, 28), (8, 20)]);
    });
}

#[test]
fn the_filter_keeps_exactly_the_wanted_vrids_and_can_be_replaced() {
    both(|family| {
        let mut link = Link::new(family);
        let every: Vec<_> = (0..=255).map(|vrid| packet(family, vrid, 4)).collect();
        // 255 marks the end of what was sent.
        let sets = [
            vec![0, 1, 31, 32, 33, 63, 64, 127, 128, 200, 223, 224, 254, 255],
            vec![2, 30, 65, 96, 160, 192, 255],
            (0..=255).collect(),
            vec![255],
        ];
        for set in sets {
            let vrids = VridSet::from_iter(set.iter().copied());
            link.receiver.set_vrid_filter(&vrids).unwrap();
            assert_eq!(link.send(&every), vec![Ok(()); 256]);
            assert_eq!(link.vrids(255), set);
        }
    });
}

#[test]
fn nothing_is_kept_before_the_first_filter() {
    both(|family| {
        let mut link = Link::new(family);
        assert_eq!(link.send(&[packet(family, 7, 4)]), [Ok(())]);
        link.receiver
            .set_vrid_filter(&VridSet::from_iter([7, 8]))
            .unwrap();
        assert_eq!(link.send(&[packet(family, 8, 4)]), [Ok(())]);
        assert_eq!(link.vrids(8), [8]);
    });
}

#[test]
fn the_ipv4_filter_finds_the_vrid_behind_ip_options() {
    in_namespace(|| {
        let mut link = Link::new(IpFamily::V4);
        link.receiver
            .set_vrid_filter(&VridSet::from_iter([9]))
            .unwrap();
        let with_options = |vrid| {
            let mut packet = packet(IpFamily::V4, vrid, 4);
            packet.splice(20..20, [1, 1, 1, 0]);
            packet[0] = 0x46;
            packet[3] += 4;
            packet
        };
        link.send(&[with_options(49), with_options(9)]);
        assert_eq!(link.vrids(9), [9]);
    });
}

#[test]
fn a_packet_without_a_vrid_is_dropped() {
    both(|family| {
        let mut link = Link::new(family);
        let vrids = VridSet::from_iter(0..=255);
        link.receiver.set_vrid_filter(&vrids).unwrap();
        let mut short = packet(family, 5, 0);
        match family {
            IpFamily::V4 => {
                short.truncate(21);
                short[3] = 21;
            }
            IpFamily::V6 => {
                short.truncate(41);
                short[5] = 1;
            }
        }
        link.send(&[short, packet(family, 6, 0)]);
        assert_eq!(link.vrids(6), [6]);
    });
}

#[test]
fn the_kernel_drops_ipv6_packets_with_a_wrong_checksum() {
    in_namespace(|| {
        let family = IpFamily::V6;
        let mut link = Link::new(family);
        link.receiver
            .set_vrid_filter(&VridSet::from_iter([3, 4]))
            .unwrap();
        let mut wrong = packet(family, 3, 16);
        wrong[46] ^= 0x40;
        link.send(&[wrong, packet(family, 4, 16)]);
        assert_eq!(link.vrids(4), [4]);
    });
}

#[test]
fn a_failing_packet_does_not_stop_those_behind_it() {
    both(|family| {
        let mut link = Link::new(family);
        link.receiver
            .set_vrid_filter(&VridSet::from_iter([1, 3]))
            .unwrap();
        let packets: Vec<_> = [1, 2, 3].map(|vrid| packet(family, vrid, 4)).into();
        let outgoing: Vec<_> = packets
            .iter()
            .zip([link.left, 4_000, link.left])
            .map(|(packet, ifindex)| Outgoing {
                packet,
                destination: group(family),
                ifindex,
            })
            .collect();
        let mut results = Vec::new();
        link.sender.send(&outgoing, &mut results);
        assert_eq!(results.len(), 3);
        assert_eq!((results[0], results[2]), (Ok(()), Ok(())));
        let errno = results[1].unwrap_err();
        assert!([Errno::NODEV, Errno::NXIO].contains(&errno), "{errno:?}");
        assert_eq!(link.vrids(3), [1, 3]);
    });
}

#[test]
fn a_packet_longer_than_any_advertisement_is_marked() {
    both(|family| {
        let mut link = Link::new(family);
        for end in ["left", "right"] {
            ip(&format!("link set {end} mtu 9000"));
        }
        link.receiver
            .set_vrid_filter(&VridSet::from_iter([1, 2]))
            .unwrap();
        // Rounding to what one IPv6 advertisement holds at most: 255 addresses.
        let results = link.send(&[packet(family, 1, 255 * 16), packet(family, 2, 6_000)]);
        assert_eq!(results, [Ok(()), Ok(())]);
        let arrived = link.arrivals(2);
        let truncated: Vec<_> = arrived.iter().map(|a| a.truncated).collect();
        assert_eq!(truncated, [false, true]);
    });
}

#[test]
fn a_unicast_packet_finds_its_way_without_an_interface() {
    in_namespace(|| {
        ip("link set lo up");
        ip("addr add 192.0.2.1/32 dev lo");
        let mut receiver = VrrpReceiver::open(IpFamily::V4).unwrap();
        receiver.set_vrid_filter(&VridSet::from_iter([7])).unwrap();
        let mut packet = packet(IpFamily::V4, 7, 4);
        packet[16..20].copy_from_slice(&SOURCE4.octets());
        let outgoing = Outgoing {
            packet: &packet,
            destination: SOURCE4.into(),
            ifindex: 0,
        };
        let mut results = Vec::new();
        VrrpSender::open(IpFamily::V4)
            .unwrap()
            .send(&[outgoing], &mut results);
        assert_eq!(results, [Ok(())]);
        let mut batch = PacketBatch::new();
        eventually(|| (receiver.receive(&mut batch).unwrap() == 1).then_some(()));
        let received = batch.iter().next().unwrap();
        assert_eq!(received.destination, IpAddr::V4(SOURCE4));
        assert_eq!(received.source, IpAddr::V4(SOURCE4));
    });
}

/// `packet` to `destination`, from `source`.
fn readdressed(mut packet: Vec<u8>, source: IpAddr, destination: IpAddr) -> Vec<u8> {
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            packet[12..16].copy_from_slice(&source.octets());
            packet[16..20].copy_from_slice(&destination.octets());
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            packet[8..24].copy_from_slice(&source.octets());
            packet[24..40].copy_from_slice(&destination.octets());
        }
        _ => panic!("two families"),
    }
    packet
}

#[test]
fn the_route_of_a_unicast_packet_may_depend_on_its_source() {
    both(|family| {
        let (left, _) = veth();
        let [source, other, destination]: [IpAddr; 3] = match family {
            IpFamily::V4 => ["198.51.100.1", "198.51.100.2", "203.0.113.9"],
            IpFamily::V6 => ["2001:db8::1", "2001:db8::2", "2001:db8:9::9"],
        }
        .map(|text| text.parse().unwrap());
        let number = match family {
            IpFamily::V4 => "-4",
            IpFamily::V6 => "-6",
        };
        ip(&format!("{number} rule add from {source} lookup 100"));
        ip(&format!(
            "{number} route add {destination} dev left table 100"
        ));
        let mut sender = VrrpSender::open(family).unwrap();
        let mut results = Vec::new();
        // Whether the source is an address of this host does not matter.
        for (source, ifindex) in [(source, 0), (source, left), (other, 0)] {
            let packet = readdressed(packet(family, 7, 4), source, destination);
            let outgoing = Outgoing {
                packet: &packet,
                destination,
                ifindex,
            };
            sender.send(&[outgoing], &mut results);
        }
        assert_eq!(results, [Ok(()), Ok(()), Err(Errno::NETUNREACH)]);
    });
}

#[test]
fn more_packets_than_a_batch_holds_are_read_in_order() {
    both(|family| {
        let mut link = Link::new(family);
        let vrids = VridSet::from_iter(0..=255);
        link.receiver.set_vrid_filter(&vrids).unwrap();
        let packets: Vec<_> = (0..200).map(|vrid| packet(family, vrid, 4)).collect();
        assert_eq!(link.send(&packets), vec![Ok(()); 200]);
        assert_eq!(link.vrids(199), (0..200).collect::<Vec<u8>>());
    });
}

#[test]
fn packets_that_find_no_room_are_counted() {
    in_namespace(|| {
        let mut link = Link::new(IpFamily::V4);
        let vrids = VridSet::from_iter([1, 2]);
        link.receiver.set_vrid_filter(&vrids).unwrap();
        let burst = vec![packet(IpFamily::V4, 1, 4); 1_000];
        // The buffer holds 8 MiB, 16 as the kernel counts, of at least 256 octets each.
        let mut sent = 0;
        while sent < 80_000 {
            sent += link.send(&burst).iter().filter(|r| r.is_ok()).count();
        }
        let mut batch = PacketBatch::new();
        let mut received = 0;
        while link.receiver.receive(&mut batch).unwrap() > 0 {
            received += batch.len();
        }
        assert!(received > 0 && received < sent);
        // The counter comes with the next packet that finds room.
        link.send(&[packet(IpFamily::V4, 2, 4)]);
        link.arrivals(2);
        let dropped = link.receiver.dropped() as usize;
        assert!(dropped > 0 && dropped <= sent - received, "{dropped}");
    });
}

#[test]
fn the_room_for_packets_grows_on_demand_and_never_below_what_a_new_socket_has() {
    both(|family| {
        let size = |receiver: &VrrpReceiver| {
            rustix::net::sockopt::socket_recv_buffer_size(receiver).expect("a socket")
        };
        let mut receiver = VrrpReceiver::open(family).expect("a raw socket");
        let least = size(&receiver);
        receiver.set_room(0).expect("it is large enough");
        assert_eq!(size(&receiver), least);
        // The kernel doubles what it is asked for.
        receiver.set_room(32 << 20).expect("CAP_NET_ADMIN");
        assert_eq!(size(&receiver), 64 << 20);
        receiver.set_room(usize::MAX).expect("CAP_NET_ADMIN");
        assert!(size(&receiver) >= 1 << 30);
        receiver.set_room(1).expect("CAP_NET_ADMIN");
        assert_eq!(size(&receiver), least);
    });
}
