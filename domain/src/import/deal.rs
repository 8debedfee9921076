//! A row that is a deal.

use super::fact::{AccountReference, Amount, Credit, DealFact, OriginFact};
use super::field::Field;
use super::row::Row;
use super::{Code, Problem};
use super::{attribution, reference};
use crate::attribution::AttributionState;
use crate::calendar::Quarter;
use crate::deal::{DealKind, Outcome};
use crate::money::{Currency, Money, NotMoney};
use crate::text;
use rust_decimal::Decimal;

const OUTCOMES: &str = "OPEN, WON, LOST, DISQUALIFIED";

/// Reads a deal. `None` when something without which there is no deal is missing; the row's problems say what.
pub(super) fn read(row: &mut Row<'_>) -> Option<DealFact> {
    let external_id = required_id(row);
    deleted(row);
    let (outcome, stage, has_reached_stage_one) = outcome(row);
    let opened = row.when(Field::OpenedOn);
    if opened.is_none() && !has_problem_at(row, Field::OpenedOn) {
        row.problem(Field::OpenedOn, Code::Missing, "a deal needs its opening date");
    }
    if let Some((opened, is_default)) = opened {
        if is_default {
            row.problem(
                Field::OpenedOn,
                Code::OpenedDefaulted,
                format!("no opening date; the mapping's default was taken: {}", opened.day),
            );
        } else if opened.day > row.context.today {
            row.problem(Field::OpenedOn, Code::InFuture, "the deal would be opened after the day of the import");
        }
    }
    let closed = row.when(Field::ClosedOn).map(|(when, _)| when);
    let expected_close_on = row.day(Field::ExpectedCloseOn);
    let is_ended = outcome.is_some_and(|outcome| outcome != Outcome::Open);
    if let (Some(outcome), None) = (outcome, closed)
        && outcome.is_closed()
        && !has_problem_at(row, Field::ClosedOn)
    {
        row.problem(
            Field::ClosedOn,
            Code::MissingClose,
            "a closed deal needs its close date: without it, it is in no quarter",
        );
    }
    if let (true, Some(closed)) = (is_ended, closed) {
        if closed.day > row.context.today {
            row.problem(
                Field::ClosedOn,
                Code::CloseInFuture,
                "the deal is closed, but its close date is after the day of the import",
            );
        }
        if opened.is_some_and(|(opened, _)| closed.day < opened.day) {
            row.problem(
                Field::ClosedOn,
                Code::CloseBeforeOpen,
                "the close date is before the opening date; mend one of them",
            );
        }
    }
    // In Salesforce and HubSpot the close date of an open deal is the day on which it is expected to close.
    let expected_close_on = expected_close_on.or_else(|| closed.filter(|_| !is_ended).map(|when| when.day));
    let closed = closed.filter(|_| is_ended);
    let quarter = row.context.calendar.quarter(closed.map_or(row.context.today, |when| when.day));
    let (currency, [arr, tcv, services]) = amounts(row, quarter, [Field::Arr, Field::Tcv, Field::Services]);
    if outcome == Some(Outcome::Won) && arr.is_none() && row.bound.has(Field::Arr) && !has_problem_at(row, Field::Arr) {
        row.problem(
            Field::Arr,
            Code::MissingAmount,
            "won without an amount: it counts in win rates, and in no sum or average of ARR",
        );
    }
    let (declaration, credits) = attribution::read(row);
    let kind = kind(row, &credits.iter().map(|credit| credit.state).collect::<Vec<_>>());
    let account = account(row);
    let segment = segment(row);
    let name = row.name(Field::Name);
    let pod = pod(row);
    let origin = origin(row, &credits);
    let refs = reference::read(row, external_id.as_deref());
    let fact = DealFact {
        external_id: external_id?,
        name,
        account,
        segment,
        kind: kind?.0,
        is_kind_inferred: kind?.1,
        outcome: outcome?,
        stage,
        has_reached_stage_one,
        opened: opened?.0,
        is_opened_defaulted: opened?.1,
        closed,
        closed_quarter: closed.map(|_| quarter.index()),
        expected_close_on,
        currency: currency.map(|currency| currency.code().to_owned()),
        arr,
        tcv,
        services,
        declaration,
        credits,
        owner: row.id(Field::Owner),
        pod,
        source: row.word(Field::Source, "DIRECT, PARTNER, PAID, MARKETPLACE"),
        is_influenced: row.flag(Field::IsInfluenced),
        deal_reg_id: row.name(Field::DealRegId),
        is_co_sell: row.flag(Field::IsCoSell),
        is_private_offer: row.flag(Field::IsPrivateOffer),
        is_marketplace: row.flag(Field::IsMarketplace),
        offer_id: row.name(Field::OfferId),
        product_mix: row.list(Field::ProductMix),
        discount_rate: row.rate(Field::DiscountRate),
        take_rate: row.rate(Field::TakeRate),
        next_step: row.note(Field::NextStep),
        next_step_on: row.day(Field::NextStepOn),
        lost_reason: row.note(Field::LostReason),
        activated_on: row.day(Field::ActivatedOn),
        origin,
        refs,
    };
    Some(fact)
}

