#!/usr/bin/env python3
"""Checks manifests/systemd/prepull.service: by what systemd says of it, and by
running its command against a fake runtime. No systemd runs, no root.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
_TEST = pathlib.Path(__file__).resolve().parent.parent
_ROOT = _TEST.parent
sys.path.insert(0, str(_TEST / "support"))

from lab.fake_cri import start_fake_cri  # noqa: E402

_UNIT = _ROOT / "manifests/systemd/prepull.service"
_BINARY = os.environ["PREPULL_BINARY"]
_INSTALLED = "/usr/local/bin/prepull"


def setting(key):
    """All that the unit says for `key`, which may stand in several lines."""
    return " ".join(line.partition("=")[2]
                    for line in _UNIT.read_text().splitlines()
                    if line.startswith(f"{key}="))


class SystemdTest(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory()))

    def analyze(self, *words):
        """systemd-analyze on the unit, with the binary where it is now."""
        unit = self.folder / "prepull.service"
        unit.write_text(_UNIT.read_text().replace(_INSTALLED, _BINARY))
        return subprocess.run(["systemd-analyze", *words, unit], text=True,
                              capture_output=True, check=False, timeout=60)

    def test_systemd_has_nothing_against_it(self):
        verified = self.analyze("verify")

        self.assertEqual(
            (verified.returncode, verified.stdout, verified.stderr),
            (0, "", ""))

    def test_it_is_exposed_no_more_than_it_must_be(self):
        # 0.9 of 10: what is left is root, whose the socket is.
        judged = self.analyze("security", "--offline=true", "--no-pager",
                              "--threshold=10")

        self.assertEqual(judged.returncode, 0, judged.stdout)

    def test_its_command_pulls_the_list_and_leaves_a_status_file(self):
        socket = self.folder / "cri.sock"
        start_fake_cri(self, socket)
        (self.folder / "images.txt").write_text("quay.io/a:1\n")
        program, *words = shlex.split(setting("ExecStart"))
        runtime_folder = f"/run/{setting('RuntimeDirectory')}/"
        words = [word.replace("=/etc/prepull/", f"={self.folder}/")
                 .replace(f"={runtime_folder}", f"={self.folder}/")
                 for word in words]

        fetch = subprocess.run(
            [_BINARY, *words], text=True, capture_output=True, check=False,
            timeout=60, env={"PREPULL_CRI_SOCKET": str(socket)})

        self.assertEqual(program, _INSTALLED)
        self.assertEqual(fetch.returncode, 0, fetch.stderr)
        self.assertIn('"pulled":1',
                      (self.folder / "status.json").read_text())

    def test_it_waits_for_the_right_time(self):
        for key in ("After", "Wants"):
            self.assertIn("time-sync.target", setting(key).split())

    def test_it_starts_again_only_after_what_another_start_can_mend(self):
        self.assertEqual(setting("Type"), "oneshot")
        self.assertEqual(setting("Restart"), "on-failure")
        table = subprocess.run(
            [_BINARY, "help", "exit-codes"], text=True, capture_output=True,
            check=True, timeout=60).stdout
        stays = re.findall(r"^  ([1-9]\d*) +\w+ +\w+ +- ", table, re.MULTILINE)
        self.assertGreater(len(stays), 1)
        self.assertEqual(setting("RestartPreventExitStatus").split(), stays)


if __name__ == "__main__":
    unittest.main()
