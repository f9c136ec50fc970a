//! The tables of a GeoPackage: those that its standard wants, those of its R-tree, and what GDAL counts features by.

use super::geometry::SRS;
use super::write_time;
use crate::Result;
use crate::osm::Timestamp;
use crate::write::extent::Extent;
use crate::write::fields::{Field, Kind};
use crate::write::sqlite::{Catalog, Identity, Pages, Small, Value, literal, quoted};

/// Version 1.3.
const IDENTITY: Identity = Identity { application: *b"GPKG", version: 10_300 };
/// Where the file comes from, for those who get it alone.
const LICENCE: &str = "Map data (c) OpenStreetMap contributors, https://www.openstreetmap.org/copyright, \
                       under the Open Database License (ODbL) 1.0";

const SRS_TABLE: &str = "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, \
                         organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, \
                         description TEXT)";
const CONTENTS_TABLE: &str = "CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, \
                              identifier TEXT UNIQUE, description TEXT DEFAULT '', \
                              last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), \
                              min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER, \
                              CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))";
const GEOMETRY_COLUMNS_TABLE: &str = "CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, \
     geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL, \
     CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name), \
     CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name), \
     CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))";
const EXTENSIONS_TABLE: &str = "CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, \
                                definition TEXT NOT NULL, scope TEXT NOT NULL, \
                                CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))";
const DATA_COLUMNS_TABLE: &str = "CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, \
                                  name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT, \
                                  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), \
                                  CONSTRAINT gdc_tn UNIQUE (table_name, name))";
const CONSTRAINTS_TABLE: &str = "CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, \
     min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT, \
     CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))";
const COUNT_TABLE: &str =
    "CREATE TABLE gpkg_ogr_contents (table_name TEXT NOT NULL PRIMARY KEY, feature_count INTEGER DEFAULT NULL)";
const SEQUENCE_TABLE: &str = "CREATE TABLE sqlite_sequence(name,seq)";

const WGS_84: &str = r#"GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]"#;
const SCHEMA_DEFINITION: &str = "http://www.geopackage.org/spec130/#extension_schema";
const RTREE_DEFINITION: &str = "http://www.geopackage.org/spec130/#extension_rtree";

/// The first pages of the large tables.
#[derive(Debug, Default)]
pub(super) struct Roots {
    pub(super) features: u32,
    pub(super) nodes: u32,
    pub(super) parents: u32,
    pub(super) places: u32,
}

/// What the file holds.
pub(super) struct Description<'a> {
    pub(super) name: &'a str,
    pub(super) fields: &'a [Field],
    pub(super) only_points: bool,
    pub(super) features: i64,
    pub(super) extent: &'a Extent,
    /// The time of the newest version among the features.
    pub(super) newest: Option<Timestamp>,
}

/// The layer's name: that of the export, unless its beginning is reserved.
pub(super) fn layer_name(name: &str) -> String {
    let is_reserved = |prefix: &&str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let mark = if ["gpkg_", "rtree_", "sqlite_"].iter().any(is_reserved) { "_" } else { "" };
    format!("{mark}{name}")
}

/// Writes all that is not written yet. Page 1, which comes before the others.
pub(super) fn write(file: &Description, roots: &Roots, pages: &mut Pages) -> Result<Vec<u8>> {
    let mut catalog = Catalog::default();
    write_standard(file, &mut catalog, pages)?;
    catalog.table(file.name, roots.features, &feature_table(file), pages)?;
    let row = [Value::Text(file.name), Value::Int(file.features)];
    // SQLite makes this one itself, for tables with AUTOINCREMENT.
    let sequence = Small { name: "sqlite_sequence", sql: SEQUENCE_TABLE, rows: &[(1, &row)], keys: &[] };
    catalog.small(&sequence, pages)?;
    let count = Small { name: "gpkg_ogr_contents", sql: COUNT_TABLE, rows: &[(1, &row)], keys: &[&[0]] };
    catalog.small(&count, pages)?;
    write_rtree(file.name, roots, &mut catalog, pages)?;
    write_triggers(file.name, &mut catalog, pages)?;
    catalog.finish(&IDENTITY, pages)
}

