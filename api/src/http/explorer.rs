//! The page at `/`: choose a role (demo) or bring a token, run that role's ready queries. Everything is embedded, so it works
//! without the internet, and its Content-Security-Policy lets it load nothing from anywhere else.
//!
//! The ready queries are files of `api/assets/queries`; a role is told only of its own, for a query names fields.

use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use domain::role::Role;
use serde::Serialize;
use std::sync::Arc;

use super::Http;

/// No inline script, nothing from elsewhere, no frame around the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("../../assets/explorer.html");

/// What the page loads: path, content type, text.
const ASSETS: &[(&str, &str, &str)] = &[
    ("/", "text/html; charset=utf-8", PAGE),
    ("/explorer/explorer.css", "text/css; charset=utf-8", include_str!("../../assets/explorer.css")),
    ("/explorer/icon.svg", "image/svg+xml", include_str!("../../assets/explorer.svg")),
    ("/explorer/explorer.js", "text/javascript; charset=utf-8", include_str!("../../assets/explorer.js")),
    ("/explorer/explorer_view.js", "text/javascript; charset=utf-8", include_str!("../../assets/explorer_view.js")),
    ("/explorer/explorer_chart.js", "text/javascript; charset=utf-8", include_str!("../../assets/explorer_chart.js")),
    ("/explorer/explorer_number.js", "text/javascript; charset=utf-8", include_str!("../../assets/explorer_number.js")),
];

/// The ready queries, in the order in which the page lists them.
const QUERIES: &[(&str, &str)] = &[
    ("audit_matrix", include_str!("../../assets/queries/audit_matrix.graphql")),
    ("pod_matrix", include_str!("../../assets/queries/pod_matrix.graphql")),
    ("own_scorecard", include_str!("../../assets/queries/own_scorecard.graphql")),
    ("portfolio", include_str!("../../assets/queries/portfolio.graphql")),
    ("forecast_finance", include_str!("../../assets/queries/forecast_finance.graphql")),
    ("forecast", include_str!("../../assets/queries/forecast.graphql")),
    ("forecast_pod", include_str!("../../assets/queries/forecast_pod.graphql")),
    ("totals", include_str!("../../assets/queries/totals.graphql")),
    ("trend", include_str!("../../assets/queries/trend.graphql")),
    ("tier_recommendations", include_str!("../../assets/queries/tier_recommendations.graphql")),
    ("stage_health", include_str!("../../assets/queries/stage_health.graphql")),
    ("partner_fits", include_str!("../../assets/queries/partner_fits.graphql")),
    ("capabilities", include_str!("../../assets/queries/capabilities.graphql")),
    ("documents", include_str!("../../assets/queries/documents.graphql")),
    ("iteration", include_str!("../../assets/queries/iteration.graphql")),
    ("open_deals", include_str!("../../assets/queries/open_deals.graphql")),
    ("won_deals", include_str!("../../assets/queries/won_deals.graphql")),
    ("own_deals", include_str!("../../assets/queries/own_deals.graphql")),
    ("registrations", include_str!("../../assets/queries/registrations.graphql")),
    ("own_partner", include_str!("../../assets/queries/own_partner.graphql")),
    ("partners", include_str!("../../assets/queries/partners.graphql")),
    ("accounts", include_str!("../../assets/queries/accounts.graphql")),
    ("segments", include_str!("../../assets/queries/segments.graphql")),
    ("spend", include_str!("../../assets/queries/spend.graphql")),
    ("fx_rates", include_str!("../../assets/queries/fx_rates.graphql")),
    ("changes", include_str!("../../assets/queries/changes.graphql")),
    ("program", include_str!("../../assets/queries/program.graphql")),
    ("viewer", include_str!("../../assets/queries/viewer.graphql")),
];

/// A query that a role can run as it is.
#[derive(Debug, Serialize)]
pub struct Ready {
    /// The file's name.
    pub name: &'static str,
    /// What the page calls it.
    pub title: &'static str,
    /// What it answers, in a sentence.
    pub about: &'static str,
    /// `chart` where the answer opens as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<&'static str>,
    /// Variables as JSON, where it needs any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variables: Option<&'static str>,
    /// The GraphQL document.
    pub document: &'static str,
    /// The roles that it is for.
    #[serde(skip)]
    roles: Vec<Role>,
}

