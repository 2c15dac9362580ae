#!/usr/bin/env python3
"""prepull resolve on Debian's docker-registry: releases, catalogues and tags.

Before it stands, where a test says so, a front with tokens, redirects and
pages. It needs only loopback; the one test of another address needs root.
"""

import json
import os
import shutil
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import run_prepull  # noqa: E402
from lab.bad_registry import BadRegistry  # noqa: E402
from lab.credentials import docker_config, write_file  # noqa: E402
from lab.file_layers import WHITEOUT, LinkTo, make_file_layer  # noqa: E402
from lab.images import digest_of, make_image, make_index  # noqa: E402
from lab.link import Link, NoLink  # noqa: E402
from lab.openshift import (  # noqa: E402
    DATABASE_LABEL, FILES_LABEL, as_database, as_json, as_yaml, bundle,
    channel, make_release, package)
from lab.registry import Registry  # noqa: E402
from lab.registry_front import NoCredentials, RegistryFront  # noqa: E402
from lab.token_auth import TokenAuth  # noqa: E402

ROBOT = ("robot", "a-password")

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


class ResolveTest(unittest.TestCase):
    """What the tests ask of their registry."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="prepull-resolve-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.folder)
        self.registry = Registry(self.folder)
        self.registry.start()
        self.addCleanup(self.registry.stop)
        self.host = f"127.0.0.1:{self.registry.port}"

    def push(self, name, image):
        repository, _, tag = name.rpartition(":")
        self.registry.push(repository, tag, image)
        return f"{self.host}/{name}"

    def push_catalog(self, *layers, labels=None, name="olm/catalog:v4.15"):
        return self.push(name, make_image(
            [make_file_layer({"bin/opm": "not really"}), *layers],
            labels=labels))

    def push_tags(self, *tags, repository="team/app"):
        for tag in tags:
            self.push(f"{repository}:{tag}", make_image(
                [make_file_layer({"tag": tag})]))
        return f"{self.host}/{repository}"

    def write(self, name, text):
        return write_file(self.folder, name, text)

    def resolve(self, *flags, env=None):
        """The images that it lists."""
        done = run_prepull(["resolve", "-o", "name", *flags], env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def refuse(self, *flags):
        """Its last sentence, without the name of the program."""
        done = run_prepull(["resolve", *flags])
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        return done.stderr.splitlines()[-1].removeprefix("prepull: ")


class OutputTest(ResolveTest):

    def setUp(self):
        super().setUp()
        self.cli = self.push("ocp/cli:1", make_image(
            [make_file_layer({"cli": "1"})]))
        self.release = self.push("ocp/release:4.15", make_release(
            {"cli": self.cli, "etcd": "quay.io/ocp/etcd@sha256:" + "0" * 64}))

    def test_a_table_says_whence_each_image_comes(self):
        done = run_prepull(["resolve", "--release", self.release,
                            "quay.io/team/own:1"])

        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [line.split(None, 1) for line in done.stdout.splitlines()]
        self.assertEqual(rows, [
            ["IMAGE", "ORIGIN"],
            ["quay.io/team/own:1", "argument 1"],
            [self.release, "--release"],
            [self.cli, f"{self.release} cli"],
            ["quay.io/ocp/etcd@sha256:" + "0" * 64, f"{self.release} etcd"]])

    def test_json_is_one_document(self):
        done = run_prepull(["resolve", "-o", "json", "--release",
                            self.release])

        document = json.loads(done.stdout)
        self.assertEqual(document["schema"], "prepull.list/v1")
        self.assertEqual(document["images"][1],
                         {"image": self.cli, "origin": f"{self.release} cli"})

    def test_digests_pin_what_has_none(self):
        names = self.resolve("--digests", self.cli, self.release,
                             self.cli + "@sha256:" + "1" * 64)

        self.assertRegex(names[0], f"^{self.cli}@sha256:[0-9a-f]{{64}}$")
        self.assertRegex(names[1], f"^{self.release}@sha256:[0-9a-f]{{64}}$")
        self.assertEqual(names[2], self.cli + "@sha256:" + "1" * 64)

    def test_a_digest_that_cannot_be_had_is_named(self):
        said = self.refuse("--digests", f"{self.host}/ocp/gone:1")

        self.assertIn(f"{self.host}/ocp/gone:1", said)
        self.assertIn("manifest unknown", said)

    def test_the_list_is_one_that_fetch_takes(self):
        path = self.write("images.txt", "\n".join(
            self.resolve("--release", self.release)))

        self.assertEqual(self.resolve("--image-list-file", path),
                         self.resolve("--release", self.release))


class ReleaseTest(ResolveTest):

    def test_a_release_of_190_images_is_listed_whole_and_in_order(self):
        images = {f"part-{i}": f"quay.io/ocp/art@{digest_of(bytes([i]))}"
                  for i in range(190)}
        release = self.push("ocp/release:4.15", make_release(images))

        names = self.resolve("--release", release)

        self.assertEqual(names, [release, *images.values()])

    # TALM's own rows: a basic regular expression, anywhere in the quoted
    # "name$pullspec".
    def test_excludes_are_talms(self):
        release = self.push("ocp/release:4.15", make_release({
            "bawsa": "quay.io/ocp/art:1", "cli": "quay.io/ocp/art:2",
            "etcd": "quay.io/aws/etcd:3", "cli-tools": "quay.io/ocp/tools"}))
        bawsa, cli, etcd, tools = ("quay.io/ocp/art:1", "quay.io/ocp/art:2",
                                   "quay.io/aws/etcd:3", "quay.io/ocp/tools")
        for pattern, left in ((" aws ", [cli, tools]),
                              ("bawsa", [cli, etcd, tools]),
                              ('^"cli', [bawsa, etcd]),
                              ('"cli$quay', [bawsa, etcd, tools]),
                              ("tools$", [bawsa, cli, etcd, tools])):
            path = self.write("excludes", f"\n  {pattern.strip()}\n\n")
            for flags in (["--exclude", pattern.strip()],
                          ["--exclude-file", path]):
                with self.subTest(flags=flags):
                    self.assertEqual(
                        self.resolve("--release", release, *flags),
                        [release, *left])

    def test_excludes_leave_other_images_alone(self):
        release = self.push("ocp/release:4.15", make_release(
            {"cli": "quay.io/ocp/cli:1"}))

        names = self.resolve("--release", release, "--exclude", ".",
                             "quay.io/ocp/cli:1")

        self.assertEqual(names, ["quay.io/ocp/cli:1", release])

    def test_an_image_that_is_no_release_says_so(self):
        other = self.push("ocp/other:1", make_image(
            [make_file_layer({"a": "b"})]))

        said = self.refuse("--release", other)

        self.assertEqual(said, f"--release {other}: release-manifests/"
                               "image-references: there is no such file")


class CatalogTest(ResolveTest):

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

        self.assertIn("the image holds no catalogue", said)

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
                             "--package none: in no catalogue; there is "
                             "logging, op")
            self.assertEqual(self.refuse(*flags, "op:slow"),
                             f"--catalog {catalog}: package op: no channel "
                             '"slow"; there is fast, stable')

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


class SelectTest(ResolveTest):

    def select(self, rule, repository):
        return [name.removeprefix(repository + ":")
                for name in self.resolve("--select", f"{repository} {rule}")]

    def test_versions_newest_first(self):
        app = self.push_tags("1.2.9", "1.2.10", "1.2.11-rc1", "1.3.0", "v1.2.3",
                             "latest")

        self.assertEqual(self.select("semver:~1.2 newest:2", app),
                         ["1.2.10", "1.2.9"])

    def test_groups_of_a_regular_expression_count_as_numbers(self):
        app = self.push_tags("v9.1", "v10.0", "v10.2", "v10.2-debug")

        self.assertEqual(
            self.select(r"regex:^v(\d+)\.(\d+)$ newest:3", app),
            ["v10.2", "v10.0", "v9.1"])

    def test_what_is_excluded_takes_no_place(self):
        app = self.push_tags("1.0.0", "1.1.0", "1.2.0-windows", "1.2.0")

        self.assertEqual(
            self.select("semver:>=1.0 newest:2 exclude:^1[.]2", app),
            ["1.1.0", "1.0.0"])

    def test_rubins_tags(self):
        lab = self.push_tags(
            "r21_0_0", "r21_0_1", "r22_0_0_rc2", "r22_0_0_rc10", "w_2021_9",
            "w_2021_10", "w_2021_10_c0020.001", "w_2021_11", "d_2021_05_27",
            "d_2021_05_28", "exp_new", "latest", repository="lsst/lab")
        self.push("lsst/lab:recommended", make_index({
            architecture: self.push_part(architecture)
            for architecture in ("amd64", "arm64")}))

        self.assertEqual(
            self.select("rubin releases=1 candidates=1 weeklies=2 dailies=1 "
                        "recommended=recommended alias=latest", lab),
            ["recommended", "latest", "r21_0_1", "r22_0_0_rc10", "w_2021_11",
             "w_2021_10", "d_2021_05_28"])
        self.assertEqual(
            self.select("rubin weeklies=3 variants=all", lab),
            ["w_2021_11", "w_2021_10_c0020.001", "w_2021_10"])

    def test_an_alias_is_pinned_to_the_index_it_points_to(self):
        index = make_index({
            architecture: self.push_part(architecture)
            for architecture in ("amd64", "arm64")})
        alias = self.push("lsst/lab:recommended", index)

        names = self.resolve("--digests", "--select", alias.rpartition(":")[0]
                             + " rubin recommended=recommended")

        self.assertEqual(names, [f"{alias}@{index.digest}"])

    def push_part(self, architecture):
        image = make_image([make_file_layer({"arch": architecture})],
                           architecture=architecture)
        self.registry.push("lsst/lab", image.digest, image)
        return image

    def test_rules_from_a_file(self):
        app = self.push_tags("1.0.0", "2.0.0")
        path = self.write("rules", f"# ours\n{app} semver:1\n\n"
                                   f"{app} semver:2 newest:1")

        self.assertEqual(self.resolve("--select-file", path),
                         [f"{app}:1.0.0", f"{app}:2.0.0"])

    def test_a_rule_that_fits_nothing_is_a_failure(self):
        app = self.push_tags("1.0.0")

        said = self.refuse("--select", f"{app} semver:3")

        self.assertIn(f"--select {app}: none of 1 tag fits", said)


class FrontTest(ResolveTest):
    """The same through a front with tokens, redirects and pages."""

    def setUp(self):
        super().setUp()
        self.no_credentials = NoCredentials()
        self.blobs = self.enterContext(
            BadRegistry(token_auth=self.no_credentials))
        self.layer = make_file_layer(
            {"configs/op.json": as_json(OP),
             "filler": os.urandom(3_000_000)})
        image = make_image([self.layer])
        self.push("olm/catalog:v4.15", image)
        self.blobs.add("olm/catalog", "v4.15", image)

    def open(self, token_auth, **how):
        front = self.enterContext(RegistryFront(
            self.registry, token_auth=token_auth, blobs=self.blobs, **how))
        self.catalog = f"127.0.0.1:{front.port}/olm/catalog:v4.15"
        return front

    def flags(self, account):
        path = self.write("config.json", docker_config(
            {self.catalog.partition("/")[0]: account}))
        return ["--docker-config", path]

    def check(self, *flags):
        names = self.resolve("--catalog", self.catalog, "--package", "op",
                             *flags)
        self.assertEqual(names, [self.catalog, *STABLE])
        self.assertEqual(self.no_credentials.heard, [])

    def test_anonymous_tokens_under_either_name(self):
        for key in ("token", "access_token"):
            with self.subTest(key=key):
                token_auth = TokenAuth({}, anonymous=True, keys=[key])
                self.open(token_auth)

                self.check()

                # One for the repository serves all its requests.
                self.assertEqual(len(token_auth.given), 1)

    def test_a_password_is_changed_into_a_token(self):
        token_auth = TokenAuth(dict([ROBOT]))
        self.open(token_auth)

        self.check(*self.flags(ROBOT))

        self.assertEqual(token_auth.refused, [])

    def test_a_password_that_is_sent_with_each_request(self):
        self.open(TokenAuth(dict([ROBOT]), with_basic=True))

        self.check(*self.flags(ROBOT))

    def test_no_or_a_wrong_password_is_said(self):
        self.open(TokenAuth(dict([ROBOT])))
        flags = ["--catalog", self.catalog, "--package", "op"]

        for more in ([], self.flags(("robot", "wrong-password"))):
            said = self.refuse(*flags, *more)
            self.assertIn(f"--catalog {self.catalog}: ", said)
            self.assertIn("401", said)
            self.assertNotIn("wrong-password", said)

    def test_a_blob_that_breaks_off_is_continued(self):
        self.open(TokenAuth({}, anonymous=True))
        digest = digest_of(self.layer.blob)
        self.blobs.truncate(1_000_000, of=digest, times=1)

        self.check()

        self.assertEqual(self.blobs.range_offsets(digest), [1_000_000])
        # What stood on its way when the client had seen enough may be sent.
        self.assertEqual(self.blobs.bytes_served(digest), len(self.layer.blob))

    def test_a_blob_that_is_not_what_it_says_is_refused(self):
        self.open(TokenAuth({}, anonymous=True))
        self.blobs.corrupt(1_500_000)

        said = self.refuse("--catalog", self.catalog, "--package", "op")

        self.assertIn("digest", said)

    def test_a_busy_registry_is_waited_for(self):
        front = self.open(TokenAuth({}, anonymous=True))
        front.busy_for = 1

        self.check()

    def test_a_list_of_tags_in_pages(self):
        app = self.push_tags(*(f"1.0.{i}" for i in range(12)))
        front = self.open(TokenAuth({}, anonymous=True), page_size=5)
        app = app.replace(self.host, f"127.0.0.1:{front.port}")

        names = self.resolve("--select", f"{app} semver:1 newest:12")

        self.assertEqual(names, [f"{app}:1.0.{i}" for i in range(11, -1, -1)])
        self.assertEqual(sum("/tags/list" in path
                             for _, path in front.requests), 3)


class WhereTest(ResolveTest):

    def setUp(self):
        super().setUp()
        self.release = self.push("ocp/release:4.15", make_release(
            {"cli": "quay.io/ocp/cli:1"}))

    def test_a_mirror_is_asked_for_what_keeps_its_name(self):
        names = self.resolve("--release", "quay.invalid/ocp/release:4.15",
                             "--registry-mirror",
                             f"quay.invalid/ocp={self.host}/ocp")

        self.assertEqual(names, ["quay.invalid/ocp/release:4.15",
                                 "quay.io/ocp/cli:1"])

    def test_a_mirror_that_lacks_it_is_passed_over(self):
        names = self.resolve("--release", self.release, "--registry-mirror",
                             f"{self.host}/ocp={self.host}/mirror")

        self.assertEqual(names, [self.release, "quay.io/ocp/cli:1"])

    def test_plain_http_beyond_loopback_must_be_allowed(self):
        if os.geteuid() != 0:
            self.skipTest("an address of its own needs root")
        try:
            link = self.enterContext(Link(400_000_000))
        except NoLink as error:
            self.skipTest(str(error))
        self.enterContext(RegistryFront(self.registry, host=link.near))
        front = self.enterContext(RegistryFront(self.registry, host=link.near))
        release = f"{link.near}:{front.port}/ocp/release:4.15"

        said = self.refuse("--release", release)
        names = self.resolve("--release", release, "--registry-insecure",
                             f"{link.near}:{front.port}")

        self.assertIn(f"--release {release}: ", said)
        self.assertEqual(names, [release, "quay.io/ocp/cli:1"])
        self.assertEqual([method for method, _ in front.requests][:1], ["GET"])

    def test_all_sources_go_together_and_duplicates_go(self):
        catalog = self.push_catalog(make_file_layer(
            {"configs/op.json": as_json(OP)}))
        app = self.push_tags("1.0.0")
        path = self.write("images.txt", f"{app}:1.0.0\nquay.io/ocp/cli:1\n")

        names = self.resolve("--image-list-file", path, "--release",
                             self.release, "--catalog", catalog, "--package",
                             "op", "--select", f"{app} semver:1",
                             "lab/proxy:1")

        self.assertEqual(names, [f"{app}:1.0.0", "quay.io/ocp/cli:1",
                                 "lab/proxy:1", self.release, catalog,
                                 *STABLE[:2]])

    def test_a_source_that_fails_is_named(self):
        gone = f"{self.host}/ocp/release:9"

        said = self.refuse("--release", self.release, "--release", gone)

        self.assertIn(f"--release {gone}: ", said)
        self.assertIn("manifest unknown", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
