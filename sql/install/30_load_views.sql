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
-- it shows it as its application_name, "rawdata import/<phase>/<done>/<total>/<objects per second>/<memory in MB>".
CREATE VIEW rawdata.import_progress AS
    SELECT pid, datname, phase, done, total, objects_per_second,
           pg_catalog.make_interval(secs => ((total - done) / nullif(objects_per_second, 0))::double precision) AS remaining,
           memory_mb
    FROM pg_catalog.pg_stat_activity,
         pg_catalog.regexp_match(application_name,
             '^rawdata import/([a-z]+)/([0-9]{1,18})/([0-9]{0,18})/([0-9]{0,18})/([0-9]{0,9})$') AS part,
         LATERAL (SELECT part[1] AS phase, part[2]::bigint AS done, nullif(part[3], '')::bigint AS total,
             nullif(part[4], '')::bigint AS objects_per_second, nullif(part[5], '')::bigint AS memory_mb) AS shown
    WHERE part IS NOT NULL;
