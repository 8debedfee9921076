//! The page at `/`, in a real browser where there is one; and its ready queries, which every role can run as they are.

use crate::support::ask::Ask;
use crate::support::browser::{Browser, installed};
use crate::support::{on_every_backend, on_sqlite};
use api::http::explorer::ready;
use domain::role::Role;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

#[test]
fn every_ready_query_of_every_role_answers_without_an_error() {
    on_every_backend(async |app| {
        for role in Role::iter() {
            for query in ready(role) {
                let variables = query.variables.map_or(json!({}), |text| serde_json::from_str(text).unwrap());
                let answer = app.as_role(role).send(&Ask { document: query.document.to_owned(), variables }).await;
                assert!(answer.body["errors"].is_null(), "{}: {}\n{}", role.word(), query.name, answer.body);
                assert!(
                    answer.body["data"].as_object().is_some_and(|data| data.values().any(|value| !value.is_null())),
                    "{}",
                    query.name
                );
            }
        }
    });
}

#[test]
fn the_page_tells_a_role_its_own_queries_and_a_stranger_none() {
    on_sqlite(async |app| {
        let told: Value =
            serde_json::from_str(&app.as_role(Role::Finance).get("/explorer/queries.json").await).unwrap();
        let names: Vec<&str> =
            told["queries"].as_array().unwrap().iter().map(|query| query["name"].as_str().unwrap()).collect();
        assert_eq!(names, ready(Role::Finance).iter().map(|query| query.name).collect::<Vec<_>>());
        let refused = app.client().get(app.url("/explorer/queries.json")).send().await.unwrap();
        assert_eq!(refused.status(), 401);
        let page = app.client().get(app.url("/")).send().await.unwrap();
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    });
}

/// Sets the status aside, does something, and waits until the page has an answer.
async fn answered(browser: &mut Browser, action: &str) -> String {
    browser.eval(&format!("document.getElementById('status').textContent = ''; {action}")).await;
    browser.until("document.getElementById('status').textContent.startsWith('Status')").await;
    browser.eval("document.getElementById('status').textContent").await.as_str().unwrap().to_owned()
}

#[test]
fn a_person_asks_in_the_browser() {
    let Some(program) = installed() else {
        use std::io::Write as _;
        let _ = writeln!(
            std::io::stderr(),
            "the browser test was skipped: Chromium is not installed (scripts/test installs it)"
        );
        return;
    };
    on_sqlite(async |app| {
        let mut browser = Browser::start(program).await;
        browser.size(1280, 900).await;
        browser.open(&app.url("/")).await;
        browser.until("document.getElementById('status').textContent.startsWith('Status 200')").await;
        let roles = browser.eval("[...document.getElementById('role').options].length").await;
        assert_eq!(roles, Role::iter().count());

        for (at, role) in Role::iter().enumerate() {
            let choose = format!(
                "const role = document.getElementById('role'); role.selectedIndex = {at}; role.dispatchEvent(new Event('change'));"
            );
            let status = answered(&mut browser, &format!("{{ {choose} }}")).await;
            assert!(status.starts_with("Status 200"), "{}: {status}", role.word());
            let listed =
                browser.eval("[...document.querySelectorAll('#ready button')].map((one) => one.dataset.name)").await;
            assert_eq!(listed, json!(ready(role).iter().map(|query| query.name).collect::<Vec<_>>()));
            for query in ready(role) {
                let status =
                    answered(&mut browser, &format!("document.querySelector('[data-name={}]').click()", query.name))
                        .await;
                assert!(status.starts_with("Status 200"), "{}: {}: {status}", role.word(), query.name);
                assert_eq!(
                    browser.eval("document.getElementById('errors').hidden").await,
                    json!(true),
                    "{}",
                    query.name
                );
            }
        }

        the_matrix(&mut browser).await;
        the_keyboard(&mut browser).await;
        a_phone(&mut browser).await;
        assert!(browser.complaints.is_empty(), "{:?}", browser.complaints);
        the_policy(&mut browser).await;
        browser.stop().await;
    });
}

