//! Who of the vendor owns a registration or a lead: an ordered table of rules, the first that fits decides (glossary: slow routing
//! destroys a partner's trust).

use crate::account::one_spelling;
use uuid::Uuid;

/// One rule. What it does not name fits everything; a rule that names nothing is the default seat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The account's segment.
    pub segment_id: Option<Uuid>,
    /// The account's region.
    pub region: Option<String>,
    /// The account's registrable domain.
    pub domain: Option<String>,
    /// The partner.
    pub partner_id: Option<Uuid>,
    /// The seat that then owns it.
    pub seat_id: Uuid,
}

/// What is routed.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The account's segment, where it is known.
    pub segment_id: Option<Uuid>,
    /// The account's region, where it is known.
    pub region: Option<&'a str>,
    /// The account's registrable domain, where it is known.
    pub domain: Option<&'a str>,
    /// The partner, where one brings it.
    pub partner_id: Option<Uuid>,
}

impl Route {
    fn fits(&self, arrival: Arrival<'_>) -> bool {
        self.segment_id.is_none_or(|id| arrival.segment_id == Some(id))
            && self.region.as_deref().is_none_or(|region| arrival.region == Some(region))
            && self.domain.as_deref().is_none_or(|domain| arrival.domain.is_some_and(|it| is_same(domain, it)))
            && self.partner_id.is_none_or(|id| arrival.partner_id == Some(id))
    }
}

/// Whether two domains are one: a rule of before there was one spelling may be in the other.
fn is_same(one: &str, two: &str) -> bool {
    one == two || one_spelling(one) == one_spelling(two)
}

/// The seats of the rules that fit, in order: the first of them that can take it does.
pub fn owners<'a>(routes: &'a [Route], arrival: Arrival<'a>) -> impl Iterator<Item = Uuid> + 'a {
    routes.iter().filter(move |route| route.fits(arrival)).map(|route| route.seat_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_decides_and_an_empty_one_is_the_default() {
        let id = Uuid::from_u128;
        let owner = |routes: &[Route], arrival: Arrival<'_>| owners(routes, arrival).next();
        let routes = [
            Route { domain: Some("acme.de".into()), seat_id: id(1), ..Route::default() },
            Route { segment_id: Some(id(9)), region: Some("EMEA".into()), seat_id: id(2), ..Route::default() },
            Route { partner_id: Some(id(8)), seat_id: id(3), ..Route::default() },
            Route { seat_id: id(4), ..Route::default() },
        ];
        let arrival =
            Arrival { segment_id: Some(id(9)), region: Some("EMEA"), domain: Some("acme.de"), partner_id: Some(id(8)) };
        assert_eq!(owner(&routes, arrival), Some(id(1)));
        assert_eq!(owner(&routes, Arrival { domain: Some("b.de"), ..arrival }), Some(id(2)));
        assert_eq!(owner(&routes, Arrival { domain: Some("b.de"), region: None, ..arrival }), Some(id(3)));
        assert_eq!(
            owner(&routes, Arrival { domain: Some("b.de"), region: None, partner_id: Some(id(7)), ..arrival }),
            Some(id(4))
        );
        // What nobody brings and names no domain still finds the default.
        let bare = Arrival { segment_id: None, region: None, domain: None, partner_id: None };
        assert_eq!(owner(&routes, bare), Some(id(4)));
        assert_eq!(owner(&routes[..3], bare), None);
        assert_eq!(owner(&routes[..1], Arrival { domain: Some("b.de"), ..arrival }), None);
    }
}
