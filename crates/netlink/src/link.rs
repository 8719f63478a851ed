//! Interfaces (rtnetlink(7), RTM_NEWLINK).

use crate::message::{Batch, Message, NLM_F_DUMP, NLM_F_REQUEST, u16_at, u32_at};
use crate::name::InterfaceName;

pub(crate) const RTM_NEWLINK: u16 = 16;
pub(crate) const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;

/// `struct ifinfomsg`: family, padding, type (2), index (4), flags (4), change (4).
const IFINFOMSG: usize = 16;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_EXT_MASK: u16 = 29;
const IFLA_INFO_KIND: u16 = 1;
/// Leaves the statistics of IPv6 out of a dump.
const RTEXT_FILTER_SKIP_STATS: u32 = 8;

const IFF_UP: u32 = 0x1;
const IFF_LOOPBACK: u32 = 0x8;
const IFF_RUNNING: u32 = 0x40;
const IFF_NOARP: u32 = 0x80;
const IFF_MULTICAST: u32 = 0x1000;

/// An interface as the kernel describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its index, which no other interface has while this one exists.
    pub index: u32,
    /// Its name.
    pub name: InterfaceName,
    /// The largest packet it carries, in octets.
    pub mtu: u32,
    /// Its hardware address, where that has 6 octets.
    pub mac: Option<[u8; 6]>,
    /// It was set up by the administrator (IFF_UP).
    pub up: bool,
    /// It is up and has a carrier (IFF_RUNNING).
    pub running: bool,
    /// It is a loopback (IFF_LOOPBACK).
    pub loopback: bool,
    /// It has no ARP (IFF_NOARP).
    pub noarp: bool,
    /// It carries multicast (IFF_MULTICAST).
    pub multicast: bool,
    /// The index of the bridge, bond or VRF it belongs to.
    pub master: Option<u32>,
    /// The index of the interface it sits on (a macvlan's or VLAN's base) or of its
    /// other end; with a link in another namespace, an index there.
    pub link: Option<u32>,
    /// What kind of virtual interface it is, such as `macvlan`; a physical one has none.
    pub kind: Option<Box<str>>,
    /// The type of its hardware: 1 is Ethernet, 32 InfiniBand (ARPHRD_*).
    pub link_type: u16,
}

impl Link {
    /// Reads an RTM_NEWLINK or RTM_DELLINK message.
    ///
    /// `None` for other messages, for those of a bridge about its ports (their
    /// family is AF_BRIDGE, and the deletion means only that the port left), and
    /// where index or name is missing.
    #[must_use]
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        let [RTM_NEWLINK | RTM_DELLINK, 0] = [message.kind, u16::from(*message.payload.first()?)]
        else {
            return None;
        };
        let flags = u32_at(message.payload, 8)?;
        let has = |flag: u32| flags & flag != 0;
        let mut name = None;
        let mut link = Self {
            index: u32_at(message.payload, 4)?,
            name: InterfaceName::from_kernel(b"?")?,
            mtu: 0,
            mac: None,
            up: has(IFF_UP),
            running: has(IFF_RUNNING),
            loopback: has(IFF_LOOPBACK),
            noarp: has(IFF_NOARP),
            multicast: has(IFF_MULTICAST),
            master: None,
            link: None,
            kind: None,
            link_type: u16_at(message.payload, 2)?,
        };
        for attribute in message.attributes(IFINFOMSG) {
            match attribute.kind {
                IFLA_ADDRESS => link.mac = attribute.value.try_into().ok(),
                IFLA_IFNAME => name = InterfaceName::from_kernel(attribute.value),
                IFLA_MTU => link.mtu = attribute.u32().unwrap_or(0),
                IFLA_LINK => link.link = attribute.u32().filter(|index| *index != 0),
                IFLA_MASTER => link.master = attribute.u32().filter(|index| *index != 0),
                IFLA_LINKINFO => {
                    let kind = attribute
                        .nested()
                        .find(|inner| inner.kind == IFLA_INFO_KIND);
                    link.kind =
                        kind.and_then(|kind| Some(str::from_utf8(kind.text()).ok()?.into()));
                }
                _ => {}
            }
        }
        link.name = name?;
        Some(link)
    }
}

/// Appends the request for a dump of all links.
pub(crate) fn dump(batch: &mut Batch, sequence: u32) {
    let flags = NLM_F_REQUEST | NLM_F_DUMP;
    batch.message(
        RTM_GETLINK,
        flags,
        sequence,
        &[0; IFINFOMSG],
        |attributes| {
            attributes.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        },
    );
}
