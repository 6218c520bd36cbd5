#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How the binaries were built, as readelf sees them.
# usage: check-hardening.sh optimized|plain FILE…
set -eu
mode=$1
shift
failed=0
problem()
{
  printf '%s: %s\n' "$1" "$2"
  failed=1
}

for file in "$@"; do
  dynamic=$(readelf --wide --dynamic "$file")
  segments=$(readelf --wide --program-headers "$file")
  symbols=$(readelf --wide --dyn-syms "$file")
  grep -q 'BIND_NOW\|Flags:.*NOW' <<<"$dynamic" || problem "$file" 'not linked with -z now'
  grep -q GNU_RELRO <<<"$segments" || problem "$file" 'not linked with -z relro'
  grep -q 'GNU_STACK.* RW ' <<<"$segments" || problem "$file" 'the stack is executable'
  grep -q 'LOAD.* RWE ' <<<"$segments" && problem "$file" 'a segment is writable and executable'
  grep -q TEXTREL <<<"$dynamic" && problem "$file" 'has text relocations'
  grep -q '^ELF\|Type:  *DYN' <<<"$(readelf --file-header "$file" | sed 's/^ *//')" ||
    problem "$file" 'not position independent'
  case "$file" in
    *.so*)
      grep -q 'RPATH\|RUNPATH' <<<"$dynamic" && problem "$file" 'has a run path'
      grep -q 'SONAME.*\[libvmmig-1\.so\.0\]' <<<"$dynamic" ||
        problem "$file" 'its soname is not libvmmig-1.so.0'
      ;;
  esac
  # What the compiler was told stands in the debugging information
  flags=$(readelf --debug-dump=info --wide "$file" 2>/dev/null | grep -m1 'DW_AT_producer' || true)
  grep -q -- '-fstack-protector-strong' <<<"$flags" ||
    grep -q '__stack_chk_fail' <<<"$symbols" || problem "$file" 'built without stack protector'
  # A function that writes to a buffer is checked where the length is known
  if [ "$mode" = optimized ] && grep -q ' memcpy\(@\| \|$\)\| snprintf\(@\| \|$\)' <<<"$symbols"; then
    grep -q '_chk\(@\| \|$\)' <<<"$symbols" || problem "$file" 'built without _FORTIFY_SOURCE'
  fi
done
[ "$failed" -eq 0 ] && printf '%d files are hardened\n' "$#"
exit "$failed"
