//! Loaders, made anew for each request with the caller inside: what one caller loads, no other sees.

pub mod profile;
mod rows;

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use async_graphql::{Context, Error, Lookahead};
use domain::account::{Account, AccountPartner};
use domain::activity::Activity;
use domain::attribution::Attribution;
use domain::claim::Conflict;
use domain::deal::{Deal, Stage};
use domain::external_ref::ExternalRef;
use domain::lead::Lead;
use domain::level::Held;
use domain::origin::Origin;
use domain::partner::{Partner, PartnerPerson};
use domain::program::Program;
use domain::recruit::TierDecision;
use domain::registration::Registration;
use domain::seat::{Pod, Seat};
use domain::segment::Segment;
use domain::source::SourceFacts;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::caller::{caller, coded, failed};
use crate::usecase::cosell::GateView;
use crate::usecase::deal::{Around, Row};
use crate::usecase::{Caller, Failure, attribution, program};
use rows::{LeadOwner, RefsOf};

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
    source: Cached<Rows<SourceFacts>>,
    seat: Cached<Rows<Seat>>,
    pod: Cached<Rows<Pod>>,
    tier: Cached<Rows<TierDecision>>,
    registration: Cached<Rows<Registration>>,
    owner_name: Cached<Rows<String>>,
    conflict: Cached<Rows<Conflict>>,
    gate: Cached<Rows<GateView>>,
    account_partner: Cached<Rows<AccountPartner>>,
    origin: Cached<Rows<Origin>>,
    account_refs: Cached<Rows<RefsOf<Account>>>,
    partner_refs: Cached<Rows<RefsOf<Partner>>>,
    deal_refs: Cached<Rows<RefsOf<Deal>>>,
    lead: Cached<Rows<Lead>>,
    lead_owner: Cached<Rows<LeadOwner>>,
    level: Cached<Rows<Held>>,
    profile: profile::ProfileLoaders,
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
            source: of(caller),
            seat: of(caller),
            pod: of(caller),
            tier: of(caller),
            registration: of(caller),
            owner_name: of(caller),
            conflict: of(caller),
            gate: of(caller),
            account_partner: of(caller),
            origin: of(caller),
            account_refs: of(caller),
            partner_refs: of(caller),
            deal_refs: of(caller),
            lead: of(caller),
            lead_owner: of(caller),
            level: of(caller),
            profile: profile::ProfileLoaders::new(caller),
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

/// Remembers rows that came with others.
async fn feed<T>(loader: &Cached<Rows<T>>, rows: Vec<(Uuid, T)>)
where
    Rows<T>: Loader<Uuid, Value = T>,
    T: Clone + Send + Sync + 'static,
{
    if !rows.is_empty() {
        loader.enable_all_cache(true);
        loader.feed_many(rows).await;
    }
}

/// Which rows a query selects around its deals.
pub(super) fn around_deals(selected: &Lookahead<'_>) -> Around {
    Around { account: selected.field("account").exists(), segment: selected.field("segment").exists() }
}

/// Fetches ahead what a query selects below its deals: one statement a kind of row, side by side. Only queries do this.
///
/// # Errors
/// A top-level error when a read fails.
pub(super) async fn ahead_of_deals(ctx: &Context<'_>, selected: &Lookahead<'_>, rows: &[Row]) -> Result<(), Error> {
    let all = loaders(ctx)?;
    let is_selected = |field: &str| selected.field(field).exists();
    let ids = |wanted: bool| if wanted { rows.iter().map(|row| row.deal.id).collect() } else { Vec::new() };
    let stages =
        if is_selected("stage") { rows.iter().filter_map(|row| row.deal.stage_id).collect() } else { Vec::new() };
    feed(&all.account, rows.iter().filter_map(|row| row.account.clone()).map(|it| (it.id, it)).collect()).await;
    feed(&all.segment, rows.iter().filter_map(|row| row.segment.clone()).map(|it| (it.id, it)).collect()).await;
    let attributions = async {
        if selected.field("attributions").field("partner").exists() {
            with_partners(ctx, all, &ids(true)).await
        } else {
            fed(&all.attributions, ids(is_selected("attributions"))).await.map(drop)
        }
    };
    tokio::try_join!(
        fed(&all.stage, stages),
        fed(&all.latest, ids(is_selected("lastActivity"))),
        fed(&all.origin, ids(["sourcePartner", "sourceDetail", "referralToken"].into_iter().any(is_selected))),
        fed(&all.deal_refs, ids(is_selected("externalRefs"))),
        attributions,
    )?;
    Ok(())
}

