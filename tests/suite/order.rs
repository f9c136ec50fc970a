//! The order of a document's objects makes no difference to what becomes of them.

use std::{fs, os::unix::fs::PermissionsExt};

use rawdata_tests::{Database, Osm, Servers};

/// Every row of every table but what tells of the import itself.
const ROWS: &str =
    "SELECT md5(string_agg(t.name || xpath('//row', query_to_xml('SELECT md5(r::text) AS m FROM rawdata.'
    || t.name || ' r ORDER BY 1', false, false, ''))::text, '' ORDER BY t.name))
    FROM (SELECT relname::text AS name FROM pg_class
          WHERE relnamespace = 'rawdata'::regnamespace AND relkind = 'r' AND relname <> 'data_set') t;
    SELECT nodes, ways, relations FROM rawdata.status()";

/// Houses, a street by each, and a relation of both: more of each kind than the reader hands over at once.
fn town() -> Vec<String> {
    let mut town = Osm::new();
    let name = "long ".repeat(200);
    for n in 0..400_i32 {
        let (id, place) = (i64::from(n) * 10 + 1, 0.1 + f64::from(n) * 0.003);
        town = town
            .square(id, [1.0, place], 0.001, &[("building", "yes"), ("name", &name)])
            .node(id + 4, 0.5, place, &[("place", "hamlet"), ("name", &name)])
            .way(id + 4, &[id, id + 4], &[("highway", "residential"), ("name", &name)])
            .relation(
                id,
                &[("way", id, "outer"), ("node", id + 4, "label")],
                &[("type", "multipolygon"), ("name", &name)],
            );
    }
    town.xml().lines().filter(|line| line.contains(" id=")).map(str::to_owned).collect()
}

fn document(objects: &[String]) -> String {
    format!("<osm version=\"0.6\">\n{}\n</osm>\n", objects.join("\n"))
}

/// The kind in the order that documents have them in, and the number.
fn place_in_order(object: &str) -> (usize, i64) {
    let kind = ["<node", "<way", "<relation"].iter().position(|kind| object.starts_with(kind)).unwrap();
    let number = object.split(" id=\"").nth(1).unwrap().split('"').next().unwrap();
    (kind, number.parse().unwrap())
}

#[test]
fn objects_in_any_order_become_the_same_rows() {
    let as_made = town();
    let mut in_order = as_made.clone();
    in_order.sort_by_key(|object| place_in_order(object));
    let backwards: Vec<String> = in_order.iter().rev().cloned().collect();
    let mut ids_down = in_order.clone();
    ids_down.sort_by_key(|object| {
        let (kind, number) = place_in_order(object);
        (kind, -number)
    });
    let twice = [in_order.as_slice(), &in_order].concat();
    let mut last_one_early = in_order.clone();
    let last = last_one_early.pop().unwrap();
    last_one_early.insert(0, last);

    let database = Database::new();
    database.import(document(&in_order));
    let rows = database.psql(ROWS);
    assert!(rows.ends_with("2000|800|400"), "{rows}");
    let orders = [
        ("as made", as_made),
        ("backwards", backwards),
        ("ids down", ids_down),
        ("twice", twice),
        ("the last first", last_one_early),
    ];
    for (what, objects) in orders {
        database.import(document(&objects));
        assert_eq!(database.psql(ROWS), rows, "sent, {what}");
        let file = Servers::get().home().join(format!("order-{}.osm", Servers::get().number()));
        fs::write(&file, document(&objects)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        database.psql(&format!("SELECT nodes FROM rawdata.import_file('{}')", file.display()));
        assert_eq!(database.psql(ROWS), rows, "from a file, {what}");
    }
}

#[test]
fn a_document_that_breaks_off_after_its_order_did_changes_nothing() {
    let database = Database::new();
    let mut objects = town();
    database.import(document(&objects));
    let rows = database.psql(ROWS);
    objects.push("<node id=\"x\"/>".to_owned());
    let lines = document(&objects).replace('\'', "''");
    let error = database.error(&format!("INSERT INTO rawdata.load VALUES (convert_to('{lines}', 'UTF8'))"));
    assert!(error.contains("id"), "{error}");
    assert_eq!(database.psql(ROWS), rows);
}
