//! The end of a function that returns a set but was not asked for all of it.

use pgrx::pg_sys;

/// Calls `then` when the query that the function is part of ends well. After an error nothing is called.
pub fn at_end_of_query(fcinfo: pg_sys::FunctionCallInfo, then: impl FnOnce() + 'static) {
    type Then = Option<Box<dyn FnOnce()>>;

    #[pgrx::pg_guard]
    unsafe extern "C-unwind" fn call(then: pg_sys::Datum) {
        // SAFETY: the datum is the pointer registered below, alive until the query's memory is given up, which happens after
        // this call.
        if let Some(then) = unsafe { (*then.cast_mut_ptr::<Then>()).take() } {
            then();
        }
    }

    // SAFETY: a function that returns a set is called with its result's description, which names the context of the
    // expression; both are the caller's for as long as the query runs, and so is the memory `then` is moved to.
    unsafe {
        let result: *mut pg_sys::ReturnSetInfo = (*fcinfo).resultinfo.cast();
        if result.is_null() || (*result).econtext.is_null() {
            return;
        }
        let context = (*result).econtext;
        let then: Then = Some(Box::new(then));
        let then = pgrx::PgMemoryContexts::For((*context).ecxt_per_query_memory).leak_and_drop_on_delete(then);
        pg_sys::RegisterExprContextCallback(context, Some(call), pg_sys::Datum::from(then));
    }
}
