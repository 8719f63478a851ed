//! Patterns of PCRE2, matched with bounded work.
//!
//! PCRE2's own limits do not bound the time of a match: they count anew from each place where one may start, and what a single
//! item of the pattern passes over is not counted. So every pattern is compiled with callouts before its items, and each of
//! them takes from a budget what has been done since the last one. The outcome depends on the pattern, the text and the budget, never on
//! the speed of the machine.

mod options;
mod repeat;

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};

use pcre2_sys::{
    PCRE2_ERROR_CALLOUT, PCRE2_ERROR_DEPTHLIMIT, PCRE2_ERROR_HEAPLIMIT, PCRE2_ERROR_MATCHLIMIT,
    PCRE2_ERROR_NOMATCH, PCRE2_INFO_BACKREFMAX, pcre2_code_8, pcre2_code_free_8, pcre2_compile_8,
    pcre2_get_error_message_8, pcre2_get_ovector_pointer_8, pcre2_match_8, pcre2_match_context_8,
    pcre2_match_context_create_8, pcre2_match_context_free_8, pcre2_match_data_8,
    pcre2_match_data_create_8, pcre2_match_data_free_8, pcre2_pattern_info_8,
    pcre2_set_heap_limit_8, pcre2_set_offset_limit_8,
};

pub use options::PatternOptions;
use repeat::longest_repeat;

/// KiB of memory that a match may take to come back to where it has been.
const HEAP_LIMIT_KIB: u32 = 16 * 1024;
/// Octets that are passed over at the price of one item.
const OCTETS_OF_WORK: usize = 16;

unsafe extern "C" {
    // pcre2-sys does not declare it.
    fn pcre2_set_callout_8(
        context: *mut pcre2_match_context_8,
        callout: Option<unsafe extern "C" fn(*mut CalloutBlock, *mut c_void) -> c_int>,
        data: *mut c_void,
    ) -> c_int;
}

/// `pcre2_callout_block` of `pcre2.h`, up to the last field that is read; PCRE2 adds further ones at its end.
#[repr(C)]
struct CalloutBlock {
    version: u32,
    callout_number: u32,
    capture_top: u32,
    capture_last: u32,
    offset_vector: *mut usize,
    mark: *const u8,
    subject: *const u8,
    subject_length: usize,
    start_match: usize,
    current_position: usize,
}

/// A pattern that PCRE2 does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("octet {offset} of the pattern: {message}")]
pub struct PatternError {
    /// PCRE2's sentence.
    pub message: String,
    /// Where in the pattern, in octets from 0.
    pub offset: usize,
}

/// Why a match came to no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MatchError {
    /// The budget, or the memory of a match, did not suffice.
    #[error("the pattern takes too much work for this text")]
    TooMuchWork,
    /// PCRE2 cannot match this text, such as one that is no UTF-8 with a pattern that begins with `(*UTF)`.
    #[error("{message}")]
    Unmatchable {
        /// PCRE2's sentence.
        message: String,
    },
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Pattern {
    code: NonNull<pcre2_code_8>,
    /// Octets that one item may look at before it fails.
    longest_repeat: usize,
    /// The number of the last group that the pattern refers to.
    last_reference: usize,
}

// SAFETY: compiled code is never written to again (there is no just-in-time compilation here), and belongs to nobody else.
unsafe impl Send for Pattern {}
// SAFETY: as above; each match has its own match data and context.
unsafe impl Sync for Pattern {}

impl Drop for Pattern {
    fn drop(&mut self) {
        // SAFETY: it came from pcre2_compile_8, and is freed once.
        unsafe { pcre2_code_free_8(self.code.as_ptr()) }
    }
}

impl Pattern {
    /// Compiles `pattern`.
    ///
    /// # Errors
    /// [`PatternError`] where PCRE2 does not take it.
    pub fn compile(pattern: &[u8], options: PatternOptions) -> Result<Self, PatternError> {
        let (mut number, mut offset): (c_int, usize) = (0, 0);
        // SAFETY: pattern and its length belong together, the results are ours, and no context means PCRE2's defaults.
        let code = unsafe {
            pcre2_compile_8(
                pattern.as_ptr(),
                pattern.len(),
                options.bits(),
                &raw mut number,
                &raw mut offset,
                ptr::null_mut(),
            )
        };
        let Some(code) = NonNull::new(code) else {
            return Err(PatternError {
                message: message(number),
                offset,
            });
        };
        let mut last_reference: u32 = 0;
        // SAFETY: the code lives, and this piece of information is a number of 32 bits.
        unsafe {
            pcre2_pattern_info_8(
                code.as_ptr(),
                PCRE2_INFO_BACKREFMAX,
                (&raw mut last_reference).cast(),
            );
        }
        Ok(Self {
            code,
            longest_repeat: longest_repeat(pattern, options),
            last_reference: last_reference as usize,
        })
    }

