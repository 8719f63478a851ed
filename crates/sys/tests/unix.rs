//! Datagrams to Unix sockets, and FIFOs.

mod support;

use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixDatagram};

use ka_sys::unix::{DatagramSender, make_fifo};
use ka_sys::{Errno, errno_name};
use support::{DEADLINE, Directory};

fn received(reader: &UnixDatagram) -> Vec<u8> {
    reader.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut buffer = [0; 64];
    let length = reader.recv(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

#[test]
fn a_datagram_arrives_whole_and_a_reader_started_anew_is_found() {
    let directory = Directory::new("datagram");
    let path = directory.0.join("log");
    let sender = DatagramSender::new(path.to_str().unwrap()).unwrap();
    let refused = |sender: &DatagramSender| sender.send(b"lost").unwrap_err().errno();
    assert_eq!(refused(&sender), Some(Errno::NOENT));
    for _ in 0..2 {
        let reader = UnixDatagram::bind(&path).unwrap();
        sender.send(b"one").unwrap();
        sender.send(b"").unwrap();
        assert_eq!(received(&reader), b"one");
        assert_eq!(received(&reader), b"");
        drop(reader);
        assert_eq!(refused(&sender), Some(Errno::CONNREFUSED));
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_reader_that_does_not_read_holds_nobody_up() {
    let directory = Directory::new("datagram-full");
    let path = directory.0.join("log");
    let reader = UnixDatagram::bind(&path).unwrap();
    let sender = DatagramSender::new(path.to_str().unwrap()).unwrap();
    let error = (0..1_000_000)
        .find_map(|_| sender.send(b"line").err())
        .unwrap();
    assert_eq!(error.errno(), Some(Errno::AGAIN));
    assert_eq!(received(&reader), b"line");
    let error = sender.send(&vec![b'x'; 64 << 20]).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::MSGSIZE));
}

#[test]
fn a_name_with_an_at_sign_is_abstract() {
    let name = format!("ka-test-datagram-{}", std::process::id());
    let reader = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let sender = DatagramSender::new(&format!("@{name}")).unwrap();
    sender.send(b"READY=1").unwrap();
    assert_eq!(received(&reader), b"READY=1");
}

#[test]
fn a_name_that_no_socket_can_have_is_refused() {
    let long = "x".repeat(109);
    for (name, errno) in [
        ("", Errno::INVAL),
        ("@", Errno::INVAL),
        (long.as_str(), Errno::NAMETOOLONG),
    ] {
        let error = DatagramSender::new(name).unwrap_err();
        assert_eq!(error.errno(), Some(errno), "{name}");
    }
    assert_eq!(errno_name(Errno::NAMETOOLONG), "ENAMETOOLONG");
}

#[test]
fn a_fifo_is_made_once() {
    let directory = Directory::new("fifo");
    let path = directory.0.join("events");
    make_fifo(&path, 0o600).unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert!(metadata.file_type().is_fifo());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(
        make_fifo(&path, 0o600).unwrap_err().errno(),
        Some(Errno::EXIST)
    );
    let missing = directory.0.join("none/events");
    assert_eq!(
        make_fifo(&missing, 0o600).unwrap_err().errno(),
        Some(Errno::NOENT)
    );
}
