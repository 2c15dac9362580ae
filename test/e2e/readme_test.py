#!/usr/bin/env python3
"""Holds the READMEs and the topics of `prepull help` against what they are
about: flags, exit codes, reasons, messages, paths, rooms, and the YAML that
their commands print. No cluster, no network.
"""

import functools
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
from lab import exit_code_meanings  # noqa: E402

_BINARY = os.environ["PREPULL_BINARY"]
_READMES = {name: (_ROOT / name).read_text(encoding="utf-8")
            for name in ("README.md", "manifests/README.md",
                         "scripts/README.md", "src/README.md")}
_FLAG = re.compile(r"--[a-z][a-z-]*[a-z]")
_COMMANDS = ("fetch", "check", "resolve", "preflight", "status", "unpin",
             "aggregate-metrics", "manifest")


def section(readme, title):
    """What stands under a title, up to the next one of any level."""
    return re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)",
                     _READMES[readme], re.DOTALL | re.MULTILINE)[1]


def rows(text):
    """The rows of the tables, without their heads, as lists of cells."""
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        for row in table.splitlines()[2:]:
            yield [cell.strip() for cell in row.strip("|").split("|")]


def run(words, **more):
    """prepull with nothing of ours in its environment."""
    return subprocess.run([_BINARY, *words], text=True, timeout=60, check=False,
                          capture_output=True,
                          env={"PATH": os.environ["PATH"]}, **more)


@functools.cache
def help_on(*words):
    printed = run(["help", *words])
    assert printed.returncode == 0, (words, printed.stderr)
    return printed.stdout


@functools.cache
def topics():
    """topic -> what `prepull help` says on it."""
    listed = re.search(r"^Topics.*:\n((?:  .*\n)+)", help_on(), re.MULTILINE)[1]
    return {line.split()[0]: help_on(line.split()[0])
            for line in listed.splitlines()}


def texts():
    """All that people read: the READMEs and the topics, by their names."""
    return {**_READMES, **topics()}


@functools.cache
def flags_of(command):
    """Each flag with what help says of it."""
    found = re.findall(r"^ {2,6}(?:-\w, )?(--[a-z-]+)(.*(?:\n {10,}.*)*)",
                       help_on(command, "--all"), re.MULTILINE)
    return dict(found)


def shell_lines():
    """The lines of the shell blocks, continued ones joined; and the examples
    of the topics.
    """
    for readme in _READMES.values():
        for block in re.findall(r"^```sh\n(.*?)^```", readme,
                                re.DOTALL | re.MULTILINE):
            yield from block.replace("\\\n", " ").splitlines()
    for topic in topics().values():
        for example in re.findall(r"^  (prepull .*(?:\n {12,}.*)*)", topic,
                                  re.MULTILINE):
            yield example.replace("\n", " ")


def prepull_commands():
    """What the examples start prepull with, each as a list of words."""
    for line in shell_lines():
        words = shlex.split(line, comments=True)
        for i, word in enumerate(words[:-1]):
            if word.split("/")[-1] == "prepull" and words[i + 1] in _COMMANDS:
                rest = words[i + 1:]
                yield rest[:rest.index("|")] if "|" in rest else rest


def sources():
    """The product's sources but for the topics, string literals of several
    lines joined.
    """
    text = "".join(path.read_text(encoding="utf-8")
                   for path in sorted((_ROOT / "src").rglob("*.*"))
                   if path.suffix in (".cc", ".h")
                   and not path.name.startswith("help_"))
    return re.sub(r'"\s*\n\s*"', "", text).replace('\\"', '"')


def exit_codes():
    """The rows of the table of consequences: [code, name, Job, systemd, label].
    """
    table = re.search(r"^  code .*\n((?:  \d.*\n)+)", topics()["exit-codes"],
                      re.MULTILINE)[1]
    return [line.split() for line in table.splitlines()]


