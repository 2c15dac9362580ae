#!/usr/bin/env python3
"""What was pulled stays: `fetch --pin` and `unpin` on a real containerd.

containerd's own client (ctr) tells which labels the image records have, and
CRI what the runtime makes of them. The tests hold on every containerd: from
1.6.24 and 1.7.3 on it heeds a pin, before that it only stores it. They need
root and Debian's containerd, and only loopback.
"""

import json
import os
import re
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import (  # noqa: E402
    REGISTRY, SLOW_REGISTRY, Lab, run_as_root, run_prepull)
from lab.images import digest_of, make_image, make_layer  # noqa: E402

PINNED = "io.cri-containerd.pinned"
OURS = "prepull/pinned"


class PinTest(unittest.TestCase):

    def setUp(self):
        self.lab = self.enterContext(Lab())

    # Pinning.

    def test_all_three_records_of_a_pulled_image_are_pinned(self):
        name, records = self.push("app")

        run = self.fetch([name], "--pin")

        status = self.check_pinned(run, [name])
        self.assertEqual(set(self.our_pins()), set(records))
        self.assertEqual({labels[PINNED] for labels in self.our_pins().values()},
                         {"pinned"})
        self.assertRegex(self.our_pins()[name][OURS], "^[0-9a-f]{16}$")
        self.assertEqual(status["images"][0]["state"], "Pulled")

    def test_what_else_a_record_says_stays(self):
        name, records = self.push("app")
        self.fetch([name])
        before = self.records()

        self.fetch([name], "--pin")

        ours = {PINNED: "pinned", OURS: self.our_pins()[name][OURS]}
        self.assertEqual(self.records(), {
            record: labels | (ours if record in records else {})
            for record, labels in before.items()})

    def test_images_that_were_there_already_are_pinned(self):
        name, records = self.push("app")
        self.fetch([name])
        self.assertEqual(self.our_pins(), {})

        run = self.fetch([name], "--pin")

        status = self.check_pinned(run, [name])
        self.assertEqual(status["images"][0]["state"], "Skipped")
        self.assertEqual(set(self.our_pins()), set(records))

    def test_a_pin_outlives_a_pull_that_comes_later(self):
        name, _ = self.push("app")
        self.fetch([name], "--pin")

        again = self.fetch([name], "--pull-policy", "Always", "--pin")

        self.check_pinned(again, [name])
        self.assertEqual(len(self.our_pins()), 3)

    def test_an_image_pulled_by_its_digest_is_pinned(self):
        image = make_image([make_layer("digest", 50_000)])
        self.lab.push("digest", "1.0", image)
        name = f"{REGISTRY}/digest@{image.digest}"

        run = self.fetch([name], "--pin")

        self.check_pinned(run, [name])
        self.assertEqual(set(self.our_pins()),
                         {name, digest_of(image.config)})

    def test_an_image_that_failed_is_not_pinned(self):
        name, records = self.push("app")
        gone = f"{REGISTRY}/gone:1"

        run = self.fetch([gone, name], "--pin")

        self.assertEqual(run.exit_code, 1, run.story())
        self.assertEqual(set(self.our_pins()), set(records))
        self.assertIs(run.status()["images"][0]["pinned"], False)

    def test_a_run_that_is_stopped_pins_what_is_there(self):
        name, records = self.push("app")
        self.lab.link.bytes_per_second = 200_000
        self.lab.push("held", "1.0",
                      make_image([make_layer("held", 1_600_000)]))

        run = self.lab.start_fetch([name, f"{SLOW_REGISTRY}/held:1.0"], "--pin")
        run.wait_for_status(
            lambda status: [image["state"] for image in status["images"]] ==
            ["Pulled", "Pulling"], "the fast image")
        seconds = run.interrupt()

        self.assertLess(seconds, 2)
        self.assertEqual(run.exit_code, 3, run.story())
        self.assertEqual(set(self.our_pins()), set(records))

    def test_without_the_flag_nothing_is_pinned(self):
        name, _ = self.push("app")

        run = self.fetch([name])

        self.assertEqual(self.our_pins(), {})
        self.assertIs(run.status()["runtime"]["pin"], False)
        self.assertIs(run.status()["images"][0]["pinned"], False)

    def test_a_version_that_does_not_heed_pins_is_warned_of(self):
        name, _ = self.push("app")

        run = self.fetch([name], "--pin")

        self.assertEqual("does not heed it" in run.story(),
                         not self.heeds_pins())
        self.assertEqual(run.exit_code, 0)

    # Somebody else's pins.

    def test_a_pin_of_somebody_else_stays_as_it_is(self):
        name, records = self.push("app")
        self.fetch([name])
        self.pin_by_hand(name)

        self.fetch([name], "--pin")
        pinned = self.our_pins()
        unpinned = self.unpin(name)

        self.assertEqual(set(pinned), set(records) - {name})
        self.assertEqual(unpinned.returncode, 0, unpinned.stderr)
        self.assertEqual(self.our_pins(), {})
        self.assertEqual(self.records()[name][PINNED], "pinned")

    # Unpinning.

    def test_unpin_frees_all_records_of_the_image(self):
        name, records = self.push("app")
        other, others = self.push("other")
        self.fetch([name, other], "--pin")
        before = self.records()

        done = self.unpin(name)

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout,
                         f"unpinned  {name}\n1 image unpinned\n")
        self.assertEqual(set(self.our_pins()), set(others))
        self.assertEqual(self.records(), {
            record: without_pin(labels) if record in records else labels
            for record, labels in before.items()})

    def test_unpin_of_a_list_is_the_same_the_second_time(self):
        name, records = self.push("app")
        self.fetch([name], "--pin")
        flags = ["--image-list-file", self.list_file([name]), "-o", "json"]

        first = self.unpin(*flags)
        second = self.unpin(*flags)

        self.assertEqual((first.returncode, second.returncode), (0, 0))
        (unpinned,) = json.loads(first.stdout)["unpinned"]
        self.assertEqual(unpinned["image"], name)
        self.assertEqual(set(unpinned["records"]), set(records))
        self.assertEqual(json.loads(second.stdout)["unpinned"], [])
        self.assertEqual(self.our_pins(), {})

    def test_unpin_of_an_image_that_is_gone_has_nothing_to_do(self):
        name, _ = self.push("app")
        self.fetch([name], "--pin")
        self.lab.containerd.remove_image(name)

        done = self.unpin(name)

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "no pins of prepull found\n")

    def test_an_older_list_is_freed_by_not_in_list(self):
        old, _ = self.push("old")
        kept, kept_records = self.push("kept")
        self.fetch([old, kept], "--pin")
        foreign, _ = self.push("foreign")
        self.fetch([foreign])
        self.pin_by_hand(foreign)

        done = self.unpin("--not-in-list",
                          "--image-list-file", self.list_file([kept]))

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, f"unpinned  {old}\n1 image unpinned\n")
        self.assertEqual(set(self.our_pins()), set(kept_records))
        self.assertEqual(self.records()[foreign][PINNED], "pinned")

    def test_not_in_list_keeps_what_a_listed_image_shares(self):
        image = make_image([make_layer("shared", 50_000)])
        self.lab.push("one", "1.0", image)
        self.lab.push("two", "1.0", image)
        one, two = (f"{REGISTRY}/{name}:1.0" for name in ("one", "two"))
        self.fetch([one, two], "--pin")
        self.assertEqual(len(self.our_pins()), 5)

        done = self.unpin("--not-in-list", "-o", "name",
                          "--image-list-file", self.list_file([one]))

        self.assertEqual(done.stdout, f"{two}\n")
        self.assertEqual(set(self.our_pins()), {
            one, f"{REGISTRY}/one@{image.digest}", digest_of(image.config)})

    def test_unpin_without_images_ends_with_two(self):
        self.assertEqual(self.unpin().returncode, 2)

    def test_not_in_list_without_a_sound_list_frees_nothing(self):
        name, _ = self.push("app")
        self.fetch([name], "--pin")
        misspelt = self.list_file([name.upper()])

        codes = [self.unpin("--not-in-list", *words).returncode for words in (
            [], [name], ["--image-list-file", "/dev/null"],
            ["--image-list-file", misspelt])]

        self.assertEqual(codes, [2, 2, 2, 2])
        self.assertEqual(len(self.our_pins()), 3)

    # What a test asks of its node.

    def push(self, name):
        """Pushes an image; returns its name and those of its records."""
        image = make_image([make_layer(name, 50_000)])
        self.lab.push(name, "1.0", image)
        tag = f"{REGISTRY}/{name}:1.0"
        return tag, [tag, f"{REGISTRY}/{name}@{image.digest}",
                     digest_of(image.config)]

    def fetch(self, names, *flags):
        return self.lab.fetch(names, *flags)

    def list_file(self, names):
        path = os.path.join(self.lab.folder, "unpin.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(name + "\n" for name in names)
        return path

    def unpin(self, *words):
        return run_prepull(["unpin", "--cri-socket",
                            self.lab.containerd.socket_path, *words])

    def ctr(self, *words):
        return self.lab.containerd.ctr(*words).splitlines()

    def records(self):
        """The labels of every image record, by its name."""
        rows = [line.split() for line in self.ctr("images", "ls")[1:]]
        return {row[0]: labels_of(row[-1]) for row in rows}

    def our_pins(self):
        return {name: labels for name, labels in self.records().items()
                if OURS in labels}

    def pin_by_hand(self, name):
        self.ctr("images", "label", name, f"{PINNED}=pinned")

    def heeds_pins(self):
        (version,) = [line.split()[-1] for line in self.ctr("version")
                      if "Version:" in line][-1:]
        number = tuple(int(digits) for digits in
                       re.match(r"v?(\d+)\.(\d+)\.(\d+)", version).groups())
        return number >= ((1, 6, 24) if number[:2] == (1, 6) else (1, 7, 3))

    def check_pinned(self, run, names):
        """The run pinned all, and reports what the runtime makes of it."""
        self.assertEqual(run.exit_code, 0, run.story())
        status = run.status()
        heeds = self.heeds_pins()
        self.assertIs(status["runtime"]["pin"], heeds)
        self.assertEqual({image["image"]: image["pinned"]
                          for image in status["images"]},
                         dict.fromkeys(names, heeds))
        return status


def labels_of(text):
    """What ctr prints of labels: "a=1,b=2", or "-"."""
    return dict(label.split("=", 1) for label in text.split(",")
                if "=" in label)


def without_pin(labels):
    return {key: value for key, value in labels.items()
            if key not in (PINNED, OURS)}


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