fn write_standard(file: &Description, catalog: &mut Catalog, pages: &mut Pages) -> Result<()> {
    use Value::{Int, Null, Real, Text};
    let srs = i64::from(SRS);
    let undefined =
        |name, number, description| [Text(name), Null, Text("NONE"), Int(number), Text("undefined"), Text(description)];
    let cartesian = undefined("Undefined Cartesian SRS", -1, "undefined Cartesian coordinate reference system");
    let geographic = undefined("Undefined geographic SRS", 0, "undefined geographic coordinate reference system");
    let wgs_84 = [
        Text("WGS 84 geodetic"),
        Null,
        Text("EPSG"),
        Int(srs),
        Text(WGS_84),
        Text("longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid"),
    ];
    let rows: [(i64, &[Value]); 3] = [(-1, &cartesian), (0, &geographic), (srs, &wgs_84)];
    catalog.small(&Small { name: "gpkg_spatial_ref_sys", sql: SRS_TABLE, rows: &rows, keys: &[] }, pages)?;

    let mut time = Vec::new();
    write_time(file.newest.unwrap_or(Timestamp(0)), &mut time);
    let time = String::from_utf8(time).unwrap_or_default();
    let name = Text(file.name);
    let corner = |corner| if file.extent.is_empty() { Null } else { Real(corner) };
    let [min_x, min_y, max_x, max_y] = file.extent.corners().map(corner);
    let row = [name, Text("features"), name, Text(LICENCE), Text(&time), min_x, min_y, max_x, max_y, Int(srs)];
    let contents = Small { name: "gpkg_contents", sql: CONTENTS_TABLE, rows: &[(1, &row)], keys: &[&[0], &[2]] };
    catalog.small(&contents, pages)?;

    let row = [name, Text("geom"), Text(geometry_type(file)), Int(srs), Int(0), Int(0)];
    let columns = Small {
        name: "gpkg_geometry_columns",
        sql: GEOMETRY_COLUMNS_TABLE,
        rows: &[(1, &row)],
        keys: &[&[0, 1], &[0]],
    };
    catalog.small(&columns, pages)?;

    let of_schema = |table| [Text(table), Null, Text("gpkg_schema"), Text(SCHEMA_DEFINITION), Text("read-write")];
    let index = [name, Text("geom"), Text("gpkg_rtree_index"), Text(RTREE_DEFINITION), Text("write-only")];
    let (described, constrained) = (of_schema("gpkg_data_columns"), of_schema("gpkg_data_column_constraints"));
    let mut rows: Vec<(i64, &[Value])> = vec![(1, &index)];
    let json = file.fields.iter().find(|field| field.kind == Kind::Json);
    if let Some(field) = json {
        rows.extend([(2, described.as_slice()), (3, constrained.as_slice())]);
        let row = [name, Text(&field.name), Null, Null, Null, Text("application/json"), Null];
        let columns =
            Small { name: "gpkg_data_columns", sql: DATA_COLUMNS_TABLE, rows: &[(1, &row)], keys: &[&[0, 1], &[0, 2]] };
        catalog.small(&columns, pages)?;
        let constraints =
            Small { name: "gpkg_data_column_constraints", sql: CONSTRAINTS_TABLE, rows: &[], keys: &[&[0, 1, 2]] };
        catalog.small(&constraints, pages)?;
    }
    let extensions = Small { name: "gpkg_extensions", sql: EXTENSIONS_TABLE, rows: &rows, keys: &[&[0, 1, 2]] };
    catalog.small(&extensions, pages)
}

fn geometry_type(file: &Description) -> &'static str {
    if file.only_points { "POINT" } else { "GEOMETRY" }
}

