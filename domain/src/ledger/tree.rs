//! The Merkle tree of RFC 9162 over a log whose nodes are kept one by one, so that a proof reads as many as the log is deep.

use std::cell::RefCell;
use std::collections::BTreeMap;
use tlog_tiles::tlog;
pub use tlog_tiles::tlog::Hash;

/// Nodes by their place in storage (Crosby and Wallach's order: each node directly after the last leaf below it).
pub type Nodes = BTreeMap<u64, Hash>;

/// Why there is no hash or proof.
#[derive(Debug, thiserror::Error)]
#[error("the Merkle tree is broken: {0}")]
pub struct TreeFault(#[from] tlog::Error);

/// Reads what was fetched before.
struct Known<'a>(&'a Nodes);

impl tlog::HashReader for Known<'_> {
    fn read_hashes(&self, positions: &[u64]) -> Result<Vec<Hash>, tlog::Error> {
        positions.iter().map(|at| self.0.get(at).copied().ok_or(tlog::Error::IndexesNotInTree)).collect()
    }
}

/// Notes what would be read.
#[derive(Default)]
struct Asked(RefCell<Vec<u64>>);

impl tlog::HashReader for Asked {
    fn read_hashes(&self, positions: &[u64]) -> Result<Vec<Hash>, tlog::Error> {
        self.0.borrow_mut().extend_from_slice(positions);
        Ok(vec![Hash::default(); positions.len()])
    }
}

/// What can be proved of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The tree of this size holds the leaf at this place.
    Inclusion {
        /// The tree's size.
        size: u64,
        /// The leaf's place, from 0.
        sequence: u64,
    },
    /// The larger tree begins with the smaller.
    Consistency {
        /// The smaller tree's size, at least 1.
        from: u64,
        /// The larger tree's size.
        to: u64,
    },
}

impl Claim {
    fn prove_with(self, reader: &impl tlog::HashReader) -> Result<Vec<Hash>, TreeFault> {
        Ok(match self {
            Self::Inclusion { size, sequence } => tlog::prove_record(size, sequence, reader)?,
            Self::Consistency { from, to } => tlog::prove_tree(to, from, reader)?,
        })
    }

    /// The nodes that the proof needs: some sixty at most, whatever the size.
    ///
    /// # Errors
    /// [`TreeFault`] when there is no such tree.
    pub fn positions(self) -> Result<Vec<u64>, TreeFault> {
        let asked = Asked::default();
        self.prove_with(&asked)?;
        Ok(asked.0.into_inner())
    }

    /// The proof.
    ///
    /// # Errors
    /// [`TreeFault`] when a node is missing.
    pub fn prove(self, nodes: &Nodes) -> Result<Vec<Hash>, TreeFault> {
        self.prove_with(&Known(nodes))
    }
}

/// Whether the proof shows that the tree of this size and root holds the leaf at this place.
#[must_use]
pub fn includes(proof: &[Hash], size: u64, root: Hash, sequence: u64, leaf: Hash) -> bool {
    tlog::check_record(&proof.to_vec(), size, root, sequence, leaf).is_ok()
}

/// Whether the proof shows that the tree of the larger size and root begins with the smaller one.
#[must_use]
pub fn extends(proof: &[Hash], (to, to_root): (u64, Hash), (from, from_root): (u64, Hash)) -> bool {
    tlog::check_tree(&proof.to_vec(), to, to_root, from, from_root).is_ok()
}

/// The right edge of a tree: all that is needed to append to it.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    size: u64,
    nodes: Nodes,
}

impl Edge {
    /// The nodes to read for the edge of a tree of this size.
    #[must_use]
    pub fn positions(size: u64) -> Vec<u64> {
        tlog::sub_tree_index(0, size, Vec::new())
    }

    /// The edge of a tree of this size.
    #[must_use]
    pub const fn new(size: u64, nodes: Nodes) -> Self {
        Self { size, nodes }
    }

    /// How many leaves there are.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf and returns the nodes that are to be kept for it.
    ///
    /// # Errors
    /// [`TreeFault`] when a node of the edge is missing.
    pub fn push(&mut self, leaf: Hash) -> Result<Vec<(u64, Hash)>, TreeFault> {
        let hashes = tlog::stored_hashes_for_record_hash(self.size, leaf, &Known(&self.nodes))?;
        let new: Vec<(u64, Hash)> = (tlog::stored_hash_index(0, self.size)..).zip(hashes).collect();
        self.nodes.extend(new.iter().copied());
        self.size += 1;
        let edge = Self::positions(self.size);
        self.nodes.retain(|at, _| edge.contains(at));
        Ok(new)
    }

    /// The root.
    ///
    /// # Errors
    /// [`TreeFault`] when a node of the edge is missing.
    pub fn root(&self) -> Result<Hash, TreeFault> {
        Ok(tlog::tree_hash(self.size, &Known(&self.nodes))?)
    }
}

