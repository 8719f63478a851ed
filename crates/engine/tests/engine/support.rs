//! Engines, their configurations, and a second host to hear them.

#[path = "../../../sys/tests/support/mod.rs"]
mod system;

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ka_engine::{
    Engine, EngineConfig, EngineEvent, EngineOptions, EventKind, InstanceConfig, InstanceStatus,
    VirtualAddress,
};
use ka_netlink::{Address, AddressChange, AddressKey, RouteSocket};
use ka_sys::IpFamily;
use ka_sys::membership::Memberships;
use ka_sys::namespace::{NetworkNamespace, network_namespace_inode, unshare_network};
use ka_sys::raw::{PacketBatch, VridSet, VrrpReceiver};
use ka_vrrp::{RouterConfig, State};
use ka_wire::ipv4::Ipv4View;
use ka_wire::{AdvertisementView, Family, Version};
use rustix::net::{AddressFamily, Protocol, RecvFlags, SocketFlags, SocketType, recv, socket_with};
use rustix::thread::gettid;

pub(crate) use system::{
    Directory, eventually, finish, in_namespace, index, ip, is_second_process, second_process,
};

const ETH_P_ARP: u16 = 0x0806;
pub(crate) const GROUP4: &str = "224.0.0.18";
pub(crate) const GROUP6: &str = "ff02::12";

pub(crate) fn address(text: &str) -> IpAddr {
    text.parse().expect("a literal address")
}

/// Options of an engine that lives as long as its test.
pub(crate) fn options(directory: &Path) -> EngineOptions {
    EngineOptions {
        runtime_dir: directory.to_owned(),
        // Tests run beside each other, on few cores.
        realtime_priority: None,
        heartbeat_limit: None,
        ..EngineOptions::default()
    }
}

pub(crate) fn open(directory: &Path) -> Engine {
    Engine::open(&options(directory), || {}).expect("an engine can be opened")
}

/// A router that is Master at once, being the owner of its addresses.
pub(crate) fn owner(name: &str, vrid: u8, addresses: &[&str]) -> InstanceConfig {
    let mut instance = router(name, vrid, addresses);
    instance.router.priority = 255;
    instance
}

/// A router of VRRPv3 on `left`, whose addresses carry a prefix of 32 or 128 there.
pub(crate) fn router(name: &str, vrid: u8, addresses: &[&str]) -> InstanceConfig {
    let addresses: Vec<IpAddr> = addresses.iter().map(|text| address(text)).collect();
    let family = addresses.first().map_or(Family::V4, |a| Family::from(*a));
    let mut router = RouterConfig::new(vrid, family);
    router.version = Version::V3;
    router.advertisement_interval = Duration::from_millis(100);
    router.addresses = addresses.clone();
    InstanceConfig {
        name: name.into(),
        interface: Some("left".into()),
        dynamic_interface: false,
        source: None,
        track_source: false,
        unicast: None,
        group: address(match family {
            Family::V4 => GROUP4,
            Family::V6 => GROUP6,
        }),
        router,
        addresses: addresses.into_iter().map(virtual_address).collect(),
        routes: Vec::new(),
        rules: Vec::new(),
        resign_on_loss: false,
        promote_secondaries: false,
        sync_daemon: None,
        tracks: Vec::new(),
    }
}

pub(crate) fn virtual_address(address: IpAddr) -> VirtualAddress {
    VirtualAddress {
        address,
        prefix_len: if address.is_ipv4() { 32 } else { 128 },
        interface: "left".into(),
        scope: 0,
        label: None,
        broadcast: None,
        peer: None,
        preferred_lifetime: None,
        no_dad: address.is_ipv6(),
        home: false,
        manage_temporary: false,
        no_prefix_route: false,
        auto_join: false,
        no_track: false,
    }
}

pub(crate) fn config(instances: impl IntoIterator<Item = InstanceConfig>) -> EngineConfig {
    EngineConfig {
        instances: instances.into_iter().collect(),
        ..EngineConfig::default()
    }
}

pub(crate) fn status(engine: &Engine, name: &str) -> InstanceStatus {
    let snapshot = engine
        .snapshot()
        .expect("a running engine describes itself");
    let mut all = snapshot.instances.into_iter();
    all.find(|instance| &*instance.name == name)
        .unwrap_or_else(|| panic!("no instance {name}"))
}

/// Waits until `name` is in `state`, and as Master has all its addresses.
pub(crate) fn wait_for(engine: &Engine, name: &str, state: State) -> InstanceStatus {
    eventually(|| Some(status(engine, name)).filter(|status| status.state == state))
}

