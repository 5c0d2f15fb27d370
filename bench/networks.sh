#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs whole networks on one core and prints CPU time and peak memory of each command.
#   bench/networks.sh [BUILD_DIR]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
systolog=${1:-$root/build/release}/systolog
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What SCALE-Sim's users run AlexNet on: 32x32, weight stationary, folds one after the other.
array32="--config edge16 --set array.rows=32 --set array.columns=32 --set array.fold_overlap=none"
cat >"$work/scale.cfg" <<'CFG'
[general]
run_name = bench
[architecture_presets]
ArrayHeight = 128
ArrayWidth = 128
IfmapSramSzkB = 64
FilterSramSzkB = 64
OfmapSramSzkB = 64
Dataflow = ws
CFG

measure() {  # name, arguments of systolog
  local name=$1
  shift
  if ! /usr/bin/time -f '%U %S %M' -o "$work/time" taskset -c 0 "$systolog" "$@" --quiet; then
    printf '%s failed: systolog %s\n' "$name" "$*" >&2
    exit 1
  fi
  awk -v name="$name" -v command="systolog $*" \
    '{ printf "| %s | %.2f | %.0f | `%s` |\n", name, $1 + $2, $3 / 1024, command }' "$work/time"
}

printf '| run | CPU s | peak MiB | command |\n|---|---:|---:|---|\n'
resnet="run --config tpu128 --workload resnet50"
measure "ResNet-50, 128x128, timing only" $resnet --timing-only
measure "ResNet-50, 128x128, int8" $resnet
measure "ResNet-50, 128x128, PLAM<16,1>" $resnet --set arithmetic=posit:16,1/plam
measure "AlexNet, 32x32, int8" run --workload alexnet $array32
measure "AlexNet, 32x32, timing only" run --workload alexnet $array32 --timing-only
measure "VGG16, 128x128, timing only" run --config tpu128 --workload vgg16 --timing-only
measure "MobileNet v2, 128x128, int8" run --config tpu128 --workload mobilenet_v2
slowest=0
for topology in "$root"/workloads/topologies/*.csv; do
  /usr/bin/time -f '%e' -o "$work/time" taskset -c 0 "$systolog" scalesim --quiet \
    --config "$work/scale.cfg" --topology "$topology"
  slowest=$(awk -v s="$slowest" '{ print ($1 > s ? $1 : s) }' "$work/time")
done
printf 'systolog scalesim: %s s for the slowest topology of workloads/topologies\n' "$slowest"
