-- Text goes into jsonb and out into files as it is, and OpenStreetMap's is UTF-8.
DO $$
BEGIN
    IF pg_catalog.getdatabaseencoding() OPERATOR(pg_catalog.<>) 'UTF8'::pg_catalog.name THEN
        RAISE EXCEPTION 'pg_rawdata needs a database with the encoding UTF8, not %', pg_catalog.getdatabaseencoding()
            USING ERRCODE = '0A000', HINT = 'Make the database with ENCODING ''UTF8'' TEMPLATE template0.';
    END IF;
END $$;

-- The schema is made by the control file. Nobody but its owner makes objects in it.
REVOKE ALL ON SCHEMA rawdata FROM PUBLIC;
GRANT USAGE ON SCHEMA rawdata TO PUBLIC;
