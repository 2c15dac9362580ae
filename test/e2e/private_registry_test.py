#!/usr/bin/env python3
"""Private registries: prepull brings the credentials, containerd uses them.

Debian's docker-registry asks for a password, the lab's own registry for a
token. It needs root and Debian's containerd, and only loopback.
"""

import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import REGISTRY, Lab, run_as_root  # noqa: E402
from lab.bad_registry import BadRegistry  # noqa: E402
from lab.credentials import (  # noqa: E402
    MountedSecret, Provider, docker_config, write_file)
from lab.images import make_image, make_layer  # noqa: E402
from lab.process import wait_until  # noqa: E402
from lab.registry import Registry  # noqa: E402
from lab.token_auth import TokenAuth  # noqa: E402

ONE, TWO, TOKEN = "one.lab:5000", "two.lab:5000", "token.lab:5000"
FIRST = ("robot-1", "first-password")
SECOND = ("robot-2", "second-password")
WRONG = ("robot-1", "stale-password")
IDENTITY = "an-identity-token"


class PrivateTest(unittest.TestCase):
    """What the tests ask of their node."""

    def setUp(self):
        self.lab = self.enterContext(Lab())

    def path(self, name):
        return os.path.join(self.lab.folder, name)

    def push(self, registry, host, repository="team/app"):
        image = make_image([make_layer(repository, 50_000)])
        add = registry.push if isinstance(registry, Registry) else registry.add
        add(repository, "1.0", image)
        return f"{host}/{repository}:1.0"

    def config(self, name, accounts):
        return ["--docker-config",
                write_file(self.lab.folder, name, docker_config(accounts))]

    def wait_for_refusal(self, run):
        run.wait_for_status(
            lambda status: any(image["reason"] == "Unauthorized"
                               for image in status["images"]), "a refusal")

    def check_pulled(self, run, names):
        self.assertEqual(run.exit_code, 0, run.story())
        status = run.status()
        self.assertEqual(states(status), dict.fromkeys(names, "Pulled"))
        self.assertLessEqual(set(names), set(self.lab.containerd.image_names()))
        return status

    def check_unauthorized(self, run, expected, attempts=1):
        """The images ended so, the first one after so many attempts."""
        self.assertEqual(run.exit_code, 1, run.story())
        status = run.status()
        self.assertEqual(states(status), expected)
        image = status["images"][0]
        self.assertEqual(image["reason"], "Unauthorized")
        self.assertEqual(image["attempts"], attempts)
        self.assertLess(image["duration_seconds"], 5)
        return image


