//! Unsolicited neighbor advertisements (RFC 4861 §4.4, §7.2.6) over Ethernet.

use std::net::Ipv6Addr;

use crate::checksum::Checksum;

/// Octets of a neighbor advertisement frame, without frame check sequence.
pub const FRAME_LEN: usize = 86;

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_NODES_MAC: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];
const ICMPV6: u8 = 58;
const NEIGHBOR_ADVERTISEMENT: u8 = 136;
const TARGET_LINK_LAYER_ADDRESS: u8 = 2;
const ROUTER: u8 = 0x80;
const OVERRIDE: u8 = 0x20;

/// Octets of the ICMPv6 message.
const MESSAGE_LEN: u8 = 32;

/// The frame that makes every neighbour send packets for `address` to `mac`.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   Type (136)  |    Code (0)   |          Checksum             |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |R|S|O|                     Reserved                            |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                       Target Address (16)                     |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |   Option (2)  |   Length (1)  | Target link-layer address (6) |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
///
/// Before it come the Ethernet header (to 33:33:00:00:00:01, from `mac`, type
/// 0x86dd) and the IPv6 header: traffic class and flow label 0, hop limit 255,
/// from `address` itself, to ff02::1. The O flag is set, the R flag when
/// `router` says that the sender forwards packets.
#[must_use]
pub fn unsolicited_advertisement(mac: [u8; 6], address: Ipv6Addr, router: bool) -> [u8; FRAME_LEN] {
    let mut frame = [0; FRAME_LEN];
    frame[0..6].copy_from_slice(&ALL_NODES_MAC);
    frame[6..12].copy_from_slice(&mac);
    frame[12..14].copy_from_slice(&[0x86, 0xdd]);

    frame[14] = 6 << 4;
    frame[19] = MESSAGE_LEN;
    frame[20] = ICMPV6;
    frame[21] = 255;
    frame[22..38].copy_from_slice(&address.octets());
    frame[38..54].copy_from_slice(&ALL_NODES.octets());

    frame[54] = NEIGHBOR_ADVERTISEMENT;
    frame[58] = if router { ROUTER | OVERRIDE } else { OVERRIDE };
    frame[62..78].copy_from_slice(&address.octets());
    frame[78..80].copy_from_slice(&[TARGET_LINK_LAYER_ADDRESS, 1]);
    frame[80..86].copy_from_slice(&mac);

    let checksum = Checksum::pseudo_header_v6(address, ALL_NODES, ICMPV6, u32::from(MESSAGE_LEN))
        .cover(&frame[54..86])
        .finish();
    frame[56..58].copy_from_slice(&checksum.to_be_bytes());
    frame
}
