//! Tokens over HTTP: what a bad one is answered, and a partner's token from minting to revocation.

use crate::support::SCHEMAS;
use crate::support::database::{Backend, Database};
use crate::support::forge::{Pair, hmac, unsigned};
use crate::support::world::administrative_layer;
use api::auth::{Authenticated, Authenticator, Identity, demo};
use api::cli::token::sign;
use api::clock::Clock;
use api::graphql::prepare;
use api::http::{Contracts, Http, Ready, serve};
use api::limits::Limits;
use api::usecase::seat::{Facts, Who};
use api::usecase::{Caller, Office, program, seat};
use async_trait::async_trait;
use domain::role::Role;
use domain::seat::DEV_ISSUER;
use entity::Store;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

struct Always;

#[async_trait]
impl Ready for Always {
    async fn missing(&self) -> Option<&'static str> {
        None
    }
}

/// A server as `demo` starts it, with people of every kind of binding.
struct Server {
    _database: Database,
    _stop: oneshot::Sender<()>,
    office: Office,
    authenticator: Arc<Authenticator>,
    url: String,
    client: reqwest::Client,
    partner: String,
}

impl Server {
    async fn start(backend: Backend) -> Self {
        let database = Database::fresh(backend);
        let office = Office::new(
            Store::connect(&database.url, 4).await.unwrap(),
            Clock::fixed("2026-03-01T12:00:00Z".parse().unwrap()),
        );
        let new = program::New {
            slug: "acme".into(),
            name: "Acme".into(),
            currency: "USD".into(),
            zone: "UTC".into(),
            fiscal_start_month: 1,
        };
        let acme = Caller::system(office.clone(), program::create(&office, new).await.unwrap().id);
        for (subject, role) in [("rex", Role::Revops), ("fin", Role::Finance), ("ops", Role::Operator)] {
            let facts = Facts { name: Some(subject.to_uppercase()), role: Some(role), ..Facts::default() };
            seat::grant(&acme, Who { issuer: DEV_ISSUER.into(), subject: subject.into() }, facts, None).await.unwrap();
        }
        let Identity { authenticator, office, .. } = demo(office).await.unwrap();
        let own = office.clone();
        let equip = move |request, who: &Authenticated| {
            prepare(request, Caller::new(own.clone(), Arc::new(who.viewer.clone())))
        };
        let http = Arc::new(Http::new(
            Limits::default(),
            Contracts::new(&SCHEMAS),
            authenticator.clone(),
            Arc::new(Always),
            Arc::new(equip),
            office.clock.clone(),
        ));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let router = http.router(axum::Router::new());
        tokio::spawn(async move {
            serve(http, listener, router, async move {
                let _ = stopped.await;
            })
            .await;
        });
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        let mut server =
            Self { _database: database, _stop: stop, office, authenticator, url, client, partner: String::new() };
        let made = server
            .ask("rex", "mutation { partnerCreate(input: {name: \"Contoso\", kind: RESELLER, externalId: \"C-1\"}) { partner { id } userErrors { message } } }")
            .await;
        server.partner =
            made["data"]["partnerCreate"]["partner"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        server
    }

    async fn token(&self, subject: &str) -> String {
        sign(&self.office, subject.into(), Some("acme".into()), None, Duration::from_secs(3600)).await.unwrap()
    }

    /// The whole answer, as bytes that can be compared: status, headers that matter, body.
    async fn raw(&self, authorization: Option<&str>) -> (u16, Vec<(String, String)>, String) {
        let mut request = self.client.post(&self.url).json(&json!({ "query": "{ __typename }" }));
        if let Some(text) = authorization {
            request = request.header("authorization", text);
        }
        let answer = request.send().await.unwrap();
        let left_out = ["date", "x-request-id"];
        let mut headers: Vec<(String, String)> = (answer.headers().iter())
            .filter(|(name, _)| !left_out.contains(&name.as_str()))
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        headers.sort();
        (answer.status().as_u16(), headers, answer.text().await.unwrap())
    }

    async fn with(&self, token: &str, query: &str) -> Value {
        let request = self.client.post(&self.url).bearer_auth(token).json(&json!({ "query": query }));
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn ask(&self, subject: &str, query: &str) -> Value {
        self.with(&self.token(subject).await, query).await
    }
}

#[tokio::test]
async fn every_bad_token_is_answered_with_the_same_bytes() {
    let server = Server::start(Backend::Sqlite).await;
    let good = server.token("fin").await;
    assert_eq!(server.raw(Some(&format!("Bearer {good}"))).await.0, 200);
    let stranger = Pair::ed("dev");
    let now = server.office.clock.now().timestamp();
    let claims = json!({ "iss": DEV_ISSUER, "aud": "partnerloop", "sub": "fin", "iat": now, "nbf": now, "exp": now + 60, "program": "acme" });
    let header = json!({ "alg": "none", "kid": "dev", "typ": "partnerloop-dev+jwt" });
    let (rest, signature) = good.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let expired = sign(&server.office, "fin".into(), Some("acme".into()), None, Duration::from_secs(1)).await.unwrap();
    let bad = [
        None,
        Some(String::new()),
        Some("Bearer".into()),
        Some("Bearer ".into()),
        Some("Basic dXNlcjpwYXNz".into()),
        Some(good.clone()),
        Some("Bearer x.y.z".into()),
        Some(format!("Bearer {}", stranger.token(&claims))),
        Some(format!("Bearer {}", unsigned(&header, &claims, ""))),
        Some(format!("Bearer {}", hmac("HS256", "dev", &stranger.der(), &claims))),
        Some(format!("Bearer {rest}.{first}{}", &signature[1..])),
        Some(format!("Bearer {}", server.token("nobody").await)),
        Some(format!(
            "Bearer {}",
            sign(&server.office, "fin".into(), Some("other".into()), None, Duration::from_secs(60)).await.unwrap()
        )),
        Some(format!("Bearer {expired}")),
    ];
    server.office.clock.advance(chrono::TimeDelta::seconds(2));
    let expected = server.raw(None).await;
    assert_eq!(expected.0, 401);
    assert!(
        expected.1.iter().any(|(name, value)| name == "www-authenticate" && value.starts_with("Bearer")),
        "{expected:?}"
    );
    for authorization in bad {
        let answer = server.raw(authorization.as_deref()).await;
        assert_eq!(answer, expected, "{authorization:?}");
    }
}

#[tokio::test]
async fn a_partner_token_from_minting_to_revocation() {
    for backend in Backend::all() {
        let server = Server::start(backend).await;
        let program = program::find_by_slug(&server.office, "acme").await.unwrap().unwrap();
        administrative_layer(&server.office, program.id).await;
        let mint = format!(
            "mutation {{ tokenMint(input: {{label: \"Contoso portal\", role: PARTNER, partnerId: \"{}\", expiresInDays: 60, idempotencyKey: \"k1\"}})
               {{ token {{ id state role partner {{ name }} mintedBy {{ name }} expiresAt lastUsedAt }} secret replayed userErrors {{ code path message }} }} }}",
            server.partner
        );
        let minted = server.ask("rex", &mint).await["data"]["tokenMint"].clone();
        assert_eq!(minted["userErrors"], json!([]), "{minted}");
        let expected = json!({ "id": minted["token"]["id"], "state": "ACTIVE", "role": "PARTNER", "partner": { "name": "Contoso" },
            "mintedBy": { "name": "REX" }, "expiresAt": "2026-04-30T12:00:00Z", "lastUsedAt": null });
        assert_eq!(minted["token"], expected);
        let secret = minted["secret"].as_str().unwrap().to_owned();
        let again = server.ask("rex", &mint).await["data"]["tokenMint"].clone();
        assert_eq!(
            (&again["secret"], &again["replayed"], &again["token"]["id"]),
            (&Value::Null, &json!(true), &minted["token"]["id"])
        );

        let viewer = "{ viewer { subject name role expiresAt program { slug } bindings { partners { name } pods { name } ownerExternalId } limits { maxPage depth bucketPoints } } }";
        let seen = server.with(&secret, viewer).await["data"]["viewer"].clone();
        assert_eq!(seen["role"], "PARTNER");
        assert_eq!(seen["name"], "Contoso portal");
        assert_eq!(seen["expiresAt"], "2026-04-30T12:00:00Z");
        assert_eq!(seen["program"]["slug"], "acme");
        assert_eq!(
            seen["bindings"],
            json!({ "partners": [{ "name": "Contoso" }], "pods": [], "ownerExternalId": null })
        );
        assert_eq!(seen["limits"], json!({ "maxPage": 100, "depth": 15, "bucketPoints": 1000 }));

        server.authenticator.settle().await;
        let list = "{ tokens(first: 5) { totalCount edges { node { label state lastUsedAt } } } }";
        let listed = server.ask("rex", list).await["data"]["tokens"].clone();
        let expected = json!({ "totalCount": 1, "edges": [{ "node": { "label": "Contoso portal", "state": "ACTIVE", "lastUsedAt": "2026-03-01T12:00:00Z" } }] });
        assert_eq!(listed, expected);

        let id = minted["token"]["id"].as_str().unwrap();
        let revoke = format!(
            "mutation {{ tokenRevoke(input: {{id: \"{id}\", expectedVersion: 1}}) {{ token {{ state version }} userErrors {{ code }} }} }}"
        );
        let revoked = server.ask("rex", &revoke).await["data"]["tokenRevoke"].clone();
        assert_eq!(revoked, json!({ "token": { "state": "REVOKED", "version": 2 }, "userErrors": [] }));
        assert_eq!(server.raw(Some(&format!("Bearer {secret}"))).await, server.raw(None).await);
        let stale = server.ask("rex", &revoke).await["data"]["tokenRevoke"].clone();
        assert_eq!(stale, json!({ "token": null, "userErrors": [{ "code": "STALE_VERSION" }] }));
    }
}

