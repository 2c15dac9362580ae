"""A node in a folder: a private containerd, a private registry, and prepull.

    with Lab() as lab:
        lab.push("team/app", "1.0", image)
        run = lab.fetch([REGISTRY + "/team/app:1.0"])
        assert run.exit_code == 0

Everything runs on loopback (or at the ends of a Link) and under one temporary
folder, and is gone when the program is (see Closing). It needs root, because
containerd mounts what it unpacks.
"""

import contextlib
import os
import shutil
import sys
import tempfile

from .closing import Closing
from .containerd import Containerd
from .registry import Registry
from .run import (exit_code_meanings, prepull_binary, run_prepull,
                  start_prepull)
from .runs import Runs
from .slow_proxy import SlowProxy

__all__ = ["Lab", "REGISTRY", "SLOW_REGISTRY", "exit_code_meanings",
           "prepull_binary", "run_as_root", "run_prepull", "start_prepull"]

# Names of the lab's registry: the second one is reached over a slow link.
REGISTRY = "registry.lab:5000"
SLOW_REGISTRY = "slow.lab:5000"


class Lab(Closing):
    """One containerd and one registry; `link` is the slow link to the latter.

    `containerd` names the binary to run (see ContainerdBinary). With `over`,
    a Link, containerd lives at its far end and the registry at the near one.
    With `disk_size` its images are on a disk of so many bytes.
    """

    def __init__(self, containerd=None, over=None, disk_size=None):
        super().__init__()
        self._end = contextlib.ExitStack()
        # Short and not from TMPDIR: a unix socket's path has 107 bytes.
        self.folder = tempfile.mkdtemp(prefix="prepull-lab-", dir="/tmp")
        self._end.callback(shutil.rmtree, self.folder)
        host = over.near if over else "127.0.0.1"
        self.containerd = Containerd(self.folder, containerd,
                                     over.far if over else (), disk_size)
        self.registry = Registry(self.folder, host)
        self.link = SlowProxy(self.registry.port, bytes_per_second=500_000,
                              host=host)
        for part in (self.registry, self.containerd, self.link):
            self._end.callback(part.stop)
        self._runs = Runs(self.folder, self.containerd.socket_path)
        self._end.callback(self._runs.end)
        self.fetch = self._runs.fetch
        self.start_fetch = self._runs.start_fetch

    def __enter__(self):
        try:
            self.registry.start()
            self.link.start()
            self.route("_default", self.registry)
            self.route(SLOW_REGISTRY, self.link)
            self.containerd.start()
        except BaseException:
            self.close()
            raise
        return self

    def _close(self):
        self._end.close()

    def route(self, name, server):
        """Leads a registry's name to a registry or a link to one."""
        self.containerd.route(name, server.port, server.host)

    def add_registry(self, name, account=None):
        """Starts one more registry; see Registry for the account."""
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        registry = Registry(folder, self.registry.host, account=account)
        self._end.callback(registry.stop)
        registry.start()
        self.route(name, registry)
        return registry

    def push(self, repository, tag, image):
        self.registry.push(repository, tag, image)

    def push_family(self, images, repository="team/app"):
        """Pushes images as team/app-1:1.0 and so on; returns their names."""
        names = [f"{repository}-{i}" for i in range(1, len(images) + 1)]
        for name, image in zip(names, images):
            self.push(name, "1.0", image)
        return [f"{REGISTRY}/{name}:1.0" for name in names]


def run_as_root(purpose, exit_code=1):
    """Starts this program again by sudo when the caller is not root.

    Where there is no sudo it says what cannot be done, and exits.
    """
    if os.geteuid() == 0:
        return
    if not shutil.which("sudo"):
        print(f"{purpose} needs root, and there is no sudo", file=sys.stderr)
        sys.exit(exit_code)
    binaries = {"PREPULL_BINARY": prepull_binary(),
                "PREPULL_CONTAINERD": os.environ.get("PREPULL_CONTAINERD", "")}
    os.execvp("sudo", ["sudo", *map("=".join, binaries.items()),
                       sys.executable, *sys.argv])
