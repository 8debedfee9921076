//! Partner money beside direct money: what each unit of loaded cost brought.

use super::failure::{Failure, Problem, ProblemCode};
use super::measurement::{Ask, Measures, measure};
use super::money;
use super::office::Caller;
use domain::book::{Kinds, Place};
use domain::cell::Cohort;
use domain::economics::{Attach, Worth};
use domain::investment::{Better, Side, better, wants_leader};
use domain::money::Currency;
use domain::role::Action;
use rust_decimal::Decimal;
use std::sync::Arc;

/// Both sides, over the trailing four quarters.
#[derive(Clone, Debug)]
pub struct Investment {
    /// With any partner, at the program's spend.
    pub partner: Side,
    /// Without one, at the cost that the caller names.
    pub direct: Side,
    /// Which brings more for its cost.
    pub better: Better,
    /// Won deals of every kind, by whether they have a partner: what the share is of.
    pub won: Attach,
    /// The share of won ARR that came with a partner, of the deals of which it is known.
    pub partner_share: Option<Decimal>,
    /// Whether that is so much that partner operations take a leader of their own.
    pub wants_leader: Option<bool>,
    /// What was measured.
    pub measures: Arc<Measures>,
}

/// Compares what partner money and direct money brought. What direct sales cost is no fact of a program: the caller names it, in the
/// program's currency.
///
/// # Errors
/// [`Failure`].
pub async fn compare(caller: &Caller, direct_cost: Option<(Decimal, Currency)>) -> Result<Investment, Failure> {
    let measures = measure(caller, Action::CompareInvestment, Ask::default(), None).await?;
    let direct_cost = match direct_cost {
        None => None,
        Some((_, currency)) if currency != measures.currency => {
            let message = format!("the cost is in {}, the currency of the program", measures.currency);
            return Err(Problem::at(["directCost"], ProblemCode::Invalid, message).into());
        }
        Some((amount, currency)) => Some(money::amount("directCost", amount, currency)?.minor.into()),
    };
    let (book, policy) = (&measures.book, &measures.policy);
    let side = |cohort, cost| Side::of(&book.value(None, Place::All, cohort, Kinds::New), cost, policy);
    let partner = side(Cohort::AnyPartner, Some(measures.spending.on(None)));
    let direct = side(Cohort::Direct, direct_cost);
    let won = Attach::of(book, Place::All, Worth::won);
    let (partner_share, wants_leader) = wants_leader(&won, policy);
    Ok(Investment { better: better(&partner, &direct), partner, direct, won, partner_share, wants_leader, measures })
}
