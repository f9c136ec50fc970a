-- Replacing a data set: fresh tables are filled and indexed aside, then only their storage changes places with the
-- old ones'. The tables themselves stay, and with them views, grants, indexes, publications that users hung on them.
-- Called by the import as the extension's owner, a superuser; the catalog rows written are those that CLUSTER writes.

CREATE FUNCTION rawdata._fresh_table(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TABLE rawdata.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED '
        'INCLUDING STORAGE INCLUDING COMPRESSION)', rawdata._fresh_name(target), target);
END $$;

CREATE FUNCTION rawdata._fresh_name(target regclass) RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT ('_fresh_' || relname)::name FROM pg_catalog.pg_class WHERE oid = target);

-- Gives the fresh table every index that the target has, the user's own included.
CREATE FUNCTION rawdata._index_fresh(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    own record;
    fresh text := format('rawdata.%I', rawdata._fresh_name(target));
    head text;
BEGIN
    FOR own IN
        SELECT i.indexrelid, i.indisunique, x.relname AS index_name, t.relname AS table_name, n.nspname,
               pg_get_indexdef(i.indexrelid) AS definition
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
             JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE i.indrelid = target AND i.indisvalid ORDER BY i.indexrelid
    LOOP
        head := format('CREATE %sINDEX %I ON %I.%I', CASE WHEN own.indisunique THEN 'UNIQUE ' ELSE '' END,
                       own.index_name, own.nspname, own.table_name);
        IF NOT starts_with(own.definition, head) THEN
            RAISE EXCEPTION 'index "%" cannot be built for the new data set', own.index_name
                USING ERRCODE = '0A000', HINT = 'Drop the index and import again.';
        END IF;
        EXECUTE format('CREATE %sINDEX %I ON %s', CASE WHEN own.indisunique THEN 'UNIQUE ' ELSE '' END,
                       '_fresh_' || own.indexrelid, fresh) || substr(own.definition, length(head) + 1);
    END LOOP;
    EXECUTE 'ANALYZE ' || fresh;
END $$;

-- Tries to lock tables against readers, for at most 50 ms a table, so that no queue forms behind it. Whether it did.
CREATE FUNCTION rawdata._lock_for_swap(targets regclass[]) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '50ms' AS $$
BEGIN
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', array_to_string(targets, ', '));
    RETURN true;
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
    RETURN false;
END $$;

-- Exchanges the files of two tables, or of two indexes. Both locked, nothing written to either afterwards.
CREATE FUNCTION rawdata._exchange_files(one regclass, other regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE pg_class c SET relfilenode = o.relfilenode, reltablespace = o.reltablespace, relpages = o.relpages,
        reltuples = o.reltuples, relallvisible = o.relallvisible, reltoastrelid = o.reltoastrelid,
        relfrozenxid = o.relfrozenxid, relminmxid = o.relminmxid
    FROM pg_class o WHERE (c.oid, o.oid) IN ((one, other), (other, one));
    DELETE FROM pg_statistic WHERE starelid = one;
    UPDATE pg_statistic SET starelid = one WHERE starelid = other;
END $$;

-- A TOAST table belongs to its table by a row of pg_depend, and is named after it.
CREATE FUNCTION rawdata._exchange_toast_owners(one regclass, other regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    toast_of_one oid := (SELECT reltoastrelid FROM pg_class WHERE oid = one);
    toast_of_other oid := (SELECT reltoastrelid FROM pg_class WHERE oid = other);
    step record;
BEGIN
    IF toast_of_one = 0 AND toast_of_other = 0 THEN RETURN; END IF;
    UPDATE pg_depend SET refobjid = CASE objid WHEN toast_of_one THEN one ELSE other END
    WHERE classid = 'pg_class'::regclass AND objid IN (toast_of_one, toast_of_other) AND objid <> 0
      AND refclassid = 'pg_class'::regclass AND refobjid IN (one, other) AND deptype = 'i';
    FOR step IN
        SELECT * FROM (VALUES (toast_of_other, '_swap_' || other::oid), (toast_of_one, 'pg_toast_' || one::oid),
                              (toast_of_other, 'pg_toast_' || other::oid)) AS s (toast, name) WHERE toast <> 0
    LOOP
        UPDATE pg_class SET relname = step.name WHERE oid = step.toast;
        UPDATE pg_class SET relname = step.name || '_index'
        WHERE oid = (SELECT indexrelid FROM pg_index WHERE indrelid = step.toast);
    END LOOP;
END $$;

-- Puts the fresh table's storage in the target's place and drops what was there.
CREATE FUNCTION rawdata._swap_in(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    fresh regclass := format('rawdata.%I', rawdata._fresh_name(target))::regclass;
    own oid;
BEGIN
    PERFORM rawdata._exchange_files(target, fresh);
    PERFORM rawdata._exchange_toast_owners(target, fresh);
    FOR own IN SELECT indexrelid FROM pg_index WHERE indrelid = target AND indisvalid LOOP
        PERFORM rawdata._exchange_files(own, format('rawdata.%I', '_fresh_' || own)::regclass);
    END LOOP;
    EXECUTE format('DROP TABLE %s', fresh);
END $$;
