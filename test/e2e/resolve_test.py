#!/usr/bin/env python3
"""prepull resolve on Debian's docker-registry: releases and tags, and whence.

It needs only loopback; the one test of another address needs root.
"""

import json
import os
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import run_prepull  # noqa: E402
from lab.file_layers import make_file_layer  # noqa: E402
from lab.images import digest_of, make_image, make_index  # noqa: E402
from lab.link import Link, NoLink  # noqa: E402
from lab.openshift import (  # noqa: E402
    as_json, bundle, channel, make_release, package)
from lab.registry import Registry  # noqa: E402
from lab.registry_front import RegistryFront  # noqa: E402
from lab.resolving import ResolveTest  # noqa: E402

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
                         {"image": self.cli, "line": self.cli,
                          "origin": f"{self.release} cli"})

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

    def test_half_a_list_is_no_success(self):
        for form in ("table", "json", "name"):
            with open("/dev/full", "wb") as full:
                done = run_prepull(["resolve", "-o", form, "quay.io/a:1"],
                                   stdout=full)
            self.assertEqual(done.returncode, 2)
            self.assertIn("standard output", done.stderr)

    def test_all_sources_that_fail_are_named(self):
        said = self.refuse("--release", f"{self.host}/gone:1", "--select",
                           f"{self.host}/lost semver:*")

        self.assertRegex(said, "--release .*/gone:1: .*; --select .*/lost: ")

    def test_sources_that_stand_for_nothing_are_an_empty_list(self):
        self.write("platform.image", "\n")

        self.assertEqual(self.refuse("--precache-spec", self.folder),
                         "the given sources resolve to no images")

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
            "etcd": "quay.io/aws/etcd:3", "cli-tools": "quay.io/ocp/tools:4"}))
        bawsa, cli, etcd, tools = ("quay.io/ocp/art:1", "quay.io/ocp/art:2",
                                   "quay.io/aws/etcd:3", "quay.io/ocp/tools:4")
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
                               "image-references: no such file in the image")


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
            ["recommended policy=Always", "latest policy=Always", "r21_0_1",
             "r22_0_0_rc10", "w_2021_11", "w_2021_10", "d_2021_05_28"])
        self.assertEqual(
            self.select("rubin weeklies=3 variants=all", lab),
            ["w_2021_11", "w_2021_10_c0020.001", "w_2021_10"])

    def test_an_alias_that_is_no_tag_is_a_warning(self):
        lab = self.push_tags("w_2021_11", repository="lsst/lab")

        done = run_prepull(["resolve", "-o", "name", "--select",
                            f"{lab} rubin weeklies=1 alias=latest"])

        self.assertEqual(done.stdout, f"{lab}:w_2021_11\n")
        self.assertRegex(done.stderr, "warn.*tag not found.*latest")

    def test_an_alias_stands_for_the_index_it_points_to(self):
        index = make_index({
            architecture: self.push_part(architecture)
            for architecture in ("amd64", "arm64")})
        alias = self.push("lsst/lab:recommended", index)
        lab = alias.rpartition(":")[0]
        select = ["--select", f"{lab} rubin recommended=recommended"]

        document = json.loads(run_prepull(
            ["resolve", "-o", "json", *select]).stdout)

        self.assertEqual(document["images"], [
            {"image": alias, "line": f"{alias} policy=Always",
             "origin": f"--select {lab}, now {index.digest}"}])
        self.assertEqual(self.resolve("--digests", *select),
                         [f"{alias}@{index.digest}"])

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

        self.assertIn(f"--select {app}: none of 1 tag matches", said)


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
        catalog = self.push("olm/catalog:v4.15", make_image([make_file_layer(
            {"configs/op.json": as_json([
                package("op", "stable"), channel("op", "stable", "op.v1"),
                bundle("op", "1", "lab/op-bundle:1", ["lab/proxy:1"])])})]))
        app = self.push_tags("1.0.0")
        path = self.write("images.txt", f"{app}:1.0.0\nquay.io/ocp/cli:1\n")

        names = self.resolve("--image-list-file", path, "--release",
                             self.release, "--catalog", catalog, "--package",
                             "op", "--select", f"{app} semver:1",
                             "lab/proxy:1")

        self.assertEqual(names, [f"{app}:1.0.0", "quay.io/ocp/cli:1",
                                 "lab/proxy:1", self.release, catalog,
                                 "lab/op-bundle:1"])

    def test_a_source_that_fails_is_named(self):
        gone = f"{self.host}/ocp/release:9"

        said = self.refuse("--release", self.release, "--release", gone)

        self.assertIn(f"--release {gone}: ", said)
        self.assertIn("manifest unknown", said)


