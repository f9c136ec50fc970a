//! Which hosts may be asked.

use std::{net::IpAddr, sync::Arc};

use reqwest::Url;

/// Servers of map data that all the world uses. They have public addresses and speak https.
const WELL_KNOWN: [&str; 12] = [
    "api.openstreetmap.org",
    "download.bbbike.org",
    "download.geofabrik.de",
    "download.openstreetmap.fr",
    "lz4.overpass-api.de",
    "osm-planet-eu-central-1.s3.dualstack.eu-central-1.amazonaws.com",
    "osm-planet-us-west-2.s3.dualstack.us-west-2.amazonaws.com",
    "overpass-api.de",
    "planet.openstreetmap.org",
    "planet.osm.org",
    "www.openstreetmap.org",
    "z.overpass-api.de",
];

/// The well-known hosts, and those that the settings name.
#[derive(Debug, Clone)]
pub struct Hosts(Arc<[String]>);

impl Hosts {
    /// `named` may be asked beside the well-known, at any address, and without TLS.
    pub fn new(named: &[String]) -> Self {
        Self(named.iter().map(|name| bare(name).to_ascii_lowercase()).collect())
    }

    /// Refuses what may not be asked, and says what would allow it.
    pub fn check(&self, url: &Url) -> Result<(), String> {
        let host = bare(url.host_str().unwrap_or_default());
        if self.names(host) {
            return Ok(());
        }
        if !is_well_known(host) {
            return Err(format!(
                "{host} is none of the hosts that may be asked: name it by --allow-host {host} (FETCH_ALLOW_HOST)"
            ));
        }
        match url.scheme() {
            "https" => Ok(()),
            _ => Err(format!("{host} is asked by https only: write https:// in its address")),
        }
    }

    /// Refuses an address where `host` should not be found.
    pub fn check_address(&self, host: &str, address: IpAddr) -> Result<(), String> {
        let host = bare(host);
        // What is on neither list is a proxy of the environment: nothing else gets this far.
        if self.names(host) || !is_well_known(host) || is_public(address) {
            return Ok(());
        }
        Err(format!(
            "{host} has the address {address}, which is none of the public network: name it by --allow-host {host} (FETCH_ALLOW_HOST) if that is meant"
        ))
    }

    fn names(&self, host: &str) -> bool {
        self.0.iter().any(|name| name == host)
    }
}

fn is_well_known(host: &str) -> bool {
    WELL_KNOWN.contains(&host)
}

/// A host as it is named: without the brackets of an IPv6 address and the dot at the end of a name.
fn bare(host: &str) -> &str {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Whether an address is of the public network: not this machine's, the local network's, or none at all.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let special = match v4.octets() {
                [0 | 240..=255, ..] | [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18 | 19, ..] => true,
                _ => v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_documentation(),
            };
            !special && !v4.is_multicast()
        }
        IpAddr::V6(v6) => match v6.segments() {
            // Translated to the IPv4 address that it holds.
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
                is_public(IpAddr::from([a, b, c, d]))
            }
            // Of the global range all but tunnels and documentation.
            [0x2001, 0 | 0xdb8, ..] | [0x2002, ..] => false,
            [first, ..] => first & 0xe000 == 0x2000,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hosts: &Hosts, url: &str) -> Result<(), String> {
        hosts.check(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_host_is_well_known_or_named() {
        let hosts = Hosts::new(&["Mirror.example".to_owned(), "::1".to_owned(), "10.0.0.7".to_owned()]);
        for url in [
            "https://download.geofabrik.de/europe-latest.osm.pbf",
            "https://PLANET.osm.org./x",
            "http://mirror.example:8080/x",
            "http://[::1]/x",
            "http://10.0.0.7/x",
        ] {
            assert_eq!(check(&hosts, url), Ok(()), "{url}");
        }
        for url in [
            "https://127.0.0.1/x",
            "http://0x7f.1/x",
            "http://2130706433/x",
            "http://[::ffff:127.0.0.1]/x",
            "http://169.254.169.254/latest/meta-data",
            "https://download.geofabrik.de.example/x",
            "https://download.geofabrik.de@evil.example/x",
            "https://sub.mirror.example/x",
        ] {
            let refusal = check(&hosts, url).unwrap_err();
            assert!(refusal.contains("--allow-host"), "{url}: {refusal}");
        }
        assert!(check(&hosts, "http://download.geofabrik.de/x").unwrap_err().contains("https only"));
    }

    #[test]
    fn a_well_known_host_has_a_public_address() {
        let hosts = Hosts::new(&["mirror.example".to_owned()]);
        let address = |text: &str| text.parse().unwrap();
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
        ] {
            for text in [private.to_owned(), format!("::ffff:{private}"), format!("64:ff9b::{private}")] {
                assert!(hosts.check_address("planet.osm.org", address(&text)).is_err(), "{text}");
                assert_eq!(hosts.check_address("mirror.example", address(&text)), Ok(()));
            }
        }
        for private in ["::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "2002:7f00:1::", "2001:db8::1"] {
            assert!(hosts.check_address("planet.osm.org", address(private)).is_err(), "{private}");
        }
        for public in ["8.8.8.8", "184.104.179.143", "2a01:4f8::1", "64:ff9b::8.8.8.8"] {
            assert_eq!(hosts.check_address("planet.osm.org", address(public)), Ok(()), "{public}");
        }
    }
}
