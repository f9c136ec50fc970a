-- Loads country outlines from any GeoJSON FeatureCollection into rawdata.countries, in place of those that are there,
-- and derives the column `country` of every row anew. All of it in one transaction, from any client machine:
--
--   psql -v file=sql/countries.geojson -f sql/countries.sql
--   psql -v file=my-borders.geojson -v name=NAME_EN -v iso3=ISO_A3_EH -f sql/countries.sql
--
-- Variables: file, and optionally cid, name, iso3: the names of the properties that hold the number, the name and the
-- three-letter code. Without them rawdata.replace_countries() looks for the usual ones (cid, name, NAME, iso3, ISO_A3, ADM0_A3 ...).
--
-- The file that ships, countries.geojson, is coarse (1:50 million) and public domain: Natural Earth 4.1 from the npm package
-- world-atlas 2.0.2, cut at the 180th meridian, coordinates rounded to 4 decimals, ISO 3166-1 codes added. cid is
-- the numeric ISO code; areas without one have 901 and up.

\set ON_ERROR_STOP on
\if :{?file}
\else
    \warn 'say which file: psql -v file=sql/countries.geojson -f sql/countries.sql'
    DO $$ BEGIN RAISE 'the psql variable "file" is not set'; END $$;
\endif
\if :{?cid} \else \set cid cid \endif
\if :{?name} \else \set name name \endif
\if :{?iso3} \else \set iso3 iso3 \endif

\set content `cat :'file'`
BEGIN;
CREATE TEMPORARY TABLE country_file ON COMMIT DROP AS SELECT (:'content')::jsonb AS content;
\unset content

-- The properties asked for, under the names that replace_countries() looks for first.
UPDATE country_file
   SET content = jsonb_set(content, '{features}', (
           SELECT jsonb_agg(jsonb_set(feature, '{properties}', feature->'properties' || jsonb_strip_nulls(jsonb_build_object(
                      'cid', feature->'properties'->:'cid',
                      'name', feature->'properties'->:'name',
                      'iso3', feature->'properties'->:'iso3'))) ORDER BY place)
             FROM jsonb_array_elements(content->'features') WITH ORDINALITY AS f(feature, place)))
 WHERE (:'cid', :'name', :'iso3') <> ('cid', 'name', 'iso3');

SELECT rawdata.replace_countries(content) AS countries FROM country_file;
COMMIT;
