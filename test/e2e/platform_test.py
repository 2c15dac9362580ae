#!/usr/bin/env python3
"""Images that were built for another platform than this node's.

A registry may serve a manifest for arm64 under a plain tag; containerd pulls
it on amd64 without a word. It needs root and Debian's containerd, and only
loopback.
"""

import os
import platform
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import run_as_root  # noqa: E402
from lab.images import make_image, make_layer  # noqa: E402
from lab.real_node import RealNodeTest  # noqa: E402

OURS = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
FOREIGN = "s390x"
WARNING = f"built for linux/{FOREIGN}; this node is linux/{OURS}"


class PlatformTest(RealNodeTest):

    def test_a_bare_manifest_for_another_platform_is_pulled_with_a_warning(self):
        ours = self.add_built_for(OURS)
        foreign = self.add_built_for(FOREIGN)

        run = self.lab.fetch([ours, foreign])

        status = self.check_pulled(run, [ours, foreign])
        self.assertEqual([(image["platform"], image["message"])
                          for image in status["images"]],
                         [(f"linux/{OURS}", ""),
                          (f"linux/{FOREIGN}", WARNING)])
        self.assertIn(WARNING, run.log())
        self.assertNotIn(ours, "".join(
            line for line in run.log().splitlines() if WARNING in line))

    def test_what_was_there_before_is_not_asked_about(self):
        foreign = self.add_built_for(FOREIGN)
        self.check_pulled(self.lab.fetch([foreign]), [foreign])

        again = self.lab.fetch([foreign])

        self.assertEqual(again.exit_code, 0, again.story())
        self.assertIsNone(again.status()["images"][0]["platform"])
        self.assertNotIn(WARNING, again.log())

    def add_built_for(self, architecture):
        return self.add_image(
            f"team/{architecture}",
            make_image([make_layer(architecture, 50_000)],
                       architecture=architecture))


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
