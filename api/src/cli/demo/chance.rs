//! Chance that repeats: each thing draws from a generator of its own, so that one more draw somewhere changes nothing else.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

pub(super) struct Chance(StdRng);

impl Chance {
    /// The chance of one thing, by its name.
    pub(super) fn of(seed: u64, thing: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_be_bytes());
        hash.update(thing.as_bytes());
        Self(StdRng::from_seed(hash.finalize().into()))
    }

    /// At least 0, below 1.
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// Normal, mean 0 and deviation 1 (Box and Muller).
    pub(super) fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.unit(), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    /// A factor around 1, as sizes and times are spread: log-normal with median 1.
    pub(super) fn spread(&mut self, sigma: f64) -> f64 {
        (sigma * self.normal().clamp(-2.5, 2.5)).exp()
    }

    /// A place, by weights of which at least one is above 0.
    pub(super) fn weighted(&mut self, weights: impl IntoIterator<Item = f64>) -> usize {
        let weights: Vec<f64> = weights.into_iter().collect();
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (at, weight) in weights.iter().enumerate() {
            if left < *weight {
                return at;
            }
            left -= weight;
        }
        weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0)
    }

    /// One of them.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.0.random_range(0..from.len())) }
    }
}
