#!/usr/bin/env python3
"""Images that are on the node and no good: found, remembered and replaced.

A failed unpack leaves nothing of a new image on containerd, but of one that
was there under this name before, something is listed that is not what the list
means. It needs root and Debian's containerd, and only loopback.
"""

import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import run_as_root  # noqa: E402
from lab.images import (  # noqa: E402
    Layer, make_broken_layer, make_image, make_layer)
from lab.real_node import RealNodeTest  # noqa: E402

OLD, GOOD = (make_image([make_layer(seed, 200_000)]) for seed in "og")
NO_TAR = make_image([make_layer("base", 50_000),
                     make_broken_layer("no tar", 50_000)])


class RepairTest(RealNodeTest):

    # What a failed unpack leaves.

    def test_a_layer_that_is_no_tar_fails_its_image(self):
        self.check_unpack_fails(NO_TAR)

    def test_a_layer_whose_gzip_ends_too_early_fails_its_image(self):
        whole = make_layer("cut", 200_000)

        self.check_unpack_fails(
            make_image([Layer(whole.blob[:-50_000], whole.diff_id)]))

    def test_a_present_image_whose_update_does_not_unpack_is_repaired(self):
        name = self.add_image("app", OLD)
        self.lab.fetch([name])
        self.add_image("app", NO_TAR)
        failed = self.lab.fetch([f"{name} policy=Always"])
        left = failed.status()
        self.add_image("app", GOOD)

        repaired = self.lab.fetch([name], after=failed)

        self.assertEqual(left["not_usable"], [name])
        self.assertEqual(outcome(left), ("Failed", "NotUsable", 3))
        self.assertEqual(left["exit_code"], 1)
        status = self.check_pulled(repaired, [name])
        self.assertEqual(status["not_usable"], [])
        self.check_shows(name, GOOD)

    def test_what_is_not_repaired_yet_stays_remembered(self):
        name = self.add_image("app", OLD)
        other = self.add_image("other", GOOD)
        self.lab.fetch([name])
        self.add_image("app", NO_TAR)
        failed = self.lab.fetch([f"{name} policy=Always"])

        between = self.lab.fetch([other], after=failed).status()
        self.add_image("app", GOOD)
        repaired = self.lab.fetch([name], after=failed)

        self.assertEqual(between["not_usable"], [name])
        self.check_pulled(repaired, [name])
        self.check_shows(name, GOOD)

    # Repair.

    def test_an_image_that_a_status_file_calls_unusable_is_replaced(self):
        name = self.add_image("app", GOOD)
        run = self.lab.fetch([name])
        self.write_status(run, run.status() | {"not_usable": [name]})

        status = self.check_pulled(self.lab.fetch([name], after=run), [name])

        self.assertEqual(status["not_usable"], [])
        self.check_came_twice(GOOD)

    def test_without_that_word_it_is_skipped(self):
        name = self.add_image("app", GOOD)
        run = self.lab.fetch([name])

        status = self.lab.fetch([name], after=run).status()

        self.assertEqual(outcome(status), ("Skipped", "", 0))

    def test_repull_present_removes_the_image_and_pulls_it_anew(self):
        name = self.add_image("app", GOOD)
        self.lab.fetch([name])

        run = self.lab.fetch([name], "--repull-present")

        self.check_pulled(run, [name])
        self.check_came_twice(GOOD)

    def test_repull_present_pulls_each_name_of_the_image(self):
        names = [self.add_image(name, GOOD) for name in ("one", "two")]
        self.lab.fetch(names)

        run = self.lab.fetch(names, "--repull-present")

        self.check_pulled(run, names)

    def test_an_unlisted_name_of_a_replaced_image_goes_with_it(self):
        names = [self.add_image(name, GOOD) for name in ("one", "two")]
        self.lab.fetch(names)

        run = self.lab.fetch(names[:1], "--repull-present")

        self.check_pulled(run, names[:1])
        self.assertNotIn(names[1], self.lab.containerd.image_names())

    # What holds in these tests.

    def check_unpack_fails(self, image):
        """It fails, is remembered if it is listed, and can be repaired."""
        name = self.add_image("app", image)
        failed = self.lab.fetch([name])
        is_listed = name in self.lab.containerd.image_names()
        status = failed.status()
        self.add_image("app", GOOD)

        repaired = self.lab.fetch([name], after=failed)

        self.assertEqual(status["exit_code"], 1)
        self.assertEqual(outcome(status), ("Failed", "NotUsable", 3))
        self.assertEqual(status["not_usable"], [name] if is_listed else [])
        self.check_pulled(repaired, [name])
        self.check_shows(name, GOOD)

    def check_shows(self, name, image):
        found = {row[0]: row[2] for row in self.ctr("images", "ls")}
        self.assertEqual(found[name], image.digest)

    def check_came_twice(self, image):
        self.assertEqual(self.registry.bytes_served(), 2 * image.size)

    def write_status(self, run, status):
        with open(run.status_path, "w", encoding="utf-8") as file:
            json.dump(status, file)


def outcome(status):
    (image,) = status["images"]
    return image["state"], image["reason"], image["attempts"]


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