fn feature_table(file: &Description) -> String {
    let mut sql = format!(
        "CREATE TABLE {} (\"fid\" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, \"geom\" {}",
        quoted(file.name),
        geometry_type(file)
    );
    for field in file.fields {
        let kind = match field.kind {
            Kind::Int => "MEDIUMINT",
            Kind::Long => "INTEGER",
            Kind::Text | Kind::Json => "TEXT",
            Kind::Time => "DATETIME",
        };
        sql.push_str(&format!(", {} {kind}", quoted(&field.name)));
    }
    sql.push(')');
    sql
}

/// The virtual table of the index, and the three tables that hold it.
fn write_rtree(layer: &str, roots: &Roots, catalog: &mut Catalog, pages: &mut Pages) -> Result<()> {
    let name = rtree_name(layer);
    let sql = format!("CREATE VIRTUAL TABLE {} USING rtree(id, minx, maxx, miny, maxy)", quoted(&name));
    catalog.table(&name, 0, &sql, pages)?;
    for (suffix, page, columns) in [
        ("rowid", roots.places, "rowid INTEGER PRIMARY KEY,nodeno"),
        ("node", roots.nodes, "nodeno INTEGER PRIMARY KEY,data"),
        ("parent", roots.parents, "nodeno INTEGER PRIMARY KEY,parentnode"),
    ] {
        let name = format!("{name}_{suffix}");
        catalog.table(&name, page, &format!("CREATE TABLE {}({columns})", quoted(&name)), pages)?;
    }
    Ok(())
}

fn rtree_name(layer: &str) -> String {
    format!("rtree_{layer}_geom")
}

/// The triggers that keep index and count true when features are changed.
fn write_triggers(layer: &str, catalog: &mut Catalog, pages: &mut Pages) -> Result<()> {
    let rtree = rtree_name(layer);
    let (table, index) = (quoted(layer), quoted(&rtree));
    const HAS_BOX: &str = r#"NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom")"#;
    const HAS_NONE: &str = r#"NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom")"#;
    let insert = format!(
        r#"INSERT OR REPLACE INTO {index} VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom"));"#
    );
    let delete = format!(r#"DELETE FROM {index} WHERE id = OLD."fid";"#);
    let delete_both = format!(r#"DELETE FROM {index} WHERE id IN (OLD."fid", NEW."fid");"#);
    let replace = format!("{delete} {insert}");
    let same = r#"OLD."fid" = NEW."fid" AND"#;
    let other = r#"OLD."fid" != NEW."fid" AND"#;
    for (name, event, condition, action) in [
        ("insert", "INSERT", format!("({HAS_BOX})"), &insert),
        ("update1", "UPDATE OF \"geom\"", format!("{same} ({HAS_BOX})"), &insert),
        ("update2", "UPDATE OF \"geom\"", format!("{same} ({HAS_NONE})"), &delete),
        ("update3", "UPDATE", format!("{other} ({HAS_BOX})"), &replace),
        ("update4", "UPDATE", format!("{other} ({HAS_NONE})"), &delete_both),
        ("delete", "DELETE", r#"OLD."geom" NOTNULL"#.to_owned(), &delete),
    ] {
        let name = format!("{rtree}_{name}");
        let sql =
            format!("CREATE TRIGGER {} AFTER {event} ON {table} WHEN {condition} BEGIN {action} END", quoted(&name));
        catalog.trigger(&name, layer, &sql, pages)?;
    }
    for (event, step) in [("insert", "+ 1"), ("delete", "- 1")] {
        let name = format!("trigger_{event}_feature_count_{layer}");
        let sql = format!(
            "CREATE TRIGGER {} AFTER {} ON {table} BEGIN UPDATE gpkg_ogr_contents SET feature_count = feature_count {step} \
             WHERE lower(table_name) = lower({}); END",
            quoted(&name),
            event.to_uppercase(),
            literal(layer)
        );
        catalog.trigger(&name, layer, &sql, pages)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_reserved_get_a_mark() {
        for (name, expected) in
            [("GPKG_contents", "_GPKG_contents"), ("sqlite_x", "_sqlite_x"), ("gpk", "gpk"), ("é", "é")]
        {
            assert_eq!(layer_name(name), expected);
        }
    }
}
