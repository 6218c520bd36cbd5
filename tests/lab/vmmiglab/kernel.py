# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's kernel: where it is, or how it is built."""

import os

from . import proc

_SOURCE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "guest", "guest.c")
FLAGS = ["-m32", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-ffreestanding", "-fno-pic", "-no-pie",
         "-fno-stack-protector", "-fcf-protection=none", "-mgeneral-regs-only",
         "-fno-asynchronous-unwind-tables", "-nostdlib", "-static", "-Wl,-m,elf_i386",
         "-Wl,--build-id=none", "-Wl,-Ttext=0x100000", "-Wl,-z,noexecstack"]


def path(directory):
    """The kernel that VMMIG_LAB_GUEST names, or one built in `directory`."""
    given = os.environ.get("VMMIG_LAB_GUEST")
    if given:
        return given
    target = os.path.join(directory, "guest.elf")
    if not os.path.exists(target):
        build(target)
    return target


def build(target):
    proc.run(["gcc"] + FLAGS + ["-o", target, _SOURCE])