/// A seat that `demo` offers, with a token that only `demo` accepts.
#[derive(Clone, Debug, Serialize)]
pub struct DemoSeat {
    /// Its role.
    pub role: Role,
    /// The person.
    pub name: String,
    /// The bearer token.
    pub token: String,
}

/// Makes the demo's tokens anew at each request, so that a page left open for days still gets in.
pub type DemoSeats = Arc<dyn Fn() -> Vec<DemoSeat> + Send + Sync>;

/// Reads a file: `# title`, then `# key: value` lines (`about`, `for`, `view`, `variables`), then the document.
fn parse(name: &'static str, text: &'static str) -> Ready {
    let mut ready =
        Ready { name, title: name, about: "", view: None, variables: None, document: text, roles: Vec::new() };
    let mut rest = text;
    while let Some(line) = rest.lines().next().filter(|line| line.starts_with('#')) {
        rest = rest[line.len()..].trim_start();
        let said = line.trim_start_matches('#').trim();
        match said.split_once(": ") {
            Some(("about", about)) => ready.about = about,
            Some(("view", view)) => ready.view = Some(view),
            Some(("variables", variables)) => ready.variables = Some(variables),
            Some(("for", roles)) => {
                ready.roles = roles.split_whitespace().filter_map(|role| role.parse().ok()).collect()
            }
            _ => ready.title = said,
        }
    }
    ready.document = rest;
    ready
}

/// The ready queries of a role.
#[must_use]
pub fn ready(role: Role) -> Vec<Ready> {
    QUERIES.iter().map(|(name, text)| parse(name, text)).filter(|ready| ready.roles.contains(&role)).collect()
}

/// The page, its assets, its ready queries, and in `demo` its tokens.
pub fn router(http: &Arc<Http>, demo: Option<DemoSeats>) -> Router {
    let mut router = Router::new();
    for &(path, kind, text) in ASSETS {
        router = router.route(path, get(move || async move { asset(kind, text) }));
    }
    if let Some(seats) = demo {
        router =
            router.route("/demo/tokens.json", get(move |headers: HeaderMap| async move { tokens(&headers, &seats) }));
    }
    router.merge(Router::new().route("/explorer/queries.json", get(queries)).with_state(http.clone()))
}

/// The tokens of the demo, for a page of this machine. A name that somebody else's server resolves to this address (DNS
/// rebinding) is not one: only an address or `localhost` is.
fn tokens(headers: &HeaderMap, seats: &DemoSeats) -> Response {
    let host = headers.get(axum::http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    if name == "localhost" || name.parse::<std::net::IpAddr>().is_ok() {
        ([(CACHE_CONTROL, "no-store")], Json(serde_json::json!({ "seats": seats() }))).into_response()
    } else {
        axum::http::StatusCode::NOT_FOUND.into_response()
    }
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

async fn queries(State(http): State<Arc<Http>>, head: Parts) -> Response {
    match http.admit(&head).await {
        Ok(caller) => {
            let role = caller.viewer.role;
            let body = serde_json::json!({ "role": role, "name": caller.viewer.name, "queries": ready(role) });
            ([(CACHE_CONTROL, "no-store")], Json(body)).into_response()
        }
        Err(refused) => *refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator;

    #[test]
    fn every_query_file_is_embedded_and_says_what_it_is() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/queries");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(QUERIES.iter().any(|(embedded, _)| *embedded == name), "{name} is not embedded");
        }
        for (name, text) in QUERIES {
            let ready = parse(name, text);
            assert!(
                ready.title != *name && !ready.about.is_empty() && !ready.roles.is_empty(),
                "{name}: title, about, for"
            );
            assert!(!ready.document.contains('#') && !ready.document.is_empty(), "{name}: the document");
        }
    }

    #[test]
    fn every_role_has_ready_queries() {
        assert!(Role::iter().all(|role| !ready(role).is_empty()));
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        for (path, _, text) in ASSETS.iter().filter(|(_, kind, _)| *kind != "image/svg+xml") {
            let outside = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!outside.contains("http://") && !outside.contains("https://"), "{path} names another host");
        }
        assert!(
            !PAGE.contains("<style")
                && !PAGE.contains(" style=")
                && !PAGE.contains("onclick")
                && !PAGE.contains("<script>")
        );
        for (path, ..) in ASSETS.iter().filter(|(path, ..)| *path != "/") {
            let file = path.rsplit('/').next().unwrap();
            assert!(ASSETS.iter().any(|(.., text)| text.contains(file)), "{path} is loaded by nothing");
        }
    }
}
