-- Who follows a replication server tells here how a look at it went: the database asks no network.
CREATE FUNCTION rawdata.record_look(server_sequence bigint, pause interval, error_kind text DEFAULT NULL, error text DEFAULT NULL)
RETURNS interval
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    looked timestamptz := clock_timestamp();
    failing_for interval;
BEGIN
    IF to_regclass('rawdata.replication_state') IS NULL THEN
        RAISE EXCEPTION 'there is no data set yet' USING ERRCODE = '55000',
            HINT = 'Import one first, with rawdata.import_file or COPY rawdata.load.';
    ELSIF (record_look.error_kind IS NULL) <> (record_look.error IS NULL) THEN
        RAISE EXCEPTION 'an error has a kind and a text' USING ERRCODE = '22023',
            HINT = 'Give both, or neither where the look went well.';
    ELSIF record_look.pause IS NULL OR record_look.pause NOT BETWEEN '0' AND interval '1 day' THEN
        RAISE EXCEPTION 'pause until the next look is not between 0 and a day' USING ERRCODE = '22023',
            HINT = 'Give how long to wait, for example interval ''1 minute''.';
    END IF;
    INSERT INTO rawdata.replication_state AS s
            (server_sequence, looked_at, next_look, succeeded_at, failures, failing_since, error_kind, error, failed_at)
        VALUES (record_look.server_sequence, looked, looked + record_look.pause,
            CASE WHEN record_look.error IS NULL THEN looked END,
            CASE WHEN record_look.error IS NULL THEN 0 ELSE 1 END,
            CASE WHEN record_look.error IS NOT NULL THEN looked END,
            record_look.error_kind, left(record_look.error, 500),
            CASE WHEN record_look.error IS NOT NULL THEN looked END)
        ON CONFLICT (only_row) DO UPDATE SET
            server_sequence = coalesce(excluded.server_sequence, s.server_sequence),
            looked_at = excluded.looked_at, next_look = excluded.next_look,
            succeeded_at = coalesce(excluded.succeeded_at, s.succeeded_at),
            failures = CASE WHEN excluded.failures = 0 THEN 0 ELSE s.failures + 1 END,
            failing_since = CASE WHEN excluded.failures > 0 THEN coalesce(s.failing_since, excluded.failing_since) END,
            error_kind = coalesce(excluded.error_kind, s.error_kind), error = coalesce(excluded.error, s.error),
            failed_at = coalesce(excluded.failed_at, s.failed_at)
        RETURNING coalesce(greatest(looked_at - failing_since, '0'), '0') INTO failing_for;
    RETURN failing_for;
END $$;