async fn with_partners(ctx: &Context<'_>, all: &Loaders, deals: &[Uuid]) -> Result<(), Error> {
    if deals.is_empty() {
        return Ok(());
    }
    let found = match attribution::with_partners(caller(ctx)?, deals).await {
        Err(Failure::Denied) => return Ok(()),
        other => other.map_err(|why| failed(&why))?,
    };
    let mut of_deals: HashMap<Uuid, Vec<Attribution>> = deals.iter().map(|id| (*id, Vec::new())).collect();
    let mut partners = Vec::new();
    for (row, partner) in found {
        of_deals.entry(row.deal_id).or_default().push(row);
        partners.extend(partner.map(|partner| (partner.id, partner)));
    }
    feed(&all.attributions, of_deals.into_iter().collect()).await;
    feed(&all.partner, partners).await;
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

/// A registration.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn registration(ctx: &Context<'_>, id: Uuid) -> Result<Option<Registration>, Error> {
    one(&loaders(ctx)?.registration, id).await
}

/// A conflict of claims.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn conflict(ctx: &Context<'_>, id: Uuid) -> Result<Option<Conflict>, Error> {
    one(&loaders(ctx)?.conflict, id).await
}

/// The gate of a deal.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn gate(ctx: &Context<'_>, deal: Uuid) -> Result<Option<GateView>, Error> {
    one(&loaders(ctx)?.gate, deal).await
}

/// The name of the seat that owns a registration.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn owner_name(ctx: &Context<'_>, seat: Uuid) -> Result<Option<String>, Error> {
    one(&loaders(ctx)?.owner_name, seat).await
}

/// The latest level of a partner.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn level(ctx: &Context<'_>, partner: Uuid) -> Result<Option<Held>, Error> {
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

/// What decides a deal's source.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn source(ctx: &Context<'_>, deal: Uuid) -> Result<Option<SourceFacts>, Error> {
    one(&loaders(ctx)?.source, deal).await
}

/// The latest activity of a deal.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn latest_activity(ctx: &Context<'_>, deal: Uuid) -> Result<Option<Activity>, Error> {
    Ok(one(&loaders(ctx)?.latest, deal).await?.flatten())
}

/// The partner of an account.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn account_partner(ctx: &Context<'_>, account: Uuid) -> Result<Option<AccountPartner>, Error> {
    one(&loaders(ctx)?.account_partner, account).await
}

/// Where a deal came from.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn origin(ctx: &Context<'_>, deal: Uuid) -> Result<Origin, Error> {
    Ok(one(&loaders(ctx)?.origin, deal).await?.unwrap_or_default())
}

/// The ids of an account in other systems.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn account_refs(ctx: &Context<'_>, account: Uuid) -> Result<Vec<ExternalRef>, Error> {
    Ok(one(&loaders(ctx)?.account_refs, account).await?.map(|refs| refs.0).unwrap_or_default())
}

/// The ids of a partner in other systems.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn partner_refs(ctx: &Context<'_>, partner: Uuid) -> Result<Vec<ExternalRef>, Error> {
    Ok(one(&loaders(ctx)?.partner_refs, partner).await?.map(|refs| refs.0).unwrap_or_default())
}

/// The ids of a deal in other systems.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn deal_refs(ctx: &Context<'_>, deal: Uuid) -> Result<Vec<ExternalRef>, Error> {
    Ok(one(&loaders(ctx)?.deal_refs, deal).await?.map(|refs| refs.0).unwrap_or_default())
}

/// A lead.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn lead(ctx: &Context<'_>, id: Uuid) -> Result<Option<Lead>, Error> {
    one(&loaders(ctx)?.lead, id).await
}

/// The name of whom a lead is with.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn lead_owner(ctx: &Context<'_>, seat: Uuid) -> Result<Option<String>, Error> {
    Ok(one(&loaders(ctx)?.lead_owner, seat).await?.map(|owner| owner.0))
}

/// The caller's program, read once per request.
///
/// # Errors
/// A top-level error when the read fails.
pub async fn program<'a>(ctx: &Context<'a>) -> Result<&'a Program, Error> {
    let caller = caller(ctx)?;
    loaders(ctx)?.program.get_or_try_init(|| program::known(caller)).await.map_err(|why| failed(&why))
}
