//! Blocks of nodes kept unpacked, because the nodes of one way mostly lie in few blocks.

use super::node_block::{self, NodeBlock};
use crate::Result;
use crate::osm::Place;

/// Unpacked blocks of 2 kB each, the last asked for in each line of the cache.
#[derive(Debug)]
pub struct BlockCache {
    lines: Vec<(Option<i64>, NodeBlock)>,
}

impl BlockCache {
    /// `lines` is a power of two.
    pub fn new(lines: usize) -> Self {
        Self { lines: vec![(None, NodeBlock::default()); lines] }
    }

    /// Where a node is, if its block says. A block that is not at hand comes from `load`, which gets it empty.
    pub fn place(&mut self, node: i64, load: impl FnOnce(i64, &mut NodeBlock) -> Result<()>) -> Result<Option<Place>> {
        let number = node_block::block_of(node);
        let line = usize::try_from(number).unwrap_or(0) & self.lines.len().wrapping_sub(1);
        let Some((kept, block)) = self.lines.get_mut(line) else { return Ok(None) };
        if *kept != Some(number) {
            *kept = None;
            block.clear();
            load(number, block)?;
            *kept = Some(number);
        }
        Ok(block.get(node_block::slot_of(node)).map(|entry| entry.place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::node_block::Entry;
    use crate::{Error, ErrorKind};

    fn load(number: i64, block: &mut NodeBlock) -> Result<()> {
        let place = Place { x: i32::try_from(number).unwrap(), y: 0 };
        block.set(0, Some(Entry { place, version: 1 }));
        Ok(())
    }

    #[test]
    fn blocks_that_share_a_line_do_not_mix() {
        let mut cache = BlockCache::new(2);
        for number in [0, 2, 0, 1, 3, -1, 2] {
            let place = cache.place(number * 128, load).unwrap().unwrap();
            assert_eq!(i64::from(place.x), number);
            assert_eq!(cache.place(number * 128 + 1, |_, _| panic!("asked twice")).unwrap(), None);
        }
    }

    #[test]
    fn a_block_that_failed_is_asked_for_again() {
        let mut cache = BlockCache::new(1);
        assert!(cache.place(0, |_, _| Err(Error::new(ErrorKind::Binary, "damaged"))).is_err());
        assert!(cache.place(0, load).unwrap().is_some());
    }
}