/// The addresses of interface `name` in the kernel.
pub(crate) fn kernel_addresses(name: &str) -> Vec<Address> {
    let ifindex = index(name);
    let mut route = RouteSocket::open().expect("a netlink socket");
    let all = route.addresses().expect("a dump of addresses");
    all.into_iter()
        .filter(|address| address.key.ifindex == ifindex)
        .collect()
}

/// Those of them that carry our protocol number, as `ADDRESS/PREFIX`.
pub(crate) fn held(name: &str) -> BTreeSet<String> {
    kernel_addresses(name)
        .iter()
        .filter(|address| address.protocol == Some(ka_engine::PROTOCOL_ID))
        .map(|address| address.key.to_string())
        .collect()
}

pub(crate) fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Waits until exactly `wanted` of ours is on interface `name`.
pub(crate) fn wait_held(name: &str, wanted: &[&str]) {
    let wanted = set(wanted);
    eventually(|| (held(name) == wanted).then_some(()));
}

/// Adds an address that carries our protocol number, as a dead engine or a live keepalived
/// would have it.
pub(crate) fn add_marked(name: &str, text: &str) {
    let key = AddressKey {
        ifindex: index(name),
        address: address(text),
        prefix_len: 32,
        peer: None,
    };
    let marked = ka_netlink::VirtualAddress {
        protocol: Some(ka_engine::PROTOCOL_ID),
        ..ka_netlink::VirtualAddress::new(key)
    };
    let mut results = Vec::new();
    let mut route = RouteSocket::open().expect("a netlink socket");
    route.submit(&[AddressChange::Add(marked)], &mut results);
    assert_eq!(results, [Ok(())]);
}

/// The runtime file of an engine without a name in this namespace.
pub(crate) fn runtime_file(directory: &Path) -> PathBuf {
    directory.join(format!("{}.json", network_namespace_inode().unwrap()))
}

