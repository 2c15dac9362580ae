"""Another client of containerd that writes a download and does not finish.

    with ContentWriter(socket_path, "layer-sha256:...", b"the first bytes"):
        ...  # the download is there, and locked

ctr cannot do it: it keeps a first MiB to itself. At the end the client is
gone, as if it had been killed.

Source: https://github.com/containerd/containerd, api/services/content/v1
"""

import socket

from .cri_client import begin_stream, data_frame, read_data, short

_WRITE = b"\x08\x01"


class ContentWriter:
    """Returns from the start of its `with` when containerd has the bytes."""

    def __init__(self, socket_path, ref, content):
        self._socket_path = socket_path
        self._message = (_WRITE + b"\x12" + short(ref) +
                         b"\x32" + short(content.decode()))
        self._connection = socket.socket(socket.AF_UNIX)

    def __enter__(self):
        self._connection.settimeout(20)
        self._connection.connect(self._socket_path)
        self._connection.sendall(
            begin_stream("/containerd.services.content.v1.Content/Write",
                         {"containerd-namespace": "k8s.io"}) +
            data_frame(self._message))
        read_data(self._connection)
        return self

    def __exit__(self, *_):
        self._connection.close()
