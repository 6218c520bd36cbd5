# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion for vmmig. Options come from “vmmig COMMAND --help”, so this cannot fall behind.

_vmmig_options()
{
  "$1" "$2" --help 2>/dev/null | grep -o -- '^  \(-h, \)\?--[a-z-]*' | grep -o -- '--.*'
}

_vmmig()
{
  local tool=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local candidates=

  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    candidates='migrate status watch cancel postcopy steer forecast label pki policy preflight replay settings version --help'
  else
    case $before in
      --from | --to | --on | --node | --peer-uri)
        # Readline splits words at colons
        candidates='qemu+ssh qemu+tls qemu'
        ;;
      --file | --ssh-key | --known-hosts | --pki-directory | --xml | --record | --trace | --settings | \
        --directory | --policy-directory | --ca | --client-certificate | --client-key | import | check)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
      --compression) candidates='none xbzrle zlib zstd' ;;
      --convergence-strategy) candidates='vmmig kubevirt' ;;
      --strategy) candidates='vmmig kubevirt nova ovirt' ;;
      --copy-storage) candidates='none all incremental' ;;
      --precedence) candidates='documented kubevirt' ;;
      settings) candidates='show set unset import --help' ;;
      pki) candidates='init issue check show probe --help' ;;
      --layout) candidates='qemu libvirt' ;;
      --role) candidates='both server client' ;;
      policy) candidates='check show explain --help' ;;
      set | unset)
        candidates=$("$tool" settings show 2>/dev/null | cut -d ' ' -f 1)
        ;;
      --persistence) candidates='preserve persistent transient' ;;
      *)
        if [[ $word == -* ]]; then
          candidates=$(_vmmig_options "$tool" "${COMP_WORDS[1]}")
        elif [ "${COMP_WORDS[1]}" = replay ]; then
          mapfile -t COMPREPLY < <(compgen -f -- "$word")
          return
        elif [ "$before" = show ] && [ "${COMP_WORDS[1]}" = pki ]; then
          mapfile -t COMPREPLY < <(compgen -f -- "$word")
          return
        elif [ "$before" = show ] && [ "${COMP_WORDS[1]}" = policy ]; then
          candidates=$("$tool" policy show 2>/dev/null | sed -n 's/^\[policy \(.*\)]$/\1/p')
        fi
        ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$word")
}

complete -F _vmmig vmmig
