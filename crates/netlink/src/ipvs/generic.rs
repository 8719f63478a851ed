//! Generic netlink: families by name, and the header of their messages
//! (`include/uapi/linux/genetlink.h`).

use ka_sys::Errno;

use crate::error::NetlinkError;
use crate::message::{Attribute, AttributeWriter, Batch, Message, NLM_F_ACK, NLM_F_REQUEST};
use crate::socket::RequestSocket;

/// `struct genlmsghdr`: command, version (1 each), reserved (2).
const GENLMSGHDR: usize = 4;

/// Families have numbers from here on (NLMSG_MIN_TYPE); what is below is netlink's own.
const GENL_MIN_ID: u16 = 16;

/// The version of requests, of all families here.
const VERSION: u8 = 1;

/// The family that knows the others, whose number is fixed.
const GENL_ID_CTRL: u16 = 16;
const CTRL_CMD_NEWFAMILY: u8 = 1;
const CTRL_CMD_GETFAMILY: u8 = 3;
const CTRL_ATTR_FAMILY_ID: u16 = 1;
const CTRL_ATTR_FAMILY_NAME: u16 = 2;

/// Asks for the number of the family `name`.
///
/// A kernel that does not have it looks for a module of that name and loads it, where there is
/// one, before it answers.
pub(super) fn resolve(socket: &mut RequestSocket, name: &'static str) -> Result<u16, NetlinkError> {
    let encode = |batch: &mut Batch, sequence| request_family(batch, sequence, name);
    match socket.dump("resolve family", encode, parse_family) {
        Ok(families) => match families.first() {
            Some(family) => Ok(*family),
            None => Err(NetlinkError::FamilyMissing { name }),
        },
        Err(NetlinkError::Refused {
            errno: Errno::NOENT,
            ..
        }) => Err(NetlinkError::FamilyMissing { name }),
        Err(error) => Err(error),
    }
}

fn request_family(batch: &mut Batch, sequence: u32, name: &str) {
    let request = Request {
        family: GENL_ID_CTRL,
        command: CTRL_CMD_GETFAMILY,
        flags: NLM_F_ACK,
    };
    request.encode(batch, sequence, |attributes| {
        attributes.text(CTRL_ATTR_FAMILY_NAME, name);
    });
}

fn parse_family(message: &Message<'_>) -> Option<u16> {
    attributes(message, CTRL_CMD_NEWFAMILY)?
        .find(|attribute| attribute.kind == CTRL_ATTR_FAMILY_ID)?
        .u16()
}

/// A request to a family.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    /// The family's number in this kernel.
    pub(super) family: u16,
    /// What it is asked to do.
    pub(super) command: u8,
    /// Flags beside NLM_F_REQUEST.
    pub(super) flags: u16,
}

impl Request {
    /// Appends the request with the attributes that `body` appends.
    pub(super) fn encode(
        self,
        batch: &mut Batch,
        sequence: u32,
        body: impl FnOnce(&mut AttributeWriter<'_>),
    ) {
        let header = [self.command, VERSION, 0, 0];
        let flags = NLM_F_REQUEST | self.flags;
        batch.message(self.family, flags, sequence, &header, body);
    }
}

/// The attributes of a message of the command `command`; `None` for other messages.
pub(super) fn attributes<'a>(
    message: &Message<'a>,
    command: u8,
) -> Option<impl Iterator<Item = Attribute<'a>> + use<'a>> {
    let [found, _, _, _] = *message.payload.first_chunk::<GENLMSGHDR>()?;
    (message.kind >= GENL_MIN_ID && found == command).then(|| message.attributes(GENLMSGHDR))
}

#[cfg(test)]
mod tests {
    use ka_sys::netlink::NetlinkProtocol;

    use super::*;

    const ANSWERS: &str = include_str!("../../tests/captures/ipvs.hex");

    #[test]
    fn a_family_that_no_kernel_has_is_an_error_of_its_own() {
        let mut socket = RequestSocket::open(NetlinkProtocol::Generic).unwrap();
        let error = resolve(&mut socket, "KA_NO_SUCH").unwrap_err();
        assert!(matches!(error, NetlinkError::FamilyMissing { .. }));
        let expected = "the kernel has no generic netlink family KA_NO_SUCH";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_family_is_asked_for_by_its_name() {
        let mut batch = Batch::new();
        request_family(&mut batch, 1, "IPVS");
        let message = Message::iter(batch.as_bytes()).next().unwrap();
        assert_eq!(batch.as_bytes().len(), 32);
        assert_eq!((message.kind, message.flags), (16, 5));
        assert_eq!(
            message.payload,
            [&[3, 1, 0, 0, 9, 0, 2, 0][..], b"IPVS\0\0\0\0"].concat()
        );
    }

    #[test]
    fn the_number_of_a_family_is_read() {
        let line = ANSWERS.lines().find(|line| !line.starts_with('#'));
        let octets: Vec<u8> = (line.unwrap().as_bytes().chunks(2))
            .map(|digits| u8::from_str_radix(str::from_utf8(digits).unwrap(), 16).unwrap())
            .collect();
        let message = Message::iter(&octets).next().unwrap();
        assert_eq!(parse_family(&message), Some(0x1c));
        // Netlink's own messages are of no family, whatever they hold.
        assert!(attributes(&Message { kind: 2, ..message }, 1).is_none());
    }
}
