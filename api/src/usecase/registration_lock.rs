//! What a deal's lock does to the registrations of it: it takes the credit over, and some of them bar a state of attribution.

use super::commit::Work;
use super::failure::Failure;
use super::registration::{body, today, whole};
use super::registration_step::at_id;
use domain::attribution::Attribution;
use domain::deal::Deal;
use domain::registration::{Registration, Validity};
use domain::sourcing::Claims;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Hands the credit of a deal over to its lock: the registrations of the partners on it that hold are converted.
pub(super) async fn convert(work: &mut Work<'_>, deal: Uuid) -> Result<(), Failure> {
    let whole = whole(work.program_id())?;
    let rows = entity::registration::of_deals(&work.tx, &whole, &[deal]).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let (_, today) = today(work).await?;
    let credits = entity::attribution::of_deals(&work.tx, &whole, &[deal]).await?;
    let is_locked = |row: &Registration| credits.iter().any(|credit| locks(credit, row.partner_id));
    for row in rows.into_iter().filter(is_locked) {
        let mut it = Registration { state: row.state.clone().on(today), ..row };
        // One whose summary is overdue protects nothing at the lock.
        if it.state.validity(today, work.now) == Validity::Valid {
            it.state = it.state.convert(work.now).map_err(at_id)?;
            it.version += 1;
            entity::registration::update(&work.tx, &whole, &it).await?;
            work.record("registration.convert", "Registration", it.id, body(&it));
        }
    }
    Ok(())
}

/// Whether a row of a deal's attribution is the lock of this partner's credit: what was added late is none.
fn locks(credit: &Attribution, partner: Uuid) -> bool {
    credit.partner_id == partner && credit.locked_at.is_some() && !credit.is_late
}

/// A registration that is approved when its deal is locked already with this partner on it has nothing left to protect: the lock has
/// taken over, so it is converted in the same step. Its entry states the approval; the deal's own entry states the lock.
pub(super) async fn convert_approved(work: &mut Work<'_>, it: &mut Registration) -> Result<(), Failure> {
    let Some(deal) = it.deal_id else { return Ok(()) };
    let credits = entity::attribution::of_deals(&work.tx, &whole(work.program_id())?, &[deal]).await?;
    if credits.iter().any(|credit| locks(credit, it.partner_id)) {
        it.state = it.state.convert(work.now).map_err(at_id)?;
        work.record("registration.convert", "Registration", it.id, body(it));
    }
    Ok(())
}

/// What stands of claims on a deal and on its account, by all rows of the program: for the question who may be SOURCED.
pub(super) async fn claims(work: &Work<'_>, deal: &Deal) -> Result<Claims, Failure> {
    let whole = whole(work.program_id())?;
    let (program, today) = today(work).await?;
    let mut found = entity::registration::of_deals(&work.tx, &whole, &[deal.id]).await?;
    let mut domains: BTreeSet<String> = found.iter().map(|row| row.domain.clone()).collect();
    if let Some(id) = deal.account_id {
        let account = entity::account::find(&work.tx, &whole, id).await?;
        domains.extend(account.and_then(|account| account.registrable_domain));
    }
    for domain in &domains {
        let on_account = entity::registration::of_domain(&work.tx, &whole, domain).await?;
        found.extend(on_account.into_iter().filter(|row| row.deal_id != Some(deal.id)));
    }
    let conflicts: BTreeSet<Uuid> = found.iter().filter_map(|row| row.conflict_id).collect();
    let conflicts: Vec<Uuid> = conflicts.into_iter().collect();
    let then = deal.locked_at.unwrap_or(work.now);
    Ok(Claims {
        deal_id: deal.id,
        registrations: found.into_iter().map(|row| Registration { state: row.state.on(today), ..row }).collect(),
        conflicts: entity::registration_conflict::of_ids(&work.tx, &whole, &conflicts).await?,
        at: (program.calendar.day(then), then),
    })
}
