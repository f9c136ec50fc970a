//! Who may call what. `rights.txt` is the matrix: a function without a line in it fails the test.

use std::{fs, os::unix::fs::symlink, process::Command};

use rawdata_tests::{Database, Front, Osm, Servers, read};
use reqwest::StatusCode;
use serde_json::json;

const ROLES: [&str; 5] = ["pg_monitor", "rawdata_reader", "rawdata_writer", "rawdata_admin", "postgres"];

/// What comes of a call made by a role, without a trace of it: `yes`, or `no` where the right was missing.
const OUTCOME: &str = "CREATE FUNCTION public.outcome(who name, call text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', who);
        EXECUTE call;
        RAISE EXCEPTION 'undo' USING ERRCODE = 'RW000';
    EXCEPTION WHEN insufficient_privilege THEN RETURN 'no';
        WHEN OTHERS THEN RETURN 'yes';
    END $$;";

#[test]
fn each_role_may_call_what_the_matrix_says_and_nothing_else() {
    let database = Database::new();
    database.psql(OUTCOME);
    let text = read("tests/suite/rights.txt");
    let lines: Vec<(&str, &str)> =
        text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once(" | ").unwrap()).collect();
    let mut wrong = Vec::new();
    for (expected, call) in &lines {
        let quoted = call.replace('\'', "''");
        let columns = ROLES.map(|role| format!("public.outcome('{role}', '{quoted}')"));
        let found = database.psql(&format!("SELECT concat_ws(' ', {})", columns.join(", ")));
        let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
        if found != expected {
            wrong.push(format!("{call}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));

    let functions = database.psql("SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'rawdata'::regnamespace");
    let missing: Vec<&str> = functions
        .lines()
        .filter(|name| !lines.iter().any(|(_, call)| call.contains(&format!("rawdata.{name}("))))
        .collect();
    assert!(missing.is_empty(), "no line in tests/suite/rights.txt: {missing:?}");
}

#[test]
fn an_export_shows_nothing_that_its_caller_may_not_select() {
    let database = Database::new();
    database.psql(
        "INSERT INTO rawdata.nodes (osm_id, tags, geom) SELECT i, '{}', ST_SetSRID(ST_MakePoint(1, 1), 4326) FROM generate_series(1, 2) i",
    );
    let tables = "rawdata.ways_line, rawdata.ways_poly, rawdata.relations, rawdata.countries";
    let calls = |rights: &str| {
        let request = r#"{"geometryType": ["point"], "geometry": {"type": "Polygon", "coordinates": [[[0,0],[2,0],[2,2],[0,2],[0,0]]]}}"#;
        format!(
            "BEGIN; CREATE ROLE looks_on; GRANT USAGE ON SCHEMA rawdata TO looks_on; GRANT SELECT ON {tables} TO looks_on;
            GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA rawdata TO looks_on; {rights}; SET LOCAL ROLE looks_on;
            SELECT string_agg(osm_id::text, ' ') FROM rawdata.features('{request}'); ROLLBACK"
        )
    };
    assert_eq!(database.psql(&calls("GRANT SELECT ON rawdata.nodes TO looks_on")), "1 2");
    // Columns that no condition asks for count, too.
    let some = "GRANT SELECT (osm_id, geom, tags) ON rawdata.nodes TO looks_on";
    assert!(database.error(&calls(some)).contains("permission denied for table nodes"));
    // Rows that a policy hides stay hidden.
    let policy = "GRANT SELECT ON rawdata.nodes TO looks_on; ALTER TABLE rawdata.nodes ENABLE ROW LEVEL SECURITY;
        CREATE POLICY odd ON rawdata.nodes USING (osm_id % 2 = 1)";
    assert_eq!(database.psql(&calls(policy)), "1");
}

#[test]
fn files_of_the_server_are_for_members_of_its_roles() {
    let database = Database::new();
    let folder = Servers::get().home().join(format!("files-{}", Servers::get().number()));
    fs::create_dir(&folder).unwrap();
    let path = |name: &str| folder.join(name).display().to_string();
    fs::write(path("map.osm"), Osm::new().node(1, 1.0, 1.0, &[("a", "b")]).xml()).unwrap();
    symlink(path("nowhere"), path("dangling")).unwrap();
    assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());

    // Whoever may not learns nothing of what is there.
    let refused = |what: &str| database.error(&format!("SET ROLE rawdata_writer; SELECT rawdata.{what}"));
    let answers = [path("map.osm"), path("nowhere"), "/".to_owned(), "relative".to_owned()]
        .map(|path| refused(&format!("import_file('{path}')")));
    assert!(answers[0].contains("permission denied for files of the server"), "{}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let everywhere = r#"{"geometry": {"type": "Polygon", "coordinates": [[[0,0],[2,0],[2,2],[0,0]]]}}"#;
    let written = refused(&format!("export_file('{}', '{everywhere}')", path("out")));
    assert!(written.contains("only members of role \"pg_write_server_files\""), "{written}");

    // Whoever may gets regular files under absolute paths, and at once a refusal for anything else.
    let members = "SET statement_timeout = '2s'; GRANT pg_read_server_files, pg_write_server_files TO map_files;
        GRANT rawdata_writer TO map_files; SET LOCAL ROLE map_files;";
    let as_member = |what: &str| format!("BEGIN; CREATE ROLE map_files; {members} SELECT rawdata.{what}; ROLLBACK");
    let imported = |path: &str| as_member(&format!("import_file('{path}')"));
    for wrong in [
        "relative/map.osm",
        "../map.osm",
        "",
        "/",
        &path(""),
        &path("nowhere"),
        &path("dangling"),
        &path("pipe"),
        "/dev/zero",
        "/dev/null",
    ] {
        let answer = database.error(&imported(wrong));
        assert!(answer.contains("cannot read a regular file"), "{wrong}: {answer}");
        assert!(wrong.len() < 3 || !answer.contains(wrong), "{wrong}: {answer}");
    }
    let environment = database.error(&imported("/proc/self/environ"));
    assert!(!environment.contains("PG") && !environment.contains("PATH"), "{environment}");
    assert!(database.psql(&imported(&path("../map.osm").replace("..", "./"))).starts_with("(1,0,0,1"));
    for wrong in ["relative", "/", "/no/such/folder/file", &path("map.osm"), &path("dangling"), &path("pipe")] {
        let answer = database.error(&as_member(&format!("export_file('{wrong}', '{everywhere}')")));
        assert!(answer.contains("cannot make a new file"), "{wrong}: {answer}");
    }
}

#[test]
fn roles_that_are_there_are_used_but_never_one_that_can_log_in() {
    let database = Database::new();
    let refused = "role \"rawdata_reader\" exists and can log in or is a superuser";
    let login = "BEGIN; ALTER ROLE rawdata_reader LOGIN; SELECT rawdata.create_roles()";
    assert!(database.error(login).contains(refused));
    database.psql("SELECT rawdata.create_roles(); SELECT rawdata.create_roles()");
    let stranger = Database::bare();
    stranger.psql(&format!("CREATE EXTENSION postgis; GRANT CREATE ON DATABASE {} TO pg_monitor", stranger.name()));
    let denied = stranger.error("SET ROLE pg_monitor; CREATE EXTENSION pg_rawdata");
    assert!(denied.contains("permission denied to create extension"), "{denied}");
    stranger.psql("CREATE EXTENSION pg_rawdata; SELECT rawdata.create_tables(), rawdata.create_roles()");
    let reader = "SELECT has_table_privilege('rawdata_reader', 'rawdata.nodes', 'SELECT')";
    assert_eq!(stranger.psql(reader), "t");
    stranger.psql("DROP EXTENSION pg_rawdata CASCADE; SELECT 'rawdata_reader'::regrole");
}

#[test]
fn a_reader_reads_the_map_and_nothing_about_people() {
    let database = Database::new();
    for table in ["jobs", "users"] {
        for statement in [format!("SELECT * FROM rawdata.{table}"), format!("DELETE FROM rawdata.{table}")] {
            let denied = database.error(&format!("SET ROLE rawdata_reader; {statement}"));
            assert!(denied.contains(&format!("permission denied for table {table}")), "{denied}");
        }
    }
    for statement in [
        "CREATE TABLE rawdata.mine ()",
        "CREATE VIEW rawdata.mine AS SELECT 1",
        "CREATE FUNCTION rawdata.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "INSERT INTO rawdata.nodes SELECT * FROM rawdata.nodes",
        "TRUNCATE rawdata.nodes",
        "UPDATE rawdata.data_set SET generator = ''",
        "INSERT INTO rawdata.load VALUES ('<osm/>')",
    ] {
        let denied = database.error(&format!("SET ROLE rawdata_reader; {statement}"));
        assert!(denied.contains("permission denied for"), "{statement}: {denied}");
    }
    database.psql("SET ROLE rawdata_reader; SELECT * FROM rawdata.features, rawdata.problems, rawdata.countries");
}

#[tokio::test]
async fn a_service_that_may_not_read_the_map_says_so() {
    let database = Database::new();
    database.import(Osm::new().node(1, 1.0, 1.0, &[("a", "b")]).xml());
    let front = Front::new(&database);
    let _worker = front.worker();
    let request = Front::request([0.99, 0.99, 1.01, 1.01], json!({}));
    front.export(request.clone()).await;
    let roles = "rawdata_reader, rawdata_writer, rawdata_admin, rawdata_server";
    database.psql(&format!("REVOKE ALL ON rawdata.nodes FROM {roles}"));
    let ended = front.ended(&front.snapshot(request.clone()).await).await;
    let reason = "the service is not allowed to read the data set; its operator has to grant it rawdata_reader";
    assert_eq!((&ended["status"], &ended["result"]), (&json!("FAILURE"), &json!(reason)));
    let reply = front.post("/v1/snapshot/plain/", &request).await;
    assert_eq!((reply.status, reply.json()), (StatusCode::SERVICE_UNAVAILABLE, json!({ "detail": reason })));
    database.psql("GRANT SELECT ON rawdata.nodes TO rawdata_reader");
    front.export(request).await;
}

/// Look-alikes of what the extension's own statements use, each a better fit than the real one, in a schema that comes first.
const LOOK_ALIKES: &str = r#"
    CREATE SCHEMA mallory;
    GRANT ALL ON SCHEMA mallory TO PUBLIC;
    CREATE FUNCTION mallory.trap() RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'captured, as %', current_user USING ERRCODE = 'RW001'; END $$;
    DO $$
    DECLARE
        it record;
    BEGIN
        FOR it IN SELECT o, l, r FROM unnest(ARRAY['=', '<>', '~', '||', '->', '->>', '@>', '&&', '<', '>', '>=', '~=']) o,
            unnest(ARRAY['text', 'name', 'oid', 'jsonb', 'bigint', 'integer', 'public.geometry', 'integer[]', 'regclass', 'boolean']) l,
            unnest(ARRAY['text', 'name', 'oid', 'jsonb', 'bigint', 'integer', 'public.geometry', 'integer[]', 'regclass', 'unknown']) r
            WHERE r <> 'unknown'
        LOOP
            EXECUTE format('CREATE OR REPLACE FUNCTION mallory.%I(%s, %s) RETURNS boolean LANGUAGE plpgsql AS ''BEGIN RETURN mallory.trap(); END''',
                'op_' || md5(it.o), it.l, it.r);
            EXECUTE format('CREATE OPERATOR mallory.%s (FUNCTION = mallory.%I, LEFTARG = %s, RIGHTARG = %s)',
                it.o, 'op_' || md5(it.o), it.l, it.r);
        END LOOP;
        FOR it IN SELECT f, a FROM (VALUES ('to_regclass', 'text'), ('pg_try_advisory_xact_lock', 'bigint'), ('count', 'integer'),
            ('hashtextextended', 'text, integer'), ('unnest', 'bigint[]'), ('jsonb_typeof', 'jsonb'), ('st_multi', 'public.geometry'),
            ('format', 'text, name'), ('to_timestamp', 'bigint'), ('st_within', 'public.geometry, public.geometry'),
            ('st_intersects', 'public.geometry, public.geometry'), ('_node_blocks', 'bytea')) AS v (f, a)
        LOOP
            EXECUTE format('CREATE FUNCTION mallory.%I(%s) RETURNS boolean LANGUAGE plpgsql AS ''BEGIN RETURN mallory.trap(); END''', it.f, it.a);
        END LOOP;
    END $$;
    CREATE TABLE mallory.nodes AS SELECT mallory.trap() WITH NO DATA;
    CREATE DOMAIN mallory.jsonb AS pg_catalog.jsonb CHECK (mallory.trap());
    CREATE DOMAIN mallory.text AS pg_catalog.text CHECK (mallory.trap());
    CREATE DOMAIN mallory.bytea AS pg_catalog.bytea CHECK (mallory.trap());
"#;

#[test]
fn nothing_in_the_callers_search_path_is_run_with_the_owners_rights() {
    let database = Database::bare();
    database.psql("CREATE EXTENSION postgis; CREATE EXTENSION pg_rawdata; SELECT rawdata.create_roles()");
    database.psql(LOOK_ALIKES);
    let document = Osm::new().square(1, [1.0, 1.0], 0.5, &[("building", "yes")]).xml();
    let square = r#"{"type": "Polygon", "coordinates": [[[0,0],[2,0],[2,2],[0,2],[0,0]]]}"#;
    let countries = format!(r#"{{"features": [{{"properties": {{"cid": 7, "name": "x"}}, "geometry": {square}}}]}}"#);
    let request = format!(r#"{{"geometry": {square}}}"#);
    // Even where the real ones come last, they are what the owner's statements mean.
    for (role, path, call) in [
        ("rawdata_admin", "mallory, pg_catalog, public", "rawdata.create_tables()".to_owned()),
        ("rawdata_admin", "mallory, pg_catalog, public", format!("rawdata.replace_countries('{countries}')")),
        ("postgres", "mallory, public", format!("rawdata.replace_countries('{countries}')")),
        ("postgres", "mallory, public", format!("rawdata.export('{request}')")),
        ("postgres", "mallory, public", format!("rawdata.feature_count('{request}')")),
        ("postgres", "mallory, public", "rawdata.status()".to_owned()),
        ("postgres", "mallory, public", "rawdata.create_roles()".to_owned()),
    ] {
        database.psql(&format!("SET ROLE {role}; SET search_path = {path}; SELECT {call}"));
    }
    for (role, path) in [("rawdata_writer", "mallory, pg_catalog, public"), ("postgres", "mallory, public")] {
        database.psql(&format!("SET ROLE {role}; SET search_path = {path}; COPY rawdata.load_text FROM stdin WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02');\n{document}\\.\n"));
    }
    assert_eq!(database.psql("SELECT osm_type, country FROM rawdata.features"), "ways_poly|{7}");
    let types = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'rawdata.jobs'::regclass AND atttypid::regtype::text ~ 'mallory'";
    assert_eq!(database.psql(types), "0");
}
