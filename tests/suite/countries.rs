//! Country outlines: those that ship, and any others.

use std::fs;

use rawdata_tests::{Database, Osm, Servers, read, root};

fn load(database: &Database, options: &[&str]) {
    database.psql_with(options, &read("sql/countries.sql"));
}

fn shipped() -> String {
    format!("file={}", root().join("sql/countries.geojson").display())
}

fn town() -> String {
    Osm::new().node(1, 24.94, 60.17, &[("name", "Helsinki")]).node(2, -30.0, 30.0, &[("name", "sea")]).xml()
}

const COUNTRIES: &str = "SELECT n.tags->>'name', coalesce(string_agg(c.name || ' ' || c.iso3, ', '), '-'), n.country
    FROM rawdata.nodes n LEFT JOIN rawdata.countries c ON c.cid = ANY (n.country) GROUP BY n.osm_id ORDER BY n.osm_id";

#[test]
fn the_outlines_that_ship_are_valid_and_have_codes() {
    let database = Database::new();
    load(&database, &["-v", &shipped()]);
    let query = "SELECT count(*), bool_and(ST_IsValid(geometry)), count(DISTINCT iso3), bool_and(name <> '') FROM rawdata.countries";
    assert_eq!(database.psql(query), "240|t|236|t");
}

#[test]
fn rows_get_their_country_whichever_is_loaded_first() {
    for outlines_first in [true, false] {
        let database = Database::new();
        if outlines_first {
            load(&database, &["-v", &shipped()]);
        }
        database.import(town());
        if !outlines_first {
            assert_eq!(database.psql(COUNTRIES), "Helsinki|-|{0}\nsea|-|{0}");
            load(&database, &["-v", &shipped()]);
        }
        assert_eq!(database.psql(COUNTRIES), "Helsinki|Finland FIN|{246}\nsea|-|{0}");
    }
}

#[test]
fn any_outlines_replace_those_that_are_there() {
    let database = Database::new();
    load(&database, &["-v", &shipped()]);
    database.import(town());
    let file = Servers::get().home().join("it's mine.geojson");
    let square = "[[[24,60],[25,60],[25,61],[24,61],[24,60]]]";
    let feature = |n: u8, code: &str| {
        format!(
            r#"{{"type":"Feature","properties":{{"TITLE":"Land {n}","KEY":{n},"A3":"{code}"}},"geometry":{{"type":"Polygon","coordinates":{square}}}}}"#
        )
    };
    fs::write(
        &file,
        format!(r#"{{"type":"FeatureCollection","features":[{},{}]}}"#, feature(7, "LNA"), feature(8, "LNB")),
    )
    .unwrap();
    let file = format!("file={}", file.display());
    load(&database, &["-v", &file, "-v", "name=TITLE", "-v", "cid=KEY", "-v", "iso3=A3"]);
    assert_eq!(database.psql(COUNTRIES), "Helsinki|Land 7 LNA, Land 8 LNB|{7,8}\nsea|-|{0}");
}
