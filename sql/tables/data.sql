-- The data set: what exports read, what updates need, and what the two are about.
-- Run by rawdata.create_tables(), not by CREATE EXTENSION: pg_dump leaves out the rows of an extension's own tables.

-- Features: an object with a tag and a geometry has one row in one of these four.
CREATE TABLE rawdata.nodes (
    osm_id bigint NOT NULL, uid integer, "user" text, version integer, changeset bigint, "timestamp" timestamptz,
    tags jsonb NOT NULL, geom public.geometry(Point, 4326) NOT NULL, country integer[] NOT NULL DEFAULT '{0}');
CREATE TABLE rawdata.ways_line (
    osm_id bigint NOT NULL, uid integer, "user" text, version integer, changeset bigint, "timestamp" timestamptz,
    tags jsonb NOT NULL, geom public.geometry(LineString, 4326) NOT NULL, country integer[] NOT NULL DEFAULT '{0}');
CREATE TABLE rawdata.ways_poly (
    osm_id bigint NOT NULL, uid integer, "user" text, version integer, changeset bigint, "timestamp" timestamptz,
    tags jsonb NOT NULL, geom public.geometry(Geometry, 4326) NOT NULL, country integer[] NOT NULL DEFAULT '{0}');
CREATE TABLE rawdata.relations (
    osm_id bigint NOT NULL, uid integer, "user" text, version integer, changeset bigint, "timestamp" timestamptz,
    tags jsonb NOT NULL, geom public.geometry(Geometry, 4326) NOT NULL, country integer[] NOT NULL DEFAULT '{0}');

-- What updates need. Places of 128 consecutive node ids in a row; refs and members delta-coded.
CREATE TABLE rawdata.node_places (block bigint NOT NULL, places bytea NOT NULL);
CREATE TABLE rawdata.way_nodes (osm_id bigint NOT NULL, version integer, refs bytea NOT NULL);
CREATE TABLE rawdata.relation_members (osm_id bigint NOT NULL, version integer, members bytea NOT NULL);
CREATE TABLE rawdata.unplaced (
    osm_type text NOT NULL, osm_id bigint NOT NULL, uid integer, "user" text, version integer, changeset bigint,
    "timestamp" timestamptz, tags jsonb NOT NULL);

CREATE TABLE rawdata.problems (
    osm_type text NOT NULL, osm_id bigint NOT NULL, problem text NOT NULL,
    location public.geometry(Point, 4326), detail text);

CREATE TABLE rawdata.countries (
    cid integer CONSTRAINT countries_pkey PRIMARY KEY, name text, iso3 varchar(3),
    geometry public.geometry(MultiPolygon, 4326) NOT NULL);

-- One row: what is loaded.
CREATE TABLE rawdata.data_set (
    only_row boolean CONSTRAINT data_set_pkey PRIMARY KEY DEFAULT true CONSTRAINT data_set_only_row CHECK (only_row),
    area_rule text NOT NULL, data_timestamp timestamptz, sequence bigint, replication_url text,
    generator text, bounds public.geometry(Polygon, 4326), loaded_at timestamptz NOT NULL,
    nodes bigint NOT NULL, ways bigint NOT NULL, relations bigint NOT NULL, generation bigint NOT NULL DEFAULT 1,
    changes_from bigint NOT NULL DEFAULT 0, boundary public.geometry(MultiPolygon, 4326));

-- One row: how the last look at the replication server went, and when the next is due. Beside data_set, so that an update's
-- transaction and the report of a look never wait for each other.
CREATE TABLE rawdata.replication_state (
    only_row boolean CONSTRAINT replication_state_pkey PRIMARY KEY DEFAULT true CONSTRAINT replication_state_only_row CHECK (only_row),
    server_sequence bigint, looked_at timestamptz NOT NULL, next_look timestamptz NOT NULL, succeeded_at timestamptz,
    failures integer NOT NULL, failing_since timestamptz, error_kind text, error text, failed_at timestamptz);

