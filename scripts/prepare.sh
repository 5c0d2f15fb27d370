# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2013,SC2086
# Sourced by demo.sh and test.sh: installs what is missing and builds build/release.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '== %s\n' "$*"; }
die() {
  printf '%s\n' "$*" >&2
  exit 1
}

missing_packages() {
  local name
  for name in $(sed 's/#.*//' packages.txt); do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || echo "$name"
  done
}

install_packages() {
  local all missing
  all=$(sed 's/#.*//' packages.txt | xargs)
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    if command -v cmake >/dev/null && command -v ninja >/dev/null; then
      say "not a Debian system: building with the libraries that are here"
      return
    fi
    die "This is not a Debian system. Needed, by Debian 12's package names: $all"
  fi
  missing=$(missing_packages | xargs)
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    die "Not root, and packages are missing. As root: apt-get install $missing"
  fi
  say "installing $missing"
  local log
  log=$(mktemp)
  # shellcheck disable=SC2086
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y \
    --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "apt-get could not install them; what it said is in $log"
  fi
  rm -f "$log"
}

# build TARGET...: configures once, then builds; quiet when there is nothing to do.
build() {
  local log=build/configure.log
  if [ ! -e build/release/build.ninja ] || [ -n "${SYSTOLOG_CMAKE_ARGS:-}" ]; then
    say "configuring (build/release)"
    mkdir -p build
    cmake --preset release ${SYSTOLOG_CMAKE_ARGS:-} >"$log" 2>&1 || {
      cat "$log" >&2
      die "cmake could not configure the build"
    }
  fi
  say "building"
  cmake --build --preset release --target "$@"
}

install_packages
