"""Runs the built prepull as a user would, and reads what it leaves behind.

The binary is the one that PREPULL_BINARY names, else the repository's
build/prepull. The tester's own PREPULL_* variables and proxies do not reach it.
"""

import json
import os
import re
import signal
import subprocess
import time

from .process import end_child, start_child, wait_until

_ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[".."] * 3))


def prepull_binary():
    default = os.path.join(_ROOT, "build", "prepull")
    return os.environ.get("PREPULL_BINARY") or default


def start_prepull(args, env=None, **popen_options):
    """Starts prepull; `env` is added to the cleaned environment."""
    return start_child([prepull_binary(), *args], env, **popen_options)


def run_prepull(args, env=None, timeout=60, stdout=subprocess.PIPE):
    """Runs prepull to its end; returns returncode, stdout and stderr."""
    child = start_prepull(args, env, stdin=subprocess.DEVNULL, stdout=stdout,
                          stderr=subprocess.PIPE, text=True)
    try:
        stdout, stderr = child.communicate(timeout=timeout)
    finally:
        end_child(child, 0)
    return subprocess.CompletedProcess(args, child.returncode, stdout, stderr)


def exit_code_meanings():
    """What each exit code means, as `prepull help exit-codes` has it."""
    printed = run_prepull(["help", "exit-codes"]).stdout
    table = re.findall(r"^  (\d+) +(.*)$", printed.split("\n\n")[1],
                       re.MULTILINE)
    return {int(code): meaning for code, meaning in table}


class Run:
    """One `prepull fetch` with a status file, its output kept in files."""

    def __init__(self, args, folder, env=None):
        self.folder = folder
        self.status_path = os.path.join(folder, "status.json")
        self._stderr_path = os.path.join(folder, "stderr")
        self._stdout_path = os.path.join(folder, "stdout")
        with open(self._stdout_path, "wb") as stdout, \
                open(self._stderr_path, "wb") as stderr:
            self._child = start_prepull(
                ["fetch", "--status-file", self.status_path, *args], env,
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)

    @property
    def exit_code(self):
        return self._child.returncode

    def wait(self, seconds=60):
        """Waits for the end; returns the exit code."""
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(
                f"still running after {seconds} s\n{self.story()}") from error

    def status(self):
        """The status file as it is now; None as long as there is none.

        A file that is there must be a whole document, whenever it is read.
        """
        try:
            with open(self.status_path, encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return None

    def wait_for_status(self, condition, what, seconds=30):
        """Waits until a run in progress shows a status for which this holds."""
        def look():
            ended = self._child.poll() is not None
            status = self.status()
            if status is not None and condition(status):
                return status
            if ended:
                raise AssertionError(f"{what}: the run ended before\n"
                                     f"{self.story()}")
            return None
        return wait_until(look, seconds, what)

    def interrupt(self):
        """Sends SIGTERM; returns the seconds until the process was gone."""
        start = time.monotonic()
        self._child.send_signal(signal.SIGTERM)
        self.wait(10)
        return time.monotonic() - start

    def kill(self):
        """Ends it by kill -9: it gets no chance to tidy up."""
        self._child.kill()
        self._child.wait()

    def end(self):
        """Ends a run that still goes on."""
        end_child(self._child, 0)

    def log(self):
        """What it has written on standard error so far."""
        with open(self._stderr_path, encoding="utf-8") as stderr:
            return stderr.read()

    def output(self):
        """What it has written on standard output so far."""
        with open(self._stdout_path, encoding="utf-8") as stdout:
            return stdout.read()

    def story(self):
        """What a failed test wants to see: exit code, log, status file."""
        return (f"exit code {self.exit_code}\n{self.log()}\n"
                f"{json.dumps(self.status(), indent=1)}")
