#!/usr/bin/env bash
# make down: stops what `make up` started, by its pid files only.
. "$(dirname "$0")/common.sh"
. "$repo/.make/state.sh"
. "$repo/.make/servers.sh"
[ -e "$home/settings" ] || exit 0
load_state
stop_process "$home/worker.pid" "$data/bin/rawdata worker"
stop_process "$home/serve.pid" "$data/bin/rawdata serve"
stop_redis
stop_postgres
