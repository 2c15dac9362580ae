"""The tests' fake runtime, for tests in Python."""

import os
import subprocess


def start_fake_cri(test, socket):
    """Listens on `socket` until `test` ends; pulls anything at once."""
    server = subprocess.Popen([os.environ["FAKE_CRI_SERVER"], socket],
                              stdout=subprocess.PIPE, text=True)
    test.addCleanup(server.stdout.close)
    test.addCleanup(server.wait)
    test.addCleanup(server.terminate)
    test.assertEqual(server.stdout.readline(), "ready\n")
