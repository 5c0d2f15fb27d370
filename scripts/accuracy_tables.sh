#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tables of docs/accuracy.md: every network of the list below in every arithmetic, on the images that are at hand.
#   scripts/accuracy_tables.sh [--data DIR] [--images N] [--output DIR] [--only NETWORK]... [--tables] [--write]
# DIR holds mnist/, cifar10/, imagenet/ and models/ (default ../shared/data beside the source tree). Results go to
# --output (default results/accuracy), a folder a network and arithmetic; what is there already is not run again, so
# that a run that was stopped goes on where it was. --images takes the first N images only, --only some networks,
# --tables runs nothing, --write puts the tables into docs/accuracy.md instead of printing them.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
systolog=${SYSTOLOG:-$root/build/release/systolog}

data=$root/../shared/data images=0 output=$root/results/accuracy only='' run=yes write=no
while [ $# -gt 0 ]; do
  case $1 in
    --data | --images | --output | --only)
      [ $# -ge 2 ] || { echo "accuracy_tables.sh: $1 needs a value" >&2 && exit 2; } ;;&
    --data) data=$2 && shift 2 ;;
    --images) images=$2 && shift 2 ;;
    --output) output=$2 && shift 2 ;;
    --only) only="$only $2" && shift 2 ;;
    --tables) run=no && shift ;;
    --write) write=yes && shift ;;
    --help) sed -n '3,8s/^# //p' "${BASH_SOURCE[0]}" && exit 0 ;;
    *) echo "accuracy_tables.sh: unknown option $1" >&2 && exit 2 ;;
  esac
done
if [ $run = yes ] && [ ! -x "$systolog" ]; then
  echo "accuracy_tables.sh: $systolog is not there; build it, or name it in SYSTOLOG" >&2 && exit 2
fi

networks=(mnist fashion resnet20 resnet56 cifarnet squeezenet)
cifar=(--dataset cifar10 --data "$data/cifar10" --preprocessing imagenet)
# What each network is run with: its workload, and the images where it does not say them.
arguments_of() {
  case $1 in
    mnist) arguments=(--workload lenet5_mnist --data "$data/mnist") ;;
    fashion) arguments=(--workload lenet5 --dataset fashion-mnist) ;;
    resnet20) arguments=(--workload "$data/models/resnet20_cifar10.onnx" "${cifar[@]}") ;;
    resnet56) arguments=(--workload "$data/models/resnet56_cifar10.onnx" "${cifar[@]}") ;;
    cifarnet) arguments=(--workload cifarnet --data "$data/cifar10") ;;
    squeezenet)
      arguments=(--workload "$data/models/squeezenet11_imagenet.onnx" --dataset images --data "$data/imagenet"
        --preprocessing imagenet) ;;
  esac
  [ "$images" = 0 ] || arguments+=(--images "$images")
}
# A network whose files are not here is left out.
is_here() {
  case $1 in
    mnist) [ -e "$data/mnist" ] ;;
    fashion) [ -e /usr/share/datasets/fashion-mnist ] ;;
    cifarnet) [ -e "$root/workloads/networks/cifarnet.json" ] && [ -e "$data/cifar10" ] ;;
    *) [ -e "$data/models" ] ;;
  esac
}

arithmetics=('fp32/exact/fp32' 'bf16/exact/fp32' 'int:8/exact/int:32' 'posit:8,0/exact/quire' 'posit:8,1/exact/quire'
  'posit:8,2/exact/quire' 'posit:16,1/exact/quire' 'posit:8,0/plam/quire' 'posit:8,1/plam/quire' 'posit:8,2/plam/quire'
  'posit:16,1/plam/quire' 'fixed:32,16/mitchell/fixed:32,16' 'fixed:32,16/mitchw:4/fixed:32,16'
  'fixed:32,16/mitchw:6/fixed:32,16' 'fixed:32,16/mitchw:8/fixed:32,16' 'fixed:32,16/drum:6/fixed:32,16'
  # With --compensate-bias.
  'posit:16,1/plam/quire compensated' 'fixed:32,16/mitchell/fixed:32,16 compensated'
  'fixed:32,16/mitchw:4/fixed:32,16 compensated' 'fixed:32,16/mitchw:6/fixed:32,16 compensated'
  'fixed:32,16/mitchw:8/fixed:32,16 compensated')
