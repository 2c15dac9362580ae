"""A container in the lab's containerd, as a careful pod would be run.

    with Container(lab, image, "/prepull", "check", "app:1") as container:
        exit_code = container.wait()

Root in it may not write anywhere but in its mounts and has no capabilities.
containerd's own client (ctr) runs it by runc, and keeps it until the end of the
`with`, so that it can be looked at.
"""

import contextlib
import dataclasses
import json
import os
import secrets
import subprocess

from .closing import Closing
from .process import end_child, start_child, wait_until

# What ctr gives to every container; it has no word for "all".
_CAPABILITIES = [
    "CAP_" + name for name in (
        "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP "
        "SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE").split()]


@dataclasses.dataclass(frozen=True)
class Mount:
    """A folder or file of this machine as the container sees it."""
    source: str
    target: str
    writable: bool = False

    def __str__(self):
        options = f"rbind:rprivate:{'rw' if self.writable else 'ro'}"
        return (f"type=bind,src={self.source},dst={self.target},"
                f"options={options}")


class Container(Closing):
    """Runs `image`, which the lab's containerd holds.

    `command` is what runs in it (ctr does not put it behind the image's entry
    point, as a pod's args would be), else the entry point. `environment` is
    in addition to the image's. `stdout` and `stderr` are what it wrote, after
    `wait()`.
    """

    def __init__(self, lab, image, *command, mounts=(), environment=None):
        super().__init__()
        self._containerd = lab.containerd
        # One level, which runc takes away whole.
        self.id = f"prepull-lab-{secrets.token_hex(6)}"
        binary = lab.containerd.binary
        self._child = start_child(
            [binary.ctr, "--address", lab.containerd.socket_path,
             "--namespace", "k8s.io", "run",
             "--snapshotter", lab.containerd.snapshotter,
             "--fifo-dir", os.path.join(lab.folder, "fifo"),
             "--cgroup", f"/{self.id}", "--read-only",
             *(f"--cap-drop={name}" for name in _CAPABILITIES),
             *(f"--mount={mount}" for mount in mounts),
             *(f"--env={name}={value}"
               for name, value in (environment or {}).items()),
             image, self.id, *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def wait(self, seconds=60):
        """Waits for the end; returns the exit code, as ctr passes it on."""
        self.stdout, self.stderr = self._child.communicate(timeout=seconds)
        return self._child.returncode

    def spec(self):
        """What runc was told to run."""
        return json.loads(self._ctr("containers", "info", self.id))["Spec"]

    def process(self):
        """The id of its process, once it runs, as this machine counts."""
        def look():
            pid, state = self._task() or (None, None)
            return pid if state == "RUNNING" else None
        return wait_until(look, 20, f"run {self.id}")

    def _task(self):
        """Its process's id and state; None as long as there is none."""
        for line in self._ctr("tasks", "ls").splitlines()[1:]:
            name, pid, state = line.split()
            if name == self.id:
                return int(pid), state
        return None

    def _ctr(self, *words):
        return self._containerd.ctr(*words)

    def _close(self):
        # A task that is being made just now would come after its deletion,
        # and its shim stay for ever.
        with contextlib.suppress(TimeoutError, subprocess.SubprocessError):
            wait_until(lambda: self._child.poll() is not None or self._task(),
                       20, f"make {self.id}")
        self._delete("tasks", "delete", "--force")
        end_child(self._child, 5)
        for stream in (self._child.stdout, self._child.stderr):
            stream.close()
        self._delete("containers", "delete")

    def _delete(self, *words):
        """Deletes what may be there or not, as far as it came."""
        with contextlib.suppress(subprocess.SubprocessError):
            self._ctr(*words, self.id)
