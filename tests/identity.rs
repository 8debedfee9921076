//! Who is calling: what a good token gives, and that every bad one is answered alike.

mod attacks;

use crate::support::database::{Backend, Database};
use crate::support::forge::Pair;
use api::auth::{Authenticator, Binding, Issuer, KeySet, Keys, Refused, VerifyingKey};
use api::clock::Clock;
use api::usecase::seat::{Facts, Who};
use api::usecase::signing::{AUDIENCE, Purpose, SignedClaims, SigningKey, generate};
use api::usecase::token::New;
use api::usecase::{Caller, Office, pod, portfolio, program, seat, token};
use chrono::{DateTime, TimeDelta, Utc};
use domain::role::Role;
use domain::seat::{DEV_ISSUER, MINT_ISSUER};
use entity::Store;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

const IDP: &str = "https://idp.test";
const API: &str = "https://api.test";

/// A server's identity with an identity provider, two programs and some people.
struct Scene {
    _database: Database,
    office: Office,
    authenticator: Authenticator,
    acme: Caller,
    now: DateTime<Utc>,
    rsa: Pair,
    ec: Pair,
    ed: Pair,
    mint: SigningKey,
}

fn jwk(key: &Pair) -> VerifyingKey {
    VerifyingKey::from_jwk(key.jwk().as_object().unwrap()).unwrap()
}

fn new_program(slug: &str) -> program::New {
    program::New {
        slug: slug.into(),
        name: slug.into(),
        currency: "USD".into(),
        zone: "UTC".into(),
        fiscal_start_month: 1,
    }
}

fn facts(name: &str, role: Role) -> Facts {
    Facts { name: Some(name.into()), role: Some(role), ..Facts::default() }
}

fn who(issuer: &str, subject: &str) -> Who {
    Who { issuer: issuer.into(), subject: subject.into() }
}

impl Scene {
    async fn new(backend: Backend) -> Self {
        let database = Database::fresh(backend);
        let now: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        let store = Store::connect(&database.url, 4).await.unwrap();
        let mint = SigningKey::from_pem(Purpose::Mint, &generate().unwrap()).unwrap();
        let office = Office::new(store, Clock::fixed(now)).with_mint(mint.clone());
        let acme = program::create(&office, new_program("acme")).await.unwrap();
        let beta = program::create(&office, new_program("beta")).await.unwrap();
        let (acme, beta) = (Caller::system(office.clone(), acme.id), Caller::system(office.clone(), beta.id));
        seat::grant(&acme, who(IDP, "ada"), facts("Ada", Role::Finance), None).await.unwrap();
        seat::grant(&acme, who(IDP, "rex"), facts("Rex", Role::Revops), None).await.unwrap();
        let gone = seat::grant(&acme, who(IDP, "gone"), facts("Gone", Role::Finance), None).await.unwrap();
        seat::revoke(&acme, gone.id, None, None).await.unwrap();
        // The provider is not bound to beta, so this seat lets nobody in.
        seat::grant(&beta, who(IDP, "bob"), facts("Bob", Role::Operator), None).await.unwrap();
        seat::grant(&acme, who(DEV_ISSUER, "dev"), facts("Dev", Role::Operator), None).await.unwrap();
        let fund =
            portfolio::create(&office, "fund", "Fund", &[acme.viewer.slice().unwrap().program_id()]).await.unwrap();
        portfolio::grant(&office, fund.id, IDP, "pat", "Pat").await.unwrap();

        let (rsa, ec, ed) = (Pair::rsa("rsa"), Pair::ec("ec"), Pair::ed("ed"));
        let by_file = VerifyingKey::from_pem("rsa", "RS256".parse().unwrap(), rsa.pem().as_bytes()).unwrap();
        let provider = Issuer {
            name: IDP.into(),
            audience: API.into(),
            typ: vec!["at+jwt".into()],
            keys: Keys::Fixed(Arc::new(KeySet::of([by_file, jwk(&ec), jwk(&ed)]))),
            binding: Binding::Provider {
                programs: vec!["acme".into()],
                portfolios: vec!["fund".into()],
                program_claim: "program".into(),
                portfolio_claim: "portfolio".into(),
            },
        };
        let own = Issuer::own(Purpose::Mint, KeySet::of(VerifyingKey::from_jwk(&mint.public_jwk())));
        let authenticator = Authenticator::new(office.clone(), vec![provider, own]);
        Self { _database: database, office, authenticator, acme, now, rsa, ec, ed, mint }
    }

