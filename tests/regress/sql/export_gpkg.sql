-- A GeoPackage of a small data set.
SET client_min_messages = warning;
SELECT rawdata.create_tables() IS NOT NULL AS made;
INSERT INTO rawdata.load VALUES ('<osm version="0.6">
  <node id="1" version="3" lat="0.5" lon="0.5" timestamp="2024-02-29T12:00:00Z"><tag k="name" v="x"/></node>
  <node id="2" lat="0" lon="0"/><node id="3" lat="0" lon="1"/>
  <way id="5" version="1"><nd ref="2"/><nd ref="3"/><tag k="highway" v="path"/></way></osm>');
CREATE FUNCTION pg_temp.file(more jsonb) RETURNS bytea LANGUAGE sql AS $$
  SELECT string_agg(chunk, '') FROM (SELECT rawdata.export('{"outputType": "gpkg",
    "geometry": {"type": "Polygon", "coordinates": [[[-1,-1],[2,-1],[2,2],[-1,2],[-1,-1]]]}}'::jsonb || more) AS chunk) c $$;
-- What it is, how many pages it says it has, and how many there are.
SELECT encode(substr(file, 1, 15), 'escape') AS magic, encode(substr(file, 69, 4), 'escape') AS application,
       get_byte(file, 62) * 256 + get_byte(file, 63) AS version,
       get_byte(file, 30) * 256 + get_byte(file, 31) = octet_length(file) / 4096 AS whole,
       octet_length(file) % 4096 AS rest
  FROM (SELECT pg_temp.file('{}') AS file) f;
-- The time is that of the data, and the same data gives the same bytes.
SELECT position('2024-02-29T12:00:00.000Z'::bytea IN pg_temp.file('{}')) > 0 AS time, pg_temp.file('{}') = pg_temp.file('{}') AS same;
-- Without features it is a whole file all the same, whose time is the beginning of time.
SELECT octet_length(file) % 4096 AS rest, get_byte(file, 31) = octet_length(file) / 4096 AS whole,
       position('1970-01-01T00:00:00.000Z'::bytea IN file) > 0 AS time
  FROM (SELECT pg_temp.file('{"geometryType": ["polygon"]}') AS file) f;
-- Over HTTP it comes in a zip only, and the check is the same here.
SELECT pg_temp.file('{"bindZip": false}');
