//! Node ids of a way: each as the difference to the one before.

use super::{damaged, varint};
use crate::Result;
use crate::packed::node_block;

/// Packs refs.
pub fn encode(refs: &[i64], out: &mut Vec<u8>) {
    let mut before = 0i64;
    for &id in refs {
        varint::put_signed(out, id.wrapping_sub(before));
        before = id;
    }
}

/// Unpacks refs, appending them.
pub fn decode(mut bytes: &[u8], refs: &mut Vec<i64>) -> Result<()> {
    let mut id = 0i64;
    while !bytes.is_empty() {
        id = id.wrapping_add(varint::take_signed(&mut bytes).ok_or_else(|| damaged("node refs"))?);
        refs.push(id);
    }
    Ok(())
}

/// The blocks of nodes that refs lie in, ascending, each once.
pub fn blocks(bytes: &[u8]) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    decode(bytes, &mut ids)?;
    let mut blocks: Vec<i64> = ids.into_iter().map(node_block::block_of).collect();
    blocks.sort_unstable();
    blocks.dedup();
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_come_back_and_are_short() {
        let refs = [5_000_000_000, 5_000_000_001, 4_999_999_990, 1, i64::MAX, 1];
        let mut bytes = Vec::new();
        encode(&refs, &mut bytes);
        let mut back = Vec::new();
        decode(&bytes, &mut back).unwrap();
        assert_eq!(back, refs);

        let mut near = Vec::new();
        encode(&[7, 8, 9, 10, 7], &mut near);
        assert_eq!(near.len(), 5);
    }

    #[test]
    fn damaged_refs_are_an_error() {
        assert!(decode(&[0x80], &mut Vec::new()).is_err());
    }

    #[test]
    fn blocks_are_listed_once() {
        let mut bytes = Vec::new();
        encode(&[1, 2, 129, 1, 300], &mut bytes);
        assert_eq!(blocks(&bytes).unwrap(), [0, 1, 2]);
    }
}
