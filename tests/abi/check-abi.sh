#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The ABI of the build against the baseline of the last release: dumps by abidw, compared with
# abidiff (comparing two libraries directly with header filters lets a changed return type pass).
# First the gate itself is tried on a tiny library, with changes that it must find.
#
# usage: check-abi.sh BASELINE LIBRARY VERSION HEADER_DIRECTORY…
set -eu
baseline=$1 library=$2 version=$3
shift 3
headers=("$@")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# dump LIBRARY OUTPUT HEADER_DIRECTORY…
dump()
{
  local library=$1 output=$2 directory options=()
  shift 2
  for directory in "$@"; do
    options+=(--headers-dir "$directory")
  done
  abidw --no-corpus-path --no-show-locs --drop-private-types \
    "${options[@]}" --out-file "$output" "$library"
}

# tiny NAME RETURN_TYPE PUBLIC_FIELDS PRIVATE_FIELDS [FLAG…]: a library to compare with another
tiny()
{
  local name=$1 directory=$work/$1
  mkdir -p "$directory/include"
  cat >"$directory/include/tiny.h" <<EOF
typedef struct _Secret Secret;
typedef struct { $3 } Point;
$2 tiny_size (Secret *secret, Point *point);
Secret *tiny_new (int size);
EOF
  cat >"$directory/tiny.c" <<EOF
#include "tiny.h"
struct _Secret { $4 };
$2 tiny_size (Secret *secret, Point *point) { return secret->size + point->x; }
static Secret one;
Secret *tiny_new (int size) { one.size = size; return &one; }
EOF
  gcc -g -shared -fPIC -I"$directory/include" -o "$directory/libtiny.so" "$directory/tiny.c" "${@:5}"
  dump "$directory/libtiny.so" "$work/$name.abi" "$directory/include"
}

# expect same|changed A B
expect()
{
  local status=0
  abidiff --drop-private-types "$work/$2.abi" "$work/$3.abi" >"$work/report" || status=$?
  if [ "$1" = same ] && [ "$status" -ne 0 ]; then
    printf 'The gate refuses what is compatible: %s\n' "$3" && cat "$work/report" && exit 1
  elif [ "$1" = changed ] && [ "$status" -eq 0 ]; then
    printf 'The gate lets a change pass: %s\n' "$3" && exit 1
  fi
}

tiny base int 'int x; int y;' 'int size;'
tiny again int 'int x; int y;' 'int size;'
tiny return-type long 'int x; int y;' 'int size;'
tiny public-field int 'long x; int y;' 'int size;'
tiny private-field int 'int x; int y;' 'int size; int more;'
printf '{ local: tiny_new; };\n' >"$work/removed.map"
tiny removed int 'int x; int y;' 'int size;' "-Wl,--version-script,$work/removed.map"
expect same base again
expect same base private-field
expect changed base return-type
expect changed base public-field
expect changed base removed
printf 'The gate finds planted changes\n'

dump "$library" "$work/now.abi" "${headers[@]}"
grep -q "<function-decl name='vmmig_check_version'" "$work/now.abi" || {
  printf 'The dump of %s lacks its functions: no debugging information?\n' "$library" && exit 1
}
if [ -e "$baseline" ]; then
  # Additions are no break: only what went or changed is
  abidiff --drop-private-types --no-added-syms "$baseline" "$work/now.abi"
  printf 'The ABI is compatible with %s\n' "${baseline##*/}"
elif [ "${version%%.*}" = 0 ]; then
  printf 'No baseline before 1.0.0\n'
else
  printf 'Version %s needs the baseline of 1.0.0: %s\n' "$version" "$baseline" && exit 1
fi
