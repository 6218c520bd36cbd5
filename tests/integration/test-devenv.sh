#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `meson devenv` makes the build tree usable: Python, JavaScript, Vala and pkg-config. Prints TAP.
# usage: test-devenv.sh SOURCE_DIRECTORY BUILD_DIRECTORY
set -u
source=$1 build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset GI_TYPELIB_PATH LD_LIBRARY_PATH PKG_CONFIG_PATH PYTHONPATH XDG_DATA_DIRS
number=0
failed=0

# check NAME COMMAND…
check()
{
  local name=$1 result=ok
  shift
  number=$((number + 1))
  meson devenv -C "$build" "$@" >"$work/log" 2>&1 || {
    result='not ok'
    failed=1
    cat "$work/log" >&2
  }
  printf '%s %d - %s\n' "$result" "$number" "$name"
}

check Python /usr/bin/python3 -c '
import gi
gi.require_version("Vmmig", "1")
from gi.repository import Vmmig
assert Vmmig.check_version(0, 0, 0) is None'
check JavaScript gjs -c 'imports.gi.versions.Vmmig = "1"; imports.gi.Vmmig.check_version(0, 0, 0)'
# 0.9 is the development of 1.0, and all is "Since: 1.0"
check Vala valac --quiet --disable-since-check --ccode --directory "$work" --pkg vmmig-1 \
  "$source/tests/integration/subproject/consumer.vala"
check pkg-config pkg-config --exists vmmig-1
printf '1..%d\n' "$number"
exit "$failed"
