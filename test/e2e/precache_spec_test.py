#!/usr/bin/env python3
"""TALM's ConfigMap as a folder, and what it names on a real containerd.

The images lie in Debian's docker-registry under their own names, so that who
resolves and who pulls asks the same place. What was pulled is what containerd's
own client lists. It needs root and Debian's containerd, and only loopback.
"""

import os
import socket
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import Lab, run_as_root  # noqa: E402
from lab.bad_registry import BadRegistry  # noqa: E402
from lab.credentials import (  # noqa: E402
    docker_config, mounted_folder, write_file)
from lab.file_layers import make_file_layer  # noqa: E402
from lab.images import make_image  # noqa: E402
from lab.openshift import (  # noqa: E402
    as_database, as_json, as_yaml, bundle, channel, make_release, package)
from lab.registry_front import NoCredentials, RegistryFront  # noqa: E402
from lab.token_auth import TokenAuth  # noqa: E402

ROBOT = ("robot", "a-password")
DISK = 256 << 20
BASE = make_file_layer({"etc/os-release": "NAME=lab\n"})
PATTERNS = ["alibaba", "aws", "azure", "gcp", "vsphere", "installer"]
# As many as a release has, and as many of each kind.
PARTS = [f"{kind}-{part}-{number}"
         for kind in ("alibaba", "aws", "azure", "gcp", "vsphere")
         for part in ("csi", "machine", "node") for number in range(12)]
PARTS += [f"part-{number}" for number in range(190 - len(PARTS))]


class SpecTest(unittest.TestCase):
    """A node, and the registry that all names lead to."""

    disk_size = None

    def setUp(self):
        self.lab = self.enterContext(Lab(disk_size=self.disk_size))
        self.host = f"127.0.0.1:{self.lab.registry.port}"
        self.by_digest = {}  # the other name of what was pushed by a tag

    def store(self, repository, tag, image):
        self.lab.push(repository, tag, image)

    def push(self, name, image=None):
        """Pushes an image, any if none is given; returns its name."""
        image = image or make_image([BASE], labels={"name": name})
        repository, tag = name.rsplit(":", 1)
        self.store(repository, tag, image)
        name = f"{self.host}/{name}"
        self.by_digest[name] = f"{self.host}/{repository}@{image.digest}"
        return name

    def push_part(self, name):
        """As a release names its parts: by digest, all in one repository."""
        image = make_image([BASE], labels={"name": name})
        self.store("ocp/art", image.digest, image)
        return f"{self.host}/ocp/art@{image.digest}"

    def push_catalog(self, name, path, ship, documents):
        return self.push(name, make_image(
            [make_file_layer({path: ship(documents)})]))

    def fetch(self, keys, *flags):
        """Fetches what a ConfigMap of these keys names."""
        folder = mounted_folder(os.path.join(self.lab.folder, "spec"), keys)
        return self.lab.fetch([], "--precache-spec", folder, *flags,
                              seconds=180)

    def check_pulled(self, run, names):
        """The run and the runtime name these images and no others."""
        self.assertEqual(run.exit_code, 0, run.story())
        self.assertEqual(sorted(states(run).items()),
                         sorted(dict.fromkeys(names, "Pulled").items()))
        records = self.lab.containerd.ctr("images", "ls", "-q").split()
        self.assertEqual(
            sorted(name for name in records if not name.startswith("sha256:")),
            sorted({*names, *(self.by_digest.get(name, name)
                              for name in names)}))


