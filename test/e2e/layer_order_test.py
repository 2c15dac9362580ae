#!/usr/bin/env python3
"""No layer twice: what a list costs on the wire, on a fake CRI-O.

CRI-O shares no layer that is on its way, so two pulls that need the same one
fetch it twice. The registry counts what it sends; it sends it slowly, so that
pulls that are running are running at the same time. No root, only loopback.
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab.bad_registry import BadRegistry  # noqa: E402
from lab.crio import (  # noqa: E402
    FakeCrio, add_family, make_thin_link_family)
from lab.images import unique_bytes  # noqa: E402

# Each of 1.9 MB in 7 layers, 11 MB unique.
IMAGES = make_thin_link_family(scale=20, base_layers=5)
BYTES_PER_SECOND = 1_000_000  # of a connection
# How the User-Agents of prepull's own requests begin, and of the runtime's.
OWN, RUNTIME = "prepull", "cri-o/"


class LayerOrderTest(unittest.TestCase):

    def setUp(self):
        self.registry = self.enterContext(
            BadRegistry(seed=11, bytes_per_second=BYTES_PER_SECOND))
        self.crio = self.enterContext(FakeCrio())
        self.names = add_family(self.registry, IMAGES)

    def test_fetches_no_layer_twice(self):
        self.assertLessEqual(self.bytes_of_fetch(), 1.02)

    def test_fetches_few_twice_where_it_may_not_read_manifests(self):
        self.registry.refuse(403, of="/manifests/", agent=OWN)

        self.assertLessEqual(self.bytes_of_fetch(), 1.25)

    def test_asks_for_no_manifest_when_the_order_is_off(self):
        ratio = self.bytes_of_fetch("--layer-order", "off", "-j", "10")

        self.assertGreater(ratio, 1.25)
        self.assertEqual(
            [request for request in self.registry.requests
             if not request.agent.startswith(RUNTIME)], [])

    def bytes_of_fetch(self, *flags):
        """What a fetch of all costs in terms of the unique bytes."""
        # An attempt that a busy machine makes late must not be cut: all that it
        # has fetched would be fetched again.
        run = self.crio.fetch(
            self.names, "--initial-pull-attempt-timeout", "2m", *flags,
            seconds=120)
        self.assertEqual(run.exit_code, 0, run.story())
        return self.registry.bytes_served() / unique_bytes(IMAGES)


if __name__ == "__main__":
    unittest.main(verbosity=2)
