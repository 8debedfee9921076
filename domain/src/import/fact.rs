//! A row after reading: typed, with references still by name where the program does not have them yet.

use super::date::When;
use crate::activity::ActivityKind;
use crate::attribution::{AttributionState, Declaration};
use crate::calendar::Quarter;
use crate::deal::{DealKind, DealSource, Outcome};
use crate::external_ref::SystemId;
use crate::partner::{PartnerKind, PartnerStatus};
use crate::spend::SpendCategory;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Something a row refers to: on record, or to be made in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reference {
    /// On record.
    Known(Uuid),
    /// To be made, under this external id and name.
    New {
        /// Its id in the other system; segments have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id: Option<String>,
        /// Its name.
        name: String,
    },
}

/// An account by its external id; accounts are too many to be known beforehand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountReference {
    /// Its id in the other system.
    pub external_id: String,
    /// Its name, for one that is made.
    pub name: String,
}

/// An amount as the source gave it, and in the program's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Minor units of the program's currency.
    pub minor: i64,
    /// Minor units of the source's currency.
    pub original_minor: i64,
}

/// One partner's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The partner.
    pub partner: Reference,
    /// What it did.
    pub state: AttributionState,
}

/// Where a deal of a file came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginFact {
    /// The partner through which the lead came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Reference>,
    /// The source in detail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_detail: Option<String>,
    /// The token of a partner's link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral_token: Option<String>,
}

/// A deal of a file. An option that is `None` is a field that the row leaves empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealFact {
    /// Its id in the other system.
    pub external_id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountReference>,
    /// Its segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Reference>,
    /// What is sold.
    pub kind: DealKind,
    /// The row does not say what is sold: it was inferred from who did what.
    #[serde(default)]
    pub is_kind_inferred: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// The stage's name in the CRM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Whether it reached Stage 1.
    pub has_reached_stage_one: bool,
    /// Opened.
    pub opened: When,
    /// The opening date is the mapping's default, not the row's.
    pub is_opened_defaulted: bool,
    /// Closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<When>,
    /// The fiscal quarter of the close, as its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_quarter: Option<i32>,
    /// Expected close.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_close_on: Option<NaiveDate>,
    /// The currency of the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Software ARR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arr: Option<Amount>,
    /// Total contract value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcv: Option<Amount>,
    /// Services revenue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Amount>,
    /// How the attribution is declared.
    pub declaration: Declaration,
    /// Who did what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<Credit>,
    /// The owner's id in the CRM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<Uuid>,
    /// Where the CRM says it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<DealSource>,
    /// The CRM's influence flag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_influenced: Option<bool>,
    /// The CRM's deal registration id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal_reg_id: Option<String>,
    /// The CRM's co-sell flag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_co_sell: Option<bool>,
    /// Private offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_private_offer: Option<bool>,
    /// Marketplace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_marketplace: Option<bool>,
    /// The offer's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer_id: Option<String>,
    /// Products.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub product_mix: Vec<String>,
    /// Discount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount_rate: Option<Decimal>,
    /// Take rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take_rate: Option<Decimal>,
    /// What happens next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_step_on: Option<NaiveDate>,
    /// Why it was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_reason: Option<String>,
    /// When the customer went live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated_on: Option<NaiveDate>,
    /// Where it came from.
    #[serde(default)]
    pub origin: OriginFact,
    /// Its ids under systems' names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<SystemId>,
}

/// An account of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFact {
    /// Its id in the other system.
    pub external_id: String,
    /// Its name.
    pub name: String,
    /// Its registrable domain.
    pub registrable_domain: Option<String>,
    /// Its segment.
    pub segment: Option<Reference>,
    /// Its region.
    pub region: Option<String>,
    /// Clouds with a commitment.
    pub cloud_commitments: Vec<String>,
    /// Installed integrations.
    pub integrations: Vec<String>,
    /// Why a partner overlaps.
    pub overlap_reason: Option<String>,
    /// The partner it belongs to or buys through.
    #[serde(default)]
    pub partner: Option<Reference>,
    /// What kind of partner that is to it.
    #[serde(default)]
    pub partner_kind: Option<PartnerKind>,
    /// Whether an integration is installed.
    #[serde(default)]
    pub integration_present: Option<bool>,
    /// Its ids under systems' names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<SystemId>,
}

/// A partner of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerFact {
    /// Its id in the other system.
    pub external_id: String,
    /// Its name.
    pub name: String,
    /// Its kind, where the file says.
    pub kind: Option<PartnerKind>,
    /// Its status, where the file says.
    pub status: Option<PartnerStatus>,
    /// Its registrable domain.
    pub registrable_domain: Option<String>,
    /// Its ids under systems' names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<SystemId>,
}

/// A line of spend of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendFact {
    /// Its id in the finance system.
    pub external_id: String,
    /// The partner.
    pub partner: Reference,
    /// The segment.
    pub segment: Option<Reference>,
    /// The fiscal quarter, as its number.
    pub quarter: i32,
    /// The category.
    pub category: SpendCategory,
    /// The amount.
    pub amount: Amount,
    /// The currency of the source.
    pub currency: String,
    /// A note.
    pub note: Option<String>,
}

impl SpendFact {
    /// The fiscal quarter.
    #[must_use]
    pub const fn quarter(&self) -> Quarter {
        Quarter::from_index(self.quarter)
    }
}

/// An activity of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityFact {
    /// Its id in the other system.
    pub external_id: String,
    /// The deal's external id.
    pub deal: Option<String>,
    /// The account.
    pub account: Option<AccountReference>,
    /// The partner.
    pub partner: Option<Reference>,
    /// The kind.
    pub kind: ActivityKind,
    /// When it happened.
    pub happened: When,
    /// When the other system recorded it, where the file says so.
    #[serde(default)]
    pub recorded: Option<When>,
    /// Vendor and partner met the customer together.
    pub is_joint_meeting: bool,
    /// How many meetings.
    pub meeting_count: Option<i64>,
    /// The next step's date.
    pub next_step_on: Option<NaiveDate>,
    /// Functions in the room.
    pub owner_functions: Vec<String>,
    /// A note.
    pub note: Option<String>,
}

/// A row's fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fact {
    /// A deal.
    Deal(Box<DealFact>),
    /// An account.
    Account(AccountFact),
    /// A partner.
    Partner(PartnerFact),
    /// A line of spend.
    Spend(SpendFact),
    /// An activity.
    Activity(ActivityFact),
}

impl Fact {
    /// The id in the other system.
    #[must_use]
    pub fn external_id(&self) -> &str {
        match self {
            Self::Deal(deal) => &deal.external_id,
            Self::Account(account) => &account.external_id,
            Self::Partner(partner) => &partner.external_id,
            Self::Spend(spend) => &spend.external_id,
            Self::Activity(activity) => &activity.external_id,
        }
    }

    /// The ids under systems' names.
    #[must_use]
    pub fn refs(&self) -> &[SystemId] {
        match self {
            Self::Deal(deal) => &deal.refs,
            Self::Account(account) => &account.refs,
            Self::Partner(partner) => &partner.refs,
            Self::Spend(_) | Self::Activity(_) => &[],
        }
    }
}
