#!/usr/bin/env python3
"""Secrets stay secret: everything the binary wrote is searched for them.

The registry of these tests repeats to whom it refuses all that he said, and
containerd hands that on. It needs root and Debian's containerd, and only
loopback.
"""

import base64
import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import Lab, run_as_root, run_prepull  # noqa: E402
from lab.bad_registry import BadRegistry  # noqa: E402
from lab.credentials import (  # noqa: E402
    MountedSecret, Provider, auth_value, docker_config, write_file)
from lab.images import make_image, make_layer  # noqa: E402
from lab.token_auth import TokenAuth  # noqa: E402

TOKEN, BASIC = "token.lab:5000", "basic.lab:5000"
RIGHT = ("robot", "right-pa55word")
WRONG = ("robot", "wrong-pa55word?&%/")
OF_PLUGIN = ("plugin", "plugin-pa55word")
OF_LINE = ("line", "line-pa55word")
ACCOUNTS = (RIGHT, WRONG, OF_PLUGIN, OF_LINE)
IDENTITY, WRONG_IDENTITY = "right-1dentity", "wrong-1dentity"
IN_QUERY = "s1gnature"
LOUD = ["-v", "--max-attempts", "2", "--initial-pull-attempt-delay", "100ms"]


class SecretsTest(unittest.TestCase):

    def setUp(self):
        self.lab = self.enterContext(Lab())
        self.token = self.add_registry(TOKEN, TokenAuth(
            dict([RIGHT, OF_LINE]), [IDENTITY]))
        self.basic = self.add_registry(BASIC, TokenAuth(
            dict([RIGHT, OF_LINE]), with_basic=True))
        self.flags = self.sources()

    def test_a_good_run_shows_none(self):
        names = self.add("app")

        run = self.fetch([names[0], f"{names[1]} secret=team"])

        self.assertEqual(run.exit_code, 0, run.story())
        self.assertNotEqual(self.token.token_auth.given, [])

    def test_refused_credentials_are_not_shown(self):
        run = self.fetch_with("wrong")

        self.check_refused(run)
        self.assertNotEqual(self.token.token_auth.refused, [])

    def test_a_json_log_and_document_show_none_either(self):
        run = self.fetch_with("wrong", "--log-format", "json", "-o", "json")

        self.check_refused(run)

    def test_what_a_registry_repeats_to_the_right_one_is_not_shown(self):
        for registry in (self.token, self.basic):
            registry.token_auth.forbidden.add("team/app")

        self.check_refused(self.fetch_with("team"))

    def test_what_a_registry_repeats_in_its_headers_is_not_shown(self):
        for registry in (self.token, self.basic):
            registry.token_auth.revoked.add("team/app")

        self.check_refused(self.fetch_with("team"))

    def test_a_refused_identity_token_is_not_shown(self):
        path = self.identity_config(WRONG_IDENTITY)

        run = self.lab.fetch(self.add("app")[:1], *LOUD,
                             "--docker-config", path)

        self.check_refused(run)
        self.check_silent(run.log() + run.output())

    def test_the_query_of_a_url_is_not_shown(self):
        self.basic.refuse(307, {
            "Location": f"/v2/team/app/blobs/gone?X-Signature={IN_QUERY}"})

        run = self.fetch(self.add("app")[1:])

        self.assertEqual(run.exit_code, 1, run.story())

    def test_a_password_in_a_line_of_the_list_is_not_shown(self):
        run = self.fetch([f"https://{RIGHT[0]}:{RIGHT[1]}@{BASIC}/team/app:1"])

        self.assertEqual(run.exit_code, 1, run.story())

    def test_a_plan_a_preflight_and_a_check_show_none(self):
        names = self.add("app")

        for words in (["fetch", "--dry-run", *self.flags, *names],
                      ["fetch", "--dry-run", "-o", "json", *self.flags,
                       *names],
                      ["preflight", *self.flags],
                      ["preflight", "-o", "json", *self.flags],
                      ["check", *names]):
            with self.subTest(words[:2]):
                done = run_prepull([
                    *words, "-v", "--cri-socket",
                    self.lab.containerd.socket_path])

                self.assertIn(done.returncode, (0, 1), done.stderr)
                self.check_silent(done.stdout + done.stderr)

    def test_a_file_that_cannot_be_read_is_not_quoted(self):
        broken = docker_config({BASIC: RIGHT})[:-3] + f'"{RIGHT[1]}'
        path = write_file(self.lab.folder, "broken.json", broken)
        undecodable = write_file(self.lab.folder, "auth.json", json.dumps(
            {"auths": {BASIC: {"auth": f"!{auth_value(WRONG)}"}}}))

        run = self.fetch(self.add("app"), "--docker-config", path,
                         "--docker-config", undecodable)

        self.assertEqual(run.exit_code, 0, run.story())
        self.assertIn("broken.json", run.log())
        self.assertIn("auth.json", run.log())

    # What a test asks of its node.

    def add_registry(self, name, token_auth):
        registry = self.enterContext(BadRegistry(token_auth=token_auth))
        self.lab.route(name, registry)
        return registry

    def add(self, name):
        """Adds an image to both registries; returns its two names."""
        image = make_image([make_layer(name, 50_000)])
        for registry in (self.token, self.basic):
            registry.add(f"team/{name}", "1.0", image)
        return [f"{host}/team/{name}:1.0" for host in (TOKEN, BASIC)]

    def sources(self):
        """Every kind of source, and in it the right and the wrong ones."""
        folder = self.lab.folder
        secrets = os.path.join(folder, "secrets")
        both = {TOKEN: RIGHT, BASIC: RIGHT}
        for name, account in (("wrong", WRONG), ("team", OF_LINE)):
            MountedSecret(os.path.join(secrets, name),
                          {TOKEN: account, BASIC: account})
        files = [
            write_file(folder, "right.json", docker_config(both)),
            write_file(folder, "wrong.json",
                       docker_config({f"{TOKEN}/team": WRONG,
                                      f"{BASIC}/team": WRONG}))]
        provider = Provider(os.path.join(folder, "provider"), BASIC, OF_PLUGIN)
        return ["--secrets-dir", secrets, *provider.flags,
                *(word for path in files for word in ("--docker-config", path))]

    def identity_config(self, identity):
        return write_file(self.lab.folder, "identity.json", json.dumps(
            {"auths": {TOKEN: {"identitytoken": identity}}}))

    def fetch(self, lines, *flags):
        """Runs with all sources at the loudest; checks all it wrote."""
        run = self.lab.fetch(lines, *LOUD, *self.flags, *flags)
        with open(run.status_path, encoding="utf-8") as status:
            self.check_silent(run.log() + run.output() + status.read())
        return run

    def fetch_with(self, secret, *flags):
        """Runs over one image of each registry, with this secret alone."""
        return self.fetch([f"{name} secret={secret}"
                           for name in self.add("app")], *flags)

    # What holds for every output.

    def check_refused(self, run):
        self.assertEqual(run.exit_code, 1, run.story())
        self.assertEqual(
            {(image["state"], image["reason"])
             for image in run.status()["images"]}, {("Failed", "Unauthorized")})

    def check_silent(self, text):
        found = {secret for secret in self.all_secrets() if secret in text}
        self.assertEqual(found, set(), text)

    def all_secrets(self):
        """Each secret as it is, in base64, and as HTTP and JSON have it."""
        plain = {IDENTITY, WRONG_IDENTITY, IN_QUERY,
                 *(password for _, password in ACCOUNTS)}
        encoded = {base64.b64encode(secret.encode()).decode().rstrip("=")
                   for secret in plain}
        return plain | encoded | {
            *(auth_value(account).rstrip("=") for account in ACCOUNTS),
            *self.token.token_auth.given}


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
