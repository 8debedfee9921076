//! What a program is advised, on the wire.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::loader;
use super::measurement::{decimal, int};
use super::partner::Partner;
use super::scalar::{Date, Decimal, Quarter};
use crate::usecase::advisory::{self, Advised};

/// What is advised about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::advisory::AdvisoryKind")]
pub enum AdvisoryCode {
    /// From a quarter (by default) of won ARR with a partner on, partner operations take a leader of their own.
    DedicatedLeader,
    /// The program has no RevOps seat, so that nobody instruments its Pods; `iterationOpen` asks for a written reason.
    RevopsMissing,
    /// The published forecast rests on quarters before the latest closed one.
    StaleForecastInputs,
    /// Fewer closed deals with partners (10 by default) in the trailing four quarters than the method takes.
    LowPartnerVolume,
    /// The direct baseline of Trust-Gap is weak: of the NEW deals that reached Stage 1, too few direct ones were closed in the trailing
    /// four quarters, too many of those closed have unknown attribution, or too many from before them nobody closed.
    WeakDirectBaseline,
    /// The confidence check says PROGRAM: no more headcount, budget or partners before it says SYSTEM.
    ProgramNotSystem,
    /// Entries of the capability map must be validated again.
    StaleCapabilities,
    /// Territories of partners at work overlap.
    TerritoryOverlap,
    /// Activities with partners do not say who was there, or are joint meetings without a next step.
    IncompleteLog,
}

/// One number of an advisory.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadAdvisories))]
pub struct AdvisoryFigure {
    /// What it is; the unit is at its end: `…Rate` is 0 to 1, `…Arr` an amount in the program's currency; others count and are
    /// whole numbers.
    name: &'static str,
    /// Its value; null where it is not measured.
    value: Option<Decimal>,
    /// What it is held against; null where it only informs.
    bar: Option<Decimal>,
}

/// A piece of advice with the numbers behind it. It forbids nothing.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadAdvisories))]
pub struct Advisory {
    /// A stable code to branch on.
    code: AdvisoryCode,
    /// What it advises, in a sentence.
    message: &'static str,
    /// Whether it is raised; null where the numbers do not tell.
    is_raised: Option<bool>,
    /// Why they do not.
    reason: Option<&'static str>,
    /// The date its numbers are as of.
    as_of: Date,
    /// The first of the trailing four quarters that its numbers are counted over; null where they count what there is on that date.
    from: Option<Quarter>,
    /// The last of them.
    to: Option<Quarter>,
    /// The numbers.
    figures: Vec<AdvisoryFigure>,
}

pub(super) fn shown(of: &domain::advisory::Advisory) -> Advisory {
    let figure = |it: &domain::advisory::Figure| AdvisoryFigure {
        name: it.name,
        // A share may not end; a count and an amount are written as they are.
        value: if it.name.ends_with("Rate") { it.value.map(decimal) } else { it.value.map(Decimal) },
        bar: it.bar.map(Decimal),
    };
    Advisory {
        code: of.kind.into(),
        message: of.kind.sentence(),
        is_raised: of.is_raised,
        reason: of.reason,
        as_of: Date(of.as_of),
        from: of.window.map(|window| Quarter(window.from)),
        to: of.window.map(|window| Quarter(window.to)),
        figures: of.figures.iter().map(figure).collect(),
    }
}

/// Two partners at work whose territories overlap: an account could be inside both.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadAdvisories))]
pub struct TerritoryOverlap {
    /// The one.
    one: Partner,
    /// The other.
    other: Partner,
}

/// What the program is advised.
pub struct Advisories(Advised);

/// What the program is advised.
#[Object(directive = Allow::apply(Action::ReadAdvisories))]
impl Advisories {
    /// All advisories, raised or not.
    async fn all(&self) -> Vec<Advisory> {
        self.0.all.iter().map(shown).collect()
    }

    /// How many are raised.
    async fn raised(&self) -> i32 {
        int(self.0.all.iter().filter(|it| it.is_raised == Some(true)).count() as u64)
    }

    /// TERRITORY_OVERLAP: the pairs, at most 100; the figure `overlappingPairs` has their number.
    async fn territory_overlaps(&self, ctx: &Context<'_>) -> Result<Vec<TerritoryOverlap>> {
        let mut pairs = Vec::new();
        for (one, other) in self.0.overlaps.iter().take(100) {
            let (one, other) = (loader::partner(ctx, *one).await?, loader::partner(ctx, *other).await?);
            pairs.extend(
                one.zip(other).map(|(one, other)| TerritoryOverlap { one: Partner(one), other: Partner(other) }),
            );
        }
        Ok(pairs)
    }

    /// The version of the policy whose bars the numbers are held against.
    async fn policy_version(&self) -> i64 {
        self.0.policy_version
    }
}

/// Reads of advisories.
#[derive(Default)]
pub struct AdvisoryQuery;

#[Object]
impl AdvisoryQuery {
    /// What the program is advised, from the numbers as they are now.
    #[graphql(directive = Allow::apply(Action::ReadAdvisories))]
    async fn advisories(&self, ctx: &Context<'_>) -> Result<Advisories> {
        Ok(Advisories(advisory::advised(caller(ctx)?).await.map_err(|why| failed(&why))?))
    }
}
