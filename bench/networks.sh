#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs whole networks on one core and prints CPU time (user and system) and peak memory of each
# command, the median of RUNS (3) runs; then the register-true array's PE-cycles a second.
#   [RUNS=N] bench/networks.sh [BUILD_DIR]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "${1:-$root/build/release}" && pwd)
systolog=$build/systolog
runs=${RUNS:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# What SCALE-Sim's users run AlexNet on: 32x32, weight stationary, folds one after the other.
array32="--config edge16 --set array.rows=32 --set array.columns=32 --set array.fold_overlap=none"
cat >scale.cfg <<'CFG'
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

# Leaves "CPU-seconds peak-KiB" of a systolog command, the median by CPU, in the file `median`.
measure() {
  : >times
  for ((run = 0; run < runs; ++run)); do
    if ! /usr/bin/time -f '%U %S %M' -o time taskset -c 0 "$systolog" "$@" --quiet; then
      printf 'failed: systolog %s\n' "$*" >&2
      exit 1
    fi
    awk '{ print $1 + $2, $3 }' time >>times
  done
  sort -g times | sed -n "$(((runs + 1) / 2))p" >median
}

row() {  # name, arguments of systolog
  local name=$1
  shift
  measure "$@"
  awk -v name="$name" -v command="systolog $*" \
    '{ printf "| %s | %.2f | %.0f | `%s` |\n", name, $1, $2 / 1024, command }' median
}

printf '| run | CPU s | peak MiB | command |\n| --- | ---: | ---: | --- |\n'
resnet="run --config tpu128 --workload resnet50"
row "ResNet-50, 128x128, timing only" $resnet --timing-only
row "ResNet-50, 128x128, int8" $resnet
row "ResNet-50, 128x128, PLAM<16,1>" $resnet --set arithmetic=posit:16,1/plam
# SCALE-Sim, against which this is measured, has no DRAM device.
simple="--set memory.dram.preset=simple"
row "AlexNet, 32x32, int8, simple DRAM" run --workload alexnet $array32 $simple
row "AlexNet, 32x32, int8" run --workload alexnet $array32
row "AlexNet, 32x32, timing only" run --workload alexnet $array32 --timing-only
row "VGG16, 128x128, timing only" run --config tpu128 --workload vgg16 --timing-only
row "MobileNet v2, 128x128, int8" run --config tpu128 --workload mobilenet_v2

: >scalesim
for topology in "$root"/workloads/topologies/*.csv; do
  name=$(basename "$topology" .csv)
  measure scalesim --config scale.cfg --topology "$name" --output reports
  awk -v name="$name" '{ print $1, $2, name }' median >>scalesim
done
sort -g scalesim | tail -1 | awk -v n="$(wc -l <scalesim)" \
  '{ printf "| the slowest of %d topologies, %s | %.2f | %.0f | ", n, $3, $1, $2 / 1024
     printf "`systolog scalesim --config scale.cfg --topology %s --output reports` |\n", $3 }'

if [ -x "$build/cycle_bench" ]; then
  printf '\n'
  SYSTEMC_DISABLE_COPYRIGHT_MESSAGE=1 taskset -c 0 "$build/cycle_bench"
fi
