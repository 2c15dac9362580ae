"""Makes container images in memory and pushes them to a registry.

A layer is a gzip'ed tar with one file of random bytes, so that its size on the
wire is its size on disk. The same seed always gives the same bytes, so the
same digests. A layer may be part of several images: pass it to each of them.

Source: https://github.com/opencontainers/image-spec (manifest, config) and
https://github.com/opencontainers/distribution-spec (the calls of a push).
"""

import dataclasses
import gzip
import hashlib
import http.client
import io
import json
import random
import tarfile

_OCI = {
    "manifest": "application/vnd.oci.image.manifest.v1+json",
    "config": "application/vnd.oci.image.config.v1+json",
    "layer": "application/vnd.oci.image.layer.v1.tar+",
    "index": "application/vnd.oci.image.index.v1+json",
}
_DOCKER = {
    "manifest": "application/vnd.docker.distribution.manifest.v2+json",
    "config": "application/vnd.docker.container.image.v1+json",
    "layer": "application/vnd.docker.image.rootfs.diff.tar.",
}


@dataclasses.dataclass(frozen=True)
class Layer:
    """One layer: the bytes that travel, and the digest of what they unpack."""
    blob: bytes
    diff_id: str
    packing: str = "gzip"


@dataclasses.dataclass(frozen=True)
class Image:
    """One image: its manifest, and the blobs that the manifest names."""
    manifest: bytes
    media_type: str
    config: bytes
    layers: tuple

    @property
    def digest(self):
        return digest_of(self.manifest)

    @property
    def size(self):
        """Bytes of config and layers as they travel."""
        return len(self.config) + sum(len(layer.blob) for layer in self.layers)


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def make_layer(seed, size):
    """Makes a layer of about `size` bytes from any printable seed."""
    content = random.Random(str(seed)).randbytes(size)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        name = hashlib.sha256(str(seed).encode()).hexdigest()[:12]
        entry = tarfile.TarInfo(f"opt/lab/{name}")
        entry.size = size
        archive.addfile(entry, io.BytesIO(content))
    # Random bytes are stored at any level, and level 0 does not try first.
    blob = gzip.compress(tar.getvalue(), compresslevel=0, mtime=0)
    return Layer(blob, digest_of(tar.getvalue()))


def make_broken_layer(seed, size):
    """A layer that arrives whole and is no tar when it is unpacked."""
    content = random.Random(str(seed)).randbytes(size)
    blob = gzip.compress(content, compresslevel=0, mtime=0)
    return Layer(blob, digest_of(content))


def make_image(layers, docker=False, architecture="amd64", labels=None):
    """Makes an image of these layers, lowest first, as OCI or Docker do."""
    media = _DOCKER if docker else _OCI
    config = _as_json({
        "architecture": architecture,
        "os": "linux",
        "config": {"Cmd": ["/opt/lab/none"]} | (
            {"Labels": labels} if labels else {}),
        "rootfs": {"type": "layers",
                   "diff_ids": [layer.diff_id for layer in layers]},
    })
    manifest = _as_json({
        "schemaVersion": 2,
        "mediaType": media["manifest"],
        "config": _descriptor(media["config"], config),
        "layers": [_descriptor(media["layer"] + layer.packing, layer.blob)
                   for layer in layers],
    })
    return Image(manifest, media["manifest"], config, tuple(layers))


def make_family(count, seed="family", base_size=600_000, own_size=150_000,
                base_layers=1):
    """Makes `count` images that share layers, as a team's images do.

    All have the same base, of one layer unless `base_layers` says otherwise,
    every third one the same next layer, and each a layer of its own. Every
    other image is in Docker's form.
    """
    bases = [make_layer(f"{seed} base" if i == 0 else f"{seed} base {i}",
                        base_size // base_layers) for i in range(base_layers)]
    middles = [make_layer(f"{seed} middle {i}", own_size) for i in range(3)]
    return [
        make_image([*bases, middles[i % 3],
                    make_layer(f"{seed} own {i}", own_size)],
                   docker=i % 2 == 1)
        for i in range(count)
    ]


def unique_blobs(images):
    """digest -> blob, each once however many images share it."""
    blobs = [blob for image in images
             for blob in (image.config, *(layer.blob for layer in
                                          image.layers))]
    return {digest_of(blob): blob for blob in blobs}


def unique_bytes(images):
    return sum(map(len, unique_blobs(images).values()))


def make_index(images):
    """Makes an index of images by their architecture; an Image without blobs.

    Push each of them by its digest before it.
    """
    index = _as_json({
        "schemaVersion": 2,
        "mediaType": _OCI["index"],
        "manifests": [
            _descriptor(image.media_type, image.manifest) |
            {"platform": {"os": "linux", "architecture": architecture}}
            for architecture, image in images.items()],
    })
    return Image(index, _OCI["index"], b"", ())


def push_image(address, repository, tag, image, headers=None):
    """Pushes an image to the registry at (host, port), in plain HTTP.

    `headers` go with every request.
    """
    push = _Push(address, headers or {})
    try:
        for blob in [image.config, *(layer.blob for layer in image.layers)]:
            if blob:
                push.blob(repository, blob)
        push.call("PUT", f"/v2/{repository}/manifests/{tag}", 201,
                  image.manifest, image.media_type)
    finally:
        push.close()


class _Push:
    """The connection of one push."""

    def __init__(self, address, headers):
        self._connection = http.client.HTTPConnection(*address, timeout=60)
        self._headers = headers

    def blob(self, repository, blob):
        answer = self.call("POST", f"/v2/{repository}/blobs/uploads/", 202)
        location = answer.getheader("Location")
        separator = "&" if "?" in location else "?"
        self.call("PUT", f"{location}{separator}digest={digest_of(blob)}",
                  201, blob, "application/octet-stream")

    def call(self, method, url, expected, body=b"", content_type=None):
        typed = {"Content-Type": content_type} if content_type else {}
        self._connection.request(method, url, body, self._headers | typed)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != expected:
            raise RuntimeError(
                f"{method} {url}: {answer.status} {text[:300]!r}")
        return answer

    def close(self):
        self._connection.close()


def _descriptor(media_type, content):
    return {"mediaType": media_type, "digest": digest_of(content),
            "size": len(content)}


def _as_json(document):
    return json.dumps(document, separators=(",", ":")).encode()
