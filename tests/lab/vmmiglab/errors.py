# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the lab raises."""


class LabError(Exception):
    """Something about the lab itself went wrong; the text says what and what to do."""
