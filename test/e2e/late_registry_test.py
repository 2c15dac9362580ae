#!/usr/bin/env python3
"""A registry that is away while sources are read: prepull waits for it.

Debian's docker-registry is started late, or never. It needs root and Debian's
containerd, and only loopback.
"""

import datetime
import os
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import Lab, run_as_root, start_prepull  # noqa: E402
from lab.images import make_image, make_layer  # noqa: E402
from lab.process import end_child, wait_until  # noqa: E402
from lab.registry_front import RegistryFront  # noqa: E402


class LateRegistryTest(unittest.TestCase):

    def setUp(self):
        self.lab = self.enterContext(Lab())
        self.host = f"127.0.0.1:{self.lab.registry.port}"
        self.lab.route(self.host, self.lab.registry)
        self.name = f"{self.host}/team/app:1.0.0"
        self.lab.push("team/app", "1.0.0",
                      make_image([make_layer("app", 50_000)]))
        self.select = ["--select", f"{self.host}/team/app semver:1"]

    def start_fetch(self, *flags):
        return self.lab.start_fetch([], *self.select, *flags)

    def wait_for_word(self, run, word):
        wait_until(lambda: word in run.log(), 30, word)

    def test_a_fetch_goes_on_when_the_registry_is_there(self):
        self.lab.registry.stop()
        run = self.start_fetch()
        self.wait_for_word(run, "source is away")
        self.assertEqual(run.status()["phase"], "Preparing")

        self.lab.registry.start()
        run.wait()

        self.assertEqual(run.exit_code, 0, run.story())
        self.assertEqual(run.status()["images"][0]["image"], self.name)

    def test_a_registry_that_stays_away_is_a_run_that_can_be_continued(self):
        self.lab.registry.stop()

        run = self.start_fetch("--overall-timeout", "5s")
        run.wait()

        self.assertEqual(run.exit_code, 3, run.story())
        status = run.status()
        self.assertEqual((status["phase"], status["reason"]),
                         ("TimedOut", "RegistryUnavailable"))
        self.assertIn(f"--select {self.host}/team/app: ", status["message"])
        self.assertIn("connection refused", status["message"])
        self.assertTrue(run.log().splitlines()[-1].startswith(
            f"prepull: out of time: --select {self.host}/team/app: "))

    def test_one_that_turns_everybody_away_limits_the_rate(self):
        front = self.enterContext(RegistryFront(self.lab.registry))
        front.busy_for = 1_000_000

        run = self.lab.start_fetch(
            [], "--select", f"127.0.0.1:{front.port}/team/app semver:1",
            "--overall-timeout", "5s")
        run.wait()

        self.assertEqual(run.exit_code, 3, run.story())
        self.assertEqual(run.status()["reason"], "RegistryUnavailable")

    def test_what_is_wrong_by_itself_ends_it_at_once(self):
        self.lab.registry.stop()
        other = self.lab.add_registry("other.lab:5000")
        gone = f"127.0.0.1:{other.port}/team/gone"

        run = self.start_fetch("--select", f"{gone} semver:1")
        run.wait(30)

        self.assertEqual(run.exit_code, 2, run.story())
        self.assertIn(f"--select {gone}: ", run.status()["message"])

    def test_the_status_file_is_kept_fresh_and_a_stop_is_heard(self):
        self.lab.registry.stop()
        run = self.start_fetch()
        first = run.wait_for_status(lambda _: True, "a status file")

        fresh = run.wait_for_status(
            lambda status: updated_at(status) - updated_at(first) >
            datetime.timedelta(seconds=5), "a fresh status file")
        took = run.interrupt()

        self.assertEqual(fresh["phase"], "Preparing")
        self.assertEqual(run.exit_code, 3, run.story())
        status = run.status()
        self.assertEqual((status["phase"], status["reason"]),
                         ("Interrupted", "Interrupted"))
        self.assertLess(took, 2)

    def test_with_best_effort_the_rest_is_pulled_after_half_of_the_time(self):
        other = self.lab.add_registry("other.lab:5000")
        self.lab.registry.stop()
        name = f"127.0.0.1:{other.port}/team/app:1.0.0"
        self.lab.route(f"127.0.0.1:{other.port}", other)
        other.push("team/app", "1.0.0",
                   make_image([make_layer("app", 50_000)]))

        run = self.start_fetch(
            "--best-effort", "--overall-timeout", "12s", "--select",
            f"127.0.0.1:{other.port}/team/app semver:1")
        run.wait()

        self.assertEqual(run.exit_code, 0, run.story())
        self.assertEqual(
            {image["image"]: (image["state"], image["reason"])
             for image in run.status()["images"]},
            {name: ("Pulled", ""),
             f"{self.host}/team/app": ("Failed", "RegistryUnavailable")})

    def test_resolve_and_check_wait_for_it_too(self):
        self.lab.registry.stop()
        socket = ["--cri-socket", self.lab.containerd.socket_path]
        for words, said in (
                (["resolve", "--digests", "-o", "name", *self.select],
                 f"{self.name}@sha256:"),
                (["check", "-o", "name", *socket, *self.select], self.name)):
            with self.subTest(words[0]):
                self.lab.registry.stop()
                out = self.end_after_start_of_registry(words)

                self.assertTrue(out.startswith(said), out)

    def end_after_start_of_registry(self, words):
        """What it prints that found no registry at first."""
        log_path = os.path.join(self.lab.folder, f"{words[0]}.log")
        with open(log_path, "wb") as log:
            child = start_prepull(words, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=log,
                                  text=True)
        self.addCleanup(end_child, child, 0)
        wait_until(lambda: "source is away" in read(log_path), 30, log_path)
        self.lab.registry.start()
        out, _ = child.communicate(timeout=60)
        return out

    def test_resolve_and_check_end_with_3_if_it_stays_away(self):
        self.lab.registry.stop()
        for command in ("resolve", "check"):
            with self.subTest(command):
                child = start_prepull(
                    [command, *self.select, "--overall-timeout", "2s"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, text=True)
                self.addCleanup(end_child, child, 0)
                out, err = child.communicate(timeout=60)

                self.assertEqual((child.returncode, out), (3, ""), err)
                self.assertIn("connection refused", err)


def updated_at(status):
    return datetime.datetime.strptime(status["updated_at"],
                                      "%Y-%m-%dT%H:%M:%S.%fZ")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
