"""A private containerd in a folder of its own, apart from the machine's.

It has its own root, state and socket, and reaches registries only over
loopback: any registry name leads to the address that `route()` gave it. At
its end nothing is left of it, mounts included.
"""

import ctypes
import os

from .cri_client import CallFailed, CriClient
from .process import Service

_CONFIG = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = [
  "io.containerd.internal.v1.restart",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
  address = "{folder}/cri.sock"

[debug]
  level = "info"

[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"

[plugins."io.containerd.grpc.v1.cri"]
  disable_tcp_service = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{folder}/cni/bin"
    conf_dir = "{folder}/cni/conf"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "{snapshotter}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{folder}/hosts"
"""

_HOST = """\
server = "http://127.0.0.1:{port}"

[host."http://127.0.0.1:{port}"]
  capabilities = ["pull", "resolve"]
"""

_LIBC = ctypes.CDLL(None, use_errno=True)
_MNT_DETACH = 2


class Containerd:
    """Runs `binary` with everything it owns under `folder`/containerd."""

    def __init__(self, folder, binary="containerd"):
        self.folder = os.path.join(folder, "containerd")
        self.socket_path = os.path.join(self.folder, "cri.sock")
        self.log_path = os.path.join(folder, "containerd.log")
        self.cri = CriClient(self.socket_path)
        os.makedirs(os.path.join(self.folder, "cni", "conf"))
        config_path = os.path.join(self.folder, "config.toml")
        with open(config_path, "w", encoding="utf-8") as config:
            config.write(_CONFIG.format(
                folder=self.folder,
                snapshotter=_working_snapshotter(self.folder)))
        self._service = Service(
            "containerd", [binary, "--config", config_path], self.log_path)

    def start(self):
        """Returns when CRI answers."""
        self._service.start(self._answers)

    def stop(self):
        self._service.stop()
        unmount_below(self.folder)

    def restart(self):
        self.stop()
        self.start()

    def route(self, registry, port):
        """Leads a registry's name to a loopback port; `_default` is the rest.

        containerd reads this at every pull, so a route may be changed later.
        """
        folder = os.path.join(self.folder, "hosts", registry)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "hosts.toml")
        with open(path, "w", encoding="utf-8") as hosts:
            hosts.write(_HOST.format(port=port))

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
