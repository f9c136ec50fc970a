//! Settings `rawdata.*`.

use std::ffi::CString;

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};

static AREA_RULE: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"tags"));
// A small server has a few GB; the places of 15 million nodes take about 128 MB.
static IMPORT_MEMORY: GucSetting<i32> = GucSetting::<i32>::new(128);

/// Minutes that the log of changes goes back.
static CHANGES_RETENTION: GucSetting<i32> = GucSetting::<i32>::new(30 * 24 * 60);

pub fn init() {
    GucRegistry::define_string_guc(
        c"rawdata.area_rule",
        c"Which closed ways an import takes for areas.",
        c"\"tags\": all but those whose tags say line. \"closed\": all of more than three refs, as the old service did.",
        &AREA_RULE,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"rawdata.import_memory",
        c"Memory that an import may use to hold places of nodes.",
        c"Places beyond it are read back from the table.",
        &IMPORT_MEMORY,
        1,
        1 << 20,
        GucContext::Userset,
        GucFlags::UNIT_MB,
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

/// The name of the rule by which closed ways become areas.
pub fn area_rule() -> String {
    AREA_RULE.get().and_then(|name| name.into_string().ok()).unwrap_or_default()
}

/// Minutes that the log of changes goes back.
pub fn changes_retention() -> i32 {
    CHANGES_RETENTION.get()
}

/// Bytes that an import may hold in memory.
pub fn import_memory() -> usize {
    usize::try_from(IMPORT_MEMORY.get()).unwrap_or(0) << 20
}