class WholeTest(SpecTest):
    """As at a large registry: who comes without a token is sent for one, and
    all blobs are elsewhere. prepull and containerd pass the same door."""

    def setUp(self):
        super().setUp()
        no_credentials = NoCredentials()
        # Another address: containerd takes another port for the same server.
        self.blobs = self.enterContext(
            BadRegistry(host="127.0.0.2", token_auth=no_credentials))
        front = self.enterContext(RegistryFront(
            self.lab.registry, TokenAuth(dict([ROBOT])), self.blobs))
        self.host = f"127.0.0.1:{front.port}"
        self.lab.route(self.host, front)
        self.config = write_file(self.lab.folder, "config.json",
                                 docker_config({self.host: ROBOT}))
        self.addCleanup(self.assertEqual, no_credentials.heard, [])

    def store(self, repository, tag, image):
        super().store(repository, tag, image)
        self.blobs.add(repository, tag, image)

    def fetch(self, keys, *flags):
        return super().fetch(keys, "--docker-config", self.config, *flags)

    def test_exactly_what_the_six_keys_name_is_pulled(self):
        parts = {name: self.push_part(name) for name in PARTS}
        release = self.push("ocp/release:4.15", make_release(parts))
        op = {name: self.push(f"op/{name}") for name in (
            "bundle:1.0.0", "bundle:1.0.1", "bundle:1.0.2", "app:1.0.1",
            "app:1.0.2", "proxy:1", "logging-bundle:5", "logging:5",
            "ptp-bundle:1")}
        files = self.push_catalog(
            "olm/files:v4.15", "configs/catalog.yaml", as_yaml, [
                package("op", "slow"),
                channel("op", "slow", "op.v1.0.0"),
                channel("op", "stable",
                        {"name": "op.v1.0.2", "replaces": "op.v1.0.0",
                         "skips": ["op.v1.0.1"]}, "op.v1.0.1", "op.v1.0.0"),
                bundle("op", "1.0.0", op["bundle:1.0.0"]),
                bundle("op", "1.0.1", op["bundle:1.0.1"],
                       [op["app:1.0.1"]]),
                bundle("op", "1.0.2", op["bundle:1.0.2"],
                       [op["app:1.0.2"], op["proxy:1"]]),
                package("ptp", "stable"),
                channel("ptp", "stable", "ptp.v1"),
                bundle("ptp", "1", op["ptp-bundle:1"])])
        database = self.push_catalog(
            "olm/database:v4.15", "database/index.db", as_database, [
                package("logging", "5"), channel("logging", "5", "logging.v5"),
                bundle("logging", "5", op["logging-bundle:5"],
                       [op["logging:5"], op["proxy:1"]])])
        own = [self.push(f"team/{name}:1") for name in ("first", "last")]

        run = self.fetch({
            "platform.image": f"{release} \n",
            "operators.indexes": f"{files}\n{database}",
            "operators.packagesAndChannels": "op: stable\nlogging:5 \n",
            "excludePrecachePatterns": "\n".join(PATTERNS),
            "additionalImages": "\n".join(own),
            "spaceRequired": "0"})

        left = [parts[name] for name in PARTS
                if not any(pattern in name for pattern in PATTERNS)]
        self.assertEqual((len(PARTS), len(left)), (190, 10))
        self.check_pulled(run, [
            release, *left, files, database,
            *(op[name] for name in ("bundle:1.0.2", "app:1.0.2", "proxy:1",
                                    "logging-bundle:5", "logging:5")), *own])

    def test_two_channels_of_a_package_are_two(self):
        bundles = [self.push(f"op/bundle:{i}") for i in (1, 2)]
        catalog = self.push_catalog(
            "olm/catalog:1", "configs/c.json", as_json, [
                package("op", "old"), channel("op", "old", "op.v1"),
                channel("op", "new", "op.v2"),
                bundle("op", "1", bundles[0]), bundle("op", "2", bundles[1])])

        run = self.fetch({"operators.indexes": catalog,
                          "operators.packagesAndChannels": "op:old\nop:new"})

        self.check_pulled(run, [catalog, *bundles])

    def test_the_only_additional_image_needs_no_line_end(self):
        own = self.push("team/app:1")

        run = self.fetch({"additionalImages": own})

        self.check_pulled(run, [own])

    # TALM's workload runs once in a container, and pulls anew.
    def test_what_is_there_is_not_pulled_again(self):
        keys = {"platform.image": self.push("ocp/release:4.15", make_release(
                    {"cli": self.push_part("cli")})),
                "additionalImages": self.push("team/app:1")}
        self.fetch(keys)

        again = self.fetch(keys)

        self.assertEqual(again.exit_code, 0, again.story())
        self.assertEqual(set(states(again).values()), {"Skipped"})


