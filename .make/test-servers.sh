#!/usr/bin/env bash
# Private PostgreSQL and Redis for tests, gone afterwards. With a command: for as long as that runs.
# Without: says "ready FOLDER" and stays until its standard input ends, so that a test program that dies takes them along.
. "$(dirname "$0")/common.sh"
. "$repo/.make/packages.sh"
. "$repo/.make/extension.sh"
. "$repo/.make/state.sh"
. "$repo/.make/servers.sh"
[ -z "$(changed_files)" ] || fail "the installed extension is not the one built last: run make build"
home=$(mktemp -d "${TMPDIR:-/tmp}/rawdata-test-XXXXXX")
trap stop EXIT
trap 'exit 130' INT TERM HUP
stop() {
    local pid
    for pid in "$home"/*.pid; do
        [ ! -e "$pid" ] || { alive "$pid" rawdata && kill -KILL "$(cat "$pid")"; } || true
    done
    stop_redis || true
    stop_postgres || true
    if [ -n "${KEEP:-}" ]; then say "kept: $home" >&2; else rm -rf "$home" "$socket"; fi
}
load_state
http_port=0
mkdir -p "$data/log"
# Other numbers than a running system's, and than another test run's that starts at the same moment.
choose_ports $((20000 + $$ % 10000)) $((10000 + $$ % 10000))
start_postgres
# One for each server that a test starts.
redis_databases=1000
start_redis
superuser_psql -d postgres -v database=rawdata -v password="$database_password" -f "$repo/.make/database.sql"
mkdir -p "$data/bin"
install -m 755 "$target/release/rawdata" "$data/bin/rawdata"
write_env
if [ $# -gt 0 ]; then
    (. "$home/env" && cd "$repo" && "$@")
else
    say "ready $home"
    cat >/dev/null
fi
