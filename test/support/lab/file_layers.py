"""Makes layers that hold files which somebody reads out of them.

    make_file_layer({"configs/op/catalog.json": text,
                     "configs/old": WHITEOUT,
                     "srv": LinkTo("/var/srv")}, packing="zstd")

Source: https://github.com/opencontainers/image-spec/blob/main/layer.md
"""

import ctypes
import dataclasses
import gzip
import hashlib
import io
import os
import tarfile

from .images import Layer, digest_of

WHITEOUT = None

# Python's own module for it begins with 3.14.
_ZSTD = ctypes.CDLL("libzstd.so.1")
_ZSTD.ZSTD_compressBound.restype = ctypes.c_size_t
_ZSTD.ZSTD_compressBound.argtypes = [ctypes.c_size_t]
_ZSTD.ZSTD_compress.restype = ctypes.c_size_t
_ZSTD.ZSTD_compress.argtypes = [ctypes.c_char_p, ctypes.c_size_t,
                                ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]


@dataclasses.dataclass(frozen=True)
class LinkTo:
    """A symbolic link."""
    target: str


def make_file_layer(files, packing="gzip"):
    """Makes a layer of a dict from paths to texts, links and whiteouts."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for path, content in files.items():
            _add(archive, path, content)
    pack = {"gzip": lambda bytes: gzip.compress(bytes, mtime=0),
            "zstd": _zstd}[packing]
    return Layer(pack(tar.getvalue()), digest_of(tar.getvalue()), packing)


def make_large_layer(files):
    """Like make_file_layer, of files that never are in memory as a whole.

    `files` are pairs of a path and a function that gives its pieces (bytes).
    """
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1,
                       mtime=0) as stream:
        tee = _Tee(stream)
        with tarfile.open(fileobj=tee, mode="w|") as archive:
            for path, pieces in files:
                entry = tarfile.TarInfo(path)
                entry.size = sum(map(len, pieces()))
                archive.addfile(entry, _Pieces(pieces()))
    return Layer(packed.getvalue(), f"sha256:{tee.sha256.hexdigest()}")


class _Tee:
    """Writes on, and knows the digest of what it wrote."""

    def __init__(self, stream):
        self._stream = stream
        self.sha256 = hashlib.sha256()

    def write(self, piece):
        self.sha256.update(piece)
        return self._stream.write(piece)


class _Pieces:
    """A file of pieces, as tarfile reads one."""

    def __init__(self, pieces):
        self._pieces = iter(pieces)
        self._rest = b""

    def read(self, size):
        while len(self._rest) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._rest += piece
        found, self._rest = self._rest[:size], self._rest[size:]
        return found


def _add(archive, path, content):
    if content is WHITEOUT:
        folder, name = os.path.split(path)
        path, content = os.path.join(folder, f".wh.{name}"), b""
    entry = tarfile.TarInfo(path)
    if isinstance(content, LinkTo):
        entry.type, entry.linkname = tarfile.SYMTYPE, content.target
        archive.addfile(entry)
        return
    if isinstance(content, str):
        content = content.encode()
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _zstd(content):
    packed = ctypes.create_string_buffer(_ZSTD.ZSTD_compressBound(len(content)))
    size = _ZSTD.ZSTD_compress(packed, len(packed), content, len(content), 3)
    return packed.raw[:size]