class FlagsTest(unittest.TestCase):

    def test_help_says_what_every_flag_does(self):
        for command in _COMMANDS:
            with self.subTest(command):
                self.assertTrue(flags_of(command))
                for flag, text in flags_of(command).items():
                    self.assertGreater(len(text.split()), 3, flag)

    def test_nothing_names_a_flag_that_does_not_exist(self):
        known = {flag for command in _COMMANDS for flag in flags_of(command)}
        known |= {"--help", "--all", "--version"}
        for name, text in texts().items():
            if name == "scripts/README.md":  # flags of scripts and of CMake
                continue
            # Commands are looked at one by one, below.
            text = re.sub(r"^```sh\n.*?^```|`(?:kubectl|cmake|scripts/)[^`]*`", "", text,
                          flags=re.DOTALL | re.MULTILINE)
            with self.subTest(name):
                used = set(_FLAG.findall(text)) - {"--ionice"}
                self.assertEqual(used - known, set())

    def test_the_flags_of_manifest_are_all_explained(self):
        text = section("manifests/README.md", "Flags of manifest")
        shared = set(flags_of("fetch")) | {"--help"}
        own = set(flags_of("manifest")) - shared
        self.assertGreater(len(own), 10)
        self.assertEqual(own - set(_FLAG.findall(text)), set())

    def test_the_commands_have_no_other_flags(self):
        commands = list(prepull_commands())
        self.assertGreater(len(commands), 15)
        for command in commands:
            with self.subTest(shlex.join(command)):
                used = {word.split("=")[0] for word in command
                        if word.startswith("--")}
                self.assertEqual(used - set(flags_of(command[0])), set())

    def test_the_readme_names_every_command(self):
        named = {name for row in rows(section("README.md", "Commands"))
                 for name in re.findall(r"[\w-]+", row[0])}
        listed = re.search(r"^Commands:\n((?:  .*\n)+)", help_on(),
                           re.MULTILINE)[1]
        self.assertEqual(named,
                         {line.split()[0] for line in listed.splitlines()})


class ManifestsTest(unittest.TestCase):

    def test_are_what_a_strict_server_takes(self):
        images = re.findall(r"<<'END'\n(.*?)^END$", _READMES["README.md"],
                            re.DOTALL | re.MULTILINE)[0]
        commands = [command[:command.index(">")]
                    for command in prepull_commands()
                    if command[0] == "manifest" and ">" in command]
        self.assertEqual(len(commands), 10)
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "images.txt").write_text(
                images, encoding="utf-8")
            for command in commands:
                with self.subTest(shlex.join(command)):
                    # What the shell would put there.
                    command = ["2026-12-24T04:00:00Z"
                               if word.startswith("$(date") else word
                               for word in command]
                    printed = run(command, cwd=folder)
                    self.assertEqual((printed.returncode, printed.stderr),
                                     (0, ""))
                    objects = list(yaml.safe_load_all(printed.stdout))
                    self.assertEqual(strict.complaints(objects), [])


class ExitCodesTest(unittest.TestCase):

    def test_are_those_of_the_table_in_the_code(self):
        told = exit_code_meanings()
        self.assertEqual(
            {int(code): meaning for code, meaning
             in rows(section("README.md", "Exit codes"))}, told)
        self.assertEqual([int(row[0]) for row in exit_codes()], list(told))

    def test_have_the_same_precedence(self):
        order = re.search(r"^When several hold: [\d a-z]+\.",
                          topics()["exit-codes"], re.MULTILINE)[0]
        self.assertIn(order, section("README.md", "Exit codes"))

    def test_end_a_job_as_its_policy_says(self):
        action = {"Failed, PodFailurePolicy": "FailJob",
                  "Failed, BackoffLimitExceeded": "Count", "Complete": "-"}
        told = {code: action[row[1]]
                for row in rows(section("manifests/README.md",
                                        "The Job's life"))
                if row[0].startswith("exit code")
                for code in re.findall(r"\d+", row[0])}
        self.assertEqual(told, {row[0]: row[2] for row in exit_codes()})

    def test_start_the_unit_again_as_it_says(self):
        stays = [row[0] for row in exit_codes()
                 if row[3] == "-" and row[0] != "0"]
        starts = [row[0] for row in exit_codes() if row[3] == "restart"]
        text = section("manifests/README.md", "At boot: a systemd unit")
        again, not_again = re.search(
            r"After exit\s+code (.*?) it starts again.*?; after (.*?) another",
            text, re.DOTALL).groups()
        self.assertEqual(re.findall(r"\d+", again), starts)
        self.assertEqual(re.findall(r"\d+", not_again), stays)

    def test_become_the_label_of_the_node_as_it_says(self):
        text = section("manifests/README.md", "The node's label")
        told = dict(re.findall(r"`(succeeded|incomplete)`\s+after\s+(?:exit "
                               r"code )?(\d)", text))
        self.assertIn("else `failed`", text)
        self.assertEqual(told, {row[4]: row[0] for row in exit_codes()
                                if row[4] != "failed"})


