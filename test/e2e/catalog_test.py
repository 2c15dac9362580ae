#!/usr/bin/env python3
"""prepull resolve on operator catalogues: of JSON, of YAML and of SQLite.

They lie in Debian's docker-registry on loopback.
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from bench.sample import Sample  # noqa: E402
from lab import prepull_binary  # noqa: E402
from lab.file_layers import WHITEOUT, LinkTo, make_file_layer  # noqa: E402
from lab.images import make_image  # noqa: E402
from lab.large_catalog import (  # noqa: E402
    PACKAGES, RELATED, make_large_catalog)
from lab.openshift import (  # noqa: E402
    DATABASE_LABEL, FILES_LABEL, as_database, as_json, as_yaml, bundle,
    channel, package)
from lab.resolving import ResolveTest  # noqa: E402

# A catalogue on which naive choices go wrong: what `stable` skips stands
# behind its head, and `op.v2.0.0` has no related images.
OP = [
    package("op", "stable"),
    channel("op", "stable",
            {"name": "op.v1.0.2", "replaces": "op.v1.0.0",
             "skips": ["op.v1.0.1"]},
            "op.v1.0.1", "op.v1.0.0"),
    channel("op", "fast",
            "op.v1.0.2", {"name": "op.v2.0.0", "replaces": "op.v1.0.2"}),
    bundle("op", "1.0.0", "lab/op-bundle:1.0.0", ["lab/op:1.0.0"]),
    bundle("op", "1.0.1", "lab/op-bundle:1.0.1", ["lab/op:1.0.1"]),
    bundle("op", "1.0.2", "lab/op-bundle:1.0.2",
           ["lab/op:1.0.2", "lab/proxy:1"]),
    bundle("op", "2.0.0", "lab/op-bundle:2.0.0"),
]
LOGGING = [
    package("logging", "5.9"),
    channel("logging", "5.9", "logging.v5.9.1"),
    bundle("logging", "5.9.1", "lab/logging-bundle:5.9.1",
           ["lab/logging:5.9.1", "lab/proxy:1"]),
]
STABLE = ["lab/op-bundle:1.0.2", "lab/op:1.0.2", "lab/proxy:1"]
FAST = ["lab/op-bundle:2.0.0"]


class CatalogTest(ResolveTest):

    def push_catalog(self, *layers, labels=None, name="olm/catalog:v4.15"):
        return self.push(name, make_image(
            [make_file_layer({"bin/opm": "not really"}), *layers],
            labels=labels))

    def check(self, catalog, expected=STABLE, word="op"):
        self.assertEqual(
            self.resolve("--catalog", catalog, "--package", word),
            [catalog, *expected])

    # Where and how the documents lie.

    def test_json_of_several_packages(self):
        self.check(self.push_catalog(make_file_layer(
            {"configs/op/catalog.json": as_json(OP),
             "configs/logging/catalog.json": as_json(LOGGING)})))

    def test_yaml_with_files_to_ignore(self):
        self.check(self.push_catalog(make_file_layer(
            {"configs/.indexignore": "README.md\n/drafts/\n",
             "configs/README.md": "# No document: at all\n",
             "configs/drafts/op.yaml": as_yaml(OP),
             "configs/op/index.yaml": as_yaml(OP),
             "configs/logging/index.yaml": as_yaml(LOGGING)})))

    def test_a_file_that_is_no_document_is_named(self):
        catalog = self.push_catalog(make_file_layer(
            {"configs/README.md": "# Read: me: first\n- x",
             "configs/op.json": as_json(OP)}))

        said = self.refuse("--catalog", catalog, "--package", "op")

        self.assertIn(f"--catalog {catalog}: configs/README.md: ", said)

    def test_zstd_and_a_folder_of_its_own_by_label(self):
        self.check(self.push_catalog(
            make_file_layer({"srv/catalog/op.yaml": as_yaml(OP)}, "zstd"),
            labels={FILES_LABEL: "/srv/catalog"}))

    def test_a_link_to_the_folder(self):
        self.check(self.push_catalog(make_file_layer(
            {"configs": LinkTo("srv/../var/catalog"),
             "var/catalog/op.json": as_json(OP)})))

    def test_upper_layers_replace_and_remove_files(self):
        old = [*OP[:4], bundle("op", "0.9.0", "lab/old:1")]
        self.check(self.push_catalog(
            make_file_layer({"configs/old.json": as_json(old),
                             "configs/op.yaml": as_yaml(old)}),
            make_file_layer({"configs/old.json": WHITEOUT}, "zstd"),
            make_file_layer({"configs/op.yaml": as_yaml(OP)})))

    def test_a_database_by_label(self):
        self.check(self.push_catalog(
            make_file_layer({"srv/index.db": as_database(OP + LOGGING)}),
            labels={DATABASE_LABEL: "/srv/index.db"}))

    def test_a_database_without_a_label(self):
        self.check(self.push_catalog(make_file_layer(
            {"database/index.db": as_database(OP)}, "zstd")))

    def test_an_image_without_a_catalogue_says_so(self):
        said = self.refuse("--catalog", self.push_catalog(), "--package", "op")

        self.assertIn("no catalogue in the image", said)

    # What of it is chosen, from files and from a database alike.

    def ways(self):
        for way, files in (
                ("json", {"configs/c.json": as_json(OP + LOGGING)}),
                ("yaml", {"configs/c.yaml": as_yaml(OP + LOGGING)}),
                ("db", {"database/index.db": as_database(OP + LOGGING)})):
            with self.subTest(way=way):
                yield self.push_catalog(make_file_layer(files),
                                        name=f"olm/{way}:1")

    def test_channels_and_their_heads(self):
        for catalog in self.ways():
            self.check(catalog, STABLE, "op")
            self.check(catalog, STABLE, "op:stable")
            self.check(catalog, FAST, "op:fast")
            self.check(catalog, STABLE + FAST, "op:stable,fast")

    def test_more_versions_than_the_head(self):
        def images(*versions):
            return [image for version in versions
                    for image in (f"lab/op-bundle:{version}",
                                  f"lab/op:{version}")]

        for catalog in self.ways():
            for which, expected in (
                    ("head", images("1.0.2")),
                    ("all", images("1.0.0", "1.0.1", "1.0.2")),
                    ("1.0.0..1.0.1", images("1.0.0", "1.0.1"))):
                found = self.resolve("--catalog", catalog, "--package", "op",
                                     "--catalog-versions", which)
                self.assertEqual({*found} - {catalog, "lab/proxy:1"},
                                 {*expected})

    def test_an_unknown_package_or_channel_hears_what_there_is(self):
        for catalog in self.ways():
            flags = ["--catalog", catalog, "--package"]
            self.assertEqual(self.refuse(*flags, "none"),
                             "--package none: not found in any catalogue; existing: "
                             "logging, op")
            self.assertEqual(self.refuse(*flags, "op:slow"),
                             '--package op: channel "slow" not found; existing: '
                             "fast, stable")

    def test_every_package_is_looked_for_in_every_catalogue(self):
        one = self.push_catalog(make_file_layer(
            {"configs/op.json": as_json(OP)}), name="olm/one:1")
        two = self.push_catalog(make_file_layer(
            {"configs/l.yaml": as_yaml(LOGGING)}), name="olm/two:1")

        names = self.resolve("--catalog", one, "--catalog", two, "--package",
                             "op", "--package", "logging:5.9")

        # The proxy of both once.
        self.assertEqual(names, [one, *STABLE, two,
                                 "lab/logging-bundle:5.9.1",
                                 "lab/logging:5.9.1"])

    def test_a_channel_with_two_heads_names_both(self):
        fork = [package("op", "stable"),
                channel("op", "stable", "op.v1", "op.v2"),
                bundle("op", "1", "lab/b:1"), bundle("op", "2", "lab/b:2")]
        catalog = self.push_catalog(make_file_layer(
            {"configs/op.json": as_json(fork)}))

        said = self.refuse("--catalog", catalog, "--package", "op")

        self.assertRegex(said, "package op: stable: .*op.v1, op.v2")


class LargeCatalogTest(ResolveTest):

    # A pod may have 256 MiB, and none of these needs an eighth of it.
    def test_600_mb_are_read_in_little_memory(self):
        words = [f"--package=op-{i}" for i in (0, 31, PACKAGES - 1)]
        for kind in ("json", "yaml", "db"):
            catalog = self.push("olm/large:1", make_large_catalog(kind))
            with self.subTest(kind=kind):
                sample = Sample([prepull_binary(), "resolve", "-o", "name",
                                 "--catalog", catalog, *words], "")

                self.assertEqual(len(sample.stdout.splitlines()),
                                 1 + len(words) * (1 + RELATED))
                self.assertLess(sample.peak_mb, 32)


if __name__ == "__main__":
    unittest.main(verbosity=2)
