//! Outlines of countries: replacing them derives the country of every row anew.

use pgrx::prelude::*;

use crate::error::{OrRaise, Refused, refuse};
use crate::import::{Countries, only_writer};
use crate::raw::datum::JsonText;
use crate::raw::interrupts;
use crate::raw::portal::Portal;
use crate::raw::role;
use crate::tables;

const ROWS_A_FETCH: usize = 5000;

/// Replaces the outlines of countries by those of a GeoJSON FeatureCollection. How many there are.
#[pg_extern(strict)]
fn replace_countries(features: JsonText) -> i64 {
    if !tables::exist() {
        refuse(Refused::NoTables, "");
    }
    only_writer();
    role::acting_as(tables::owner(), || {
        let count = load(&features.0);
        let countries = Countries::load();
        for table in ["nodes", "ways_line", "ways_poly", "relations"] {
            derive(table, &countries);
        }
        count
    })
}

/// Fills the table. Names of properties as boundary files commonly have them.
fn load(features: &str) -> i64 {
    Spi::run("DELETE FROM rawdata.countries").or_raise();
    let loaded = Spi::get_one_with_args::<i64>(
        "WITH feature AS ( \
             SELECT f, n, f->'properties' AS p FROM pg_catalog.jsonb_array_elements( \
                 CASE WHEN pg_catalog.jsonb_typeof($1::jsonb->'features') = 'array' THEN $1::jsonb->'features' END) \
                 WITH ORDINALITY AS e (f, n)), \
         outline AS ( \
             SELECT coalesce(nullif(p->>'cid', ''), n::text)::int AS cid, \
                 coalesce(p->>'name', p->>'NAME', p->>'ADMIN', p->>'name_en') AS name, \
                 (SELECT code FROM pg_catalog.unnest(ARRAY[p->>'iso3', p->>'iso_3', p->>'ISO_A3', p->>'ADM0_A3', \
                     p->>'iso_a3', p->>'adm0_a3']) AS code WHERE code ~ '^[A-Z]{3}$' LIMIT 1) AS iso3, \
                 public.ST_Multi(public.ST_SetSRID(public.ST_GeomFromGeoJSON(f->'geometry'), 4326)) AS geometry \
             FROM feature), \
         inserted AS ( \
             INSERT INTO rawdata.countries (cid, name, iso3, geometry) SELECT * FROM outline RETURNING 1) \
         SELECT count(*) FROM inserted",
        &[features.into()],
    );
    match loaded.or_raise() {
        Some(count) if count > 0 => count,
        _ => refuse(Refused::Countries, "the document holds no outline"),
    }
}

/// Derives the country of every row of a table, writing only those that change.
fn derive(table: &str, countries: &Countries) {
    let portal = Portal::open_now(&format!("SELECT osm_id, geom, country::text FROM rawdata.{table}"));
    loop {
        let (mut ids, mut lists) = (Vec::new(), Vec::new());
        let mut keys = Vec::new();
        let fetched = portal.fetch(ROWS_A_FETCH, |row| {
            let (Some(id), Some(geometry)) = (row.int8(0), row.bytes(1)) else { return };
            countries.of(geometry, &mut keys).or_raise();
            let list = format!("{{{}}}", keys.iter().map(i32::to_string).collect::<Vec<_>>().join(","));
            if row.text(2) != Some(list.as_str()) {
                ids.push(id);
                lists.push(list);
            }
        });
        if !ids.is_empty() {
            Spi::run_with_args(
                &format!(
                    "UPDATE rawdata.{table} t SET country = v.country::integer[] \
                     FROM ROWS FROM (pg_catalog.unnest($1::bigint[]), pg_catalog.unnest($2::text[])) AS v (osm_id, country) WHERE t.osm_id = v.osm_id"
                ),
                &[ids.into(), lists.into()],
            )
            .or_raise();
        }
        interrupts::check();
        if fetched < ROWS_A_FETCH {
            break;
        }
    }
    portal.close();
}
