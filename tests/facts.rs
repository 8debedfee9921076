//! Facts through the API: made, changed, refused, listed, on both back ends.

use crate::support::{App, Seat, on_every_backend};
use domain::role::Role;
use serde_json::{Value, json};

/// The codes of a payload's user errors.
pub(crate) fn codes(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect()
}

async fn version(app: &App) -> i64 {
    app.as_role(Role::Revops).query("{ program { dataVersion } }").await.data()["program"]["dataVersion"]
        .as_i64()
        .unwrap()
}

pub(crate) async fn deal(revops: &Seat<'_>, facts: Value) -> Value {
    revops.change("dealCreate", json!({ "facts": facts }), DEAL).await
}

/// A deal that nobody brought, declared as it is made.
pub(crate) async fn direct(revops: &Seat<'_>, facts: Value) -> Value {
    revops.change("dealCreate", json!({ "facts": facts, "direct": true }), DEAL).await
}

const DEAL: &str = "deal { id version outcome closedQuarter cycleDays arr { amount currency } originalAmount { amount currency } segment { name } lockedAt declaration }";

/// Puts on record that a partner introduced the buyer of a deal an hour ago.
async fn introduce(revops: &Seat<'_>, app: &App, deal: &Value, partner: &Value) {
    let at = (app.clock.now() - chrono::TimeDelta::hours(1)).to_rfc3339();
    let input = json!({ "dealId": deal, "partnerId": partner, "kind": "INTRODUCTION", "happenedAt": at });
    let logged = revops.change("activityLog", input, "activity { id }").await;
    assert_eq!(codes(&logged), Vec::<&str>::new());
}

#[test]
fn a_deal_is_made_advanced_and_closed_in_its_quarter() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let stage = async |name: &str, outcome: &str, position: i64, later: bool| {
            let input =
                json!({ "crmName": name, "outcome": outcome, "position": position, "isStageOneOrLater": later });
            revops.change("stageMap", input, "stage { id }").await["stage"]["id"].clone()
        };
        let (lead, won) = (stage("Lead in", "OPEN", 0, false).await, stage("Signed", "WON", 9, true).await);
        let facts = json!({ "name": "Fleet", "openedOn": "2026-07-01", "stageId": lead, "arr": { "amount": "1200.50", "currency": "USD" } });
        let made = deal(&revops, facts).await;
        assert_eq!(made["deal"]["outcome"], "OPEN");
        assert_eq!(made["deal"]["arr"], json!({ "amount": "1200.50", "currency": "USD" }));
        let id = made["deal"]["id"].clone();
        let input = json!({ "dealId": id, "direct": true });
        assert_eq!(codes(&revops.change("attributionDeclare", input, "deal { id }").await), Vec::<&str>::new());
        // A closing stage without a day is refused, and nothing is written.
        let before = version(&app).await;
        let select = "deal { version outcome closedOn closedQuarter cycleDays }";
        let refused = revops.change("dealAdvance", json!({ "id": id, "stageId": won }), select).await;
        assert_eq!((codes(&refused), &refused["deal"]), (vec!["INVALID"], &Value::Null));
        assert_eq!(version(&app).await, before);
        let closed = revops
            .change(
                "dealAdvance",
                json!({ "id": id, "stageId": won, "closedOn": "2026-09-30", "expectedVersion": 2 }),
                select,
            )
            .await;
        let expected = json!({ "version": 3, "outcome": "WON", "closedOn": "2026-09-30", "closedQuarter": "2026-Q3", "cycleDays": 91 });
        assert_eq!(closed["deal"], expected, "{closed}");
        // The version that was read before is stale now.
        let stale =
            revops.change("dealAdvance", json!({ "id": id, "nextStep": "call", "expectedVersion": 1 }), select).await;
        assert_eq!(codes(&stale), ["STALE_VERSION"]);
    });
}

