//! What instances track, as JavaScript hands it over.

use std::sync::Arc;
use std::time::Duration;

use ka_engine::{InitFile, ParameterMatch, ProcessConfig, ProcessMatch, TrackerId};
use ka_vrrp::{TrackerState, Weight};
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use crate::parse::{Parsed, integer, ip, microseconds, object, signed};

/// Beyond it a weight has no further effect: priorities are far smaller.
const MAX_WEIGHT: i32 = 1000;
/// Of `vrrp_track_process`.
const MAX_PROCESSES: u32 = 65_535;

/// Something that instances track.
#[napi(object, object_to_js = false)]
pub struct TrackerConfig<'env> {
    /// Names it in results, 0 to 4,294,967,295. What a reload keeps has the same number before and after.
    pub id: f64,
    /// Tells results of this configuration from those of another, 0 to 4,294,967,295. With the same one, what
    /// `setTrack()` told of it stays known.
    pub generation: f64,
    /// Name in events and in the snapshot.
    pub name: String,
    /// Where what is known of it comes from.
    #[napi(ts_type = "TrackerSource")]
    pub source: Unknown<'env>,
}

/// Where what is known of a tracker comes from.
#[napi(
    object_to_js = false,
    discriminant = "type",
    discriminant_case = "camelCase",
    js_name = "TrackerSource"
)]
#[allow(
    missing_docs,
    reason = "the sentence of a variant describes its fields"
)]
pub enum TrackerSource {
    /// `setTrack()` tells it. `initial` is known when the configuration comes; without a result for `staleAfterMs` it
    /// counts as failed, in time that the process runs, rounded up to whole seconds; never when absent.
    Reported {
        #[napi(ts_type = "'unknown' | 'up' | 'down'")]
        initial: String,
        stale_after_ms: Option<f64>,
    },
    /// An interface, which is down while there is none.
    Interface { interface: String },
    /// An address: up while this host has it, whoever added it.
    Address { address: String },
    /// A file with a number. `initialNumber` is written into it where it does not exist, or with `overwrite` in any case.
    File {
        path: String,
        initial_number: Option<f64>,
        overwrite: bool,
    },
    /// Processes: up while there are at least `quorum` (1 to 65,535) and at most `quorumMax` (0 to 65,535). `process` is
    /// their name, or with `fullCommand` the first word of their command line, and `parameters` are those behind it.
    /// What a fork brings counts after `forkDelayUs`, and what is lacking after `terminateDelayUs`.
    Process {
        process: String,
        full_command: bool,
        parameters: Vec<String>,
        #[napi(ts_type = "'exact' | 'initial' | 'partial'")]
        parameter_match: Option<String>,
        quorum: f64,
        quorum_max: Option<f64>,
        fork_delay_us: f64,
        terminate_delay_us: f64,
    },
}

/// That an instance tracks something, and how that counts.
#[napi(object, object_to_js = false)]
pub struct Track {
    /// Number of the tracker.
    pub tracker: f64,
    /// Part of the priority, -1,000 to 1,000: added while up when it is positive, and while down when it is negative.
    /// With 0 being down is a fault. The number of a file is multiplied by it; with 0 each number but 0 is a fault.
    pub weight: f64,
    /// The weight counts with the other sign, and with 0 being up is the fault, or the number 0.
    pub reverse: bool,
}

/// What a tracker says now.
#[napi(object, object_to_js = false)]
pub struct TrackerResult {
    /// Number of the tracker.
    pub tracker: f64,
    /// Generation of its configuration that this is a result of.
    pub generation: f64,
    /// What it says.
    #[napi(ts_type = "'unknown' | 'up' | 'down'")]
    pub state: String,
}

pub(crate) fn tracker(config: TrackerConfig<'_>) -> Parsed<ka_engine::TrackerConfig> {
    let parse = || {
        Ok(ka_engine::TrackerConfig {
            id: tracker_id("id", config.id)?,
            generation: integer("generation", config.generation, 0..=u32::MAX)?,
            name: Arc::from(config.name.as_str()),
            source: source(object("source", config.source)?)?,
        })
    };
    parse().map_err(|reason: String| format!("tracker {}: {reason}", config.name))
}

fn source(source: TrackerSource) -> Parsed<ka_engine::TrackerSource> {
    Ok(match source {
        TrackerSource::Reported {
            initial,
            stale_after_ms,
        } => ka_engine::TrackerSource::Reported {
            initial: tracker_state("initial", &initial)?,
            stale_after: stale_after_ms
                .map(|limit| integer("staleAfterMs", limit, 0..=u32::MAX))
                .transpose()?
                .map(|limit| Duration::from_millis(limit.into())),
        },
        TrackerSource::Interface { interface } => ka_engine::TrackerSource::Interface {
            name: Arc::from(interface),
        },
        TrackerSource::Address { address } => ka_engine::TrackerSource::Address {
            address: ip("address", &address)?,
        },
        TrackerSource::File {
            path,
            initial_number,
            overwrite,
        } => ka_engine::TrackerSource::File {
            path: path.into(),
            init: initial_number
                .map(|value| signed("initialNumber", value, i32::MIN..=i32::MAX))
                .transpose()?
                .map(|value| InitFile { value, overwrite }),
        },
        TrackerSource::Process {
            process,
            full_command,
            parameters,
            parameter_match: rule,
            quorum,
            quorum_max,
            fork_delay_us,
            terminate_delay_us,
        } => ka_engine::TrackerSource::Process(ProcessConfig {
            command: ProcessMatch {
                name: process,
                full_command,
                parameters,
                parameter_match: rule.as_deref().map(parameter_match).transpose()?,
            },
            quorum: integer("quorum", quorum, 1..=MAX_PROCESSES)?,
            quorum_max: quorum_max
                .map(|most| integer("quorumMax", most, 0..=MAX_PROCESSES))
                .transpose()?,
            fork_delay: microseconds("forkDelayUs", fork_delay_us, 0)?,
            terminate_delay: microseconds("terminateDelayUs", terminate_delay_us, 0)?,
        }),
    })
}

fn parameter_match(text: &str) -> Parsed<ParameterMatch> {
    match text {
        "exact" => Ok(ParameterMatch::Exact),
        "initial" => Ok(ParameterMatch::Initial),
        "partial" => Ok(ParameterMatch::Partial),
        other => Err(format!(
            "parameterMatch '{other}' is none of exact, initial, partial"
        )),
    }
}

pub(crate) fn track(config: &Track) -> Parsed<ka_engine::Track> {
    let weight = signed("weight", config.weight, -MAX_WEIGHT..=MAX_WEIGHT)?;
    Ok(ka_engine::Track {
        tracker: tracker_id("tracker", config.tracker)?,
        weight: Weight {
            weight: i16::try_from(weight).unwrap_or_default(),
            reverse: config.reverse,
        },
    })
}

pub(crate) fn result(result: &TrackerResult) -> Parsed<ka_engine::TrackerResult> {
    Ok(ka_engine::TrackerResult {
        tracker: tracker_id("tracker", result.tracker)?,
        generation: integer("generation", result.generation, 0..=u32::MAX)?,
        state: tracker_state("state", &result.state)?,
    })
}

fn tracker_id(field: &str, value: f64) -> Parsed<TrackerId> {
    integer(field, value, 0..=u32::MAX).map(TrackerId)
}

fn tracker_state(field: &str, text: &str) -> Parsed<TrackerState> {
    let states = [TrackerState::Unknown, TrackerState::Up, TrackerState::Down];
    let named = states.into_iter().find(|state| state.name() == text);
    named.ok_or_else(|| format!("{field} '{text}' is none of unknown, up, down"))
}
