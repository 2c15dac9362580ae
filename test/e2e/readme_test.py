#!/usr/bin/env python3
"""Holds the README against what it tells of: flags, exit codes, reasons,
sentences, paths, and the YAML that its commands print. No cluster, no network.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import yaml

sys.dont_write_bytecode = True
_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(_ROOT / "test/support"))

from kubernetes import strict  # noqa: E402

_BINARY = os.environ["PREPULL_BINARY"]
_README = (_ROOT / "README.md").read_text(encoding="utf-8")
_FLAG = re.compile(r"--[a-z][a-z-]*[a-z]")
_COMMANDS = ("fetch", "check", "preflight", "status", "unpin", "manifest")


def section(title):
    """What stands under a title, up to the next one of any level."""
    return re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", _README,
                     re.DOTALL | re.MULTILINE)[1]


def first_cells(text):
    """The first cell of each row of the tables, without their heads."""
    return [row.split("|")[1].strip() for table in re.findall(
        r"(?:^\|.*\n)+", text, re.MULTILINE) for row in table.splitlines()[2:]]


def run(words, **more):
    """prepull with nothing of ours in its environment."""
    return subprocess.run([_BINARY, *words], text=True, timeout=60, check=False,
                          capture_output=True,
                          env={"PATH": os.environ["PATH"]}, **more)


def flags_of(command):
    text = run([command, "--help"]).stdout
    return set(re.findall(r"^ {2,6}(?:-\w, )?(--[a-z-]+)", text, re.MULTILINE))


def shell_lines():
    """The lines of the shell blocks, continued ones joined."""
    for block in re.findall(r"^```sh\n(.*?)^```", _README,
                            re.DOTALL | re.MULTILINE):
        yield from block.replace("\\\n", " ").splitlines()


def prepull_commands():
    """What the shell blocks start prepull with, each as a list of words."""
    for line in shell_lines():
        words = shlex.split(line, comments=True)
        for i, word in enumerate(words[:-1]):
            if word.split("/")[-1] == "prepull" and words[i + 1] in _COMMANDS:
                rest = words[i + 1:]
                yield rest[:rest.index("|")] if "|" in rest else rest


def sources():
    """The product's sources, string literals of several lines joined."""
    text = "".join(path.read_text(encoding="utf-8")
                   for path in sorted((_ROOT / "src").rglob("*.cc")))
    return re.sub(r'"\s*\n\s*"', "", text).replace('\\"', '"')


class ReadmeTest(unittest.TestCase):

    def test_names_every_flag(self):
        known = set(_FLAG.findall(_README))
        for command in _COMMANDS:
            with self.subTest(command):
                self.assertTrue(flags_of(command))
                self.assertEqual(flags_of(command) - known, set())

    def test_its_commands_have_no_other_flags(self):
        commands = list(prepull_commands())
        self.assertGreater(len(commands), 8)
        for command in commands:
            with self.subTest(shlex.join(command)):
                used = {word.split("=")[0] for word in command
                        if word.startswith("--")}
                self.assertEqual(used - flags_of(command[0]), set())

    def test_its_manifests_are_what_a_strict_server_takes(self):
        images = re.search(r"<<'END'\n(.*?)^END$", _README,
                           re.DOTALL | re.MULTILINE)[1]
        commands = [command[:command.index(">")]
                    for command in prepull_commands()
                    if command[0] == "manifest" and ">" in command]
        self.assertEqual(len(commands), 2)
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "images.txt").write_text(
                images, encoding="utf-8")
            for command in commands:
                with self.subTest(shlex.join(command)):
                    printed = run(command, cwd=folder)
                    self.assertEqual((printed.returncode, printed.stderr),
                                     (0, ""))
                    objects = list(yaml.safe_load_all(printed.stdout))
                    self.assertEqual(strict.complaints(objects), [])

    def test_has_the_exit_codes(self):
        rows = re.findall(r"^\| (\d+) \| (.*) \|$", section("Exit codes"),
                          re.MULTILINE)
        codes = run(["help", "exit-codes"]).stdout.split("\n\n")[1]
        told = re.findall(r"^  (\d+) +(.*)$", codes, re.MULTILINE)
        self.assertEqual(rows, told)

    def test_has_every_reason_of_an_image(self):
        text = (_ROOT / "src/run/reason.cc").read_text(encoding="utf-8")
        reasons = set(re.findall(r'return "(\w+)"', text)) - {"BadInput"}
        cells = first_cells(section("Troubleshooting"))
        self.assertEqual({cell for cell in cells if "`" not in cell}, reasons)

    def test_quotes_what_the_binary_says(self):
        text = sources()
        quoted = [cell.strip("`") for cell in
                  first_cells(section("Troubleshooting")) if "`" in cell]
        self.assertGreater(len(quoted), 10)
        for part in (part for cell in quoted for part in cell.split("…")):
            self.assertTrue(part.strip(": ") in text, part)

    def test_its_paths_are_there(self):
        paths = re.findall(r"[`/ ]((?:src|include|proto|test|scripts)/[\w/.-]+"
                           r"|manifests/[\w/-]+\.(?:yaml|service))", _README)
        self.assertGreater(len(paths), 20)
        for path in paths:
            with self.subTest(path):
                self.assertTrue((_ROOT / path.replace("ROOM", "pull")).exists())

    def test_its_links_have_a_target(self):
        titles = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
                  for title in re.findall(r"^#+ (.*)$", _README, re.MULTILINE)}
        links = set(re.findall(r"\]\(#([\w-]+)\)", _README))
        self.assertEqual(links - titles, set())


if __name__ == "__main__":
    unittest.main()
