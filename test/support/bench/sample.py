"""Runs one command and measures it."""

import os
import shlex
import statistics
import tempfile
import time

from lab.closing import Closing
from lab.process import end_child, start_child


class CommandFailed(Exception):
    """A command of the bench did not end with 0."""


class Sample:
    """One run of a command: seconds of wall clock and CPU, peak memory.

    GNU time starts it, because a child's peak counts from before its exec,
    and this interpreter is larger than prepull.
    """

    def __init__(self, command, stdin_text):
        with tempfile.TemporaryFile() as stdin, \
                tempfile.TemporaryFile("w+") as stdout, \
                tempfile.TemporaryFile("w+") as peak:
            stdin.write(stdin_text.encode())
            stdin.seek(0)
            timed = ["/usr/bin/time", "-f", "%M", "-o",
                     f"/dev/fd/{peak.fileno()}", *command]
            started = time.monotonic()
            with _Running(timed, stdin=stdin, stdout=stdout,
                          pass_fds=[peak.fileno()]) as running:
                usage = running.wait()
            self.wall = time.monotonic() - started
            if running.exit_code != 0:
                raise CommandFailed(
                    f"{shlex.join(command)}: exit {running.exit_code}")
            peak.seek(0)
            stdout.seek(0)
            self.stdout = stdout.read()
            self.cpu = usage.ru_utime + usage.ru_stime
            self.peak_mb = int(peak.read().split()[-1]) * 1024 / 1e6


class Median:
    """The middle of some samples, number by number."""

    def __init__(self, samples):
        for name in ("wall", "cpu", "peak_mb"):
            setattr(self, name,
                    statistics.median(getattr(each, name) for each in samples))


def medians(runs, *cases):
    """The median of each case; a case is a function that makes a Sample.

    The cases take turns, so that a busy minute spoils all alike.
    """
    rounds = [[case() for case in cases] for _ in range(runs)]
    return [Median(samples) for samples in zip(*rounds)]


class _Running(Closing):
    """A command that ends when the bench does."""

    def __init__(self, command, **popen_options):
        super().__init__()
        self._child = start_child(command, **popen_options)

    @property
    def exit_code(self):
        return self._child.returncode

    def wait(self):
        """Waits for its end; returns the resources that it used."""
        _, status, usage = os.wait4(self._child.pid, 0)
        self._child.returncode = os.waitstatus_to_exitcode(status)
        return usage

    def _close(self):
        end_child(self._child, 0)
