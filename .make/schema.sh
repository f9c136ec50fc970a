#!/usr/bin/env bash
# make schema: sql/release/pg_rawdata--VERSION.sql as the code has it. A version that is tagged is frozen: raise the version first.
# With --print: as the library that was built last has it, and nothing is written.
. "$(dirname "$0")/common.sh"
. "$repo/.make/extension.sh"
cd "$repo"
command -v cargo-pgrx >/dev/null || fail "cargo-pgrx is not in PATH: cargo install --locked cargo-pgrx@$(sed -n 's/^pgrx = .*"=\([0-9.]*\)".*/\1/p' Cargo.toml)"
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" pg_rawdata/pg_rawdata.control)
file=sql/release/pg_rawdata--$version.sql

generate() {
    (cd pg_rawdata && cargo pgrx schema --skip-build --release "pg$postgres" --no-default-features \
        --features "pg$postgres" --pg-config "$PGRX_PG_CONFIG_PATH") 2>"$target/schema.log" ||
        fail "cargo pgrx schema failed: $(tail -n 3 "$target/schema.log")"
}

# pgrx's remarks go: where in the source a part comes from and which Rust type an argument has is no part of what is said.
tidy() {
    # The header that \echo stands in is what PostgreSQL's own extensions have.
    printf '%s\n' '\echo Use "CREATE EXTENSION pg_rawdata" to load this file. \quit' \
        '-- The whole extension in one script, as CREATE EXTENSION reads it; that is why it is long. `make schema` writes it.'
    sed -E '1,/^-- bootstrap$/d; /^\/\* <(begin|\/end)/d; /^-- pg_rawdata/d; s@ /\* [^*]* \*/@@g'
}

if [ "${1:-}" = --print ]; then
    generate | tidy
    exit
fi
if git rev-parse -q --verify "refs/tags/v$version" >/dev/null 2>&1; then
    fail "version $version is released; $file is frozen"
fi
build
generate | tidy >"$target/schema.sql"
install -m 644 "$target/schema.sql" "$file"
say "wrote $file"
