//! Whatever a diff does, the tables are afterwards those that an import of the changed data makes.

use std::thread;

use rawdata_tests::Database;

/// A square of four nodes as a building and as a forest, and a café.
const NODES: &str = r#"<node id="1" version="1" lon="9.50" lat="47.10"/><node id="2" version="1" lon="9.51" lat="47.10"/>
    <node id="3" version="1" lon="9.51" lat="47.11"/><node id="4" version="1" lon="9.50" lat="47.11"/>"#;
const CAFE: &str = r#"<node id="10" version="3" lon="9.52" lat="47.12"><tag k="amenity" v="cafe"/></node>"#;
const REFS: &str = r#"<nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/>"#;
const HOUSE: &str = r#"<tag k="building" v="yes"/></way>"#;
const FOREST: &str = r#"<member type="way" ref="1" role="outer"/>
    <tag k="type" v="multipolygon"/><tag k="landuse" v="forest"/></relation>"#;

fn base() -> String {
    format!(r#"{NODES}{CAFE}<way id="1" version="1">{REFS}{HOUSE}<relation id="1" version="1">{FOREST}"#)
}

fn map(objects: &str) -> String {
    format!(r#"<osm version="0.6">{objects}</osm>"#)
}

/// The statement that applies changes.
pub fn change(changes: &str) -> String {
    format!(r#"SELECT rawdata.apply_change('<osmChange version="0.6">{changes}</osmChange>')"#)
}

/// All rows of all tables that diffs write, by table.
pub const ROWS: &str =
    "SELECT t.name, query_to_xml('SELECT r::text FROM rawdata.' || t.name || ' r ORDER BY 1', false, true, '')
    FROM unnest(ARRAY['nodes', 'ways_line', 'ways_poly', 'relations', 'node_places', 'way_nodes', 'relation_members',
        'unplaced', 'problems']) AS t (name);
    SELECT nodes, ways, relations FROM rawdata.status()";

/// Name, diffs, and what the base has become by them.
fn cases() -> Vec<(&'static str, Vec<String>, String)> {
    let base = base();
    let without_node_3 = base.replace(r#"<node id="3" version="1" lon="9.51" lat="47.11"/>"#, "");
    let moved = base.replace(r#"<node id="3" version="1" lon="9.51""#, r#"<node id="3" version="2" lon="9.53""#);
    let without_cafe = base.replace(CAFE, "");
    let without_way = base.replace(&format!(r#"<way id="1" version="1">{REFS}{HOUSE}"#), "");
    let street = base.replace(r#"<way id="1" version="1">"#, r#"<way id="1" version="2">"#);
    let street = street.replace(HOUSE, r#"<tag k="highway" v="service"/></way>"#);
    let ring = base.replace(
        r#"<relation id="1" version="1">"#,
        r#"<relation id="1" version="2"><member type="relation" ref="1" role=""/>"#,
    );
    let path = r#"<way id="50" version="1"><nd ref="60"/><nd ref="61"/><tag k="highway" v="path"/></way>"#;
    let ends = r#"<node id="60" version="1" lon="1" lat="1"/><node id="61" version="1" lon="2" lat="1"/>"#;
    vec![
        (
            "a node moves: all that uses it follows",
            vec![r#"<modify><node id="3" version="2" lon="9.53" lat="47.11"/></modify>"#.to_owned()],
            moved,
        ),
        (
            "a node goes that a way still uses",
            vec![r#"<delete><node id="3" version="2"/></delete>"#.to_owned()],
            without_node_3,
        ),
        ("a way goes that a relation still uses", vec![r#"<delete><way id="1" version="2"/></delete>"#.to_owned()], {
            without_way
        }),
        (
            "invalid and valid again, by two diffs",
            vec![
                r#"<delete><node id="3" version="2"/><way id="1" version="2"/></delete>"#.to_owned(),
                format!(
                    r#"<create><way id="1" version="1">{REFS}{HOUSE}<node id="3" version="1" lon="9.51" lat="47.11"/></create>"#
                ),
            ],
            base.clone(),
        ),
        (
            "made, changed and deleted in one diff, and out of order",
            vec![
                r#"<delete><node id="20" version="3"/></delete><modify><node id="20" version="2" lon="2" lat="2"/></modify>
                <create><node id="20" version="1" lon="1" lat="1"><tag k="n" v="1"/></node></create>"#
                    .to_owned(),
            ],
            base.clone(),
        ),
        (
            "deleted, then made again, in one diff",
            vec![
                r#"<delete><node id="10" version="4"/></delete>
                <create><node id="10" version="5" lon="9.6" lat="47.2"><tag k="amenity" v="bar"/></node></create>"#
                    .to_owned(),
            ],
            format!(
                r#"{without_cafe}<node id="10" version="5" lon="9.6" lat="47.2"><tag k="amenity" v="bar"/></node>"#
            ),
        ),
        (
            "an older version, and deletions of what is not there",
            vec![
                r#"<modify><node id="10" version="2" lon="1" lat="1"/></modify>
                <delete><node id="99" version="1"/><way id="99" version="1"/><relation id="99" version="1"/></delete>"#
                    .to_owned(),
            ],
            base.clone(),
        ),
        (
            "other tags: from the areas to the lines",
            vec![format!(
                r#"<modify><way id="1" version="2">{REFS}<tag k="highway" v="service"/></way></modify>"#
            )],
            street,
        ),
        (
            "a way before its nodes",
            vec![format!("<create>{path}{ends}</create>")],
            format!("{base}{ends}{path}"),
        ),
        (
            "a way long before its nodes",
            vec![format!("<create>{path}</create>"), format!("<create>{ends}</create>")],
            format!("{base}{ends}{path}"),
        ),
        (
            "a relation holds itself",
            vec![format!(
                r#"<modify><relation id="1" version="2"><member type="relation" ref="1" role=""/>{FOREST}</modify>"#
            )],
            ring,
        ),
        ("nothing", vec![String::new()], base),
    ]
}

#[test]
fn tables_are_those_of_an_import_of_the_changed_data() {
    let (updated, fresh) = (Database::new(), Database::new());
    for (name, diffs, after) in cases() {
        updated.import(map(&base()));
        for diff in &diffs {
            updated.psql(&change(diff));
        }
        fresh.import(map(&after));
        assert_eq!(updated.psql(ROWS), fresh.psql(ROWS), "{name}");
    }
}

#[test]
fn a_refused_diff_leaves_nothing_behind() {
    let database = Database::new();
    database.import(map(&base()));
    database.psql(&change("").replace("')", "', 7)"));
    let state = format!("{ROWS}; SELECT * FROM rawdata.data_set; SELECT count(*) FROM rawdata.changes");
    let before = database.psql(&state);
    let good =
        r#"<delete><way id="1" version="2"/></delete><create><node id="5" version="1" lon="1" lat="1"/></create>"#;
    for (bad, sqlstate) in [
        (r#"<modify><node id="3" version="2" lon="1" lat="91"/></modify>"#, "22003"),
        (r#"<frobnicate><node id="3" version="2" lon="1" lat="1"/></frobnicate>"#, "2200N"),
        (r#"<node id="3" version="2" lon="1" lat="1"/>"#, "2200N"),
        (r#"<modify><node id="3" version="2" lon="1" lat="1"/>"#, "2200N"),
    ] {
        let statement = change(&format!("{good}{bad}")).replace("')", "', 8)");
        let answer = database.error(&format!("\\set VERBOSITY verbose\n{statement}"));
        assert!(answer.contains(sqlstate), "{bad}: {answer}");
        assert_eq!(database.psql(&state), before, "{bad}");
    }
    // The number was not used up.
    database.psql(&change(good).replace("')", "', 8)"));
    assert_eq!(database.psql("SELECT sequence FROM rawdata.status()"), "8");
}

#[test]
fn a_feature_whose_node_moved_keeps_its_own_version_and_time() {
    let database = Database::new();
    let dated =
        base().replace(r#"<way id="1" version="1""#, r#"<way id="1" version="1" timestamp="2020-02-02T02:02:02Z""#);
    database.import(map(&dated));
    let own = "SELECT version, \"timestamp\", public.ST_XMax(geom) FROM rawdata.ways_poly";
    assert_eq!(database.psql(own), "1|2020-02-02 02:02:02+00|9.51");
    let moved =
        r#"<modify><node id="3" version="2" lon="9.53" lat="47.11" timestamp="2024-01-01T00:00:00Z"/></modify>"#;
    database.psql(&change(moved).replace("')", "', 5)"));
    assert_eq!(database.psql(own), "1|2020-02-02 02:02:02+00|9.53");
    // What tells of it is the log: to whoever asks for the old place, and to whoever asks for the new one.
    let since = |area: &str| {
        let area = format!("public.ST_MakeEnvelope({area}, 4326)");
        let query = "SELECT string_agg(osm_type || ' ' || action || ' ' || last_sequence, ', ' ORDER BY osm_type)";
        database.psql(&format!("{query} FROM rawdata.changes_since(0, {area})"))
    };
    let both = "relations changed 5, ways_poly changed 5";
    assert_eq!([since("9.49, 47.09, 9.505, 47.105"), since("9.525, 47.1, 9.54, 47.12")], [both; 2]);
    assert_eq!(since("9.54, 47.1, 9.6, 47.2"), "");
}

#[test]
fn an_export_waits_for_no_diff_and_sees_all_of_it_or_nothing() {
    let database = Database::new();
    database.import(map(&base()));
    let mut writer = database.open();
    writer.ask("BEGIN");
    writer.ask(&change(r#"<delete><way id="1" version="2"/><node id="10" version="4"/></delete>"#));
    let area = r#"{"geometry": {"type": "Polygon", "coordinates": [[[9,47],[10,47],[10,48],[9,48],[9,47]]]}}"#;
    let seen = &format!("SET lock_timeout = '1ms'; SELECT count(*) FROM rawdata.features('{area}')");
    thread::scope(|scope| {
        let readers: Vec<_> = (0..4).map(|_| scope.spawn(|| database.psql(seen))).collect();
        for reader in readers {
            assert_eq!(reader.join().unwrap(), "3");
        }
    });
    writer.ask("COMMIT");
    assert_eq!(database.psql(seen), "0");
}

#[test]
fn problems_that_stay_are_not_written_anew() {
    let database = Database::new();
    let lacking = base().replace(FOREST, &format!(r#"<member type="way" ref="99" role="inner"/>{FOREST}"#));
    database.import(map(&lacking));
    let rows = "SELECT ctid, osm_type, osm_id, problem, detail FROM rawdata.problems";
    let before = database.psql(rows);
    assert!(before.contains("relation|1|missing_member|way 99"), "{before}");
    let moved = r#"<modify><node id="3" version="2" lon="9.53" lat="47.11"/></modify>"#;
    let rebuilt = change(moved).replace("SELECT ", "SELECT rebuilt FROM ");
    assert_eq!(database.psql(&rebuilt), "2");
    assert_eq!(database.psql(rows), before);
}
