#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One network on one accelerator with several arithmetics, side by side.
#   scripts/compare.sh [--config C] [--workload W] [--images N] [--output DIR] [ARITHMETIC...]
# The first arithmetic is the one that the last line compares with. Leaves DIR/NAME/report.json.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

config=edge16 workload=lenet5 images=1000 output=results/compare
arithmetics=()
while [ $# -gt 0 ]; do
  case $1 in
    --config | --workload | --images | --output)
      [ $# -ge 2 ] || { echo "compare.sh: $1 needs a value" >&2 && exit 2; } ;;&
    --config) config=$2 && shift 2 ;;
    --workload) workload=$2 && shift 2 ;;
    --images) images=$2 && shift 2 ;;
    --output) output=$2 && shift 2 ;;
    --help) sed -n '3,5s/^# //p' "${BASH_SOURCE[0]}" && exit 0 ;;
    -*) echo "compare.sh: unknown option $1" >&2 && exit 2 ;;
    *) arithmetics+=("$1") && shift ;;
  esac
done
if [ ${#arithmetics[@]} -eq 0 ]; then
  arithmetics=('fp32/exact/fp32' 'bf16/exact/fp32' 'int:8/exact/int:32' 'posit:8,0/exact/quire'
    'posit:16,1/exact/quire' 'posit:16,1/plam/quire' 'fixed:32,16/mitchw:6/fixed:32,16')
fi

folder_of() { echo "$output/${1//[\/:,]/_}"; }
run_one() {
  "$systolog" run --config "$config" --workload "$workload" --images "$images" \
    --set "arithmetic=$1" --output "$2" --quiet
}
export -f run_one
export config workload images systolog="$root/build/release/systolog"

started=$(date +%s%N)
for a in "${arithmetics[@]}"; do printf '%s\n%s\n' "$a" "$(folder_of "$a")"; done |
  xargs -d '\n' -n 2 -P "$(nproc)" bash -c 'run_one "$0" "$1"' || exit 2
seconds=$((($(date +%s%N) - started) / 100000000))

reports=()
for a in "${arithmetics[@]}"; do reports+=("$(folder_of "$a")/report.json"); done

# One line a report, fields apart by tabs.
rows() {
  jq -r '
    def fixed(d): if . == null then "-" else
        (. * pow(10; d) | round | tostring) as $t
        | ("0" * ([d + 1 - ($t | length), 0] | max) // "") + $t
        | if d == 0 then . else .[:-d] + "." + .[-d:] end end;
    def percent: if . == null then "-" else . * 100 | fixed(1) end;
    [ .arithmetic, (.accuracy.top1 | percent), (.accuracy.agreement | percent),
      (.totals.cycles / .images | fixed(0)), (.totals.seconds / .images * 1e6 | fixed(1)),
      (.totals.dram_bytes / .images / 1024 | fixed(1)),
      (if .totals.energy_pj then .totals.energy_pj / .images / 1e6 | fixed(2) else "-" end),
      (if any(.layers[]; .energy_pj.mac == null) then "-"
       else ([.layers[].energy_pj.mac] | add) / .images / 1e6 | fixed(3) end)
    ] | @tsv' "$@"
}

echo
jq -r '"\(.workload) on \(.accelerator.array.rows)x\(.accelerator.array.columns) (\(.accelerator.name), " +
  "\(.accelerator.clock_mhz) MHz), \(.data), \(.images) images, \(.fidelity) fidelity; a row is one image"' "${reports[0]}"
echo
{
  printf 'arithmetic\ttop-1 %%\t= FP32 %%\tcycles\tus\tDRAM KiB\tenergy uJ\tMACs uJ\n'
  rows "${reports[@]}"
} | awk -F'\t' '
  { printf "%-34s", $1; for (i = 2; i <= NF; ++i) printf "%11s", $i; printf "\n"
    if (NR == 1) { for (i = 0; i < 34 + 11 * (NF - 1); ++i) printf "-"; printf "\n" } }'

# What the table shows, from its own figures.
echo
jq -rs '
  def one: (. * 10 | round) / 10 | tostring;
  def mac: [.layers[].energy_pj.mac] | if any(. == null) then null else add end;
  .[0] as $base
  | [.[1:][] | select($base.accuracy.top1 - .accuracy.top1 <= 0.005)] as $near
  | ($near | map(select(mac))) as $priced
  | ($priced | map(select(mac <= 2 * ($priced | map(mac) | min))) | map(.arithmetic)) as $cheap
  | ($near | map(select(.totals.energy_pj)) | min_by(.totals.energy_pj)) as $all
  | "Within 0.5 points of \($base.arithmetic): " +
    (if $near == [] then "none" else $near | map(.arithmetic) | join(", ") end) + "." +
    (if $priced != [] and ($base | mac) then
       " Cheapest MACs among them, within a factor of two: \($cheap | join(", "))," +
       " at \(($priced | map(mac) | min) / ($base | mac) * 100 | one) % of its energy or more;" +
       " least energy in all: \($all.arithmetic), " +
       "\($all.totals.energy_pj / $base.totals.energy_pj * 100 | one) %."
     else "" end)
' "${reports[@]}" | fold -s -w 111
echo 'MAC energies come from different authors: a factor of two between them means nothing.'
printf '%s reports in %s, %s.%s s.\n' "${#reports[@]}" "$output" "$((seconds / 10))" "$((seconds % 10))"
