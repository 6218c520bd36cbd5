# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates: one CA per lab, one certificate per host and one for the client.

Every certificate serves as server's and client's. libvirtd finds them below /etc/pki, QEMU in
/etc/pki/qemu. `break_` replaces those of a host by a broken variant.
"""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

from . import proc, state
from .errors import LabError

VARIANTS = ("expired", "not-yet-valid", "other-ca", "wrong-host", "no-server-cert",
            "no-client-cert", "no-ca-cert", "unreadable-key")

_CA = """cn = "{name}"
ca
cert_signing_key
activation_date = "{start}"
expiration_date = "{end}"
"""
_LEAF = """cn = "{name}"
organization = "vmmig lab"
tls_www_server
tls_www_client
signing_key
encryption_key
activation_date = "{start}"
expiration_date = "{end}"
"""
_VALID = {"start": "2020-01-01 00:00:00", "end": "2045-01-01 00:00:00"}
_DATES = {"expired": {"start": "2020-01-01 00:00:00", "end": "2021-01-01 00:00:00"},
          "not-yet-valid": {"start": "2044-01-01 00:00:00", "end": "2045-01-01 00:00:00"}}

# What libvirt and QEMU call the files, below /etc/pki.
LIBVIRT = {"ca": "CA/cacert.pem",
           "server-cert": "libvirt/servercert.pem", "server-key": "libvirt/private/serverkey.pem",
           "client-cert": "libvirt/clientcert.pem", "client-key": "libvirt/private/clientkey.pem"}
QEMU = {"ca": "qemu/ca-cert.pem",
        "server-cert": "qemu/server-cert.pem", "server-key": "qemu/server-key.pem",
        "client-cert": "qemu/client-cert.pem", "client-key": "qemu/client-key.pem"}


class Pki:
    """The certificate authority of a lab, in `directory`."""

    def __init__(self, directory):
        self.directory = directory

    def create(self):
        os.makedirs(self.directory, 0o700, exist_ok=True)
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._authority, ("ca", "other-ca")))

    def issue(self, pki, name, addresses):
        """Fill the /etc/pki of one host or of the client, which lies at `pki`."""
        self._leaf(name, name, [name], addresses, "ca", _VALID)
        self.restore(pki, name)

    def restore(self, pki, name, kinds=("libvirt", "qemu")):
        """Put the good certificates of `name` in place."""
        for files in _files(kinds):
            self._install(pki, files, "ca", "ca")
            for part in ("server", "client"):
                self._install(pki, files, part, name)

    def break_(self, pki, name, addresses, variant, kinds):
        """Replace the certificates in `pki` by a variant that must be refused."""
        if variant not in VARIANTS:
            raise LabError("No certificate variant ‘%s’; there are: %s"
                           % (variant, ", ".join(VARIANTS)))
        self.restore(pki, name, kinds)
        for files in _files(kinds):
            if variant in ("no-server-cert", "no-client-cert"):
                _remove(pki, files, variant[3:9] + "-cert", variant[3:9] + "-key")
            elif variant == "no-ca-cert":
                _remove(pki, files, "ca")
            elif variant == "unreadable-key":
                # The daemons of the lab are root, whom no mode keeps out: make it unparsable.
                for key in ("server-key", "client-key"):
                    state.write(pki, files[key], "not a key\n")
            else:
                self._broken(pki, name, addresses, variant, files)

    def _broken(self, pki, name, addresses, variant, files):
        stem = "%s-%s" % (name, variant)
        wrong = variant == "wrong-host"
        self._leaf(stem, "elsewhere.example" if wrong else name,
                   ["elsewhere.example"] if wrong else [name],
                   ["192.0.2.1"] if wrong else addresses,
                   "other-ca" if variant == "other-ca" else "ca", _DATES.get(variant, _VALID))
        if variant == "other-ca":
            self._install(pki, files, "ca", "other-ca")
        for part in ("server", "client"):
            self._install(pki, files, part, stem)

    def _authority(self, stem):
        self._key(stem, ["--key-type", "ecdsa", "--curve", "secp256r1"])
        self._certtool(stem, _CA.format(name="vmmig lab " + stem, **_VALID),
                       ["--generate-self-signed"])

    def _leaf(self, stem, name, names, addresses, authority, dates):
        template = _LEAF.format(name=name, **dates)
        template += "".join('dns_name = "%s"\n' % n for n in names)
        template += "".join('ip_address = "%s"\n' % a for a in addresses)
        # RSA: libvirt 9.0 insists on key encipherment, which certtool gives to no other kind.
        self._key(stem, ["--key-type", "rsa", "--bits", "2048"])
        self._certtool(stem, template, ["--generate-certificate",
                                        "--load-ca-certificate", self._path(authority, "cert"),
                                        "--load-ca-privkey", self._path(authority, "key")])

    def _key(self, stem, kind):
        proc.run(["certtool", "--generate-privkey", "--outfile", self._path(stem, "key")] + kind)

    def _certtool(self, stem, template, action):
        state.write(self.directory, stem + ".template", template)
        proc.run(["certtool"] + action + ["--template", self._path(stem, "template"),
                                          "--load-privkey", self._path(stem, "key"),
                                          "--outfile", self._path(stem, "cert")])

    def _path(self, stem, what):
        suffix = {"key": "-key.pem", "cert": ".pem", "template": ".template"}[what]
        return os.path.join(self.directory, stem + suffix)

    def _install(self, pki, files, part, stem):
        """Copy a certificate, and its key unless it is the CA's, to where it is looked for."""
        copies = {files["ca"]: "cert"} if part == "ca" else {
            files[part + "-cert"]: "cert", files[part + "-key"]: "key"}
        for name, what in copies.items():
            target = os.path.join(pki, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(self._path(stem, what), target)
            os.chmod(target, 0o600 if what == "key" else 0o644)


def _files(kinds):
    known = {"libvirt": LIBVIRT, "qemu": QEMU}
    return [known[kind] for kind in kinds]


def _remove(pki, files, *parts):
    for part in parts:
        try:
            os.unlink(os.path.join(pki, files[part]))
        except FileNotFoundError:
            pass
