\echo Use "CREATE EXTENSION pg_rawdata" to load this file. \quit
-- The whole extension in one script, as CREATE EXTENSION reads it; that is why it is long. `make schema` writes it.
-- Text goes into jsonb and out into files as it is, and OpenStreetMap's is UTF-8.
DO $$
BEGIN
    IF pg_catalog.getdatabaseencoding() OPERATOR(pg_catalog.<>) 'UTF8'::pg_catalog.name THEN
        RAISE EXCEPTION 'pg_rawdata needs a database with the encoding UTF8, not %', pg_catalog.getdatabaseencoding()
            USING ERRCODE = '0A000', HINT = 'Make the database with ENCODING ''UTF8'' TEMPLATE template0.';
    END IF;
END $$;

-- The schema is made by the control file. Nobody but its owner makes objects in it.
REVOKE ALL ON SCHEMA rawdata FROM PUBLIC;
GRANT USAGE ON SCHEMA rawdata TO PUBLIC;

CREATE  FUNCTION "_member_keys"(
	"members" bytea
) RETURNS bigint[]
IMMUTABLE STRICT PARALLEL SAFE
LANGUAGE c
AS 'MODULE_PATHNAME', '_member_keys_wrapper';

CREATE  FUNCTION "_node_blocks"(
	"refs" bytea
) RETURNS bigint[]
IMMUTABLE STRICT PARALLEL SAFE
LANGUAGE c
AS 'MODULE_PATHNAME', '_node_blocks_wrapper';

CREATE  FUNCTION "apply_change"(
	"document" bytea,
	"sequence" bigint DEFAULT NULL,
	"state_time" timestamp with time zone DEFAULT NULL
) RETURNS TABLE (
	"applied" bool, 
	"nodes" bigint, 
	"ways" bigint, 
	"relations" bigint, 
	"deleted" bigint, 
	"ignored" bigint, 
	"rebuilt" bigint, 
	"rows_inserted" bigint, 
	"rows_changed" bigint, 
	"rows_deleted" bigint, 
	"seconds" double precision 
)
LANGUAGE c
AS 'MODULE_PATHNAME', 'apply_change_wrapper';

CREATE  FUNCTION "apply_change_file"(
	"path" TEXT,
	"sequence" bigint DEFAULT NULL,
	"state_time" timestamp with time zone DEFAULT NULL
) RETURNS TABLE (
	"applied" bool, 
	"nodes" bigint, 
	"ways" bigint, 
	"relations" bigint, 
	"deleted" bigint, 
	"ignored" bigint, 
	"rebuilt" bigint, 
	"rows_inserted" bigint, 
	"rows_changed" bigint, 
	"rows_deleted" bigint, 
	"seconds" double precision 
)
LANGUAGE c
AS 'MODULE_PATHNAME', 'apply_change_file_wrapper';

CREATE  FUNCTION "area_problems"(
	"ways" geometry[]
) RETURNS TABLE (
	"problem" TEXT, 
	"location" geometry 
)
IMMUTABLE STRICT PARALLEL SAFE
LANGUAGE c
AS 'MODULE_PATHNAME', 'area_problems_wrapper';

CREATE  FUNCTION "assemble_area"(
	"ways" geometry[]
) RETURNS geometry
IMMUTABLE STRICT PARALLEL SAFE
LANGUAGE c
AS 'MODULE_PATHNAME', 'assemble_area_wrapper';

CREATE  FUNCTION "create_tables"() RETURNS bool
STRICT
LANGUAGE c
AS 'MODULE_PATHNAME', 'create_tables_wrapper';

CREATE  FUNCTION "export"(
	"request" jsonb
) RETURNS SETOF bytea
STRICT STABLE
LANGUAGE c
AS 'MODULE_PATHNAME', 'export_wrapper';

CREATE  FUNCTION "export_file"(
	"path" TEXT,
	"request" jsonb
) RETURNS bigint
STRICT
LANGUAGE c
AS 'MODULE_PATHNAME', 'export_file_wrapper';

