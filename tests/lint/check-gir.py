#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The GIR as its users in other languages need it.

Everything has a text and its "Since:"; no name shadows GObject's in Python or clashes with another
one of its type in Vala; parameters are no keywords; types have one size on every machine.
usage: check-gir.py GIR
"""

import keyword
import sys
import xml.etree.ElementTree as ET

CORE = "{http://www.gtk.org/introspection/core/1.0}"
C = "{http://www.gtk.org/introspection/c/1.0}"
GLIB = "{http://www.gtk.org/introspection/glib/1.0}"

TYPES = {"class", "record", "interface", "enumeration", "bitfield", "callback"}
CALLABLES = {"function", "method", "constructor"}
DOCUMENTED = TYPES | CALLABLES | {"property", "signal", "constant", "virtual-method"}
SHADOWED = {
    "bind_property", "connect", "connect_after", "disconnect", "disconnect_by_func", "emit",
    "emit_stop_by_name", "freeze_notify", "get_data", "get_property", "handler_block", "notify",
    "props", "set_property", "stop_emission", "thaw_notify", "weak_ref",
}
CXX_KEYWORDS = {
    "and", "auto", "bool", "catch", "class", "delete", "explicit", "export", "friend", "mutable",
    "namespace", "new", "not", "nullptr", "operator", "or", "private", "protected", "public",
    "template", "this", "throw", "try", "typename", "using", "virtual", "xor",
}
# Their size depends on the machine, or the language cannot hold them
REFUSED_TYPES = {
    "bool", "glong", "gpointer*", "gsize", "gssize", "gulong", "long", "size_t", "ssize_t",
    "time_t", "unsigned long",
}


def tag(element):
    return element.tag.rpartition("}")[2]


def member_name(element):
    return element.get("name").replace("-", "_")


def check_documented(path, element, problems):
    if tag(element) not in DOCUMENTED:
        return
    # The C structure behind a GObject's class is documented with its class
    if element.get(f"{GLIB}is-gtype-struct-for"):
        return
    if element.find(f"{CORE}doc") is None:
        problems.append(f"{path} is not documented")
    elif element.get("version") is None:
        problems.append(f"{path} has no Since:")


def check_names(path, element, problems):
    members = {}
    for child in element:
        kind = tag(child)
        if kind in ("method", "property", "signal"):
            name = member_name(child)
            if kind == "method" and name in SHADOWED:
                problems.append(f"{path}.{name}() shadows GObject's own in Python")
            if kind != members.setdefault(name, kind):
                problems.append(f"{path} has a {members[name]} and a {kind} named {name}")
            if keyword.iskeyword(name) or name in CXX_KEYWORDS:
                problems.append(f"{path}: {kind} {name} is a keyword")


def check_callable(path, element, problems):
    if tag(element) not in CALLABLES | {"callback", "virtual-method", "signal"}:
        return
    for parameter in element.iterfind(f"{CORE}parameters/{CORE}parameter"):
        name = parameter.get("name")
        if keyword.iskeyword(name) or name in CXX_KEYWORDS:
            problems.append(f"{path}: parameter {name} is a keyword")
        if parameter.find(f"{CORE}doc") is None:
            problems.append(f"{path}: parameter {name} is not documented")
    returned = element.find(f"{CORE}return-value")
    if returned is not None:
        kind = returned.find(f"{CORE}type")
        nothing = kind is not None and kind.get("name") == "none"
        if not nothing and returned.find(f"{CORE}doc") is None:
            problems.append(f"{path}: what it returns is not documented")
    for kind in element.iter(f"{CORE}type"):
        if kind.get(f"{C}type") in REFUSED_TYPES:
            problems.append(f"{path}: {kind.get(f'{C}type')} differs between machines")


def check_async(path, element, problems):
    methods = {child.get("name") for child in element if tag(child) in CALLABLES}
    for name in methods:
        if name.endswith("_async") and name.removesuffix("_async") + "_finish" not in methods:
            problems.append(f"{path}.{name}() has no _finish()")


def walk(path, element, problems):
    # Other languages hold references by themselves
    references = element.get("name") in ("ref", "unref")
    if element.get("introspectable") == "0" and tag(element) in CALLABLES and not references:
        problems.append(f"{path} cannot be called from other languages")
    check_documented(path, element, problems)
    check_names(path, element, problems)
    check_callable(path, element, problems)
    check_async(path, element, problems)
    for child in element:
        if child.get("name") and tag(child) in DOCUMENTED:
            walk(f"{path}.{child.get('name')}" if path else child.get("name"), child, problems)


def main():
    problems = []
    namespace = ET.parse(sys.argv[1]).getroot().find(f"{CORE}namespace")
    walk("", namespace, problems)
    print("\n".join(problems) or "the GIR is as it should be")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
