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

# test_with NAME DIRECTORY ARGUMENT…: meson test, whose log has that name
test_with()
{
  local name=$1 directory=$2
  shift 2
  meson test -C "$directory" --no-rebuild --print-errorlogs --logbase "$name" "$@" \
    ${arguments[@]+"${arguments[@]}"}
}

# tests NAME DIRECTORY COMMAND…: as a stage whose tests are counted one by one, from their log
tests()
{
  local name=$1 log=$2/meson-logs/testlog-$1.json
  shift 2
  stage "$name" "$@"
  # Without a log nothing ran
  [ -s "$log" ] || failed_stages+=("$name")
  logs+=("$log")
}

# run_tests NAME DIRECTORY ARGUMENT…
run_tests()
{
  rm -f "$2/meson-logs/testlog-$1.json"
  tests "$1" "$2" test_with "testlog-$1" "${@:2}"
}

build_all()
{
  step configure configure "$build" -Dauto_features=enabled -Dwerror=true &&
    step build meson compile -C "$build"
}

# A build of its own for each sanitizer
build_sanitizers()
{
  local options=(-Dauto_features=disabled -Dtests=enabled -Dwerror=true -Db_lundef=false)
  configure "$build-asan" "${options[@]}" -Db_sanitize=address,undefined &&
    configure "$build-tsan" "${options[@]}" -Db_sanitize=thread &&
    meson compile -C "$build-asan" && meson compile -C "$build-tsan"
}

# meson adds the setup's name to the log's
test_under_valgrind()
{
  test_with testlog "$build" --suite unit --setup valgrind
}

# begin_beside NAME COMMAND…: the lab waits for its VMs most of the time; what runs beside it has only
# what it leaves
declare -A beside
begin_beside()
{
  local name=$1
  shift
  set -m
  (
    chrt --idle --pid 0 "$BASHPID"
    "$@"
  ) >"$build-$name.log" 2>&1 </dev/null &
  beside[$name]=$!
  set +m
}

# end_beside NAME: waits for it, and shows what it said
end_beside()
{
  local result=0
  wait "${beside[$1]}" || result=$?
  unset "beside[$1]"
  cat "$build-$1.log"
  rm -f "$build-$1.log"
  return "$result"
}

# Ctrl-C, or an end before theirs: by their process groups
cancel_beside()
{
  local name
  for name in "${!beside[@]}"; do
    kill -- "-${beside[$name]}" 2>/dev/null
    rm -f "$build-$name.log"
  done
}
trap cancel_beside EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

test_sanitized()
{
  run_tests asan "$build-asan" --suite unit
  run_tests tsan "$build-tsan" --suite unit
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
valgrind_log=$build/meson-logs/testlog-valgrind.json
case "$what" in
  lab) run_tests lab "$build" --suite lab ;;
  all)
    rm -f "$valgrind_log"
    begin_beside sanitizers build_sanitizers
    begin_beside valgrind test_under_valgrind
    run_tests lab "$build" --suite lab
    step build-sanitizers end_beside sanitizers && test_sanitized
    tests valgrind "$build" end_beside valgrind
    ;;
  sanitize)
    rm -f "$valgrind_log"
    step build-sanitizers build_sanitizers && test_sanitized
    tests valgrind "$build" test_under_valgrind
    ;;
  bench) run_tests bench "$build" --benchmark --verbose ;;
esac
finish
