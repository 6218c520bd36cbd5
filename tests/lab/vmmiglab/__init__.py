# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real libvirt hosts on one machine, for tests and for people. See ../README.md."""

from .cluster import Lab
from .errors import LabError

__all__ = ["Lab", "LabError"]
