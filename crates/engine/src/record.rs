//! The runtime file: which addresses may be ours, for whoever comes after us.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ka_netlink::Errno;
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};

/// Version of the file's layout.
const LAYOUT: u32 = 1;
/// A hundred times what thousands of instances need.
const MAX_OCTETS: u64 = 64 << 20;

/// An address that we may have added.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) interface: String,
    pub(crate) address: IpAddr,
}

#[derive(Debug, Deserialize)]
struct AnyLayout {
    layout: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Layout<'a> {
    layout: u32,
    addresses: Cow<'a, BTreeSet<Record>>,
}

/// Why a runtime file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Flaw {
    #[error("it is not a regular file")]
    NoFile,
    #[error("it belongs to user {0}")]
    Foreign(u32),
    #[error("it is longer than {MAX_OCTETS} octets")]
    TooLong,
    #[error("it is damaged")]
    Damaged,
    #[error("its layout {0} is unknown, as of a newer ka-native")]
    Layout(u32),
}

/// Reads the file; one that does not exist records nothing.
pub(crate) fn read(path: &Path) -> io::Result<Result<BTreeSet<Record>, Flaw>> {
    // What is in its place may be anything: a link is not followed, a pipe does not hold us up.
    let flags =
        OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(Ok(BTreeSet::new())),
        // A link; a socket.
        Err(Errno::LOOP | Errno::NXIO) => return Ok(Err(Flaw::NoFile)),
        Err(errno) => return Err(errno.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Err(Flaw::NoFile));
    }
    if ![0, rustix::process::geteuid().as_raw()].contains(&metadata.uid()) {
        return Ok(Err(Flaw::Foreign(metadata.uid())));
    }
    if metadata.len() > MAX_OCTETS {
        return Ok(Err(Flaw::TooLong));
    }
    let mut text = Vec::new();
    file.take(MAX_OCTETS).read_to_end(&mut text)?;
    Ok(parse(&text))
}

pub(crate) fn parse(text: &[u8]) -> Result<BTreeSet<Record>, Flaw> {
    let AnyLayout { layout } = serde_json::from_slice(text).map_err(|_| Flaw::Damaged)?;
    if layout != LAYOUT {
        return Err(Flaw::Layout(layout));
    }
    let layout: Layout = serde_json::from_slice(text).map_err(|_| Flaw::Damaged)?;
    Ok(layout.addresses.into_owned())
}

/// Makes the file at `path` anew, which nobody may have open or have put there.
pub(crate) fn write(path: &Path, addresses: &BTreeSet<Record>) -> io::Result<()> {
    let layout = Layout {
        layout: LAYOUT,
        addresses: Cow::Borrowed(addresses),
    };
    let text = serde_json::to_vec(&layout)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(0o644))?);
    file.write_all(&text)?;
    file.sync_data()
}

#[cfg(test)]
mod tests;
