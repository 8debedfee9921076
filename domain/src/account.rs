//! A customer or prospect.

use crate::partner::PartnerKind;
use chrono::{DateTime, Utc};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use std::borrow::Cow;
use uuid::Uuid;

/// An account. Accounts are matched by id, never by name: two may carry the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The row's id.
    pub id: Uuid,
    /// Its id in the CRM.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its registrable domain by the public suffix list: `example.co.uk`.
    pub registrable_domain: Option<String>,
    /// The segment it is in now.
    pub segment_id: Option<Uuid>,
    /// Its region, in the vendor's words.
    pub region: Option<String>,
    /// Clouds on which it holds a spend commitment (MACC and its kin).
    pub cloud_commitments: Vec<String>,
    /// Integrations it has installed.
    pub integrations: Vec<String>,
    /// Whether it has an integration installed, where somebody said so without naming one.
    pub integration_present: Option<bool>,
    /// Why a partner overlaps on it, in words.
    pub overlap_reason: Option<String>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When the row was recorded.
    pub recorded_at: DateTime<Utc>,
}

impl Account {
    /// Whether an integration is installed: one that is named decides; `None` where nobody said.
    #[must_use]
    pub fn has_integration(&self) -> Option<bool> {
        if self.integrations.is_empty() { self.integration_present } else { Some(true) }
    }
}

/// The partner that an account belongs to or buys through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountPartner {
    /// The account.
    pub account_id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// What kind of partner it is to this account, where that differs from the partner's own kind.
    pub kind: Option<PartnerKind>,
}

/// Why a text names no account on the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainFault {
    /// There is no host in it, or one that nobody can register: a bare suffix, an IP address.
    #[error("give a web site or domain such as https://www.example.com")]
    NoDomain,
    /// What stands where the host belongs is none.
    #[error(
        "the host is not a name: its parts between dots are letters, digits and hyphens, at most 63 characters each and 253 in all"
    )]
    NotAHost,
}

/// The registrable domain of a host, URL or e-mail address by the public suffix list, in its one spelling.
///
/// `https://www.Shop.Example.co.uk/x` is `example.co.uk`, and `bücher.de` is `xn--bcher-kva.de`: a host has two spellings, and browsers
/// hand out either.
///
/// # Errors
/// [`DomainFault`].
pub fn domain_of(text: &str) -> Result<String, DomainFault> {
    let rest = text.trim().split_once("://").map_or(text.trim(), |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().and_then(|host| host.split(':').next()).unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_empty() {
        return Err(DomainFault::NoDomain);
    }
    let host = ascii(host).ok_or(DomainFault::NotAHost)?;
    if !host.contains('.') || host.parse::<std::net::IpAddr>().is_ok() {
        return Err(DomainFault::NoDomain);
    }
    psl::domain_str(&host).map(str::to_owned).ok_or(DomainFault::NoDomain)
}

/// As [`domain_of`], where it does not matter why there is none.
#[must_use]
pub fn registrable_domain(text: &str) -> Option<String> {
    domain_of(text).ok()
}

/// A host as it is written on the wire: lower case, letters, digits and hyphens, each part at most 63 characters, 253 in all.
fn ascii(host: &str) -> Option<String> {
    let written =
        Uts46::new().to_ascii(host.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    written.ok().map(Cow::into_owned)
}

/// A domain, or the ending of one, in its one spelling. What is on record from before there was one may be in the other, and what is none
/// stays as it is.
#[must_use]
pub fn one_spelling(domain: &str) -> String {
    ascii(domain).unwrap_or_else(|| domain.to_owned())
}

/// The spellings in which a domain may be on record: its one spelling, and the one with letters beyond ASCII, in which it was kept before.
#[must_use]
pub fn spellings(domain: &str) -> Vec<String> {
    let one = one_spelling(domain);
    let (letters, read) = Uts46::new().to_unicode(one.as_bytes(), AsciiDenyList::STD3, Hyphens::Allow);
    let other = letters.into_owned();
    let mut found = vec![one];
    if read.is_ok() && !found.contains(&other) {
        found.push(other);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{DomainFault, domain_of, one_spelling, registrable_domain, spellings};

    #[test]
    fn the_public_suffix_list_decides() {
        assert_eq!(registrable_domain("https://www.Shop.Example.co.uk/x").as_deref(), Some("example.co.uk"));
        assert_eq!(registrable_domain("a@acme.com").as_deref(), Some("acme.com"));
        assert_eq!(registrable_domain("https://www.acme.com.:8080/").as_deref(), Some("acme.com"));
        for none in ["", "co.uk", "10.0.0.1", "１０.0.0.1", "localhost", "https://[::1]/", "@", "."] {
            assert!(registrable_domain(none).is_none(), "{none}");
        }
    }

    /// "Normalised registrable domain": the letters, the wire's spelling, and dots and letters of other widths are one company.
    #[test]
    fn a_domain_has_one_spelling_however_it_is_written() {
        for same in [
            "bücher.de",
            "BÜCHER.de",
            "bu\u{308}cher.de",
            "https://www.xn--bcher-kva.de/x",
            "www。bücher。de",
            "ｂücher.de",
        ] {
            assert_eq!(domain_of(same).as_deref(), Ok("xn--bcher-kva.de"), "{same}");
        }
        assert_eq!(domain_of("www.食狮.公司.cn").as_deref(), Ok("xn--85x722f.xn--55qx5d.cn"));
        assert_eq!(spellings("bücher.de"), ["xn--bcher-kva.de", "bücher.de"]);
        assert_eq!(spellings("xn--bcher-kva.de"), ["xn--bcher-kva.de", "bücher.de"]);
        assert_eq!(spellings("acme.com"), ["acme.com"]);
        assert_eq!((one_spelling("KÖLN").as_str(), one_spelling("co.uk").as_str()), ("xn--kln-sna", "co.uk"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        let long = format!("{}.acme.com", "a".repeat(64));
        let whole = format!("{}.acme.com", ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(63)].join("."));
        for wrong in [
            "two words.com",
            "acme.com\\evil.org",
            "<script>.acme.com",
            "a!b$acme.com",
            "a_b.acme.com",
            "-a.acme.com",
            "a..acme.com",
            "%61cme.com",
            "xn--zzzzzzzz.com",
            &long,
            &whole,
        ] {
            assert_eq!(domain_of(wrong), Err(DomainFault::NotAHost), "{wrong}");
        }
        assert!(domain_of(&long[1..]).is_ok());
    }
}
