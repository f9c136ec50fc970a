//! Whatever is given to a function of the extension, the answer is rows or an error that says what is wrong.

use rawdata_tests::Database;

/// Every function with every pair of odd values that its types admit; what ends in an error of class XX, or in the server's end.
const ODD: &str = r#"
    CREATE FUNCTION public.internal_errors() RETURNS SETOF text LANGUAGE plpgsql AS $f$
    DECLARE
        odd jsonb := '{"text": ["NULL", "''''", "'':%_\\()+*$''", "repeat(''x'', 1000000)", "''/''"],
            "bytea": ["NULL", "''''", "''\\x00ff''", "''<osm''", "decode(repeat(''ff'', 100000), ''hex'')", "''\\x1f8b''", "''\\x0000000d0a09''"],
            "jsonb": ["NULL", "''null''", "''{}''", "''[]''", "''7''", "''{\"geometry\": null}''", "''{\"features\": [7]}''",
                      "''{\"features\": [{\"geometry\": {\"type\": \"Point\", \"coordinates\": [0, 0]}}]}''",
                      "''{\"geometry\": {\"type\": \"Polygon\", \"coordinates\": [[[1e308, 0], [0, 1e308], [1, 1], [1e308, 0]]]}}''",
                      "(repeat(''['', 5000) || repeat('']'', 5000))::jsonb"],
            "regclass": ["NULL", "0", "''pg_class''"], "regclass[]": ["NULL", "''{}''", "''{NULL}''"]}';
        it record;
        call text;
        tried integer := 0;
    BEGIN
        FOR it IN SELECT p.proname, coalesce((SELECT array_agg(format_type(t, NULL) ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n)), '{}') AS types
            FROM pg_proc p WHERE pronamespace = 'rawdata'::regnamespace AND proname !~ '^_(exchange|fresh|index|lock|swap|load)'
        LOOP
            FOR call IN
                SELECT format('SELECT rawdata.%I(%s)', it.proname, concat_ws(', ', one, two)) FROM
                    (SELECT jsonb_array_elements_text(odd->it.types[1]) UNION ALL SELECT NULL WHERE it.types[1] IS NULL) a (one),
                    (SELECT jsonb_array_elements_text(odd->it.types[2]) UNION ALL SELECT NULL WHERE it.types[2] IS NULL) b (two)
            LOOP
                BEGIN
                    EXECUTE call;
                    RAISE EXCEPTION 'undo' USING ERRCODE = 'RW000';
                EXCEPTION WHEN OTHERS THEN
                    IF SQLSTATE ~ '^(XX|58)' THEN RETURN NEXT left(call, 200) || ': ' || SQLERRM; END IF;
                    tried := tried + 1;
                END;
            END LOOP;
        END LOOP;
        RETURN NEXT tried::text;
    END $f$;
"#;

#[test]
fn no_argument_leads_to_an_internal_error() {
    let database = Database::new();
    database.psql(ODD);
    let found = database.psql("SELECT public.internal_errors()");
    let mut wrong: Vec<&str> = found.lines().collect();
    let tried: u32 = wrong.pop().unwrap().parse().unwrap();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(tried > 80, "only {tried} calls were made");
}

#[test]
fn a_request_that_is_too_large_is_not_read() {
    let database = Database::new();
    for function in ["export", "features", "feature_count"] {
        let request = "jsonb_build_object('fileName', repeat('x', 17000000))";
        let error = database.error(&format!("\\set VERBOSITY verbose\nSELECT rawdata.{function}({request})"));
        assert!(error.contains("54000: a request of 17000016 bytes is too large"), "{error}");
    }
}
