//! What a caller may say of a deal.

use chrono::NaiveDate;
use domain::attribution::Claim;
use domain::deal::{DealKind, DealSource, Outcome};
use domain::money::Currency;
use domain::origin::Origin;
use rust_decimal::Decimal;
use uuid::Uuid;

/// What may be said of a deal; what is left out stays as it is, `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Its id in the CRM.
    pub external_id: Option<Option<String>>,
    /// Its name.
    pub name: Option<String>,
    /// The account.
    pub account_id: Option<Option<Uuid>>,
    /// The segment; fixed once attribution is locked.
    pub segment_id: Option<Option<Uuid>>,
    /// What is sold; fixed once attribution is locked.
    pub kind: Option<DealKind>,
    /// The stage; it brings its outcome.
    pub stage_id: Option<Uuid>,
    /// How it ended, where no stage says so.
    pub outcome: Option<Outcome>,
    /// The local day it was opened.
    pub opened_on: Option<NaiveDate>,
    /// The local day it was closed.
    pub closed_on: Option<Option<NaiveDate>>,
    /// The day it is expected to close.
    pub expected_close_on: Option<Option<NaiveDate>>,
    /// Software ARR, in any currency with a rate.
    pub arr: Option<Option<(Decimal, Currency)>>,
    /// Total contract value, in the program's currency.
    pub tcv: Option<Option<(Decimal, Currency)>>,
    /// Services revenue, in the program's currency.
    pub services: Option<Option<(Decimal, Currency)>>,
    /// The owner in the CRM.
    pub owner_external_id: Option<Option<String>>,
    /// The pod that runs it.
    pub pod_id: Option<Option<Uuid>>,
    /// Where the CRM says it came from.
    pub source: Option<Option<DealSource>>,
    /// The CRM's influence flag.
    pub is_influenced: Option<Option<bool>>,
    /// Where it came from: added to, never overwritten.
    pub origin: Origin,
    /// The CRM's registration id.
    pub deal_reg_id: Option<Option<String>>,
    /// The CRM's co-sell flag.
    pub is_co_sell: Option<Option<bool>>,
    /// Private offer.
    pub is_private_offer: Option<Option<bool>>,
    /// Marketplace.
    pub is_marketplace: Option<Option<bool>>,
    /// The offer.
    pub offer_id: Option<Option<String>>,
    /// The products in it.
    pub product_mix: Option<Vec<String>>,
    /// The discount, 0 to 1.
    pub discount_rate: Option<Option<Decimal>>,
    /// The marketplace's take, 0 to 1.
    pub take_rate: Option<Option<Decimal>>,
    /// What happens next.
    pub next_step: Option<Option<String>>,
    /// When it happens.
    pub next_step_on: Option<Option<NaiveDate>>,
    /// Why it was lost.
    pub lost_reason: Option<Option<String>>,
    /// When the customer went live.
    pub activated_on: Option<Option<NaiveDate>>,
    /// Of a new deal: who did what for it, or (no claims) that nobody did. Later it is declared by itself.
    pub claims: Option<Vec<Claim>>,
}
