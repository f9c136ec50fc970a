# Sourced: the Debian packages, and the right to install them.

packages=(
    "postgresql-$postgres" "postgresql-$postgres-postgis-3" "postgresql-server-dev-$postgres"
    redis-server gcc libc6-dev curl ca-certificates
)

missing_packages() {
    local package
    for package in "${packages[@]}"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

# Says at once, before anything is done, that something will fail for want of rights or of cargo.
require_rights() {
    command -v cargo >/dev/null ||
        fail "cargo is not in PATH; install Rust from https://rustup.rs and run this as the same user, without sudo"
    is_root && return
    [ -z "$(missing_packages)" ] && [ -z "$(changed_files 2>/dev/null)" ] && return
    command -v sudo >/dev/null ||
        fail "packages and the extension's files need root, and there is no sudo: run this as root, or install sudo"
    sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; } ||
        fail "packages and the extension's files need root, and sudo refuses: run this as root, or let $(id -un) use sudo"
}

install_packages() {
    local missing
    missing=$(missing_packages | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    say "Installing Debian packages: $missing"
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120)
    as_root "${apt[@]}" update </dev/null || fail "apt-get update failed; is the network there?"
    # Word by word on purpose: the names hold no blanks.
    # shellcheck disable=SC2086
    as_root "${apt[@]}" install -y --no-install-recommends $missing </dev/null >/dev/null ||
        fail "apt-get install failed; its messages are above"
}