/// Whether something was already said about the field's cell.
pub(super) fn has_problem_at(row: &Row<'_>, field: Field) -> bool {
    let (column, _) = row.cell(field);
    row.problems
        .iter()
        .any(|problem| problem.column.as_deref() == Some(column) && problem.verdict > super::Verdict::Warned)
}

/// The row's own id.
pub(super) fn required_id(row: &mut Row<'_>) -> Option<String> {
    let before = row.problems.len();
    let id = row.id(Field::ExternalId);
    if id.is_none() && row.problems.len() == before {
        row.problem(
            Field::ExternalId,
            Code::Missing,
            "without its id in its own system the row could not be imported twice; give it one",
        );
    }
    id
}

/// A row that its own system has deleted is not taken.
pub(super) fn deleted(row: &mut Row<'_>) {
    if row.flag(Field::Deleted) == Some(true) {
        row.problem(
            Field::Deleted,
            Code::DeletedInSource,
            "the row is marked as deleted in its own system; it enters no metric",
        );
    }
}

fn outcome(row: &mut Row<'_>) -> (Option<Outcome>, Option<String>, bool) {
    let declared: Option<Outcome> = row.word(Field::Outcome, OUTCOMES);
    let stage = row.name(Field::Stage);
    let known = stage.as_ref().and_then(|name| {
        let key = text::key(name);
        row.bound.stages.get(&key).or_else(|| row.context.stages.get(&key)).copied()
    });
    if row.bound.has(Field::Stage) {
        if stage.is_none() && !row.bound.has(Field::Outcome) && !has_problem_at(row, Field::Stage) {
            row.problem(Field::Stage, Code::Missing, "a deal needs its stage");
        }
        if stage.is_some() && known.is_none() {
            row.problem(Field::Stage, Code::UnmappedStage, "neither [stages] of the mapping nor the program knows this stage; map it to OPEN, WON, LOST or DISQUALIFIED");
        }
    }
    if let (Some(declared), Some(known)) = (declared, known)
        && declared != known.outcome
    {
        let theirs: &str = known.outcome.into();
        row.problem(
            Field::Stage,
            Code::StageContradictsOutcome,
            format!("the stage means {theirs}, the outcome column says otherwise; map one of the two only"),
        );
    }
    if declared.is_none()
        && row.bound.has(Field::Outcome)
        && !row.bound.has(Field::Stage)
        && !has_problem_at(row, Field::Outcome)
    {
        row.problem(Field::Outcome, Code::Missing, "a deal needs its outcome");
    }
    let outcome = declared.or(known.map(|known| known.outcome));
    // Ruling 9: a closed deal without stage history reached Stage 1 at its opening.
    let reached = outcome.is_some_and(Outcome::is_closed) || known.is_none_or(|known| known.is_stage_one_or_later);
    (outcome, stage.filter(|_| known.is_some()), reached)
}

/// The kind by the mapping; without one, a deal whose only state is EXPANSION_OR_RETENTION is an expansion, every other new. And
/// whether it was inferred so.
fn kind(row: &mut Row<'_>, states: &[AttributionState]) -> Option<(DealKind, bool)> {
    let before = row.problems.len();
    let declared: Option<DealKind> = row.word(Field::Kind, "NEW, EXPANSION, RENEWAL");
    if row.problems.len() > before {
        return None;
    }
    let is_expansion =
        !states.is_empty() && states.iter().all(|state| *state == AttributionState::ExpansionOrRetention);
    let kind = declared.unwrap_or(if is_expansion { DealKind::Expansion } else { DealKind::New });
    if let Some(state) = states.iter().find(|state| !state.fits(kind)) {
        let (kind, state): (&str, &str) = (kind.into(), (*state).into());
        let message = format!(
            "a {kind} deal cannot have the state {state}: NEW takes SOURCED, INFLUENCED, ACCELERATED; EXPANSION and RENEWAL take EXPANSION_OR_RETENTION"
        );
        row.problems.push(Problem::new(Code::StateDoesNotFitKind, message));
    }
    Some((kind, declared.is_none()))
}

fn account(row: &mut Row<'_>) -> Option<AccountReference> {
    let own = row.id(Field::Account);
    let name = row.name(Field::AccountName);
    if let Some(master) = row.id(Field::AccountMaster).filter(|master| Some(master) != own.as_ref()) {
        row.problem(
            Field::AccountMaster,
            Code::AccountMerged,
            "the account was merged; the deal is attached to the account it was merged into",
        );
        // The name beside it is that of the account that is gone.
        return Some(AccountReference { name: master.clone(), external_id: master });
    }
    own.map(|external_id| AccountReference { name: name.unwrap_or_else(|| external_id.clone()), external_id })
}

fn segment(row: &mut Row<'_>) -> Option<super::fact::Reference> {
    let before = row.problems.len();
    let segment = row.segment();
    if segment.is_none() && row.problems.len() == before && row.bound.has(Field::Segment) {
        row.problem(Field::Segment, Code::NoSegment, "no segment: the deal is in no Trust-Gap cell of a segment");
    }
    segment
}

