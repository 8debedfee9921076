//! Writing accounts, partners, spend and activities.

use super::apply::{Apply, unknown_account};
use crate::usecase::Failure;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::import::fact::Fact;
use domain::import::merge;
use domain::import::{Code, Problem};
use entity::import_bulk;
use entity::import_staged::Staged;
use std::collections::HashMap;

type Rows = Vec<(Staged, Fact)>;

fn ids(rows: &Rows) -> Vec<&str> {
    rows.iter().map(|(_, fact)| fact.external_id()).collect()
}

impl Apply<'_> {
    pub(super) async fn account_chunk(&mut self, rows: Rows) -> Result<(), Failure> {
        let before = import_bulk::account::of_external_ids(self.tx, self.slice, &ids(&rows)).await?;
        let before: HashMap<_, _> = before.into_iter().filter_map(|it| Some((it.external_id.clone()?, it))).collect();
        let mut write = Vec::new();
        for (row, fact) in &rows {
            let Fact::Account(fact) = fact else { continue };
            let segment = self.segment(fact.segment.as_ref()).await?;
            let merged =
                merge::account(before.get(&fact.external_id), fact, segment, self.bound, self.clock.id(), self.now);
            write.extend(self.settle(row, merged));
        }
        Ok(import_bulk::account::upsert(self.tx, self.slice, &write).await?)
    }

    pub(super) async fn partner_chunk(&mut self, rows: Rows) -> Result<(), Failure> {
        let before = import_bulk::partner::of_external_ids(self.tx, self.slice, &ids(&rows)).await?;
        let before: HashMap<_, _> = before.into_iter().filter_map(|it| Some((it.external_id.clone()?, it))).collect();
        let mut write = Vec::new();
        for (row, fact) in &rows {
            let Fact::Partner(fact) = fact else { continue };
            let merged = merge::partner(before.get(&fact.external_id), fact, self.bound, self.clock.id(), self.now);
            write.extend(self.settle(row, merged));
        }
        Ok(import_bulk::partner::upsert(self.tx, self.slice, &write).await?)
    }

    pub(super) async fn spend_chunk(&mut self, rows: Rows) -> Result<(), Failure> {
        let before = import_bulk::spend_line::of_external_ids(self.tx, self.slice, &ids(&rows)).await?;
        let before: HashMap<_, _> = before.into_iter().filter_map(|it| Some((it.external_id.clone()?, it))).collect();
        let mut write = Vec::new();
        for (row, fact) in &rows {
            let Fact::Spend(fact) = fact else { continue };
            let partner = self.partner(&fact.partner).await?;
            let segment = self.segment(fact.segment.as_ref()).await?;
            let on_record = before.get(&fact.external_id);
            let Some(merged) = merge::spend(on_record, fact, partner, segment, self.bound, self.clock.id(), self.now)
            else {
                continue;
            };
            if let Some(line) = self.settle(row, merged) {
                self.quarters.extend(on_record.map(|it| it.quarter).into_iter().chain([line.quarter]));
                write.push(line);
            }
        }
        Ok(import_bulk::spend_line::upsert(self.tx, self.slice, &write).await?)
    }

    pub(super) async fn activity_chunk(&mut self, rows: Rows) -> Result<(), Failure> {
        let before = import_bulk::activity::of_external_ids(self.tx, self.slice, &ids(&rows)).await?;
        let before: HashMap<_, _> = before.into_iter().filter_map(|it| Some((it.external_id.clone()?, it))).collect();
        let deal_ids: Vec<&str> = rows
            .iter()
            .filter_map(|(_, fact)| if let Fact::Activity(it) = fact { it.deal.as_deref() } else { None })
            .collect();
        let deals = import_bulk::deal::ids(self.tx, self.slice, &deal_ids).await?;
        let wanted: Vec<_> = rows
            .iter()
            .filter_map(|(_, fact)| if let Fact::Activity(it) = fact { it.account.as_ref() } else { None })
            .collect();
        let accounts = self.accounts(&wanted).await?;
        let mut write = Vec::new();
        for (row, fact) in &rows {
            let Fact::Activity(fact) = fact else { continue };
            let deal = fact.deal.as_ref().map(|id| (id, deals.get(id).copied()));
            if let Some((id, None)) = deal {
                let message = "the program has no deal with this id; import deals first";
                self.hold(row, vec![Problem::new(Code::UnknownDeal, message).at("", id)]);
                continue;
            }
            if let Some(account) = fact.account.as_ref().filter(|it| !accounts.contains_key(&it.external_id)) {
                self.hold(row, vec![unknown_account(account)]);
                continue;
            }
            let partner = match &fact.partner {
                Some(partner) => Some(self.partner(partner).await?),
                None => None,
            };
            let subject = (
                deal.and_then(|(_, id)| id),
                fact.account.as_ref().and_then(|it| accounts.get(&it.external_id).copied()),
                partner,
            );
            let midnight = self.midnight(fact.happened.day);
            // A day without a time is its end: what is not said is not taken for earlier.
            let recorded_at = fact.recorded.map_or(self.now, |when| {
                let end = when.day.succ_opt().map_or(self.now, |next| self.midnight(next));
                when.at.unwrap_or(end).min(self.now)
            });
            let after =
                merge::activity_row(fact, subject, self.bound, self.clock.id(), self.seat_id, recorded_at, midnight);
            write.extend(self.settle(row, merge::activity(before.get(&fact.external_id), after)));
        }
        Ok(import_bulk::activity::upsert(self.tx, self.slice, &write).await?)
    }

    /// The first instant of a local day; where the clock skips midnight, the first that exists.
    fn midnight(&self, day: NaiveDate) -> DateTime<Utc> {
        let zone = self.program.calendar.zone;
        let first = (0..24).find_map(|hour| {
            let local = day.and_time(NaiveTime::from_hms_opt(hour, 0, 0)?);
            local.and_local_timezone(zone).earliest()
        });
        first.map_or(day.and_time(NaiveTime::MIN).and_utc(), |at| at.to_utc())
    }
}
