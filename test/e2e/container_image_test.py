#!/usr/bin/env python3
"""The container image: what it holds, and how it runs on a real containerd.

scripts/image builds it from the binary under test, skopeo copies it to the
lab's registry, prepull pulls it from there, and ctr runs it as a careful pod
would: as root, but on a read-only root and without capabilities, with the
runtime's socket and a ConfigMap mounted. It needs root, and Debian's
containerd, runc, docker-registry and skopeo.
"""

import io
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import (  # noqa: E402
    REGISTRY, SLOW_REGISTRY, Lab, prepull_binary, run_as_root, run_prepull)
from lab.container import Container, Mount  # noqa: E402
from lab.images import digest_of, make_family  # noqa: E402
from lab.images import make_image, make_layer  # noqa: E402
from lab.layout import (  # noqa: E402
    TAG, build_image, config_of, contents_below, index_of, layer_tars,
    manifest_of, unpack)

LABEL = "org.opencontainers.image."
CONTENTS = {
    "etc": "drwxr-xr-x",
    "etc/passwd": "-rw-r--r--",
    "etc/ssl": "drwxr-xr-x",
    "etc/ssl/certs": "drwxr-xr-x",
    "etc/ssl/certs/ca-certificates.crt": "-rw-r--r--",
    "prepull": "-rwxr-xr-x",
}


def setUpModule():
    about = subprocess.run(["file", "-bL", prepull_binary()], check=True,
                           capture_output=True, text=True).stdout
    if "statically linked" not in about:
        raise unittest.SkipTest("only a static binary can be the image's")


