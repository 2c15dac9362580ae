#!/usr/bin/env python3
"""Finds out which containerd a binary is, and how it wants to be configured.

    containerd = ContainerdBinary("/opt/containerd-2.1/bin/containerd")
    containerd.version         # "2.1.9"
    containerd.config_version  # 3

Run as a program it says so in one line, or says what is wrong and ends with 2.

Source: https://github.com/containerd/containerd/blob/main/docs/cri/config.md
(which plugin is configured under which name in which config version).
"""

import os
import re
import shutil
import subprocess
import sys

# What --version prints: containerd, the Go package, the version, the commit.
_VERSION = re.compile(r"^containerd \S+containerd(?:/v\d+)? v?(\S+)", re.M)
_CONFIG_VERSION = re.compile(r"^version = (\d+)$", re.M)

# A newer containerd reads the older form too.
_NEWEST_FORM = 3


class NotContainerd(Exception):
    """What is wrong with a path that should lead to containerd."""


class ContainerdBinary:
    """One containerd; what lies beside it (ctr, the shims) belongs to it.

    Without a path it is the one that PREPULL_CONTAINERD names, else the one
    in PATH. Errors: NotContainerd.
    """

    def __init__(self, path=None):
        wanted = path or os.environ.get("PREPULL_CONTAINERD") or "containerd"
        self.path = _executable(wanted)
        found = _VERSION.search(_output_of(self.path, "--version"))
        if not found:
            raise NotContainerd(f"{self.path} is no containerd: its --version "
                                "does not say so")
        self.version = found[1]
        self.config_version = self._ask_config_version()
        beside = os.path.join(os.path.dirname(self.path), "ctr")
        self.ctr = beside if os.access(beside, os.X_OK) else "ctr"

    @property
    def environment(self):
        """What containerd needs to prefer its own shims to the machine's."""
        folder = os.path.dirname(self.path)
        return {"PATH": f"{folder}:{os.environ.get('PATH', os.defpath)}"}

    def __str__(self):
        return (f"containerd {self.version} ({self.path}, "
                f"config version {self.config_version})")

    def _ask_config_version(self):
        # Only what stands before the first table is about the file itself.
        head = _output_of(self.path, "config", "default").partition("\n[")[0]
        found = _CONFIG_VERSION.search(head)
        if not found:
            raise NotContainerd(f"{self.path} config default does not say "
                                "which version the configuration has")
        return int(found[1])


def config_text(config_version, folder, snapshotter):
    """The configuration of a containerd that owns `folder` and nothing else.

    2 is the form of containerd 1.6 and 1.7, 3 that of 2.x.
    """
    if config_version < 2:
        raise NotContainerd(f"config version {config_version} is too old: "
                            "containerd 1.6 is the first that is supported")
    form = min(config_version, _NEWEST_FORM)
    text = _COMMON + (_CRI_2 if form == 2 else _CRI_3)
    return text.format(form=form, folder=folder, snapshotter=snapshotter)


# What is disabled would look outside the folder, or warn that it cannot work.
_COMMON = """\
version = {form}
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = [
  "io.containerd.internal.v1.restart",
  "io.containerd.monitor.container.v1.restart",
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
  address = "{folder}/cri.sock"

[debug]
  level = "info"

[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
"""

_CRI_2 = """
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

# From 2.1 on CRI pulls through the transfer service, which unpacks by a list
# of its own and would not ask CRI's snapshotter. The folder of CNI's binaries
# has one name in 2.0 and another later, and no pod is ever started here.
_CRI_3 = """
[plugins."io.containerd.grpc.v1.cri"]
  disable_tcp_service = true

[plugins."io.containerd.cri.v1.images"]
  snapshotter = "{snapshotter}"
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = "{folder}/hosts"

[plugins."io.containerd.cri.v1.runtime".cni]
  conf_dir = "{folder}/cni/conf"

[[plugins."io.containerd.transfer.v1.local".unpack_config]]
  platform = "linux"
  snapshotter = "{snapshotter}"
  differ = "walking"
"""


def _executable(wanted):
    path = shutil.which(wanted)
    if path:
        return os.path.abspath(path)
    if os.sep not in wanted:
        raise NotContainerd(f"{wanted}: there is no such program in PATH")
    if not os.path.exists(wanted):
        raise NotContainerd(f"{wanted}: there is no such file")
    if os.path.isdir(wanted):
        raise NotContainerd(f"{wanted} is a folder: name the binary in it")
    raise NotContainerd(f"{wanted} is not executable")


def _output_of(path, *arguments):
    try:
        done = subprocess.run([path, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=20,
                              errors="replace", check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotContainerd(f"{path} is no containerd: {error}") from error
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise NotContainerd(f"{path} {' '.join(arguments)} ends with "
                            f"{done.returncode}: {said}")
    return done.stdout


def main():
    try:
        print(ContainerdBinary(*sys.argv[1:2]))
    except NotContainerd as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
