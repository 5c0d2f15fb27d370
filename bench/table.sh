#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the matmul benchmark and prints, per arithmetic, the median over the large shapes of its
# speed and of its ratio to oneDNN FP32 on the same shape in the same run.
#   bench/table.sh [BUILD_DIR] [google-benchmark options...]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${1:-$root/build/release}
shift || true
report=$(mktemp)
trap 'rm -f "$report"' EXIT
"$build/matmul_bench" --benchmark_out="$report" --benchmark_out_format=json \
  --benchmark_min_time=0.2 "$@" >/dev/null
printf '| arithmetic | GMAC/s, one core | of oneDNN FP32 | LeNet conv2 | depthwise | all cores GMAC/s |\n'
printf '|---|---|---|---|---|---|\n'
jq -r '
  def median: sort | if length == 0 then null elif length % 2 == 1 then .[length / 2 | floor]
              else (.[length / 2 - 1] + .[length / 2]) / 2 end;
  def show: if . == null then "-" elif . >= 10 then (. * 10 | round) / 10 else (. * 1000 | round) / 1000 end;
  [.benchmarks[] | (.name | split("|")) as $n
    | {a: $n[0], s: $n[1], t: ($n[2] | split("/")[0]), v: (."MAC/s" / 1e9)}] as $all
  | ($all | map(select(.a == "oneDNN fp32")) | map({key: .s, value: .v}) | from_entries) as $base
  | reduce ($all[].a) as $a ([]; if index($a) then . else . + [$a] end) | .[]
  | . as $a
  | ($all | map(select(.a == $a and .t == "1"))) as $one
  | ($one | map(select(.s | startswith("resnet50")))) as $large
  | "| \($a) | \($large | map(.v) | median | show) | \($large | map(.v / $base[.s]) | median | show) | "
    + "\($one | map(select(.s == "lenet5_conv2") | .v / $base[.s]) | first | show) | "
    + "\($one | map(select(.s | startswith("depthwise")) | .v / $base[.s]) | first | show) | "
    + "\($all | map(select(.a == $a and .t == "cores" and (.s | startswith("resnet50"))) | .v) | median | show) |"
' "$report"