#[test]
fn one_key_is_one_deal_and_another_input_under_it_is_refused() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let input =
            |name: &str| json!({ "idempotencyKey": "k-1", "facts": { "name": name, "openedOn": "2026-07-01" } });
        let first = revops.change("dealCreate", input("Once"), "replayed deal { id }").await;
        let before = version(&app).await;
        let again = revops.change("dealCreate", input("Once"), "replayed deal { id }").await;
        assert_eq!((&again["replayed"], &again["deal"]["id"]), (&json!(true), &first["deal"]["id"]));
        assert_eq!(version(&app).await, before);
        assert_eq!(codes(&revops.change("dealCreate", input("Twice"), "replayed").await), ["IDEMPOTENCY_KEY_REUSED"]);
        // After a day the key is forgotten.
        app.clock.advance(chrono::TimeDelta::hours(24));
        let later = app.as_role(Role::Revops).change("dealCreate", input("Twice"), "replayed deal { id }").await;
        assert_eq!(later["replayed"], false);
        assert_ne!(later["deal"]["id"], first["deal"]["id"]);
    });
}

#[test]
fn many_at_once_with_one_key_make_one_deal() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let input = json!({ "idempotencyKey": "k-2", "facts": { "name": "Rush", "openedOn": "2026-07-01" } });
        let all =
            futures_util::future::join_all((0..8).map(|_| revops.change("dealCreate", input.clone(), "deal { id }")))
                .await;
        let ids: std::collections::BTreeSet<String> =
            all.iter().map(|payload| payload["deal"]["id"].to_string()).collect();
        assert_eq!(ids.len(), 1, "{all:?}");
        let found = revops
            .query(r#"{ deals(orderBy: {field: NAME, direction: DESC}, first: 100) { edges { node { name } } } }"#)
            .await;
        let rushes = found.data()["deals"]["edges"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|edge| edge["node"]["name"] == "Rush")
            .count();
        assert_eq!(rushes, 1);
    });
}

#[test]
fn attribution_is_declared_as_a_whole_and_locked_at_stage_one() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let ids = revops.query("{ partners { edges { node { id } } } }").await;
        let partner = |at: usize| ids.data()["partners"]["edges"][at]["node"]["id"].clone();
        let stage = json!({ "crmName": "Stage 1", "outcome": "OPEN", "isStageOneOrLater": true });
        let stage = revops.change("stageMap", stage, "stage { id }").await["stage"]["id"].clone();
        let made = deal(&revops, json!({ "name": "Locks", "openedOn": "2026-07-01" })).await;
        let id = made["deal"]["id"].clone();
        introduce(&revops, &app, &id, &partner(0)).await;
        introduce(&revops, &app, &id, &partner(1)).await;
        let select = "deal { lockedAt declaration attributions { state partner { id } isLate provenance } }";
        let claim = |at: usize, state: &str| json!({ "partnerId": partner(at), "state": state });
        let two = json!({ "dealId": id, "partners": [claim(0, "SOURCED"), claim(1, "SOURCED")] });
        let refused = revops.change("attributionDeclare", two, select).await;
        assert_eq!(codes(&refused), ["RULE_REFUSED"]);
        assert_eq!(refused["userErrors"][0]["rule"], "TWO_SOURCED");
        assert_eq!(refused["userErrors"][0]["path"], json!(["input", "partners", "1", "state"]));
        let wrong = json!({ "dealId": id, "partners": [claim(0, "EXPANSION_OR_RETENTION")] });
        let wrong = revops.change("attributionDeclare", wrong, select).await;
        assert_eq!(wrong["userErrors"][0]["rule"], "STATE_DOES_NOT_FIT_KIND");
        let neither = revops.change("attributionDeclare", json!({ "dealId": id }), select).await;
        assert_eq!(codes(&neither), ["REQUIRED"]);
        // Before the lock a declaration replaces the one before.
        let direct = revops.change("attributionDeclare", json!({ "dealId": id, "direct": true }), select).await;
        assert_eq!(direct["deal"]["declaration"], "DIRECT");
        let declared = json!({ "dealId": id, "partners": [claim(0, "SOURCED"), claim(1, "INFLUENCED")] });
        let declared = revops.change("attributionDeclare", declared, select).await;
        assert_eq!(declared["deal"]["attributions"].as_array().unwrap().len(), 2, "{declared}");
        assert_eq!(declared["deal"]["lockedAt"], Value::Null);
        // Reaching Stage 1 locks it: then it is neither declared anew, nor moved to another segment or kind.
        let advanced = revops.change("dealAdvance", json!({ "id": id, "stageId": stage }), "deal { lockedAt }").await;
        assert_ne!(advanced["deal"]["lockedAt"], Value::Null);
        let late = revops.change("attributionDeclare", json!({ "dealId": id, "direct": true }), select).await;
        assert_eq!(late["userErrors"][0]["rule"], "LOCKED");
        let segment = revops.query("{ segments { id } }").await.data()["segments"][0]["id"].clone();
        let moved = revops
            .change(
                "dealUpdate",
                json!({ "id": id, "facts": { "segmentId": segment, "kind": "RENEWAL" } }),
                "deal { id }",
            )
            .await;
        assert_eq!(codes(&moved), ["RULE_REFUSED", "RULE_REFUSED"]);
    });
}

