# SPDX-License-Identifier: LGPL-2.1-or-later
"""The project's files, for the checks in this folder."""

import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = {".git", "__pycache__", ".cache", "node_modules"}


def is_build(directory):
    return (directory / "meson-private").is_dir()


def walk(directory=TOP):
    for path in sorted(directory.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            # Not what was built, nor what lies beside the project in its folder
            if path.name not in SKIPPED and not is_build(path):
                yield from walk(path)
        elif path.is_file():
            yield path


def files(*suffixes):
    """The files with one of these suffixes; without any, all that are text."""
    for path in walk():
        if suffixes and not path.name.endswith(suffixes):
            continue
        if suffixes or b"\0" not in path.read_bytes()[:4096]:
            yield path


def scripts():
    """Shell scripts: by name, or by their first line."""
    for path in walk():
        with path.open("rb") as stream:
            first = stream.readline(80)
        if path.suffix == ".sh" or re.match(rb"#!.*\b(ba|da)?sh\b", first):
            yield path


def name(path):
    return str(path.relative_to(TOP))


def without_comments(text):
    """C without comments and strings, line by line as before."""

    def blank(match):
        if match[0].startswith(("/*", "//")):
            return re.sub(r"[^\n]", " ", match[0])
        return match[0][0] + match[0][0]

    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)
