use std::path::PathBuf;

use super::*;

/// A directory of one test.
struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        // A test that failed already must not panic again.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn records(hosts: &[u8]) -> Records {
    let record = |host: &u8| Leftover::Address {
        interface: "eth0".to_owned(),
        address: [192, 0, 2, *host].into(),
    };
    hosts.iter().map(record).collect()
}

#[test]
fn what_is_added_is_read_by_the_next_engine() {
    let path = std::env::temp_dir().join(format!("ka-runtime-{}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    let directory = Directory(path);
    let open = || Runtime::open(&directory.0, None).unwrap();
    let mut runtime = open();
    assert!(runtime.file.recorded().is_empty());
    runtime.add(&records(&[1, 2])).unwrap();
    runtime.add(&records(&[3])).unwrap();
    drop(runtime);
    let mut runtime = open();
    assert_eq!(runtime.file.recorded(), &records(&[1, 2, 3]));
    runtime.file.replace(records(&[2])).unwrap();
    drop(runtime);
    assert_eq!(open().file.recorded(), &records(&[2]));
}
