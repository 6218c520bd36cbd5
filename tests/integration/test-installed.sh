#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What `meson install` leaves is whole: every file is there, a program compiles with pkg-config
# alone and runs, and Python finds the binding. Prints TAP.
# usage: test-installed.sh SOURCE_DIRECTORY BUILD_DIRECTORY PREFIX VERSION
set -u
source=$1 build=$2 prefix=$3 version=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset GI_TYPELIB_PATH LD_LIBRARY_PATH PKG_CONFIG_PATH PYTHONPATH XDG_DATA_DIRS
root=$work/root
number=0
failed=0

# check NAME COMMAND…
check()
{
  local name=$1 result=ok
  shift
  number=$((number + 1))
  "$@" >"$work/log" 2>&1 || { result='not ok' && failed=1 && cat "$work/log" >&2; }
  printf '%s %d - %s\n' "$result" "$number" "$name"
}

find_one()
{
  [ -n "$(find "$root" -path "$1" | head -n 1)" ] || { printf 'Not installed: %s\n' "$1" && false; }
}

# What pkg-config tells, of the files under $root
vmmig_config()
{
  PKG_CONFIG_PATH=$work pkg-config "$@" vmmig-1
}

# compile SOURCE OUTPUT
compile()
{
  local flags=()
  read -ra flags < <(vmmig_config --cflags --libs)
  cc -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Werror "$1" -o "$2" "${flags[@]}"
}

run_installed()
{
  LD_LIBRARY_PATH=$libdir GI_TYPELIB_PATH=$libdir/girepository-1.0 PYTHONPATH=$overrides "$@"
}

# The first program in C of the README: as it stands there, so that it cannot rot
readme_program()
{
  awk '/^```c$/ { on = 1; next } /^```$/ { if (on) exit } on' "$source/README.md" \
    >"$work/readme.c" && compile "$work/readme.c" "$work/readme"
}

path_of_overrides()
{
  /usr/bin/python3 -c 'import sys; sys.exit(sys.argv[1] not in sys.path)' \
    "${overrides#"$root"}"
}

install()
{
  DESTDIR=$root meson install -C "$build" --no-rebuild --quiet
}

check 'meson install' install
pc=$(find "$root" -name vmmig-1.pc)
libdir=$(dirname "$(dirname "$pc")")
# Where the override's folder "gi" lies
overrides=$(dirname "$(dirname "$(find "$root" -path '*/gi/overrides' | head -n 1)")")
sed "s|^prefix=.*|prefix=$root$prefix|" "$pc" >"$work/vmmig-1.pc"

for file in '*/include/vmmig-1/vmmig/vmmig.h' '*/include/vmmig-1/vmmig/vmmig-version.h' \
  '*/include/vmmig-1/vmmig/vmmig-enum-types.h' '*/libvmmig-1.so' '*/libvmmig-1.so.0' \
  '*/girepository-1.0/Vmmig-1.typelib' '*/gir-1.0/Vmmig-1.gir' '*/vala/vapi/vmmig-1.vapi' \
  '*/vala/vapi/vmmig-1.deps' '*/doc/vmmig-1/index.html' '*/bin/vmmig' '*/man1/vmmig.1*' \
  '*/gi/overrides/Vmmig.py'; do
  check "installed: ${file#\*/}" find_one "$file"
done
check 'pkg-config tells the version' vmmig_config --exact-version="$version"
check 'a program compiles with pkg-config alone' \
  compile "$source/tests/integration/subproject/consumer.c" "$work/consumer"
check 'the program runs' run_installed "$work/consumer"
if grep -q '^```c$' "$source/README.md"; then
  check "the README's program in C compiles" readme_program
fi
check 'Python finds the binding' run_installed /usr/bin/python3 -c '
import gi
gi.require_version("Vmmig", "1")
from gi.repository import Vmmig
assert Vmmig.check_version(0, 0, 0) is None
assert hasattr(Vmmig.MigrationJob, "run"), "without its override"'
check 'the override lies where Python looks' path_of_overrides
check 'the tool runs' run_installed "$(find "$root" -path '*/bin/vmmig')" version
printf '1..%d\n' "$number"
exit "$failed"
