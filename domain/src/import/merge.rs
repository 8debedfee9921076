//! A fact of a file beside what is on record: new, changed, the same, or held (ruling 27).

use super::bound::Bound;
use super::context::Rates;
use super::fact::{AccountFact, ActivityFact, Amount, DealFact, PartnerFact, SpendFact};
use super::field::Field;
use super::{Code, Problem};
use crate::account::Account;
use crate::activity::Activity;
use crate::attribution::{Attribution, AttributionState, Declaration, Provenance};
use crate::calendar::Quarter;
use crate::deal::{Deal, Outcome};
use crate::money::Money;
use crate::partner::{Partner, PartnerKind, PartnerStatus};
use crate::spend::SpendLine;
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use uuid::Uuid;

/// What becomes of a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Merge<T> {
    /// It was not on record.
    New(T),
    /// It was, otherwise.
    Changed(T),
    /// It was, exactly so.
    Unchanged,
    /// It may not become so without a decision.
    Held(Vec<Problem>),
}

impl<T> Merge<T> {
    /// The id of the row that stands after it, `on_record` where nothing changes; none where the fact is held.
    pub fn row(&self, on_record: Option<Uuid>, id: impl Fn(&T) -> Uuid) -> Option<Uuid> {
        match self {
            Self::New(it) | Self::Changed(it) => Some(id(it)),
            Self::Unchanged => on_record,
            Self::Held(_) => None,
        }
    }
}

/// A deal's references as rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The account.
    pub account_id: Option<Uuid>,
    /// The segment.
    pub segment_id: Option<Uuid>,
    /// The stage.
    pub stage_id: Option<Uuid>,
    /// Who did what.
    pub credits: Vec<(Uuid, AttributionState)>,
}

/// A deal as it is to be, and whether its attributions are to be written too.
#[derive(Clone, Debug, PartialEq)]
pub struct DealWrite {
    /// The deal.
    pub deal: Deal,
    /// Whether its attributions are to be replaced by the file's.
    pub has_new_credits: bool,
}

/// A deal of a file beside the one on record.
///
/// A field that the mapping does not name is left as it is; one that it names and the row leaves empty becomes empty.
/// `id` is that of a new row. What was declared does not change by import, nor do segment and kind of a locked deal.
#[must_use]
pub fn deal(
    on_record: Option<(&Deal, &[Attribution])>,
    fact: &DealFact,
    resolved: &Resolved,
    bound: &Bound,
    rates: &Rates,
    (id, now): (Uuid, DateTime<Utc>),
) -> Merge<DealWrite> {
    let Some((before, credits)) = on_record else {
        let mut deal = blank(fact, id, now);
        fill(&mut deal, fact, resolved, bound);
        deal.segment_id = resolved.segment_id;
        declare(&mut deal, fact, now);
        return Merge::New(DealWrite { deal, has_new_credits: true });
    };
    let mut problems = Vec::new();
    let mut deal = before.clone();
    fill(&mut deal, fact, resolved, bound);
    if fact.is_opened_defaulted {
        deal.opened_on = before.opened_on;
        deal.opened_at = before.opened_at;
        deal.cycle_days = cycle(&deal);
    }
    // A file without stages says nothing of how far a deal on record came, but that a deal that is won passed Stage 1.
    let has_come_far = if bound.has(Field::Stage) { fact.has_reached_stage_one } else { fact.outcome == Outcome::Won };
    deal.has_reached_stage_one = before.has_reached_stage_one || has_come_far;
    if let Err(problem) = revalue(before, &mut deal, bound, rates) {
        problems.push(problem);
    }
    let is_locked = before.locked_at.is_some();
    if bound.has(Field::Segment) && resolved.segment_id != before.segment_id {
        if is_locked {
            let message = "the deal is locked and keeps the segment it had at Stage 1; the file names another";
            problems.push(Problem::new(Code::LockedSegment, message));
        } else {
            deal.segment_id = resolved.segment_id;
        }
    }
    // An import that cannot tell says nothing against what is declared.
    let mut has_new_credits = false;
    if fact.declaration != Declaration::Unknown {
        let on_record: HashSet<_> =
            credits.iter().filter(|it| !it.is_late).map(|it| (it.partner_id, it.state)).collect();
        let in_file: HashSet<_> = resolved.credits.iter().copied().collect();
        if before.declaration == Declaration::Unknown {
            declare(&mut deal, fact, now);
            has_new_credits = true;
        } else if before.declaration != fact.declaration || on_record != in_file {
            let message = if is_locked {
                "the deal is locked: its attribution changes by amendment or dispute, not by import"
            } else {
                "the attribution is declared here: it changes by a declaration (attributionDeclare), not by import"
            };
            problems.push(Problem::new(Code::LockedAttribution, message));
        }
    }
    let fits = |kind| !has_new_credits || resolved.credits.iter().all(|(_, state)| state.fits(kind));
    if !(fact.is_kind_inferred && fits(before.kind)) && fact.kind != before.kind {
        if before.declaration == Declaration::Unknown || has_new_credits {
            deal.kind = fact.kind;
        } else {
            let message = "the deal's attribution is declared for the kind it has, which is fixed with it; the file names another";
            problems.push(Problem::new(Code::LockedKind, message));
        }
    }
    if !problems.is_empty() {
        return Merge::Held(problems);
    }
    if deal == *before && !has_new_credits {
        return Merge::Unchanged;
    }
    deal.version += 1;
    deal.updated_at = now;
    Merge::Changed(DealWrite { deal, has_new_credits })
}

