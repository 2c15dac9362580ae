"""A network link with a speed of its own: veth, a namespace, and tc's tbf.

    with Link(bits_per_second=400_000_000) as link:
        serve(link.near)                          # an address on this side
        subprocess.run([*link.far, "curl", ...])  # a command on the other

What the near side sends is held to the speed; the way back is free. The far
side's namespace has no name: it lives as long as the child that holds it, and
takes the link with it, so that nothing is left even after a kill -9.

Needs root, ip, tc and nsenter; its range of addresses is the one set aside for
benchmarks (https://www.rfc-editor.org/rfc/rfc2544#appendix-C.2.2).
"""

import ipaddress
import os
import random
import shutil
import subprocess

from .closing import Closing
from .process import end_child, start_child, wait_until

_BENCHMARK_NETWORK = ipaddress.ip_network("198.18.0.0/15")
# As much as goes out at once: it must hold the largest packet that a veth
# hands over (64 KB), and the speed is exact from some milliseconds up.
_BURST_BYTES = 256_000
_MOST_DELAY = "50ms"


class NoLink(Exception):
    """This machine cannot make a link; the text says why."""


class Link(Closing):
    """The near side is where the program is; `near` and `far` as above.

    `device` is the near end. Errors: NoLink.
    """

    def __init__(self, bits_per_second):
        missing = [tool for tool in ("ip", "tc", "nsenter", "unshare")
                   if not shutil.which(tool)]
        if missing:
            raise NoLink(f"a link needs {', '.join(missing)}")
        super().__init__()
        self.device = f"lab{os.getpid() % 100_000}x{random.randrange(10_000)}"
        self._holder = start_child(["unshare", "--net", "cat"],
                                   stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL)
        try:
            self._make(bits_per_second)
        except BaseException:
            self.close()
            raise

    def _make(self, bits_per_second):
        mine, namespace = (f"/proc/{who}/ns/net"
                           for who in ("self", self._holder.pid))
        wait_until(lambda: self._holder.poll() is not None or
                   os.readlink(namespace) != os.readlink(mine), 5,
                   "a network namespace")
        self.far = ["nsenter", f"--net={namespace}", "--"]
        near, far = _two_addresses()
        self.near = str(near)
        _run("ip", "link", "add", self.device, "type", "veth", "peer", "name",
             "far", "netns", str(self._holder.pid))
        _run("ip", "address", "add", f"{near}/30", "dev", self.device)
        _run("ip", "link", "set", self.device, "up")
        _run(*self.far, "ip", "address", "add", f"{far}/30", "dev", "far")
        for device in ("lo", "far"):
            _run(*self.far, "ip", "link", "set", device, "up")
        _run("tc", "qdisc", "add", "dev", self.device, "root", "tbf",
             "rate", f"{bits_per_second}bit", "burst", str(_BURST_BYTES),
             "latency", _MOST_DELAY)

    def _close(self):
        # At once, while the end of a namespace is tidied up later.
        subprocess.run(["ip", "link", "delete", self.device],
                       stderr=subprocess.DEVNULL, check=False)
        self._holder.stdin.close()
        end_child(self._holder, 5)


def _two_addresses():
    networks = 2 ** (30 - _BENCHMARK_NETWORK.prefixlen)
    first = _BENCHMARK_NETWORK[0] + 4 * random.randrange(networks)
    return first + 1, first + 2


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoLink(f"{' '.join(command)}: {done.stderr.strip()}")
