"""A node in a folder: a private containerd, a private registry, and prepull.

    with Lab() as lab:
        lab.push("team/app", "1.0", image)
        run = lab.fetch([REGISTRY + "/team/app:1.0"])
        assert run.exit_code == 0

Everything runs on loopback and under one temporary folder, and is gone at the
end of the `with`, at the end of the program, and after SIGINT, SIGTERM or
SIGHUP. It needs root, because containerd mounts what it unpacks.
"""

import atexit
import os
import shutil
import signal
import sys
import tempfile

from .containerd import Containerd
from .registry import Registry
from .run import Run, prepull_binary, run_prepull, start_prepull
from .slow_proxy import SlowProxy

__all__ = ["Lab", "REGISTRY", "SLOW_REGISTRY", "prepull_binary",
           "run_as_root", "run_prepull", "start_prepull"]

# Names of the lab's registry: the second one is reached over a slow link.
REGISTRY = "registry.lab:5000"
SLOW_REGISTRY = "slow.lab:5000"

_open_labs = []


class Lab:
    """One containerd and one registry; `link` is the slow link to the latter.

    `containerd` names the binary to run, by default the one in PATH.
    """

    def __init__(self, containerd="containerd"):
        _clean_up_on_signals()
        # Short and not from TMPDIR: a unix socket's path has 107 bytes.
        self.folder = tempfile.mkdtemp(prefix="prepull-lab-", dir="/tmp")
        _open_labs.append(self)
        self.containerd = Containerd(self.folder, containerd)
        self.registry = Registry(self.folder)
        self.link = SlowProxy(self.registry.port, bytes_per_second=500_000)
        self._runs = []

    def __enter__(self):
        try:
            self.registry.start()
            self.link.start()
            self.containerd.route("_default", self.registry.port)
            self.containerd.route(SLOW_REGISTRY, self.link.port)
            self.containerd.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends all that runs and removes the folder; may be called again."""
        if self not in _open_labs:
            return
        _open_labs.remove(self)
        for run in self._runs:
            run.end()
        self.link.stop()
        self.containerd.stop()
        self.registry.stop()
        shutil.rmtree(self.folder)

    def push(self, repository, tag, image):
        self.registry.push(repository, tag, image)

    def push_family(self, images, repository="team/app"):
        """Pushes images as team/app-1:1.0 and so on; returns their names."""
        names = [f"{repository}-{i}" for i in range(1, len(images) + 1)]
        for name, image in zip(names, images):
            self.push(name, "1.0", image)
        return [f"{REGISTRY}/{name}:1.0" for name in names]

    def fetch(self, references, *flags, seconds=60):
        """Runs `prepull fetch` over these references to its end."""
        run = self.start_fetch(references, *flags)
        run.wait(seconds)
        return run

    def start_fetch(self, references, *flags):
        """Starts `prepull fetch` over these references."""
        folder = os.path.join(self.folder, f"run-{len(self._runs) + 1}")
        os.mkdir(folder)
        image_list = os.path.join(folder, "images.txt")
        with open(image_list, "w", encoding="utf-8") as file:
            file.writelines(reference + "\n" for reference in references)
        run = Run(["--image-list-file", image_list,
                   "--cri-socket", self.containerd.socket_path, *flags],
                  folder)
        self._runs.append(run)
        return run


def run_as_root(purpose, exit_code=1):
    """Starts this program again by sudo when the caller is not root.

    Where there is no sudo it says what cannot be done, and exits.
    """
    if os.geteuid() == 0:
        return
    if not shutil.which("sudo"):
        print(f"{purpose} needs root, and there is no sudo", file=sys.stderr)
        sys.exit(exit_code)
    os.execvp("sudo", ["sudo", f"PREPULL_BINARY={prepull_binary()}",
                       sys.executable, *sys.argv])


@atexit.register
def _close_all():
    for lab in list(_open_labs):
        lab.close()


def _clean_up_on_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _close_all_and_die)


def _close_all_and_die(number, _):
    signal.signal(number, signal.SIG_DFL)
    _close_all()
    os.kill(os.getpid(), number)
