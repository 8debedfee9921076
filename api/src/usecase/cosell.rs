//! The Primary Sale and its gate: logged, confirmed, and asked before anything joint is done.

use super::commit::{Done, Key, Work, commit};
use super::escalation::is_on;
use super::failure::{Failure, Problem, ProblemCode};
use super::ledger::rows;
use super::office::Caller;
use super::registration::whole;
use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::attribution::Provenance;
use domain::cosell::{Gate, GateFacts, GateRefusal, GatedActivity, Lapse, PrimarySale, Stand, gate};
use domain::deal::{Deal, Outcome};
use domain::ledger::{Entry, EntryKind, FACT, INSIDE};
use domain::policy_version::in_force;
use domain::program::Program;
use domain::registration::{Mark, Registration, StateWord};
use domain::role::Action;
use domain::slice::{Reach, Slice};
use domain::text;
use entity::Conn;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A deal's gate, with the Primary Sale as far as the caller may see it.
#[derive(Clone, Debug)]
pub struct GateView {
    /// The deal.
    pub deal_id: Uuid,
    /// Where the gate stands.
    pub gate: Gate,
    /// The last local day in which the Primary Sale is in time, where a clock runs or ran out. A partner is told of the clock that began
    /// with its own registration or the lock: one that began with another's tells when the other came.
    pub due_on: Option<NaiveDate>,
    /// Since when it is open. A partner is told where the Primary Sale is its own.
    pub opened_at: Option<DateTime<Utc>>,
    /// The Primary Sale, if it is one of a partner that the caller may see.
    pub sale: Option<PrimarySale>,
}

/// What the gates of deals depend on, by all rows of the program, in the order of the deals.
pub(super) async fn gate_facts(
    conn: &impl Conn,
    whole: &Slice,
    program: &Program,
    deals: &[Deal],
) -> Result<Vec<GateFacts>, Failure> {
    let ids: Vec<Uuid> = deals.iter().map(|deal| deal.id).collect();
    let registrations = entity::registration::of_deals(conn, whole, &ids).await?;
    let sales = entity::primary_sale::of_deals(conn, whole, &ids).await?;
    let moment = |at: DateTime<Utc>| (at, program.calendar.day(at));
    let stand =
        |row: &Registration| Stand { from: moment(row.submitted_at), until: row.state.turned_away_at().map(moment) };
    let of = |deal: &Deal| GateFacts {
        registered: registrations.iter().filter(|row| row.deal_id == Some(deal.id)).map(stand).collect(),
        locked_on: deal.locked_at.map(|at| program.calendar.day(at)),
        is_imported: deal.provenance == Provenance::Imported && deal.locked_at.is_some(),
        logged: sales.iter().find(|sale| sale.deal_id == deal.id).map(|sale| moment(sale.logged.at)),
        recorded: None,
    };
    Ok(deals.iter().map(of).collect())
}

/// A gate with what it was read from.
struct Reading {
    gate: Gate,
    facts: GateFacts,
    /// The clock that ran out, as the facts tell.
    lapse: Option<Lapse>,
    /// The version of the policy that gave its days.
    policy_version: i64,
}

/// The gates of deals, by all rows of the program. A lapse that the ledger holds is read back.
async fn gates(
    conn: &impl Conn,
    whole: &Slice,
    program: &Program,
    deals: &[Deal],
    now: DateTime<Utc>,
) -> Result<Vec<Reading>, Failure> {
    let today = program.calendar.day(now);
    let versions = entity::policy::all(conn, whole).await?;
    let facts = gate_facts(conn, whole, program, deals).await?;
    let ids: Vec<Uuid> = deals.iter().map(|deal| deal.id).collect();
    let entries = entity::ledger_entry::of_subjects(conn, whole, EntryKind::PrimarySaleLapsed, &ids).await?;
    // The number of days is that of the day the clock began.
    let days = |began| in_force(&versions, began).registration.primary_sale_days;
    let of = |(deal, facts): (&Deal, GateFacts)| {
        let recorded = entries.iter().find(|entry| entry.subject_id == deal.id).and_then(lapsed_on);
        let facts = GateFacts { recorded, ..facts };
        // A deal that is closed runs no clock.
        let today = deal.closed_on.map_or(today, |closed| closed.min(today));
        let lapse = facts.lapse(today, days);
        let began = lapse.map(|lapse| lapse.began).or_else(|| facts.began()).unwrap_or(today);
        let policy_version = in_force(&versions, began).version;
        Reading { gate: gate(&facts, today, days), facts, lapse, policy_version }
    };
    Ok(deals.iter().zip(facts).map(of).collect())
}

