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
            "no-client-cert", "no-ca-cert", "unreadable-key", "wrong-name", "wrong-address",
            "unreadable", "key-mismatch", "weak-key", "wrong-purpose", "overlooked-purpose",
            "ca-without-ca-flag")

_CA = """cn = "{name}"
ca
cert_signing_key
activation_date = "{start}"
expiration_date = "{end}"
"""
_LEAF = """cn = "{name}"
organization = "vmmig lab"
{purpose}
signing_key
encryption_key
activation_date = "{start}"
expiration_date = "{end}"
"""
_VALID = {"start": "2020-01-01 00:00:00", "end": "2045-01-01 00:00:00"}
_DATES = {"expired": {"start": "2020-01-01 00:00:00", "end": "2021-01-01 00:00:00"},
          "not-yet-valid": {"start": "2044-01-01 00:00:00", "end": "2045-01-01 00:00:00"}}

_TLS = "tls_www_server\ntls_www_client"
# Code signing. certtool marks no purpose as critical by itself
_PURPOSES = {"wrong-purpose": 'add_critical_extension = "2.5.29.37 0x300a06082b06010505070303"',
             "overlooked-purpose": "code_signing_key"}
_WEAK = ["--key-type", "rsa", "--bits", "768"]
_STRONG = ["--key-type", "rsa", "--bits", "2048"]

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
            list(pool.map(self._authority, ("ca", "other-ca", "ca-without-ca-flag")))

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
            elif variant == "unreadable":
                # Nor does a mode keep a directory from being none.
                _remove(pki, files, "server-key", "client-key")
                for key in ("server-key", "client-key"):
                    os.makedirs(os.path.join(pki, files[key]))
            elif variant == "key-mismatch":
                self._key("another", _STRONG)
                for key in ("server-key", "client-key"):
                    shutil.copyfile(self._path("another", "key"), os.path.join(pki, files[key]))
            else:
                self._broken(pki, name, addresses, variant, files)

    def _broken(self, pki, name, addresses, variant, files):
        stem = "%s-%s" % (name, variant)
        wrong_name = variant in ("wrong-host", "wrong-name")
        wrong_address = variant in ("wrong-host", "wrong-address")
        authority = variant if variant in ("other-ca", "ca-without-ca-flag") else "ca"
        subject = "elsewhere.example" if wrong_name else name
        self._leaf(stem, subject, [subject], ["192.0.2.1"] if wrong_address else addresses,
                   authority, _DATES.get(variant, _VALID), _PURPOSES.get(variant, _TLS),
                   _WEAK if variant == "weak-key" else _STRONG)
        if authority != "ca":
            self._install(pki, files, "ca", authority)
        for part in ("server", "client"):
            self._install(pki, files, part, stem)

    def _authority(self, stem):
        self._key(stem, ["--key-type", "ecdsa", "--curve", "secp256r1"])
        template = _CA.format(name="vmmig lab " + stem, **_VALID)
        if stem == "ca-without-ca-flag":
            template = template.replace("\nca\n", "\n")
        self._certtool(stem, template,
                       ["--generate-self-signed"])

    def _leaf(self, stem, name, names, addresses, authority, dates, purpose=_TLS, kind=_STRONG):
        template = _LEAF.format(name=name, purpose=purpose, **dates)
        template += "".join('dns_name = "%s"\n' % n for n in names)
        template += "".join('ip_address = "%s"\n' % a for a in addresses)
        # RSA: libvirt 9.0 insists on key encipherment, which certtool gives to no other kind.
        self._key(stem, kind)
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

    def ca_file(self):
        """The certificate of the CA that all nodes trust."""
        return self._path("ca", "cert")

    def _install(self, pki, files, part, stem):
        """Copy a certificate, and its key unless it is the CA's, to where it is looked for."""
        copies = {files["ca"]: "cert"} if part == "ca" else {
            files[part + "-cert"]: "cert", files[part + "-key"]: "key"}
        for name, what in copies.items():
            target = os.path.join(pki, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if os.path.isdir(target):
                os.rmdir(target)
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
