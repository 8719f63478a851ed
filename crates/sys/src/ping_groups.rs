//! Who may open sockets for ICMP echo: `net.ipv4.ping_group_range` (icmp(7)), which concerns IPv6 as well.

use std::fs;

use rustix::io::Errno;

use crate::error::SysError;

/// That of the network namespace of the thread that opens it.
const PATH: &str = "/proc/sys/net/ipv4/ping_group_range";

/// The range of groups as it was before it was opened for group 0.
#[derive(Debug)]
pub struct PingGroups {
    before: String,
    opened: String,
}

impl PingGroups {
    /// Lets group 0 open such sockets, in the network namespace of the calling thread; `None` where it may. The kernel makes no
    /// exception for the superuser, and by default nobody may.
    ///
    /// # Errors
    /// [`SysError::Call`], with `EACCES` or `EROFS` where the setting may not be changed.
    pub fn open() -> Result<Option<Self>, SysError> {
        let before = read()?;
        let Some(opened) = opened(&before) else {
            return Ok(None);
        };
        write(&opened)?;
        Ok(Some(Self { before, opened }))
    }

    /// Puts the range back as it was, unless somebody else has changed it meanwhile. For the thread that opened it, or another one in
    /// its network namespace.
    ///
    /// # Errors
    /// [`SysError::Call`].
    pub fn restore(self) -> Result<(), SysError> {
        if read()? == self.opened {
            write(&self.before)?;
        }
        Ok(())
    }
}

/// The range that includes group 0, with the upper bound as it is; `None` where it includes it.
fn opened(range: &str) -> Option<String> {
    let mut bounds = range.split_whitespace();
    let (low, high) = (bounds.next()?, bounds.next()?);
    (low != "0").then(|| format!("0\t{high}"))
}

fn read() -> Result<String, SysError> {
    let text = fs::read_to_string(PATH).map_err(|error| failed("read", &error))?;
    Ok(text.trim_end().to_owned())
}

fn write(range: &str) -> Result<(), SysError> {
    fs::write(PATH, range).map_err(|error| failed("write", &error))
}

fn failed(operation: &'static str, error: &std::io::Error) -> SysError {
    let errno = Errno::from_io_error(error).unwrap_or(Errno::IO);
    SysError::new(operation, PATH, errno)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lower_bound_is_opened() {
        // As the kernel writes them; the first is its default, nobody.
        assert_eq!(opened("1\t0").as_deref(), Some("0\t0"));
        assert_eq!(opened("100\t2147483647").as_deref(), Some("0\t2147483647"));
        assert_eq!(opened("0\t2147483647"), None);
        assert_eq!(opened(""), None);
    }
}
