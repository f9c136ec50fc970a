-- What lies behind a feature, and what it becomes if it is built now.
SET client_min_messages = warning;
SELECT rawdata.create_tables() IS NOT NULL AS made;
SELECT * FROM rawdata.rebuild('way', 404);
INSERT INTO rawdata.load VALUES ('<osm version="0.6">
  <node id="1" lat="0" lon="0"/><node id="2" lat="0" lon="4"/><node id="3" lat="4" lon="4"/><node id="4" lat="4" lon="0"/>
  <node id="5" lat="1" lon="1"><tag k="name" v="spot"/></node><node id="6" lat="2" lon="2"/><node id="7" lat="1" lon="2"/>
  <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/></way>
  <way id="11"><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="barrier" v="fence"/></way>
  <way id="12"><nd ref="5"/><nd ref="7"/><nd ref="6"/><nd ref="5"/><tag k="building" v="yes"/></way>
  <way id="13"><nd ref="1"/><nd ref="3"/><nd ref="2"/><nd ref="4"/><nd ref="1"/><tag k="building" v="yes"/></way>
  <way id="14"><nd ref="1"/><nd ref="99"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="building" v="yes"/></way>
  <relation id="20"><member type="way" ref="10" role="outer"/><member type="way" ref="11" role="outer"/><member type="way" ref="12" role="inner"/>
    <member type="node" ref="5" role="label"/><member type="relation" ref="22" role=""/><tag k="type" v="multipolygon"/><tag k="natural" v="water"/></relation>
  <relation id="21"><member type="way" ref="12" role="inner"/><member type="way" ref="77" role="outer"/><tag k="type" v="boundary"/></relation>
  <relation id="22"><member type="way" ref="10" role=""/><member type="way" ref="11" role=""/><tag k="type" v="route"/></relation></osm>');

SELECT * FROM rawdata.relation_members(20);
SELECT position, osm_id, public.ST_AsText(location) FROM rawdata.way_nodes(14);
SELECT (SELECT count(*) FROM rawdata.relation_members(1)), (SELECT count(*) FROM rawdata.way_nodes(1)), (SELECT count(*) FROM rawdata.rebuild('way', 1));

-- Every feature comes back byte for byte, and every problem with it.
SELECT f.osm_type, f.osm_id, public.ST_AsText(r.geom), r.geom::bytea = f.geom::bytea AS same, r.problems
  FROM rawdata.features f, rawdata.rebuild(f.osm_type, f.osm_id) r ORDER BY 1, 2;
SELECT u.osm_type, u.osm_id, r.geom IS NULL AS none, jsonb_array_length(r.problems) =
       (SELECT count(*) FROM rawdata.problems p WHERE (p.osm_type, p.osm_id) = (u.osm_type, u.osm_id)) AS all_problems
  FROM rawdata.unplaced u, rawdata.rebuild(u.osm_type, u.osm_id) r ORDER BY 1, 2;
-- An object without a tag is no feature.
SELECT * FROM rawdata.rebuild('way', 10);

-- In best effort the lake becomes its island, and a ring goes past a missing node.
SELECT public.ST_AsText(geom), problems FROM rawdata.rebuild('relation', 21, true);
SELECT public.ST_AsText(geom), problems FROM rawdata.rebuild('way', 14, best_effort => true);
SELECT public.ST_AsText(geom), problems FROM rawdata.rebuild('way', 13);
SELECT * FROM rawdata.rebuild('area', 1);

-- The areas of the data set from lines, by the same assembler.
SELECT r.osm_id, public.ST_AsEWKB(rawdata.assemble_area(array_agg(w.geom))) = public.ST_AsEWKB(r.geom) AS same
  FROM rawdata.relations r, rawdata.relation_members(r.osm_id) m,
       LATERAL (SELECT public.ST_MakeLine(location ORDER BY position) AS geom FROM rawdata.way_nodes(m.osm_id)) w
 WHERE r.osm_id = 20 AND m.osm_type = 'way' GROUP BY r.osm_id, r.geom;

-- A limit reached is a problem like the others.
SET rawdata.area_segments = 3;
SELECT geom, problems FROM rawdata.rebuild('way', 13);
RESET rawdata.area_segments;

-- The rule is the one that the data was imported under, whatever the setting says, which tells so.
SET client_min_messages = notice;
SET rawdata.area_rule = 'closed';
SET rawdata.area_rule = 'closed';
SELECT area_rule, area_rule_next FROM rawdata.status();
RESET rawdata.area_rule;
SET rawdata.area_rule = 'round';

-- Problems as points, by the same request as features.
SELECT osm_type, osm_id, tags, public.ST_AsText(geom) FROM rawdata.features('{"problems": true,
  "geometry": {"type": "Polygon", "coordinates": [[[-1,-1],[5,-1],[5,5],[-1,5],[-1,-1]]]}}') ORDER BY osm_id, tags::text;
SELECT convert_from(rawdata.export('{"problems": true, "outputType": "csv", "filters": {"tags": {"point": {"join_or": {"problem": ["crossing"]}}},
  "attributes": {"point": ["problem", "object"]}},
  "geometry": {"type": "Polygon", "coordinates": [[[-1,-1],[5,-1],[5,5],[-1,5],[-1,-1]]]}}'), 'UTF8');
SELECT rawdata.feature_count('{"problems": true, "geometry": {"type": "Polygon", "coordinates": [[[-1,-1],[5,-1],[5,5],[-1,5],[-1,-1]]]}}');

-- Who may not read the tables gets nothing through the functions.
SET ROLE pg_monitor;
SELECT * FROM rawdata.relation_members(20);
SELECT * FROM rawdata.way_nodes(10);
SELECT * FROM rawdata.rebuild('node', 5);
RESET ROLE;
