//! What an operator reports to the CFO, and spend reconciled with revenue: the same numbers as elsewhere, and a signature that stays.

use crate::support::sdl::Document;
use crate::support::world::global_id;
use crate::support::{App, on_every_backend};
use domain::role::{Action, Role, may};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use strum::IntoEnumIterator;

const PACK: &str = "{ cfoPack { quarter currency definitionsVersion frame { from to policyVersion }
    partnerYield { definition { name class } program { multiple evidence sourcedArr { amount } spend { amount } }
      partners { partner { name } partnerYield { multiple evidence } } }
    trustGap { definition { name class } positiveShareRate evidence reason { code } positive { deals arr { amount } } all { deals arr { amount } }
      cells { partner { name } segment { name } isPositive trustGap { points evidence reading } coSell { deals arr { amount } } } }
    partnerInfluencedArr { definition { name class } evidence partnerInvolved { deals arr { amount } }
      byState { sourced { deals arr { amount } } influenced { deals arr { amount } } } }
    dealVelocityPremium { definition { name class } program { premiumRate evidence partner { deals } direct { deals } } } } }";

fn rules(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|error| error["rule"].as_str().unwrap_or("none")).collect()
}

/// On 5 October the last completed quarter is 2026-Q3. In its trailing four quarters Northwind is on 11 closed deals of 12,000.00 each
/// (+23.6 points), Southbay on 11 (-12.7): half of the ARR that weighs is in a positive pair. 9 deals were won with a partner, one of
/// them with both, for 108,000.00; all were sourced, on a spend of 20,000.00: 5.4x, THIN under 10.
#[test]
fn the_pack_has_four_metrics_with_the_numbers_of_everywhere_else() {
    on_every_backend(async |app| {
        let mut seen: Option<Value> = None;
        for role in Role::iter() {
            let answer = app.as_role(role).query(PACK).await;
            if !may(role, Action::ReadCfoPack) {
                assert_eq!(answer.status, 400, "{role:?}");
                continue;
            }
            let pack = answer.data()["cfoPack"].clone();
            assert_eq!(*seen.get_or_insert_with(|| pack.clone()), pack, "{role:?}");
        }
        let pack = seen.unwrap();
        assert_eq!((&pack["quarter"], &pack["frame"]["from"]), (&json!("2026-Q3"), &json!("2025-Q4")));
        let program = json!({ "multiple": "5.400000000000", "evidence": "THIN", "sourcedArr": { "amount": "108000.00" }, "spend": { "amount": "20000.00" } });
        assert_eq!(pack["partnerYield"]["program"], program);
        let trust = &pack["trustGap"];
        assert_eq!(
            (&trust["positiveShareRate"], &trust["evidence"]),
            (&json!("0.500000000000"), &json!("SOLID")),
            "{trust}"
        );
        assert_eq!(trust["positive"], json!({ "deals": 11, "arr": { "amount": "132000.00" } }));
        assert_eq!(trust["all"], json!({ "deals": 22, "arr": { "amount": "264000.00" } }));
        let positive: Vec<&Value> = trust["cells"].as_array().unwrap().iter().map(|cell| &cell["isPositive"]).collect();
        assert_eq!(positive, [true, false]);
        let influenced = &pack["partnerInfluencedArr"];
        assert_eq!(influenced["partnerInvolved"], json!({ "deals": 9, "arr": { "amount": "108000.00" } }));
        assert_eq!(influenced["byState"]["influenced"], json!({ "deals": 1, "arr": { "amount": "12000.00" } }));

        // The same as elsewhere, as of the quarter's last day.
        let elsewhere = app
            .as_role(Role::Finance)
            .query(
                "{ programTotals(asOf: \"2026-09-30\") { partnerYield { multiple evidence sourcedArr { amount } spend { amount } }
                     velocity { premiumRate evidence partner { deals } direct { deals } } attributed { sourced { deals arr { amount } } influenced { deals arr { amount } } } }
                   auditMatrix(asOf: \"2026-09-30\") { cells { partner { name } segment { name } trustGap { points evidence reading } } } }",
            )
            .await;
        let totals = &elsewhere.data()["programTotals"];
        assert_eq!(pack["partnerYield"]["program"], totals["partnerYield"]);
        assert_eq!(pack["dealVelocityPremium"]["program"], totals["velocity"]);
        assert_eq!(influenced["byState"], totals["attributed"]);
        let cells = elsewhere.data()["auditMatrix"]["cells"].as_array().unwrap();
        for cell in trust["cells"].as_array().unwrap() {
            let same = json!({ "partner": cell["partner"], "segment": cell["segment"], "trustGap": cell["trustGap"] });
            assert!(cells.contains(&same), "{same}");
        }
        // Exactly four, each defined, none of activity.
        let slice = Document::parse(&api::graphql::sdl_of(Role::Finance).unwrap());
        let fields: BTreeSet<&str> = slice.fields("CfoPack").iter().map(|field| field.name.as_str()).collect();
        let beside = ["quarter", "asOf", "frame", "currency", "definitionsVersion", "documents"];
        let metrics: Vec<&&str> = fields.iter().filter(|field| !beside.contains(field)).collect();
        assert_eq!(metrics, [&"dealVelocityPremium", &"partnerInfluencedArr", &"partnerYield", &"trustGap"]);
        for metric in metrics {
            assert_eq!(pack[*metric]["definition"]["class"], "FINANCIAL", "{metric}");
        }
        // A quarter that is not over has no pack; an early one says why its numbers are missing.
        let early = app.as_role(Role::Finance).query("{ cfoPack(quarter: \"2026-Q4\") { quarter } }").await;
        assert_eq!(early.codes(), ["BAD_USER_INPUT"]);
        let ask = "{ cfoPack(quarter: \"2025-Q3\") { partnerYield { program { multiple reason { code } } } trustGap { positiveShareRate evidence reason { code } }
            partnerInfluencedArr { evidence } } }";
        let empty = app.as_role(Role::Leadership).query(ask).await;
        let expected = json!({ "partnerYield": { "program": { "multiple": null, "reason": { "code": "NO_SPEND" } } },
            "trustGap": { "positiveShareRate": null, "evidence": "NONE", "reason": { "code": "NO_CO_SELL_DEALS" } },
            "partnerInfluencedArr": { "evidence": "NONE" } });
        assert_eq!(empty.data()["cfoPack"], expected);
    });
}

