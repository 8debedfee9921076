//! Writing accounts, partners, spend and activities.

use super::apply::{Apply, unknown_account};
use super::apply_refs::Before;
use super::context;
use crate::usecase::Failure;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::account::{Account, AccountPartner};
use domain::external_ref::RefKind;
use domain::import::fact::{Fact, PartnerFact};
use domain::import::field::Field;
use domain::import::merge::{self, Merge};
use domain::import::{Code, Problem, partner};
use domain::partner::Partner;
use domain::text;
use entity::import_bulk;
use entity::import_staged::Staged;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

type Rows = Vec<(Staged, Fact)>;

fn ids(rows: &Rows) -> Vec<&str> {
    rows.iter().map(|(_, fact)| fact.external_id()).collect()
}

fn account_key(it: &Account) -> (Uuid, Option<&String>) {
    (it.id, it.external_id.as_ref())
}

fn partner_key(it: &Partner) -> (Uuid, Option<&String>) {
    (it.id, it.external_id.as_ref())
}

impl Apply<'_> {
    pub(super) async fn account_chunk(&mut self, rows: Rows) -> Result<(), Failure> {
        let found = import_bulk::account::of_external_ids(self.tx, self.slice, &ids(&rows)).await?;
        let mut before = Before::load(self, RefKind::Account, &rows, found, account_key).await?;
        let missing = before.missing();
        if !missing.is_empty() {
            before.add(entity::account::of_ids(self.tx, self.slice, &missing).await?, account_key);
        }
        let partners = self.partners_of(&before.all()).await?;
        let (mut write, mut set, mut clear) = (Vec::new(), Vec::new(), Vec::new());
        for (row, fact) in &rows {
            let Fact::Account(account) = fact else { continue };
            let on_record = match before.find(self, fact) {
                Ok(on_record) => on_record,
                Err(problem) => {
                    self.hold(row, vec![problem]);
                    continue;
                }
            };
            let segment = self.segment(account.segment.as_ref()).await?;
            let partner_id = match &account.partner {
                Some(partner) => Some(self.partner(partner).await?),
                None => None,
            };
            let merged = merge::account(on_record, account, segment, self.bound, self.clock.id(), self.now);
            let Some(account_id) = merged.row(on_record.map(|it| it.id), |it| it.id) else { continue };
            let partner =
                partner_id.map(|partner_id| AccountPartner { account_id, partner_id, kind: account.partner_kind });
            let has_new_partner =
                partners.as_ref().is_some_and(|partners| partners.get(&account_id) != partner.as_ref());
            match partner {
                Some(partner) if has_new_partner => set.push(partner),
                None if has_new_partner => clear.push(account_id),
                _ => {}
            }
            let has_news = has_new_partner || before.brings_new(fact);
            before.take(self, fact, account_id);
            write.extend(self.settle_beside(row, merged, has_news));
        }
        import_bulk::account::upsert(self.tx, self.slice, &write).await?;
        entity::account_partner::upsert(self.tx, self.slice, &set).await?;
        entity::account_partner::clear(self.tx, self.slice, &clear).await?;
        before.write(self).await
    }

    /// The partners of these accounts; nothing where the mapping names none.
    async fn partners_of(&self, accounts: &[Uuid]) -> Result<Option<HashMap<Uuid, AccountPartner>>, Failure> {
        if ![Field::Partner, Field::PartnerName].iter().any(|field| self.bound.has(*field)) {
            return Ok(None);
        }
        let found = entity::account_partner::of_accounts(self.tx, self.slice, accounts).await?;
        Ok(Some(found.into_iter().map(|it| (it.account_id, it)).collect()))
    }

    pub(super) async fn partner_chunk(&mut self, rows: Rows) -> Result<(), Failure> {
        let found = import_bulk::partner::of_external_ids(self.tx, self.slice, &ids(&rows)).await?;
        let mut before = Before::load(self, RefKind::Partner, &rows, found, partner_key).await?;
        let missing = before.missing();
        if !missing.is_empty() {
            before.add(entity::partner::of_ids(self.tx, self.slice, &missing).await?, partner_key);
        }
        let mut rows_of_name: HashMap<String, usize> = HashMap::new();
        for (_, fact) in &rows {
            if let (Fact::Partner(partner), Ok(None)) = (fact, before.find(self, fact)) {
                *rows_of_name.entry(text::key(&partner.name)).or_default() += 1;
            }
        }
        let mut write = Vec::new();
        for (row, fact) in &rows {
            let Fact::Partner(partner) = fact else { continue };
            let on_record = match before.find(self, fact) {
                Ok(on_record) => on_record,
                Err(problem) => {
                    self.hold(row, vec![problem]);
                    continue;
                }
            };
            if on_record.is_none() {
                let rows_of_name = rows_of_name.get(&text::key(&partner.name)).copied().unwrap_or(1);
                match self.namesake(partner, rows_of_name).await? {
                    Ok(None) => {}
                    Ok(Some(namesake)) => {
                        self.adopt(row, partner, &namesake).await?;
                        before.take(self, fact, namesake.id);
                        continue;
                    }
                    Err(problem) => {
                        self.hold(row, vec![problem]);
                        continue;
                    }
                }
            }
            let merged = merge::partner(on_record, partner, self.bound, self.clock.id(), self.now);
            let Some(partner_id) = merged.row(on_record.map(|it| it.id), |it| it.id) else { continue };
            let has_news = before.brings_new(fact);
            before.take(self, fact, partner_id);
            write.extend(self.settle_beside(row, merged, has_news));
        }
        import_bulk::partner::upsert(self.tx, self.slice, &write).await?;
        before.write(self).await
    }

    /// The partner that an import made by the name of a row whose id is new; a problem where the name does not say which one.
    async fn namesake(
        &mut self,
        fact: &PartnerFact,
        rows_of_name: usize,
    ) -> Result<Result<Option<Partner>, Problem>, Failure> {
        let partners = match &self.namesakes {
            Some(partners) => partners.clone(),
            None => {
                let partners = Arc::new(context::partners(self.tx, self.slice).await?);
                self.namesakes.insert(partners).clone()
            }
        };
        let place = |problem: Problem| problem.at(self.bound.column(Field::Name), &fact.name);
        let id = match partner::adopted(&partners, &fact.name, rows_of_name) {
            Ok(None) => return Ok(Ok(None)),
            Ok(Some(id)) => id,
            Err(problem) => return Ok(Err(place(problem))),
        };
        if self.adopted.contains(&id) {
            let message = "the id is new, and an earlier row of the file has this name: give both rows one id, or rename one of the two \
                           where they are two partners";
            return Ok(Err(place(Problem::new(Code::PartnerNameTaken, message))));
        }
        Ok(Ok(entity::partner::find(self.tx, self.slice, id).await?))
    }

    /// Gives a partner that was made by its name the file's id, and what else the row says.
    async fn adopt(&mut self, row: &Staged, fact: &PartnerFact, namesake: &Partner) -> Result<(), Failure> {
        let adopted = Partner { external_id: Some(fact.external_id.clone()), ..namesake.clone() };
        let mut after = match merge::partner(Some(&adopted), fact, self.bound, adopted.id, self.now) {
            Merge::New(after) | Merge::Changed(after) => after,
            Merge::Unchanged | Merge::Held(_) => adopted,
        };
        after.version = namesake.version + 1;
        entity::partner::update(self.tx, self.slice, &after).await?;
        self.adopted.insert(after.id);
        self.counts.changed += 1;
        let message = format!(
            "an import had made this partner by its name; from now on it has the external id \"{}\", and keeps its deals",
            fact.external_id
        );
        let problem = Problem::new(Code::PartnerAdopted, message).at(self.bound.column(Field::Name), &fact.name);
        self.warn(row, problem).await
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
                self.hold(row, vec![Problem::new(Code::UnknownDeal, message).at(self.bound.column(Field::Deal), id)]);
                continue;
            }
            if let Some(account) = fact.account.as_ref().filter(|it| !accounts.contains_key(&it.external_id)) {
                self.hold(row, vec![unknown_account(self.bound, account)]);
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
