"""The cases on the fake CRI-O: a list over a thin link.

The runtime fetches by CRI-O's rules over real TCP, and the registry counts
what it sends: the bytes in terms of those that are unique, and the time in
terms of what the link needs for those. Links other than loopback need root.
"""

import contextlib

from lab.bad_registry import BadRegistry
from lab.crio import (FakeCrio, add_family, address_of,
                      make_thin_link_family)
from lab.images import unique_bytes
from lab.link import Link, NoLink

from .sample import Sample, medians

LOOPBACK = "loopback"
LINKS = (LOOPBACK, "20", "60", "400")
DEFAULT_LINKS = ("60", "400")


def rows(build, runs, links=DEFAULT_LINKS, jobs=("",)):
    """A row a case: what it is, its median (None if skipped), what to say.

    `links` are megabits per second, or LOOPBACK, and `jobs` values of `-j`, ""
    for none.
    """
    images = make_thin_link_family()
    for link in links:
        try:
            yield from _over(link, f"{build}/prepull", runs, images, jobs)
        except NoLink as error:
            yield f"{link} Mbit/s", None, f"skipped: {error}"


def _over(link, prepull, runs, images, jobs):
    with contextlib.ExitStack() as end:
        near, far, megabits = "127.0.0.1", [], None
        if link != LOOPBACK:
            megabits = int(link)
            made = end.enter_context(Link(megabits * 10**6))
            near, far = made.near, made.far
        crio = end.enter_context(FakeCrio(far))
        for job in jobs:
            yield _case(crio, near, far, megabits, prepull, runs, images, job)


def _case(crio, near, far, megabits, prepull, runs, images, job):
    flags = ["-j", job] if job else []
    unique = unique_bytes(images)
    served = []

    def pull():
        with BadRegistry(host=near) as registry:
            names = add_family(registry, images)
            crio.start_empty()
            sample = Sample(
                [*far, prepull, "fetch", "-q", "--cri-socket",
                 crio.socket_path, "--image-list-file", "-",
                 "--registry-insecure", address_of(registry), *flags],
                "".join(f"{name}\n" for name in names))
            served.append(registry.bytes_served() / unique)
            return sample

    (pulled,) = medians(runs, pull)
    speed = f"{megabits} Mbit/s" if megabits else LOOPBACK
    limit = (f"; {pulled.wall / (unique * 8 / megabits / 1e6):.2f} of the "
             f"{unique * 8 / megabits / 1e6:.1f} s that the link needs"
             if megabits else "")
    return (f"20 images, {unique / 1e6:.0f} MB unique, {speed}"
            f"{f', `-j {job}`' if job else ''}", pulled,
            f"{sorted(served)[len(served) // 2]:.2f} of the bytes{limit}")
