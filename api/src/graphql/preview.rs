//! What a draft of the policy would have changed, on the wire.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use domain::policy_version::PolicyDraft as Draft;
use domain::preview::bands::{BandsPreview, LineShift};
use domain::preview::terms::{Ending, ExpiryShift, GateShift, PromiseShift};
use domain::role::Action;
use domain::tam::Bands;
use domain::what_if::Shift;
use std::sync::Arc;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::cosell::GateState;
use super::measurement::int;
use super::partner::Partner;
use super::policy::PolicyDraft;
use super::registration::{RegistrationExpiry, RegistrationState};
use super::scalar::{Date, Money, Quarter};
use super::segment::Segment;
use super::sla::{SlaKind, SlaOwner};
use super::spend_plan::amount;
use super::tam::ForecastComponent;
use super::{global_id, loader};
use crate::usecase::preview::{self, Compared, Tried};

/// What of a window depends on a policy.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::preview::Aspect")]
pub enum PolicyAspect {
    /// The reading of a Trust-Gap: LIFT, DRAG, INCONCLUSIVE or UNMEASURED.
    TrustGapReading,
    /// The evidence of a Trust-Gap: NONE, THIN or SOLID.
    TrustGapEvidence,
    /// The evidence of a Yield.
    YieldEvidence,
    /// The tier that is recommended for a partner: INVEST, MAINTAIN, TEST or EXIT.
    RecommendedTier,
    /// The evidence of a deal size delta.
    DealSizeEvidence,
    /// The evidence of a Deal Velocity Premium.
    VelocityEvidence,
    /// Whether the win rate of SOURCED deals is UNDER or OVER the bar, or NONE.
    SourcedUnderBar,
    /// Whether the win rate of INFLUENCED deals is UNDER or OVER the bar, or NONE.
    InfluencedUnderBar,
    /// Whether the win rate of ACCELERATED deals is UNDER or OVER the bar, or NONE.
    AcceleratedUnderBar,
    /// Whether the win rate of all co-sold deals is UNDER or OVER the bar, or NONE.
    CoSoldUnderBar,
}

/// Something that would have read otherwise.
pub struct PolicyDifference(domain::preview::Difference);

/// Something that would have read otherwise.
#[Object(directive = Allow::apply(Action::ReadPolicy))]
impl PolicyDifference {
    /// What.
    async fn aspect(&self) -> PolicyAspect {
        self.0.aspect.into()
    }

    /// Of which partner; null for the program as a whole.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        match self.0.partner_id {
            Some(id) => Ok(loader::partner(ctx, id).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// In which segment; null for all of them together.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        match self.0.segment_id {
            Some(id) => Ok(loader::segment(ctx, id).await?.map(Segment)),
            None => Ok(None),
        }
    }

    /// What it read under the policy of that day.
    async fn before(&self) -> &str {
        self.0.before
    }

    /// What it would have read under the draft.
    async fn after(&self) -> &str {
        self.0.after
    }
}

/// An amount under two policies, over the four quarters of a forecast.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadForecastDraft))]
pub struct PolicyPreviewAmount {
    /// Under the policy of that day; null where nothing of it is measured.
    before: Option<Money>,
    /// Under the draft; null where nothing of it is measured.
    after: Option<Money>,
    /// After less before, where what is not measured adds nothing; null where neither is measured.
    delta: Option<Money>,
}

/// A line of the forecast that would have been another.
pub struct PolicyPreviewLine(Arc<BandsPreview>, LineShift);

fn shown(of: &BandsPreview, shift: Shift) -> PolicyPreviewAmount {
    let money = |minor: Option<i128>| minor.map(|minor| amount(minor, of.currency));
    PolicyPreviewAmount { before: money(shift.before), after: money(shift.after), delta: money(shift.delta()) }
}

/// A line of the forecast that would have been another.
#[Object(directive = Allow::apply(Action::ReadForecastDraft))]
impl PolicyPreviewLine {
    /// The partner.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>> {
        Ok(loader::partner(ctx, self.1.partner_id).await?.map(Partner))
    }

    /// The segment; null for what is planned for no segment.
    async fn segment(&self, ctx: &Context<'_>) -> Result<Option<Segment>> {
        match self.1.segment_id {
            Some(id) => Ok(loader::segment(ctx, id).await?.map(Segment)),
            None => Ok(None),
        }
    }

    /// The component.
    async fn component(&self) -> ForecastComponent {
        self.1.component.into()
    }

    /// What the CFO budgets against.
    #[graphql(directive = Allow::apply(Action::ReadForecastConservative))]
    async fn conservative(&self) -> PolicyPreviewAmount {
        shown(&self.0, self.1.bands.conservative)
    }

    /// The method's formulas as they stand.
    #[graphql(directive = Allow::apply(Action::ReadForecastBase))]
    async fn base(&self) -> PolicyPreviewAmount {
        shown(&self.0, self.1.bands.base)
    }

    /// Upper limits, and Yield as it was measured. For internal use only.
    #[graphql(directive = Allow::apply(Action::ReadForecastStretch))]
    async fn stretch(&self) -> PolicyPreviewAmount {
        shown(&self.0, self.1.bands.stretch)
    }
}