-- What diffs changed in the feature tables, kept for rawdata.changes_retention.
CREATE TABLE rawdata.changes (
    sequence bigint NOT NULL, osm_type text NOT NULL, osm_id bigint NOT NULL,
    action text NOT NULL CONSTRAINT changes_action CHECK (action IN ('inserted', 'changed', 'deleted')),
    place public.geometry(Geometry, 4326) NOT NULL, changed_at timestamptz NOT NULL DEFAULT now());

CREATE TABLE rawdata.users (osm_id bigint CONSTRAINT users_pkey PRIMARY KEY, role integer NOT NULL DEFAULT 3
    CONSTRAINT users_role CHECK (role BETWEEN 1 AND 3));

ALTER TABLE rawdata.nodes ADD CONSTRAINT nodes_pkey PRIMARY KEY (osm_id);
ALTER TABLE rawdata.ways_line ADD CONSTRAINT ways_line_pkey PRIMARY KEY (osm_id);
ALTER TABLE rawdata.ways_poly ADD CONSTRAINT ways_poly_pkey PRIMARY KEY (osm_id);
ALTER TABLE rawdata.relations ADD CONSTRAINT relations_pkey PRIMARY KEY (osm_id);
ALTER TABLE rawdata.node_places ADD CONSTRAINT node_places_pkey PRIMARY KEY (block);
ALTER TABLE rawdata.way_nodes ADD CONSTRAINT way_nodes_pkey PRIMARY KEY (osm_id);
ALTER TABLE rawdata.relation_members ADD CONSTRAINT relation_members_pkey PRIMARY KEY (osm_id);
ALTER TABLE rawdata.unplaced ADD CONSTRAINT unplaced_pkey PRIMARY KEY (osm_type, osm_id);
CREATE INDEX problems_object ON rawdata.problems (osm_type, osm_id);

-- Exports look by area first, then by tags, then by country.
CREATE INDEX nodes_geom ON rawdata.nodes USING gist (geom);
CREATE INDEX ways_line_geom ON rawdata.ways_line USING gist (geom);
CREATE INDEX ways_poly_geom ON rawdata.ways_poly USING gist (geom);
CREATE INDEX relations_geom ON rawdata.relations USING gist (geom);
CREATE INDEX problems_location ON rawdata.problems USING gist (location);
CREATE INDEX nodes_country ON rawdata.nodes USING gin (country);
CREATE INDEX ways_line_country ON rawdata.ways_line USING gin (country);
CREATE INDEX ways_poly_country ON rawdata.ways_poly USING gin (country);
CREATE INDEX relations_country ON rawdata.relations USING gin (country);

CREATE INDEX changes_sequence ON rawdata.changes (sequence);
CREATE INDEX changes_changed_at ON rawdata.changes (changed_at);

-- From a node's block, and from a member, to those that use it. Without fastupdate: each diff looks things up here, and
-- would read the list of entries not yet sorted in again and again.
CREATE INDEX way_nodes_blocks ON rawdata.way_nodes USING gin (rawdata._node_blocks(refs)) WITH (fastupdate = off);
CREATE INDEX relation_members_keys ON rawdata.relation_members USING gin (rawdata._member_keys(members)) WITH (fastupdate = off);

-- A diff rewrites many large geometries; lz4 packs them several times faster than the server's default.
DO $$
DECLARE
    target regclass;
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
        FOREACH target IN ARRAY ARRAY['rawdata.nodes', 'rawdata.ways_line', 'rawdata.ways_poly', 'rawdata.relations']::regclass[] LOOP
            EXECUTE format('ALTER TABLE %s ALTER COLUMN geom SET COMPRESSION lz4, ALTER COLUMN tags SET COMPRESSION lz4', target);
        END LOOP;
        ALTER TABLE rawdata.relation_members ALTER COLUMN members SET COMPRESSION lz4;
    END IF;
    -- Weeks of diffs change a few rows a minute, of which the usual fifth of a table is too many to wait for.
    FOREACH target IN ARRAY ARRAY['rawdata.nodes', 'rawdata.ways_line', 'rawdata.ways_poly', 'rawdata.relations', 'rawdata.node_places',
        'rawdata.way_nodes', 'rawdata.relation_members', 'rawdata.unplaced', 'rawdata.problems', 'rawdata.changes']::regclass[] LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05)', target);
    END LOOP;
