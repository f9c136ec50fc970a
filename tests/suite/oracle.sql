-- The slow route: objects as osm_elements lists them, made into rows by PostgreSQL's and PostGIS's own input functions.
-- Expects the document in the table "document"; answers with a line for each kind of difference: what, rows compared, rows that differ.
CREATE TEMP TABLE element AS SELECT e.* FROM document, rawdata.osm_elements(bytes) AS e;
CREATE TEMP TABLE place AS SELECT id, format('%s %s', lon, lat) AS place FROM element WHERE kind = 'node';
CREATE UNIQUE INDEX ON place (id);
CREATE TEMP TABLE tagged AS
    SELECT kind, id, uid, "user", version, changeset, "timestamp", lon, lat, refs, kinds,
           (tags - '{odbl,source:ref}'::text[])::text::jsonb AS tags
    FROM element WHERE tags - '{odbl,source:ref}'::text[] <> '{}';
ANALYZE place, tagged;

-- The line of every way: nodes that are not there are passed over, and so is a place that repeats the one before.
CREATE TEMP TABLE line AS
    SELECT id, bool_and(place IS NOT NULL) AS is_whole, count(*) FILTER (WHERE is_new) > 1 AS is_line,
           string_agg(place, ',' ORDER BY ordinal) FILTER (WHERE is_new) AS places
    FROM (SELECT id, ordinal, place,
                 place IS DISTINCT FROM lag(place) OVER (PARTITION BY id, place IS NULL ORDER BY ordinal) AND place IS NOT NULL AS is_new
          FROM (SELECT e.id, ordinal, place
                FROM element e, unnest(refs) WITH ORDINALITY AS r (ref, ordinal) LEFT JOIN place ON place.id = ref
                WHERE kind = 'way') AS steps) AS marked
    GROUP BY id;
CREATE UNIQUE INDEX ON line (id);
ANALYZE line;

-- Every tagged object is in one table, and only tagged objects are.
SELECT 'objects', count(*), count(*) FILTER (WHERE t.id IS NULL OR f.osm_id IS NULL OR f.tables <> 1)
FROM tagged t FULL JOIN (
    SELECT kind, osm_id, count(*) AS tables FROM (
        SELECT CASE osm_type WHEN 'nodes' THEN 'node' WHEN 'relations' THEN 'relation' ELSE 'way' END AS kind, osm_id FROM rawdata.features
        UNION ALL SELECT osm_type, osm_id FROM rawdata.unplaced) AS placed
    GROUP BY kind, osm_id) AS f ON (f.kind, f.osm_id) = (t.kind, t.id);

-- Metadata and tags of all; each tag is found by its key, which the order of keys in the stored bytes decides.
SELECT 'columns', count(*), count(*) FILTER (WHERE
    (f.uid, f."user", f.version, f.changeset, f."timestamp", f.tags::text) IS DISTINCT FROM (t.uid, t."user", t.version, t.changeset, t."timestamp", t.tags::text)
    OR (SELECT jsonb_object_agg(key, f.tags -> key) FROM jsonb_object_keys(t.tags) AS key) <> t.tags)
FROM tagged t JOIN (
    SELECT CASE osm_type WHEN 'nodes' THEN 'node' WHEN 'relations' THEN 'relation' ELSE 'way' END AS kind, osm_id, uid, "user", version, changeset, "timestamp", tags
    FROM rawdata.features UNION ALL SELECT osm_type, osm_id, uid, "user", version, changeset, "timestamp", tags FROM rawdata.unplaced) AS f
    ON (f.kind, f.osm_id) = (t.kind, t.id);

-- Points and lines to the byte, the box that PostGIS keeps in front of the coordinates included.
SELECT osm_type, count(*), count(*) FILTER (WHERE ours::text <> slow::text OR ST_MemSize(ours) <> ST_MemSize(slow))
FROM (SELECT 'points' AS osm_type, n.geom AS ours, ST_GeomFromText(format('POINT(%s %s)', lon, lat), 4326) AS slow
      FROM rawdata.nodes n JOIN tagged t ON t.kind = 'node' AND t.id = osm_id
      UNION ALL SELECT 'lines', w.geom, ST_GeomFromText(format('LINESTRING(%s)', places), 4326)
      FROM rawdata.ways_line w JOIN line ON id = osm_id) AS pair
GROUP BY osm_type ORDER BY osm_type DESC;

-- Areas of ways, where one valid ring is all there is: the same ring, wherever it starts and whichever way it goes.
SELECT 'areas', count(*), count(*) FILTER (WHERE ST_Normalize(ours)::text <> ST_Normalize(slow)::text OR ST_MemSize(ours) <> ST_MemSize(slow))
FROM (SELECT w.geom AS ours, ST_GeomFromText(format('POLYGON((%s))', places), 4326) AS slow FROM rawdata.ways_poly w JOIN line ON id = osm_id) AS pair
WHERE ST_IsValid(slow);

-- Relations of which all ways are there: GEOS's area where it builds a valid one, and lines segment by segment.
CREATE TEMP TABLE drawn AS
    SELECT r.geom, coalesce(r.tags ->> 'type' IN ('multipolygon', 'boundary'), false) AS is_area,
           ST_Collect(ST_GeomFromText(format('LINESTRING(%s)', places), 4326)) FILTER (WHERE is_line) AS lines
    FROM (SELECT DISTINCT t.id, ref FROM tagged t, unnest(refs, kinds) AS m (ref, member) WHERE kind = 'relation' AND member = 'way') AS m
         JOIN rawdata.relations r ON r.osm_id = m.id LEFT JOIN line ON line.id = ref
    GROUP BY r.osm_id, r.geom, r.tags HAVING bool_and(line.is_whole IS TRUE);
SELECT 'relation areas', count(*), count(*) FILTER (WHERE ST_Normalize(ST_Multi(geom))::text <> ST_Normalize(ST_Multi(slow))::text)
FROM (SELECT geom, ST_BuildArea(lines) AS slow FROM drawn WHERE is_area) AS pair WHERE ST_IsValid(slow);
CREATE FUNCTION pg_temp.segments(geometry) RETURNS text[] LANGUAGE sql RETURN (
    SELECT array_agg(DISTINCT least(ST_AsText(geom), ST_AsText(ST_Reverse(geom)))) FROM ST_DumpSegments($1));
SELECT 'relation lines', count(*), count(*) FILTER (WHERE pg_temp.segments(geom) <> pg_temp.segments(lines)) FROM drawn WHERE NOT is_area;