/// The forecast of the four quarters after a past one, under a draft beside the policy of that day. What is measured is as of that
/// day; planned spend and penetration are as they stand now, because no history of them is kept.
pub struct PolicyPreviewBands(Arc<BandsPreview>);

impl PolicyPreviewBands {
    fn totals(&self) -> Bands<Shift> {
        self.0.totals
    }
}

/// The forecast of the four quarters after a past one, under a draft beside the policy of that day. What is measured is as of that
/// day; planned spend and penetration are as they stand now, because no history of them is kept.
#[Object(directive = Allow::apply(Action::ReadForecastDraft))]
impl PolicyPreviewBands {
    /// The first of the four quarters.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.quarter)
    }

    /// What the CFO budgets against, in total.
    #[graphql(directive = Allow::apply(Action::ReadForecastConservative))]
    async fn conservative(&self) -> PolicyPreviewAmount {
        shown(&self.0, self.totals().conservative)
    }

    /// The method's formulas as they stand, in total.
    #[graphql(directive = Allow::apply(Action::ReadForecastBase))]
    async fn base(&self) -> PolicyPreviewAmount {
        shown(&self.0, self.totals().base)
    }

    /// Upper limits, and Yield as it was measured, in total. For internal use only.
    #[graphql(directive = Allow::apply(Action::ReadForecastStretch))]
    async fn stretch(&self) -> PolicyPreviewAmount {
        shown(&self.0, self.totals().stretch)
    }

    /// How many lines were compared: each component of each partner in each segment that is measured under either policy.
    async fn compared(&self) -> i32 {
        int(self.0.compared)
    }

    /// How many of them differ in any band.
    async fn differ(&self) -> i32 {
        int(self.0.lines.len() as u64)
    }

    /// Those that differ, at most 200.
    async fn lines(&self) -> Vec<PolicyPreviewLine> {
        let lines = self.0.lines.iter().take(preview::SHOWN_MOST);
        lines.map(|line| PolicyPreviewLine(self.0.clone(), line.clone())).collect()
    }
}

/// How an approved registration ends.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPolicy))]
pub struct PolicyPreviewEnding {
    /// The last day it holds, in the program's time zone.
    last_on: Date,
    /// The clock that ends it.
    clock: RegistrationExpiry,
    /// Where it stands today.
    state: RegistrationState,
}

impl From<Ending> for PolicyPreviewEnding {
    fn from(it: Ending) -> Self {
        Self { last_on: Date(it.last_on), clock: it.clock.into(), state: it.state.into() }
    }
}

/// A registration that would have ended otherwise.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPolicy))]
pub struct PolicyPreviewRegistration {
    /// The registration's global id.
    registration_id: ID,
    /// As it was granted.
    before: PolicyPreviewEnding,
    /// Under the draft.
    after: PolicyPreviewEnding,
}

impl From<&ExpiryShift> for PolicyPreviewRegistration {
    fn from(it: &ExpiryShift) -> Self {
        let registration_id = global_id::encode("Registration", it.registration_id);
        Self { registration_id, before: it.before.into(), after: it.after.into() }
    }
}

/// A Primary Sale gate that would have stood otherwise.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPolicy))]
pub struct PolicyPreviewGate {
    /// The deal's global id.
    deal_id: ID,
    /// Where the gate stands.
    state_before: GateState,
    /// Where it would stand under the draft.
    state_after: GateState,
    /// Whether the time passed before the Primary Sale was logged.
    is_missed_before: bool,
    /// Whether it would have under the draft.
    is_missed_after: bool,
}

impl From<&GateShift> for PolicyPreviewGate {
    fn from(it: &GateShift) -> Self {
        Self {
            deal_id: global_id::encode("Deal", it.deal_id),
            state_before: it.before.0.into(),
            state_after: it.after.0.into(),
            is_missed_before: it.before.1,
            is_missed_after: it.after.1,
        }
    }
}

/// Which registrations and gates of a quarter would have ended otherwise. What people did is taken as they did it, and where the
/// contract with a partner gives the days, no policy changes anything.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPolicy))]
pub struct PolicyPreviewExpiries {
    /// How many registrations were compared: those submitted in the quarter that were approved.
    registrations_compared: i32,
    /// How many of them would have ended on another day, by another clock, or would stand otherwise today.
    registrations_differ: i32,
    /// These, at most 200.
    registrations: Vec<PolicyPreviewRegistration>,
    /// How many gates were compared: those whose clock began in the quarter.
    gates_compared: i32,
    /// How many of them would have lapsed or been in time otherwise.
    gates_differ: i32,
    /// These, at most 200.
    gates: Vec<PolicyPreviewGate>,
}

fn rows<T, U: for<'a> From<&'a T>>(of: &Compared<T>) -> Vec<U> {
    of.differing.iter().map(Into::into).collect()
}

