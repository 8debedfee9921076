//! Tier decisions that are due, on the wire.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject, Subscription};
use domain::role::Action;
use domain::tier_due::TierNotice;
use futures_util::{Stream, StreamExt};

use super::allow::Allow;
use super::caller::{caller, failed};
use super::follow::{event_id, follow};
use super::loader;
use super::partner::Partner;
use super::recruit::TierDecision;
use super::scalar::{Date, DateTime};
use crate::usecase::tier_due::{self, Due};

/// A partner whose next tier decision is near its day, or past it.
pub struct TierDue(Due);

/// A partner whose next tier decision is near its day, or past it.
#[Object(directive = Allow::apply(Action::ReadTiers))]
impl TierDue {
    /// The partner.
    async fn partner(&self) -> Partner {
        Partner(self.0.partner.clone())
    }

    /// The decision that holds; null where there never was one.
    async fn decision(&self) -> Option<TierDecision> {
        self.0.decision.clone().map(TierDecision)
    }

    /// The last day on which the next decision is in time: ninety days (by default) after the last one, and not after the end of
    /// the next Recruit phase. In the program's time zone.
    async fn due_on(&self) -> Date {
        Date(self.0.due_on)
    }

    /// Whether that day has passed.
    async fn is_overdue(&self) -> bool {
        self.0.is_overdue
    }
}

/// Reads of what is due.
#[derive(Default)]
pub struct TierDueQuery;

#[Object]
impl TierDueQuery {
    /// The partners at work that you may see whose tier decision is due within 14 days (by default) or overdue, by name.
    #[graphql(directive = Allow::apply(Action::ReadTiers))]
    async fn tier_decisions_due(&self, ctx: &Context<'_>) -> Result<Vec<TierDue>> {
        let due = tier_due::due(caller(ctx)?).await.map_err(|why| failed(&why))?;
        Ok(due.into_iter().map(TierDue).collect())
    }
}

/// That a tier decision is about to be due, or was not made by its day.
#[derive(SimpleObject)]
#[graphql(complex, directive = Allow::apply(Action::ReadTiers))]
pub struct TierDecisionDue {
    /// The event's id: subscribe with it as `after` to go on behind it.
    event_id: ID,
    /// When it was told.
    at: DateTime,
    /// The last day on which the decision is in time, in the program's time zone.
    due_on: Date,
    /// Whether that day had passed.
    is_overdue: bool,
    #[graphql(skip)]
    notice: TierNotice,
}

#[ComplexObject]
impl TierDecisionDue {
    /// The partner.
    #[graphql(directive = Allow::apply(Action::ReadTiers))]
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.notice.partner_id).await?.map(Partner))
    }
}

/// Follows of what is due.
#[derive(Default)]
pub struct TierDueSubscription;

#[Subscription]
impl TierDueSubscription {
    /// Tier decisions of partners that you may see: 14 days (by default) before each is due, and once its day has passed. Each is
    /// told once for a due day, in the order in which it happened.
    #[graphql(directive = Allow::apply(Action::ReadTiers))]
    async fn tier_decision_due(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `eventId` you have seen last: what happened behind it comes first. Kept for 7 days.")]
        after: Option<ID>,
    ) -> Result<impl Stream<Item = TierDecisionDue> + use<>> {
        let events = follow::<TierNotice>(ctx, after).await?;
        Ok(events.map(|(event, notice)| TierDecisionDue {
            event_id: event_id(&event),
            at: DateTime(event.recorded_at),
            due_on: Date(notice.due_on),
            is_overdue: notice.is_overdue,
            notice,
        }))
    }
}
