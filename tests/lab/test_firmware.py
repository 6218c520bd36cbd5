#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""VMs whose firmware and TPM have a memory of their own: it moves with them."""

import hashlib
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import support  # noqa: E402
from support import SIDES  # noqa: E402
from vmmiglab import proc  # noqa: E402

CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"
TPM = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
# Of its own users, who are not everywhere; a lab has none but root
AS_ROOT = 'swtpm_user = "root"\nswtpm_group = "root"\n'


def setUpModule():
    support.start_lab(qemu_conf=AS_ROOT)


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Firmware(support.LabTest):
    def uefi(self):
        """A VM that stands in its firmware's shell, with variables that the firmware has written."""
        boot = ("<loader readonly='yes' type='pflash'>%s</loader>"
                "<nvram template='%s'>/var/lib/libvirt/qemu/nvram/vars.fd</nvram>") % (CODE, VARIABLES)
        guest = self.lab.guest("h1", "uefi", memory_mib=128, machine="q35", boot=boot).start()
        self.addCleanup(guest.remove)
        template = sha256(VARIABLES)
        proc.wait_until(lambda: sha256(self.variables("h1")) != template and
                        time.time() - os.stat(self.variables("h1")).st_mtime > 4, support.PATIENCE,
                        "the firmware has written its variables")
        return guest

    def variables(self, host):
        return self.lab.host(host).path("lib", "qemu/nvram/vars.fd")

    def test_uefi_and_its_variables(self):
        guest = self.uefi()
        for (source, destination), side in zip((("h1", "h2"), ("h2", "h1"), ("h1", "h2")), SIDES):
            with self.subTest(side):
                before = sha256(self.variables(source))
                if os.path.exists(self.variables(destination)):
                    os.unlink(self.variables(destination))
                outcome = self.migrate(guest, source, destination, via=side)
                self.assert_moved(outcome)
                self.assertEqual(list(guest.states()), [destination])
                self.assertTrue(guest.state(destination).startswith("running"))
                self.assertEqual(sha256(self.variables(destination)), before)

    def test_a_tpm_and_its_state(self):
        guest = self.guest(devices=TPM)
        places = {host: self.lab.host(host).path("lib", "swtpm/%s/tpm2/tpm2-00.permall" % guest.uuid)
                  for host in ("h1", "h2")}
        made = sha256(places["h1"])
        for (source, destination), side in zip((("h1", "h2"), ("h2", "h1"), ("h1", "h2")), SIDES):
            with self.subTest(side):
                self.moves(guest, source, destination, via=side)
                self.assertEqual(sha256(places[destination]), made)


if __name__ == "__main__":
    unittest.main()