#[tokio::test]
async fn a_machine_token_cannot_make_itself_a_successor() {
    let server = Server::start(Backend::Sqlite).await;
    let mint =
        "mutation { tokenMint(input: {label: \"sync\", role: REVOPS}) { secret userErrors { code path message } } }";
    let secret = server.ask("rex", mint).await["data"]["tokenMint"]["secret"].as_str().unwrap().to_owned();
    assert_eq!(server.with(&secret, "{ viewer { role } }").await["data"]["viewer"]["role"], "REVOPS");
    let grant = "mutation { seatGrant(input: {issuer: \"partnerloop-dev\", subject: \"evil\", name: \"E\", role: REVOPS}) { seat { id } } }";
    for mutation in [mint, grant, "mutation { podCreate(input: {name: \"P\"}) { pod { id } } }"] {
        let refused = server.with(&secret, mutation).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    }
}

#[tokio::test]
async fn seats_and_pods_through_the_api() {
    for backend in Backend::all() {
        let server = Server::start(backend).await;
        // Seats are listed by when they were recorded.
        server.office.clock.advance(chrono::TimeDelta::seconds(1));
        let pod = format!(
            "mutation {{ podCreate(input: {{name: \"East\", partnerIds: [\"{}\"]}}) {{ pod {{ id name version partners {{ name }} }} userErrors {{ code }} }} }}",
            server.partner
        );
        let pod = server.ask("rex", &pod).await["data"]["podCreate"]["pod"].clone();
        assert_eq!((&pod["name"], &pod["partners"]), (&json!("East"), &json!([{ "name": "Contoso" }])));
        let grant = format!(
            "mutation {{ seatGrant(input: {{issuer: \"partnerloop-dev\", subject: \"eve\", name: \"Eve\", role: PARTNER_AE, podIds: [{}]}})
               {{ seat {{ id version role pods {{ name }} partners {{ name }} revokedAt }} userErrors {{ code path }} }} }}",
            pod["id"]
        );
        let seat = server.ask("rex", &grant).await["data"]["seatGrant"]["seat"].clone();
        assert_eq!(
            (&seat["version"], &seat["pods"], &seat["revokedAt"]),
            (&json!(1), &json!([{ "name": "East" }]), &Value::Null)
        );
        let bindings = "{ viewer { bindings { pods { id name } partners { name } } } }";
        let seen = server.ask("eve", bindings).await["data"]["viewer"]["bindings"].clone();
        assert_eq!(seen, json!({ "pods": [{ "id": pod["id"], "name": "East" }], "partners": [{ "name": "Contoso" }] }));

        let bad = format!(
            "mutation {{ seatUpdate(input: {{id: {0}, partnerIds: [{0}]}}) {{ seat {{ id }} userErrors {{ code path }} }} }}",
            seat["id"]
        );
        let refused = server.ask("rex", &bad).await["data"]["seatUpdate"].clone();
        assert_eq!(
            refused,
            json!({ "seat": null, "userErrors": [{ "code": "NOT_FOUND", "path": ["input", "partnerIds", "0"] }] })
        );
        let empty = format!(
            "mutation {{ podUpdate(input: {{id: {}, expectedVersion: 1, partnerIds: []}}) {{ pod {{ version }} userErrors {{ code }} }} }}",
            pod["id"]
        );
        assert_eq!(
            server.ask("rex", &empty).await["data"]["podUpdate"],
            json!({ "pod": { "version": 2 }, "userErrors": [] })
        );
        assert_eq!(server.ask("eve", bindings).await["data"]["viewer"]["bindings"]["partners"], json!([]));
        let node = format!(
            "{{ node(id: {}) {{ __typename id }} pods {{ name }} seats(last: 1) {{ totalCount edges {{ node {{ subject version }} }} }} }}",
            seat["id"]
        );
        let seen = server.ask("ops", &node).await["data"].clone();
        assert_eq!(seen["node"], json!({ "__typename": "Seat", "id": seat["id"] }));
        assert_eq!(
            seen["seats"],
            json!({ "totalCount": 4, "edges": [{ "node": { "subject": "eve", "version": 2 } }] })
        );
        let revoke = format!(
            "mutation {{ seatRevoke(input: {{id: {}}}) {{ seat {{ revokedAt }} userErrors {{ code }} }} }}",
            seat["id"]
        );
        assert_eq!(server.ask("rex", &revoke).await["data"]["seatRevoke"]["seat"]["revokedAt"], "2026-03-01T12:00:01Z");
        assert_eq!(server.raw(Some(&format!("Bearer {}", server.token("eve").await))).await.0, 401);
    }
}

#[tokio::test]
async fn identity_is_unknown_to_other_roles() {
    let server = Server::start(Backend::Sqlite).await;
    for (who, query) in [
        ("fin", "{ tokens { totalCount } }"),
        ("ops", "{ tokens { totalCount } }"),
        ("fin", "{ seats { totalCount } }"),
        ("fin", "{ pods { id } }"),
        ("ops", "mutation { seatRevoke(input: {id: \"x\"}) { replayed } }"),
        ("fin", "{ __type(name: \"Seat\") { name } }"),
    ] {
        let answer = server.ask(who, query).await;
        let is_hidden = answer["data"] == json!({ "__type": null })
            || answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED";
        assert!(is_hidden, "{who} {query}: {answer}");
    }
}
