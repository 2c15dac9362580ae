"""What scripts/image writes: builds an OCI image layout, and reads it again.

Source: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import gzip
import io
import json
import os
import pathlib
import subprocess
import tarfile

from .run import prepull_binary

TAG = "under-test"
_SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "scripts/image"


def build_image(folder, *flags, binary=None, **environment):
    """Makes `folder` the layout of an image with the binary under test.

    It has a date of its own, as root may not ask git about a user's checkout.
    """
    subprocess.run(
        [_SCRIPT, "--binary", binary or prepull_binary(), "--out", folder,
         "--tag", TAG, *flags], check=True, capture_output=True, text=True,
        env=os.environ | {"SOURCE_DATE_EPOCH": "1767323045"} | environment)


def contents_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()}


def index_of(layout):
    return json.loads((layout / "index.json").read_bytes())


def manifest_of(layout):
    return json.loads(blob_of(layout, index_of(layout)["manifests"][0]))


def config_of(layout):
    return json.loads(blob_of(layout, manifest_of(layout)["config"]))


def layer_tars(layout):
    return [gzip.decompress(blob_of(layout, layer))
            for layer in manifest_of(layout)["layers"]]


def blob_of(layout, descriptor):
    return (layout / "blobs" / descriptor["digest"].replace(":", "/")
            ).read_bytes()


def unpack(layout, root):
    for tar in layer_tars(layout):
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            archive.extractall(root)
