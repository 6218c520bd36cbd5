#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
usage()
{
  cat <<'EOF'
usage: tests/run.sh [unit|lab|all|sanitize|bench] [meson test arguments…]

Installs the packages that are missing, builds, runs tests, and ends with the line
"N passed, N failed, N skipped". Exits non-zero when a test or a build fails.

  unit      everything that needs no hypervisor: unit, bindings, abi, lint, integration
  lab       real libvirt hosts on this machine (as root)
  sanitize  the unit tests under ASan and UBSan, under ThreadSanitizer, and under valgrind
  all       these three (the default)
  bench     benchmarks: measured and kept, never judged

VMMIG_BUILD_DIR names the build directory (default: build). Further arguments go to "meson test",
for instance the name of one test.
EOF
}

set -u
top=$(cd "$(dirname "$0")/.." && pwd) || exit 1
cd "$top" || exit 1
# shellcheck source=tests/packages.sh
. tests/packages.sh

what=all
if [ $# -gt 0 ]; then
  what=$1
  shift
fi
case "$what" in
  unit | lab | all | sanitize | bench) ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac
arguments=("$@")

export LC_ALL=C.UTF-8
build=$(realpath -m "${VMMIG_BUILD_DIR:-build}")
logs=()
stages=()
failed_stages=()

# stage NAME COMMAND…: runs it, and keeps its time and whether it failed
stage()
{
  local name=$1 begin=$EPOCHSECONDS result=ok
  shift
  printf '\n== %s\n' "$name"
  "$@" || result=failed
  stages+=("$(printf '%-22s %5d s  %s' "$name" $((EPOCHSECONDS - begin)) "$result")")
  [ "$result" = ok ]
}

# As stage; what fails is no test, so it counts as a failure by itself
step()
{
  stage "$@" || { failed_stages+=("$1"); return 1; }
}

# configure DIRECTORY OPTION…
configure()
{
  local directory=$1
  shift
  if [ -f "$directory/build.ninja" ]; then
    meson setup --reconfigure "$directory" "$@" >/dev/null && return 0
    meson setup --wipe "$directory" "$@"
  else
    meson setup "$directory" "$@"
  fi
}

# run_tests NAME DIRECTORY ARGUMENT…: as a stage whose tests are counted one by one
run_tests()
{
  local name=$1 directory=$2
  local base=testlog-$name
  shift 2
  rm -f "$directory/meson-logs/$base.json"
  stage "$name" meson test -C "$directory" --no-rebuild --print-errorlogs --logbase "$base" \
    "$@" ${arguments[@]+"${arguments[@]}"}
  # Without a log nothing ran
  [ -s "$directory/meson-logs/$base.json" ] || failed_stages+=("$name")
  logs+=("$directory/meson-logs/$base.json")
}

build_all()
{
  step configure configure "$build" -Dauto_features=enabled -Dwerror=true &&
    step build meson compile -C "$build"
}

# sanitize NAME SANITIZERS: the unit tests in a build of their own
sanitize()
{
  local name=$1 directory=$build-$1
  step "configure-$name" configure "$directory" -Dauto_features=disabled -Dtests=enabled \
    -Dwerror=true "-Db_sanitize=$2" -Db_lundef=false &&
    step "build-$name" meson compile -C "$directory" &&
    run_tests "$name" "$directory" --suite unit
}

finish()
{
  printf '\n== Time of each stage\n'
  printf '%s\n' "${stages[@]}"
  printf '\n'
  /usr/bin/python3 tests/summary.py ${failed_stages[@]+"${failed_stages[@]/#/--failed-stage=}"} \
    ${logs[@]+"${logs[@]}"}
  exit
}

step packages install_packages build lab test || finish
build_all || finish
case "$what" in
  unit | all) run_tests unit "$build" --no-suite lab ;;
esac
case "$what" in
  lab | all) run_tests lab "$build" --suite lab ;;
esac
case "$what" in
  sanitize | all)
    sanitize asan address,undefined
    sanitize tsan thread
    # meson adds the setup's name to the log's
    run_tests valgrind "$build" --suite unit --setup valgrind --logbase testlog
    ;;
esac
case "$what" in
  bench) run_tests bench "$build" --benchmark --verbose ;;
esac
finish