/// How promises of one kind that began in a quarter would have been kept, by who owed them.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPolicy))]
pub struct PolicyPreviewPromises {
    /// What was promised.
    kind: SlaKind,
    /// Who owed it.
    owner: SlaOwner,
    /// How many began.
    compared: i32,
    /// Those whose term the contract gave: no policy changes it.
    by_contract: i32,
    /// Those that would have been due at another time.
    due_otherwise: i32,
    /// Done by their due time.
    met_before: i32,
    /// Done by the due time of the draft.
    met_after: i32,
    /// Not done by their due time.
    missed_before: i32,
    /// Not done by the due time of the draft.
    missed_after: i32,
    /// Still owed in time.
    running_before: i32,
    /// Still owed in the time of the draft.
    running_after: i32,
}

impl From<&PromiseShift> for PolicyPreviewPromises {
    fn from(it: &PromiseShift) -> Self {
        Self {
            kind: it.kind.into(),
            owner: it.owner.into(),
            compared: int(it.compared),
            by_contract: int(it.by_contract),
            due_otherwise: int(it.due_otherwise),
            met_before: int(it.met.0),
            met_after: int(it.met.1),
            missed_before: int(it.missed.0),
            missed_after: int(it.missed.1),
            running_before: int(it.running.0),
            running_after: int(it.running.1),
        }
    }
}

/// The states of the Three-State Threshold under a draft.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPolicy))]
pub struct PolicyPreviewStates {
    /// How many would have been otherwise; null while they cannot be computed.
    differ: Option<i32>,
    /// Why it is null.
    reason: Option<&'static str>,
}

/// A past quarter under a draft.
pub struct PolicyPreviewQuarter(Tried, Arc<Draft>);

/// A past quarter under a draft.
#[Object(directive = Allow::apply(Action::ReadPolicy))]
impl PolicyPreviewQuarter {
    /// The fiscal quarter.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.quarter)
    }

    /// Its last day, as of which the trailing four quarters are read.
    async fn as_of(&self) -> Date {
        Date(self.0.as_of)
    }

    /// The version of the policy that held on that day.
    async fn policy_version(&self) -> i64 {
        self.0.policy_version
    }

    /// How many readings were compared: of the program and of each partner, in all segments and in each.
    async fn compared(&self) -> i32 {
        int(self.0.preview.compared)
    }

    /// Those that would have been otherwise.
    async fn differences(&self) -> Vec<PolicyDifference> {
        self.0.preview.differences.iter().copied().map(PolicyDifference).collect()
    }

    /// The forecast of the four quarters after it, in three bands.
    #[graphql(directive = Allow::apply(Action::ReadForecastDraft))]
    async fn bands(&self, ctx: &Context<'_>) -> Result<PolicyPreviewBands> {
        let found = preview::tried_bands(caller(ctx)?, self.0.quarter, &self.1.policy).await;
        Ok(PolicyPreviewBands(Arc::new(found.map_err(|why| failed(&why))?)))
    }

    /// Registrations and Primary Sale gates of the quarter.
    async fn expiries(&self, ctx: &Context<'_>) -> Result<PolicyPreviewExpiries> {
        let found = preview::tried_expiries(caller(ctx)?, self.0.quarter, &self.1.policy).await;
        let found = found.map_err(|why| failed(&why))?;
        Ok(PolicyPreviewExpiries {
            registrations_compared: int(found.registrations.compared),
            registrations_differ: int(found.registrations.differ),
            registrations: rows(&found.registrations),
            gates_compared: int(found.gates.compared),
            gates_differ: int(found.gates.differ),
            gates: rows(&found.gates),
        })
    }

    /// Promises with due times that began in the quarter, by kind and by who owed them.
    async fn promises(&self, ctx: &Context<'_>) -> Result<Vec<PolicyPreviewPromises>> {
        let found = preview::tried_promises(caller(ctx)?, self.0.quarter, &self.1.policy).await;
        Ok(found.map_err(|why| failed(&why))?.iter().map(Into::into).collect())
    }

    /// The states of the Three-State Threshold (GREEN, YELLOW, RED).
    async fn states(&self) -> PolicyPreviewStates {
        let reason = "States rest on Signal Strength, which is not computed yet.";
        PolicyPreviewStates { differ: None, reason: Some(reason) }
    }
}

/// What a draft would have changed. Nothing is written by it.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadPolicy))]
pub struct PolicyPreview {
    /// The draft.
    pub draft: PolicyDraft,
    /// Each quarter that was asked for.
    pub quarters: Vec<PolicyPreviewQuarter>,
}

impl PolicyPreview {
    pub(super) fn of(draft: Draft, tried: Vec<Tried>) -> Self {
        let shared = Arc::new(draft.clone());
        let quarters = tried.into_iter().map(|one| PolicyPreviewQuarter(one, shared.clone())).collect();
        Self { draft: PolicyDraft(draft), quarters }
    }
}