class FailureTest(SpecTest):

    def setUp(self):
        super().setUp()
        self.own = self.push("team/app:1")
        self.gone = f"{self.host}/ocp/gone:1"

    def test_a_source_that_fails_ends_the_run_before_any_pull(self):
        run = self.fetch({"platform.image": self.gone,
                          "additionalImages": self.own})

        self.assertEqual(run.exit_code, 2, run.story())
        self.assertIn(f"platform.image:1 {self.gone}: ",
                      run.status()["message"])
        self.assertEqual(self.lab.containerd.image_names(), [])

    # TALM's workload ends with its first list if an image of that is missing.
    def test_an_image_that_is_missing_keeps_no_other_from_being_pulled(self):
        release = self.push("ocp/release:4.15",
                            make_release({"gone": self.gone}))

        run = self.fetch({"platform.image": release,
                          "additionalImages": self.own})

        self.assertEqual(run.exit_code, 1, run.story())
        self.assertEqual(states(run), {release: "Pulled", self.own: "Pulled",
                                       self.gone: "Failed"})

    def test_with_best_effort_it_is_one_failed_image_and_the_rest_is_pulled(
            self):
        run = self.fetch({"platform.image": self.gone,
                          "additionalImages": self.own}, "--best-effort")

        self.assertEqual(run.exit_code, 0, run.story())
        self.assertEqual(states(run), {self.own: "Pulled",
                                       self.gone: "Failed"})
        self.assertEqual(run.status()["total"], 2)
        self.assertEqual(run.status()["failed_pulls"], [self.gone])

    def test_with_best_effort_a_source_that_hangs_leaves_time_for_the_rest(
            self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            hanging = f"127.0.0.1:{silent.getsockname()[1]}/ocp/release:1"
            run = self.fetch({"platform.image": hanging,
                              "additionalImages": self.own},
                             "--best-effort", "--overall-timeout", "8s")

        self.assertEqual(run.exit_code, 0, run.story())
        self.assertEqual(states(run), {self.own: "Pulled", hanging: "Failed"})

    def test_an_unknown_package_fails_its_line(self):
        catalog = self.push_catalog(
            "olm/catalog:1", "configs/c.yaml", as_yaml, [
                package("op", "old"), channel("op", "old", "op.v1"),
                bundle("op", "1", self.own)])

        run = self.fetch({"operators.indexes": catalog,
                          "operators.packagesAndChannels": "op:old\npo:old"})

        self.assertEqual(run.exit_code, 2, run.story())
        self.assertIn("operators.packagesAndChannels:2 po: not found in any catalogue; "
                      "existing: op", run.status()["message"])

    def test_a_folder_without_any_key_says_so(self):
        run = self.fetch({"images.txt": self.own})

        self.assertEqual(run.exit_code, 2, run.story())
        self.assertIn("none of platform.image",
                      run.status()["message"])


class SpaceTest(SpecTest):

    disk_size = DISK

    def setUp(self):
        super().setUp()
        self.own = self.push("team/app:1")

    def test_more_than_the_disk_has_is_refused_before_any_pull(self):
        run = self.fetch({"additionalImages": self.own, "spaceRequired": "35"})

        self.assertEqual(run.exit_code, 5, run.story())
        self.assertIn("37.6GB required", run.status()["message"])
        self.assertEqual(self.lab.containerd.image_names(), [])

    def test_the_flag_says_it_better(self):
        run = self.fetch({"additionalImages": self.own, "spaceRequired": "35"},
                         "--space-required", "20MiB")

        self.check_pulled(run, [self.own])


def states(run):
    return {image["image"]: image["state"]
            for image in run.status()["images"]}


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