const STANDING: &str = "query($quarter: Quarter) { reconciliation(quarter: $quarter) { quarter isClosed spend { amount } sourcedArr { amount }
    spendWithoutSourcedArr { amount } sourcedArrWithoutSpend { amount } unallocatedSpend { amount } dealsWithoutArr sha256 changedSinceSignOff
    signOff { number } signOffs { number sha256 note spend { amount } }
    lines { partner { name } match spend { amount } unallocatedSpend { amount } sourcedArr { amount } sourcedDeals } } }";

async fn standing(app: &App, role: Role, quarter: &str) -> Value {
    let answer = app.as_role(role).query_with(STANDING, json!({ "quarter": quarter })).await;
    answer.data()["reconciliation"].clone()
}

async fn sign(app: &App, quarter: &str, sha256: &Value, note: &str) -> Value {
    let input = json!({ "quarter": quarter, "sha256": sha256, "note": note });
    let select = "signOff { number sha256 content note spend { amount } sourcedArr { amount } spendWithoutSourcedArr { amount } }";
    app.as_role(Role::Finance).change("reconciliationSignOff", input, select).await
}

async fn spend(app: &App, partner: &str, segment: Option<String>, amount: &str) {
    let input = json!({ "partnerId": partner, "segmentId": segment, "quarter": "2026-Q2", "category": "TOOLS",
        "amount": { "amount": amount, "currency": "USD" } });
    let done = app.as_role(Role::Finance).change("spendRecord", input, "spendLine { id }").await;
    assert_eq!(done["userErrors"], json!([]), "{done}");
}

