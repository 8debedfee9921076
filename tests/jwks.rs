//! An identity provider's keys: how they come, turn over, and hold while the provider is down; and what `serve` refuses.

use crate::support::database::{Backend, Database};
use crate::support::forge::Pair;
use api::auth::{Jwks, Settings, serve};
use api::clock::Clock;
use api::usecase::seat::{Facts, Who};
use api::usecase::signing::{Purpose, generate, kept};
use api::usecase::{Caller, Office, program, seat};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use domain::role::Role;
use entity::Store;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

const IDP: &str = "https://idp.test";

/// What the provider answers, and how often it was asked.
#[derive(Default)]
struct Answer {
    body: Mutex<(u16, String)>,
    asked: AtomicUsize,
}

impl Answer {
    fn set(&self, keys: &[&Pair]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        self.raw(200, json!({ "keys": keys }).to_string());
    }

    fn raw(&self, status: u16, body: String) {
        *self.body.lock().unwrap() = (status, body);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A provider on the loopback; it ends with the test's runtime.
async fn provider() -> (String, Arc<Answer>) {
    let answer = Arc::new(Answer::default());
    let app = axum::Router::new()
        .route(
            "/jwks",
            get(|State(answer): State<Arc<Answer>>| async move {
                answer.asked.fetch_add(1, Ordering::SeqCst);
                let (status, body) = answer.body.lock().unwrap().clone();
                (StatusCode::from_u16(status).unwrap(), body)
            }),
        )
        .route("/moved", get(|| async { axum::response::Redirect::temporary("/jwks") }))
        .with_state(answer.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, answer)
}

/// A configured server: its folder, office and settings.
struct Configured {
    _database: Database,
    folder: TempDir,
    office: Office,
    settings: Settings,
    now: DateTime<Utc>,
}

impl Configured {
    async fn new(issuers: &str) -> Self {
        let database = Database::fresh(Backend::Sqlite);
        let now: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        let office = Office::new(Store::connect(&database.url, 2).await.unwrap(), Clock::fixed(now));
        let new = program::New {
            slug: "acme".into(),
            name: "Acme".into(),
            currency: "USD".into(),
            zone: "UTC".into(),
            fiscal_start_month: 1,
        };
        let acme = Caller::system(office.clone(), program::create(&office, new).await.unwrap().id);
        let facts = Facts { name: Some("Ada".into()), role: Some(Role::Finance), ..Facts::default() };
        seat::grant(&acme, Who { issuer: IDP.into(), subject: "ada".into() }, facts, None).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (list, key) = (folder.path().join("issuers.toml"), folder.path().join("key.pem"));
        std::fs::write(&list, issuers).unwrap();
        write_key(&key, &generate().unwrap(), 0o600);
        let settings = Settings { issuers: Some(list), signing_key: Some(key), retired_keys: Vec::new() };
        Self { _database: database, folder, office, settings, now }
    }

    async fn refusals(&self) -> Vec<String> {
        match serve(self.office.clone(), &self.settings).await {
            Ok(_) => Vec::new(),
            Err(why) => why.iter().map(ToString::to_string).collect(),
        }
    }

    fn token(&self, key: &Pair) -> String {
        let now = self.office.clock.now().timestamp();
        key.token(&json!({ "iss": IDP, "aud": "api", "sub": "ada", "iat": now, "exp": now + 86_400 }))
    }
}

fn write_key(path: &Path, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn by_url(url: &str) -> String {
    format!("[[issuer]]\nissuer = \"{IDP}\"\naudience = \"api\"\njwks_url = \"{url}/jwks\"\nprograms = [\"acme\"]\n")
}

#[tokio::test]
async fn keys_turn_over_and_a_withdrawn_key_stops_within_the_cache_time() {
    let (url, answer) = provider().await;
    let it = Configured::new(&by_url(&url)).await;
    let (old, new) = (Pair::rsa("old"), Pair::ed("new"));
    answer.set(&[&old]);
    let auth = serve(it.office.clone(), &it.settings).await.unwrap().authenticator;
    assert!(!auth.is_ready());
    auth.warm().await;
    assert!(auth.is_ready());
    let (by_old, by_new) = (it.token(&old), it.token(&new));
    assert!(auth.authenticate(&by_old).await.is_ok());
    assert!(auth.authenticate(&by_new).await.is_err());
    assert_eq!(answer.asked(), 1, "an unknown kid within 30 s of the last fetch asks nobody");

    // Both are published: an unknown kid fetches as soon as it may.
    answer.set(&[&old, &new]);
    it.office.clock.advance(TimeDelta::seconds(30));
    assert!(auth.authenticate(&by_new).await.is_ok());
    assert!(auth.authenticate(&by_old).await.is_ok());
    assert_eq!(answer.asked(), 2);

    // The old one is withdrawn: its kept check ends with the key set, at the latest after 300 s.
    answer.set(&[&new]);
    it.office.clock.advance(TimeDelta::seconds(300));
    assert!(auth.authenticate(&by_old).await.is_err());
    assert!(auth.authenticate(&by_new).await.is_ok());
    assert_eq!(answer.asked(), 3);

    // Nothing is left: an empty set is an answer, too.
    answer.set(&[]);
    it.office.clock.advance(TimeDelta::seconds(300));
    assert!(auth.authenticate(&by_new).await.is_err());
}

#[tokio::test]
async fn unknown_kids_cost_the_provider_one_fetch_in_thirty_seconds() {
    let (url, answer) = provider().await;
    let it = Configured::new(&by_url(&url)).await;
    let known = Pair::ed("known");
    answer.set(&[&known]);
    let auth = serve(it.office.clone(), &it.settings).await.unwrap().authenticator;
    let kids: Vec<&'static str> = vec!["a", "b", "c", "d", "e", "f", "g", "h"];
    for round in 1..=3 {
        let attempts = kids.iter().map(|kid| {
            let (auth, token) = (auth.clone(), it.token(&Pair::ed(kid)));
            tokio::spawn(async move { auth.authenticate(&token).await.is_err() })
        });
        for attempt in attempts.collect::<Vec<_>>() {
            assert!(attempt.await.unwrap());
        }
        assert_eq!(answer.asked(), round);
        it.office.clock.advance(TimeDelta::seconds(30));
    }
    assert!(auth.authenticate(&it.token(&known)).await.is_ok());
}

#[tokio::test]
async fn the_server_serves_while_the_provider_is_down_for_a_day() {
    let (url, answer) = provider().await;
    let it = Configured::new(&by_url(&url)).await;
    let key = Pair::ec("ec");
    answer.set(&[&key]);
    let auth = serve(it.office.clone(), &it.settings).await.unwrap().authenticator;
    let old_token = it.token(&key);
    assert!(auth.authenticate(&old_token).await.is_ok());
    for broken in [
        (503, "down".to_owned()),
        (200, "<html>".into()),
        (200, "{\"keys\":7}".into()),
        (200, " ".repeat(300_000)),
        (404, "{\"keys\":[]}".into()),
    ] {
        answer.raw(broken.0, broken.1);
        it.office.clock.advance(TimeDelta::hours(4));
        assert!(auth.authenticate(&it.token(&key)).await.is_ok());
    }
    // Twenty hours so far; a day after the last answer the keys are nobody's.
    it.office.clock.advance(TimeDelta::hours(4));
    assert!(auth.authenticate(&it.token(&key)).await.is_ok());
    it.office.clock.advance(TimeDelta::seconds(1));
    assert!(auth.authenticate(&it.token(&key)).await.is_err());
    assert!(!auth.is_ready());
    answer.set(&[&key]);
    it.office.clock.advance(TimeDelta::seconds(30));
    assert!(auth.authenticate(&it.token(&key)).await.is_ok());
    assert!(it.office.clock.now() > it.now);
}

#[tokio::test]
async fn keys_that_are_not_for_signatures_are_left_out_one_by_one() {
    let (url, answer) = provider().await;
    let it = Configured::new(&by_url(&url)).await;
    let kids = ["enc", "oct", "private", "wrong-alg", "twice", "twice", "weak", "curve", "ops", "good"];
    let pairs: Vec<Pair> = kids.iter().map(|kid| Pair::ed(kid)).collect();
    let mut jwks: Vec<Value> = pairs.iter().map(Pair::jwk).collect();
    jwks[0]["use"] = "enc".into();
    jwks[1] = json!({ "kty": "oct", "kid": "oct", "k": jwks[1]["x"], "alg": "HS256" });
    jwks[2]["d"] = "AA".into();
    jwks[3]["alg"] = "HS256".into();
    jwks[6] = json!({ "kty": "RSA", "kid": "weak", "n": "AQAB", "e": "AQAB" });
    jwks[7]["crv"] = "X25519".into();
    jwks[8]["key_ops"] = json!(["sign"]);
    jwks.push(json!({ "kty": "EC" }));
    jwks.push(json!({}));
    answer.raw(200, json!({ "keys": jwks, "more": 1 }).to_string());
    let auth = serve(it.office.clone(), &it.settings).await.unwrap().authenticator;
    auth.warm().await;
    for pair in &pairs {
        assert_eq!(auth.authenticate(&it.token(pair)).await.is_ok(), pair.kid == "good", "{}", pair.kid);
    }
}

#[tokio::test]
async fn only_a_safe_url_is_asked_and_no_redirect_is_followed() {
    let clock = Clock::system();
    for bad in [
        "http://idp.test/jwks",
        "file:///etc/passwd",
        "ftp://idp.test",
        "idp.test",
        "",
        "http://localhost.evil.test/jwks",
        "http://127.0.0.1.evil.test/",
    ] {
        assert!(Jwks::new(bad, None, clock.clone()).is_err(), "{bad}");
    }
    for good in ["https://idp.test/jwks", "http://localhost:1/jwks", "http://127.0.0.1:1/", "http://[::1]:1/"] {
        assert!(Jwks::new(good, None, clock.clone()).is_ok(), "{good}");
    }
    let (url, answer) = provider().await;
    answer.set(&[&Pair::ed("ed")]);
    let moved = Arc::new(Jwks::new(&format!("{url}/moved"), None, clock).unwrap());
    assert_eq!(moved.set().await.iter().count(), 0);
    assert_eq!(answer.asked(), 0);
}

#[tokio::test]
async fn serve_refuses_what_is_unsafe_and_says_why() {
    let mut it = Configured::new(&by_url("https://idp.test")).await;
    assert_eq!(it.refusals().await, Vec::<String>::new());
    let list = it.settings.issuers.clone().unwrap();
    let key = it.settings.signing_key.clone().unwrap();
    let weak = "-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDdlatRjRjogo3WojgGHFHYLugd\nUWAY9iR3fy4arWNA1KoS8kVw33cJibXr8bvwUAUparCwlvdbH6dvEOfou0/gCFQs\nHUfQrSDv+MuSUMAe8jzKE4qW+jK+xQU9a03GUnKHkkle+Q0pX/g6jXZ7r1/xAK5D\no2kQ+X5xK9cipRgEKwIDAQAB\n-----END PUBLIC KEY-----\n";
    std::fs::write(it.folder.path().join("weak.pem"), weak).unwrap();
    std::fs::write(it.folder.path().join("good.pem"), Pair::rsa("good").pem()).unwrap();
    std::fs::write(it.folder.path().join("private.pem"), generate().unwrap()).unwrap();
    let dev = kept(&it.office, Purpose::Dev).await.unwrap();
    std::fs::write(it.folder.path().join("dev.pem"), dev.public_pem()).unwrap();
    let by_file = |file: &str, alg: &str| {
        format!(
            "[[issuer]]\nissuer = \"{IDP}\"\naudience = \"api\"\nprograms = [\"acme\"]\n[[issuer.key]]\nkid = \"k\"\nalg = \"{alg}\"\nfile = \"{file}\"\n"
        )
    };
    let base = by_url("https://idp.test");
    let cases = [
        (String::new(), "no identity provider is configured"),
        (base.replace(IDP, "partnerloop-dev"), "is the development key's"),
        (base.replace(IDP, "partnerloop"), "this server's own name"),
        (base.replace(IDP, ""), "an empty `issuer`"),
        (base.replace("audience = \"api\"\n", ""), "has no `audience`"),
        (base.replace("programs = [\"acme\"]\n", ""), "bound to no program"),
        (base.replace("https://idp.test/jwks", "http://idp.test/jwks"), "must begin with https://"),
        (format!("{base}typ = []\n"), "accepts no `typ`"),
        (format!("{base}colour = \"red\"\n"), "unknown field `colour`"),
        (format!("{base}{base}"), "is configured twice"),
        (base.replace("jwks_url", "#"), "needs either `jwks_url` or [[issuer.key]]"),
        (by_file("weak.pem", "RS256"), "its RSA modulus has 1024 bits"),
        (by_file("good.pem", "ES256"), "it is not a public key for ES256"),
        (by_file("good.pem", "HS256"), "unknown variant `HS256`"),
        (by_file("private.pem", "EdDSA"), "it is a private key"),
        (by_file("dev.pem", "EdDSA"), "is the development key"),
        (by_file("none.pem", "EdDSA"), "cannot be read"),
        (
            format!(
                "{}{}",
                by_file("good.pem", "RS256"),
                "[[issuer.key]]\nkid = \"k\"\nalg = \"RS256\"\nfile = \"good.pem\"\n"
            ),
            "two keys of one `kid`",
        ),
    ];
    for (text, expected) in cases {
        std::fs::write(&list, &text).unwrap();
        let said = it.refusals().await;
        assert!(said.len() == 1 && said[0].contains(expected), "{expected}: {said:?}\n{text}");
        assert!(!said[0].contains('\n'), "one sentence: {said:?}");
    }
    std::fs::write(&list, by_file("good.pem", "RS256")).unwrap();
    assert_eq!(it.refusals().await, Vec::<String>::new());

    let good = std::fs::read_to_string(&key).unwrap();
    let kept_pem = entity::server_key::find(it.office.store.read(), "DEV").await.unwrap().unwrap().private_pem;
    for (text, mode, expected) in [
        (good.as_str(), 0o604, "every user of this machine"),
        (good.as_str(), 0o602, "every user of this machine"),
        ("x", 0o600, "not a PKCS#8 PEM file"),
        (kept_pem.as_str(), 0o600, "is the development key"),
    ] {
        write_key(&key, text, mode);
        let said = it.refusals().await;
        assert!(said.len() == 1 && said[0].contains(expected), "{expected}: {said:?}");
    }
    it.settings = Settings::default();
    let said = it.refusals().await;
    assert_eq!(said.len(), 2, "every reason at once: {said:?}");
}

#[tokio::test]
async fn the_keys_that_we_publish_verify_what_we_mint_and_are_public_only() {
    let mut it = Configured::new(&by_url("https://idp.test")).await;
    let before = generate().unwrap();
    let retired = it.folder.path().join("retired.pem");
    let old = api::usecase::signing::SigningKey::from_pem(Purpose::Mint, &before).unwrap();
    std::fs::write(&retired, old.public_pem()).unwrap();
    it.settings.retired_keys = vec![retired];
    let identity = serve(it.office.clone(), &it.settings).await.unwrap();
    let set: Value = serde_json::from_str(&identity.jwks).unwrap();
    let keys = set["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 3);
    assert_eq!(keys[1]["kid"], old.kid());
    assert_eq!(keys[2]["purpose"], "partnerloop-ledger");
    for key in keys {
        let mut names: Vec<&String> = key.as_object().unwrap().keys().filter(|name| *name != "purpose").collect();
        names.sort();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"]);
    }
    let minted = identity.office.mint.clone().unwrap();
    assert_eq!(keys[0]["kid"], minted.kid());
}
