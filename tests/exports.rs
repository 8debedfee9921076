//! The audit matrix and the portfolio pack as files: the caller's own columns and rows, each value as GraphQL prints it.

use crate::support::{App, Seat, on_every_backend};
use domain::role::{Action, Role, may};
use reqwest::Response;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

const PATH: &str = "/exports/audit-matrix.csv";

async fn get(app: &App, seat: &Seat<'_>, query: &str) -> Response {
    seat.authorize(app.client().get(app.url(&format!("{PATH}{query}")))).send().await.unwrap()
}

/// The records of a file, the heading first.
fn records(file: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn every_role_that_has_the_matrix_gets_its_own_columns_with_the_values_of_graphql() {
    on_every_backend(async |app| {
        for role in Role::iter() {
            let seat = app.as_role(role);
            let response = get(&app, &seat, "?window=ALL").await;
            if !may(role, Action::ReadAuditMatrix) {
                assert_eq!(response.status(), 404, "{role:?}");
                let nowhere =
                    seat.authorize(app.client().get(app.url("/exports/other.csv"))).header("x-request-id", "x");
                let here = seat.authorize(app.client().get(app.url(PATH))).header("x-request-id", "x");
                let (nowhere, here) = (nowhere.send().await.unwrap(), here.send().await.unwrap());
                assert_eq!(here.text().await.unwrap(), nowhere.text().await.unwrap(), "{role:?}");
                continue;
            }
            assert_eq!(response.status(), 200, "{role:?}");
            assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8; header=present");
            let file = response.text().await.unwrap();
            let records = records(&file);
            let (heading, rows) = records.split_first().unwrap();
            let has = |column: &str| heading.iter().any(|one| one == column);
            assert_eq!(has("cells.partnerYield.multiple"), may(role, Action::ReadYield), "{role:?}");
            assert_eq!(has("cells.segmentSpend.amount"), may(role, Action::ReadSpend), "{role:?}");
            // The columns are a GraphQL selection: asked for as such, they give the same cells in the same order.
            let select =
                heading.iter().filter_map(|path| path.strip_prefix("cells.")).fold(String::new(), |all, path| {
                    let steps: Vec<&str> = path.split('.').collect();
                    format!("{all} {}{}", steps.join(" { "), " }".repeat(steps.len() - 1))
                });
            let answer = seat.query(&format!("{{ auditMatrix(window: ALL) {{ asOf cells {{ {select} }} }} }}")).await;
            let matrix = &answer.data()["auditMatrix"];
            let cells = matrix["cells"].as_array().unwrap();
            assert_eq!(rows.len(), cells.len(), "{role:?}");
            assert!(!rows.is_empty(), "{role:?}");
            for (row, cell) in rows.iter().zip(cells) {
                assert_eq!(json!(row[0]), matrix["asOf"]);
                for (path, text) in heading.iter().zip(row).filter(|(path, _)| path.starts_with("cells.")) {
                    let value = path.split('.').skip(1).fold(cell, |of, name| &of[name]);
                    let told = match value {
                        Value::Null => String::new(),
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    assert_eq!(text, &told, "{role:?} {path}");
                }
            }
        }
        assert_eq!(get(&app, &app.as_nobody(), "").await.status(), 401);
    });
}

#[test]
fn a_file_that_has_not_changed_is_not_sent_again_and_one_that_cannot_be_is_refused() {
    on_every_backend(async |app| {
        let revops = app.as_role(Role::Revops);
        let first = get(&app, &revops, "").await;
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        let again = async |tag: &str| {
            let request = revops.authorize(app.client().get(app.url(PATH))).header("if-none-match", tag);
            request.send().await.unwrap()
        };
        assert_eq!(
            (first.headers()["cache-control"].to_str().unwrap(), again(&tag).await.status().as_u16()),
            ("private, no-cache", 304)
        );
        // A formula in a name stays a name, and the file is another one.
        let input = json!({ "name": "=HYPERLINK(\"http://x\")", "kind": "REFERRAL" });
        let made = revops.change("partnerCreate", input, "partner { id }").await;
        assert_eq!(made["userErrors"], json!([]), "{made}");
        let changed = again(&tag).await;
        assert_eq!(changed.status(), 200);
        let file = changed.text().await.unwrap();
        assert!(file.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{file}");
        assert!(file.ends_with("\r\n") && !file.contains("\n\n"));
        for (query, status) in [
            ("?asOf=2026-06-30&window=TRAILING_FOUR&includeLate=false&orderBy=TRUST_GAP&direction=DESC", 200),
            ("?asOf=yesterday", 400),
            ("?window=SOME", 400),
            ("?orderBy=COLOUR", 400),
            ("?colour=red", 400),
        ] {
            assert_eq!(get(&app, &revops, query).await.status(), status, "{query}");
        }
        // Yield is no order for who cannot read it.
        assert_eq!(get(&app, &app.as_role(Role::PartnerAe), "?orderBy=YIELD").await.status(), 400);
    });
}

#[test]
fn a_portfolio_takes_its_pack_and_nobody_else_has_one() {
    on_every_backend(async |app| {
        crate::tam::planned(&app).await;
        crate::tam::publish(&app, json!(1)).await;
        let fetch = async |role: Role, path: &str| {
            let request = app.client().get(app.url(path)).header("x-request-id", "x");
            app.as_role(role).authorize(request).send().await.unwrap()
        };
        for role in Role::iter().filter(|role| *role != Role::Portfolio) {
            for path in ["/exports/portfolio.csv", "/exports/portfolio.json"] {
                let (here, nowhere) = (fetch(role, path).await, fetch(role, "/exports/other.csv").await);
                assert_eq!(here.status(), 404, "{role:?}");
                assert_eq!(here.text().await.unwrap(), nowhere.text().await.unwrap(), "{role:?} {path}");
            }
        }
        let response = fetch(Role::Portfolio, "/exports/portfolio.json").await;
        assert_eq!(
            (response.status(), &response.headers()["content-type"]),
            (reqwest::StatusCode::OK, &"application/json".parse().unwrap())
        );
        let text = response.text().await.unwrap();
        let pack: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&pack["methodologyVersion"], &pack["name"]), (&json!("1"), &json!("Summit Capital")));
        let home = &pack["programs"][0];
        assert_eq!(home["forecast"]["conservative"]["amount"], "-258712.84");
        assert_eq!((&home["forecastReason"], &home["nrr"]["rate"]), (&Value::Null, &Value::Null));
        assert!(home["nrr"]["reason"].as_str().unwrap().contains("Phase 6"), "{home}");
        assert_eq!(pack["programs"][1]["forecast"]["conservative"]["amount"], "-61090.91");
        let before = fetch(Role::Portfolio, "/exports/portfolio.json?asOf=2020-06-30").await.text().await.unwrap();
        let before: Value = serde_json::from_str(&before).unwrap();
        assert_eq!(before["programs"][1]["forecast"]["conservative"], Value::Null, "{before}");
        assert!(before["programs"][1]["forecastReason"].is_string(), "{before}");
        // Published on 5 October 2026 in New York: on the day before there was no forecast, at the end of that day there was.
        let of = async |day: &str| {
            let text =
                fetch(Role::Portfolio, &format!("/exports/portfolio.json?asOf={day}")).await.text().await.unwrap();
            serde_json::from_str::<Value>(&text).unwrap()
        };
        let eve = of("2026-10-04").await;
        assert_eq!(eve["programs"][0]["forecast"], Value::Null, "{eve}");
        assert!(eve["programs"][0]["forecastReason"].as_str().unwrap().contains("By the end of the date"), "{eve}");
        assert_eq!(
            (&eve["rollUps"][0]["forecasts"], &eve["rollUps"][0]["forecastConservative"]),
            (&json!(0), &Value::Null)
        );
        assert_eq!(of("2026-10-05").await["programs"][0]["forecast"], pack["programs"][0]["forecast"]);
        // Two programs of one world, at the same days: 18 deals of partners and 8 direct ones, all won after 98 days.
        let rolled = &pack["rollUps"][0];
        assert_eq!((&rolled["velocity"]["partnerDeals"], &rolled["velocity"]["directDeals"]), (&json!(18), &json!(8)));
        let premium: rust_decimal::Decimal = rolled["velocity"]["premiumRate"].as_str().unwrap().parse().unwrap();
        assert!(premium.is_zero(), "{rolled}");
        let file = fetch(Role::Portfolio, "/exports/portfolio.csv").await.text().await.unwrap();
        let records = records(&file);
        let (heading, rows) = records.split_first().unwrap();
        let column = |name: &str| heading.iter().position(|one| one == name).unwrap();
        let scopes: Vec<&str> = rows.iter().map(|row| row[column("scope")].as_str()).collect();
        assert_eq!(scopes, ["PROGRAM", "PROGRAM", "ROLL_UP"]);
        for row in rows {
            assert_eq!((row[1].as_str(), row[column("nrrRate")].as_str()), ("1", ""));
        }
        assert_eq!(rows[0][column("forecastConservative")], "-258712.84");
        assert_eq!(json!(rows[2][column("yieldMultiple")]), rolled["yieldMultiple"]);
        // The forecasts that were added begin in one quarter, and every won sourced deal has its ARR.
        let begins: Vec<&str> = rows.iter().map(|row| row[column("forecastQuarter")].as_str()).collect();
        assert_eq!((begins, &rolled["forecastQuarters"]), (vec!["2026-Q4"; 3], &json!(["2026-Q4"])));
        assert!(rows.iter().all(|row| row[column("sourcedDealsWithoutArr")] == "0"), "{file}");
        assert_eq!(json!(rows[0][column("spend")]), home["partnerYield"]["spend"]["amount"]);
        // Nothing below a program: no partner, deal, account or person of either.
        for name in ["Northwind", "Southbay", "Eastgate", "Westlake", "customer", "Shared", "Direct 0", "Enterprise"] {
            assert!(!text.contains(name) && !file.contains(name), "{name}");
        }
        for (query, status) in [("?asOf=2026-06-30", 200), ("?asOf=yesterday", 400), ("?colour=red", 400)] {
            assert_eq!(
                fetch(Role::Portfolio, &format!("/exports/portfolio.csv{query}")).await.status(),
                status,
                "{query}"
            );
        }
        assert_eq!(get_nobody(&app).await, 401);
    });
}

async fn get_nobody(app: &App) -> u16 {
    let request = app.client().get(app.url("/exports/portfolio.csv"));
    app.as_nobody().authorize(request).send().await.unwrap().status().as_u16()
}
