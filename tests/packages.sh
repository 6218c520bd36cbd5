# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The one list of the Debian packages that libvmmig needs, sourced by tests/run.sh and
# examples/quickstart.sh:  install_packages build lab
#
# shellcheck disable=SC2034  # the lists are read by name

# To build all of it
packages_build=(
  g++ gcc gi-docgen gir1.2-glib-2.0 gobject-introspection libc6-dev libgirepository1.0-dev
  libglib2.0-dev libjson-glib-dev libssl-dev libvirt-dev libxml2-dev libyaml-dev meson
  ninja-build pkg-config python3 valac
)
# Real hosts on one machine: daemons, hypervisor, certificates, links
packages_lab=(
  gir1.2-glib-2.0 gnutls-bin iproute2 iptables libsasl2-modules libvirt-clients libvirt-daemon
  libvirt-daemon-driver-qemu nbdkit nftables openssh-client openssh-server procps python3
  python3-gi python3-libvirt qemu-system-x86 qemu-utils sasl2-bin tini util-linux
)
# What the other tests need
packages_test=(
  abigail-tools binutils clang clang-format gir1.2-gtk-3.0 gjs libc6-dbg libgmock-dev libgnutls28-dev
  libgtest-dev libxml2-utils ovmf python3-gi shellcheck swtpm swtpm-tools valgrind xauth xvfb
)

# Those of the packages given that are not installed, one per line
missing_packages()
{
  local package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^.i' ||
      printf '%s\n' "$package"
  done
}

# install_packages GROUP...: installs what is missing, and asks nobody anything
install_packages()
{
  local group missing log policy=/usr/sbin/policy-rc.d wanted=()
  for group in "$@"; do
    local -n list="packages_$group"
    wanted+=("${list[@]}")
  done
  mapfile -t missing < <(missing_packages "${wanted[@]}" | sort -u)
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    printf 'Packages are missing; as root: apt-get install --no-install-recommends %s\n' \
      "${missing[*]}" >&2
    return 1
  fi
  printf 'Installing %d packages: %s\n' "${#missing[@]}" "${missing[*]}"
  log=$(mktemp)
  if (
    export DEBIAN_FRONTEND=noninteractive
    # The tests start their own daemons: installing must start none on this machine
    if [ ! -e "$policy" ]; then
      trap 'rm -f "$policy"' EXIT
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod 755 "$policy"
    fi
    options=(-y -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
    apt-get "${options[@]}" update &&
      apt-get "${options[@]}" install --no-install-recommends "${missing[@]}"
  ) >"$log" 2>&1; then
    rm -f "$log"
  else
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
}
