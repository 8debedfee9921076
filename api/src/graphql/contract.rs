//! Contract terms with partners on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::NaiveDate;
use domain::contract as method;
use domain::role::Action;
use uuid::Uuid;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::mutation::{UserError, run};
use super::partner::Partner;
use super::scalar::{Date, DateTime, Decimal};
use super::{global_id, loader};
use crate::usecase::contract::{self, Facts};

/// How a partner is paid.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::CommercialModel")]
pub enum CommercialModel {
    /// A percentage of the deals that it refers.
    ReferralPercent,
    /// A fixed amount for each deal that it refers.
    Bounty,
    /// It buys at a discount and resells.
    ResellerDiscount,
    /// A share of recurring revenue for its services.
    ServicesRevShare,
    /// Both sell; the terms say who invoices.
    CoSell,
}

/// What the two sides show each other of a deal.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::SharedField")]
pub enum SharedField {
    /// The company.
    Company,
    /// The contact.
    Contact,
    /// The stage.
    Stage,
    /// The value.
    Value,
    /// Signals of intent.
    IntentSignals,
}

/// A number that a contract may give in place of the policy's; the unit is at the end of its name.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::ContractNumber")]
pub enum ContractNumber {
    /// Days that a registration is valid from its approval, 1 to 3650; 90 by the default policy.
    RegistrationValidityDays,
    /// Days from the approval of a registration in which a meeting must be held, 1 to 3650; 21 by the default policy.
    RegistrationMeetingDays,
    /// Business hours until the first touch of a registration or lead, 1 to 8760; 2 by the default policy.
    FirstTouchBusinessHours,
    /// Hours until the handoff summary, 1 to 8760; 48 by the default policy.
    HandoffSummaryHours,
    /// Business days until the first call is joined, 1 to 366; 5 by the default policy.
    JoinFirstCallBusinessDays,
    /// Hours until an escalation is answered, 1 to 8760; 48 by the default policy.
    EscalationHours,
    /// Minutes until a registration or lead is routed, 1 to 10080; 15 by the default policy.
    RoutingMinutes,
    /// Hours until a meeting's summary is attached, 1 to 8760; 24 by the default policy.
    MeetingSummaryHours,
    /// Hours until a request of the Pod is answered, 1 to 8760; 72 by the default policy.
    PodRequestHours,
    /// Hours until the receiver acknowledges a handoff between stages, 1 to 8760; 48 by the default policy.
    HandoffHours,
}

/// A number that a contract gives.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadContracts))]
pub struct ContractTerm {
    /// Which number.
    number: ContractNumber,
    /// What it is, in the unit of its name.
    value: i32,
}

/// One version of what the master agreement with a partner says. It is never edited: a change is another version.
pub struct ContractTerms {
    row: method::ContractTerms,
    is_in_force: bool,
}

/// One version of what the master agreement with a partner says. It is never edited: a change is another version.
#[Object(directive = Allow::apply(Action::ReadContracts))]
impl ContractTerms {
    /// The partner; null when the caller may not see it.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.row.partner_id).await?.map(Partner))
    }

    /// Its number among this partner's, from 1; `expectedVersion` of the next one.
    async fn version(&self) -> i64 {
        self.row.version
    }

    /// The first day it holds, in the program's time zone, unless a later version holds on that day too.
    async fn starts_on(&self) -> Date {
        Date(self.row.starts_on)
    }

    /// The last day it holds; null while no end is agreed. After it the policy's numbers count.
    async fn ends_on(&self) -> Option<Date> {
        self.row.ends_on.map(Date)
    }

    /// Whether it holds today.
    async fn is_in_force(&self) -> bool {
        self.is_in_force
    }

    /// What the agreement is about.
    async fn scope(&self) -> &str {
        &self.row.agreed.scope
    }

    /// Where it holds, in words; which accounts may be registered is said by `territory`.
    async fn territory(&self) -> &str {
        &self.row.agreed.territory
    }

    /// How the partner is paid.
    async fn commercial_model(&self) -> CommercialModel {
        self.row.agreed.commercial_model.into()
    }

    /// The same in words: percentages, who invoices.
    async fn commercial_terms(&self) -> Option<&str> {
        self.row.agreed.commercial_terms.as_deref()
    }

    /// Who is eligible for market development funds, and what proves their use.
    async fn mdf_terms(&self) -> Option<&str> {
        self.row.agreed.mdf_terms.as_deref()
    }

    /// The vendor's share of what a claim costs, 0 to 1.
    async fn mdf_match_rate(&self) -> Option<Decimal> {
        self.row.agreed.mdf_match_rate.map(Decimal)
    }

    /// What the two sides show each other of a deal.
    async fn shared_fields(&self) -> Vec<SharedField> {
        self.row.agreed.shared_fields.iter().map(|field| (*field).into()).collect()
    }

    /// The numbers that it gives. What it does not give is the policy's.
    async fn numbers(&self) -> Vec<ContractTerm> {
        let numbers = self.row.agreed.numbers.iter();
        numbers.map(|(number, value)| ContractTerm { number: (*number).into(), value: i32::from(*value) }).collect()
    }

    /// The vendor's own note.
    #[graphql(directive = Allow::apply(Action::ReadContractNotes))]
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        DateTime(self.row.recorded_at)
    }
}

