# SPDX-License-Identifier: LGPL-2.1-or-later
"""The project's files, for the checks in this folder."""

import pathlib
import re
import shutil
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]


def is_build(directory):
    return (directory / "meson-private").is_dir()


def walk_directory(directory):
    for path in sorted(directory.iterdir()):
        if path.is_dir() and not path.is_symlink():
            if path.name not in (".git", "__pycache__") and not is_build(path):
                yield from walk_directory(path)
        else:
            yield path


def walk():
    """The project's files: what git knows or would add, or all but what was built."""
    if (TOP / ".git").exists() and shutil.which("git"):
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        git = subprocess.run(command, cwd=TOP, check=False, capture_output=True, text=True)
        if git.returncode == 0:  # it may distrust the folder of another user
            names = sorted(name for name in git.stdout.split("\0") if name)
            return existing(TOP / name for name in names)
    return existing(walk_directory(TOP))


def existing(paths):
    return (path for path in paths if path.is_file() and not path.is_symlink())


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
