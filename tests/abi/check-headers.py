#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The public headers compile alone, in C and C++, without a warning.

A file that includes only <vmmig/vmmig.h>, and each header by itself; and a header that is included
directly is refused. Every public header is reached from vmmig.h and needs GLib only.
usage: check-headers.py --include DIRECTORY... HEADER...
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-Wundef", "-Wshadow"]
STANDARDS = [
    ("cc", "c", "c99"), ("cc", "c", "gnu11"), ("cc", "c", "c17"),
    ("clang", "c", "c99"), ("clang", "c", "gnu11"),
    ("c++", "c++", "c++11"), ("c++", "c++", "c++17"), ("c++", "c++", "c++20"),
    ("clang++", "c++", "c++11"), ("clang++", "c++", "c++20"),
]


def system_flags():
    """GLib's directories, as the system's: only our headers are on trial."""
    out = subprocess.run(
        ["pkg-config", "--cflags", "gio-2.0"], check=True, capture_output=True, text=True
    ).stdout
    return [flag.replace("-I", "-isystem", 1) for flag in out.split()]


def compile_text(compiler, language, standard, flags, text):
    command = [compiler, "-x", language, f"-std={standard}", *WARNINGS, *flags,
               "-fsyntax-only", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def cases(headers):
    """(name, compiler, language, standard, extra flags, text, whether it must compile)"""
    whole = "#include <vmmig/vmmig.h>\nint answer (void);\nint answer (void) { return 0; }\n"
    for compiler, language, standard in STANDARDS:
        yield ("vmmig.h", compiler, language, standard, [], whole, True)
    old = ["-DVMMIG_VERSION_MIN_REQUIRED=VMMIG_VERSION_1_0",
           "-DVMMIG_VERSION_MAX_ALLOWED=VMMIG_VERSION_1_0"]
    yield ("vmmig.h for 1.0", "cc", "c", "gnu11", old, whole, True)
    for header in headers:
        if header.name == "vmmig.h":
            continue
        text = f"#include <vmmig/{header.name}>\nint answer (void);\n"
        for compiler, language, standard in (("cc", "c", "gnu11"), ("c++", "c++", "c++17")):
            yield (header.name, compiler, language, standard, ["-DVMMIG_INSIDE"], text, True)
        yield (f"{header.name} directly", "cc", "c", "gnu11", [], text, False)


def check_includes(headers, problems):
    own = {header.name for header in headers}
    for header in headers:
        text = header.read_text()
        for name in re.findall(r"^#\s*include\s*[<\"](.*?)[>\"]", text, re.M):
            folder, _, base = name.rpartition("/")
            if folder == "vmmig":
                if base not in own:
                    problems.append(f"{header.name} includes {name}, which is not installed")
            elif not re.fullmatch(r"(glib|glib-object|gio/gio)\.h", name):
                problems.append(f"{header.name} includes <{name}>: GLib and GIO only")
    whole = next(header for header in headers if header.name == "vmmig.h").read_text()
    for name in sorted(own - {"vmmig.h"}):
        if f"#include <vmmig/{name}>" not in whole:
            problems.append(f"vmmig.h does not include <vmmig/{name}>")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--include", action="append", required=True)
    parser.add_argument("headers", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    flags = [f"-I{directory}" for directory in arguments.include] + system_flags()
    problems = []
    check_includes(arguments.headers, problems)

    def run(case):
        name, compiler, language, standard, extra, text, good = case
        result = compile_text(compiler, language, standard, extra + flags, text)
        if (result.returncode == 0) != good:
            why = result.stderr if good else "compiles, and should be refused"
            return f"{name} ({compiler} -std={standard}): {why}"
        return None

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(run, cases(arguments.headers)))
    problems += [result for result in results if result]
    print("\n".join(problems) or f"{len(results)} compilations as expected")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
