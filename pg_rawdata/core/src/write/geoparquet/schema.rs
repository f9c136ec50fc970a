//! The columns of the file, and how each is encoded.

use std::sync::Arc;

use parquet::basic::{Compression, Encoding, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::{ColumnPath, Type};

use crate::write::fields::{Field, Kind};

/// The column of geometry.
pub(super) const GEOMETRY: &str = "geometry";
/// The column of boxes, and what is in it.
pub(super) const BOX: &str = "bbox";
pub(super) const CORNERS: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];
/// What the columns of a map are called.
const ENTRY: &str = "key_value";
const KEY: &str = "key";
const VALUE: &str = "value";

type Result<T> = std::result::Result<T, ParquetError>;

/// The columns: those of features, the geometry, its box.
pub(super) fn root(fields: &[Field]) -> Result<Type> {
    let mut columns: Vec<Arc<Type>> = fields.iter().map(column).collect::<Result<_>>()?;
    columns.push(plain(GEOMETRY, Repetition::OPTIONAL, Physical::BYTE_ARRAY, None)?);
    let corners = CORNERS.iter().map(|name| plain(name, Repetition::REQUIRED, Physical::FLOAT, None));
    columns.push(group(BOX, Repetition::OPTIONAL, None, corners.collect::<Result<_>>()?)?);
    Type::group_type_builder("schema").with_fields(columns).build()
}

fn column(field: &Field) -> Result<Arc<Type>> {
    let optional = |physical, logical| plain(&field.name, Repetition::OPTIONAL, physical, logical);
    match field.kind {
        Kind::Int => optional(Physical::INT32, None),
        Kind::Long => optional(Physical::INT64, None),
        Kind::Text => optional(Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Time => optional(Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
        Kind::Json => {
            let text = |name| plain(name, Repetition::REQUIRED, Physical::BYTE_ARRAY, Some(LogicalType::String));
            let entry = group(ENTRY, Repetition::REPEATED, None, vec![text(KEY)?, text(VALUE)?])?;
            group(&field.name, Repetition::REQUIRED, Some(LogicalType::Map), vec![entry])
        }
    }
}

fn plain(name: &str, repetition: Repetition, physical: Physical, logical: Option<LogicalType>) -> Result<Arc<Type>> {
    Type::primitive_type_builder(name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .build()
        .map(Arc::new)
}

fn group(
    name: &str,
    repetition: Repetition,
    logical: Option<LogicalType>,
    fields: Vec<Arc<Type>>,
) -> Result<Arc<Type>> {
    Type::group_type_builder(name)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .with_fields(fields)
        .build()
        .map(Arc::new)
}

/// How many values are put into a page before its size is looked at: of large relations, a thousand would make a page of many
/// megabytes, which is in memory several times while it is packed.
const VALUES_AT_ONCE: usize = 32;

/// How the columns are written. Geometry and tags have no smallest and largest value that would tell anything.
pub(super) fn properties(fields: &[Field]) -> WriterProperties {
    let path = |parts: &[&str]| ColumnPath::new(parts.iter().map(|part| (*part).to_owned()).collect());
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("pg_rawdata version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_write_batch_size(VALUES_AT_ONCE)
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_column_dictionary_enabled(path(&[GEOMETRY]), false)
        .set_column_statistics_enabled(path(&[GEOMETRY]), EnabledStatistics::None);
    for corner in CORNERS {
        let path = path(&[BOX, corner]);
        builder = builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT);
    }
    for field in fields {
        if field.kind == Kind::Json {
            for part in [KEY, VALUE] {
                let path = path(&[&field.name, ENTRY, part]);
                builder = builder.set_column_statistics_enabled(path, EnabledStatistics::None);
            }
        }
    }
    builder.build()
}