impl DealWrite {
    /// Whether the file takes a deal past Stage 1 whose attribution was declared here before it: then that is locked, as by any move.
    #[must_use]
    pub fn is_to_lock(&self) -> bool {
        let deal = &self.deal;
        deal.has_reached_stage_one && deal.declaration != Declaration::Unknown && deal.locked_at.is_none()
    }
}

/// Imported attribution is locked as it comes; one that the import could not tell stays open.
fn declare(deal: &mut Deal, fact: &DealFact, now: DateTime<Utc>) {
    deal.declaration = fact.declaration;
    deal.provenance = Provenance::Imported;
    deal.locked_at = (fact.declaration != Declaration::Unknown).then_some(now);
}

fn blank(fact: &DealFact, id: Uuid, now: DateTime<Utc>) -> Deal {
    Deal {
        id,
        external_id: Some(fact.external_id.clone()),
        name: fact.external_id.clone(),
        account_id: None,
        segment_id: None,
        kind: fact.kind,
        outcome: fact.outcome,
        stage_id: None,
        has_reached_stage_one: fact.has_reached_stage_one,
        opened_on: fact.opened.day,
        opened_at: fact.opened.at,
        closed_on: None,
        closed_at: None,
        closed_quarter: None,
        cycle_days: None,
        expected_close_on: None,
        original_minor: None,
        original_currency: None,
        arr_minor: None,
        tcv_minor: None,
        tcv_original: None,
        services_minor: None,
        services_original: None,
        declaration: Declaration::Unknown,
        provenance: Provenance::Imported,
        locked_at: None,
        owner_seat_id: None,
        owner_external_id: None,
        pod_id: None,
        source: None,
        is_influenced: None,
        deal_reg_id: None,
        is_co_sell: None,
        is_private_offer: None,
        is_marketplace: None,
        offer_id: None,
        product_mix: Vec::new(),
        discount_rate: None,
        take_rate: None,
        next_step: None,
        next_step_on: None,
        lost_reason: None,
        activated_on: None,
        version: 1,
        recorded_at: now,
        updated_at: now,
    }
}

fn cycle(deal: &Deal) -> Option<i64> {
    deal.closed_on.filter(|_| deal.outcome.is_closed()).map(|closed| (closed - deal.opened_on).num_days().max(0))
}

/// An amount as the row gives it.
fn original(fact: &DealFact, amount: Option<Amount>) -> Option<Money> {
    let currency = fact.currency.as_ref()?.parse().ok()?;
    Some(Money { minor: amount?.original_minor, currency })
}

/// The amounts that the file leaves as they are, at the rate of the quarter that the deal closed in now (ruling 26).
fn revalue(before: &Deal, deal: &mut Deal, bound: &Bound, rates: &Rates) -> Result<(), Problem> {
    let quarter = deal.closed_quarter;
    if quarter == before.closed_quarter {
        return Ok(());
    }
    let arr = deal.original_minor.zip(deal.original_currency).map(|(minor, currency)| Money { minor, currency });
    for (field, given, value) in [
        (Field::Arr, arr, &mut deal.arr_minor),
        (Field::Tcv, deal.tcv_original, &mut deal.tcv_minor),
        (Field::Services, deal.services_original, &mut deal.services_minor),
    ] {
        if let Some(money) = given.filter(|_| !bound.has(field)) {
            *value = Some(rates.convert(money, quarter)?);
        }
    }
    Ok(())
}