CREATE  FUNCTION "feature_count"(
	"request" jsonb
) RETURNS bigint
STRICT STABLE
LANGUAGE c
AS 'MODULE_PATHNAME', 'feature_count_wrapper';

CREATE  FUNCTION "features"(
	"request" jsonb
) RETURNS TABLE (
	"osm_type" TEXT, 
	"osm_id" bigint, 
	"version" INT, 
	"changeset" bigint, 
	"timestamp" timestamp with time zone, 
	"uid" INT, 
	"user" TEXT, 
	"tags" jsonb, 
	"geom" geometry 
)
STRICT STABLE
LANGUAGE c
AS 'MODULE_PATHNAME', 'features_wrapper';

CREATE  FUNCTION "file_header"(
	"document" bytea
) RETURNS TABLE (
	"format" TEXT, 
	"compression" TEXT, 
	"generator" TEXT, 
	"required_features" TEXT[], 
	"optional_features" TEXT[], 
	"sorted" bool, 
	"bbox" double precision[], 
	"timestamp" timestamp with time zone, 
	"sequence" bigint, 
	"replication_url" TEXT 
)
IMMUTABLE STRICT PARALLEL SAFE
LANGUAGE c
AS 'MODULE_PATHNAME', 'file_header_wrapper';

CREATE  FUNCTION "import_file"(
	"path" TEXT,
	"area_rule" TEXT DEFAULT NULL
) RETURNS TABLE (
	"nodes" bigint, 
	"ways" bigint, 
	"relations" bigint, 
	"points" bigint, 
	"lines" bigint, 
	"areas" bigint, 
	"relation_features" bigint, 
	"unplaced" bigint, 
	"problems" bigint, 
	"seconds" double precision 
)
LANGUAGE c
AS 'MODULE_PATHNAME', 'import_file_wrapper';

CREATE  FUNCTION "osc_changes"(
	"document" bytea
) RETURNS TABLE (
	"action" TEXT, 
	"kind" TEXT, 
	"id" bigint, 
	"version" INT, 
	"lon" double precision, 
	"lat" double precision, 
	"refs" bigint[], 
	"tags" jsonb 
)
IMMUTABLE STRICT PARALLEL SAFE
LANGUAGE c
AS 'MODULE_PATHNAME', 'osc_changes_wrapper';

CREATE  FUNCTION "osm_elements"(
	"document" bytea
) RETURNS TABLE (
	"kind" TEXT, 
	"id" bigint, 
	"version" INT, 
	"timestamp" timestamp with time zone, 
	"changeset" bigint, 
	"uid" INT, 
	"user" TEXT, 
	"lon" double precision, 
	"lat" double precision, 
	"refs" bigint[], 
	"roles" TEXT[], 
	"kinds" TEXT[], 
	"tags" jsonb 
)
IMMUTABLE STRICT PARALLEL SAFE
LANGUAGE c
AS 'MODULE_PATHNAME', 'osm_elements_wrapper';

CREATE  FUNCTION "rebuild"(
	"osm_type" TEXT,
	"id" bigint,
	"best_effort" bool DEFAULT false
) RETURNS TABLE (
	"geom" geometry, 
	"problems" jsonb 
)
STRICT STABLE
LANGUAGE c
AS 'MODULE_PATHNAME', 'rebuild_wrapper';

CREATE  FUNCTION "relation_members"(
	"id" bigint
) RETURNS TABLE (
	"position" INT, 
	"osm_type" TEXT, 
	"osm_id" bigint, 
	"role" TEXT 
)
STRICT STABLE
LANGUAGE c
AS 'MODULE_PATHNAME', 'relation_members_wrapper';

CREATE  FUNCTION "replace_countries"(
	"features" jsonb
) RETURNS bigint
STRICT
LANGUAGE c
AS 'MODULE_PATHNAME', 'replace_countries_wrapper';