    fn claims(&self) -> Value {
        let now = self.now.timestamp();
        json!({ "iss": IDP, "aud": API, "sub": "ada", "iat": now - 60, "exp": now + 3600, "program": "acme" })
    }

    fn with(&self, changes: Value) -> Value {
        let mut claims = self.claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    fn without(&self, name: &str) -> Value {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    }

    async fn is_let_in(&self, token: &str) -> bool {
        self.authenticator.authenticate(token).await.is_ok()
    }

    async fn mint(&self, role: Role, days: i64) -> (Uuid, String) {
        let new = New { label: "nightly sync".into(), role, partner_id: None, days };
        let (done, text) = token::mint(&self.acme, new, None).await.unwrap();
        (done.id, text.unwrap())
    }
}

#[tokio::test]
async fn a_good_token_of_each_algorithm_gives_the_seat_of_the_database() {
    for backend in Backend::all() {
        let scene = Scene::new(backend).await;
        for key in [&scene.rsa, &scene.ec, &scene.ed] {
            // A role in the token is nobody's business: the seat says FINANCE.
            let token = key.token(&scene.with(json!({ "role": "OPERATOR" })));
            for _ in 0..2 {
                let caller = scene.authenticator.authenticate(&token).await.unwrap();
                assert_eq!((caller.viewer.role, caller.viewer.name.as_str()), (Role::Finance, "Ada"));
                assert_eq!(caller.expires_at, scene.now + TimeDelta::hours(1));
                assert_eq!(caller.token_key, caller.viewer.seat_id);
            }
        }
        let pat = scene.without("program").as_object().cloned().map(|mut claims| {
            claims["sub"] = "pat".into();
            Value::Object(claims)
        });
        let caller = scene.authenticator.authenticate(&scene.ed.token(&pat.unwrap())).await.unwrap();
        assert_eq!(caller.viewer.role, Role::Portfolio);
        assert!(caller.viewer.slice().is_none());
    }
}

#[tokio::test]
async fn what_the_standards_allow_is_let_in() {
    let scene = Scene::new(Backend::Sqlite).await;
    let now = scene.now.timestamp();
    let allowed = [
        ("one of several audiences", scene.with(json!({ "aud": ["https://other.test", API] }))),
        ("the only seat, no program named", scene.without("program")),
        ("a clock half a minute off", scene.with(json!({ "iat": now + 29, "exp": now + 3600 }))),
        ("just ended, by a clock half a minute off", scene.with(json!({ "exp": now - 29 }))),
        ("not before a while ago", scene.with(json!({ "nbf": now - 60 }))),
        ("exactly a day", scene.with(json!({ "iat": now, "exp": now + 86_400 }))),
        ("a fraction of a second", scene.with(json!({ "exp": now as f64 + 60.5 }))),
    ];
    for (what, claims) in allowed {
        assert!(scene.is_let_in(&scene.ed.token(&claims)).await, "{what}");
    }
    let mut header = scene.ed.header();
    header["typ"] = "application/AT+JWT".into();
    assert!(scene.is_let_in(&scene.ed.sign(&header, &scene.claims())).await, "a media type in full");
}

#[tokio::test]
async fn every_attack_is_refused_in_the_same_words() {
    for backend in Backend::all() {
        let scene = Scene::new(backend).await;
        let attacks = attacks::all(&scene);
        assert!(attacks.len() >= 130, "{}", attacks.len());
        // First with nothing kept, then with a good token's check kept.
        for _ in 0..2 {
            for (what, token) in &attacks {
                let refused = scene.authenticator.authenticate(token).await.map(|caller| caller.viewer.subject);
                assert_eq!(refused, Err(Refused::BadToken), "{what}: {token}");
            }
            assert!(scene.is_let_in(&scene.ed.token(&scene.claims())).await);
        }
    }
}

#[tokio::test]
async fn a_token_for_another_purpose_is_refused() {
    let scene = Scene::new(Backend::Sqlite).await;
    let (id, good) = scene.mint(Role::Revops, 30).await;
    assert!(scene.is_let_in(&good).await);
    let now = scene.now.timestamp();
    let claims = |exp: i64| SignedClaims {
        iss: MINT_ISSUER,
        aud: AUDIENCE,
        sub: format!("token-{id}"),
        iat: now,
        nbf: now,
        exp,
        jti: Some(id.to_string()),
        program: None,
        portfolio: None,
    };
    let month = now + 30 * 86_400;
    assert!(scene.is_let_in(&scene.mint.sign(&claims(month)).unwrap()).await);
    let bad = [
        ("longer than 90 days", scene.mint.sign(&claims(now + 90 * 86_400 + 1))),
        ("no id", scene.mint.sign(&SignedClaims { jti: None, ..claims(month) })),
        ("another id", scene.mint.sign(&SignedClaims { jti: Some(Uuid::nil().to_string()), ..claims(month) })),
        (
            "the id in capitals",
            scene.mint.sign(&SignedClaims { jti: Some(id.to_string().to_uppercase()), ..claims(month) }),
        ),
        ("another subject", scene.mint.sign(&SignedClaims { sub: "ada".into(), ..claims(month) })),
        ("the provider's issuer", scene.mint.sign(&SignedClaims { iss: IDP, ..claims(month) })),
        ("the provider's audience", scene.mint.sign(&SignedClaims { aud: API, ..claims(month) })),
    ];
    for (what, token) in bad {
        assert!(!scene.is_let_in(&token.unwrap()).await, "{what}");
    }
    // The development key signs for `demo` alone: here its issuer is unknown.
    let dev = SigningKey::from_pem(Purpose::Dev, &generate().unwrap()).unwrap();
    let dev_claims = SignedClaims { iss: DEV_ISSUER, sub: "dev".into(), jti: None, exp: now + 60, ..claims(month) };
    assert!(!scene.is_let_in(&dev.sign(&dev_claims).unwrap()).await);
    // Even where both are trusted, a key signs for its own purpose only.
    let own = |purpose, key: &SigningKey| Issuer::own(purpose, KeySet::of(VerifyingKey::from_jwk(&key.public_jwk())));
    let both = Authenticator::new(scene.office.clone(), vec![own(Purpose::Dev, &dev), own(Purpose::Mint, &scene.mint)]);
    assert!(both.authenticate(&dev.sign(&dev_claims).unwrap()).await.is_ok());
    assert!(both.authenticate(&good).await.is_ok());
    assert!(both.authenticate(&scene.mint.sign(&dev_claims).unwrap()).await.is_err());
    assert!(both.authenticate(&dev.sign(&claims(month)).unwrap()).await.is_err());
}

#[tokio::test]
async fn a_minted_token_ends_when_it_is_revoked_and_when_it_expires() {
    for backend in Backend::all() {
        let scene = Scene::new(backend).await;
        let (id, first) = scene.mint(Role::Finance, 90).await;
        let (_, second) = scene.mint(Role::Leadership, 1).await;
        let caller = scene.authenticator.authenticate(&first).await.unwrap();
        assert_eq!((caller.viewer.role, caller.viewer.token_id, caller.token_key), (Role::Finance, Some(id), id));
        assert!(scene.is_let_in(&second).await);
        scene.office.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
        assert!(scene.is_let_in(&second).await);
        scene.office.clock.advance(TimeDelta::seconds(1));
        assert!(!scene.is_let_in(&second).await);
        assert!(scene.is_let_in(&first).await);
        token::revoke(&scene.acme, id, None, None).await.unwrap();
        assert!(!scene.is_let_in(&first).await);
    }
}

#[tokio::test]
async fn the_use_of_a_token_is_written_at_most_once_a_minute() {
    for backend in Backend::all() {
        let scene = Scene::new(backend).await;
        let (id, text) = scene.mint(Role::Revops, 30).await;
        let used = async |after: i64| {
            scene.office.clock.set(scene.now + TimeDelta::seconds(after));
            assert!(scene.is_let_in(&text).await);
            scene.authenticator.settle().await;
            (token::find(&scene.acme, id).await.unwrap().last_used_at.unwrap() - scene.now).num_seconds()
        };
        assert_eq!([used(10).await, used(69).await, used(70).await, used(71).await], [10, 10, 70, 70]);
    }
}

#[tokio::test]
async fn a_change_of_a_seat_or_a_pod_holds_at_the_next_request() {
    for backend in Backend::all() {
        let scene = Scene::new(backend).await;
        let text = scene.ed.token(&scene.with(json!({ "sub": "eve" })));
        assert!(!scene.is_let_in(&text).await);
        let east =
            pod::create(&scene.acme, pod::Facts { name: Some("East".into()), partners: None }, None).await.unwrap().id;
        let bound = Facts { pods: Some(vec![east]), ..facts("Eve", Role::PartnerAe) };
        let seat_id = seat::grant(&scene.acme, who(IDP, "eve"), bound, None).await.unwrap().id;
        let viewer = async || scene.authenticator.authenticate(&text).await.unwrap().viewer;
        let before = viewer().await;
        assert_eq!((before.role, before.bindings.pods.as_slice()), (Role::PartnerAe, [east].as_slice()));
        assert!(before.bindings.pod_partners.is_empty());

        let partner = partner(&scene, "P-1").await;
        let west =
            pod::create(&scene.acme, pod::Facts { name: Some("West".into()), partners: Some(vec![partner]) }, None)
                .await
                .unwrap()
                .id;
        let with_partner = pod::Facts { name: None, partners: Some(vec![partner]) };
        pod::update(&scene.acme, east, Some(1), with_partner, None).await.unwrap();
        let after = viewer().await;
        assert_eq!(after.bindings.pod_partners, [partner]);
        assert!(after.seat_version > before.seat_version, "a cache key of the old slice must not fit");

        let both = Facts { pods: Some(vec![west, east, west]), ..Facts::default() };
        seat::update(&scene.acme, seat_id, Some(after.seat_version), both, None).await.unwrap();
        let mut pods = viewer().await.bindings.pods;
        pods.sort_unstable();
        assert_eq!((pods.len(), viewer().await.bindings.pod_partners.len()), (2, 1));

        let manager = Facts {
            role: Some(Role::PartnerManager),
            pods: Some(vec![]),
            partners: Some(vec![partner]),
            ..Facts::default()
        };
        seat::update(&scene.acme, seat_id, None, manager, None).await.unwrap();
        assert_eq!((viewer().await.role, viewer().await.bindings.partners), (Role::PartnerManager, vec![partner]));
        seat::revoke(&scene.acme, seat_id, None, None).await.unwrap();
        assert!(!scene.is_let_in(&text).await);
    }
}

async fn partner(scene: &Scene, external_id: &str) -> Uuid {
    let partner = domain::partner::Partner {
        id: scene.office.clock.id(),
        external_id: Some(external_id.into()),
        name: external_id.into(),
        kind: domain::partner::PartnerKind::Referral,
        status: domain::partner::PartnerStatus::Active,
        registrable_domain: None,
        version: 1,
        recorded_at: scene.now,
    };
    entity::partner::insert(scene.office.store.write(), &scene.acme.viewer.slice().unwrap(), &partner).await.unwrap();
    partner.id
}

#[tokio::test]
async fn two_seats_need_the_program_named() {
    let scene = Scene::new(Backend::Sqlite).await;
    let fund = portfolio::find_by_slug(&scene.office, "fund").await.unwrap().unwrap();
    portfolio::grant(&scene.office, fund.id, IDP, "ada", "Ada").await.unwrap();
    assert!(!scene.is_let_in(&scene.ed.token(&scene.without("program"))).await);
    assert!(scene.is_let_in(&scene.ed.token(&scene.claims())).await);
    assert!(portfolio::revoke(&scene.office, fund.id, IDP, "ada").await.unwrap());
    assert!(scene.is_let_in(&scene.ed.token(&scene.without("program"))).await);
}
