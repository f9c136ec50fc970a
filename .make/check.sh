#!/usr/bin/env bash
# make check: what can be said without running anything.
. "$(dirname "$0")/common.sh"
. "$repo/.make/packages.sh"
. "$repo/.make/extension.sh"
require_rights
install_packages
cd "$repo"
features=(--no-default-features --features "pg_rawdata/pg$postgres")

say "check: format"
cargo fmt --all --check

say "check: lints"
cargo clippy --quiet --locked --workspace --all-targets "${features[@]}" -- -D warnings

say "check: documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --no-deps -p rawdata-core
# The others are no libraries for anybody: their documentation is for who works on them, and may link to what is private.
RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --quiet --locked --no-deps --document-private-items -p pg_rawdata -p http_front -p rawdata-tests "${features[@]}"

# The arrows of ARCHITECTURE.md.
say "check: dependencies"
# depends PACKAGE ON: is ON among what PACKAGE is built from?
depends() { cargo tree --locked --quiet --package "$1" --edges normal,build --prefix none "${@:3}" | grep -q "^$2 v"; }
depends pg_rawdata pgrx "${features[@]}" || fail "cargo tree finds no pgrx in pg_rawdata: this check is blind"
for forbidden in "rawdata-core pgrx" "rawdata-core tokio" "http_front pgrx" "http_front pg_rawdata" "rawdata-tests http_front"; do
    # Two words on purpose.
    # shellcheck disable=SC2086
    ! depends $forbidden || fail "${forbidden% *} must not depend on ${forbidden#* }"
done

# finds PATTERN EXCEPT: lines of http_front/src that are not comments.
finds() { grep -rnE "$1" http_front/src --include='*.rs' | grep -vE "^http_front/src/($2)|^[^:]*:[0-9]+: *//" || true; }
only() { [ -z "$2" ] || { printf '%s\n' "$2" >&2; fail "$1"; }; }
only "Redis is spoken only below http_front/src/queue" "$(finds '\bredis::' 'queue/|queue\.rs')"
only "SQL is written only in http_front/src/db" \
    "$(finds '\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|COPY|LISTEN|NOTIFY) [a-z0-9(*$]' 'db\.rs|db/')"
only "a request knows nothing of files: request/ must not use write/" \
    "$(grep -rnE 'crate::write|super::write' pg_rawdata/core/src/request || true)"
# broken FILE: where it links to nothing.
broken() {
    grep -oE '\]\([^)#[:space:]]+' "$1" | sed 's/^](//' | grep -vE '^(https?|mailto):' | while read -r link; do
        [ -e "$(dirname "$1")/$link" ] || echo "$1: $link"
    done
}
only "documents link to files that are there" "$(git ls-files '*.md' | while read -r document; do broken "$document"; done)"
only "todo!, unimplemented! and FIXME are not left in the code" \
    "$(git -C "$repo" grep -nE '\b(todo|unimplemented)!|FIXME' -- '*.rs' '*.sql' '*.sh' ':!.make/check.sh' 2>/dev/null || true)"