CREATE  FUNCTION "status"() RETURNS TABLE (
	"data_timestamp" timestamp with time zone, 
	"sequence" bigint, 
	"replication_url" TEXT, 
	"area_rule" TEXT, 
	"area_rule_next" TEXT, 
	"loaded_at" timestamp with time zone, 
	"nodes" bigint, 
	"ways" bigint, 
	"relations" bigint, 
	"countries" bigint, 
	"boundary_km2" double precision, 
	"server_sequence" bigint, 
	"lag_seconds" bigint, 
	"looked_at" timestamp with time zone, 
	"last_error" TEXT 
)
STRICT STABLE
LANGUAGE c
AS 'MODULE_PATHNAME', 'status_wrapper';

CREATE  FUNCTION "way_nodes"(
	"id" bigint
) RETURNS TABLE (
	"position" INT, 
	"osm_id" bigint, 
	"location" geometry 
)
STRICT STABLE
LANGUAGE c
AS 'MODULE_PATHNAME', 'way_nodes_wrapper';

CREATE FUNCTION "_load_begin"()
	RETURNS TRIGGER
	LANGUAGE c
	AS 'MODULE_PATHNAME', '_load_begin_wrapper';

CREATE FUNCTION "_load_chunk"()
	RETURNS TRIGGER
	LANGUAGE c
	AS 'MODULE_PATHNAME', '_load_chunk_wrapper';

CREATE FUNCTION "_load_end"()
	RETURNS TRIGGER
	LANGUAGE c
	AS 'MODULE_PATHNAME', '_load_end_wrapper';

-- requires:
--   import::load::_load_begin
--   import::load::_load_chunk
--   import::load::_load_end

-- Documents from a client: COPY into a view, no table takes the bytes.
CREATE VIEW rawdata.load AS SELECT NULL::bytea AS chunk WHERE false;
CREATE TRIGGER load_begin BEFORE INSERT ON rawdata.load FOR EACH STATEMENT EXECUTE FUNCTION rawdata._load_begin();
CREATE TRIGGER load_chunk INSTEAD OF INSERT ON rawdata.load FOR EACH ROW EXECUTE FUNCTION rawdata._load_chunk();
CREATE TRIGGER load_end AFTER INSERT ON rawdata.load FOR EACH STATEMENT EXECUTE FUNCTION rawdata._load_end();

CREATE VIEW rawdata.load_text AS SELECT NULL::text AS line WHERE false;
CREATE TRIGGER load_begin BEFORE INSERT ON rawdata.load_text FOR EACH STATEMENT EXECUTE FUNCTION rawdata._load_begin();
CREATE TRIGGER load_chunk INSTEAD OF INSERT ON rawdata.load_text FOR EACH ROW EXECUTE FUNCTION rawdata._load_chunk();
CREATE TRIGGER load_end AFTER INSERT ON rawdata.load_text FOR EACH STATEMENT EXECUTE FUNCTION rawdata._load_end();

-- A running import cannot show its progress in a table, which would stay unseen until it commits:
-- it shows it as its application_name, "rawdata import/<phase>/<done>/<total>/<objects per second>/<memory in MB>".
CREATE VIEW rawdata.import_progress AS
    SELECT pid, datname, phase, done, total, objects_per_second,
           pg_catalog.make_interval(secs => ((total - done) / nullif(objects_per_second, 0))::double precision) AS remaining,
           memory_mb
    FROM pg_catalog.pg_stat_activity,
         pg_catalog.regexp_match(application_name,
             '^rawdata import/([a-z]+)/([0-9]{1,18})/([0-9]{0,18})/([0-9]{0,18})/([0-9]{0,9})$') AS part,
         LATERAL (SELECT part[1] AS phase, part[2]::bigint AS done, nullif(part[3], '')::bigint AS total,
             nullif(part[4], '')::bigint AS objects_per_second, nullif(part[5], '')::bigint AS memory_mb) AS shown
    WHERE part IS NOT NULL;

-- requires:
--   load_views

