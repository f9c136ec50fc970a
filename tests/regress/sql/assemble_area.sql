-- Lines of any origin become an area, or there are reasons.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.lines(VARIADIC wkt text[]) RETURNS geometry[] LANGUAGE sql AS
  'SELECT array_agg(ST_GeomFromText(w, 4326) ORDER BY n) FROM unnest(wkt) WITH ORDINALITY AS u (w, n)';
CREATE FUNCTION pg_temp.area(VARIADIC wkt text[]) RETURNS text LANGUAGE sql AS
  'SELECT ST_AsEWKT(rawdata.assemble_area(pg_temp.lines(VARIADIC wkt)))';
CREATE FUNCTION pg_temp.problems(VARIADIC wkt text[]) RETURNS SETOF text LANGUAGE sql AS
  'SELECT problem || coalesce('' at '' || ST_AsText(location), '''') FROM rawdata.area_problems(pg_temp.lines(VARIADIC wkt))';

-- Two halves of a ring, a hole, a second ring in a multi line; the hole turned round and the order changed.
SELECT pg_temp.area('LINESTRING(0 0,9 0,9 9)', 'LINESTRING(0 0,0 9,9 9)');
SELECT pg_temp.area('LINESTRING(0 0,9 0,9 9,0 9,0 0)', 'MULTILINESTRING((1 1,2 1,2 2,1 1),(20 0,21 0,21 1),(20 0,21 1))');
SELECT pg_temp.area('MULTILINESTRING((21 1,21 0,20 0),(2 1,2 2,1 1,2 1),(21 1,20 0))', 'LINESTRING(9 9,9 0,0 0,0 9,9 9)');

-- No reference system is taken for 4326; coordinates are rounded to 1e-7 degree, so what nearly meets does.
SELECT ST_AsEWKT(rawdata.assemble_area(ARRAY['LINESTRING(0 0,0.1 0,0.1 0.1)'::geometry, 'LINESTRING(0.10000000001 0.1,0 0)']));

-- Reasons.
SELECT pg_temp.area('LINESTRING(0 0,4 0,4 4)'), pg_temp.problems('LINESTRING(0 0,4 0,4 4)');
SELECT pg_temp.area('LINESTRING(0 0,4 4,4 0,0 4,0 0)'), pg_temp.problems('LINESTRING(0 0,4 4,4 0,0 4,0 0)');
SELECT pg_temp.area('LINESTRING(0 0,4 0,4 4,0 0)', 'LINESTRING(1 0,3 0,3 1,1 0)'), pg_temp.problems('LINESTRING(0 0,4 0,4 4,0 0)', 'LINESTRING(1 0,3 0,3 1,1 0)');
SELECT pg_temp.area('LINESTRING(0 0,2 0,2 2,0 2,0 0)', 'LINESTRING(2 0,4 0,4 2,2 2,2 0)'), pg_temp.problems('LINESTRING(0 0,2 0,2 2,0 2,0 0)', 'LINESTRING(2 0,4 0,4 2,2 2,2 0)');
SELECT pg_temp.area('LINESTRING(0 0,1 1,0 0)'), pg_temp.problems('LINESTRING(0 0,1 1,0 0)');
SELECT rawdata.assemble_area('{}'), problem, location FROM rawdata.area_problems('{}');
SELECT rawdata.assemble_area(NULL) IS NULL AS strict, (SELECT count(*) FROM rawdata.area_problems(NULL)) AS rows;

-- Whatever is no line on Earth is refused with its place in the array.
SELECT rawdata.assemble_area(ARRAY['LINESTRING(0 0,1 1)'::geometry, NULL]);
SELECT rawdata.assemble_area(ARRAY['POINT(0 0)'::geometry]);
SELECT rawdata.assemble_area(ARRAY['POINT EMPTY'::geometry]);
SELECT rawdata.assemble_area(ARRAY['LINESTRING(0 0,1 1)'::geometry, 'POLYGON((0 0,1 0,1 1,0 0))']);
SELECT rawdata.assemble_area(ARRAY['GEOMETRYCOLLECTION(LINESTRING(0 0,1 1))'::geometry]);
SELECT rawdata.assemble_area(ARRAY['CIRCULARSTRING(0 0,1 1,2 0)'::geometry]);
SELECT rawdata.assemble_area(ARRAY['LINESTRING EMPTY'::geometry]);
SELECT rawdata.assemble_area(ARRAY['MULTILINESTRING EMPTY'::geometry]);
SELECT rawdata.assemble_area(ARRAY['LINESTRING Z (0 0 0,1 1 1)'::geometry]);
SELECT rawdata.assemble_area(ARRAY[ST_SetSRID('LINESTRING(0 0,1 1)'::geometry, 3857)]);
SELECT rawdata.assemble_area(ARRAY[ST_MakeLine(ST_MakePoint(0, 0), ST_MakePoint('NaN', 1))]);
SELECT rawdata.assemble_area(ARRAY[ST_MakeLine(ST_MakePoint(0, 0), ST_MakePoint(0, '-Infinity'))]);
SELECT * FROM rawdata.area_problems(ARRAY['LINESTRING(0 0,1 1)'::geometry, 'LINESTRING(0 0,180.1 0)']);
\set VERBOSITY sqlstate
SELECT rawdata.assemble_area(ARRAY[[NULL, NULL], [NULL, NULL]]::geometry[]);
\set VERBOSITY default

-- Ways of the data set make their relation's area again, in parallel workers as well.
SELECT provolatile, proparallel, proisstrict FROM pg_proc WHERE oid = 'rawdata.assemble_area(geometry[])'::regprocedure;
