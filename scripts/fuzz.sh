#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Feeds damaged files to every reader for a while, under AddressSanitizer and UBSan (needs clang).
#   scripts/fuzz.sh [SECONDS] [TARGET...]     a minute each; cifar, config, idx, image, npy, onnx
# A reader must refuse or take each file, within 10 s and 2 GiB. What breaks this stays in
# build/fuzz/found/TARGET-*; build/fuzz/fuzz_TARGET FILE shows it again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=60
if [[ ${1:-} =~ ^[0-9]+$ ]]; then seconds=$1 && shift; fi
all=(cifar config idx image npy onnx)
[ $# -gt 0 ] || set -- "${all[@]}"
for target in "$@"; do
  [[ " ${all[*]} " == *" $target "* ]] || {
    echo "fuzz.sh: $target: allowed a number of seconds, then any of ${all[*]}" >&2
    exit 2
  }
done

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${@/#/fuzz_}"

# Seeds: small files of the repository, and shorter ones made of them.
seeds=build/fuzz/seeds
mkdir -p "$seeds"/{cifar,config,idx,image,npy,onnx} build/fuzz/found
cp configs/*.json "$seeds/config/"
cp workloads/networks/lenet5.onnx "$seeds/onnx/"
cp tests/fuzz/seeds/tiny.* "$seeds/image/"
pixels=build/fuzz/pixels
gzip -dc workloads/data/fashion-mnist/t10k-first1000-images-idx3-ubyte.gz >$pixels
bytes_of() { dd if=$pixels bs=1 skip="$1" count="$2" status=none; }
{
  printf '\12\0\0\10\3\0\0\0\2\0\0\0\34\0\0\0\34'
  bytes_of 16 1568
  printf '\0\0\10\1\0\0\0\2\1\2'
} >"$seeds/idx/two"
{ printf '\3' && bytes_of 0 3072; } >"$seeds/cifar/one"
gzip -nc "$seeds/cifar/one" >"$seeds/cifar/one.gz"
npy() { printf '\223NUMPY\1\0v\0%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"; }
{ npy '|u1' '(2, 3, 4, 5)' && head -c 120 "$seeds/cifar/one"; } >"$seeds/npy/bytes"
{ npy '<f4' '(2, 3, 4, 5)' && head -c 480 "$seeds/cifar/one"; } >"$seeds/npy/floats"
{ npy '<i8' '(2,)' && printf '\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0'; } >"$seeds/npy/labels"

status=0
for target in "$@"; do
  echo "== $target, $seconds s"
  mkdir -p "build/fuzz/corpus/$target"
  build/fuzz/fuzz_"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -max_len=300000 -print_final_stats=1 -verbosity=0 -close_fd_mask=1 \
    -artifact_prefix="build/fuzz/found/$target-" \
    "build/fuzz/corpus/$target" "$seeds/$target" >"build/fuzz/$target.log" 2>&1 || status=1
  grep -E 'number_of_executed|ERROR|SUMMARY|found/' "build/fuzz/$target.log" || true
done
exit $status
