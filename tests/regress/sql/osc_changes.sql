-- osc_changes lists a change document in document order.
SELECT action, kind, id, version, lon, lat, refs, tags FROM rawdata.osc_changes(
  '<osmChange version="0.6"><create><node id="1" version="1" lat="1.5" lon="-2"><tag k="a" v="b"/></node></create>
   <modify><way id="2" version="3"><nd ref="1"/><nd ref="1"/></way></modify><delete><relation id="3" version="4"/></delete></osmChange>');
SELECT count(*) FROM rawdata.osc_changes('<osmChange version="0.6"/>');
SELECT count(*) FROM rawdata.osc_changes(NULL);

-- What is none is refused, with a SQLSTATE and a place.
CREATE FUNCTION pg_temp.refusal(document bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text;
BEGIN
    PERFORM * FROM rawdata.osc_changes(document);
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ': ' || message || ' / ' || detail;
END $$;
SELECT pg_temp.refusal('<osm version="0.6"/>');
SELECT pg_temp.refusal('<osmChange version="0.6"><modify><node id="x" version="1" lat="1" lon="1"/></modify></osmChange>');
SELECT pg_temp.refusal('<osmChange version="0.6"><modify>');
SELECT pg_temp.refusal('<osmChange version="0.6"><undo><node id="1"/></undo></osmChange>');
SELECT pg_temp.refusal('');
