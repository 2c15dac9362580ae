"""The cases on a real containerd: what a node sees, as ratios.

Each ratio is measured in one run of the bench, so that it says more than the
machine's speed: prepull's makespan in terms of the time that curl needs for
the same bytes over the same link, and that of a bad day in terms of a good
one. Every pull begins on an empty containerd.

It needs root, and takes away what it made, however it ends.
"""

import contextlib
import os
import subprocess

from lab import REGISTRY, Lab
from lab.bad_registry import BadRegistry
from lab.images import (make_family, make_image, make_layer, unique_blobs,
                        unique_bytes)
from lab.link import Link, NoLink

from .sample import Sample, medians

_LINK_BITS_PER_SECOND = 400_000_000
_MOST_CONNECTIONS = 30  # as many as ten pulls of three layers each
_BAD_REGISTRY = "bad.lab:5000"
_STALLING = 1 / 3


def rows(build, runs):
    """A row a case: what it is, its median (None if skipped), what to say."""
    bench = _Bench(f"{build}/prepull", runs)
    images = make_family(20, "bench", base_size=20_700_000, own_size=8_650_000)
    yield from _or_why_not("20 images over a shaped link",
                           bench.family_over_link(images))
    yield from bench.family_over_loopback(images)
    yield from bench.gigabyte()
    yield from _or_why_not("20 images, a third of the connections stalls",
                           bench.stalls(images))


def _or_why_not(what, its_rows):
    try:
        yield from its_rows
    except NoLink as error:
        yield what, None, f"skipped: {error}"


class _Bench:

    def __init__(self, prepull, runs):
        self._prepull = prepull
        self._runs = runs

    def family_over_link(self, images):
        with Link(_LINK_BITS_PER_SECOND) as link, Lab(over=link) as lab:
            yield from self._family(
                lab, images, link.far,
                f"{_LINK_BITS_PER_SECOND // 10**6} Mbit/s",
                "aim: at most 1.08")

    def family_over_loopback(self, images):
        with Lab() as lab:
            yield from self._family(lab, images, [], "loopback", "no aim")

    def gigabyte(self):
        with Lab() as lab:
            names = [self._push_100_mb(lab, i) for i in range(10)]
            (pulled,) = medians(self._runs, lambda: self._pull(lab, names))
        yield ("10 images of 100 MB, loopback", pulled,
               "aim: CPU under 0.3 s, peak under 20 MB")

    def stalls(self, images):
        """The same list with and without connections that stall for ever."""
        flags = ["--stall-timeout", "2s"]
        if not self._knows(flags[0]):
            yield ("20 images, a third of the connections stalls", None,
                   f"skipped: this prepull has no {flags[0]}")
            return
        with Link(_LINK_BITS_PER_SECOND) as link, Lab(over=link) as lab:
            seeds = iter(range(3 * self._runs))
            served = {"auto": [], "off": []}

            def pull(fraction, watch):
                with BadRegistry(next(seeds), host=link.near) as registry:
                    if fraction:
                        registry.stall(200_000, fraction=fraction)
                    names = _add_all(registry, images)
                    lab.route(_BAD_REGISTRY, registry)
                    sample = self._pull(lab, names, *flags,
                                        "--watch-connections", watch)
                    served[watch].append(registry.bytes_served())
                    return sample

            good, mended, cut = medians(self._runs, lambda: pull(0, "auto"),
                                        lambda: pull(_STALLING, "auto"),
                                        lambda: pull(_STALLING, "off"))
        yield "20 images from a registry that behaves", good, ""
        for what, sample, watch in (
                ("the same, a third of the connections stalls for ever",
                 mended, "auto"),
                ("the same with --watch-connections off", cut, "off")):
            most = max(served[watch]) / unique_bytes(images)
            yield (what, sample,
                   f"{sample.wall / good.wall:.2f} of the time without; at "
                   f"most {most:.3f} of the bytes")

    def _family(self, lab, images, at_client, link, aim):
        names = lab.push_family(images)
        urls = _blob_urls(lab.registry, images)
        curl, prepull = medians(
            self._runs,
            lambda: _download(urls, at_client, unique_bytes(images)),
            lambda: self._pull(lab, names))
        yield (f"20 images of {images[0].size / 1e6:.0f} MB, "
               f"{unique_bytes(images) / 1e6:.0f} MB unique, {link}",
               prepull,
               f"{prepull.wall / curl.wall:.3f} of the {curl.wall:.2f} s that "
               f"curl takes for the same blobs ({aim})")

    def _pull(self, lab, names, *flags):
        lab.containerd.start_empty()
        # What was written before must not be flushed at this run's cost.
        os.sync()
        return Sample(
            [self._prepull, "fetch", "-q", "--cri-socket",
             lab.containerd.socket_path, "--image-list-file", "-", *flags],
            "".join(f"{name}\n" for name in names))

    def _push_100_mb(self, lab, number):
        layers = [make_layer(f"gigabyte {number} {i}", 50_000_000)
                  for i in range(2)]
        name = f"team/large-{number}"
        lab.push(name, "1.0", make_image(layers))
        return f"{REGISTRY}/{name}:1.0"

    def _knows(self, flag):
        done = subprocess.run([self._prepull, "fetch", "--help"], check=True,
                              capture_output=True, text=True)
        return flag in done.stdout


def _blob_urls(registry, images):
    """Where each unique blob is, in the repositories of Lab.push_family."""
    urls = {}
    for number, image in enumerate(images, 1):
        for digest in unique_blobs([image]):
            urls.setdefault(digest, f"http://{registry.host}:{registry.port}"
                                    f"/v2/team/app-{number}/blobs/{digest}")
    return list(urls.values())


def _download(urls, at_client, size):
    """All of it by curl, in parallel and to nowhere."""
    config = "".join(f'url = "{url}"\noutput = "{os.devnull}"\n'
                     for url in urls)
    sample = Sample(
        [*at_client, "curl", "--fail", "--silent", "--show-error",
         "--no-progress-meter",
         "--noproxy", "*", "--parallel", "--parallel-immediate",
         "--parallel-max", str(_MOST_CONNECTIONS),
         "--write-out", "%{size_download}\n", "--config", "-"], config)
    received = sum(map(int, sample.stdout.split()))
    if received != size:
        raise RuntimeError(f"curl received {received} bytes of {size}")
    return sample


def _add_all(registry, images):
    for number, image in enumerate(images, 1):
        registry.add(f"team/app-{number}", "1.0", image)
    return [f"{_BAD_REGISTRY}/team/app-{number}:1.0"
            for number in range(1, len(images) + 1)]