END $$;

CREATE VIEW rawdata.features AS
    SELECT 'nodes'::text AS osm_type, osm_id, uid, "user", version, changeset, "timestamp", tags, geom, country FROM rawdata.nodes
    UNION ALL SELECT 'ways_line', osm_id, uid, "user", version, changeset, "timestamp", tags, geom, country FROM rawdata.ways_line
    UNION ALL SELECT 'ways_poly', osm_id, uid, "user", version, changeset, "timestamp", tags, geom, country FROM rawdata.ways_poly
    UNION ALL SELECT 'relations', osm_id, uid, "user", version, changeset, "timestamp", tags, geom, country FROM rawdata.relations;

-- Problems in the form of features, for exports: what is wrong with which object are the tags.
CREATE VIEW rawdata.problem_features AS
    SELECT osm_id, NULL::integer AS uid, NULL::text AS "user", NULL::integer AS version, NULL::bigint AS changeset,
           NULL::timestamptz AS "timestamp",
           pg_catalog.jsonb_build_object('problem', problem, 'object', osm_type, 'detail', coalesce(detail, '')) AS tags,
           location AS geom
    FROM rawdata.problems WHERE location IS NOT NULL;

CREATE VIEW rawdata.replication AS
    SELECT d.replication_url, d.sequence, d.data_timestamp, s.server_sequence,
           -- A clock that is behind the data makes no data of the future.
           greatest(0, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - d.data_timestamp))::bigint AS lag_seconds,
           s.looked_at, s.next_look, s.succeeded_at, coalesce(s.failures, 0) AS failures, s.failing_since,
           s.error_kind, s.error, s.failed_at
      FROM rawdata.data_set AS d LEFT JOIN rawdata.replication_state AS s ON true;

COMMENT ON TABLE rawdata.nodes IS 'OpenStreetMap nodes that carry a tag, as points';
COMMENT ON TABLE rawdata.ways_line IS 'OpenStreetMap ways that are lines';
COMMENT ON TABLE rawdata.ways_poly IS 'OpenStreetMap ways that are areas: Polygon, or MultiPolygon where the way has several rings';
COMMENT ON TABLE rawdata.relations IS 'OpenStreetMap relations: Polygon or MultiPolygon for multipolygons and boundaries, else MultiLineString';
COMMENT ON TABLE rawdata.node_places IS 'Places and versions of all nodes, 128 consecutive ids a row, packed; for updates';
COMMENT ON TABLE rawdata.way_nodes IS 'Node ids of all ways, packed; for updates';
COMMENT ON TABLE rawdata.relation_members IS 'Members of all relations, packed; for updates';
COMMENT ON TABLE rawdata.unplaced IS 'Tagged objects that have no geometry now; a change may give them one';
COMMENT ON TABLE rawdata.problems IS 'Why an object has no geometry, or what is odd about it, and where';
COMMENT ON VIEW rawdata.problem_features IS 'Problems that have a place, with the columns of features; the tags are problem, object and detail';
COMMENT ON TABLE rawdata.countries IS 'Outlines of countries; load others with sql/countries.sql';
COMMENT ON TABLE rawdata.data_set IS 'What is loaded: one row, none before the first import';
COMMENT ON COLUMN rawdata.data_set.boundary IS 'The area that diffs are cut to, given by rawdata.set_boundary';
COMMENT ON TABLE rawdata.replication_state IS 'How the last look at the replication server went; written by rawdata.record_look, read through the view replication';
COMMENT ON VIEW rawdata.replication IS 'How current the data set is, and how the last look at its replication server went';
COMMENT ON TABLE rawdata.changes IS 'Rows of the feature tables that diffs inserted, changed or deleted; see rawdata.changes_since';
COMMENT ON COLUMN rawdata.changes.sequence IS 'Number of the diff';
COMMENT ON TABLE rawdata.users IS 'OpenStreetMap users with a role: 1 admin, 2 staff, 3 anyone else';
COMMENT ON VIEW rawdata.features IS 'The four feature tables in one; osm_type is the name of the table';

