#!/usr/bin/env python3
"""Drives the built prepull against a real containerd and a real registry.

Each test has a node of its own (see test/support/lab), looks at the exit code
and the status file, and asks containerd and the registry what really happened.
It needs root, Debian's containerd and docker-registry, and only loopback.
"""

import collections
import datetime
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import REGISTRY, SLOW_REGISTRY, Lab, run_as_root  # noqa: E402
from lab.images import make_family, make_image, make_layer  # noqa: E402

# The keys that lifecycle-agent writes come first.
STATUS_KEYS = [
    "total", "pulled", "skipped", "failed", "failed_pulls", "schema", "phase",
    "exit_code", "reason", "message", "tolerated", "node", "instance",
    "run_id", "started_at", "updated_at", "finished_at", "deadline", "runtime",
    "bytes", "ended_connections", "not_usable", "images",
]
IMAGE_KEYS = [
    "image", "origin", "state", "attempts", "bytes_done", "bytes_total",
    "size_bytes", "duration_seconds", "image_ref", "pinned", "reason",
    "message", "pulled_as", "platform",
]
RUNTIME_KEYS = ["name", "version", "socket", "byte_progress", "resume", "pin",
                "watch_connections"]
RETRY_FAST = ["--initial-pull-attempt-delay", "200ms",
              "--max-pull-attempt-delay", "400ms"]


