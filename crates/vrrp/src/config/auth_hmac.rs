//! Signed advertisements (`auth_hmac`).

use ka_wire::trailer::{Key, Signature};

/// How advertisements are signed and what received ones have to be signed with (`auth_hmac`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthHmac {
    /// The keys that are accepted, each with an identifier of its own (`key`).
    pub keys: Vec<HmacKey>,
    /// Identifier of the key that signs (`active_key`).
    pub active_key: u8,
    /// How many seconds the clocks of sender and receiver may differ, 1 to 300 (`time_window`).
    pub time_window: u16,
    /// How repeated advertisements are recognised (`anti_replay`).
    pub anti_replay: AntiReplay,
    /// What is signed, and what has to be (`mode`).
    pub mode: HmacMode,
}

/// A key and the identifier that advertisements name it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HmacKey {
    /// Identifier, 1 to 255.
    pub id: u8,
    /// The key.
    pub key: Key,
}

/// How repeated advertisements are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AntiReplay {
    /// By the clock: an advertisement must be of the time window, and later than the last of its sender.
    /// What was heard before the window does not count.
    Time,
    /// An advertisement must be later than the last of its sender, however long ago that was; clocks are not compared.
    Monotonic,
}

/// What is signed, and what has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HmacMode {
    /// Signs, and accepts nothing unsigned.
    Enforce,
    /// Signs, and accepts unsigned advertisements too.
    Permissive,
    /// Does not sign, and accepts both.
    ReceiveOnly,
}

impl AuthHmac {
    /// The key with this identifier.
    #[must_use]
    pub fn key(&self, id: u8) -> Option<&Key> {
        let key = self.keys.iter().find(|key| key.id == id)?;
        Some(&key.key)
    }

    /// Whether this router's own advertisements are signed.
    #[must_use]
    pub fn signs(&self) -> bool {
        self.mode != HmacMode::ReceiveOnly
    }

    /// A signature with the active key; `None` where there is none, or nothing is signed.
    #[must_use]
    pub fn signature(&self, sequence: ka_wire::trailer::Sequence) -> Option<Signature<'_>> {
        let key = self.key(self.active_key).filter(|_| self.signs())?;
        Some(Signature {
            key_id: self.active_key,
            key,
            sequence,
        })
    }

    /// Whether a key of `other` is one of these under the same identifier.
    pub(crate) fn shares_key_with(&self, other: &Self) -> bool {
        self.keys.iter().any(|key| other.keys.contains(key))
    }

    /// Whether the parts fit together.
    pub(super) fn is_valid(&self) -> bool {
        let id_is_taken = |(index, key): (usize, &HmacKey)| {
            key.id == 0 || self.keys.iter().skip(index + 1).any(|k| k.id == key.id)
        };
        !self.keys.iter().enumerate().any(id_is_taken)
            && self.key(self.active_key).is_some()
            && (1..=300).contains(&self.time_window)
    }
}
