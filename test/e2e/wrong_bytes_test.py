#!/usr/bin/env python3
"""Wrong bytes are not kept: prepull, containerd and a registry behind a proxy.

What a pull downloaded outlives its failure, and containerd would go on behind
it. So what is wrong has to go: before the next attempt, and at every end of a
run. It needs root and Debian's containerd, and only loopback.
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import run_as_root  # noqa: E402
from lab.content_writer import ContentWriter  # noqa: E402
from lab.images import digest_of, make_image, make_layer  # noqa: E402
from lab.process import wait_until  # noqa: E402
from lab.real_node import RealNodeTest  # noqa: E402

PAGE = b"<html>Sorry, we are down for maintenance</html>"
# Longer than what could be told from a good part of a layer.
LONG_PAGE = PAGE + 2_000_000 * b"."


class WrongBytesTest(RealNodeTest):

    def setUp(self):
        super().setUp()
        self.layer = make_layer("wrong bytes", 500_000)
        self.digest = digest_of(self.layer.blob)
        self.image = make_image([self.layer])
        self.name = self.add_image("app", self.image)

    def test_a_layer_that_was_damaged_once_is_fetched_again(self):
        self.registry.corrupt(300_000, of=self.digest, times=1)

        run = self.lab.fetch([self.name])

        self.check_fetched_anew(run, self.digest)

    def test_a_page_instead_of_a_layer_is_thrown_away(self):
        self.registry.replace(PAGE, of=self.digest, times=1)

        run = self.lab.fetch([self.name])

        self.check_fetched_anew(run, self.digest)

    def test_a_page_longer_than_the_layer_is_thrown_away(self):
        self.registry.replace(PAGE + 600_000 * b".", of=self.digest, times=1)

        run = self.lab.fetch([self.name])

        self.check_fetched_anew(run, self.digest)

    def test_a_page_instead_of_the_config_is_thrown_away(self):
        config = digest_of(self.image.config)
        self.registry.replace(PAGE, of=config, times=1)

        run = self.lab.fetch([self.name])

        self.check_fetched_anew(run, config)

    def test_a_page_instead_of_the_manifest_is_thrown_away(self):
        self.registry.replace(PAGE, of=self.image.digest, times=1)

        run = self.lab.fetch([self.name])

        self.check_fetched_anew(run, self.image.digest)

    def test_what_a_killed_run_left_is_thrown_away_by_the_next(self):
        layer = make_layer("killed", 4_000_000)
        name = self.add("killed", layer)
        digest = digest_of(layer.blob)
        self.registry.corrupt(100_000, of=digest)
        self.registry.bytes_per_second = 2_000_000
        killed = self.lab.start_fetch([name])
        self.wait_until_served(2_500_000)
        killed.kill()
        self.registry.behave()
        self.registry.bytes_per_second = None

        run = self.lab.fetch([name])

        self.check_pulled(run, [name])
        self.assertEqual(self.offsets(digest)[-1], None)

    def test_a_run_that_gives_up_leaves_nothing_wrong_behind(self):
        self.registry.corrupt(300_000, of=self.digest)

        run = self.lab.fetch([self.name], "--max-attempts", "2")

        self.assertEqual(run.exit_code, 1, run.story())
        self.check_the_kubelet_can_pull()

    def test_a_run_that_is_stopped_leaves_nothing_wrong_behind(self):
        self.registry.replace(PAGE, of=self.digest)

        run = self.lab.start_fetch([self.name])
        run.wait_for_status(
            lambda status: any(image["message"] for image in status["images"]),
            "a failed attempt")
        run.interrupt()

        self.assertEqual(run.exit_code, 3, run.story())
        self.check_the_kubelet_can_pull()

    def test_a_run_that_is_out_of_time_leaves_nothing_wrong_behind(self):
        self.registry.replace(PAGE, of=self.digest)

        run = self.lab.fetch([self.name], "--overall-timeout", "4s")

        self.assertEqual(run.exit_code, 3, run.story())
        self.check_the_kubelet_can_pull()

    def test_a_long_page_is_gone_when_a_run_is_out_of_time(self):
        name = self.add_with_a_long_page("late")

        run = self.lab.fetch([name], "--overall-timeout", "4s")

        self.assertEqual(run.exit_code, 3, run.story())
        self.check_the_kubelet_can_pull(name)

    def test_a_long_page_is_gone_when_a_run_is_stopped(self):
        name = self.add_with_a_long_page("stopped")

        run = self.lab.start_fetch([name])
        run.wait_for_status(
            lambda status: any(image["message"] for image in status["images"]),
            "a failed attempt")
        run.interrupt()

        self.assertEqual(run.exit_code, 3, run.story())
        self.check_the_kubelet_can_pull(name)

    def test_a_long_page_costs_no_good_part_of_another_layer(self):
        kept = make_layer("kept", 6_000_000)
        paged = make_layer("paged", 4_000_000)
        name = self.add("half", kept, paged)
        self.registry.bytes_per_second = 2_000_000
        killed = self.lab.start_fetch([name])
        self.wait_until_served(3_500_000)
        killed.kill()
        before = self.downloads()
        self.registry.bytes_per_second = None
        self.registry.stall(0, of=digest_of(kept.blob))
        self.registry.replace(LONG_PAGE, of=digest_of(paged.blob))

        run = self.lab.fetch([name], "--overall-timeout", "4s")

        self.assertEqual(run.exit_code, 3, run.story())
        ref = "layer-" + digest_of(kept.blob)
        self.assertEqual(self.downloads(), {ref: before[ref]})

    def test_what_another_client_writes_is_left_alone(self):
        other = make_layer("other", 500_000)
        name = self.add("both", self.layer, other)
        ref = "layer-" + digest_of(other.blob)
        self.registry.replace(PAGE, of=self.digest, times=1)

        with ContentWriter(self.lab.containerd.socket_path, ref,
                           b"a first part"):
            run = self.lab.start_fetch([name])
            wait_until(lambda: "still there" in run.log(), 30,
                       "prepull to find it being written")
            downloads = self.downloads()
        run.wait()

        self.assertEqual(downloads.get(ref), "12B")
        self.check_pulled(run, [name])

    def check_fetched_anew(self, run, digest):
        """All was pulled, and nobody asked for a part of what was wrong."""
        self.check_pulled(run, [self.name])
        self.assertEqual(self.offsets(digest), [None, None])
        self.assertEqual(self.downloads(), {})

    def add_with_a_long_page(self, repository):
        layer = make_layer(repository, 4_000_000)
        self.registry.replace(LONG_PAGE, of=digest_of(layer.blob))
        return self.add(repository, layer)

    def check_the_kubelet_can_pull(self, name=None):
        self.assertEqual(self.downloads(), {})
        self.registry.behave()
        self.lab.containerd.cri.pull_image(name or self.name)

    def offsets(self, digest):
        """Where each GET for this digest began."""
        return [request.offset for request in self.registry.requests
                if request.method == "GET" and request.reference == digest]

    def downloads(self):
        """The sizes of all open downloads of images by their names."""
        return {line[0]: line[1] for line in self.ctr("content", "active")
                if line and "-sha256:" in line[0]}


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
