//! The briefing before a joint call, on the wire.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use domain::role::Action;

use super::activity::Activity;
use super::allow::Allow;
use super::caller::{caller, failed};
use super::deal::Deal;
use super::matching::PartnerMatches;
use super::partner::{Partner, PartnerPerson};
use super::registration;
use super::scalar::Date;
use super::{global_id, loader};
use crate::usecase::briefing::{self, Briefing as Gathered};

/// What a briefing says.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::briefing::BriefingItem")]
pub enum BriefingItem {
    /// The account.
    Account,
    /// Who buys: from a registration, or from the account's firmographics.
    Buyer,
    /// The buyer's problem, from a registration.
    Problem,
    /// The partner that is brought: attributed, or with a registration.
    Partner,
    /// The partner's own rep.
    PartnerRep,
    /// The vendor's owner of the deal.
    Owner,
    /// The next step with its day, or the day of the next meeting.
    NextStep,
}

/// What a registration says of the buyer.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadBriefing))]
pub struct BriefingBuyer {
    /// The partner that said so.
    partner: Option<Partner>,
    /// The registration.
    registration: registration::Registration,
    /// The buyer's role.
    role: String,
    /// The buyer's problem.
    problem: String,
    /// The day of the next meeting.
    next_meeting_on: Date,
}

/// What both teams need to know before a joint call, from what is recorded. It holds neither spend nor Yield.
pub struct Briefing(Gathered);

/// What both teams need to know before a joint call, from what is recorded. It holds neither spend nor Yield.
#[Object(directive = Allow::apply(Action::ReadBriefing))]
impl Briefing {
    /// What a briefing says by the codified co-sell motion; null where that step of the Foundation is not in force.
    async fn standard(&self) -> Option<&str> {
        self.0.standard.as_deref()
    }

    /// The deal, with its account, owner, gate and next step.
    async fn deal(&self, ctx: &Context<'_>) -> Result<Deal> {
        Ok(Deal { row: self.0.deal.clone(), currency: loader::program(ctx).await?.currency })
    }

    /// What registrations say of the buyer, the first submitted first; those refused or taken back are left out.
    async fn buyers(&self, ctx: &Context<'_>) -> Result<Vec<BriefingBuyer>> {
        let mut found = Vec::new();
        let wrapped = registration::all(ctx, self.0.registrations.clone()).await?;
        for (row, registration) in self.0.registrations.iter().zip(wrapped) {
            found.push(BriefingBuyer {
                partner: loader::partner(ctx, row.partner_id).await?.map(Partner),
                registration,
                role: row.buyer_role.clone(),
                problem: row.problem.clone(),
                next_meeting_on: Date(row.next_meeting_on),
            });
        }
        Ok(found)
    }

    /// The partners on the deal, as far as you may see them: attributed, or with a registration above.
    async fn partners(&self, ctx: &Context<'_>) -> Result<Vec<Partner>> {
        let mut found = Vec::new();
        for id in &self.0.partners {
            found.extend(loader::partner(ctx, *id).await?.map(Partner));
        }
        Ok(found)
    }

    /// Their reps.
    async fn reps(&self) -> Vec<PartnerPerson> {
        self.0.reps.iter().cloned().map(PartnerPerson).collect()
    }

    /// The latest touches with a partner on the deal and its account, at most 10, the latest first.
    async fn touches(&self) -> Vec<Activity> {
        self.0.touches.iter().cloned().map(Activity).collect()
    }

    /// Which partners match the deal, at most 5, and why.
    async fn why(&self) -> PartnerMatches {
        PartnerMatches(self.0.matches.clone())
    }

    /// What is not recorded, as far as you may see: find it out before the call.
    async fn missing(&self) -> Vec<BriefingItem> {
        self.0.missing.iter().map(|item| (*item).into()).collect()
    }
}

/// Reads of briefings.
#[derive(Default)]
pub struct BriefingQuery;

#[Object]
impl BriefingQuery {
    /// The briefing of a deal before a joint call; null when there is no such deal, or none that you may see.
    #[graphql(directive = Allow::apply(Action::ReadBriefing))]
    async fn briefing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The deal.")] deal_id: ID,
    ) -> Result<Option<Briefing>> {
        let id = global_id::of_kind(&deal_id, "Deal");
        let found = briefing::of_deal(caller(ctx)?, id).await.map_err(|why| failed(&why))?;
        Ok(found.map(Briefing))
    }
}
