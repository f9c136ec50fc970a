#!/usr/bin/env bash
# Entry of the image `db`: makes the cluster at first start, sets up the database, and becomes the server.
set -euo pipefail
: "${RAWDATA_PASSWORD:?set RAWDATA_PASSWORD, the password of the role rawdata_server}"
if [ ! -e "$PGDATA/PG_VERSION" ]; then
    initdb -D "$PGDATA" -U postgres -A trust -k --locale=C.UTF-8 --encoding=UTF8
    # Inside the container the socket is the superuser's; from outside there are passwords only.
    printf 'local all all trust\nhost all,replication all all scram-sha-256\n' >"$PGDATA/pg_hba.conf"
    cat >>"$PGDATA/postgresql.conf" <<-CONF
	listen_addresses = '*'
	password_encryption = 'scram-sha-256'
	max_wal_size = '4GB'
	jit = off
	timezone = 'UTC'
	client_connection_check_interval = '1s'
	CONF
fi
# Set up before anybody can reach it over the network.
pg_ctl -D "$PGDATA" -s -w -o "-c listen_addresses=''" start
psql=(psql -XqAt -v ON_ERROR_STOP=1 -U postgres)
"${psql[@]}" -d postgres -v database=rawdata -v password="$RAWDATA_PASSWORD" -f /usr/share/pg_rawdata/database.sql
if [ "$("${psql[@]}" -d rawdata -c 'SELECT EXISTS (SELECT FROM rawdata.countries)')" = f ]; then
    "${psql[@]}" -d rawdata -v file=/usr/share/pg_rawdata/countries.geojson -f /usr/share/pg_rawdata/countries.sql
fi
pg_ctl -D "$PGDATA" -s -w -m fast stop
unset RAWDATA_PASSWORD
exec postgres -D "$PGDATA"
