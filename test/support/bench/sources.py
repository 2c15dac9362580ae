"""The cases of sources: what it takes to find out what to pull.

A release as large as OpenShift's against curl, which makes the same requests,
and catalogues as large as any will be. It needs docker-registry, and no root.
"""

import contextlib
import os
import shutil
import tempfile

from lab.images import digest_of, make_image, make_layer
from lab.large_catalog import (
    PACKAGES, RELATED, SIZE, make_large_catalog)
from lab.openshift import make_release
from lab.registry import Registry

from .sample import Sample, medians

_ACCEPT = "Accept: application/vnd.oci.image.manifest.v1+json"


def rows(build, runs):
    """A row a case: what it is, its median, what to say of it."""
    with _registry() as registry:
        yield from _release(f"{build}/prepull", runs, registry)
    for kind, name in (("json", "JSON"), ("yaml", "YAML"), ("db", "SQLite")):
        with _registry() as registry:
            yield from _catalog(f"{build}/prepull", runs, registry, kind, name)


@contextlib.contextmanager
def _registry():
    folder = tempfile.mkdtemp(prefix="prepull-bench-")
    registry = Registry(folder)
    try:
        registry.start()
        yield registry
    finally:
        registry.stop()
        shutil.rmtree(folder)


def _release(prepull, runs, registry):
    parts = {f"part-{i}": f"quay.io/ocp/art@{digest_of(bytes([i]))}"
             for i in range(190)}
    release = make_release(parts)
    # What the payload stands on is not asked for.
    base = [make_layer(f"release {i}", 20_000_000) for i in range(3)]
    registry.push("ocp/release", "4.15", make_image([*base, *release.layers]))
    command = _resolve(prepull, registry, "--release", "ocp/release:4.15")
    registry.forget_requests()
    _check_count(Sample(command, ""), 191)
    urls = [f"{_address(registry)}/v2/{request.repository}/{request.kind}/"
            f"{request.reference}"
            for request in registry.stop_and_list_requests()]
    registry.start()
    config = "".join(f'url = "{url}"\noutput = "{os.devnull}"\n'
                     for url in urls)
    received = []

    def download():
        sample = Sample(
            ["curl", "--fail", "--silent", "--show-error", "--noproxy", "*",
             "--header", _ACCEPT, "--write-out", "%{size_download}\n",
             "--config", "-"], config)
        received.append(sum(map(int, sample.stdout.split())))
        return sample

    curl, resolved = medians(runs, download, lambda: Sample(command, ""))
    yield ("a release of 190 images, cold", resolved,
           f"{len(urls)} requests, {received[0]:,} bytes; "
           f"{resolved.wall / curl.wall:.2f} of the {curl.wall * 1000:.0f} ms "
           "that curl takes for the same")


def _catalog(prepull, runs, registry, kind, name):
    catalog = make_large_catalog(kind)
    registry.push("olm/catalog", "v4.15", catalog)
    blob = catalog.layers[-1].blob
    url = f"{_address(registry)}/v2/olm/catalog/blobs/{digest_of(blob)}"
    for count in (1, 10):
        packages = [word for i in range(count)
                    for word in ("--package", f"op-{i}")]
        command = _resolve(prepull, registry, "--catalog",
                           "olm/catalog:v4.15", *packages)
        _check_count(Sample(command, ""), 1 + count * (1 + RELATED))
        unpack, resolved = medians(
            runs,
            lambda: Sample(["sh", "-c", f"curl -sS --noproxy '*' {url} | "
                                        "gzip -dc >/dev/null"], ""),
            lambda: Sample(command, ""))
        yield (f"{count} of {PACKAGES} packages of a catalogue of "
               f"{SIZE // 10**6} MB, {name}", resolved,
               f"{len(blob) / 1e6:.0f} MB packed; "
               f"{resolved.wall / unpack.wall:.2f} of the {unpack.wall:.2f} s "
               "of curl and `gzip -dc` (aim: peak under 300 MB)")


def _resolve(prepull, registry, flag, image, *more):
    return [prepull, "resolve", "-q", "-o", "name", flag,
            f"{_address(registry).partition('//')[2]}/{image}", *more]


def _check_count(sample, expected):
    if len(sample.stdout.splitlines()) != expected:
        raise RuntimeError(f"not {expected} images:\n{sample.stdout}")


def _address(registry):
    return f"http://{registry.host}:{registry.port}"
