#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command-line tool without any host: its command line, its words, what it refuses."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import vmmig_tool
from vmmig_tool import NOWHERE, NODES, run

COMMANDS = ["migrate", "status", "watch", "cancel", "postcopy", "steer", "forecast", "label", "pki",
            "policy", "settings", "version"]
MANUAL = (vmmig_tool.SOURCE / "examples/vmmig/vmmig.1").read_text(encoding="utf-8")
# A VM's names that a shell, a terminal, a parser or a log could stumble over
NAMES = ["it's", 'say "hi"', "$(reboot)", "`id`", "a\nb", "a\tb", "\x1b[2J\x1b[1;31mred", "\x9b31m",
         "a\u202egnp.exe", "\u2028line", "\U0001f98a\u200d\U0001f525", "\u0130stanbul", "%s%n%x",
         "-", "--json", "..", "<domain/>", "n" * 255, "\U0001f98a" * 63, "n" * 256, "n" * 100000]
URIS = ["", " ", "qemu", "http://h1/", "test:///default", "qemu+ext://h1/system?command=/tmp/x",
        "qemu+ssh://h1/system?command=/tmp/x", "qemu+ssh://h1/system?netcat=/tmp/x",
        "qemu+ssh://h1/system?no_verify=1", "qemu+ssh://h1/system?NO_VERIFY=1",
        "qemu+ssh://-oProxyCommand=x/system", "qemu+ssh://root@h1:99999/system",
        "qemu+ssh://root@h1/system?socket=/x", "qemu+tls://h1/system?no_verify=1", "exec:id",
        "qemu:///system#x", "qemu:///system?command=id", "qemu:///system\n", "qemu+tcp://h1/system",
        "qemu+ssh://a:secret@h1/system", "qemu+tls://[::1/system", "q" * 100000]


def control_characters(text):
    """What a terminal would obey, but for the ends of lines."""
    return re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029]", text)


def nodes(command):
    """Hosts that are not there; only migrate knows how they reach each other."""
    return NOWHERE if command == "migrate" else NOWHERE[:4]


