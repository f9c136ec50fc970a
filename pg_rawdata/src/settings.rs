//! Settings `rawdata.*`.

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};
use rawdata_core::geometry::multipolygon::Limits;
use rawdata_core::geometry::{AreaRule, Rules};

use crate::raw::area_rule;

static AREA_RULE: GucSetting<area_rule::Setting> = GucSetting::<area_rule::Setting>::new(area_rule::Setting::Tags);
// A small server has a few GB; the places of 15 million nodes take about 128 MB.
// 4 million segments take about 480 MB; the largest areas on Earth have 1 million.
static AREA_SEGMENTS: GucSetting<i32> = GucSetting::<i32>::new(4_000_000);
static IMPORT_MEMORY: GucSetting<i32> = GucSetting::<i32>::new(128 << 10);

/// Minutes that the log of changes goes back.
static CHANGES_RETENTION: GucSetting<i32> = GucSetting::<i32>::new(30 * 24 * 60);

pub fn init() {
    area_rule::define(&AREA_RULE);
    GucRegistry::define_int_guc(
        c"rawdata.area_segments",
        c"Segments that an area may have.",
        c"An area of more is not built and noted as limit_reached. Assembling takes about 120 bytes a segment.",
        &AREA_SEGMENTS,
        1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"rawdata.import_memory",
        c"Memory that an import may use to hold places of nodes and refs of ways.",
        c"What is beyond it is read back from the tables.",
        &IMPORT_MEMORY,
        64,
        1 << 30,
        GucContext::Userset,
        GucFlags::UNIT_KB,
    );
    GucRegistry::define_int_guc(
        c"rawdata.changes_retention",
        c"How long rawdata.changes keeps what diffs changed.",
        c"rawdata.changes_since cannot be asked further back.",
        &CHANGES_RETENTION,
        0,
        i32::MAX,
        GucContext::Userset,
        GucFlags::UNIT_MIN,
    );
}

/// The rule by which the next import tells areas from lines.
pub fn area_rule() -> AreaRule {
    match AREA_RULE.get() {
        area_rule::Setting::Tags => AreaRule::Tags,
        area_rule::Setting::Closed => AreaRule::Closed,
    }
}

/// Minutes that the log of changes goes back.
pub fn changes_retention() -> i32 {
    CHANGES_RETENTION.get()
}

/// Bytes that an import may hold in memory.
pub fn import_memory() -> usize {
    usize::try_from(IMPORT_MEMORY.get()).unwrap_or(0) << 10
}

/// How objects become features, under an area rule.
pub fn rules(area_rule: AreaRule) -> Rules {
    let max_segments = usize::try_from(AREA_SEGMENTS.get()).unwrap_or(usize::MAX);
    Rules { area_rule, limits: Limits { max_segments, ..Limits::default() }, best_effort: false }
}
