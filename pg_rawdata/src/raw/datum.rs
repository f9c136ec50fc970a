//! Values of SQL types that pgrx does not map as we need them.

use std::ffi::CStr;

use pgrx::callconv::{ArgAbi, BoxRet};
use pgrx::pg_sys;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::{FromDatum, IntoDatum};

/// A jsonb argument as JSON text, so that our own parser judges it, its depth included.
pub struct JsonText(pub String);

impl FromDatum for JsonText {
    unsafe fn from_polymorphic_datum(datum: pg_sys::Datum, is_null: bool, _: pg_sys::Oid) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: the argument's SQL type is jsonb, which jsonb_out takes.
        let text = unsafe { pgrx::direct_function_call::<&CStr>(pg_sys::jsonb_out, &[Some(datum)]) }?;
        Some(Self(text.to_string_lossy().into_owned()))
    }
}

/// A jsonb value by its stored bytes.
pub struct StoredJsonb(pub Vec<u8>);

/// A PostGIS geometry by its stored bytes.
pub struct StoredGeometry(pub Vec<u8>);

/// The elements of a geometry[] argument by their stored bytes, whatever its dimensions; `None` for NULL.
pub struct GeometryArray(pub Vec<Option<Vec<u8>>>);

impl FromDatum for GeometryArray {
    unsafe fn from_polymorphic_datum(datum: pg_sys::Datum, is_null: bool, _: pg_sys::Oid) -> Option<Self> {
        if is_null {
            return None;
        }
        let (mut length, mut by_value, mut align) = (0, false, 0);
        let (mut elements, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
        // SAFETY: the argument's SQL type is an array of a varlena type; what is unpacked lives in the call's context.
        unsafe {
            let array = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
            let element = (*array).elemtype;
            pg_sys::get_typlenbyvalalign(element, &raw mut length, &raw mut by_value, &raw mut align);
            pg_sys::deconstruct_array(
                array,
                element,
                length.into(),
                by_value,
                align,
                &raw mut elements,
                &raw mut nulls,
                &raw mut count,
            );
            let bytes = |i: usize| {
                let element = (*elements.add(i)).cast_mut_ptr();
                (!*nulls.add(i)).then(|| pgrx::varlena_to_byte_slice(pg_sys::pg_detoast_datum_packed(element)).to_vec())
            };
            Some(Self((0..usize::try_from(count).unwrap_or(0)).map(bytes).collect()))
        }
    }
}

macro_rules! stored {
    ($type:ty, $name:literal, $oid:expr) => {
        impl IntoDatum for $type {
            fn into_datum(self) -> Option<pg_sys::Datum> {
                self.0.as_slice().into_datum()
            }

            fn type_oid() -> pg_sys::Oid {
                $oid
            }
        }

        // SAFETY: the datum is a varlena of the named type.
        unsafe impl BoxRet for $type {
            unsafe fn box_into<'fcx>(self, fcinfo: &mut pgrx::callconv::FcInfo<'fcx>) -> pgrx::datum::Datum<'fcx> {
                match self.into_datum() {
                    // SAFETY: as above.
                    Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
                    None => fcinfo.return_null(),
                }
            }
        }
    };
}

stored!(StoredJsonb, "jsonb", pg_sys::JSONBOID);
stored!(StoredGeometry, "geometry", pg_sys::InvalidOid);

macro_rules! sql_type {
    ($type:ty, $name:literal) => {
        // SAFETY: the SQL type named is the one whose datums the conversions above take and give.
        unsafe impl SqlTranslatable for $type {
            const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!($type);
            const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
            const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::literal($name));
            const RETURN_SQL: Result<ReturnsRef, ReturnsError> = Ok(ReturnsRef::One(SqlMappingRef::literal($name)));
        }
    };
}

sql_type!(JsonText, "jsonb");
sql_type!(StoredJsonb, "jsonb");
sql_type!(StoredGeometry, "geometry");
sql_type!(GeometryArray, "geometry[]");

macro_rules! argument {
    ($type:ty, $null:expr) => {
        // SAFETY: the argument is taken by `from_polymorphic_datum`, which checks for NULL.
        unsafe impl<'fcx> ArgAbi<'fcx> for $type {
            unsafe fn unbox_arg_unchecked(arg: pgrx::callconv::Arg<'_, 'fcx>) -> Self {
                // SAFETY: functions that take it are STRICT.
                unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or_else(|| $null)
            }
        }
    };
}

argument!(JsonText, Self("null".to_owned()));
argument!(GeometryArray, Self(Vec::new()));
