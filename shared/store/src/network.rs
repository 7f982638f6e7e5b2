//! The network of a client, for which some limits count.

use std::net::IpAddr;

/// The network of an address: the /24 of an IPv4 address, the /64 of an IPv6 address. One household
/// or office usually has all addresses of such a network.
pub fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Err(_) => address.chars().take(40).collect(),
    }
}
