//! A server with a small schema: things to page through, a counter to change, fields that fail in every way.

use api::auth::{Authenticated, Refused};
use api::clock::Clock;
use api::graphql::Schemas;
use api::http::{Authenticate, Contract, Contracts, Documents, Http, Ready, serve};
use api::limits::Limits;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo};
use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaType, Registry};
use async_graphql::{
    Context, ContextSelectionSet, Enum, Error, ErrorExtensions, ID, InputObject, MaybeUndefined, Object, OneofObject,
    OutputType, Positioned, Response, Schema, ServerError, ServerResult, SimpleObject, Subscription, ValidationMode,
    Value,
};
use async_trait::async_trait;
use axum::Router;
use chrono::{DateTime, TimeDelta, Utc};
use domain::role::Role;
use domain::slice::{Bindings, Place, Viewer};
use futures_util::Stream;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

/// What the resolvers touch.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) bumps: Arc<AtomicUsize>,
    pub(crate) is_revoked: Arc<AtomicBool>,
    /// Somebody changes facts all the time.
    pub(crate) facts: Arc<AtomicI64>,
    pub(crate) streams_ended: Arc<Notify>,
}

#[derive(Enum, Copy, Clone, PartialEq, Eq)]
enum Flavour {
    Sweet,
    Sour,
    /// Taken out of the registry, as the roles' pruning does.
    Secret,
}

#[derive(InputObject)]
struct Filter {
    name: MaybeUndefined<String>,
    limit: Option<i32>,
    flavours: Option<Vec<Flavour>>,
    /// Taken out of the registry.
    secret: Option<String>,
}

#[derive(OneofObject)]
enum By {
    Id(ID),
    Name(String),
}

#[derive(SimpleObject)]
struct Thing {
    id: i32,
    parts: ThingConnection,
}

#[derive(SimpleObject)]
struct ThingEdge {
    node: Option<Box<Thing>>,
}

#[derive(SimpleObject)]
struct ThingConnection {
    edges: Vec<ThingEdge>,
}

struct Query;

#[Object]
impl Query {
    async fn hello(&self) -> &str {
        "hello"
    }

    async fn echo(&self, text: String, times: Option<i32>) -> String {
        text.repeat(usize::try_from(times.unwrap_or(1)).unwrap_or(0))
    }

    async fn find(&self, filter: Option<Filter>, by: Option<By>, flavour: Option<Flavour>) -> String {
        let name = filter.map_or("no filter", |filter| match filter.name {
            MaybeUndefined::Undefined => "undefined",
            MaybeUndefined::Null => "null",
            MaybeUndefined::Value(_) => "value",
        });
        let by = by.map_or("", |by| match by {
            By::Id(_) => " by id",
            By::Name(_) => " by name",
        });
        let _ = flavour;
        format!("{name}{by}")
    }

    async fn things(&self, first: Option<i32>, last: Option<i32>) -> ThingConnection {
        let _ = (first, last);
        ThingConnection { edges: Vec::new() }
    }

    async fn audit_matrix(&self) -> Vec<Thing> {
        Vec::new()
    }

    async fn leak(&self) -> Result<Option<String>, Error> {
        Err(Error::new("SELECT secret FROM deal; invalid digit found in string"))
    }

    async fn coded(&self) -> Result<Option<String>, Error> {
        Err(Error::new("no such row").extend_with(|_, extensions| extensions.set("code", "NOT_FOUND")))
    }

    async fn must(&self) -> Result<String, Error> {
        Err(Error::new("lost"))
    }

    async fn explode(&self) -> String {
        blow_up()
    }

    async fn slow(&self) -> String {
        std::future::pending().await
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn bump(&self, ctx: &Context<'_>) -> usize {
        ctx.data_unchecked::<World>().bumps.fetch_add(1, Ordering::SeqCst) + 1
    }

    async fn bump_by(&self, ctx: &Context<'_>, by: i32) -> usize {
        ctx.data_unchecked::<World>().bumps.fetch_add(usize::try_from(by).unwrap_or(0), Ordering::SeqCst)
    }
}

struct Follow;

#[derive(SimpleObject)]
struct Progress {
    event_id: String,
    count: i32,
}

struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[Subscription]
impl Follow {
    async fn progress(&self, to: i32) -> impl Stream<Item = Progress> {
        futures_util::stream::iter((1..=to).map(|count| Progress { event_id: format!("e{count}"), count }))
    }

    async fn exploding(&self) -> impl Stream<Item = i32> {
        futures_util::stream::once(async { blow_up() })
    }

    /// One event, then silence.
    async fn once_then_wait(&self, ctx: &Context<'_>) -> impl Stream<Item = i32> {
        let ended = OnDrop(ctx.data_unchecked::<World>().streams_ended.clone());
        futures_util::stream::unfold((true, ended), |(is_first, ended)| async move {
            if !is_first {
                std::future::pending::<()>().await;
            }
            Some((1, (false, ended)))
        })
    }
}

thread_local!(static TYPES: RefCell<BTreeMap<String, MetaType>> = const { RefCell::new(BTreeMap::new()) });

/// Prunes as the roles' schemas do, and hands the registry out.
struct Hook;

impl OutputType for Hook {
    fn type_name() -> Cow<'static, str> {
        "__Hook".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        for meta in registry.types.values_mut() {
            match meta {
                MetaType::Enum { enum_values, .. } => enum_values.retain(|name, _| name != "SECRET"),
                MetaType::InputObject { input_fields, .. } => input_fields.retain(|name, _| name != "secret"),
                _ => {}
            }
        }
        TYPES.set(registry.types.clone());
        Self::type_name().into_owned()
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}

/// As the product's own: a nullable field that fails is null where it stands.
struct NullOnError(Mutex<Vec<ServerError>>);

struct Factory;

impl ExtensionFactory for Factory {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(NullOnError(Mutex::default()))
    }
}