class CommandLine(unittest.TestCase):
    def usage_error(self, *arguments, says="", **more):
        done = run(*arguments, **more)
        self.assertEqual(done.status, 1, f"{arguments!r}: {done.err}")
        self.assertRegex(done.err, r"\Avmmig: .")
        self.assertIn(says, done.err)
        self.assertEqual(control_characters(done.err), [])
        self.assertEqual(done.out, "")
        return done

    def test_commands(self):
        self.usage_error(says="No command")
        self.usage_error("fly", says="‘fly’")
        self.usage_error("\x1b[31m", says="\\x1b[31m")
        self.usage_error(b"\xff", says="\N{REPLACEMENT CHARACTER}")

    def test_what_is_missing_is_named(self):
        for command in set(COMMANDS) - {"forecast", "label", "pki", "policy", "settings", "version",
                                        "status"}:
            self.usage_error(command, says="No VM")
            self.usage_error(command, "vm", says="--from")
        self.usage_error("status", says="--from")
        self.usage_error("migrate", "vm", "--from", "qemu:///system", says="--to")
        self.usage_error("migrate", "one", "two", *NODES, says="‘two’")
        self.usage_error("migrate", "", *NODES, says="empty")
        self.usage_error("migrate", b"\xff\xfe", *NODES, says="not UTF-8")
        self.usage_error("status", *NODES, says="--to")
        self.usage_error("migrate", "vm", *NODES, "--frobnicate", says="--frobnicate")
        self.usage_error("version", "--frobnicate", says="--frobnicate")
        self.usage_error("version", "please", says="please")

    def test_rates_that_could_be_misread_are_refused(self):
        for rate in ["", "200", "200M", "200mb/s", "200Mib", "0MiB/s", "0", "-5MiB/s", "+5MiB/s",
                     " 5MiB/s", "5 MiB/s", "1.5GiB/s", "1e3MiB/s", "0x10MiB/s", "MiB/s", "5MiB/s/s",
                     "\u0663MiB/s", "5/s", "nan", "infinite", "Unlimited",
                     # 2^64 and more, also after multiplying
                     "18446744073709551615B/s", "18446744073709551616B/s", "17592186044416MiB/s",
                     "17179869184GiB", "147573952589676412929Gbit", "9" * 1000 + "B"]:
            self.usage_error("migrate", "vm", *NODES, "--bandwidth", rate, says="--bandwidth: ")

    def test_times_and_counts_that_could_be_misread_are_refused(self):
        for time in ["", "300", "5m", "1d", "-1s", "1.5s", "s", "99999999999999999999s",
                     "18446744073709551615h", "5124095576031h"]:
            self.usage_error("migrate", "vm", *NODES, "--max-downtime", time, says="--max-downtime")
            self.usage_error("migrate", "vm", *NODES, "--completion-timeout-per-gib", time,
                             says="--completion-timeout-per-gib")
            self.usage_error("migrate", "vm", *NODES, "--progress-timeout", time,
                             says="--progress-timeout")
            self.usage_error("migrate", "vm", *NODES, "--wait", time, says="--wait")
            self.usage_error("migrate", "vm", *NODES, "--post-copy-after", time, says="after")
            self.usage_error("status", *NODES, "--connect-timeout", time, says="--connect-timeout")
        for count in ["", "0", "-1", "1.0", "0x2", "4294967296", "9" * 100, "two"]:
            self.usage_error("migrate", "vm", *NODES, "--parallel", count, says="--parallel")

    def test_limits_of_the_hypervisor_are_told_before_anybody_is_asked(self):
        self.usage_error("migrate", "vm", *NODES, "--max-downtime", "2000001ms")
        self.usage_error("migrate", "vm", *NODES, "--max-downtime", "1193047h")
        self.usage_error("migrate", "vm", *NODES, "--parallel", "256")
        for time in ["0s", "1500ms", "4294967295s"]:
            self.usage_error("migrate", "vm", *NODES, "--progress-timeout", time)
            self.usage_error("migrate", "vm", *NODES, "--completion-timeout-per-gib", time)
        self.usage_error("migrate", "vm", *NODES, "--bandwidth", "17592186044415MiB")

    def test_words_are_checked(self):
        self.usage_error("migrate", "vm", *NODES, "--compression", "mt", says="xbzrle")
        self.usage_error("migrate", "vm", *NODES, "--copy-storage", "some", says="incremental")
        self.usage_error("migrate", "vm", *NODES, "--persistence", "maybe", says="transient")
        self.usage_error("migrate", "vm", *NODES, "--convergence-strategy", "nova",
                         says="kubevirt")
        self.usage_error("migrate", "vm", *NODES, "--disks", "vda", says="--copy-storage")
        for disks in ["", ",", "vda,", "vda,,vdb"]:
            self.usage_error("migrate", "vm", *NODES, "--copy-storage", "all", "--disks", disks,
                             says="--disks")
        self.usage_error("migrate", "vm", *NODES, "--network", "10.9.0.0/33")
        self.usage_error("migrate", "vm", *NODES, "--network", "", says="--network")

    def test_steering_needs_something_to_change(self):
        source = NOWHERE[:2]
        self.usage_error("steer", "vm", *source, says="--force")
        self.usage_error("steer", "vm", *source, "--bandwidth", "100", says="--bandwidth")
        self.usage_error("steer", "vm", *source, "--max-downtime", "soon", says="--max-downtime")
        for change in [["--bandwidth", "1MiB/s"], ["--max-downtime", "400ms"], ["--force"]]:
            done = run("steer", "vm", *source, *change)
            self.assertEqual(done.status, 9, f"{change}: {done.err}")

    def test_a_forecast_needs_a_link(self):
        host = ["--on", NOWHERE[1]]
        self.usage_error("forecast", says="No VM")
        self.usage_error("forecast", "vm", says="--on")
        self.usage_error("forecast", "one", "two", *host, says="‘two’")
        self.usage_error("forecast", "vm", *host, says="--bandwidth")
        host += ["--bandwidth", "1Gbit/s"]
        for time in ["0s", "61s", "1500ms", "long", "18446744073709551616s"]:
            self.usage_error("forecast", "vm", *host, "--measure", time, says="--measure")
        self.usage_error("forecast", "vm", *host, "--max-downtime", "0ms", says="downtime")
        self.assertEqual(run("forecast", "vm", *host).status, 9)

    def test_contradictions_are_refused(self):
        self.usage_error("migrate", "vm", *NODES, "--parallel", "2", "--compression", "xbzrle")
        self.usage_error("migrate", "vm", *NODES, "--compression", "zstd")

    def test_the_definition_is_a_file_of_text(self):
        with tempfile.TemporaryDirectory() as directory:
            self.usage_error("migrate", "vm", *NODES, "--xml", f"{directory}/none", says="none")
            self.usage_error("migrate", "vm", *NODES, "--xml", directory)
            path = pathlib.Path(directory) / "binary"
            path.write_bytes(b"\xff\xfe\x00")
            self.usage_error("migrate", "vm", *NODES, "--xml", str(path), says="UTF-8")

    def test_units_are_understood(self):
        for rate in ["1B", "1B/s", "1kB/s", "1KB", "200MB/s", "1GB", "1KiB/s", "200MiB/s", "1GiB/s",
                     "8kbit/s", "100Mbit", "1Gbit/s", "unlimited"]:
            done = run("migrate", "vm", *NOWHERE, "--bandwidth", rate)
            self.assertEqual(done.status, 9, f"{rate}: {done.err}")
        for time in ["1s", "150s", "2min", "none"]:
            done = run("migrate", "vm", *NOWHERE, "--completion-timeout-per-gib", time,
                       "--progress-timeout", time, "--convergence-strategy", "kubevirt")
            self.assertEqual(done.status, 9, f"{time}: {done.err}")
        for time in ["300ms", "2s", "1min"]:
            done = run("migrate", "vm", *NOWHERE, "--max-downtime", time)
            self.assertEqual(done.status, 9, f"{time}: {done.err}")

    def test_virshs_spellings_are_understood(self):
        for words in (["--postcopy", "--tls-destination", "h2"], ["--parallel-connections", "2"],
                      ["--copy-storage-all", "--migrate-disks", "vda,vdb", "--persistent"],
                      ["--copy-storage-inc"]):
            done = run("migrate", "vm", *NOWHERE, *words)
            self.assertEqual(done.status, 9, done.err)