-- What changed since a diff: each row once, with what became of it in all.
CREATE FUNCTION rawdata.changes_since(sequence bigint, area public.geometry DEFAULT NULL)
RETURNS TABLE (osm_type text, osm_id bigint, action text, last_sequence bigint, place public.geometry)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    known_from bigint;
BEGIN
    IF to_regclass('rawdata.data_set') IS NOT NULL THEN
        SELECT changes_from INTO known_from FROM rawdata.data_set;
    END IF;
    IF known_from IS NULL THEN
        RAISE EXCEPTION 'there is no data set yet' USING ERRCODE = '55000',
            HINT = 'Import one first, with rawdata.import_file or COPY rawdata.load.';
    ELSIF changes_since.sequence IS NULL THEN
        RAISE EXCEPTION 'the sequence to ask from is NULL' USING ERRCODE = '22023',
            HINT = 'Give the number that rawdata.status() told when the data was last read.';
    ELSIF changes_since.sequence < known_from THEN
        RAISE EXCEPTION 'what changed since % is not known any more: the log of changes begins after %',
            changes_since.sequence, known_from USING ERRCODE = '22023',
            HINT = 'Read the data whole once, or keep changes for longer with rawdata.changes_retention.';
    END IF;
    RETURN QUERY
        WITH one AS (
            SELECT c.osm_type, c.osm_id, max(c.sequence) AS last_sequence,
                (array_agg(c.action ORDER BY c.sequence, c.ctid))[1] AS first_action,
                (array_agg(c.action ORDER BY c.sequence DESC, c.ctid DESC))[1] AS last_action,
                public.ST_Envelope(public.ST_Collect(c.place)) AS place
            FROM rawdata.changes c WHERE c.sequence > changes_since.sequence
            GROUP BY c.osm_type, c.osm_id)
        SELECT o.osm_type, o.osm_id,
            CASE WHEN o.last_action = 'deleted' THEN 'deleted' WHEN o.first_action = 'inserted' THEN 'inserted' ELSE 'changed' END,
            o.last_sequence, o.place
        FROM one o
        WHERE NOT (o.first_action = 'inserted' AND o.last_action = 'deleted')
          AND (changes_since.area IS NULL OR public.ST_Intersects(o.place, changes_since.area))
        ORDER BY o.osm_type, o.osm_id;
END $$;

-- The area that diffs are cut to from now on.
CREATE FUNCTION rawdata.set_boundary(area public.geometry) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF area IS NOT NULL AND (public.ST_GeometryType(area) NOT IN ('ST_Polygon', 'ST_MultiPolygon')
        OR public.ST_IsEmpty(area) OR public.ST_SRID(area) <> 4326) THEN
        RAISE EXCEPTION 'boundary is not an area: it is %, in SRID %', public.GeometryType(area), public.ST_SRID(area)
            USING ERRCODE = '22023', HINT = 'Give a Polygon or MultiPolygon in SRID 4326, or NULL for no boundary.';
    END IF;
    IF to_regclass('rawdata.data_set') IS NOT NULL THEN
        UPDATE rawdata.data_set SET boundary = public.ST_Multi(public.ST_Force2D(area));
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    RAISE EXCEPTION 'there is no data set yet' USING ERRCODE = '55000',
        HINT = 'Import one first, with rawdata.import_file or COPY rawdata.load.';
END $$;

-- requires:
--   changes

-- Who follows a replication server tells here how a look at it went: the database asks no network.
CREATE FUNCTION rawdata.record_look(server_sequence bigint, pause interval, error_kind text DEFAULT NULL, error text DEFAULT NULL)
RETURNS interval
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    looked timestamptz := clock_timestamp();
    failing_for interval;
