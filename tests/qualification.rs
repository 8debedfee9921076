//! The account-level trust-gap score through the API: its components, what is missing, and the routing that stays as it was decided.

use crate::support::world::global_id;
use crate::support::{App, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

const SCORE: &str =
    "{ score missing barScore motion policyVersion components { component score weight contribution missing } }";

async fn of_deal(app: &App, role: Role, deal: uuid::Uuid) -> Value {
    let id = global_id("Deal", deal);
    // The account's goes by its largest open deal, whosever: only who sees every deal has it.
    let account = match role {
        Role::Operator | Role::Revops => format!("account {{ trustGapScore {SCORE} }}"),
        _ => String::new(),
    };
    let query = format!(
        "{{ deal(id: \"{id}\") {{ trustGapScore {SCORE} routing {{ motion score buyerSeniority version }} {account} }} }}"
    );
    app.as_role(role).query(&query).await.data()["deal"].clone()
}

/// A partner was at work on the account: 50 x 40. The deal is of 12,000.00, and so is the mean: half of twice of it: 50 x 20. With a
/// competitor, 100 x 20, and a manager, 25 x 20, it is 5,500 of 100: 55. With a vice president, 75 x 20: 65. With us in, 20 less: 45.
#[test]
fn a_score_shows_its_components_and_routes_at_qualification() {
    on_every_backend(async |app| {
        let (home, seat) = (&app.world.home, app.as_role(Role::CustomerAe));
        let first = of_deal(&app, Role::CustomerAe, home.open[0]).await;
        let score = &first["trustGapScore"];
        assert_eq!((&score["score"], &score["motion"]), (&Value::Null, &Value::Null), "{first}");
        assert_eq!(score["missing"], json!(["INCUMBENCY", "BUYER_SENIORITY"]));
        assert_eq!(
            score["components"][0],
            json!({ "component": "OVERLAP", "score": "50.000000000000", "weight": "40", "contribution": "20.000000000000", "missing": null })
        );
        assert_eq!(
            score["components"][1],
            json!({ "component": "INCUMBENCY", "score": null, "weight": "20", "contribution": null, "missing": "NO_INCUMBENCY" })
        );
        assert_eq!(score["components"][3]["score"], "50.000000000000");
        assert_eq!(first["routing"], Value::Null);
        let deal = global_id("Deal", home.open[0]);
        let qualify = async |input: Value| {
            seat.change(
                "dealQualify",
                input,
                "deal { routing { motion score buyerSeniority version } trustGapScore { score } }",
            )
            .await
        };
        let nobody = qualify(json!({ "dealId": deal })).await;
        assert_eq!(
            (&nobody["userErrors"][0]["code"], &nobody["userErrors"][0]["path"]),
            (&json!("REQUIRED"), &json!(["input", "buyerSeniority"]))
        );
        let account = global_id("Account", home.accounts[0]);
        let record = async |input: Value| seat.change("accountFirmographicsSet", input, "account { id }").await;
        record(json!({ "accountId": account, "incumbency": "COMPETITOR", "buyerSeniority": "MANAGER" })).await;
        let second = of_deal(&app, Role::PartnerManager, home.open[0]).await;
        assert_eq!(
            (&second["trustGapScore"]["score"], &second["trustGapScore"]["motion"]),
            (&json!("55.000000000000"), &json!("PARTNER_MOTION"))
        );
        let whole = of_deal(&app, Role::Operator, home.open[0]).await;
        assert_eq!(whole["account"]["trustGapScore"]["score"], "55.000000000000", "its largest open deal is this one");
        let routed = qualify(json!({ "dealId": deal, "buyerSeniority": "VICE_PRESIDENT", "expectedVersion": 0, "idempotencyKey": "q-1" })).await;
        let expected = json!({ "motion": "PARTNER_MOTION", "score": "65.000000000000", "buyerSeniority": "VICE_PRESIDENT", "version": 1 });
        assert_eq!(routed["deal"]["routing"], expected, "{routed}");
        // The score moves with the facts; the routing stays as it was decided until the deal is qualified again.
        record(json!({ "accountId": account, "incumbency": "OURS" })).await;
        let third = of_deal(&app, Role::Operator, home.open[0]).await;
        assert_eq!(
            (&third["trustGapScore"]["score"], &third["trustGapScore"]["motion"]),
            (&json!("45.000000000000"), &json!("DIRECT_MOTION"))
        );
        assert_eq!(third["routing"], expected);
        // The account goes by its own buyer: 20 + 0 + 5 + 10.
        assert_eq!(third["account"]["trustGapScore"]["score"], "35.000000000000");
        assert_eq!(
            qualify(json!({ "dealId": deal, "expectedVersion": 0 })).await["userErrors"][0]["code"],
            "STALE_VERSION"
        );
        let again = qualify(json!({ "dealId": deal, "expectedVersion": 1 })).await;
        assert_eq!(
            (&again["deal"]["routing"]["motion"], &again["deal"]["routing"]["score"]),
            (&json!("DIRECT_MOTION"), &json!("45.000000000000"))
        );
        let closed = json!({ "dealId": global_id("Deal", home.deals[0][0]), "buyerSeniority": "DIRECTOR" });
        assert_eq!(qualify(closed).await["userErrors"][0]["rule"], "DEAL_NOT_OPEN");
        let others = json!({ "dealId": global_id("Deal", home.open[1]), "buyerSeniority": "DIRECTOR" });
        assert_eq!(qualify(others).await["userErrors"][0]["code"], "NOT_FOUND");
    });
}

#[test]
fn weights_and_bar_are_the_programs_policy() {
    on_every_backend(async |app| {
        let (home, revops) = (&app.world.home, app.as_role(Role::Revops));
        let account = global_id("Account", home.accounts[0]);
        let facts = json!({ "accountId": account, "incumbency": "NOBODY", "buyerSeniority": "C_LEVEL" });
        revops.change("accountFirmographicsSet", facts, "account { id }").await;
        // 50 x 40 + 50 x 20 + 100 x 20 + 50 x 20 = 60.
        assert_eq!(of_deal(&app, Role::Revops, home.open[0]).await["trustGapScore"]["score"], "60.000000000000");
        let values = json!({ "profileScoreOverlapWeight": "0", "profileNoIncumbentScore": "20", "profilePartnerMotionBarScore": "57" });
        let draft = revops.change("policyDraft", json!({ "title": "Scores", "values": values }), "draft { id }").await;
        let activate =
            json!({ "draftId": draft["draft"]["id"], "activeFrom": "2026-10-05", "reason": "As we learnt." });
        let done = revops.change("policyActivate", activate, "policy { version }").await;
        assert_eq!(done["userErrors"], json!([]), "{done} {draft}");
        // (20 x 20 + 100 x 20 + 50 x 20) / 60 = 56.67, below 57.
        let score = of_deal(&app, Role::Revops, home.open[0]).await["trustGapScore"].clone();
        assert_eq!(
            (&score["score"], &score["motion"], &score["policyVersion"]),
            (&json!("56.666666666667"), &json!("DIRECT_MOTION"), &json!(2)),
            "{score}"
        );
    });
}

/// Somebody else's open deal of 99,000.00 on the same account is more than twice the mean: 100. Northwind's manager, who would see its
/// own 12,000.00 alone and could tell the other's from the score, has no such field; the deal's own score is the same for everybody.
#[test]
fn an_accounts_score_is_for_who_sees_every_deal_on_it() {
    on_every_backend(async |app| {
        let (home, store) = (&app.world.home, &app.office.store);
        let whole = domain::slice::Viewer::system(home.program).slice().unwrap();
        let like = entity::deal::find(store.read(), &whole, home.open[0]).await.unwrap().unwrap();
        let other = domain::deal::Deal {
            id: uuid::Uuid::from_u128(78),
            external_id: Some("OTHER".into()),
            arr_minor: Some(9_900_000),
            owner_seat_id: None,
            owner_external_id: None,
            pod_id: None,
            ..like
        };
        entity::deal::insert(store.write(), &whole, &other).await.unwrap();
        for role in [Role::Operator, Role::Revops] {
            let deal = of_deal(&app, role, home.open[0]).await;
            assert_eq!(deal["account"]["trustGapScore"]["components"][3]["score"], "100.000000000000");
            assert_eq!(deal["trustGapScore"]["components"][3]["score"], "50.000000000000");
        }
        for role in [Role::PartnerAe, Role::CustomerAe, Role::PartnerManager] {
            let account = global_id("Account", home.accounts[0]);
            let asked = format!("{{ account(id: \"{account}\") {{ trustGapScore {{ score }} }} }}");
            assert_eq!(app.as_role(role).query(&asked).await.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{}", role.word());
        }
    });
}

/// Finance sees no overlap, no signals and no contacts; a partner none of this.
#[test]
fn scores_are_for_those_who_work_deals() {
    on_every_backend(async |app| {
        for role in Role::iter() {
            let reads = !matches!(role, Role::Finance | Role::Leadership | Role::Portfolio | Role::Partner);
            let sdl = api::graphql::sdl_of(role).unwrap();
            for word in ["trustGapScore", "TrustGapScoreLine", "DealRouting", "Firmographics"] {
                assert_eq!(sdl.contains(word), reads, "{} {word}", role.word());
            }
        }
        let whole = of_deal(&app, Role::Operator, app.world.home.open[0]).await;
        for role in [Role::PartnerAe, Role::CustomerAe, Role::PartnerManager, Role::Revops] {
            let theirs = of_deal(&app, role, app.world.home.open[0]).await;
            assert_eq!(
                (&theirs["trustGapScore"], &theirs["routing"]),
                (&whole["trustGapScore"], &whole["routing"]),
                "{}",
                role.word()
            );
        }
    });
}