/// The day that an entry of a lapse names.
fn lapsed_on(entry: &Entry) -> Option<NaiveDate> {
    serde_json::from_str::<LapseBody>(&entry.body).ok().map(|body| body.due_on)
}

/// What an entry says of a lapse.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LapseBody {
    due_on: NaiveDate,
    policy_version: i64,
}

/// Enters that the time of a Primary Sale passed: whoever comes to it first, the job or who logs it late. A day that another's
/// registration began would tell when the other came: the receipt is for who began it, else for the partners on the deal.
async fn enter_lapses(work: &mut Work<'_>, lapsed: &[(Uuid, &Reading, Lapse)]) -> Result<(), Failure> {
    let whole = whole(work.program_id())?;
    let ids: Vec<Uuid> = lapsed.iter().map(|(deal, ..)| *deal).collect();
    let attributed = entity::attribution::of_deals(&work.tx, &whole, &ids).await?;
    let registered = entity::registration::of_deals(&work.tx, &whole, &ids).await?;
    for (deal_id, reading, lapse) in lapsed {
        // Both are in the order in which they were submitted.
        let claims = registered.iter().filter(|it| it.deal_id == Some(*deal_id)).zip(&reading.facts.registered);
        let began = claims.filter(|(_, stand)| stand.from.1 == lapse.began && stand.outlasts(lapse.due_on));
        let mut partners: Vec<Uuid> = began.map(|(it, _)| it.partner_id).collect();
        if partners.is_empty() {
            partners.extend(attributed.iter().filter(|it| it.deal_id == *deal_id).map(|it| it.partner_id));
        }
        let body = json!(LapseBody { due_on: lapse.due_on, policy_version: reading.policy_version });
        work.record("primarySale.lapse", "Deal", *deal_id, body.clone());
        work.enter(EntryKind::PrimarySaleLapsed, "Deal", *deal_id, &partners, body);
        work.announce("primarySale.lapsed", *deal_id, json!({ "dueOn": lapse.due_on }));
    }
    Ok(())
}

/// The gates of those of these deals that the caller may see.
///
/// # Errors
/// [`Failure`].
pub async fn gates_of(caller: &Caller, ids: &[Uuid]) -> Result<Vec<GateView>, Failure> {
    let slice = caller.authorise(Action::ReadGate)?;
    let store = caller.office.store.read();
    let deals = entity::deal::of_ids(store, slice, ids).await?;
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let gates = gates(store, &whole(slice.program_id())?, &program, &deals, caller.office.clock.now()).await?;
    let sales = entity::primary_sale::of_deals(store, slice, ids).await?;
    let others = match slice.reach() {
        Reach::Own { partner } => begun_by_others(store, &whole(slice.program_id())?, ids, *partner).await?,
        Reach::Program
        | Reach::ClosedDeals
        | Reach::Partners
        | Reach::Pods { .. }
        | Reach::Owned { .. }
        | Reach::Managed { .. } => HashSet::new(),
    };
    let is_own = matches!(slice.reach(), Reach::Own { .. });
    let view = |(deal, reading): (Deal, Reading)| {
        let gate = reading.gate;
        let sale = sales.iter().find(|sale| sale.deal_id == deal.id).cloned();
        let opened_at = match gate {
            Gate::Open { at, .. } => Some(at).filter(|_| sale.is_some() || !is_own),
            Gate::Exempt | Gate::Awaiting { .. } | Gate::Lapsed { .. } | Gate::Shut => None,
        };
        let due_on = due_on(gate).filter(|_| !others.contains(&deal.id));
        GateView { deal_id: deal.id, gate, due_on, opened_at, sale }
    };
    Ok(deals.into_iter().zip(gates).map(view).collect())
}

/// Those of these deals whose first registration, whatever became of it, is another partner's.
async fn begun_by_others(
    conn: &impl Conn,
    whole: &Slice,
    deals: &[Uuid],
    partner: Uuid,
) -> Result<HashSet<Uuid>, Failure> {
    let mut first: HashMap<Uuid, Uuid> = HashMap::new();
    // They come in the order in which they were submitted.
    for row in entity::registration::of_deals(conn, whole, deals).await? {
        if let Some(deal) = row.deal_id {
            first.entry(deal).or_insert(row.partner_id);
        }
    }
    Ok(first.into_iter().filter(|(_, of)| *of != partner).map(|(deal, _)| deal).collect())
}

