-- Comments, which pgrx does not take from the code, and rights: what changes something is for those it is granted to.

REVOKE ALL ON FUNCTION rawdata.import_file(text, text), rawdata.export_file(text, jsonb), rawdata.create_tables(),
    rawdata.create_roles(), rawdata.replace_countries(jsonb), rawdata._grant(), rawdata._fresh_table(regclass),
    rawdata._index_fresh(regclass), rawdata._lock_for_swap(regclass[]), rawdata._exchange_files(regclass, regclass),
    rawdata._exchange_toast_owners(regclass, regclass), rawdata._swap_in(regclass), rawdata._load_begin(),
    rawdata._load_chunk(), rawdata._load_end(), rawdata.apply_change(bytea, bigint, timestamptz),
    rawdata.apply_change_file(text, bigint, timestamptz), rawdata.set_boundary(geometry),
    rawdata.record_look(bigint, interval, text, text) FROM PUBLIC;
GRANT SELECT ON rawdata.import_progress TO PUBLIC;

-- Where many rows lie is sorted here, 104 bytes a row. One sort is alive at a time.
-- A page in which a row is found is read for what the row holds anyway. So it is cheap to find rows by the index on places,
-- which the planner cannot know.
-- An area's test looks so dear to the planner that it would compile it, which delays the first byte.
ALTER FUNCTION rawdata.export(jsonb) SET work_mem = '24MB' SET random_page_cost = 1.1 SET jit = off;
ALTER FUNCTION rawdata.export_file(text, jsonb) SET work_mem = '24MB' SET random_page_cost = 1.1 SET jit = off;
ALTER FUNCTION rawdata.features(jsonb) SET work_mem = '24MB' SET random_page_cost = 1.1 SET jit = off;

-- A diff looks up few rows among many, by index. Its queries run as the owner, so no operator may be the caller's own.
ALTER FUNCTION rawdata.apply_change(bytea, bigint, timestamptz) SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    SET jit = off SET max_parallel_workers_per_gather = 0;
ALTER FUNCTION rawdata.apply_change_file(text, bigint, timestamptz) SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    SET jit = off SET max_parallel_workers_per_gather = 0;

