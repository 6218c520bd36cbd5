#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The symbol map, what the library exports, what the headers declare, and the GIR agree.

In names and in versions. Prints exactly which lines to add to or to take from the map.
usage: check-symbols.py --map MAP --library LIB [--gir GIR] HEADER...
"""

import argparse
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

GIR_NAMESPACES = {
    "c": "http://www.gtk.org/introspection/c/1.0",
    "core": "http://www.gtk.org/introspection/core/1.0",
    "glib": "http://www.gtk.org/introspection/glib/1.0",
}


def read_map(path, problems):
    """symbol -> node of the map; its lists are explicit and sorted."""
    symbols = {}
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
    for node, body in re.findall(r"(LIBVMMIG_[\d.]+)\s*\{(.*?)\}", text, re.S):
        names = re.findall(r"^\s*([^\s:]+);", body.split("local:")[0], re.M)
        for name in names:
            if "*" in name:
                problems.append(f"the map has a pattern instead of names: {name}")
            if name in symbols:
                problems.append(f"the map names {name} twice")
            symbols[name] = node
        if names != sorted(names):
            first = next(a for a, b in zip(names, sorted(names)) if a != b)
            problems.append(f"{node} is not sorted: {first} stands in the wrong place")
    return symbols


def read_library(path):
    """symbol -> version, of everything that the library defines for others."""
    out = subprocess.run(
        ["nm", "--dynamic", "--defined-only", "--with-symbol-versions", path],
        check=True, capture_output=True, text=True,
    ).stdout
    symbols = {}
    for line in out.splitlines():
        _, kind, name = line.split(maxsplit=2)
        name, _, version = name.partition("@")
        if kind != "A":  # the version nodes themselves
            symbols[name] = version.lstrip("@")
    return symbols


def read_headers(paths):
    """symbol -> node, by the availability macro before each declaration."""
    symbols = {}
    macro = r"VMMIG_(?:AVAILABLE|DEPRECATED)_IN_(\d+)_(\d+)(?:_FOR\s*\([^)]*\))?"
    for path in paths:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        text = re.sub(r"^\s*#(?:.*\\\n)*.*$", "", text, flags=re.M)
        for major, minor, declaration in re.findall(macro + r"\s([^;]*?\))", text):
            declare = re.match(r"\s*G_DECLARE_\w+\s*\(\s*\w+,\s*(\w+)", declaration)
            if declare:
                name = declare[1] + "_get_type"
            else:
                name = re.search(r"\b(vmmig_\w+)\s*\(", declaration)[1]
            symbols[name] = f"LIBVMMIG_{major}.{minor}"
        bare = re.sub(macro + r"\s[^;]*?\)", "", text)
        bare = re.sub(r"typedef[^;]*;", "", bare)
        bare = re.sub(r"G_DEFINE_AUTOPTR_CLEANUP_FUNC\s*\([^)]*\)", "", bare)
        for name in re.findall(r"\b(vmmig_\w+)\s*\(", bare):
            symbols.setdefault(name, None)
    return symbols


def read_gir(path):
    """symbol -> node; a type function has no version of its own in a GIR: None."""
    root = ET.parse(path).getroot()
    symbols = {}
    identifier = f"{{{GIR_NAMESPACES['c']}}}identifier"
    get_type = f"{{{GIR_NAMESPACES['glib']}}}get-type"
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        if tag in ("function", "method", "constructor"):
            symbols[element.get(identifier)] = f"LIBVMMIG_{element.get('version')}"
        if element.get(get_type, "intern") != "intern":
            symbols[element.get(get_type)] = None
    return symbols


def compare(what, found, symbols, problems):
    for name in sorted(found.keys() - symbols.keys()):
        problems.append(f"{what} {name}, not in the map; add to its node:\n  {name};")
    for name in sorted(symbols.keys() - found.keys()):
        problems.append(f"not {what.removesuffix('s')}: take from the map, or mend:\n  {name};")
    for name in sorted(symbols.keys() & found.keys()):
        if found[name] is not None and found[name] != symbols[name]:
            problems.append(f"{name}: {symbols[name]} in the map, {found[name]} as {what}")


def check_autoptr(gir, headers, problems):
    text = "".join(path.read_text() for path in headers)
    root = ET.parse(gir).getroot()
    c_type = f"{{{GIR_NAMESPACES['c']}}}type"
    get_type = f"{{{GIR_NAMESPACES['glib']}}}get-type"
    for element in root.iter():
        if element.tag.rpartition("}")[2] in ("class", "record", "interface"):
            name = element.get(c_type)
            declared = rf"(?:G_DECLARE_\w+|G_DEFINE_AUTOPTR_CLEANUP_FUNC)\s*\(\s*{name}\s*,"
            if element.get(get_type) and not re.search(declared, text):
                problems.append(f"g_autoptr ({name}) does not work: no cleanup function in a header")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--map", required=True, type=pathlib.Path)
    parser.add_argument("--library", required=True)
    parser.add_argument("--gir", type=pathlib.Path)
    parser.add_argument("headers", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    problems = []
    symbols = read_map(arguments.map, problems)
    compare("exported", read_library(arguments.library), symbols, problems)
    headers = read_headers(arguments.headers)
    for name in [name for name, node in headers.items() if node is None]:
        problems.append(f"{name} is declared without an availability macro")
        headers.pop(name)
    compare("declared", headers, symbols, problems)
    if arguments.gir:
        compare("introspected", read_gir(arguments.gir), symbols, problems)
        check_autoptr(arguments.gir, arguments.headers, problems)
    print("\n".join(dict.fromkeys(problems)) or f"{len(symbols)} symbols agree")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
