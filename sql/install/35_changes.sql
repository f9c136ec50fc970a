-- What changed since a diff: each row once, with what became of it in all.
CREATE FUNCTION rawdata.changes_since(sequence bigint, area public.geometry DEFAULT NULL)
RETURNS TABLE (osm_type text, osm_id bigint, action text, last_sequence bigint, place public.geometry)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    known_from bigint;
BEGIN
    IF to_regclass('rawdata.data_set') IS NOT NULL THEN
        SELECT changes_from INTO known_from FROM rawdata.data_set;
    END IF;
    IF known_from IS NULL THEN
        RAISE EXCEPTION 'there is no data set yet' USING ERRCODE = '55000',
            HINT = 'Import one first, with rawdata.import_file or COPY rawdata.load.';
    ELSIF changes_since.sequence IS NULL THEN
        RAISE EXCEPTION 'the sequence to ask from is NULL' USING ERRCODE = '22023',
            HINT = 'Give the number that rawdata.status() told when the data was last read.';
    ELSIF changes_since.sequence < known_from THEN
        RAISE EXCEPTION 'what changed since % is not known any more: the log of changes begins after %',
            changes_since.sequence, known_from USING ERRCODE = '22023',
            HINT = 'Read the data whole once, or keep changes for longer with rawdata.changes_retention.';
    END IF;
    RETURN QUERY
        WITH one AS (
            SELECT c.osm_type, c.osm_id, max(c.sequence) AS last_sequence,
                (array_agg(c.action ORDER BY c.sequence, c.ctid))[1] AS first_action,
                (array_agg(c.action ORDER BY c.sequence DESC, c.ctid DESC))[1] AS last_action,
                public.ST_Envelope(public.ST_Collect(c.place)) AS place
            FROM rawdata.changes c WHERE c.sequence > changes_since.sequence
            GROUP BY c.osm_type, c.osm_id)
        SELECT o.osm_type, o.osm_id,
            CASE WHEN o.last_action = 'deleted' THEN 'deleted' WHEN o.first_action = 'inserted' THEN 'inserted' ELSE 'changed' END,
            o.last_sequence, o.place
        FROM one o
        WHERE NOT (o.first_action = 'inserted' AND o.last_action = 'deleted')
          AND (changes_since.area IS NULL OR public.ST_Intersects(o.place, changes_since.area))
        ORDER BY o.osm_type, o.osm_id;
END $$;

-- The area that diffs are cut to from now on.
CREATE FUNCTION rawdata.set_boundary(area public.geometry) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF area IS NOT NULL AND (public.ST_GeometryType(area) NOT IN ('ST_Polygon', 'ST_MultiPolygon')
        OR public.ST_IsEmpty(area) OR public.ST_SRID(area) <> 4326) THEN
        RAISE EXCEPTION 'boundary is not an area: it is %, in SRID %', public.GeometryType(area), public.ST_SRID(area)
            USING ERRCODE = '22023', HINT = 'Give a Polygon or MultiPolygon in SRID 4326, or NULL for no boundary.';
    END IF;
    IF to_regclass('rawdata.data_set') IS NOT NULL THEN
        UPDATE rawdata.data_set SET boundary = public.ST_Multi(public.ST_Force2D(area));
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    RAISE EXCEPTION 'there is no data set yet' USING ERRCODE = '55000',
        HINT = 'Import one first, with rawdata.import_file or COPY rawdata.load.';
END $$;
