# Sourced: builds the extension and the program as the calling user, copies the extension's files as root.

build() {
    say "Building (the first time takes some minutes)"
    (cd "$repo" && cargo build --locked --release -p pg_rawdata -p http_front \
        --no-default-features --features "pg_rawdata/pg$postgres") ||
        fail "the build failed; cargo's messages are above"
}

# Lines "mode source destination" of the files that are not installed as they are here.
changed_files() {
    local libraries extensions file
    libraries=$("$postgres_bin/pg_config" --pkglibdir) && extensions=$("$postgres_bin/pg_config" --sharedir)/extension
    {
        printf '%s\t%s\t%s\n' 755 "$target/release/libpg_rawdata.so" "$libraries/pg_rawdata.so"
        for file in "$repo"/pg_rawdata/pg_rawdata.control "$repo"/sql/release/pg_rawdata--*.sql "$repo"/sql/upgrade/pg_rawdata--*.sql; do
            [ ! -e "$file" ] || printf '%s\t%s\t%s\n' 644 "$file" "$extensions/$(basename "$file")"
        done
    } | while IFS=$'\t' read -r mode file copy; do
        cmp -s "$file" "$copy" || printf '%s\t%s\t%s\n' "$mode" "$file" "$copy"
    done
}

# `install` makes a new file and renames nothing into an open one: a running server keeps the library it has.
install_extension() {
    local mode file copy
    while IFS=$'\t' read -r mode file copy <&3; do
        as_root install -m "$mode" "$file" "$copy" || fail "cannot write $copy; the extension's files need root or sudo"
    done 3< <(changed_files)
}
