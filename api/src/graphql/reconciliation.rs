//! The reconciliation of spend and Sourced ARR on the wire.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::money::Currency;
use domain::reconciliation as method;
use domain::role::Action;

use super::allow::Allow;
use super::caller::{caller, failed};
use super::funnel::money;
use super::measurement::int;
use super::mutation::{UserError, run};
use super::partner::Partner;
use super::scalar::{CurrencyCode, DateTime, Money, Quarter};
use super::spend::SpendCategory;
use super::{global_id, loader};
use crate::usecase::reconciliation::{self, Standing};

/// How spend on a partner and its Sourced ARR meet.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "method::Match")]
pub enum ReconciliationMatch {
    /// There is both.
    Reconciled,
    /// Money was spent, and no ARR was sourced.
    SpendWithoutArr,
    /// ARR was sourced, and nothing was spent.
    ArrWithoutSpend,
    /// Sourced deals were won, and of none of them the ARR is known: nothing can be said, whatever was spent. The spend counts among
    /// that without Sourced ARR.
    ArrUnknown,
    /// There is neither: what was booked adds up to 0, and so does what was sourced.
    Neither,
}

/// Spend in one category.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadSpend))]
pub struct ReconciliationSpend {
    /// What it was spent on.
    category: SpendCategory,
    /// How much.
    amount: Money,
}

/// A partner's line of the reconciliation.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::ReadReconciliation))]
pub struct ReconciliationLine {
    /// The partner.
    partner: Partner,
    /// Spend by category; categories without spend are left out.
    #[graphql(directive = Allow::apply(Action::ReadSpend))]
    spend_by_category: Vec<ReconciliationSpend>,
    /// All of it.
    spend: Money,
    /// What of it names no segment.
    unallocated_spend: Money,
    /// ARR of the won deals of the quarter that the partner SOURCED, late amendments left out.
    sourced_arr: Money,
    /// How many such deals were won.
    sourced_deals: i32,
    /// Those of them without a recorded ARR: they reconcile with nothing.
    without_arr: i32,
    /// How the two meet.
    #[graphql(name = "match")]
    how: ReconciliationMatch,
}

/// Finance's signature under the reconciliation of a quarter. It is never changed; a later one is another.
pub struct ReconciliationSignOff {
    row: method::SignOff,
    currency: Currency,
}

/// Finance's signature under the reconciliation of a quarter. It is never changed; a later one is another.
#[Object(directive = Allow::apply(Action::ReadReconciliation))]
impl ReconciliationSignOff {
    /// The global id.
    async fn id(&self) -> ID {
        global_id::encode("ReconciliationSignOff", self.row.id)
    }

    /// The quarter.
    async fn quarter(&self) -> Quarter {
        Quarter(self.row.quarter)
    }

    /// 1, and one more for each later one.
    async fn number(&self) -> i32 {
        self.row.number
    }

    /// The spend that was signed.
    async fn spend(&self) -> Money {
        money(self.row.spend_minor.into(), self.currency)
    }

    /// The Sourced ARR that was signed.
    async fn sourced_arr(&self) -> Money {
        money(self.row.sourced_arr_minor.into(), self.currency)
    }

    /// The spend on partners without Sourced ARR that was signed.
    async fn spend_without_sourced_arr(&self) -> Money {
        money(self.row.spend_without_arr_minor.into(), self.currency)
    }

    /// The Sourced ARR of partners without spend that was signed.
    async fn sourced_arr_without_spend(&self) -> Money {
        money(self.row.arr_without_spend_minor.into(), self.currency)
    }

    /// Every line that was signed, as canonical JSON; `match` stands in a line where the amounts do not tell it: ARR_UNKNOWN, NEITHER.
    #[graphql(directive = Allow::apply(Action::ReadSpend))]
    async fn content(&self) -> &str {
        &self.row.body
    }

    /// SHA-256 of `content`, in lower-case hex.
    async fn sha256(&self) -> &str {
        &self.row.sha256
    }

    /// What Finance wrote beside it.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }

    /// The global id of the seat that signed.
    async fn signed_by(&self) -> ID {
        global_id::encode("Seat", self.row.seat_id)
    }

    /// When it was signed.
    async fn signed_at(&self) -> DateTime {
        DateTime(self.row.signed_at)
    }
}

/// Program spend of a quarter held against the Sourced ARR of the same quarter, partner by partner.
pub struct Reconciliation(Standing);

impl Reconciliation {
    fn money(&self, minor: i128) -> Money {
        money(minor, self.0.of.currency)
    }

    fn shown(&self, row: &method::SignOff) -> ReconciliationSignOff {
        ReconciliationSignOff { row: row.clone(), currency: self.0.of.currency }
    }

    fn line(&self, line: &method::Line) -> Option<ReconciliationLine> {
        let spend = |(category, minor): &(domain::spend::SpendCategory, i128)| ReconciliationSpend {
            category: (*category).into(),
            amount: self.money(*minor),
        };
        Some(ReconciliationLine {
            partner: Partner(self.0.partners.get(&line.partner_id)?.clone()),
            spend_by_category: line.by_category.iter().map(spend).collect(),
            spend: self.money(line.spend_minor),
            unallocated_spend: self.money(line.unallocated_minor),
            sourced_arr: self.money(line.sourced.arr_minor),
            sourced_deals: int(line.sourced.deals),
            without_arr: int(line.sourced.without_arr),
            how: line.how().into(),
        })
    }
}