class RealContainerdTest(unittest.TestCase):

    def setUp(self):
        self.lab = self.enterContext(Lab())

    def test_pulls_twelve_images_onto_an_empty_node(self):
        names = self.lab.push_family(make_family(12))

        run = self.lab.fetch(names)

        status = self.check_end(run, 0, "Succeeded")
        self.assertEqual(states(status), dict.fromkeys(names, "Pulled"))
        self.assertEqual({image["attempts"] for image in status["images"]}, {1})
        self.assertEqual([image["image"] for image in status["images"]], names)
        self.check_present(names)

    def test_a_second_run_skips_all_and_asks_the_registry_nothing(self):
        names = self.lab.push_family(make_family(12))
        self.check_end(self.lab.fetch(names), 0, "Succeeded")
        self.lab.registry.forget_requests()

        run = self.lab.fetch(names)

        status = self.check_end(run, 0, "Succeeded")
        self.assertEqual(states(status), dict.fromkeys(names, "Skipped"))
        self.assertEqual({image["attempts"] for image in status["images"]}, {0})
        self.assertEqual(self.lab.registry.stop_and_list_requests(), [])

    def test_a_missing_image_fails_after_one_attempt(self):
        names = self.lab.push_family(make_family(3))
        missing = f"{REGISTRY}/team/gone:1"

        run = self.lab.fetch([names[0], missing, *names[1:]])

        status = self.check_end(run, 1, "Failed")
        self.assertEqual(states(status),
                         dict.fromkeys(names, "Pulled") | {missing: "Failed"})
        self.assertEqual(image_of(status, missing)["reason"], "NotFound")
        self.assertEqual(image_of(status, missing)["attempts"], 1)
        self.assertTrue(origin_of(status, missing).endswith("images.txt:2"))
        self.check_present(names)

    def test_a_stopped_registry_ends_the_run_at_its_deadline(self):
        names = self.lab.push_family(make_family(3))
        self.lab.registry.stop()

        run = self.lab.fetch(names, "--overall-timeout", "4s", *RETRY_FAST,
                             seconds=9)

        status = self.check_end(run, 3, "TimedOut")
        self.assertEqual(states(status), dict.fromkeys(names, "Stopped"))
        self.assertEqual({image["reason"] for image in status["images"]},
                         {"RegistryUnavailable"})
        self.assertGreater(most_attempts(status), 1)
        # The last try has half of what is left.
        self.assertGreaterEqual(seconds_taken(status), 3)

    def test_waits_for_a_registry_that_comes_back(self):
        names = self.lab.push_family(make_family(12))
        self.lab.registry.stop()

        run = self.lab.start_fetch(names, *RETRY_FAST)
        before = run.wait_for_status(
            lambda status: most_attempts(status) > 1, "a second attempt")
        self.lab.registry.start()
        run.wait()

        self.assertEqual(before["pulled"], 0)
        status = self.check_end(run, 0, "Succeeded")
        self.assertEqual(states(status), dict.fromkeys(names, "Pulled"))
        self.check_present(names)

    def test_waits_for_a_containerd_that_is_restarted(self):
        names = self.lab.push_family(make_family(4))
        slow = self.push_slow("held-1", "held-2", "held-3")

        run = self.lab.start_fetch(names + slow, *RETRY_FAST)
        self.wait_until_pulled(run, names)
        self.wait_until_pulling(run, slow[-1])
        self.lab.containerd.restart()
        after = run.status()
        self.lab.link.bytes_per_second = None
        run.wait()

        self.assertEqual(after["pulled"], len(names))
        status = self.check_end(run, 0, "Succeeded")
        self.assertEqual(states(status), dict.fromkeys(names + slow, "Pulled"))
        self.check_present(names + slow)

    def test_ends_with_the_runtime_code_when_containerd_stays_away(self):
        slow = self.push_slow("held")

        run = self.lab.start_fetch(slow, "--overall-timeout", "4s")
        self.wait_until_pulling(run, slow[0])
        self.lab.containerd.stop()
        run.wait(9)

        status = self.check_end(run, 4)
        self.assertEqual(states(status), {slow[0]: "Stopped"})
        self.assertEqual(image_of(status, slow[0])["reason"],
                         "RuntimeUnavailable")

    def test_stops_within_two_seconds_of_a_sigterm(self):
        names = self.lab.push_family(make_family(3))
        slow = self.push_slow("held")

        run = self.lab.start_fetch(names + slow)
        self.wait_until_pulled(run, names)
        self.wait_until_pulling(run, slow[0])
        seconds = run.interrupt()

        self.assertLess(seconds, 2)
        status = self.check_end(run, 3, "Interrupted")
        self.assertEqual(states(status),
                         dict.fromkeys(names, "Pulled") | {slow[0]: "Stopped"})
        self.assertEqual(image_of(status, slow[0])["reason"], "Interrupted")

    def test_a_run_after_a_sigterm_pulls_only_the_rest(self):
        names = self.lab.push_family(make_family(3))
        slow = self.push_slow("held")
        run = self.lab.start_fetch(names + slow)
        self.wait_until_pulled(run, names)
        run.interrupt()
        self.lab.link.bytes_per_second = None

        second = self.lab.fetch(names + slow)

        status = self.check_end(second, 0, "Succeeded")
        self.assertEqual(states(status),
                         dict.fromkeys(names, "Skipped") | {slow[0]: "Pulled"})

    def test_an_image_removed_during_the_run_is_reported_as_failed(self):
        names = self.lab.push_family(make_family(3))
        slow = self.push_slow("held")

        run = self.lab.start_fetch(names + slow)
        self.wait_until_pulled(run, names)
        self.lab.containerd.remove_image(names[1])
        self.lab.link.bytes_per_second = None
        run.wait()

        status = self.check_end(run, 1, "Failed")
        self.assertEqual(
            states(status),
            dict.fromkeys(names + slow, "Pulled") | {names[1]: "Failed"})
        self.assertEqual(status["failed_pulls"], [names[1]])

    def test_two_runs_over_one_list_do_not_hurt_each_other(self):
        names = self.lab.push_family(make_family(12))
        slow = self.push_slow("held")

        first = self.lab.start_fetch(names + slow)
        self.wait_until_pulling(first, slow[0])
        second = self.lab.start_fetch(slow + names)
        self.wait_until_pulling(second, slow[0])
        self.lab.link.bytes_per_second = None
        first.wait()
        second.wait()

        one = self.check_end(first, 0, "Succeeded")
        other = self.check_end(second, 0, "Succeeded")
        self.assertNotEqual(one["run_id"], other["run_id"])
        self.check_present(names + slow)

    def test_one_image_under_many_spellings_is_pulled_once(self):
        image = make_image([make_layer("spelling", 50_000)])
        self.lab.push("library/busybox", "latest", image)
        self.lab.push("team/app", "latest", image)

        run = self.lab.fetch([
            "busybox", "docker.io/library/busybox:latest", "docker.io/busybox",
            f"{REGISTRY}/team/app", f"{REGISTRY}/team/app:latest",
        ])

        status = self.check_end(run, 0, "Succeeded")
        self.assertEqual(states(status), {"busybox": "Pulled",
                                          f"{REGISTRY}/team/app": "Pulled"})
        self.assertTrue(origin_of(status, "busybox").endswith("images.txt:1"))
        self.assertEqual(self.resolved_tags(),
                         {"library/busybox": 1, "team/app": 1})

    def test_an_image_is_pulled_and_then_skipped_by_its_digest(self):
        image = make_image([make_layer("digest", 50_000)])
        self.lab.push("team/app", "1.0", image)
        name = f"{REGISTRY}/team/app@{image.digest}"

        first = self.lab.fetch([name])
        second = self.lab.fetch([name])

        self.assertEqual(states(self.check_end(first, 0, "Succeeded")),
                         {name: "Pulled"})
        self.assertEqual(states(self.check_end(second, 0, "Succeeded")),
                         {name: "Skipped"})

    def test_a_malformed_line_fails_and_the_others_are_pulled(self):
        names = self.lab.push_family(make_family(2))

        run = self.lab.fetch([names[0], f"{REGISTRY}/Team/App:1", names[1]])

        status = self.check_end(run, 1, "Failed")
        self.assertEqual(list(states(status).values()),
                         ["Pulled", "Failed", "Pulled"])
        self.assertEqual(status["images"][1]["reason"], "InvalidReference")
        self.assertTrue(
            status["images"][1]["origin"].endswith("images.txt:2"))

    # What a test asks of its node.

    def push_slow(self, *names):
        """Pushes images that come over a link of 200 kB/s, 8 s for each."""
        self.lab.link.bytes_per_second = 200_000
        for name in names:
            layer = make_layer(name, 1_600_000)
            self.lab.push(name, "1.0", make_image([layer]))
        return [f"{SLOW_REGISTRY}/{name}:1.0" for name in names]

    def wait_until_pulled(self, run, names):
        run.wait_for_status(
            lambda status: all(states(status).get(name) == "Pulled"
                               for name in names), "the fast images")

    def wait_until_pulling(self, run, name):
        run.wait_for_status(
            lambda status: states(status).get(name) == "Pulling", name)

    def resolved_tags(self):
        """How often each repository was asked which digest its tag has."""
        return collections.Counter(
            request.repository
            for request in self.lab.registry.stop_and_list_requests()
            if request.kind == "manifests" and request.method == "HEAD")

    def check_present(self, names):
        self.assertLessEqual(set(names), set(self.lab.containerd.image_names()))

    # What holds for every run.

    def check_end(self, run, exit_code, phase=None):
        """Checks the exit code and the whole status file; returns it."""
        status = run.status()
        self.assertEqual(run.exit_code, exit_code, run.story())
        self.assertEqual(status["exit_code"], exit_code)
        self.assertEqual(status["phase"], phase or status["phase"])
        self.check_keys(status)
        self.check_counts(status)
        self.check_times(status)
        self.check_runtime(status)
        return status

    def check_keys(self, status):
        self.assertEqual(list(status), STATUS_KEYS)
        self.assertEqual(status["schema"], "prepull.status/v1")
        self.assertEqual({tuple(image) for image in status["images"]},
                         {tuple(IMAGE_KEYS)})

    def check_counts(self, status):
        ended = collections.Counter(states(status).values())
        counted = {key: status[key]
                   for key in ("total", "pulled", "skipped", "failed")}
        self.assertEqual(counted, {
            "total": len(status["images"]), "pulled": ended["Pulled"],
            "skipped": ended["Skipped"], "failed": ended["Failed"]})
        self.assertEqual(status["failed_pulls"], [
            image["image"] for image in status["images"]
            if image["state"] == "Failed"])
        self.assertLessEqual(set(ended),
                             {"Pulled", "Skipped", "Failed", "Stopped"})
        self.assertNotIn("", [
            image["reason"] for image in status["images"]
            if image["state"] in ("Failed", "Stopped")])

    def check_times(self, status):
        started, updated, finished, deadline = (
            time_of(status[key]) for key in
            ("started_at", "updated_at", "finished_at", "deadline"))
        self.assertLessEqual(started, finished)
        self.assertLessEqual(finished, updated)
        self.assertLess(started, deadline)

    def check_runtime(self, status):
        runtime = status["runtime"]
        self.assertEqual(list(runtime), RUNTIME_KEYS)
        self.assertEqual(runtime["name"], "containerd")
        # So that what is tested is the containerd that was asked for.
        self.assertEqual(runtime["version"].removeprefix("v"),
                         self.lab.containerd.binary.version)
        self.assertEqual(runtime["socket"], self.lab.containerd.socket_path)


def states(status):
    return {image["image"]: image["state"] for image in status["images"]}


def image_of(status, name):
    return next(image for image in status["images"] if image["image"] == name)


def origin_of(status, name):
    return image_of(status, name)["origin"]


def most_attempts(status):
    return max((image["attempts"] for image in status["images"]), default=0)


def time_of(text):
    """Reads a time of the status file, which is UTC and says so."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_taken(status):
    span = time_of(status["finished_at"]) - time_of(status["started_at"])
    return span.total_seconds()


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
