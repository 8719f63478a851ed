//! Options of patterns.

use pcre2_sys::{
    PCRE2_ALLOW_EMPTY_CLASS, PCRE2_ALT_BSUX, PCRE2_ALT_CIRCUMFLEX, PCRE2_ALT_VERBNAMES,
    PCRE2_AUTO_CALLOUT, PCRE2_CASELESS, PCRE2_DOLLAR_ENDONLY, PCRE2_DOTALL, PCRE2_DUPNAMES,
    PCRE2_EXTENDED, PCRE2_FIRSTLINE, PCRE2_MATCH_INVALID_UTF, PCRE2_MATCH_UNSET_BACKREF,
    PCRE2_MULTILINE, PCRE2_NEVER_BACKSLASH_C, PCRE2_NEVER_UCP, PCRE2_NEVER_UTF,
    PCRE2_NO_AUTO_CAPTURE, PCRE2_NO_AUTO_POSSESS, PCRE2_NO_DOTSTAR_ANCHOR, PCRE2_NO_START_OPTIMIZE,
    PCRE2_UCP, PCRE2_UNGREEDY, PCRE2_USE_OFFSET_LIMIT, PCRE2_UTF,
};

/// The options of PCRE2 that a pattern is compiled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PatternOptions(pub(super) u32);

impl PatternOptions {
    /// Every option, by the name that `regex_options` has for it: that of PCRE2 in lower case.
    pub const NAMES: [&'static str; 24] = [
        "allow_empty_class",
        "alt_bsux",
        "auto_callout",
        "caseless",
        "dollar_endonly",
        "dotall",
        "dupnames",
        "extended",
        "firstline",
        "match_unset_backref",
        "multiline",
        "never_ucp",
        "never_utf",
        "no_auto_capture",
        "no_auto_possess",
        "no_dotstar_anchor",
        "no_start_optimize",
        "ucp",
        "ungreedy",
        "utf",
        "never_backslash_c",
        "alt_circumflex",
        "alt_verbnames",
        "use_offset_limit",
    ];

    /// These options and the one of this name; `None` where there is none.
    #[must_use]
    pub fn with(self, name: &str) -> Option<Self> {
        let option = match name {
            "allow_empty_class" => PCRE2_ALLOW_EMPTY_CLASS,
            "alt_bsux" => PCRE2_ALT_BSUX,
            "auto_callout" => PCRE2_AUTO_CALLOUT,
            "caseless" => PCRE2_CASELESS,
            "dollar_endonly" => PCRE2_DOLLAR_ENDONLY,
            "dotall" => PCRE2_DOTALL,
            "dupnames" => PCRE2_DUPNAMES,
            "extended" => PCRE2_EXTENDED,
            "firstline" => PCRE2_FIRSTLINE,
            "match_unset_backref" => PCRE2_MATCH_UNSET_BACKREF,
            "multiline" => PCRE2_MULTILINE,
            "never_ucp" => PCRE2_NEVER_UCP,
            "never_utf" => PCRE2_NEVER_UTF,
            "no_auto_capture" => PCRE2_NO_AUTO_CAPTURE,
            "no_auto_possess" => PCRE2_NO_AUTO_POSSESS,
            "no_dotstar_anchor" => PCRE2_NO_DOTSTAR_ANCHOR,
            "no_start_optimize" => PCRE2_NO_START_OPTIMIZE,
            "ucp" => PCRE2_UCP,
            "ungreedy" => PCRE2_UNGREEDY,
            "utf" => PCRE2_UTF,
            "never_backslash_c" => PCRE2_NEVER_BACKSLASH_C,
            "alt_circumflex" => PCRE2_ALT_CIRCUMFLEX,
            "alt_verbnames" => PCRE2_ALT_VERBNAMES,
            "use_offset_limit" => PCRE2_USE_OFFSET_LIMIT,
            _ => return None,
        };
        Some(Self(self.0 | option))
    }

    /// As they are given to PCRE2.
    pub(super) fn bits(self) -> u32 {
        // A text that is cut anywhere, or is no UTF-8, has places that do not match instead of being an error.
        let invalid = if self.0 & PCRE2_UTF == 0 {
            0
        } else {
            PCRE2_MATCH_INVALID_UTF
        };
        self.0 | invalid | PCRE2_AUTO_CALLOUT | PCRE2_USE_OFFSET_LIMIT
    }

    /// Whether `\x` and `\u` are letters where what follows is no code, as in JavaScript.
    pub(super) fn takes_codes_for_letters(self) -> bool {
        self.0 & PCRE2_ALT_BSUX != 0
    }
}