/// Lets a gated activity pass, or says why not.
pub(super) async fn pass(
    work: &Work<'_>,
    deal: &Deal,
    path: &str,
    happened_at: Option<DateTime<Utc>>,
) -> Result<(), Failure> {
    let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
    let whole = whole(work.program_id())?;
    let gates = gates(&work.tx, &whole, &program, std::slice::from_ref(deal), work.now).await?;
    for reading in gates {
        reading.gate.pass(happened_at).map_err(|refusal| refused(path, refusal))?;
    }
    Ok(())
}

fn refused(path: &str, refusal: GateRefusal) -> Problem {
    let message = format!("{refusal}; {}", refusal.remedy());
    Problem::at([path], ProblemCode::RuleRefused, message).by(refusal.into())
}

/// Logs that the partner's own rep is committed to a deal: the gate opens. The done row is the deal.
///
/// # Errors
/// [`Failure`].
pub async fn log(
    caller: &Caller,
    deal_id: Uuid,
    person: Uuid,
    note: Option<&str>,
    key: Option<Key>,
) -> Result<Done, Failure> {
    commit(caller, Action::LogPrimarySale, key, async |work| {
        let deal = entity::deal::find(&work.tx, work.slice, deal_id).await?;
        let deal = deal.ok_or_else(|| Problem::at(["dealId"], ProblemCode::NotFound, "there is no such deal"))?;
        let rep = entity::partner_person::find(&work.tx, work.slice, person).await?.filter(|person| person.is_rep);
        let rep = rep.ok_or_else(|| {
            Problem::at(
                ["repId"],
                ProblemCode::NotFound,
                "there is no such rep: name a person of the partner who sells",
            )
        })?;
        let rule = |path, message: &str, rule| Problem::at([path], ProblemCode::RuleRefused, message).by(rule);
        if deal.outcome != Outcome::Open {
            return Err(rule("dealId", "the deal is closed", "DEAL_CLOSED").into());
        }
        if !is_on(work, deal_id, rep.partner_id).await? {
            let message = "the rep's partner is not on this deal: it is credited with it, or has registered it, first";
            return Err(rule("repId", message, "NOT_ON_THE_DEAL").into());
        }
        let note = note.map(|note| text::prose(note, 2000)).transpose();
        let note = note.map_err(|why| Problem::at(["note"], ProblemCode::Invalid, why.to_string()))?;
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let whole = whole(work.program_id())?;
        let readings = gates(&work.tx, &whole, &program, std::slice::from_ref(&deal), work.now).await?;
        let sale = PrimarySale {
            id: work.id(),
            deal_id,
            partner_id: rep.partner_id,
            person_id: person,
            note,
            logged: Mark { at: work.now, by: work.seat_id() },
            confirmed: None,
            version: 1,
        };
        let sale = entity::primary_sale::put(&work.tx, work.slice, sale).await.map_err(|why| {
            if entity::store::is_unique_violation(&why) {
                Failure::from(rule("dealId", "the Primary Sale of this deal is logged already", "ALREADY_LOGGED"))
            } else {
                why.into()
            }
        })?;
        for reading in readings.iter().filter(|reading| reading.facts.recorded.is_none()) {
            if let Some(lapse) = reading.lapse {
                enter_lapses(work, &[(deal_id, reading, lapse)]).await?;
            }
        }
        let body = json!({ "dealId": deal_id, "partnerId": sale.partner_id, "personId": person, "loggedAt": work.now });
        work.record("primarySale.log", "PrimarySale", sale.id, body.clone());
        let mut body = body;
        body[INSIDE] = json!({ FACT: rows::primary_sale(&sale) });
        work.enter(EntryKind::PrimarySaleLogged, "PrimarySale", sale.id, &[sale.partner_id], body);
        work.announce("primarySale.logged", deal_id, json!({ "partnerId": sale.partner_id }));
        Ok(deal_id)
    })
    .await
}

/// So many deals one transaction of the job takes.
const AT_ONCE: u64 = 200;
/// How far back the job looks among closed deals.
const CLOSED_SINCE: Days = Days::new(30);

