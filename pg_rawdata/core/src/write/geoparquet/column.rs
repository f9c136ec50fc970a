//! The values of a row group, column by column, until it is written.

use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedColumnWriter;

use crate::stored::jsonb::Object;
use crate::write::fields::{Kind, Value};

/// What a text takes in memory beside its bytes while its column is written.
const SLOT: usize = 48;

/// A column of features.
pub(super) enum Column {
    /// One value a row.
    Plain(Leaf),
    /// A map a row.
    Tags { keys: Leaf, values: Leaf },
}

impl Column {
    pub(super) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Int => Self::Plain(Leaf::of(Values::Ints(Vec::new()))),
            Kind::Long | Kind::Time => Self::Plain(Leaf::of(Values::Longs(Vec::new()))),
            Kind::Text => Self::Plain(Leaf::bytes()),
            Kind::Json => Self::Tags { keys: Leaf::bytes(), values: Leaf::bytes() },
        }
    }

    /// Takes the value of the next row. About how many bytes it holds.
    pub(super) fn add(&mut self, value: Value) -> usize {
        match (self, value) {
            (Self::Tags { keys, values }, Value::Tags(tags)) => add_tags(keys, values, tags),
            (Self::Tags { keys, values }, _) => {
                keys.no_entry();
                values.no_entry();
                0
            }
            (Self::Plain(leaf), Value::Int(number)) => leaf.int(number),
            (Self::Plain(leaf), Value::Long(number)) => leaf.long(number),
            (Self::Plain(leaf), Value::Time(time)) => leaf.long(time.0.saturating_mul(1000)),
            (Self::Plain(leaf), Value::Text(text)) => leaf.text(text.as_bytes()),
            (Self::Plain(leaf), Value::Null | Value::Tags(_)) => {
                leaf.null();
                0
            }
        }
    }

    /// What it is made of, in the order of the schema.
    pub(super) fn leaves(&mut self) -> impl Iterator<Item = &mut Leaf> {
        let (first, second) = match self {
            Self::Plain(leaf) => (leaf, None),
            Self::Tags { keys, values } => (keys, Some(values)),
        };
        std::iter::once(first).chain(second)
    }
}

fn add_tags(keys: &mut Leaf, values: &mut Leaf, tags: Object) -> usize {
    if tags.is_empty() {
        keys.no_entry();
        values.no_entry();
    }
    let mut held = 0;
    for (number, (key, value)) in tags.iter().enumerate() {
        let level = i16::from(number > 0);
        keys.repetition.push(level);
        values.repetition.push(level);
        held += keys.text(key.as_bytes()) + values.text(value.as_bytes());
    }
    held
}

/// A column of the file: values, and which rows have one.
pub(super) struct Leaf {
    values: Values,
    /// 1 for a value, 0 for none.
    definition: Vec<i16>,
    /// Of maps: 0 for the first entry of a row, 1 for those behind it.
    repetition: Vec<i16>,
}

enum Values {
    Ints(Vec<i32>),
    Longs(Vec<i64>),
    Floats(Vec<f32>),
    /// The bytes of all, and where each ends.
    Bytes(Vec<u8>, Vec<usize>),
}

impl Leaf {
    pub(super) fn bytes() -> Self {
        Self::of(Values::Bytes(Vec::new(), Vec::new()))
    }

    pub(super) fn floats() -> Self {
        Self::of(Values::Floats(Vec::new()))
    }

    fn of(values: Values) -> Self {
        Self { values, definition: Vec::new(), repetition: Vec::new() }
    }

    /// A row without a value.
    pub(super) fn null(&mut self) {
        self.definition.push(0);
    }

    /// A row whose map is empty.
    fn no_entry(&mut self) {
        self.repetition.push(0);
        self.definition.push(0);
    }

    fn int(&mut self, number: i32) -> usize {
        if let Values::Ints(values) = &mut self.values {
            values.push(number);
        }
        self.defined(size_of::<i32>())
    }

    fn long(&mut self, number: i64) -> usize {
        if let Values::Longs(values) = &mut self.values {
            values.push(number);
        }
        self.defined(size_of::<i64>())
    }

    pub(super) fn float(&mut self, number: f32) -> usize {
        if let Values::Floats(values) = &mut self.values {
            values.push(number);
        }
        self.defined(size_of::<f32>())
    }

    fn text(&mut self, text: &[u8]) -> usize {
        self.bytes_of(|bytes| bytes.extend_from_slice(text))
    }

    /// A value whose bytes are appended by `write`.
    pub(super) fn bytes_of(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> usize {
        let mut size = 0;
        if let Values::Bytes(bytes, ends) = &mut self.values {
            let start = bytes.len();
            write(bytes);
            size = bytes.len() - start;
            ends.push(bytes.len());
        }
        self.defined(size + SLOT)
    }

    fn defined(&mut self, held: usize) -> usize {
        self.definition.push(1);
        held
    }

    /// Writes the values and forgets them.
    pub(super) fn write(&mut self, column: &mut SerializedColumnWriter) -> Result<(), ParquetError> {
        let definition = Some(self.definition.as_slice());
        let repetition = (!self.repetition.is_empty()).then_some(self.repetition.as_slice());
        match &mut self.values {
            Values::Ints(values) => {
                column.typed::<Int32Type>().write_batch(values, definition, repetition)?;
                values.clear();
            }
            Values::Longs(values) => {
                column.typed::<Int64Type>().write_batch(values, definition, repetition)?;
                values.clear();
            }
            Values::Floats(values) => {
                column.typed::<FloatType>().write_batch(values, definition, repetition)?;
                values.clear();
            }
            Values::Bytes(bytes, ends) => {
                let size = bytes.len();
                let bytes = ByteArray::from(std::mem::replace(bytes, Vec::with_capacity(size)));
                let mut start = 0;
                let slice = |end| {
                    let slice = bytes.slice(start, end - start);
                    start = end;
                    slice
                };
                let values: Vec<ByteArray> = ends.drain(..).map(slice).collect();
                column.typed::<ByteArrayType>().write_batch(&values, definition, repetition)?;
            }
        }
        self.definition.clear();
        self.repetition.clear();
        Ok(())
    }
}
