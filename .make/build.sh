#!/usr/bin/env bash
# make build: packages, extension and program, and the extension's files where PostgreSQL looks for them.
. "$(dirname "$0")/common.sh"
. "$repo/.make/packages.sh"
. "$repo/.make/extension.sh"
require_rights
install_packages
build
install_extension
