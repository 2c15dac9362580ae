#!/usr/bin/env python3
"""Slow from stuck by what containerd lists, where its connections are not seen.

With prepull, containerd and a misbehaving registry.

It needs root and Debian's containerd, and only loopback.
"""

import os
import re
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import run_as_root  # noqa: E402
from lab.images import digest_of, make_family, make_layer  # noqa: E402
from lab.real_node import RealNodeTest  # noqa: E402

BLIND = ("--watch-connections", "off")
_STALLED = re.compile(
    r" warn retry image=[^/]+/(\S+):1.0 .*reason=Stalled .*"
    r'error="nothing arrived for (?:(\d+)m)?([\d.]+)s"')


class StallTest(RealNodeTest):

    def test_a_layer_that_stalls_at_half_is_cut_and_continued(self):
        layer = make_layer("half", 64_000_000)
        half = len(layer.blob) // 2
        name = self.add("big", layer)
        self.registry.stall(half, of=digest_of(layer.blob), times=1)

        run = self.lab.fetch([name], *BLIND, "--stall-timeout", "2s")

        status = self.check_pulled(run, [name])
        self.assertEqual(status["images"][0]["attempts"], 2)
        self.assertEqual(len(patience_by_repository(run)["big"]), 1)
        self.check_continued(layer, half)

    def test_a_third_of_the_connections_stalls_for_ever(self):
        images = make_family(20, base_size=3_000_000, own_size=500_000)
        names = self.add_family(images)
        unique = {digest_of(layer.blob): len(layer.blob)
                  for image in images for layer in image.layers}
        self.registry.stall(200_000, fraction=1 / 3)

        run = self.lab.fetch(names, *BLIND, "--stall-timeout", "2s",
                             seconds=300)

        self.check_pulled(run, names)
        self.assertLess(self.registry.bytes_served(),
                        1.15 * sum(unique.values()))
        self.check_patience(run)

    def test_a_link_ten_times_too_slow_for_the_attempt_timeout(self):
        layer = make_layer("slow", 10_500_000)
        name = self.add("slow", layer)
        self.registry.bytes_per_second = 1_000_000

        run = self.lab.fetch([name], *BLIND,
                             "--initial-pull-attempt-timeout", "1s")

        status = self.check_pulled(run, [name])
        (image,) = status["images"]
        self.assertEqual(image["attempts"], 1)
        self.assertGreater(image["duration_seconds"], 10)

    def test_without_a_stall_timeout_the_attempt_timeout_ends_it(self):
        layer = make_layer("off", 4_000_000)
        name = self.add("off", layer)
        self.registry.stall(2_000_000, of=digest_of(layer.blob), times=1)

        run = self.lab.fetch([name], *BLIND, "--stall-timeout", "0",
                             "--initial-pull-attempt-timeout", "2s")

        status = self.check_pulled(run, [name])
        self.assertFalse(status["runtime"]["byte_progress"])
        self.assertTrue(status["runtime"]["resume"])
        self.assertIn("reason=Timeout", run.story())
        self.check_continued(layer, 2_000_000)

    def check_patience(self, run):
        """No download rested longer than its window and two seconds."""
        self.assertTrue(self.registry.stalls)
        patience = patience_by_repository(run)
        for stall in self.registry.stalls:
            longest = max(patience[stall.repository], default=0)
            self.assertLessEqual(stall.seconds, longest + 2,
                                 f"{stall}\n{run.story()}")


class ProgressTest(RealNodeTest):

    def test_the_bytes_rise_to_the_total_and_count_a_shared_layer_once(self):
        shared = make_layer("shared", 5_000_000)
        own = [make_layer(f"own-{i}", 200_000) for i in (1, 2)]
        names = [self.add(f"app-{i}", shared, layer)
                 for i, layer in enumerate(own, 1)]
        self.registry.bytes_per_second = 1_000_000

        run = self.lab.start_fetch(names)
        seen = []
        while run.exit_code is None:
            run.wait_for_status(
                lambda status: run.exit_code is not None
                or status["bytes"] != (seen or [None])[-1], "news")
            seen.append(run.status()["bytes"])

        status = self.check_pulled(run, names)
        done = [count["done"] for count in seen]
        self.assertEqual(done, sorted(done))
        self.assertGreaterEqual(len(set(done)), 4)
        self.assertEqual(status["bytes"]["done"], status["bytes"]["total"])
        layers = [shared, *own]
        layer_bytes = sum(len(layer.blob) for layer in layers)
        config_bytes = status["bytes"]["total"] - layer_bytes
        self.assertTrue(0 < config_bytes < 5_000, status["bytes"])
        for image, layer in zip(status["images"], own):
            self.assertEqual(image["bytes_done"], image["bytes_total"])
            self.assertGreater(image["bytes_total"],
                               len(shared.blob) + len(layer.blob))


def patience_by_repository(run):
    """How long each stalled attempt was left alone, by repository."""
    found = {}
    for repository, minutes, seconds in _STALLED.findall(run.story()):
        found.setdefault(repository, []).append(
            60 * int(minutes or 0) + float(seconds))
    return found


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
