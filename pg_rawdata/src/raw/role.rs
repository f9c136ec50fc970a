//! Who asks, and acting as the extension's owner.

use pgrx::pg_sys;

/// Whether the current user may act as a role (a member of it, or a superuser).
pub fn current_user_is(role: u32) -> bool {
    // SAFETY: reads the catalogs inside a transaction.
    unsafe { pg_sys::has_privs_of_role(pg_sys::GetUserId(), pg_sys::Oid::from(role)) }
}

/// Does something with the rights of `owner` and a search path that nobody can put anything into, as a SECURITY DEFINER
/// function with SET would. An error puts both back, too.
pub fn acting_as<T>(owner: pg_sys::Oid, work: impl FnOnce() -> T) -> T {
    let mut user = pg_sys::InvalidOid;
    let mut context = 0;
    // SAFETY: plain reads and writes of the backend's state; an abort restores what the transaction began with.
    let level = unsafe {
        pg_sys::GetUserIdAndSecContext(&raw mut user, &raw mut context);
        pg_sys::SetUserIdAndSecContext(owner, context | pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32);
        let level = pg_sys::NewGUCNestLevel();
        pg_sys::set_config_option(
            c"search_path".as_ptr(),
            c"pg_catalog, pg_temp".as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
        level
    };
    let done = work();
    // SAFETY: as above; the level is the one that was opened, and all within it have been closed.
    unsafe {
        pg_sys::AtEOXact_GUC(true, level);
        pg_sys::SetUserIdAndSecContext(user, context);
    }
    done
}

/// Shows a text as this session's application_name in pg_stat_activity, at once and without touching the setting.
pub fn show_as_application_name(text: &std::ffi::CStr) {
    // SAFETY: the text is copied.
    unsafe { pg_sys::pgstat_report_appname(text.as_ptr()) };
}

/// Shows the session's own application_name again.
pub fn show_own_application_name() {
    // SAFETY: the variable holds the setting's value, or null before it was set.
    unsafe {
        if !pg_sys::application_name.is_null() {
            pg_sys::pgstat_report_appname(pg_sys::application_name);
        }
    }
}
