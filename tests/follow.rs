//! Subscriptions to events: by role and slice, over both transports, each event once and in order, across two servers, and
//! from where a client left off.

use crate::support::patience::until;
use crate::support::stream::{Events, Socket};
use crate::support::world::{World, global_id, somebody};
use crate::support::{App, on_every_backend};
use api::usecase::commit::commit;
use api::usecase::{Office, sla};
use chrono::TimeDelta;
use domain::role::{Action, Role};
use domain::sla::SlaKind;
use serde_json::Value;
use uuid::Uuid;

const DUE: &str = "subscription { slaDue { eventId isMissed slaClock { subjectId } } }";

/// A promise of 48 hours is about to be missed after 36. A token lives for a day, so whoever listens comes an hour before.
fn almost(app: &App) {
    app.clock.advance(TimeDelta::hours(35));
}

/// Promises about these things, of the home program's first or second partner.
async fn promises(app: &App, about: impl IntoIterator<Item = u128>, partner: usize) {
    let (ops, at) = (somebody(&app.office, app.world.home.program, Role::Revops), app.clock.now());
    let partner = Some(app.world.home.partners[partner]);
    commit(&ops, Action::RunJobs, None, async |work| {
        for about in about {
            sla::start(work, SlaKind::HandoffSummary, "Registration", Uuid::from_u128(about), partner, at).await?;
        }
        Ok(work.program_id())
    })
    .await
    .unwrap();
}

async fn watch(app: &App, office: &Office) {
    sla::watch(&somebody(office, app.world.home.program, Role::Revops)).await.unwrap();
}

/// Until so many follow: what happens from then on, each of them hears of.
async fn followed(office: &Office, by: usize) {
    until("followers", async || office.feed.followers() >= by).await;
}

fn token(app: &App, role: Role) -> String {
    app.token(&World::subject(role))
}

fn about(answer: &Value) -> String {
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["slaDue"]["slaClock"]["subjectId"].as_str().unwrap().to_owned()
}

fn registration(about: u128) -> String {
    global_id("Registration", Uuid::from_u128(about))
}

#[test]
fn a_partner_is_told_of_its_own_and_never_of_anothers() {
    on_every_backend(async |app| {
        promises(&app, [1, 2], 1).await;
        promises(&app, [3], 0).await;
        almost(&app);
        let mut own = Events::open(app.address, &token(&app, Role::Partner), DUE, None).await;
        let mut managers = Socket::open(app.address, &token(&app, Role::PartnerManager), DUE).await;
        let mut all = Socket::open(app.address, &token(&app, Role::Revops), DUE).await;
        followed(&app.office, 3).await;
        app.clock.advance(TimeDelta::hours(1));
        watch(&app, &app.office).await;
        let mut told = Vec::new();
        for _ in 0..3 {
            told.push(about(&all.next().await));
        }
        // What one transaction tells has the order of its ids, which are random while the clock stands still.
        told.sort();
        assert_eq!(told, [registration(1), registration(2), registration(3)]);
        assert_eq!(about(&own.next().await.unwrap().1), registration(3));
        assert_eq!(about(&managers.next().await), registration(3));
        // The next that each hears of is its own again.
        app.clock.advance(TimeDelta::hours(13));
        watch(&app, &app.office).await;
        for _ in 0..3 {
            assert_eq!(all.next().await["data"]["slaDue"]["isMissed"], true);
        }
        assert_eq!(about(&own.next().await.unwrap().1), registration(3));
    });
}

#[test]
fn a_client_goes_on_behind_the_last_event_it_has_seen() {
    on_every_backend(async |app| {
        promises(&app, 1..=5, 0).await;
        almost(&app);
        let token = token(&app, Role::Partner);
        let mut first = Events::open(app.address, &token, DUE, None).await;
        followed(&app.office, 1).await;
        app.clock.advance(TimeDelta::hours(1));
        watch(&app, &app.office).await;
        let (id, _) = first.next().await.unwrap();
        let (second, answer) = first.next().await.unwrap();
        assert_eq!(answer["data"]["slaDue"]["eventId"], Value::from(second.clone()));
        let seen = about(&answer);
        drop(first);
        // What happened in the meantime comes first, and nothing twice: by the header, and by the argument.
        app.clock.advance(TimeDelta::hours(13));
        watch(&app, &app.office).await;
        let mut again = Events::open(app.address, &token, DUE, Some(&second)).await;
        let query = DUE.replace("slaDue", &format!("slaDue(after: \"{second}\")"));
        let mut socket = Socket::open(app.address, &token, &query).await;
        let mut by_header = Vec::new();
        for place in 0..8 {
            let (_, answer) = again.next().await.unwrap();
            assert_eq!(answer["data"]["slaDue"]["isMissed"], place >= 3);
            assert_eq!(answer["data"], socket.next().await["data"]);
            by_header.push(about(&answer));
        }
        assert!(!by_header[..3].contains(&seen));
        // An event that is not kept, and one that is another's, are refused alike.
        let refused = async |id: &str| {
            let token = app.token(&World::subject(Role::Partner));
            let mut stream = Events::open(app.address, &token, DUE, Some(id)).await;
            let (_, answer) = stream.next().await.unwrap();
            let error = answer["errors"][0].clone();
            assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
            error["message"].clone()
        };
        let never = refused(&global_id("Event", Uuid::from_u128(7))).await;
        promises(&app, [9], 1).await;
        almost(&app);
        let mut all = Events::open(app.address, &app.token(&World::subject(Role::Revops)), DUE, Some(&id)).await;
        for _ in 0..9 {
            all.next().await.unwrap();
        }
        app.clock.advance(TimeDelta::hours(1));
        watch(&app, &app.office).await;
        let (foreign, _) = all.next().await.unwrap();
        assert_eq!(refused(&foreign).await, never);
        assert_eq!(refused("3").await, never);
    });
}

