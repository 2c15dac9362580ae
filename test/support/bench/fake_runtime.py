"""The cases on the fake runtime: what prepull itself costs.

The runtime answers as fast or as slowly as it is told, so that the ideal is
known. It needs no root.
"""

import os
import shutil
import subprocess
import tempfile

from lab.closing import Closing
from lab.process import end_child, start_child

from .sample import Sample, medians


def rows(build, runs):
    """A row a case: what it is, its median, what to say of it."""
    with _Bench(build, runs) as bench:
        yield from bench.rows()


class _Bench(Closing):

    def __init__(self, build, runs):
        super().__init__()
        self._build = build
        self._runs = runs
        self._folder = tempfile.mkdtemp(prefix="prepull-bench-")
        self._socket = os.path.join(self._folder, "cri.sock")
        self._status_file = os.path.join(self._folder, "status.json")

    def _close(self):
        shutil.rmtree(self._folder)

    def rows(self):
        (present,) = self._medians(
            ("present", 1000, [], ["--images", "1000"]))
        yield ("1,000 images, all present", present,
               "aim: under 50 ms and 15 MB")
        (pulled,) = self._medians(
            ("new", 2000, ["-j", "10"], ["--pull-delay", "10ms"]))
        yield ("2,000 pulls of 10 ms, `-j 10`", pulled,
               f"{pulled.wall / 2:.3f} of the ideal 2 s (aim: at most 1.03; "
               "CPU under 0.5 s)")
        many = ("many", 10000)
        flags = ["-j", "10"]
        status = ["--status-file", self._status_file]
        delay = ["--pull-delay", "3ms"]
        without, with_status = self._medians(
            (*many, flags, delay), (*many, flags + status, delay))
        yield "10,000 pulls of 3 ms, no status file", without, ""
        yield ("the same with a status file", with_status,
               f"{with_status.wall / without.wall:.3f} of the time without "
               "(aim: at most 1.05)")

    def _medians(self, *cases):
        return medians(self._runs, *(
            lambda case=case: self._fetch(*case) for case in cases))

    def _fetch(self, name, count, flags, runtime_flags):
        images = "".join(f"bench.example/{name}:{i}\n"
                         for i in range(1, count + 1))
        command = [f"{self._build}/prepull", "fetch", "-q", "--cri-socket",
                   self._socket, "--image-list-file", "-", *flags]
        with _Runtime([f"{self._build}/test/e2e/fake_cri_server",
                       self._socket, *runtime_flags]):
            return Sample(command, images)


class _Runtime(Closing):
    """A fresh fake runtime, for one run: what it pulled is gone after."""

    def __init__(self, command):
        super().__init__()
        self._server = start_child(command, stdout=subprocess.PIPE)
        if self._server.stdout.readline() != b"ready\n":
            raise RuntimeError("the fake runtime did not start")

    def _close(self):
        end_child(self._server, 5)
        self._server.stdout.close()
