//! Proxies that end TLS: whose word is taken on where a request came from, and over what. Headers of anybody else are not looked
//! at. Pure.

use axum::http::HeaderMap;
use serde::Deserialize;
use std::net::IpAddr;
use std::str::FromStr;

/// Where proxies write for whom they ask.
pub(super) const FORWARDED_FOR: &str = "x-forwarded-for";
/// Most addresses of a chain of proxies that are looked at.
const CHAIN_MAX: usize = 32;

/// Addresses that begin alike: `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many bits are alike.
    bits: u32,
}

impl Network {
    fn has(self, address: IpAddr) -> bool {
        let alike = |a: u128, b: u128, width: u32| (a ^ b).checked_shr(width - self.bits).unwrap_or(0) == 0;
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => alike(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => alike(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "an address, or a network such as 10.0.0.0/8 whose address has no bits behind it";
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| WRONG)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), str::parse).map_err(|_| WRONG)?;
        let network = Self { address, bits };
        // 10.1.2.3/8 may be meant as either; 0.0.0.0/0 is everybody, and then a header is anybody's.
        let last = match address {
            IpAddr::V4(a) => a.to_bits().checked_shl(bits).unwrap_or(0) == 0,
            IpAddr::V6(a) => a.to_bits().checked_shl(bits).unwrap_or(0) == 0,
        };
        if bits == 0 || bits > width || !last { Err(WRONG) } else { Ok(network) }
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The proxies before a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(pub Vec<Network>);

/// How a request has come through them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// From a user at this address.
    Proxy(IpAddr),
    /// From a proxy on its own account.
    Itself,
    /// From a user whose connection to the proxy is in the open.
    Open,
    /// From somebody who is no proxy.
    Around,
}

impl Proxies {
    /// How a request has come from this neighbour.
    #[must_use]
    pub fn through(&self, neighbour: IpAddr, headers: &HeaderMap) -> Through {
        if !self.has(neighbour) {
            return Through::Around;
        }
        let texts =
            |name: &str| headers.get_all(name).iter().rev().take(CHAIN_MAX).map(|value| value.to_str().unwrap_or(""));
        let mut schemes = texts("x-forwarded-proto").flat_map(|text| text.rsplit(','));
        if schemes.next().is_some_and(|scheme| !scheme.trim().eq_ignore_ascii_case("https")) {
            return Through::Open;
        }
        // Each proxy adds the address that it saw to the end. What stands before the last that is no proxy anybody may have
        // written.
        let mut seen = None;
        for text in texts(FORWARDED_FOR).flat_map(|text| text.rsplit(',')).take(CHAIN_MAX) {
            let Some(address) = address(text.trim()) else { break };
            seen = Some(address);
            if !self.has(address) {
                break;
            }
        }
        seen.map_or(Through::Itself, Through::Proxy)
    }

    fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.has(address))
    }
}

/// An address, which some proxies write with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse().ok().or_else(|| text.parse().ok().map(|with: std::net::SocketAddr| with.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn through(neighbour: &str, headers: &[(&'static str, &str)]) -> Through {
        let proxies = Proxies(["10.0.0.0/8", "192.0.2.7", "fd00::/8"].map(|text| text.parse().unwrap()).into());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        proxies.through(ip(neighbour), &map)
    }

    #[test]
    fn a_header_counts_from_a_named_proxy_alone() {
        let header = ("x-forwarded-for", "203.0.113.9");
        for proxy in ["10.255.0.1", "192.0.2.7", "fd12::1", "::ffff:10.1.1.1"] {
            assert_eq!(through(proxy, &[header]), Through::Proxy(ip("203.0.113.9")), "{proxy}");
        }
        for other in ["11.0.0.1", "192.0.2.8", "fe80::1", "127.0.0.1", "::1"] {
            assert_eq!(through(other, &[header]), Through::Around, "{other}");
        }
        assert_eq!(through("10.0.0.1", &[]), Through::Itself);
    }

    #[test]
    fn a_user_is_the_last_address_that_is_no_proxy() {
        let xff = "x-forwarded-for";
        for (lines, wanted) in [
            (&["1.2.3.4, 203.0.113.9"][..], "203.0.113.9"),
            (&["1.2.3.4, 203.0.113.9, 10.0.0.5, 192.0.2.7"], "203.0.113.9"),
            (&["1.2.3.4", "203.0.113.9,10.0.0.5"], "203.0.113.9"),
            (&["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
            (&["203.0.113.9:50123"], "203.0.113.9"),
            (&["1.2.3.4, [2001:db8::1]:443"], "2001:db8::1"),
            (&["1.2.3.4, nonsense, 10.0.0.5"], "10.0.0.5"),
        ] {
            let headers: Vec<_> = lines.iter().map(|line| (xff, *line)).collect();
            assert_eq!(through("10.0.0.1", &headers), Through::Proxy(ip(wanted)), "{lines:?}");
        }
        assert_eq!(through("10.0.0.1", &[(xff, "nonsense")]), Through::Itself);
    }

    #[test]
    fn what_came_to_the_proxy_in_the_open_is_known() {
        let proto = "x-forwarded-proto";
        assert_eq!(through("10.0.0.1", &[(proto, "http")]), Through::Open);
        assert_eq!(through("10.0.0.1", &[(proto, "https, http")]), Through::Open, "the last proxy's word");
        assert_eq!(through("10.0.0.1", &[(proto, "https"), (proto, "http")]), Through::Open);
        assert_eq!(through("10.0.0.1", &[(proto, "HTTPS")]), Through::Itself);
        assert_eq!(through("11.0.0.1", &[(proto, "https")]), Through::Around);
    }

    #[test]
    fn a_network_says_what_it_means() {
        for text in ["10.0.0.0/8", "10.0.0.1", "::1", "fd00::/8", "192.0.2.128/25", "10.0.0.1/32"] {
            assert!(text.parse::<Network>().is_ok(), "{text}");
        }
        for text in
            ["", "proxy", "10.1.0.0/8", "10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0.0/", "fd00::1/8", "10.0.0.0/-1"]
        {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
