#!/usr/bin/env python3
"""What the file of CRI-O's store says of its layers, and prepull makes of it.

On a fake CRI-O, which lists its layers as the real one does. No root, only
loopback.
"""

import dataclasses
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab.bad_registry import BadRegistry  # noqa: E402
from lab.crio import FakeCrio, address_of  # noqa: E402
from lab.images import digest_of, make_image, make_layer  # noqa: E402
from lab.process import wait_until  # noqa: E402

HUGE = (1 << 44) - (1 << 30)  # the most that prepull believes


class CommittedLayersTest(unittest.TestCase):

    def setUp(self):
        self.registry = self.enterContext(BadRegistry(seed=3))
        self.crio = self.enterContext(FakeCrio())
        self.base = make_layer("base", 300_000)

    def add(self, name, *layers, huge=None):
        """Adds an image whose manifest says that the layer `huge` is huge."""
        image = make_image(layers)
        if huge is not None:
            size, lie = (f'"size":{size}}}'.encode()
                         for size in (len(huge.blob), HUGE))
            assert image.manifest.count(size) == 1
            image = dataclasses.replace(
                image, manifest=image.manifest.replace(size, lie))
        self.registry.add(f"team/{name}", "1.0", image)
        return f"{address_of(self.registry)}/team/{name}:1.0"

    def has(self, name):
        return name in self.crio.cri.list_images()

    def served_of(self, layer):
        return self.registry.bytes_served(digest_of(layer.blob))

    def test_starts_the_others_while_the_first_pull_still_runs(self):
        own = [make_layer(f"own {i}", 10_000 + i) for i in range(4)]
        names = [self.add(f"app-{i}", self.base, own[i]) for i in range(4)]
        self.registry.stall(5_000, of=digest_of(own[0].blob))

        run = self.crio.start_fetch(names, "--layer-order", "auto")

        wait_until(lambda: all(map(self.has, names[1:])), 30, "the others")
        self.assertFalse(self.has(names[0]))
        self.assertEqual(self.served_of(self.base), len(self.base.blob))
        run.interrupt()

    def test_counts_no_layer_that_a_failed_pull_has_left(self):
        own = [make_layer(f"own {i}", 10_000 + i) for i in range(2)]
        self.registry.refuse(503, of=digest_of(own[0].blob))
        failed = self.crio.fetch([self.add("first", self.base, own[0])],
                                 "--max-attempts", "1")
        self.assertEqual(failed.exit_code, 1, failed.story())
        self.assertEqual(self.crio.cri.list_images(), [])

        run = self.crio.fetch(
            [self.add("second", self.base, own[1], huge=self.base)])

        self.assertEqual(run.exit_code, 0, run.story())
        self.assertEqual(self.served_of(self.base), len(self.base.blob))

    def test_ends_a_list_that_does_not_fit_whatever_else_the_node_has(self):
        there, wanted = (make_layer(f"huge {i}", 10_000 + i) for i in range(2))
        self.crio.cri.pull_image(self.add("there", there, huge=there))

        run = self.crio.fetch(
            [self.add("wanted", self.base, wanted, huge=wanted)])

        self.assertEqual(run.exit_code, 5, run.story())
        self.assertIn("the list needs about 18TB", run.status()["message"])
        self.assertEqual(self.served_of(self.base), 0)

    def test_does_without_a_file_that_is_not_what_it_should_be(self):
        path = self.crio.layers_path
        for what, put, warns in (
                ("text", lambda: write(path, "<html>"), True),
                ("no list", lambda: write(path, '{"layers":[]}'), True),
                ("huge", lambda: write_huge(path), True),
                ("link", lambda: os.symlink("/dev/zero", path), True),
                ("pipe", lambda: os.mkfifo(path), True),
                ("folder", lambda: os.mkdir(path), True),
                ("empty", lambda: write(path, ""), False),
                ("no store", lambda: os.rmdir(os.path.dirname(path)), False)):
            with self.subTest(what):
                self.crio.start_empty()
                put()
                names = [self.add(f"app-{i}", self.base,
                                  make_layer(f"{what} {i}", 10_000))
                         for i in range(3)]
                before = self.served_of(self.base)

                run = self.crio.fetch(names)

                self.assertEqual(run.exit_code, 0, run.story())
                self.assertEqual(
                    run.log().count("committed layers are not known"),
                    int(warns), run.log())
                self.assertEqual(self.served_of(self.base) - before,
                                 len(self.base.blob))


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write_huge(path):
    write(path, "[")
    os.truncate(path, 1 << 40)


if __name__ == "__main__":
    unittest.main(verbosity=2)
