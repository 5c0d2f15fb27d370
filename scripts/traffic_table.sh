#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# DRAM traffic against scratchpad capacity, each scratchpad of so many KiB, least traffic chosen: a Markdown table.
#   scripts/traffic_table.sh [--config C] [--workload W] [KIB...]     C has three scratchpads
# The last capacity should hold every layer whole: its traffic is the compulsory minimum.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

config=tpu128 workload=resnet50
sizes=()
bad() { echo "traffic_table.sh: $1" >&2 && exit 2; }
while [ $# -gt 0 ]; do
  case $1 in
    --config | --workload)
      [ $# -ge 2 ] || { echo "traffic_table.sh: $1 needs a value" >&2 && exit 2; } ;;&
    --config) config=$2 && shift 2 ;;
    --workload) workload=$2 && shift 2 ;;
    --help) sed -n '3,5s/^# //p' "${BASH_SOURCE[0]}" && exit 0 ;;
    -*) echo "traffic_table.sh: unknown option $1" >&2 && exit 2 ;;
    [1-9]*) [[ $1 =~ ^[1-9][0-9]{0,6}$ ]] || bad "$1: no number of KiB, allowed 1 to 1048576" && sizes+=("$1") && shift ;;
    *) bad "$1: no number of KiB, allowed 1 to 1048576" ;;
  esac
done
[ ${#sizes[@]} -gt 0 ] || sizes=(32 64 128 256 512 1024 2048 4096 8192 16384)

report() {
  local set=(--set compiler.objective=dram_traffic)
  for sram in input weight output; do
    set+=(--set "memory.${sram}_sram.capacity_bytes=$(($1 * 1024))")
  done
  "${SYSTOLOG:-$root/build/release/systolog}" run --config "$config" --workload "$workload" --timing-only --json "${set[@]}"
}

minimum=$(report "${sizes[-1]}" | jq .totals.dram_bytes)
echo "| KiB each | input MB | weights MB | output MB | partial sums MB | total MB | of the minimum |"
echo "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
for kib in "${sizes[@]}"; do
  report "$kib" | jq -r --argjson kib "$kib" --argjson minimum "$minimum" '
    def mb: (. / 1e4 | round) as $x | "\($x / 100 | floor).\(($x % 100 + 100 | tostring)[1:])";
    .totals.bytes as $b | [$kib, ($b.input.bus | mb), ($b.weight.bus | mb), ($b.output.bus | mb),
      ($b.partial_sums.bus | mb), (.totals.dram_bytes | mb),
      (.totals.dram_bytes / $minimum * 1e6 | mb)] | "| " + (map(tostring) | join(" | ")) + " |"'
done
