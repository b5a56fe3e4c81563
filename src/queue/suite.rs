//! What every queue must do. Each implementation runs this against itself; `tests/cloud` includes this file for the
//! queues that need a server, so it imports from `super` alone.

use super::{BATCH_MAX, DeadReason, Message, Queue, Stage};
use std::collections::BTreeSet;
use std::time::Duration;

/// A queue to try, empty, with a lease of `lease`.
pub(crate) struct Tried<'a> {
    pub queue: &'a dyn Queue,
    pub lease: Duration,
    /// Sends an event about the object with this key.
    pub send: &'a dyn Fn(&str),
    /// Lets time pass.
    pub pass: &'a dyn Fn(Duration),
}

/// Everything that a queue promises.
pub(crate) fn queue(tried: &Tried) {
    what_is_sent_is_received_and_hidden_until_its_lease_ends(tried);
    an_extended_lease_begins_anew(tried);
    what_is_given_back_comes_after_its_delay(tried);
    what_is_buried_is_gone(tried);
    all_of_many_are_received_in_batches(tried);
    an_interrupted_queue_does_not_wait(tried);
}

impl Tried<'_> {
    /// Receives until there is a message; a server may need a moment.
    fn receive(&self) -> Message {
        (0..100).find_map(|_| self.queue.receive(1).unwrap().pop()).expect("a message is there")
    }

    fn is_empty(&self) -> bool {
        self.queue.receive(1).unwrap().is_empty()
    }
}

fn keys(message: &Message) -> Vec<&str> {
    let Ok(changes) = &message.changes else { panic!("the message is refused") };
    changes.iter().map(|c| c.key.expose().as_str()).collect()
}

fn what_is_sent_is_received_and_hidden_until_its_lease_ends(tried: &Tried) {
    (tried.send)("a b+c/é.wav");
    let first = tried.receive();
    assert!(keys(&first) == ["a b+c/é.wav"] && first.deliveries == 1);
    assert!(first.age < Duration::from_secs(3600));
    assert!(tried.is_empty(), "it is leased");
    (tried.pass)(tried.lease);
    let second = tried.receive();
    assert_eq!(second.deliveries, 2);
    tried.queue.delete(&[second.receipt]).unwrap();
    (tried.pass)(tried.lease);
    assert!(tried.is_empty(), "it is deleted");
}

fn an_extended_lease_begins_anew(tried: &Tried) {
    (tried.send)("extended.wav");
    let message = tried.receive();
    for _ in 0..3 {
        (tried.pass)(tried.lease / 2);
        let lost = tried.queue.extend(std::slice::from_ref(&message.receipt)).unwrap();
        assert!(lost.is_empty());
    }
    assert!(tried.is_empty());
    tried.queue.delete(&[message.receipt]).unwrap();
}

fn what_is_given_back_comes_after_its_delay(tried: &Tried) {
    (tried.send)("back.wav");
    let message = tried.receive();
    tried.queue.give_back(&message.receipt, tried.lease).unwrap();
    assert!(tried.is_empty());
    (tried.pass)(tried.lease);
    let again = tried.receive();
    assert_eq!(again.deliveries, 2);
    tried.queue.give_back(&again.receipt, Duration::ZERO).unwrap();
    let third = tried.receive();
    tried.queue.delete(&[third.receipt]).unwrap();
}

fn what_is_buried_is_gone(tried: &Tried) {
    (tried.send)("dead.wav");
    tried.queue.bury(&tried.receive(), DeadReason::Failed(Stage::Publish)).unwrap();
    (tried.pass)(tried.lease);
    assert!(tried.is_empty());
}

fn all_of_many_are_received_in_batches(tried: &Tried) {
    let sent: BTreeSet<String> = (0..25).map(|n| format!("many/{n:02}.wav")).collect();
    sent.iter().for_each(|key| (tried.send)(key));
    let (mut received, mut receipts) = (BTreeSet::new(), Vec::new());
    for _ in 0..200 {
        let messages = tried.queue.receive(BATCH_MAX).unwrap();
        assert!(messages.len() <= BATCH_MAX);
        received.extend(messages.iter().flat_map(keys).map(str::to_owned));
        receipts.extend(messages.into_iter().map(|m| m.receipt));
        if received.len() == sent.len() {
            break;
        }
    }
    assert!(received == sent);
    assert!(tried.queue.extend(&receipts).unwrap().is_empty());
    tried.queue.delete(&receipts).unwrap();
    (tried.pass)(tried.lease);
    assert!(tried.is_empty());
}

fn an_interrupted_queue_does_not_wait(tried: &Tried) {
    tried.queue.interrupt();
    assert!(tried.is_empty());
}
