//! Published deliverables as documents: every format, every role, byte by byte.

use crate::support::world::global_id;
use crate::support::{App, Seat, on_every_backend};
use crate::tam;
use domain::role::{Action, Role, may};
use reqwest::Response;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::Read;
use strum::IntoEnumIterator;

/// The kinds that the world publishes, as paths.
const KINDS: [&str; 3] = ["forecast", "recruit-plan", "stage-deployment-plan"];
/// The endings with their media types.
const FORMATS: [(&str, &str); 5] = [
    ("html", "text/html; charset=utf-8"),
    ("md", "text/markdown; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("json", "application/json"),
];
/// The second partner's name, and a reason.
const SCRIPT: &str = "<script>alert(1)</script>";
const FORMULA: &str = "=HYPERLINK(\"http://x\")";

async fn get(app: &App, seat: &Seat<'_>, path: &str) -> Response {
    let request = app.client().get(app.url(&format!("/documents/{path}"))).header("x-request-id", "x");
    seat.authorize(request).send().await.unwrap()
}

/// The bytes of a document, which must be there.
async fn bytes(app: &App, seat: &Seat<'_>, path: &str) -> Vec<u8> {
    let response = get(app, seat, path).await;
    assert_eq!(response.status(), 200, "{path}");
    response.bytes().await.unwrap().to_vec()
}

/// All text of a document, cell by cell of a CSV; of a workbook, that of everything but its colours.
fn text(ending: &str, bytes: &[u8]) -> String {
    if ending == "csv" {
        // Cell by cell: a comma between two numbers is no separator of thousands.
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        return records.iter().flatten().collect::<Vec<_>>().join("\n");
    }
    if ending != "xlsx" {
        return String::from_utf8(bytes.to_vec()).unwrap();
    }
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut all = String::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        // Its colours and gradients are numbers too, and the same in every workbook.
        if !file.name().unwrap().starts_with("xl/theme/") {
            file.read_to_string(&mut all).unwrap();
            all.push('\n');
        }
    }
    all
}

async fn change(app: &App, mutation: &str, input: Value, select: &str) -> Value {
    let done = app.as_role(Role::Operator).change(mutation, input, select).await;
    assert_eq!(done["userErrors"], json!([]), "{mutation}: {done}");
    done
}

/// The forecast of `tests/tam.rs` as revision 2, and both plans, with a name and a reason that want to be more than text.
async fn published(app: &App) {
    let partner = |at: usize| global_id("Partner", app.world.home.partners[at]);
    change(app, "partnerUpdate", json!({ "id": partner(1), "name": SCRIPT }), "partner { id }").await;
    tam::planned(app).await;
    tam::publish(app, json!(1)).await;

    for (at, section) in [
        (0, json!({ "invest": { "activationStep": "Two joint workshops in January." } })),
        (1, json!({ "invest": { "activationStep": FORMULA } })),
    ] {
        let tier = json!({ "partnerId": partner(at), "tier": "INVEST", "reason": FORMULA });
        change(app, "tierDecide", tier, "tierDecision { tier }").await;
        let input = json!({ "partnerId": partner(at), "section": section });
        change(app, "recruitSectionWrite", input, "entry { missing }").await;
    }
    change(app, "recruitPlanPublish", json!({}), "deliverable { id }").await;
    for (at, arr) in [(0, "71234.56"), (1, "31987.65")] {
        let input = json!({ "partnerId": partner(at), "stage": "TOFU", "forQuarter": "2026-Q4", "deals": 3,
            "arr": { "amount": arr, "currency": "USD" } });
        change(app, "stageCommitmentSet", input, "stageCommitment { id }").await;
    }
    let reason = json!({ "reason": "The drag is worked on first." });
    change(app, "stageDeploymentPlanPublish", reason, "deliverable { id }").await;
}

/// Every amount below a value.
fn amounts(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(amount) = fields.get("amount").and_then(Value::as_str) {
                into.insert(amount.to_owned());
            }
            fields.values().for_each(|inner| amounts(inner, into));
        }
        Value::Array(list) => list.iter().for_each(|inner| amounts(inner, into)),
        _ => {}
    }
}

