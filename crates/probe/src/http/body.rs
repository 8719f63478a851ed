//! What is known of a body.

use md5::{Digest, Md5};

/// Octets of a body in which a pattern is looked for.
pub const PATTERN_LIMIT: usize = 1024 * 1024;

/// A body, without its octets unless a pattern wants them.
#[derive(Debug)]
pub(super) struct Body {
    /// For an expected digest.
    digest: Option<Md5>,
    length: u64,
    /// For a pattern.
    kept: Option<Vec<u8>>,
}

impl Body {
    pub(super) fn new(is_hashed: bool, is_kept: bool) -> Self {
        Self {
            digest: is_hashed.then(Md5::new),
            length: 0,
            kept: is_kept.then(Vec::new),
        }
    }

    pub(super) fn add(&mut self, octets: &[u8]) {
        if let Some(digest) = &mut self.digest {
            digest.update(octets);
        }
        self.length = self.length.saturating_add(octets.len() as u64);
        if let Some(kept) = &mut self.kept {
            let room = PATTERN_LIMIT.saturating_sub(kept.len());
            kept.extend_from_slice(octets.get(..room).unwrap_or(octets));
        }
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// MD5 of what has come.
    pub(super) fn digest(&self) -> Option<[u8; 16]> {
        let digest = self.digest.clone()?;
        Some(digest.finalize().into())
    }

    /// What is kept for a pattern.
    pub(super) fn kept(&self) -> &[u8] {
        self.kept.as_deref().unwrap_or_default()
    }
}
