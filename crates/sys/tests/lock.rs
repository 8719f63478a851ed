//! The instance lock, within a process and between two.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use ka_sys::Errno;
use ka_sys::lock::{Acquired, InstanceLock};
use support::{Directory, finish, is_second_process, second_process};

const PATH: &str = "KA_TEST_LOCK";

fn acquire(path: &Path) -> Option<InstanceLock> {
    match InstanceLock::acquire(path).unwrap() {
        Acquired::Lock(lock) => Some(lock),
        Acquired::HeldByOther => None,
    }
}

#[test]
fn a_lock_is_held_once_and_its_file_stays() {
    let directory = Directory::new("lock");
    let path = directory.0.join("instance.lock");
    let lock = acquire(&path).unwrap();
    assert!(acquire(&path).is_none());
    // Closing another descriptor of the file, which ends a POSIX lock, changes nothing.
    drop(fs::read(&path).unwrap());
    assert!(acquire(&path).is_none());
    drop(lock);
    assert!(path.exists());
    assert!(acquire(&path).is_some());
}

#[test]
fn nobody_else_can_open_the_file_and_keep_us_from_the_lock() {
    let directory = Directory::new("lock-mode");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let new = directory.0.join("new");
    let _lock = acquire(&new).unwrap();
    assert_eq!(mode(&new), 0o600);
    // As earlier versions made it.
    let old = directory.0.join("old");
    fs::write(&old, "").unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o644)).unwrap();
    let _lock = acquire(&old).unwrap();
    assert_eq!(mode(&old), 0o600);
}

#[test]
#[allow(clippy::print_stdout, reason = "the first process waits for it")]
fn a_lock_of_another_process_ends_with_it() {
    if is_second_process() {
        let path = std::env::var_os(PATH).unwrap();
        let _lock = acquire(Path::new(&path)).unwrap();
        println!("\nlocked");
        loop {
            std::thread::park();
        }
    }
    let directory = Directory::new("lock-of-another");
    let path = directory.0.join("instance.lock");
    let name = "a_lock_of_another_process_ends_with_it";
    let mut other = second_process(name, &[(PATH, path.as_os_str())]);
    let output = BufReader::new(other.stdout.take().unwrap());
    assert!(output.lines().any(|line| line.unwrap() == "locked"));
    assert!(acquire(&path).is_none());
    other.kill().unwrap();
    finish(other);
    assert!(acquire(&path).is_some());
}

#[test]
fn only_a_regular_file_is_locked() {
    let directory = Directory::new("lock-files");
    let target = directory.0.join("target");
    fs::write(&target, "").unwrap();
    let link = directory.0.join("link");
    symlink(&target, &link).unwrap();
    let pipe = directory.0.join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    let cases = [
        (link, Errno::LOOP),
        (pipe, Errno::INVAL),
        (directory.0.clone(), Errno::ISDIR),
        (directory.0.join("none/lock"), Errno::NOENT),
    ];
    for (path, errno) in cases {
        let error = InstanceLock::acquire(&path).unwrap_err();
        assert_eq!(error.errno(), Some(errno), "{}", path.display());
        assert!(error.to_string().contains(path.to_str().unwrap()));
    }
}
