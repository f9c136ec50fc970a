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
    nodes bigint NOT NULL, ways bigint NOT NULL, relations bigint NOT NULL, generation bigint NOT NULL DEFAULT 1);

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

-- From a node's block, and from a member, to those that use it.
CREATE INDEX way_nodes_blocks ON rawdata.way_nodes USING gin (rawdata._node_blocks(refs));
CREATE INDEX relation_members_keys ON rawdata.relation_members USING gin (rawdata._member_keys(members));

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
COMMENT ON TABLE rawdata.users IS 'OpenStreetMap users with a role: 1 admin, 2 staff, 3 anyone else';
COMMENT ON VIEW rawdata.features IS 'The four feature tables in one; osm_type is the name of the table';
COMMENT ON COLUMN rawdata.nodes.country IS 'cid of the countries that hold the centroid; {0} where none does';
COMMENT ON COLUMN rawdata.ways_line.country IS 'cid of the countries that hold the centroid; {0} where none does';
COMMENT ON COLUMN rawdata.ways_poly.country IS 'cid of the countries that hold the centroid; {0} where none does';
COMMENT ON COLUMN rawdata.relations.country IS 'cid of the countries that hold the centroid; {0} where none does';