BEGIN
    IF to_regclass('rawdata.replication_state') IS NULL THEN
        RAISE EXCEPTION 'there is no data set yet' USING ERRCODE = '55000',
            HINT = 'Import one first, with rawdata.import_file or COPY rawdata.load.';
    ELSIF (record_look.error_kind IS NULL) <> (record_look.error IS NULL) THEN
        RAISE EXCEPTION 'an error has a kind and a text' USING ERRCODE = '22023',
            HINT = 'Give both, or neither where the look went well.';
    ELSIF record_look.pause IS NULL OR record_look.pause NOT BETWEEN '0' AND interval '1 day' THEN
        RAISE EXCEPTION 'pause until the next look is not between 0 and a day' USING ERRCODE = '22023',
            HINT = 'Give how long to wait, for example interval ''1 minute''.';
    END IF;
    INSERT INTO rawdata.replication_state AS s
            (server_sequence, looked_at, next_look, succeeded_at, failures, failing_since, error_kind, error, failed_at)
        VALUES (record_look.server_sequence, looked, looked + record_look.pause,
            CASE WHEN record_look.error IS NULL THEN looked END,
            CASE WHEN record_look.error IS NULL THEN 0 ELSE 1 END,
            CASE WHEN record_look.error IS NOT NULL THEN looked END,
            record_look.error_kind, left(record_look.error, 500),
            CASE WHEN record_look.error IS NOT NULL THEN looked END)
        ON CONFLICT (only_row) DO UPDATE SET
            server_sequence = coalesce(excluded.server_sequence, s.server_sequence),
            looked_at = excluded.looked_at, next_look = excluded.next_look,
            succeeded_at = coalesce(excluded.succeeded_at, s.succeeded_at),
            failures = CASE WHEN excluded.failures = 0 THEN 0 ELSE s.failures + 1 END,
            failing_since = CASE WHEN excluded.failures > 0 THEN coalesce(s.failing_since, excluded.failing_since) END,
            error_kind = coalesce(excluded.error_kind, s.error_kind), error = coalesce(excluded.error, s.error),
            failed_at = coalesce(excluded.failed_at, s.failed_at)
        RETURNING coalesce(greatest(looked_at - failing_since, '0'), '0') INTO failing_for;
    RETURN failing_for;
END $$;

-- requires:
--   looks

-- Replacing a data set: fresh tables are filled and indexed aside, then only their storage changes places with the
-- old ones'. The tables themselves stay, and with them views, grants, indexes, publications that users hung on them.
-- Called by the import as the extension's owner, a superuser; the catalog rows written are those that CLUSTER writes.

CREATE FUNCTION rawdata._fresh_table(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TABLE rawdata.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED '
        'INCLUDING STORAGE INCLUDING COMPRESSION)', rawdata._fresh_name(target), target);
END $$;

CREATE FUNCTION rawdata._fresh_name(target regclass) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT ('_fresh_' || relname)::name FROM pg_catalog.pg_class WHERE oid = target);

