//! What subscriptions tell of: registrations, disputes, requests of the Pod, leads, deliverables; each to who may see the row.

use crate::attribution::Stand;
use crate::registration::{approved, codes, rival, submit};
use crate::support::patience::until;
use crate::support::stream::{Events, Socket};
use crate::support::world::{World, global_id};
use crate::support::{App, on_every_backend};
use chrono::TimeDelta;
use domain::role::Role;
use serde_json::{Value, json};

const DECIDED: &str =
    "subscription { registrationDecided { eventId isExpired registration { id state decisionReason } } }";
const DISPUTED: &str = "subscription { attributionDisputed { eventId isDecided dispute { id state } } }";

async fn followed(app: &App, by: usize) {
    until("followers", async || app.office.feed.followers() >= by).await;
}

fn token(app: &App, role: Role) -> String {
    app.token(&World::subject(role))
}

fn told(answer: &Value, field: &str) -> Value {
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"][field].clone()
}

async fn refuse(app: &App, id: &Value, reason: &str) {
    let input = json!({ "id": id, "decision": "REFUSE", "reason": reason });
    let done = app.as_role(Role::Revops).change("registrationDecide", input, "registration { id }").await;
    assert_eq!(codes(&done), Vec::<&str>::new(), "{done}");
}

#[test]
fn a_partner_hears_of_decisions_about_its_own_registrations_alone_and_resumes_behind_the_last() {
    on_every_backend(async |app| {
        let other = rival(&app).await;
        let own = submit(&app.as_role(Role::Partner), "https://own.example.org").await["registration"]["id"].clone();
        let theirs = submit(&other, "https://theirs.example.net").await["registration"]["id"].clone();
        // One that does not select its id has it in the stream all the same.
        let bare = &DECIDED.replace("eventId ", "");
        let mut partner = Events::open(app.address, &token(&app, Role::Partner), bare, None).await;
        let mut all = Socket::open(app.address, &token(&app, Role::Revops), DECIDED).await;
        followed(&app, 2).await;
        refuse(&app, &theirs, "no need").await;
        refuse(&app, &own, "no budget").await;
        let both = [told(&all.next().await, "registrationDecided"), told(&all.next().await, "registrationDecided")];
        assert_eq!([&both[0]["registration"]["id"], &both[1]["registration"]["id"]], [&theirs, &own]);
        let (id, answer) = partner.next().await.unwrap();
        let first = told(&answer, "registrationDecided");
        assert_eq!(first["registration"], json!({ "id": own, "state": "REFUSED", "decisionReason": "no budget" }));
        assert_eq!((&first["isExpired"], &both[1]["eventId"]), (&json!(false), &json!(id)));
        drop(partner);
        // What is decided meanwhile comes first when it is back, and nothing of it twice; another's event is no place to resume.
        let next = approved(&app, "https://next.example.org").await["id"].clone();
        let mut again = Events::open(app.address, &token(&app, Role::Partner), bare, Some(&id)).await;
        let heard = told(&again.next().await.unwrap().1, "registrationDecided");
        assert_eq!((&heard["registration"]["id"], &heard["registration"]["state"]), (&next, &json!("APPROVED")));
        let foreign = both[0]["eventId"].as_str().unwrap();
        let mut refused = Events::open(app.address, &token(&app, Role::Partner), DECIDED, Some(foreign)).await;
        assert_eq!(refused.next().await.unwrap().1["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    });
}

/// No meeting for 21 days: the scheduler writes the expiry, and the partner hears of it.
#[test]
fn a_partner_hears_that_a_clock_ran_out() {
    on_every_backend(async |app| {
        let row = approved(&app, "https://silent.example.org").await;
        app.clock.advance(TimeDelta::days(22));
        let mut partner = Socket::open(app.address, &token(&app, Role::Partner), DECIDED).await;
        followed(&app, 1).await;
        let system = api::usecase::Caller::system(app.office.clone(), app.world.home.program);
        assert_eq!(api::usecase::registration_step::expire(&system).await.unwrap(), 1);
        let heard = told(&partner.next().await, "registrationDecided");
        assert_eq!((&heard["isExpired"], &heard["registration"]["id"]), (&json!(true), &row["id"]));
    });
}

#[test]
fn a_dispute_is_told_to_both_sides_and_to_no_one_else() {
    on_every_backend(async |app| {
        let stand = Stand::new(&app).await;
        rival(&app).await;
        let deal = stand.deal("Argued about", true).await;
        stand.log(&deal, 0, "INTRODUCTION", TimeDelta::hours(1)).await;
        stand.declare(&deal, json!([stand.claim(0, "SOURCED")])).await;
        stand.advance(&deal, &stand.first).await;
        let mut partner = Events::open(app.address, &token(&app, Role::Partner), DISPUTED, None).await;
        let mut revops = Socket::open(app.address, &token(&app, Role::Revops), DISPUTED).await;
        let mut rival = Socket::open(app.address, &app.token("rival"), DISPUTED).await;
        followed(&app, 3).await;
        let open = async |name: &str, deal: &Value| {
            let input = json!({ "dealId": deal, "partners": [stand.claim(0, "INFLUENCED")], "evidence": name });
            let manager = app.as_role(Role::PartnerManager);
            manager.change("disputeOpen", input, "dispute { id }").await["dispute"]["id"].clone()
        };
        let id = open("The mail of 3 October.", &deal).await;
        assert!(id.is_string());
        let input = json!({ "id": id, "outcome": "UPHELD", "reason": "It stands." });
        app.as_role(Role::Revops).change("disputeDecide", input, "dispute { id }").await;
        for ear in [
            told(&revops.next().await, "attributionDisputed"),
            told(&partner.next().await.unwrap().1, "attributionDisputed"),
        ] {
            assert_eq!((&ear["isDecided"], &ear["dispute"]["id"]), (&json!(false), &id));
        }
        for ear in [
            told(&revops.next().await, "attributionDisputed"),
            told(&partner.next().await.unwrap().1, "attributionDisputed"),
        ] {
            assert_eq!((&ear["isDecided"], &ear["dispute"]["state"]), (&json!(true), &json!("UPHELD")));
        }
        // The first thing that the other partner hears of is its own.
        let own = stand.deal("Its own", true).await;
        stand.log(&own, 1, "INTRODUCTION", TimeDelta::hours(1)).await;
        stand.declare(&own, json!([stand.claim(1, "SOURCED")])).await;
        stand.advance(&own, &stand.first).await;
        let input = json!({ "dealId": own, "partners": [stand.claim(1, "INFLUENCED")], "evidence": "Minutes." });
        let opened = app.as_subject("rival").change("disputeOpen", input, "dispute { id }").await;
        assert_eq!(told(&rival.next().await, "attributionDisputed")["dispute"]["id"], opened["dispute"]["id"]);
    });
}

#[test]
fn the_pod_hears_of_answers_and_the_partner_of_questions() {
    on_every_backend(async |app| {
        let query = "subscription { podRequestTold { eventId isAnswered podRequest { id } } }";
        let mut partner = Socket::open(app.address, &token(&app, Role::Partner), query).await;
        let mut pod = Events::open(app.address, &token(&app, Role::PartnerAe), query, None).await;
        followed(&app, 2).await;
        let ask = json!({ "partnerId": global_id("Partner", app.world.home.partners[0]), "question": "Who decides?" });
        let asked = app.as_role(Role::PartnerAe).change("podRequestCreate", ask, "podRequest { id }").await;
        let id = asked["podRequest"]["id"].clone();
        assert_eq!(told(&partner.next().await, "podRequestTold")["podRequest"]["id"], id);
        assert_eq!(told(&pod.next().await.unwrap().1, "podRequestTold")["isAnswered"], false);
        let answer = json!({ "id": id, "answer": "The COO." });
        app.as_role(Role::Partner).change("podRequestAnswer", answer, "podRequest { id }").await;
        assert_eq!(told(&pod.next().await.unwrap().1, "podRequestTold")["isAnswered"], true);
    });
}

#[test]
fn an_owner_hears_of_its_leads_and_of_no_deliverable_that_a_partner_may_not_know() {
    on_every_backend(async |app| {
        let query = "subscription { leadTold { eventId isDecided lead { name state } } }";
        let mut manager = Socket::open(app.address, &token(&app, Role::PartnerManager), query).await;
        followed(&app, 1).await;
        let lead = |at: usize, name: &str| json!({ "name": name, "sourcePartnerId": global_id("Partner", app.world.home.partners[at]) });
        let revops = app.as_role(Role::Revops);
        revops.change("leadRecord", lead(1, "Another's"), "lead { id }").await;
        revops.change("leadRecord", lead(0, "Warm"), "lead { id }").await;
        assert_eq!(told(&manager.next().await, "leadTold")["lead"]["name"], "Warm");
        // A partner's token has no such field, as for one that never was.
        let ask = "subscription { deliverablePublished { eventId } }";
        let response = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .post(app.url("/graphql"))
            .bearer_auth(token(&app, Role::Partner))
            .header("accept", "text/event-stream")
            .json(&json!({ "query": ask }))
            .send()
            .await
            .unwrap();
        assert!(response.text().await.unwrap().contains("GRAPHQL_VALIDATION_FAILED"));
    });
}

/// What one side asks, the other hears of, and the answer comes back; what is no business of the partner's is not told to it. Finance
/// hears of a private offer when it is accepted.
#[test]
fn escalations_and_summaries_are_told_to_both_sides_and_accepted_offers_to_finance() {
    on_every_backend(async |app| {
        let asked = "subscription { escalationTold { eventId isOpened escalation { id state } } }";
        let summed = "subscription { jointCallSummarised { eventId jointCall { id summary } } }";
        let offer = "subscription { privateOfferAccepted { eventId dealId dealName } }";
        let mut partner = Socket::open(app.address, &token(&app, Role::Partner), asked).await;
        let mut manager = Events::open(app.address, &token(&app, Role::PartnerManager), asked, None).await;
        let mut reader = Socket::open(app.address, &token(&app, Role::Partner), summed).await;
        let mut finance = Socket::open(app.address, &token(&app, Role::Finance), offer).await;
        // Its id is for who reads it on the deal, and Finance does not.
        let mut office =
            Socket::open(app.address, &token(&app, Role::Revops), &offer.replace("Name", "Name offerId")).await;
        followed(&app, 5).await;
        let (own, revops) = (global_id("Partner", app.world.home.partners[0]), app.as_role(Role::Revops));
        let deal = global_id("Deal", app.world.home.open[0]);
        let inside = json!({ "dealId": deal, "partnerId": own, "kind": "LEGAL", "question": "Who signs?", "addressedTo": "VENDOR" });
        let inside = revops.change("escalationOpen", inside, "escalation { id }").await["escalation"]["id"].clone();
        let open = json!({ "dealId": deal, "partnerId": own, "kind": "LEGAL", "question": "Who signs?" });
        let id = revops.change("escalationOpen", open, "escalation { id }").await["escalation"]["id"].clone();
        let answer = json!({ "id": id, "answer": "Our counsel." });
        let answered = app.as_role(Role::Partner).change("escalationAnswer", answer, "escalation { id }").await;
        assert_eq!(codes(&answered), Vec::<&str>::new(), "{answered}");
        let first = told(&partner.next().await, "escalationTold");
        assert_eq!((&first["isOpened"], &first["escalation"]["id"]), (&json!(true), &id));
        let second = told(&partner.next().await, "escalationTold");
        assert_eq!((&second["isOpened"], &second["escalation"]["state"]), (&json!(false), &json!("ANSWERED")));
        assert_eq!(told(&manager.next().await.unwrap().1, "escalationTold")["escalation"]["id"], inside);
        let session =
            json!({ "partnerId": own, "heldAt": "2026-10-05T08:00:00Z", "targetAccounts": [], "introductions": [] });
        let held = revops.change("podSessionRecord", session, "podSession { jointCall { id } }").await;
        let call = &held["podSession"]["jointCall"]["id"];
        let summary = json!({ "id": call, "summary": "Nobody came prepared." });
        revops.change("jointCallSummarise", summary, "jointCall { id }").await;
        let heard = told(&reader.next().await, "jointCallSummarised");
        assert_eq!(heard["jointCall"], json!({ "id": call, "summary": "Nobody came prepared." }));
        // An offer on an open deal is no news for Finance, which sees no pipeline.
        let facts = |facts: Value| json!({ "id": deal, "facts": facts });
        let marked = facts(json!({ "isPrivateOffer": true, "offerId": "offer-7" }));
        assert_eq!(codes(&revops.change("dealUpdate", marked, "deal { id }").await), Vec::<&str>::new());
        let won = facts(json!({ "outcome": "WON", "closedOn": "2026-10-05" }));
        assert_eq!(codes(&revops.change("dealUpdate", won, "deal { id }").await), Vec::<&str>::new());
        let heard = told(&finance.next().await, "privateOfferAccepted");
        assert_eq!((&heard["dealId"], &heard["dealName"]), (&json!(deal), &json!("Northwind open")));
        assert_eq!(told(&office.next().await, "privateOfferAccepted")["offerId"], "offer-7");
    });
}
