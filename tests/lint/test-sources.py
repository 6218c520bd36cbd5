#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the style guide asks of the sources and a program can see."""

import ast
import os
import pathlib
import py_compile
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sources  # noqa: E402

LONGEST_FILE = 600
LONGEST_FUNCTION = 60
# A file includes only its own layer or one before it
LAYERS = ["values", "policy", "engine", "driver", "node", "preflight", "job", "journal",
          "plan", "scheduler", "metrics"]
C_SUFFIXES = (".c", ".h", ".cc", ".h.in")
# Top-level folders that every Debian machine has; others are of one machine only
COMMON = set("bin boot dev etc home lib media mnt opt proc root run sbin srv sys tmp usr".split()) \
    | {"var"}


def c_functions(text):
    """(line, length) of the bodies of functions: GNU layout, braces in the first column.

    What counts is code: the documentation of properties and signals stands inside of functions,
    and a switch over properties is a table.
    """
    begin, previous, length = None, "", 0
    for number, line in enumerate(sources.without_comments(text).splitlines(), 1):
        if line.startswith("{") and re.search(r"\)\s*(const|override|noexcept)?\s*$", previous):
            begin, length = number, 0
        length += line.strip() not in ("", "break;")
        if line.startswith("}") and begin:
            yield begin, length
            begin = None
        if line.strip():
            previous = line


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


