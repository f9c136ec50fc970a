//! What an area selects is what PostGIS would select.

use rawdata_tests::{Database, data};

/// Areas made of the data themselves, so that borders run along borders and end in corners: features as they are, boxes
/// and hulls that touch what they surround, gaps the shape of a feature, circles of many vertices, many parts.
const AREAS: &str = "CREATE TEMP TABLE areas AS
    SELECT row_number() OVER () AS n, ST_AsGeoJSON(geom, 15)::jsonb AS area FROM (
        (SELECT geom FROM rawdata.relations WHERE ST_Dimension(geom) = 2 ORDER BY ST_NPoints(geom) DESC, osm_id LIMIT 40)
        UNION ALL (SELECT geom FROM rawdata.ways_poly ORDER BY osm_id % 11, osm_id LIMIT 40)
        UNION ALL (SELECT ST_Envelope(geom) FROM rawdata.ways_poly ORDER BY osm_id % 13, osm_id LIMIT 40)
        UNION ALL (SELECT ST_Expand(ST_Envelope(geom), 0.0005) FROM rawdata.ways_line ORDER BY osm_id % 7, osm_id LIMIT 20)
        UNION ALL (SELECT ST_ConvexHull(geom) FROM rawdata.relations WHERE ST_Dimension(geom) = 1 ORDER BY osm_id LIMIT 20)
        UNION ALL (SELECT ST_Difference(ST_Expand(geom, 0.002), geom) FROM rawdata.ways_poly ORDER BY osm_id % 17, osm_id LIMIT 20)
        UNION ALL (SELECT ST_Buffer(ST_Centroid(geom), 0.003, 100) FROM rawdata.ways_poly ORDER BY osm_id % 19, osm_id LIMIT 10)
        UNION ALL (SELECT ST_Union(geom) FROM rawdata.ways_poly WHERE osm_id % 5 = 0)
    ) AS shapes WHERE ST_Dimension(geom) = 2 AND ST_IsValid(geom)";
const SELECTED: &str = "CREATE TEMP TABLE ours AS
        SELECT n, within, f.osm_type, f.osm_id FROM areas, unnest(ARRAY[true, false]) AS within,
            LATERAL rawdata.features(jsonb_build_object('geometry', area, 'useStWithin', within)) AS f;
    CREATE TEMP TABLE theirs AS
        SELECT n, within, f.osm_type, f.osm_id FROM areas, unnest(ARRAY[true, false]) AS within,
            LATERAL (SELECT osm_type, osm_id FROM rawdata.features, ST_GeomFromGeoJSON(area) AS shape
                WHERE ST_Intersects(geom, shape) AND (NOT within OR ST_Within(geom, shape))) AS f";

#[test]
fn an_area_selects_what_postgis_selects() {
    let database = Database::new();
    database.import_file(&data("helsinki-centre.osm.pbf"));
    let answer = database.psql(&format!(
        "{AREAS}; {SELECTED};
         SELECT (SELECT count(*) > 100 FROM areas), (SELECT count(DISTINCT (n, within)) > 200 FROM ours);
         SELECT 'ours', * FROM (TABLE ours EXCEPT ALL TABLE theirs) AS o
         UNION ALL SELECT 'theirs', * FROM (TABLE theirs EXCEPT ALL TABLE ours) AS t LIMIT 9"
    ));
    assert_eq!(answer, "t|t");
}

#[test]
fn the_number_of_features_is_that_of_the_rows() {
    let database = Database::new();
    database.import_file(&data("helsinki-centre.osm.pbf"));
    for within in [true, false] {
        let answer = database.psql(&format!(
            "WITH request AS (SELECT jsonb_build_object('geometry', ST_AsGeoJSON(ST_Buffer(ST_Centroid(ST_Extent(geom)), 0.002), 9)::jsonb,
                 'useStWithin', {within}) AS body FROM rawdata.features)
             SELECT rawdata.feature_count(body) = (SELECT count(*) FROM rawdata.features(body)) AND rawdata.feature_count(body) > 10 FROM request"
        ));
        assert_eq!(answer, "t", "within: {within}");
    }
}
