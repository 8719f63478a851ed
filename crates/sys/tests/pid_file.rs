//! Pid files: whom they name, who holds them, what becomes of them.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use ka_sys::Errno;
use ka_sys::pid_file::{PidFile, PidFileAcquired};
use support::{Directory, finish, is_second_process, second_process};

const PATH: &str = "KA_TEST_PID_FILE";

fn own() -> String {
    format!("{}\n", std::process::id())
}

fn hold(path: &Path) -> PidFile {
    match PidFile::acquire(path).unwrap() {
        PidFileAcquired::Held(file) => file,
        PidFileAcquired::HeldByOther { pid } => panic!("held by {pid:?}"),
    }
}

fn holder(path: &Path) -> Option<u32> {
    match PidFile::acquire(path).unwrap() {
        PidFileAcquired::Held(_) => panic!("it was free"),
        PidFileAcquired::HeldByOther { pid } => pid,
    }
}

#[test]
fn a_pid_file_holds_our_id_until_it_is_removed() {
    let directory = Directory::new("pid-file");
    let path = directory.0.join("daemon.pid");
    let file = hold(&path);
    assert_eq!(fs::read_to_string(&path).unwrap(), own());
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o644
    );
    assert_eq!(holder(&path), Some(std::process::id()));
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        own(),
        "a failed attempt changes nothing"
    );
    file.remove().unwrap();
    assert!(!path.exists());
}

#[test]
fn a_file_of_a_dead_process_is_taken_whatever_it_holds() {
    let directory = Directory::new("pid-file-stale");
    let path = directory.0.join("daemon.pid");
    for stale in ["1\n", "", "no number at all, and longer than any id\n"] {
        fs::write(&path, stale).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let file = hold(&path);
        assert_eq!(fs::read_to_string(&path).unwrap(), own());
        drop(file);
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "the first process waits for it")]
fn a_file_of_another_process_is_free_when_it_was_killed() {
    if is_second_process() {
        let path = std::env::var_os(PATH).unwrap();
        let _file = hold(Path::new(&path));
        println!("\nheld");
        loop {
            std::thread::park();
        }
    }
    let directory = Directory::new("pid-file-of-another");
    let path = directory.0.join("daemon.pid");
    let name = "a_file_of_another_process_is_free_when_it_was_killed";
    let mut other = second_process(name, &[(PATH, path.as_os_str())]);
    let output = BufReader::new(other.stdout.take().unwrap());
    assert!(output.lines().any(|line| line.unwrap() == "held"));
    assert_eq!(holder(&path), Some(other.id()));
    other.kill().unwrap();
    finish(other);
    hold(&path).remove().unwrap();
}

#[test]
fn a_file_that_took_the_place_of_ours_stays() {
    let directory = Directory::new("pid-file-replaced");
    let path = directory.0.join("daemon.pid");
    let file = hold(&path);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "1\n").unwrap();
    file.remove().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    let file = hold(&path);
    fs::remove_file(&path).unwrap();
    file.remove().unwrap();
}

#[test]
fn only_a_regular_file_is_taken() {
    let directory = Directory::new("pid-file-kinds");
    let target = directory.0.join("target");
    fs::write(&target, "precious").unwrap();
    let link = directory.0.join("link");
    symlink(&target, &link).unwrap();
    let pipe = directory.0.join("pipe");
    ka_sys::unix::make_fifo(&pipe, 0o700).unwrap();
    let cases = [
        (link, Errno::LOOP),
        (pipe, Errno::INVAL),
        (directory.0.clone(), Errno::ISDIR),
        (directory.0.join("none/daemon.pid"), Errno::NOENT),
    ];
    for (path, errno) in cases {
        let error = PidFile::acquire(&path).unwrap_err();
        assert_eq!(error.errno(), Some(errno), "{}", path.display());
        assert!(error.to_string().contains(path.to_str().unwrap()));
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
}
