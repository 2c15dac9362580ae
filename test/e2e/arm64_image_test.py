#!/usr/bin/env python3
"""The image for arm64, cross-built, and run under qemu-user.

It looks at build-release-arm64/prepull and is skipped where nobody built that;
scripts/test --arm64 does. qemu-user runs the binary on this machine's kernel,
so it speaks to a real containerd, over a real socket. It needs root.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/support"))

from lab import Lab, run_as_root, run_prepull  # noqa: E402
from lab.file_layers import make_file_layer  # noqa: E402
from lab.images import make_family, make_image, make_index  # noqa: E402
from lab.layout import (  # noqa: E402
    build_image, config_of, index_of, unpack)
from lab.openshift import (  # noqa: E402
    as_database, bundle, channel, package)
from lab.registry import Registry  # noqa: E402

BINARY = ROOT / "build-release-arm64/prepull"
QEMU = "qemu-aarch64-static"
PLATFORM = {"architecture": "arm64", "os": "linux", "variant": "v8"}
ELF_AARCH64 = 183  # https://github.com/ARM-software/abi-aa (aaelf64)


class Arm64ImageTest(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix="prepull-arm64-")))

    def test_says_arm64_wherever_it_says_what_it_is(self):
        layout, root = self.folder / "layout", self.folder / "root"

        build_image(layout, "--arch", "arm64", binary=BINARY)
        unpack(layout, root)

        (entry,) = index_of(layout)["manifests"]
        self.assertEqual(entry["platform"], PLATFORM)
        config = config_of(layout)
        self.assertEqual(config | PLATFORM, config)
        header = (root / "prepull").read_bytes()[:20]
        self.assertEqual(int.from_bytes(header[18:], "little"), ELF_AARCH64)

    def test_takes_no_binary_of_another_architecture(self):
        with self.assertRaises(subprocess.CalledProcessError) as caught:
            build_image(self.folder / "layout", "--arch", "amd64",
                        binary=BINARY)

        self.assertIn("is not for amd64", caught.exception.stderr)

    def test_runs_in_nothing_but_its_own_root(self):
        layout, root = self.folder / "layout", self.folder / "root"
        build_image(layout, "--arch", "arm64", binary=BINARY)
        unpack(layout, root)
        shutil.copy(shutil.which(QEMU), root / "qemu")

        said = subprocess.run(
            ["chroot", root, "/qemu", "/prepull", "version"],
            capture_output=True, text=True, check=True).stdout

        self.assertTrue(said.startswith("prepull "), said)

    def test_pulls_a_list(self):
        lab = self.enterContext(Lab())
        names = lab.push_family(make_family(3))
        self.emulate()

        run = lab.fetch(names)

        self.assertEqual(run.exit_code, 0, run.story())
        self.assertEqual(run.status()["pulled"], 3)
        self.assertLessEqual(set(names), set(lab.containerd.image_names()))

    def test_reads_a_catalogue_of_its_own_architecture(self):
        registry = Registry(self.folder)
        registry.start()
        self.addCleanup(registry.stop)
        catalogs = {
            architecture: make_image([make_file_layer(
                {"database/index.db": as_database([
                    package("op", "stable"), channel("op", "stable", "op.v1"),
                    bundle("op", "1", f"lab/{architecture}:1")])}, "zstd")],
                architecture=architecture)
            for architecture in ("amd64", "arm64")}
        for image in catalogs.values():
            registry.push("olm/catalog", image.digest, image)
        registry.push("olm/catalog", "1", make_index(catalogs))
        self.emulate()

        done = run_prepull([
            "resolve", "-o", "name", "--package", "op", "--catalog",
            f"127.0.0.1:{registry.port}/olm/catalog:1"])

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.splitlines()[1:], ["lab/arm64:1"])

    def emulate(self):
        """Makes the binary under test the one for arm64."""
        emulated = self.folder / "prepull"
        emulated.write_text(f'#!/bin/sh\nexec {QEMU} "{BINARY}" "$@"\n')
        emulated.chmod(0o755)
        self.enterContext(unittest.mock.patch.dict(
            os.environ, PREPULL_BINARY=str(emulated)))


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    if not BINARY.exists() or not shutil.which(QEMU):
        print("skipped: nothing is built for arm64 here, or there is no "
              f"{QEMU}: scripts/test --arm64")
        sys.exit(77)
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