class HostileInput(unittest.TestCase):
    def test_uris_that_are_not_ours_never_reach_libvirt(self):
        for uri in URIS:
            for nodes in (["--from", uri, "--to", "qemu+tls://h2/system"],
                          ["--from", NOWHERE[1], "--to", uri],
                          [*NOWHERE, "--peer-uri", uri]):
                done = run("migrate", "vm", *nodes)
                self.assertIn(done.status, (1, 8), f"{nodes!r}: {done.err[:400]}")
                self.assertEqual(control_characters(done.err), [])
                self.assertNotIn("secret", done.err)

    def test_names_stay_text(self):
        for name in NAMES:
            for command in ("migrate", "status", "watch", "cancel", "postcopy"):
                done = run(command, *nodes(command), "--", name)
                self.assertIn(done.status, (1, 9), f"{name[:80]!r}: {done.err[:400]}")
                self.assertEqual(control_characters(done.err + done.out), [], done.err[:400])

    def test_names_survive_json(self):
        for name in NAMES:
            done = run("migrate", "--json", *NOWHERE, "--", name)
            self.assertIn(done.status, (1, 9))
            self.assertEqual(done.events[0]["event"], "start")
            self.assertEqual({event["vm"] for event in done.events}, {name})
            self.assertEqual(done.event("result")["exit-code"], done.status)

    def test_a_locale_without_utf_8_does_not_matter(self):
        name = "\U0001f98a"
        done = run("migrate", name, "--json", *NOWHERE, LC_ALL="C")
        self.assertEqual((done.status, done.events[0]["vm"]), (9, name))
        done = run("migrate", name, *NOWHERE, LC_ALL="C")
        self.assertEqual(done.status, 9)
        self.assertTrue(done.err.isascii(), done.err)


