//! Joint calls through the API: joint meetings and sessions of the joint pod, the summary that each owes, and the first call that is
//! joined.

use crate::registration::{approved, at, codes, commit_rep, meet, rules};
use crate::support::world::global_id;
use crate::support::{App, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

const NONE: Vec<&str> = Vec::new();
const CALLS: &str =
    "{ jointCalls { totalCount edges { node { id kind heldAt dueAt state summary summarisedAt isLate version
    partner { name } deal { id } podSession { weekOn } } } } }";
const CALL: &str = "jointCall { state isLate summary version }";
const SESSION: &str = "podSession { id weekOn heldAt isFull policyVersion partner { name }
    targetAccounts { name nextSteps { what side owner dueOn } } introductions { what side owner dueOn }
    shortfall { targetAccounts introductions nextSteps } jointCall { id dueAt state } }";

async fn nodes(app: &App, role: Role, query: &str, field: &str) -> Vec<Value> {
    let answer = app.as_role(role).query(query).await;
    let edges = answer.data()[field]["edges"].as_array().unwrap().clone();
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

/// The promises of a kind, as a role reads them.
async fn promises(app: &App, role: Role, kind: &str) -> Vec<Value> {
    let query = format!(
        "{{ slaClocks(filter: {{ kind: {{ eq: {kind} }} }}) {{ edges {{ node {{ owner state dueAt metAt subjectType subjectId }} }} }} }}"
    );
    nodes(app, role, &query, "slaClocks").await
}

async fn summarise(app: &App, role: Role, call: &Value, text: &str) -> Value {
    app.as_role(role).change("jointCallSummarise", json!({ "id": call, "summary": text }), CALL).await
}

fn step(what: &str) -> Value {
    json!({ "what": what, "side": "PARTNER", "owner": "Pia", "dueOn": "2026-10-12" })
}

fn session(app: &App, partner: usize, held_at: &str) -> Value {
    let account = global_id("Account", app.world.home.accounts[0]);
    json!({ "partnerId": global_id("Partner", app.world.home.partners[partner]), "heldAt": held_at, "minutes": 20,
        "functions": ["AE", "PartnerAE"], "introductions": [step("Pia introduces Ada to the CFO")],
        "targetAccounts": [
            { "accountId": account, "nextSteps": [step("send the plan"), step("call the buyer")] },
            { "name": "Contoso", "nextSteps": [step("find the buyer")] },
            { "name": "Fabrikam" },
        ] })
}

/// Held on Tuesday at 14:00: due on Thursday at 14:00, inclusive.
#[test]
fn a_joint_meeting_owes_a_summary_within_forty_eight_hours_which_both_sides_read() {
    on_every_backend(async |app| {
        let registration = approved(&app, "https://fabrikam.com").await;
        commit_rep(&app, &registration["deal"]["id"]).await;
        app.clock.set(at("2026-10-06T15:00:00Z"));
        assert_eq!(codes(&meet(&app, &registration, "2026-10-06T14:00:00Z").await), NONE);
        let seen = nodes(&app, Role::PartnerManager, CALLS, "jointCalls").await;
        assert_eq!(seen.len(), 1, "{seen:?}");
        let call = &seen[0];
        assert_eq!((&call["kind"], &call["partner"]["name"]), (&json!("JOINT_MEETING"), &json!("Northwind")));
        assert_eq!((&call["dueAt"], &call["state"]), (&json!("2026-10-08T14:00:00Z"), &json!("DUE")));
        assert_eq!((&call["deal"]["id"], &call["podSession"]), (&registration["deal"]["id"], &Value::Null));
        let owed = promises(&app, Role::Partner, "HANDOFF_SUMMARY").await;
        assert_eq!((owed.len(), &owed[0]["owner"], &owed[0]["subjectId"]), (1, &json!("VENDOR"), &call["id"]));
        // The owner of deals reads the promises about the deals that it sees.
        assert_eq!(promises(&app, Role::CustomerAe, "HANDOFF_SUMMARY").await, owed);
        // The log says what it lacks.
        let log = format!(
            "{{ deal(id: {}) {{ activities {{ edges {{ node {{ isJointMeeting missing }} }} }} }} }}",
            registration["deal"]["id"]
        );
        let log = app.as_role(Role::PartnerManager).query(&log).await.data()["deal"]["activities"]["edges"][0]["node"]
            .clone();
        assert_eq!(log, json!({ "isJointMeeting": true, "missing": ["OWNER_FUNCTIONS", "NEXT_STEP_ON"] }));
        // Who was not there has nothing to sum up.
        assert_eq!(app.as_role(Role::Finance).query(CALLS).await.status, 400);
        app.clock.set(at("2026-10-08T14:00:00Z"));
        assert_eq!(codes(&summarise(&app, Role::PartnerManager, &call["id"], " ").await), ["INVALID"]);
        let done = summarise(&app, Role::PartnerManager, &call["id"], "They want a pilot.").await;
        assert_eq!(
            done["jointCall"],
            json!({ "state": "SUMMARISED", "isLate": false, "summary": "They want a pilot.", "version": 2 }),
            "{done}"
        );
        assert_eq!(rules(&summarise(&app, Role::Revops, &call["id"], "again").await), ["ALREADY_SUMMARISED"]);
        let stale = json!({ "id": call["id"], "summary": "again", "expectedVersion": 1 });
        assert_eq!(
            codes(&app.as_role(Role::Revops).change("jointCallSummarise", stale, CALL).await),
            ["STALE_VERSION"]
        );
        let read = nodes(&app, Role::Partner, CALLS, "jointCalls").await;
        assert_eq!((&read[0]["summary"], &read[0]["state"]), (&json!("They want a pilot."), &json!("SUMMARISED")));
        let met = promises(&app, Role::Partner, "HANDOFF_SUMMARY").await;
        assert_eq!((&met[0]["state"], &met[0]["metAt"]), (&json!("MET"), &json!("2026-10-08T14:00:00Z")));
    });
}

/// Three accounts of which one has no step, and one introduction, of 5, 1 each and 2: short of 2 accounts, 1 introduction, 1 step.
#[test]
fn a_session_of_the_joint_pod_is_recorded_once_a_week_and_says_by_how_much_it_is_short() {
    on_every_backend(async |app| {
        app.clock.set(at("2026-10-07T12:00:00Z"));
        let seat = app.as_role(Role::PartnerAe);
        let record = async |input: Value| seat.change("podSessionRecord", input, SESSION).await;
        let made = record(session(&app, 0, "2026-10-07T10:00:00Z")).await;
        assert_eq!(codes(&made), NONE, "{made}");
        let row = &made["podSession"];
        assert_eq!(
            (&row["weekOn"], &row["isFull"], &row["policyVersion"]),
            (&json!("2026-10-05"), &json!(false), &json!(1))
        );
        assert_eq!(row["shortfall"], json!({ "targetAccounts": 2, "introductions": 1, "nextSteps": 1 }));
        let names: Vec<&Value> = row["targetAccounts"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
        assert_eq!(names, [&json!("Northwind customer"), &json!("Contoso"), &json!("Fabrikam")]);
        let intro = json!({ "what": "Pia introduces Ada to the CFO", "side": "PARTNER", "owner": "Pia", "dueOn": "2026-10-12" });
        assert_eq!(row["introductions"], json!([intro]));
        let call = &row["jointCall"];
        assert_eq!((&call["dueAt"], &call["state"]), (&json!("2026-10-09T10:00:00Z"), &json!("DUE")));
        assert_eq!(rules(&record(session(&app, 0, "2026-10-06T10:00:00Z")).await), ["WEEK_RECORDED"]);
        assert_eq!(codes(&record(session(&app, 0, "2026-10-07T12:00:01Z")).await), ["INVALID"], "not held yet");
        assert_eq!(codes(&record(session(&app, 1, "2026-10-07T10:00:00Z")).await), ["NOT_FOUND"]);
        // A manager's errors tell of no partner and no pod that it does not see: they are those of ids that were never made.
        let manager = app.as_role(Role::PartnerManager);
        let asked = async |partner: String, pod: Option<String>| {
            let mut input = session(&app, 0, "2026-10-08T10:00:00Z");
            (input["partnerId"], input["podId"]) = (json!(partner), json!(pod));
            manager.change("podSessionRecord", input, SESSION).await["userErrors"].clone()
        };
        let home = &app.world.home;
        let partner = |id| global_id("Partner", id);
        let (never, hidden) = (Uuid::from_u128(7), home.partners[1]);
        assert_eq!(asked(partner(hidden), None).await, asked(partner(never), None).await);
        let pods = [home.pods[1], never].map(|pod| Some(global_id("Pod", pod)));
        let [of_others, no_pod] = pods;
        assert_eq!(
            asked(partner(home.partners[0]), of_others.clone()).await,
            asked(partner(home.partners[0]), no_pod).await
        );
        assert_eq!(asked(partner(hidden), of_others).await, asked(partner(never), None).await);
        let mut foreign = session(&app, 0, "2026-09-30T10:00:00Z");
        foreign["podId"] = json!(global_id("Pod", app.world.home.pods[1]));
        assert_eq!(codes(&record(foreign.clone()).await), ["NOT_FOUND"]);
        let revops = app.as_role(Role::Revops);
        assert_eq!(rules(&revops.change("podSessionRecord", foreign, SESSION).await), ["NOT_THE_PODS_PARTNER"]);
        let mut wrong = session(&app, 0, "2026-09-30T10:00:00Z");
        wrong["targetAccounts"][1]["nextSteps"][0]["owner"] = json!(" ");
        wrong["targetAccounts"][2] = json!({ "accountId": global_id("Account", app.world.home.accounts[1]) });
        wrong["introductions"][0]["what"] = json!("");
        let wrong = record(wrong).await;
        let paths: Vec<&Value> = wrong["userErrors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
        let expected = [
            json!(["input", "targetAccounts", "1", "nextSteps", "0", "owner"]),
            json!(["input", "targetAccounts", "2", "accountId"]),
            json!(["input", "introductions", "0", "what"]),
        ];
        assert_eq!(paths, expected.iter().collect::<Vec<_>>(), "{wrong}");
        // The partner was there: it reads what was agreed, and the summary. Whose the accounts are in the CRM is the vendor's.
        let own = "{ podSessions { edges { node { weekOn targetAccounts { name } isFull } } } }";
        assert_eq!(nodes(&app, Role::Partner, own, "podSessions").await.len(), 1);
        assert_eq!(nodes(&app, Role::CustomerAe, own, "podSessions").await.len(), 1);
        let inside = "{ podSessions { edges { node { targetAccounts { account { id } } } } } }";
        assert_eq!(app.as_role(Role::Partner).query(inside).await.status, 400);
        assert_eq!(app.as_role(Role::Leadership).query(own).await.status, 400);
        let week = "{ podSessions(filter: { weekOn: { gte: \"2026-10-12\" } }) { edges { node { id } } } }";
        assert!(nodes(&app, Role::Revops, week, "podSessions").await.is_empty());
        // After its time the summary is overdue, and late when it comes.
        app.clock.set(at("2026-10-09T10:00:00.000001Z"));
        let overdue =
            "{ jointCalls(filter: { state: { eq: OVERDUE } }) { edges { node { id podSession { weekOn } } } } }";
        let overdue = nodes(&app, Role::CustomerAe, overdue, "jointCalls").await;
        assert_eq!(overdue, [json!({ "id": call["id"], "podSession": { "weekOn": "2026-10-05" } })]);
        let late = summarise(&app, Role::CustomerAe, &call["id"], "Three accounts.").await;
        assert_eq!((&late["jointCall"]["isLate"], &late["jointCall"]["state"]), (&json!(true), &json!("SUMMARISED")));
        assert_eq!(promises(&app, Role::Partner, "HANDOFF_SUMMARY").await[0]["state"], "MISSED");
    });
}

/// What the policy asks from a day on is asked of the sessions that are held from then on.
#[test]
fn a_session_goes_by_the_policy_of_its_day() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let draft = json!({ "title": "smaller pods", "values": { "podSessionAccounts": 3, "podSessionIntroductions": 1, "podSessionNextSteps": 0 } });
        let draft = revops.change("policyDraft", draft, "draft { id }").await;
        let from = json!({ "draftId": draft["draft"]["id"], "activeFrom": "2026-10-06", "reason": "agreed" });
        assert_eq!(codes(&revops.change("policyActivate", from, "policy { version }").await), NONE);
        app.clock.set(at("2026-10-13T12:00:00Z"));
        let record = async |held: &str| {
            app.as_role(Role::Revops).change("podSessionRecord", session(&app, 0, held), SESSION).await
        };
        let before = record("2026-10-05T10:00:00Z").await;
        assert_eq!(
            (&before["podSession"]["isFull"], &before["podSession"]["policyVersion"]),
            (&json!(false), &json!(1))
        );
        let after = record("2026-10-13T10:00:00Z").await;
        assert_eq!((&after["podSession"]["isFull"], &after["podSession"]["policyVersion"]), (&json!(true), &json!(2)));
    });
}

