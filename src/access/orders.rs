//! Orders of privacy officers after the review of a held call: how the next run is to redact it. The server that writes them
//! sees no source; `redact` and `worker` take them up. An order names one of the policies that those runs were given for this,
//! so that whoever can write records can make nothing more visible than the operator has allowed; what it adds is only hidden.

use super::word::{UserName, Word};
use crate::base::{CallId, Error, Kind, Result, Stage, Timestamp};
use crate::store::{Expected, RecordKey, Records, Stored};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where they lie at the destination.
pub const FOLDER: &str = ".orders";
/// The `schema` of an [`Order`].
pub const ORDER_SCHEMA: &str = "sordino.order/v1";

/// How a call is to be redacted, by whose decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    schema: String,
    /// The call.
    pub call: CallId,
    /// The policy, by its name.
    pub policy: Word,
    /// Who asked for it.
    pub asked: Act,
    /// Who agreed; nobody yet where this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Act>,
}

/// Who decided, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Who.
    pub by: UserName,
    /// When.
    pub at: Timestamp,
}

/// Whose agreement an order needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eyes {
    /// That of whoever asks.
    Two,
    /// That of another person.
    Four,
}

/// The order on a call, where there is one.
///
/// # Errors
/// When it cannot be read or is damaged.
pub fn of_call(records: &dyn Records, call: &CallId) -> Result<Option<Order>> {
    records.read(&key(call)?)?.map(|stored| parse(&stored, call)).transpose()
}

/// Calls on which there is an order.
///
/// # Errors
/// When they cannot be listed.
pub fn calls(records: &dyn Records) -> Result<BTreeSet<CallId>> {
    Ok(records.names(FOLDER)?.iter().filter_map(|name| CallId::parse(name.strip_suffix(".json")?)).collect())
}

/// All orders that are agreed on.
///
/// # Errors
/// When they cannot be read or one is damaged.
pub fn approved(records: &dyn Records) -> Result<Vec<Order>> {
    let mut orders = Vec::new();
    for call in calls(records)? {
        orders.extend(of_call(records, &call)?.filter(|order| order.approved.is_some()));
    }
    Ok(orders)
}

/// Writes an order in the place of one that was there.
///
/// # Errors
/// [`Kind::Conflict`] when somebody else writes one at the same time.
pub fn ask(records: &dyn Records, call: &CallId, policy: Word, by: Act, eyes: Eyes) -> Result<()> {
    let approved = (eyes == Eyes::Two).then(|| by.clone());
    let order = Order { schema: ORDER_SCHEMA.to_owned(), call: call.clone(), policy, asked: by, approved };
    let expected = records.read(&key(call)?)?.map_or(Expected::Absent, |stored| Expected::Version(stored.version));
    write(records, &order, &expected)
}

/// Agrees to an order that another person has asked for.
///
/// # Errors
/// A usage error when there is none, it is not `seen` (by when it was asked for), or the same person has asked for it.
pub fn approve(records: &dyn Records, call: &CallId, seen: Timestamp, by: Act) -> Result<()> {
    let stored = records.read(&key(call)?)?.ok_or_else(|| Error::usage("there is no order on this call"))?;
    let order = parse(&stored, call)?;
    if order.asked.at != seen {
        return Err(Error::new(Stage::Records, Kind::Conflict, "the order is another one by now"));
    }
    if order.asked.by == by.by {
        return Err(Error::usage("another person than who asked must agree"));
    }
    write(records, &Order { approved: Some(by), ..order }, &Expected::Version(stored.version))
}

/// Takes an order back.
///
/// # Errors
/// When it cannot be removed.
pub fn withdraw(records: &dyn Records, call: &CallId) -> Result<()> {
    records.remove(&key(call)?)
}

fn write(records: &dyn Records, order: &Order, expected: &Expected) -> Result<()> {
    let mut bytes = serde_json::to_vec_pretty(order).expect("words and numbers always serialise");
    bytes.push(b'\n');
    records.write(&key(&order.call)?, &bytes, expected, None).map(drop)
}

fn parse(stored: &Stored, call: &CallId) -> Result<Order> {
    let order = serde_json::from_slice::<Order>(&stored.bytes).ok();
    let fits = |order: &Order| order.schema == ORDER_SCHEMA && order.call == *call;
    order
        .filter(fits)
        .ok_or_else(|| Error::new(Stage::Records, Kind::Internal, "an order is damaged or of a newer version"))
}

fn key(call: &CallId) -> Result<RecordKey> {
    RecordKey::new(FOLDER, &format!("{call}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LocalRecords;

    fn act(by: &str, at: u64) -> Act {
        Act { by: by.parse().unwrap(), at: Timestamp::from_unix_s(at) }
    }

    #[test]
    fn an_order_counts_once_another_person_agrees_to_the_very_one_they_saw() {
        let folder = tempfile::tempdir().unwrap();
        let records = LocalRecords::open(folder.path()).unwrap();
        let call = CallId::from_mac(&[1; 32]);
        let policy = Word::parse("reviewed").unwrap();
        let at = Timestamp::from_unix_s;
        assert!(approve(&records, &call, at(1), act("eve", 2)).is_err(), "there is none");
        ask(&records, &call, policy.clone(), act("ana", 1), Eyes::Four).unwrap();
        assert!(approved(&records).unwrap().is_empty());
        assert!(approve(&records, &call, at(1), act("ana", 2)).is_err(), "the same person");
        ask(&records, &call, policy.clone(), act("ana", 3), Eyes::Four).unwrap();
        assert!(approve(&records, &call, at(1), act("eve", 4)).is_err(), "it has changed meanwhile");
        approve(&records, &call, at(3), act("eve", 4)).unwrap();
        let orders = approved(&records).unwrap();
        assert_eq!((orders.len(), orders[0].approved.clone()), (1, Some(act("eve", 4))));
        withdraw(&records, &call).unwrap();
        assert_eq!(of_call(&records, &call).unwrap(), None);
        ask(&records, &call, policy, act("ana", 5), Eyes::Two).unwrap();
        assert_eq!(approved(&records).unwrap().len(), 1);
    }

    #[test]
    fn an_order_on_another_call_or_damaged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let records = LocalRecords::open(folder.path()).unwrap();
        let call = |n| CallId::from_mac(&[n; 32]);
        ask(&records, &call(1), Word::parse("reviewed").unwrap(), act("ana", 1), Eyes::Two).unwrap();
        let bytes = records.read(&key(&call(1)).unwrap()).unwrap().unwrap().bytes;
        records.write(&key(&call(2)).unwrap(), &bytes, &Expected::Absent, None).unwrap();
        assert!(of_call(&records, &call(2)).is_err() && approved(&records).is_err());
    }

    /// Fields of the example, which fits the schema, and of what is written are the same.
    #[test]
    fn the_example_of_the_documentation_is_read_and_written_again() {
        let example = include_str!("../../docs/examples/order.v1.json");
        let read: Order = serde_json::from_str(example).unwrap();
        assert_eq!(serde_json::to_string_pretty(&read).unwrap() + "\n", example);
    }
}