folder_of() { echo "$output/$1/${2//[\/:, ]/_}"; }

chosen=()
for network in "${networks[@]}"; do
  if [ -n "$only" ] && [[ " $only " != *" $network "* ]]; then continue; fi
  if is_here "$network"; then chosen+=("$network"); else echo "$network: its files are not here, left out" >&2; fi
done

if [ $run = yes ]; then
  for network in "${chosen[@]}"; do
    arguments_of "$network"
    for arithmetic in "${arithmetics[@]}"; do
      folder=$(folder_of "$network" "$arithmetic")
      [ -e "$folder/accuracy.json" ] && continue
      started=$(date +%s%N)
      how=(--arithmetic "${arithmetic% compensated}")
      [ "$arithmetic" = "${how[1]}" ] || how+=(--compensate-bias)
      "$systolog" accuracy "${arguments[@]}" "${how[@]}" --quiet --output "$folder"
      tenths=$((($(date +%s%N) - started) / 100000000))
      printf '%s, %s: %d.%d s\n' "$network" "$arithmetic" $((tenths / 10)) $((tenths % 10)) >&2
    done
  done
fi

# One Markdown table a network, from the files there are.
tables() {
  for network in "${chosen[@]}"; do
    files=()
    for arithmetic in "${arithmetics[@]}"; do
      file=$(folder_of "$network" "$arithmetic")/accuracy.json
      [ -e "$file" ] && files+=("$file")
    done
    [ ${#files[@]} -gt 0 ] || continue
    jq -rs '
      def percent(d): if . == null then "-" else
          (. * 100 * pow(10; d) | round) as $n | ($n | tostring) as $t
          | ("0" * ([d + 1 - ($t | length), 0] | max) // "") + $t | .[:-d] + "." + .[-d:] end;
      def interval: if . == null then "-" else "\(.[0] | percent(1)) to \(.[1] | percent(1))" end;
      def points(from): if .top1 == null then "-" else ((.top1 - from.top1) * 10000 | round) as $p
          | (if $p > 0 then "+" elif $p < 0 then "-" else "" end) as $s
          | ($p | fabs) as $a | "\($s)\($a / 100 | floor).\(($a % 100 + 100 | tostring)[1:])" end;
      def name: .arithmetic + if .quantisation.compensated_bias? then ", compensated" else "" end;
      def line(from): "| \(name) | \(.top1 | percent(2)) | \(.top1_interval_95 | interval) | " +
          "\(points(from)) | \(.topk | percent(2)) | \(.agreement | percent(1)) | " +
          "\(.mean_abs_error | . * 10000 | round / 10000) | \(.max_abs_error | . * 1000 | round / 1000) |";
      .[0] as $first
      | "### \($first.workload): \($first.data) (\($first.images) images)\n",
        "| arithmetic | top-1 % | 95 % | to FP32 | top-\($first.k) % | = FP32 % | mean error | max error |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ($first.reference | line($first.reference)),
        (.[] | .rows[0] | line($first.reference)),
        ""' "${files[@]}"
  done
}

if [ $write = no ]; then
  tables
  exit 0
fi
page=$root/docs/accuracy.md
tables > "$page.tables"
awk -v tables="$page.tables" '
  /<!-- tables: end -->/ { inside = 0 }
  !inside { print }
  /<!-- tables: begin/ { inside = 1; print ""; while ((getline line < tables) > 0) print line }' "$page" > "$page.part"
rm "$page.tables"
mv "$page.part" "$page"
