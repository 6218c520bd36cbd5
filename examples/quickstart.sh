#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
usage()
{
  cat <<'USAGE'
usage: examples/quickstart.sh

Shows a running VM move, on this machine alone: installs the packages that are missing (Debian 12,
as root), builds the library and the tool vmmig, starts two libvirt hosts in namespaces and a guest
that works on its memory, and migrates it there (pre-copy) and back (post-copy), encrypted. Nothing
is left running. With --keep the two hosts stay, to try things on them.
USAGE
}

set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"
# shellcheck source=tests/packages.sh
. tests/packages.sh

keep=no
case "${1-}" in
  '') ;;
  --keep) keep=yes ;;
  -h | --help) usage && exit 0 ;;
  *) usage >&2 && exit 2 ;;
esac
if [ "$(id -u)" -ne 0 ]; then
  echo "The hosts are libvirt daemons in network namespaces: run this as root" >&2
  exit 1
fi

say() { printf '\n== %s\n' "$*"; }

say "Packages"
install_packages build lab
echo "They are all here."

say "Build"
begin=$EPOCHSECONDS
build=build/quickstart
[ -f "$build/build.ninja" ] || meson setup "$build" -Dtests=disabled -Ddocs=disabled \
  -Dintrospection=disabled -Dexamples=disabled >/dev/null
meson compile -C "$build" >/dev/null
export PATH="$top/$build/examples/vmmig:$PATH"
vmmig version

lab="quickstart-$$"
guest=demo
vmmig_lab() { tests/lab/vmmig-lab "$@" --name "$lab"; }
finish()
{
  if [ "$keep" = yes ] && [ "${up-no}" = yes ]; then
    printf '\nThe hosts go on; look around with\n'
    # shellcheck disable=SC2016  # for the reader's shell
    printf '  eval "$(tests/lab/vmmig-lab env --name %s)"; virsh -c "$H1" list\n' "$lab"
    printf '  tests/lab/vmmig-lab down --name %s\n' "$lab"
  elif [ "${up-no}" = yes ]; then
    vmmig_lab down >/dev/null
  fi
}
trap finish EXIT
trap 'keep=no; exit 130' INT TERM

say "Two hosts, h1 and h2, and a guest that rewrites its memory at 8 MiB/s"
up=yes
vmmig_lab up --hosts 2 >/dev/null
vmmig_lab guest start "$guest" --memory 128 --working-set 64 --dirty 8 --beat 1
eval "$(vmmig_lab env)"

# leg TITLE FROM TO PEER OPTION…
leg()
{
  local title=$1 from=$2 to=$3 peer=$4 started=$EPOCHREALTIME
  shift 4
  say "$title"
  vmmig migrate "$guest" --from "$from" --to "$to" --peer-uri "$peer" --bandwidth 24MiB/s "$@"
  echo "What the guest itself felt, by its heartbeats each 4 ms and by its check of every page:"
  sleep 1
  vmmig_lab guest list --last "$(awk "BEGIN { print $EPOCHREALTIME - $started }")"
}

leg "There: pre-copy, over TLS" "$H1" "$H2" "$H2_PEER"
leg "And back: post-copy, over TLS" "$H2" "$H1" "$H1_PEER" --post-copy-at-once

say "Done in $((EPOCHSECONDS - begin)) s after the packages"