class Unreachable(unittest.TestCase):
    def test_each_command_says_so(self):
        for command in ("migrate", "status", "watch", "cancel", "postcopy"):
            done = run(command, "vm", *nodes(command))
            self.assertEqual(done.status, 9, done.err)
            self.assertIn("/nonexistent", done.err)
            done = run(command, "vm", *nodes(command), "--json")
            self.assertEqual(done.status, 9)
            self.assertEqual(done.events[-1]["exit-code"], 9)
            self.assertEqual(done.events[-1]["error"], "unreachable")
            self.assertIn("/nonexistent", done.events[-1]["message"])

    def test_a_list_too(self):
        done = run("status", *NOWHERE[:2], "--json")
        self.assertEqual((done.status, done.events[-1]["event"]), (9, "error"))

    def test_a_reader_that_goes_away_changes_nothing(self):
        for arguments in (["migrate", "vm", *NOWHERE, "--json"], ["migrate", "vm", *NOWHERE]):
            read, write = os.pipe()
            os.close(read)
            done = subprocess.run([vmmig_tool.TOOL, *arguments], stdout=write, stderr=write,
                                  env=vmmig_tool.environment(), timeout=60, check=False)
            os.close(write)
            self.assertEqual(done.returncode, 9)


class Words(unittest.TestCase):
    def test_help_and_manual_agree(self):
        for command in COMMANDS:
            done = run(command, "--help")
            self.assertEqual(done.status, 0)
            for option in re.findall(r"--[a-z-]+", done.out):
                self.assertIn(option.replace("-", "\\-"), MANUAL, command)
            self.assertIn(f".B {command}\n", MANUAL)
            self.assertIn(f"  {command}", run("--help").out)

    def test_exit_codes_stand_in_help_and_manual(self):
        codes = re.findall(r"^  (\d)  (.*)$", run("--help").out, re.M)
        self.assertEqual([code for code, _ in codes], [str(number) for number in range(10)])
        section = MANUAL[MANUAL.index(".SH EXIT STATUS"):]
        self.assertEqual(re.findall(r"^\.B (\d)\n(.*)$", section, re.M), codes)

    def test_help_comes_in_each_way(self):
        for arguments in (["--help"], ["-h"], ["help"]):
            self.assertEqual(run(*arguments).status, 0)

    def test_version(self):
        done = run("version")
        self.assertRegex(done.out, r"\Avmmig \d+\.\d+\.\d+\n\Z")
        self.assertEqual(run("--version").out, done.out)
        event = run("version", "--json").events[0]
        self.assertEqual(f"vmmig {event['version']}\n", done.out)

    def test_json_has_its_event_first(self):
        done = run("migrate", "vm", *NOWHERE, "--json")
        for line in done.out.split("\n")[:-1]:
            self.assertRegex(line, r'\A{"event":"[a-z]+","time":"20\d\d-\d\d-\d\dT[\d:.]+Z"')
            self.assertEqual(json.loads(line)["vm"], "vm")

    def test_completion_knows_commands_and_options(self):
        script = f"""
            . {vmmig_tool.SOURCE}/examples/vmmig/vmmig.bash
            complete_words() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vmmig
                                printf '%s ' "${{COMPREPLY[@]}}"; echo; }}
            complete_words {vmmig_tool.TOOL} mi
            complete_words {vmmig_tool.TOOL} migrate vm --band
            complete_words {vmmig_tool.TOOL} migrate vm --compression x
            complete_words {vmmig_tool.TOOL} settings sh
            complete_words {vmmig_tool.TOOL} settings show --or
            complete_words {vmmig_tool.TOOL} policy ex
            complete_words {vmmig_tool.TOOL} policy explain vm --precedence k
            complete_words {vmmig_tool.TOOL} label vm --o
            complete_words {vmmig_tool.TOOL} replay --str
            complete_words {vmmig_tool.TOOL} replay x --strategy n
            complete_words {vmmig_tool.TOOL} replay {vmmig_tool.SOURCE}/NEW
        """
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "migrate \n--bandwidth \nxbzrle \nshow \n--origin \n"
                         "explain \nkubevirt \n--on \n"
                         f"--strategy \nnova \n{vmmig_tool.SOURCE}/NEWS \n")


if __name__ == "__main__":
    unittest.main()
