//! Where a partner may register accounts (seed 004: explicit, to avoid overlap wars).

use crate::account::one_spelling;
use crate::text;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A partner's territory. An empty list allows everything of its kind; a partner without a territory may go everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Territory {
    /// The partner.
    pub partner_id: Uuid,
    /// The segments it may go to.
    pub segments: Vec<Uuid>,
    /// The regions it may go to, in the vendor's words.
    pub regions: Vec<String>,
    /// The endings of domains it may go to, such as `de` or `co.uk`.
    pub suffixes: Vec<String>,
    /// For optimistic concurrency.
    pub version: i64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// Where an account is, as far as the program knows.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'a> {
    /// Its registrable domain.
    pub domain: &'a str,
    /// Its segment.
    pub segment_id: Option<Uuid>,
    /// Its region.
    pub region: Option<&'a str>,
}

impl Territory {
    /// Whether the account is inside. What is not known of it does not put it outside: the vendor decides then \[ours\].
    #[must_use]
    pub fn holds(&self, spot: Spot<'_>) -> bool {
        let domain = one_spelling(spot.domain);
        let ends = |suffix: &String| {
            let suffix = one_spelling(suffix);
            domain != suffix && ends(&domain, &suffix)
        };
        let lists = |region: &str| self.regions.iter().any(|one| text::key(one) == text::key(region));
        (self.suffixes.is_empty() || self.suffixes.iter().any(ends))
            && (self.segments.is_empty() || spot.segment_id.is_none_or(|id| self.segments.contains(&id)))
            && (self.regions.is_empty() || spot.region.is_none_or(lists))
    }
}

/// Whether one ending of domains holds the other: `uk` holds `co.uk`.
fn ends(one: &str, other: &str) -> bool {
    one == other || one.strip_suffix(other).is_some_and(|rest| rest.ends_with('.'))
}

impl Territory {
    /// Whether an account could be inside both: for each list, one of them allows everything of its kind, or they share an entry.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let meets = |one: &String, two: &String| {
            let (one, two) = (one_spelling(one), one_spelling(two));
            ends(&one, &two) || ends(&two, &one)
        };
        let regions = |one: &String, two: &String| text::key(one) == text::key(two);
        share(&self.segments, &other.segments, |one, two| one == two)
            && share(&self.regions, &other.regions, regions)
            && share(&self.suffixes, &other.suffixes, meets)
    }
}

fn share<T>(one: &[T], other: &[T], meets: impl Fn(&T, &T) -> bool) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|of| other.iter().any(|it| meets(of, it)))
}

/// The ending of a domain as it is kept: lower case, without a dot before it. `None` for what is no such thing.
#[must_use]
pub fn suffix(text: &str) -> Option<String> {
    let kept = text.trim().trim_start_matches('.').to_lowercase();
    let is_fine = !kept.is_empty()
        && kept.len() <= 100
        && kept.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-'));
    is_fine.then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_that_is_given_must_hold_it_and_what_is_unknown_passes() {
        let territory = Territory {
            partner_id: Uuid::nil(),
            segments: vec![Uuid::from_u128(1)],
            regions: vec!["EMEA".into()],
            suffixes: vec!["de".into(), "co.uk".into()],
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        let spot =
            |domain, segment: Option<u128>, region| Spot { domain, segment_id: segment.map(Uuid::from_u128), region };
        assert!(territory.holds(spot("acme.de", Some(1), Some("emea"))));
        assert!(territory.holds(spot("acme.co.uk", None, None)));
        for outside in [
            spot("acme.com", None, None),
            spot("acmede", None, None),
            spot("acme.de", Some(2), None),
            spot("acme.de", None, Some("AMER")),
        ] {
            assert!(!territory.holds(outside), "{outside:?}");
        }
        let everywhere = Territory { segments: vec![], regions: vec![], suffixes: vec![], ..territory };
        assert!(everywhere.holds(spot("acme.com", Some(2), Some("AMER"))));
    }

    #[test]
    fn territories_overlap_where_an_account_could_be_in_both() {
        let of = |segments: &[u128], regions: &[&str], suffixes: &[&str]| Territory {
            partner_id: Uuid::nil(),
            segments: segments.iter().copied().map(Uuid::from_u128).collect(),
            regions: regions.iter().map(|it| (*it).to_owned()).collect(),
            suffixes: suffixes.iter().map(|it| (*it).to_owned()).collect(),
            version: 1,
            recorded_at: DateTime::UNIX_EPOCH,
        };
        let one = of(&[1], &["EMEA"], &["co.uk", "de"]);
        for (other, overlaps) in [
            (of(&[1, 2], &["emea"], &["de"]), true),
            (of(&[], &[], &[]), true),
            (of(&[1], &["EMEA"], &["uk"]), true),
            (of(&[2], &["EMEA"], &["de"]), false),
            (of(&[1], &["AMER"], &["de"]), false),
            (of(&[1], &["EMEA"], &["fr"]), false),
            (of(&[1], &["EMEA"], &["o.uk"]), false),
        ] {
            assert_eq!((one.overlaps(&other), other.overlaps(&one)), (overlaps, overlaps), "{other:?}");
        }
    }

    #[test]
    fn an_ending_is_a_name_of_labels() {
        assert_eq!(suffix(" .CO.uk").as_deref(), Some("co.uk"));
        for wrong in ["", ".", "a..b", "two words"] {
            assert_eq!(suffix(wrong), None, "{wrong}");
        }
    }
}
