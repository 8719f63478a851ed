//! A program, ready to be started.

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::Arc;

use ka_sys::spawn::Identity;

/// A program with its arguments, its environment and whom it runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Where it may be, in the order of PATH.
    pub(crate) candidates: Vec<CString>,
    /// Its arguments, its own name first.
    pub(crate) arguments: Vec<CString>,
    /// `NAME=VALUE`, shared by the programs of one call.
    pub(crate) environment: Arc<[CString]>,
    /// The process's own where there is none.
    pub(crate) identity: Option<Identity>,
    /// Keep the first octets that it writes.
    pub(crate) captures: bool,
    /// Run the file that symbolic links lead to, and not the links.
    pub(crate) resolves_links: bool,
}

/// What a program is besides its words.
#[derive(Debug, Clone, Default)]
pub struct ProgramOptions {
    /// The process's own where there is none.
    pub identity: Option<Identity>,
    /// Keep the first octets that it writes.
    pub captures: bool,
    /// Run the file that symbolic links lead to, so that this is what `$0` of a script says.
    pub resolves_links: bool,
}

impl Program {
    /// A name without a slash is looked for in the absolute directories of PATH of `environment`, at each start anew.
    ///
    /// `None` where a word holds a NUL, which no program can be given.
    #[must_use]
    pub fn new(
        path: String,
        arguments: Vec<String>,
        environment: Arc<[CString]>,
        options: ProgramOptions,
    ) -> Option<Self> {
        let candidates = if path.contains('/') {
            vec![CString::new(path.clone()).ok()?]
        } else {
            in_path(&path, &environment)?
        };
        let words = [path].into_iter().chain(arguments);
        Some(Self {
            candidates,
            arguments: words.map(CString::new).collect::<Result<_, _>>().ok()?,
            environment,
            identity: options.identity,
            captures: options.captures,
            resolves_links: options.resolves_links,
        })
    }
}

impl Program {
    /// The files to try now.
    pub(crate) fn files(&self) -> Vec<CString> {
        let resolved = |file: &CString| {
            let path = std::path::Path::new(OsStr::from_bytes(file.to_bytes()));
            let resolved = std::fs::canonicalize(path).ok()?;
            CString::new(resolved.into_os_string().into_vec()).ok()
        };
        let files = self.candidates.iter();
        files
            .map(|file| match self.resolves_links {
                // What is wrong with it is said when it is run.
                true => resolved(file).unwrap_or_else(|| file.clone()),
                false => file.clone(),
            })
            .collect()
    }
}

fn in_path(name: &str, environment: &[CString]) -> Option<Vec<CString>> {
    let path = environment
        .iter()
        .find_map(|variable| variable.to_bytes().strip_prefix(b"PATH="))
        .unwrap_or(b"/usr/local/bin:/usr/bin:/bin");
    let directories = path.split(|&octet| octet == b':');
    directories
        .filter(|directory| directory.starts_with(b"/"))
        .map(|directory| CString::new([directory, b"/", name.as_bytes()].concat()).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(path: &str, variables: &[&str]) -> Option<Program> {
        let environment = variables.iter().map(|text| CString::new(*text).unwrap());
        Program::new(
            path.to_owned(),
            Vec::new(),
            environment.collect(),
            ProgramOptions::default(),
        )
    }

    #[test]
    fn a_name_is_looked_for_in_the_absolute_directories_of_path() {
        let found = program("true", &["A=/no", "PATH=/bin:.::relative:/usr/bin"]).unwrap();
        assert_eq!(
            found.candidates,
            [c"/bin/true".to_owned(), c"/usr/bin/true".to_owned()]
        );
        assert_eq!(
            program("./true", &["PATH=/bin"]).unwrap().candidates,
            [c"./true".to_owned()]
        );
    }

    #[test]
    fn a_word_with_a_nul_is_no_program() {
        assert_eq!(program("/bin/a\0b", &[]), None);
        assert_eq!(program("a\0b", &["PATH=/bin"]), None);
    }
}
