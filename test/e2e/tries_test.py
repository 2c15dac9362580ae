#!/usr/bin/env python3
"""How often what fails is tried, and what is said of it.

The runtime's own words decide, so this needs real ones: root and Debian's
containerd (or another by PREPULL_CONTAINERD), and only loopback.
"""

import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import run_as_root, run_prepull  # noqa: E402
from lab.images import (  # noqa: E402
    Image, Layer, make_broken_layer, make_image, make_layer)
from lab.real_node import RealNodeTest  # noqa: E402

GOOD = make_layer("good", 50_000)
OTHER = make_layer("other", 50_000)
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
NEVER_UNPACK = {
    "no-tar": make_image([make_broken_layer("no tar", 50_000)]),
    "no-gzip": make_image([Layer(b"no gzip" * 1000, OTHER.diff_id)]),
    "cut-gzip": make_image([Layer(GOOD.blob[:-20_000], GOOD.diff_id)]),
    "wrong-diff-id": make_image([Layer(GOOD.blob, OTHER.diff_id)]),
    "encrypted": make_image([Layer(GOOD.blob, GOOD.diff_id,
                                   "gzip+encrypted")]),
    "schema-1": Image(json.dumps({
        "schemaVersion": 1, "name": "schema-1", "tag": "1.0",
        "architecture": "amd64", "fsLayers": [], "history": [],
        "signatures": []}).encode(), SCHEMA_1, b"", ()),
}


class TriesTest(RealNodeTest):

    def test_an_image_that_never_unpacks_fails_after_three_tries(self):
        names = [self.add_image(repository, image)
                 for repository, image in NEVER_UNPACK.items()]

        run = self.lab.fetch(names)

        status = run.status()
        self.assertEqual(run.exit_code, 1, run.story())
        self.assertEqual(
            {image["image"]: (image["state"], image["reason"])
             for image in status["images"]},
            dict.fromkeys(names, ("Failed", "NotUsable")), run.story())
        # Some versions say of schema 1 that they never take it.
        tries = [image["attempts"] for image in status["images"]]
        self.assertEqual(tries[:-1], [3] * (len(names) - 1), run.story())
        self.assertLessEqual(tries[-1], 3)
        self.assertEqual(status["not_usable"], [])

    def test_every_report_of_an_image_gives_the_same_reason(self):
        name = self.add_image("no-tar", NEVER_UNPACK["no-tar"])
        last_words = os.path.join(self.lab.folder, "termination-log")
        with open(last_words, "w", encoding="utf-8"):
            pass

        run = self.lab.fetch([name], "--termination-log", last_words)
        as_json = self.lab.fetch([name], "-o", "json")

        table = run_prepull(["status", "--status-file", run.status_path])
        with open(last_words, encoding="utf-8") as file:
            reports = [run.output(), table.stdout, file.read()]
        for report in reports:
            self.assertIn("NotUsable", report)
            self.assertNotIn("Unknown", report)
        self.assertEqual(
            [document["images"][0]["reason"]
             for document in (run.status(), json.loads(as_json.output()))],
            ["NotUsable"] * 2)

    def test_a_page_for_everything_is_waited_out(self):
        self.check_page_is_waited_out("/v2/")

    def test_a_page_for_the_manifest_is_waited_out(self):
        self.check_page_is_waited_out("/manifests/")

    def test_a_page_is_no_missing_tag(self):
        name = self.add("app", GOOD)
        for of in ("/v2/", "/manifests/"):
            with self.subTest(of):
                self.registry.behave()
                self.registry.page(of=of)

                run = self.lab.fetch([name], "--max-attempts", "2")

                (image,) = run.status()["images"]
                self.assertEqual(run.exit_code, 1, run.story())
                self.assertEqual(
                    (image["state"], image["reason"], image["attempts"]),
                    ("Failed", "RegistryUnavailable", 2), run.story())

    def test_a_rate_limit_beyond_the_deadline_ends_the_run_at_once(self):
        names = [self.add("app", GOOD), self.add("other", OTHER)]
        self.registry.refuse(429, of="/manifests/")

        # A registry that says no more is left alone for half a minute.
        run = self.lab.fetch(names, "--overall-timeout", "25s", seconds=15)

        self.assertEqual(run.exit_code, 3, run.story())
        self.assertEqual([(image["state"], image["reason"])
                          for image in run.status()["images"]],
                         [("Stopped", "RateLimited")] * 2)
        self.assertIn("until after the deadline", run.output())
        self.assertIn("no time for another try with 2 images to go",
                      run.log())

    def check_page_is_waited_out(self, of):
        name = self.add("app", GOOD)
        self.registry.page(of=of)

        run = self.lab.start_fetch([name])
        run.wait_for_status(
            lambda status: status["images"]
            and status["images"][0]["attempts"] > 1, "a second try")
        self.registry.behave()
        run.wait()

        self.check_pulled(run, [name])


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
