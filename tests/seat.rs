//! Seats, pods and tokens as REVOPS handles them.

use crate::support::database::{Backend, Database};
use crate::support::world::administrative_layer;
use api::clock::Clock;
use api::usecase::commit::Key;
use api::usecase::seat::{Facts, Who};
use api::usecase::signing::{Purpose, SigningKey, generate};
use api::usecase::token::New;
use api::usecase::{Caller, Failure, Office, ProblemCode, pod, program, seat, token};
use domain::role::Role;
use domain::seat::{DEV_ISSUER, MINT_ISSUER};
use domain::slice::{Bindings, Place, Viewer};
use entity::Store;
use entity::page::{Ask, Position};
use std::sync::Arc;
use uuid::Uuid;

const IDP: &str = "https://idp.test";

struct Scene {
    _database: Database,
    office: Office,
    acme: Caller,
    beta: Caller,
}

impl Scene {
    async fn new(backend: Backend) -> Self {
        let database = Database::fresh(backend);
        let mint = SigningKey::from_pem(Purpose::Mint, &generate().unwrap()).unwrap();
        let store = Store::connect(&database.url, 4).await.unwrap();
        let office = Office::new(store, Clock::fixed("2026-03-01T12:00:00Z".parse().unwrap())).with_mint(mint);
        let program = async |slug: &str| {
            let new = program::New {
                slug: slug.into(),
                name: slug.into(),
                currency: "USD".into(),
                zone: "UTC".into(),
                fiscal_start_month: 1,
            };
            Caller::system(office.clone(), program::create(&office, new).await.unwrap().id)
        };
        let (acme, beta) = (program("acme").await, program("beta").await);
        Self { _database: database, office, acme, beta }
    }

    async fn grant(&self, subject: &str, role: Role) -> Uuid {
        seat::grant(&self.acme, who(IDP, subject), facts(subject, role), None).await.unwrap().id
    }

    /// A caller of acme with a seat of a role, with a minted token or without.
    fn caller(&self, role: Role, token_id: Option<Uuid>) -> Caller {
        let viewer = Viewer {
            seat_id: Uuid::from_u128(7),
            seat_version: 1,
            subject: "x".into(),
            name: "X".into(),
            role,
            place: Place::Program(self.acme.viewer.slice().unwrap().program_id()),
            bindings: Bindings::default(),
            token_id,
            data_version: 0,
        };
        Caller::new(self.office.clone(), Arc::new(viewer))
    }

    async fn partner(&self, caller: &Caller, name: &str) -> Uuid {
        let partner = domain::partner::Partner {
            id: self.office.clock.id(),
            external_id: Some(name.into()),
            name: name.into(),
            kind: domain::partner::PartnerKind::Referral,
            status: domain::partner::PartnerStatus::Active,
            registrable_domain: None,
            version: 1,
            recorded_at: self.office.clock.now(),
        };
        entity::partner::insert(self.office.store.write(), &caller.viewer.slice().unwrap(), &partner).await.unwrap();
        partner.id
    }
}

fn facts(name: &str, role: Role) -> Facts {
    Facts { name: Some(name.into()), role: Some(role), ..Facts::default() }
}

fn who(issuer: &str, subject: &str) -> Who {
    Who { issuer: issuer.into(), subject: subject.into() }
}

fn new(role: Role, partner_id: Option<Uuid>, days: i64) -> New {
    New { label: "sync".into(), role, partner_id, days }
}

fn key(key: &str, input: &str) -> Option<Key> {
    Some(Key { mutation: "tokenMint", key: key.into(), input_sha256: input.into() })
}