-- The same name means the same in every table.
DO $$
DECLARE
    here record;
BEGIN
    FOR here IN
        SELECT c.relname, a.attname, m.meaning
          FROM (VALUES
            ('osm_type', 'Kind of the object; in features the table of the row'),
            ('osm_id', 'Number of the object, for its kind'),
            ('uid', 'Number of the user who made this version; NULL where the document did not say'),
            ('user', 'Name of that user at the time; NULL where the document did not say'),
            ('version', 'Version of the object; NULL where the document did not say'),
            ('changeset', 'Changeset that made this version; NULL where the document did not say'),
            ('timestamp', 'When this version was made; NULL where the document did not say'),
            ('tags', 'Tags of the object, without odbl and source:ref'),
            ('geom', 'Shape of the object in longitude and latitude'),
            ('country', 'cid of the countries that hold the centroid; {0} where none does'),
            ('block', 'Number of the first node id of the row, divided by 128'),
            ('places', 'Places and versions of up to 128 nodes, packed'),
            ('refs', 'Node ids of the way in order, packed'),
            ('members', 'Members of the relation in order, with their roles, packed'),
            ('problem', 'What is odd, in a word'),
            ('location', 'Where'),
            ('detail', 'What else is known: the objects concerned'),
            ('cid', 'Number of the country, as rows have it in their column country'),
            ('name', 'Name of the country'),
            ('iso3', 'Three-letter code (ISO 3166-1) of the country'),
            ('geometry', 'Outline of the country'),
            ('only_row', 'There is one row'),
            ('area_rule', 'Which closed ways are areas: tags or closed'),
            ('data_timestamp', 'How current the data are'),
            ('sequence', 'Number of the last change applied; NULL where updates have no starting point'),
            ('replication_url', 'Where the document says that changes come from'),
            ('generator', 'The program that wrote the document, as the document says'),
            ('bounds', 'Box that the document says it covers'),
            ('loaded_at', 'When the import ended'),
            ('nodes', 'How many nodes the document held, tagged or not'),
            ('ways', 'How many ways the document held'),
            ('relations', 'How many relations the document held'),
            ('generation', 'How often the data set was replaced, from 1'),
            ('changes_from', 'Number after which rawdata.changes holds every change'),
            ('server_sequence', 'Number of the newest change that the replication server had'),
            ('lag_seconds', 'Seconds between data_timestamp and now'),
            ('looked_at', 'When the server was asked last'),
            ('next_look', 'When the next look is due'),
            ('succeeded_at', 'When a look went well last'),
            ('failures', 'Looks that failed since then'),
            ('failing_since', 'When the first of them failed'),
            ('error_kind', 'Of the last failure: setting, network, missing, server, state, document or database'),
            ('error', 'Its cause, in a sentence'),
            ('failed_at', 'When that was'),
            ('action', 'inserted, changed or deleted'),
            ('place', 'Box around the row''s geometry, before and after'),
            ('changed_at', 'When the diff was applied'),
            ('role', '1 admin, 2 staff, 3 anyone else')) AS m (column_name, meaning)
          JOIN pg_catalog.pg_attribute a ON a.attname = m.column_name AND a.attnum > 0
          JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'v')
         WHERE c.relnamespace = 'rawdata'::pg_catalog.regnamespace AND pg_catalog.col_description(c.oid, a.attnum) IS NULL
    LOOP
        EXECUTE pg_catalog.format('COMMENT ON COLUMN rawdata.%I.%I IS %L', here.relname, here.attname, here.meaning);
    END LOOP;
END $$;

COMMENT ON COLUMN rawdata.users.osm_id IS 'Number of the user at OpenStreetMap';