/// Whether a text holds an amount, with or without separators, with or without zeros behind the point, and not as a part of a
/// longer number.
fn holds(text: &str, amount: &str) -> bool {
    let (whole, rest) = amount.split_once('.').unwrap_or((amount, ""));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let short = rest.trim_end_matches('0');
    let mut spellings = vec![format!("{sign}{digits}.{rest}"), format!("{sign}{grouped}.{rest}")];
    spellings.push(if short.is_empty() { format!("{sign}{digits}") } else { format!("{sign}{digits}.{short}") });
    let is_digit = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_digit());
    let is_mark = |letter: Option<char>| matches!(letter, Some('.' | ','));
    spellings.iter().any(|spelling| {
        text.match_indices(spelling.as_str()).any(|(at, _)| {
            let (mut before, mut after) = (text[..at].chars().rev(), text[at + spelling.len()..].chars());
            let (left, right) = ([before.next(), before.next()], [after.next(), after.next()]);
            // A sentence or a list may go on behind a number with a mark, but not with a mark and a digit.
            let goes_on = |side: [Option<char>; 2]| is_digit(side[0]) || (is_mark(side[0]) && is_digit(side[1]));
            !goes_on(left) && !goes_on(right)
        })
    })
}

#[test]
fn an_amount_is_found_however_it_is_written() {
    for (text, is_there) in [
        ("a 20,000.00 b", true),
        ("<v>20000</v>", true),
        ("= 20000.00.", true),
        ("120,000.00", false),
        ("20000.001", false),
        ("200000", false),
    ] {
        assert_eq!(holds(text, "20000.00"), is_there, "{text}");
    }
}

#[test]
fn every_role_gets_every_format_of_what_it_reads_and_nothing_where_it_reads_nothing() {
    on_every_backend(async |app| {
        published(&app).await;
        for role in Role::iter() {
            let seat = app.as_role(role);
            for kind in KINDS {
                for (ending, media) in FORMATS {
                    let path = format!("{kind}/2026-Q4.{ending}");
                    let response = get(&app, &seat, &path).await;
                    if !may(role, Action::ReadDeliverables) {
                        let never =
                            get(&app, &seat, &format!("{}.{ending}", global_id("Deliverable", app.clock.id()))).await;
                        assert_eq!((response.status(), never.status()), (never.status(), 404.try_into().unwrap()));
                        assert_eq!(response.headers().get("etag"), None);
                        assert_eq!(response.bytes().await.unwrap(), never.bytes().await.unwrap(), "{role:?} {path}");
                        continue;
                    }
                    assert_eq!(response.status(), 200, "{role:?} {path}");
                    assert_eq!(response.headers()["content-type"], media);
                    assert_eq!(response.headers()["cache-control"], "private, no-cache");
                    assert!(
                        response.headers()["content-security-policy"]
                            .to_str()
                            .unwrap()
                            .starts_with("default-src 'none'")
                    );
                    let body = text(ending, &response.bytes().await.unwrap());
                    // A seat that is bound to the first partner finds the other one in no format.
                    let is_bound = matches!(role, Role::PartnerAe | Role::PartnerManager);
                    assert_eq!(body.contains("alert"), !is_bound, "{role:?} {path}");
                    assert!(body.contains("Northwind"), "{role:?} {path}");
                }
            }
        }
        for path in ["forecast/2026-Q4.html", "nothing/at/all"] {
            let nobody = get(&app, &app.as_nobody(), path).await;
            assert_eq!((nobody.status().as_u16(), nobody.headers().contains_key("www-authenticate")), (401, true));
            let graphql = app.client().get(app.url("/graphql?query=%7B__typename%7D")).send().await.unwrap();
            assert_eq!(nobody.bytes().await.unwrap(), graphql.bytes().await.unwrap());
        }
    });
}

