#!/usr/bin/env bash
# cargo with the settings of this system: which PostgreSQL, and no backtraces sent to clients.
. "$(dirname "$0")/common.sh"
cd "$repo"
exec cargo "$@"
