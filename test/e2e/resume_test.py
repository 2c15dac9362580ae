#!/usr/bin/env python3
"""Never lose a byte: prepull, containerd and a misbehaving registry.

The registry of these tests serves from memory, misbehaves as told and counts
what it served; containerd's own client (ctr) tells which leases, labels and
contents are left. It needs root and Debian's containerd, and only loopback.
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import Lab, run_as_root, run_prepull  # noqa: E402
from lab.bad_registry import BadRegistry  # noqa: E402
from lab.images import (  # noqa: E402
    digest_of, make_family, make_image, make_layer)
from lab.process import wait_until  # noqa: E402

REGISTRY = "bad.lab:5000"


class RealNodeTest(unittest.TestCase):
    """A node, and a registry that behaves until a test says otherwise."""

    def setUp(self):
        self.registry = self.enterContext(BadRegistry(seed=3))
        self.lab = self.enterContext(Lab())
        self.lab.containerd.route(REGISTRY, self.registry.port)

    def add(self, repository, *layers):
        return self.add_image(repository, make_image(layers))

    def add_image(self, repository, image):
        self.registry.add(repository, "1.0", image)
        return f"{REGISTRY}/{repository}:1.0"

    def add_family(self, images):
        return [self.add_image(f"team/app-{i}", image)
                for i, image in enumerate(images, 1)]

    def wait_until_served(self, size):
        wait_until(lambda: self.registry.bytes_served() >= size, 30,
                   f"{size} bytes")

    def ctr(self, *words):
        """What ctr prints, a list of words for each line but the first."""
        lines = self.lab.containerd.ctr(*words).splitlines()
        return [line.split() for line in lines[1:]]

    def our_leases(self):
        return [line[0] for line in self.ctr("leases", "ls")
                if line and line[0].startswith("prepull-")]

    def collect_garbage(self):
        """Deletes a lease and waits until what only it held is gone."""
        self.ctr("leases", "create", "--id", "lab-dummy")
        self.ctr("leases", "rm", "--sync", "lab-dummy")

    def check_pulled(self, run, names):
        """The run pulled all, kept no lease, and what it pulled is safe."""
        self.assertEqual(run.exit_code, 0, run.story())
        status = run.status()
        self.assertEqual({image["image"]: image["state"]
                          for image in status["images"]},
                         dict.fromkeys(names, "Pulled"))
        self.assertEqual(self.our_leases(), [])
        self.check_whole(names)
        return status

    def check_whole(self, names):
        """Every blob of every image outlives a garbage collection."""
        self.collect_garbage()
        found = {line[0]: line[3] for line in self.ctr("images", "check")
                 if line}
        self.assertEqual({name: found.get(name) for name in names},
                         dict.fromkeys(names, "complete"))


class ResumeTest(RealNodeTest):

    def test_an_attempt_that_timed_out_is_continued(self):
        layer = make_layer("timeout", 8_000_000)
        name = self.add("app", layer)
        self.registry.stall(4_000_000, of=digest_of(layer.blob), times=1)

        run = self.lab.fetch([name], "--initial-pull-attempt-timeout", "2s")

        status = self.check_pulled(run, [name])
        self.assertEqual(status["images"][0]["attempts"], 2)
        self.check_continued(layer, 4_000_000)

    def test_a_run_after_kill_9_continues_at_half(self):
        layer, half = big_layer()
        name = self.add("big", layer)
        self.registry.bytes_per_second = 32_000_000

        killed = self.lab.start_fetch([name])
        self.wait_until_served(half)
        kill(killed)
        run = self.lab.fetch([name])

        status = self.check_pulled(run, [name])
        self.assertEqual(status["images"][0]["attempts"], 1)
        self.check_continued(layer, half)

    def test_a_run_after_a_sigterm_continues_and_takes_the_lease_away(self):
        layer = make_layer("sigterm", 8_000_000)
        name = self.add("app", layer)
        self.registry.bytes_per_second = 4_000_000

        interrupted = self.lab.start_fetch([name])
        self.wait_until_served(4_000_000)
        interrupted.interrupt()
        kept = self.our_leases()
        self.registry.bytes_per_second = None
        run = self.lab.fetch([name])

        self.assertEqual(interrupted.exit_code, 3, interrupted.story())
        self.assertEqual(len(kept), 1)
        self.check_pulled(run, [name])
        self.check_continued(layer, 4_000_000)

    def test_an_attempt_that_was_reset_is_continued(self):
        layer = make_layer("reset", 4_000_000)
        name = self.add("app", layer)
        self.registry.reset(3_000_000, of=digest_of(layer.blob), times=1)

        run = self.lab.fetch([name])

        self.check_pulled(run, [name])
        self.check_continued(layer, 3_000_000)

    def test_two_runs_of_one_list_at_the_same_time_both_end_well(self):
        names = self.add_family(
            make_family(6, base_size=3_000_000, own_size=500_000))
        self.registry.bytes_per_second = 500_000

        first = self.lab.start_fetch(names)
        self.wait_until_served(500_000)
        second = self.lab.start_fetch(names[::-1])
        second.wait_for_status(
            lambda status: any(image["state"] == "Pulling"
                               for image in status["images"]), "a pull")
        self.registry.bytes_per_second = None
        first.wait()
        second.wait()

        self.check_pulled(first, names)
        self.check_pulled(second, names)

    # What holds for a pull that was cut.

    def check_continued(self, layer, cut_at):
        """The cut layer went on by one Range; nothing was served twice."""
        digest = digest_of(layer.blob)
        (offset,) = self.registry.range_offsets(digest)
        self.assertGreaterEqual(offset, 0.9 * cut_at)
        self.assertLess(self.registry.bytes_served(), 1.1 * len(layer.blob))


def big_layer():
    """A layer of 64 MB, and half of its bytes."""
    layer = make_layer("big", 64_000_000)
    return layer, len(layer.blob) // 2


def kill(run):
    """Ends prepull by kill -9: it gets no chance to tidy up."""
    # pylint: disable=protected-access
    run._child.kill()
    run._child.wait()


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
