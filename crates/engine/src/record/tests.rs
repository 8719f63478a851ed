use std::fs::{self, File};
use std::os::unix::fs::{chown, symlink};
use std::path::PathBuf;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

/// A directory of one test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ka-record-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn pipe(&self, name: &str) -> PathBuf {
        let path = self.file(name);
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        path
    }

    fn link(&self, name: &str, target: &Path) -> PathBuf {
        let path = self.file(name);
        symlink(target, &path).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // A test that failed already must not panic again.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn records() -> Records {
    Records::from([Leftover::Address {
        interface: "eth0".to_owned(),
        address: [192, 0, 2, 1].into(),
    }])
}

const GOOD: &str = r#"{"layout":1,"addresses":[{"interface":"eth0","address":"192.0.2.1"}]}"#;

#[test]
fn what_is_written_is_read() {
    let directory = Directory::new("read");
    let path = directory.file("record");
    assert_eq!(read(&path).unwrap(), Ok(Records::new()), "it is missing");
    write(&path, &records()).unwrap();
    assert_eq!(read(&path).unwrap(), Ok(records()));
    assert_eq!(parse(GOOD.as_bytes()), Ok(records()));
}

#[test]
fn a_half_written_or_newer_record_is_told_from_an_empty_one() {
    for end in 0..GOOD.len() {
        assert_eq!(parse(&GOOD.as_bytes()[..end]), Err(Flaw::Damaged));
    }
    assert_eq!(parse(b"[]"), Err(Flaw::Damaged));
    assert_eq!(parse(&[0xff; 64]), Err(Flaw::Damaged));
    let newer = br#"{"layout":3,"leases":{}}"#;
    assert_eq!(parse(newer), Err(Flaw::Layout(3)));
    let other = br#"{"layout":1,"addresses":[{"interface":"eth0","address":"somewhere"}]}"#;
    assert_eq!(parse(other), Err(Flaw::Damaged));
}

#[test]
fn what_is_no_regular_file_is_not_read() {
    let directory = Directory::new("kinds");
    let good = directory.file("good");
    write(&good, &records()).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(directory.file("socket")).unwrap();
    for path in [
        directory.pipe("pipe"),
        directory.link("link", &good),
        directory.link("device", Path::new("/dev/zero")),
        directory.file("socket"),
        directory.0.clone(),
    ] {
        assert_eq!(
            read(&path).unwrap(),
            Err(Flaw::Unfit(RecordFlaw::NoFile)),
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_file_of_somebody_else_is_not_believed() {
    if !rustix::process::geteuid().is_root() {
        return; // nobody else can give files away
    }
    let directory = Directory::new("owner");
    let path = directory.file("record");
    write(&path, &records()).unwrap();
    chown(&path, Some(65_534), None).unwrap();
    assert_eq!(
        read(&path).unwrap(),
        Err(Flaw::Unfit(RecordFlaw::Foreign(65_534)))
    );
}

#[test]
fn a_file_without_end_is_not_read() {
    let directory = Directory::new("long");
    let path = directory.file("record");
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(
        read(&path).unwrap(),
        Err(Flaw::Unfit(RecordFlaw::TooLong(MAX_OCTETS)))
    );
}

#[test]
fn a_link_or_pipe_in_its_place_is_replaced() {
    let directory = Directory::new("place");
    let target = directory.file("target");
    fs::write(&target, "precious").unwrap();
    for path in [
        directory.pipe("pipe"),
        directory.link("link", &target),
        directory.link("nowhere", &directory.file("new")),
    ] {
        write(&path, &records()).unwrap();
        assert_eq!(read(&path).unwrap(), Ok(records()));
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    assert!(!directory.file("new").exists());
}

#[test]
fn routes_rules_and_settings_are_written_beside_the_addresses() {
    let directory = Directory::new("layout");
    let path = directory.file("record");
    let mut route = ka_netlink::Route::new(ka_netlink::Prefix::new([10, 0, 0, 0].into(), 8));
    route.path.hop.interface = Some("eth0".to_owned());
    let rule = Rule::new(
        ka_netlink::IpFamily::V6,
        500,
        ka_netlink::RuleAction::Lookup { table: 100 },
    );
    let mut all = records();
    all.extend([
        Leftover::Route(route.key()),
        Leftover::Rule(rule),
        Leftover::Promotion {
            interface: "eth0".to_owned(),
        },
    ]);
    write(&path, &all).unwrap();
    assert_eq!(read(&path).unwrap(), Ok(all.clone()));
    let mut said: Vec<String> = all.iter().map(ToString::to_string).collect();
    said.sort();
    assert_eq!(
        said,
        [
            "192.0.2.1 on eth0",
            "promote_secondaries of eth0",
            "route 10.0.0.0/8 dev eth0",
            "rule 500: from all lookup 100",
        ]
    );
    // What older versions read they can go on reading.
    write(&path, &records()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), GOOD);
}
