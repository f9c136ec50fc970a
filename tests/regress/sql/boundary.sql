-- With a boundary a diff leaves out what lies outside of it.
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
CREATE VIEW public.stored AS
    SELECT nodes, ways, relations, (SELECT array_agg(osm_type || ' ' || osm_id ORDER BY osm_type, osm_id) FROM rawdata.features) AS features
    FROM rawdata.data_set;
DELETE FROM rawdata.data_set;
SELECT pg_temp.refusal('SELECT rawdata.set_boundary(NULL)');

-- Way 1 crosses the edge of the square from 0 to 1; its last node is missing.
CREATE FUNCTION pg_temp.load() RETURNS void LANGUAGE sql AS $$
INSERT INTO rawdata.load VALUES ('<osm version="0.6"><bounds minlat="0" minlon="0" maxlat="1" maxlon="1"/>
  <node id="1" version="1" lat="0.5" lon="0.5"/><node id="2" version="1" lat="0.5" lon="2"/>
  <node id="10" version="1" lat="0.2" lon="0.2"><tag k="amenity" v="cafe"/></node>
  <way id="1" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="path"/></way>
  <relation id="1" version="1"><member type="way" ref="1" role=""/><tag k="type" v="route"/></relation></osm>') $$;
CREATE FUNCTION pg_temp.apply(changes text) RETURNS TABLE (nodes bigint, ways bigint, relations bigint, deleted bigint, ignored bigint) LANGUAGE sql AS
$$ SELECT nodes, ways, relations, deleted, ignored FROM rawdata.apply_change(convert_to('<osmChange version="0.6"><modify>' || changes || '</modify></osmChange>', 'UTF8')) $$;
SET client_min_messages = warning;
SELECT pg_temp.load();

-- The bounds that a document tells are no boundary.
SELECT boundary IS NULL AS none, bounds IS NOT NULL AS told FROM rawdata.data_set;
SELECT * FROM pg_temp.apply('<node id="20" version="1" lat="40" lon="40"><tag k="shop" v="far"/></node>');
TABLE public.stored;

SELECT pg_temp.refusal('SELECT rawdata.set_boundary(''SRID=4326;LINESTRING(0 0,1 1)'')');
SELECT pg_temp.refusal('SELECT rawdata.set_boundary(''SRID=3857;POLYGON((0 0,1 0,1 1,0 0))'')');
SELECT pg_temp.refusal('SELECT rawdata.set_boundary(''SRID=4326;POLYGON EMPTY'')');
SELECT pg_temp.load();
SELECT rawdata.set_boundary(public.ST_MakeEnvelope(0, 0, 1, 1, 4326));
SELECT public.ST_AsText(boundary) FROM rawdata.data_set;
SELECT round(boundary_km2) AS km2 FROM rawdata.status();

-- Nodes: within; outside; outside, but used by a stored way (2 moves, 3 was missing); deleted; moved out.
SELECT * FROM pg_temp.apply('<node id="11" version="1" lat="0.3" lon="0.3"><tag k="shop" v="in"/></node>
  <node id="12" version="1" lat="3" lon="3"><tag k="shop" v="out"/></node>
  <node id="2" version="2" lat="0.6" lon="2"/><node id="3" version="1" lat="0.5" lon="3"/>');
TABLE public.stored;
SELECT public.ST_AsText(geom) FROM rawdata.ways_line;
SELECT * FROM pg_temp.apply('<node id="10" version="2" lat="2" lon="2"><tag k="amenity" v="cafe"/></node>');
TABLE public.stored;

-- Ways: 2 reaches in by a node of the diff, 3 by a stored one, and bring their nodes; 4 lies outside, and its nodes.
SELECT * FROM pg_temp.apply('<node id="21" version="1" lat="0.1" lon="0.1"/><node id="22" version="1" lat="5" lon="5"/>
  <node id="23" version="1" lat="6" lon="6"/><node id="24" version="1" lat="7" lon="7"/><node id="25" version="1" lat="8" lon="8"/>
  <way id="2" version="1"><nd ref="21"/><nd ref="22"/><tag k="highway" v="in"/></way>
  <way id="3" version="1"><nd ref="1"/><nd ref="23"/><tag k="highway" v="in"/></way>
  <way id="4" version="1"><nd ref="24"/><nd ref="25"/><tag k="highway" v="out"/></way>');
TABLE public.stored;

-- Relations: by a stored way, by a way of the diff, by a relation that is kept (in a ring); one of strangers only.
SELECT * FROM pg_temp.apply('<relation id="2" version="1"><member type="way" ref="3" role=""/><tag k="type" v="route"/></relation>
  <relation id="3" version="1"><member type="relation" ref="5" role=""/><member type="relation" ref="4" role=""/><tag k="type" v="network"/></relation>
  <relation id="4" version="1"><member type="relation" ref="2" role=""/><member type="relation" ref="3" role=""/><tag k="type" v="network"/></relation>
  <relation id="5" version="1"><member type="way" ref="4" role=""/><member type="node" ref="99" role=""/><tag k="type" v="route"/></relation>
  <relation id="6" version="1"><member type="relation" ref="6" role=""/><tag k="type" v="network"/></relation>
  <relation id="7" version="1"><member type="node" ref="1" role=""/><tag k="type" v="site"/></relation>');
SELECT osm_id FROM rawdata.relation_members ORDER BY 1;

-- A way that moves out goes, and a relation left without members in the data.
SELECT * FROM pg_temp.apply('<way id="2" version="2"><nd ref="22"/><nd ref="23"/><tag k="highway" v="out"/></way>
  <relation id="7" version="2"><member type="way" ref="2" role=""/><tag k="type" v="site"/></relation>');
TABLE public.stored;
SELECT osm_id FROM rawdata.relation_members ORDER BY 1;

-- Without a boundary again a diff is kept whole; an import begins without.
SELECT rawdata.set_boundary(NULL);
SELECT * FROM pg_temp.apply('<node id="12" version="2" lat="3" lon="3"><tag k="shop" v="out"/></node>');
SELECT rawdata.set_boundary(public.ST_MakeEnvelope(0, 0, 1, 1, 4326));
SELECT pg_temp.load();
SELECT boundary IS NULL AS none FROM rawdata.data_set;
SELECT boundary_km2 FROM rawdata.status();
SET ROLE pg_monitor;
SELECT rawdata.set_boundary(NULL);
RESET ROLE;
DROP VIEW public.stored;
