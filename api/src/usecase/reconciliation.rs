//! Spend held against Sourced ARR of a quarter, and Finance's signature under it.

use super::commit::{Done, Key, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::office::Caller;
use domain::book::Book;
use domain::calendar::{Quarter, Window};
use domain::cell::Late;
use domain::ledger::EntryKind;
use domain::partner::Partner;
use domain::reconciliation::{Reconciliation, SignOff, Spend};
use domain::role::Action;
use domain::slice::Slice;
use domain::text;
use entity::cell::Whose;
use entity::{Conn, Tx};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use uuid::Uuid;

/// The most characters of a note.
const NOTE_MAX: usize = 2000;

/// The reconciliation of a quarter as it stands, beside what was signed.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The lines.
    pub of: Reconciliation,
    /// SHA-256 of what would be signed now.
    pub sha256: String,
    /// Whether the quarter is over in the program's zone.
    pub is_closed: bool,
    /// The partners of the lines.
    pub partners: HashMap<Uuid, Partner>,
    /// What was signed, the latest first.
    pub signed: Vec<SignOff>,
}

impl Standing {
    /// Whether a fact has changed since the latest signature; none while nothing is signed.
    #[must_use]
    pub fn has_changed(&self) -> Option<bool> {
        self.signed.first().map(|latest| latest.sha256 != self.sha256)
    }
}

fn hash(body: &str) -> String {
    Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The quarter (the last completed one where none is named) with its reconciliation, and whether it is over.
async fn compute(
    conn: &Tx,
    slice: &Slice,
    caller: &Caller,
    quarter: Option<Quarter>,
) -> Result<(Reconciliation, bool), Failure> {
    let program = entity::program::find(conn, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let calendar = &program.calendar;
    let last = calendar.last_completed(calendar.day(caller.office.clock.now()));
    let quarter = quarter.unwrap_or(last);
    let window = Window { from: quarter, to: quarter };
    let cells = entity::cell::window(conn, slice, window, Whose::Everybodys, true).await?;
    let spent = entity::live::spend(conn, slice, window, None).await?;
    let spend: Vec<Spend> = spent
        .iter()
        .map(|of| Spend {
            partner_id: of.partner_id,
            segment_id: of.segment_id,
            category: of.category,
            minor: of.amount_minor,
        })
        .collect();
    let book = Book::new(cells, Late::LeftOut);
    Ok((Reconciliation::of(quarter, program.currency, &spend, &book), quarter <= last))
}

async fn signed(conn: &impl Conn, slice: &Slice, quarter: Quarter) -> Result<Vec<SignOff>, Failure> {
    Ok(entity::reconciliation_sign_off::of_quarter(conn, slice, quarter).await?)
}

/// The reconciliation of a quarter as it stands; of the last completed one where none is named.
///
/// # Errors
/// [`Failure`].
pub async fn read(caller: &Caller, quarter: Option<Quarter>) -> Result<Standing, Failure> {
    let slice = caller.authorise(Action::ReadReconciliation)?;
    let tx = caller.office.store.snapshot().await?;
    let (of, is_closed) = compute(&tx, slice, caller, quarter).await?;
    let signed = signed(&tx, slice, of.quarter).await?;
    let ids: Vec<Uuid> = of.lines.iter().map(|line| line.partner_id).collect();
    let partners = entity::partner::of_ids(&tx, slice, &ids).await?;
    tx.rollback().await?;
    let partners = partners.into_iter().map(|partner| (partner.id, partner)).collect();
    Ok(Standing { sha256: hash(&of.content().to_string()), of, is_closed, partners, signed })
}

/// One signature, if the program has it.
///
/// # Errors
/// [`Failure`].
pub async fn find(caller: &Caller, id: Uuid) -> Result<Option<SignOff>, Failure> {
    let slice = caller.authorise(Action::ReadReconciliation)?;
    Ok(entity::reconciliation_sign_off::find(caller.office.store.read(), slice, id).await?)
}

fn narrow(minor: i128) -> i64 {
    i64::try_from(minor).unwrap_or(if minor < 0 { i64::MIN } else { i64::MAX })
}

/// Signs the reconciliation of a closed quarter. `seen` is the hash of what Finance looked at: where a fact has changed since, it
/// looks again first. The done row is the signature.
///
/// # Errors
/// [`Failure`], with the rule that refused.
pub async fn sign(
    caller: &Caller,
    quarter: Quarter,
    seen: &str,
    note: Option<&str>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::SignReconciliation, key, async |work| {
        let mut problems = Problems::default();
        let note = note.and_then(|note| problems.take("note", text::name(note, NOTE_MAX)));
        problems.settle()?;
        let refused = |path: &'static str, rule, message: String| -> Failure {
            Problem::at([path], ProblemCode::RuleRefused, message).by(rule).into()
        };
        let (of, is_closed) = compute(&work.tx, work.slice, caller, Some(quarter)).await?;
        if !is_closed {
            let message = format!("{quarter} is not over: a quarter is signed when nothing more can happen in it");
            return Err(refused("quarter", "QUARTER_NOT_CLOSED", message));
        }
        let body = of.content().to_string();
        let sha256 = hash(&body);
        if sha256 != seen {
            let message = "the facts are not those that this hash is of: read the reconciliation again";
            return Err(refused("sha256", "RECONCILIATION_MOVED", message.into()));
        }
        let before = signed(&work.tx, work.slice, quarter).await?;
        if before.first().is_some_and(|before| before.sha256 == sha256) {
            let message = "exactly this is signed already: another signature would say nothing new";
            return Err(refused("quarter", "RECONCILIATION_UNCHANGED", message.into()));
        }
        let totals = of.totals();
        let row = SignOff {
            id: work.id(),
            quarter,
            number: before.first().map_or(1, |before| before.number + 1),
            body,
            sha256,
            spend_minor: narrow(totals.spend_minor),
            sourced_arr_minor: narrow(totals.sourced_arr_minor),
            spend_without_arr_minor: narrow(totals.spend_without_arr_minor),
            arr_without_spend_minor: narrow(totals.arr_without_spend_minor),
            note,
            seat_id: work.seat_id(),
            signed_at: work.now,
        };
        entity::reconciliation_sign_off::insert(&work.tx, work.slice, &row).await?;
        let facts = json!({
            "quarter": quarter.to_string(), "number": row.number, "sha256": row.sha256, "currency": of.currency.code(),
            "spendMinor": row.spend_minor, "sourcedArrMinor": row.sourced_arr_minor,
            "spendWithoutArrMinor": row.spend_without_arr_minor, "arrWithoutSpendMinor": row.arr_without_spend_minor,
        });
        work.enter(EntryKind::SignOff, "ReconciliationSignOff", row.id, &[], facts.clone());
        work.record("reconciliation.sign", "ReconciliationSignOff", row.id, facts);
        Ok(row.id)
    })
    .await
}
