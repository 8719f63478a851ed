use std::os::unix::fs::PermissionsExt;

use super::*;

/// A directory of one test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ka-runtime-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn open(&self) -> Runtime {
        Runtime::open(&self.0, None).unwrap()
    }
}

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
fn what_is_written_is_read_by_the_next_engine() {
    let directory = Directory::new("next");
    let mut runtime = directory.open();
    assert!(runtime.recorded.is_empty());
    runtime.add(&records(&[1, 2])).unwrap();
    runtime.add(&records(&[3])).unwrap();
    drop(runtime);
    let mut runtime = directory.open();
    assert_eq!(runtime.recorded, records(&[1, 2, 3]));
    runtime.replace(records(&[2])).unwrap();
    drop(runtime);
    let mut runtime = directory.open();
    assert_eq!(runtime.recorded, records(&[2]));
    runtime.clear().unwrap();
    runtime.clear().unwrap();
    assert!(!runtime.path.exists());
}

#[test]
fn a_missing_directory_is_made() {
    let directory = Directory::new("made");
    let deep = directory.0.join("run/ka-native");
    let mut runtime = Runtime::open(&deep, Some("name")).unwrap();
    runtime.add(&records(&[1])).unwrap();
    let mode = fs::metadata(&deep).unwrap().permissions().mode();
    assert_eq!(mode & 0o022, 0, "only its owner may write there");
    let names: Vec<_> = fs::read_dir(&deep)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "a lock and a file: {names:?}");
    assert!(
        names
            .iter()
            .all(|name| name.to_string_lossy().contains(".name."))
    );
}

#[test]
fn a_file_that_cannot_be_used_is_kept_aside_when_it_is_asked_for() {
    let directory = Directory::new("damaged");
    let runtime = directory.open();
    let path = runtime.path.clone();
    let aside = path.with_extension("json.bad");
    drop(runtime);
    for text in ["half", r#"{"layout":3,"addresses":[]}"#] {
        fs::write(&path, text).unwrap();
        // Opening alone changes nothing.
        let opened = directory.open();
        assert!(opened.recorded.is_empty());
        assert!(matches!(
            opened.usable(),
            Err(EngineError::UnusableRecord { .. })
        ));
        drop(opened);
        let mut runtime = directory.open();
        let told = runtime.put_aside().unwrap().unwrap();
        assert!(told.contains(aside.to_str().unwrap()), "{told}");
        assert_eq!(fs::read_to_string(&aside).unwrap(), text);
        assert!(!path.exists());
        assert_eq!(runtime.put_aside().unwrap(), None);
        // And it does not stand in the way.
        runtime.add(&records(&[1])).unwrap();
        runtime.usable().unwrap();
    }
}

#[test]
fn the_file_is_replaced_as_a_whole() {
    let directory = Directory::new("whole");
    let mut runtime = directory.open();
    runtime.add(&records(&[1])).unwrap();
    // Whoever has the old file open still reads all of it.
    let mut old = fs::File::open(&runtime.path).unwrap();
    runtime.add(&records(&[2])).unwrap();
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut old, &mut text).unwrap();
    assert_eq!(record::parse(&text), Ok(records(&[1])));
    // A remainder of a write that was interrupted is of no consequence.
    fs::write(runtime.path.with_extension("json.new"), "half").unwrap();
    drop(runtime);
    let mut runtime = directory.open();
    assert_eq!(runtime.recorded, records(&[1, 2]));
    runtime.replace(records(&[3])).unwrap();
    assert!(!runtime.path.with_extension("json.new").exists());
}

#[test]
fn nothing_changes_when_the_file_cannot_be_written() {
    let directory = Directory::new("unwritable");
    let mut runtime = directory.open();
    runtime.add(&records(&[1])).unwrap();
    let before = fs::read(&runtime.path).unwrap();
    // A directory in its place refuses the new file, whoever runs this.
    let temporary = runtime.path.with_extension("json.new");
    fs::create_dir(&temporary).unwrap();
    let Err(EngineError::RuntimeFile {
        operation: "write",
        path,
        ..
    }) = runtime.add(&records(&[2]))
    else {
        panic!("a file that cannot be written must be told");
    };
    assert_eq!(path, temporary);
    assert_eq!(runtime.recorded, records(&[1]));
    assert_eq!(fs::read(&runtime.path).unwrap(), before);
    // What is recorded already needs no writing.
    runtime.add(&records(&[1])).unwrap();
    runtime.replace(records(&[1])).unwrap();
}

#[test]
fn a_directory_that_cannot_be_used_is_an_error() {
    let directory = Directory::new("unusable");
    let file = directory.0.join("file");
    fs::write(&file, "").unwrap();
    let opened = Runtime::open(&file.join("below"), None);
    assert!(
        matches!(
            opened,
            Err(EngineError::RuntimeFile {
                operation: "create",
                ..
            })
        ),
        "{opened:?}"
    );
    let opened = Runtime::open(&file, None);
    assert!(opened.is_err());
}

#[test]
fn the_lock_is_held_as_long_as_anybody_holds_a_handle_on_it() {
    let directory = Directory::new("lock");
    let runtime = directory.open();
    let handle = runtime.lock();
    drop(runtime);
    let second = Runtime::open(&directory.0, None);
    assert!(matches!(second, Err(EngineError::AlreadyRunning { .. })));
    drop(handle);
    directory.open();
}

#[test]
fn a_name_stays_inside_the_directory() {
    let directory = Directory::new("name");
    for name in ["", "a/b", "../evil", "/etc/passwd", "nul\0"] {
        let opened = Runtime::open(&directory.0.join("run"), Some(name));
        assert!(
            matches!(opened, Err(EngineError::RuntimeFile { .. })),
            "{name:?}: {opened:?}"
        );
    }
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 0);
}
