//! How many connections each address has, so that one that opens many leaves room for the others.

use super::app::lock;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};

/// Bits of an IPv6 address that are one customer's: the rest they choose as they like.
const V6_BITS: u32 = 64;

/// Those who are connected.
pub(super) struct Peers {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection's place, free again when this is dropped.
pub(super) struct Place {
    peers: Arc<Peers>,
    of: IpAddr,
}

impl Peers {
    /// Nobody; each may have so many connections.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, open: Mutex::default() })
    }

    /// A place for one more connection of an address; nothing where it has as many as it may.
    pub(super) fn place(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let of = network(peer);
        let mut open = lock(&self.open);
        let count = open.entry(of).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { peers: Arc::clone(self), of })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = lock(&self.peers.open);
        if let Some(count) = open.get_mut(&self.of) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.of);
            }
        }
    }
}

fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> (128 - V6_BITS) << (128 - V6_BITS)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_many_connections_leaves_room_for_others_and_gets_places_back() {
        let peers = Peers::new(2);
        let place = |address: &str| peers.place(address.parse().unwrap());
        let held = [place("192.0.2.1"), place("::ffff:192.0.2.1")];
        assert!(held.iter().all(Option::is_some) && place("192.0.2.1").is_none(), "one address however it is written");
        assert!(place("192.0.2.2").is_some());
        let six = [place("2001:db8::1"), place("2001:db8::2")];
        assert!(
            six.iter().all(Option::is_some) && place("2001:db8::3").is_none() && place("2001:db8:0:1::3").is_some()
        );
        drop((held, six));
        assert!(place("192.0.2.1").is_some() && lock(&peers.open).is_empty(), "nothing is kept of who has gone");
    }
}
