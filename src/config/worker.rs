//! The table `[worker]`: what `sordino worker` and `sordino lambda` are told besides.

use super::fields::{Origin, number, within};
use crate::base::{Error, Result};
use crate::jobs::Template;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Longest lease: what SQS allows, 12 hours.
const LEASE_S_MAX: u64 = 43_200;
/// Longest wait of a transcript for its recording; SQS hides a message no longer.
const ALONE_AFTER_S_MAX: u64 = 43_200;
const SECONDS_MAX: u64 = 86_400;
const DELIVERIES_MAX: u64 = 1_000;

/// One layer's fields of the table.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct WorkerFields {
    /// URL of a queue.
    pub queue: Option<String>,
    /// A folder to watch instead.
    pub watch: Option<PathBuf>,
    /// Where messages go that cannot be done: URL of a queue, or a folder.
    pub dead_letter: Option<String>,
    /// Address that answers health checks.
    pub listen: Option<SocketAddr>,
    /// URL of a collector of OpenTelemetry.
    pub otlp: Option<String>,
    /// Bytes of sources worked on at once.
    pub bytes_in_flight: Option<u64>,
    /// Lease of a message, seconds.
    pub lease_s: Option<u64>,
    /// How long a transcript waits for its recording, seconds.
    pub alone_after_s: Option<u64>,
    /// Templates of transcripts that always have a recording.
    pub expects_recording: Option<Vec<String>>,
    /// How long work in hand may take once told to stop, seconds.
    pub stop_after_s: Option<u64>,
    /// How long a watched file must rest, seconds.
    pub settle_s: Option<u64>,
    /// How often work that fails is tried.
    pub deliveries_max: Option<u32>,
    /// What is logged: `error`, `warn`, `info` or `debug`.
    pub log: Option<LogLevel>,
}

/// The least that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What needs a person.
    Error,
    /// What was tried again.
    Warn,
    /// Every call as well.
    #[default]
    Info,
    /// Every message as well.
    Debug,
}

/// What a worker is told, checked, with what it was not told filled in.
pub struct WorkerSettings {
    /// URL of a queue.
    pub queue: Option<String>,
    /// A folder to watch instead.
    pub watch: Option<PathBuf>,
    /// Where messages go that cannot be done: URL of a queue, or a folder.
    pub dead_letter: Option<String>,
    /// Address that answers health checks.
    pub listen: Option<SocketAddr>,
    /// URL of a collector of OpenTelemetry.
    pub otlp: Option<String>,
    /// Bytes of sources worked on at once.
    pub bytes_in_flight: u64,
    /// Lease of a message.
    pub lease: Duration,
    /// How long a transcript waits for its recording.
    pub alone_after: Duration,
    /// Templates of transcripts that always have a recording.
    pub expects_recording: Vec<Template>,
    /// How long work in hand may take once told to stop.
    pub stop_after: Duration,
    /// How long a watched file must rest.
    pub settle: Duration,
    /// How often work that fails is tried.
    pub deliveries_max: u32,
    /// The least that is logged.
    pub log: LogLevel,
}

impl WorkerFields {
    pub(super) fn over(self, lower: Self) -> Self {
        Self {
            queue: self.queue.or(lower.queue),
            watch: self.watch.or(lower.watch),
            dead_letter: self.dead_letter.or(lower.dead_letter),
            listen: self.listen.or(lower.listen),
            otlp: self.otlp.or(lower.otlp),
            bytes_in_flight: self.bytes_in_flight.or(lower.bytes_in_flight),
            lease_s: self.lease_s.or(lower.lease_s),
            alone_after_s: self.alone_after_s.or(lower.alone_after_s),
            expects_recording: self.expects_recording.or(lower.expects_recording),
            stop_after_s: self.stop_after_s.or(lower.stop_after_s),
            settle_s: self.settle_s.or(lower.settle_s),
            deliveries_max: self.deliveries_max.or(lower.deliveries_max),
            log: self.log.or(lower.log),
        }
    }

