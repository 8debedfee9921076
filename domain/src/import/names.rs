//! Names that other systems give to what we know.

use super::Object;
use super::field::Field;
use crate::deal::Outcome;

/// Names of the column that holds the ids of such rows.
pub(super) const fn own_ids(object: Object) -> &'static [&'static str] {
    match object {
        Object::Deals => &["opportunity id", "opportunity_id", "deal id", "deal_id", "record id - deal"],
        Object::Accounts => &["account id", "account_id", "company id", "company_id"],
        Object::Partners => &["partner id", "partner_id"],
        Object::Spend => &["spend id", "spend_id", "line id", "line_id"],
        Object::Activities => &["activity id", "activity_id", "task id", "event id"],
    }
}

/// Column names by which a field is known: Salesforce, HubSpot, Dynamics, Pipedrive and plain exports.
pub(super) const NAMES: &[(Field, &[&str])] = &[
    (Field::ExternalId, &["record id", "hs_object_id", "id", "case safe id", "external id"]),
    (
        Field::Name,
        &["opportunity name", "deal name", "dealname", "name", "account name", "company name", "partner name"],
    ),
    (Field::Account, &["account id", "associated company ids", "company id", "account"]),
    (Field::AccountName, &["account name", "company name", "associated company"]),
    (Field::AccountMaster, &["master account id", "masterrecordid", "merged into"]),
    (Field::Deleted, &["is deleted", "isdeleted", "deleted", "archived"]),
    (Field::Segment, &["segment", "customer segment", "region", "market segment", "regional_office"]),
    (Field::Kind, &["type", "deal type", "dealtype", "opportunity type", "partner type", "activity type", "kind"]),
    (Field::Outcome, &["outcome", "deal status", "status", "result"]),
    (Field::Stage, &["stage", "stagename", "deal stage", "dealstage", "deal_stage"]),
    (
        Field::OpenedOn,
        &[
            "created date",
            "createddate",
            "create date",
            "createdate",
            "created_date",
            "created on",
            "engage_date",
            "deal created",
        ],
    ),
    (
        Field::ClosedOn,
        &["close date", "closedate", "closed_date", "close_date", "closed date", "actual close date", "won time"],
    ),
    (Field::ExpectedCloseOn, &["expected close date", "expected_close_date", "est. close date"]),
    (
        Field::Arr,
        &["arr", "acv", "amount", "deal amount", "deal_amount", "close_value", "value", "annual recurring revenue"],
    ),
    (Field::Tcv, &["tcv", "total contract value"]),
    (Field::Services, &["services", "services amount"]),
    (
        Field::Currency,
        &["currency", "currencyisocode", "opportunity currency", "deal currency code", "deal_currency_code"],
    ),
    (
        Field::Owner,
        &[
            "owner id",
            "ownerid",
            "hubspot_owner_id",
            "deal owner",
            "opportunity owner",
            "sales_rep_id",
            "sales_agent",
            "owner",
        ],
    ),
    (Field::IsCoSell, &["co_sell", "co-sell", "cosell"]),
    (Field::IsPrivateOffer, &["private_offer", "private offer"]),
    (Field::IsMarketplace, &["marketplace"]),
    (Field::OfferId, &["offer_id", "offer id"]),
    (Field::DealRegId, &["deal_reg_id", "deal registration id", "registration id"]),
    (Field::ProductMix, &["product_mix", "product", "products"]),
    (Field::DiscountRate, &["discount"]),
    (Field::TakeRate, &["take_rate", "take rate"]),
    (Field::NextStep, &["next step", "nextstep"]),
    (Field::NextStepOn, &["next_step_date", "next step date"]),
    (Field::LostReason, &["loss reason", "lost reason", "closed lost reason"]),
    (Field::Domain, &["website", "domain", "company domain name", "url"]),
    (Field::Region, &["region", "country", "billing country", "office_location"]),
    (Field::OverlapReason, &["overlap_reason", "overlap reason"]),
    (Field::SourcePartner, &["source_partner_id", "source partner id", "source_partner", "source partner"]),
    (Field::SourcePartnerName, &["source_partner_name", "source partner name"]),
    (
        Field::SourceDetail,
        &["lead source detail", "lead_source_detail", "source detail", "original source drill-down 1"],
    ),
    (Field::ReferralToken, &["referral_token", "referral token", "prm token"]),
    (Field::PartnerType, &["partner_type"]),
    (Field::IntegrationPresent, &["integration_present", "integration present"]),
    (Field::Status, &["status"]),
    (Field::Partner, &["partner id", "partner_id", "partner"]),
    (Field::PartnerName, &["partner name", "partner account"]),
    (Field::Quarter, &["quarter", "fiscal quarter"]),
    (Field::Date, &["date", "spend date", "posting date"]),
    (Field::Category, &["category", "spend category", "spend type"]),
    (Field::Amount, &["amount", "spend", "cost"]),
    (Field::Note, &["note", "notes", "description", "comments"]),
    (Field::Deal, &["opportunity id", "deal id", "associated deal ids", "whatid"]),
    (Field::HappenedAt, &["date", "activity date", "happened at", "activitydate", "due date"]),
    (Field::IsJointMeeting, &["joint_meeting", "joint meeting"]),
    (Field::MeetingCount, &["meeting_count", "meeting count"]),
    (Field::OwnerFunctions, &["owner_functions", "owner functions"]),
];

/// Stage names that mean one thing wherever they stand.
pub(super) const STAGES: &[(&str, Outcome)] = &[
    ("closed won", Outcome::Won),
    ("closedwon", Outcome::Won),
    ("won", Outcome::Won),
    ("closed lost", Outcome::Lost),
    ("closedlost", Outcome::Lost),
    ("lost", Outcome::Lost),
];

/// Columns in which a partner may hide.
pub(super) const SOURCES: &[&str] =
    &["lead_source", "lead source", "leadsource", "original source", "hs_analytics_source", "channel", "source"];