class PasswordTest(PrivateTest):

    def setUp(self):
        super().setUp()
        self.private = self.lab.add_registry(ONE, FIRST)
        self.name = self.push(self.private, ONE)

    # Credentials from files.

    def test_each_registry_of_a_list_gets_its_own_credential(self):
        names = [self.name,
                 self.push(self.lab.add_registry(TWO, SECOND), TWO),
                 self.push(self.lab.registry, REGISTRY)]

        run = self.lab.fetch(
            names, *self.config("one.json", {ONE: FIRST}),
            *self.config("two.json", {TWO: SECOND}))

        self.check_pulled(run, names)

    def test_a_wrong_credential_before_the_right_one_costs_no_attempt(self):
        run = self.lab.fetch(
            [self.name], "-v", *self.config("right.json", {ONE: FIRST}),
            *self.config("wrong.json", {f"{ONE}/team": WRONG}))

        status = self.check_pulled(run, [self.name])
        self.assertEqual(status["images"][0]["attempts"], 1)
        log = run.log()
        self.assertIn(f"wrong.json: {ONE}/team", log)
        self.assertLess(log.index(f"wrong.json: {ONE}/team"),
                        log.index(f"right.json: {ONE}"))

    def test_the_right_key_of_one_file_follows_the_wrong_one(self):
        run = self.lab.fetch(
            [self.name],
            *self.config("both.json", {ONE: FIRST, f"{ONE}/team": WRONG}))

        status = self.check_pulled(run, [self.name])
        self.assertEqual(status["images"][0]["attempts"], 1)

    def test_a_secret_that_is_rotated_during_the_run_is_read_anew(self):
        secret = MountedSecret(self.path("pull-secret"), {ONE: WRONG})

        run = self.lab.start_fetch(
            [self.name], "--docker-config", secret.folder,
            "--initial-pull-attempt-delay", "3s")
        self.wait_for_refusal(run)
        secret.replace({ONE: FIRST})
        run.wait()

        status = self.check_pulled(run, [self.name])
        self.assertEqual(status["images"][0]["attempts"], 2)

    def test_a_file_that_is_a_link_of_a_secret_is_read_anew_too(self):
        secret = MountedSecret(self.path("pull-secret"), {ONE: WRONG})

        run = self.lab.start_fetch(
            [self.name], "--docker-config", secret.path,
            "--initial-pull-attempt-delay", "3s")
        self.wait_for_refusal(run)
        secret.replace({ONE: FIRST})
        run.wait()

        self.check_pulled(run, [self.name])

    # Without the right credential.

    def test_without_a_credential_one_attempt_fails_and_the_rest_is_pulled(
            self):
        public = self.push(self.lab.registry, REGISTRY)

        run = self.lab.fetch([self.name, public])

        self.check_unauthorized(run, {self.name: "Failed", public: "Pulled"})

    def test_a_wrong_credential_fails_after_one_attempt_and_is_named(self):
        public = self.push(self.lab.registry, REGISTRY)

        run = self.lab.fetch([self.name, public],
                             *self.config("wrong.json", {ONE: WRONG}))

        image = self.check_unauthorized(
            run, {self.name: "Failed", public: "Pulled"})
        self.assertIn(f"wrong.json: {ONE})", image["message"])

    def test_a_credential_of_another_registry_is_not_sent(self):
        run = self.lab.fetch([self.name],
                             *self.config("two.json", {TWO: FIRST}))

        image = self.check_unauthorized(run, {self.name: "Failed"})
        self.assertNotIn("tried", image["message"])

    # A secret of the line's own.

    def test_the_secret_of_a_line_is_used_alone(self):
        MountedSecret(self.path("secrets/team-a"), {ONE: FIRST})

        run = self.lab.fetch(
            [f"{self.name} secret=team-a"], "-v", "--secrets-dir",
            self.path("secrets"), *self.config("wrong.json", {ONE: WRONG}))

        self.check_pulled(run, [self.name])
        self.assertNotIn("wrong.json", run.log())

    def test_a_missing_secret_fails_its_image_alone(self):
        MountedSecret(self.path("secrets/team-a"), {ONE: FIRST})
        other = self.push(self.private, ONE, "team/other")

        run = self.lab.fetch(
            [f"{self.name} secret=team-b", f"{other} secret=team-a"],
            "--secrets-dir", self.path("secrets"),
            *self.config("right.json", {ONE: FIRST}))

        image = self.check_unauthorized(
            run, {self.name: "Failed", other: "Pulled"}, attempts=0)
        self.assertIn('secret "team-b"', image["message"])

    def test_a_secret_without_a_folder_of_secrets_says_so(self):
        run = self.lab.fetch([f"{self.name} secret=team-a"])

        image = self.check_unauthorized(run, {self.name: "Failed"},
                                        attempts=0)
        self.assertIn("--secrets-dir", image["message"])

    # A plugin.

    def test_a_plugin_hands_out_the_credential(self):
        provider = Provider(self.path("provider"), ONE, FIRST)

        run = self.lab.fetch([self.name], *provider.flags)

        self.check_pulled(run, [self.name])
        # Without the tag, as the kubelet asks.
        self.assertEqual(provider.request()["image"], f"{ONE}/team/app")

    def test_a_plugin_that_fails_for_a_while_is_waited_for(self):
        provider = Provider(self.path("provider"), ONE, FIRST)
        provider.break_down()
        run = self.lab.start_fetch([self.name], *provider.flags)
        run.wait_for_status(
            lambda status: any(image["attempts"] >= 3
                               for image in status["images"]), "three refusals")

        provider.recover()
        run.wait()

        self.check_pulled(run, [self.name])

    def test_a_plugin_that_fails_to_the_end_is_a_run_to_be_continued(self):
        provider = Provider(self.path("provider"), ONE, FIRST)
        provider.break_down()

        run = self.lab.fetch([self.name], *provider.flags,
                             "--overall-timeout", "5s")

        self.assertEqual(run.exit_code, 3, run.story())
        (image,) = run.status()["images"]
        self.assertEqual((image["state"], image["reason"]),
                         ("Stopped", "Unauthorized"))
        self.assertIn("plugin lab-provider: ", image["message"])
        self.assertIn("exited with code 1", image["message"])

    def test_a_file_that_is_half_written_is_read_again(self):
        path = write_file(self.lab.folder, "config.json", '{"auths":')
        run = self.lab.start_fetch([self.name], "--docker-config", path)
        self.wait_for_refusal(run)

        write_file(self.lab.folder, "config.json", docker_config({ONE: FIRST}))
        run.wait()

        self.check_pulled(run, [self.name])

    def test_a_source_is_read_once_its_plugin_works(self):
        other = self.lab.add_registry("127.0.0.1", FIRST)
        host = f"127.0.0.1:{other.port}"
        self.lab.route(host, other)
        name = self.push(other, host)
        provider = Provider(self.path("provider"), host, FIRST)
        provider.break_down()
        run = self.lab.start_fetch(
            [], "--select", f"{host}/team/app regex:.*", *provider.flags)
        wait_until(lambda: "source is away" in run.log(), 30, "a refusal")

        provider.recover()
        run.wait()

        self.check_pulled(run, [name])

    def test_a_plugin_is_asked_after_the_files(self):
        provider = Provider(self.path("provider"), ONE, FIRST)

        run = self.lab.fetch([self.name], *provider.flags,
                             *self.config("wrong.json", {ONE: WRONG}))

        status = self.check_pulled(run, [self.name])
        self.assertEqual(status["images"][0]["attempts"], 1)