#[test]
fn bad_input_of_each_kind_leaves_no_trace() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let before = version(&app).await;
        let day = "2026-07-01";
        let refused = [
            (json!({ "name": "", "openedOn": day }), "INVALID", "name"),
            (json!({ "name": "x".repeat(301), "openedOn": day }), "INVALID", "name"),
            (json!({ "openedOn": "2026-12-31", "name": "Future" }), "INVALID", "openedOn"),
            (json!({ "name": "No day" }), "REQUIRED", "openedOn"),
            (
                json!({ "name": "Minus", "openedOn": day, "arr": { "amount": "-1", "currency": "USD" } }),
                "INVALID",
                "arr",
            ),
            (
                json!({ "name": "Cents", "openedOn": day, "arr": { "amount": "1.005", "currency": "USD" } }),
                "INVALID",
                "arr",
            ),
            (
                json!({ "name": "Huge", "openedOn": day, "arr": { "amount": "9999999999999999999999999.99", "currency": "USD" } }),
                "INVALID",
                "arr",
            ),
            (
                json!({ "name": "Backwards", "openedOn": day, "outcome": "WON", "closedOn": "2026-06-30" }),
                "INVALID",
                "closedOn",
            ),
            (json!({ "name": "Rate", "openedOn": day, "discountRate": "1.5" }), "INVALID", "discountRate"),
            (json!({ "name": "Nowhere", "openedOn": day, "segmentId": "bm9wZQ" }), "NOT_FOUND", "segmentId"),
        ];
        for (facts, code, field) in refused {
            let payload = deal(&revops, facts.clone()).await;
            assert_eq!((codes(&payload), &payload["deal"]), (vec![code], &Value::Null), "{facts}");
            assert_eq!(payload["userErrors"][0]["path"], json!(["input", field]), "{facts}");
        }
        for (field, value) in [
            ("arr", json!({ "amount": 1.5, "currency": "USD" })),
            ("openedOn", json!("2026-02-30")),
            ("kind", json!("GIFT")),
            ("name", json!("a\u{0}b")),
        ] {
            let variables = json!({ "input": { "facts": { "name": "Typed", "openedOn": day, field: value } } });
            let answer = revops
                .query_with(
                    "mutation($input: DealCreateInput!) { dealCreate(input: $input) { deal { id } } }",
                    variables,
                )
                .await;
            assert_eq!((answer.status, answer.codes()), (400, vec!["BAD_USER_INPUT".to_owned()]), "{field}");
        }
        // Right-to-left marks and emoji are text like any other.
        let kept = deal(&revops, json!({ "name": "\u{202e}abc 👩\u{200d}💻", "openedOn": day })).await;
        assert_eq!(codes(&kept), Vec::<&str>::new());
        assert_eq!(version(&app).await, before + 1);
    });
}

