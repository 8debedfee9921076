//! Writing deals with their accounts, stages and attributions.

use super::apply::{Apply, unknown_account};
use super::apply_refs::Before;
use crate::usecase::{Failure, money};
use domain::attribution::{Attribution, Provenance};
use domain::deal::{Deal, Stage};
use domain::external_ref::RefKind;
use domain::import::context::Rates;
use domain::import::fact::{DealFact, Fact, OriginFact};
use domain::import::field::Field;
use domain::import::merge::{self, DealWrite, Merge, Resolved};
use domain::import::{Code, Problem};
use domain::origin::Origin;
use domain::text;
use entity::import_bulk;
use entity::import_staged::Staged;
use std::collections::HashMap;
use uuid::Uuid;

/// What is known about deals and stages for the whole transaction.
pub(super) struct Deals {
    has_any: bool,
    stages: HashMap<String, Uuid>,
    rates: Rates,
}

impl Deals {
    /// Makes the stages that the mapping names and the program lacks.
    pub(super) async fn begin(apply: &mut Apply<'_>) -> Result<Self, Failure> {
        let has_any = import_bulk::deal::any(apply.tx, apply.slice).await?;
        let present = entity::stage::all(apply.tx, apply.slice).await?;
        let mut position = present.iter().map(|stage| stage.position + 1).max().unwrap_or(0);
        let mut stages: HashMap<String, Uuid> =
            present.into_iter().map(|it| (text::key(&it.crm_name), it.id)).collect();
        if apply.bound.has(Field::Stage) {
            // Open stages first, as a pipeline has them; within an outcome by name.
            let mut new: Vec<_> =
                apply.bound.mapping.stages.iter().filter(|(name, _)| !stages.contains_key(&text::key(name))).collect();
            new.sort_by_key(|(_, word)| word.0);
            for (name, word) in new {
                let key = text::key(name);
                let stage = Stage {
                    id: apply.clock.id(),
                    crm_name: text::tidy(name),
                    outcome: word.0,
                    position,
                    is_stage_one_or_later: apply.bound.stages.get(&key).is_none_or(|it| it.is_stage_one_or_later),
                    version: 1,
                    recorded_at: apply.now,
                };
                entity::stage::insert(apply.tx, apply.slice, &stage).await?;
                stages.insert(key, stage.id);
                position += 1;
            }
        }
        let rates = money::rates(apply.tx, apply.slice, apply.program, apply.now).await?;
        Ok(Self { has_any, stages, rates })
    }

    /// Writes a chunk.
    pub(super) async fn chunk(&mut self, apply: &mut Apply<'_>, rows: Vec<(Staged, Fact)>) -> Result<(), Failure> {
        let wanted: Vec<_> = deals(&rows).filter_map(|(_, _, deal)| deal.account.as_ref()).collect();
        let accounts = apply.accounts(&wanted).await?;
        let Known { mut before, credits, origins } = self.on_record(apply, &rows).await?;
        let mut write = Write::default();
        for (row, fact, deal) in deals(&rows) {
            if let Some(account) = deal.account.as_ref().filter(|it| !accounts.contains_key(&it.external_id)) {
                apply.hold(row, vec![unknown_account(apply.bound, account)]);
                continue;
            }
            let on_record = match before.find(apply, fact) {
                Ok(on_record) => on_record,
                Err(problem) => {
                    apply.hold(row, vec![problem]);
                    continue;
                }
            };
            let mut resolved = Resolved {
                account_id: deal.account.as_ref().and_then(|it| accounts.get(&it.external_id).copied()),
                segment_id: apply.segment(deal.segment.as_ref()).await?,
                stage_id: deal.stage.as_ref().and_then(|name| self.stages.get(&text::key(name)).copied()),
                credits: Vec::with_capacity(deal.credits.len()),
            };
            for credit in &deal.credits {
                resolved.credits.push((apply.partner(&credit.partner).await?, credit.state));
            }
            let origin = match apply.origin(&deal.origin, on_record, &origins).await? {
                Ok(origin) => origin,
                Err(problems) => {
                    apply.hold(row, problems);
                    continue;
                }
            };
            let with_credits = on_record.map(|deal| (deal, credits.get(&deal.id).map_or(&[][..], Vec::as_slice)));
            let new = (apply.clock.id(), apply.now);
            let merged = merge::deal(with_credits, deal, &resolved, apply.bound, &self.rates, new);
            if let Some(why) = on_record.and_then(|deal| apply.unlockable.get(&deal.id)) {
                let message = format!("the file takes the deal past Stage 1, where what is declared is locked: {why}");
                apply.hold(row, vec![Problem::new(Code::LockRefused, message)]);
                continue;
            }
            let quarter_before = on_record.and_then(|deal| deal.closed_quarter);
            let subject = merged.row(on_record.map(|deal| deal.id), |it| it.deal.id);
            let has_news = origin.is_some() || before.brings_new(fact);
            if let Some(subject) = subject {
                before.take(apply, fact, subject);
                write.origins.extend(origin.map(|origin| (subject, origin)));
            }
            let is_new = matches!(merged, Merge::New(_));
            let Some(settled) = apply.settle_beside(row, merged, has_news) else { continue };
            apply.quarters.extend(settled.deal.closed_quarter.into_iter().chain(quarter_before));
            if settled.is_to_lock() {
                apply.to_lock.push(settled.deal.id);
            }
            write.credits(apply, &resolved, &settled, is_new).await?;
            if is_new { &mut write.new } else { &mut write.changed }.push(settled.deal);
        }
        import_bulk::new_deals(apply.tx, apply.slice, &write.new).await?;
        import_bulk::deal::upsert(apply.tx, apply.slice, &write.changed).await?;
        import_bulk::attributions(apply.tx, apply.slice, &write.attributions).await?;
        entity::deal_origin::upsert(apply.tx, apply.slice, &write.origins).await?;
        before.write(apply).await
    }