/// The codes and paths of a refusal.
fn why<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> Vec<(ProblemCode, String)> {
    match outcome {
        Err(Failure::Invalid(problems)) => {
            problems.into_iter().map(|problem| (problem.code, problem.path.join("."))).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_seat_is_granted_changed_revoked_and_granted_again() {
    for backend in Backend::all() {
        let scene = Scene::new(backend).await;
        let id = scene.grant("ada", Role::Finance).await;
        let taken = seat::grant(&scene.acme, who(IDP, "ada"), facts("Ada", Role::Revops), None).await;
        assert_eq!(why(taken), [(ProblemCode::Taken, "input.subject".to_owned())]);
        let stale = seat::update(&scene.acme, id, Some(2), facts("Ada", Role::Finance), None).await;
        assert!(matches!(stale, Err(Failure::Stale)));
        // A change that changes nothing makes no new version.
        seat::update(&scene.acme, id, Some(1), Facts::default(), None).await.unwrap();
        seat::update(&scene.acme, id, Some(1), facts("Ada L.", Role::Leadership), None).await.unwrap();
        seat::revoke(&scene.acme, id, Some(2), None).await.unwrap();
        let gone = seat::update(&scene.acme, id, None, facts("Ada", Role::Finance), None).await;
        assert_eq!(why(gone), [(ProblemCode::RuleRefused, "input.id".to_owned())]);
        assert_eq!(scene.grant("ada", Role::Operator).await, id);
        let seat = seat::of_ids(&scene.acme, &[id]).await.unwrap().pop().unwrap();
        assert_eq!((seat.version, seat.role, seat.name.as_str(), seat.revoked_at), (4, Role::Operator, "ada", None));
        // Another program's seats are not there.
        assert!(seat::of_ids(&scene.beta, &[id]).await.unwrap().is_empty());
        assert!(matches!(seat::revoke(&scene.beta, id, None, None).await, Err(Failure::NotFound)));
    }
}

#[tokio::test]
async fn a_seat_is_bound_to_what_its_role_can_use_and_its_program_has() {
    for backend in Backend::all() {
        let scene = Scene::new(backend).await;
        let (ours, theirs) = (scene.partner(&scene.acme, "ours").await, scene.partner(&scene.beta, "theirs").await);
        let pod = pod::create(&scene.acme, pod::Facts { name: Some("East".into()), partners: Some(vec![ours]) }, None)
            .await
            .unwrap()
            .id;
        let bound = |role, pods: &[Uuid], partners: &[Uuid]| Facts {
            pods: Some(pods.to_vec()),
            partners: Some(partners.to_vec()),
            ..facts("x", role)
        };
        let refused = async |facts: Facts| why(seat::grant(&scene.acme, who(IDP, "x"), facts, None).await);
        let at = |code, path: &str| (code, path.to_owned());
        assert_eq!(refused(bound(Role::Finance, &[pod], &[])).await, [at(ProblemCode::Invalid, "input.podIds")]);
        assert_eq!(refused(bound(Role::Partner, &[], &[])).await, [at(ProblemCode::Invalid, "input.partnerIds")]);
        assert_eq!(refused(bound(Role::Portfolio, &[], &[])).await, [at(ProblemCode::Invalid, "input.role")]);
        assert_eq!(
            refused(bound(Role::Partner, &[], &[theirs])).await,
            [at(ProblemCode::NotFound, "input.partnerIds.0")]
        );
        assert_eq!(
            refused(bound(Role::PartnerAe, &[Uuid::nil()], &[])).await,
            [at(ProblemCode::NotFound, "input.podIds.0")]
        );
        assert_eq!(refused(facts("a\0b", Role::Finance)).await, [at(ProblemCode::Invalid, "input.name")]);
        let bad = seat::grant(&scene.acme, who("", "a\nb"), facts("x", Role::Finance), None).await;
        assert_eq!(why(bad).len(), 2);
        let own = seat::grant(&scene.acme, who(MINT_ISSUER, "x"), facts("x", Role::Finance), None).await;
        assert_eq!(why(own), [at(ProblemCode::Invalid, "input.issuer")]);
        seat::grant(&scene.acme, who(IDP, "x"), bound(Role::Partner, &[], &[ours]), None).await.unwrap();

        let foreign = pod::Facts { name: None, partners: Some(vec![ours, theirs]) };
        assert_eq!(why(pod::update(&scene.acme, pod, None, foreign, None).await).len(), 1);
        let same_name = pod::Facts { name: Some(" EAST ".into()), partners: None };
        assert_eq!(why(pod::create(&scene.acme, same_name, None).await), [at(ProblemCode::Taken, "input.name")]);
        assert_eq!(pod::all(&scene.acme).await.unwrap()[0].partners, [ours]);
        assert!(pod::all(&scene.beta).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_last_revops_seat_stays() {
    for backend in Backend::all() {
        let scene = Scene::new(backend).await;
        let (first, second) = (scene.grant("first", Role::Revops).await, scene.grant("second", Role::Revops).await);
        // Neither a development seat nor a minted token can take a person's place.
        seat::grant(&scene.acme, who(DEV_ISSUER, "dev"), facts("dev", Role::Revops), None).await.unwrap();
        token::mint(&scene.acme, new(Role::Revops, None, 90), None).await.unwrap();
        let (one, other) = tokio::join!(
            seat::revoke(&scene.acme, first, None, None),
            seat::update(&scene.acme, second, None, facts("second", Role::Finance), None)
        );
        let refused: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
        assert_eq!(refused.len(), 1, "exactly one of two that race");
        let Failure::Invalid(problems) = &refused[0] else { panic!("{refused:?}") };
        assert_eq!(problems[0].rule, Some("LAST_REVOPS_SEAT"));
    }
}

#[tokio::test]
async fn only_revops_in_person_manages_seats_pods_and_tokens() {
    let scene = Scene::new(Backend::Sqlite).await;
    let id = scene.grant("ada", Role::Finance).await;
    let denied = [
        scene.caller(Role::Operator, None),
        scene.caller(Role::Finance, None),
        scene.caller(Role::Partner, None),
        scene.caller(Role::Revops, Some(Uuid::from_u128(1))),
    ];
    for caller in denied {
        assert!(matches!(
            seat::grant(&caller, who(IDP, "x"), facts("x", Role::Revops), None).await,
            Err(Failure::Denied)
        ));
        assert!(matches!(seat::revoke(&caller, id, None, None).await, Err(Failure::Denied)));
        assert!(matches!(seat::update(&caller, id, None, Facts::default(), None).await, Err(Failure::Denied)));
        assert!(matches!(pod::create(&caller, pod::Facts::default(), None).await, Err(Failure::Denied)));
        assert!(matches!(token::mint(&caller, new(Role::Revops, None, 1), None).await, Err(Failure::Denied)));
        assert!(matches!(token::revoke(&caller, id, None, None).await, Err(Failure::Denied)));
    }
    assert!(matches!(token::page(&scene.caller(Role::Operator, None), &Ask::default()).await, Err(Failure::Denied)));
}

#[tokio::test]
async fn a_token_is_shown_once_and_kept_without_its_text() {
    for backend in Backend::all() {
        let scene = Scene::new(backend).await;
        let partner = scene.partner(&scene.acme, "ours").await;
        let theirs = scene.partner(&scene.beta, "theirs").await;
        administrative_layer(&scene.office, scene.acme.viewer.slice().unwrap().program_id()).await;
        let input = || new(Role::Partner, Some(partner), 30);
        let (done, text) = token::mint(&scene.acme, input(), key("k", "h")).await.unwrap();
        let text = text.unwrap();
        assert_eq!(text.split('.').count(), 3);
        let (again, nothing) = token::mint(&scene.acme, input(), key("k", "h")).await.unwrap();
        assert_eq!((again.id, again.replayed, nothing), (done.id, true, None));
        assert!(matches!(token::mint(&scene.acme, input(), key("k", "other")).await, Err(Failure::KeyReused)));

        let at = |code, path: &str| (code, path.to_owned());
        let refused = async |new: New| why(token::mint(&scene.acme, new, None).await);
        for role in [Role::Operator, Role::PartnerAe, Role::CustomerAe, Role::PartnerManager, Role::Portfolio] {
            assert_eq!(refused(new(role, None, 30)).await, [at(ProblemCode::Invalid, "input.role")]);
        }
        for days in [0, 91, -1, i64::MAX] {
            assert_eq!(
                refused(new(Role::Finance, None, days)).await,
                [at(ProblemCode::Invalid, "input.expiresInDays")]
            );
        }
        assert_eq!(refused(new(Role::Partner, None, 30)).await, [at(ProblemCode::Required, "input.partnerId")]);
        assert_eq!(refused(new(Role::Partner, Some(theirs), 30)).await, [at(ProblemCode::NotFound, "input.partnerId")]);
        assert_eq!(refused(new(Role::Finance, Some(partner), 30)).await, [at(ProblemCode::Invalid, "input.partnerId")]);

        // The seat that was made for it is nobody's to change, and is not listed among people's.
        let token = token::find(&scene.acme, done.id).await.unwrap();
        assert_eq!((token.role, token.partner_id, token.last_used_at), (Role::Partner, Some(partner), None));
        let changed = seat::update(&scene.acme, token.seat_id, None, facts("x", Role::Revops), None).await;
        assert_eq!(why(changed), [at(ProblemCode::RuleRefused, "input.id")]);
        assert_eq!(seat::count(&scene.acme).await.unwrap(), 0);
        assert!(matches!(token::revoke(&scene.beta, done.id, None, None).await, Err(Failure::NotFound)));
        assert!(matches!(token::revoke(&scene.acme, done.id, Some(9), None).await, Err(Failure::Stale)));
        token::revoke(&scene.acme, done.id, Some(1), None).await.unwrap();
        token::revoke(&scene.acme, done.id, None, None).await.unwrap();
        assert_eq!(token::find(&scene.acme, done.id).await.unwrap().version, 2);

        // Nothing in the database would let anybody in: not the text, not its signature.
        let signature = text.rsplit('.').next().unwrap().to_owned();
        let slice = scene.acme.viewer.slice().unwrap();
        let filter = entity::change::Filter { subjects: Some(vec![done.id, token.seat_id]), seats: None };
        let ask = Ask { limit: 10, ..Ask::default() };
        let changes = entity::change::page(scene.office.store.read(), &slice, &filter, &ask).await.unwrap().rows;
        let verbs: Vec<&str> = changes.iter().map(|change| change.verb.as_str()).collect();
        assert_eq!(verbs.iter().filter(|verb| verb.starts_with("token.")).count(), 2, "{verbs:?}");
        assert!(changes.iter().all(|change| !change.body.contains(&signature)));
    }
}

#[tokio::test]
async fn tokens_and_seats_are_paged_without_gaps() {
    for backend in Backend::all() {
        let scene = Scene::new(backend).await;
        for number in 0..7 {
            scene.grant(&format!("p{number}"), Role::Finance).await;
            token::mint(&scene.acme, new(Role::Finance, None, 1), None).await.unwrap();
            // Some share an instant, so that the id has to break the tie.
            scene.office.clock.advance(chrono::TimeDelta::seconds(number % 2));
        }
        let mut ask = Ask { limit: 3, descending: true, ..Ask::default() };
        let mut seen = Vec::new();
        loop {
            let page = token::page(&scene.acme, &ask).await.unwrap();
            seen.extend(page.rows.iter().map(|token| (token.minted_at, token.id)));
            let Some(last) = page.rows.last().filter(|_| page.has_next) else { break };
            ask.after = Some(Position { key: token::position(last), id: last.id });
        }
        assert_eq!((seen.len(), token::count(&scene.acme).await.unwrap()), (7, 7));
        assert!(seen.is_sorted_by(|a, b| a > b));
        let page = seat::page(&scene.acme, &Ask { limit: 2, from_end: true, ..Ask::default() }).await.unwrap();
        assert_eq!((page.rows[1].subject.as_str(), page.has_previous, page.has_next), ("p6", true, false));
    }
}
