//! Probes and their results as JavaScript sees them.

use std::ffi::CString;
use std::net::SocketAddr;
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ka_probe::{Action, ClientStep, Outcome, Source, UdpReply as Reply};
use ka_sys::errno_name;
use napi::bindgen_prelude::{Buffer, FromNapiValue, Object, Uint8Array, Unknown};
use napi_derive::napi;

use crate::error::CodedError;
use crate::http_response::{HttpAnswer, HttpExpectation, expectation, reason, stage};
use crate::parse::{self, Parsed};
use crate::snapshot::Histogram;

/// Whom to ask, and how.
#[napi(object, object_to_js = false)]
pub struct Probe<'env> {
    /// A 32-bit number that no other probe has.
    pub id: f64,
    /// Address of the server.
    pub address: String,
    /// Its port; ignored by `ping`.
    pub port: f64,
    /// Address to come from; the system's choice when absent.
    pub bind_address: Option<String>,
    /// Port to come from, 0 to 65,535; the system's choice when absent or 0. A `tcp` probe then ends its connection by a reset, which
    /// leaves the port free for the next attempt.
    pub bind_port: Option<f64>,
    /// Interface to leave through.
    pub bind_interface: Option<String>,
    /// Mark of its packets.
    pub mark: Option<f64>,
    /// For each step: to connect, from the request to the first octet of its answer, and from one part of the answer to the next. An
    /// attempt ends after twenty times that.
    pub timeout_us: f64,
    /// What is asked. `tcp` connects and closes the connection, `connect` hands it over; `ping` sends an echo request by ICMP; `udp` sends
    /// a datagram, to which silence is as good as an answer unless `reply` is given, and only a port that is unreachable a failure; `http`
    /// sends a request by TCP and judges the answer.
    #[napi(
        ts_type = "{ type: 'tcp' } | { type: 'connect' } | { type: 'ping' } | { type: 'udp', payload: Uint8Array, reply?: UdpReply } | { type: 'http', request: Uint8Array, expect: HttpExpectation }"
    )]
    pub action: Unknown<'env>,
}

/// What a datagram that comes back is to be.
#[napi(object, object_to_js = false)]
pub struct UdpReply {
    /// What it begins with, as far as it is long; when absent, any is right, whatever its length.
    pub pattern: Option<Uint8Array>,
    /// The bits of the pattern that count, in as many octets; all when absent.
    pub mask: Option<Uint8Array>,
    /// Least number of octets.
    pub min_length: f64,
    /// Greatest number of octets.
    pub max_length: f64,
    /// What does not match is passed over, as if it had not come; else it is a failure.
    pub ignore_others: bool,
}

/// What came of an attempt.
#[napi(object, object_from_js = false)]
pub struct ProbeResult {
    /// The probe.
    pub id: u32,
    /// From when it was due to its begin, in microseconds.
    pub lateness_us: f64,
    /// From its begin to its end, in microseconds; 0 where both were in one step of the thread.
    pub duration_us: f64,
    /// Since its end, in microseconds.
    pub ago_us: f64,
    /// What came of it.
    pub outcome: ProbeOutcome,
}

/// What came of an attempt.
#[napi(
    object_from_js = false,
    discriminant = "type",
    discriminant_case = "camelCase",
    js_name = "ProbeOutcome"
)]
#[allow(
    missing_docs,
    reason = "the sentence of a variant describes its fields"
)]
pub enum ProbeOutcome {
    /// The server did as it is to do. `udp`: the first 512 octets of its answer, where there was one; `connect`: the connection, which is
    /// the caller's to close; `http`: what it answered.
    Success {
        reply: Option<Buffer>,
        fd: Option<i32>,
        http: Option<HttpAnswer>,
    },
    /// The server failed: in what, why, the system's error where there is one, and what is wrong with an answer, for people.
    Failed {
        #[napi(
            ts_type = "'connect' | 'send' | 'reply' | 'header' | 'body' | 'status' | 'digest' | 'regex' | 'mismatch'"
        )]
        stage: String,
        #[napi(
            ts_type = "'refused' | 'timeout' | 'closed' | 'reset' | 'unreachable' | 'tooLong' | 'noData' | 'mismatch' | 'malformed' | 'error'"
        )]
        reason: String,
        errno: Option<i32>,
        code: Option<String>,
        detail: Option<String>,
        http: Option<HttpAnswer>,
    },
    /// Nothing is known of the server: the system refused something before.
    NotStarted {
        #[napi(ts_type = "'socket' | 'mark' | 'interface' | 'bind' | 'connect'")]
        operation: String,
        errno: i32,
        code: String,
    },
}

