//! The blobs of a PBF, decoded by threads.

use std::collections::VecDeque;

use rawdata_core::Result;
use rawdata_core::read::pbf::{self, Blob, Block};

use super::piece::Piece;
use crate::crew::{Crew, Results};

/// Blobs that the threads have: the next lies ready when one is done.
const BLOBS: usize = 8;
/// The bytes of pieces that they may have ready.
const READY_BYTES: usize = 32 << 20;
/// The most bytes of blobs with the threads, packed and unpacked, but for one that is larger by itself.
const DECODED_AT_ONCE: usize = 64 << 20;

/// Threads that decode blobs; their pieces come in the order of the file.
pub struct BlobCrew {
    crew: Crew<Blob, Result<Piece>>,
    /// Of the blobs given out, the oldest first.
    sizes: VecDeque<usize>,
}

impl BlobCrew {
    pub fn start() -> Self {
        let crew = Crew::start("rawdata read", BLOBS, READY_BYTES, |_| {
            let mut block = Block::new();
            move |blob, pieces: &Results<_>| decode(blob, &mut block, pieces)
        });
        Self { crew, sizes: VecDeque::new() }
    }

    /// Gives out a blob. Where there are too many or too large ones before it, `each` gets pieces of the oldest first.
    pub fn give(&mut self, blob: Blob, mut each: impl FnMut(Result<Piece>)) {
        let size = blob.size();
        while self.sizes.iter().sum::<usize>() + size > DECODED_AT_ONCE && self.crew.take(&mut each) {
            self.sizes.pop_front();
        }
        self.crew.give(blob, each);
        self.sizes.push_back(size);
        while self.sizes.len() > self.crew.open_jobs() {
            self.sizes.pop_front();
        }
    }

    /// Waits for all pieces.
    pub fn finish(mut self, mut each: impl FnMut(Result<Piece>)) {
        while self.crew.take(&mut each) {}
    }
}

fn decode(mut blob: Blob, block: &mut Block, pieces: &Results<Result<Piece>>) {
    let mut piece = Piece::default();
    let mut all = || {
        pbf::open(&mut blob, block)?;
        while let Some(element) = block.next()? {
            piece.add(&element)?;
            if piece.is_full() {
                let size = piece.size();
                if !pieces.put(Ok(std::mem::take(&mut piece)), size) {
                    break;
                }
            }
        }
        Ok(())
    };
    let end = all();
    let size = piece.size();
    pieces.put(end.map(|()| piece), size);
}
