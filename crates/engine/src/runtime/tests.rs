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

fn records(hosts: &[u8]) -> BTreeSet<Record> {
    let record = |host: &u8| Record {
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
fn a_half_written_or_foreign_file_counts_as_empty() {
    let directory = Directory::new("damaged");
    let runtime = directory.open();
    let path = runtime.path.clone();
    drop(runtime);
    let good = r#"{"layout":1,"addresses":[{"interface":"eth0","address":"192.0.2.1"}]}"#;
    let mut damaged: Vec<Vec<u8>> = (0..good.len()).map(|end| good[..end].into()).collect();
    damaged.push(good.replace("\"layout\":1", "\"layout\":2").into());
    damaged.push(b"[]".to_vec());
    damaged.push(vec![0xff; 64]);
    for text in damaged {
        fs::write(&path, &text).unwrap();
        let mut runtime = directory.open();
        assert!(
            runtime.recorded.is_empty(),
            "{:?}",
            String::from_utf8_lossy(&text)
        );
        // And does not stand in the way.
        runtime.add(&records(&[1])).unwrap();
    }
    fs::write(&path, good).unwrap();
    assert_eq!(directory.open().recorded, records(&[1]));
}

#[test]
fn the_file_is_replaced_as_a_whole() {
    let directory = Directory::new("whole");
    let mut runtime = directory.open();
    runtime.add(&records(&[1])).unwrap();
    // Whoever has the old file open still reads all of it.
    let mut old = File::open(&runtime.path).unwrap();
    runtime.add(&records(&[2])).unwrap();
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut old, &mut text).unwrap();
    assert_eq!(parse(&text), Some(records(&[1])));
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
    // /dev/full has no room for a single octet.
    let temporary = runtime.path.with_extension("json.new");
    std::os::unix::fs::symlink("/dev/full", &temporary).unwrap();
    let Err(EngineError::RuntimeFile {
        operation: "write",
        path,
        source,
    }) = runtime.add(&records(&[2]))
    else {
        panic!("a full disk must be told");
    };
    assert_eq!((path, source.kind()), (temporary, ErrorKind::StorageFull));
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
    // A directory where the file should be.
    let path = directory.open().path;
    fs::create_dir(&path).unwrap();
    let opened = Runtime::open(&directory.0, None);
    assert!(
        matches!(
            opened,
            Err(EngineError::RuntimeFile {
                operation: "read",
                ..
            })
        ),
        "{opened:?}"
    );
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