    /// Sets the field of the variable `SORDINO_<name>`; whether there is one.
    pub(super) fn set_from_env(&mut self, name: &str, value: &OsStr) -> Result<bool> {
        let full = format!("SORDINO_{name}");
        let text = || value.to_str().map(str::to_owned).ok_or_else(|| Error::usage(format!("{full}: not UTF-8")));
        let wrong = |what: &str| Error::usage(format!("{full}={}: {what}", value.to_string_lossy()));
        match name {
            "QUEUE" => self.queue = Some(text()?),
            "WATCH" => self.watch = Some(value.into()),
            "DEAD_LETTER" => self.dead_letter = Some(text()?),
            "LISTEN" => self.listen = Some(text()?.parse().map_err(|_| wrong("not an address like 0.0.0.0:9464"))?),
            "OTLP" => self.otlp = Some(text()?),
            "BYTES_IN_FLIGHT" => self.bytes_in_flight = Some(number(&full, value)?),
            "LEASE_S" => self.lease_s = Some(number(&full, value)?),
            "ALONE_AFTER_S" => self.alone_after_s = Some(number(&full, value)?),
            "EXPECTS_RECORDING" => {
                self.expects_recording = Some(text()?.split(',').map(|t| t.trim().to_owned()).collect());
            }
            "STOP_AFTER_S" => self.stop_after_s = Some(number(&full, value)?),
            "SETTLE_S" => self.settle_s = Some(number(&full, value)?),
            "DELIVERIES_MAX" => self.deliveries_max = Some(number(&full, value)?),
            "LOG" => {
                let level = <LogLevel as clap::ValueEnum>::from_str(&text()?, true);
                self.log = Some(level.map_err(|_| wrong("one of error, warn, info, debug"))?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn check(&self, origin: Origin) -> Result<()> {
        within(origin, "bytes-in-flight", self.bytes_in_flight, 1, u64::MAX, 1 << 30)?;
        within(origin, "lease-s", self.lease_s, 3, LEASE_S_MAX, 60)?;
        within(origin, "alone-after-s", self.alone_after_s, 0, ALONE_AFTER_S_MAX, 900)?;
        within(origin, "stop-after-s", self.stop_after_s, 0, SECONDS_MAX, 25)?;
        within(origin, "settle-s", self.settle_s, 0, SECONDS_MAX, 5)?;
        within(origin, "deliveries-max", self.deliveries_max.map(u64::from), 1, DELIVERIES_MAX, 10)?;
        let wrong = |template: &String| {
            Error::usage(format!("expects-recording {template:?}: not of the form FOLDER/…/TEXT{{id}}TEXT.*"))
                .hint("an example is \"transcripts/{id}.*\"; docs/batch.md says what may stand in it")
        };
        self.expects_recording.iter().flatten().try_for_each(|t| Template::parse(t).map(drop).map_err(|_| wrong(t)))
    }

    pub(super) fn settings(&self) -> Result<WorkerSettings> {
        let seconds = |field: Option<u64>, default| Duration::from_secs(field.unwrap_or(default));
        Ok(WorkerSettings {
            queue: self.queue.clone(),
            watch: self.watch.clone(),
            dead_letter: self.dead_letter.clone(),
            listen: self.listen,
            otlp: self.otlp.clone(),
            bytes_in_flight: self.bytes_in_flight.unwrap_or(1 << 30),
            lease: seconds(self.lease_s, 60),
            alone_after: seconds(self.alone_after_s, 900),
            expects_recording: self
                .expects_recording
                .iter()
                .flatten()
                .map(|t| Template::parse(t))
                .collect::<Result<_>>()?,
            stop_after: seconds(self.stop_after_s, 25),
            settle: seconds(self.settle_s, 5),
            deliveries_max: self.deliveries_max.unwrap_or(10),
            log: self.log.unwrap_or_default(),
        })
    }
}