#[test]
fn pages_meet_without_gap_or_overlap_in_every_order() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        for at in 0..7 {
            let arr =
                if at % 3 == 0 { Value::Null } else { json!({ "amount": format!("{}", at % 2), "currency": "USD" }) };
            deal(&revops, json!({ "name": format!("Page {}", at % 2), "openedOn": "2026-07-01", "arr": arr })).await;
        }
        let query = "query($f: Int, $a: String, $l: Int, $b: String, $o: DealOrder) {
            deals(first: $f, after: $a, last: $l, before: $b, orderBy: $o) {
                totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
        for field in ["OPENED_ON", "CLOSED_ON", "ARR", "NAME", "UPDATED_AT"] {
            for direction in ["ASC", "DESC"] {
                let order = json!({ "field": field, "direction": direction });
                let whole = revops.query_with(query, json!({ "f": 100, "o": order })).await.data()["deals"].clone();
                let ids = |page: &Value| -> Vec<Value> {
                    page["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["id"].clone()).collect()
                };
                let all = ids(&whole);
                assert_eq!(whole["totalCount"].as_u64().unwrap() as usize, all.len());
                let (mut forward, mut backward) = (Vec::new(), Vec::new());
                let (mut after, mut before) = (Value::Null, Value::Null);
                loop {
                    let page =
                        revops.query_with(query, json!({ "f": 3, "a": after, "o": order })).await.data()["deals"]
                            .clone();
                    forward.extend(ids(&page));
                    if page["pageInfo"]["hasNextPage"] == false {
                        break;
                    }
                    after = page["pageInfo"]["endCursor"].clone();
                }
                loop {
                    let page =
                        revops.query_with(query, json!({ "l": 3, "b": before, "o": order })).await.data()["deals"]
                            .clone();
                    backward = ids(&page).into_iter().chain(backward).collect();
                    if page["pageInfo"]["hasPreviousPage"] == false {
                        break;
                    }
                    before = page["pageInfo"]["startCursor"].clone();
                }
                assert_eq!(forward, all, "{field} {direction}");
                assert_eq!(backward, all, "{field} {direction}");
            }
        }
        // A cursor is bound to its list, filter, order and caller.
        let by_name = json!({ "f": 1, "o": { "field": "NAME", "direction": "ASC" } });
        let cursor = revops.query_with(query, by_name).await.data()["deals"]["edges"][0]["cursor"].clone();
        let other = json!({ "f": 1, "a": cursor, "o": { "field": "NAME", "direction": "DESC" } });
        assert_eq!(revops.query_with(query, other).await.codes(), ["BAD_USER_INPUT"]);
        let same = json!({ "f": 1, "a": cursor, "o": { "field": "NAME", "direction": "ASC" } });
        assert_eq!(app.as_role(Role::Operator).query_with(query, same).await.codes(), ["BAD_USER_INPUT"]);
        for (arguments, what) in [
            (json!({ "f": 101 }), "101"),
            (json!({ "f": -1 }), "-1"),
            (json!({ "f": 1, "l": 1 }), "both"),
            (json!({ "a": "%%" }), "junk"),
        ] {
            assert_eq!(revops.query_with(query, arguments).await.codes(), ["BAD_USER_INPUT"], "{what}");
        }
    });
}

#[test]
fn every_change_is_recorded_and_revops_reads_the_record() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let made = revops.change("segmentCreate", json!({ "name": "Mid" }), "segment { id version }").await;
        let id = made["segment"]["id"].clone();
        revops.change("segmentUpdate", json!({ "id": id, "addressableAccounts": 40 }), "segment { version }").await;
        // Saying the same again is no change.
        let same =
            revops.change("segmentUpdate", json!({ "id": id, "addressableAccounts": 40 }), "segment { version }").await;
        assert_eq!(same["segment"]["version"], 2);
        let twin = revops.change("segmentCreate", json!({ "name": " MID " }), "segment { id }").await;
        assert_eq!(codes(&twin), ["TAKEN"]);
        let query =
            "query($f: ChangeFilter) { changes(filter: $f) { totalCount edges { node { verb subjectId facts } } } }";
        let record = revops.query_with(query, json!({ "f": { "subjectId": { "eq": id } } })).await;
        let edges = record.data()["changes"]["edges"].as_array().unwrap();
        let verbs: Vec<&str> = edges.iter().map(|edge| edge["node"]["verb"].as_str().unwrap()).collect();
        let mut sorted = verbs.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["segment.create", "segment.update"]);
    });
}

