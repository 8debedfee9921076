//! What the Pod asks of a partner and how soon its token answers; and the texts of messages.

use crate::registration::{approved, at, codes, rules};
use crate::support::on_every_backend;
use crate::support::world::{global_id, somebody};
use api::usecase::seat;
use domain::role::Role;
use domain::seat::DEV_ISSUER;
use serde_json::{Value, json};

const REQUEST: &str = "podRequest { id question answer answeredAt responseHours version }";

#[test]
fn silence_grows_old_until_the_partner_answers_once() {
    on_every_backend(async |app| {
        let home = &app.world.home;
        let asked = json!({ "partnerId": global_id("Partner", home.partners[0]), "dealId": global_id("Deal", home.open[0]), "question": "Who signs?" });
        let made = app.as_role(Role::PartnerAe).change("podRequestCreate", asked, REQUEST).await;
        assert_eq!(made["podRequest"]["responseHours"], "0", "{made}");
        let others = json!({ "partnerId": global_id("Partner", home.partners[1]), "question": "And you?" });
        assert_eq!(
            codes(&app.as_role(Role::PartnerAe).change("podRequestCreate", others.clone(), REQUEST).await),
            ["NOT_FOUND"]
        );
        let hidden = app.as_role(Role::Revops).change("podRequestCreate", others, REQUEST).await;
        app.clock.set(at("2026-10-06T10:30:00Z"));
        let partner = app.as_role(Role::Partner);
        let waiting = partner.query("{ podRequests(filter: { isAnswered: false }) { totalCount edges { node { id question responseHours } } } }").await;
        let expected = json!({ "totalCount": 1, "edges": [{ "node": { "id": made["podRequest"]["id"], "question": "Who signs?", "responseHours": "25.5" } }] });
        assert_eq!(waiting.data()["podRequests"], expected);
        let answer = |id: &Value| json!({ "id": id, "answer": "The COO does." });
        let answered = partner.change("podRequestAnswer", answer(&made["podRequest"]["id"]), REQUEST).await;
        app.clock.set(at("2026-10-06T20:00:00Z"));
        assert_eq!(answered["podRequest"]["responseHours"], "25.5", "{answered}");
        let again = partner.change("podRequestAnswer", answer(&made["podRequest"]["id"]), REQUEST).await;
        assert_eq!(rules(&again), ["ALREADY_ANSWERED"]);
        let not_there = partner.change("podRequestAnswer", answer(&hidden["podRequest"]["id"]), REQUEST).await;
        assert_eq!(codes(&not_there), ["NOT_FOUND"]);
    });
}

/// A question without a deal is its asker's to read, with its promise, whatever its own rows are; nobody else's of that role.
#[test]
fn who_asks_reads_what_was_asked_without_a_deal() {
    on_every_backend(async |app| {
        let asker = app.as_role(Role::CustomerAe);
        let asked = json!({ "partnerId": global_id("Partner", app.world.home.partners[0]), "question": "Who leads?" });
        let made = asker.change("podRequestCreate", asked, REQUEST).await;
        assert_eq!(made["podRequest"]["question"], "Who leads?", "{made}");
        let list = "{ podRequests { totalCount edges { node { question } } } slaClocks(filter: { kind: { eq: POD_REQUEST } }) { totalCount } }";
        let own = asker.query(list).await;
        let expected = json!({ "totalCount": 1, "edges": [{ "node": { "question": "Who leads?" } }] });
        assert_eq!(own.data()["podRequests"], expected);
        assert_eq!(own.data()["slaClocks"]["totalCount"], 1);
        let ops = somebody(&app.office, app.world.home.program, Role::Revops);
        let who = seat::Who { issuer: DEV_ISSUER.into(), subject: "colleague".into() };
        let facts =
            seat::Facts { name: Some("Colleague".into()), role: Some(Role::CustomerAe), ..seat::Facts::default() };
        seat::grant(&ops, who, facts, None).await.unwrap();
        let colleague = app.as_subject("colleague");
        assert_eq!(colleague.query("{ podRequests { totalCount } }").await.data()["podRequests"]["totalCount"], 0);
    });
}

#[test]
fn a_program_writes_its_own_letters_and_those_sent_stay() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let before = approved(&app, "https://before.com").await;
        let set = async |body: &str| {
            let input = json!({ "kind": "REGISTRATION_ACCEPTANCE", "body": body });
            revops.change("messageTemplateSet", input, "messageTemplates { kind body version places }").await
        };
        let wrong = set("Good until {until}").await;
        assert_eq!(wrong["userErrors"][0]["path"], json!(["input", "body"]));
        let own = set("Good until {through}, {account}.").await;
        assert_eq!(own["messageTemplates"][0]["version"], 1, "{own}");
        let after = approved(&app, "https://after.com").await;
        assert_eq!(after["acceptance"]["text"], "Good until 2027-01-03, after.com.");
        assert!(
            before["acceptance"]["text"].as_str().unwrap().starts_with("Approved through 2027-01-03 for before.com")
        );
    });
}

#[test]
fn an_introduction_offers_two_times() {
    on_every_backend(async |app| {
        let partner = global_id("Partner", app.world.home.partners[0]);
        let person = json!({ "partnerId": partner, "name": "Marguerite", "isRep": true });
        let made =
            app.as_role(Role::Revops).change("partnerPersonAdd", person, "partner { people { id isRep } }").await;
        let rep = made["partner"]["people"].as_array().unwrap().iter().find(|person| person["isRep"] == true).unwrap();
        let input = json!({ "repId": rep["id"], "buyer": "Ada", "similarProblem": "late returns", "customer": "Fabrikam",
            "slots": ["2026-10-12T14:00:00Z", "2026-10-13T08:30:00Z"] });
        let asked = "query($input: JointIntroInput!) { jointIntro(input: $input) }";
        let answer = app.as_role(Role::PartnerManager).query_with(asked, json!({ "input": input })).await;
        let text = answer.data()["jointIntro"].as_str().unwrap().to_owned();
        assert!(
            text.starts_with("Hi Ada, looping in Marguerite of Northwind who solved late returns at Fabrikam."),
            "{text}"
        );
        assert!(text.ends_with("How does Mon 12 Oct 2026 14:00 or Tue 13 Oct 2026 08:30 (UTC) look?"), "{text}");
    });
}