/// Makes the runtime file of a dead engine.
pub(crate) fn record(directory: &Path, addresses: &[&str]) {
    let entry = |address: &&str| format!(r#"{{"interface":"left","address":"{address}"}}"#);
    let entries: Vec<String> = addresses.iter().map(entry).collect();
    let text = format!(r#"{{"layout":1,"addresses":[{}]}}"#, entries.join(","));
    fs::create_dir_all(directory).unwrap();
    fs::write(runtime_file(directory), text).unwrap();
}

/// Everything the engine has to say now.
pub(crate) fn drain(engine: &Engine) -> Vec<EventKind> {
    let events: Vec<EngineEvent> = engine.drain(usize::MAX);
    events.into_iter().map(|event| event.kind).collect()
}

/// The state changes among `events`, as `INSTANCE FROM TO`.
pub(crate) fn changes(events: &[EventKind]) -> Vec<String> {
    let change = |kind: &EventKind| match kind {
        EventKind::StateChanged {
            instance, from, to, ..
        } => Some(format!("{instance} {from} {to}")),
        _ => None,
    };
    events.iter().filter_map(change).collect()
}

/// Another host on the link: a namespace with `right`, the other end of our `left`.
pub(crate) struct Peer {
    namespace: NetworkNamespace,
}

impl Peer {
    /// Connects a new namespace to that of the calling thread. Here is `left`
    /// with 192.0.2.1/24 and a link-local IPv6 address, there `right` with 192.0.2.2/24.
    pub(crate) fn connect() -> Self {
        let here = format!(
            "/proc/{}/task/{}/ns/net",
            std::process::id(),
            gettid().as_raw_nonzero()
        );
        let namespace = std::thread::spawn(|| {
            unshare_network().expect("one namespace was made already");
            NetworkNamespace::current().expect("/proc is mounted")
        })
        .join()
        .expect("the thread does not fail");
        let peer = Self { namespace };
        peer.run(|| {
            ip("link add left type veth peer name right");
            ip(&format!("link set left netns {here}"));
            ip("link set right addrgenmode none");
            ip("address add 192.0.2.2/24 dev right");
            ip("address add fe80::2/64 dev right nodad");
            ip("link set right up");
        });
        set_up_left();
        peer
    }

    /// Runs `body` on a thread in the peer's namespace.
    pub(crate) fn run<T: Send>(&self, body: impl FnOnce() -> T + Send) -> T {
        let enter = || {
            self.namespace
                .enter()
                .expect("the namespace can be entered");
            body()
        };
        std::thread::scope(|scope| scope.spawn(enter).join())
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Starts `instance` on `right` with a priority of 200.
    pub(crate) fn start_better(
        &self,
        directory: &Directory,
        mut instance: InstanceConfig,
    ) -> Engine {
        instance.interface = Some("right".into());
        for address in &mut instance.addresses {
            address.interface = "right".into();
        }
        instance.router.priority = 200;
        self.run(|| {
            let engine = open(&directory.0);
            engine
                .apply(config([instance]))
                .expect("the configuration is good");
            engine
        })
    }

    /// Listens on `right` from now on.
    pub(crate) fn listen(&self) -> Listener {
        self.run(|| {
            let right = index("right");
            let mut memberships = Memberships::new();
            memberships
                .join(right, address(GROUP4))
                .expect("the group can be joined");
            let mut receiver = VrrpReceiver::open(IpFamily::V4).expect("a raw socket");
            let mut vrids = VridSet::new();
            (1..=255).for_each(|vrid| vrids.insert(vrid));
            receiver.set_vrid_filter(&vrids).expect("a filter");
            Listener {
                receiver,
                batch: PacketBatch::new(),
                rest: Vec::new(),
                _memberships: memberships,
            }
        })
    }
}

/// Gives `left` its addresses and waits until it is up.
pub(crate) fn set_up_left() {
    ip("link set left addrgenmode none");
    ip("address add 192.0.2.1/24 dev left");
    ip("address add fe80::1/64 dev left nodad");
    ip("link set left up");
    eventually(|| ip("-o link show left").contains("LOWER_UP").then_some(()));
}

/// Hears the IPv4 advertisements that arrive at the peer.
pub(crate) struct Listener {
    receiver: VrrpReceiver,
    batch: PacketBatch,
    /// Heard behind what [`Listener::wait_for`] waited for.
    rest: Vec<Heard>,
    _memberships: Memberships,
}

/// One advertisement at the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) at: Instant,
    pub(crate) vrid: u8,
    pub(crate) priority: u8,
    /// Identification of the IP packet.
    pub(crate) id: u16,
}

impl Listener {
    /// What has arrived since the last call.
    pub(crate) fn heard(&mut self) -> Vec<Heard> {
        let mut heard = std::mem::take(&mut self.rest);
        let at = Instant::now();
        while self
            .receiver
            .receive(&mut self.batch)
            .expect("a raw socket")
            > 0
        {
            for packet in self.batch.iter() {
                let ip = Ipv4View::new(packet.bytes).expect("the kernel delivers whole headers");
                let view = AdvertisementView::new(ip.payload()).expect("an advertisement");
                heard.push(Heard {
                    at,
                    vrid: view.vrid(),
                    priority: view.priority(),
                    id: u16::from_be_bytes([packet.bytes[4], packet.bytes[5]]),
                });
            }
        }
        heard
    }

    /// Waits for an advertisement of `vrid` with `priority`; what came before it is passed over.
    pub(crate) fn wait_for(&mut self, vrid: u8, priority: u8) {
        eventually(|| {
            let mut heard = self.heard();
            let found = heard
                .iter()
                .position(|heard| (heard.vrid, heard.priority) == (vrid, priority))?;
            self.rest = heard.split_off(found + 1);
            Some(())
        });
    }
}

/// Hears the gratuitous ARPs that arrive at the peer.
pub(crate) struct ArpListener {
    socket: OwnedFd,
}

impl Peer {
    /// Listens for ARP on `right` from now on.
    pub(crate) fn listen_arp(&self) -> ArpListener {
        self.run(listen_arp)
    }
}

/// Listens for ARP on all interfaces of this thread's namespace from now on.
pub(crate) fn listen_arp() -> ArpListener {
    let protocol = NonZeroU32::new(u32::from(ETH_P_ARP.to_be())).expect("not zero");
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let protocol = Some(Protocol::from_raw(protocol));
    ArpListener {
        socket: socket_with(AddressFamily::PACKET, SocketType::RAW, flags, protocol)
            .expect("a packet socket"),
    }
}

impl ArpListener {
    /// The address of the next announcement that has arrived.
    pub(crate) fn heard(&self) -> Option<[u8; 4]> {
        let mut frame = [0; 64];
        while let Ok((length, _)) = recv(&self.socket, &mut frame, RecvFlags::empty()) {
            // Sender and target protocol address, RFC 826 behind an Ethernet header.
            if length >= 42 && frame[28..32] == frame[38..42] {
                return frame[28..32].try_into().ok();
            }
        }
        None
    }

    /// Waits for an announcement of `address`.
    pub(crate) fn wait_for(&self, address: [u8; 4]) {
        eventually(|| {
            while let Some(heard) = self.heard() {
                if heard == address {
                    return Some(());
                }
            }
            None
        });
    }
}
