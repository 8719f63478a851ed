//! What a process is called, as /proc tells it, and whether that is what is looked for (proc(5)).
//!
//! /proc is answered from memory; the command line is that of the process, and nothing is waited for.

use std::fs::{self, File};
use std::io::Read;

use crate::config::{ParameterMatch, ProcessMatch};

/// Octets of a name that the kernel keeps (`TASK_COMM_LEN`, without the NUL behind it).
const MAX_NAME: usize = 15;
/// Octets of a command line that are looked at: more than any configuration names, which has lines of 1,023.
const MAX_COMMAND: u64 = 4096;

/// A process at one moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ProcessInfo {
    /// The kernel's name of it.
    name: Vec<u8>,
    /// The words of its command line, each with a NUL behind it; `None` where nobody asked for it.
    command: Option<Vec<u8>>,
}

impl ProcessInfo {
    /// Reads what process `pid` is called, with its command line where that is asked for. `None` where there is none.
    pub(super) fn read(pid: u32, command: bool) -> Option<Self> {
        let mut name = fs::read(format!("/proc/{pid}/comm")).ok()?;
        if name.last() == Some(&b'\n') {
            name.pop();
        }
        let command = match command {
            true => Some(beginning(&format!("/proc/{pid}/cmdline"))?),
            false => None,
        };
        Some(Self { name, command })
    }

    /// A process of this name.
    #[cfg(test)]
    pub(super) fn called(name: &str) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            command: None,
        }
    }

    /// Whether it is one of those that are meant.
    pub(super) fn is(&self, wanted: &ProcessMatch) -> bool {
        if !wanted.full_command {
            let name = wanted.name.as_bytes();
            return self.name == name[..name.len().min(MAX_NAME)];
        }
        let Some(command) = &self.command else {
            return false;
        };
        let mut words = words(command);
        if words.next() != Some(wanted.name.as_bytes()) {
            return false;
        }
        let Some(rule) = wanted.parameter_match else {
            return true;
        };
        let mut parameters = wanted.parameters.iter().map(String::as_bytes).peekable();
        while let Some(parameter) = parameters.next() {
            let is_last = parameters.peek().is_none();
            let is_same = |word: &[u8]| match rule {
                ParameterMatch::Initial if is_last => word.starts_with(parameter),
                _ => word == parameter,
            };
            if !words.next().is_some_and(is_same) {
                return false;
            }
        }
        rule != ParameterMatch::Exact || words.next().is_none()
    }
}

fn words(command: &[u8]) -> impl Iterator<Item = &[u8]> {
    // Kernel threads have none, and nor has a process that is over.
    let command = (!command.is_empty()).then(|| command.strip_suffix(b"\0").unwrap_or(command));
    command
        .into_iter()
        .flat_map(|command| command.split(|octet| *octet == 0))
}

fn beginning(path: &str) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)
        .ok()?
        .take(MAX_COMMAND)
        .read_to_end(&mut text)
        .ok()?;
    Some(text)
}

/// The numbers of all processes.
pub(super) fn all() -> std::io::Result<impl Iterator<Item = u32>> {
    let entries = fs::read_dir("/proc")?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()))
}

/// Whether process `pid` is over and waits for its parent to take note.
pub(super) fn is_over(pid: u32) -> bool {
    let Ok(stat) = fs::read(format!("/proc/{pid}/stat")) else {
        return true;
    };
    // Behind the name, which is in parentheses and may hold any octet.
    let state = stat
        .iter()
        .rposition(|octet| *octet == b')')
        .and_then(|end| stat.get(end + 2));
    matches!(state, None | Some(b'Z' | b'X'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: &str, parameters: &[&str], rule: Option<ParameterMatch>) -> ProcessMatch {
        ProcessMatch {
            name: name.to_owned(),
            full_command: true,
            parameters: parameters.iter().map(|&word| word.to_owned()).collect(),
            parameter_match: rule,
        }
    }

    fn info(command: &str) -> ProcessInfo {
        ProcessInfo {
            name: b"name".to_vec(),
            command: Some(command.as_bytes().to_vec()),
        }
    }

    #[test]
    fn a_short_name_is_as_long_as_the_kernel_keeps_it() {
        let short = |name: &str| ProcessMatch {
            full_command: false,
            ..wanted(name, &[], None)
        };
        let process = |name: &str| ProcessInfo {
            name: name.as_bytes().to_vec(),
            command: None,
        };
        assert!(process("trkproc").is(&short("trkproc")));
        assert!(!process("trkproc2").is(&short("trkproc")));
        assert!(!process("trkpro").is(&short("trkproc")));
        assert!(process("averylongproces").is(&short("averylongprocessname")));
        assert!(!process("averylongproces").is(&wanted("averylongproces", &[], None)));
    }

    #[test]
    fn parameters_are_compared_as_keepalived_does() {
        use ParameterMatch::{Exact, Initial, Partial};
        let matches = |command: &str| {
            let rules = [None, Some(Exact), Some(Partial), Some(Initial)];
            let rules = rules.map(|rule| info(command).is(&wanted("/p", &["a", "b"], rule)));
            // A rule without parameters.
            (rules, info(command).is(&wanted("/p", &[], Some(Exact))))
        };
        assert_eq!(matches("/p\0"), ([true, false, false, false], true));
        assert_eq!(matches("/p\0a\0"), ([true, false, false, false], false));
        assert_eq!(matches("/p\0a\0b\0"), ([true, true, true, true], false));
        assert_eq!(matches("/p\0a\0bc\0"), ([true, false, false, true], false));
        assert_eq!(matches("/p\0a\0b\0c\0"), ([true, false, true, true], false));
        assert_eq!(matches("/p\0ax\0b\0"), ([true, false, false, false], false));
        assert_eq!(
            matches("/p\0a\0bc\0d\0"),
            ([true, false, false, true], false)
        );
        assert_eq!(matches("/p\0\0"), ([true, false, false, false], false));
        assert_eq!(matches("/q\0a\0b\0"), ([false, false, false, false], false));
        assert_eq!(matches(""), ([false, false, false, false], false));
    }

    #[test]
    fn this_process_is_found_with_its_command_line() {
        let pid = std::process::id();
        assert!(all().unwrap().any(|other| other == pid));
        assert!(!is_over(pid));
        let info = ProcessInfo::read(pid, true).unwrap();
        let own = std::env::args().next().unwrap();
        assert!(info.is(&wanted(&own, &[], None)));
        assert_eq!(ProcessInfo::read(u32::MAX, true), None);
        assert!(is_over(u32::MAX));
    }
}
