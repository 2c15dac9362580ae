#!/usr/bin/env python3
"""Little space: prepull and a containerd whose root is a disk of 64 MiB.

It needs root and Debian's containerd, and only loopback.
"""

import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import run_as_root, run_prepull  # noqa: E402
from lab.images import digest_of, make_layer  # noqa: E402
from lab.process import wait_until  # noqa: E402
from lab.real_node import RealNodeTest  # noqa: E402

DISK = 64 << 20


class DiskTest(RealNodeTest):

    disk_size = DISK

    def test_too_little_space_is_refused_with_the_numbers(self):
        name = self.add("app", make_layer("small", 1_000_000))

        run = self.lab.fetch([name], "--space-required", "1GB")

        status = self.check_no_space(run)
        self.assertRegex(
            status["message"],
            r"image file system /\S+: 5\d\.\dMB available below 85% of 67\.1MB,"
            r" 1\.0GB required \(94\d\.\dMB short\)")
        self.assertIn("prepull: " + status["message"], run.story())
        self.assertEqual(states(status), [("Stopped", "NoSpace", 0)])
        self.assertEqual(self.registry.bytes_served(), 0)

    def test_enough_space_is_no_obstacle(self):
        name = self.add("app", make_layer("small", 1_000_000))

        run = self.lab.fetch([name], "--space-required", "20MiB")

        self.check_pulled(run, [name])
        self.assertNotIn(" warn ", run.story())

    def test_a_usage_above_the_threshold_is_a_warning_after_the_run(self):
        name = self.add("app", make_layer("large", 10_000_000))

        run = self.lab.fetch([name], "--gc-high-threshold", "20")

        self.check_pulled(run, [name])
        self.assertRegex(run.story(), r"warn image file system \S+ 2\d\.\dMB of "
                                      r"67\.1MB used \(3\d%\), not below 20%")

    def test_a_node_that_has_all_images_needs_no_space(self):
        name = self.add("app", make_layer("small", 1_000_000))
        self.check_pulled(self.lab.fetch([name]), [name])

        run = self.lab.fetch([name], "--space-required", "1GB")

        self.assertEqual(run.exit_code, 0, run.story())
        self.assertIn("1.0GB required", run.story())

    def test_a_layer_larger_than_the_disk_ends_the_run(self):
        self.check_disk_full("huge", make_layer("huge", 100_000_000))

    def test_layers_that_fit_only_packed_end_the_run(self):
        self.check_disk_full("packed", *(make_layer(f"packed-{i}", 20_000_000)
                                         for i in range(2)))

    def test_a_full_disk_frees_what_an_earlier_run_kept(self):
        names = [self.add(f"app-{i}", make_layer(f"app-{i}", 30_000_000))
                 for i in range(3)]
        before = self.used()
        self.registry.bytes_per_second = 4_000_000
        stopped = self.lab.start_fetch(names)
        self.wait_until_served(20_000_000)
        stopped.interrupt()
        self.registry.bytes_per_second = None

        run = self.lab.fetch(names)

        self.assertEqual(stopped.exit_code, 3, stopped.story())
        self.check_no_space(run)
        wait_until(lambda: self.used() < before + 1_000_000, 10,
                   "the space to be free again")

    def test_a_refused_run_frees_what_an_earlier_run_kept(self):
        name = self.add("app", make_layer("app", 30_000_000))
        before = self.used()
        self.registry.bytes_per_second = 4_000_000
        stopped = self.lab.start_fetch([name])
        self.wait_until_served(8_000_000)
        stopped.interrupt()
        self.assertEqual(stopped.exit_code, 3, stopped.story())
        self.assertGreater(self.used(), before + 4_000_000)

        run = self.lab.fetch([name], "--space-required", "1GB")

        self.check_no_space(run)
        self.assertEqual(self.our_leases(), [])
        wait_until(lambda: self.used() < before + 1_000_000, 10,
                   "the space to be free again")

    def test_preflight_says_what_the_disk_says(self):
        disk = os.statvfs(self.lab.containerd.root)

        done = self.preflight("--space-required", "1GB", "-o", "json")

        self.assertEqual(done.returncode, 5, done.stderr)
        document = json.loads(done.stdout)
        found = document["image_file_system"]
        self.assertTrue(found["path"].startswith(self.lab.containerd.root))
        self.assertEqual(found["size_bytes"], DISK)
        self.assertEqual(found["inodes"], disk.f_files)
        self.assertEqual(found["available_bytes"],
                         DISK * 85 // 100 - found["used_bytes"])
        self.assertTrue(document["runtime"]["resume"])
        self.assertFalse(document["fit"])

    def test_preflight_finds_a_node_fit(self):
        done = self.preflight("--space-required", "20MiB")

        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("this node is fit", done.stdout.splitlines()[-1])

    def check_disk_full(self, repository, *layers):
        """A pull that fills the disk stops the run and leaves no trash."""
        held = make_layer("held", 3_000_000)
        self.registry.stall(1_500_000, of=digest_of(held.blob))
        names = [self.add("held", held), self.add(repository, *layers),
                 self.add("late", make_layer("late", 50_000))]
        before = self.used()

        run = self.lab.fetch(names, "-j", "2", "--watch-connections", "off")

        status = self.check_no_space(run)
        self.assertIn("no space left on device", status["message"])
        self.assertEqual(states(status), [
            ("Stopped", "NoSpace", 1), ("Failed", "NoSpace", 1),
            ("Stopped", "NoSpace", 0)])
        wait_until(lambda: self.used() < before + 1_000_000, 10,
                   "the space to be free again")
        self.registry.behave()
        self.check_pulled(self.lab.fetch(names[2:]), names[2:])

    def check_no_space(self, run):
        self.assertEqual(run.exit_code, 5, run.story())
        status = run.status()
        self.assertEqual((status["phase"], status["reason"]),
                         ("Failed", "NoSpace"))
        self.assertEqual(self.our_leases(), [])
        return status

    def preflight(self, *flags):
        return run_prepull(["preflight", "--cri-socket",
                            self.lab.containerd.socket_path, *flags])

    def used(self):
        """The bytes in use, as df counts them."""
        disk = os.statvfs(self.lab.containerd.root)
        return (disk.f_blocks - disk.f_bfree) * disk.f_frsize


def states(status):
    return [(image["state"], image["reason"], image["attempts"])
            for image in status["images"]]


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a private containerd", exit_code=77)
    unittest.main(verbosity=2)
