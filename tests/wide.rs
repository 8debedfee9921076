//! The matrix is written at once where a query allows it; whichever way it is written, it says the same.

use crate::support::on_every_backend;
use domain::role::Role;

const CELL: &str = "
  __typename
  partner { __typename id name }
  segment { id called: name }
  trustGap {
    points coSell { won lost rate interval { low high level } } direct { won lost rate interval { low high level } }
    interval { low high level } evidence reading dealsUntilConclusive leftOutUnknown
  }
  ...worth @XX
  sourcedArr { amount currency }
  ... on AuditCell { segmentSpend { amount } segmentSpend { currency } }
";

const WORTH: &str = "fragment worth on AuditCell { partnerYield { multiple sourcedArr { amount currency } sourcedDeals sourcedDealsWithoutArr spend { amount } evidence } }";

#[test]
fn the_matrix_says_the_same_whichever_way_it_is_written() {
    on_every_backend(async |app| {
        let ops = app.as_role(Role::Revops);
        let ask = async |cell: &str| {
            let document = format!(
                "{{ auditMatrix(window: ALL, orderBy: {{ field: TRUST_GAP, direction: DESC }}) {{ cells {{ {cell} }} }} }} {WORTH}"
            );
            ops.query(&document).await.data().clone()
        };
        let at_once = ask(&CELL.replace("@XX", "")).await;
        // A directive makes the list go the long way.
        let field_by_field = ask(&CELL.replace("@XX", "@include(if: true)")).await;
        assert_eq!(at_once, field_by_field);
        let cells = at_once["auditMatrix"]["cells"].as_array().unwrap();
        assert_eq!(cells.len(), 2);
        assert_eq!(cells[0]["__typename"], "AuditCell");
        assert_eq!(cells[0]["segmentSpend"]["currency"], "USD");
        assert!(cells[0]["trustGap"]["points"].is_string() && cells[0]["partnerYield"]["multiple"].is_string());
        // The keys stand in the order of the query.
        let keys: Vec<&String> = cells[0].as_object().unwrap().keys().collect();
        assert_eq!(keys.first().map(|key| key.as_str()), Some("__typename"));
    });
}

#[test]
fn a_selection_that_is_skipped_is_not_there() {
    on_every_backend(async |app| {
        let document = "query($no: Boolean!) { auditMatrix { cells { segment { name } trustGap @skip(if: $no) { points } partner @include(if: $no) { name } } } }";
        let answer = app.as_role(Role::Operator).query_with(document, serde_json::json!({ "no": true })).await;
        let cell = &answer.data()["auditMatrix"]["cells"][0];
        assert!(
            cell.get("trustGap").is_none()
                && cell["partner"]["name"].is_string()
                && cell["segment"]["name"].is_string()
        );
    });
}
