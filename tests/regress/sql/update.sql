-- A diff becomes part of the data set, whole and once.
SET client_min_messages = warning;
SELECT rawdata.create_tables() IS NOT NULL AS made;
RESET client_min_messages;
CREATE FUNCTION pg_temp.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ': ' || message || ' / ' || hint;
END $$;
CREATE VIEW public.shown AS SELECT osm_type, osm_id, version, tags, public.ST_AsText(geom) AS geom FROM rawdata.features;

-- A square of four nodes as a way and as a relation, and a point.
SET client_min_messages = warning;
INSERT INTO rawdata.load VALUES ('<osm version="0.6">
  <node id="1" version="1" lat="0" lon="0"/><node id="2" version="1" lat="0" lon="1"/>
  <node id="3" version="1" lat="1" lon="1"/><node id="4" version="1" lat="1" lon="0"/>
  <node id="10" version="5" lat="5" lon="5" timestamp="2024-01-01T00:00:00Z"><tag k="amenity" v="cafe"/></node>
  <way id="1" version="1" timestamp="2024-01-01T00:00:00Z"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="building" v="yes"/></way>
  <relation id="1" version="1"><member type="way" ref="1" role="outer"/><tag k="type" v="multipolygon"/><tag k="landuse" v="forest"/></relation></osm>');
RESET client_min_messages;

-- A node moves: the way and the relation follow, and keep their own version and time.
SELECT applied, nodes, ways, relations, deleted, ignored, rebuilt, rows_inserted, rows_changed, rows_deleted FROM rawdata.apply_change(
  '<osmChange version="0.6"><modify><node id="3" version="2" lat="2" lon="2"/></modify>
   <create><node id="11" version="1" lat="6" lon="6"><tag k="shop" v="kiosk"/></node></create>
   <delete><node id="10" version="6"/></delete></osmChange>', 101, '2024-02-29 12:00+00');
SELECT * FROM public.shown ORDER BY 1, 2;
SELECT sequence, data_timestamp AT TIME ZONE 'UTC' AS data_timestamp, nodes, ways, relations FROM rawdata.status();

-- The same again changes nothing; one that lies further ahead is refused; a number that cannot be is, too.
SELECT applied, nodes, rows_changed FROM rawdata.apply_change('<osmChange version="0.6"><delete><node id="11"/></delete></osmChange>', 101);
SELECT applied FROM rawdata.apply_change('<osmChange version="0.6"/>', 7);
SELECT pg_temp.refusal($$SELECT rawdata.apply_change('<osmChange version="0.6"/>', 103)$$);
SELECT pg_temp.refusal($$SELECT rawdata.apply_change('<osmChange version="0.6"/>', -1)$$);
-- An empty one counts; one without a number leaves the number as it is.
SELECT applied, nodes FROM rawdata.apply_change('<osmChange version="0.6"/>', 102);
SELECT applied, nodes FROM rawdata.apply_change('<osmChange version="0.6"><create><node id="12" version="1" lat="0" lon="0"/></create></osmChange>');
SELECT sequence, nodes FROM rawdata.status();
SELECT count(*) FROM rawdata.apply_change(NULL);

-- A bad object at the end: nothing of the diff stays.
SELECT pg_temp.refusal($$SELECT rawdata.apply_change('<osmChange version="0.6"><delete><way id="1" version="2"/></delete><modify><node id="3" version="9" lat="91" lon="0"/></modify></osmChange>', 103)$$);
SELECT pg_temp.refusal($$SELECT rawdata.apply_change('<osmChange version="0.6"><delete><way id="1" version="2"/></delete>', 103)$$);
SELECT pg_temp.refusal($$SELECT rawdata.apply_change('<html/>', 103)$$);
SELECT count(*) AS ways FROM rawdata.ways_poly;

-- Of several versions the newest counts, whatever the order; older ones than those stored count for nothing, equal ones do.
SELECT nodes, ignored FROM rawdata.apply_change('<osmChange version="0.6">
  <modify><node id="11" version="4" lat="8" lon="8"><tag k="shop" v="bakery"/></node></modify>
  <modify><node id="11" version="3" lat="7" lon="7"><tag k="shop" v="none"/></node></modify></osmChange>', 103);
SELECT nodes, deleted, ignored FROM rawdata.apply_change('<osmChange version="0.6">
  <modify><node id="11" version="3" lat="1" lon="1"/></modify><delete><way id="99"/><relation id="99"/><node id="99"/></delete></osmChange>', 104);
SELECT * FROM public.shown WHERE osm_type = 'nodes';
SELECT nodes, rows_changed FROM rawdata.apply_change('<osmChange version="0.6">
  <modify><node id="11" version="4" lat="8" lon="8"><tag k="shop" v="florist"/></node></modify></osmChange>', 105);

-- Valid, invalid, valid: by a node that goes and comes back, then by a bow tie.
SELECT rebuilt, rows_deleted FROM rawdata.apply_change('<osmChange version="0.6"><delete><node id="3" version="3"/></delete></osmChange>', 106);
SELECT osm_type, osm_id FROM rawdata.unplaced ORDER BY 1;
SELECT osm_type, osm_id, problem, detail FROM rawdata.problems ORDER BY 1, 2, 3;
SELECT rebuilt, rows_inserted FROM rawdata.apply_change('<osmChange version="0.6"><create><node id="3" version="4" lat="1" lon="1"/></create></osmChange>', 107);
SELECT rebuilt, rows_deleted FROM rawdata.apply_change('<osmChange version="0.6"><modify><node id="3" version="5" lat="1" lon="0"/><node id="4" version="2" lat="1" lon="1"/></modify></osmChange>', 108);
SELECT osm_type, osm_id, problem, public.ST_AsText(location) FROM rawdata.problems ORDER BY 1, 2, 3;
SELECT rebuilt, rows_inserted FROM rawdata.apply_change('<osmChange version="0.6"><modify><node id="3" version="6" lat="1" lon="1"/><node id="4" version="3" lat="1" lon="0"/></modify></osmChange>', 109);
SELECT (SELECT count(*) FROM rawdata.problems) AS problems, (SELECT count(*) FROM rawdata.unplaced) AS unplaced;
SELECT * FROM public.shown ORDER BY 1, 2;

-- Other tags: from area to line to nothing and back; a relation whose way goes; one whose way comes later.
SELECT ways, rows_inserted, rows_deleted FROM rawdata.apply_change('<osmChange version="0.6"><modify><way id="1" version="2"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="highway" v="service"/></way></modify></osmChange>', 110);
SELECT osm_type, osm_id, version FROM public.shown WHERE osm_type LIKE 'ways%';
SELECT ways, rows_inserted, rows_deleted FROM rawdata.apply_change('<osmChange version="0.6"><modify><way id="1" version="3"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/></way></modify></osmChange>', 111);
SELECT * FROM public.shown ORDER BY 1, 2;
SELECT deleted, rebuilt, rows_deleted FROM rawdata.apply_change('<osmChange version="0.6"><delete><way id="1" version="4"/></delete></osmChange>', 112);
SELECT ways, relations, rebuilt, rows_inserted FROM rawdata.apply_change('<osmChange version="0.6">
  <create><relation id="2" version="1"><member type="way" ref="5" role=""/><member type="relation" ref="2" role="self"/><tag k="type" v="route"/></relation></create>
  <create><way id="5" version="1"><nd ref="1"/><nd ref="20"/></way></create></osmChange>', 113);
SELECT nodes, rebuilt, rows_inserted FROM rawdata.apply_change('<osmChange version="0.6"><create><node id="20" version="1" lat="-1" lon="-1"/></create></osmChange>', 114);
SELECT * FROM public.shown ORDER BY 1, 2;

-- A map file is taken as puts only, and is no diff of any number.
SELECT pg_temp.refusal($$SELECT rawdata.apply_change('<osm version="0.6"><node id="1" version="9" lat="9" lon="9"/></osm>', 115)$$);
SELECT nodes, deleted, rows_changed FROM rawdata.apply_change('<osm version="0.6"><node id="11" version="5" lat="9" lon="9"><tag k="shop" v="florist"/></node></osm>');
SELECT * FROM public.shown ORDER BY 1, 2;

-- What changed since, each row once; within an area by where it was or is.
SELECT osm_type, osm_id, action, last_sequence, public.ST_AsText(place) FROM rawdata.changes_since(112);
SELECT osm_type, osm_id, action FROM rawdata.changes_since(102);
SELECT osm_type, osm_id FROM rawdata.changes_since(112, public.ST_MakeEnvelope(7, 7, 10, 10, 4326));
SELECT count(*) FROM rawdata.changes_since(115);
-- Further back than the log goes: said, not guessed.
SET rawdata.changes_retention = '1h';
UPDATE rawdata.changes SET changed_at = now() - interval '1 day' WHERE sequence <= 110;
SELECT applied FROM rawdata.apply_change('<osmChange version="0.6"/>', 115);
RESET rawdata.changes_retention;
SELECT pg_temp.refusal('SELECT rawdata.changes_since(109)');
SELECT pg_temp.refusal('SELECT rawdata.changes_since(NULL)');
SELECT count(*) > 0 AS known FROM rawdata.changes_since(110);

-- A new data set begins a new log, with no number where the document has none; the first given one starts the count.
SET client_min_messages = warning;
INSERT INTO rawdata.load VALUES ('<osm version="0.6"/>');
RESET client_min_messages;
SELECT sequence FROM rawdata.status();
SELECT applied FROM rawdata.apply_change('<osmChange version="0.6"/>', 4000);
SELECT pg_temp.refusal($$SELECT rawdata.apply_change('<osmChange version="0.6"/>', 4002)$$);

-- Memory is bounded, rights are asked for, files go as elsewhere.
SET rawdata.import_memory = '1MB';
SELECT pg_temp.refusal(format('SELECT rawdata.apply_change(%L)', '<osmChange version="0.6"><create>' || repeat('<node id="1" lat="1" lon="1"/>', 20000) || '</create></osmChange>'));
RESET rawdata.import_memory;
SELECT * FROM rawdata.apply_change_file(NULL);
SELECT pg_temp.refusal($$SELECT rawdata.apply_change_file('relative')$$);
SET ROLE pg_monitor;
SELECT rawdata.apply_change('<osmChange version="0.6"/>');
SELECT rawdata.apply_change_file('/no/such/file');
RESET ROLE;
DELETE FROM rawdata.data_set;
SELECT pg_temp.refusal($$SELECT rawdata.apply_change('<osmChange version="0.6"/>')$$);
SELECT pg_temp.refusal('SELECT rawdata.changes_since(0)');
DROP VIEW public.shown;
