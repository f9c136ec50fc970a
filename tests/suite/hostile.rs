//! Keys, values and names that break readers, exported in every format and read back: as `tags`, and each key as a column.
//! What a format cannot hold is what sql/README.md says.

mod files;

use std::{collections::BTreeMap, fs};

use rawdata_tests::{Database, Osm, members};
use serde_json::{Value, json};

use crate::{
    formats::Reader,
    gdal::through_gdal,
    shapefile::{Features, holds, read_by_gdal},
};

/// Keys that are columns, of the file or of the system below it, words of SQL, or look alike; and values that end what
/// they stand in.
const TAGS: [(&str, &str); 64] = [
    ("name", "O'Brien"),
    ("Name", "\"quoted\""),
    ("NAME", "back\\slash"),
    ("name_2", "\\N"),
    ("name:en", "\\."),
    ("name en", "a,b;c"),
    ("name-en", "tab\there"),
    ("name.en", "line\nline"),
    ("osm_id", "line\r\nline"),
    ("osm_type", "carriage\rreturn"),
    ("version", " blank before"),
    ("tags", "blank behind "),
    ("changeset", " "),
    ("timestamp", ""),
    ("uid", "=1+1"),
    ("user", "@SUM(A1)"),
    ("geom", "+1"),
    ("geometry", "-1"),
    ("bbox", "{\"json\": [1, 2]}"),
    ("fid", "[1, 2"),
    ("FID", "null"),
    ("ogc_fid", "NULL"),
    ("rowid", "\\u0000"),
    ("_rowid_", "\\\\u0000"),
    ("oid", "&amp;"),
    ("ctid", "<b>bold</b>"),
    ("xmin", "]]>"),
    ("tableoid", "<!-- --"),
    ("longitude", "<script>alert(1)</script>"),
    ("latitude", "%s%n"),
    ("geom_type", "$1 ${x}"),
    ("id", "1"),
    ("shape", "0x41"),
    ("select", "; DROP TABLE rawexport; --"),
    ("group", "')); --"),
    ("order", "\u{202e}right to left"),
    ("table", "\u{feff}mark"),
    ("a\"b", "e\u{301}"),
    ("a'b", "é"),
    ("a`b", "😀"),
    ("a[b]", "नेपाली"),
    ("a\\b", "\u{10ffff}"),
    ("a/b", "\u{fdd0}"),
    ("a&b", "\u{85}\u{2028}\u{2029}"),
    ("a<b>", "\u{7f}\u{80}\u{9f}"),
    ("a;b", "\u{a0}hard blanks\u{a0}"),
    ("a%b", "true"),
    ("a$b", "1e999"),
    ("a?b", "-0"),
    ("a*b", "00012"),
    ("{a}", "12345678901234567890"),
    ("1st", "NaN"),
    ("-", "yes"),
    ("é", "nfc"),
    ("e\u{301}", "nfd"),
    ("É", "capital"),
    ("ключ", "cyrillic"),
    ("😀", "astral"),
    ("\u{202e}rtl", "turned"),
    ("building_levels", "1"),
    ("building:levels", "2"),
    ("building levels", "3"),
    ("BUILDING:LEVELS", "4"),
    ("building:levels:underground", "5"),
];
/// What XML cannot hold, so it comes into the table by SQL. Sign by sign, in the order of the table.
const CONTROLS: &str = "\u{1}\u{8}\u{b}\u{c}\u{1b}\u{1f}\u{fffe}\u{ffff}";

