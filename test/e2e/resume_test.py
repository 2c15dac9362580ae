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

from lab import run_as_root  # noqa: E402
from lab.images import digest_of, make_family, make_layer  # noqa: E402
from lab.real_node import RealNodeTest  # noqa: E402


class ResumeTest(RealNodeTest):

    def test_an_attempt_that_timed_out_is_continued(self):
        layer = make_layer("timeout", 8_000_000)
        name = self.add("app", layer)
        self.registry.stall(4_000_000, of=digest_of(layer.blob), times=1)

        run = self.lab.fetch([name], "--initial-pull-attempt-timeout", "2s",
                             "--watch-connections", "off")

        status = self.check_pulled(run, [name])
        self.assertEqual(status["images"][0]["attempts"], 2)
        self.check_continued(layer, 4_000_000)

    def test_a_run_after_kill_9_continues_at_half(self):
        layer, half = big_layer()
        name = self.add("big", layer)
        self.registry.bytes_per_second = 32_000_000

        killed = self.lab.start_fetch([name])
        self.wait_until_served(half)
        killed.kill()
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

    def test_the_lease_of_a_killed_run_goes_as_soon_as_it_is_taken_over(self):
        layer = make_layer("twice", 16_000_000)
        name = self.add("app", layer)
        self.registry.bytes_per_second = 4_000_000

        for served in (4_000_000, 8_000_000):
            run = self.lab.start_fetch([name])
            self.wait_until_served(served)
            self.assertEqual(len(self.our_leases()), 1)
            run.kill()
        self.registry.bytes_per_second = None

        self.check_pulled(self.lab.fetch([name]), [name])
        self.assertLess(self.registry.bytes_served(), 1.1 * len(layer.blob))

    def test_a_run_that_ends_leaves_the_lease_of_one_that_is_alive(self):
        names = [self.add("app", make_layer("alive", 8_000_000)),
                 "bad.lab:5000/missing:1.0"]
        self.registry.bytes_per_second = 1_000_000
        alive = self.lab.start_fetch(names)
        self.wait_until_served(1_000_000)
        (lease,) = self.our_leases()

        given_up = self.lab.fetch(
            names, "--stall-timeout", "0", "--max-attempts", "1",
            "--initial-pull-attempt-timeout", "1s",
            "--max-pull-attempt-timeout", "1s")
        left = self.our_leases()
        self.registry.bytes_per_second = None
        alive.wait()

        self.assertEqual(given_up.exit_code, 1, given_up.story())
        self.assertEqual(left, [lease])
        self.assertEqual(alive.status()["pulled"], 1, alive.story())
        self.assertEqual(self.our_leases(), [])

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


def big_layer():
    """A layer of 64 MB, and half of its bytes."""
    layer = make_layer("big", 64_000_000)
    return layer, len(layer.blob) // 2


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
