//! Work that events ask for, until told to stop. Must not print, nor know which queue or store it works with.
//!
//! One thread receives, several work (each on one message from its first look to its end), one extends the leases of
//! whatever is in hand, one deletes what is done. Nothing is kept between messages: everything that has to outlive
//! this process is in the queue and at the destination.

mod attend;
mod breaker;
mod busy;
mod hand;
mod notice;
mod sources;
mod stop;

pub use attend::{Delivery, Outcome, Setup, Worker};
pub use notice::{Idle, Notice, Took};
pub use sources::{Buckets, EventSources, OpenBucket};
pub use stop::Stop;

use super::batch::threads;
use crate::base::{Error, Result, Stage};
use crate::queue::{BATCH_MAX, Message, Queue, Receipt};
use breaker::backoff;
use hand::Hand;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// First and longest pause after a queue could not be read.
const QUEUE_PAUSE: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(30)];

/// How long the parts of a worker wait for each other.
#[derive(Clone, Copy)]
pub struct WorkerTimes {
    /// The queue's lease.
    pub lease: Duration,
    /// Once told to stop, how long the work in hand may take.
    pub stop_after: Duration,
}

/// How a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Messages given back that had not been begun.
    pub not_begun: usize,
    /// Messages given back whose work did not end in time.
    pub unfinished: usize,
}

/// Works on the messages of a queue until `stop` is set, and then ends what is in hand or gives it back.
///
/// # Errors
/// When threads cannot be started.
pub fn work(worker: Arc<Worker>, queue: Arc<dyn Queue>, times: WorkerTimes, stop: Arc<Stop>) -> Result<Ended> {
    let room = threads(worker.setup.jobs);
    let shop = Arc::new(Shop { worker, queue, times, stop, hand: Hand::default(), is_over: Stop::default() });
    shop.spawn("interrupt", Shop::interrupt)?;
    let helpers = [shop.spawn("delete", Shop::delete)?, shop.spawn("extend", Shop::extend)?];
    for n in 0..room {
        shop.spawn(&format!("call-{n}"), Shop::attend)?;
    }
    shop.receive(room);

    shop.tell(&Notice::Stopping);
    let not_begun = shop.give_back(&shop.hand.close());
    shop.hand.wait_until_empty(times.stop_after);
    // Threads that are still at work are left to end with the process: what they stage is cleared by the next run.
    let unfinished = shop.give_back(&shop.hand.receipts());
    shop.is_over.set();
    helpers.into_iter().for_each(|helper| drop(helper.join()));
    Ok(Ended { not_begun, unfinished })
}

/// What the threads of a worker share.
struct Shop {
    worker: Arc<Worker>,
    queue: Arc<dyn Queue>,
    times: WorkerTimes,
    /// Nothing more is received.
    stop: Arc<Stop>,
    hand: Hand,
    /// What is in hand has been ended or given back.
    is_over: Stop,
}

impl Shop {
    fn spawn(self: &Arc<Self>, name: &str, work: fn(&Self)) -> Result<JoinHandle<()>> {
        let shop = Arc::clone(self);
        let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || work(&shop));
        spawned.map_err(|e| Error::io(Stage::Configure, "a thread cannot be started", e).hint("lower --jobs"))
    }

    fn tell(&self, notice: &Notice<'_>) {
        (self.worker.setup.tell)(notice);
    }

    /// Tells of a message that stays on the queue although it should not; it comes again and is found done.
    fn check(&self, result: Result<()>) {
        if let Err(error) = result {
            self.tell(&Notice::Unended { error: &error });
        }
    }

    /// Ends the waiting of a receive once nothing more is to be received.
    fn interrupt(&self) {
        self.stop.wait_for_it();
        self.queue.interrupt();
    }

    /// Fills the hand as far as there is room, unless the stores are down.
    fn receive(&self, room: usize) {
        let mut failures = 0;
        while !self.stop.is_set() {
            if let Some(pause) = self.worker.breaker.pause() {
                self.wait_for_stores(pause);
                continue;
            }
            let most = self.hand.wait_for_room(room, &self.stop).min(BATCH_MAX);
            if most == 0 {
                continue;
            }
            match self.queue.receive(most) {
                Ok(messages) => {
                    failures = 0;
                    let oldest = messages.iter().map(|m| m.age).max();
                    self.tell(&Notice::Received { messages: messages.len(), oldest });
                    self.hand.take_up(messages);
                }
                Err(error) => {
                    failures += 1;
                    let [first, most] = QUEUE_PAUSE;
                    let pause = backoff(failures, first, most);
                    self.tell(&Notice::QueueDown { error: &error, pause });
                    self.stop.wait(pause);
                }
            }
        }
    }

    fn wait_for_stores(&self, pause: Duration) {
        self.tell(&Notice::StoreDown { pause });
        if !self.stop.wait(pause) && self.worker.breaker.try_again(&*self.worker.setup.target) {
            self.tell(&Notice::StoreUp);
        }
    }

    /// Works on one message after the other, and tells the queue what became of each.
    fn attend(&self) {
        while let Some(message) = self.hand.next() {
            self.end(&message);
        }
    }

    fn end(&self, message: &Message) {
        let delivery = Delivery { age: message.age, count: message.deliveries };
        match self.worker.attend(&message.changes, delivery) {
            Outcome::Done => return self.hand.finish(&message.receipt),
            Outcome::Later(delay) => self.check(self.queue.give_back(&message.receipt, delay)),
            Outcome::Dead(reason) => match self.queue.bury(message, reason) {
                Ok(()) => self.tell(&Notice::Buried { reason, deliveries: message.deliveries }),
                unburied => self.check(unburied),
            },
        }
        self.hand.put_down(&message.receipt);
    }

    /// Deletes messages whose work is done, several in one request, until it is over and none is left.
    fn delete(&self) {
        loop {
            let done = self.hand.take_done(&self.is_over);
            if done.is_empty() {
                return;
            }
            self.check(self.queue.delete(&done));
        }
    }

    /// Extends the leases of all that is in hand, again and again until it is over.
    fn extend(&self) {
        while !self.is_over.wait(self.times.lease / 3) {
            let receipts = self.hand.receipts();
            match self.queue.extend(&receipts) {
                Ok(lost) => {
                    // Somebody else has them now, and finds the work done or does it again.
                    self.hand.forget(&lost);
                    self.tell(&Notice::Extended { leases: receipts.len() - lost.len(), lost: lost.len() });
                }
                Err(error) => self.check(Err(error)),
            }
        }
    }

    /// Gives messages back at once; how many they were.
    fn give_back(&self, receipts: &[Receipt]) -> usize {
        receipts.iter().for_each(|receipt| self.check(self.queue.give_back(receipt, Duration::ZERO)));
        receipts.len()
    }
}
