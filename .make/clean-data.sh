#!/usr/bin/env bash
# make clean-data: stops everything and removes what `make up` wrote; packages and the extension's files stay.
. "$(dirname "$0")/common.sh"
. "$repo/.make/state.sh"
"$repo/.make/down.sh"
[ -e "$home/settings" ] || exit 0
load_state
rm -rf "$socket" "$data"/{cluster,cluster.new,redis,log,bin,results,socket,initdb.log}
[ "$data" = "$home" ] || rmdir "$data"
rm -rf "$home"/{settings,env,loaded,version,lock} "$home"/*.{pid,settings,new}
rmdir "$home" 2>/dev/null || true