/// Where the lead came from. The source partner and a SOURCED partner are two facts that ought to agree.
fn origin(row: &mut Row<'_>, credits: &[Credit]) -> OriginFact {
    let partner = row.named_partner(Field::SourcePartner, Field::SourcePartnerName);
    let sourced = credits.iter().find(|credit| credit.state == AttributionState::Sourced);
    if let (Some(tagged), Some(sourced)) = (&partner, sourced)
        && *tagged != sourced.partner
    {
        let message = "the lead came through one partner, and another is SOURCED; both are kept, look at them";
        row.problem(Field::SourcePartner, Code::SourceDiffers, message);
    }
    OriginFact { partner, source_detail: row.name(Field::SourceDetail), referral_token: row.name(Field::ReferralToken) }
}

fn pod(row: &mut Row<'_>) -> Option<uuid::Uuid> {
    let name = row.name(Field::Pod)?;
    let pod = row.context.pods.get(&text::key(&name)).copied();
    if pod.is_none() {
        row.problem(Field::Pod, Code::UnknownPod, "the program has no such pod; create it first");
    }
    pod
}

/// The row's currency and its amounts, converted at the rate of the quarter (ruling 26).
pub(super) fn amounts<const N: usize>(
    row: &mut Row<'_>,
    quarter: Quarter,
    fields: [Field; N],
) -> (Option<Currency>, [Option<Amount>; N]) {
    let mut amounts = [None; N];
    let before = row.problems.len();
    let value = row.value(Field::Currency);
    let currency = value.as_ref().and_then(|value| value.text.trim().to_ascii_uppercase().parse::<Currency>().ok());
    let is_bad = row.problems.len() > before || (value.is_some() && currency.is_none());
    if is_bad {
        row.problem(Field::Currency, Code::NotACurrency, "is not an ISO 4217 code such as USD; give the field a map");
        return (None, amounts);
    }
    let mut needs_rate = false;
    for (slot, field) in amounts.iter_mut().zip(fields) {
        let Some(number) = row.number(field) else { continue };
        let Some(currency) = currency else {
            row.problem(
                Field::Currency,
                Code::Missing,
                "an amount needs its currency; give the field a default or a constant",
            );
            return (None, [None; N]);
        };
        if number.is_percent {
            row.problem(field, Code::NotANumber, "is a percentage, not an amount");
            continue;
        }
        if number.symbol.is_some_and(|symbol| !symbol.allows(currency)) {
            row.problem(
                field,
                Code::CurrencyContradicts,
                format!("carries the sign of another currency than the row's {currency}"),
            );
            continue;
        }
        if number.value < Decimal::ZERO {
            row.problem(field, Code::NegativeAmount, "is below zero: a credit or a downgrade is not a deal's amount");
            continue;
        }
        let rate = if currency == row.context.currency {
            Some(Decimal::ONE)
        } else {
            row.context.rates.get(&(quarter, currency)).copied()
        };
        let Some(rate) = rate else {
            needs_rate = true;
            continue;
        };
        // The multiple first: what is rounded is the amount, not a part of it.
        let times = row.field(field).and_then(|bound| bound.times).unwrap_or(1);
        *slot = match number.value.checked_mul(times.into()) {
            Some(value) => convert(row, field, value, currency, rate),
            None => {
                row.problem(field, Code::NumberTooLarge, "is larger than this server keeps exactly");
                None
            }
        };
    }
    if let (true, Some(currency)) = (needs_rate, currency) {
        let message = format!(
            "the program has no rate for {currency} in {quarter}; Finance sets it (fxRateSet); then import the row again"
        );
        row.problem(Field::Currency, Code::NoFxRate, message);
    }
    if let (Some(currency), true) =
        (currency, value.is_some_and(|value| value.is_default) && amounts.iter().any(Option::is_some))
    {
        row.problem(
            Field::Currency,
            Code::CurrencyDefaulted,
            format!("no currency in the row; the mapping's default was taken: {currency}"),
        );
    }
    (currency, amounts)
}

fn convert(row: &mut Row<'_>, field: Field, value: Decimal, currency: Currency, rate: Decimal) -> Option<Amount> {
    let original = match Money::try_from_major(value, currency) {
        Err(NotMoney::TooPrecise(_)) => {
            let rounded = Money::round_from_major(value, currency).ok();
            if let Some(rounded) = rounded {
                let message =
                    format!("more decimals than {currency} has: rounded half away from zero to {}", rounded.major());
                row.problem(field, Code::Rounded, message);
            }
            rounded
        }
        other => other.ok(),
    };
    let converted = value.checked_mul(rate).and_then(|value| Money::round_from_major(value, row.context.currency).ok());
    match (original, converted) {
        (Some(original), Some(converted)) => Some(Amount { minor: converted.minor, original_minor: original.minor }),
        _ => {
            row.problem(field, Code::NumberTooLarge, "is larger than this server keeps exactly");
            None
        }
    }
}
