"""A private containerd in a folder of its own, apart from the machine's.

It has its own root, state and socket, and reaches registries only over
loopback: any registry name leads to the address that `route()` gave it. At
its end nothing is left of it, mounts included. (Over a Link, "loopback" is the
link.)
"""

import ctypes
import os
import shutil
import subprocess

from .containerd_binary import ContainerdBinary, config_text
from .cri_client import CallFailed, CriClient
from .process import Service, clean_environment

_HOST = """\
server = "http://{host}:{port}"

[host."http://{host}:{port}"]
  capabilities = ["pull", "resolve"]
"""

_LIBC = ctypes.CDLL(None, use_errno=True)
_MNT_DETACH = 2


class Containerd:
    """Runs a containerd with everything it owns under `folder`/containerd.

    `path` names the binary (see ContainerdBinary), and `prefix` is a command
    that runs it somewhere else, such as at the far end of a Link. With
    `disk_size`, in bytes, its root is a disk of its own that is no larger; it
    is empty after each start.
    """

    def __init__(self, folder, path=None, prefix=(), disk_size=None):
        self.binary = ContainerdBinary(path)
        self.folder = os.path.join(folder, "containerd")
        self.socket_path = os.path.join(self.folder, "cri.sock")
        self.log_path = os.path.join(folder, "containerd.log")
        self.root = os.path.join(self.folder, "root")
        self.snapshotter = _working_snapshotter(self.folder)
        self._disk_size = disk_size
        self.cri = CriClient(self.socket_path)
        os.makedirs(os.path.join(self.folder, "cni", "conf"))
        config_path = os.path.join(self.folder, "config.toml")
        with open(config_path, "w", encoding="utf-8") as config:
            config.write(config_text(
                self.binary.config_version, self.folder, self.snapshotter))
        self._service = Service(
            "containerd",
            [*prefix, self.binary.path, "--config", config_path],
            self.log_path, self.binary.environment)

    def start(self):
        """Returns when CRI answers."""
        if self._disk_size:
            os.makedirs(self.root, exist_ok=True)
            _mount_disk(self.root, self._disk_size)
        self._service.start(self._answers)

    def stop(self):
        self._service.stop()
        unmount_below(self.folder)

    def restart(self):
        self.stop()
        self.start()

    def start_empty(self):
        """Starts it again as on a fresh node, without any image."""
        self.stop()
        for part in ("root", "state"):
            shutil.rmtree(os.path.join(self.folder, part), ignore_errors=True)
        self.start()

    def ctr(self, *words):
        """What containerd's own client prints about the images' namespace."""
        return subprocess.run(
            [self.binary.ctr, "--address", self.socket_path,
             "--namespace", "k8s.io", *words],
            env=clean_environment(), check=True, capture_output=True,
            text=True, timeout=20).stdout

    def route(self, registry, port, host="127.0.0.1"):
        """Leads a registry's name to a loopback port; `_default` is the rest.

        containerd reads this at every pull, so a route may be changed later.
        """
        folder = os.path.join(self.folder, "hosts", registry)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "hosts.toml")
        with open(path, "w", encoding="utf-8") as hosts:
            hosts.write(_HOST.format(host=host, port=port))

    def image_names(self):
        """Every tag and digest that CRI shows."""
        return self.cri.list_images()

    def remove_image(self, reference):
        """Removes an image as the kubelet's garbage collection would."""
        self.cri.remove_image(reference)
        if reference in self.image_names():
            raise RuntimeError(f"remove {reference}: it is still listed")

    def _answers(self):
        try:
            self.image_names()
            return True
        except CallFailed:
            return False


def _mount_disk(path, size):
    """Mounts a file system in memory, which unmount_below() takes away."""
    if _LIBC.mount(b"tmpfs", os.fsencode(path), b"tmpfs", 0,
                   f"size={size}".encode()) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"mount a disk: {os.strerror(error)}", path)


def unmount_below(folder):
    """Unmounts everything under a folder, the deepest first."""
    prefix = os.path.realpath(folder) + "/"
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        points = [_unescape(line.split()[4]) for line in mounts]
    below = [point for point in points if point.startswith(prefix)]
    for point in sorted(below, key=len, reverse=True):
        _LIBC.umount2(os.fsencode(point), _MNT_DETACH)


def _unescape(path):
    """The kernel writes blanks and backslashes of a path in octal."""
    for octal, plain in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"),
                         ("\\134", "\\")):
        path = path.replace(octal, plain)
    return path


def _working_snapshotter(folder):
    """overlayfs where this folder can carry it, else plain copies."""
    probe = os.path.join(folder, "probe")
    lower, upper, work, merged = (
        os.path.join(probe, part) for part in ("l", "u", "w", "m"))
    for part in (lower, upper, work, merged):
        os.makedirs(part)
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    mounted = _LIBC.mount(b"overlay", os.fsencode(merged), b"overlay", 0,
                          os.fsencode(options)) == 0
    unmount_below(probe)
    return "overlayfs" if mounted else "native"
