//! A row's ids in other systems: the same account is one thing in the CRM, another in the billing system and in a cloud.

use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// The most characters of a system's name.
pub const SYSTEM_MOST: usize = 60;
/// The most characters of an id.
pub const ID_MOST: usize = 200;

/// What an external id can be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "PascalCase")]
pub enum RefKind {
    /// An account.
    Account,
    /// A partner.
    Partner,
    /// A deal.
    Deal,
}

/// An id under the name of the system that gave it. One id of one system is one row of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SystemId {
    /// The system, case-folded: `salesforce`, `hubspot`, `aws`.
    pub system: String,
    /// The id, exactly as written there.
    pub id: String,
}

impl SystemId {
    /// Reads the two texts.
    ///
    /// # Errors
    /// [`text::BadText`], and which of the two it is about.
    pub fn new(system: &str, id: &str) -> Result<Self, (&'static str, text::BadText)> {
        let system = text::name(system, SYSTEM_MOST).map_err(|why| ("system", why))?;
        let id = text::name(id, ID_MOST).map_err(|why| ("externalId", why))?;
        Ok(Self { system: text::key(&system), id })
    }
}

/// An external id of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalRef {
    /// The row's id.
    pub id: Uuid,
    /// What it is of.
    pub kind: RefKind,
    /// The account, partner or deal.
    pub subject_id: Uuid,
    /// The id, with its system.
    pub at: SystemId,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_folded_and_ids_are_kept() {
        let read = SystemId::new(" Salesforce ", " 006A ").unwrap();
        assert_eq!((read.system.as_str(), read.id.as_str()), ("salesforce", "006A"));
        assert_eq!(SystemId::new("", "1"), Err(("system", text::BadText::Empty)));
        assert_eq!(SystemId::new("aws", "a\0"), Err(("externalId", text::BadText::Nul)));
    }
}
