//! Cursors: bound to the rows that their reader may see, and never a fault of ours.

use crate::registration::{codes, rival};
use crate::support::world::global_id;
use crate::support::{App, Seat, on_every_backend};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::role::Role;
use serde_json::{Value, json};

const DEALS: &str =
    "query($after: String) { deals(first: 1, after: $after, orderBy: { field: NAME }) { edges { cursor } } }";

async fn first(seat: &Seat<'_>) -> Value {
    seat.query(DEALS).await.data()["deals"]["edges"][0]["cursor"].clone()
}

async fn after(seat: &Seat<'_>, cursor: &Value) -> Vec<String> {
    seat.query_with(DEALS, json!({ "after": cursor })).await.codes()
}

/// API.md: keyset cursors are bound to filter, order and scope.
#[test]
fn a_cursor_of_other_rows_is_refused() {
    on_every_backend(async |app: App| {
        let (partner, other) = (app.as_role(Role::Partner), rival(&app).await);
        let cursor = first(&partner).await;
        assert_eq!(after(&partner, &cursor).await, Vec::<String>::new());
        assert_eq!(after(&other, &cursor).await, ["BAD_USER_INPUT"]);
        // A manager who is given another partner has other rows from then on.
        let manager = app.as_role(Role::PartnerManager);
        let cursor = first(&manager).await;
        assert_eq!(after(&manager, &cursor).await, Vec::<String>::new());
        let seats = "{ seats(first: 100) { edges { node { id role } } } }";
        let seats = app.as_role(Role::Revops).query(seats).await.data()["seats"]["edges"].clone();
        let seat = seats.as_array().unwrap().iter().find(|it| it["node"]["role"] == "PARTNER_MANAGER").unwrap();
        let both = app.world.home.partners.map(|id| global_id("Partner", id));
        let bound = json!({ "id": seat["node"]["id"], "partnerIds": both });
        let bound = app.as_role(Role::Revops).change("seatUpdate", bound, "seat { id }").await;
        assert_eq!(codes(&bound), Vec::<&str>::new(), "{bound}");
        assert_eq!(after(&manager, &cursor).await, ["BAD_USER_INPUT"]);
    });
}

/// PostgreSQL keeps no text with U+0000: a cursor that somebody wrote is refused alike on both.
#[test]
fn a_cursor_with_nul_in_it_is_no_fault_of_ours() {
    on_every_backend(async |app: App| {
        let revops = app.as_role(Role::Revops);
        let cursor = first(&revops).await;
        let mut read: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor.as_str().unwrap()).unwrap()).unwrap();
        read[1]["key"]["Text"] = json!("a\0b");
        let forged = json!(URL_SAFE_NO_PAD.encode(read.to_string()));
        assert_eq!(after(&revops, &forged).await, ["BAD_USER_INPUT"]);
    });
}