/// Program spend of a quarter held against the Sourced ARR of the same quarter, partner by partner.
#[Object(directive = Allow::apply(Action::ReadReconciliation))]
impl Reconciliation {
    /// The quarter.
    async fn quarter(&self) -> Quarter {
        Quarter(self.0.of.quarter)
    }

    /// Whether the quarter is over, in the program's time zone: only then it can be signed.
    async fn is_closed(&self) -> bool {
        self.0.is_closed
    }

    /// The currency of every amount.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.of.currency)
    }

    /// Every partner that was spent on, or that sourced a won deal, by name.
    async fn lines(&self) -> Vec<ReconciliationLine> {
        let mut lines: Vec<ReconciliationLine> = self.0.of.lines.iter().filter_map(|line| self.line(line)).collect();
        lines.sort_by(|one, other| {
            (&one.partner.0.name, one.partner.0.id).cmp(&(&other.partner.0.name, other.partner.0.id))
        });
        lines
    }

    /// All spend.
    async fn spend(&self) -> Money {
        self.money(self.0.of.totals().spend_minor)
    }

    /// All Sourced ARR.
    async fn sourced_arr(&self) -> Money {
        self.money(self.0.of.totals().sourced_arr_minor)
    }

    /// Not reconciled: spend on partners without Sourced ARR, also where the ARR is not known.
    async fn spend_without_sourced_arr(&self) -> Money {
        self.money(self.0.of.totals().spend_without_arr_minor)
    }

    /// Not reconciled: Sourced ARR of partners without spend.
    async fn sourced_arr_without_spend(&self) -> Money {
        self.money(self.0.of.totals().arr_without_spend_minor)
    }

    /// Spend that names no segment. It is reconciled per partner, and not per segment.
    async fn unallocated_spend(&self) -> Money {
        self.money(self.0.of.totals().unallocated_minor)
    }

    /// Won sourced deals without a recorded ARR: they reconcile with nothing.
    async fn deals_without_arr(&self) -> i32 {
        int(self.0.of.totals().deals_without_arr)
    }

    /// SHA-256 of what would be signed now: hand it to `reconciliationSignOff`.
    async fn sha256(&self) -> &str {
        &self.0.sha256
    }

    /// The latest signature; null while there is none.
    async fn sign_off(&self) -> Option<ReconciliationSignOff> {
        self.0.signed.first().map(|row| self.shown(row))
    }

    /// Every signature, the latest first.
    async fn sign_offs(&self) -> Vec<ReconciliationSignOff> {
        self.0.signed.iter().map(|row| self.shown(row)).collect()
    }

    /// Whether a fact has changed since the latest signature; null while there is none.
    async fn changed_since_sign_off(&self) -> Option<bool> {
        self.0.has_changed()
    }
}

/// Reads of the reconciliation.
#[derive(Default)]
pub struct ReconciliationQuery;

#[Object]
impl ReconciliationQuery {
    /// Program spend of a quarter held against its Sourced ARR.
    #[graphql(directive = Allow::apply(Action::ReadReconciliation))]
    async fn reconciliation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The quarter; the last completed one where it is left out.")] quarter: Option<Quarter>,
    ) -> Result<Reconciliation> {
        let quarter = quarter.map(|quarter| quarter.0);
        Ok(Reconciliation(reconciliation::read(caller(ctx)?, quarter).await.map_err(|why| failed(&why))?))
    }
}

/// The reconciliation of a quarter, to be signed.
#[derive(InputObject)]
pub struct ReconciliationSignOffInput {
    /// A quarter that is over.
    quarter: Quarter,
    /// The `sha256` of the reconciliation that you read; another one refuses, because a fact has changed since.
    sha256: String,
    /// What to write beside it, at most 2000 characters.
    note: Option<String>,
    /// A key of your choice: the same key with the same input within 24 hours gives the stored answer.
    idempotency_key: Option<String>,
}

/// What came of signing.
#[derive(SimpleObject)]
#[graphql(directive = Allow::apply(Action::SignReconciliation))]
pub struct ReconciliationSignOffPayload {
    /// The signature; null when it was refused.
    sign_off: Option<ReconciliationSignOff>,
    /// Whether this is the stored answer to the same idempotency key.
    replayed: bool,
    /// Why it was refused; empty when it was done.
    user_errors: Vec<UserError>,
}

/// Signatures under reconciliations.
#[derive(Default)]
pub struct ReconciliationMutation;

#[Object]
impl ReconciliationMutation {
    /// Signs the reconciliation of a closed quarter, for Finance. What is signed is kept and stands in the ledger; where a fact
    /// changes later, the reconciliation says so.
    #[graphql(directive = Allow::apply(Action::SignReconciliation))]
    async fn reconciliation_sign_off(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is signed.")] input: ReconciliationSignOffInput,
    ) -> Result<ReconciliationSignOffPayload> {
        let caller = caller(ctx)?;
        let work =
            async |key| reconciliation::sign(caller, input.quarter.0, &input.sha256, input.note.as_deref(), key).await;
        let (id, replayed, user_errors) =
            run("reconciliationSignOff", input.idempotency_key.as_ref(), &input, work).await?;
        let row = match id {
            Some(id) => reconciliation::find(caller, id).await.map_err(|why| failed(&why))?,
            None => None,
        };
        let currency = loader::program(ctx).await?.currency;
        let sign_off = row.map(|row| ReconciliationSignOff { row, currency });
        Ok(ReconciliationSignOffPayload { sign_off, replayed, user_errors })
    }
}