/// All keys on the first node, a part of them on others, and what is long or many.
fn hostile() -> Database {
    let long_key = "k".repeat(1000);
    let (long, wide) = ("v".repeat(70_000), "नेपाली".repeat(200));
    let many: Vec<(String, String)> = (0..3000).map(|n| (format!("key{n}"), n.to_string())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let all: Vec<(&str, &str)> =
        TAGS.iter().copied().chain([(long_key.as_str(), "long key"), ("control", "none")]).collect();
    let document = Osm::new()
        .node(1, 24.0, 60.0, &all)
        .node(2, 180.0, 90.0, &[(&long_key, &long), ("", "empty key"), ("name", &wide)])
        .node(3, -180.0, -90.0, &many)
        .node(4, 24.001, 60.0, &[("control", "x")])
        .node((1 << 53) - 1, 24.002, 60.0, &[("name", "far id")])
        .way(5, &[1, 4], &TAGS[..20])
        .square(10, [24.01, 60.01], 0.001, &TAGS[20..])
        .square(20, [24.02, 60.02], 0.001, &[])
        .square(30, [24.03, 60.03], 0.001, &[])
        .relation(6, &[("way", 20, "outer"), ("way", 30, "outer")], &[("type", "multipolygon"), ("name", "\"\"\"")])
        .relation(7, &[("way", 5, "")], &[("type", "route"), ("Name", "''")]);
    let xml = document.xml().replacen("user=\"tester\"", "user=\"&quot;');--&#10;=1\\,&lt;é\"", 1);
    let database = Database::new();
    database.import(xml);
    let escapes: String = CONTROLS.chars().map(|sign| format!("\\{:04x}", u32::from(sign))).collect();
    database.psql(&format!(
        "UPDATE rawdata.nodes SET tags = jsonb_build_object('control', U&'{escapes}') WHERE osm_id = 4"
    ));
    database
}

/// The keys that are asked for as columns: commas would divide them, blanks around them go.
fn keys() -> Vec<String> {
    let long_key = "k".repeat(1000);
    TAGS.iter().map(|(key, _)| (*key).to_owned()).chain([long_key, "control".to_owned()]).collect()
}

/// The JSON values that a query gives in one column, after a script.
fn answers(database: &Database, before: &str, query: &str) -> Vec<Value> {
    let table = "DROP TABLE IF EXISTS answers; CREATE TABLE answers AS";
    database.psql(&format!("{before}\n{table} SELECT json_agg(value)::text AS list FROM ({query}) AS answer(value)"));
    serde_json::from_slice(&database.bytes("SELECT convert_to(list, 'UTF8') FROM answers")).unwrap()
}

type Rows = BTreeMap<(String, String), Vec<Value>>;

/// What is in the tables: of each row the values of these keys.
fn stored(database: &Database, keys: &[String]) -> Rows {
    let query = format!(
        "SELECT jsonb_build_array(osm_type, osm_id::text, (SELECT jsonb_agg(tags->key ORDER BY number)
            FROM jsonb_array_elements_text($keys${}$keys$) WITH ORDINALITY AS k(key, number))) FROM rawdata.features",
        json!(keys)
    );
    answers(database, "", &query)
        .iter()
        .map(|row| {
            let text = |at: usize| row[at].as_str().unwrap().to_owned();
            ((text(0), text(1)), row[2].as_array().unwrap().clone())
        })
        .collect()
}

/// Objects with the columns of a file as members: of each the values behind id and type, in the order of the first node, which has all.
fn rows(objects: &[Value]) -> Rows {
    let first = objects.iter().find(|object| object["osm_type"] == "nodes" && id(object) == "1").unwrap();
    let names: Vec<&String> =
        first.as_object().unwrap().keys().filter(|name| !["osm_id", "osm_type"].contains(&name.as_str())).collect();
    objects
        .iter()
        .map(|object| {
            let value = |name: &&String| object.get(name.as_str()).cloned().unwrap_or(Value::Null);
            ((object["osm_type"].as_str().unwrap().to_owned(), id(object)), names.iter().map(value).collect())
        })
        .collect()
}

/// An id, also where a reader has it as a double.
fn id(object: &Value) -> String {
    let id = &object["osm_id"];
    id.as_i64().map_or_else(|| format!("{:.0}", id.as_f64().unwrap_or_else(|| panic!("{object}"))), |id| id.to_string())
}

fn properties(collection: &Value) -> Vec<Value> {
    collection["features"].as_array().unwrap().iter().map(|feature| feature["properties"].clone()).collect()
}

