//! Loaders, made anew for each request with the caller inside: what one caller loads, no other sees.

use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::{Context, Error};
use domain::account::Account;
use domain::activity::Activity;
use domain::attribution::Attribution;
use domain::deal::{Deal, Stage};
use domain::partner::{Partner, PartnerPerson};
use domain::program::Program;
use domain::segment::Segment;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::caller::{caller, coded, failed};
use crate::usecase::{Caller, Failure, account, activity, attribution, deal, partner, program, segment, stage};

type Loaded<T> = Result<HashMap<Uuid, T>, Arc<Failure>>;

/// Which rows a loader loads.
pub struct Rows<T> {
    caller: Caller,
    kind: std::marker::PhantomData<fn() -> T>,
}

/// All loaders of a request.
pub struct Loaders {
    partner: DataLoader<Rows<Partner>>,
    segment: DataLoader<Rows<Segment>>,
    account: DataLoader<Rows<Account>>,
    deal: DataLoader<Rows<Deal>>,
    stage: DataLoader<Rows<Stage>>,
    attributions: DataLoader<Rows<Vec<Attribution>>>,
    people: DataLoader<Rows<Vec<PartnerPerson>>>,
    latest: DataLoader<Rows<Activity>>,
    program: OnceCell<Program>,
}

impl Loaders {
    /// Loaders of one caller.
    #[must_use]
    pub fn new(caller: &Caller) -> Self {
        Self {
            partner: of(caller),
            segment: of(caller),
            account: of(caller),
            deal: of(caller),
            stage: of(caller),
            attributions: of(caller),
            people: of(caller),
            latest: of(caller),
            program: OnceCell::new(),
        }
    }
}

fn of<T>(caller: &Caller) -> DataLoader<Rows<T>>
where
    Rows<T>: Loader<Uuid>,
{
    DataLoader::new(Rows { caller: caller.clone(), kind: std::marker::PhantomData }, tokio::spawn)
}

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

impl Loader<Uuid> for Rows<Activity> {
    type Value = Activity;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<Activity> {
        by_id(activity::latest_of_deals(&self.caller, keys).await, |row| row.deal_id.unwrap_or_default())
    }
}

fn loaders<'a>(ctx: &Context<'a>) -> Result<&'a Loaders, Error> {
    ctx.data::<Loaders>().map_err(|_| coded("INTERNAL_SERVER_ERROR", "the request has no loaders"))
}

/// One row by its id; a role that may not read such rows, or a row outside the slice, reads as none.
async fn one<T>(loader: &DataLoader<Rows<T>>, id: Uuid) -> Result<Option<T>, Error>
where
    T: Clone + Send + Sync + 'static,
    Rows<T>: Loader<Uuid, Value = T, Error = Arc<Failure>>,
{
    match loader.load_one(id).await {
        Ok(row) => Ok(row),
        Err(why) if matches!(*why, Failure::Denied) => Ok(None),
        Err(why) => Err(failed(&why)),
    }
}

/// A partner.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn partner(ctx: &Context<'_>, id: Uuid) -> Result<Option<Partner>, Error> {
    one(&loaders(ctx)?.partner, id).await
}

/// A segment.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn segment(ctx: &Context<'_>, id: Uuid) -> Result<Option<Segment>, Error> {
    one(&loaders(ctx)?.segment, id).await
}

/// An account.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn account(ctx: &Context<'_>, id: Uuid) -> Result<Option<Account>, Error> {
    one(&loaders(ctx)?.account, id).await
}

/// A deal.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn deal(ctx: &Context<'_>, id: Uuid) -> Result<Option<Deal>, Error> {
    one(&loaders(ctx)?.deal, id).await
}

/// A stage.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn stage(ctx: &Context<'_>, id: Uuid) -> Result<Option<Stage>, Error> {
    one(&loaders(ctx)?.stage, id).await
}

/// The attributions of a deal.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn attributions(ctx: &Context<'_>, deal: Uuid) -> Result<Vec<Attribution>, Error> {
    Ok(one(&loaders(ctx)?.attributions, deal).await?.unwrap_or_default())
}

/// The people of a partner.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn people(ctx: &Context<'_>, partner: Uuid) -> Result<Vec<PartnerPerson>, Error> {
    Ok(one(&loaders(ctx)?.people, partner).await?.unwrap_or_default())
}

/// The latest activity of a deal.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn latest_activity(ctx: &Context<'_>, deal: Uuid) -> Result<Option<Activity>, Error> {
    one(&loaders(ctx)?.latest, deal).await
}

/// The caller's program, read once per request.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn program<'a>(ctx: &Context<'a>) -> Result<&'a Program, Error> {
    let caller = caller(ctx)?;
    loaders(ctx)?.program.get_or_try_init(|| program::read(caller)).await.map_err(|why| failed(&why))
}
