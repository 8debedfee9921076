//! Who is calling: what a good token gives, and that every bad one is answered alike.

use crate::support::database::{Backend, Database};
use crate::support::forge::{Pair, b64, hmac, unsigned};
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

/// Tokens that must not let anybody in, each with what is wrong with it.
fn attacks(scene: &Scene) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |what: &str, token: String| all.push((what.to_owned(), token));
    let (claims, now) = (scene.claims(), scene.now.timestamp());
    let (rsa, ec, ed) = (&scene.rsa, &scene.ec, &scene.ed);
    let header = |changes: Value| {
        let mut header = ed.header();
        for (name, value) in changes.as_object().unwrap() {
            header[name] = value.clone();
        }
        header
    };
    let good = ed.token(&claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, payload) = signed.split_once('.').unwrap();

    for alg in ["none", "None", "NONE", "nOnE", "", "NULL"] {
        add(&format!("alg {alg:?}, no signature"), unsigned(&header(json!({ "alg": alg })), &claims, ""));
        add(&format!("alg {alg:?}, some signature"), unsigned(&header(json!({ "alg": alg })), &claims, signature));
    }
    add("no signature under a real alg", unsigned(&ed.header(), &claims, ""));
    for key in [rsa, ec, ed] {
        let secrets =
            [("PEM", key.pem().into_bytes()), ("DER", key.der()), ("JWK", key.jwk().to_string().into_bytes())];
        for (form, secret) in secrets {
            add(
                &format!("HS256 with the {} key's {form} as the secret", key.kid),
                hmac("HS256", key.kid, &secret, &claims),
            );
        }
        add("HS512 with the public key", hmac("HS512", key.kid, key.pem().as_bytes(), &claims));
        let stranger = match key.kid {
            "rsa" => Pair::rsa("rsa"),
            "ec" => Pair::ec("ec"),
            _ => Pair::ed("ed"),
        };
        add("a stranger's key under a known kid", stranger.token(&claims));
        for other in [rsa, ec, ed].into_iter().filter(|other| other.kid != key.kid) {
            let mut mixed = key.header();
            mixed["kid"] = other.kid.into();
            add("another key's kid", key.sign(&mixed, &claims));
            mixed["alg"] = other.alg().into();
            add("another key's kid and alg", key.sign(&mixed, &claims));
        }
    }
    add("RS512 by the RS256 key", rsa.sign_as("RS512", &claims));
    add("PS256 by the RS256 key", rsa.sign_as("PS256", &claims));
    add("alg in lower case", ed.sign(&header(json!({ "alg": "eddsa" })), &claims));
    for alg in [json!(1), json!(null), json!(["EdDSA"])] {
        add("alg is no text", ed.sign(&header(json!({ "alg": alg })), &claims));
    }
    let stranger = Pair::ed("stranger");
    add("a stranger's own kid", stranger.token(&claims));
    for (member, value) in [
        ("jwk", stranger.jwk()),
        ("jku", json!("https://evil.test/jwks.json")),
        ("x5u", json!("https://evil.test/cert.pem")),
        ("x5c", json!([b64(stranger.der())])),
    ] {
        let mut header = stranger.header();
        header[member] = value.clone();
        add(&format!("the stranger's {member} in the header"), stranger.sign(&header, &claims));
        header["kid"] = "ed".into();
        add(&format!("the stranger's {member} under a known kid"), stranger.sign(&header, &claims));
    }
    for kid in [
        json!(null),
        json!(7),
        json!(""),
        json!("ED"),
        json!("ed "),
        json!("../../etc/passwd"),
        json!("ed' OR '1'='1"),
        json!("ed\u{0}"),
        json!("k".repeat(4000)),
    ] {
        add(&format!("kid {kid:.20}"), ed.sign(&header(json!({ "kid": kid })), &claims));
    }
    add("no kid", ed.sign(&json!({ "alg": "EdDSA", "typ": "at+jwt" }), &claims));
    for crit in [json!([]), json!(["exp"]), json!(["b64"]), json!(null)] {
        add("crit", ed.sign(&header(json!({ "crit": crit })), &claims));
    }
    add("b64 false", ed.sign(&header(json!({ "b64": false })), &claims));
    add("zip", ed.sign(&header(json!({ "zip": "DEF" })), &claims));
    add("no typ", ed.sign(&json!({ "alg": "EdDSA", "kid": "ed" }), &claims));
    for typ in [
        json!("JWT"),
        json!("dpop+jwt"),
        json!("id+jwt"),
        json!("logout+jwt"),
        json!(Purpose::Mint.typ()),
        json!(""),
        json!(1),
    ] {
        add(&format!("typ {typ}"), ed.sign(&header(json!({ "typ": typ })), &claims));
    }

    for name in ["iss", "aud", "sub", "exp", "iat"] {
        add(&format!("no {name}"), ed.token(&scene.without(name)));
        for value in [json!(null), json!({}), json!(true), json!([])] {
            add(&format!("{name} is {value}"), ed.token(&scene.with(json!({ name: value }))));
        }
    }
    for name in ["exp", "iat", "nbf"] {
        for value in [json!((now + 60).to_string()), json!(-1), json!(u64::MAX), json!(1e300)] {
            add(&format!("{name} is {value}"), ed.token(&scene.with(json!({ name: value }))));
        }
    }
    let timed = [
        ("ended 30 s ago", json!({ "exp": now - 30 })),
        ("ended in 1970", json!({ "exp": 1, "iat": 0 })),
        ("from the future", json!({ "iat": now + 31, "exp": now + 3600 })),
        ("not yet valid", json!({ "nbf": now + 31 })),
        ("nbf null", json!({ "nbf": null })),
        ("a day and a second", json!({ "iat": now, "exp": now + 86_401 })),
        ("ten years", json!({ "iat": now, "exp": now + 315_360_000 })),
        ("ended before it began", json!({ "iat": now + 10, "exp": now + 10 })),
    ];
    for (what, change) in timed {
        add(what, ed.token(&scene.with(change)));
    }
    for aud in [
        json!("https://other.test"),
        json!(["https://other.test"]),
        json!([API, 1]),
        json!(1),
        json!("HTTPS://API.TEST"),
        json!(format!("{API}/")),
    ] {
        add(&format!("aud {aud}"), ed.token(&scene.with(json!({ "aud": aud }))));
    }
    for iss in [
        json!([IDP]),
        json!("https://idp.test/"),
        json!("HTTPS://IDP.TEST"),
        json!("https://evil.test"),
        json!(MINT_ISSUER),
        json!(DEV_ISSUER),
        json!(1),
    ] {
        add(&format!("iss {iss}"), ed.token(&scene.with(json!({ "iss": iss }))));
    }
    for sub in ["", "nobody", "ADA", "ada ", "ada\u{0}", "gone", "bob", "dev"] {
        add(&format!("sub {sub:?}"), ed.token(&scene.with(json!({ "sub": sub }))));
    }
    add(
        "bob's program, to which the issuer is not bound",
        ed.token(&scene.with(json!({ "sub": "bob", "program": "beta" }))),
    );
    add(
        "bob's only seat, to which the issuer is not bound",
        ed.token(&{
            let mut claims = scene.without("program");
            claims["sub"] = "bob".into();
            claims
        }),
    );
    for program in [json!("beta"), json!("nowhere"), json!(null), json!(1), json!(["acme"]), json!(""), json!("ACME")] {
        add(&format!("program {program}"), ed.token(&scene.with(json!({ "program": program }))));
    }
    add("a portfolio without a seat", ed.token(&scene.with(json!({ "program": null, "portfolio": "fund" }))));
    add("a program and a portfolio", ed.token(&scene.with(json!({ "portfolio": "fund" }))));
    add("sender-constrained", ed.token(&scene.with(json!({ "cnf": { "jkt": "x" } }))));

    for text in ["", ".", "..", "...", "a.b.c", "null", "undefined", "Bearer", "a", "é.é.é"] {
        add(&format!("junk {text:?}"), text.to_owned());
    }
    add("two parts", signed.to_owned());
    add("four parts", format!("{good}.{signature}"));
    add("a JWE's five parts", format!("{head}.{payload}.{payload}.{payload}.{signature}"));
    add("a dot behind", format!("{good}."));
    add("a space before", format!(" {good}"));
    add("a space behind", format!("{good} "));
    add("a line break inside", format!("{head}.\n{payload}.{signature}"));
    add("padded base64", format!("{signed}.{signature}=="));
    add("longer than any token", format!("{signed}.{}", "A".repeat(9000)));
    add("JSON serialisation", json!({ "protected": head, "payload": payload, "signature": signature }).to_string());
    add(
        "a repeated claim",
        ed.sign_text(&ed.header().to_string(), &format!("{{\"sub\":\"rex\",{}", &claims.to_string()[1..])),
    );
    add(
        "a repeated header",
        ed.sign_text(&format!("{{\"alg\":\"none\",{}", &ed.header().to_string()[1..]), &claims.to_string()),
    );
    add("claims that are a list", ed.sign_text(&ed.header().to_string(), "[]"));
    add("claims that are no JSON", ed.sign_text(&ed.header().to_string(), "{"));
    add("something behind the claims", ed.sign_text(&ed.header().to_string(), &format!("{claims}{{}}")));
    add(
        "claims 200 levels deep",
        ed.sign_text(&ed.header().to_string(), &format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200))),
    );
    add(
        "other claims under a good signature",
        format!("{head}.{}.{signature}", b64(scene.with(json!({ "sub": "rex" })).to_string())),
    );
    add(
        "another header under a good signature",
        format!("{}.{payload}.{signature}", b64(header(json!({ "x": 1 })).to_string())),
    );
    add("a shorter signature", format!("{signed}.{}", &signature[..signature.len() - 4]));
    add("one bit of the signature", flipped(signed, signature));
    add("a signature of zeros", format!("{signed}.{}", b64([0u8; 64])));
    let by_ec = ec.token(&claims);
    let (ec_signed, _) = by_ec.rsplit_once('.').unwrap();
    add("r = s = 0", format!("{ec_signed}.{}", b64([0u8; 64])));
    add("r = s = 0 in DER", format!("{ec_signed}.{}", b64([0x30, 6, 2, 1, 0, 2, 1, 0])));
    let by_rsa = rsa.token(&claims);
    add("an RSA signature of zeros", format!("{}.{}", by_rsa.rsplit_once('.').unwrap().0, b64([0u8; 256])));
    all
}

fn flipped(signed: &str, signature: &str) -> String {
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{first}{}", &signature[1..])
}

#[tokio::test]
async fn every_attack_is_refused_in_the_same_words() {
    for backend in Backend::all() {
        let scene = Scene::new(backend).await;
        let attacks = attacks(&scene);
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
