//! The harness itself: a server answers on every back end, to those it knows.

use crate::support::{Seat, on_every_backend};
use domain::role::Role;
use strum::IntoEnumIterator;

#[test]
fn the_server_answers_every_seat_on_every_back_end() {
    on_every_backend(async |app| {
        for role in Role::iter() {
            let answer = app.as_role(role).query("{ __typename }").await;
            assert_eq!(answer.data()["__typename"], "Query", "{}", role.word());
        }
    });
}

#[test]
fn nobody_and_strangers_get_the_same_401() {
    on_every_backend(async |app| {
        let ask = async |seat: Seat<'_>| {
            let answer = seat.query("{ __typename }").await;
            assert_eq!((answer.status, answer.codes()), (401, vec!["UNAUTHENTICATED".to_owned()]));
            answer.errors()[0]["message"].clone()
        };
        let nobody = ask(app.as_nobody()).await;
        assert_eq!(ask(app.with_token("x.y.z")).await, nobody);
        assert_eq!(ask(app.as_subject("stranger")).await, nobody);
    });
}