    async fn on_record(&self, apply: &Apply<'_>, rows: &[(Staged, Fact)]) -> Result<Known, Failure> {
        // The first load of an empty program need not look for what cannot be there.
        let found = if self.has_any {
            let ids: Vec<&str> = rows.iter().map(|(_, fact)| fact.external_id()).collect();
            import_bulk::deal::of_external_ids(apply.tx, apply.slice, &ids).await?
        } else {
            Vec::new()
        };
        let mut before = Before::load(apply, RefKind::Deal, rows, found, key).await?;
        let missing = before.missing();
        if !missing.is_empty() {
            before.add(entity::deal::of_ids(apply.tx, apply.slice, &missing).await?, key);
        }
        let of = before.all();
        let mut known = Known { before, credits: HashMap::new(), origins: HashMap::new() };
        if !of.is_empty() {
            for credit in entity::attribution::of_deals(apply.tx, apply.slice, &of).await? {
                known.credits.entry(credit.deal_id).or_default().push(credit);
            }
            if ORIGIN.iter().any(|field| apply.bound.has(*field)) {
                known.origins = entity::deal_origin::of_deals(apply.tx, apply.slice, &of).await?;
            }
        }
        Ok(known)
    }
}

fn key(deal: &Deal) -> (Uuid, Option<&String>) {
    (deal.id, deal.external_id.as_ref())
}

/// The fields that say where a deal came from.
const ORIGIN: [Field; 4] = [Field::SourcePartner, Field::SourcePartnerName, Field::SourceDetail, Field::ReferralToken];

/// What is on record about the deals of a chunk.
struct Known {
    before: Before<Deal>,
    credits: HashMap<Uuid, Vec<Attribution>>,
    origins: HashMap<Uuid, Origin>,
}

/// What of a chunk is to be written.
#[derive(Default)]
struct Write {
    new: Vec<Deal>,
    changed: Vec<Deal>,
    attributions: Vec<Attribution>,
    origins: Vec<(Uuid, Origin)>,
}

impl Write {
    async fn credits(
        &mut self,
        apply: &Apply<'_>,
        resolved: &Resolved,
        settled: &DealWrite,
        is_new: bool,
    ) -> Result<(), Failure> {
        if !settled.has_new_credits {
            return Ok(());
        }
        let deal = &settled.deal;
        let new = resolved.credits.iter().map(|(partner_id, state)| Attribution {
            id: apply.clock.id(),
            deal_id: deal.id,
            partner_id: *partner_id,
            state: *state,
            is_late: false,
            provenance: Provenance::Imported,
            evidence: None,
            basis_id: None,
            locked_at: deal.locked_at,
            recorded_at: apply.now,
        });
        if is_new {
            self.attributions.extend(new);
            return Ok(());
        }
        Ok(entity::attribution::replace(apply.tx, apply.slice, deal.id, &new.collect::<Vec<_>>()).await?)
    }
}

impl Apply<'_> {
    /// Where a deal came from, where the row adds to what is on record; problems where it contradicts that.
    async fn origin(
        &mut self,
        fact: &OriginFact,
        before: Option<&Deal>,
        origins: &HashMap<Uuid, Origin>,
    ) -> Result<Result<Option<Origin>, Vec<Problem>>, Failure> {
        let partner_id = match &fact.partner {
            Some(partner) => Some(self.partner(partner).await?),
            None => None,
        };
        let given = Origin {
            partner_id,
            source_detail: fact.source_detail.clone(),
            referral_token: fact.referral_token.clone(),
        };
        let on_record = before.and_then(|deal| origins.get(&deal.id)).cloned().unwrap_or_default();
        // Imported history is locked as it comes: its tag may still come in from the same system.
        let may_tag = before.is_none_or(|deal| deal.locked_at.is_none() || deal.provenance == Provenance::Imported);
        Ok(match on_record.with(&given, may_tag) {
            Ok(settled) => Ok((settled != on_record).then_some(settled)),
            Err(why) => Err(why
                .into_iter()
                .map(|why| Problem::new(Code::SourceFixed, format!("{why}; the file says otherwise")))
                .collect()),
        })
    }
}

fn deals(rows: &[(Staged, Fact)]) -> impl Iterator<Item = (&Staged, &Fact, &DealFact)> {
    rows.iter().filter_map(|(row, fact)| if let Fact::Deal(deal) = fact { Some((row, fact, &**deal)) } else { None })
}
