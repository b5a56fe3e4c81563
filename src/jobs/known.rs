//! What people know of calls: values from one file for a run, and from a side-car object beside each call; spans that were
//! added by hand. Must not hand them to anything but redaction.

use super::fetch;
use super::{Call, CallKey, Ordered, SourceFile};
use crate::base::{CallId, Error, HoldReason, KeyedRef, Kind, Phi, Result, Stage};
use crate::model::by_hand::SpanByHand;
use crate::model::{KnownFile, KnownValue};
use crate::store::Stat;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// Largest side-car, bytes.
const SIDE_CAR_BYTES_MAX: u64 = 1 << 20;

/// Known values of the calls of a run.
#[derive(Default)]
pub struct KnownValues(BTreeMap<CallId, OfCall>);

struct OfCall {
    values: Vec<KnownValue>,
    /// Whether the call is one of the run.
    is_met: AtomicBool,
}

impl KnownValues {
    /// Gives the values of a file to calls by name, or to the one call of the run. Of `calls`, those of the run, no
    /// more than two are looked at.
    ///
    /// # Errors
    /// A usage error when the file is about one call and the run is not.
    pub fn of(file: KnownFile, mut calls: impl Iterator<Item = Call>, key: &CallKey) -> Result<Self> {
        let of_call = |values| OfCall { values, is_met: AtomicBool::new(false) };
        match file {
            KnownFile::ByCall(by_name) => {
                let id = |name: Phi<String>| key.call_id(&name.map(String::into_bytes));
                Ok(Self(by_name.into_iter().map(|(name, values)| (id(name), of_call(values))).collect()))
            }
            KnownFile::One(values) => match (calls.next(), calls.next()) {
                (Some(call), None) => Ok(Self([(call.id, of_call(values))].into())),
                (first, _) => {
                    let found = if first.is_some() { "more than one" } else { "none" };
                    Err(Error::usage(format!("--known is about one call, SOURCE has {found}")).hint(
                        "name that call as SOURCE, or give a file with values by call; docs/known-values.md has the form",
                    ))
                }
            },
        }
    }

    /// Takes note that a call is one of the run.
    pub fn meet(&self, call: &CallId) {
        if let Some(known) = self.0.get(call) {
            known.is_met.store(true, Ordering::Relaxed);
        }
    }

    /// How many names of the file were no call's of the run.
    #[must_use]
    pub fn unmet(&self) -> usize {
        self.0.values().filter(|known| !known.is_met.load(Ordering::Relaxed)).count()
    }
}

/// What is known of one call.
pub(super) struct Given {
    /// The values.
    pub values: Vec<KnownValue>,
    /// A keyed hash of them for the manifest; nothing where there are none.
    pub reference: Option<KeyedRef>,
    /// Spans that were added by hand.
    pub spans: Vec<SpanByHand>,
    side_car: Option<(SourceFile, Stat)>,
}

impl Given {
    /// Puts together the run's values of a call, those of its side-car and the spans that were added to it.
    ///
    /// # Errors
    /// Holds the call when its side-car cannot be read or is damaged; fails when its spans are.
    pub fn read(run: &KnownValues, ordered: &Ordered, call: &Call, key: &CallKey) -> Result<Self> {
        let mut values = run.0.get(&call.id).map(|known| known.values.clone()).unwrap_or_default();
        let mut side_car = None;
        if let Some(file) = &call.known {
            let (bytes, stat) = fetch::read_whole(file, SIDE_CAR_BYTES_MAX)?;
            values.extend(parse(&bytes)?);
            side_car = Some((file.clone(), stat));
        }
        let reference = (!values.is_empty()).then(|| key.known(&call.id, &values));
        Ok(Self { values, reference, spans: ordered.spans(&call.id)?, side_car })
    }

    /// The side-car that was read, and its state.
    pub fn opened(&self) -> Option<(&SourceFile, &Stat)> {
        self.side_car.as_ref().map(|(file, stat)| (file, stat))
    }
}

fn parse(bytes: &Phi<Vec<u8>>) -> Result<Vec<KnownValue>> {
    let held = |mut error: Error| {
        error.kind = Kind::Held(HoldReason::DamagedKnownValues);
        error.stage = Stage::Fetch;
        error
    };
    match KnownFile::parse(bytes.expose()).map_err(held)? {
        KnownFile::One(values) => Ok(values),
        KnownFile::ByCall(_) => Err(Error::held(
            Stage::Fetch,
            HoldReason::DamagedKnownValues,
            "a side-car of known values is about its own call alone",
        )),
    }
}
