-- Roles are the cluster's, not the database's: made on demand, never by CREATE EXTENSION.
CREATE FUNCTION rawdata.create_roles() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted name;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['rawdata_reader', 'rawdata_writer', 'rawdata_admin'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        ELSIF (SELECT rolcanlogin OR rolsuper FROM pg_roles WHERE rolname = wanted) THEN
            RAISE EXCEPTION 'role "%" exists and can log in or is a superuser', wanted
                USING ERRCODE = '42710', DETAIL = 'Its members would be given rights on the data without being asked.',
                      HINT = 'Rename that role, or make it NOLOGIN and NOSUPERUSER.';
        END IF;
    END LOOP;
    GRANT rawdata_reader TO rawdata_writer;
    GRANT rawdata_writer TO rawdata_admin;
    PERFORM rawdata._grant();
END $$;

-- Rights of the three roles on whatever exists so far; run again whenever roles or tables are made.
CREATE FUNCTION rawdata._grant() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_regrole('rawdata_reader') IS NULL OR to_regrole('rawdata_writer') IS NULL OR to_regrole('rawdata_admin') IS NULL THEN
        RETURN;
    END IF;
    GRANT INSERT ON rawdata.load, rawdata.load_text TO rawdata_writer;
    GRANT EXECUTE ON FUNCTION rawdata.import_file(text, text) TO rawdata_writer;
    GRANT EXECUTE ON FUNCTION rawdata.apply_change(bytea, bigint, timestamptz),
        rawdata.apply_change_file(text, bigint, timestamptz), rawdata.set_boundary(public.geometry),
        rawdata.record_look(bigint, interval, text, text) TO rawdata_writer;
    GRANT EXECUTE ON FUNCTION rawdata.export_file(text, jsonb) TO rawdata_writer;
    GRANT EXECUTE ON FUNCTION rawdata.replace_countries(jsonb) TO rawdata_admin;
    GRANT EXECUTE ON FUNCTION rawdata.create_tables() TO rawdata_admin;
    IF to_regclass('rawdata.data_set') IS NULL THEN
        RETURN;
    END IF;
    GRANT SELECT ON rawdata.nodes, rawdata.ways_line, rawdata.ways_poly, rawdata.relations, rawdata.features,
        rawdata.node_places, rawdata.way_nodes, rawdata.relation_members, rawdata.unplaced,
        rawdata.problems, rawdata.problem_features, rawdata.countries, rawdata.data_set, rawdata.changes,
        rawdata.replication_state, rawdata.replication
        TO rawdata_reader;
    GRANT UPDATE (boundary, replication_url) ON rawdata.data_set TO rawdata_writer;
    GRANT INSERT, UPDATE ON rawdata.replication_state TO rawdata_writer;
    GRANT SELECT ON rawdata.users TO rawdata_writer;
    GRANT SELECT, INSERT, UPDATE, DELETE ON rawdata.users TO rawdata_admin;
    GRANT SELECT, INSERT, UPDATE, DELETE ON rawdata.jobs TO rawdata_writer;
END $$;
