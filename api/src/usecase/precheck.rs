//! The pre-check of an account, and the count that keeps it from listing the vendor's accounts (ruling 35).
//!
//! Each domain that a partner asks about or registers counts once on a local day. The first answer of a day stands for the day:
//! asking again costs nothing more and tells nothing new, so that nobody can watch a rival arrive. What does tell something new is
//! to take a registration back and to submit it again, which meets whoever has come since: each such submission counts once more.

use super::commit::{Done, Key, Work, commit};
use super::failure::{Failure, Problem, ProblemCode};
use super::level;
use super::office::Caller;
use super::registration::{own_or, refused, whole};
use chrono::NaiveDate;
use domain::account::{self, Account};
use domain::attribution::Declaration;
use domain::deal::Outcome;
use domain::policy::Policy;
use domain::precheck::{Known, Precheck, answer};
use domain::program::Program;
use domain::registration::{Registration, RegistrationRefusal};
use domain::role::Action;
use domain::slice::Slice;
use domain::territory::Spot;
use entity::Conn;
use entity::page::Ask;
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// What the program knows of an account that a partner asks about.
pub(super) struct Sight {
    /// The account, where there is one with this domain.
    pub account: Option<Account>,
    /// Live claims of other partners, in the order of the line.
    pub rivals: Vec<Registration>,
    /// Open deals on it that are direct, another partner's, or the vendor's own that nobody declared yet.
    pub foreign_deals: Vec<Uuid>,
    /// What the answer is made of.
    pub known: Known,
}

/// Looks at an account for a partner: at all rows of the program, whatever the caller may see. An undeclared deal that the registration
/// itself is linked to does not stand against it.
pub(super) async fn look(
    work: &Work<'_>,
    partner: Uuid,
    domain: &str,
    today: NaiveDate,
    linked: Option<Uuid>,
) -> Result<Sight, Failure> {
    let (tx, whole) = (&work.tx, whole(work.program_id())?);
    let filter = entity::account::Filter { domains: Some(vec![domain.to_owned()]), ..Default::default() };
    let most = Ask { limit: 100, ..Ask::default() };
    let accounts = entity::account::page(tx, &whole, &filter, entity::account::Order::Name, &most).await?.rows;
    let (mut foreign_deals, mut is_customer) = (Vec::new(), false);
    if !accounts.is_empty() {
        let on = |outcome| entity::deal::Filter {
            accounts: Some(accounts.iter().map(|account| account.id).collect()),
            outcomes: Some(vec![outcome]),
            ..Default::default()
        };
        is_customer = entity::deal::count(tx, &whole, &on(Outcome::Won)).await? > 0;
        let open = entity::deal::page(tx, &whole, &on(Outcome::Open), entity::deal::Order::OpenedOn, &most).await?.rows;
        let ids: Vec<Uuid> = open.iter().map(|deal| deal.id).collect();
        let credits = entity::attribution::of_deals(tx, &whole, &ids).await?;
        let undeclared = open.iter().filter(|deal| deal.declaration == Declaration::Unknown).map(|deal| deal.id);
        // A claim opened these: where it stands it is a rival, and where it is over its deal is nobody's.
        let claimed = entity::registration::of_deals(tx, &whole, &undeclared.collect::<Vec<_>>()).await?;
        let is_claims = |id: Uuid| claimed.iter().any(|row| row.has_opened_deal && row.deal_id == Some(id));
        for deal in &open {
            let mut on_it = credits.iter().filter(|row| row.deal_id == deal.id).peekable();
            let is_foreign = match (on_it.peek().is_some(), deal.declaration) {
                (_, Declaration::Direct) => true,
                (true, Declaration::Partners | Declaration::Unknown) => on_it.all(|row| row.partner_id != partner),
                (false, Declaration::Unknown) => linked != Some(deal.id) && !is_claims(deal.id),
                (false, Declaration::Partners) => false,
            };
            if is_foreign {
                foreign_deals.push(deal.id);
            }
        }
    }
    let account = accounts.into_iter().min_by_key(|account| (account.recorded_at, account.id));
    let live = entity::registration::live_of_domain(tx, &whole, domain).await?;
    let is_rival = |claim: &Registration| claim.partner_id != partner && claim.state.clone().on(today).word().is_live();
    let rivals: Vec<Registration> = live.into_iter().filter(is_rival).collect();
    let spot = Spot {
        domain,
        segment_id: account.as_ref().and_then(|account| account.segment_id),
        region: account.as_ref().and_then(|account| account.region.as_deref()),
    };
    let territory = entity::territory::find(tx, &whole, partner).await?;
    let known = Known {
        is_inside: territory.is_none_or(|territory| territory.holds(spot)),
        is_customer,
        is_contested: !rivals.is_empty() || !foreign_deals.is_empty(),
    };
    Ok(Sight { account, rivals, foreign_deals, known })
}