/// Outcome, money and dates, and every other field that the mapping names.
fn fill(deal: &mut Deal, fact: &DealFact, resolved: &Resolved, bound: &Bound) {
    let has = |field| bound.has(field);
    if let (true, Some(name)) = (has(Field::Name), &fact.name) {
        deal.name.clone_from(name);
    }
    if has(Field::Account) {
        deal.account_id = resolved.account_id;
    }
    deal.outcome = fact.outcome;
    if has(Field::Stage) {
        deal.stage_id = resolved.stage_id;
    }
    deal.has_reached_stage_one = fact.has_reached_stage_one;
    deal.opened_on = fact.opened.day;
    deal.opened_at = fact.opened.at;
    if has(Field::ClosedOn) {
        deal.closed_on = fact.closed.map(|when| when.day);
        deal.closed_at = fact.closed.and_then(|when| when.at);
        deal.closed_quarter = fact.closed_quarter.map(Quarter::from_index);
    } else if fact.outcome == Outcome::Open {
        // A file of stages that takes a deal up again takes its close away.
        (deal.closed_on, deal.closed_at, deal.closed_quarter) = (None, None, None);
    }
    deal.cycle_days = cycle(deal);
    if has(Field::ExpectedCloseOn) || (has(Field::ClosedOn) && fact.expected_close_on.is_some()) {
        deal.expected_close_on = fact.expected_close_on;
    }
    if has(Field::Arr) {
        deal.arr_minor = fact.arr.map(|amount| amount.minor);
        deal.original_minor = fact.arr.map(|amount| amount.original_minor);
        deal.original_currency = fact.arr.and(fact.currency.as_ref()).and_then(|code| code.parse().ok());
    }
    if has(Field::Tcv) {
        deal.tcv_minor = fact.tcv.map(|amount| amount.minor);
        deal.tcv_original = original(fact, fact.tcv);
    }
    if has(Field::Services) {
        deal.services_minor = fact.services.map(|amount| amount.minor);
        deal.services_original = original(fact, fact.services);
    }
    macro_rules! copy {
        ($($field:ident: $to:ident = $from:ident),* $(,)?) => { $(if has(Field::$field) { deal.$to.clone_from(&fact.$from); })* };
    }
    copy!(
        Owner: owner_external_id = owner, Pod: pod_id = pod, Source: source = source, IsInfluenced: is_influenced = is_influenced,
        DealRegId: deal_reg_id = deal_reg_id, IsCoSell: is_co_sell = is_co_sell, IsPrivateOffer: is_private_offer = is_private_offer,
        IsMarketplace: is_marketplace = is_marketplace, OfferId: offer_id = offer_id, ProductMix: product_mix = product_mix,
        DiscountRate: discount_rate = discount_rate, TakeRate: take_rate = take_rate, NextStep: next_step = next_step,
        NextStepOn: next_step_on = next_step_on, LostReason: lost_reason = lost_reason, ActivatedOn: activated_on = activated_on,
    );
}

/// Compares but for version and times of change.
fn settle<T: PartialEq + Clone>(before: Option<&T>, after: T, bump: impl FnOnce(&mut T)) -> Merge<T> {
    match before {
        None => Merge::New(after),
        Some(before) if *before == after => Merge::Unchanged,
        Some(_) => {
            let mut after = after;
            bump(&mut after);
            Merge::Changed(after)
        }
    }
}

/// An account of a file beside the one on record.
#[must_use]
pub fn account(
    before: Option<&Account>,
    fact: &AccountFact,
    segment_id: Option<Uuid>,
    bound: &Bound,
    id: Uuid,
    now: DateTime<Utc>,
) -> Merge<Account> {
    let mut after = before.cloned().unwrap_or_else(|| Account {
        id,
        external_id: Some(fact.external_id.clone()),
        name: fact.name.clone(),
        registrable_domain: None,
        segment_id: None,
        region: None,
        cloud_commitments: Vec::new(),
        integrations: Vec::new(),
        integration_present: None,
        overlap_reason: None,
        version: 1,
        recorded_at: now,
    });
    after.name.clone_from(&fact.name);
    if bound.has(Field::Segment) {
        after.segment_id = segment_id;
    }
    macro_rules! copy {
        ($($field:ident: $to:ident),* $(,)?) => { $(if bound.has(Field::$field) { after.$to.clone_from(&fact.$to); })* };
    }
    copy!(
        Domain: registrable_domain, Region: region, CloudCommitments: cloud_commitments, Integrations: integrations,
        OverlapReason: overlap_reason, IntegrationPresent: integration_present,
    );
    settle(before, after, |after| after.version += 1)
}

