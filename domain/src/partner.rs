//! An outside company that the program works through, and its people.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

/// What kind of partner it is (LOOP.md section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PartnerKind {
    /// Sends traffic for a fee.
    Affiliate,
    /// Introduces buyers for a one-off fee.
    Referral,
    /// Buys and resells (VAR).
    Reseller,
    /// Implements and integrates.
    SystemIntegrator,
    /// Runs the product for its customers.
    Msp,
    /// Builds software beside ours.
    Isv,
    /// Shares a technology.
    Technology,
    /// A cloud provider.
    Hyperscaler,
    /// Sells through its listing.
    Marketplace,
    /// A joint plan at the top.
    StrategicAlliance,
    /// Sells the product under its own name.
    WhiteLabel,
    /// Sells services around the product.
    Services,
}

/// Whether the vendor works with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PartnerStatus {
    /// In talks, nothing signed.
    Candidate,
    /// Signed and at work.
    Active,
    /// The relationship ended; its history stays.
    Ended,
}

/// A partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The row's id.
    pub id: Uuid,
    /// Its id in the CRM or PRM it came from.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: PartnerKind,
    /// Whether the vendor works with it.
    pub status: PartnerStatus,
    /// Its registrable domain.
    pub registrable_domain: Option<String>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When the row was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// Somebody who works for a partner. The partner's own rep decides the tempo of a deal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerPerson {
    /// The row's id.
    pub id: Uuid,
    /// The partner.
    pub partner_id: Uuid,
    /// The person's name.
    pub name: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// The job title.
    pub title: Option<String>,
    /// Whether this is a seller: the partner's own rep.
    pub is_rep: bool,
    /// For optimistic concurrency.
    pub version: i64,
    /// When the row was recorded.
    pub recorded_at: DateTime<Utc>,
}
