#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts MNIST and CIFAR-10 where systolog looks for them: workloads/data/{mnist,cifar10}.
#   workloads/fetch_data.sh [mnist] [cifar10]              downloads them, checks their MD5 sums
#   workloads/fetch_data.sh [mnist] [cifar10] --from DIR   copies them from DIR (or DIR/mnist, ...)
#   ... --parts     takes parts of CIFAR-10 too, if the official archive is not in DIR: the first images of
#                   the official files (..._exactN.bin.gz), or images that went through JPEG
#                   (..._jpeg75.bin.gz), under these names
#   ... --to DIR    puts them elsewhere; run and accuracy then need --data DIR
# Fashion-MNIST is Debian's package dataset-fashion-mnist.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() {
  printf 'fetch_data.sh: %s\n' "$*" >&2
  exit 2
}

sets=() from= to=$root/data parts=no
while [ $# -gt 0 ]; do
  case $1 in
    mnist | cifar10) sets+=("$1") && shift ;;
    --from | --to)
      [ $# -ge 2 ] && [ -n "$2" ] || die "$1 needs a folder"
      [ "$1" = --to ] && to=$2
      if [ "$1" = --from ]; then
        from=$2
        [ -d "$from" ] || die "--from $from: no such folder"
      fi
      shift 2
      ;;
    --parts) parts=yes && shift ;;
    --help) sed -n '3,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" && exit 0 ;;
    *) die "$1: allowed mnist, cifar10, --from DIR, --to DIR, --parts, --help" ;;
  esac
done
[ ${#sets[@]} -gt 0 ] || sets=(mnist cifar10)
[ "$parts" = no ] || [ -n "$from" ] || die "--parts: only with --from"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

md5_of() { md5sum <"$1" | cut -d ' ' -f 1; }

# download FILE URL...: the first place that answers.
download() {
  local file=$1 url
  shift
  for url in "$@"; do
    printf '%s\n' "$url"
    if command -v curl >/dev/null; then
      curl -fsSL --retry 2 -o "$file" "$url" && return
    elif command -v wget >/dev/null; then
      wget -q -O "$file" "$url" && return
    else
      die "neither curl nor wget is installed"
    fi
  done
  die "none of these places answers: $*; --from DIR takes files you have"
}

# find_local NAME FOLDER...: the file in --from or one of its folders.
find_local() {
  local name=$1 folder
  shift
  for folder in "" "$@"; do
    [ -f "$from/$folder/$name" ] && printf '%s' "$from/$folder/$name" && return
  done
  return 1
}

# install_file FROM TO: beside it, then renamed, so that nobody sees half of it.
install_file() {
  mkdir -p "$(dirname "$2")" || die "$2: its folder cannot be made"
  cp "$1" "$2.part" || die "$2: cannot be written"
  mv "$2.part" "$2"
  printf 'wrote %s\n' "$2"
}

# [LeCun, Cortes, Burges: yann.lecun.com/exdb/mnist]; the second place is PyTorch's mirror.
fetch_mnist() {
  local name sum file
  while read -r name sum; do
    if [ -n "$from" ]; then
      file=$(find_local "$name" mnist MNIST/raw) || die "--from $from: $name is not in it, nor in mnist/ or MNIST/raw/ there"
    else
      file=$work/$name
      download "$file" "http://yann.lecun.com/exdb/mnist/$name" \
        "https://ossci-datasets.s3.amazonaws.com/mnist/$name"
    fi
    [ "$(md5_of "$file")" = "$sum" ] || die "$file: MD5 $(md5_of "$file"), allowed $sum"
    cp "$file" "$work/checked-$name"
  done <<END
train-images-idx3-ubyte.gz f68b3c2dcbeaaa9fbdd348bbdeb94873
train-labels-idx1-ubyte.gz d53e105ee54ea40749a09fcbcd1e9432
t10k-images-idx3-ubyte.gz 9fb629c4189551a2d022fa330f9573f3
t10k-labels-idx1-ubyte.gz ec29112dd5afa0611ce80d1b7f02629c
END
  for file in "$work"/checked-*; do install_file "$file" "$to/mnist/${file##*/checked-}"; done
  rm "$work"/checked-*
}

# [Krizhevsky: www.cs.toronto.edu/~kriz/cifar.html]
fetch_cifar10() {
  local name=cifar-10-binary.tar.gz sum=c32a1d4ab5d03f1284b67883e8d87530 archive=$work/cifar.tar.gz
  if [ -n "$from" ]; then
    if ! archive=$(find_local "$name" cifar10); then
      [ "$parts" = yes ] || die "--from $from: $name is not in it, nor in cifar10/ there; --parts would take parts of it"
      fetch_cifar10_parts
      return
    fi
  else
    download "$archive" "https://www.cs.toronto.edu/~kriz/$name"
  fi
  [ "$(md5_of "$archive")" = "$sum" ] || die "$archive: MD5 $(md5_of "$archive"), allowed $sum"
  tar -xzf "$archive" -C "$work"
  for file in "$work"/cifar-10-batches-bin/*.bin; do
    gzip -n -6 "$file"
    install_file "$file.gz" "$to/cifar10/${file##*/}.gz"
  done
}

# MD5 sums of the unpacked files.
fetch_cifar10_parts() {
  local name sum file found=0
  while read -r name sum; do
    file=$(find_local "$name.bin.gz" cifar10) || continue
    gzip -dc "$file" >"$work/part.bin" 2>/dev/null || die "$file: is no complete gzip file"
    [ "$(md5_of "$work/part.bin")" = "$sum" ] || die "$file: MD5 $(md5_of "$work/part.bin") unpacked, allowed $sum"
    install_file "$file" "$to/cifar10/$name.bin.gz"
    found=$((found + 1))
  done <<END
test_batch_exact1000 371f65da31ad652f5e24b3699a3e6515
test_batch_jpeg75 11e2161f06e495577766fe4411c65d23
data_batch_1_exact4000 07704ae233cc40e200a600eed4f4e13c
data_batch_2_exact1000 729f8b191e2ef03c65ccd3e59891ad36
data_batch_3_exact1000 7864ab41a6b80278eb57fef703be0a02
data_batch_4_exact1000 09eee2b63b453d75e138bd548370c7cb
data_batch_5_exact1000 2954249bd8c8fee39cb7085e04e1d98d
data_batch_1_jpeg75 5a5142663b2c457eb7edf61944cf14cd
data_batch_2_jpeg75 a03813b579934887e19fffa24f57e096
END
  [ "$found" -gt 0 ] || die "--from $from: neither $name nor parts of CIFAR-10 are in it, nor in cifar10/ there"
  printf 'CIFAR-10 in part: exactN is the first N images of an official file, jpeg75 went through JPEG.\n'
}

for set in "${sets[@]}"; do "fetch_$set"; done