#[test]
fn a_band_that_a_role_does_not_read_is_in_none_of_its_bytes() {
    on_every_backend(async |app| {
        published(&app).await;
        let figures = "total { amount { amount } } sourced { amount { amount } } influenced { amount { amount } } \
                       expansion { amount { amount } } quarters { sourced { amount } influenced { amount } expansion { amount } total { amount } }";
        let band = async |name: &str| {
            let ask = format!(
                "{{ forecast(quarter: \"2026-Q4\") {{ {name} {{ {figures} }} segments {{ {name} {{ {figures} }} }} \
                 partners {{ {name} {{ {figures} }} cells {{ {name} {{ {figures} }} }} }} }} }}"
            );
            let mut found = BTreeSet::new();
            amounts(app.as_role(Role::Operator).query(&ask).await.data(), &mut found);
            found
        };
        let (conservative, base, stretch) = (band("conservative").await, band("base").await, band("stretch").await);
        // What a page shows at its top, band by band.
        let top = async |name: &str| {
            let mut found = BTreeSet::new();
            let ask = format!("{{ forecast(quarter: \"2026-Q4\") {{ {name} {{ {figures} }} }} }}");
            amounts(app.as_role(Role::Operator).query(&ask).await.data(), &mut found);
            found
        };
        let shown: Vec<BTreeSet<String>> = vec![top("conservative").await, top("base").await, top("stretch").await];
        // What Finance reads beside the band: spend, and what partners have won.
        let mut known = conservative.clone();
        let beside = "{ forecast(quarter: \"2026-Q4\") { partners { rule { plannedSpend { amount } trailingSpend { amount } }
            cells { plannedSpend { amount } averageAcv { amount } } } } stageMapping { rows { stages { arr { amount } } } } }";
        amounts(app.as_role(Role::Finance).query(beside).await.data(), &mut known);
        // The one expansion that was won. BASE makes of it 1 x 1 x 6,000.00: the fact itself, which the explanation of every band names.
        known.insert("6000.00".to_owned());
        let hidden: BTreeSet<&String> = base.union(&stretch).filter(|amount| !known.contains(*amount)).collect();
        let only_stretch: BTreeSet<&String> =
            stretch.iter().filter(|amount| !base.contains(*amount) && !known.contains(*amount)).collect();
        assert!(hidden.len() > 12 && only_stretch.len() > 4, "{hidden:?}");
        for (ending, _) in FORMATS {
            let of = async |role: Role, kind: &str| {
                text(ending, &bytes(&app, &app.as_role(role), &format!("{kind}/2026-Q4.{ending}")).await)
            };
            // They are there to be found: the operator's document has every one of the top.
            let operator = of(Role::Operator, "forecast").await;
            for amount in shown.iter().flatten() {
                assert!(holds(&operator, amount), "{ending}: {amount}");
            }
            for kind in KINDS {
                let finance = of(Role::Finance, kind).await;
                for amount in &hidden {
                    assert!(!holds(&finance, amount), "{kind}.{ending}: {amount}");
                }
                for word in ["Stretch", "Base", "\"base\"", "71234.56", "71,234.56", "worked on first"] {
                    assert!(!finance.contains(word), "{kind}.{ending}: {word}");
                }
                let manager = of(Role::PartnerManager, kind).await;
                for amount in &only_stretch {
                    assert!(!holds(&manager, amount), "{kind}.{ending}: {amount}");
                }
                assert!(!manager.contains("Stretch"), "{kind}.{ending}");
            }
            // Without the schema's fields there are no facts of a recommendation either.
            let (leader, manager) =
                (of(Role::Leadership, "recruit-plan").await, of(Role::PartnerManager, "recruit-plan").await);
            let has = |text: &str| text.to_lowercase().contains("recommended");
            assert_eq!((has(&leader), has(&manager)), (true, false), "{ending}");
        }
    });
}

#[test]
fn nothing_in_a_name_is_more_than_text() {
    on_every_backend(async |app| {
        published(&app).await;
        let operator = app.as_role(Role::Operator);
        for kind in KINDS {
            let page = text("html", &bytes(&app, &operator, &format!("{kind}/2026-Q4.html")).await);
            assert!(!page.contains("<script") && page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{kind}");
            // One file that loads nothing, with no style beside its own.
            let bare = page.replace("http://www.w3.org/2000/svg", "").replace("http://x", "");
            for word in ["http:", "https:", " style=", " src=", "<link", "url(", "@import", " onclick"] {
                assert!(!bare.contains(word), "{kind}: {word}");
            }
            assert!(page.contains("<svg") && page.contains("role=\"img\""), "{kind}");
            assert!(
                page.contains("<title id=\"chart-1-title\">") && page.contains("<desc id=\"chart-1-about\">"),
                "{kind}"
            );
            let markdown = text("md", &bytes(&app, &operator, &format!("{kind}/2026-Q4.md")).await);
            assert!(!markdown.contains("<script>") && markdown.contains(r"\<script\>"), "{kind}");
        }
        let csv = bytes(&app, &operator, "recruit-plan/2026-Q4.csv").await;
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&csv[..]);
        let cells: Vec<String> =
            reader.records().flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
        assert!(cells.contains(&format!("'{FORMULA}")) && !cells.iter().any(|cell| cell.starts_with('=')));
        assert!(cells.contains(&SCRIPT.to_owned()));
        let workbook = text("xlsx", &bytes(&app, &operator, "recruit-plan/2026-Q4.xlsx").await);
        // A formula of a workbook is an element of its own.
        assert!(workbook.contains("=HYPERLINK(") && !workbook.contains("<f>"));
    });
}