/// How the prober fares, since its start.
#[napi(object, object_from_js = false)]
pub struct ProberStatus {
    /// Probes that there are.
    pub defined: u32,
    /// Attempts that are asked for and have not begun.
    pub pending: u32,
    /// Attempts under way.
    pub running: u32,
    /// Attempts begun.
    pub attempts: f64,
    /// Results that nobody took before the next one of the same probe came.
    pub dropped: f64,
    /// From when an attempt was due to its begin.
    pub lateness: Histogram,
}

/// The probe that `value` is.
pub(crate) fn probe(index: usize, value: Unknown<'_>) -> Result<ka_probe::Probe, CodedError> {
    let probe: Probe<'_> =
        parse::object(&format!("probes[{index}]"), value).map_err(parse::usage)?;
    let named = |reason: String| parse::usage(format!("probe {}: {reason}", probe.id));
    let action = parse::object("action", probe.action).map_err(named)?;
    let action = self::action(&action)?;
    spec(probe, action).map_err(parse::usage)
}

fn spec(probe: Probe<'_>, action: Action) -> Parsed<ka_probe::Probe> {
    let address = parse::ip("address", &probe.address)?;
    let port = |field, value| parse::integer(field, value, 0..=u16::MAX);
    let bind_address = parse::optional_ip("bindAddress", probe.bind_address.as_deref())?;
    if bind_address.is_some_and(|bound| bound.is_ipv4() != address.is_ipv4()) {
        return Err("bindAddress is not of the family of the server's".to_owned());
    }
    let interface = probe.bind_interface.map(CString::new).transpose();
    Ok(ka_probe::Probe {
        id: parse::integer("id", probe.id, 0..=u32::MAX)?,
        target: SocketAddr::new(address, port("port", probe.port)?),
        source: Source {
            address: bind_address,
            port: port("bindPort", probe.bind_port.unwrap_or_default())?,
            interface: interface.map_err(|_| "bindInterface holds a NUL".to_owned())?,
            mark: probe
                .mark
                .map(|mark| parse::integer("mark", mark, 0..=u32::MAX))
                .transpose()?,
        },
        timeout: parse::microseconds("timeoutUs", probe.timeout_us, 1)?,
        action,
    })
}

fn action(action: &Object<'_>) -> Result<Action, CodedError> {
    let kind: String = field(action, "type")?;
    let octets = |name| field::<Uint8Array>(action, name).map(|octets| Arc::from(&*octets));
    Ok(match kind.as_str() {
        "tcp" => Action::Tcp,
        "connect" => Action::Connect,
        "ping" => Action::Ping,
        "udp" => Action::Udp {
            payload: octets("payload")?,
            reply: optional(action, "reply")?
                .map(|reply| parse::object("reply", reply).and_then(self::reply))
                .transpose()
                .map_err(parse::usage)?,
        },
        "http" => {
            let expect = parse::object("expect", field(action, "expect")?);
            let expect: HttpExpectation<'_> = expect.map_err(parse::usage)?;
            Action::Http {
                request: octets("request")?,
                expectation: Arc::new(expectation(&expect)?),
            }
        }
        other => return Err(parse::usage(format!("action '{other}' does not exist"))),
    })
}

