//! The hostile map files that may lie beside the repository: each is imported, what XML says of its tags is held against the
//! tables, and the rows of all together are exported in every format and read back.

use std::{collections::BTreeMap, fs, path::Path};

use rawdata_tests::{Database, Program, Servers, shared};
use serde_json::Value;

use super::shapefiles;
use crate::{formats::Reader, shapefile};

/// Takes the rows of the data set to those of the files before. An id that is taken is exchanged for another.
const KEEP: &str = "INSERT INTO kept SELECT osm_type, CASE WHEN EXISTS (SELECT FROM kept AS k WHERE k.osm_type = f.osm_type AND k.osm_id = f.osm_id)
        THEN 77000000000 + nextval('other_id') ELSE osm_id END, uid, \"user\", version, changeset, \"timestamp\", tags, geom, country
    FROM rawdata.features AS f";
/// Puts the rows of all files in the place of the data set.
const ALL_KEPT: &str = "DO $$ DECLARE kind text; BEGIN
        FOREACH kind IN ARRAY ARRAY['nodes', 'ways_line', 'ways_poly', 'relations'] LOOP
            EXECUTE format('TRUNCATE rawdata.%1$I; INSERT INTO rawdata.%1$I (osm_id, uid, \"user\", version, changeset, \"timestamp\", tags, geom, country)
                SELECT osm_id, uid, \"user\", version, changeset, \"timestamp\", tags, geom, country FROM kept WHERE osm_type = %1$L', kind);
        END LOOP; END $$";
/// Objects whose tags in the document, as PostgreSQL's own reader of XML has them, are not those of the row. Of equal keys the last counts.
const DIFFERENCE: &str = r#"SELECT d.*, f.tags FROM (
        SELECT kind, id, jsonb_object_agg(key, value ORDER BY number) AS tags FROM XMLTABLE('/osm/*/tag' PASSING xmlparse(document $doc${}$doc$)
            COLUMNS number FOR ORDINALITY, kind text PATH 'name(..)', id bigint PATH '../@id', key text PATH '@k', value text PATH '@v')
        GROUP BY kind, id) AS d
    FULL JOIN (SELECT CASE osm_type WHEN 'nodes' THEN 'node' ELSE 'way' END AS kind, osm_id AS id, tags FROM rawdata.features) AS f USING (kind, id)
    WHERE d.tags IS DISTINCT FROM f.tags"#;

/// The manifest's files in these folders, and what is expected of each.
fn listed(folder: &Path, folders: &[&str]) -> Vec<(String, String)> {
    let manifest: Value = serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let entries = manifest["files"].as_array().unwrap().iter();
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let entries = entries.map(|entry| (text(entry, "file"), text(entry, "expect")));
    entries.filter(|(name, _)| folders.iter().any(|folder| name.starts_with(folder))).collect()
}

/// Imports a file and says whether it was taken. Where it is one object without a tag, it gets one, so that it has a row.
fn import(database: &Database, file: &Path) -> bool {
    let changed = Servers::get().home().join(format!("{}.osm", Servers::get().number()));
    let text = fs::read_to_string(file).unwrap_or_default();
    let objects = text.lines().filter(|line| line.starts_with('<') && !line.contains("osm") && !line.contains("<?"));
    let file = match objects.collect::<Vec<_>>().as_slice() {
        [object] if object.ends_with("/>") && object.starts_with("<node") => {
            let tagged = format!("{}><tag k=\"name\" v=\"{}\"/></node>", &object[..object.len() - 2], file.display());
            fs::write(&changed, text.replace(object, &tagged)).unwrap();
            changed.as_path()
        }
        _ => file,
    };
    let mut command = Program::rawdata("import");
    let output = command.arg(file).env("DATABASE_URL", database.url()).output().unwrap();
    output.status.success()
}

#[test]
fn hostile_files_come_back_from_every_format() {
    let Some(folder) = shared("hostile") else { return };
    let database = Database::new();
    database.psql("CREATE TABLE kept AS SELECT * FROM rawdata.features; CREATE SEQUENCE other_id");
    let (mut wrong, mut taken) = (Vec::new(), BTreeMap::<&str, usize>::new());
    let files = listed(&folder, &["tags/", "value/", "topology/"]);
    for (name, expected) in &files {
        let is_taken = import(&database, &folder.join(name));
        if is_taken != (expected == "ok") && expected != "either" {
            wrong.push(format!("{name}: {expected} expected"));
        }
        if !is_taken {
            continue;
        }
        let kind = name.split('/').next().unwrap();
        *taken.entry(kind).or_default() += 1;
        // U+FFFF, which is no character of XML.
        if kind == "tags" && !name.ends_with("ffff.osm") {
            let document = fs::read_to_string(folder.join(name)).unwrap();
            let difference = database.psql(&DIFFERENCE.replace("{}", &document));
            wrong.extend((!difference.is_empty()).then(|| format!("{name}: {difference:.500}")));
        }
        database.psql(KEEP);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(taken["tags"] > 12 && taken["value"] > 5 && taken["topology"] > 25, "{taken:?}");
    database.psql(ALL_KEPT);
    let reader = Reader::new(&database);
    reader.compare_all();
    if reader.has_gdal {
        // Numbers of more digits are doubles to readers.
        database.psql("DELETE FROM rawdata.nodes WHERE osm_id >= 1000000000000000000");
        let geojson: Value = serde_json::from_slice(&fs::read(reader.exported_with("geojson", "")).unwrap()).unwrap();
        let found = shapefiles(&reader.exported_with("shp", ""));
        shapefile::compare(&found, &shapefile::by_id(&geojson));
    }
}