/// 2026-Q2: 10,000.00 was spent on each partner, for no segment; Northwind sourced 84,000.00, Southbay 24,000.00. A third partner gets
/// 700.00 for a segment and sources nothing.
#[test]
fn spend_is_held_against_sourced_arr_and_what_does_not_meet_is_named() {
    on_every_backend(async |app| {
        let input = json!({ "name": "Newcomer", "kind": "REFERRAL" });
        let made = app.as_role(Role::Operator).change("partnerCreate", input, "partner { id }").await;
        spend(&app, made["partner"]["id"].as_str().unwrap(), Some(global_id("Segment", app.world.home.segment)), "700")
            .await;
        let mut seen: Option<Value> = None;
        for role in Role::iter() {
            let answer = app.as_role(role).query_with(STANDING, json!({ "quarter": "2026-Q2" })).await;
            if !may(role, Action::ReadReconciliation) {
                assert_eq!(answer.status, 400, "{role:?}");
                continue;
            }
            let read = answer.data()["reconciliation"].clone();
            assert_eq!(*seen.get_or_insert_with(|| read.clone()), read, "{role:?}");
        }
        let read = seen.unwrap();
        let line = |name: &str, how: &str, spend: &str, unallocated: &str, arr: &str, deals: i32| {
            json!({ "partner": { "name": name }, "match": how, "spend": { "amount": spend },
                "unallocatedSpend": { "amount": unallocated }, "sourcedArr": { "amount": arr }, "sourcedDeals": deals })
        };
        let expected = json!([
            line("Newcomer", "SPEND_WITHOUT_ARR", "700.00", "0.00", "0.00", 0),
            line("Northwind", "RECONCILED", "10000.00", "10000.00", "84000.00", 7),
            line("Southbay", "RECONCILED", "10000.00", "10000.00", "24000.00", 2),
        ]);
        assert_eq!(read["lines"], expected);
        assert_eq!(
            (&read["spend"]["amount"], &read["sourcedArr"]["amount"]),
            (&json!("20700.00"), &json!("108000.00"))
        );
        assert_eq!(read["spendWithoutSourcedArr"]["amount"], "700.00");
        assert_eq!(read["sourcedArrWithoutSpend"]["amount"], "0.00");
        assert_eq!(read["unallocatedSpend"]["amount"], "20000.00");
        assert_eq!((&read["signOff"], &read["changedSinceSignOff"]), (&Value::Null, &Value::Null));
        // By category is for who reads spend.
        let by =
            "{ reconciliation(quarter: \"2026-Q2\") { lines { spendByCategory { category amount { amount } } } } }";
        let finance = app.as_role(Role::Finance).query(by).await;
        assert_eq!(
            finance.data()["reconciliation"]["lines"][0]["spendByCategory"],
            json!([{ "category": "TOOLS", "amount": { "amount": "700.00" } }])
        );
        assert_eq!(app.as_role(Role::Leadership).query(by).await.status, 400);
        let latest = app.as_role(Role::Finance).query("{ reconciliation { quarter isClosed lines { match } } }").await;
        assert_eq!(latest.data()["reconciliation"], json!({ "quarter": "2026-Q3", "isClosed": true, "lines": [] }));
    });
}

/// Southbay won two deals that it sourced, on a spend of 10,000.00. Without their ARR its Yield is unknown and no 0, nothing stands against
/// its spend, and the program's Yield is 84,000.00 / 20,000.00 = 4.2x on seven deals with a known ARR of nine.
#[test]
fn where_nobody_recorded_an_arr_nothing_is_said_of_it() {
    on_every_backend(async |app| {
        for deal in &app.world.home.deals[1][..2] {
            let input = json!({ "id": global_id("Deal", *deal), "facts": { "arr": null } });
            let done = app.as_role(Role::Revops).change("dealUpdate", input, "deal { arr { amount } }").await;
            assert_eq!(done["userErrors"], json!([]), "{done}");
        }
        let finance = app.as_role(Role::Finance);
        let worth = "multiple evidence sourcedDeals sourcedDealsWithoutArr reason { code }";
        let ask = format!(
            "{{ cfoPack {{ partnerYield {{ program {{ {worth} }} partners {{ partner {{ name }} partnerYield {{ {worth} }} }} }} }} }}"
        );
        let pack = finance.query(&ask).await.data()["cfoPack"]["partnerYield"].clone();
        let program = json!({ "multiple": "4.200000000000", "evidence": "THIN", "sourcedDeals": 9, "sourcedDealsWithoutArr": 2, "reason": null });
        assert_eq!(pack["program"], program);
        let unknown = json!({ "multiple": null, "evidence": "NONE", "sourcedDeals": 2, "sourcedDealsWithoutArr": 2,
            "reason": { "code": "NO_KNOWN_ARR" } });
        assert_eq!(pack["partners"][1], json!({ "partner": { "name": "Southbay" }, "partnerYield": unknown }));

        let read = standing(&app, Role::Finance, "2026-Q2").await;
        assert_eq!(
            (&read["lines"][0]["match"], &read["lines"][1]["match"]),
            (&json!("RECONCILED"), &json!("ARR_UNKNOWN"))
        );
        assert_eq!(
            (&read["spendWithoutSourcedArr"]["amount"], &read["dealsWithoutArr"]),
            (&json!("10000.00"), &json!(2))
        );
        let signed = sign(&app, "2026-Q2", &read["sha256"], "As it is said.").await;
        assert!(signed["signOff"]["content"].as_str().unwrap().contains("\"match\":\"ARR_UNKNOWN\""), "{signed}");

        for format in ["html", "md"] {
            let path = app.url(&format!("/documents/cfo-pack/2026-Q3.{format}"));
            let page = finance.authorize(app.client().get(path)).send().await.unwrap().text().await.unwrap();
            assert!(page.contains("2 of the won sourced deals have no ARR recorded"), "{page}");
            assert!(page.contains("none of them has its ARR recorded"), "{page}");
        }
    });
}

