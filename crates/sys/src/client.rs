//! Sockets of clients: TCP, UDP and ICMP echo, with what is set before they connect.

use std::ffi::CStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{SocketType, ipproto, sockopt};

use crate::family::IpFamily;
use crate::socket::{self, set_option, set_raw_option};

/// What a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientProtocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP or ICMPv6 echo: identifier and checksum are the kernel's (icmp(7)). See [`crate::ping_groups`].
    Echo,
}

/// What of a client socket is set before it connects.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientOptions<'a> {
    /// `SO_MARK`; needs CAP_NET_ADMIN or CAP_NET_RAW.
    pub mark: Option<u32>,
    /// `SO_BINDTODEVICE`.
    pub interface: Option<&'a CStr>,
    /// The address to send from.
    pub address: Option<IpAddr>,
    /// The port to send from; 0: any. Connections of TCP that are closed do not hold it.
    pub port: u16,
}

/// What was refused to a client socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientStep {
    /// To open it.
    Socket,
    /// `SO_MARK`.
    Mark,
    /// `SO_BINDTODEVICE`.
    Interface,
    /// To bind it.
    Bind,
}

/// Opens a close-on-exec, non-blocking socket for a connection to an address of `family`.
///
/// # Errors
/// What was refused, and the kernel's reason.
pub fn open(
    protocol: ClientProtocol,
    family: IpFamily,
    options: ClientOptions<'_>,
) -> Result<OwnedFd, (ClientStep, Errno)> {
    let (kind, number) = match (protocol, family) {
        (ClientProtocol::Tcp, _) => (SocketType::STREAM, ipproto::TCP),
        (ClientProtocol::Udp, _) => (SocketType::DGRAM, ipproto::UDP),
        (ClientProtocol::Echo, IpFamily::V4) => (SocketType::DGRAM, ipproto::ICMP),
        (ClientProtocol::Echo, IpFamily::V6) => (SocketType::DGRAM, ipproto::ICMPV6),
    };
    let socket = socket::open(family.address_family(), kind, Some(number))
        .map_err(|errno| (ClientStep::Socket, errno))?;
    if let Some(mark) = options.mark {
        set_option(
            &socket,
            libc::SOL_SOCKET,
            libc::SO_MARK,
            &mark.cast_signed(),
        )
        .map_err(|errno| (ClientStep::Mark, errno))?;
    }
    if let Some(interface) = options.interface {
        bind_to_interface(&socket, interface).map_err(|errno| (ClientStep::Interface, errno))?;
    }
    if options.address.is_some() || options.port != 0 {
        bind(&socket, protocol, family, options).map_err(|errno| (ClientStep::Bind, errno))?;
    }
    Ok(socket)
}

fn bind_to_interface(socket: &OwnedFd, interface: &CStr) -> Result<(), Errno> {
    let name = interface.to_bytes_with_nul();
    let option = libc::SO_BINDTODEVICE;
    // SAFETY: pointer and length are those of a borrowed name, which the kernel only reads.
    unsafe {
        set_raw_option(
            socket.as_fd(),
            libc::SOL_SOCKET,
            option,
            name.as_ptr(),
            name.len(),
        )
    }
}

fn bind(
    socket: &OwnedFd,
    protocol: ClientProtocol,
    family: IpFamily,
    options: ClientOptions<'_>,
) -> Result<(), Errno> {
    let any = match family {
        IpFamily::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpFamily::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    if protocol == ClientProtocol::Tcp {
        if options.port == 0 {
            // The port is chosen when it connects, and may be one that serves another destination: as many connections as ports
            // to each. A kernel that does not know it chooses at once.
            let _ = set_option(
                socket,
                libc::IPPROTO_IP,
                libc::IP_BIND_ADDRESS_NO_PORT,
                &1_i32,
            );
        } else {
            sockopt::set_socket_reuseaddr(socket, true)?;
        }
    }
    let address = SocketAddr::new(options.address.unwrap_or(any), options.port);
    rustix::net::bind(socket, &address)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::*;

    fn local(socket: &OwnedFd) -> SocketAddr {
        let address = rustix::net::getsockname(socket).unwrap();
        SocketAddr::try_from(address).unwrap()
    }

    #[test]
    fn a_client_comes_from_the_address_and_the_port_it_is_bound_to() {
        // Held at another address meanwhile: so nobody can have the ports at every address.
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
        for (protocol, held) in [
            (ClientProtocol::Tcp, tcp.local_addr()),
            (ClientProtocol::Udp, udp.local_addr()),
        ] {
            let port = held.unwrap().port();
            let options = ClientOptions {
                address: Some(address),
                port,
                ..ClientOptions::default()
            };
            let socket = open(protocol, IpFamily::V4, options).unwrap();
            assert_eq!(local(&socket), SocketAddr::new(address, port));
        }
    }

    #[test]
    fn what_is_refused_is_named_with_the_reason() {
        let elsewhere = ClientOptions {
            address: Some("192.0.2.1".parse().unwrap()),
            ..ClientOptions::default()
        };
        let refused = open(ClientProtocol::Tcp, IpFamily::V4, elsewhere).unwrap_err();
        assert_eq!(refused, (ClientStep::Bind, Errno::ADDRNOTAVAIL));
        let nowhere = ClientOptions {
            interface: Some(c"no-such-link"),
            ..ClientOptions::default()
        };
        let (step, errno) = open(ClientProtocol::Udp, IpFamily::V6, nowhere).unwrap_err();
        assert_eq!(step, ClientStep::Interface);
        assert!(matches!(errno, Errno::NODEV | Errno::PERM), "{errno}");
    }
}
