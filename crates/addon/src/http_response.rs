//! The judge of answers to HTTP requests, for those that JavaScript reads (TLS).

use std::sync::Arc;

use ka_engine::guard;
use ka_probe::http::{
    Failure, HttpExpectation as Expectation, HttpResponse as Response, PatternOptions, PatternRule,
    StatusRange as Range, Verdict,
};
use ka_probe::{HttpAnswer as Answer, Reason, Stage};
use napi::bindgen_prelude::{Uint8Array, Unknown};
use napi_derive::napi;

use crate::error::{CodedError, INVALID_CONFIG};
use crate::parse::{self, Parsed, integer, object};

/// What an answer must be like.
#[napi(object, object_to_js = false)]
pub struct HttpExpectation<'env> {
    /// Its status must be in one of these.
    #[napi(ts_type = "Array<HttpStatusRange>")]
    pub status: Vec<Unknown<'env>>,
    /// MD5 of its body, 32 hexadecimal digits; absent, it does not matter.
    pub digest: Option<String>,
    /// What its body must match; absent, it does not matter.
    #[napi(ts_type = "HttpRegex")]
    pub regex: Option<Unknown<'env>>,
}

/// Status codes from one to another, both included, 0 to 999.
#[napi(object, object_to_js = false)]
pub struct HttpStatusRange {
    /// The first one.
    pub from: f64,
    /// The last one.
    pub to: f64,
}

/// A pattern of PCRE2 for the first MiB of a body.
#[napi(object, object_to_js = false)]
pub struct HttpRegex {
    /// The pattern.
    pub pattern: String,
    /// It must not match.
    pub no_match: bool,
    /// Names of PCRE2's options, as `regex_options` has them.
    pub options: Vec<String>,
    /// Octet of the body, from 0, at which a match starts at the earliest.
    pub min_offset: Option<f64>,
    /// At which it starts at the latest.
    pub max_offset: Option<f64>,
}

/// What an answer is worth.
#[napi(
    object_from_js = false,
    discriminant = "type",
    discriminant_case = "camelCase",
    js_name = "HttpVerdict"
)]
#[allow(
    missing_docs,
    reason = "the sentence of a variant describes its fields"
)]
pub enum HttpVerdict {
    /// It is as expected.
    Success { http: HttpAnswer },
    /// It is not: in what, why, and for people. `http` is what had come by then, once there is a header with a status.
    Failed {
        #[napi(ts_type = "'reply' | 'header' | 'body' | 'status' | 'digest' | 'regex'")]
        stage: String,
        #[napi(ts_type = "'noData' | 'closed' | 'tooLong' | 'malformed' | 'mismatch' | 'error'")]
        reason: String,
        detail: String,
        http: Option<HttpAnswer>,
    },
}

/// What is known of an answer.
#[napi(object, object_from_js = false)]
pub struct HttpAnswer {
    /// Its status.
    pub status: u16,
    /// Octets of its body as they came, chunks not decoded, at most those that its header announced.
    pub length: f64,
    /// Octets that its header announced.
    pub content_length: Option<f64>,
    /// MD5 of the body, 32 lower-case hexadecimal digits, where one is expected.
    pub digest: Option<String>,
}

/// Judges the answer to one HTTP request, without I/O: the same as for probes over plain HTTP. What it keeps is bounded, whatever comes.
#[napi]
pub struct HttpResponse {
    response: Response,
}

#[napi]
impl HttpResponse {
    /// An answer of which nothing has come yet.
    ///
    /// Throws `KA_ERR_USAGE` for what is no expectation, and `KA_ERR_CONFIG_UNUSABLE` with PCRE2's sentence for a pattern that is none.
    #[napi(constructor, ts_args_type = "expectation: HttpExpectation")]
    pub fn new(expectation: Unknown<'_>) -> Result<Self, CodedError> {
        guard(|| {
            let expectation = object("expectation", expectation).map_err(parse::usage)?;
            Ok(Self {
                response: Response::new(self::expectation(&expectation)?),
            })
        })
    }

    /// Takes octets that came; the verdict once nothing that may still come changes it. It stays the same then.
    ///
    /// Throws `KA_ERR_USAGE` for what is no octets.
    #[napi(
        ts_args_type = "data: Uint8Array",
        ts_return_type = "HttpVerdict | null"
    )]
    pub fn feed(&mut self, data: Unknown<'_>) -> Result<Option<HttpVerdict>, CodedError> {
        guard(|| {
            let data: Uint8Array = parse::argument("data", data).map_err(parse::usage)?;
            Ok(self.response.feed(&data).map(Into::into))
        })
    }

    /// Octets in front of the body, interim answers included; 0 until it begins.
    #[napi(getter)]
    pub fn header_length(&self) -> u32 {
        // There is a limit far below.
        guard(|| u32::try_from(self.response.header_length()).unwrap_or(u32::MAX))
    }

    /// The verdict when nothing more comes.
    #[napi]
    pub fn end(&mut self) -> HttpVerdict {
        guard(|| self.response.end().into())
    }
}