-- Gives the fresh table every index that the target has, the user's own included.
CREATE FUNCTION rawdata._index_fresh(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    own record;
    fresh text := format('rawdata.%I', rawdata._fresh_name(target));
    head text;
BEGIN
    FOR own IN
        SELECT i.indexrelid, i.indisunique, x.relname AS index_name, t.relname AS table_name, n.nspname,
               pg_get_indexdef(i.indexrelid) AS definition
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
             JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE i.indrelid = target AND i.indisvalid ORDER BY i.indexrelid
    LOOP
        head := format('CREATE %sINDEX %I ON %I.%I', CASE WHEN own.indisunique THEN 'UNIQUE ' ELSE '' END,
                       own.index_name, own.nspname, own.table_name);
        IF NOT starts_with(own.definition, head) THEN
            RAISE EXCEPTION 'index "%" cannot be built for the new data set', own.index_name
                USING ERRCODE = '0A000', HINT = 'Drop the index and import again.';
        END IF;
        EXECUTE format('CREATE %sINDEX %I ON %s', CASE WHEN own.indisunique THEN 'UNIQUE ' ELSE '' END,
                       '_fresh_' || own.indexrelid, fresh) || substr(own.definition, length(head) + 1);
    END LOOP;
    EXECUTE 'ANALYZE ' || fresh;
END $$;

-- Tries to lock tables against readers, for at most 50 ms a table, so that no queue forms behind it. Whether it did.
CREATE FUNCTION rawdata._lock_for_swap(targets regclass[]) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '50ms' AS $$
BEGIN
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', array_to_string(targets, ', '));
    RETURN true;
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
    RETURN false;
END $$;

-- Exchanges the files of two tables, or of two indexes. Both locked, nothing written to either afterwards.
CREATE FUNCTION rawdata._exchange_files(one regclass, other regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE pg_class c SET relfilenode = o.relfilenode, reltablespace = o.reltablespace, relpages = o.relpages,
        reltuples = o.reltuples, relallvisible = o.relallvisible, reltoastrelid = o.reltoastrelid,
        relfrozenxid = o.relfrozenxid, relminmxid = o.relminmxid
    FROM pg_class o WHERE (c.oid, o.oid) IN ((one, other), (other, one));
    DELETE FROM pg_statistic WHERE starelid = one;
    UPDATE pg_statistic SET starelid = one WHERE starelid = other;
END $$;

-- A TOAST table belongs to its table by a row of pg_depend, and is named after it.
CREATE FUNCTION rawdata._exchange_toast_owners(one regclass, other regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    toast_of_one oid := (SELECT reltoastrelid FROM pg_class WHERE oid = one);
    toast_of_other oid := (SELECT reltoastrelid FROM pg_class WHERE oid = other);
    step record;
BEGIN
    IF toast_of_one = 0 AND toast_of_other = 0 THEN RETURN; END IF;
    UPDATE pg_depend SET refobjid = CASE objid WHEN toast_of_one THEN one ELSE other END
    WHERE classid = 'pg_class'::regclass AND objid IN (toast_of_one, toast_of_other) AND objid <> 0
      AND refclassid = 'pg_class'::regclass AND refobjid IN (one, other) AND deptype = 'i';
    FOR step IN
        SELECT * FROM (VALUES (toast_of_other, '_swap_' || other::oid), (toast_of_one, 'pg_toast_' || one::oid),
                              (toast_of_other, 'pg_toast_' || other::oid)) AS s (toast, name) WHERE toast <> 0
    LOOP
        UPDATE pg_class SET relname = step.name WHERE oid = step.toast;
        UPDATE pg_class SET relname = step.name || '_index'
        WHERE oid = (SELECT indexrelid FROM pg_index WHERE indrelid = step.toast);
    END LOOP;
END $$;

-- Puts the fresh table's storage in the target's place and drops what was there.
CREATE FUNCTION rawdata._swap_in(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    fresh regclass := format('rawdata.%I', rawdata._fresh_name(target))::regclass;
    own oid;
BEGIN
    PERFORM rawdata._exchange_files(target, fresh);
    PERFORM rawdata._exchange_toast_owners(target, fresh);
    FOR own IN SELECT indexrelid FROM pg_index WHERE indrelid = target AND indisvalid LOOP
        PERFORM rawdata._exchange_files(own, format('rawdata.%I', '_fresh_' || own)::regclass);
    END LOOP;
    EXECUTE format('DROP TABLE %s', fresh);
END $$;

-- requires:
--   swap

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

-- finalize
-- Comments, which pgrx does not take from the code, and rights: what changes something is for those it is granted to.

REVOKE ALL ON FUNCTION rawdata.import_file(text, text), rawdata.export_file(text, jsonb), rawdata.create_tables(),
    rawdata.create_roles(), rawdata.replace_countries(jsonb), rawdata._grant(), rawdata._fresh_table(regclass),
    rawdata._index_fresh(regclass), rawdata._lock_for_swap(regclass[]), rawdata._exchange_files(regclass, regclass),
    rawdata._exchange_toast_owners(regclass, regclass), rawdata._swap_in(regclass), rawdata._load_begin(),
    rawdata._load_chunk(), rawdata._load_end(), rawdata.apply_change(bytea, bigint, timestamptz),
    rawdata.apply_change_file(text, bigint, timestamptz), rawdata.set_boundary(geometry),
    rawdata.record_look(bigint, interval, text, text) FROM PUBLIC;
GRANT SELECT ON rawdata.import_progress TO PUBLIC;

-- Where many rows lie is sorted here, 104 bytes a row. One sort is alive at a time.
-- A page in which a row is found is read for what the row holds anyway. So it is cheap to find rows by the index on places,
-- which the planner cannot know.
-- An area's test looks so dear to the planner that it would compile it, which delays the first byte.
ALTER FUNCTION rawdata.export(jsonb) SET work_mem = '24MB' SET random_page_cost = 1.1 SET jit = off;
ALTER FUNCTION rawdata.export_file(text, jsonb) SET work_mem = '24MB' SET random_page_cost = 1.1 SET jit = off;
ALTER FUNCTION rawdata.features(jsonb) SET work_mem = '24MB' SET random_page_cost = 1.1 SET jit = off;

-- A diff looks up few rows among many, by index. Its queries run as the owner, so no operator may be the caller's own.
ALTER FUNCTION rawdata.apply_change(bytea, bigint, timestamptz) SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    SET jit = off SET max_parallel_workers_per_gather = 0;
ALTER FUNCTION rawdata.apply_change_file(text, bigint, timestamptz) SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    SET jit = off SET max_parallel_workers_per_gather = 0;

COMMENT ON SCHEMA rawdata IS 'OpenStreetMap data: imports, updates and exports (extension pg_rawdata)';
COMMENT ON FUNCTION rawdata.osm_elements(bytea) IS 'Lists the objects of an OSM document (XML or PBF; gzip, bzip2 or zstd around it is recognised) in document order';
COMMENT ON FUNCTION rawdata.osc_changes(bytea) IS 'Lists the changes of an OsmChange document in document order';
COMMENT ON FUNCTION rawdata.file_header(bytea) IS 'What an OSM document says of itself before its first object';
COMMENT ON FUNCTION rawdata.assemble_area(geometry[]) IS 'The area that lines enclose, coordinates rounded to 1e-7 degree; NULL where they enclose no valid one';
COMMENT ON FUNCTION rawdata.area_problems(geometry[]) IS 'Why lines enclose no valid area, or what is odd about it, and where';
COMMENT ON FUNCTION rawdata.relation_members(bigint) IS 'The members of a stored relation, in order';
COMMENT ON FUNCTION rawdata.way_nodes(bigint) IS 'The nodes of a stored way, in order, and where they are; no location where a node is not in the data';
COMMENT ON FUNCTION rawdata.rebuild(text, bigint, boolean) IS 'What a stored object becomes if it is built now: its geometry as an import makes it, and what is wrong; in best effort also where members are missing';
COMMENT ON FUNCTION rawdata.import_file(text, text) IS 'Replaces the data set by what a file of the server holds; needs pg_read_server_files';
COMMENT ON FUNCTION rawdata.apply_change(bytea, bigint, timestamptz) IS 'Applies a change file to the data set, whole or not at all, its number inside the same transaction; a map file is taken as puts only';
COMMENT ON FUNCTION rawdata.apply_change_file(text, bigint, timestamptz) IS 'Applies a change file of the server to the data set; needs pg_read_server_files';
COMMENT ON FUNCTION rawdata.changes_since(bigint, geometry) IS 'Rows of the feature tables that diffs inserted, changed or deleted after the one of the number given, within an area or everywhere';
COMMENT ON FUNCTION rawdata.set_boundary(geometry) IS 'Gives the data set a boundary: diffs leave out what lies outside of it. NULL takes it away; an import does, too';
COMMENT ON FUNCTION rawdata.record_look(bigint, interval, text, text) IS 'Writes down how a look at the replication server went and when the next is due; tells for how long they have failed';
COMMENT ON VIEW rawdata.load IS 'COPY rawdata.load FROM STDIN (FORMAT binary) replaces the data set by the document sent, in pieces of 64 kB to 1 MB';
COMMENT ON COLUMN rawdata.load.chunk IS 'The next piece of the document';
COMMENT ON VIEW rawdata.load_text IS 'The same for OSM XML as lines of text, so that psql alone can send it';
COMMENT ON COLUMN rawdata.load_text.line IS 'The next line of the document';
COMMENT ON VIEW rawdata.import_progress IS 'Imports that are running: phase, objects done, objects in all where that is known';
COMMENT ON COLUMN rawdata.import_progress.pid IS 'Process number of the session';
COMMENT ON COLUMN rawdata.import_progress.datname IS 'Database of the session';
COMMENT ON COLUMN rawdata.import_progress.phase IS 'nodes, ways, relations, index or swap; read first where the document is in no order';
COMMENT ON COLUMN rawdata.import_progress.done IS 'Objects of all kinds (in phase index: tables) done';
COMMENT ON COLUMN rawdata.import_progress.total IS 'Objects (in phase index: tables) in all, while a file is read estimated from the part that is; NULL where that is not known';
COMMENT ON COLUMN rawdata.import_progress.objects_per_second IS 'Objects per second since the phase began; NULL in phases that count tables';
COMMENT ON COLUMN rawdata.import_progress.remaining IS 'Time at that speed until all objects are done';
COMMENT ON COLUMN rawdata.import_progress.memory_mb IS 'Memory of the session''s process without shared memory, in MiB; NULL where the system does not tell';
COMMENT ON FUNCTION rawdata.status() IS 'What is loaded, and how current it is: one row, none before the first import';
COMMENT ON FUNCTION rawdata.features(jsonb) IS 'The features that a request selects';
COMMENT ON FUNCTION rawdata.feature_count(jsonb) IS 'How many features a request selects';
COMMENT ON FUNCTION rawdata.export(jsonb) IS 'The finished file of a request in chunks of 1 to 4 MiB. Call it in the select list, where it streams; in FROM it is first stored whole';
COMMENT ON FUNCTION rawdata.export_file(text, jsonb) IS 'Writes the file of a request into a new file of the server and tells its size in bytes; needs pg_write_server_files';
COMMENT ON FUNCTION rawdata.create_tables() IS 'Makes the tables of the data set and of the jobs; false if they are there';
COMMENT ON FUNCTION rawdata.create_roles() IS 'Makes the roles rawdata_reader, rawdata_writer and rawdata_admin, and gives them their rights';
COMMENT ON FUNCTION rawdata.replace_countries(jsonb) IS 'Replaces the outlines of countries by those of a GeoJSON FeatureCollection, and derives the country of every row anew';
COMMENT ON FUNCTION rawdata._grant() IS 'Internal: gives the three roles their rights on what exists';
COMMENT ON FUNCTION rawdata._fresh_table(regclass) IS 'Internal: makes an empty twin of a table';
COMMENT ON FUNCTION rawdata._fresh_name(regclass) IS 'Internal: the name of the empty twin of a table';
COMMENT ON FUNCTION rawdata._index_fresh(regclass) IS 'Internal: gives the twin of a table its indexes and statistics';
COMMENT ON FUNCTION rawdata._lock_for_swap(regclass[]) IS 'Internal: tries for a moment to lock tables against readers';
COMMENT ON FUNCTION rawdata._exchange_files(regclass, regclass) IS 'Internal: exchanges the storage of two tables or indexes';
COMMENT ON FUNCTION rawdata._exchange_toast_owners(regclass, regclass) IS 'Internal: exchanges the TOAST tables of two tables';
COMMENT ON FUNCTION rawdata._swap_in(regclass) IS 'Internal: puts the twin of a table in its place';
COMMENT ON FUNCTION rawdata._load_begin() IS 'Internal: trigger before the first piece of a document';
COMMENT ON FUNCTION rawdata._load_chunk() IS 'Internal: trigger for a piece of a document';
COMMENT ON FUNCTION rawdata._load_end() IS 'Internal: trigger after the last piece of a document';
COMMENT ON FUNCTION rawdata._node_blocks(bytea) IS 'Internal: the blocks of nodes that a way uses; an index goes by it';
COMMENT ON FUNCTION rawdata._member_keys(bytea) IS 'Internal: a number for each member of a relation; an index goes by it';