class Sources(unittest.TestCase):
    def none(self, problems):
        if problems:
            self.fail("\n" + "\n".join(problems))

    def test_files_are_short(self):
        problems = []
        for path in sources.files(*C_SUFFIXES, ".py", ".sh", ".vala", ".js", "meson.build"):
            lines = len(path.read_text().splitlines())
            if lines > LONGEST_FILE:
                problems.append(f"{sources.name(path)}: {lines} lines, more than {LONGEST_FILE}")
        self.none(problems)

    def test_functions_are_short(self):
        problems = []
        for path in sources.files(".c", ".cc", ".h", ".py"):
            split = python_functions if path.suffix == ".py" else c_functions
            for line, length in split(path.read_text()):
                if length > LONGEST_FUNCTION:
                    problems.append(f"{sources.name(path)}:{line}: a function of {length} lines, "
                                    f"more than {LONGEST_FUNCTION}")
        self.none(problems)

    def test_libvirt_is_called_in_its_driver_only(self):
        problems = []
        for folder in ("libvmmig", "include", "examples"):
            for path in sources.files(*C_SUFFIXES):
                name = sources.name(path)
                if not name.startswith(folder + "/") or \
                        name.startswith("libvmmig/driver/vmmig-driver-libvirt"):
                    continue
                for number, line in enumerate(
                        sources.without_comments(path.read_text()).splitlines(), 1):
                    if re.search(r"\bvir[A-Z]", line):
                        problems.append(f"{name}:{number}: {line.strip()}")
        self.none(problems)

    def test_openssl_is_used_for_certificates_only(self):
        problems = []
        for path in sources.files(".c", ".h"):
            name = sources.name(path)
            if name.startswith(("libvmmig/", "include/", "examples/")) and \
                    not re.match(r"libvmmig/preflight/vmmig-(tls|pki)", name) and \
                    re.search(r"^#\s*include\s*<openssl/", path.read_text(), re.M):
                problems.append(name)
        self.none(problems)

    def test_layers_include_only_what_is_below_them(self):
        problems = []
        for path in sources.files(".c", ".h"):
            parts = pathlib.Path(sources.name(path)).parts
            if parts[0] != "libvmmig":
                continue
            if parts[1] not in LAYERS or len(parts) != 3:
                problems.append(f"{sources.name(path)} is in no layer")
                continue
            for included in re.findall(r'^#\s*include\s*"(.*?)"', path.read_text(), re.M):
                layer, _, base = included.rpartition("/")
                where = f"{sources.name(path)} includes \"{included}\""
                if layer not in LAYERS:
                    problems.append(f"{where}: write it with the folder of its layer")
                elif LAYERS.index(layer) > LAYERS.index(parts[1]):
                    problems.append(f"{where}, of a layer above")
                elif "-libvirt" in base and parts[1] != "driver":
                    problems.append(f"{where}: libvirt's is the driver's own")
                elif not (sources.TOP / "libvmmig" / included).exists():
                    problems.append(f"{where}, which does not exist")
        self.none(problems)

    def test_names_and_first_include(self):
        problems = []
        for path in sources.files(".c", ".h"):
            name = sources.name(path)
            if not name.startswith("libvmmig/"):
                continue
            if not re.fullmatch(r"vmmig-[a-z0-9-]+(\.c|-private\.h)", path.name):
                problems.append(f"{name}: not vmmig-….c nor vmmig-…-private.h")
            first = re.search(r'^#\s*include\s*[<"](.*?)[>"]', path.read_text(), re.M)
            own = {f"{path.parent.name}/{path.stem}-private.h", f"vmmig/{path.stem}.h"}
            has_own = any((sources.TOP / root / header).exists()
                          for header in own for root in ("libvmmig", "include"))
            if path.suffix == ".c" and has_own and (not first or first[1] not in own):
                problems.append(f"{name}: its own header comes first")
        self.none(problems)

    def test_each_file_names_its_licence(self):
        problems = []
        for path in sources.files(*C_SUFFIXES, ".py", ".sh", ".vala", ".js"):
            if "SPDX-License-Identifier:" not in path.read_text()[:4000]:
                problems.append(f"{sources.name(path)}: no SPDX-License-Identifier")
        self.none(problems)

    def test_no_paths_of_one_machine(self):
        pattern = r"/home/[a-z]\w*/"
        folder = sources.TOP.parts[1]
        if folder not in COMMON:
            pattern += rf"|/{re.escape(folder)}/"
        problems = []
        for path in sources.files():
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if re.search(pattern, line) and path != pathlib.Path(__file__).resolve():
                    problems.append(f"{sources.name(path)}:{number}: {line.strip()}")
        self.none(problems)

    def test_text_is_tidy(self):
        problems = []
        for path in sources.files():
            text = path.read_text(errors="replace")
            if path.name == "COPYING" or not text:
                continue
            if not text.endswith("\n"):
                problems.append(f"{sources.name(path)}: no newline at its end")
            for number, line in enumerate(text.splitlines(), 1):
                if line != line.rstrip() or "\t" in line and path.suffix in (*C_SUFFIXES, ".py"):
                    problems.append(f"{sources.name(path)}:{number}: stray white space")
        self.none(problems)

    def test_layout_is_clang_formats(self):
        paths = [sources.name(path) for path in sources.files(".c", ".h", ".cc")]
        result = subprocess.run(["clang-format", "--dry-run", *paths], cwd=sources.TOP,
                                capture_output=True, text=True, check=False)
        wrong = sorted(set(re.findall(r"^([^:\s]+):\d+:\d+: ", result.stderr, re.M)))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertFalse(wrong, "\nrun: clang-format -i " + " ".join(wrong))

    def test_shell_scripts(self):
        paths = [sources.name(path) for path in sources.scripts()]
        self.assertIn("tests/run.sh", paths)
        result = subprocess.run(["shellcheck", *paths], cwd=sources.TOP,
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, "\n" + result.stdout)

    def test_python_compiles(self):
        with tempfile.TemporaryDirectory() as directory:
            for path in sources.files(".py"):
                py_compile.compile(str(path), cfile=f"{directory}/out.pyc", doraise=True)

    def test_scripts_can_be_run(self):
        problems = []
        for path in sources.walk():
            with path.open("rb") as stream:
                script = stream.read(2) == b"#!"
            if script != os.access(path, os.X_OK):
                problems.append(f"{sources.name(path)}: executable and \"#!\" go together")
        self.none(problems)


if __name__ == "__main__":
    unittest.main()