/// A partner of a file beside the one on record.
#[must_use]
pub fn partner(
    before: Option<&Partner>,
    fact: &PartnerFact,
    bound: &Bound,
    id: Uuid,
    now: DateTime<Utc>,
) -> Merge<Partner> {
    let mut after = before.cloned().unwrap_or_else(|| Partner {
        id,
        external_id: Some(fact.external_id.clone()),
        name: fact.name.clone(),
        kind: bound.mapping.new_partner_kind.unwrap_or(PartnerKind::Referral),
        status: PartnerStatus::Active,
        registrable_domain: None,
        version: 1,
        recorded_at: now,
    });
    after.name.clone_from(&fact.name);
    after.kind = fact.kind.unwrap_or(after.kind);
    after.status = fact.status.unwrap_or(after.status);
    if bound.has(Field::Domain) {
        after.registrable_domain.clone_from(&fact.registrable_domain);
    }
    settle(before, after, |after| after.version += 1)
}

/// A line of spend beside the one on record.
#[must_use]
pub fn spend(
    before: Option<&SpendLine>,
    fact: &SpendFact,
    partner_id: Uuid,
    segment_id: Option<Uuid>,
    bound: &Bound,
    id: Uuid,
    now: DateTime<Utc>,
) -> Option<Merge<SpendLine>> {
    let currency = fact.currency.parse().ok()?;
    let mut after = before.cloned().unwrap_or_else(|| SpendLine {
        id,
        external_id: Some(fact.external_id.clone()),
        partner_id,
        segment_id: None,
        quarter: fact.quarter(),
        category: fact.category,
        amount_minor: 0,
        original_minor: 0,
        original_currency: currency,
        note: None,
        provenance: Provenance::Imported,
        version: 1,
        recorded_at: now,
    });
    after.partner_id = partner_id;
    after.quarter = fact.quarter();
    after.category = fact.category;
    after.amount_minor = fact.amount.minor;
    after.original_minor = fact.amount.original_minor;
    after.original_currency = currency;
    if bound.has(Field::Segment) {
        after.segment_id = segment_id;
    }
    if bound.has(Field::Note) {
        after.note.clone_from(&fact.note);
    }
    Some(settle(before, after, |after| after.version += 1))
}

/// An activity beside the one on record. What happened is never rewritten: one that reads otherwise now is held.
#[must_use]
pub fn activity(before: Option<&Activity>, after: Activity) -> Merge<Activity> {
    let Some(before) = before else { return Merge::New(after) };
    let same = Activity {
        id: before.id,
        recorded_at: before.recorded_at,
        recorded_by: before.recorded_by,
        source_system: before.source_system.clone(),
        ..after
    };
    if same == *before {
        return Merge::Unchanged;
    }
    Merge::Held(vec![Problem::new(
        Code::ActivityDiffers,
        "the activity is on record and reads otherwise there; activities are not rewritten",
    )])
}

/// An activity of a file as a row.
#[must_use]
pub fn activity_row(
    fact: &ActivityFact,
    subject: (Option<Uuid>, Option<Uuid>, Option<Uuid>),
    bound: &Bound,
    id: Uuid,
    seat_id: Uuid,
    recorded_at: DateTime<Utc>,
    midnight: DateTime<Utc>,
) -> Activity {
    let (deal_id, account_id, partner_id) = subject;
    Activity {
        id,
        external_id: Some(fact.external_id.clone()),
        deal_id,
        account_id,
        partner_id,
        kind: fact.kind,
        // A day without a time is the beginning of that day in the program's zone.
        happened_at: fact.happened.at.unwrap_or(midnight),
        is_joint_meeting: fact.is_joint_meeting,
        meeting_count: fact.meeting_count,
        next_step_on: fact.next_step_on,
        owner_functions: fact.owner_functions.clone(),
        note: fact.note.clone(),
        source_system: bound.mapping.source_system.clone().unwrap_or_else(|| "import".into()),
        recorded_by: seat_id,
        recorded_at,
    }
}
