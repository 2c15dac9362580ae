"""Makes what OpenShift's images hold: releases and operator catalogues.

A catalogue is a list of documents, which package(), channel() and bundle()
make; as_json(), as_yaml() and as_database() are the three ways to ship it.

Source: https://olm.operatorframework.io/docs/reference/file-based-catalogs/
and, for the tables,
https://github.com/operator-framework/operator-registry/tree/master/pkg/sqlite
"""

import json
import os
import sqlite3
import tempfile

from .file_layers import make_file_layer
from .images import make_image

FILES_LABEL = "operators.operatorframework.io.index.configs.v1"
DATABASE_LABEL = "operators.operatorframework.io.index.database.v1"

_TABLES = """
CREATE TABLE schema_migrations (version INTEGER, dirty BOOLEAN);
CREATE TABLE operatorbundle (name TEXT PRIMARY KEY, csv TEXT, bundle TEXT,
  bundlepath TEXT, skiprange TEXT, version TEXT, replaces TEXT, skips TEXT,
  substitutesfor TEXT);
CREATE TABLE package (name TEXT PRIMARY KEY, default_channel TEXT,
  add_mode INTEGER);
CREATE TABLE channel (name TEXT, package_name TEXT,
  head_operatorbundle_name TEXT, PRIMARY KEY(name, package_name));
CREATE TABLE channel_entry (entry_id INTEGER PRIMARY KEY, channel_name TEXT,
  package_name TEXT, operatorbundle_name TEXT, replaces INTEGER,
  depth INTEGER);
CREATE TABLE related_image (image TEXT, operatorbundle_name TEXT);
CREATE TABLE properties (type TEXT, value TEXT, operatorbundle_name TEXT,
  operatorbundle_version TEXT, operatorbundle_path TEXT);
"""


def make_release(images):
    """A release image of a dict from names to pull specs."""
    references = {
        "kind": "ImageStream", "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": "4.15.0"},
        "spec": {"lookupPolicy": {"local": False}, "tags": [
            {"name": name, "annotations": {"io.openshift.build.commit.id": ""},
             "from": {"kind": "DockerImage", "name": pull_spec}}
            for name, pull_spec in images.items()]}}
    return make_image([
        make_file_layer({"usr/bin/cluster-version-operator": "not really"}),
        make_file_layer({
            "release-manifests/0000_01_operator.yaml": "kind: Nothing\n",
            "release-manifests/image-references": json.dumps(references)})])


# The documents of a catalogue.


def package(name, default_channel):
    return {"schema": "olm.package", "name": name,
            "defaultChannel": default_channel}


def channel(of, name, *entries):
    """An entry is a name, or a dict of name, replaces and skips."""
    return {"schema": "olm.channel", "package": of, "name": name,
            "entries": [entry if isinstance(entry, dict) else {"name": entry}
                        for entry in entries]}


def bundle(of, version, image, related=None):
    """The bundle `of`.v`version`; without `related` it has no such key."""
    document = {
        "schema": "olm.bundle", "package": of, "name": f"{of}.v{version}",
        "image": image,
        "properties": [
            {"type": "olm.gvk", "value": {"group": "lab", "kind": "Op"}},
            {"type": "olm.package",
             "value": {"packageName": of, "version": version}}]}
    if related is not None:
        document["relatedImages"] = [
            {"name": f"image-{i}", "image": each}
            for i, each in enumerate(related)]
    return document


# How a catalogue is shipped.


def as_json(documents):
    """As opm does: one document behind another, no list around them."""
    return "\n".join(json.dumps(document, indent=4) for document in documents)


def as_yaml(documents):
    """As opm does: keys in order, each document behind a line of dashes."""
    return "".join("---\n" + _block(document, "") for document in documents)


def as_database(documents):
    """The bytes of a database with opm's tables."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "index.db")
        database = sqlite3.connect(path)
        database.executescript(_TABLES)
        # Bundles first: a channel says what its bundles replace.
        for document in sorted(documents, key=lambda each: each["schema"]):
            _FILL[document["schema"]](database, document)
        database.commit()
        database.close()
        with open(path, "rb") as file:
            return file.read()


def _block(value, indent):
    if isinstance(value, dict) and value:
        return "".join(f"{indent}{key}:{_value(value[key], indent)}"
                       for key in sorted(value))
    if isinstance(value, list) and value:
        return "".join(f"{indent}- {_block(each, indent + '  ').lstrip()}"
                       for each in value)
    # A text as JSON has it is one in YAML.
    return f"{indent}{json.dumps(value)}\n"


def _value(value, indent):
    if isinstance(value, (dict, list)) and value:
        deeper = indent if isinstance(value, list) else indent + "  "
        return "\n" + _block(value, deeper)
    return " " + _block(value, "")


def _insert(database, table, *row):
    return database.execute(
        f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})",
        row).lastrowid


def _fill_package(database, document):
    _insert(database, "package", document["name"],
            document["defaultChannel"], 0)


def _fill_bundle(database, document):
    version = document["properties"][1]["value"]["version"]
    _insert(database, "operatorbundle", document["name"], None, None,
            document["image"], "", version, None, None, None)
    for image in document.get("relatedImages", []):
        _insert(database, "related_image", image["image"], document["name"])


def _fill_channel(database, document):
    """A row for each entry, and one more for each that it skips."""
    place = document["name"], document["package"]
    entries = document["entries"]
    _insert(database, "channel", *place, entries[0]["name"])
    numbers = {entry["name"]: _insert(database, "channel_entry", None, *place,
                                      entry["name"], None, 10 * i)
               for i, entry in enumerate(entries)}
    for i, entry in enumerate(entries):
        name, skips = entry["name"], entry.get("skips", [])
        database.execute(
            "UPDATE channel_entry SET replaces = ? WHERE entry_id = ?",
            (numbers.get(entry.get("replaces")), numbers[name]))
        database.execute(
            "UPDATE operatorbundle SET replaces = ?, skips = ? WHERE name = ?",
            (entry.get("replaces"), ",".join(skips), name))
        for skipped in skips:
            _insert(database, "channel_entry", None, *place, name,
                    numbers[skipped], 10 * i + 1)


_FILL = {"olm.package": _fill_package, "olm.channel": _fill_channel,
         "olm.bundle": _fill_bundle}
