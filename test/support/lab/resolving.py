"""What the tests of sources stand on: Debian's docker-registry and resolve.

The registry listens on loopback, so that it may speak plain HTTP.
"""

import shutil
import tempfile
import unittest

from .credentials import write_file
from .file_layers import make_file_layer
from .images import make_image
from .registry import Registry
from .run import run_prepull


class ResolveTest(unittest.TestCase):
    """A registry, and what tests ask of it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="prepull-resolve-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.folder)
        self.registry = Registry(self.folder)
        self.registry.start()
        self.addCleanup(self.registry.stop)
        self.host = f"127.0.0.1:{self.registry.port}"

    def push(self, name, image):
        repository, _, tag = name.rpartition(":")
        self.registry.push(repository, tag, image)
        return f"{self.host}/{name}"

    def push_tags(self, *tags, repository="team/app"):
        for tag in tags:
            self.push(f"{repository}:{tag}", make_image(
                [make_file_layer({"tag": tag})]))
        return f"{self.host}/{repository}"

    def write(self, name, text):
        return write_file(self.folder, name, text)

    def resolve(self, *flags, env=None):
        """The images that it lists."""
        done = run_prepull(["resolve", "-o", "name", *flags], env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def refuse(self, *flags):
        """Its last sentence, without the name of the program."""
        done = run_prepull(["resolve", *flags])
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        return done.stderr.splitlines()[-1].removeprefix("prepull: ")
