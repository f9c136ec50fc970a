//! An export in any format holds what the tables hold: read back by the server, by psql, by
//! GDAL where `ogr2ogr` is installed, and by pyarrow where `python3` has it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use rawdata_tests::{Database, Servers, data};

/// The whole Earth, its rim included.
const EARTH: &str = r#""useStWithin": false, "geometry": {"type": "Polygon", "coordinates": [[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}"#;
const TABLE: &str = "DROP TABLE IF EXISTS back;
    CREATE TABLE back (osm_type text, osm_id bigint, version int, tags jsonb, changeset bigint, \"timestamp\" timestamptz, shape text);";
/// The rows of `features` that are missing in `back`, and the rows of `back` that are in no feature.
const DIFFERENCE: &str = "SELECT 'missing', * FROM (SELECT {columns}, {shape} FROM rawdata.features EXCEPT ALL SELECT {back}, shape FROM back) m
    UNION ALL SELECT 'extra', * FROM (SELECT {back}, shape FROM back EXCEPT ALL SELECT {columns}, {shape} FROM rawdata.features) e LIMIT 3";
const ALL: &str = r#"osm_type, osm_id, version, tags, changeset, "timestamp""#;
const EXACT: &str = "encode(ST_AsBinary(geom, 'NDR'), 'hex')";
/// As near as GDAL writes places.
const NEAR: &str = "ST_AsText(ST_Multi(geom), 7)";
/// What KML cannot hold: U+FFFE, U+FFFF, and numbers beyond 2^53.
const IN_KML: &str =
    "osm_type, osm_id::float8, version, regexp_replace(tags::text, '[\u{fffe}\u{ffff}]', '\u{fffd}', 'g')";

/// A file format, read back.
pub struct Reader<'a> {
    database: &'a Database,
    folder: PathBuf,
    pub has_gdal: bool,
    pub has_pyarrow: bool,
    pub has_python: bool,
}

impl<'a> Reader<'a> {
    pub fn new(database: &'a Database) -> Self {
        let folder = Servers::get().home().join(format!("formats-{}", Servers::get().number()));
        fs::create_dir(&folder).unwrap();
        // The server may run as another user.
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        let has = |program: &str, arguments: &[&str]| {
            let found = Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success());
            if !found {
                eprintln!("skipped in part: {program} {} does not work", arguments.join(" "));
            }
            found
        };
        let has_gdal = has("ogr2ogr", &["--version"]);
        let has_pyarrow = has("python3", &["-c", "import pyarrow.parquet"]);
        let has_python = has("python3", &["--version"]);
        Self { database, folder, has_gdal, has_pyarrow, has_python }
    }

    fn exported(&self, format: &str) -> PathBuf {
        self.exported_with(format, "")
    }

    /// The file of the whole Earth, with more members in the request, each with a comma behind.
    pub fn exported_with(&self, format: &str, more: &str) -> PathBuf {
        let path = self.folder.join(format!("{}.{format}", Servers::get().number()));
        let request = format!(r#"{{"outputType": "{format}", {more} {EARTH}}}"#);
        self.database.psql(&format!("SELECT rawdata.export_file('{}', $request${request}$request$)", path.display()));
        path
    }

    /// Runs a program that reads the file and writes another, and gives that one's path.
    pub fn converted(&self, program: &str, arguments: &[&str], from: &Path) -> PathBuf {
        let path = self.folder.join(format!("{}.out", Servers::get().number()));
        let output = Command::new(program).args(arguments).arg(&path).arg(from).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        path
    }

    fn compare(&self, format: &str, fill: &str, columns: &str, shape: &str) {
        let difference = DIFFERENCE.replace("{columns}", columns).replace("{back}", columns).replace("{shape}", shape);
        let found = self.database.psql(&format!("{TABLE}\n{fill};\n{difference}"));
        let cut: String = found.chars().take(2000).collect();
        assert_eq!(cut, "", "{format}");
    }

    /// Compares each format but shapefiles with the tables.
    pub fn compare_all(&self) {
        let properties = |document: &str, shape: &str| {
            format!(
                "INSERT INTO back SELECT p->>'osm_type', (p->>'osm_id')::numeric::bigint, (p->>'version')::int,
                 CASE jsonb_typeof(p->'tags') WHEN 'string' THEN (p->>'tags')::jsonb ELSE p->'tags' END, (p->>'changeset')::numeric::bigint,
                 (p->>'timestamp')::timestamptz, {shape}
                 FROM {document}, LATERAL (SELECT f->'properties' AS p, ST_GeomFromGeoJSON(f->'geometry') AS geom) g"
            )
        };
        let collection =
            |path: &Path| format!("jsonb_array_elements(pg_read_file('{}')::jsonb->'features') AS f", path.display());
        let lines = |path: &Path| {
            format!(
                "(SELECT line::jsonb AS f FROM regexp_split_to_table(pg_read_file('{}'), E'\\n') AS line WHERE line <> '') l",
                path.display()
            )
        };
        let utc = "SET timezone = 'UTC';";
        let fill = |document: String, shape: &str| format!("{utc} {}", properties(&document, shape));
        self.compare("geojson", &fill(collection(&self.exported("geojson")), EXACT), ALL, EXACT);
        self.compare("geojsonseq", &fill(lines(&self.exported("geojsonseq")), EXACT), ALL, EXACT);
        let statements = fs::read_to_string(self.exported("sql")).unwrap();
        let filled = format!(
            r#"{statements}
            INSERT INTO back SELECT osm_type, osm_id, version, tags::jsonb, changeset, "timestamp", {EXACT} FROM rawexport"#
        );
        self.compare("sql", &filled, ALL, EXACT);
        let csv = format!(
            "{utc} CREATE TEMP TABLE csv (osm_id bigint, osm_type text, version int, tags jsonb, changeset bigint, \"timestamp\" timestamptz,
                longitude float8, latitude float8, geom_type text);
             COPY csv FROM '{}' (FORMAT csv, HEADER match);
             INSERT INTO back SELECT osm_type, osm_id, version, tags, changeset, \"timestamp\", geom_type FROM csv",
            self.exported("csv").display()
        );
        self.compare("csv", &csv, ALL, "GeometryType(geom)");
        if self.has_gdal {
            let options = ["-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=9"];
            let read = |format| self.converted("ogr2ogr", &options, &self.exported(format));
            let shape = format!("replace({NEAR}, ' Z ', ' ')");
            self.compare("fgb", &fill(collection(&read("fgb")), &shape), ALL, &shape);
            self.compare("gpkg", &fill(collection(&read("gpkg")), &shape), ALL, &shape);
            let fill = fill(collection(&read("kml")), &shape);
            self.compare("kml", &fill, IN_KML, &shape);
        }
        if self.has_pyarrow {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/parquet.py").display().to_string();
            let read = self.converted("python3", &[&script], &self.exported("parquet"));
            let fill = format!(
                "INSERT INTO back SELECT f->>'osm_type', (f->>'osm_id')::bigint, (f->>'version')::int, f->'tags', (f->>'changeset')::bigint,
                 (f->>'timestamp')::timestamptz, f->>'geometry' FROM {}",
                lines(&read)
            );
            self.compare("parquet", &fill, ALL, EXACT);
        }
    }
}

#[test]
fn an_extract_is_exported_in_every_format() {
    let database = Database::new();
    database.import_file(&data("helsinki-centre.osm.pbf"));
    Reader::new(&database).compare_all();
}