class DisconnectedTest(ResolveTest):
    """A node that reaches its mirror only, as its own files say."""

    def setUp(self):
        super().setUp()
        cli = make_image([make_file_layer({"cli": "1"})])
        self.registry.push("mirror/art", cli.digest, cli)
        self.cli = f"quay.invalid/ocp/art@{cli.digest}"
        release = make_release({"cli": self.cli})
        self.registry.push("mirror/release", "4.15", release)
        self.release = f"quay.invalid/ocp/release@{release.digest}"
        self.root = os.path.join(self.folder, "root")

    def write_host(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def write_mirror(self, host, more="", of_registry=""):
        """As OpenShift renders an ImageDigestMirrorSet."""
        self.write_host("etc/containers/registries.conf", f"""
unqualified-search-registries = ["registry.access.redhat.com", "docker.io"]
short-name-mode = ""

[[registry]]
  prefix = ""
  location = "quay.invalid/ocp"
  {of_registry}

  [[registry.mirror]]
    location = "{host}/mirror"
    {more}
""")

    def run_tls_registry(self):
        """The same images behind a certificate, whose text it returns."""
        pair = os.path.join(self.folder, "mirror.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
             "/CN=mirror", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", pair, "-out", pair + ".crt"],
            check=True, capture_output=True)
        with open(pair + ".crt", encoding="utf-8") as file:
            certificate = file.read()
        with open(pair, "a", encoding="utf-8") as file:
            file.write(certificate)
        self.registry.stop()
        secure = Registry(self.folder, certificate=pair)
        secure.start()
        self.addCleanup(secure.stop)
        return f"127.0.0.1:{secure.port}", certificate

    def test_a_release_is_read_from_a_mirror_for_digests(self):
        self.write_mirror(self.host, 'pull-from-mirror = "digest-only"')

        names = self.resolve("--release", self.release, "--host-root",
                             self.root)

        self.assertEqual(names, [self.release, self.cli])

    def test_a_tag_that_no_mirror_is_asked_for_says_why(self):
        self.write_mirror(self.host, 'pull-from-mirror = "digest-only"',
                          "blocked = true")

        said = self.refuse("--release", "quay.invalid/ocp/release:4.15",
                           "--host-root", self.root)

        conf = f"{self.root}/etc/containers/registries.conf:5"
        self.assertEqual(
            said, "--release quay.invalid/ocp/release:4.15: "
            f"quay.invalid/ocp/release: blocked by {conf} (the mirrors of "
            f"{conf} are asked for digests only)")

    def test_tags_are_listed_by_a_mirror(self):
        self.write_mirror(self.host)

        names = self.resolve(
            "--select", r"quay.invalid/ocp/release regex:^4\.(\d+)$",
            "--host-root", self.root)

        self.assertEqual(names, ["quay.invalid/ocp/release:4.15"])

    def test_a_mirror_with_a_certificate_is_trusted_by_the_nodes_files(self):
        host, certificate = self.run_tls_registry()
        self.write_mirror(host)
        self.write_host(f"usr/share/ca/{host}", certificate)
        folder = f"{self.root}/etc/containers/certs.d/{host}"
        os.makedirs(folder)
        os.symlink(f"/usr/share/ca/{host}", f"{folder}/ca.crt")

        names = self.resolve("--release", self.release, "--host-root",
                             self.root)

        self.assertEqual(names, [self.release, self.cli])

    def test_an_insecure_mirror_may_have_any_certificate(self):
        host, _ = self.run_tls_registry()
        self.write_mirror(host, "insecure = true")

        names = self.resolve("--release", self.release, "--host-root",
                             self.root)

        self.assertEqual(names, [self.release, self.cli])

    def test_containerds_mirrors_count_too(self):
        self.write_host("etc/containerd/certs.d/quay.invalid/hosts.toml", f"""
[host."http://{self.host}/v2/mirror"]
override_path = true
""")
        index = make_release({"cli": self.cli})
        self.registry.push("mirror/ocp/release", "4.15", index)

        names = self.resolve("--release", "quay.invalid/ocp/release:4.15",
                             "--host-root", self.root)

        self.assertEqual(names, ["quay.invalid/ocp/release:4.15", self.cli])

    def test_a_broken_file_is_one_warning(self):
        self.write_mirror(self.host)
        self.write_host("etc/containers/registries.conf.d/z.conf", "[[registry")

        done = run_prepull(["resolve", "-o", "name", "--release", self.release,
                            "--host-root", self.root])

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(f"{self.root}/etc/containers/registries.conf.d/z.conf:1:",
                      done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
