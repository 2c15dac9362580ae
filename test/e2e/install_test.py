#!/usr/bin/env python3
"""`cmake --install`, into a folder: the binary, completions and the unit; and
that every configure preset has one to build and one to test.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
_BUILD = os.environ["PREPULL_BUILD"]
_COMPLETIONS = {
    "bash": "share/bash-completion/completions/prepull",
    "zsh": "share/zsh/site-functions/_prepull",
    "fish": "share/fish/vendor_completions.d/prepull.fish",
}


def output_of(*words):
    return subprocess.run(words, text=True, capture_output=True, check=True,
                          timeout=60).stdout


class InstallTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.prefix = pathlib.Path(folder) / "opt"
        cls.printed = output_of("cmake", "--install", _BUILD, "--prefix",
                                str(cls.prefix))
        cls.binary = cls.prefix / "bin/prepull"

    def test_the_binary_runs(self):
        self.assertIn("prepull ", output_of(self.binary, "version"))

    def test_completions_are_what_the_binary_prints(self):
        for shell, place in _COMPLETIONS.items():
            with self.subTest(shell):
                self.assertEqual((self.prefix / place).read_text(),
                                 output_of(self.binary, "completion", shell))

    def test_the_unit_starts_the_binary_that_is_installed(self):
        theirs = _ROOT / "manifests/systemd/prepull.service"
        unit = self.prefix / "lib/systemd/system/prepull.service"

        self.assertEqual(unit.read_text(), theirs.read_text().replace(
            "/usr/local/bin/prepull", str(self.binary)))
        self.assertIn(f"\nExecStart={self.binary} fetch ", unit.read_text())

    def test_it_says_what_it_installs_and_installs_nothing_else(self):
        files = {str(path.relative_to(self.prefix))
                 for path in self.prefix.rglob("*") if path.is_file()}

        self.assertEqual(files, {"bin/prepull", *_COMPLETIONS.values(),
                                 "lib/systemd/system/prepull.service"})
        for file in files:
            self.assertIn(str(self.prefix / file), self.printed)


class OtherMachineTest(unittest.TestCase):

    def test_there_are_no_completions_where_the_binary_does_not_run(self):
        prefix = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory())) / "opt"
        script = prefix.parent / "install.cmake"
        script.write_text(re.sub(
            r'(?m)^set\(is_for_another_machine ".*"\)$',
            'set(is_for_another_machine "TRUE")',
            (pathlib.Path(_BUILD) / "install_more.cmake").read_text()))

        printed = output_of("cmake", f"-DCMAKE_INSTALL_PREFIX={prefix}", "-P",
                            str(script))

        self.assertIn("No completions", printed)
        self.assertEqual([path.name for path in prefix.rglob("*")
                          if path.is_file()], ["prepull.service"])


class PresetsTest(unittest.TestCase):

    def test_every_configuration_can_be_built_and_tested_by_its_name(self):
        presets = json.loads((_ROOT / "CMakePresets.json").read_text())
        names = [each["name"] for each in presets["configurePresets"]
                 if not each.get("hidden")]

        self.assertGreater(len(names), 3)
        for kind in ("buildPresets", "testPresets"):
            self.assertEqual(names, [each["name"] for each in presets[kind]
                                     if not each.get("hidden")])
            for each in presets[kind]:
                if not each.get("hidden"):
                    self.assertEqual(each["configurePreset"], each["name"])


if __name__ == "__main__":
    unittest.main()