/// A number to give in place of the policy's.
#[derive(InputObject)]
pub struct ContractTermInput {
    /// Which number, once.
    number: ContractNumber,
    /// What it is, in the unit of its name.
    value: i32,
}

/// A version of the terms, whole.
#[derive(InputObject)]
pub struct ContractTermsAgreeInput {
    /// The partner.
    partner_id: ID,
    /// The version you read last, 0 when there was none; another one refuses the change.
    expected_version: Option<i64>,
    /// The first day it holds: today or later, in the program's time zone. Only a partner's first terms may begin before.
    starts_on: Date,
    /// The last day it holds, inclusive.
    ends_on: Option<Date>,
    /// What the agreement is about, at most 4000 characters.
    scope: String,
    /// Where it holds, in words, at most 4000 characters.
    territory: String,
    /// How the partner is paid.
    commercial_model: CommercialModel,
    /// The same in words, at most 4000 characters.
    commercial_terms: Option<String>,
    /// Terms of market development funds, at most 4000 characters.
    mdf_terms: Option<String>,
    /// The vendor's share of what a claim costs, 0 to 1.
    mdf_match_rate: Option<Decimal>,
    /// What the two sides show each other of a deal.
    #[graphql(default)]
    shared_fields: Vec<SharedField>,
    /// The numbers that it gives in place of the policy's.
    #[graphql(default)]
    numbers: Vec<ContractTermInput>,
    /// The vendor's own note, which the partner never sees, at most 4000 characters.
    note: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

impl ContractTermsAgreeInput {
    fn facts(&self) -> Facts {
        Facts {
            starts_on: self.starts_on.0,
            ends_on: self.ends_on.map(|day| day.0),
            scope: self.scope.clone(),
            territory: self.territory.clone(),
            commercial_model: self.commercial_model.into(),
            commercial_terms: self.commercial_terms.clone(),
            mdf_terms: self.mdf_terms.clone(),
            mdf_match_rate: self.mdf_match_rate.map(|rate| rate.0),
            shared_fields: self.shared_fields.iter().map(|field| (*field).into()).collect(),
            numbers: self.numbers.iter().map(|term| (term.number.into(), term.value.into())).collect(),
            note: self.note.clone(),
        }
    }
}

/// What came of agreeing on terms.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ManageContracts))]
pub struct ContractTermsAgreePayload {
    /// All versions with the partner, the latest first; null when it was refused.
    contract_versions: Option<Vec<ContractTerms>>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

fn shown((today, rows): (NaiveDate, Vec<method::ContractTerms>)) -> Vec<ContractTerms> {
    let holds = method::in_force(&rows, today).map(|terms| terms.id);
    rows.into_iter().map(|row| ContractTerms { is_in_force: holds == Some(row.id), row }).collect()
}

async fn versions(ctx: &Context<'_>, partner: Uuid) -> Result<Vec<ContractTerms>> {
    Ok(shown(contract::versions(caller(ctx)?, partner).await.map_err(|why| failed(&why))?))
}

/// Reads of contract terms.
#[derive(Default)]
pub struct ContractQuery;

#[Object]
impl ContractQuery {
    /// The terms with a partner that hold today; null where there are none, and for a partner that the caller may not see.
    #[graphql(directive = Allow::apply(Action::ReadContracts))]
    async fn contract_terms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The partner.")] partner_id: ID,
    ) -> Result<Option<ContractTerms>> {
        let row = contract::present(caller(ctx)?, global_id::of_kind(&partner_id, "Partner")).await;
        Ok(row.map_err(|why| failed(&why))?.map(|row| ContractTerms { row, is_in_force: true }))
    }

    /// All versions of the terms with a partner, the latest first: those that held, the one that holds, those agreed for later.
    #[graphql(directive = Allow::apply(Action::ReadContracts))]
    async fn contract_versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The partner.")] partner_id: ID,
    ) -> Result<Vec<ContractTerms>> {
        versions(ctx, global_id::of_kind(&partner_id, "Partner")).await
    }
}

/// Changes of contract terms.
#[derive(Default)]
pub struct ContractMutation;

#[Object]
impl ContractMutation {
    /// Records a version of the terms with a partner. From its first day on, clocks that begin take their terms from it before they
    /// take the policy's; clocks that run keep what they began with.
    #[graphql(directive = Allow::apply(Action::ManageContracts))]
    async fn contract_terms_agree(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The terms.")] input: ContractTermsAgreeInput,
    ) -> Result<ContractTermsAgreePayload> {
        let caller = caller(ctx)?;
        let work = async |key| {
            let partner = global_id::input(&input.partner_id, "Partner", "partnerId")?;
            contract::agree(caller, partner, input.expected_version, input.facts(), key).await
        };
        let (id, replayed, user_errors) =
            run("contractTermsAgree", input.idempotency_key.as_ref(), &input, work).await?;
        let contract_versions = match id {
            Some(partner) => Some(versions(ctx, partner).await?),
            None => None,
        };
        Ok(ContractTermsAgreePayload { contract_versions, replayed, user_errors })
    }
}