/// Enters the Primary Sales whose time passed, each once; the miss counts for ever, and logging one later opens the gate. Returns
/// how many. The same instant again changes nothing.
///
/// # Errors
/// [`Failure`].
pub async fn lapse(caller: &Caller) -> Result<u64, Failure> {
    let (mut after, mut lapsed) = (Uuid::nil(), 0);
    loop {
        let mut seen = 0;
        commit(caller, Action::RunJobs, None, async |work| {
            let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
            // One that lapsed and was closed before the job came round is still entered.
            let today = program.calendar.day(work.now);
            let since = today.checked_sub_days(CLOSED_SINCE).unwrap_or(today);
            let ids =
                entity::primary_sale::maybe_lapsed(&work.tx, work.slice, (work.now, since), after, AT_ONCE).await?;
            seen = ids.len();
            after = ids.last().copied().unwrap_or(after);
            let deals = entity::deal::of_ids(&work.tx, work.slice, &ids).await?;
            let gates = gates(&work.tx, work.slice, &program, &deals, work.now).await?;
            let late = deals.iter().zip(&gates).filter(|(_, it)| matches!(it.gate, Gate::Lapsed { .. }));
            let late: Vec<(Uuid, &Reading, Lapse)> =
                late.filter_map(|(deal, it)| it.lapse.map(|lapse| (deal.id, it, lapse))).collect();
            enter_lapses(work, &late).await?;
            lapsed += u64::try_from(late.len()).unwrap_or_default();
            Ok(work.program_id())
        })
        .await?;
        if seen < usize::try_from(AT_ONCE).unwrap_or(usize::MAX) {
            return Ok(lapsed);
        }
    }
}

/// Whether a registration starts no clock.
pub(super) fn is_turned_away(it: &Registration) -> bool {
    matches!(it.state.word(), StateWord::Refused | StateWord::Withdrawn)
}

/// What a partner is told of a deal that is not its own as of one without its Primary Sale.
const NO_SALE: &str = "there is no Primary Sale of yours on such a deal";

/// The partner's own word that its rep is committed. The done row is the deal.
///
/// # Errors
/// [`Failure`].
pub async fn confirm(caller: &Caller, deal_id: Uuid, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::ConfirmPrimarySale, key, async |work| {
        if entity::deal::find(&work.tx, work.slice, deal_id).await?.is_none() {
            return Err(Problem::at(["dealId"], ProblemCode::NotFound, NO_SALE).into());
        }
        let mut sale = entity::primary_sale::of_deals(&work.tx, work.slice, &[deal_id]).await?.pop();
        let sale = sale.as_mut().ok_or_else(|| Problem::at(["dealId"], ProblemCode::NotFound, NO_SALE))?;
        if sale.confirmed.is_none() {
            sale.confirmed = Some(Mark { at: work.now, by: work.seat_id() });
            sale.version += 1;
            entity::primary_sale::update(&work.tx, work.slice, sale).await?;
            work.record("primarySale.confirm", "PrimarySale", sale.id, json!({ "dealId": deal_id }));
        }
        Ok(deal_id)
    })
    .await
}

/// Asks whether a joint activity may be done. The question goes on record; [`answer`] reads the answer. The done row is the deal.
///
/// # Errors
/// [`Failure`].
pub async fn request(caller: &Caller, deal_id: Uuid, what: GatedActivity, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::RequestJointActivity, key, async |work| {
        let Some(deal) = entity::deal::find(&work.tx, work.slice, deal_id).await? else {
            return Err(Problem::at(["dealId"], ProblemCode::NotFound, "there is no such deal").into());
        };
        let is_permitted = pass(work, &deal, "dealId", None).await.is_ok();
        let word: &str = what.into();
        work.record("jointActivity.request", "Deal", deal_id, json!({ "activity": word, "isPermitted": is_permitted }));
        Ok(deal_id)
    })
    .await
}

/// Whether a joint activity may be done on a deal now: the gate, and why it lets nothing pass.
///
/// # Errors
/// [`Failure`].
pub async fn answer(caller: &Caller, deal_id: Uuid) -> Result<Option<(GateView, Result<(), GateRefusal>)>, Failure> {
    caller.authorise(Action::RequestJointActivity)?;
    let view = gates_of(caller, &[deal_id]).await?.pop();
    Ok(view.map(|view| {
        let verdict = view.gate.pass(None);
        (view, verdict)
    }))
}

/// The last local day in which the Primary Sale is in time, where a clock runs or ran out.
const fn due_on(gate: Gate) -> Option<NaiveDate> {
    match gate {
        Gate::Awaiting { due_on } => due_on,
        Gate::Lapsed { due_on } => Some(due_on),
        Gate::Exempt | Gate::Open { .. } | Gate::Shut => None,
    }
}
