//! A running server over a fresh database, and the seats that ask it. It reads like a sentence:
//! `app.as_role(Role::Finance).query("{ … }").await`.

use super::ask::Ask;
use super::database::{Backend, Database};
use super::world::World;
use api::clock::Clock;
use api::http::explorer::{DemoSeat, DemoSeats};
use api::limits::Limits;
use api::usecase::Office;
use api::usecase::signing::{AUDIENCE, Purpose, SignedClaims, SigningKey, kept};
use chrono::{DateTime, TimeDelta, Utc};
use domain::role::Role;
use domain::seat::DEV_ISSUER;
use entity::Store;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use strum::IntoEnumIterator;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Monday, 5 October 2026, 09:00 UTC: the first working day after the third quarter of a calendar year.
pub(crate) fn start() -> DateTime<Utc> {
    "2026-10-05T09:00:00Z".parse().unwrap()
}

/// Runs the body on every back end of this run: SQLite, and PostgreSQL where `scripts/test` started one.
pub(crate) fn on_every_backend(body: impl AsyncFn(App)) {
    on_every_backend_with(patient(), body);
}

/// Runs the body on every back end, with other limits than a server has by itself.
pub(crate) fn on_every_backend_with(limits: Limits, body: impl AsyncFn(App)) {
    for backend in Backend::all() {
        on(backend, limits, &body);
    }
}

/// Runs the body on SQLite only: for what no back end can change.
pub(crate) fn on_sqlite(body: impl AsyncFn(App)) {
    on(Backend::Sqlite, patient(), &body);
}

/// The server's own limits, but for buckets that never run dry: a test asks thousands of questions in a second, and comes with
/// hundreds of bad tokens.
pub(crate) fn patient() -> Limits {
    Limits { bucket: u64::from(u32::MAX), failed_sign_ins: u64::from(u32::MAX), ..Limits::default() }
}

/// Longer than any test takes on a busy machine: one that waits in vain fails, instead of keeping all others from their end.
const LONGEST: Duration = Duration::from_secs(600);

fn on(backend: Backend, limits: Limits, body: &impl AsyncFn(App)) {
    // The runner shows it when the test fails.
    println!("on {backend}");
    let (database, world) = Database::with_world(backend);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(api::limits::STACK)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let app = App::start(&database.url, limits, world).await;
        let run = tokio::time::timeout(LONGEST, body(app)).await;
        assert!(run.is_ok(), "not at its end after {LONGEST:?} on {backend}: it waits for what does not come");
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
}

/// A running server with a world in its database.
pub(crate) struct App {
    /// The clock: it stands still until a test moves it.
    pub(crate) clock: Clock,
    /// The server's means, for what a test sets up or looks at beside the API.
    pub(crate) office: Office,
    /// What is in the database.
    pub(crate) world: World,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    client: reqwest::Client,
    key: SigningKey,
    url: String,
    server: JoinHandle<()>,
}

impl Drop for App {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl App {
    async fn start(url: &str, limits: Limits, world: World) -> Self {
        let clock = Clock::fixed(start());
        let store = Store::connect(url, 8).await.unwrap();
        let identity = api::auth::demo(Office::new(store, clock.clone())).await.unwrap();
        let office = identity.office.clone();
        let key = kept(&office, Purpose::Dev).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tokens: Vec<DemoSeat> = Role::iter()
            .map(|role| DemoSeat {
                role,
                name: format!("{} of home", role.word()),
                token: token(&key, &clock, &World::subject(role)),
            })
            .collect();
        let demo: DemoSeats = Arc::new(move || tokens.clone());
        let server = tokio::spawn(super::server::run(identity, listener, limits, demo));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { clock, office, world, address, client, key, url: url.to_owned(), server }
    }

    /// Another process on the same database: its own connections, its own port, the same clock.
    pub(crate) async fn beside(&self) -> Beside {
        let store = Store::connect(&self.url, 8).await.unwrap();
        let identity = api::auth::demo(Office::new(store, self.clock.clone())).await.unwrap();
        let office = identity.office.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(super::server::run(identity, listener, patient(), Arc::new(Vec::new)));
        Beside { office, address, server }
    }

    /// The world's seat of a role, in the first program.
    pub(crate) fn as_role(&self, role: Role) -> Seat<'_> {
        self.as_subject(&World::subject(role))
    }

