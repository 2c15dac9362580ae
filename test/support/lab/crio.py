"""The tests' fake CRI-O in a folder of its own, and images that share layers.

    with BadRegistry() as registry, FakeCrio() as crio:
        names = add_family(registry, make_thin_link_family(scale=20))
        run = crio.fetch(names)
        assert registry.bytes_served() == unique_bytes(images)

It fetches over TCP by the rules of CRI-O's library (test/support/crio), in
plain HTTP, from any address; it needs no root. The program is the one that
FAKE_CRIO names, else that of the repository's build.
"""

import os
import shutil
import tempfile

from .closing import Closing
from .cri_client import CallFailed, CriClient
from .images import make_family
from .process import Service
from .runs import Runs

_ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[".."] * 3))


class FakeCrio(Closing):
    """Runs from the start of its `with`.

    `prefix` is a command that runs it somewhere else, such as at the far end
    of a Link. A layer's MiB takes so many milliseconds to unpack. If it is
    `watched`, its program has the name by which prepull knows CRI-O, so that a
    prepull that may look into it watches its connections.
    """

    def __init__(self, prefix=(), version="1.37.0", unpack_ms_per_mib=0,
                 watched=False):
        super().__init__()
        # Short and not from TMPDIR: a unix socket's path has 107 bytes.
        self.folder = tempfile.mkdtemp(prefix="prepull-crio-", dir="/tmp")
        self.socket_path = os.path.join(self.folder, "crio.sock")
        self.big_files = os.path.join(self.folder, "big-files")
        self.graph_root = os.path.join(self.folder, "root")
        # The list of what is committed.
        self.layers_path = os.path.join(
            self.graph_root, "overlay-layers", "layers.json")
        self.log_path = os.path.join(self.folder, "crio.log")
        os.mkdir(self.big_files)
        program = fake_crio_binary()
        if watched:
            program = shutil.copy(program, os.path.join(self.folder, "crio"))
        self.cri = CriClient(self.socket_path)
        self._runs = Runs(self.folder, self.socket_path)
        self.fetch = self._runs.fetch
        self.start_fetch = self._runs.start_fetch
        self._service = Service(
            "fake_crio",
            [*prefix, program, self.socket_path,
             "--version", version, "--big-files", self.big_files,
             "--root", self.graph_root,
             "--unpack-time", str(unpack_ms_per_mib)], self.log_path)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def _close(self):
        self._runs.end()
        self.stop()
        shutil.rmtree(self.folder)

    def start(self):
        """Returns when CRI answers."""
        self._service.start(self._answers)

    def stop(self):
        self._service.stop()

    def start_empty(self):
        """Starts it again as on a fresh node: images are in its memory only."""
        self.stop()
        self.start()

    def big_files_folders(self):
        """The folders of the pulls that are running."""
        return os.listdir(self.big_files)

    def _answers(self):
        try:
            self.cri.list_images()
            return True
        except CallFailed:
            return False


def fake_crio_binary():
    default = os.path.join(_ROOT, "build/test/e2e/fake_crio")
    return os.environ.get("FAKE_CRIO") or default


def make_thin_link_family(scale=1, base_layers=1):
    """20 images of 38 MB with shared layers, 220 MB unique, or a part of it.

    The same bytes each time. `scale` divides the sizes, and `base_layers` is
    into how many the layer that all share is split.
    """
    return make_family(20, "thin link", base_size=20_700_000 // scale,
                       own_size=8_650_000 // scale, base_layers=base_layers)


def address_of(registry):
    return f"{registry.host}:{registry.port}"


def add_family(registry, images):
    """Adds them to a BadRegistry as team/app-1:1.0 and so on; their names."""
    for number, image in enumerate(images, 1):
        registry.add(f"team/app-{number}", "1.0", image)
    return [f"{address_of(registry)}/team/app-{number}:1.0"
            for number in range(1, len(images) + 1)]