#[test]
fn two_servers_tell_each_client_of_each_event_once_and_in_the_same_order() {
    on_every_backend(async |app| {
        let beside = app.beside().await;
        promises(&app, 1..=40, 0).await;
        almost(&app);
        let token = token(&app, Role::Revops);
        let mut here = Socket::open(app.address, &token, DUE).await;
        let mut there = Events::open(beside.address, &token, DUE, None).await;
        followed(&app.office, 1).await;
        followed(&beside.office, 1).await;
        app.clock.advance(TimeDelta::hours(1));
        tokio::join!(watch(&app, &app.office), watch(&app, &beside.office));
        app.clock.advance(TimeDelta::hours(13));
        tokio::join!(watch(&app, &beside.office), watch(&app, &app.office));
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for _ in 0..80 {
            one.push(here.next().await["data"]["slaDue"]["eventId"].clone());
            other.push(Value::from(there.next().await.unwrap().0));
        }
        assert_eq!(one, other);
        let distinct: std::collections::BTreeSet<String> = one.iter().map(ToString::to_string).collect();
        assert_eq!(distinct.len(), 80);
    });
}

#[test]
fn an_event_that_commits_late_is_told_late_and_never_left_out() {
    on_every_backend(async |app| {
        if app.office.store.is_sqlite() {
            return; // One writer: what is made first is committed first.
        }
        promises(&app, [1, 2], 0).await;
        let query = "{ slaClocks { edges { node { id subjectId } } } }";
        let found = app.as_role(Role::Revops).query(query).await.data()["slaClocks"]["edges"].clone();
        let clock = |at: usize| -> Uuid {
            use base64::Engine as _;
            let id = found[at]["node"]["id"].as_str().unwrap();
            let plain = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(id).unwrap();
            String::from_utf8(plain).unwrap().trim_start_matches("SlaClock:").parse().unwrap()
        };
        let mut stream = Events::open(app.address, &token(&app, Role::Revops), DUE, None).await;
        followed(&app.office, 1).await;
        let (program, body) = (app.world.home.program, Value::Null);
        let tell = async |id: u128, clock: Uuid| {
            let tx = app.office.store.begin().await.unwrap();
            let event = (program, Uuid::from_u128(id), sla::DUE_EVENT, clock, &body);
            entity::event::insert(&tx, [event].into_iter(), app.clock.now()).await.unwrap();
            tx
        };
        let early = tell(1, clock(0)).await;
        tell(2, clock(1)).await.commit().await.unwrap();
        assert_eq!(about(&stream.next().await.unwrap().1), found[1]["node"]["subjectId"]);
        early.commit().await.unwrap();
        let (id, answer) = stream.next().await.unwrap();
        assert_eq!(about(&answer), found[0]["node"]["subjectId"]);
        // Who resumes behind it hears neither again.
        let mut again = Events::open(app.address, &token(&app, Role::Revops), DUE, Some(&id)).await;
        tell(3, clock(1)).await.commit().await.unwrap();
        assert_eq!(again.next().await.unwrap().0, global_id("Event", Uuid::from_u128(3)));
    });
}

#[test]
fn a_client_that_is_slower_than_the_channel_is_told_of_everything() {
    on_every_backend(async |app| {
        // More events than a process holds for its followers.
        promises(&app, 1..=1500, 0).await;
        almost(&app);
        let mut stream = Events::open(app.address, &token(&app, Role::Partner), DUE, None).await;
        followed(&app.office, 1).await;
        app.clock.advance(TimeDelta::hours(1));
        watch(&app, &app.office).await;
        let mut told = std::collections::BTreeSet::new();
        for _ in 0..1500 {
            told.insert(about(&stream.next().await.unwrap().1));
        }
        assert_eq!(told.len(), 1500);
    });
}

#[test]
fn a_change_on_one_server_is_told_to_who_follows_the_data_on_another() {
    on_every_backend(async |app| {
        let beside = app.beside().await;
        let query = "subscription { dataVersionChanged }";
        let mut there = Events::open(beside.address, &token(&app, Role::Revops), query, None).await;
        // Changed until it is heard of: the stream may still be on its way when the first change is made.
        let changing = async {
            for number in 0..500 {
                let name = format!("Segment {number}");
                app.as_role(Role::Revops)
                    .change("segmentCreate", serde_json::json!({ "name": name }), "segment { id }")
                    .await;
            }
        };
        let heard = tokio::select! {
            heard = there.next() => heard.unwrap().1,
            () = changing => panic!("500 changes, and the other server told of none"),
        };
        assert!(heard["data"]["dataVersionChanged"].is_i64(), "{heard}");
    });
}