#[async_trait]
impl Extension for NullOnError {
    async fn execute(&self, ctx: &ExtensionContext<'_>, operation: Option<&str>, next: NextExecute<'_>) -> Response {
        let mut response = next.run(ctx, operation).await;
        response.errors.append(&mut self.0.lock().unwrap());
        response
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let is_nullable = !info.return_type.ends_with('!');
        match next.run(ctx, info).await {
            Err(error) if is_nullable => {
                self.0.lock().unwrap().push(error);
                Ok(Some(Value::Null))
            }
            other => other,
        }
    }
}

fn contract(world: &World) -> Contract {
    let bare = || {
        Schema::build(Query, Mutation, Follow).register_output_type::<Hook>().disable_suggestions().data(world.clone())
    };
    let careful = bare().validation_mode(ValidationMode::Strict).extension(Factory).finish();
    let plain = bare().validation_mode(ValidationMode::Fast).finish();
    let types = Arc::new(TYPES.take());
    Contract::new(&careful.sdl(), types, Box::new(careful), Box::new(plain))
}

/// `good` and `other` are two tokens; `revocable` holds until it is revoked; a role's word is a token of that role.
struct Tokens {
    world: World,
    expires_at: DateTime<Utc>,
}

#[async_trait]
impl Authenticate for Tokens {
    async fn authenticate(&self, bearer: &str) -> Result<Authenticated, Refused> {
        let key = match bearer {
            "good" => 1,
            "other" => 2,
            "revocable" if !self.world.is_revoked.load(Ordering::SeqCst) => 3,
            "away" => return Err(Refused::Unavailable),
            word => 10 + Role::from_str(word).map_err(|_| Refused::BadToken)? as u128,
        };
        let viewer = Viewer {
            seat_id: Uuid::from_u128(key),
            seat_version: 1,
            subject: bearer.into(),
            name: bearer.into(),
            role: Role::from_str(bearer).unwrap_or(Role::Revops),
            place: Place::Program(Uuid::from_u128(9)),
            bindings: Bindings::default(),
            token_id: None,
            data_version: self.world.facts.fetch_add(1, Ordering::SeqCst),
        };
        Ok(Authenticated { token_key: viewer.seat_id, viewer, expires_at: self.expires_at })
    }

    fn is_known(&self, bearer: &str) -> bool {
        bearer == "good"
    }
}

struct AlwaysReady;

#[async_trait]
impl Ready for AlwaysReady {
    async fn missing(&self) -> Option<&'static str> {
        None
    }
}

/// A server on a port of its own; it stops when it is dropped.
pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) world: World,
    pub(crate) clock: Clock,
    pub(crate) client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    running: Option<tokio::task::JoinHandle<()>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(Limits::default(), Documents::default()).await
    }

    pub(crate) async fn limited(limits: Limits) -> Self {
        Self::with(limits, Documents::default()).await
    }

    pub(crate) async fn with(limits: Limits, documents: Documents) -> Self {
        let world = World::default();
        let of_world = world.clone();
        Self::over(Contracts::from_each(|_| contract(&of_world)), world, limits, documents).await
    }

    /// The product's own schemas, without data: for what needs none.
    pub(crate) async fn real(schemas: &Schemas) -> Self {
        let limits = Limits { bucket: 1_000_000, ..Limits::default() };
        Self::over(Contracts::new(schemas), World::default(), limits, Documents::default()).await
    }

    async fn over(contracts: Contracts, world: World, limits: Limits, documents: Documents) -> Self {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let expires_at = clock.now() + TimeDelta::hours(1);
        let tokens = Arc::new(Tokens { world: world.clone(), expires_at });
        let http =
            Http::new(limits, contracts, tokens, Arc::new(AlwaysReady), Arc::new(|request, _| request), clock.clone())
                .with_documents(documents)
                .with_origins(vec!["https://front.example".parse().unwrap()]);
        let http = Arc::new(http);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = http.router(Router::new());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(serve(http, listener, router, async {
            let _ = stopped.await;
        }));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { address, world, clock, client, stop: Some(stop), running: Some(running) }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A POST to `/graphql` with a good token and a JSON body.
    pub(crate) fn post(&self, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
        self.client.post(self.url("/graphql")).bearer_auth("good").header("content-type", "application/json").body(body)
    }

    /// Runs an operation, and gives back the status and the answer.
    pub(crate) async fn ask(&self, body: serde_json::Value) -> (u16, serde_json::Value) {
        let response =
            self.post(body.to_string()).header("accept", "application/graphql-response+json").send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(crate) fn bumps(&self) -> usize {
        self.world.bumps.load(Ordering::SeqCst)
    }

    /// Tells the server to stop; the handle ends when it has.
    pub(crate) fn stop(&mut self) -> tokio::task::JoinHandle<()> {
        let _ = self.stop.take().unwrap().send(());
        self.running.take().unwrap()
    }
}

/// Panics, with words that no client may read.
fn blow_up<T>() -> T {
    std::panic::panic_any("a secret in a panic")
}