/// A property of an action that it must have.
fn field<T: FromNapiValue>(action: &Object<'_>, name: &str) -> Result<T, CodedError> {
    optional(action, name)?.ok_or_else(|| parse::usage(format!("action has no {name}")))
}

fn optional<T: FromNapiValue>(action: &Object<'_>, name: &str) -> Result<Option<T>, CodedError> {
    let value = action.get(name);
    value.map_err(|error| parse::usage(format!("{name}: {}", error.reason)))
}

fn reply(reply: UdpReply) -> Parsed<Reply> {
    let length = |field, value| parse::integer(field, value, 0..=u16::MAX).map(usize::from);
    let octets =
        |octets: Option<Uint8Array>| octets.map_or_else(Vec::new, |octets| octets.to_vec());
    let (pattern, mask) = (octets(reply.pattern), octets(reply.mask));
    if !mask.is_empty() && mask.len() != pattern.len() {
        return Err("mask is not as long as pattern".to_owned());
    }
    Ok(Reply {
        pattern,
        mask,
        min_length: length("minLength", reply.min_length)?,
        max_length: length("maxLength", reply.max_length)?,
        ignores_others: reply.ignore_others,
    })
}

/// Attempts of probes, each so long from now.
pub(crate) fn attempts(ids: &[u32], delays_us: &[f64]) -> Parsed<Vec<(u32, Duration)>> {
    if ids.len() != delays_us.len() {
        return Err(format!(
            "ids has {} numbers and delaysUs {}",
            ids.len(),
            delays_us.len()
        ));
    }
    let attempts = ids.iter().zip(delays_us).map(|(&id, &delay)| {
        parse::microseconds("delaysUs", delay.trunc(), 0).map(|delay| (id, delay))
    });
    attempts.collect()
}

impl ProbeResult {
    pub(crate) fn new(result: ka_probe::ProbeResult, now: Instant) -> Self {
        Self {
            id: result.id,
            lateness_us: us(result.lateness),
            duration_us: us(result.duration),
            ago_us: us(now.saturating_duration_since(result.ended)),
            outcome: result.outcome.into(),
        }
    }
}

impl From<Outcome> for ProbeOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success { reply } => Self::Success {
                reply: reply.map(Into::into),
                fd: None,
                http: None,
            },
            Outcome::Connected(connection) => Self::Success {
                reply: None,
                fd: Some(connection.into_raw_fd()),
                http: None,
            },
            Outcome::Answered(answer) => Self::Success {
                reply: None,
                fd: None,
                http: Some(answer.into()),
            },
            Outcome::Failed(failure) => Self::Failed {
                stage: stage(failure.stage).to_owned(),
                reason: reason(failure.reason).to_owned(),
                errno: failure.errno.map(|errno| errno.raw_os_error()),
                code: failure.errno.map(|errno| errno_name(errno).to_owned()),
                detail: failure.detail,
                http: failure.answer.map(Into::into),
            },
            Outcome::NotStarted(refusal) => Self::NotStarted {
                operation: operation(refusal.step).to_owned(),
                errno: refusal.errno.raw_os_error(),
                code: errno_name(refusal.errno).to_owned(),
            },
        }
    }
}

fn operation(step: Option<ClientStep>) -> &'static str {
    match step {
        Some(ClientStep::Socket) => "socket",
        Some(ClientStep::Mark) => "mark",
        Some(ClientStep::Interface) => "interface",
        Some(ClientStep::Bind) => "bind",
        None => "connect",
    }
}

fn us(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl From<&ka_probe::ProberStatus> for ProberStatus {
    fn from(status: &ka_probe::ProberStatus) -> Self {
        Self {
            defined: count(status.defined),
            pending: count(status.pending),
            running: count(status.running),
            attempts: status.attempts as f64,
            dropped: status.dropped as f64,
            lateness: (&status.lateness).into(),
        }
    }
}