class TokenTest(PrivateTest):

    def setUp(self):
        super().setUp()
        self.token_auth = TokenAuth(dict([FIRST]), [IDENTITY])
        self.private = self.enterContext(
            BadRegistry(token_auth=self.token_auth))
        self.lab.route(TOKEN, self.private)
        self.name = self.push(self.private, TOKEN)

    def test_a_password_is_changed_into_a_token(self):
        run = self.lab.fetch([self.name],
                             *self.config("right.json", {TOKEN: FIRST}))

        self.check_pulled(run, [self.name])
        self.assertEqual(self.token_auth.refused, [])

    def test_an_identity_token_is_changed_into_a_token(self):
        config = {"auths": {TOKEN: {"identitytoken": IDENTITY}}}
        path = write_file(self.lab.folder, "identity.json", json.dumps(config))

        run = self.lab.fetch([self.name], "--docker-config", path)

        self.check_pulled(run, [self.name])

    def test_a_wrong_password_before_the_right_one_costs_no_attempt(self):
        run = self.lab.fetch(
            [self.name], *self.config("right.json", {TOKEN: FIRST}),
            *self.config("wrong.json", {f"{TOKEN}/team": WRONG}))

        status = self.check_pulled(run, [self.name])
        self.assertEqual(status["images"][0]["attempts"], 1)
        self.assertNotEqual(self.token_auth.refused, [])

    def test_a_password_that_gets_no_token_fails_after_one_attempt(self):
        run = self.lab.fetch([self.name],
                             *self.config("wrong.json", {TOKEN: WRONG}))

        self.check_unauthorized(run, {self.name: "Failed"})

    def test_an_anonymous_pull_gets_no_token(self):
        public = self.push(self.lab.registry, REGISTRY)

        run = self.lab.fetch([self.name, public])

        self.check_unauthorized(run, {self.name: "Failed", public: "Pulled"})

    def test_a_token_that_does_not_open_the_repository_is_a_refusal(self):
        self.token_auth.forbidden.add("team/app")

        run = self.lab.fetch([self.name],
                             *self.config("right.json", {TOKEN: FIRST}))

        self.check_unauthorized(run, {self.name: "Failed"})
        self.assertNotEqual(self.token_auth.given, [])


def states(status):
    return {image["image"]: image["state"] for image in status["images"]}


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
