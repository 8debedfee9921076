//! Loaders, made anew for each request with the caller inside: what one caller loads, no other sees.

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use async_graphql::{Context, Error, Lookahead};
use domain::account::Account;
use domain::activity::Activity;
use domain::attribution::Attribution;
use domain::deal::{Deal, Stage};
use domain::level::LevelRecord;
use domain::partner::{Partner, PartnerPerson};
use domain::program::Program;
use domain::recruit::TierDecision;
use domain::seat::{Pod, Seat};
use domain::segment::Segment;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::caller::{caller, coded, failed};
use crate::usecase::{
    Caller, Failure, account, activity, attribution, deal, level, partner, pod, program, recruit, seat, segment, stage,
};

type Loaded<T> = Result<HashMap<Uuid, T>, Arc<Failure>>;

/// Which rows a loader loads.
pub struct Rows<T> {
    caller: Caller,
    kind: std::marker::PhantomData<fn() -> T>,
}

/// A loader that remembers only what was fetched ahead: see [`fed`].
type Cached<R> = DataLoader<R, HashMapCache>;

/// All loaders of a request.
pub struct Loaders {
    partner: Cached<Rows<Partner>>,
    segment: Cached<Rows<Segment>>,
    account: Cached<Rows<Account>>,
    deal: Cached<Rows<Deal>>,
    stage: Cached<Rows<Stage>>,
    attributions: Cached<Rows<Vec<Attribution>>>,
    people: Cached<Rows<Vec<PartnerPerson>>>,
    latest: Cached<Rows<Option<Activity>>>,
    activity: Cached<Rows<Activity>>,
    seat: Cached<Rows<Seat>>,
    pod: Cached<Rows<Pod>>,
    tier: Cached<Rows<TierDecision>>,
    level: Cached<Rows<LevelRecord>>,
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
            activity: of(caller),
            seat: of(caller),
            pod: of(caller),
            tier: of(caller),
            level: of(caller),
            program: OnceCell::new(),
        }
    }
}

fn of<T>(caller: &Caller) -> Cached<Rows<T>>
where
    Rows<T>: Loader<Uuid>,
{
    let rows = Rows { caller: caller.clone(), kind: std::marker::PhantomData };
    let loader = DataLoader::with_cache(rows, tokio::spawn, HashMapCache::default());
    // What one mutation of a request changed, the next must read anew: nothing is remembered unless it is fed.
    loader.enable_all_cache(false);
    loader
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

/// The latest level of each partner.
impl Loader<Uuid> for Rows<LevelRecord> {
    type Value = LevelRecord;
    type Error = Arc<Failure>;
    async fn load(&self, keys: &[Uuid]) -> Loaded<LevelRecord> {
        by_id(level::latest_of(&self.caller, keys).await, |row| row.partner_id)
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

fn loaders<'a>(ctx: &Context<'a>) -> Result<&'a Loaders, Error> {
    ctx.data::<Loaders>().map_err(|_| coded("INTERNAL_SERVER_ERROR", "the request has no loaders"))
}

/// One row by its id; a role that may not read such rows, or a row outside the slice, reads as none.
async fn one<T>(loader: &Cached<Rows<T>>, id: Uuid) -> Result<Option<T>, Error>
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

/// Loads rows at once, without waiting for company, and remembers them for the rest of the query.
async fn fed<T>(loader: &Cached<Rows<T>>, mut keys: Vec<Uuid>) -> Result<HashMap<Uuid, T>, Error>
where
    T: Clone + Send + Sync + 'static,
    Rows<T>: Loader<Uuid, Value = T, Error = Arc<Failure>>,
{
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = match loader.loader().load(&keys).await {
        Err(why) if matches!(*why, Failure::Denied) => return Ok(HashMap::new()),
        other => other.map_err(|why| failed(&why))?,
    };
    loader.enable_all_cache(true);
    loader.feed_many(rows.iter().map(|(id, row)| (*id, row.clone()))).await;
    Ok(rows)
}

/// Fetches ahead what a query selects below its deals: one statement a kind of row, side by side. Only queries do this.
///
/// # Errors
/// A top-level error when a read fails.
pub(super) async fn ahead_of_deals(ctx: &Context<'_>, selected: &Lookahead<'_>, deals: &[Deal]) -> Result<(), Error> {
    let all = loaders(ctx)?;
    let is_selected = |field: &str| selected.field(field).exists();
    let ids = |wanted: bool| if wanted { deals.iter().map(|deal| deal.id).collect() } else { Vec::new() };
    let of = |wanted: bool, key: fn(&Deal) -> Option<Uuid>| {
        if wanted { deals.iter().filter_map(key).collect() } else { Vec::new() }
    };
    let attributions = async {
        let found = fed(&all.attributions, ids(is_selected("attributions"))).await?;
        let partners = selected.field("attributions").field("partner").exists();
        let keys = if partners { found.values().flatten().map(|row| row.partner_id).collect() } else { Vec::new() };
        fed(&all.partner, keys).await
    };
    tokio::try_join!(
        fed(&all.account, of(is_selected("account"), |deal| deal.account_id)),
        fed(&all.segment, of(is_selected("segment"), |deal| deal.segment_id)),
        fed(&all.stage, of(is_selected("stage"), |deal| deal.stage_id)),
        fed(&all.latest, ids(is_selected("lastActivity"))),
        attributions,
    )?;
    Ok(())
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

/// A seat.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn seat(ctx: &Context<'_>, id: Uuid) -> Result<Option<Seat>, Error> {
    one(&loaders(ctx)?.seat, id).await
}

/// A pod.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn pod(ctx: &Context<'_>, id: Uuid) -> Result<Option<Pod>, Error> {
    one(&loaders(ctx)?.pod, id).await
}

/// The latest decision on a partner.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn tier(ctx: &Context<'_>, partner: Uuid) -> Result<Option<TierDecision>, Error> {
    one(&loaders(ctx)?.tier, partner).await
}

/// The latest level of a partner.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn level(ctx: &Context<'_>, partner: Uuid) -> Result<Option<LevelRecord>, Error> {
    one(&loaders(ctx)?.level, partner).await
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

/// An activity.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn activity(ctx: &Context<'_>, id: Uuid) -> Result<Option<Activity>, Error> {
    one(&loaders(ctx)?.activity, id).await
}

/// The latest activity of a deal.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn latest_activity(ctx: &Context<'_>, deal: Uuid) -> Result<Option<Activity>, Error> {
    Ok(one(&loaders(ctx)?.latest, deal).await?.flatten())
}

/// The caller's program, read once per request.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn program<'a>(ctx: &Context<'a>) -> Result<&'a Program, Error> {
    let caller = caller(ctx)?;
    loaders(ctx)?.program.get_or_try_init(|| program::read(caller)).await.map_err(|why| failed(&why))
}
