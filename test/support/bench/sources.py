"""The cases of sources: what it takes to find out what to pull.

A release as large as OpenShift's against curl, which makes the same requests,
and catalogues as large as any will be. It needs docker-registry, and no root.
"""

import contextlib
import os
import shutil
import tempfile

from lab.file_layers import make_file_layer, make_large_layer
from lab.images import digest_of, make_image, make_layer
from lab.openshift import (
    as_json, as_yaml, bundle, channel, make_release, package)
from lab.registry import Registry

from .sample import Sample, medians

_ACCEPT = "Accept: application/vnd.oci.image.manifest.v1+json"
_PACKAGES = 60
_BUNDLES = 200  # of each package
_CATALOG_BYTES = 600_000_000
_PROSE = ("the operator reconciles each resource with what its owner wrote and "
          "reports a condition when it cannot because a quota is exceeded or "
          "an image is missing from every mirror that this cluster knows of ")


def rows(build, runs):
    """A row a case: what it is, its median, what to say of it."""
    with _registry() as registry:
        yield from _release(f"{build}/prepull", runs, registry)
    for name, ship in (("JSON", as_json), ("YAML", as_yaml)):
        with _registry() as registry:
            yield from _catalog(f"{build}/prepull", runs, registry, name, ship)


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


def _catalog(prepull, runs, registry, name, ship):
    layer = make_large_layer(
        [(f"configs/op-{i}/catalog.{name.lower()}",
          lambda i=i: _package_pieces(f"op-{i}", ship))
         for i in range(_PACKAGES)])
    registry.push("olm/catalog", "v4.15", make_image(
        [make_file_layer({"bin/opm": "not really"}), layer]))
    command = _resolve(prepull, registry, "--catalog", "olm/catalog:v4.15",
                       "--package", "op-7")
    _check_count(Sample(command, ""), 7)
    url = f"{_address(registry)}/v2/olm/catalog/blobs/{digest_of(layer.blob)}"
    unpack, resolved = medians(
        runs,
        lambda: Sample(["sh", "-c", f"curl -sS --noproxy '*' {url} | "
                                    "gzip -dc >/dev/null"], ""),
        lambda: Sample(command, ""))
    yield (f"one package of a catalogue of {_CATALOG_BYTES // 10**6} MB, {name}",
           resolved,
           f"{len(layer.blob) / 1e6:.0f} MB packed; "
           f"{resolved.wall / unpack.wall:.2f} of the {unpack.wall:.2f} s of "
           "curl and `gzip -dc` (aim: peak under 300 MB)")


def _resolve(prepull, registry, flag, image, *more):
    return [prepull, "resolve", "-q", "-o", "name", flag,
            f"{_address(registry).partition('//')[2]}/{image}", *more]


def _check_count(sample, expected):
    if len(sample.stdout.splitlines()) != expected:
        raise RuntimeError(f"not {expected} images:\n{sample.stdout}")


def _address(registry):
    return f"http://{registry.host}:{registry.port}"


def _package_pieces(name, ship):
    """The documents of one package, each as bytes."""
    versions = [f"1.{i}.0" for i in range(_BUNDLES)]
    entries = [{"name": f"{name}.v{version}"} for version in versions]
    for entry, before in zip(entries[1:], entries):
        entry["replaces"] = before["name"]
    yield (ship([package(name, "stable"), channel(name, "stable", *entries)]) +
           "\n").encode()
    # Only its version tells one bundle from another.
    document = bundle(name, "9.9.9", f"quay.io/lab/{name}-bundle:9.9.9",
                      [f"quay.io/lab/{name}-{i}:9.9.9" for i in range(5)])
    document["properties"] += _filler(_CATALOG_BYTES // _PACKAGES // _BUNDLES)
    text = ship([document]) + "\n"
    for version in versions:
        yield text.replace("9.9.9", version).encode()


def _filler(size):
    """Half in one long text, as a base64'ed object is, half in short ones."""
    words = (_PROSE * (size // len(_PROSE) + 1))[:size // 2].split()
    return [{"type": "olm.bundle.object", "value": {"data": " ".join(words)}},
            {"type": "olm.csv.metadata", "value": {"annotations": {
                f"key-{i}": " ".join(words[i:i + 8])
                for i in range(0, len(words), 10)}}}]