/// Counts that a partner asks about a domain, unless it did so today.
///
/// # Errors
/// [`RegistrationRefusal::CheckLimit`] when it has asked about as many as its program level, else the policy, allows.
pub(super) async fn count(
    work: &Work<'_>,
    partner: Uuid,
    domain: &str,
    today: NaiveDate,
    policy: &Policy,
    sight: &Sight,
) -> Result<(), Failure> {
    let (tx, slice) = (&work.tx, work.slice);
    entity::partner::queue(tx, slice, partner).await?;
    if entity::registration_check::answer(tx, slice, partner, today, domain).await?.is_some() {
        return Ok(());
    }
    let program = entity::program::find(tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
    let asked = asked(tx, slice, &program, partner, today).await?;
    if asked >= level::checks_per_day(tx, slice, partner, policy).await? {
        return Err(refused("accountUrl", RegistrationRefusal::CheckLimit).into());
    }
    entity::registration_check::insert(tx, slice, (partner, today, domain), answer(sight.known), work.now).await?;
    Ok(())
}

/// Counts that a partner submits a registration on a domain on which it has submitted one today.
///
/// # Errors
/// [`RegistrationRefusal::CheckLimit`], as [`count`].
pub(super) async fn count_again(
    work: &Work<'_>,
    program: &Program,
    partner: Uuid,
    domain: &str,
    policy: &Policy,
) -> Result<(), Failure> {
    let (tx, slice, today) = (&work.tx, work.slice, program.calendar.day(work.now));
    if !submitted(tx, slice, program, partner, today).await?.iter().any(|of| of == domain) {
        return Ok(());
    }
    // The row of the registration is what counts from now on.
    if asked(tx, slice, program, partner, today).await? >= level::checks_per_day(tx, slice, partner, policy).await? {
        return Err(refused("accountUrl", RegistrationRefusal::CheckLimit).into());
    }
    Ok(())
}

/// The domains of the registrations that a partner submitted on a day, each as often as it did.
async fn submitted(
    conn: &impl Conn,
    slice: &Slice,
    program: &Program,
    partner: Uuid,
    day: NaiveDate,
) -> Result<Vec<String>, Failure> {
    let next = day.succ_opt().unwrap_or(day);
    let span = (program.calendar.beginning(day), program.calendar.beginning(next));
    let rows = entity::registration::submitted(conn, slice, span).await?;
    Ok(rows.into_iter().filter(|row| row.partner_id == partner).map(|row| row.domain).collect())
}

/// How much of a day's allowance a partner has used: each domain once, and each submission on a domain after its first.
async fn asked(
    conn: &impl Conn,
    slice: &Slice,
    program: &Program,
    partner: Uuid,
    day: NaiveDate,
) -> Result<u64, Failure> {
    let domains = entity::registration_check::count(conn, slice, partner, day).await?;
    let submitted = submitted(conn, slice, program, partner, day).await?;
    let once: HashSet<&String> = submitted.iter().collect();
    let again = u64::try_from(submitted.len() - once.len()).unwrap_or(u64::MAX);
    Ok(domains.saturating_add(again))
}

/// The domain of an address.
///
/// # Errors
/// A problem at `accountUrl`.
pub(super) fn domain_of(url: &str) -> Result<String, Problem> {
    account::domain_of(url).map_err(|why| Problem::at(["accountUrl"], ProblemCode::Invalid, why.to_string()))
}

/// Asks about an account. The done row is the partner; [`answered`] reads the answer.
///
/// # Errors
/// [`Failure`].
pub async fn ask(caller: &Caller, partner: Option<Uuid>, url: &str, key: Option<Key>) -> Result<Done, Failure> {
    commit(caller, Action::SubmitRegistrations, key, async |work| {
        let partner = own_or(work, partner).await?;
        let domain = domain_of(url)?;
        let program = entity::program::find(&work.tx, work.program_id()).await?.ok_or(Failure::NotFound)?;
        let today = program.calendar.day(work.now);
        let policy = entity::policy::on(&work.tx, work.slice, today).await?;
        let sight = look(work, partner, &domain, today, None).await?;
        count(work, partner, &domain, today, &policy, &sight).await?;
        work.record("registration.precheck", "Partner", partner, json!({ "domain": domain }));
        Ok(partner)
    })
    .await
}

/// The answer that stands about an account for a partner, and how many accounts it may still ask about today.
///
/// # Errors
/// [`Failure`].
pub async fn answered(caller: &Caller, partner: Uuid, url: &str) -> Result<(Option<Precheck>, u64), Failure> {
    let slice = caller.authorise(Action::SubmitRegistrations)?;
    let store = caller.office.store.read();
    let domain = domain_of(url)?;
    let program = entity::program::find(store, slice.program_id()).await?.ok_or(Failure::NotFound)?;
    let today = program.calendar.day(caller.office.clock.now());
    let policy = entity::policy::on(store, slice, today).await?;
    let asked = asked(store, slice, &program, partner, today).await?;
    let latest = entity::registration_check::latest(store, slice, partner, &domain).await?;
    let most = level::checks_per_day(store, slice, partner, &policy).await?;
    Ok((latest, most.saturating_sub(asked)))
}
