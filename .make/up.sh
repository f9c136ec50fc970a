#!/usr/bin/env bash
# make up: from a bare machine, or from whatever the last run left, to a running system. Each step is skipped where it is done.
. "$(dirname "$0")/common.sh"
. "$repo/.make/packages.sh"
. "$repo/.make/extension.sh"
. "$repo/.make/state.sh"
. "$repo/.make/servers.sh"

default_data=$repo/tests/data/helsinki-centre.osm.pbf

choose_http_port() {
    local wanted=${PORT:-${http_port:-8000}}
    [[ $wanted =~ ^[0-9]{1,5}$ ]] && [ "$wanted" -ge 1 ] && [ "$wanted" -le 65535 ] || fail "PORT=$wanted is not a port number"
    if [ "$wanted" != "$http_port" ] || ! alive "$home/serve.pid" "$data/bin/rawdata serve"; then
        ! taken "$wanted" || fail "port $wanted is taken by another program; choose one with make up PORT=8080"
    fi
    http_port=$wanted
}

# A name for what DATA says: file, size and time of change, or the address.
data_name() {
    case $1 in
        http://* | https://*) echo "$1" ;;
        *) stat -L -c '%n %s %Y' "$1" ;;
    esac
}

# Where the rows of `nodes` lie in the cluster; every import puts them elsewhere.
data_mark() { superuser_psql -d rawdata -c "SELECT pg_relation_filenode('rawdata.nodes')"; }

choose_data() {
    source=${DATA:-}
    case $source in
        '' | http://* | https://*) ;;
        *)
            [ -f "$source" ] && [ -r "$source" ] || fail "DATA=$source is not a file that can be read"
            source=$(realpath "$source")
            ;;
    esac
}

import_data() {
    local loaded
    loaded=$(cat "$home/loaded" 2>/dev/null) || true
    # What somebody has loaded by hand since is not the file of that name any more.
    [ "${loaded%%$'\t'*}" = "$(data_mark)" ] || loaded=''
    if [ -z "$source" ]; then
        [ "$(superuser_psql -d rawdata -c 'SELECT EXISTS (SELECT FROM rawdata.features)')" = f ] || return 0
        source=$default_data
    fi
    [ "${loaded#*$'\t'}" != "$(data_name "$source")" ] || return 0
    say "Importing $source"
    # Whoever gives an address here allows its host.
    local hosts=${FETCH_ALLOW_HOST-}
    [[ ! $source =~ ^https?://([^/@]*@)?([^/:?#]+) ]] || hosts=${BASH_REMATCH[2]}${hosts:+,$hosts}
    DATABASE_URL=$(database_url) FETCH_ALLOW_HOST=$hosts "$data/bin/rawdata" import "$source" || fail "the import failed; what was loaded before is still there"
    printf '%s\t%s\n' "$(data_mark)" "$(data_name "$source")" >"$home/loaded"
}

load_countries() {
    [ "$(superuser_psql -d rawdata -c 'SELECT EXISTS (SELECT FROM rawdata.countries)')" = f ] || return 0
    say "Loading country outlines"
    superuser_psql -d rawdata -v file="$repo/sql/countries.geojson" -f "$repo/sql/countries.sql" >/dev/null
}

# start_front NAME: `rawdata serve` or `rawdata worker`, unless it runs as it should.
start_front() {
    local settings
    settings=$(database_url; redis_url; base_url)
    if alive "$home/$1.pid" "$data/bin/rawdata $1" && [ "$settings" = "$(cat "$home/$1.settings" 2>/dev/null)" ]; then
        return
    fi
    stop_process "$home/$1.pid" "$data/bin/rawdata $1"
    owned_folder daemon "$data/results" 755
    DATABASE_URL=$(database_url) REDIS_URL=$(redis_url) LISTEN=127.0.0.1:$http_port PUBLIC_URL=$(base_url) \
        RESULT_DIR=$data/results start_process "$1" "$data/bin/rawdata" "$1"
    (umask 077 && printf '%s\n' "$settings" >"$home/$1.settings")
}

wait_until_ready() {
    local i
    for ((i = 0; i < 240; i++)); do
        ! curl -fs -o /dev/null "$(base_url)/readyz" || return 0
        alive "$home/serve.pid" "$data/bin/rawdata serve" || break
        sleep 0.25
    done
    fail "the server does not answer: $(tail -n 3 "$data/log/rawdata/serve.log")"
}

# A box of about a kilometre where the data set has something.
sample_area() {
    superuser_psql -d rawdata -c "
        WITH place AS (SELECT ST_PointOnSurface(geom) AS p FROM (SELECT geom FROM rawdata.features LIMIT 5000) f),
             middle AS (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ST_X(p)) AS x,
                               percentile_disc(0.5) WITHIN GROUP (ORDER BY ST_Y(p)) AS y FROM place)
        SELECT ST_AsGeoJSON(ST_MakeEnvelope(greatest(x - 0.006, -180), greatest(y - 0.004, -90),
                                            least(x + 0.006, 180), least(y + 0.004, 90)), 4)
          FROM (SELECT coalesce(x, 0) AS x, coalesce(y, 0) AS y FROM middle) m"
}

print_lines() {
    local url
    url=$(base_url)
    say
    say "$url/v1/docs/"
    printf 'psql -h %q -p %s -U postgres -d rawdata -c "SELECT osm_type, count(*) FROM rawdata.features GROUP BY 1 ORDER BY 1"\n' "$socket" "$postgres_port"
    # Post, ask until it is done, fetch.
    printf '%s' "t=\$(curl -fsS $url/v1/snapshot/ -H 'Content-Type: application/json' -d '{\"geometry\":$(sample_area)}'" \
        " | sed 's/.*\"task_id\": *\"\\([^\"]*\\)\".*/\\1/');" \
        " while r=\$(curl -fsS $url/v1/tasks/status/\$t/) && ! printf %s \"\$r\" | grep -qE '\"status\": *\"(SUCCESS|FAILURE)\"'; do sleep 1; done;" \
        " curl -fsS -o rawdata.zip -w 'rawdata.zip: %{size_download} bytes\\n'" \
        " \"\$(printf %s \"\$r\" | sed 's/.*\"download_url\": *\"\\([^\"]*\\)\".*/\\1/')\""
    say
}

choose_data
require_rights
if [ -z "${RAWDATA_LOCKED:-}" ]; then
    mkdir -p "$home" || fail "cannot make $home"
    RAWDATA_LOCKED=1 exec flock --close "$home/lock" "$0"
fi
install_packages
load_state
choose_http_port
build
install_extension
mkdir -p "$data/log" "$data/bin"
# A server that has the old library in memory, or a front of an older build, is stopped before the new one starts.
version=$(cat "$target/release/libpg_rawdata.so" "$target/release/rawdata" | sha256sum)
if [ "$version" != "$(cat "$home/version" 2>/dev/null)" ]; then
    stop_process "$home/worker.pid" "$data/bin/rawdata worker"
    stop_process "$home/serve.pid" "$data/bin/rawdata serve"
    stop_postgres
    install -m 755 "$target/release/rawdata" "$data/bin/rawdata"
    echo "$version" >"$home/version"
fi
say "Starting PostgreSQL and Redis"
choose_ports 54329 63799
start_postgres
start_redis
write_env
superuser_psql -d postgres -v database=rawdata -v password="$database_password" -f "$repo/.make/database.sql"
load_countries
import_data
say "Starting server and worker"
start_front serve
start_front worker
wait_until_ready
print_lines
