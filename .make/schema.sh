#!/usr/bin/env bash
# make schema: sql/release/pg_rawdata--VERSION.sql as the code has it. A version that is tagged is frozen: raise the version first.
. "$(dirname "$0")/common.sh"
cd "$repo"
command -v cargo-pgrx >/dev/null || fail "cargo-pgrx is not in PATH: cargo install --locked cargo-pgrx@$(sed -n 's/^pgrx = .*"=\([0-9.]*\)".*/\1/p' Cargo.toml)"
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" pg_rawdata/pg_rawdata.control)
file=sql/release/pg_rawdata--$version.sql
if git rev-parse -q --verify "refs/tags/v$version" >/dev/null 2>&1 && [ "${1:-}" != --print ]; then
    fail "version $version is released; $file is frozen"
fi
# Paths, line numbers and the order of equal parts are no part of what is said.
generate() {
    (cd pg_rawdata && cargo pgrx schema --release "pg$postgres" --no-default-features --features "pg$postgres" \
        --pg-config "$PGRX_PG_CONFIG_PATH" --out "$1") >&2
}
mkdir -p "$target" sql/release
generate "$target/schema.sql"
if [ "${1:-}" = --print ]; then cat "$target/schema.sql"; else install -m 644 "$target/schema.sql" "$file"; say "wrote $file"; fi