/// The hash of a leaf: of a zero byte and its bytes.
#[must_use]
pub fn leaf(bytes: &[u8]) -> Hash {
    tlog::record_hash(bytes)
}

/// Where the node of a leaf is kept.
#[must_use]
pub fn leaf_position(sequence: u64) -> u64 {
    tlog::stored_hash_index(0, sequence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    /// The definition of RFC 9162, section 2.1.1, word by word.
    fn naive(leaves: &[Vec<u8>]) -> [u8; 32] {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => Sha256::new().chain_update([0]).chain_update(one).finalize().into(),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = (naive(&leaves[..split]), naive(&leaves[split..]));
                Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
            }
        }
    }

    fn grown(leaves: &[Vec<u8>]) -> (Edge, Nodes) {
        let (mut edge, mut nodes) = (Edge::default(), Nodes::new());
        for bytes in leaves {
            nodes.extend(edge.push(leaf(bytes)).unwrap());
        }
        (edge, nodes)
    }

    fn leaves() -> impl Strategy<Value = Vec<Vec<u8>>> {
        proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..8), 1..70)
    }

    #[test]
    fn the_empty_tree_and_a_tree_of_one_have_the_roots_of_the_standard() {
        assert_eq!(Edge::default().root().unwrap().0, naive(&[]));
        assert_eq!(grown(&[vec![]]).0.root().unwrap().0, naive(&[vec![]]));
        assert!(Claim::Inclusion { size: 3, sequence: 3 }.positions().is_err());
        assert!(Claim::Consistency { from: 0, to: 3 }.positions().is_err());
        assert!(Claim::Consistency { from: 4, to: 3 }.positions().is_err());
    }

    proptest! {
        #[test]
        fn roots_are_those_of_the_definition_and_an_edge_read_back_goes_on(leaves in leaves(), at in any::<prop::sample::Index>()) {
            let (edge, nodes) = grown(&leaves);
            prop_assert_eq!(edge.root().unwrap().0, naive(&leaves));
            let cut = at.index(leaves.len());
            let kept = Edge::positions(cut as u64).into_iter().map(|at| (at, nodes[&at])).collect();
            let mut again = Edge::new(cut as u64, kept);
            prop_assert_eq!(again.root().unwrap().0, naive(&leaves[..cut]));
            for bytes in &leaves[cut..] {
                again.push(leaf(bytes)).unwrap();
            }
            prop_assert_eq!(again.root().unwrap(), edge.root().unwrap());
        }

        #[test]
        fn a_proof_of_inclusion_holds_for_its_leaf_and_for_no_other(leaves in leaves(), at in any::<prop::sample::Index>()) {
            let (edge, nodes) = grown(&leaves);
            let (sequence, size) = (at.index(leaves.len()) as u64, leaves.len() as u64);
            let claim = Claim::Inclusion { size, sequence };
            let needed: Nodes = claim.positions().unwrap().into_iter().map(|at| (at, nodes[&at])).collect();
            let proof = claim.prove(&needed).unwrap();
            let (root, own) = (edge.root().unwrap(), leaf(&leaves[at.index(leaves.len())]));
            prop_assert!(includes(&proof, size, root, sequence, own));
            prop_assert!(!includes(&proof, size, root, sequence, leaf(b"another leaf")));
            prop_assert!(!includes(&proof, size, leaf(b"another root"), sequence, own));
            // A neighbour that says the same may well be proven by the same hashes.
            let next = (at.index(leaves.len()) + 1) % leaves.len();
            let is_same = leaves[next] == leaves[at.index(leaves.len())];
            prop_assert!(is_same || !includes(&proof, size, root, next as u64, own));
            prop_assert!(proof.len() <= 7, "70 leaves are 7 deep");
        }

        #[test]
        fn a_log_extends_each_of_its_beginnings_and_nothing_else(leaves in leaves(), at in any::<prop::sample::Index>()) {
            let (edge, nodes) = grown(&leaves);
            let from = at.index(leaves.len()) + 1;
            let (from_size, to) = (from as u64, leaves.len() as u64);
            let claim = Claim::Consistency { from: from_size, to };
            let needed: Nodes = claim.positions().unwrap().into_iter().map(|at| (at, nodes[&at])).collect();
            let proof = claim.prove(&needed).unwrap();
            let (old, new) = (Hash(naive(&leaves[..from])), edge.root().unwrap());
            prop_assert!(extends(&proof, (to, new), (from_size, old)));
            prop_assert!(!extends(&proof, (to, new), (from_size, leaf(b"another past"))));
            prop_assert!(!extends(&proof, (to, leaf(b"another present")), (from_size, old)));
        }
    }
}
