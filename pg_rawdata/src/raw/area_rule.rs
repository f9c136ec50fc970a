//! The setting `rawdata.area_rule`, which says something when it is set.

use std::ffi::{c_int, c_void};

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting, PostgresGucEnum};
use pgrx::{pg_guard, pg_sys};

/// The rules by name; the server refuses any other value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PostgresGucEnum)]
pub enum Setting {
    /// All closed ways but those whose tags say line.
    #[name = c"tags"]
    Tags,
    /// All closed ways of more than three refs.
    #[name = c"closed"]
    Closed,
}

/// Defines the setting.
pub fn define(setting: &'static GucSetting<Setting>) {
    // SAFETY: the hook is guarded, and fits the type of the setting.
    unsafe {
        GucRegistry::define_enum_guc_with_hooks(
            c"rawdata.area_rule",
            c"Which closed ways an import takes for areas.",
            c"\"tags\": all but those whose tags say line. \"closed\": all of more than three refs, as the old service did. \
              What is loaded keeps the rule it was imported under.",
            setting,
            GucContext::Userset,
            GucFlags::default(),
            Some(say_when_it_acts),
            None,
            None,
        );
    }
}

/// Tells whoever changes the rule in a session that what is loaded does not change with it.
#[pg_guard]
unsafe extern "C-unwind" fn say_when_it_acts(
    value: *mut c_int,
    _extra: *mut *mut c_void,
    source: pg_sys::GucSource::Type,
) -> bool {
    // SAFETY: the server passes a valid pointer; the setting is read as text, which names the rule in force.
    let changes = unsafe {
        let now = pg_sys::GetConfigOption(c"rawdata.area_rule".as_ptr(), true, false);
        let wanted = if *value == 0 { c"tags" } else { c"closed" };
        !now.is_null() && std::ffi::CStr::from_ptr(now) != wanted
    };
    if changes && source == pg_sys::GucSource::PGC_S_SESSION {
        pgrx::notice!("the area rule acts when data is imported; what is loaded stays as it is until then");
    }
    true
}
