//! The configuration of AWS clients.

use std::net::IpAddr;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use tokio::net::lookup_host;

/// Returns the configuration of all clients of this process, which share one HTTP client.
pub(crate) async fn config() -> SdkConfig {
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    let http = http.build_with_resolver(Ipv6First);
    aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await
}

/// Resolves names with the system's resolver, and returns IPv6 addresses first.
///
/// The functions' network has no route to the internet over IPv4. If the system's resolver returned
/// the IPv4 addresses of a name first, the HTTP client would try IPv6 only 300 ms later. S3, which
/// the functions reach over IPv4, has no IPv6 address at the names that the SDK uses.
#[derive(Clone, Debug)]
struct Ipv6First;

impl ResolveDns for Ipv6First {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let addresses = lookup_host((name, 0)).await.map_err(ResolveDnsError::new)?;
            Ok(ipv6_first(addresses.map(|address| address.ip()).collect()))
        })
    }
}

fn ipv6_first(mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    addresses.sort_by_key(IpAddr::is_ipv4);
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_addresses_come_first_in_their_order() {
        let addresses = |texts: [&str; 4]| texts.map(|text| text.parse().unwrap()).to_vec();
        assert_eq!(
            ipv6_first(addresses(["192.0.2.1", "2001:db8::2", "192.0.2.2", "2001:db8::1"])),
            addresses(["2001:db8::2", "2001:db8::1", "192.0.2.1", "192.0.2.2"])
        );
    }

    #[tokio::test]
    async fn names_are_resolved() {
        assert!(!Ipv6First.resolve_dns("localhost").await.unwrap().is_empty());
    }
}