/// What an answer must be like.
///
/// # Errors
/// `KA_ERR_USAGE`; `KA_ERR_CONFIG_UNUSABLE` for a pattern that PCRE2 does not take.
pub(crate) fn expectation(config: &HttpExpectation<'_>) -> Result<Expectation, CodedError> {
    let statuses = config.status.iter().enumerate().map(|(index, value)| {
        let range: HttpStatusRange = object(&format!("status[{index}]"), *value)?;
        Ok(Range {
            from: integer("from", range.from, 0..=999)?,
            to: integer("to", range.to, 0..=999)?,
        })
    });
    let statuses: Parsed<Arc<[Range]>> = statuses.collect();
    let digest = config.digest.as_deref().map(digest).transpose();
    let regex = config.regex.map(|value| object("regex", value)).transpose();
    Ok(Expectation {
        statuses: statuses.map_err(parse::usage)?,
        digest: digest.map_err(parse::usage)?,
        pattern: regex
            .map_err(parse::usage)?
            .map(|regex| rule(&regex).map(Arc::new))
            .transpose()?,
    })
}

fn digest(text: &str) -> Parsed<[u8; 16]> {
    let octets = (0..16).map(|index| {
        let digits = text.get(2 * index..2 * index + 2)?;
        digits
            .bytes()
            .all(|digit| digit.is_ascii_hexdigit())
            .then(|| u8::from_str_radix(digits, 16).ok())?
    });
    let octets: Option<Vec<u8>> = octets.collect();
    octets
        .filter(|_| text.len() == 32)
        .and_then(|octets| octets.try_into().ok())
        .ok_or_else(|| format!("digest '{text}' is not 32 hexadecimal digits"))
}

fn rule(regex: &HttpRegex) -> Result<PatternRule, CodedError> {
    let mut names = regex.options.iter();
    let options = names.try_fold(PatternOptions::default(), |options, name| {
        let known = options.with(name);
        known.ok_or_else(|| parse::usage(format!("'{name}' is no option of a pattern")))
    })?;
    let offset = |field, value: Option<f64>| value.map(|value| offset(field, value)).transpose();
    let first = offset("minOffset", regex.min_offset).map_err(parse::usage)?;
    let last = offset("maxOffset", regex.max_offset).map_err(parse::usage)?;
    let rule = PatternRule::new(&regex.pattern, options)
        .map_err(|error| napi::Error::new(INVALID_CONFIG, format!("regex: {error}")))?
        .within(first.unwrap_or_default(), last);
    Ok(if regex.no_match { rule.negated() } else { rule })
}

/// Beyond 32 bits all offsets are the same: no body is so large.
fn offset(field: &str, value: f64) -> Parsed<usize> {
    let value = value.min(f64::from(u32::MAX));
    integer(field, value, 0..=u32::MAX).map(|offset| offset as usize)
}

impl From<Verdict> for HttpVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Good(answer) => Self::Success {
                http: answer.into(),
            },
            Verdict::Bad(failure) => failed(failure),
        }
    }
}

fn failed(failure: Failure) -> HttpVerdict {
    let http = failure.answer.clone().map(Into::into);
    let failure = ka_probe::Failure::from(failure);
    HttpVerdict::Failed {
        stage: stage(failure.stage).to_owned(),
        reason: reason(failure.reason).to_owned(),
        detail: failure.detail.unwrap_or_default(),
        http,
    }
}

/// The name of a stage in JavaScript.
pub(crate) fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "connect",
        Stage::Send => "send",
        Stage::Reply => "reply",
        Stage::Header => "header",
        Stage::Body => "body",
        Stage::Status => "status",
        Stage::Digest => "digest",
        Stage::Regex => "regex",
        Stage::Mismatch => "mismatch",
    }
}

/// The name of a reason in JavaScript.
pub(crate) fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Refused => "refused",
        Reason::Timeout => "timeout",
        Reason::Closed => "closed",
        Reason::Reset => "reset",
        Reason::Unreachable => "unreachable",
        Reason::TooLong => "tooLong",
        Reason::NoData => "noData",
        Reason::Mismatch => "mismatch",
        Reason::Malformed => "malformed",
        Reason::Error => "error",
    }
}

impl From<Answer> for HttpAnswer {
    fn from(answer: Answer) -> Self {
        Self {
            status: answer.status,
            // Octets of a body are far less than 2^53; what a header announces need not be exact then.
            length: answer.length as f64,
            content_length: answer.content_length.map(|length| length as f64),
            digest: answer.digest_text(),
        }
    }
}
