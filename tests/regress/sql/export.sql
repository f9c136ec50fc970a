-- Exports of a small data set.
SET client_min_messages = warning;
SELECT rawdata.create_tables() IS NOT NULL AS made;
INSERT INTO rawdata.load VALUES ('<osm version="0.6">
  <node id="1" version="3" lat="0.5" lon="0.5" timestamp="2024-02-29T12:00:00Z" uid="7" user="ann" changeset="4"><tag k="name" v="O''Brien, &quot;x&quot;"/><tag k="a" v="1"/></node>
  <node id="2" lat="0" lon="0"/><node id="3" lat="0" lon="1"/><node id="4" lat="1" lon="1"/>
  <way id="5" version="1"><nd ref="2"/><nd ref="3"/><tag k="highway" v="path"/></way>
  <way id="6" version="1"><nd ref="2"/><nd ref="4"/><nd ref="3"/><nd ref="2"/><tag k="building" v="yes"/></way></osm>');
CREATE FUNCTION pg_temp.body(more jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT '{"geometry": {"type": "Polygon", "coordinates": [[[-1,-1],[2,-1],[2,2],[-1,2],[-1,-1]]]}}'::jsonb || more $$;
CREATE FUNCTION pg_temp.file(more jsonb) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(convert_from(chunk, 'UTF8'), '') FROM (SELECT rawdata.export(pg_temp.body(more)) AS chunk) c $$;
SELECT pg_temp.file('{}');
SELECT pg_temp.file('{"outputType": "csv", "includeUserMetadata": true}');
SELECT pg_temp.file('{"geometryType": ["point"], "filters": {"attributes": {"point": ["name", "is-in"]}}}');
SELECT pg_temp.file('{"filters": {"tags": {"all_geometry": {"join_or": {"name": ["O''Brien, \"x\""]}}}}, "centroid": true}');
SELECT rawdata.feature_count(pg_temp.body('{}'));
SELECT osm_type, osm_id, "user", tags FROM rawdata.features(pg_temp.body('{}')) ORDER BY 1, 2;

-- An area that crosses itself is mended; the session's settings change nothing.
SET TimeZone = 'Asia/Kathmandu';
SET extra_float_digits = -10;
SELECT pg_temp.file('{"geometryType": ["point"], "geometry": {"type": "Polygon", "coordinates": [[[0,0.2],[2,1],[2,0],[0,1],[0,0.2]]]}}');

-- The first chunk comes without the rest; what is none is refused.
SELECT octet_length(rawdata.export(pg_temp.body('{}'))) > 0 AS first LIMIT 1;
SELECT rawdata.export('{}');
SELECT rawdata.export(pg_temp.body('{"outputType": "docx"}'));
SELECT rawdata.export(NULL);
SELECT rawdata.export_file('x.geojson', pg_temp.body('{}'));