    /// Where the first match in `text` starts, among those that start at octet `from` or later, and at `to` at the latest.
    ///
    /// `work` is how many items of the pattern may be tried; a match may take a little memory beside it, never more than 16 MiB.
    ///
    /// # Errors
    /// [`MatchError`] where that is not known.
    pub fn find(
        &self,
        text: &[u8],
        from: usize,
        to: Option<usize>,
        work: u64,
    ) -> Result<Option<usize>, MatchError> {
        if from > text.len() || to.is_some_and(|to| to < from) {
            return Ok(None);
        }
        let scratch = Scratch::new();
        let mut budget = Budget {
            left: work,
            position: from,
            longest_repeat: self.longest_repeat,
            last_reference: self.last_reference,
        };
        // SAFETY: the context lives; the budget outlives the match, after which nothing calls `spend` any more.
        unsafe {
            pcre2_set_heap_limit_8(scratch.context.as_ptr(), HEAP_LIMIT_KIB);
            pcre2_set_callout_8(
                scratch.context.as_ptr(),
                Some(spend),
                (&raw mut budget).cast(),
            );
            if let Some(to) = to {
                pcre2_set_offset_limit_8(scratch.context.as_ptr(), to);
            }
        }
        // PCRE2 takes an empty text, but no pointer to nowhere.
        let start = if text.is_empty() {
            [0].as_ptr()
        } else {
            text.as_ptr()
        };
        // SAFETY: text and its length belong together, `from` is within it, and code, match data and context live.
        let result = unsafe {
            pcre2_match_8(
                self.code.as_ptr(),
                start,
                text.len(),
                from,
                0,
                scratch.data.as_ptr(),
                scratch.context.as_ptr(),
            )
        };
        match result {
            // 0: there are more groups than places for them, which nobody asks for.
            0.. => Ok(Some(scratch.start_of_match())),
            PCRE2_ERROR_NOMATCH => Ok(None),
            PCRE2_ERROR_CALLOUT
            | PCRE2_ERROR_HEAPLIMIT
            | PCRE2_ERROR_MATCHLIMIT
            | PCRE2_ERROR_DEPTHLIMIT => Err(MatchError::TooMuchWork),
            number => Err(MatchError::Unmatchable {
                message: message(number),
            }),
        }
    }
}

/// What a match is left to do.
struct Budget {
    left: u64,
    /// Where the last item was tried.
    position: usize,
    longest_repeat: usize,
    last_reference: usize,
}

/// Takes from the budget what was done since the last item; ends the match when nothing is left.
///
/// # Safety
/// `block` and `budget` are those of a match that is under way.
unsafe extern "C" fn spend(block: *mut CalloutBlock, budget: *mut c_void) -> c_int {
    // SAFETY: PCRE2 hands over its block, and the pointer that `find` gave it, to which nothing else refers meanwhile.
    let (block, budget) = unsafe { (&*block, &mut *budget.cast::<Budget>()) };
    let passed = block.current_position.abs_diff(budget.position);
    budget.position = block.current_position;
    // Where the next item refers to a group, it may look at as many octets as that has, and fail then.
    let groups = budget
        .last_reference
        .min((block.capture_top as usize).saturating_sub(1));
    let longest = (1..=groups).map(|group| {
        // SAFETY: the vector has a start and an end for each group below `capture_top`, which are equal where it is unset.
        let (start, end) = unsafe {
            let pair = block.offset_vector.add(2 * group);
            (*pair, *pair.add(1))
        };
        end.saturating_sub(start)
    });
    let looked_at = passed
        .saturating_add(budget.longest_repeat)
        .saturating_add(longest.max().unwrap_or_default());
    let work = (looked_at / OCTETS_OF_WORK) as u64 + 1;
    match budget.left.checked_sub(work) {
        Some(left) => {
            budget.left = left;
            0
        }
        None => PCRE2_ERROR_CALLOUT,
    }
}

/// What PCRE2 writes to during a match.
struct Scratch {
    data: NonNull<pcre2_match_data_8>,
    context: NonNull<pcre2_match_context_8>,
}

impl Scratch {
    /// # Panics
    /// Where there is no memory left, as everywhere.
    fn new() -> Self {
        // SAFETY: no general context means the C library's memory; one pair of offsets is enough for the whole match.
        let (data, context) = unsafe {
            (
                pcre2_match_data_create_8(1, ptr::null_mut()),
                pcre2_match_context_create_8(ptr::null_mut()),
            )
        };
        match (NonNull::new(data), NonNull::new(context)) {
            (Some(data), Some(context)) => Self { data, context },
            _ => std::alloc::handle_alloc_error(std::alloc::Layout::new::<Self>()),
        }
    }

    /// Where the match starts that was found.
    fn start_of_match(&self) -> usize {
        // SAFETY: match data has at least one pair, which a successful match has written.
        unsafe { *pcre2_get_ovector_pointer_8(self.data.as_ptr()) }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: both were made by PCRE2, and are freed once.
        unsafe {
            pcre2_match_data_free_8(self.data.as_ptr());
            pcre2_match_context_free_8(self.context.as_ptr());
        }
    }
}

/// PCRE2's sentence for one of its numbers.
fn message(number: c_int) -> String {
    let mut text = [0u8; 256];
    // SAFETY: the buffer and its length belong together.
    let octets = unsafe { pcre2_get_error_message_8(number, text.as_mut_ptr(), text.len()) };
    // Negative: cut, or no such number. What is there ends with a zero anyway.
    let length = usize::try_from(octets)
        .ok()
        .or_else(|| text.iter().position(|&octet| octet == 0))
        .unwrap_or_default();
    String::from_utf8_lossy(text.get(..length).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests;
