//! Deal registrations: read, and submitted by a partner's token or on a partner's behalf. The steps after stand in
//! `registration_step`.

use super::claim;
use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode, Problems};
use super::follow::{Followed, Told};
use super::office::Caller;
use super::precheck::{self, Sight, domain_of};
use super::{deal, registration_step, routing, sla};
use chrono::{DateTime, NaiveDate, Utc};
use domain::account::{Account, one_spelling};
use domain::claim::Discovery;
use domain::deal::{Deal, DealKind, Outcome};
use domain::ledger::EntryKind;
use domain::program::Program;
use domain::registration::{Registration, RegistrationRefusal, State};
use domain::role::{Action, Role};
use domain::routing::Arrival;
use domain::seat::Seat;
use domain::sla::SlaKind;
use domain::slice::{Reach, Slice, Viewer};
use domain::text;
use entity::page::{Ask, Page};
pub use entity::registration::{Filter, key as position};
use serde_json::json;
use uuid::Uuid;

/// What a partner says.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The partner; a partner's own token needs to name none.
    pub partner_id: Option<Uuid>,
    /// The account's address.
    pub account_url: String,
    /// The account's name; the domain where it is left out.
    pub account_name: Option<String>,
    /// The buyer's role.
    pub buyer_role: String,
    /// The buyer's problem.
    pub problem: String,
    /// The next meeting's day.
    pub next_meeting_on: NaiveDate,
    /// When the need was discovered.
    pub discovered_at: Option<DateTime<Utc>>,
    /// What shows it.
    pub discovery_evidence: Option<String>,
    /// A deal that there is already; else one is opened.
    pub deal_id: Option<Uuid>,
}

/// Every row of a program: for rules that look at all of it, whatever the caller may see.
pub(super) fn whole(program_id: Uuid) -> Result<Slice, Failure> {
    Viewer::system(program_id).slice().ok_or(Failure::Denied)
}

/// A refusal at a place of the input.
pub(super) fn refused(path: &str, refusal: RegistrationRefusal) -> Problem {
    Problem::at([path], ProblemCode::RuleRefused, refusal.to_string()).by(refusal.into())
}

/// The partner that is meant: a partner's token means its own, everybody else names one of the slice.
pub(super) async fn own_or(work: &Work<'_>, named: Option<Uuid>) -> Result<Uuid, Failure> {
    let id = match (work.slice.reach(), named) {
        (Reach::Own { partner }, None) => *partner,
        (_, Some(id)) => id,
        _ => return Err(Problem::at(["partnerId"], ProblemCode::Required, "name the partner").into()),
    };
    match entity::partner::find(&work.tx, work.slice, id).await? {
        Some(partner) => Ok(partner.id),
        None => Err(Problem::at(["partnerId"], ProblemCode::NotFound, "there is no such partner").into()),
    }
}

/// The program, with what day it is there.
pub(super) async fn today(work: &Work<'_>) -> Result<(Program, NaiveDate), Failure> {
    let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
    let today = program.calendar.day(work.now);
    Ok((program, today))
}

/// The local day now, for a list that is read by state.
///
/// # Errors
/// [`Failure`].
pub async fn day_now(caller: &Caller) -> Result<NaiveDate, Failure> {
    let slice = caller.authorise(Action::ReadRegistrations)?;
    let program = entity::program::find(caller.office.store.read(), slice.program_id()).await?;
    Ok(program.ok_or(Failure::NotFound)?.calendar.day(caller.office.clock.now()))
}

fn on(today: NaiveDate) -> impl Fn(Registration) -> Registration {
    move |row| Registration { state: row.state.on(today), ..row }
}

/// A page of registrations, each as it stands today.
///
/// # Errors
/// [`Failure`].
pub async fn page(caller: &Caller, filter: &Filter, ask: &Ask) -> Result<Page<Registration>, Failure> {
    let slice = caller.authorise(Action::ReadRegistrations)?;
    let page = entity::registration::page(caller.office.store.read(), slice, filter, ask).await?;
    Ok(Page { rows: page.rows.into_iter().map(on(filter.today)).collect(), ..page })
}

