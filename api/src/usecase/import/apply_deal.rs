//! Writing deals with their accounts, stages and attributions.

use super::apply::{Apply, unknown_account};
use crate::usecase::Failure;
use domain::attribution::{Attribution, Provenance};
use domain::deal::{Deal, Stage};
use domain::import::fact::{DealFact, Fact};
use domain::import::field::Field;
use domain::import::merge::{self, DealWrite, Merge, Resolved};
use domain::text;
use entity::import_bulk;
use entity::import_staged::Staged;
use std::collections::HashMap;
use uuid::Uuid;

/// What is known about deals and stages for the whole transaction.
pub(super) struct Deals {
    has_any: bool,
    stages: HashMap<String, Uuid>,
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
        Ok(Self { has_any, stages })
    }

    /// Writes a chunk.
    pub(super) async fn chunk(&mut self, apply: &mut Apply<'_>, rows: Vec<(Staged, Fact)>) -> Result<(), Failure> {
        let rows: Vec<(Staged, DealFact)> = rows
            .into_iter()
            .filter_map(|(row, fact)| if let Fact::Deal(deal) = fact { Some((row, *deal)) } else { None })
            .collect();
        let wanted: Vec<_> = rows.iter().filter_map(|(_, fact)| fact.account.as_ref()).collect();
        let accounts = apply.accounts(&wanted).await?;
        let (before, credits) = self.on_record(apply, &rows).await?;
        let (mut deals, mut attributions) = (Vec::with_capacity(rows.len()), Vec::new());
        for (row, fact) in &rows {
            if let Some(account) = fact.account.as_ref().filter(|it| !accounts.contains_key(&it.external_id)) {
                apply.hold(row, vec![unknown_account(account)]);
                continue;
            }
            let mut resolved = Resolved {
                account_id: fact.account.as_ref().and_then(|it| accounts.get(&it.external_id).copied()),
                segment_id: apply.segment(fact.segment.as_ref()).await?,
                stage_id: fact.stage.as_ref().and_then(|name| self.stages.get(&text::key(name)).copied()),
                credits: Vec::with_capacity(fact.credits.len()),
            };
            for credit in &fact.credits {
                resolved.credits.push((apply.partner(&credit.partner).await?, credit.state));
            }
            let on_record = before.get(&fact.external_id);
            let with_credits = on_record.map(|deal| (deal, credits.get(&deal.id).map_or(&[][..], Vec::as_slice)));
            let merged = merge::deal(with_credits, fact, &resolved, apply.bound, apply.clock.id(), apply.now);
            let is_new = matches!(merged, Merge::New(_));
            let Some(DealWrite { deal, has_new_credits }) = apply.settle(row, merged) else { continue };
            apply
                .quarters
                .extend(deal.closed_quarter.into_iter().chain(on_record.and_then(|deal| deal.closed_quarter)));
            if has_new_credits {
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
                    attributions.extend(new);
                } else {
                    entity::attribution::replace(apply.tx, apply.slice, deal.id, &new.collect::<Vec<_>>()).await?;
                }
            }
            deals.push(deal);
        }
        import_bulk::deal::upsert(apply.tx, apply.slice, &deals).await?;
        import_bulk::attributions(apply.tx, apply.slice, &attributions).await?;
        Ok(())
    }

    async fn on_record(
        &self,
        apply: &Apply<'_>,
        rows: &[(Staged, DealFact)],
    ) -> Result<(HashMap<String, Deal>, HashMap<Uuid, Vec<Attribution>>), Failure> {
        // The first load of an empty program need not look for what cannot be there.
        if !self.has_any {
            return Ok((HashMap::new(), HashMap::new()));
        }
        let ids: Vec<&str> = rows.iter().map(|(_, fact)| fact.external_id.as_str()).collect();
        let deals = import_bulk::deal::of_external_ids(apply.tx, apply.slice, &ids).await?;
        let of: Vec<Uuid> = deals.iter().map(|deal| deal.id).collect();
        let mut credits: HashMap<Uuid, Vec<Attribution>> = HashMap::new();
        for credit in entity::attribution::of_deals(apply.tx, apply.slice, &of).await? {
            credits.entry(credit.deal_id).or_default().push(credit);
        }
        Ok((deals.into_iter().filter_map(|deal| Some((deal.external_id.clone()?, deal))).collect(), credits))
    }
}
