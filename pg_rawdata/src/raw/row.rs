//! A row of a query or a table, by the server's own values.

use pgrx::pg_sys;

use crate::error::{Refused, refuse};

/// A row: some columns of what a slot holds. They count from 0.
pub struct Row {
    columns: Vec<Column>,
    /// How many columns of a slot have to be looked at for these.
    width: i32,
    /// Where values are unpacked.
    unpacked: pg_sys::MemoryContext,
}

struct Column {
    /// Which of the slot it is, counted from 0.
    number: usize,
    /// How many bytes a value has, by its type: -1 for any number.
    size: i16,
    /// `None` where it is null.
    value: Option<pg_sys::Datum>,
}

impl Row {
    /// A row of nulls.
    ///
    /// # Safety
    /// The description has columns of these numbers, counted from 0. What is in the memory for what is unpacked stays as long as
    /// anybody looks at the row.
    pub(super) unsafe fn of(
        description: pg_sys::TupleDesc,
        numbers: impl Iterator<Item = usize>,
        unpacked: pg_sys::MemoryContext,
    ) -> Self {
        let column = |number| {
            // SAFETY: as the caller promises.
            let size = unsafe { (*(*description).attrs.as_ptr().add(number)).attlen };
            Column { number, size, value: None }
        };
        let columns: Vec<Column> = numbers.map(column).collect();
        let width = columns.iter().map(|column| column.number + 1).max().unwrap_or(0);
        Self { columns, width: i32::try_from(width).unwrap_or(i32::MAX), unpacked }
    }

    /// Takes the values of a slot, which stay where they are.
    ///
    /// # Safety
    /// The slot is of the description that the row was made for, and holds its values as long as anybody looks at the row.
    pub(super) unsafe fn take(&mut self, slot: *mut pg_sys::TupleTableSlot) {
        // SAFETY: as the caller promises.
        unsafe {
            if i32::from((*slot).tts_nvalid) < self.width {
                pg_sys::slot_getsomeattrs_int(slot, self.width);
            }
            for Column { number, value, .. } in &mut self.columns {
                let is_null = *(*slot).tts_isnull.add(*number);
                *value = (!is_null).then(|| *(*slot).tts_values.add(*number));
            }
        }
    }

    /// A value of a type of that size, or nothing if it is null. A user may have changed a table so that the type is another.
    pub(super) fn datum(&self, column: usize, size: i16) -> Option<pg_sys::Datum> {
        match self.columns.get(column) {
            Some(column) if column.size == size => column.value,
            _ => refuse(Refused::ColumnType, &format!("column {}", column + 1)),
        }
    }

    /// An integer column.
    pub fn int4(&self, column: usize) -> Option<i32> {
        #[expect(clippy::cast_possible_truncation, reason = "an int4 datum holds 32 bits")]
        self.datum(column, 4).map(|datum| datum.value() as i32)
    }

    /// A bigint or timestamptz column.
    pub fn int8(&self, column: usize) -> Option<i64> {
        self.datum(column, 8).map(|datum| datum.value().cast_signed() as i64)
    }

    /// The content of a varlena column, without its length word, unpacked.
    pub fn bytes(&self, column: usize) -> Option<&[u8]> {
        self.datum(column, -1).map(|datum| {
            // SAFETY: the type is one of varying size, and both the slot and what is unpacked stay as long as the row is lent.
            unsafe {
                let before = pg_sys::MemoryContextSwitchTo(self.unpacked);
                let unpacked = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
                pg_sys::MemoryContextSwitchTo(before);
                pgrx::varlena_to_byte_slice(unpacked)
            }
        })
    }

    /// How many bytes a varlena column has when it is unpacked, its length word included; none where it is null.
    pub fn size(&self, column: usize) -> usize {
        // SAFETY: the type is one of varying size.
        self.datum(column, -1).map_or(0, |datum| unsafe { pg_sys::toast_raw_datum_size(datum) })
    }

    /// A text column.
    pub fn text(&self, column: usize) -> Option<&str> {
        self.bytes(column).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }
}
