#!/usr/bin/env bash
# make test: all of it, fastest first, stopping at the first kind that fails. Ends with the totals and the suite's own summary.
. "$(dirname "$0")/common.sh"
cd "$repo"
log=$target/test-log
mkdir -p "$log"
for step in check core regress suite; do
    say "== make $step"
    "${MAKE:-make}" --no-print-directory "$step" 2>&1 | tee "$log/$step"
done
say
awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
     # PostgreSQL 16 and later speak TAP here.
     FILENAME ~ /regress$/ && (/^test .* ok +[0-9]+ ms/ || /^ok +[0-9]+ /) { regress++ }
     END { printf "in all: %d passed; %d failed; %d ignored; pg_regress: %d passed\n", passed, failed, ignored, regress }' \
    "$log/core" "$log/regress" "$log/suite"
grep '^test result:' "$log/suite" | tail -n 1
