#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The library as a meson subproject of somebody else's program, in C and in Vala.
# usage: test-subproject.sh SOURCE_DIRECTORY
set -eu
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# What the tests run in is not what a packager has
unset GI_TYPELIB_PATH LD_LIBRARY_PATH PKG_CONFIG_PATH PYTHONPATH XDG_DATA_DIRS

cp -R "$source/tests/integration/subproject" "$work/consumer"
mkdir "$work/consumer/subprojects"
ln -s "$source" "$work/consumer/subprojects/libvmmig"
meson setup "$work/build" "$work/consumer" >"$work/log" 2>&1 || { cat "$work/log" && exit 1; }
meson compile -C "$work/build" >"$work/log" 2>&1 || { cat "$work/log" && exit 1; }
meson test -C "$work/build" --no-rebuild --print-errorlogs
