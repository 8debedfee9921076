//! A customer or prospect.

use crate::partner::PartnerKind;
use chrono::{DateTime, Utc};
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

/// The registrable domain of a host or URL by the public suffix list, in lower case; `None` where there is none.
///
/// `https://www.Shop.Example.co.uk/x` is `example.co.uk`; an IP address or a bare suffix has none.
#[must_use]
pub fn registrable_domain(text: &str) -> Option<String> {
    let rest = text.trim().split_once("://").map_or(text.trim(), |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?.trim_end_matches('.').to_lowercase();
    if host.is_empty()
        || !host.contains('.')
        || host.parse::<std::net::IpAddr>().is_ok()
        || host.contains(char::is_whitespace)
    {
        return None;
    }
    psl::domain_str(&host).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::registrable_domain;

    #[test]
    fn the_public_suffix_list_decides() {
        assert_eq!(registrable_domain("https://www.Shop.Example.co.uk/x").as_deref(), Some("example.co.uk"));
        assert_eq!(registrable_domain("a@acme.com").as_deref(), Some("acme.com"));
        for none in ["", "co.uk", "10.0.0.1", "localhost", "two words.com"] {
            assert_eq!(registrable_domain(none), None, "{none}");
        }
    }
}
