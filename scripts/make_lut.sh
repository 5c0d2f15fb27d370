#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles a C function of two 8-bit operands, as EvoApproxLib's are, into a product table for
# lut:FILE (docs/numerics.md): 256 x 256 little-endian u16, the product of a and b at a * 256 + b.
#   scripts/make_lut.sh mul8u_1JFF.c mul8u_1JFF mul8u_1JFF.bin
#   scripts/make_lut.sh mul8s_1KV8.c mul8s_1KV8 mul8s_1KV8.bin      then lut:mul8s_1KV8.bin,signed
# The first parameter is a. Parameters may be of any integer types: they get the operands' codes, 0
# to 255, which an int8_t takes for -128 to 127. Of the result the low 16 bits count.
set -euo pipefail

die() {
  printf 'make_lut.sh: %s\n' "$*" >&2
  exit 2
}

[ $# -eq 3 ] || die "needs a C file, the name of a function in it, and the table's file: mul.c mul8u mul.bin"
source=$1 function=$2 table=$3
[ -f "$source" ] || die "$source: no such file"
[[ $function =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || die "\"$function\" is not the name of a C function"
grep -qw -- "$function" "$source" || die "$source: has no function $function"
compiler=${CC:-cc}
command -v "$compiler" >/dev/null || die "no C compiler: install gcc, or name one in CC"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$source" "$work/source.c"
cat >"$work/table.c" <<END
#include "source.c"
#include <stdio.h>
int main(void) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const unsigned product = (unsigned)$function((unsigned char)a, (unsigned char)b);
      putchar((int)(product & 0xFF));
      putchar((int)(product >> 8 & 0xFF));
    }
  }
  return ferror(stdout) != 0;
}
END
"$compiler" -O1 -w -I "$(dirname "$source")" -o "$work/table" "$work/table.c" 2>"$work/errors" || {
  sed "s|$work/||; 5q" "$work/errors" >&2
  die "$source: $compiler cannot compile it, or $function takes no two integers"
}
"$work/table" >"$work/table.bin" || die "$source: $function failed"
[ "$(stat -c %s "$work/table.bin")" -eq 131072 ] || die "$source: prints something of its own"
# Beside the table, then renamed: readers never see half of it.
part=$table.$$.part
cp "$work/table.bin" "$part" 2>/dev/null || die "$table: cannot be written"
mv "$part" "$table"