/// Approved on Monday, 5 October: due at the end of Monday, 12 October, by when the call was held.
#[test]
fn the_first_call_of_a_registration_is_joined_within_five_business_days() {
    on_every_backend(async |app| {
        let joined = approved(&app, "https://fabrikam.com").await;
        let taken_back = approved(&app, "https://contoso.com").await;
        let lost = approved(&app, "https://tailspin.com").await;
        let ignored = approved(&app, "https://wingtip.com").await;
        let clock = async |of: &Value| {
            let all = promises(&app, Role::Partner, "JOIN_FIRST_CALL").await;
            all.into_iter().find(|clock| clock["subjectId"] == of["id"]).unwrap()
        };
        let first = clock(&joined).await;
        assert_eq!(
            (&first["owner"], &first["dueAt"], &first["state"]),
            (&json!("VENDOR"), &json!("2026-10-12T23:59:59.999999Z"), &json!("RUNNING"))
        );
        commit_rep(&app, &joined["deal"]["id"]).await;
        app.clock.set(at("2026-10-06T09:00:00Z"));
        let withdraw = json!({ "id": taken_back["id"] });
        assert_eq!(codes(&app.as_role(Role::Partner).change("registrationWithdraw", withdraw, "replayed").await), NONE);
        let close = json!({ "id": lost["deal"]["id"], "facts": { "outcome": "LOST", "closedOn": "2026-10-06" } });
        assert_eq!(codes(&app.as_role(Role::Revops).change("dealUpdate", close, "replayed").await), NONE);
        // Held within the time and logged after it: when it was held counts.
        app.clock.set(at("2026-10-13T09:00:00Z"));
        assert_eq!(codes(&meet(&app, &joined, "2026-10-12T16:00:00Z").await), NONE);
        let met = clock(&joined).await;
        assert_eq!((&met["state"], &met["metAt"]), (&json!("MET"), &json!("2026-10-12T16:00:00Z")));
        assert_eq!(clock(&taken_back).await["state"], "STOPPED");
        assert_eq!(clock(&lost).await["state"], "STOPPED");
        assert_eq!(clock(&ignored).await["state"], "MISSED");
        app.clock.set(at("2027-01-02T09:00:00Z"));
        let card = "{ scorecard { promises { kind owner met missed } } }";
        let card = app.as_role(Role::Partner).query(card).await.data()["scorecard"]["promises"].clone();
        let own = json!({ "kind": "JOIN_FIRST_CALL", "owner": "VENDOR", "met": 1, "missed": 1 });
        assert!(card.as_array().unwrap().contains(&own), "{card}");
    });
}

/// The partner tells of the meeting with its own summary: it joins the first call, and the vendor owes no summary of it.
#[test]
fn a_meeting_that_the_partner_tells_of_keeps_the_first_call_and_owes_no_other_summary() {
    on_every_backend(async |app| {
        let registration = approved(&app, "https://fabrikam.com").await;
        commit_rep(&app, &registration["deal"]["id"]).await;
        app.clock.set(at("2026-10-06T15:00:00Z"));
        let told = json!({ "id": registration["id"], "summary": "We met.", "heldAt": "2026-10-06T14:00:00Z" });
        let told = app.as_role(Role::Partner).change("registrationSummaryAttach", told, "replayed").await;
        assert_eq!(codes(&told), NONE, "{told}");
        let joined = promises(&app, Role::Partner, "JOIN_FIRST_CALL").await;
        assert_eq!((&joined[0]["state"], &joined[0]["metAt"]), (&json!("MET"), &json!("2026-10-06T14:00:00Z")));
        assert!(nodes(&app, Role::Revops, CALLS, "jointCalls").await.is_empty());
    });
}