/// How many registrations there are.
///
/// # Errors
/// [`Failure`].
pub async fn count(caller: &Caller, filter: &Filter) -> Result<u64, Failure> {
    let slice = caller.authorise(Action::ReadRegistrations)?;
    Ok(entity::registration::count(caller.office.store.read(), slice, filter).await?)
}

/// Those of these registrations that the caller may see, each as it stands today.
///
/// # Errors
/// [`Failure`].
pub async fn of_ids(caller: &Caller, ids: &[Uuid]) -> Result<Vec<Registration>, Failure> {
    let slice = caller.authorise(Action::ReadRegistrations)?;
    let today = day_now(caller).await?;
    let rows = entity::registration::of_ids(caller.office.store.read(), slice, ids).await?;
    Ok(rows.into_iter().map(on(today)).collect())
}

/// The names of the seats that own registrations.
///
/// # Errors
/// [`Failure`].
pub async fn owners(caller: &Caller, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>, Failure> {
    let slice = caller.authorise(Action::ReadRegistrationsInside)?;
    let seats = entity::seat::of_ids(caller.office.store.read(), slice, ids).await?;
    Ok(seats.into_iter().map(|seat| (seat.id, seat.name)).collect())
}

/// What the change record keeps of a registration.
pub(super) fn body(it: &Registration) -> serde_json::Value {
    json!({
        "partnerId": it.partner_id, "domain": it.domain, "claimNumber": it.claim_number, "accountName": it.account_name,
        "buyerRole": it.buyer_role, "problem": it.problem, "nextMeetingOn": it.next_meeting_on, "dealId": it.deal_id,
        "ownerSeatId": it.owner_seat_id, "conflictId": it.conflict_id, "influenceBps": it.influence_bps,
        "facts": it.state, "version": it.version,
    })
}

/// The texts and dates of an input, read as a whole.
struct Said {
    domain: String,
    account_url: String,
    account_name: String,
    buyer_role: String,
    problem: String,
    discovery: Option<Discovery>,
}

fn read(facts: &Facts, now: DateTime<Utc>, today: NaiveDate) -> Result<Said, Failure> {
    let mut problems = Problems::default();
    let domain = domain_of(&facts.account_url).map_err(|problem| problems.push(problem)).ok();
    let account_url = problems.take("accountUrl", text::name(&facts.account_url, 500));
    let named = facts.account_name.as_deref().or(domain.as_deref()).unwrap_or("?");
    let account_name = problems.take("accountName", text::name(named, 300));
    let buyer_role = problems.take("buyerRole", text::name(&facts.buyer_role, 200));
    let problem = problems.take("problemStatement", text::name(&facts.problem, 4000));
    if facts.next_meeting_on < today {
        problems.note("nextMeetingOn", ProblemCode::Invalid, "the next meeting is today or later");
    }
    let discovery = match (facts.discovered_at, &facts.discovery_evidence) {
        (None, None) => None,
        (Some(at), Some(evidence)) if at <= now => {
            let evidence = problems.take("discoveryEvidence", text::name(evidence, 4000));
            evidence.map(|evidence| Discovery { at: entity::column::instant(at), evidence })
        }
        (Some(_), Some(_)) => {
            problems.note("discoveredAt", ProblemCode::Invalid, "what has not happened yet was not discovered");
            None
        }
        (Some(_), None) | (None, Some(_)) => {
            let message = "a discovery is said with its time and with what shows it";
            problems.note("discoveryEvidence", ProblemCode::Required, message);
            None
        }
    };
    problems.settle()?;
    let (Some(domain), Some(account_url), Some(account_name), Some(buyer_role), Some(problem)) =
        (domain, account_url, account_name, buyer_role, problem)
    else {
        return Err(Failure::NotFound);
    };
    Ok(Said { domain, account_url, account_name, buyer_role, problem, discovery })
}

/// Registers an account: the registration, its deal, its owner and its event in one transaction. An attempt that is refused counts
/// like a pre-check.
///
/// # Errors
/// [`Failure`].
pub async fn submit(caller: &Caller, facts: Facts, key: Option<Key>) -> Result<Done, Failure> {
    let outcome = commit(caller, Action::SubmitRegistrations, key, async |work| {
        let (program, today) = today(work).await?;
        let said = read(&facts, work.now, today)?;
        let partner = own_or(work, facts.partner_id).await?;
        arrive(work, &program, today, &facts, partner, said).await
    })
    .await;
    if matches!(outcome, Err(Failure::Invalid(_))) && domain_of(&facts.account_url).is_ok() {
        // Nothing of the attempt was written; that it was made is.
        precheck::ask(caller, facts.partner_id, &facts.account_url, None).await?;
    }
    outcome
}

async fn arrive(
    work: &mut Work<'_>,
    program: &Program,
    today: NaiveDate,
    facts: &Facts,
    partner: Uuid,
    said: Said,
) -> Result<Uuid, Failure> {
    // From here on nobody else is at work on this domain.
    let claim_number = entity::registration_line::next(&work.tx, work.slice, &said.domain).await?;
    let whole = whole(work.program_id())?;
    let live = entity::registration::live_of_domain(&work.tx, &whole, &said.domain).await?;
    let is_registered =
        live.iter().any(|row| row.partner_id == partner && row.state.clone().on(today).word().is_live());
    for row in live.into_iter().filter(|row| row.state.ends_on().is_some_and(|day| day < today)) {
        super::registration_step::write_expiry(work, &whole, row, today).await?;
    }
    let sight = precheck::look(work, partner, &said.domain, today, facts.deal_id).await?;
    let policy = entity::policy::on(&work.tx, work.slice, today).await?;
    precheck::count(work, partner, &said.domain, today, &policy, &sight).await?;
    precheck::count_again(work, program, partner, &said.domain, &policy).await?;
    if !sight.known.is_inside {
        return Err(refused("accountUrl", RegistrationRefusal::OutsideTerritory).into());
    }
    let arrival = Arrival {
        segment_id: sight.account.as_ref().and_then(|account| account.segment_id),
        region: sight.account.as_ref().and_then(|account| account.region.as_deref()),
        domain: Some(&said.domain),
        partner_id: Some(partner),
    };
    let owner = routing::seat_for(work, arrival, Action::DecideRegistrations).await?;
    let mut it = Registration {
        id: work.id(),
        partner_id: partner,
        domain: said.domain,
        claim_number,
        account_url: said.account_url,
        account_name: said.account_name,
        buyer_role: said.buyer_role,
        problem: said.problem,
        next_meeting_on: facts.next_meeting_on,
        discovery: said.discovery,
        account_id: sight.account.as_ref().map(|account| account.id),
        deal_id: None,
        has_opened_deal: false,
        owner_seat_id: owner.as_ref().map(|seat| seat.id),
        first_touch: None,
        is_channel_conflict: !sight.foreign_deals.is_empty(),
        conflict_id: None,
        influence_bps: None,
        state: State::Submitted,
        submitted_by: work.seat_id(),
        submitted_at: work.now,
        version: 1,
    };
    match facts.deal_id {
        Some(id) => link(work, &mut it, id).await?,
        // While other claims stand, a second deal on the account would count the same need twice.
        None if sight.known.is_contested => {}
        None => open_deal(work, program, &mut it, &sight, owner.as_ref()).await?,
    }
    if is_registered {
        // The other spelling of the domain may be what it was registered in, which the table's own rule does not see.
        return Err(refused("accountUrl", RegistrationRefusal::AlreadyRegistered).into());
    }
    claim::meet(work, &whole, &mut it, sight.rivals).await?;
    entity::registration::insert(&work.tx, work.slice, &it).await.map_err(|why| {
        if entity::store::is_unique_violation(&why) {
            Failure::from(refused("accountUrl", RegistrationRefusal::AlreadyRegistered))
        } else {
            why.into()
        }
    })?;
    work.record("registration.submit", "Registration", it.id, body(&it));
    registration_step::enter(work, EntryKind::RegistrationSubmitted, &it);
    sla::start(work, SlaKind::FirstTouch, "Registration", it.id, Some(it.partner_id), work.now).await?;
    routing::promise(work, "Registration", it.id, Some(it.partner_id), it.owner_seat_id.is_some()).await?;
    work.announce(
        "registration.submitted",
        it.id,
        json!({ "partnerId": it.partner_id, "ownerSeatId": it.owner_seat_id }),
    );
    Ok(it.id)
}

/// Links a deal that the caller sees, open and on this account.
async fn link(work: &Work<'_>, it: &mut Registration, id: Uuid) -> Result<(), Failure> {
    let Some(deal) = entity::deal::find(&work.tx, work.slice, id).await? else {
        return Err(Problem::at(["dealId"], ProblemCode::NotFound, "there is no such deal").into());
    };
    let account = match deal.account_id {
        Some(id) => entity::account::find(&work.tx, &whole(work.program_id())?, id).await?,
        None => None,
    };
    let domain = account.as_ref().and_then(|account| account.registrable_domain.as_deref()).map(one_spelling);
    if deal.outcome != Outcome::Open || domain.is_some_and(|domain| domain != it.domain) {
        let message = "a registration is linked to an open deal on the same account";
        return Err(Problem::at(["dealId"], ProblemCode::Invalid, message).into());
    }
    it.deal_id = Some(id);
    it.account_id = account.map(|account| account.id).or(it.account_id);
    Ok(())
}

/// Opens a deal for a registration, and its account where the program has none with the domain.
pub(super) async fn open_deal(
    work: &mut Work<'_>,
    program: &Program,
    it: &mut Registration,
    sight: &Sight,
    owner: Option<&Seat>,
) -> Result<(), Failure> {
    let account = match &sight.account {
        Some(account) => account.clone(),
        None => open_account(work, it).await?,
    };
    let mut deal = Deal {
        // Another partner may come to read this deal, and neither one partner's words nor the vendor's own name for the account are its.
        name: it.domain.clone(),
        account_id: Some(account.id),
        segment_id: account.segment_id,
        kind: if sight.known.is_customer { DealKind::Expansion } else { DealKind::New },
        owner_seat_id: owner.filter(|seat| seat.role == Role::CustomerAe).map(|seat| seat.id),
        owner_external_id: owner.and_then(|seat| seat.owner_external_id.clone()),
        next_step_on: Some(it.next_meeting_on),
        ..deal::blank(work, program.calendar.day(work.now))
    };
    deal.version = 1;
    entity::deal::insert(&work.tx, work.slice, &deal).await?;
    work.record("deal.create", "Deal", deal.id, deal::body(&deal));
    it.account_id = Some(account.id);
    it.deal_id = Some(deal.id);
    it.has_opened_deal = true;
    Ok(())
}

async fn open_account(work: &mut Work<'_>, it: &Registration) -> Result<Account, Failure> {
    let account = Account {
        id: work.id(),
        external_id: None,
        name: it.account_name.clone(),
        registrable_domain: Some(it.domain.clone()),
        segment_id: None,
        region: None,
        cloud_commitments: Vec::new(),
        integrations: Vec::new(),
        integration_present: None,
        overlap_reason: None,
        version: 1,
        recorded_at: work.now,
    };
    entity::account::insert(&work.tx, work.slice, &account).await?;
    work.record("account.create", "Account", account.id, super::account::body(&account));
    Ok(account)
}

/// The kind of the event that tells that a registration was approved, refused, lost to a rival, or begun anew.
pub const DECIDED_EVENT: &str = "registration.decided";
/// The kind of the event that tells that a clock of a registration ran out.
pub const EXPIRED_EVENT: &str = "registration.expired";

impl Followed for Registration {
    const ACTION: Action = Action::ReadRegistrations;
    const KINDS: &'static [&'static str] = &[DECIDED_EVENT, EXPIRED_EVENT];
    async fn see(caller: &Caller, event: &Told) -> Result<Option<Self>, Failure> {
        Ok(of_ids(caller, &[event.subject_id]).await?.into_iter().next())
    }
}