#[test]
fn a_closed_deal_is_in_its_cells_at_once() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let clean = async || {
            for program in api::usecase::program::all(&app.office).await.unwrap() {
                let found = api::usecase::check::check(&app.office, &program).await.unwrap();
                assert!(found.differences.is_empty(), "{:?}", found.differences);
            }
        };
        clean().await;
        let partner =
            revops.query("{ partners { edges { node { id } } } }").await.data()["partners"]["edges"][0]["node"]["id"]
                .clone();
        let segment = revops.query("{ segments { id } }").await.data()["segments"][0]["id"].clone();
        let facts = json!({ "name": "Cell", "openedOn": "2026-07-01", "segmentId": segment, "arr": { "amount": "5", "currency": "USD" } });
        let made = deal(&revops, facts).await;
        let id = made["deal"]["id"].clone();
        introduce(&revops, &app, &id, &partner).await;
        revops
            .change(
                "attributionDeclare",
                json!({ "dealId": id, "partners": [{ "partnerId": partner, "state": "SOURCED" }] }),
                "deal { id }",
            )
            .await;
        clean().await;
        let won = json!({ "outcome": "WON", "closedOn": "2026-08-01" });
        let won = revops
            .change("dealUpdate", json!({ "id": id, "facts": won }), "deal { hasReachedStageOne lockedAt }")
            .await;
        assert_eq!(won["deal"]["hasReachedStageOne"], true, "{won}");
        clean().await;
        // Moved to another quarter, reopened, closed again: the cells follow.
        revops
            .change(
                "dealUpdate",
                json!({ "id": id, "facts": { "closedOn": "2026-09-01", "openedOn": "2026-01-01" } }),
                "deal { id }",
            )
            .await;
        clean().await;
        revops.change("dealUpdate", json!({ "id": id, "facts": { "outcome": "OPEN" } }), "deal { id }").await;
        clean().await;
        revops
            .change(
                "dealUpdate",
                json!({ "id": id, "facts": { "outcome": "LOST", "closedOn": "2026-10-01" } }),
                "deal { id }",
            )
            .await;
        clean().await;
    });
}

