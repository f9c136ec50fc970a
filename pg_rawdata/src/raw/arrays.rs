//! Arrays of jsonb and geometry as parameters, from the bytes that are stored.

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys;

/// Contents of values of one type, one after the other, without their length words.
#[derive(Debug, Default)]
pub struct Contents {
    bytes: Vec<u8>,
    /// Where each ends; `None`: NULL.
    ends: Vec<Option<usize>>,
}

impl Contents {
    /// Adds a value.
    pub fn push(&mut self, content: Option<&[u8]>) {
        self.bytes.extend_from_slice(content.unwrap_or_default());
        self.ends.push(content.map(|_| self.bytes.len()));
    }

    /// Each value.
    pub fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let content = end.and_then(|end| self.bytes.get(start..end));
            start = end.unwrap_or(start);
            content
        })
    }
}

/// A `jsonb[]`.
pub fn jsonb(values: &Contents) -> DatumWithOid<'static> {
    array(values, pg_sys::JSONBOID, pg_sys::TYPALIGN_INT)
}

/// A `geometry[]`; `geometry` is the number of PostGIS's type.
pub fn geometries(values: &Contents, geometry: pg_sys::Oid) -> DatumWithOid<'static> {
    array(values, geometry, pg_sys::TYPALIGN_DOUBLE)
}

fn array(values: &Contents, element: pg_sys::Oid, align: u8) -> DatumWithOid<'static> {
    let mut nulls = Vec::with_capacity(values.ends.len());
    let mut data = Vec::with_capacity(values.ends.len());
    for content in values.iter() {
        nulls.push(content.is_none());
        // SAFETY: the value is copied into the current memory context.
        data.push(content.map_or(pg_sys::Datum::null(), |content| unsafe { varlena(content) }));
    }
    let mut length = i32::try_from(data.len()).unwrap_or(i32::MAX);
    let mut first = 1;
    // SAFETY: `data` and `nulls` have `length` values; both types are varlenas of the alignment given; the array is
    // made in the current memory context, which outlives the statement that takes it.
    unsafe {
        let array = pg_sys::construct_md_array(
            data.as_mut_ptr(),
            nulls.as_mut_ptr(),
            1,
            &raw mut length,
            &raw mut first,
            element,
            -1,
            false,
            align.cast_signed(),
        );
        DatumWithOid::new(pg_sys::Datum::from(array), pg_sys::get_array_type(element))
    }
}

/// A copy of a value with its length word.
unsafe fn varlena(content: &[u8]) -> pg_sys::Datum {
    let size = content.len() + pg_sys::VARHDRSZ;
    // SAFETY: palloc gives `size` bytes or raises; the length word is that of an uncompressed 4-byte header.
    unsafe {
        let place = pg_sys::palloc(size).cast::<u8>();
        pgrx::set_varsize_4b(place.cast(), i32::try_from(size).unwrap_or(i32::MAX));
        std::ptr::copy_nonoverlapping(content.as_ptr(), place.add(pg_sys::VARHDRSZ), content.len());
        pg_sys::Datum::from(place)
    }
}
