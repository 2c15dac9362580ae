#!/usr/bin/env python3
"""prepull resolve through a front with tokens, redirects and pages.

Behind it are Debian's docker-registry and a store of blobs that misbehaves.
"""

import os
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import run_prepull, start_prepull  # noqa: E402
from lab.bad_registry import BadRegistry  # noqa: E402
from lab.credentials import docker_config  # noqa: E402
from lab.file_layers import make_file_layer  # noqa: E402
from lab.images import digest_of, make_image  # noqa: E402
from lab.openshift import as_json, bundle, channel, package  # noqa: E402
from lab.process import wait_until  # noqa: E402
from lab.registry_front import NoCredentials, RegistryFront  # noqa: E402
from lab.resolving import ResolveTest  # noqa: E402
from lab.token_auth import TokenAuth  # noqa: E402

ROBOT = ("robot", "a-password")
CATALOG = as_json([package("op", "stable"),
                   channel("op", "stable", "op.v1"),
                   bundle("op", "1", "lab/op-bundle:1", ["lab/op:1"])])


class FrontTest(ResolveTest):
    def setUp(self):
        super().setUp()
        self.no_credentials = NoCredentials()
        self.blobs = self.enterContext(
            BadRegistry(token_auth=self.no_credentials))
        self.layer = make_file_layer(
            {"configs/op.json": CATALOG,
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
        self.assertEqual(names, [self.catalog, "lab/op-bundle:1", "lab/op:1"])
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
        self.assertEqual(self.blobs.bytes_served(digest), len(self.layer.blob))

    def test_a_blob_that_is_not_what_it_says_is_refused(self):
        self.open(TokenAuth({}, anonymous=True))
        self.blobs.corrupt(1_500_000)

        # It is fetched again for a minute, as far as there is one.
        said = self.refuse("--catalog", self.catalog, "--package", "op",
                           "--overall-timeout", "5s")

        self.assertIn("digest", said)

    def test_a_busy_registry_is_waited_for(self):
        front = self.open(TokenAuth({}, anonymous=True))
        front.busy_for = 1

        self.check()

    def test_a_blob_that_comes_too_late_is_no_fault_of_the_source(self):
        self.open(TokenAuth({}, anonymous=True))
        self.blobs.stall(1_000_000)

        done = run_prepull(["resolve", "--catalog", self.catalog, "--package",
                            "op", "--overall-timeout", "2s"])

        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn(f"--catalog {self.catalog}: ", done.stderr)

    def test_a_signal_ends_it_at_once(self):
        self.open(TokenAuth({}, anonymous=True))
        self.blobs.stall(1_000_000)
        with start_prepull(["resolve", "--catalog", self.catalog, "--package",
                            "op"], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE) as child:
            wait_until(self.blobs.bytes_served, 10, "a download")
            start = time.monotonic()

            child.terminate()

            self.assertEqual(child.wait(10), 3)
            self.assertLess(time.monotonic() - start, 2)

    def test_a_list_of_tags_in_pages(self):
        app = self.push_tags(*(f"1.0.{i}" for i in range(12)))
        front = self.open(TokenAuth({}, anonymous=True), page_size=5)
        app = app.replace(self.host, f"127.0.0.1:{front.port}")

        names = self.resolve("--select", f"{app} semver:1 newest:12")

        self.assertEqual(names, [f"{app}:1.0.{i}" for i in range(11, -1, -1)])
        self.assertEqual(sum("/tags/list" in path
                             for _, path in front.requests), 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
