#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and runs LeNet-5 with seven arithmetics on a 16x16 array.
source "$(dirname "${BASH_SOURCE[0]}")/scripts/prepare.sh"

build systolog
say "running"
exec scripts/compare.sh --output results/demo
