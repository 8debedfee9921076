//! Uploads over HTTP: who may, what is answered, and what can be fetched afterwards.

use crate::support::SCHEMAS;
use crate::support::database::{Backend, Database};
use crate::support::import::Bench;
use api::auth::{Authenticated, Refused};
use api::http::{Authenticate, Contracts, Http, Ready, imports};
use api::limits::Limits;
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use domain::role::Role;
use domain::slice::Viewer;
use std::sync::Arc;
use tower::ServiceExt as _;

struct Roles(uuid::Uuid, chrono::DateTime<chrono::Utc>);

#[async_trait]
impl Authenticate for Roles {
    async fn authenticate(&self, bearer: &str) -> Result<Authenticated, Refused> {
        let role: Role = bearer.parse().map_err(|_| Refused::BadToken)?;
        let viewer = Viewer { role, ..Viewer::system(self.0) };
        Ok(Authenticated { token_key: viewer.seat_id, viewer, expires_at: self.1 })
    }
}

struct Always;

#[async_trait]
impl Ready for Always {
    async fn missing(&self) -> Option<&'static str> {
        None
    }
}

fn router(bench: &Bench) -> Router {
    let office = bench.caller.office.clone();
    let program = bench.caller.authorise(domain::role::Action::Import).unwrap().program_id();
    let tokens = Arc::new(Roles(program, office.clock.now() + TimeDelta::hours(1)));
    let contracts = Contracts::new(&SCHEMAS);
    let http = Arc::new(Http::new(
        Limits::default(),
        contracts,
        tokens,
        Arc::new(Always),
        Arc::new(|request, _| request),
        office.clock.clone(),
    ));
    http.router(imports::router(http.clone(), office, bench.folder.path().join("spool")))
}

async fn send(router: &Router, request: Request<Body>) -> (StatusCode, String) {
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    (status, String::from_utf8(to_bytes(response.into_body(), 10_000_000).await.unwrap().to_vec()).unwrap())
}

fn post(role: &str, map: &str, body: &str) -> Request<Body> {
    Request::post("/imports/deals")
        .header("authorization", format!("Bearer {role}"))
        .header("x-partnerloop-mapping", STANDARD.encode(map))
        .header("x-partnerloop-file-name", "../export.csv")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_imported_and_its_rejects_come_back() {
    let data = crate::support::tree::root().join("tests/data/nasty");
    for backend in Backend::all() {
        let bench = Bench::new(Database::fresh(backend)).await;
        let router = router(&bench);
        let read = |name: &str| std::fs::read_to_string(data.join(name)).unwrap();
        bench.import(domain::import::Object::Partners, &data.join("partners.csv"), &data.join("partners.toml")).await;
        let (status, body) = send(&router, post("REVOPS", &read("mapping.toml"), &read("nasty.csv"))).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
        let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
        let id = answer["id"].as_str().unwrap();
        let run: uuid::Uuid = answer["rejects"].as_str().unwrap().split('/').nth(2).unwrap().parse().unwrap();
        let mut progress = Box::pin(api::usecase::import::follow::follow(&bench.caller, run).unwrap());
        let mut last = None;
        while let Some(run) = futures_util::StreamExt::next(&mut progress).await {
            last = Some(run);
        }
        let last = last.unwrap();
        assert_eq!(
            (last.state, last.counts.rows_read, last.file_name.as_str()),
            (domain::import::run::RunState::Done, 80, "export.csv")
        );
        for path in [format!("/imports/{id}/rejects.csv"), format!("/imports/{run}/rejects.csv")] {
            let get = |role: &str| {
                Request::get(&path).header("authorization", format!("Bearer {role}")).body(Body::empty()).unwrap()
            };
            let (status, text) = send(&router, get("REVOPS")).await;
            assert_eq!(status, StatusCode::OK);
            assert!(text.contains("NEGATIVE_AMOUNT") && text.contains("N016,Deal 16: amount_negative"), "{text}");
            assert_eq!(send(&router, get("FINANCE")).await.0, StatusCode::FORBIDDEN);
            assert_eq!(send(&router, get("nobody")).await.0, StatusCode::UNAUTHORIZED);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_are_for_revops_and_a_bad_mapping_is_told_at_once() {
    let bench = Bench::new(Database::fresh(Backend::Sqlite)).await;
    let router = router(&bench);
    for role in ["OPERATOR", "FINANCE", "PARTNER", "PORTFOLIO", "LEADERSHIP"] {
        assert_eq!(send(&router, post(role, "", "")).await.0, StatusCode::FORBIDDEN, "{role}");
    }
    assert_eq!(send(&router, post("nobody", "", "")).await.0, StatusCode::UNAUTHORIZED);
    let (status, body) =
        send(&router, post("REVOPS", "[fields]\nexternal_id = \"id\"\ncolour = \"x\"\n", "id\n1\n")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("fields.colour") && body.contains("fields.opened_on"), "{body}");
    let lookup = "[fields]\nexternal_id = \"id\"\nopened_on = \"o\"\noutcome = { column = \"x\", lookup = { file = \"/etc/passwd\", key = \"a\", value = \"b\" } }\n[attribution]\notherwise = \"direct\"\n";
    assert_eq!(send(&router, post("REVOPS", lookup, "id\n1\n")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(bench.number("SELECT CAST(COUNT(*) AS bigint) FROM import_run").await, 0);
}
