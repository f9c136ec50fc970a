-- Documents from a client: COPY into a view, no table takes the bytes.
CREATE VIEW rawdata.load AS SELECT NULL::bytea AS chunk WHERE false;
CREATE TRIGGER load_begin BEFORE INSERT ON rawdata.load FOR EACH STATEMENT EXECUTE FUNCTION rawdata._load_begin();
CREATE TRIGGER load_chunk INSTEAD OF INSERT ON rawdata.load FOR EACH ROW EXECUTE FUNCTION rawdata._load_chunk();
CREATE TRIGGER load_end AFTER INSERT ON rawdata.load FOR EACH STATEMENT EXECUTE FUNCTION rawdata._load_end();

CREATE VIEW rawdata.load_text AS SELECT NULL::text AS line WHERE false;
CREATE TRIGGER load_begin BEFORE INSERT ON rawdata.load_text FOR EACH STATEMENT EXECUTE FUNCTION rawdata._load_begin();
CREATE TRIGGER load_chunk INSTEAD OF INSERT ON rawdata.load_text FOR EACH ROW EXECUTE FUNCTION rawdata._load_chunk();
CREATE TRIGGER load_end AFTER INSERT ON rawdata.load_text FOR EACH STATEMENT EXECUTE FUNCTION rawdata._load_end();

-- A running import cannot show its progress in a table, which would stay unseen until it commits:
-- it shows it as its application_name, "rawdata import/<phase>/<done>/<total>".
CREATE VIEW rawdata.import_progress AS
    SELECT pid, datname, part[2] AS phase, part[3]::bigint AS done, nullif(part[4], '')::bigint AS total
    FROM pg_catalog.pg_stat_activity, pg_catalog.string_to_array(application_name, '/') AS part
    WHERE part[1] = 'rawdata import' AND pg_catalog.cardinality(part) = 4
      AND part[3] ~ '^[0-9]+$' AND part[4] ~ '^[0-9]*$';
