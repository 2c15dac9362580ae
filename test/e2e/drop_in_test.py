#!/usr/bin/env python3
"""The image that takes the place of TALM's pre-cache and of lifecycle-agent's
workload: what it holds, and how their own command lines run in it on a real
containerd, with their folders of the host mounted where they mount them.

It needs root, and Debian's containerd, runc, docker-registry and skopeo.
"""

import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import REGISTRY, Lab, prepull_binary, run_as_root  # noqa: E402
from lab.container import Container, Mount  # noqa: E402
from lab.credentials import mounted_folder  # noqa: E402
from lab.images import make_family  # noqa: E402
from lab.layout import (  # noqa: E402
    TAG, build_image, config_of, layer_tars, manifest_of, unpack)

TALM = ("/bin/bash", "-c", "/opt/precache/precache.sh")
LCA = ("sh", "-c", "--",
       "nice -n 0 ionice -c 2 -n 4 lca-cli ibu-precache-workload")


def setUpModule():
    about = subprocess.run(["file", "-bL", prepull_binary()], check=True,
                           capture_output=True, text=True).stdout
    if "statically linked" not in about:
        raise unittest.SkipTest("only a static binary can be the image's")


class LayoutTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="prepull-drop-in-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.layout = cls.folder / "layout"
        build_image(cls.layout, "--drop-in")

    def test_it_has_the_layers_of_the_other_image_and_one_of_links(self):
        build_image(self.folder / "plain")

        ours = manifest_of(self.layout)["layers"]
        self.assertEqual(ours[:-1],
                         manifest_of(self.folder / "plain")["layers"])
        links = tarfile.open(fileobj=io.BytesIO(layer_tars(self.layout)[-1]))
        self.assertEqual(
            {entry.name: entry.linkname for entry in links},
            {"bin": "", "bin/bash": "../prepull", "bin/sh": "../prepull"})

    def test_a_command_without_a_folder_is_found(self):
        config = config_of(self.layout)["config"]

        (path,) = config["Env"]
        self.assertIn("/bin", path.removeprefix("PATH=").split(":"))
        self.assertEqual(config["Entrypoint"], ["/prepull"])

    def test_what_it_does_not_understand_is_one_sentence_and_two(self):
        root = self.folder / "root"
        unpack(self.layout, root)
        for words in (["/bin/sh"], ["/bin/bash", "-c", "ls"],
                      ["/bin/sh", "/opt/precache/precache.sh"]):
            with self.subTest(words):
                said = subprocess.run(["chroot", root, *words], check=False,
                                      capture_output=True, text=True)

                self.assertEqual((said.returncode, said.stdout), (2, ""))
                self.assertRegex(said.stderr,
                                 r"^prepull: \"sh.*\": this image has no "
                                 r"shell: .*TALM.*lifecycle-agent.*\n$")

    def test_it_is_prepull_all_the_same(self):
        root = self.folder / "same"
        unpack(self.layout, root)

        said = subprocess.run(["chroot", root, "/prepull", "version"],
                              capture_output=True, text=True, check=True)

        self.assertIn("prepull", said.stdout)


@unittest.skipUnless(shutil.which("skopeo"),
                     "skopeo is not installed: scripts/install-deps")
class ContainerTest(unittest.TestCase):
    """Both command lines, in the image, on a node."""

    def setUp(self):
        self.lab = self.enterContext(Lab())
        self.folder = pathlib.Path(self.lab.folder)
        layout = self.folder / "layout"
        build_image(layout, "--drop-in")
        address = f"{self.lab.registry.host}:{self.lab.registry.port}"
        subprocess.run(
            ["skopeo", "copy", "--insecure-policy", "--dest-tls-verify=false",
             f"oci:{layout}:{TAG}", f"docker://{address}/prepull:{TAG}"],
            check=True, capture_output=True)
        self.image = f"{REGISTRY}/prepull:{TAG}"
        pulled = self.lab.fetch([self.image])
        self.assertEqual(pulled.exit_code, 0, pulled.story())
        self.names = self.lab.push_family(make_family(3))

    def run_it(self, command, mounts, environment=None):
        """Runs `command` with the runtime's socket where CRI-O's would be."""
        container = self.enterContext(Container(
            self.lab, self.image, *command, environment=environment, mounts=[
                Mount(self.lab.containerd.socket_path,
                      "/host/run/crio/crio.sock"), *mounts]))
        return container.wait(), container

    def test_talms_command_line_fetches_its_config_map(self):
        spec = mounted_folder(str(self.folder / "spec"),
                              {"additionalImages": "\n".join(self.names)})

        exit_code, container = self.run_it(TALM, [Mount(spec, "/etc/config")])

        self.assertEqual(exit_code, 0, container.stderr)
        self.assertIn("in place of TALM's pre-cache", container.stderr)
        self.assertIn("no /host/etc/pki/ca-trust", container.stderr)
        self.assertLessEqual(set(self.names),
                             set(self.lab.containerd.image_names()))

    def run_lca(self, images, **environment):
        """Returns the exit code, the container and its status file."""
        images_folder = mounted_folder(
            str(self.folder / "list"), {"images.txt": "\n".join(images) + "\n"})
        status = self.folder / "workspace"
        status.mkdir()
        exit_code, container = self.run_it(
            LCA, [Mount(images_folder, "/tmp"),
                  Mount(status, "/host/var/lib/lca/workspace", writable=True)],
            {"PRECACHE_SPEC_FILE": "/tmp/images.txt", "MAX_PULL_THREADS": "2",
             **environment})
        return exit_code, container, json.loads(
            (status / "precache_status.json").read_text())

    def test_lifecycle_agents_command_line_fetches_its_list(self):
        exit_code, container, status = self.run_lca(self.names)

        self.assertEqual(exit_code, 0, container.stderr)
        self.assertIn("do not reach the runtime", container.stderr)
        self.assertIn("concurrency=2", container.stderr)
        self.assertEqual((status["total"], status["pulled"], status["failed"]),
                         (3, 3, 0))

    def test_best_effort_is_the_word_in_capitals(self):
        gone = f"{REGISTRY}/team/gone:1"

        exit_code, container, status = self.run_lca(
            [gone, *self.names], PRECACHE_BEST_EFFORT="TRUE")

        self.assertEqual(exit_code, 0, container.stderr)
        self.assertEqual(status["failed_pulls"], [gone])


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
