//! Which partner motions go with closed-won, what came in twice, and what feeds what, on the wire.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::economics::DealWorth;
use super::global_id;
use super::measurement::{MeasuredFrame, TrustGap, Window, int};
use super::quality::worth;
use super::scalar::{Date, DateTime};
use crate::usecase::measurement::Ask;
use crate::usecase::motion;

/// By what outcomes are told apart.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "motion::MotionGroup")]
pub enum MotionGroup {
    /// By what partners are recorded to have done on the deal: introduction, touch, joint meeting, demo and their kin.
    Motion,
    /// By attribution state.
    AttributionState,
}

/// How deals with one motion, or in one state, ended beside direct ones. One deal may be in several groups: they are compared,
/// never added.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadMotions))]
pub struct MotionOutcome {
    /// A kind of activity with a partner, JOINT_MEETING, or NOTHING_RECORDED on a deal with partners; or an attribution state.
    group: String,
    /// Won deals of the group.
    won: DealWorth,
    /// The group's win rate beside the direct one, measured and read as a Trust-Gap is: `coSell` is the group's side.
    gap: TrustGap,
}

/// Closed NEW deals of the window by motion or state.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadMotions))]
pub struct MotionOutcomes {
    /// The first and last quarter, and the policy.
    frame: MeasuredFrame,
    /// The groups.
    groups: Vec<MotionOutcome>,
}

/// By what rows look like one and the same thing.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::motion::DuplicateKind")]
pub enum DuplicateKind {
    /// Accounts of one registrable domain.
    AccountDomain,
    /// Partners of one registrable domain.
    PartnerDomain,
    /// Partners of one name, but for case and spaces.
    PartnerName,
    /// Deals with one registration id.
    DealRegistration,
    /// Open deals of one name on one account.
    OpenDeal,
}

/// Rows that look like one and the same thing. Nothing is merged by itself: mend the source, or import with `account_master`.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadImports))]
pub struct Duplicate {
    /// By what.
    kind: DuplicateKind,
    /// What they share.
    value: String,
    /// How many rows there are.
    rows: i32,
    /// Their global ids, the first twenty.
    ids: Vec<ID>,
}

/// Which way facts flow.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataDirection {
    /// Into this program.
    In,
    /// Out of it.
    Out,
}

/// One kind of fact out of one system: a line of the one-page data-flow diagram.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadImports))]
pub struct DataFlow {
    /// The system, in lower case.
    system: String,
    /// The kind of fact, as the import names it.
    object: &'static str,
    /// Which way.
    direction: DataDirection,
    /// How many rows of ours the system knows by an id of its own; of activities, how many came from it.
    rows: i32,
    /// When one of them was last recorded.
    latest_at: Option<DateTime>,
}

/// Reads of motions, duplicates and flows.
#[derive(Default)]
pub struct MotionQuery;

#[Object]
impl MotionQuery {
    /// Which partner motions, or attribution states, go with closed-won.
    #[graphql(directive = Allow::apply(Action::ReadMotions))]
    async fn motion_outcomes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "By what outcomes are told apart.", default_with = "MotionGroup::Motion")]
        group_by: MotionGroup,
        #[graphql(desc = "The date as of which to measure; today in the program's time zone where it is left out.")]
        as_of: Option<Date>,
        #[graphql(desc = "Which quarters to measure.", default)] window: Window,
    ) -> Result<MotionOutcomes> {
        let ask = Ask { as_of: as_of.map(|day| day.0), window: window.into(), ..Ask::default() };
        let (measures, outcomes) =
            motion::outcomes(caller(ctx)?, group_by.into(), ask).await.map_err(|why| failed(&why))?;
        let groups = outcomes
            .into_iter()
            .map(|outcome| MotionOutcome {
                group: outcome.group,
                won: worth(outcome.won, measures.currency),
                gap: TrustGap(outcome.gap, measures.clone()),
            })
            .collect();
        Ok(MotionOutcomes { frame: (&*measures).into(), groups })
    }

    /// Rows that look like one and the same thing, the largest groups first: what an import of old registrations and accounts
    /// leaves to be cleaned.
    #[graphql(directive = Allow::apply(Action::ReadImports))]
    async fn duplicates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this kind.")] kind: Option<DuplicateKind>,
    ) -> Result<Vec<Duplicate>> {
        let found = motion::duplicates(caller(ctx)?, kind.map(Into::into)).await.map_err(|why| failed(&why))?;
        let show = |it: domain::motion::Duplicate| {
            let of = it.kind.row();
            Duplicate {
                kind: it.kind.into(),
                value: it.what,
                rows: int(it.rows),
                ids: it.ids.into_iter().map(|id| global_id::encode(of, id)).collect(),
            }
        };
        Ok(found.into_iter().map(show).collect())
    }

    /// Which system feeds which kind of fact: the one-page data-flow diagram. Files and their freshness stand in `dataInputs`.
    #[graphql(directive = Allow::apply(Action::ReadImports))]
    async fn data_flow(&self, ctx: &Context<'_>) -> Result<Vec<DataFlow>> {
        let found = motion::inflows(caller(ctx)?).await.map_err(|why| failed(&why))?;
        let show = |it: motion::Inflow| DataFlow {
            system: it.system,
            object: it.object,
            direction: DataDirection::In,
            rows: int(it.rows),
            latest_at: it.latest_at.map(DateTime),
        };
        Ok(found.into_iter().map(show).collect())
    }
}
