#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs of README.md and examples/: what is printed there works as it is printed."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import gi

BUILD = pathlib.Path(os.environ["VMMIG_BUILD_DIR"])
SOURCE = pathlib.Path(os.environ["VMMIG_SOURCE_DIR"])
EXAMPLES = SOURCE / "examples"
SIMULATED = BUILD / "tests" / "bindings" / "simulated"
README = (SOURCE / "README.md").read_text(encoding="utf-8")
PROGRAMS = {
    "C": [BUILD / "examples" / "migrate-c"],
    "Python": [sys.executable, EXAMPLES / "migrate.py"],
    "Vala": [BUILD / "examples" / "migrate-vala"],
    "JavaScript": ["gjs", "-m", EXAMPLES / "migrate.js"],
}


def block(language):
    """The one block of README.md in `language`."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)
    assert len(found) == 1, (language, len(found))
    return found[0]


def run(program, *arguments, simulated=None, **more):
    env = {**os.environ, **more}
    if simulated is not None:
        env["VMMIG_SIMULATED"] = simulated
        env["LD_LIBRARY_PATH"] = f"{SIMULATED}:{env.get('LD_LIBRARY_PATH', '')}"
    return subprocess.run([*program, *arguments], env=env, capture_output=True, text=True,
                          timeout=60, check=False)


def nodes(scheme="qemu+ssh://root@"):
    return f"{scheme}h1/system", f"{scheme}h2/system"


class Readme(unittest.TestCase):
    def test_the_programs_are_those_of_examples(self):
        self.assertEqual(block("c"), (EXAMPLES / "migrate.c").read_text(encoding="utf-8"))
        self.assertEqual(block("python"), (EXAMPLES / "migrate.py").read_text(encoding="utf-8"))

    def test_they_are_short(self):
        self.assertLessEqual(len(block("c").splitlines()), 40)
        self.assertLessEqual(len(block("python").splitlines()), 15)

    def test_the_c_program_is_built_as_it_is_told(self):
        command = re.search(r"^cc .*$", README, re.M)[0]
        with tempfile.TemporaryDirectory() as directory:
            (pathlib.Path(directory) / "migrate.c").write_text(block("c"), encoding="utf-8")
            subprocess.run(["sh", "-ec", command.replace("cc ", "cc -Wall -Wextra -Wno-unused-parameter -Werror ")],
                           cwd=directory, check=True)
            done = run([f"{directory}/migrate"], "web01", *nodes(), simulated="")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_python_program_runs_as_it_is_told(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / "migrate.py"
            path.write_text(block("python"), encoding="utf-8")
            done = run([sys.executable, path], "web01", *nodes(), simulated="")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_set_up_commands_exist(self):
        for command in ("examples/quickstart.sh", "tests/run.sh"):
            self.assertIn(command, README)

    def test_the_documents_it_names_exist(self):
        for name in re.findall(r"\]\(([^):#]+)\)", README):
            self.assertTrue((SOURCE / name).exists(), name)


class Examples(unittest.TestCase):
    def test_they_migrate(self):
        for language, program in PROGRAMS.items():
            with self.subTest(language):
                done = run(program, "web01", *nodes(), simulated="memory=128")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("%", done.stdout)
                self.assertRegex(done.stdout.splitlines()[-1], "moved to h2|succeeded on destination")

    def test_they_tell_what_is_wrong(self):
        for language, program in PROGRAMS.items():
            with self.subTest(language):
                done = run(program, "web02", *nodes(), simulated="")
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn("web02", done.stderr)
                done = run(program, "web01", *nodes("http://"))
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn("http://h1/system", done.stderr)
                self.assertEqual(run(program).returncode, 1)

    def test_a_window(self):
        try:
            gi.require_version("Gtk", "3.0")
        except ValueError as error:
            self.skipTest(str(error))
        if shutil.which("xvfb-run") is None:
            self.skipTest("xvfb-run is not installed")
        # Gtk says on its own account that there is no accessibility bus
        done = run(["xvfb-run", "-a", sys.executable, EXAMPLES / "migrate-gtk.py"], "web02",
                   *nodes(), simulated="", G_DEBUG="", NO_AT_BRIDGE="1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("web02", done.stderr)


if __name__ == "__main__":
    unittest.main()
