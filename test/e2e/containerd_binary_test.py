#!/usr/bin/env python3
"""Checks that the lab knows the containerd it is given, and how to set it up.

Small scripts stand for the versions that a machine does not have: they print
what those print. No containerd, no root.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import tomllib
import unittest
from unittest import mock

sys.dont_write_bytecode = True
_TEST = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(_TEST / "support"))

from lab.containerd_binary import (  # noqa: E402
    ContainerdBinary, NotContainerd, config_text)

# What --version prints, and what "config default" begins with.
DEBIAN = ("containerd github.com/containerd/containerd 1.6.20~ds1 "
          "1.6.20~ds1-1+deb12u3",
          'disabled_plugins = []\nversion = 2\n\n[cgroup]\n  path = ""')
RELEASE_1_7 = ("containerd github.com/containerd/containerd v1.7.24 88bf19b2",
               'disabled_plugins = []\nversion = 2\n\n[cgroup]\n  path = ""')
RELEASE_2_1 = ("containerd github.com/containerd/containerd/v2 v2.1.9 4715e2",
               "version = 3\nroot = '/var/lib/containerd'\n\n[grpc]\n"
               "  address = '/run/containerd/containerd.sock'")


class ContainerdBinaryTest(unittest.TestCase):

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(mock.patch.dict(os.environ))
        os.environ.pop("PREPULL_CONTAINERD", None)

    def test_knows_the_versions_of_each_containerd(self):
        for printed, version, config_version in (
                (DEBIAN, "1.6.20~ds1", 2), (RELEASE_1_7, "1.7.24", 2),
                (RELEASE_2_1, "2.1.9", 3)):
            with self.subTest(version):
                found = ContainerdBinary(self.write_containerd(*printed))

                self.assertEqual((found.version, found.config_version),
                                 (version, config_version))

    def test_a_version_inside_a_table_is_not_the_version_of_the_file(self):
        path = self.write_containerd(
            DEBIAN[0], "root = ''\n\n[plugins]\nversion = 7")

        self.assert_refused(path, "does not say which version")

    def test_prefers_what_lies_beside_it(self):
        path = self.write_containerd(*RELEASE_2_1)
        alone = ContainerdBinary(path)
        ctr = self.write("ctr", "#!/bin/sh\n")
        together = ContainerdBinary(path)

        self.assertEqual([alone.ctr, together.ctr], ["ctr", ctr])
        self.assertEqual(together.environment["PATH"].split(":")[0],
                         self.folder)

    def test_the_environment_names_it_when_nobody_else_does(self):
        path = self.write_containerd(*RELEASE_1_7)
        other = self.write_containerd(*RELEASE_2_1, name="other")

        os.environ["PREPULL_CONTAINERD"] = path

        self.assertEqual(ContainerdBinary().path, path)
        self.assertEqual(ContainerdBinary(other).path, other)

    def test_a_path_may_be_relative_and_lead_over_a_link(self):
        real = self.write_containerd(*RELEASE_2_1, name="containerd-2.1")
        link = os.path.join(self.folder, "containerd")
        os.symlink(real, link)

        self.assertEqual(ContainerdBinary(os.path.relpath(link)).path, link)

    def test_says_what_is_wrong_with_a_path(self):
        broken = self.write("broken", "#!/bin/sh\necho no luck >&2\nexit 3\n")
        plain = self.write("plain", "text", mode=0o644)
        garbage = self.write("garbage", "\x7fELF no program")
        for path, said in (
                (f"{self.folder}/gone", "there is no such file"),
                ("no-such-containerd", "there is no such program in PATH"),
                (self.folder, "is a folder"),
                (plain, "is not executable"),
                (garbage, "is no containerd"),
                ("/bin/true", "is no containerd"),
                (broken, "--version ends with 3: no luck")):
            with self.subTest(path):
                self.assert_refused(path, said)

    def test_as_a_program_it_says_the_same_by_exit_code(self):
        good, bad = (self.run_program(path) for path in (
            self.write_containerd(*RELEASE_2_1), "/bin/true"))

        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn("containerd 2.1.9", good.stdout)
        self.assertIn("config version 3", good.stdout)
        self.assertEqual((bad.returncode, bad.stdout), (2, ""))
        self.assertIn("/bin/true is no containerd", bad.stderr)

    def test_scripts_test_refuses_what_is_no_containerd(self):
        script = _TEST.parent / "scripts" / "test"
        for words in (["--containerd", "/bin/true"], ["--containerd", ""],
                      ["--containerd"], ["--containerd=/bin/true"]):
            with self.subTest(words):
                done = subprocess.run([script, *words], capture_output=True,
                                      text=True, timeout=60, check=False)

                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("containerd", done.stderr)

    def assert_refused(self, path, said):
        with self.assertRaises(NotContainerd) as caught:
            ContainerdBinary(path)
        self.assertIn(said, str(caught.exception))

    def run_program(self, path):
        program = _TEST / "support" / "lab" / "containerd_binary.py"
        return subprocess.run([sys.executable, "-B", program, path],
                              capture_output=True, text=True, timeout=20,
                              check=False)

    def write_containerd(self, version, config, name="containerd"):
        """A script that answers what the tests ask, and refuses the rest."""
        return self.write(name, textwrap.dedent("""\
            #!/bin/sh
            case "$*" in
              --version) echo '{}' ;;
              'config default') cat <<'END'
            {}
            END
              ;;
              *) exit 1 ;;
            esac
            """).format(version, config))

    def write(self, name, text, mode=0o755):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path


class ConfigTextTest(unittest.TestCase):

    def test_version_2_sets_up_the_one_cri_plugin(self):
        config = parse(2)

        cri = config["plugins"]["io.containerd.grpc.v1.cri"]
        self.assertEqual(config["version"], 2)
        self.assertEqual(cri["containerd"]["snapshotter"], "native")
        self.assertEqual(cri["registry"]["config_path"], "/lab/hosts")
        self.assertEqual(cri["cni"]["conf_dir"], "/lab/cni/conf")

    def test_version_3_sets_up_images_runtime_and_transfer(self):
        config = parse(3)

        plugins = config["plugins"]
        images = plugins["io.containerd.cri.v1.images"]
        transfer = plugins["io.containerd.transfer.v1.local"]
        self.assertEqual(config["version"], 3)
        self.assertEqual(images["snapshotter"], "native")
        self.assertEqual(images["registry"]["config_path"], "/lab/hosts")
        self.assertEqual(
            plugins["io.containerd.cri.v1.runtime"]["cni"]["conf_dir"],
            "/lab/cni/conf")
        self.assertEqual(
            [unpack["snapshotter"] for unpack in transfer["unpack_config"]],
            ["native"])

    def test_a_newer_containerd_is_given_the_newest_form_known_here(self):
        self.assertEqual(parse(4), parse(3))

    def test_an_older_one_is_refused(self):
        with self.assertRaises(NotContainerd):
            config_text(1, "/lab", "native")

    def test_nothing_is_left_outside_the_folder(self):
        for version in (2, 3):
            with self.subTest(version):
                config = parse(version)

                self.assertEqual(
                    [config["root"], config["state"],
                     config["grpc"]["address"],
                     config["plugins"]["io.containerd.internal.v1.opt"]
                     ["path"]],
                    ["/lab/root", "/lab/state", "/lab/cri.sock", "/lab/opt"])
                self.assertIn("io.containerd.nri.v1.nri",
                              config["disabled_plugins"])


def parse(version):
    return tomllib.loads(config_text(version, "/lab", "native"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