#[test]
fn a_document_says_what_it_is_of_and_its_hash_can_be_checked() {
    on_every_backend(async |app| {
        published(&app).await;
        let operator = app.as_role(Role::Operator);
        let ask =
            "query($by: DeliverableBy!) { deliverable(by: $by) { id sha256 revision latestRevision publisher { name }
            documents { html markdown csv xlsx json } } }";
        for kind in KINDS {
            let word = kind.to_uppercase().replace('-', "_");
            let by = json!({ "by": { "of": { "kind": word, "quarter": "2026-Q4" } } });
            let answer = operator.query_with(ask, by).await;
            let of = &answer.data()["deliverable"];
            let id = of["id"].as_str().unwrap();
            let finance = app.as_role(Role::Finance);
            for seat in [&operator, &finance] {
                let slice = bytes(&app, seat, &format!("{kind}/2026-Q4.json")).await;
                let sha256: String = Sha256::digest(&slice).iter().map(|byte| format!("{byte:02x}")).collect();
                for (member, (ending, _)) in ["html", "markdown", "csv", "xlsx", "json"].into_iter().zip(FORMATS) {
                    let path = of["documents"][member].as_str().unwrap().strip_prefix("/documents/").unwrap();
                    let document = bytes(&app, seat, path).await;
                    // By its kind and quarter, by its revision, by its id: the same bytes, however often.
                    assert_eq!(bytes(&app, seat, &format!("{kind}/2026-Q4.{ending}")).await, document, "{path}");
                    assert_eq!(bytes(&app, seat, &format!("{id}.{ending}")).await, document, "{path}");
                    let said = text(ending, &document);
                    assert!(said.contains(of["sha256"].as_str().unwrap()), "{path}");
                    assert_eq!(said.contains(&sha256), ending != "json", "{path}");
                    let response = get(&app, seat, path).await;
                    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
                    assert!(tag.starts_with(&format!("\"{sha256}-")), "{tag}");
                    let again = app.client().get(app.url(&format!("/documents/{path}"))).header("if-none-match", &tag);
                    let again = seat.authorize(again).send().await.unwrap();
                    assert_eq!((again.status().as_u16(), again.bytes().await.unwrap().len()), (304, 0));
                }
            }
            // Who published it is told to who may read seats.
            let (inside, outside) = (
                bytes(&app, &operator, &format!("{kind}/2026-Q4.html")).await,
                bytes(&app, &finance, &format!("{kind}/2026-Q4.html")).await,
            );
            let name = of["publisher"]["name"].as_str().unwrap();
            assert!(text("html", &inside).contains(name) && !text("html", &outside).contains(name), "{name}");
        }
    });
}

#[test]
fn an_earlier_revision_stays_and_says_that_it_is_replaced() {
    on_every_backend(async |app| {
        let finance = app.as_role(Role::Finance);
        let before = bytes(&app, &finance, "forecast/2026-Q4/1.json").await;
        let page = text("html", &bytes(&app, &finance, "forecast/2026-Q4.html").await);
        assert!(page.contains("revision 1") && !page.contains("has replaced"), "{page}");
        tam::planned(&app).await;
        tam::publish(&app, json!(1)).await;
        // The slice of the first one is what it was; the page tells of the second.
        assert_eq!(bytes(&app, &finance, "forecast/2026-Q4/1.json").await, before);
        let first = text("html", &bytes(&app, &finance, "forecast/2026-Q4/1.html").await);
        assert!(first.contains("Revision 2 has replaced this one."), "{first}");
        let second = text("html", &bytes(&app, &finance, "forecast/2026-Q4.html").await);
        assert!(second.contains("2, replaces revision 1") && !second.contains("has replaced"));
        for path in [
            "forecast/2026-Q4/3.html",
            "forecast/2026-Q3.html",
            "forecast/2026-Q4/0.html",
            "forecast/2026-Q4.exe",
            "forecast/2026-Q9.html",
            "recruit-plan/2026-Q4.html",
            "inputs-brief/2026-Q4.html",
            "x.html",
        ] {
            assert_eq!(get(&app, &finance, path).await.status(), 404, "{path}");
        }
        let rival = app.world.rival.program;
        assert_eq!(get(&app, &finance, &format!("{}.html", global_id("Program", rival))).await.status(), 404);
    });
}

#[test]
fn without_an_ending_what_is_accepted_decides() {
    on_every_backend(async |app| {
        let leader = app.as_role(Role::Leadership);
        for (accept, media) in [
            ("text/csv", "text/csv; charset=utf-8"),
            ("text/markdown, */*", "text/markdown; charset=utf-8"),
            ("*/*", "text/html; charset=utf-8"),
        ] {
            let request = app.client().get(app.url("/documents/forecast/2026-Q4")).header("accept", accept);
            let response = leader.authorize(request).send().await.unwrap();
            assert_eq!(
                (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
                (200, media)
            );
        }
    });
}
