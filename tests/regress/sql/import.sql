-- A document through COPY's view becomes the data set, whatever its order.
SET client_min_messages = warning;
SELECT rawdata.create_tables() IS NOT NULL AS made;
INSERT INTO rawdata.load VALUES
  ('<osm version="0.6"><way id="9" version="1"><nd ref="2"/><nd ref="1"/><tag k="highway" v="path"/></way>'),
  ('<node id="2" version="1" lat="0" lon="1"/><node id="1" version="2" lat="0" lon="0" timestamp="2024-02-29T12:00:00Z"><tag k="place" v="spot"/></node>'),
  ('<node id="1" version="1" lat="5" lon="5"/></osm>');
SELECT osm_type, osm_id, version, tags, public.ST_AsText(geom), country FROM rawdata.features ORDER BY 1, 2;
SELECT data_timestamp AT TIME ZONE 'UTC' AS data_timestamp, area_rule, nodes, ways, relations FROM rawdata.status();

-- A document that breaks off leaves what was there.
INSERT INTO rawdata.load VALUES ('<osm version="0.6"><node id="7" version="1" lat="0" lon="0"><tag k="a" v="b"/></node>');
SELECT count(*) FROM rawdata.features;

-- Lines of text, and the rule of the old service: a closed way is an area whatever its tags.
SET rawdata.area_rule = 'closed';
INSERT INTO rawdata.load_text VALUES ('<osm version="0.6"><node id="1" lat="0" lon="0"/><node id="2" lat="0" lon="1"/>'),
  ('<node id="3" lat="1" lon="1"/>'), ('<way id="4"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="highway" v="service"/></way></osm>');
SELECT osm_type, osm_id, version, public.ST_AsText(geom) FROM rawdata.features;
SET rawdata.area_rule = 'round';
RESET rawdata.area_rule;

-- Views, grants and indexes of the user's own outlive a replacement, and so do the row estimates.
CREATE VIEW public.my_paths AS SELECT osm_id FROM rawdata.ways_line;
CREATE INDEX my_names ON rawdata.nodes ((tags->>'name'));
INSERT INTO rawdata.load VALUES ('<osm version="0.6"><node id="1" lat="0" lon="0"><tag k="name" v="x"/></node></osm>');
SELECT (SELECT count(*) FROM public.my_paths) AS paths,
       (SELECT indisvalid FROM pg_index WHERE indexrelid = 'rawdata.my_names'::regclass) AS valid,
       (SELECT reltuples FROM pg_class WHERE oid = 'rawdata.nodes'::regclass) AS rows;
SET enable_seqscan = off;
SELECT osm_id FROM rawdata.nodes WHERE tags->>'name' = 'x';
RESET enable_seqscan;
DROP VIEW public.my_paths;
DROP INDEX rawdata.my_names;

-- Files, and files for those who may not.
SELECT * FROM rawdata.import_file('relative');
SELECT * FROM rawdata.import_file('/');
SELECT * FROM rawdata.import_file('/no/such/file');
SET ROLE pg_monitor;
SELECT * FROM rawdata.import_file('/no/such/file');
RESET ROLE;

-- Problems say why there is no geometry.
INSERT INTO rawdata.load VALUES ('<osm version="0.6"><node id="1" lat="0" lon="0"/><node id="2" lat="2" lon="2"/><node id="3" lat="0" lon="2"/><node id="4" lat="2" lon="0"/>
  <way id="5"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="building" v="yes"/></way>
  <relation id="6"><member type="way" ref="77" role="outer"/><tag k="type" v="multipolygon"/></relation></osm>');
SELECT osm_type, osm_id, problem, public.ST_AsText(location), detail FROM rawdata.problems ORDER BY 1, 2;
SELECT osm_type, osm_id, tags FROM rawdata.unplaced ORDER BY 1, 2;
SELECT count(*) FROM rawdata.features;
