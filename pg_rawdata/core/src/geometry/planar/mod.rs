//! Straight segments in the plane, in exact integers: where they meet, and the areas that they bound.
//!
//! [`Network`] numbers the points, cuts lines into segments and lets equal ones cancel; [`sweep`] finds where segments
//! meet otherwise than at common ends, and on which side of each the inside lies; [`faces`] follows the segments round
//! and gives the areas. Together they take `n log n` steps, whatever the shape, and nothing recurses.
//!
//! Coordinates may be up to about 1e12 either way, so that products of differences, and those times one more
//! difference, fit into an `i128`.
#![expect(clippy::indexing_slicing, reason = "the numbers of points and segments are given out here, never read")]

mod faces;
mod network;
mod point;
mod sweep;

pub(super) use faces::{Face, faces, is_counter_clockwise};
pub(super) use network::{Drawing, Network};
pub(super) use point::{Contact, Edge, Point, side};
pub(super) use sweep::{Swept, sweep};

use crate::Result;

/// Calls the caller's interrupt check now and then.
pub(super) struct Pulse<'a> {
    steps: u32,
    interrupt: &'a mut dyn FnMut() -> Result<()>,
}

impl<'a> Pulse<'a> {
    /// Calls between two checks; each step is some tens of nanoseconds to a few microseconds.
    const STEPS: u32 = 4096;

    pub(super) fn new(interrupt: &'a mut dyn FnMut() -> Result<()>) -> Self {
        Self { steps: 0, interrupt }
    }

    /// Counts a step.
    pub(super) fn step(&mut self) -> Result<()> {
        self.steps += 1;
        if self.steps == Self::STEPS { self.now() } else { Ok(()) }
    }

    /// Checks at once.
    pub(super) fn now(&mut self) -> Result<()> {
        self.steps = 0;
        (self.interrupt)()
    }

    /// Sorts in pieces with checks between; the last step only merges, which sorts of sorted runs do quickly.
    pub(super) fn sort<T: Ord>(&mut self, items: &mut [T]) -> Result<()> {
        for piece in items.chunks_mut(1 << 17) {
            piece.sort_unstable();
            self.now()?;
        }
        items.sort();
        Ok(())
    }
}