    /// Another seat, by its subject.
    pub(crate) fn as_subject(&self, subject: &str) -> Seat<'_> {
        Seat { app: self, authorization: Some(format!("Bearer {}", self.token(subject))) }
    }

    /// Somebody with this token, whatever it is.
    pub(crate) fn with_token(&self, token: &str) -> Seat<'_> {
        Seat { app: self, authorization: Some(format!("Bearer {token}")) }
    }

    /// Somebody without a token.
    pub(crate) fn as_nobody(&self) -> Seat<'_> {
        Seat { app: self, authorization: None }
    }

    /// A token of a subject, good for a day by the app's clock.
    pub(crate) fn token(&self, subject: &str) -> String {
        token(&self.key, &self.clock, subject)
    }

    /// An id that is there for each root field that takes one.
    pub(crate) fn ids(&self) -> BTreeMap<String, String> {
        self.world.ids()
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The client, for requests that are not GraphQL.
    pub(crate) const fn client(&self) -> &reqwest::Client {
        &self.client
    }
}

/// Another server on an app's database.
pub(crate) struct Beside {
    pub(crate) office: Office,
    pub(crate) address: SocketAddr,
    server: JoinHandle<()>,
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn token(key: &SigningKey, clock: &Clock, subject: &str) -> String {
    let (from, to) = (clock.now(), clock.now() + TimeDelta::hours(24));
    let claims = SignedClaims {
        iss: DEV_ISSUER,
        aud: AUDIENCE,
        sub: subject.to_owned(),
        iat: from.timestamp(),
        nbf: from.timestamp(),
        exp: to.timestamp(),
        jti: None,
        program: None,
        portfolio: None,
    };
    key.sign(&claims).unwrap()
}

/// Somebody who asks.
pub(crate) struct Seat<'a> {
    app: &'a App,
    authorization: Option<String>,
}

impl Seat<'_> {
    /// Asks with a document alone.
    pub(crate) async fn query(&self, document: &str) -> Answer {
        self.query_with(document, json!({})).await
    }

    /// Asks with variables.
    pub(crate) async fn query_with(&self, document: &str, variables: Value) -> Answer {
        self.send(&Ask { document: document.to_owned(), variables }).await
    }

    /// Calls a mutation with `$input` and returns its payload: `seat.change("segmentCreate", json!({…}), "segment { id }")`.
    pub(crate) async fn change(&self, mutation: &str, input: Value, select: &str) -> Value {
        let ty = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let document = format!(
            "mutation($input: {ty}!) {{ {mutation}(input: $input) {{ {select} userErrors {{ code message path rule }} }} }}"
        );
        self.query_with(&document, json!({ "input": input })).await.data()[mutation].clone()
    }

    /// Sends an ask as it is.
    pub(crate) async fn send(&self, ask: &Ask) -> Answer {
        let body = json!({ "query": ask.document, "variables": ask.variables });
        let request = self
            .app
            .client
            .post(self.app.url("/graphql"))
            .header("accept", "application/graphql-response+json")
            .json(&body);
        let response = self.authorize(request).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|why| panic!("{status}, not JSON ({why}): {text}"));
        Answer { status, body, asked: ask.document.clone() }
    }

    /// The text behind a path.
    pub(crate) async fn get(&self, path: &str) -> String {
        self.authorize(self.app.client.get(self.app.url(path))).send().await.unwrap().text().await.unwrap()
    }

    /// The request with this caller's token.
    pub(crate) fn authorize(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    asked: String,
}

impl Answer {
    /// The data of an answer without errors.
    #[track_caller]
    pub(crate) fn data(&self) -> &Value {
        assert!(self.body["errors"].is_null(), "{}\n{}", self.asked, self.body);
        &self.body["data"]
    }

    /// The errors of an answer that has some.
    #[track_caller]
    pub(crate) fn errors(&self) -> &Vec<Value> {
        self.body["errors"].as_array().unwrap_or_else(|| panic!("no errors: {}\n{}", self.asked, self.body))
    }

    /// The codes of the errors, if there are any.
    pub(crate) fn codes(&self) -> Vec<String> {
        let list = self.body["errors"].as_array().cloned().unwrap_or_default();
        list.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("none").to_owned()).collect()
    }
}

/// So that a body can use the server's means directly.
impl Deref for App {
    type Target = Office;
    fn deref(&self) -> &Office {
        &self.office
    }
}