const AS_OPERATOR: &str = "{ const role = document.getElementById('role'); role.selectedIndex = 0; role.dispatchEvent(new Event('change')); }";

/// As a table that sorts, nulls last, and as bars.
async fn the_matrix(browser: &mut Browser) {
    answered(browser, AS_OPERATOR).await;
    answered(browser, "document.querySelector('[data-name=audit_matrix]').click()").await;
    browser.eval("document.getElementById('tab-table').click()").await;
    let rows = browser.eval("document.querySelectorAll('#pane-table tbody tr').length").await;
    assert!(rows.as_u64() > Some(1), "{rows}");
    let heading = "[...document.querySelectorAll('#pane-table th button')].find((one) => /gap/i.test(one.textContent))";
    for order in ["descending", "ascending"] {
        browser.eval(&format!("{heading}.click()")).await;
        let sorted = browser.eval(&format!("{heading}.closest('th').getAttribute('aria-sort')")).await;
        assert_eq!(sorted, order);
    }
    browser.eval("document.getElementById('tab-chart').click()").await;
    let bars = browser.eval("document.querySelectorAll('#pane-chart svg rect').length").await;
    assert!(bars.as_u64() > Some(0), "{bars}");
}

/// Ctrl+Enter runs what is in the editor; what is wrong is explained; text is text.
async fn the_keyboard(browser: &mut Browser) {
    let write = |text: &str| {
        format!(
            "{{ const editor = document.getElementById('editor'); editor.value = {}; editor.focus(); }}",
            json!(text)
        )
    };
    browser.eval(&write("{ viewer { role } }")).await;
    browser.eval("document.getElementById('status').textContent = ''").await;
    browser.press("Enter", 13, true).await;
    browser.until("document.getElementById('status').textContent.startsWith('Status 200')").await;
    browser.eval("document.getElementById('tab-json').click()").await;
    assert!(browser.eval("document.getElementById('json').textContent").await.as_str().unwrap().contains("OPERATOR"));

    // The arrow keys walk the tabs.
    browser.eval("document.getElementById('tab-json').focus()").await;
    browser.press("ArrowRight", 39, false).await;
    assert_eq!(browser.eval("document.activeElement.id").await, "tab-table");

    // A 400 is a network error to the browser's console, so this is asked with a query that is right and has no rows.
    browser.eval(&write("{ a: __typename b: nothingOfThatName }")).await;
    let status = answered(browser, "document.getElementById('run').click()").await;
    assert!(status.starts_with("Status 400"), "{status}");
    let error = browser.eval("document.querySelector('#errors strong').textContent").await;
    assert_eq!(error, "GRAPHQL_VALIDATION_FAILED");
    browser.complaints.clear();
}

/// Nothing is wider than a phone, and what is pressed is large enough.
async fn a_phone(browser: &mut Browser) {
    browser.size(375, 812).await;
    answered(browser, AS_OPERATOR).await;
    answered(browser, "document.querySelector('[data-name=audit_matrix]').click()").await;
    for tab in ["table", "chart", "json"] {
        browser.eval(&format!("document.getElementById('tab-{tab}').click()")).await;
        let wide = browser.eval("document.documentElement.scrollWidth").await;
        assert!(wide.as_u64() <= Some(375), "{tab}: {wide}");
    }
    let small = "[...document.querySelectorAll('button, select')].filter((one) => one.offsetParent && one.offsetHeight < 32).map((one) => one.textContent)";
    assert_eq!(browser.eval(small).await, json!([]));
    let nameless = "[...document.querySelectorAll('select, textarea')].filter((one) => one.labels.length === 0).map((one) => one.id)";
    assert_eq!(browser.eval(nameless).await, json!([]));
}

/// The page runs nothing that it did not bring.
async fn the_policy(browser: &mut Browser) {
    browser.eval("{ const script = document.createElement('script'); script.textContent = 'window.foreign = 1'; document.body.append(script); }").await;
    assert_eq!(browser.eval("typeof window.foreign").await, "undefined");
    assert!(browser.complaints.iter().any(|text| text.contains("Content Security Policy")), "{:?}", browser.complaints);
}
