#!/usr/bin/env python3
"""What a line of the list and the flags over it say, on a real containerd.

Options behind an image, names that lead to a mirror, and how many failures a
run bears. It needs root and Debian's containerd, and only loopback.
"""

import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import run_as_root, run_prepull  # noqa: E402
from lab.images import make_family  # noqa: E402
from lab.real_node import REGISTRY, RealNodeTest  # noqa: E402

ORIGIN = "origin.lab:5000"
MISSING = f"{REGISTRY}/team/gone:1.0"
OUR_PIN = "prepull/pinned"


class LineTest(RealNodeTest):

    def test_policy_always_asks_the_registry_for_its_image_alone(self):
        names = self.add_family(make_family(2))
        self.lab.fetch(names)
        asked_before = len(self.registry.requests)

        run = self.lab.fetch([f"{names[0]} policy=Always", names[1]])

        self.assertEqual(run.exit_code, 0, run.story())
        self.assertEqual(states(run.status()),
                         {names[0]: "Pulled", names[1]: "Skipped"})
        asked = self.registry.requests[asked_before:]
        self.assertEqual({request.repository for request in asked},
                         {"team/app-1"})

    def test_policy_of_a_line_counts_more_than_the_flag(self):
        names = self.add_family(make_family(2))
        self.lab.fetch(names)

        run = self.lab.fetch([f"{names[0]} policy=IfNotPresent", names[1]],
                             "--pull-policy", "Always")

        self.assertEqual(states(run.status()),
                         {names[0]: "Skipped", names[1]: "Pulled"})

    def test_pin_labels_the_records_of_its_image_alone(self):
        images = make_family(2)
        names = self.add_family(images)

        run = self.lab.fetch([f"{names[0]} pin=true", names[1]])

        self.assertEqual(run.exit_code, 0, run.story())
        pinned = {row[0] for row in self.ctr("images", "ls")
                  if OUR_PIN in row[-1]}
        self.assertEqual(len(pinned), 3)
        self.assertIn(names[0], pinned)
        self.assertIn(f"{REGISTRY}/team/app-1@{images[0].digest}", pinned)

    def test_an_unknown_option_fails_its_line_alone(self):
        names = self.add_family(make_family(2))

        run = self.lab.fetch([names[0], f"{names[1]} colour=red"])

        self.assertEqual(run.exit_code, 1, run.story())
        good, bad = run.status()["images"]
        self.assertEqual((good["state"], bad["state"]), ("Pulled", "Failed"))
        self.assertEqual((bad["image"], bad["reason"], bad["attempts"]),
                         (f"{names[1]} colour=red", "InvalidReference", 0))
        self.assertRegex(bad["message"], r'images\.txt:2: "colour=red"')


class RewriteTest(RealNodeTest):

    def test_a_rewritten_image_keeps_its_name_and_says_whence_it_came(self):
        (mirrored,) = self.add_family(make_family(1))
        name = mirrored.replace(REGISTRY, ORIGIN)
        rule = f"{ORIGIN}={REGISTRY}"

        run = self.lab.fetch([name], "--rewrite", rule)
        check = self.check("--rewrite", rule, name)

        self.assertEqual(run.exit_code, 0, run.story())
        (image,) = run.status()["images"]
        self.assertEqual((image["image"], image["pulled_as"]),
                         (name, mirrored))
        self.assertIn(mirrored, self.lab.containerd.image_names())
        self.assertNotIn(name, self.lab.containerd.image_names())
        self.assertEqual(check.returncode, 0, check.stdout)
        self.assertEqual(self.check(name).returncode, 1)

    def test_an_image_that_no_rule_fits_is_pulled_by_its_own_name(self):
        (name,) = self.add_family(make_family(1))

        run = self.lab.fetch([name], "--rewrite", f"{ORIGIN}={REGISTRY}")

        self.assertEqual(run.exit_code, 0, run.story())
        self.assertEqual(run.status()["images"][0]["pulled_as"], "")
        (warning,) = [line for line in run.log().splitlines()
                      if "rewrite fits no image" in line]
        self.assertIn(" warn ", warning)
        self.assertIn(f"{ORIGIN}={REGISTRY}", warning)

    def test_check_tells_the_missing_image_by_the_name_of_the_list(self):
        name = f"{ORIGIN}/team/app:1.0"

        check = self.check("--rewrite", f"{ORIGIN}={REGISTRY}", name,
                           "-o", "json")

        self.assertEqual(check.returncode, 1)
        (missing,) = json.loads(check.stdout)["missing"]
        self.assertEqual(missing["image"], name)

    def check(self, *words):
        return run_prepull(["check", "--cri-socket",
                            self.lab.containerd.socket_path, *words])


class ToleranceTest(RealNodeTest):

    def setUp(self):
        super().setUp()
        self.names = [*self.add_family(make_family(3)), MISSING]

    def test_as_many_failures_as_are_tolerated_are_a_success(self):
        self.check_tolerated(
            self.lab.fetch(self.names, "--failure-tolerance", "25%"))

    def test_a_number_of_failures_can_be_tolerated(self):
        self.check_tolerated(
            self.lab.fetch(self.names, "--failure-tolerance", "1"))

    def test_best_effort_tolerates_any(self):
        self.check_tolerated(self.lab.fetch(self.names, "--best-effort"))

    def test_lifecycle_agents_variable_means_best_effort(self):
        self.check_tolerated(self.lab.fetch(
            self.names, env={"PRECACHE_BEST_EFFORT": "TRUE"}))

    def test_another_value_of_the_variable_means_nothing(self):
        run = self.lab.fetch(self.names, env={"PRECACHE_BEST_EFFORT": "FALSE"})

        self.assertEqual(run.exit_code, 1, run.story())

    def test_one_failure_more_than_tolerated_is_one(self):
        run = self.lab.fetch(self.names, "--failure-tolerance", "24%")

        self.assertEqual(run.exit_code, 1, run.story())
        status = run.status()
        self.assertEqual((status["phase"], status["tolerated"]),
                         ("Failed", False))

    def test_a_run_without_failures_tolerates_nothing(self):
        run = self.lab.fetch(self.names[:3], "--best-effort")

        self.assertEqual(run.exit_code, 0, run.story())
        self.assertFalse(run.status()["tolerated"])

    def check_tolerated(self, run):
        self.assertEqual(run.exit_code, 0, run.story())
        status = run.status()
        self.assertEqual(
            {key: status[key] for key in (
                "phase", "exit_code", "tolerated", "pulled", "failed",
                "failed_pulls")},
            {"phase": "Succeeded", "exit_code": 0, "tolerated": True,
             "pulled": 3, "failed": 1, "failed_pulls": [MISSING]})
        self.assertEqual(self.our_leases(), [])


def states(status):
    return {image["image"]: image["state"] for image in status["images"]}


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
