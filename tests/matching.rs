//! Which partner for which deal, through the API: a small world worked out by hand, the reasons, and the slice.

use crate::support::world::global_id;
use crate::support::{App, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};

fn partner(app: &App, at: usize) -> String {
    global_id("Partner", app.world.home.partners[at])
}

async fn matched(app: &App, role: Role, deal: uuid::Uuid, more: &str) -> Value {
    let query = format!(
        "query($deal: ID!) {{ matchPartners(dealId: $deal) {{ policyVersion needs {{ kind anyOf }}
           matches {{ rank score partner {{ name }} needsMet components {{ component reason score weight contribution }} {more} }} }} }}"
    );
    let answer = app.as_role(role).query_with(&query, json!({ "deal": global_id("Deal", deal) })).await;
    answer.data()["matchPartners"].clone()
}

/// Name, score, and the reason of each component.
fn lines(found: &Value) -> Vec<(&str, &str, Vec<&str>)> {
    found["matches"].as_array().unwrap().iter().map(line_of).collect()
}

fn line_of(it: &Value) -> (&str, &str, Vec<&str>) {
    let reasons = it["components"].as_array().unwrap().iter().map(|line| line["reason"].as_str().unwrap()).collect();
    (it["partner"]["name"].as_str().unwrap(), it["score"].as_str().unwrap(), reasons)
}

/// Northwind's open deal is on an account on which both partners were at work: 50 x 30. Trust-Gap in Enterprise is 7/11 - 4/10 for
/// Northwind, SOLID and above 10 points: 100 x 30; 3/11 - 4/10 for Southbay, SOLID and below: 0. Nothing is on the map: 45 and 15.
///
/// Then the account is Southbay's, and it answers to retail, to Germany and to the buyer: 100 x 40 + 100 x 30 = 70; Northwind answers to
/// nothing that is valid: 45 still.
#[test]
fn partners_are_ranked_for_a_deal_and_each_line_says_why() {
    on_every_backend(async |app| {
        let (home, revops) = (&app.world.home, app.as_role(Role::Revops));
        let first = matched(&app, Role::Operator, home.open[0], "trustGap { points evidence }").await;
        assert_eq!(first["needs"], json!([{ "kind": "BUYER_RELATIONSHIP", "anyOf": [] }]), "{first}");
        assert_eq!(
            lines(&first),
            [
                ("Northwind", "45.000000000000", vec!["NO_NEED_MET", "AT_WORK_ON_ACCOUNT", "TRUST_GAP_MET"]),
                ("Southbay", "15.000000000000", vec!["NO_NEED_MET", "AT_WORK_ON_ACCOUNT", "TRUST_GAP_NOT_MET"]),
            ]
        );
        assert_eq!(first["matches"][0]["trustGap"], json!({ "points": "23.636363636364", "evidence": "SOLID" }));
        let account = global_id("Account", home.accounts[0]);
        let facts = json!({ "partnerId": partner(&app, 1), "region": "EMEA" });
        revops.change("accountUpdate", json!({ "id": account, "facts": facts }), "account { id }").await;
        let firmographics = json!({ "accountId": account, "industry": "Retail", "country": "DE" });
        revops.change("accountFirmographicsSet", firmographics, "account { id }").await;
        for (at, kind, value, account_id, day) in [
            (1, "INDUSTRY", "retail", None, "2026-10-01"),
            (1, "GEOGRAPHIC", "de", None, "2026-10-01"),
            (1, "BUYER_RELATIONSHIP", "CIO", Some(&account), "2026-10-01"),
            (1, "INDUSTRY", "Banking", None, "2026-10-01"),
            (0, "INDUSTRY", "Retail", None, "2026-04-07"),
        ] {
            let input = json!({ "partnerId": partner(&app, at), "kind": kind, "value": value, "evidence": "Seen.", "validatedOn": day, "accountId": account_id });
            let made = revops.change("capabilityRecord", input, "capability { id }").await;
            assert_eq!(made["userErrors"], json!([]), "{made}");
        }
        let second = matched(&app, Role::Operator, home.open[0], "entries { value isStale }").await;
        assert_eq!(
            lines(&second),
            [
                ("Southbay", "70.000000000000", vec!["NEEDS_MET", "ITS_CUSTOMER", "TRUST_GAP_NOT_MET"]),
                ("Northwind", "45.000000000000", vec!["ONLY_STALE_ENTRIES", "AT_WORK_ON_ACCOUNT", "TRUST_GAP_MET"]),
            ]
        );
        let components = json!([
            { "component": "CAPABILITY", "reason": "NEEDS_MET", "score": "100.000000000000", "weight": "40", "contribution": "40.000000000000" },
            { "component": "OVERLAP", "reason": "ITS_CUSTOMER", "score": "100.000000000000", "weight": "30", "contribution": "30.000000000000" },
            { "component": "TRUST_GAP", "reason": "TRUST_GAP_NOT_MET", "score": "0.000000000000", "weight": "30", "contribution": "0.000000000000" },
        ]);
        assert_eq!(second["matches"][0]["components"], components);
        assert_eq!(second["matches"][0]["needsMet"], json!(["INDUSTRY", "BUYER_RELATIONSHIP", "GEOGRAPHIC"]));
        assert_eq!(second["matches"][0]["entries"].as_array().unwrap().len(), 3);
        assert_eq!(second["matches"][1]["entries"], json!([{ "value": "Retail", "isStale": true }]));
        // A candidate and a partner whose relationship ended are not matched.
        let end = json!({ "id": partner(&app, 1), "status": "ENDED" });
        revops.change("partnerUpdate", end, "partner { id }").await;
        assert_eq!(lines(&matched(&app, Role::Operator, home.open[0], "").await).len(), 1);
    });
}

#[test]
fn a_match_follows_the_slice_and_gives_no_points_away() {
    on_every_backend(async |app| {
        let home = &app.world.home;
        let whole = matched(&app, Role::Operator, home.open[0], "").await;
        for role in [Role::PartnerAe, Role::PartnerManager] {
            let own = matched(&app, role, home.open[0], "").await;
            assert_eq!(own["matches"], json!([whole["matches"][0]]), "{}", role.word());
            assert_eq!(matched(&app, role, home.open[1], "").await, Value::Null, "a deal outside the slice");
        }
        // A customer AE lists both: one of its deals is shared. It is told met or not met, and no points.
        assert_eq!(matched(&app, Role::CustomerAe, home.open[0], "").await["matches"], whole["matches"]);
        for role in [Role::CustomerAe, Role::PartnerManager] {
            let deal = global_id("Deal", home.open[0]);
            let query = format!("{{ matchPartners(dealId: \"{deal}\") {{ matches {{ trustGap {{ reading }} }} }} }}");
            assert_eq!(app.as_role(role).query(&query).await.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{}", role.word());
        }
        for role in [Role::Finance, Role::Leadership, Role::Portfolio, Role::Partner] {
            let sdl = api::graphql::sdl_of(role).unwrap();
            assert!(!sdl.contains("matchPartners") && !sdl.contains("PartnerMatch"), "{}", role.word());
        }
        let never = matched(&app, Role::Operator, app.clock.id(), "").await;
        assert_eq!(never, Value::Null);
    });
}