/// The rows of a file whose columns are these keys.
fn read(reader: &Reader<'_>, database: &Database, format: &str, keys: &[String]) -> Option<Rows> {
    let more = json!({ "filters": { "attributes": { "all_geometry": keys } } }).to_string();
    let file = reader.exported_with(format, &format!("{},", &more[1..more.len() - 1]));
    let lines = |text: &str| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>();
    let objects = match format {
        "geojson" => properties(&serde_json::from_slice(&fs::read(&file).unwrap()).unwrap()),
        "geojsonseq" => {
            lines(&fs::read_to_string(&file).unwrap()).iter().map(|feature| feature["properties"].clone()).collect()
        }
        "csv" => {
            let columns: String = (0..keys.len()).map(|n| format!("c{n} text, ")).collect();
            let script = format!(
                "CREATE TEMP TABLE csv (osm_id bigint, osm_type text, {columns} longitude text, latitude text, geom_type text);
                COPY csv FROM '{}' (FORMAT csv, HEADER);
                ALTER TABLE csv DROP longitude, DROP latitude, DROP geom_type;",
                file.display()
            );
            answers(database, &script, "SELECT to_json(csv) FROM csv")
        }
        "sql" => {
            let statements = fs::read_to_string(&file).unwrap();
            let script = format!("{statements}\nALTER TABLE rawexport DROP ogc_fid, DROP geom;");
            answers(database, &script, "SELECT to_json(rawexport) FROM rawexport")
        }
        "parquet" if reader.has_pyarrow => {
            let script = rawdata_tests::root().join("tests/suite/parquet.py").display().to_string();
            let mut objects = lines(&fs::read_to_string(reader.converted("python3", &[&script], &file)).unwrap());
            for object in &mut objects {
                object.as_object_mut().unwrap().shift_remove("geometry").unwrap();
            }
            objects
        }
        "kml" if reader.has_python => {
            let script = rawdata_tests::root().join("tests/suite/kml.py").display().to_string();
            lines(&fs::read_to_string(reader.converted("python3", &[&script], &file)).unwrap())
        }
        "fgb" | "gpkg" if reader.has_gdal => properties(&through_gdal(&file, &[])),
        "shp" if reader.has_gdal => {
            shapefiles(&file).into_values().map(|feature| feature["properties"].clone()).collect()
        }
        "parquet" | "fgb" | "gpkg" | "kml" | "shp" => return None,
        other => panic!("no reader for {other}"),
    };
    Some(rows(&objects))
}

/// The features in a zip of shapefiles.
fn shapefiles(zip: &std::path::Path) -> Features {
    let folder = zip.with_extension("layers");
    fs::create_dir(&folder).unwrap();
    read_by_gdal(&folder, &members(&fs::read(zip).unwrap()))
}

/// Whether what a reader found is what a format holds of a text.
fn is_held(format: &str, found: &Value, text: &Value) -> bool {
    let Some(text) = text.as_str() else { return found.is_null() };
    // GDAL takes a text for JSON that looks like it.
    if found.is_object() {
        return serde_json::from_str::<Value>(text).is_ok_and(|value| *found == value);
    }
    match format {
        // An empty text is none, and texts end.
        "shp" if text.trim_matches(' ').is_empty() => found.is_null(),
        "shp" => holds(found, &text.into()),
        "kml" => {
            let signs = |sign: char| if CONTROLS.contains(sign) { '\u{fffd}' } else { sign };
            *found == text.chars().map(signs).collect::<String>()
        }
        _ => found == text,
    }
}

#[test]
fn hostile_keys_are_columns_of_their_own_in_every_format() {
    let database = hostile();
    let keys = keys();
    let stored = stored(&database, &keys);
    assert_eq!(stored.len(), 9, "{:?}", stored.keys());
    let reader = Reader::new(&database);
    let mut failed = Vec::new();
    for format in database.formats() {
        let Some(found) = read(&reader, &database, &format, &keys) else { continue };
        assert_eq!(found.keys().collect::<Vec<_>>(), stored.keys().collect::<Vec<_>>(), "{format}");
        for (row, values) in &stored {
            let found = &found[row];
            assert_eq!(found.len(), values.len(), "{format}: {row:?}");
            for ((key, text), found) in keys.iter().zip(values).zip(found) {
                if !is_held(&format, found, text) {
                    failed.push(format!("{format}: {row:?} {:.40}: {found:.60} in place of {text:.60}", key));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn hostile_tags_and_names_come_back_from_every_format() {
    let database = hostile();
    let reader = Reader::new(&database);
    reader.compare_all();
    if reader.has_gdal {
        let zip = reader.exported_with("shp", "");
        for ((table, id), feature) in shapefiles(&zip) {
            let tags = database
                .psql(&format!("SELECT tags FROM rawdata.features WHERE osm_type = '{table}' AND osm_id = {id}"));
            let tags: Value = serde_json::from_str(&tags).unwrap();
            assert!(holds(&feature["properties"]["tags"], &tags), "{table} {id}: {feature}");
        }
    }
    let user = answers(&database, "", "SELECT to_json(\"user\") FROM rawdata.nodes WHERE osm_id = 1").remove(0);
    for format in ["geojson", "fgb", "gpkg", "kml"] {
        let file = reader.exported_with(format, r#""includeUserMetadata": true,"#);
        let found = if format == "geojson" {
            serde_json::from_slice(&fs::read(&file).unwrap()).unwrap()
        } else if reader.has_gdal {
            through_gdal(&file, &[])
        } else {
            continue;
        };
        let users: Vec<Value> =
            properties(&found).iter().filter(|object| id(object) == "1").map(|object| object["user"].clone()).collect();
        assert_eq!(users, std::slice::from_ref(&user), "{format}");
    }
}
