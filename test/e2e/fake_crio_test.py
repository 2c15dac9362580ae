#!/usr/bin/env python3
"""Checks that the fake CRI-O fetches, resumes, shares and forgets as CRI-O does.

What the tests of the layer order conclude from the registry's counts is worth
as much as these. They need no root, and only loopback.
"""

import json
import os
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab.bad_registry import BadRegistry  # noqa: E402
from lab.cri_client import CallFailed  # noqa: E402
from lab.crio import FakeCrio, add_family, address_of  # noqa: E402
from lab.images import (  # noqa: E402
    digest_of, make_family, make_image, make_index, make_layer, unique_bytes)
from lab.process import wait_until  # noqa: E402

MIB = 1 << 20


class FakeCrioTest(unittest.TestCase):

    def setUp(self):
        self.registry = self.enterContext(BadRegistry(seed=5))
        self.crio = self.enterContext(FakeCrio())

    def add(self, name, *layers):
        return self.add_image(name, make_image(layers))

    def add_image(self, name, image):
        self.registry.add(f"team/{name}", "1.0", image)
        return f"{address_of(self.registry)}/team/{name}:1.0"

    def gets_of(self, layer):
        digest = digest_of(layer.blob)
        return [request.offset for request in list(self.registry.requests)
                if request.reference == digest]

    def served_of(self, layer):
        return self.registry.bytes_served(digest_of(layer.blob))

    def wait_for_gets(self, layer, count):
        wait_until(lambda: len(self.gets_of(layer)) == count, 20, "its GETs")

    def wait_until_idle(self):
        wait_until(lambda: not self.crio.big_files_folders(), 20,
                   "the end of all pulls")

    # What is fetched.

    def test_pulls_an_image_once_and_lists_it(self):
        layers = [make_layer(f"once {i}", 50_000) for i in range(3)]
        name = self.add("once", *layers)

        self.crio.cri.pull_image(name)
        self.crio.cri.pull_image(name)

        image = make_image(layers)
        self.assertEqual(
            self.crio.cri.list_images(),
            [name, f"{name.removesuffix(':1.0')}@{image.digest}"])
        self.assertEqual([self.gets_of(layer) for layer in layers], 3 * [[None]])
        self.assertEqual(self.crio.cri.image_bytes(),
                         sum(len(layer.blob) for layer in layers))
        self.assertEqual(self.crio.big_files_folders(), [])

    def test_pulls_the_image_of_its_platform(self):
        images = {architecture: make_image(
            [make_layer(architecture, 50_000)], architecture=architecture)
            for architecture in ("amd64", "arm64")}
        for image in images.values():
            self.add_image("index", image)
        name = self.add_image("index", make_index(images))

        self.crio.cri.pull_image(name)

        self.assertEqual(self.registry.bytes_served(), images["amd64"].size)

    def test_removes_an_image_with_the_layers_that_no_other_has(self):
        base, own, other = (make_layer(f"remove {i}", 50_000)
                            for i in range(3))
        name = self.add("one", base, own)
        left = self.add("two", base, other)
        for image in (name, left):
            self.crio.cri.pull_image(image)

        self.crio.cri.remove_image(name)
        self.crio.cri.pull_image(name)

        self.assertEqual((len(self.gets_of(base)), len(self.gets_of(own))),
                         (1, 2))

    def test_fetches_six_layers_of_an_image_at_once(self):
        layers = [make_layer(f"six {i}", 50_000) for i in range(8)]
        for layer in layers:
            self.registry.stall(10_000, of=digest_of(layer.blob))
        pull = self.crio.cri.start_pull(self.add("six", *layers))
        wait_until(lambda: self.registry.bytes_served() > 60_000, 20, "six")

        pull.cancel()

        wait_until(lambda: len(self.registry.stalls) == 6, 20, "their ends")
        self.assertEqual([len(self.gets_of(layer)) for layer in layers],
                         6 * [1] + 2 * [0])

    def test_fetches_each_layer_into_a_file_of_the_pulls_own_folder(self):
        layers = [make_layer(f"file {i}", 200_000) for i in range(2)]
        for layer in layers:
            self.registry.stall(100_000, of=digest_of(layer.blob))
        pull = self.crio.cri.start_pull(self.add("files", *layers))

        wait_until(lambda: len(self.big_files()) == 2, 20, "two files")
        (folder,) = self.crio.big_files_folders()
        pull.cancel()

        self.assertTrue(folder.startswith("container_images_storage"))
        self.wait_until_idle()

    def big_files(self):
        """The names of all files of all pulls."""
        return [name for _, _, names in os.walk(self.crio.big_files)
                for name in names]

    def test_takes_its_time_to_unpack_before_it_commits(self):
        layer = make_layer("unpack", MIB)
        name = self.add("unpack", layer)
        slow = self.enterContext(FakeCrio(unpack_ms_per_mib=1000))
        start = time.monotonic()

        slow.cri.pull_image(name)

        self.assertGreater(time.monotonic() - start, len(layer.blob) / MIB)
        self.assertEqual(slow.cri.image_bytes(), len(layer.blob))

    # What it lists.

    def test_lists_layers_as_they_are_committed(self):
        below, stalled = (make_layer(f"list {i}", 100_000) for i in range(2))
        self.registry.stall(50_000, of=digest_of(stalled.blob), times=1)
        name = self.add("list", below, stalled)
        pull = self.crio.cri.start_pull(name)

        wait_until(lambda: self.listed(self.crio) ==
                   {digest_of(below.blob): False}, 20, "the first one")
        pull.cancel()
        self.wait_until_idle()
        self.crio.cri.pull_image(name)

        self.assertEqual(self.listed(self.crio), {
            digest_of(layer.blob): False for layer in (below, stalled)})

    def test_lists_a_layer_as_incomplete_while_it_unpacks(self):
        slow = self.enterContext(FakeCrio(unpack_ms_per_mib=600_000))
        layer = make_layer("incomplete", MIB)
        pull = slow.cri.start_pull(self.add("incomplete", layer))

        wait_until(lambda: self.listed(slow) == {digest_of(layer.blob): True},
                   20, "its record")
        pull.cancel()

        wait_until(lambda: self.listed(slow) == {}, 20, "its end")

    @staticmethod
    def listed(crio):
        """Digest -> whether it is incomplete; None without a list."""
        try:
            with open(crio.layers_path, encoding="utf-8") as file:
                return {layer["compressed-diff-digest"]:
                        layer.get("flags", {}).get("incomplete", False)
                        for layer in json.load(file)}
        except FileNotFoundError:
            return None

    # What is shared.

    def test_two_pulls_share_no_layer_that_is_on_its_way(self):
        base = make_layer("shared", 500_000)
        names = [self.add(f"app-{i}", base, make_layer(f"own {i}", 10_000))
                 for i in range(3)]
        self.registry.bytes_per_second = 500_000
        pulls = []
        for i in range(2):
            pulls.append(self.crio.cri.start_pull(names[i]))
            self.wait_for_gets(base, i + 1)

        for pull in pulls:
            pull.wait()
        self.crio.cri.pull_image(names[2])

        self.assertEqual(self.gets_of(base), [None, None])
        self.assertEqual(self.served_of(base), 2 * len(base.blob))

    def test_equal_requests_are_one_pull(self):
        layer = make_layer("equal", 500_000)
        name = self.add("equal", layer)
        self.registry.bytes_per_second = 500_000
        first = self.crio.cri.start_pull(name)
        self.wait_for_gets(layer, 1)

        self.crio.cri.start_pull(name).wait()
        first.wait()

        kinds = [request.kind for request in self.registry.requests]
        self.assertEqual(kinds.count("manifests"), 1)
        self.assertEqual(self.gets_of(layer), [None])

    # What stays of a pull that ends.

    def test_a_cancelled_pull_leaves_the_layers_that_were_committed(self):
        below, stalled, above = layers = [
            make_layer(f"cancel {i}", 300_000) for i in range(3)]
        name = self.add("cancel", *layers)
        self.registry.stall(100_000, of=digest_of(stalled.blob), times=1)
        pull = self.crio.cri.start_pull(name)
        wait_until(lambda: self.crio.cri.image_bytes() == len(below.blob) and
                   self.served_of(above) == len(above.blob), 20, "the rest")

        pull.cancel()
        self.wait_until_idle()
        self.crio.cri.pull_image(name)

        self.assertEqual(
            [self.served_of(layer) for layer in layers],
            [len(below.blob), 100_000 + len(stalled.blob),
             2 * len(above.blob)])

    def test_a_layer_that_fails_does_not_end_the_others(self):
        refused, above = (make_layer(f"fail {i}", 300_000) for i in range(2))
        name = self.add("fail", refused, above)
        self.registry.refuse(503, of=digest_of(refused.blob), times=1)

        with self.assertRaises(CallFailed):
            self.crio.cri.pull_image(name)
        self.crio.cri.pull_image(name)

        self.assertEqual(self.served_of(above), 2 * len(above.blob))

    # What is resumed.

    def test_continues_a_layer_that_ended_early(self):
        for break_off in (self.registry.truncate, self.registry.reset):
            with self.subTest(break_off.__name__):
                layer = make_layer(break_off.__name__, 400_000)
                break_off(100_000, of=digest_of(layer.blob), times=1)

                self.crio.cri.pull_image(self.add(break_off.__name__, layer))

                self.assertEqual(self.gets_of(layer), [None, 100_000])
                self.assertEqual(self.served_of(layer), len(layer.blob))

    def test_continues_it_each_time_that_a_mebibyte_came(self):
        layer = make_layer("again", 3 * MIB + 1000)
        self.registry.truncate(MIB, of=digest_of(layer.blob), times=3)

        self.crio.cri.pull_image(self.add("again", layer))

        self.assertEqual(self.gets_of(layer), [None, MIB, 2 * MIB, 3 * MIB])

    def test_gives_it_up_when_less_came(self):
        layer = make_layer("less", 3 * MIB)
        self.registry.truncate(MIB - 1, of=digest_of(layer.blob), times=2)

        failure = self.failure_of(self.add("less", layer))

        self.assertIn("happened during read: (heuristic tuning data: total ",
                      failure["message"])
        self.assertIn("): unexpected EOF", failure["message"])
        self.assertEqual(self.gets_of(layer), [None, MIB - 1])

    # What it says.

    def test_says_why_a_pull_failed_as_crio_does(self):
        layer = make_layer("why", 9_000)
        name = self.add("why", layer)
        for where, code, text, reason in (
                ("/manifests/", 404, "reading manifest 1.0 in "
                 f"{name[:-4]}: manifest unknown", "NotFound"),
                ("/manifests/", 401, "authentication required",
                 "Unauthorized"),
                ("/manifests/", 503, "received unexpected HTTP status: 503 "
                 "Service Unavailable", "RegistryUnavailable"),
                ("/blobs/", 404, "parsing image configuration: fetching blob: "
                 "blob unknown to registry", "RegistryUnavailable"),
                (digest_of(layer.blob), 404, "reading blob "
                 f"{digest_of(layer.blob)}: fetching blob: blob unknown to "
                 "registry", "RegistryUnavailable")):
            with self.subTest(where=where, code=code):
                self.registry.behave()
                self.registry.refuse(code, of=where)

                failure = self.failure_of(name)

                self.assertIn("unable to pull image or OCI artifact: pull "
                              "image err: ", failure["message"])
                self.assertIn(text, failure["message"])
                self.assertEqual(failure["reason"], reason)

    def test_says_that_a_registry_is_away(self):
        name = self.add("away", make_layer("away", 9_000))
        self.registry.stop()

        failure = self.failure_of(name)

        self.assertIn("RegistryUnavailable: unable to pull image: ",
                      failure["message"])
        self.assertIn("connect: connection refused", failure["message"])

    def test_waits_when_it_is_turned_away_with_429(self):
        name = self.add("busy", make_layer("busy", 9_000))
        self.registry.refuse(429, {"Retry-After": "1"}, of="/manifests/",
                             times=1)

        self.crio.cri.pull_image(name)

        self.assertEqual([request.code for request in self.registry.requests
                          if request.kind == "manifests"], [429, 200])

    def test_refuses_wrong_bytes(self):
        layer = make_layer("wrong", 9_000)
        self.registry.corrupt(5_000, of=digest_of(layer.blob), times=1)

        failure = self.failure_of(self.add("wrong", layer))

        self.assertIn("Digest did not match, expected", failure["message"])

    def failure_of(self, name):
        """What prepull notes of an image that it cannot pull."""
        run = self.crio.fetch([name], "--max-attempts", "1")
        self.assertEqual(run.exit_code, 1, run.story())
        return run.status()["images"][0]

    # That prepull can work with it.

    def test_prepull_fetches_a_family_and_finds_it_there_again(self):
        images = make_family(5, base_size=60_000, own_size=20_000)
        names = add_family(self.registry, images)

        first = self.crio.fetch(names, "-j", "1")
        second = self.crio.fetch(names)

        self.assertEqual(first.exit_code, 0, first.story())
        self.assertEqual({image["state"] for image in
                          second.status()["images"]}, {"Skipped"})
        self.assertEqual(self.registry.bytes_served(), unique_bytes(images))


if __name__ == "__main__":
    unittest.main(verbosity=2)