#[test]
fn finance_signs_a_closed_quarter_once_and_a_later_change_shows() {
    on_every_backend(async |app| {
        let before = standing(&app, Role::Finance, "2026-Q2").await;
        let running = standing(&app, Role::Finance, "2026-Q4").await;
        assert_eq!(running["isClosed"], false);
        assert_eq!(rules(&sign(&app, "2026-Q4", &running["sha256"], "").await), ["none"], "a note is not blank");
        assert_eq!(rules(&sign(&app, "2026-Q4", &running["sha256"], "early").await), ["QUARTER_NOT_CLOSED"]);
        assert_eq!(rules(&sign(&app, "2026-Q2", &running["sha256"], "other").await), ["RECONCILIATION_MOVED"]);
        let signed = sign(&app, "2026-Q2", &before["sha256"], "Agreed with the ledger of the ERP.").await;
        assert_eq!(signed["userErrors"], json!([]), "{signed}");
        let row = &signed["signOff"];
        assert_eq!((&row["number"], &row["spend"]["amount"]), (&json!(1), &json!("20000.00")));
        let content = row["content"].as_str().unwrap();
        let hash: String = Sha256::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((&row["sha256"], &before["sha256"]), (&json!(hash), &json!(hash)));
        let after = standing(&app, Role::Operator, "2026-Q2").await;
        assert_eq!((&after["changedSinceSignOff"], &after["signOff"]["number"]), (&json!(false), &json!(1)));
        assert_eq!(rules(&sign(&app, "2026-Q2", &before["sha256"], "again").await), ["RECONCILIATION_UNCHANGED"]);

        // A fact changes: what was signed stays, and the reconciliation says so. What one has seen before cannot be signed any more.
        spend(&app, &global_id("Partner", app.world.home.partners[0]), None, "55.50").await;
        let moved = standing(&app, Role::Finance, "2026-Q2").await;
        assert_eq!((&moved["changedSinceSignOff"], &moved["spend"]["amount"]), (&json!(true), &json!("20055.50")));
        assert_eq!(moved["signOffs"][0]["spend"]["amount"], "20000.00");
        assert_eq!(rules(&sign(&app, "2026-Q2", &before["sha256"], "stale").await), ["RECONCILIATION_MOVED"]);
        let second = sign(&app, "2026-Q2", &moved["sha256"], "With the late invoice.").await;
        assert_eq!(second["signOff"]["number"], 2, "{second}");
        let both = standing(&app, Role::Finance, "2026-Q2").await;
        let notes: Vec<&Value> = both["signOffs"].as_array().unwrap().iter().map(|row| &row["note"]).collect();
        assert_eq!(notes, ["With the late invoice.", "Agreed with the ledger of the ERP."]);

        // Both stand in the ledger.
        let ask = "{ ledgerEntries(filter: { kind: { eq: SIGN_OFF } }) { totalCount } }";
        assert_eq!(app.as_role(Role::Finance).query(ask).await.data()["ledgerEntries"]["totalCount"], 2);
        // Nobody else signs, and nobody reads another program's.
        let input = json!({ "input": { "quarter": "2026-Q2", "sha256": moved["sha256"] } });
        let document =
            "mutation($input: ReconciliationSignOffInput!) { reconciliationSignOff(input: $input) { replayed } }";
        for role in Role::iter().filter(|role| *role != Role::Finance) {
            assert_eq!(app.as_role(role).query_with(document, input.clone()).await.status, 400, "{role:?}");
        }
        let rival = app.as_subject("FINANCE@rival").query_with(STANDING, json!({ "quarter": "2026-Q2" })).await;
        assert_eq!(rival.data()["reconciliation"]["signOffs"], json!([]));
    });
}

