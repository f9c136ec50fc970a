# Sourced by every script here: where things are, how to speak, and as whom to run.
set -euo pipefail
umask 022
# A server started with RUST_BACKTRACE sends backtraces to its clients; libpq's variables would lead to another server, a bucket elsewhere.
unset RUST_BACKTRACE BUCKET_NAME PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGPASSWORD PGPASSFILE PGSERVICE PGOPTIONS

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
home=$(realpath -m "${RAWDATA_HOME:-$repo/.rawdata}")
target=${CARGO_TARGET_DIR:-$repo/target}

say() { printf '%s\n' "$*"; }
fail() {
    printf 'rawdata: %s\n' "$*" >&2
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# PostgreSQL's version is the one that the Debian release offers.
postgres_version() {
    local release
    release=$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID:-}" "${VERSION_ID:-}") || true
    case $release in
        "debian 12") echo 15 ;;
        "debian 13") echo 17 ;;
        *) fail "this is ${release:-an unknown system}; packages are chosen for Debian 12 and 13 only. The Dockerfile runs elsewhere." ;;
    esac
}
postgres=$(postgres_version)
# Not what pg_config in PATH says: where several versions are installed, that is the newest.
postgres_bin=/usr/lib/postgresql/$postgres/bin
export PGRX_PG_CONFIG_PATH=${PGRX_PG_CONFIG_PATH:-$postgres_bin/pg_config}

as_root() {
    if is_root; then "$@"; else sudo "$@"; fi
}

# as USER COMMAND…: root hands each server to a user of its own; anybody else is that user already.
# setpriv replaces itself by the command, so a pid stays the command's, and needs no shell, PAM or sudo.
as() {
    local user=$1
    shift
    cd /
    if is_root; then
        exec setpriv --reuid="$user" --regid="$user" --init-groups -- env HOME=/ "$@"
    fi
    exec "$@"
}

# alive PIDFILE WORD: does that process run, and is it the one meant? Pids are used again after a crash or a boot.
alive() {
    local pid
    pid=$(head -n 1 "$1" 2>/dev/null) && [ -n "$pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$2"
}

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port FIRST: the first port from FIRST on that nobody listens on.
free_port() {
    local port
    for ((port = $1; port < $1 + 200; port++)); do
        taken "$port" || { echo "$port"; return; }
    done
    fail "no free port between $1 and $((port - 1))"
}

secret() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
