//! The network namespace whose IPVS is programmed (`net_namespace_ipvs`).

use std::thread;

use ka_netlink::ipvs::IpvsSocket;
use ka_sys::namespace::{NetworkNamespace, network_namespace_inode};
use ka_sys::{Errno, SysError};

use crate::error::IpvsError;

/// The number of the network namespace `name`, or of the calling thread's, and a socket in it. The empty name is that of process 1.
pub(crate) fn in_namespace(name: Option<&str>) -> Result<(u64, IpvsSocket), IpvsError> {
    let Some(name) = name else {
        return open();
    };
    let failed = |source| IpvsError::Namespace {
        name: name.to_owned(),
        source,
    };
    let namespace = match name {
        "" => NetworkNamespace::initial(),
        name => NetworkNamespace::named(name),
    };
    let namespace = namespace.map_err(failed)?;
    // A socket stays where it was made: the thread that goes there need not live on.
    let there = move || namespace.enter().map(|()| open());
    let named = thread::Builder::new().name("ka-ipvs-open".to_owned());
    let thread = named.spawn(there).map_err(|error| {
        let errno = Errno::from_io_error(&error).unwrap_or(Errno::AGAIN);
        SysError::new("start", "thread", errno)
    })?;
    let opened = thread.join().map_err(|_| IpvsError::Stopped)?;
    opened.map_err(failed)?
}

fn open() -> Result<(u64, IpvsSocket), IpvsError> {
    Ok((network_namespace_inode()?, IpvsSocket::open()?))
}
