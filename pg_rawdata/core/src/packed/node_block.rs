//! Places and versions of the nodes of one block: 128 consecutive ids.
//!
//! Per node present, in id order: `version << 1 | gap` (gap = ids are missing before it, then their number follows),
//! then longitude and latitude as differences to the node before.

use super::{damaged, varint};
use crate::Result;
use crate::osm::Place;

/// Ids in a block.
pub const SIZE: usize = 128;

/// The block that an id lies in.
pub fn block_of(id: i64) -> i64 {
    id >> 7
}

/// Where in its block an id lies.
pub fn slot_of(id: i64) -> usize {
    usize::try_from(id & 127).unwrap_or(0)
}

/// A node as blocks hold it. Version 0 stands for an unknown one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub place: Place,
    /// Its version.
    pub version: u32,
}

/// A block under construction or taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeBlock {
    slots: [Option<Entry>; SIZE],
}

impl Default for NodeBlock {
    fn default() -> Self {
        Self { slots: [None; SIZE] }
    }
}

impl NodeBlock {
    /// What is known of the node in a slot.
    pub fn get(&self, slot: usize) -> Option<Entry> {
        self.slots.get(slot).copied().flatten()
    }

    /// Puts a node into a slot, or takes it out.
    pub fn set(&mut self, slot: usize, entry: Option<Entry>) {
        if let Some(place) = self.slots.get_mut(slot) {
            *place = entry;
        }
    }

    /// Empties all slots.
    pub fn clear(&mut self) {
        self.slots = [None; SIZE];
    }

    /// Packs the block, appending.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (mut x, mut y) = (0, 0);
        let mut next = 0;
        for (slot, entry) in self.slots.iter().enumerate() {
            let Some(entry) = entry else { continue };
            let gap = slot - next;
            varint::put(out, u64::from(entry.version) << 1 | u64::from(gap > 0));
            if gap > 0 {
                varint::put(out, gap as u64);
            }
            varint::put_signed(out, i64::from(entry.place.x) - x);
            varint::put_signed(out, i64::from(entry.place.y) - y);
            (x, y) = (i64::from(entry.place.x), i64::from(entry.place.y));
            next = slot + 1;
        }
    }

    /// Unpacks a block into this one.
    pub fn decode(&mut self, mut bytes: &[u8]) -> Result<()> {
        self.clear();
        let (mut x, mut y) = (0i64, 0i64);
        let mut slot = 0usize;
        while !bytes.is_empty() {
            let entry = (|| {
                let head = varint::take(&mut bytes)?;
                if head & 1 == 1 {
                    slot = slot.checked_add(usize::try_from(varint::take(&mut bytes)?).ok()?)?;
                }
                x = x.checked_add(varint::take_signed(&mut bytes)?)?;
                y = y.checked_add(varint::take_signed(&mut bytes)?)?;
                Some(Entry { place: Place::new(x, y)?, version: u32::try_from(head >> 1).ok()? })
            })();
            match (entry, self.slots.get_mut(slot)) {
                (Some(entry), Some(place)) => *place = Some(entry),
                _ => return Err(damaged("node places")),
            }
            slot += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(x: i32, y: i32, version: u32) -> Option<Entry> {
        Some(Entry { place: Place { x, y }, version })
    }

    #[test]
    fn a_block_comes_back() {
        let mut block = NodeBlock::default();
        block.set(0, entry(1_800_000_000, -900_000_000, 3));
        block.set(1, entry(-1_800_000_000, 900_000_000, 0));
        block.set(90, entry(5, 6, i32::MAX.unsigned_abs()));
        block.set(127, entry(5, 7, 1));
        let mut bytes = Vec::new();
        block.encode(&mut bytes);
        let mut back = NodeBlock::default();
        back.set(4, entry(1, 1, 1));
        back.decode(&bytes).unwrap();
        assert_eq!(back, block);
    }

    #[test]
    fn damaged_blocks_are_an_error() {
        let mut block = NodeBlock::default();
        assert!(block.decode(&[3, 200, 1, 2, 2]).is_err(), "slot beyond the block");
        assert!(block.decode(&[2, 2]).is_err(), "cut");
        let mut far = Vec::new();
        varint::put(&mut far, 2);
        varint::put_signed(&mut far, 1_800_000_001);
        varint::put_signed(&mut far, 0);
        assert!(block.decode(&far).is_err(), "off the Earth");
    }

    #[test]
    fn negative_and_large_ids_find_their_slot() {
        for id in [1i64, 127, 128, i64::MAX] {
            assert_eq!(block_of(id) * 128 + slot_of(id) as i64, id);
        }
    }
}