#[test]
fn what_a_seat_cannot_see_it_neither_takes_away_nor_reads() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let partner_ae = app.as_role(Role::PartnerAe);
        let mine = partner_ae.query("{ partners { edges { node { id } } } }").await.data()["partners"]["edges"][0]["node"]["id"].clone();
        let all = revops.query("{ partners { edges { node { id } } } }").await.data()["partners"]["edges"].clone();
        let hidden =
            all.as_array().unwrap().iter().map(|edge| &edge["node"]["id"]).find(|id| **id != mine).unwrap().clone();
        let id = deal(&revops, json!({ "name": "Shared", "openedOn": "2026-07-01" })).await["deal"]["id"].clone();
        introduce(&revops, &app, &id, &hidden).await;
        introduce(&revops, &app, &id, &mine).await;
        let claim = |partner: &Value, state: &str| json!({ "partnerId": partner, "state": state });
        let select = "deal { attributions { state partner { id } } }";
        let both = json!({ "dealId": id, "partners": [claim(&hidden, "SOURCED"), claim(&mine, "INFLUENCED")] });
        assert_eq!(codes(&revops.change("attributionDeclare", both, select).await), Vec::<&str>::new());
        let own = json!({ "dealId": id, "partners": [claim(&mine, "ACCELERATED")] });
        let declared = partner_ae.change("attributionDeclare", own, select).await;
        assert_eq!(declared["deal"]["attributions"].as_array().unwrap().len(), 1, "{declared}");
        for contested in
            [json!({ "dealId": id, "direct": true }), json!({ "dealId": id, "partners": [claim(&mine, "SOURCED")] })]
        {
            let refused = partner_ae.change("attributionDeclare", contested, select).await;
            assert_eq!(refused["userErrors"][0]["rule"], "CONTESTED", "{refused}");
        }
        for (partner, note) in [(&hidden, "theirs"), (&mine, "ours")] {
            let log = json!({ "dealId": id, "partnerId": partner, "kind": "MEETING", "happenedAt": "2026-08-01T09:00:00Z", "note": note });
            assert_eq!(codes(&revops.change("activityLog", log, "deal { id }").await), Vec::<&str>::new());
        }
        let read = "query($id: ID!) { deal(id: $id) { attributions { state partner { id } }
            activities { totalCount edges { node { note } } } } }";
        let seen = partner_ae.query_with(read, json!({ "id": id })).await.data()["deal"].clone();
        // Its partner's introduction and meeting, and not the other's.
        let notes = |deal: &Value| deal["activities"]["edges"].to_string();
        assert_eq!(seen["activities"]["totalCount"], 2, "{seen}");
        assert!(notes(&seen).contains("ours") && !notes(&seen).contains("theirs"), "{seen}");
        let whole = revops.query_with(read, json!({ "id": id })).await.data()["deal"].clone();
        let states: std::collections::BTreeSet<&str> =
            whole["attributions"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["ACCELERATED", "SOURCED"].into());
        assert_eq!(whole["activities"]["totalCount"], 4);
    });
}

#[test]
fn credit_is_shared_to_the_last_millionth_and_silence_weighs_least() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let all = revops.query("{ partners { edges { node { id } } } }").await.data()["partners"]["edges"].clone();
        let partner = |at: usize| all[at]["node"]["id"].clone();
        let facts =
            json!({ "name": "Credit", "openedOn": "2026-05-01", "arr": { "amount": "100.01", "currency": "USD" } });
        let id = deal(&revops, facts).await["deal"]["id"].clone();
        for partner in [partner(0), partner(1)] {
            introduce(&revops, &app, &id, &partner).await;
        }
        let partners = json!([{ "partnerId": partner(0), "state": "SOURCED" }, { "partnerId": partner(1), "state": "INFLUENCED" }]);
        revops.change("attributionDeclare", json!({ "dealId": id, "partners": partners }), "deal { id }").await;
        let won = json!({ "outcome": "WON", "closedOn": "2026-07-30" });
        revops.change("dealUpdate", json!({ "id": id, "facts": won }), "deal { id }").await;
        let touch =
            json!({ "dealId": id, "partnerId": partner(0), "kind": "TOUCH", "happenedAt": "2026-07-01T00:00:00Z" });
        revops.change("activityLog", touch, "deal { id }").await;
        let read = "query($id: ID!, $m: CreditModel!) { deal(id: $id) { creditShares(model: $m) { partner { id } shareRate arr { amount } } } }";
        for model in ["LINEAR", "TIME_DECAY"] {
            let shares =
                revops.query_with(read, json!({ "id": id, "m": model })).await.data()["deal"]["creditShares"].clone();
            let cents =
                |share: &Value| share["arr"]["amount"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
            let millionths =
                |share: &Value| share["shareRate"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
            let shares = shares.as_array().unwrap();
            assert_eq!(shares.iter().map(cents).sum::<i64>(), 10_001, "{model}");
            assert_eq!(shares.iter().map(millionths).sum::<i64>(), 1_000_000, "{model}");
            if model == "TIME_DECAY" {
                let of =
                    |id: &Value| shares.iter().find(|share| share["partner"]["id"] == *id).map(millionths).unwrap();
                assert!(of(&partner(0)) > of(&partner(1)), "{shares:?}");
            }
        }
    });
}