COMMENT ON SCHEMA rawdata IS 'OpenStreetMap data: imports, updates and exports (extension pg_rawdata)';
COMMENT ON FUNCTION rawdata.osm_elements(bytea) IS 'Lists the objects of an OSM document (XML or PBF; gzip, bzip2 or zstd around it is recognised) in document order';
COMMENT ON FUNCTION rawdata.osc_changes(bytea) IS 'Lists the changes of an OsmChange document in document order';
COMMENT ON FUNCTION rawdata.file_header(bytea) IS 'What an OSM document says of itself before its first object';
COMMENT ON FUNCTION rawdata.assemble_area(geometry[]) IS 'The area that lines enclose, coordinates rounded to 1e-7 degree; NULL where they enclose no valid one';
COMMENT ON FUNCTION rawdata.area_problems(geometry[]) IS 'Why lines enclose no valid area, or what is odd about it, and where';
COMMENT ON FUNCTION rawdata.relation_members(bigint) IS 'The members of a stored relation, in order';
COMMENT ON FUNCTION rawdata.way_nodes(bigint) IS 'The nodes of a stored way, in order, and where they are; no location where a node is not in the data';
COMMENT ON FUNCTION rawdata.rebuild(text, bigint, boolean) IS 'What a stored object becomes if it is built now: its geometry as an import makes it, and what is wrong; in best effort also where members are missing';
COMMENT ON FUNCTION rawdata.import_file(text, text) IS 'Replaces the data set by what a file of the server holds; needs pg_read_server_files';
COMMENT ON FUNCTION rawdata.apply_change(bytea, bigint, timestamptz) IS 'Applies a change file to the data set, whole or not at all, its number inside the same transaction; a map file is taken as puts only';
COMMENT ON FUNCTION rawdata.apply_change_file(text, bigint, timestamptz) IS 'Applies a change file of the server to the data set; needs pg_read_server_files';
COMMENT ON FUNCTION rawdata.changes_since(bigint, geometry) IS 'Rows of the feature tables that diffs inserted, changed or deleted after the one of the number given, within an area or everywhere';
COMMENT ON FUNCTION rawdata.set_boundary(geometry) IS 'Gives the data set a boundary: diffs leave out what lies outside of it. NULL takes it away; an import does, too';
COMMENT ON FUNCTION rawdata.record_look(bigint, interval, text, text) IS 'Writes down how a look at the replication server went and when the next is due; tells for how long they have failed';
COMMENT ON VIEW rawdata.load IS 'COPY rawdata.load FROM STDIN (FORMAT binary) replaces the data set by the document sent, in pieces of 64 kB to 1 MB';
COMMENT ON COLUMN rawdata.load.chunk IS 'The next piece of the document';
COMMENT ON VIEW rawdata.load_text IS 'The same for OSM XML as lines of text, so that psql alone can send it';
COMMENT ON COLUMN rawdata.load_text.line IS 'The next line of the document';
COMMENT ON VIEW rawdata.import_progress IS 'Imports that are running: phase, objects done, objects in all where that is known';
COMMENT ON COLUMN rawdata.import_progress.pid IS 'Process number of the session';
COMMENT ON COLUMN rawdata.import_progress.datname IS 'Database of the session';
COMMENT ON COLUMN rawdata.import_progress.phase IS 'nodes, ways, relations, index or swap; read first where the document is in no order';
COMMENT ON COLUMN rawdata.import_progress.done IS 'Objects of all kinds (in phase index: tables) done';
COMMENT ON COLUMN rawdata.import_progress.total IS 'Objects (in phase index: tables) in all, while a file is read estimated from the part that is; NULL where that is not known';
COMMENT ON COLUMN rawdata.import_progress.objects_per_second IS 'Objects per second since the phase began; NULL in phases that count tables';
COMMENT ON COLUMN rawdata.import_progress.remaining IS 'Time at that speed until all objects are done';
COMMENT ON COLUMN rawdata.import_progress.memory_mb IS 'Memory of the session''s process without shared memory, in MiB; NULL where the system does not tell';
COMMENT ON FUNCTION rawdata.status() IS 'What is loaded, and how current it is: one row, none before the first import';
COMMENT ON FUNCTION rawdata.features(jsonb) IS 'The features that a request selects';
COMMENT ON FUNCTION rawdata.feature_count(jsonb) IS 'How many features a request selects';
COMMENT ON FUNCTION rawdata.export(jsonb) IS 'The finished file of a request in chunks of 1 to 4 MiB. Call it in the select list, where it streams; in FROM it is first stored whole';
COMMENT ON FUNCTION rawdata.export_file(text, jsonb) IS 'Writes the file of a request into a new file of the server and tells its size in bytes; needs pg_write_server_files';
COMMENT ON FUNCTION rawdata.create_tables() IS 'Makes the tables of the data set and of the jobs; false if they are there';
COMMENT ON FUNCTION rawdata.create_roles() IS 'Makes the roles rawdata_reader, rawdata_writer and rawdata_admin, and gives them their rights';
COMMENT ON FUNCTION rawdata.replace_countries(jsonb) IS 'Replaces the outlines of countries by those of a GeoJSON FeatureCollection, and derives the country of every row anew';
COMMENT ON FUNCTION rawdata._grant() IS 'Internal: gives the three roles their rights on what exists';
COMMENT ON FUNCTION rawdata._fresh_table(regclass) IS 'Internal: makes an empty twin of a table';
COMMENT ON FUNCTION rawdata._fresh_name(regclass) IS 'Internal: the name of the empty twin of a table';
COMMENT ON FUNCTION rawdata._index_fresh(regclass) IS 'Internal: gives the twin of a table its indexes and statistics';
COMMENT ON FUNCTION rawdata._lock_for_swap(regclass[]) IS 'Internal: tries for a moment to lock tables against readers';
COMMENT ON FUNCTION rawdata._exchange_files(regclass, regclass) IS 'Internal: exchanges the storage of two tables or indexes';
COMMENT ON FUNCTION rawdata._exchange_toast_owners(regclass, regclass) IS 'Internal: exchanges the TOAST tables of two tables';
COMMENT ON FUNCTION rawdata._swap_in(regclass) IS 'Internal: puts the twin of a table in its place';
COMMENT ON FUNCTION rawdata._load_begin() IS 'Internal: trigger before the first piece of a document';
COMMENT ON FUNCTION rawdata._load_chunk() IS 'Internal: trigger for a piece of a document';
COMMENT ON FUNCTION rawdata._load_end() IS 'Internal: trigger after the last piece of a document';
COMMENT ON FUNCTION rawdata._node_blocks(bytea) IS 'Internal: the blocks of nodes that a way uses; an index goes by it';
COMMENT ON FUNCTION rawdata._member_keys(bytea) IS 'Internal: a number for each member of a relation; an index goes by it';
