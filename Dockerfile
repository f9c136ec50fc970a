# Two images from one source, by the steps of `make up`:
#   db     PostgreSQL 15 with PostGIS and the extension
#   front  the program `rawdata`: serve, worker, import
FROM rust:1.95-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-server-dev-15 gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
ENV PGRX_PG_CONFIG_PATH=/usr/lib/postgresql/15/bin/pg_config CARGO_TARGET_DIR=/build
RUN cargo build --locked --release -p pg_rawdata -p http_front --no-default-features --features pg_rawdata/pg15 \
    && mkdir -p /files/lib /files/extension \
    && install -m 755 /build/release/libpg_rawdata.so /files/lib/pg_rawdata.so \
    && install -m 644 pg_rawdata/pg_rawdata.control sql/release/pg_rawdata--*.sql /files/extension/ \
    && find sql/upgrade -name 'pg_rawdata--*.sql' -exec install -m 644 {} /files/extension/ ';' \
    && install -m 755 /build/release/rawdata /files/rawdata

FROM debian:bookworm-slim AS db
# The package would make a cluster of its own at installation; this image makes one at first start.
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-common \
    && sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
    && apt-get install -y --no-install-recommends postgresql-15 postgresql-15-postgis-3 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /files/lib/pg_rawdata.so /usr/lib/postgresql/15/lib/
COPY --from=build /files/extension/ /usr/share/postgresql/15/extension/
COPY --from=build /source/sql/countries.geojson /source/sql/countries.sql /usr/share/pg_rawdata/
COPY --from=build --chmod=755 /source/.make/image-db.sh /usr/local/bin/rawdata-db
COPY --from=build /source/.make/database.sql /usr/share/pg_rawdata/
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data
RUN install -d -o postgres -g postgres -m 700 "$PGDATA"
VOLUME /var/lib/postgresql/data
USER postgres
EXPOSE 5432
STOPSIGNAL SIGINT
HEALTHCHECK CMD pg_isready -q -h 127.0.0.1
# RAWDATA_PASSWORD: of the role rawdata_server, by which server and workers log in.
CMD ["rawdata-db"]

FROM debian:bookworm-slim AS front
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /var/lib/rawdata rawdata
COPY --from=build /files/rawdata /usr/local/bin/rawdata
USER rawdata
WORKDIR /var/lib/rawdata
# DATABASE_URL, REDIS_URL and PUBLIC_URL come from outside; see http_front/README.md.
ENV LISTEN=0.0.0.0:8000 RESULT_DIR=/var/lib/rawdata/results
RUN mkdir -p "$RESULT_DIR"
VOLUME /var/lib/rawdata/results
EXPOSE 8000
ENTRYPOINT ["rawdata"]
CMD ["serve"]
