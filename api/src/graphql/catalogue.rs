//! The catalogue of measures on the wire.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use domain::catalogue::{MEASURES, RETIRED};
use domain::role::Action;

use super::allow::Allow;
use super::caller::caller;

/// The discipline of the method that a measure belongs to.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::catalogue::Discipline")]
pub enum Discipline {
    /// Who did what for a deal.
    Attribution,
    /// What partners do, week by week.
    Signal,
    /// Gates, automations, pre-loads.
    Stack,
    /// Money and time.
    Economics,
    /// The measurable advantage of a partner.
    TrustGap,
}

/// Whether a measure stands in the CFO pack.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "domain::catalogue::MeasureClass")]
pub enum MeasureClass {
    /// It stands in the CFO pack.
    Financial,
    /// It describes what happens, and is barred from the CFO pack.
    Activity,
}

/// What a measure means.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadProgram))]
pub struct MeasureDefinition {
    /// The name of its field in this API.
    name: &'static str,
    /// The name people use.
    title: &'static str,
    /// Its unit.
    unit: &'static str,
    /// Its formula.
    formula: &'static str,
    /// Its window.
    window: &'static str,
    /// What Finance calls it.
    finance_term: &'static str,
    /// Its discipline.
    discipline: Discipline,
    /// Its class.
    class: MeasureClass,
}

pub(super) fn define(measure: &domain::catalogue::Measure) -> MeasureDefinition {
    MeasureDefinition {
        name: measure.name,
        title: measure.title,
        unit: measure.unit,
        formula: measure.formula,
        window: measure.window,
        finance_term: measure.finance_term,
        discipline: measure.discipline.into(),
        class: measure.class.into(),
    }
}

/// A report of relationship management that the method retires: it is computed nowhere and stands in no pack.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadProgram))]
pub struct RetiredMeasure {
    /// The name people use.
    title: &'static str,
    /// Why it is retired.
    reason: &'static str,
    /// The measures that answer its question, by their name in `measures`; those that you may read.
    replaced_by: Vec<&'static str>,
}

/// Reads of the catalogue.
#[derive(Default)]
pub struct CatalogueQuery;

#[Object]
impl CatalogueQuery {
    /// The measures that the caller may read, with unit, formula and window.
    #[graphql(directive = Allow::apply(Action::ReadProgram))]
    async fn measures(&self, ctx: &Context<'_>) -> Result<Vec<MeasureDefinition>> {
        let viewer = &caller(ctx)?.viewer;
        let shown = MEASURES.iter().filter(|measure| viewer.may(measure.action));
        Ok(shown.map(define).collect())
    }

    /// Legacy reports that the method retires, with what answers their question.
    #[graphql(directive = Allow::apply(Action::ReadProgram))]
    async fn retired_measures(&self, ctx: &Context<'_>) -> Result<Vec<RetiredMeasure>> {
        let viewer = &caller(ctx)?.viewer;
        let may = |name: &&&str| MEASURES.iter().any(|measure| measure.name == **name && viewer.may(measure.action));
        let show = |it: &domain::catalogue::Retired| RetiredMeasure {
            title: it.title,
            reason: it.reason,
            replaced_by: it.replaced_by.iter().filter(may).copied().collect(),
        };
        Ok(RETIRED.iter().map(show).collect())
    }
}
