"""Makes operator catalogues of 600 MB, larger than any that we know.

    registry.push("olm/catalog", "v4.15", make_large_catalog("yaml"))

They hold the packages op-0 to op-59. The head of each has a bundle and five
related images; what else there is is filling.
"""

import os
import sqlite3
import tempfile

from .file_layers import make_file_layer, make_large_layer
from .images import make_image
from .openshift import (
    as_database, as_json, as_yaml, bundle, channel, package)

PACKAGES = 60
SIZE = 600_000_000
RELATED = 5

_BUNDLES = 200  # of each package
_VERSIONS = [f"1.{i}.0" for i in range(_BUNDLES)]
_FILLING = SIZE // PACKAGES // _BUNDLES  # bytes of each bundle
_PROSE = ("the operator reconciles each resource with what its owner wrote and "
          "reports a condition when it cannot because a quota is exceeded or "
          "an image is missing from every mirror that this cluster knows of ")


def make_large_catalog(kind):
    """An image whose catalogue is of a kind: json, yaml or db."""
    with tempfile.TemporaryDirectory(prefix="prepull-catalog-") as folder:
        files = (_database(folder) if kind == "db" else
                 _documents(kind, {"json": as_json, "yaml": as_yaml}[kind]))
        return make_image([make_file_layer({"bin/opm": "not really"}),
                           make_large_layer(files)])


def _documents(kind, ship):
    return [(f"configs/op-{i}/catalog.{kind}",
             lambda i=i: _package_pieces(f"op-{i}", ship))
            for i in range(PACKAGES)]


def _package_pieces(name, ship):
    """The documents of one package, each as bytes."""
    yield (ship(_package(name)) + "\n").encode()
    # Only its version tells one bundle from another.
    document = _bundle(name, "9.9.9")
    document["properties"] += _properties()
    text = ship([document]) + "\n"
    for version in _VERSIONS:
        yield text.replace("9.9.9", version).encode()


def _database(folder):
    """opm's database keeps the filling in a column of the bundle."""
    path = os.path.join(folder, "index.db")
    names = [f"op-{i}" for i in range(PACKAGES)]
    with open(path, "wb") as file:
        file.write(as_database(
            [document for name in names for document in _package(name)] +
            [_bundle(name, version) for name in names
             for version in _VERSIONS]))
    database = sqlite3.connect(path)
    database.execute("UPDATE operatorbundle SET csv = ?", [_prose(_FILLING)])
    database.commit()
    database.close()
    return [("database/index.db", lambda: _pieces_of(path))]


def _pieces_of(path):
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            yield piece


def _package(name):
    entries = [{"name": f"{name}.v{version}"} for version in _VERSIONS]
    for entry, before in zip(entries[1:], entries):
        entry["replaces"] = before["name"]
    return [package(name, "stable"), channel(name, "stable", *entries)]


def _bundle(name, version):
    return bundle(name, version, f"quay.io/lab/{name}-bundle:{version}",
                  [f"quay.io/lab/{name}-{i}:{version}"
                   for i in range(RELATED)])


def _properties():
    """Half in one long text, as a base64'ed object is, half in short ones."""
    words = _prose(_FILLING // 2).split()
    return [{"type": "olm.bundle.object", "value": {"data": " ".join(words)}},
            {"type": "olm.csv.metadata", "value": {"annotations": {
                f"key-{i}": " ".join(words[i:i + 8])
                for i in range(0, len(words), 10)}}}]


def _prose(size):
    return (_PROSE * (size // len(_PROSE) + 1))[:size]