/// The pack of the world, as a file: 5.4x on 20,000.00, half of the ARR in positive pairs, 108,000.00.
#[test]
fn the_pack_is_a_document_in_every_format_for_who_reads_it_and_nothing_for_anybody_else() {
    on_every_backend(async |app| {
        let get = async |role: Role, path: &str| {
            let request = app.client().get(app.url(path)).header("x-request-id", "x");
            app.as_role(role).authorize(request).send().await.unwrap()
        };
        let answer =
            app.as_role(Role::Finance).query("{ cfoPack { asOf documents { html markdown csv xlsx json } } }").await;
        let pack = &answer.data()["cfoPack"];
        assert_eq!(
            (&pack["asOf"], &pack["documents"]["html"]),
            (&json!("2026-09-30"), &json!("/documents/cfo-pack/2026-Q3.html"))
        );
        for (format, kind, words) in [
            (
                "html",
                "text/html; charset=utf-8",
                vec![
                    "5.40x",
                    "50.0 %",
                    "108,000.00",
                    "Northwind",
                    "return on program spend",
                    "Of these without ARR",
                    "of the ARR of 22 pairs of a closed co-sell deal and a partner",
                    "0 of the won sourced deals have no ARR",
                ],
            ),
            (
                "markdown",
                "text/markdown; charset=utf-8",
                vec!["5.40x", "108,000.00", "Southbay", "Of these without ARR"],
            ),
            (
                "csv",
                "text/csv; charset=utf-8",
                vec!["5.400000000000", "108000.00", "Definitions version", "Northwind", "Of these without ARR"],
            ),
            (
                "json",
                "application/json",
                vec!["\"multiple\":\"5.400000000000\"", "\"definitionsVersion\":\"1\"", "\"sourcedDealsWithoutArr\":0"],
            ),
        ] {
            let path = pack["documents"][format].as_str().unwrap();
            let response = get(Role::Finance, path).await;
            assert_eq!(
                (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
                (200, kind),
                "{format}"
            );
            let text = response.text().await.unwrap();
            for word in words {
                assert!(text.contains(word), "{format}: {word}\n{text}");
            }
        }
        // A workbook is the same bytes each time, and a page that is known is not sent again.
        let book = async || get(Role::Leadership, "/documents/cfo-pack/2026-Q3.xlsx").await.bytes().await.unwrap();
        let first = book().await;
        assert!(first.starts_with(b"PK") && first == book().await);
        let response = get(Role::Operator, "/documents/cfo-pack/2026-Q3.html").await;
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();
        let again = app.client().get(app.url("/documents/cfo-pack/2026-Q3.html")).header("if-none-match", &tag);
        assert_eq!(app.as_role(Role::Operator).authorize(again).send().await.unwrap().status(), 304);
        // Its hash is that of the canonical JSON.
        let slice = get(Role::Operator, "/documents/cfo-pack/2026-Q3.json").await.bytes().await.unwrap();
        let hash: String = Sha256::digest(&slice).iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(get(Role::Operator, "/documents/cfo-pack/2026-Q3.md").await.text().await.unwrap().contains(&hash));
        assert_eq!(get(Role::Operator, "/documents/cfo-pack/2026-Q4.html").await.status(), 400, "it is not over");
        for wrong in
            ["/documents/cfo-pack/2026.html", "/documents/cfo-pack/2026-Q3.pdf", "/documents/cfo-pack/2026-Q3/1.html"]
        {
            assert_eq!(get(Role::Operator, wrong).await.status(), 404, "{wrong}");
        }
        for role in Role::iter().filter(|role| !may(*role, Action::ReadCfoPack)) {
            let (here, nowhere) =
                (get(role, "/documents/cfo-pack/2026-Q3.html").await, get(role, "/documents/never/2026-Q3.html").await);
            assert_eq!((here.status(), here.status()), (nowhere.status(), 404.try_into().unwrap()), "{role:?}");
            assert_eq!(here.text().await.unwrap(), nowhere.text().await.unwrap(), "{role:?}");
        }
    });
}
