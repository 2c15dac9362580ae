#!/usr/bin/env python3
"""Checks that a link is as fast as it says and leaves nothing behind.

It needs root and Debian's iproute2 and curl; a machine whose kernel knows no
veth or tbf cannot run it, and says so.
"""

import os
import signal
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

from lab import run_as_root  # noqa: E402
from lab.bad_registry import BadRegistry  # noqa: E402
from lab.images import digest_of, make_image, make_layer  # noqa: E402
from lab.link import Link, NoLink  # noqa: E402
from lab.process import end_child, start_child, wait_until  # noqa: E402

LAYER = make_layer("link", 4_000_000)
BITS = 8 * len(LAYER.blob)
# Makes a link, tells its device, and waits for the end of the input.
MAKER = """
import sys
sys.path.insert(0, sys.argv[1])
from lab.link import Link
with Link(1_000_000) as link:
    print(link.device, flush=True)
    sys.stdin.read()
"""


class LinkTest(unittest.TestCase):

    def test_the_far_side_receives_at_the_speed_of_the_link(self):
        seconds = self.download(bits_per_second=16_000_000)

        # A burst goes out at once, and every packet has a header.
        self.assertGreater(seconds, 0.85 * BITS / 16_000_000)
        self.assertLess(seconds, 1.5 * BITS / 16_000_000)

    def test_its_end_leaves_no_device(self):
        with Link(1_000_000) as link:
            self.assertIn(link.device, devices())
        self.assertNotIn(link.device, devices())

    def test_a_signal_to_the_program_leaves_no_device(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            with self.subTest(number.name):
                support = os.path.dirname(sys.modules["lab"].__path__[0])
                child = start_child(
                    [sys.executable, "-B", "-c", MAKER, support],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                self.addCleanup(end_child, child, 0)
                with child.stdin, child.stdout:
                    device = child.stdout.readline().decode().strip()
                    self.assertIn(device, devices())
                    child.send_signal(number)
                    child.wait(10)

                wait_until(lambda: device not in devices(), 10, "its end")

    def download(self, bits_per_second):
        link = self.enterContext(Link(bits_per_second))
        registry = self.enterContext(BadRegistry(host=link.near))
        registry.add("team/app", "1.0", make_image([LAYER]))
        url = (f"http://{link.near}:{registry.port}/v2/team/app/blobs/"
               f"{digest_of(LAYER.blob)}")
        begin = time.monotonic()
        done = subprocess.run(
            [*link.far, "curl", "--noproxy", "*", "-sS", "-o", os.devnull,
             "-w", "%{size_download}", url],
            check=True, capture_output=True, text=True, timeout=60)
        seconds = time.monotonic() - begin
        self.assertEqual(int(done.stdout), len(LAYER.blob))
        return seconds


def devices():
    return os.listdir("/sys/class/net")


if __name__ == "__main__":
    # 77 is what test runners read as "skipped".
    run_as_root("a network link", exit_code=77)
    try:
        Link(1_000_000).close()
    except NoLink as error:
        print(error, file=sys.stderr)
        sys.exit(77)
    unittest.main(verbosity=2)
