"""Starts the lab's child processes so that none of them outlives the lab.

A child gets an environment without proxies, a process group of its own, and the
kernel's promise to kill it when the thread that started it ends, however that
happens. Nothing here ends a process by its name.
"""

import ctypes
import os
import random
import signal
import socket
import subprocess
import time

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def wait_until(condition, seconds, what):
    """Returns the first true value of `condition()`, asked every 10 ms."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.01)


def free_port(host="127.0.0.1"):
    """Finds a TCP port of this address, loopback's by default, nobody uses.

    It lies below the ports that the kernel hands out by itself: while a
    registry is stopped, no outgoing connection may take its port, nor may a
    client that knocks there connect to itself.
    """
    for port in random.sample(range(20000, 32000), 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                return port
            except OSError:
                continue
    raise RuntimeError("find a free port: 200 tried, all in use")


def accepts_connections(port, host="127.0.0.1"):
    """Tells whether somebody listens on this port."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def clean_environment(extra=None):
    """The caller's environment without what would change a run in the lab."""
    unwanted = ("PREPULL_", "REGISTRY_", "CONTAINER_RUNTIME_ENDPOINT",
                "CONTAINERD_", "TMPDIR")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith(unwanted)
    }
    return kept | (extra or {})


def start_child(command, extra_environment=None, **popen_options):
    """Starts a process that dies with the calling thread.

    It leads a group of its own unless `start_new_session` says otherwise.
    """
    options = {"start_new_session": True} | popen_options
    return subprocess.Popen(command, env=clean_environment(extra_environment),
                            preexec_fn=_die_with_parent, **options)


def end_child(child, seconds):
    """Asks a child to end, and kills its group when it has not in time."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Service:
    """A server of the lab: one child process and the log it writes."""

    def __init__(self, name, command, log_path, extra_environment=None):
        self.name = name
        self.log_path = log_path
        self._command = command
        self._extra_environment = extra_environment
        self._child = None

    def start(self, is_ready):
        """Starts the server and returns once `is_ready()` holds."""
        with open(self.log_path, "ab") as log:
            self._child = start_child(self._command, self._extra_environment,
                                      stdin=subprocess.DEVNULL, stdout=log,
                                      stderr=log)
        wait_until(lambda: self._check_alive() and is_ready(), 20,
                   f"start {self.name}")

    def stop(self):
        """Ends the server; does nothing when it does not run."""
        child, self._child = self._child, None
        if child is not None:
            end_child(child, 5)

    def _check_alive(self):
        if self._child.poll() is None:
            return True
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            tail = "".join(log.readlines()[-10:])
        raise RuntimeError(f"start {self.name}: it ended at once:\n{tail}")
