use std::os::unix::fs::{chown, symlink};

use rustix::fs::{CWD, FileType, mknodat};

use super::*;

/// A record of numbers.
static FORMAT: Format<BTreeSet<u8>> = Format {
    record: "json",
    lock: "lock",
    aside: "json.bad",
    temporary: "json.new",
    parse: |text| match text {
        b"new" => Err(Flaw::Layout(3)),
        [] => Err(Flaw::Damaged),
        numbers => Ok(numbers.iter().copied().collect()),
    },
    text: |numbers| Ok(numbers.iter().copied().collect()),
};
const NAMESPACE: u64 = 4_026_531_840;

type Numbers = RecordFile<BTreeSet<u8>>;

fn open(directory: &Path, name: Option<&str>) -> Result<Numbers, RecordError> {
    RecordFile::open(directory, NAMESPACE, name, &FORMAT)
}

/// A directory of one test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("ka-sys-record-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn open(&self) -> Numbers {
        open(&self.0, None).unwrap()
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

const TEXT: &[u8] = b"{}";

#[test]
fn what_is_written_is_read() {
    let directory = Directory::new("read");
    let path = directory.file("record");
    assert_eq!(read(&path).unwrap(), Ok(None), "it is missing");
    create(&path, TEXT).unwrap();
    assert_eq!(read(&path).unwrap(), Ok(Some(TEXT.to_vec())));
}

#[test]
fn what_is_no_regular_file_is_not_read() {
    let directory = Directory::new("kinds");
    let good = directory.file("good");
    create(&good, TEXT).unwrap();
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
            Err(Flaw::NoFile),
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
    create(&path, TEXT).unwrap();
    chown(&path, Some(65_534), None).unwrap();
    assert_eq!(read(&path).unwrap(), Err(Flaw::Foreign(65_534)));
}

#[test]
fn a_file_without_end_is_not_read() {
    let directory = Directory::new("long");
    let path = directory.file("record");
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(read(&path).unwrap(), Err(Flaw::TooLong(MAX_OCTETS)));
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
        create(&path, TEXT).unwrap();
        assert_eq!(read(&path).unwrap(), Ok(Some(TEXT.to_vec())));
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    assert!(!directory.file("new").exists());
}

#[test]
fn what_is_recorded_is_read_by_the_next_process() {
    let directory = Directory::new("next");
    let mut file = directory.open();
    assert!(file.recorded().is_empty());
    file.replace([1, 2].into()).unwrap();
    drop(file);
    let mut file = directory.open();
    assert_eq!(file.recorded(), &[1, 2].into());
    file.clear().unwrap();
    file.clear().unwrap();
    assert!(!file.path().exists());
}

#[test]
fn a_missing_directory_is_made() {
    let directory = Directory::new("made");
    let deep = directory.file("run/ka-native");
    let mut file = open(&deep, Some("name")).unwrap();
    file.replace([1].into()).unwrap();
    let mode = fs::metadata(&deep).unwrap().permissions().mode();
    assert_eq!(mode & 0o022, 0, "only its owner may write there");
    let names: Vec<_> = fs::read_dir(&deep)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
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
    let path = directory.open().path().to_owned();
    let aside = path.with_extension("json.bad");
    for text in ["", "new"] {
        fs::write(&path, text).unwrap();
        // Opening alone changes nothing.
        let opened = directory.open();
        assert!(opened.recorded().is_empty());
        assert!(matches!(opened.usable(), Err(RecordError::Unusable { .. })));
        drop(opened);
        let mut file = directory.open();
        let told = file.put_aside().unwrap().unwrap();
        assert!(told.contains(aside.to_str().unwrap()), "{told}");
        assert_eq!(fs::read_to_string(&aside).unwrap(), text);
        assert!(!path.exists());
        assert_eq!(file.put_aside().unwrap(), None);
        // And it does not stand in the way.
        file.replace([1].into()).unwrap();
        file.usable().unwrap();
    }
}

#[test]
fn the_file_is_replaced_as_a_whole() {
    let directory = Directory::new("whole");
    let mut file = directory.open();
    file.replace([1].into()).unwrap();
    // Whoever has the old file open still reads all of it.
    let mut old = File::open(file.path()).unwrap();
    file.replace([1, 2].into()).unwrap();
    let mut text = Vec::new();
    old.read_to_end(&mut text).unwrap();
    assert_eq!(text, [1]);
    // A remainder of a write that was interrupted is of no consequence.
    let temporary = file.path().with_extension("json.new");
    fs::write(&temporary, "half").unwrap();
    drop(file);
    let mut file = directory.open();
    assert_eq!(file.recorded(), &[1, 2].into());
    file.replace([3].into()).unwrap();
    assert!(!temporary.exists());
}

#[test]
fn nothing_changes_when_the_file_cannot_be_written() {
    let directory = Directory::new("unwritable");
    let mut file = directory.open();
    file.replace([1].into()).unwrap();
    let before = fs::read(file.path()).unwrap();
    // A directory in its place refuses the new file, whoever runs this.
    let temporary = file.path().with_extension("json.new");
    fs::create_dir(&temporary).unwrap();
    let Err(RecordError::File {
        operation: "write",
        path,
        ..
    }) = file.replace([2].into())
    else {
        panic!("a file that cannot be written must be told");
    };
    assert_eq!(path, temporary);
    assert_eq!(file.recorded(), &[1].into());
    assert_eq!(fs::read(file.path()).unwrap(), before);
    // What is recorded already needs no writing.
    file.replace([1].into()).unwrap();
}

#[test]
fn a_directory_that_cannot_be_used_is_an_error() {
    let directory = Directory::new("unusable");
    let file = directory.file("file");
    fs::write(&file, "").unwrap();
    let opened = open(&file.join("below"), None);
    assert!(
        matches!(
            opened,
            Err(RecordError::File {
                operation: "create",
                ..
            })
        ),
        "{opened:?}"
    );
    assert!(open(&file, None).is_err());
}

#[test]
fn the_lock_is_held_as_long_as_anybody_holds_a_handle_on_it() {
    let directory = Directory::new("lock");
    let file = directory.open();
    let handle = file.lock();
    drop(file);
    let second = open(&directory.0, None);
    assert!(matches!(second, Err(RecordError::AlreadyRunning { .. })));
    drop(handle);
    directory.open();
}

#[test]
fn a_name_stays_inside_the_directory() {
    let directory = Directory::new("name");
    for name in ["", "a/b", "../evil", "/etc/passwd", "nul\0"] {
        let opened = open(&directory.file("run"), Some(name));
        assert!(
            matches!(opened, Err(RecordError::File { .. })),
            "{name:?}: {opened:?}"
        );
    }
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 0);
}

#[test]
fn those_that_have_recorded_something_are_known_by_their_names() {
    let directory = Directory::new("names");
    let names = || recorded_names(&directory.0, NAMESPACE, &FORMAT).unwrap();
    for name in [None, Some("one"), Some("two.json")] {
        open(&directory.0, name)
            .unwrap()
            .replace([1].into())
            .unwrap();
    }
    // One that has nothing, one of another namespace, and a file of another kind.
    open(&directory.0, Some("nothing")).unwrap();
    fs::write(directory.file(&format!("{NAMESPACE}9.json")), "1").unwrap();
    fs::write(directory.file(&format!("{NAMESPACE}.ipvs")), "1").unwrap();
    let found = [None, Some("one".to_owned()), Some("two.json".to_owned())];
    assert_eq!(names(), found.into());
    let missing = recorded_names(&directory.file("none"), NAMESPACE, &FORMAT);
    assert!(missing.unwrap().is_empty());
}
