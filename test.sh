#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and runs every test.
source "$(dirname "${BASH_SOURCE[0]}")/scripts/prepare.sh"

build all
say "testing"
ctest --preset release -j "$(nproc)" "$@"
