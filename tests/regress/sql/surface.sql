-- The whole face of the extension: a function that comes, goes or changes its nature changes this file's output.
\t on
\a
SET client_min_messages = warning;
SELECT rawdata.create_roles() IS NOT NULL AS roles, rawdata.create_tables() IS NOT NULL AS tables;

\echo functions: volatility, strict, parallel, security definer
SELECT format('%s(%s) -> %s | %s%s%s%s', proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
              CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
              CASE WHEN proisstrict THEN ', strict' ELSE '' END,
              CASE proparallel WHEN 's' THEN ', parallel safe' WHEN 'r' THEN ', parallel restricted' ELSE '' END,
              CASE WHEN prosecdef THEN ', security definer' ELSE '' END)
  FROM pg_proc p WHERE pronamespace = 'rawdata'::regnamespace ORDER BY proname COLLATE "C", pg_get_function_arguments(p.oid) COLLATE "C";

\echo tables and views: columns
SELECT format('%s %s: %s', CASE relkind WHEN 'v' THEN 'view' ELSE 'table' END, relname,
              string_agg(format('%s %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum))
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
 WHERE relnamespace = 'rawdata'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') GROUP BY relname, relkind ORDER BY relname COLLATE "C";

\echo settings
SELECT format('%s = %s', name, boot_val) FROM pg_settings WHERE name LIKE 'rawdata.%' ORDER BY name COLLATE "C";

\echo without a comment: none
SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'rawdata'::regnamespace
   AND obj_description(p.oid, 'pg_proc') IS NULL ORDER BY 1::text COLLATE "C";
SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'rawdata'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
   AND obj_description(c.oid, 'pg_class') IS NULL ORDER BY 1::text COLLATE "C";
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
 WHERE relnamespace = 'rawdata'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'c') AND col_description(c.oid, attnum) IS NULL ORDER BY c.relname COLLATE "C", attnum;
SELECT t.oid::regtype FROM pg_type t WHERE typnamespace = 'rawdata'::regnamespace AND typelem = 0 AND typrelid = 0
   AND obj_description(t.oid, 'pg_type') IS NULL ORDER BY 1::text COLLATE "C";
SELECT n.nspname FROM pg_namespace n WHERE n.oid = 'rawdata'::regnamespace AND obj_description(n.oid, 'pg_namespace') IS NULL;

\echo security definer without a pinned path, or for everybody: none
SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'rawdata'::regnamespace AND prosecdef
   AND (proacl IS NULL OR NOT EXISTS (SELECT FROM unnest(proconfig) c WHERE c ~ '^search_path=.*pg_temp"?$')) ORDER BY 1::text COLLATE "C";

\echo executable by everybody and volatile: none
SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'rawdata'::regnamespace AND provolatile = 'v'
   AND has_function_privilege('public', p.oid, 'EXECUTE') ORDER BY 1::text COLLATE "C";

\echo written to by everybody, or not permanent: none
SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'rawdata'::regnamespace
   AND (has_table_privilege('public', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') AND relkind <> 'i' OR relpersistence <> 'p') ORDER BY 1::text COLLATE "C";
SELECT 'objects can be made by everybody' WHERE has_schema_privilege('public', 'rawdata', 'CREATE');

\echo functions by role: - = none, r = reader, w = writer, a = admin
SELECT format('%s %s', string_agg(CASE WHEN has_function_privilege(r.name, p.oid, 'EXECUTE') THEN r.letter ELSE '-' END, '' ORDER BY r.place), p.oid::regprocedure)
  FROM pg_proc p, (VALUES (1, 'rawdata_reader', 'r'), (2, 'rawdata_writer', 'w'), (3, 'rawdata_admin', 'a')) AS r (place, name, letter)
 WHERE pronamespace = 'rawdata'::regnamespace GROUP BY p.oid ORDER BY p.oid::regprocedure::text COLLATE "C";

\echo tables by role: letters of the rights that PUBLIC, reader, writer and admin have (r = select, a = insert, w = update, d = delete)
SELECT format('%s: %s', c.relname, string_agg(coalesce(nullif(
         CASE WHEN has_table_privilege(r.name, c.oid, 'SELECT') THEN 'r' ELSE '' END || CASE WHEN has_table_privilege(r.name, c.oid, 'INSERT') THEN 'a' ELSE '' END ||
         CASE WHEN has_table_privilege(r.name, c.oid, 'UPDATE') THEN 'w' ELSE '' END || CASE WHEN has_table_privilege(r.name, c.oid, 'DELETE') THEN 'd' ELSE '' END, ''), '-'), ' ' ORDER BY r.place))
  FROM pg_class c, (VALUES (0, 'public'), (1, 'rawdata_reader'), (2, 'rawdata_writer'), (3, 'rawdata_admin')) AS r (place, name)
 WHERE relnamespace = 'rawdata'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') GROUP BY c.relname ORDER BY c.relname COLLATE "C";