class TopicsTest(unittest.TestCase):

    def test_are_all_named_by_the_readme(self):
        named = set(re.findall(r"`prepull help\s+([a-z-]+)`",
                               _READMES["README.md"]))
        self.assertEqual(named, set(topics()))

    def test_are_there_where_something_names_them(self):
        for name, text in texts().items():
            with self.subTest(name):
                named = set(re.findall(r"[`']prepull help\s+([a-z-]+)[`']",
                                       text))
                self.assertEqual(named - set(topics()), set())

    def test_name_every_reason_that_a_status_file_can_have(self):
        reasons = re.findall(r"^  ([A-Z]\w+) ", topics()["reasons"],
                             re.MULTILINE)
        self.assertGreater(len(reasons), 10)
        self.assertIn("BadInput", reasons)
        for name, text in texts().items():
            with self.subTest(name):
                named = set(re.findall(
                    r"(?:reason|reason is) `?([A-Z][a-z]+[A-Z]\w+)", text))
                self.assertEqual(named - set(reasons), set())

    def test_quote_what_the_binary_says(self):
        text = sources()
        quoted = re.findall(r"^  (\S.*?)(?:  |$)", topics()["troubleshooting"],
                            re.MULTILINE)
        quoted += [row[0].strip("`") for row in rows(
            section("manifests/README.md", "Flags of manifest"))
            if " " in row[0] and row[0].startswith("`")]
        self.assertGreater(len(quoted), 20)
        for part in (part for each in quoted for part in each.split("...")):
            self.assertTrue(part.strip(": ;") in text, part)

    def test_name_every_flag_for_lists_from_registries(self):
        flags = re.search(r"^What, from registries:\n(.*?)\n\n",
                          help_on("fetch", "--all"), re.DOTALL | re.MULTILINE)
        for flag in re.findall(r"^ {6}(--[a-z-]+)", flags[1], re.MULTILINE):
            self.assertIn(flag, topics()["sources"])

    def test_show_the_keys_of_a_status_file(self):
        golden = set(re.findall(r'"(\w+)":', (
            _ROOT / "test/golden/status.json").read_text()))
        self.assertEqual(
            set(re.findall(r'"(\w+)":', topics()["status-file"])), golden)


class PlacesTest(unittest.TestCase):

    def test_of_every_path_are_there(self):
        found = 0
        for name, text in _READMES.items():
            paths = re.findall(
                r"(?:^|[` ])(?:\./)?((?:src|include|proto|test|scripts)/"
                r"[\w/.-]*\w|manifests/[\w/-]+\.(?:yaml|service))", text,
                re.MULTILINE)
            found += len(paths)
            for path in paths:
                with self.subTest(f"{name}: {path}"):
                    # ROOM and NAME stand for any.
                    pattern = re.sub("ROOM|NAME", "*", path)
                    self.assertTrue(list(_ROOT.glob(pattern)))
        self.assertGreater(found, 40)

    def test_in_a_room_are_there(self):
        paths = re.findall(r"`(\w+/\w+\.(?:cc|h))`", _READMES["src/README.md"])
        self.assertGreater(len(paths), 20)
        for path in paths:
            with self.subTest(path):
                self.assertTrue((_ROOT / "src" / path).exists() or
                                (_ROOT / "include/prepull" / path).exists())

    def test_of_every_link_are_there(self):
        for name, text in _READMES.items():
            titles = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
                      for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
            for link in re.findall(r"\]\(([^)]+)\)", text):
                with self.subTest(f"{name}: {link}"):
                    file, _, title = link.partition("#")
                    if file:
                        self.assertTrue(
                            (_ROOT / name).parent.joinpath(file).exists())
                    if title and not file:
                        self.assertIn(title, titles)

    def test_every_room_is_in_the_newcomers_table(self):
        rooms = re.findall(r"^prepull_room\((\w+)", (
            _ROOT / "src/CMakeLists.txt").read_text(), re.MULTILINE)
        told = [row[0].strip("`")
                for row in rows(section("src/README.md", "The rooms"))]
        self.assertGreater(len(rooms), 15)
        self.assertEqual(sorted(told), sorted(rooms))

    def test_presets_are_all_told(self):
        presets = re.findall(r'"name": "([\w-]+)",\s+"inherits"', (
            _ROOT / "CMakePresets.json").read_text().split("buildPresets")[0])
        told = [row[0].strip("`") for row in rows(
            section("scripts/README.md", "Build"))]
        self.assertEqual(set(told), set(presets) - {"clang"})


if __name__ == "__main__":
    unittest.main()
