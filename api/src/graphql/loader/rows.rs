//! Which rows each loader loads: one use case a kind of row.

use super::{Loaded, Rows};
use crate::usecase::cosell::GateView;
use crate::usecase::{
    Failure, account, activity, attribution, claim, cosell, deal, external_ref, lead, level, origin, partner, pod,
    recruit, registration, seat, segment, source, stage,
};
use async_graphql::dataloader::Loader;
use domain::account::{Account, AccountPartner};
use domain::activity::Activity;
use domain::attribution::Attribution;
use domain::claim::Conflict;
use domain::deal::{Deal, Stage};
use domain::external_ref::{ExternalRef, RefKind};
use domain::lead::Lead;
use domain::level::Held;
use domain::origin::Origin;
use domain::partner::{Partner, PartnerPerson};
use domain::recruit::TierDecision;
use domain::registration::Registration;
use domain::seat::{Pod, Seat};
use domain::segment::Segment;
use domain::source::SourceFacts;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

fn by_id<T>(rows: Result<Vec<T>, Failure>, id: impl Fn(&T) -> Uuid) -> Loaded<T> {
    Ok(rows.map_err(Arc::new)?.into_iter().map(|row| (id(&row), row)).collect())
}

fn grouped<T>(rows: Result<Vec<T>, Failure>, keys: &[Uuid], key: impl Fn(&T) -> Uuid) -> Loaded<Vec<T>> {
    let mut groups: HashMap<Uuid, Vec<T>> = keys.iter().map(|id| (*id, Vec::new())).collect();
    for row in rows.map_err(Arc::new)? {
        groups.entry(key(&row)).or_default().push(row);
    }
    Ok(groups)
}

impl Loader<Uuid> for Rows<Partner> {
    type Value = Partner;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Partner> {
        by_id(partner::of_ids(&self.caller, keys).await, |row| row.id)
    }
}

impl Loader<Uuid> for Rows<Segment> {
    type Value = Segment;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Segment> {
        by_id(segment::of_ids(&self.caller, keys).await, |row| row.id)
    }
}

impl Loader<Uuid> for Rows<Account> {
    type Value = Account;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Account> {
        by_id(account::of_ids(&self.caller, keys).await, |row| row.id)
    }
}

impl Loader<Uuid> for Rows<Deal> {
    type Value = Deal;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Deal> {
        by_id(deal::of_ids(&self.caller, keys).await, |row| row.id)
    }
}

impl Loader<Uuid> for Rows<Seat> {
    type Value = Seat;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Seat> {
        by_id(seat::of_ids(&self.caller, keys).await, |row| row.id)
    }
}

impl Loader<Uuid> for Rows<Pod> {
    type Value = Pod;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Pod> {
        by_id(pod::of_ids(&self.caller, keys).await, |row| row.id)
    }
}

/// The latest decision on each partner.
impl Loader<Uuid> for Rows<TierDecision> {
    type Value = TierDecision;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<TierDecision> {
        by_id(recruit::latest_of(&self.caller, keys).await, |row| row.partner_id)
    }
}

impl Loader<Uuid> for Rows<Registration> {
    type Value = Registration;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Registration> {
        by_id(registration::of_ids(&self.caller, keys).await, |row| row.id)
    }
}

impl Loader<Uuid> for Rows<Conflict> {
    type Value = Conflict;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Conflict> {
        by_id(claim::of_ids(&self.caller, keys).await, |row| row.id)
    }
}

impl Loader<Uuid> for Rows<GateView> {
    type Value = GateView;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<GateView> {
        by_id(cosell::gates_of(&self.caller, keys).await, |view| view.deal_id)
    }
}

impl Loader<Uuid> for Rows<String> {
    type Value = String;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<String> {
        Ok(registration::owners(&self.caller, keys).await.map_err(Arc::new)?.into_iter().collect())
    }
}

/// The latest level of each partner.
impl Loader<Uuid> for Rows<Held> {
    type Value = Held;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Held> {
        by_id(level::latest_of(&self.caller, keys).await, |row| row.record.partner_id)
    }
}

impl Loader<Uuid> for Rows<Stage> {
    type Value = Stage;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Stage> {
        by_id(stage::of_ids(&self.caller, keys).await, |row| row.id)
    }
}

impl Loader<Uuid> for Rows<Vec<Attribution>> {
    type Value = Vec<Attribution>;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Vec<Attribution>> {
        grouped(attribution::of_deals(&self.caller, keys).await, keys, |row| row.deal_id)
    }
}

impl Loader<Uuid> for Rows<Vec<PartnerPerson>> {
    type Value = Vec<PartnerPerson>;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Vec<PartnerPerson>> {
        grouped(partner::people(&self.caller, keys).await, keys, |row| row.partner_id)
    }
}

impl Loader<Uuid> for Rows<Option<Activity>> {
    type Value = Option<Activity>;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Option<Activity>> {
        let mut latest: HashMap<Uuid, Option<Activity>> = keys.iter().map(|id| (*id, None)).collect();
        for row in activity::latest_of_deals(&self.caller, keys).await.map_err(Arc::new)? {
            latest.insert(row.deal_id.unwrap_or_default(), Some(row));
        }
        Ok(latest)
    }
}

impl Loader<Uuid> for Rows<Activity> {
    type Value = Activity;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Activity> {
        by_id(activity::of_ids(&self.caller, keys).await, |row| row.id)
    }
}

impl Loader<Uuid> for Rows<SourceFacts> {
    type Value = SourceFacts;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<SourceFacts> {
        source::of_deals(&self.caller, keys).await.map_err(Arc::new)
    }
}

impl Loader<Uuid> for Rows<AccountPartner> {
    type Value = AccountPartner;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<AccountPartner> {
        by_id(account::partners(&self.caller, keys).await, |row| row.account_id)
    }
}

impl Loader<Uuid> for Rows<Origin> {
    type Value = Origin;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Origin> {
        origin::of_deals(&self.caller, keys).await.map_err(Arc::new)
    }
}

impl Loader<Uuid> for Rows<Lead> {
    type Value = Lead;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Lead> {
        by_id(lead::of_ids(&self.caller, keys).await, |row| row.id)
    }
}

/// The name of the seat that a lead is with: who may read it is another policy than that of registrations' owners.
#[derive(Clone)]
pub(super) struct LeadOwner(pub(super) String);

impl Loader<Uuid> for Rows<LeadOwner> {
    type Value = LeadOwner;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<LeadOwner> {
        let names = lead::owners(&self.caller, keys).await.map_err(Arc::new)?;
        Ok(names.into_iter().map(|(id, name)| (id, LeadOwner(name))).collect())
    }
}

/// The ids in other systems of one kind of row.
#[derive(Clone)]
pub(super) struct RefsOf<T>(pub(super) Vec<ExternalRef>, std::marker::PhantomData<fn() -> T>);

pub(super) trait Referred: Send + Sync + 'static {
    const KIND: RefKind;
}
impl Referred for Account {
    const KIND: RefKind = RefKind::Account;
}
impl Referred for Partner {
    const KIND: RefKind = RefKind::Partner;
}
impl Referred for Deal {
    const KIND: RefKind = RefKind::Deal;
}

impl<T: Referred + Clone> Loader<Uuid> for Rows<RefsOf<T>> {
    type Value = RefsOf<T>;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<RefsOf<T>> {
        let rows = external_ref::of_subjects(&self.caller, T::KIND, keys).await;
        let groups = grouped(rows, keys, |row| row.subject_id)?;
        Ok(groups.into_iter().map(|(id, refs)| (id, RefsOf(refs, std::marker::PhantomData))).collect())
    }
}
