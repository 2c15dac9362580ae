#!/usr/bin/env python3
"""The runtime's connections: a stuck one is ended, and its pull goes on.

On the fake CRI-O and on a real containerd, with a misbehaving registry. It
needs root and Debian's containerd, and only loopback.
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import run_as_root  # noqa: E402
from lab.bad_registry import BadRegistry  # noqa: E402
from lab.crio import FakeCrio, add_family, address_of  # noqa: E402
from lab.images import (  # noqa: E402
    digest_of, make_family, make_image, make_layer, unique_bytes)
from lab.real_node import RealNodeTest  # noqa: E402

# Bodies of which a stalled one has more than the MiB after which CRI-O goes on
# with it a second time.
FAMILY = make_family(20, base_size=6_000_000, own_size=3_000_000)
STALL_AT = 1_300_000
WINDOW = ("--stall-timeout", "2s")


class CrioTest(unittest.TestCase):

    def setUp(self):
        self.registry = self.enterContext(BadRegistry(seed=17))
        self.crio = self.enterContext(FakeCrio(watched=True))

    def add(self, name, *layers):
        self.registry.add(f"team/{name}", "1.0", make_image(layers))
        return f"{address_of(self.registry)}/team/{name}:1.0"

    def check_pulled(self, run, attempts=1):
        """All were pulled, each in so many attempts; the status."""
        self.assertEqual(run.exit_code, 0, run.story())
        status = run.status()
        self.assertTrue(status["runtime"]["watch_connections"], run.story())
        self.assertEqual(
            {(image["state"], image["attempts"]) for image in status["images"]},
            {("Pulled", attempts)}, run.story())
        return status

    def test_a_third_of_the_connections_stalls_for_ever(self):
        names = add_family(self.registry, FAMILY)
        self.registry.stall(STALL_AT, fraction=1 / 3)

        run = self.crio.fetch(names, *WINDOW, seconds=300)

        status = self.check_pulled(run)
        self.assertGreaterEqual(status["ended_connections"],
                                len(self.registry.stalls) / 2)
        self.assertTrue(self.registry.stalls)
        self.assertLessEqual(
            self.registry.bytes_served() / unique_bytes(FAMILY), 1.05)

    def test_a_link_ten_times_slower_than_the_timeout(self):
        name = self.add("slow", make_layer("slow", 5_000_000))
        self.registry.bytes_per_second = 500_000

        run = self.crio.fetch([name], "--initial-pull-attempt-timeout", "1s",
                              "--stall-timeout", "1s", "--layer-order", "off")

        status = self.check_pulled(run)
        self.assertEqual(status["ended_connections"], 0)

    # Nothing moves for twice the attempt's timeout.
    def test_a_long_unpack_is_no_stall(self):
        self.crio.stop()
        with FakeCrio(watched=True, unpack_ms_per_mib=2_000) as crio:
            name = self.add("large", make_layer("large", 3_000_000))

            run = crio.fetch([name], "--initial-pull-attempt-timeout", "3s",
                             "--stall-timeout", "1s", "--layer-order", "off")

            self.check_pulled(run)

    def test_a_registry_without_range_is_ended_once(self):
        layer = make_layer("no ranges", 3_000_000)
        name = self.add("no-ranges", layer)
        self.registry.stall(STALL_AT, of=digest_of(layer.blob), times=1)
        self.registry.serves_ranges = False

        run = self.crio.fetch([name], *WINDOW)

        status = self.check_pulled(run, attempts=2)
        self.assertEqual(status["ended_connections"], 1)
        self.assertIn("did not process a Range", run.story())

    def test_an_old_version_would_not_go_on(self):
        with FakeCrio(watched=True, version="1.26.4") as crio:
            layer = make_layer("old", 3_000_000)
            name = self.add("old", layer)
            self.registry.stall(STALL_AT, of=digest_of(layer.blob), times=1)

            run = crio.fetch([name], *WINDOW,
                             "--initial-pull-attempt-timeout", "2s")

            status = self.check_pulled(run, attempts=2)
            self.assertEqual(status["ended_connections"], 0)
            self.assertIs(status["runtime"]["resume"], False)

    def test_off_is_as_before(self):
        layer = make_layer("off", 1_000_000)
        name = self.add("off", layer)

        run = self.crio.fetch([name], "--watch-connections", "off")

        self.assertEqual(run.exit_code, 0, run.story())
        runtime = run.status()["runtime"]
        self.assertFalse(runtime["watch_connections"])
        self.assertFalse(runtime["byte_progress"])
        self.assertEqual(runtime["resume"], "within a pull")


class CrioBytesTest(unittest.TestCase):
    """What is under way, without a look at the connections."""

    def setUp(self):
        self.registry = self.enterContext(
            BadRegistry(seed=17, bytes_per_second=1_000_000))
        self.crio = self.enterContext(FakeCrio())
        os.makedirs(os.path.join(self.crio.folder, "etc/crio"))
        with open(os.path.join(self.crio.folder, "etc/crio/crio.conf"), "w",
                  encoding="utf-8") as file:
            file.write('[crio.image]\nbig_files_temporary_dir = "/big-files"\n')

    def test_its_folders_show_the_bytes_of_the_run_and_of_the_image(self):
        image = make_image([make_layer("bytes", 5_000_000)])
        self.registry.add("team/bytes", "1.0", image)
        name = f"{address_of(self.registry)}/team/bytes:1.0"

        run = self.crio.start_fetch(
            [name], "--host-root", self.crio.folder,
            "--watch-connections", "off")
        run.wait_for_status(
            lambda status: 0 < status["bytes"]["done"] < image.size and
            0 < status["images"][0]["bytes_done"] < image.size, "half of it")
        run.wait(60)

        self.assertEqual(run.exit_code, 0, run.story())
        status = run.status()
        self.assertTrue(status["runtime"]["byte_progress"])
        self.assertEqual(status["runtime"]["resume"], "within a pull")
        self.assertEqual(status["bytes"],
                         {"done": image.size, "total": image.size})
        self.assertEqual(status["images"][0]["bytes_done"], image.size)


class ContainerdTest(RealNodeTest):

    def test_a_third_of_the_connections_stalls_for_ever(self):
        names = self.add_family(FAMILY)
        self.registry.stall(STALL_AT, fraction=1 / 3)

        run = self.lab.fetch(names, *WINDOW, seconds=300)

        status = self.check_pulled(run, names)
        self.assertTrue(self.registry.stalls)
        self.assertGreater(status["ended_connections"], 0)
        self.assertEqual({image["attempts"] for image in status["images"]}, {1})
        self.assertLessEqual(
            self.registry.bytes_served() / unique_bytes(FAMILY), 1.05)

    def test_a_stalled_layer_goes_on_within_its_pull(self):
        layer = make_layer("half", 64_000_000)
        half = len(layer.blob) // 2
        name = self.add("big", layer)
        self.registry.stall(half, of=digest_of(layer.blob), times=1)

        run = self.lab.fetch([name], *WINDOW)

        status = self.check_pulled(run, [name])
        self.assertEqual(status["images"][0]["attempts"], 1)
        # An idle one may have been ended with it: nothing else moved.
        self.assertGreaterEqual(status["ended_connections"], 1)
        self.check_continued(layer, half)


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