class LayoutTest(unittest.TestCase):
    """What scripts/image writes, looked at file by file."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="prepull-image-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.layout = cls.folder / "layout"
        cls.archive = cls.folder / "image.tar"
        build_image(cls.layout, "--archive", cls.archive)

    def test_the_same_input_gives_the_same_bytes(self):
        again = self.folder / "again"
        archive = self.folder / "again.tar"

        build_image(again, "--archive", archive)

        self.assertEqual(contents_below(again), contents_below(self.layout))
        self.assertEqual(archive.read_bytes(), self.archive.read_bytes())

    def test_another_date_moves_all_but_the_certificates(self):
        later = self.folder / "later"

        build_image(later, SOURCE_DATE_EPOCH="2000000000")

        old, new = manifest_of(self.layout), manifest_of(later)
        self.assertEqual(new["layers"][0], old["layers"][0])
        self.assertNotEqual(new["layers"][1], old["layers"][1])
        self.assertEqual(new["annotations"][LABEL + "created"],
                         "2033-05-18T03:33:20Z")

    def test_a_date_that_no_tar_can_hold_is_refused_in_one_sentence(self):
        for date in ("soon", "8589934592", "99999999999"):
            with self.subTest(date), self.assertRaises(
                    subprocess.CalledProcessError) as caught:
                build_image(self.folder / "never", SOURCE_DATE_EPOCH=date)
            self.assertRegex(caught.exception.stderr,
                             f"^image: SOURCE_DATE_EPOCH={date} .*\n$")

    def test_every_digest_and_size_is_true_and_nothing_else_is_there(self):
        manifest = manifest_of(self.layout)
        (entry,) = index_of(self.layout)["manifests"]
        descriptors = [entry, manifest["config"], *manifest["layers"]]

        found = contents_below(self.layout)

        self.assertEqual(found.pop("oci-layout"),
                         b'{"imageLayoutVersion":"1.0.0"}')
        del found["index.json"]
        self.assertEqual(
            {path: (digest_of(blob), len(blob))
             for path, blob in found.items()},
            {"blobs/" + one["digest"].replace(":", "/"):
             (one["digest"], one["size"]) for one in descriptors})
        self.assertEqual(entry["annotations"][LABEL + "ref.name"], TAG)

    def test_the_config_says_how_to_run_it_and_what_it_is(self):
        config = config_of(self.layout)

        version = run_prepull(["version"]).stdout.split()[1]
        self.assertEqual(config["os"], "linux")
        self.assertEqual(config["config"]["Entrypoint"], ["/prepull"])
        labels = config["config"]["Labels"]
        self.assertEqual(labels[LABEL + "title"], "prepull")
        self.assertEqual(labels[LABEL + "version"], version)
        # Of a given binary nobody knows.
        self.assertNotIn(LABEL + "revision", labels)
        self.assertEqual(
            config["rootfs"]["diff_ids"],
            [digest_of(tar) for tar in layer_tars(self.layout)])

    def test_it_holds_the_binary_the_certificates_and_two_users(self):
        entries = [entry for tar in layer_tars(self.layout)
                   for entry in tarfile.open(fileobj=io.BytesIO(tar))]

        self.assertEqual({entry.name: mode_of(entry) for entry in entries},
                         CONTENTS)
        self.assertEqual(len(entries), len(CONTENTS))
        self.assertEqual({(entry.uid, entry.gid) for entry in entries},
                         {(0, 0)})

    def test_it_runs_in_nothing_but_its_own_root(self):
        root = self.folder / "root"
        unpack(self.layout, root)

        said = subprocess.run(["chroot", root, "/prepull", "version"],
                              capture_output=True, text=True, check=True)

        self.assertEqual(said.stdout, run_prepull(["version"]).stdout)
        users = (root / "etc/passwd").read_text().splitlines()
        self.assertEqual([line.split(":")[0] for line in users],
                         ["root", "nobody"])

    def test_its_certificates_are_those_of_the_package(self):
        root = self.folder / "trust"
        unpack(self.layout, root)
        bundle = (root / "etc/ssl/certs/ca-certificates.crt").read_text()
        listed = subprocess.run(
            ["dpkg-query", "--listfiles", "ca-certificates"],
            capture_output=True, text=True, check=True).stdout.split()

        certificates = bundle.count("-----BEGIN CERTIFICATE-----\n")

        self.assertEqual(certificates,
                         sum(path.endswith(".crt") for path in listed))
        self.assertGreater(certificates, 100)

    def test_the_archive_is_the_same_image(self):
        with tarfile.open(self.archive) as archive:
            files = {entry.name: archive.extractfile(entry).read()
                     for entry in archive}

        (entry,) = json.loads(files["manifest.json"])
        self.assertEqual(entry["RepoTags"], [f"prepull:{TAG}"])
        self.assertEqual(json.loads(files[entry["Config"]]),
                         config_of(self.layout))
        self.assertEqual([files[name] for name in entry["Layers"]],
                         layer_tars(self.layout))

    def test_a_folder_with_something_else_is_left_alone(self):
        other = self.folder / "other"
        other.mkdir()
        (other / "notes.txt").write_text("mine")

        with self.assertRaises(subprocess.CalledProcessError) as caught:
            build_image(other)

        self.assertIn("something else", caught.exception.stderr)
        self.assertEqual(contents_below(other), {"notes.txt": b"mine"})


@unittest.skipUnless(shutil.which("skopeo"),
                     "skopeo is not installed: scripts/install-deps")
class ContainerTest(unittest.TestCase):
    """The image as a pod would run it, on a node that prepull put it on."""

    def setUp(self):
        self.lab = self.enterContext(Lab())
        self.folder = pathlib.Path(self.lab.folder)
        layout = self.folder / "layout"
        build_image(layout)
        address = f"{self.lab.registry.host}:{self.lab.registry.port}"
        subprocess.run(
            ["skopeo", "copy", "--insecure-policy", "--dest-tls-verify=false",
             f"oci:{layout}:{TAG}", f"docker://{address}/prepull:{TAG}"],
            check=True, capture_output=True)
        self.image = f"{REGISTRY}/prepull:{TAG}"
        pulled = self.lab.fetch([self.image])
        self.assertEqual(pulled.exit_code, 0, pulled.story())

    def test_runs_prepull_if_nothing_else_is_said(self):
        container = self.enterContext(Container(self.lab, self.image))
        exit_code = container.wait()

        here = run_prepull([])
        self.assertEqual((exit_code, container.stdout, container.stderr),
                         (here.returncode, here.stdout, here.stderr))

    def test_pulls_a_list_that_a_config_map_holds(self):
        names = self.lab.push_family(make_family(3))

        container = self.run_fetch(names)
        exit_code = container.wait()

        self.assertEqual(exit_code, 0, container.stderr)
        self.assertEqual(self.states(), dict.fromkeys(names, "Pulled"))
        self.assertLessEqual(set(names), set(self.lab.containerd.image_names()))
        for name in names:
            self.assertIn(name, container.stdout)

    def test_a_failure_is_the_containers_exit_code(self):
        missing = f"{REGISTRY}/team/gone:1"

        container = self.run_fetch([missing])
        exit_code = container.wait()

        self.assertEqual(exit_code, 1, container.stderr)
        self.assertEqual(self.states(), {missing: "Failed"})

    def test_needs_no_capability_and_no_place_to_write(self):
        self.lab.push("team/held", "1.0",
                      make_image([make_layer("held", 1_000_000)]))
        slow = f"{SLOW_REGISTRY}/team/held:1.0"
        self.lab.link.bytes_per_second = 20_000

        container = self.run_fetch([slow])
        process = pathlib.Path("/proc", str(container.process()))
        status = dict(line.split(":\t", 1) for line in
                      (process / "status").read_text().splitlines())
        root_mount = mount_options(process / "mountinfo", "/")
        argv = (process / "cmdline").read_bytes().split(b"\0")
        self.lab.link.bytes_per_second = None
        exit_code = container.wait()

        self.assertEqual(exit_code, 0, container.stderr)
        self.assertEqual(argv[:2], [b"/prepull", b"fetch"])
        self.assertEqual({int(status[name], 16) for name in (
            "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}, {0})
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Uid"].split(), ["0"] * 4)
        self.assertIn("ro", root_mount)
        self.assertTrue(container.spec()["root"]["readonly"])

    def run_fetch(self, references):
        """Runs `prepull fetch` in a container, over a list in a ConfigMap."""
        self.status_folder = self.folder / "status"
        self.status_folder.mkdir()
        config_map = self.folder / "config-map"
        write_config_map(config_map, {
            "images.txt": "".join(name + "\n" for name in references)})
        return self.enterContext(Container(
            self.lab, self.image, "/prepull", "fetch",
            "--cri-socket", "/run/containerd/cri.sock",
            "--image-list-file", "/config/images.txt",
            "--status-file", "/status/status.json", "--overall-timeout", "50s",
            mounts=[Mount(self.lab.containerd.folder, "/run/containerd"),
                    Mount(config_map, "/config"),
                    Mount(self.status_folder, "/status", writable=True)]))

    def states(self):
        (file,) = self.status_folder.iterdir()
        status = json.loads(file.read_text())
        return {image["image"]: image["state"] for image in status["images"]}


def write_config_map(folder, files):
    """Writes a folder as the kubelet mounts a ConfigMap: all behind links."""
    version = "..2026_01_02_03_04_05.678901234"
    (folder / version).mkdir(parents=True)
    (folder / "..data").symlink_to(version)
    for name, content in files.items():
        (folder / version / name).write_text(content)
        (folder / name).symlink_to(f"..data/{name}")


def mode_of(entry):
    kind = stat.S_IFDIR if entry.isdir() else stat.S_IFREG
    return stat.filemode(kind | entry.mode)


def mount_options(mountinfo, point):
    """The options of what is mounted last on this point."""
    fields = [line.split() for line in mountinfo.read_text().splitlines()]
    return [field[5] for field in fields if field[4] == point][-1].split(",")


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
