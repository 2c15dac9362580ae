"""What the tests on a real containerd and a misbehaving registry stand on.

The registry serves from memory, misbehaves as told and counts what it served;
containerd's own client (ctr) tells which leases, labels and contents are left.
"""

import unittest

from . import Lab
from .bad_registry import BadRegistry
from .images import digest_of, make_image
from .process import wait_until

REGISTRY = "bad.lab:5000"


class RealNodeTest(unittest.TestCase):
    """A node, and a registry that behaves until a test says otherwise."""

    disk_size = None  # of the images' own disk, if they have one

    def setUp(self):
        self.registry = self.enterContext(BadRegistry(seed=3))
        self.lab = self.enterContext(Lab(disk_size=self.disk_size))
        self.lab.containerd.route(REGISTRY, self.registry.port)

    def add(self, repository, *layers):
        return self.add_image(repository, make_image(layers))

    def add_image(self, repository, image):
        self.registry.add(repository, "1.0", image)
        return f"{REGISTRY}/{repository}:1.0"

    def add_family(self, images):
        return [self.add_image(f"team/app-{i}", image)
                for i, image in enumerate(images, 1)]

    def wait_until_served(self, size):
        wait_until(lambda: self.registry.bytes_served() >= size, 30,
                   f"{size} bytes")

    def ctr(self, *words):
        """What ctr prints, a list of words for each line but the first."""
        lines = self.lab.containerd.ctr(*words).splitlines()
        return [line.split() for line in lines[1:]]

    def our_leases(self):
        return [line[0] for line in self.ctr("leases", "ls")
                if line and line[0].startswith("prepull-")]

    def collect_garbage(self):
        """Deletes a lease and waits until what only it held is gone."""
        self.ctr("leases", "create", "--id", "lab-dummy")
        self.ctr("leases", "rm", "--sync", "lab-dummy")

    def check_pulled(self, run, names):
        """The run pulled all, kept no lease, and what it pulled is safe."""
        self.assertEqual(run.exit_code, 0, run.story())
        status = run.status()
        self.assertEqual({image["image"]: image["state"]
                          for image in status["images"]},
                         dict.fromkeys(names, "Pulled"))
        self.assertEqual(self.our_leases(), [])
        self.check_whole(names)
        return status

    def check_whole(self, names):
        """Every blob of every image outlives a garbage collection."""
        self.collect_garbage()
        found = {line[0]: line[3] for line in self.ctr("images", "check")
                 if line}
        self.assertEqual({name: found.get(name) for name in names},
                         dict.fromkeys(names, "complete"))

    # What holds for a pull that was cut.

    def check_continued(self, layer, cut_at):
        """The cut layer went on by one Range; nothing was served twice."""
        digest = digest_of(layer.blob)
        (offset,) = self.registry.range_offsets(digest)
        self.assertGreaterEqual(offset, 0.9 * cut_at)
        self.assertLess(self.registry.bytes_served(), 1.1 * len(layer.blob))
