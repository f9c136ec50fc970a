//! What is wrong with an area.

use crate::osm::Place;

/// A kind of problem.
///
/// Whether it cost the area its geometry is seen by there being none: the same missing way leaves nothing of one
/// relation and, in best effort, half a lake of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// An outline ends in the air. Picture a fence with one panel missing: the place is a post at the gap.
    OpenRing,
    /// Two outlines pass through each other, as in a figure of eight without a node in the middle, or a node of one
    /// lies on a stretch of the other that has no node there. The place is where they meet.
    Crossing,
    /// Two outlines run along each other for a while without sharing their nodes. The place is where that begins.
    Overlap,
    /// The same stretch between two places is there more than once, as the border of two neighbours that both belong
    /// to the area, or a way that goes out and comes back. Such stretches cancel in pairs; the area may well be what was
    /// meant. The place is one end; stretches of the same ways are reported once.
    DuplicateSegment,
    /// A member way, or a node of one, is not in the data, as at the rim of an extract. The place is on the way, else on another
    /// member.
    MissingMember,
    /// A way has no two places apart, or nothing is left that has an inside.
    TooFewPoints,
    /// A way's role is `inner` where it is of an outer ring, or the other way round. Roles don't matter to the geometry.
    WrongRole,
    /// The area has more segments than the settings allow.
    LimitReached,
}

impl ProblemKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::OpenRing,
        Self::Crossing,
        Self::Overlap,
        Self::DuplicateSegment,
        Self::MissingMember,
        Self::TooFewPoints,
        Self::WrongRole,
        Self::LimitReached,
    ];

    /// The name that is stored: `open_ring`, `crossing`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenRing => "open_ring",
            Self::Crossing => "crossing",
            Self::Overlap => "overlap",
            Self::DuplicateSegment => "duplicate_segment",
            Self::MissingMember => "missing_member",
            Self::TooFewPoints => "too_few_points",
            Self::WrongRole => "wrong_role",
            Self::LimitReached => "limit_reached",
        }
    }
}

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Of which kind.
    pub kind: ProblemKind,
    /// Where to look, if anywhere.
    pub place: Option<Place>,
    /// The member ways concerned, in order of their numbers.
    pub ways: Vec<i64>,
}
